// Package nexus is the adapter to KMD Nexus: driving lists are read from its cross-citizen
// calendars (ehr.ListSource), and screen visits are told back (ehr.Journal). "eoj.md §1.4" and the
// like are sections of the project's contract note on care records.
//
// Nexus is a HAL API: what may be done next stands in an object's _links. A rel that is absent is
// a right that the API user was not given, so it is told as that. Addresses come from the record
// and are followed on the configured host alone; a reference to another one never sees the token.
// The only paths that are built here are the home resource, a driving list's visits and a citizen
// below the rel "patients", as public clients do it.
//
// The ways of telling a screen visit, and what makes each safe to repeat:
//
//	way            written                                     found again by
//	list           eventType and comments of one occurrence    a tag in our part of the comment
//	intervention   a grant of the configured name              a tag in supplementaryInformation
//	note           a form by its labels                        a tag in its text
//	task           an assignment for a group of people         a tag in its description
//
// Our part of a text is one bracket, "[skærmbesøg #k3f9a]"; the tags are short hashes of the
// entries' idempotency keys in the order in which they were written. So a repeat is recognised,
// whoever makes it, and so is an entry that a later one has overtaken. Everything outside the
// bracket belongs to people and is left as it is, and what is restored comes out byte for byte.
// Where the municipality uses no word in the comment there is no bracket; the category alone
// tells then whether anything is left to do, and the order lies with the caller.
//
// No public source proves how one visit is changed (eoj.md §1.6), so that way is behind the
// setting write_visit_type, which is off by default.
//
// No CPR number is ever part of an address: a citizen is searched by POST. No answer's text gets
// into an error or a log, because Nexus quotes citizens in it.
package nexus
