// Package web is the program's face: staff pages (ui), citizen pages (join), the REST API (api),
// and what outside systems send us (hooks). The framework gin lives here and below and nowhere else.
//
// One Site is one municipality. Each has an engine, use cases, sessions and an identity
// provider of its own, and is chosen by the request's host name alone, so that nothing that
// one municipality hands out means anything to another; hooks name theirs in the path.
//
// A request passes, in this order: host, request id, access log, recovery, headers, cross-origin
// check, body limit, session, access, then the feature's handler (see mount). A handler returns
// an error or writes an answer; every error becomes a page or a problem document in one place
// (see Status).
package web
