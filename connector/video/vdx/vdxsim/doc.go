// Package vdxsim is a simulator of MedCom's Videoknudepunkt (VDX): the video API in both
// generations with the three ways to authenticate, the SMS API, a provisional call-history
// API, the organisation service, and a page per room where people and programs can play a
// call.
//
// It is a wire peer, not a mock: it speaks HTTP, keeps its own state, and shares no code
// with the client. What is faithful, by which source, and what is not, is written in
// README.md in this folder. References such as "§2.4" in comments are sections of the
// project's contract notes on the VDX API; they trace back to the published OpenAPI
// document and the behaviour of KvalitetsIT/medcom-video-api 2.5.0.
//
// The layers, from the inside out: the world (meetings, rooms, pools, templates, calls,
// messages; rules without HTTP), the wire (files *_api.go with their decoders and encoders; a
// dialect tells v1 from v2), the doors (bearer tokens, session data, and the gateway with its
// STS), the exchange (recording, latency, faults), and the control plane, which is both the
// Go methods of Server and an HTTP handler of its own.
//
// All state is in memory and ends with the process; only certificates are written, to a
// directory that the caller names.
package vdxsim
