// Package mailsim is a simulator of a municipality's mail relay and of the citizens'
// mailboxes behind it: an SMTP server (RFC 5321) that accepts, refuses or bounces letters,
// keeps what it took, and shows it on a page.
//
// It is a wire peer, not a mock: it speaks SMTP over TCP, keeps its own state and shares no
// code with the client. It offers STARTTLS (RFC 3207), AUTH PLAIN and LOGIN (RFC 4954),
// SIZE, 8BITMIME, PIPELINING and enhanced status codes, and it refuses what RFC 5321 forbids:
// bare line feeds, commands out of order, overlong lines. It delivers nothing to anybody.
//
// A letter is kept per transaction, so a repeated letter shows as two letters with one
// Message-ID; Copies counts them. All state is in memory and ends with the process.
package mailsim
