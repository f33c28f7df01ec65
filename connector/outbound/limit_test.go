package outbound_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// TestTurns: never more calls at once than agreed, all of them are made, and one that is given
// up while it waits was never sent.
func TestTurns(t *testing.T) {
	t.Parallel()

	const limit, calls = 3, 40

	var inside, most, seen atomic.Int64

	full, open := make(chan struct{}), make(chan struct{})

	s := serve(t, func(http.ResponseWriter, *http.Request) {
		seen.Add(1)

		n := inside.Add(1)
		defer inside.Add(-1)

		for {
			old := most.Load()
			if n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}

		if n == limit {
			select {
			case <-full:
			default:
				close(full)
			}
		}

		<-open
	})

	c := newClient(t, outbound.Options{BaseURL: s.URL, Peer: newPeer(t, outbound.PeerOptions{Limit: limit, Now: time.Now})})
	call := outbound.Call{Op: "one", Method: http.MethodPost}

	var group sync.WaitGroup

	for range calls {
		group.Go(func() {
			if _, err := c.Do(t.Context(), call); err != nil {
				t.Error(err)
			}
		})
	}

	<-full

	gone, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := c.Do(gone, call); !connector.Is(err, connector.Unavailable) {
		t.Errorf("a call that nobody waits for: %v", err)
	}

	close(open)
	group.Wait()

	if most.Load() != limit || seen.Load() != calls {
		t.Errorf("%d calls at once and %d in all, want %d and %d", most.Load(), seen.Load(), limit, calls)
	}
}
