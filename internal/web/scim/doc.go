// Package scim is the SCIM 2.0 server (RFC 7643, RFC 7644) by which a municipality's own directory,
// such as Entra ID, tells who works there: Users become employees, Groups become roles through the
// configuration's groups.
//
// It is strict where a mistake would let somebody in and lenient where directories differ: Entra
// writes booleans as words, the names of operations with a capital, and takes members out by value;
// Okta sends operations without a path. Attributes that mean nothing here are ignored, because a
// directory gives up a whole person over one refused attribute.
package scim
