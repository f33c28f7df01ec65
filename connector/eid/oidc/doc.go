// Package oidc proves who a person is at a provider of OpenID Connect: a broker for MitID, ID-porten
// in Norway, Freja or BankID in Sweden.
//
// It is a code flow with PKCE (RFC 7636), a pushed request where the provider offers it (RFC 9126),
// one return address per provider, and the issuer in the answer where the provider sends it (RFC
// 9207), so that an answer of one provider can't be played to another. The library checks signature,
// issuer, audience and expiry of the ID token; every other check is in verify.go. Neither tokens
// nor claims outlive Finish.
package oidc
