// Package web is the program's face: staff pages (ui), citizen pages (join) and the REST API
// (api). gin lives here and below and nowhere else.
//
// One Site is one municipality. Each has an engine, use cases, sessions and an identity
// provider of its own, and is chosen by the request's host name alone, so that nothing that
// one municipality hands out means anything to another.
//
// A request passes, in this order: host (handler.go), request id, access log, recovery, headers,
// cross-origin check, body limit, session, access (mount.go), then the feature's handler. A
// handler returns an error or writes an answer; errors.go turns every error into a page or a
// problem document.
package web
