package videotest

import (
	"context"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// closeWaiting: a room that nobody has seen yet is gone, and closing it again is no error.
func (b *bench) closeWaiting() {
	ref := newRef()
	b.obtain(ref, b.spec(26*time.Hour))
	b.close(ref)
	b.close(ref)
	b.rooms(ref, 1, 0)
}

// closeStarting: a room that is being made can't be ended yet; asking again succeeds.
func (b *bench) closeStarting() {
	ref := newRef()
	b.obtain(ref, b.spec(10*time.Minute))
	b.must(b.rig.Peer.Start(ref))
	b.close(ref)
	b.rooms(ref, 1, 0)
}

// closeReady: everybody is out.
func (b *bench) closeReady() {
	ref := newRef()
	b.obtain(ref, b.spec(0))
	b.must(b.rig.Peer.Provision(ref))

	_, err := b.rig.Peer.Join(ref, care.AsHost)
	b.must(err)

	b.rig.Peer.Advance(time.Minute)
	b.close(ref)
	b.rig.Peer.Advance(2 * time.Minute)
	b.rooms(ref, 1, 0)

	if _, err = b.rig.Peer.Join(ref, care.AsGuest); err == nil {
		b.Error("a guest came into a closed room")
	}

	got, err := b.find(ref)
	if err == nil && got.Status != video.Ended && got.Status != video.Ending {
		b.Errorf("the room is in state %v", got.Status)
	}

	b.close(ref)
}

// closeEarly: a room that is ready before its planned start ends all the same.
func (b *bench) closeEarly() {
	ref := newRef()
	b.obtain(ref, b.spec(10*time.Minute))
	b.must(b.rig.Peer.Provision(ref))
	b.close(ref)
	b.rig.Peer.Advance(time.Minute)
	b.rooms(ref, 1, 0)

	if _, err := b.rig.Peer.Join(ref, care.AsGuest); err == nil {
		b.Error("a guest came into a closed room")
	}
}

func (b *bench) closeNothing() { b.close(newRef()) }

// mover returns the capability, or skips.
func (b *bench) mover() video.Mover {
	b.Helper()

	m, ok := b.rig.Platform.(video.Mover)
	if !ok {
		b.Skip("the platform can't move rooms")
	}

	return m
}

func (b *bench) moveTo(ref care.RoomRef, planned care.Interval) (video.Booking, error) {
	b.Helper()

	m := b.mover()

	return ask(b, func(ctx context.Context) (video.Booking, error) { return m.Move(ctx, ref, planned) })
}

func (b *bench) shifted(planned care.Interval, by time.Duration) care.Interval {
	return care.Interval{Start: planned.Start.Add(by), End: planned.End.Add(by)}
}

// ahead is how long before its start a room can be there and still be moved.
func (b *bench) ahead() time.Duration {
	if late, ok := b.rig.Platform.(video.Late); ok {
		return late.Lead() / 2
	}

	return 26 * time.Hour
}

// move: the same room at another time; moving again changes nothing.
func (b *bench) move() {
	ref := newRef()
	before := b.obtain(ref, b.spec(b.ahead()))
	planned := b.shifted(before.Planned, -(b.ahead() / 17).Truncate(time.Second))

	for range 2 {
		got, err := b.moveTo(ref, planned)
		b.must(err)

		if got.Planned != planned || got.Address != before.Address || got.HostPIN != before.HostPIN || got.GuestPIN != before.GuestPIN {
			b.Errorf("got %v, want the same room at %v", got, planned)
		}

		found, err := b.find(ref)
		b.must(err)
		b.same(got, found)
	}

	b.rooms(ref, 1, 1)
}

// moveTooLate: a room that is ready keeps its time, all of it.
func (b *bench) moveTooLate() {
	ref := newRef()
	before := b.obtain(ref, b.spec(10*time.Minute))
	b.must(b.rig.Peer.Provision(ref))

	if _, err := b.moveTo(ref, b.shifted(before.Planned, time.Hour)); !connector.Is(err, connector.Conflict) {
		b.Errorf("got %v, want Conflict", err)
	}

	found, err := b.find(ref)
	b.must(err)

	if found.Planned != before.Planned {
		b.Errorf("planned %v, want %v as before", found.Planned, before.Planned)
	}
}

func (b *bench) moveNothing() {
	planned := b.spec(26 * time.Hour).Planned
	if _, err := b.moveTo(newRef(), planned); !connector.Is(err, connector.NotFound) {
		b.Errorf("got %v, want NotFound", err)
	}

	if _, err := b.mover().Move(b.Context(), newRef(), care.Interval{Start: planned.End, End: planned.Start}); !connector.Is(err, connector.Rejected) {
		b.Errorf("got %v, want Rejected", err)
	}
}

func (b *bench) legs(room video.Observed) []care.Leg {
	b.Helper()

	o, ok := b.rig.Platform.(video.Observer)
	if !ok {
		b.Skip("the platform can't tell who was in a room")
	}

	legs, err := ask(b, func(ctx context.Context) ([]care.Leg, error) { return o.Legs(ctx, room) })
	if connector.Is(err, connector.Unsupported) {
		b.Skip("this installation can't tell who was in a room")
	}

	b.must(err)

	return legs
}

// stay is a leg without its key.
type stay struct {
	Role         care.LegRole
	Joined, Left time.Time
}

// call plays one visit: the guest comes two minutes after the host and leaves first.
func (b *bench) call(ref care.RoomRef) []stay {
	b.Helper()

	peer := b.rig.Peer
	host := stay{Role: care.AsHost, Joined: peer.Now()}
	hostLeaves, err := peer.Join(ref, care.AsHost)
	b.must(err)

	peer.Advance(2 * time.Minute)

	guest := stay{Role: care.AsGuest, Joined: peer.Now()}
	guestLeaves, err := peer.Join(ref, care.AsGuest)
	b.must(err)

	peer.Advance(7 * time.Minute)

	guest.Left = peer.Now()
	b.must(guestLeaves())
	peer.Advance(time.Minute)

	host.Left = peer.Now()
	b.must(hostLeaves())
	peer.Advance(time.Minute)

	return []stay{host, guest}
}

// observe: every stay with its role and times, under a key that stays the same, and none of
// another room.
func (b *bench) observe() {
	ref, other := newRef(), newRef()
	booking := b.obtain(ref, b.spec(0))
	b.obtain(other, b.spec(0))

	room := video.Observed{Ref: ref, Address: booking.Address, Window: booking.Planned}
	if legs := b.legs(room); len(legs) != 0 {
		b.Errorf("nobody was in, but got %v", legs)
	}

	b.must(b.rig.Peer.Provision(ref))
	b.must(b.rig.Peer.Provision(other))

	want := b.call(ref)
	b.call(other)
	b.rig.Peer.Advance(time.Hour)

	legs := b.legs(room)
	got := make([]stay, 0, len(legs))
	keys := map[string]bool{}

	for _, leg := range legs {
		got = append(got, stay{leg.Role, leg.Joined, leg.Left})
		keys[leg.ID] = true

		if leg.Room != ref || leg.Joined.Location() != time.UTC {
			b.Errorf("leg %+v: want room %v and UTC", leg, ref)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("stays (-want +got):\n%s", diff)
	}

	if len(keys) != len(want) || keys[""] {
		b.Errorf("keys %v are not one for each stay", keys)
	}

	if again := b.legs(room); !slices.Equal(legs, again) {
		b.Errorf("reading twice gives %v, then %v", legs, again)
	}
}

// observeWindow: stays at the same address outside the window belong to somebody else.
func (b *bench) observeWindow() {
	ref := newRef()
	booking := b.obtain(ref, b.spec(0))
	b.must(b.rig.Peer.Provision(ref))
	b.call(ref)
	b.rig.Peer.Advance(time.Hour)

	earlier := b.shifted(booking.Planned, -3*time.Hour)
	if legs := b.legs(video.Observed{Ref: ref, Address: booking.Address, Window: earlier}); len(legs) != 0 {
		b.Errorf("got %v from another time", legs)
	}
}
