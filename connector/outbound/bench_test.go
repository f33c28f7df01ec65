package outbound_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// BenchmarkCall is what one call costs us when the peer answers at once: without any rules, and
// with a peer that adapts, counts and has a rate.
func BenchmarkCall(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()

	peer, err := outbound.NewPeer(outbound.PeerOptions{Role: connector.VideoRole, System: "peer", Now: time.Now, Limit: 8, Rate: 1e6})
	if err != nil {
		b.Fatal(err)
	}

	for name, o := range map[string]outbound.Options{"plain": {}, "peer": {Peer: peer}} {
		o.System, o.BaseURL, o.Now = "peer", s.URL, time.Now

		c, err := outbound.New(o)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()

		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := c.Do(b.Context(), outbound.Call{Op: "try", Method: http.MethodGet}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
