// Package store keeps one municipality's visits, citizens, lists, conversions, audit rows and
// sessions in SQLite or PostgreSQL. It implements scheduler.Store and saml.Store.
//
// Gorm lives here and nowhere else. Rows are unexported structs without hooks or associations;
// each aggregate has one function into its rows and one out of them. A visit and everything
// that hangs on it is changed by a function in one transaction, together with the jobs and
// audit rows that belong to the change; only children that changed are written.
//
// Instants are stored as whole microseconds since 1970 in UTC, so what is read back may differ
// by less than a microsecond from what was handed in. Personal data and everything that opens
// a room is encrypted before it reaches the database; see Keys.
package store
