// Package saml is the service provider that tells Sluse which employee or which citizen stands at the door.
//
// The library crewjam/saml supplies the message and metadata structures and the redirect signature.
// The trust decision is made here, because the library's own response parsing accepts
// SHA-1, replays, missing audiences and elements of foreign namespaces, and panics on
// input an attacker can send. One login runs through these steps, each in one place:
//
//	transport    callback.go   POST only, one SAMLResponse field, size limits
//	pre-check    precheck.go   depth, size and shape on the raw tokens
//	request      callback.go   a stored, single-use row bound to provider and browser
//	decrypt      decrypt.go    algorithm allow-list, one answer for every failure
//	signature    signature.go  exact shape, RSA-SHA256, pinned certificates with rollover
//	extract      assertion.go  namespace-exact, from the verified element only
//	rules        rules.go      issuer, windows, audience, bearer, level
//	profile      profiles.go   plain, OIOSAML 3 and 2, KOMBIT; persons and professionals
//	privileges   privileges.go what the directory lets an employee do
//	replay       store.go      request and assertion are used up in one transaction
//
// No step reads the message as it arrived once the signature has been verified.
// Sessions, cookies and pages belong to the caller. A Provider serves one municipality
// and one identity provider; keys of one are never tried on messages of another. The
// provider's certificates count only when a person has confirmed them, see refresh.go.
package saml
