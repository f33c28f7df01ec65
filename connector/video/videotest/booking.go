package videotest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// book: one room, at the time and with the PINs asked for, and links that fit.
func (b *bench) book() {
	ref, spec := newRef(), b.spec(26*time.Hour)
	local := spec
	// The caller's zone and fractions of a second must not matter.
	local.Planned.Start = spec.Planned.Start.In(care.Zone()).Add(400 * time.Millisecond)
	local.Planned.End = spec.Planned.End.In(care.Zone()).Add(400 * time.Millisecond)

	got := b.obtain(ref, local)

	if got.Ref != ref || got.Status != b.fresh() || got.Address == "" {
		b.Errorf("got %v in state %v at %q", got.Ref, got.Status, got.Address)
	}

	if got.Planned != spec.Planned {
		b.Errorf("planned %v, want %v in UTC", got.Planned, spec.Planned)
	}

	if got.HostPIN.Reveal() != hostPIN || got.GuestPIN.Reveal() != guestPIN {
		b.Error("the PINs are not those asked for")
	}

	if !strings.Contains(got.HostLink.Reveal(), hostPIN) || strings.Contains(got.HostLink.Reveal(), guestPIN) {
		b.Error("the host link does not open the room as host")
	}

	if !strings.Contains(got.GuestLink.Reveal(), guestPIN) || strings.Contains(got.GuestLink.Reveal(), hostPIN) {
		b.Error("the guest link does not open the room as guest")
	}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, got); strings.Contains(text, hostPIN) || strings.Contains(text, guestPIN) {
			b.Errorf("a booking printed with %s tells a PIN", verb)
		}
	}

	found, err := b.find(ref)
	b.must(err)
	b.same(got, found)
	b.rooms(ref, 1, 1)
}

// fresh is the state of a room that was just booked: one that is made late is being made as soon as
// it is asked for.
func (b *bench) fresh() video.Status {
	if _, late := b.rig.Platform.(video.Late); late {
		return video.Starting
	}

	return video.Awaiting
}

// reserve: the promise calls nobody, is always the same, and is kept.
func (b *bench) reserve() {
	late, ok := b.rig.Platform.(video.Late)
	if !ok {
		b.Skip("the platform's rooms have a time of their own")
	}

	ref, spec := newRef(), b.spec(26*time.Hour)

	promised, err := late.Reserve(ref, spec)
	b.must(err)
	b.rooms(ref, 0, 0)

	if promised.Status != video.Awaiting || late.Lead() < 5*time.Minute {
		b.Errorf("state %v, lead %v", promised.Status, late.Lead())
	}

	if len(promised.SeatLinks) != video.Seats(spec.MaxParticipants) || promised.SeatLinks[0] != promised.GuestLink {
		b.Errorf("%d links by seat", len(promised.SeatLinks))
	}

	got := b.obtain(ref, spec)
	promised.Status = got.Status
	b.same(promised, got)

	for seat, link := range got.SeatLinks {
		if link != promised.SeatLinks[seat] {
			b.Errorf("seat %d has another link than promised", seat)
		}
	}

	spec.GuestPIN = care.GuestPIN{}
	if _, err := late.Reserve(newRef(), spec); !connector.Is(err, connector.Rejected) {
		b.Errorf("got %v, want Rejected", err)
	}
}

// sweep: the rooms that we made and did not close are listed.
func (b *bench) sweep() {
	sweeper, ok := b.rig.Platform.(video.Sweeper)
	if !ok {
		b.Skip("the platform can't list our rooms")
	}

	stands, gone := newRef(), newRef()
	b.obtain(stands, b.spec(26*time.Hour))
	b.obtain(gone, b.spec(26*time.Hour))
	b.close(gone)

	refs, err := ask(b, sweeper.Rooms)
	b.must(err)

	if len(refs) != 1 || refs[0] != stands {
		b.Errorf("got %v, want %v alone", refs, stands)
	}
}

// bookTwice: the second call returns the first booking, whatever it asks for.
func (b *bench) bookTwice() {
	ref := newRef()
	first := b.obtain(ref, b.spec(26*time.Hour))

	other := b.spec(50 * time.Hour)
	other.GuestPIN, _ = care.NewGuestPIN("564738")

	second, err := ask(b, func(ctx context.Context) (video.Booking, error) { return b.rig.Platform.Book(ctx, ref, other) })
	b.must(err)
	b.same(first, second)
	b.rooms(ref, 1, 1)
}

