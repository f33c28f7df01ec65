// Package videotest is the conformance suite of video.Platform: what every adapter must do
// whatever its peer, told against a peer that people can enter. It also covers video.Mover,
// video.Observer, video.Late and video.Sweeper when the platform implements them.
//
// The suite calls the platform as the queue does: a call is repeated while its error's kind
// says that another try makes sense, and booking looks up first. So the same suite holds on a
// calm peer and on one that loses requests and answers. What it counts, it counts at the peer.
package videotest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// Peer is the system behind a platform, as the suite plays it.
type Peer interface {
	// Now is the peer's clock, UTC; the platform under test uses the same.
	Now() time.Time
	// Advance moves the clock and lets everything happen that falls due.
	Advance(d time.Duration)
	// Start brings a room that waits into the state in which it is being made.
	Start(ref care.RoomRef) error
	// Provision makes a room ready for people now.
	Provision(ref care.RoomRef) error
	// Join lets a person in; leave ends that stay.
	Join(ref care.RoomRef, role care.LegRole) (leave func() error, err error)
	// Ever counts the rooms that were ever made under the key, Live those that stand now.
	Ever(ref care.RoomRef) int
	Live(ref care.RoomRef) int
	// Secrets are texts that no error may hold: credentials of the platform under test.
	Secrets() []string
}

// Rig is one platform with its peer.
type Rig struct {
	Platform video.Platform
	Peer     Peer
}

// maxTries bounds repeats; the peer's faults are rarer.
const maxTries = 40

// Run tells the whole suite, each part with a rig of its own.
func Run(t *testing.T, factory func(t *testing.T) Rig) {
	t.Helper()

	parts := map[string]func(*bench){
		"book":                    (*bench).book,
		"book twice":              (*bench).bookTwice,
		"book at once":            (*bench).bookAtOnce,
		"refuse bad wishes":       (*bench).refuse,
		"find nothing":            (*bench).findNothing,
		"follow provisioning":     (*bench).follow,
		"close while waiting":     (*bench).closeWaiting,
		"close while being made":  (*bench).closeStarting,
		"close with people in":    (*bench).closeReady,
		"close before it begins":  (*bench).closeEarly,
		"close nothing":           (*bench).closeNothing,
		"give up":                 (*bench).giveUp,
		"move":                    (*bench).move,
		"move too late":           (*bench).moveTooLate,
		"move nothing":            (*bench).moveNothing,
		"reserve":                 (*bench).reserve,
		"sweep":                   (*bench).sweep,
		"observe":                 (*bench).observe,
		"observe a recycled room": (*bench).observeWindow,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := &bench{T: t, rig: factory(t)}
			part(b)
		})
	}
}

// bench is one part being told.
type bench struct {
	*testing.T
	rig Rig
}

// ask calls until the outcome is certain, as the queue would.
func ask[V any](b *bench, call func(ctx context.Context) (V, error)) (V, error) {
	b.Helper()

	var last error

	for range maxTries {
		v, err := call(b.Context())
		b.proper(err)

		if !again(err) {
			return v, err
		}

		last = err

		b.rig.Peer.Advance(pauseAfter(err))
	}

	b.Errorf("no certain outcome after %d tries", maxTries)

	var none V

	return none, last
}

// again reports whether the queue would try once more.
func again(err error) bool {
	switch connector.KindOf(err) {
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Unauthorized:
		return true
	case connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		return false
	}

	return false
}

// pauseAfter is how far the clock moves before the next try.
func pauseAfter(err error) time.Duration {
	if connector.Is(err, connector.Pending) {
		return 5 * time.Second
	}

	return 0
}

// proper checks what holds for every error: its type, and that it tells no secret.
func (b *bench) proper(err error) {
	b.Helper()

	if err == nil {
		return
	}

	if connector.KindOf(err) == 0 {
		b.Fatalf("%v is no *connector.Error", err)
	}

	for _, secret := range append(b.rig.Peer.Secrets(), hostPIN, guestPIN) {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			b.Fatalf("the error tells %q", secret)
		}
	}
}

const (
	hostPIN  = "482136"
	guestPIN = "739015"
	subject  = "Skærmbesøg"
)

func newRef() care.RoomRef { return care.RoomRef(uuid.NewString()) }

// spec asks for a room that begins after a while and lasts half an hour.
func (b *bench) spec(after time.Duration) video.Spec {
	b.Helper()

	host, err := care.NewHostPIN(hostPIN)
	if err != nil {
		b.Fatal(err)
	}

	guest, err := care.NewGuestPIN(guestPIN)
	if err != nil {
		b.Fatal(err)
	}

	start := b.rig.Peer.Now().Add(after).Truncate(time.Second)

	return video.Spec{
		Planned: care.Interval{Start: start, End: start.Add(30 * time.Minute)},
		Subject: subject, HostPIN: host, GuestPIN: guest, MaxParticipants: 5,
	}
}

// obtain looks up, then books, like the use case.
func (b *bench) obtain(ref care.RoomRef, spec video.Spec) video.Booking {
	b.Helper()

	booking, err := ask(b, func(ctx context.Context) (video.Booking, error) {
		found, err := b.rig.Platform.Find(ctx, ref)
		if !connector.Is(err, connector.NotFound) {
			return found, err
		}

		return b.rig.Platform.Book(ctx, ref, spec)
	})
	if err != nil {
		b.Fatalf("book: %v", err)
	}

	return booking
}

func (b *bench) find(ref care.RoomRef) (video.Booking, error) {
	b.Helper()

	return ask(b, func(ctx context.Context) (video.Booking, error) { return b.rig.Platform.Find(ctx, ref) })
}

func (b *bench) close(ref care.RoomRef) {
	b.Helper()

	_, err := ask(b, func(ctx context.Context) (struct{}, error) { return struct{}{}, b.rig.Platform.Close(ctx, ref) })
	if err != nil {
		b.Fatalf("close: %v", err)
	}
}

// must stops at a failure of the peer's own.
func (b *bench) must(err error) {
	b.Helper()

	if err != nil {
		b.Fatal(err)
	}
}

// rooms checks the peer's count.
func (b *bench) rooms(ref care.RoomRef, ever, live int) {
	b.Helper()

	if gotEver, gotLive := b.rig.Peer.Ever(ref), b.rig.Peer.Live(ref); gotEver != ever || gotLive != live {
		b.Errorf("the peer made %d rooms of which %d stand, want %d and %d", gotEver, gotLive, ever, live)
	}
}

// same compares bookings with their secrets.
func (b *bench) same(want, got video.Booking) {
	b.Helper()

	if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
		b.Errorf("booking (-want +got):\n%s", diff)
	}
}

// plain spells a booking out, for comparing.
func plain(v video.Booking) map[string]string {
	return map[string]string{
		"ref": string(v.Ref), "status": fmt.Sprint(v.Status), "address": v.Address,
		"start": v.Planned.Start.Format(time.RFC3339Nano), "end": v.Planned.End.Format(time.RFC3339Nano),
		"host pin": v.HostPIN.Reveal(), "guest pin": v.GuestPIN.Reveal(),
		"host link": v.HostLink.Reveal(), "guest link": v.GuestLink.Reveal(),
	}
}
