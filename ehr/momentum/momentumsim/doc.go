// Package momentumsim simulates as much of KMD Momentum as Sluse uses: the token of Azure AD, the
// search, and the journals. It shares no code with the client and uses the standard library only.
// The search and the reading of a journal follow public code (eoj.md §2); how a note is written is an
// assumption, the same that the adapter's documentation states.
package momentumsim
