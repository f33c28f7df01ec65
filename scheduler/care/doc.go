// Package care holds the words and rules of screen visits: visits on driving lists,
// citizens, rooms, invitations, admissions, evidence and the entries in the care record.
//
// It imports only the standard library. State changes only through methods; a method
// that the state forbids returns an *Error of kind Conflict. Times are UTC inside and
// shown in Europe/Copenhagen; a clock is never read here, the caller passes the time.
package care
