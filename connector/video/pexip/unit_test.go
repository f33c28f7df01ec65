package pexip

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

const testRef = care.RoomRef("3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10")

// testConfig is a configuration without faults whose node is nowhere.
func testConfig(change ...func(*Config)) Config {
	c := Config{
		BaseURL: "https://mgmt.testby.example", Auth: AuthBasic, Username: "sluse", Password: care.NewSecret("secret-password"),
		WebHost: "https://video.testby.example", LinkKey: care.NewSecret(strings.Repeat("k", 40)),
	}

	for _, f := range change {
		f(&c)
	}

	c.SetDefaults()

	return c
}

func testPlatform(tb testing.TB, now time.Time, change ...func(*Config)) *Platform {
	tb.Helper()

	p, err := New(testConfig(change...), Deps{Now: func() time.Time { return now }})
	if err != nil {
		tb.Fatal(err)
	}

	return p
}

func pinPair(tb testing.TB, host, guest string) (care.HostPIN, care.GuestPIN) {
	tb.Helper()

	h, err := care.NewHostPIN(host)
	if err != nil {
		tb.Fatal(err)
	}

	g, err := care.NewGuestPIN(guest)
	if err != nil {
		tb.Fatal(err)
	}

	return h, g
}

// testSpec asks for a room in half an hour.
func testSpec(tb testing.TB, now time.Time) video.Spec {
	tb.Helper()

	host, guest := pinPair(tb, "482136", "739015")

	return video.Spec{
		Planned: care.Interval{Start: now.Add(30 * time.Minute), End: now.Add(time.Hour)}, Subject: "Aftale på skærm",
		HostPIN: host, GuestPIN: guest, MaxParticipants: 5,
	}
}

// eventLog keeps events in memory, as the store does in its tables.
type eventLog struct {
	mu       sync.Mutex
	keys     map[string]bool
	events   []video.Event
	complete bool
}

func newEventLog() *eventLog { return &eventLog{keys: map[string]bool{}, complete: true} }

// Keep stores what is new.
func (l *eventLog) Keep(_ context.Context, events []video.Event) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	fresh := 0

	for _, e := range events {
		if !l.keys[e.Key] {
			l.keys[e.Key] = true
			l.events = append(l.events, e)
			fresh++
		}
	}

	return fresh, nil
}

// EventsOf returns the events of a room in order.
func (l *eventLog) EventsOf(_ context.Context, room string) ([]video.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	var found []video.Event

	for _, e := range l.events {
		if e.Room == room {
			found = append(found, e)
		}
	}

	slices.SortStableFunc(found, func(a, b video.Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}

		return int(a.Seq - b.Seq)
	})

	return found, nil
}

// Complete reports what the test says.
func (l *eventLog) Complete(context.Context, time.Time) (bool, error) { return l.complete, nil }

var _ video.EventLog = (*eventLog)(nil)
