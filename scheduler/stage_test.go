package scheduler_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// stageRecord is a FHIR record that is told of stages, and that may be away.
type stageRecord struct {
	gate
	off bool // the municipality does not want them
	sim *fhirsim.Server
}

func (p *stageRecord) use(s *setup) {
	s.journal = func(tb testing.TB, c *clock) ehr.Journal {
		tb.Helper()

		var err error

		p.sim, err = fhirsim.New(fhirsim.Options{Clock: c.Now, Calm: true, Strict: true})
		must(tb, err)

		server := httptest.NewServer(p.over(p.sim.Handler()))
		tb.Cleanup(server.Close)

		config := fhir.Config{BaseURL: server.URL + "/fhir", Stages: !p.off}
		config.SetDefaults()

		journal, err := fhir.New(config, fhir.Options{Now: c.Now})
		must(tb, err)
		tb.Cleanup(journal.Close)

		return journal
	}
}

// liveRooms is a platform that tells who is in a room while it is in use, as far as two people go: from
// 9.01 to 9.12.
type liveRooms struct {
	*vdx.Platform

	clock *clock
}

func (p liveRooms) Legs(ctx context.Context, room video.Observed) ([]care.Leg, error) {
	if now := p.clock.Now(); now.Before(on(9, 1)) || !now.Before(on(9, 12)) {
		return p.Platform.Legs(ctx, room)
	}

	return []care.Leg{
		{ID: "live-host", Room: room.Ref, Role: care.AsHost, Joined: on(8, 59), Witness: care.FromEvents},
		{ID: "live-guest", Room: room.Ref, Role: care.AsGuest, Joined: on(9, 1), Witness: care.FromEvents},
	}, nil
}

func (liveRooms) Decode([]byte) ([]video.Event, error) { return nil, nil }

func live(s *setup) {
	if s.clock == nil {
		s.clock = &clock{at: eve()}
	}

	s.wrap = func(p *vdx.Platform) video.Platform { return liveRooms{Platform: p, clock: s.clock} }
}

// shows is what the record shows of a visit, and what its Encounter has been.
func (p *stageRecord) shows(tb testing.TB, v care.Snapshot) string {
	tb.Helper()

	visit, _ := p.sim.Visit(fhir.VisitIdentifier(v.Source))
	if len(visit.Appointments) != 1 || len(visit.Encounters) != 1 {
		tb.Fatalf("the record holds %+v", visit)
	}

	var been []string

	for _, body := range p.sim.Versions(visit.Encounters[0].Ref) {
		status, _ := body["status"].(string)
		been = append(been, status)
	}

	return visit.Appointments[0].Status + ": " + strings.Join(been, " ")
}

// inCall has the citizen of A-1 let in at 8.58 and both talk from 9.01 to 9.12.
func inCall(t *testing.T, p *stageRecord, before func(*rig), changes ...change) *rig {
	t.Helper()

	r := booked(t, []string{nancy}, []string{"A-1"}, append(changes, p.use)...)
	r.meet(host(on(8, 59), on(9, 12)), visitor(on(9, 1), on(9, 12)))
	r.until(on(8, 58))

	if before != nil {
		before(r)
	}

	r.enter().admit()

	return r
}

// TestStagesAreTold takes a visit through admission, conversation and conclusion, and looks at the record
// at each.
func TestStagesAreTold(t *testing.T) {
	t.Parallel()

	p := &stageRecord{}
	r := inCall(t, p, nil, live)

	for _, step := range []struct {
		at   time.Time
		want string
	}{
		{on(8, 59), "arrived: planned arrived"},
		{on(9, 5), "arrived: planned arrived in-progress"},
		{on(11, 0), "fulfilled: planned arrived in-progress finished"},
	} {
		r.until(step.at)

		if got := p.shows(t, r.visit("A-1")); got != step.want {
			t.Errorf("at %s the record shows %q, want %q", step.at.Format("15:04"), got, step.want)
		}
	}

	versions := p.sim.Versions(visitRef(p, r))
	history, _ := versions[len(versions)-1]["statusHistory"].([]any)
	arrived, _ := history[1].(map[string]any)
	span, _ := arrived["period"].(map[string]any)

	if want := r.visit("A-1").ArrivedAt(); span["start"] != want.In(care.Zone()).Format(time.RFC3339) || want.Before(on(8, 58)) {
		t.Errorf("arrived at %v, want %v", span, want)
	}

	if v := r.visit("A-1"); v.NeedsPerson() {
		t.Errorf("%+v", v.Exceptions)
	}
}

func visitRef(p *stageRecord, r *rig) string {
	visit, _ := p.sim.Visit(fhir.VisitIdentifier(r.visit("A-1").Source))

	return visit.Encounters[0].Ref
}

// TestLateStagesAreDropped has the record away during the visit: when it is back the result is told, and
// no stage after it.
func TestLateStagesAreDropped(t *testing.T) {
	t.Parallel()

	p := &stageRecord{}
	r := inCall(t, p, func(*rig) { p.set(absent) })

	r.until(on(10, 0))

	if got := p.shows(t, r.visit("A-1")); got != "booked: planned" {
		t.Errorf("while the record is away it shows %q", got)
	}

	p.set(fair)
	r.until(on(12, 0))

	if got := p.shows(t, r.visit("A-1")); got != "fulfilled: planned finished" {
		t.Errorf("the record shows %q", got)
	}

	if v := r.visit("A-1"); v.NeedsPerson() {
		t.Errorf("a stage is nobody's trouble: %+v", v.Exceptions)
	}
}

// TestPlannedComesFirst moves a visit while the record is away, until the citizen is in: the new plan goes
// before the stages.
func TestPlannedComesFirst(t *testing.T) {
	t.Parallel()

	p := &stageRecord{}
	r := inCall(t, p, func(r *rig) {
		p.set(absent)
		must(r.tb, r.MoveVisit(r.tb.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(9, 5), End: on(9, 20)}))
		r.until(on(8, 59)) // the room is moved and the citizen told
	}, live)
	r.until(on(9, 0))

	if got := p.shows(t, r.visit("A-1")); got != "booked: planned" {
		t.Errorf("while the record is away it shows %q", got)
	}

	p.set(fair)
	r.until(on(9, 8))

	if got := p.shows(t, r.visit("A-1")); got != "arrived: planned planned arrived in-progress" && got != "arrived: planned planned in-progress" {
		t.Errorf("the record shows %q", got)
	}
}

// TestNothingLive: where the platform tells of a conversation only when it is over, so does the record.
func TestNothingLive(t *testing.T) {
	t.Parallel()

	p := &stageRecord{}
	r := inCall(t, p, nil)
	r.until(on(11, 0))

	if got := p.shows(t, r.visit("A-1")); got != "fulfilled: planned arrived finished" {
		t.Errorf("the record shows %q", got)
	}
}

// TestNoStages tells none where the municipality does not want them.
func TestNoStages(t *testing.T) {
	t.Parallel()

	p := &stageRecord{off: true}
	r := inCall(t, p, nil)
	r.until(on(11, 0))

	if got := p.shows(t, r.visit("A-1")); got != "fulfilled: planned finished" {
		t.Errorf("the record shows %q", got)
	}

	for _, ran := range r.jobs.ran {
		if strings.Contains(ran, "tell_stage") {
			t.Errorf("%s", ran)
		}
	}
}
