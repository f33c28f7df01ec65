package outbound_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// hand is a clock that moves by hand only.
type hand struct{ at atomic.Int64 }

func newHand() *hand {
	h := &hand{}
	h.at.Store(time.Date(2026, 11, 23, 6, 50, 0, 0, time.UTC).UnixNano())

	return h
}

func (h *hand) now() time.Time       { return time.Unix(0, h.at.Load()).UTC() }
func (h *hand) move(d time.Duration) { h.at.Add(int64(d)) }

// system is an outside system that answers as it is told, with a peer for its clients.
type system struct {
	t      *testing.T
	clock  *hand
	peer   *outbound.Peer
	server *httptest.Server
	status atomic.Int64 // of every answer
	after  atomic.Value // Retry-After of every answer
	calls  atomic.Int64
}

func newSystem(t *testing.T, limit int) *system {
	t.Helper()

	s := &system{t: t, clock: newHand()}
	s.status.Store(http.StatusOK)
	s.after.Store("")
	s.server = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		s.calls.Add(1)

		if after, _ := s.after.Load().(string); after != "" {
			w.Header().Set("Retry-After", after)
		}

		w.WriteHeader(int(s.status.Load()))
	})
	s.peer = newPeer(t, outbound.PeerOptions{Limit: limit, Now: s.clock.now})

	return s
}

func newPeer(t *testing.T, o outbound.PeerOptions) *outbound.Peer {
	t.Helper()

	o.Role, o.System = connector.VideoRole, "peer"

	p, err := outbound.NewPeer(o)
	if err != nil {
		t.Fatal(err)
	}

	return p
}

func (s *system) client() *outbound.Client {
	return newClient(s.t, outbound.Options{BaseURL: s.server.URL, Peer: s.peer, Now: s.clock.now})
}

// do makes a call and returns the error that its status means.
func (s *system) do(c *outbound.Client) *connector.Error {
	s.t.Helper()

	answer, err := do(s.t.Context(), c, http.MethodGet)

	switch {
	case err != nil:
		e, ok := err.(*connector.Error) //nolint:errorlint // Do returns nothing else
		if !ok {
			s.t.Fatal(err)
		}

		return e
	case !answer.OK():
		return answer.Fail("")
	default:
		return nil
	}
}

func (s *system) fail(c *outbound.Client, times int) {
	s.t.Helper()

	for range times {
		if e := s.do(c); e == nil || e.Kind != connector.Unavailable || e.RetryAfter != 0 {
			s.t.Fatalf("got %v, want a call that fails", e)
		}
	}
}

func (s *system) held(c *outbound.Client) time.Duration {
	s.t.Helper()

	before := s.calls.Load()

	e := s.do(c)
	if e == nil || e.RetryAfter <= 0 || e.Status != 0 || s.calls.Load() != before {
		s.t.Fatalf("got %v, want a call that is held back", e)
	}

	return e.RetryAfter
}

// TestOutage: after some failures in a row nobody calls any more; then one call tries at a time,
// ever more seldom, and with the first answer the system is back.
func TestOutage(t *testing.T) {
	t.Parallel()

	s := newSystem(t, 8)
	one, other := s.client(), s.client()

	s.status.Store(http.StatusServiceUnavailable)
	s.fail(one, 3)
	s.fail(other, 3)

	var waits []time.Duration

	for range 7 {
		wait := s.held(one)
		waits = append(waits, wait)

		if e, ok := errors.AsType[*connector.Error](s.peer.Held("look")); !ok || e.Kind != connector.Unavailable || e.RetryAfter != wait || e.Op != "look" {
			t.Errorf("work that waits is told %v, want %v", e, wait)
		}

		s.clock.move(wait - time.Millisecond)
		s.held(other)
		s.clock.move(time.Millisecond)
		s.fail(other, 1)
	}

	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	if diff := cmp.Diff([]time.Duration{seconds(2), seconds(4), seconds(8), seconds(16), seconds(32), seconds(60), seconds(60)}, waits); diff != "" {
		t.Errorf("waits between tries: %s", diff)
	}

	if h := s.peer.Health(); h.State != connector.Down || h.NextTry.IsZero() || h.ErrorStatus != http.StatusServiceUnavailable || h.ErrorOp != "try" {
		t.Errorf("health in an outage: %+v", h)
	}

	s.status.Store(http.StatusOK)
	s.clock.move(time.Minute)

	if err := s.peer.Held("look"); err != nil {
		t.Errorf("nobody may try: %v", err)
	}

	if e := s.do(one); e != nil {
		t.Fatal(e)
	}

	for want := 1; want < 8; want++ {
		if h := s.peer.Health(); h.Limit != want {
			t.Errorf("%d calls at once after %d answers", h.Limit, want)
		}

		if e := s.do(one); e != nil {
			t.Fatal(e)
		}
	}

	if h := s.peer.Health(); h.State != connector.Healthy || h.Limit != 8 || h.LastSuccess.IsZero() {
		t.Errorf("health after an outage: %+v", h)
	}
}

