package outbound_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// TestPeopleFirst: a call for which a person waits goes before those for which nobody does.
func TestPeopleFirst(t *testing.T) {
	t.Parallel()

	p := newPeer(t, outbound.PeerOptions{Limit: 1, Now: time.Now})
	entered, let := make(chan struct{}), make(chan struct{})

	var (
		mutex sync.Mutex
		order []string
		group sync.WaitGroup
	)

	group.Go(func() {
		_ = p.Call(t.Context(), "first", func() error {
			close(entered)
			<-let

			return nil
		})
	})
	<-entered

	for i, name := range []string{"bulk", "bulk", "bulk", "person", "person"} {
		group.Go(func() {
			_ = p.Call(connector.WithBulk(t.Context(), name == "bulk"), name, func() error {
				mutex.Lock()
				defer mutex.Unlock()

				order = append(order, name)

				return nil
			})
		})

		for p.Health().Waiting != i+1 { // somebody who waits leaves no other trace
			<-time.After(time.Millisecond)
		}
	}

	close(let)
	group.Wait()

	if diff := cmp.Diff([]string{"person", "person", "bulk", "bulk", "bulk"}, order); diff != "" {
		t.Error(diff)
	}
}

// TestWaitingIsEndedByAnOutage: who waits for a turn is told at once when the system is down.
func TestWaitingIsEndedByAnOutage(t *testing.T) {
	t.Parallel()

	clock := newHand()
	p := newPeer(t, outbound.PeerOptions{Limit: 1, Now: clock.now})
	let, told := make(chan struct{}), make(chan error, 20)
	down := &connector.Error{Kind: connector.Unknown}

	for range 20 {
		go func() {
			told <- p.Call(t.Context(), "book", func() error {
				<-let

				return down
			})
		}()
	}

	for p.Health().Waiting != 19 {
		<-time.After(time.Millisecond)
	}

	close(let)

	sent := 0

	for range 20 {
		err := <-told
		if slices.Contains([]error{down}, err) {
			sent++
		} else if e, ok := err.(*connector.Error); !ok || e.Kind != connector.Unavailable || e.RetryAfter == 0 { //nolint:errorlint // it is not wrapped
			t.Errorf("got %v", err)
		}
	}

	if sent != 6 || p.Health().InFlight != 0 || p.Health().Waiting != 0 {
		t.Errorf("%d calls were made: %+v", sent, p.Health())
	}
}

// TestOneTries: of many calls to a system that may be back, one is made.
func TestOneTries(t *testing.T) {
	t.Parallel()

	clock := newHand()
	p := newPeer(t, outbound.PeerOptions{Limit: 8, Now: clock.now})

	for range 6 {
		_ = p.Call(t.Context(), "book", func() error { return &connector.Error{Kind: connector.Unavailable} })
	}

	clock.move(time.Hour)

	entered, let, tried := make(chan struct{}), make(chan struct{}), make(chan error)

	go func() {
		tried <- p.Call(t.Context(), "book", func() error {
			close(entered)
			<-let

			return nil
		})
	}()
	<-entered

	for range 50 {
		if err := p.Call(t.Context(), "book", func() error { return nil }); !connector.Is(err, connector.Unavailable) {
			t.Errorf("a second try at once: %v", err)
		}
	}

	close(let)

	if err := <-tried; err != nil {
		t.Error(err)
	}

	if since, down := p.Down(); down {
		t.Errorf("down since %v after an answer", since)
	}
}

// TestShare: processes divide the calls that were agreed to, and each has at least one.
func TestShare(t *testing.T) {
	t.Parallel()

	p := newPeer(t, outbound.PeerOptions{Limit: 8, Rate: 30, Now: time.Now})

	for _, c := range []struct{ rank, of, want int }{{0, 1, 8}, {0, 3, 3}, {1, 3, 3}, {2, 3, 2}, {11, 20, 1}, {0, 2, 4}, {0, 0, 8}} {
		p.Share(c.rank, c.of)

		if h := p.Health(); h.Agreed != c.want || h.Limit != c.want || h.Rate != 30/float64(max(c.of, 1)) {
			t.Errorf("%d of %d: %d calls at once, %v a second", c.rank, c.of, h.Agreed, h.Rate)
		}
	}
}

// TestRate: no more calls begin per second than agreed.
func TestRate(t *testing.T) {
	t.Parallel()

	p := newPeer(t, outbound.PeerOptions{Limit: 8, Rate: 200, Now: newHand().now})
	begun := time.Now()

	var group sync.WaitGroup

	for range 41 {
		group.Go(func() { _ = p.Call(t.Context(), "book", func() error { return nil }) })
	}

	group.Wait()

	// The first may come at the end of an interval.
	if took := time.Since(begun); took < 39*5*time.Millisecond {
		t.Errorf("41 calls at 200 a second took %v", took)
	}
}

// TestTokensNeedNoSecondTurn: with one call at once, the token is asked for before the turn is taken.
func TestTokensNeedNoSecondTurn(t *testing.T) {
	t.Parallel()

	p := newPeer(t, outbound.PeerOptions{Limit: 1, Now: time.Now})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"access_token":"t","expires_in":1}`))
	})

	tokens, err := outbound.NewTokens(outbound.Options{System: "peer", BaseURL: s.URL, Now: time.Now, Peer: p}, outbound.Credentials{ClientID: "a", Secret: care.NewSecret("b")})
	if err != nil {
		t.Fatal(err)
	}

	c := newClient(t, outbound.Options{BaseURL: s.URL, Auth: tokens, Peer: p})

	for range 3 {
		if _, err := do(t.Context(), c, http.MethodGet); err != nil {
			t.Fatal(err)
		}
	}
}
