package pexip_test

import (
	std "cmp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestPeople: what goes wrong for people is told as it was.
func TestPeople(t *testing.T) {
	t.Parallel()

	type told struct {
		Role   care.LegRole
		Seat   int
		Media  care.Media
		Ending care.Ending
	}

	for name, tt := range map[string]struct {
		play func(t *testing.T, p *peer, b video.Booking)
		want []told
	}{
		"nobody let the citizen in": {
			func(t *testing.T, p *peer, b video.Booking) {
				t.Helper()
				p.enter(t, b.Ref, pexipsim.RoleGuest)
				p.Advance(20 * time.Minute)
			},
			[]told{{care.AsGuest, 1, care.NoMedia, care.NoHostCame}},
		},
		"neither sound nor picture": {
			func(t *testing.T, p *peer, b video.Booking) {
				t.Helper()
				p.enter(t, b.Ref, pexipsim.RoleHost)
				p.join(t, b, 1, pexipsim.Person{Name: "Borger", PIN: b.GuestPIN.Reveal(), NoMedia: true})
				p.Advance(20 * time.Minute)
			},
			[]told{{care.AsHost, 0, care.Video, care.EndedForAll}, {care.AsGuest, 1, care.NoMedia, care.EndedForAll}},
		},
		"by telephone, and a relative": {
			func(t *testing.T, p *peer, b video.Booking) {
				t.Helper()
				p.enter(t, b.Ref, pexipsim.RoleHost)
				p.join(t, b, 1, pexipsim.Person{Name: "Borger", PIN: b.GuestPIN.Reveal(), Protocol: "SIP", AudioOnly: true})
				p.join(t, b, 2, pexipsim.Person{Name: "Datter", PIN: b.GuestPIN.Reveal()})
				p.Advance(20 * time.Minute)
			},
			[]told{{care.AsHost, 0, care.Video, care.EndedForAll}, {care.AsGuest, 1, care.AudioOnly, care.EndedForAll}, {care.AsGuest, 2, care.Video, care.EndedForAll}},
		},
		"recorded": {
			func(t *testing.T, p *peer, b video.Booking) {
				t.Helper()
				p.enter(t, b.Ref, pexipsim.RoleHost)

				if _, err := p.sim.Record(string(b.Ref)); err != nil {
					t.Fatal(err)
				}

				p.Advance(20 * time.Minute)
			},
			[]told{{care.AsHost, 0, care.Video, care.EndedForAll}, {care.AsRecorder, 0, care.Video, care.EndedForAll}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, platform, _ := observed(t, pexipsim.Options{Seed: 41}, pexipsim.EventSink{}, nil)
			b := book(t, p, platform, 0)
			p.Advance(time.Minute)
			tt.play(t, p, b)

			if err := platform.Close(t.Context(), b.Ref); err != nil {
				t.Fatal(err)
			}

			p.Advance(time.Minute)
			p.sim.DeliverEvents(t.Context())

			var got []told
			for _, leg := range legsOf(t, platform, video.Observed{Ref: b.Ref, Window: b.Planned}) {
				got = append(got, told{leg.Role, leg.Seat, leg.Media, leg.Ending})
			}

			slices.SortFunc(got, func(a, b told) int { return std.Or(std.Compare(roleOrder(a.Role), roleOrder(b.Role)), a.Seat-b.Seat) })

			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// join lets somebody in by the alias with that number: 0 is the employee's.
func (p *peer) join(t *testing.T, b video.Booking, alias int, person pexipsim.Person) {
	t.Helper()

	room, _ := p.sim.Room(string(b.Ref))
	if _, err := p.sim.Join(room.Aliases[alias], person); err != nil {
		t.Fatal(err)
	}
}

// roleOrder puts hosts first, then guests, then recorders.
func roleOrder(r care.LegRole) int {
	return slices.Index([]care.LegRole{care.AsHost, care.AsGuest, care.AsRecorder}, r)
}
