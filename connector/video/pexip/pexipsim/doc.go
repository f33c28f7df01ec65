// Package pexipsim is a simulator of a municipality's own Pexip Infinity platform: the
// Management Node's API (configuration, status, history, command) with its OAuth2 token
// endpoint, Conferencing Nodes that learn of changes late, event sinks that call a receiver,
// and web app pages where people and programs can play a call.
//
// It is a wire peer, not a mock: it speaks HTTP, keeps its own state, and shares no code
// with the client. What is faithful, by which source, and what is not, is written in
// README.md in this folder. References such as "§1.3" in comments are sections of the
// project's contract notes on Pexip Infinity.
//
// The layers, from the inside out: the configuration (resources described by tables of
// fields, with the platform's rules), the world (what nodes know, conferences, legs, timers;
// rules without HTTP), the wire adapters (management API, event sinks, pages), the exchange
// (recording, latency, faults), and the control plane, which is both the Go methods of Server
// and an HTTP handler of its own.
//
// Time is the injected clock plus an offset. Everything that falls due between two looks at
// the clock happens in order and at its own instant, so a test may jump over hours. All state
// is in memory and ends with the process.
package pexipsim