// bookAtOnce: several workers with one key make one room.
func (b *bench) bookAtOnce() {
	ref, spec := newRef(), b.spec(26*time.Hour)
	got := make([]video.Booking, 6)

	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			for range maxTries {
				booking, err := b.rig.Platform.Book(b.Context(), ref, spec)
				if err == nil {
					got[i] = booking

					return
				}

				if !again(err) {
					b.Errorf("book: %v", err)

					return
				}
			}
		})
	}

	wg.Wait()

	for _, booking := range got[1:] {
		b.same(got[0], booking)
	}

	b.rooms(ref, 1, 1)
}

// refuse: what must not be sent is Rejected, and nothing reaches the peer's books.
func (b *bench) refuse() {
	tests := map[string]func(*video.Spec){
		"no host PIN":                func(s *video.Spec) { s.HostPIN = care.HostPIN{} },
		"no guest PIN":               func(s *video.Spec) { s.GuestPIN = care.GuestPIN{} },
		"same PINs":                  func(s *video.Spec) { s.GuestPIN, _ = care.NewGuestPIN(hostPIN) },
		"host PIN inside the guests": func(s *video.Spec) { s.GuestPIN, _ = care.NewGuestPIN("7" + hostPIN + "1") },
		"end before start":           func(s *video.Spec) { s.Planned.End = s.Planned.Start.Add(-time.Minute) },
		"no time":                    func(s *video.Spec) { s.Planned = care.Interval{} },
		"no subject":                 func(s *video.Spec) { s.Subject = "" },
		"long subject":               func(s *video.Spec) { s.Subject = strings.Repeat("æ", 101) },
		"person number":              func(s *video.Spec) { s.Subject = "Besøg 251248-9996" },
		"year 10000":                 func(s *video.Spec) { s.Planned.End = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	for name, spoil := range tests {
		ref, spec := newRef(), b.spec(26*time.Hour)
		spoil(&spec)

		_, err := b.rig.Platform.Book(b.Context(), ref, spec)
		b.proper(err)

		if !connector.Is(err, connector.Rejected) {
			b.Errorf("%s: got %v, want Rejected", name, err)
		}

		b.rooms(ref, 0, 0)
	}

	for _, ref := range []care.RoomRef{"", "../meetings", "x", care.RoomRef(strings.ToUpper(string(newRef())))} {
		_, errBook := b.rig.Platform.Book(b.Context(), ref, b.spec(time.Hour))
		_, errFind := b.rig.Platform.Find(b.Context(), ref)

		for _, err := range []error{errBook, errFind, b.rig.Platform.Close(b.Context(), ref)} {
			if !connector.Is(err, connector.Rejected) {
				b.Errorf("key %q: got %v, want Rejected", ref, err)
			}
		}
	}
}

func (b *bench) findNothing() {
	if _, err := b.find(newRef()); !connector.Is(err, connector.NotFound) {
		b.Errorf("got %v, want NotFound", err)
	}
}

// follow: the states on the way to people, and to the end.
func (b *bench) follow() {
	ref := newRef()
	b.obtain(ref, b.spec(26*time.Hour))

	steps := []struct {
		act  func(care.RoomRef) error
		want video.Status
	}{
		{b.rig.Peer.Start, video.Starting},
		{b.rig.Peer.Provision, video.Ready},
	}
	for _, step := range steps {
		b.must(step.act(ref))

		got, err := b.find(ref)
		b.must(err)

		if got.Status != step.want || got.GuestLink.IsZero() || got.HostLink.IsZero() {
			b.Errorf("got status %v, want %v and links", got.Status, step.want)
		}
	}
}

// giveUp: a caller that has given up gets an error of the right type, and the key still
// makes one room at most.
func (b *bench) giveUp() {
	ref, spec := newRef(), b.spec(26*time.Hour)

	ctx, cancel := context.WithCancel(b.Context())
	cancel()

	_, errBook := b.rig.Platform.Book(ctx, ref, spec)
	_, errFind := b.rig.Platform.Find(ctx, ref)
	errClose := b.rig.Platform.Close(ctx, ref)

	for _, err := range []error{errBook, errFind, errClose} {
		b.proper(err)

		if kind := connector.KindOf(err); kind != connector.Unavailable && kind != connector.Unknown {
			b.Errorf("got %v, want Unavailable or Unknown", err)
		}
	}

	b.obtain(ref, spec)
	b.rooms(ref, 1, 1)
}
