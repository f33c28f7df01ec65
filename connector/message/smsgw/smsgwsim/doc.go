// Package smsgwsim is a simulator of a municipality's SMS gateway and of the telephones behind
// it. It speaks the protocol that package smsgw describes, keeps its own state, and shares no
// code with the client:
//
//	POST /messages        Idempotency-Key; 201, or 200 when the key came before; 409 for another message
//	GET  /messages/{key}  what became of a message; 404 when nothing came under the key
//	GET  /inbox           Danish page of every message, newest first
//	GET  /texts           the same as JSON, oldest first
//
// The inbox is served by ControlHandler alone. What is not known of real gateways is varied by
// seed: identifiers, unknown members of answers. Faults are seeded or scripted; a message never
// meets more than two in a row. All state is in memory and ends with the process.
package smsgwsim
