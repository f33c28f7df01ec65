package vdx_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

func TestCloseByState(t *testing.T) {
	t.Parallel()

	const again = connector.Pending

	for state, want := range map[vdxsim.ProvisionStatus]connector.Kind{
		vdxsim.AwaitsProvision: 0, vdxsim.StartingToProvision: again, vdxsim.ProvisionProblems: 0, vdxsim.ProvisionedOK: 0,
		vdxsim.StartingToDeprovision: again, vdxsim.DeprovisionProblems: connector.Conflict, vdxsim.DeprovisionOK: 0,
	} {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()

			p := newPeer(t, vdxsim.Options{})
			platform := p.platform(t)
			book(t, p, platform)

			if err := p.sim.SetStatus(string(ref), state); err != nil {
				t.Fatal(err)
			}

			if err := platform.Close(t.Context(), ref); connector.KindOf(err) != want {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestFindAndMoveByState(t *testing.T) {
	t.Parallel()

	for state, want := range map[vdxsim.ProvisionStatus]video.Status{
		vdxsim.AwaitsProvision: video.Awaiting, vdxsim.StartingToProvision: video.Starting, vdxsim.ProvisionProblems: video.ProblemMake,
		vdxsim.ProvisionedOK: video.Ready, vdxsim.StartingToDeprovision: video.Ending,
		vdxsim.DeprovisionProblems: video.ProblemEnd, vdxsim.DeprovisionOK: video.Ended,
	} {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()

			p := newPeer(t, vdxsim.Options{})
			platform := p.platform(t)
			before := book(t, p, platform)

			if err := p.sim.SetStatus(string(ref), state); err != nil {
				t.Fatal(err)
			}

			got, err := platform.Find(t.Context(), ref)
			if err != nil || got.Status != want {
				t.Errorf("got %v, %v; want %v", got.Status, err, want)
			}

			_, err = platform.Move(t.Context(), ref, care.Interval{Start: before.Planned.Start, End: before.Planned.End.Add(time.Hour)})
			if movable := state == vdxsim.AwaitsProvision; movable != (err == nil) || (!movable && !connector.Is(err, connector.Conflict)) {
				t.Errorf("move: got %v", err)
			}

			if room, _ := p.sim.Room(string(ref)); state != vdxsim.AwaitsProvision && !room.End.Equal(before.Planned.End) {
				t.Errorf("the end moved to %v", room.End)
			}
		})
	}
}

// An organisation with a pool still gets a fresh room from us, because we send PINs.
func TestAdHocInAPoolOrganisation(t *testing.T) {
	t.Parallel()

	orgs := vdxsim.DefaultOrganisations()
	orgs[0].PoolSize = 3
	p := newPeer(t, vdxsim.Options{Organisations: orgs})

	p.Advance(time.Hour)

	b, err := p.platform(t).Book(t.Context(), ref, spec(t, p.Now()))
	if err != nil {
		t.Fatal(err)
	}

	room, ok := p.sim.Room(string(ref))
	if !ok || room.Pooled || room.MaxParticipants != 5 || b.GuestPIN.Reveal() != guestPIN {
		t.Errorf("got room %+v, %t", room, ok)
	}
}

func TestHistoryIsPaged(t *testing.T) {
	t.Parallel()

	p := newPeer(t, vdxsim.Options{})

	b, err := p.platform(t).Book(t.Context(), ref, spec(t, p.Now()))
	if err != nil {
		t.Fatal(err)
	}

	if err = p.Provision(ref); err != nil {
		t.Fatal(err)
	}

	const stays = 230

	for i := range stays {
		role := care.AsGuest
		if i%2 == 0 {
			role = care.AsHost
		}

		leave, err := p.Join(ref, role)
		if err != nil {
			t.Fatal(err)
		}

		p.Advance(2 * time.Second)

		if err = leave(); err != nil {
			t.Fatal(err)
		}
	}

	p.Advance(time.Hour)

	for _, unfiltered := range []bool{false, true} {
		platform := p.platform(t, func(c *vdx.Config) { c.HistoryUnfiltered = unfiltered })

		legs, err := platform.Legs(t.Context(), video.Observed{Ref: ref, Address: strings.ToUpper(b.Address), Window: b.Planned})
		if want := map[bool]int{true: stays}[unfiltered]; err != nil || len(legs) != want {
			t.Errorf("unfiltered %t: got %d legs, %v; want %d", unfiltered, len(legs), err, want)
		}

		legs, err = platform.Legs(t.Context(), video.Observed{Ref: ref, Address: b.Address, Window: b.Planned})
		if err != nil || len(legs) != stays {
			t.Errorf("unfiltered %t: got %d legs, %v; want %d", unfiltered, len(legs), err, stays)
		}
	}

	none := p.platform(t, func(c *vdx.Config) { c.HistoryURL, c.HistoryKey = "", care.Secret{} })
	if _, err = none.Legs(t.Context(), video.Observed{Ref: ref, Address: b.Address, Window: b.Planned}); !connector.Is(err, connector.Unsupported) {
		t.Errorf("got %v, want Unsupported", err)
	}

	for _, o := range []video.Observed{{Ref: ref, Window: b.Planned}, {Ref: ref, Address: b.Address}} {
		if _, err = none.Legs(t.Context(), o); err == nil {
			t.Errorf("%+v: want an error", o)
		}
	}

	if _, err = p.platform(t).Legs(t.Context(), video.Observed{Ref: ref, Window: b.Planned}); !connector.Is(err, connector.Rejected) {
		t.Errorf("no address: got %v, want Rejected", err)
	}
}
