// Package directory is the use cases of employees and units: who works where in which role. It
// takes employees from files, from the municipality's own directory over SCIM, and from an
// administrator's hand, and answers on every request what somebody may do. It reads files of
// citizens too, which the use cases of citizens take over.
//
// The directory adds to what the identity provider says and never takes away from it, with one
// exception: whoever is marked as left, or whose days of employment are over, may do nothing. An
// employee whom the directory does not know has what the login gave (ADR 6), so a municipality
// need not keep a directory here at all.
package directory