// TestRefusalsAreNoOutage: a system that refuses is there.
func TestRefusalsAreNoOutage(t *testing.T) {
	t.Parallel()

	for _, status := range []int{400, 403, 404, 406, 409, 412, 501} {
		s := newSystem(t, 2)
		c := s.client()

		s.status.Store(int64(status))

		for range 20 {
			if e := s.do(c); e == nil || e.Status != status {
				t.Fatalf("%d: got %v", status, e)
			}
		}

		if h := s.peer.Health(); h.State != connector.Healthy || h.Failures != 0 || h.Calls != 20 {
			t.Errorf("%d: health %+v", status, h)
		}
	}
}

// TestRefusedCredentials: credentials that are refused for good are tried ever more seldom, and an
// answer puts everything right.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()

	s := newSystem(t, 4)
	c := s.client()
	begun := s.clock.now()

	s.status.Store(http.StatusUnauthorized)

	for range 3 {
		if e := s.do(c); e == nil || e.Kind != connector.Unauthorized {
			t.Fatalf("got %v", e)
		}
	}

	for _, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		if wait := s.held(c); wait != want {
			t.Errorf("held back for %v, want %v", wait, want)
		}

		s.clock.move(want)

		if e := s.do(c); e == nil || e.Kind != connector.Unauthorized {
			t.Fatalf("got %v", e)
		}
	}

	h := s.peer.Health()
	if since, is := s.peer.Down(); h.State != connector.Refused || h.Failures != 0 || !is || !since.Equal(begun) || !h.Since.Equal(begun) {
		t.Errorf("health %+v, down %v since %v", h, is, since)
	}

	s.clock.move(time.Hour)
	s.status.Store(http.StatusOK)

	if e := s.do(c); e != nil {
		t.Fatal(e)
	}

	if h := s.peer.Health(); h.State != connector.Healthy {
		t.Errorf("health %+v", h)
	}
}

// TestRefusalInWords keeps what an adapter says of a refusal for people. What is taken, though it is not
// done yet, ends the refusals.
func TestRefusalInWords(t *testing.T) {
	t.Parallel()

	s := newSystem(t, 4)
	call := func(kind connector.Kind, why error) {
		_ = s.peer.Call(t.Context(), "hand", func() error { return &connector.Error{System: "x", Kind: kind, Err: why} })
	}

	for range 3 {
		call(connector.Unauthorized, care.NewError(care.Forbidden, "Serveren er en anden."))
	}

	if h := s.peer.Health(); h.State != connector.Refused || h.ErrorText != "Serveren er en anden." || h.ErrorOp != "hand" {
		t.Errorf("health %+v", h)
	}

	s.clock.move(time.Minute)
	call(connector.Pending, nil)

	if h := s.peer.Health(); h.State != connector.Healthy {
		t.Errorf("health %+v", h)
	}

	call(connector.Unavailable, care.NewError(care.Unavailable, "Besøget blev ikke skrevet."))

	if h := s.peer.Health(); h.ErrorText != "" {
		t.Errorf("words of another failure: %q", h.ErrorText)
	}
}

// TestRenewedCredentials: credentials that only had to be renewed are no refusal, however many calls
// used the old ones.
func TestRenewedCredentials(t *testing.T) {
	t.Parallel()

	p := newPeer(t, outbound.PeerOptions{Limit: 8, Now: time.Now})
	auth := &renewed{}

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "old" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c := newClient(t, outbound.Options{BaseURL: s.URL, Peer: p, Auth: auth})

	var group sync.WaitGroup

	for range 40 {
		group.Go(func() {
			if answer, err := do(t.Context(), c, http.MethodGet); err != nil || !answer.OK() {
				t.Errorf("%v, %v", answer, err)
			}
		})
	}

	group.Wait()

	if h := p.Health(); h.State != connector.Healthy {
		t.Errorf("health %+v", h)
	}
}

// renewed has an old credential until it is refused.
type renewed struct{ fresh atomic.Bool }

func (r *renewed) Authorize(context.Context) (care.Secret, error) {
	if r.fresh.Load() {
		return care.NewSecret("new"), nil
	}

	return care.NewSecret("old"), nil
}

func (r *renewed) Refused(care.Secret) bool {
	r.fresh.Store(true)

	return true
}

