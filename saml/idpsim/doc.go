// Package idpsim simulates the identity providers of a municipality: that of its staff, and
// NemLog-in, at which citizens log in with MitID. It is a SAML 2.0 IdP with a login page in
// Danish on which a click logs in, metadata, single logout in both directions and by two
// bindings, outages, a change of signing keys, and a catalogue of wrong and hostile answers
// to test a service provider with.
//
// It shares no code with the service provider and uses the standard library only. Its
// XML is written as text that is in exclusive canonical form already (SAML core §5.4.3
// and W3C xml-exc-c14n), so a signature here needs no canonicaliser and is an independent
// check of the one over there. What the service provider signs in XML is checked by a small
// canonicaliser of its own (c14n.go).
//
// It keeps everything in memory, makes its keys at start, listens on loopback only and
// says in the Server header that it is a simulator. It must never vouch for real people.
package idpsim
