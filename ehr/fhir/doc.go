// Package fhir writes screen visits into a care record that speaks HL7 FHIR R4: an
// ehr.Journal and an ehr.ListSource over REST.
//
// A visit is one Appointment and one Encounter, found by our own identifier alone
// (eoj.md §3.1):
//
//	entry                     Appointment        Encounter   calls
//	planned                   booked             planned     2
//	result, completed         fulfilled          finished    3
//	result, citizen absent    noshow             cancelled   3
//	result, not completed     cancelled          cancelled   3
//	restored                  cancelled          cancelled   3
//
// Every entry leaves its idempotency key on both resources as an identifier, in the order in
// which the entries were written. So a repeat is recognised, whoever makes it, and so is
// an entry that a later one has overtaken. A resource that is missing is created with
// If-None-Exist; one that exists is read and put back with If-Match, with everything kept
// that is not ours. When the outcome of a write is unknown, the record is asked once whether
// the key arrived before the error is handed on.
//
// A visit that the record's own list told (ehr.ListSource) is an Appointment of the record: of it
// only category, status, meeting and our part of the comment are written, and what was there before
// is put back byte for byte when the visit is a physical one again.
//
// No person number is ever part of an address: the citizen stands in the body only. No
// PIN and no link is written at all.
package fhir