// TestRetryAfterHoldsEverybody: what one client was asked, all clients of the system do, and nobody
// waits longer than a quarter of an hour for it.
func TestRetryAfterHoldsEverybody(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		status int
		after  string
		kind   connector.Kind
		wait   time.Duration
	}{
		{http.StatusTooManyRequests, "90", connector.RateLimited, 90 * time.Second},
		{http.StatusServiceUnavailable, "120", connector.Unavailable, 2 * time.Minute},
		{http.StatusServiceUnavailable, "86400", connector.Unavailable, 15 * time.Minute},
	} {
		s := newSystem(t, 4)
		one, other, stranger := s.client(), s.client(), newSystem(t, 4)

		s.status.Store(int64(c.status))
		s.after.Store(c.after)

		if e := s.do(one); e == nil || e.Kind != c.kind {
			t.Fatalf("%d: got %v", c.status, e)
		}

		s.status.Store(http.StatusOK)

		if wait := s.held(other); wait != c.wait {
			t.Errorf("%d, %s: others wait %v, want %v", c.status, c.after, wait, c.wait)
		}

		if h := s.peer.Health(); h.State != connector.Limited {
			t.Errorf("%d: state %s", c.status, h.State)
		}

		if e := stranger.do(stranger.client()); e != nil {
			t.Errorf("another system: %v", e)
		}

		s.clock.move(c.wait)

		if e := s.do(other); e != nil {
			t.Errorf("%d: after the wait: %v", c.status, e)
		}
	}
}

// TestJumpingClock: a clock that jumps ahead makes us try early; one that jumps back never makes us
// wait longer than from the beginning.
func TestJumpingClock(t *testing.T) {
	t.Parallel()

	for name, jump := range map[string]time.Duration{"ahead": 5 * time.Hour, "back": -5 * time.Hour} {
		s := newSystem(t, 2)
		c := s.client()

		s.status.Store(http.StatusBadGateway)
		s.fail(c, 6)

		first := s.held(c)
		s.clock.move(jump)
		s.status.Store(http.StatusOK)

		if jump < 0 {
			if again := s.held(c); again > first {
				t.Errorf("%s: %v instead of %v", name, again, first)
			}

			s.clock.move(first)
		}

		if e := s.do(c); e != nil {
			t.Errorf("%s: %v", name, e)
		}
	}
}

// TestHours: answers, failures and the time without answers are counted by the hour, once.
func TestHours(t *testing.T) {
	t.Parallel()

	s := newSystem(t, 2)
	c := s.client()

	if e := s.do(c); e != nil {
		t.Fatal(e)
	}

	s.status.Store(http.StatusServiceUnavailable)
	s.fail(c, 6)
	s.clock.move(2 * time.Hour)

	hour := func(n int) time.Time { return time.Date(2026, 11, 23, 6+n, 0, 0, 0, time.UTC) }
	want := []connector.HourCount{
		{Hour: hour(0), Good: 1, Failed: 6, Down: 10 * time.Minute},
		{Hour: hour(1), Down: time.Hour},
		{Hour: hour(2), Down: 50 * time.Minute},
	}

	if diff := cmp.Diff(want, s.peer.Fetch()); diff != "" {
		t.Error(diff)
	}

	s.status.Store(http.StatusOK)

	if e := s.do(c); e != nil {
		t.Fatal(e)
	}

	s.clock.move(20 * time.Minute)

	want = []connector.HourCount{{Hour: hour(2), Good: 1, Up: 10 * time.Minute}, {Hour: hour(3), Up: 10 * time.Minute}}
	if diff := cmp.Diff(want, s.peer.Fetch()); diff != "" {
		t.Error(diff)
	}
}

// TestGivingUpSaysNothing: a call that its own caller broke off is not held against the system, and
// leaves the try to the next one.
func TestGivingUpSaysNothing(t *testing.T) {
	t.Parallel()

	clock := newHand()
	p := newPeer(t, outbound.PeerOptions{Limit: 2, Now: clock.now})
	failing := func() error { return &connector.Error{Kind: connector.Unknown} }

	giveUp := func() {
		gone, cancel := context.WithCancel(t.Context())

		_ = p.Call(gone, "book", func() error {
			cancel()

			return &connector.Error{Kind: connector.Unknown, Err: context.Canceled}
		})
	}

	for range 5 {
		_ = p.Call(t.Context(), "book", failing)
	}

	giveUp()

	if _, down := p.Down(); down {
		t.Fatal("down by a call that was broken off")
	}

	_ = p.Call(t.Context(), "book", failing)

	clock.move(time.Hour)

	giveUp()

	if err := p.Call(t.Context(), "book", func() error { return nil }); err != nil {
		t.Errorf("the next try: %v", err)
	}
}

// TestPeerNeeds: what a peer can't be without.
func TestPeerNeeds(t *testing.T) {
	t.Parallel()

	for _, o := range []outbound.PeerOptions{
		{},
		{Role: connector.VideoRole, System: "x"},
		{Role: connector.VideoRole, Now: time.Now},
		{System: "x", Now: time.Now},
		{Role: connector.VideoRole, System: "x", Now: time.Now, Limit: -1},
		{Role: connector.VideoRole, System: "x", Now: time.Now, Rate: -1},
	} {
		if _, err := outbound.NewPeer(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
