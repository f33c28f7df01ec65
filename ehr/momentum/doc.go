// Package momentum writes a note into a citizen's journal in KMD Momentum when a screen visit has
// ended (V15): an ehr.Journal with care.ByJournal alone.
//
// What is public (eoj.md §2): the token of Azure AD with client credentials and resource, the header
// apikey, POST /search, GET /journals/{reference}. No public source shows how a note is written, so
// the write is off by default, and its path and its body's names are inference:
//
//	POST /journals  {"referenceId", "title", "body", "journalTypeCode"}
//
// A municipality turns it on after a test in its own Momentum. The citizen is found by POST /search,
// because GET citizens/find puts the CPR number into an address. Every note ends in a short tag of
// its key; the journal is read before every write, so that a note that arrived is not written twice.
package momentum
