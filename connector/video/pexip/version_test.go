package pexip_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestSchema: a node that lacks something gets no rooms, and is told by name what is missing.
func TestSchema(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 9, Without: []string{
		"configuration/conference?name__startswith", "history/participant/disconnect_reason", "status/participant?conference",
	}})
	platform := p.platform(t, rig{})

	ref := newRef()
	_, err := platform.Book(t.Context(), ref, spec(t, p, time.Hour))

	if !connector.Is(err, connector.Unsupported) || p.Ever(ref) != 0 {
		t.Fatalf("got %v, want Unsupported", err)
	}

	for _, want := range []string{
		"configuration/v1/conference: filter name__startswith", "history/v1/participant: felt disconnect_reason", "status/v1/participant: filter conference",
	} {
		if !strings.Contains(err.Error(), want) || !strings.Contains(care.MessageOf(err), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}

	if finding := platform.Check(t.Context())[0]; finding.Level != connector.Failing || !strings.Contains(finding.Text, "felt disconnect_reason") {
		t.Errorf("doctor says %+v", finding)
	}
}

// TestHistoryByTag: where the history can't be asked by name, it is asked by our key.
func TestHistoryByTag(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 10, Without: []string{"history/participant?conference_name"}})
	platform := p.platform(t, rig{})
	b := book(t, p, platform, 0)
	p.Advance(time.Minute)

	leave, err := p.Join(b.Ref, care.AsHost)
	if err != nil {
		t.Fatal(err)
	}

	p.Advance(time.Minute)

	if err = leave(); err != nil {
		t.Fatal(err)
	}

	p.Advance(time.Minute)

	legs, err := platform.Legs(t.Context(), video.Observed{Ref: b.Ref, Window: b.Planned})
	if err != nil || len(legs) != 1 {
		t.Errorf("legs %+v, %v", legs, err)
	}
}

// TestLongerPINs: a node that wants longer PINs than ours gets no room, and once that is known
// nothing is promised either.
func TestLongerPINs(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 11, Global: map[string]any{"min_pin_length": 8}})
	platform := p.platform(t, rig{})

	if _, err := platform.Reserve(newRef(), spec(t, p, time.Hour)); err != nil {
		t.Fatal(err)
	}

	_, err := platform.Book(t.Context(), newRef(), spec(t, p, time.Hour))
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Kind != connector.Rejected || e.Code != pexip.CodeShortPIN {
		t.Errorf("got %v", err)
	}

	if _, err = platform.Reserve(newRef(), spec(t, p, time.Hour)); !connector.Is(err, connector.Rejected) {
		t.Errorf("got %v", err)
	}

	if calls := p.sim.Counts().Requests[pexipsim.OpConferenceCreate]; calls != 0 {
		t.Errorf("the node was asked %d times for what it can't make", calls)
	}
}

// TestErrorShapes: a taken name is found in both shapes of a refusal.
func TestErrorShapes(t *testing.T) {
	t.Parallel()

	for _, shape := range []pexipsim.ErrorShape{pexipsim.ByResource, pexipsim.Flat} {
		p := newPeer(t, pexipsim.Options{Seed: 12, ErrorShape: shape})
		platform := p.platform(t, rig{})
		b := book(t, p, platform, time.Hour)

		again, err := platform.Book(t.Context(), b.Ref, spec(t, p, 2*time.Hour))
		if err != nil || again.GuestLink != b.GuestLink || !again.Planned.Equal(b.Planned) {
			t.Errorf("%s: got %v, %v", shape, again.Planned, err)
		}

		unknown := p.platform(t, rig{change: func(c *pexip.Config) { c.Theme = 987 }})
		if _, err = unknown.Book(t.Context(), newRef(), spec(t, p, time.Hour)); !connector.Is(err, connector.Rejected) || !strings.Contains(care.MessageOf(err), "tema") {
			t.Errorf("%s: got %v", shape, err)
		}
	}
}
