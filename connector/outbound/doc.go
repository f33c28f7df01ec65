// Package outbound is the one place where an HTTP client to an outside system is built.
//
// A Client makes one call per Do: no retries (the queue does that, after a look-up), no
// redirects, no cookies, TLS 1.2 or later, a time limit for connecting and for the whole
// call, a limit on the answer's size, a random x-request-id per request and never an Origin
// header. The one exception to "one call" is a 401: it certainly had no effect, so the
// credentials are renewed and the call is made once more; a second 401 is final. (Below us,
// net/http itself repeats a GET whose kept-alive connection turns out to be closed.)
//
// What goes wrong below HTTP comes back as *connector.Error with the kind that the queue
// needs: nothing was sent (Unavailable) or nobody knows (Unknown). What the peer says by
// status is an Answer; Fail turns it into an error with the usual kind, which an adapter may
// change where its peer has habits of its own.
//
// All clients of one outside system share a Peer. It keeps to what was agreed with the system's
// operator (calls at once, calls per second), makes fewer calls at once while the system is slow or
// fails, stops calling while it is down or asked us to wait, begins with a trickle when it is back,
// lets calls for which a person waits go first, and tells how the system is.
package outbound
