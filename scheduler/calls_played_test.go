package scheduler_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/callscript"
	"github.com/sluse/sluse/scheduler/care"
)

// stage is a video platform over HTTP on which scripted calls are played.
type stage struct {
	platform video.Platform
	// enter plans who comes into the room when.
	enter func(ref care.RoomRef, stays []callscript.Stay) error
	// over moves the clock to when all calls are over and the record is complete.
	over func()
	// before moves the clock to when a room is to be made.
	before func(t time.Time)
}

const (
	callsDoor  = 15 * time.Minute
	callsAfter = 75 * time.Minute
)

// TestCallsPlayed plays the calls of the corpus that a platform can play over HTTP, and judges
// what the platform tells of them: what evidence can tell is told the same.
func TestCallsPlayed(t *testing.T) {
	t.Parallel()

	calls, err := callscript.ReadAll(os.DirFS("testdata/calls"))
	must(t, err)

	// In order of time, because the platform's clock only moves forward.
	slices.SortStableFunc(calls, func(a, b callscript.Call) int { return a.Planned.Start.Compare(b.Planned.Start) })

	for name, c := range map[string]struct {
		stage func(testing.TB) stage
		media []care.Media
		least int
	}{
		"vdx":   {vdxStage, nil, 90},
		"pexip": {pexipStage, []care.Media{care.AudioOnly, care.NoMedia}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, c.stage(t), calls, c.media, c.least)
		})
	}
}

func play(t *testing.T, s stage, calls []callscript.Call, media []care.Media, least int) {
	t.Helper()

	stands := func(c callscript.Call) care.Interval {
		return care.Interval{Start: c.Planned.Start.Add(-callsDoor), End: c.Planned.End.Add(callsAfter)}
	}

	calls = slices.DeleteFunc(slices.Clone(calls), func(c callscript.Call) bool { return !c.Plain(stands(c), media...) })
	if len(calls) < least {
		t.Errorf("only %d calls can be played, want %d", len(calls), least)
	}

	rooms := map[string]video.Booking{}

	for i, c := range calls {
		host, guest := pinsFor(t, i)
		s.before(stands(c).Start.Add(-time.Hour))

		ref := care.RoomRef(fmt.Sprintf("5f0c0000-0000-4000-8000-%012d", i))
		room, err := s.platform.Book(t.Context(), ref, video.Spec{Planned: stands(c), Subject: "Skærmbesøg", HostPIN: host, GuestPIN: guest, MaxParticipants: 5})
		must(t, err)
		must(t, s.enter(ref, c.Stays))

		rooms[c.Name] = room
	}

	s.over()

	undecided := 0

	for _, c := range calls {
		room := rooms[c.Name]
		legs, err := s.platform.(video.Observer).Legs(t.Context(), video.Observed{Ref: room.Ref, Address: room.Address, Window: stands(c)})
		must(t, err)

		e := c.Evidence(care.Evidence{Minimum: 30 * time.Second, Bridge: 2 * time.Minute, Wait: 2 * time.Minute, Skew: 5 * time.Second}, callsDoor, callsAfter)
		e.Legs = legs

		v := care.Judge(e)

		switch got := callscript.LabelOf(v); {
		case v.Decided && got != c.Expect:
			t.Errorf("%s:%d %s: %s, labelled %s\n\t%s\n\t%+v", c.File, c.Line, c.Name, got, c.Expect, v.Text(), legs)
		case !v.Decided && c.Decide:
			undecided++

			t.Logf("%s:%d %s is for a person, labelled %s\n\t%s", c.File, c.Line, c.Name, c.Expect, v.Text())
		}
	}

	t.Logf("%d calls played, %d that evidence could tell are for a person", len(calls), undecided)

	if undecided*50 > len(calls) {
		t.Errorf("%d of %d calls are for a person", undecided, len(calls))
	}
}

// pinsFor returns PINs of the same length that differ.
func pinsFor(tb testing.TB, i int) (care.HostPIN, care.GuestPIN) {
	tb.Helper()

	host, err := care.NewHostPIN(strconv.Itoa(710_000 + i))
	must(tb, err)
	guest, err := care.NewGuestPIN(strconv.Itoa(820_000 + i))
	must(tb, err)

	return host, guest
}

func vdxStage(tb testing.TB) stage {
	tb.Helper()

	r := &rig{tb: tb, clock: &clock{at: eve()}}
	platform := r.platform(setup{vdx: vdxsim.Options{Calm: true, Strict: true}})

	return stage{
		platform: platform,
		enter: func(ref care.RoomRef, stays []callscript.Stay) error {
			var all []vdxsim.Attendance

			for _, s := range stays {
				a := vdxsim.Attendance{Name: s.Name, Role: vdxsim.RoleGuest, Join: s.Joined, Leave: s.Left}
				if s.Role == care.AsHost {
					a.Role = vdxsim.RoleHost
				}

				all = append(all, a)
			}

			return r.vdx.Schedule(string(ref), all...)
		},
		before: func(time.Time) {}, // all rooms are booked the day before
		over:   func() { r.clock.to(on(36, 0)) },
	}
}

func pexipStage(tb testing.TB) stage {
	tb.Helper()

	c := &clock{at: eve()}

	sim, err := pexipsim.New(pexipsim.Options{Seed: 7, Calm: true, Strict: true, Clock: c.Now})
	must(tb, err)

	server := httptest.NewServer(sim.Handler())
	tb.Cleanup(server.Close)

	urls, client := pexipsim.URLsAt(server.URL, ""), pexipsim.DefaultOAuthClients(7)[0]
	config := pexip.Config{
		BaseURL: urls.Base, ClientID: client.ID, PrivateKey: care.NewSecret(client.PrivateKeyPEM), WebHost: urls.Base,
		LinkKey: care.NewSecret("a-key-for-links-of-thirty-two-or-more"), Events: pexip.EventsNone,
	}
	config.SetDefaults()

	platform, err := pexip.New(config, pexip.Deps{Now: c.Now})
	must(tb, err)

	return stage{
		platform: platform,
		enter: func(ref care.RoomRef, stays []callscript.Stay) error {
			const node = "10.44.0.11" // all by one clock, as the script has it

			var all []pexipsim.Attendance

			for _, s := range stays {
				a := pexipsim.Attendance{
					Person: pexipsim.Person{Name: s.Name, Node: node, AudioOnly: s.Media == care.AudioOnly, NoMedia: s.Media == care.NoMedia},
					Role:   pexipsim.RoleGuest, Join: s.Joined, Leave: s.Left,
				}
				if s.Role == care.AsHost {
					a.Role = pexipsim.RoleHost
				}

				all = append(all, a)
			}

			return sim.Schedule(string(ref), all...)
		},
		before: c.to,
		over:   func() { c.to(on(36, 0)) },
	}
}
