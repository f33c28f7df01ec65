// Package oidcsim is a provider of OpenID Connect for demonstrations and hostile tests: discovery,
// pushed requests, a page on which a test person, a level and a fault are chosen, tokens, userinfo
// and logout (OpenID Connect Core, Discovery and RP-Initiated Logout 1.0; RFC 7636, 9126, 9207).
//
// It speaks like one of three: a Danish MitID broker, ID-porten, or a Swedish broker. It shares no
// code with the client, holds everything in memory, and listens on loopback only.
package oidcsim
