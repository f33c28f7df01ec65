package vdx_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

func pooled(c *vdx.Config) { c.Pool = true }

// withPool is a peer whose organisation has a pool of so many rooms, old enough to be taken.
func withPool(t *testing.T, as mode, rooms int, change func(*vdxsim.Template)) *peer {
	t.Helper()

	orgs := vdxsim.DefaultOrganisations()
	orgs[0].PoolSize = rooms
	orgs[0].Template.GuestPINRequired = true

	if change != nil {
		change(&orgs[0].Template)
	}

	p := newPeerOf(t, as, vdxsim.Options{Organisations: orgs})
	p.Advance(time.Hour)

	return p
}

func (p *peer) now(t *testing.T) video.Spec {
	t.Helper()

	s := spec(t, p.Now())
	s.Now = true

	return s
}

// TestCallNow: without a pool a room of our own is made, with our PINs.
func TestCallNow(t *testing.T) {
	t.Parallel()

	for _, as := range modes() {
		p := withPool(t, as, 3, nil)

		b, err := p.platform(t).Book(t.Context(), ref, p.now(t))
		if err != nil {
			t.Fatal(err)
		}

		if room, ok := p.sim.Room(string(ref)); !ok || room.Pooled || b.GuestPIN.Reveal() != guestPIN || b.Status == video.Ready {
			t.Errorf("%s: got %+v, %+v", as, room, b)
		}
	}
}

// TestCallNowFromThePool: the room is ready at once and has PINs of its own, which win. The call
// is counted: two calls, as ever.
func TestCallNowFromThePool(t *testing.T) {
	t.Parallel()

	for _, as := range modes() {
		p := withPool(t, as, 3, nil)
		platform := p.platform(t, pooled)

		b, err := platform.Book(t.Context(), ref, p.now(t))
		if err != nil {
			t.Fatal(err)
		}

		room, ok := p.sim.Room(string(ref))
		if !ok || !room.Pooled || b.Status != video.Ready || b.GuestPIN.IsZero() || b.GuestPIN.Reveal() == guestPIN || b.HostPIN.Reveal() == hostPIN {
			t.Errorf("%s: got %+v, %+v", as, room, b)
		}

		if strings.Contains(b.GuestLink.Reveal(), b.HostPIN.Reveal()) || !strings.Contains(b.GuestLink.Reveal(), b.GuestPIN.Reveal()) {
			t.Errorf("%s: the guest link does not open the room as guest", as)
		}

		if diff := cmp.Diff([]string{vdxsim.OpMeetingCreate, vdxsim.OpRoomGet}, p.ops()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", as, diff)
		}

		again, err := platform.Book(t.Context(), ref, p.now(t))
		if err != nil || again.GuestPIN != b.GuestPIN {
			t.Errorf("%s: again: got %v, %v", as, again, err)
		}
	}
}

// TestPoolIsForNow: for later, and without Spec.Now, the room has our PINs.
func TestPoolIsForNow(t *testing.T) {
	t.Parallel()

	p := withPool(t, bearer, 3, nil)
	later := spec(t, p.Now().Add(3*time.Minute))
	later.Now = true
	planned := spec(t, p.Now())

	for key, s := range map[care.RoomRef]video.Spec{ref: later, "4f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10": planned} {
		b, err := p.platform(t, pooled).Book(t.Context(), key, s)
		if room, _ := p.sim.Room(string(key)); err != nil || room.Pooled || b.GuestPIN.Reveal() != guestPIN {
			t.Errorf("got %+v, %v", b, err)
		}
	}
}

// TestPoolIsEmpty: no room to spare is a matter of seconds; no pool at all is one of settings.
func TestPoolIsEmpty(t *testing.T) {
	t.Parallel()

	for _, as := range modes() {
		p := withPool(t, as, 1, nil)
		platform := p.platform(t, pooled)

		if _, err := platform.Book(t.Context(), "4f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10", p.now(t)); err != nil {
			t.Fatal(err)
		}

		_, err := platform.Book(t.Context(), ref, p.now(t))

		var e *connector.Error
		if !errors.As(err, &e) || e.Kind != connector.Pending || e.Code != video.CodeNoFreeRoom || e.RetryAfter != 5*time.Second {
			t.Errorf("%s: got %+v, want Pending in 5 s", as, err)
		}

		p.Advance(10 * time.Minute)

		if _, err = platform.Book(t.Context(), ref, p.now(t)); err != nil {
			t.Errorf("%s: later: %v", as, err)
		}

		none := newPeerOf(t, as, vdxsim.Options{})

		_, err = none.platform(t, pooled).Book(t.Context(), ref, none.now(t))
		if !errors.As(err, &e) || e.Kind != connector.Rejected || e.Code != vdx.CodeNoPool {
			t.Errorf("%s: got %+v, want Rejected %s", as, err, vdx.CodeNoPool)
		}
	}
}

// TestUnfitRoomsOfThePool: a room that ignores what was asked for is not used, and repeating the
// call does not make it fit.
func TestUnfitRoomsOfThePool(t *testing.T) {
	t.Parallel()

	for code, change := range map[string]func(*vdxsim.Template){
		vdx.CodeNoPINs:   func(o *vdxsim.Template) { o.GuestPINRequired = false },
		vdx.CodeTooSmall: func(o *vdxsim.Template) { o.MaxParticipants = 2 },
	} {
		p := withPool(t, bearer, 2, change)
		platform := p.platform(t, pooled)

		for range 2 {
			_, err := platform.Book(t.Context(), ref, p.now(t))

			var e *connector.Error
			if !errors.As(err, &e) || e.Kind != connector.Conflict || e.Code != code {
				t.Errorf("got %+v, want Conflict %s", err, code)
			}
		}

		if err := platform.Close(t.Context(), ref); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// TestSeats: every guest has a link, as many as people may come.
func TestSeats(t *testing.T) {
	t.Parallel()

	p := newPeer(t, vdxsim.Options{})
	platform := p.platform(t)
	s := spec(t, p.tomorrow())
	s.MaxParticipants = 7

	b, err := platform.Book(t.Context(), ref, s)
	if err != nil {
		t.Fatal(err)
	}

	found, err := platform.Find(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}

	for _, links := range [][]care.GuestLink{b.SeatLinks, found.SeatLinks} {
		if len(links) != 6 {
			t.Errorf("%d links, want 6", len(links))
		}

		for _, link := range links {
			if link != b.GuestLink {
				t.Error("another link than the guest's")
			}
		}
	}
}

// TestOrganizer: the setting goes along wherever an update could make us the organizer; a role
// that may not choose is not refused.
func TestOrganizer(t *testing.T) {
	t.Parallel()

	const office = "kontor@sluse-kommune.example"

	for _, client := range []string{"sluse-planner", "sluse-provisioner"} {
		p := newPeer(t, vdxsim.Options{})
		platform := p.platform(t, func(c *vdx.Config) {
			c.OrganizedByEmail, c.ClientID, c.ClientSecret = office, client, care.NewSecret("test-"+client)
		})
		booked := book(t, p, platform)

		if _, err := platform.Move(t.Context(), ref, care.Interval{Start: booked.Planned.Start.Add(time.Hour), End: booked.Planned.End.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}

		for _, r := range p.sim.Requests(vdxsim.OpMeetingCreate, vdxsim.OpMeetingPatch) {
			if !strings.Contains(r.Body, `"organizedByEmail":"`+office+`"`) {
				t.Errorf("%s without organizer: %s", r.Op, r.Body)
			}
		}
	}
}
