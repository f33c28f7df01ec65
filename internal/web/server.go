package web

import (
	"net/http"
	"time"
)

// NewServer returns a server for the handler with all four time-outs. The write time-out covers
// the upload of a large list over a slow line; streams set their own. Shutdown ends the
// streams of a *Handler by itself.
func NewServer(handler http.Handler, addr string) *http.Server {
	s := &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}

	if d, ok := handler.(interface{ Drain() }); ok {
		s.RegisterOnShutdown(d.Drain)
	}

	return s
}
