// Package fhirsim is a simulator of a care record (omsorgsjournal) that speaks HL7 FHIR R4
// over REST, with as much of it as a program needs that writes Appointment and Encounter.
//
// It is a wire peer, not a mock: it speaks HTTP, keeps its own state with every version,
// checks resources against R4's own definitions, and shares no code with the client.
// References such as "R4 http#ccreate" in comments are sections of the FHIR R4
// specification; "eoj.md §3.2" is the project's contract note on care records.
//
// The layers, from the inside out: the schema (what R4 allows), the archive (resources and
// their versions), the REST operations, the exchange (recording, latency, faults), and
// the control plane, which is both the Go methods of Server and an HTTP handler of its own.
//
// All state is in memory and ends with the process.
package fhirsim
