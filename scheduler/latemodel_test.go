package scheduler_test

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// lateMachine plays random lives of a few visits on a platform that makes rooms late. What must
// always hold is checked after every job.
type lateMachine struct {
	*rig
	peer    *latePeer
	rt      *rapid.T
	sources []string
	batches []care.BatchID
}

// lateRuns is how often the model is played by default, at most.
const lateRuns = 8

// TestLateModel is the model-based test of late rooms. More runs: go test -run TestLateModel
// -rapid.checks=500.
func TestLateModel(t *testing.T) {
	t.Parallel()

	more, played := flagGiven("rapid.checks"), 0
	if !more {
		must(t, flag.Set("rapid.checks", modelRuns))
	}

	rapid.Check(t, func(rt *rapid.T) {
		if played++; played > lateRuns && !more {
			return
		}

		m := &lateMachine{rt: rt, sources: []string{"A-1", "A-2", "A-4"}}
		m.rig = newRig(modelTB{t, rt}, onLate(&m.peer))
		m.peer.every = 45 * time.Second
		m.after = m.check
		m.load(list(nancy, bruno, niels))
		m.convertSome(rt)

		if rapid.Bool().Draw(rt, "it is the day") {
			m.until(on(8, 20))
		}

		rt.Repeat(map[string]func(*rapid.T){
			"":         func(*rapid.T) { m.check() },
			"convert":  m.convertSome,
			"undo":     m.undo,
			"physical": func(rt *rapid.T) { m.try(m.MakePhysical(m.tb.Context(), planner(), m.one(rt).ID)) },
			"conclude": m.conclude,
			"near":     func(rt *rapid.T) { m.move(rt, m.clock.Now().Add(m.minutes(rt, 5, 40))) },
			"far":      func(rt *rapid.T) { m.move(rt, m.clock.Now().Add(m.minutes(rt, 30, 300))) },
			"retry":    m.retry,
			"fault":    m.fault,
			"fault ":   m.fault,
			"link":     m.link,
			"job":      m.job,
			"job ":     m.job,
			"twice":    m.twice,
			"jobs":     func(*rapid.T) { m.until(m.clock.Now().Add(5 * time.Second)) },
			"tick":     func(rt *rapid.T) { m.until(m.clock.Now().Add(m.minutes(rt, 1, 40))) },
			"jump":     func(rt *rapid.T) { m.clock.to(m.clock.Now().Add(m.minutes(rt, 1, 60))) },
			"sweep":    func(*rapid.T) { m.try(m.Sweep(m.tb.Context(), true)) },
		})

		m.rest()
	})
}

func (m *lateMachine) minutes(rt *rapid.T, least, most int) time.Duration {
	return time.Duration(rapid.IntRange(least, most).Draw(rt, "minutes")) * time.Minute
}

func (m *lateMachine) one(rt *rapid.T) care.Snapshot {
	return m.visit(rapid.SampledFrom(m.sources).Draw(rt, "visit"))
}

// all returns every visit, also those that were moved to another day.
func (m *lateMachine) all() []care.Snapshot {
	out, err := m.store.Visits(m.tb.Context(), scheduler.VisitQuery{})
	must(m.tb, err)

	return out
}

func (m *lateMachine) visit(source string) care.Snapshot {
	all := m.all()

	return all[slices.IndexFunc(all, func(v care.Snapshot) bool { return v.Source.ID == source })]
}

func (m *lateMachine) try(err error) {
	if care.KindOf(err) == care.Internal {
		m.rt.Fatalf("internal error: %v", err)
	}

	m.check()
}

func (m *lateMachine) convertSome(rt *rapid.T) {
	var some []care.VisitID
	for _, source := range rapid.SliceOfNDistinct(rapid.SampledFrom(m.sources), 1, 3, rapid.ID[string]).Draw(rt, "visits") {
		some = append(some, m.visit(source).ID)
	}

	b, err := m.Convert(m.tb.Context(), leader(), scheduler.ConvertRequest{Visits: some, RedReason: "Aftalt"})
	if err == nil {
		m.batches = append(m.batches, b.ID)
	}

	m.try(err)
}

func (m *lateMachine) undo(rt *rapid.T) {
	if len(m.batches) > 0 {
		m.try(m.Undo(m.tb.Context(), planner(), rapid.SampledFrom(m.batches).Draw(rt, "batch")))
	}
}

func (m *lateMachine) conclude(rt *rapid.T) {
	m.try(m.Conclude(m.tb.Context(), caregiver("MSK"), m.one(rt).ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}))
}

func (m *lateMachine) move(rt *rapid.T, start time.Time) {
	start = start.Truncate(time.Minute)
	m.try(m.MoveVisit(m.tb.Context(), planner(), m.one(rt).ID, care.Interval{Start: start, End: start.Add(15 * time.Minute)}))
}

func (m *lateMachine) retry(rt *rapid.T) {
	v := m.one(rt)
	for _, e := range v.Exceptions {
		if e.Open() && e.Retry {
			m.try(m.Retry(m.tb.Context(), planner(), v.ID, e.ID))

			return
		}
	}
}

func (m *lateMachine) fault(rt *rapid.T) {
	faults := []fault{lostAnswer, noAnswer, outOfOrder, died, diedBefore, slowEffect, slowEffect, refusal, wrongRoom}
	m.peer.faults = append(m.peer.faults, rapid.SliceOfN(rapid.SampledFrom(faults), 1, 4).Draw(rt, "faults")...)
}

// link asks for the host's link, which nobody gets to a room that does not stand.
func (m *lateMachine) link(rt *rapid.T) {
	v := m.one(rt)

	_, err := m.HostLink(m.tb.Context(), caregiver("MSK"), v.ID)
	if room, ok := v.LiveRoom(); err == nil && (!ok || !room.Made()) {
		m.rt.Fatalf("%s: the link of a room that is not made", v.Source.ID)
	}

	m.try(err)
}

func (m *lateMachine) job(rt *rapid.T) {
	if due := m.due(); len(due) > 0 {
		_ = m.run(due[rapid.IntRange(0, len(due)-1).Draw(rt, "job")])
	}
}

// twice runs a job of which the queue does not learn that it was done.
func (m *lateMachine) twice(rt *rapid.T) {
	due := m.due()
	if len(due) == 0 {
		return
	}

	job := due[rapid.IntRange(0, len(due)-1).Draw(rt, "job")]
	job.Attempt = job.attempt()
	_ = m.Run(m.tb.Context(), job.Job)

	m.check()

	_, err := m.jobs.db.ExecContext(m.tb.Context(), "UPDATE test_jobs SET failures = failures + 1 WHERE n = ?", job.n)
	must(m.tb, err)
}

func (m *lateMachine) fail(v care.Snapshot, format string, args ...any) {
	m.rt.Fatalf("%s (%s, %s) at %s: "+format+"\n%s", append(append([]any{
		v.Source.ID, v.State, v.Facts.Planned.Start.Format("01-02 15:04"), m.clock.Now().Format("01-02 15:04:05"),
	}, args...), strings.Join(m.jobs.ran, "\n"))...)
}

func (m *lateMachine) check() {
	if len(m.peer.wrong) > 0 {
		m.fail(care.Snapshot{}, "%s", strings.Join(m.peer.wrong, "; "))
	}

	waiting := make(pending)

	for _, j := range m.jobs.waiting(m.tb) {
		if waiting[j.Kind] == nil {
			waiting[j.Kind] = map[string]bool{}
		}

		waiting[j.Kind][string(j.Visit)+j.Ref] = true
	}

	for _, v := range m.all() {
		for _, r := range v.Rooms {
			m.checkRoom(v, r, waiting)
		}
	}
}

// checkRoom: our books never call a room a promise that the platform may have, a room that was
// made is as it was promised, and whatever is to be done with one has a job.
func (m *lateMachine) checkRoom(v care.Snapshot, r care.Room, waiting pending) {
	spec, stands := m.peer.stands(r.Ref)
	has := func(kind scheduler.JobKind) bool { return waiting.has(kind, v, string(r.Ref)) }

	switch {
	case stands && r.Promised():
		m.fail(v, "room %s is called a promise and stands", r.Ref)
	case r.Made() && stands && (spec.HostPIN != r.HostPIN || spec.GuestPIN != r.GuestPIN):
		m.fail(v, "the room at the platform has other PINs")
	case r.Live() && !v.State.Active():
		m.fail(v, "has a live room")
	}

	switch r.State {
	case care.RoomWanted:
		m.need(v, has(scheduler.BookRoomJob), "books the room")
	case care.RoomBooked, care.RoomProvisioned:
		if !r.Made() {
			m.need(v, has(scheduler.MakeRoomJob), "makes the room")

			return
		}

		m.need(v, has(scheduler.EndRoomJob), "ends the room")
		m.need(v, r.Planned.Equal(v.Facts.Planned) || has(scheduler.MoveRoomJob) || about(v, care.RoomTrouble, string(r.Ref)), "moves the room")
	case care.RoomClosing:
		m.need(v, !v.MayClose(r.Ref) || has(scheduler.CloseRoomJob), "closes the room")
	case care.RoomClosed:
		m.need(v, !stands || m.clock.Now().Sub(r.ClosedAt) > 2*time.Minute || has(scheduler.CloseAgainJob), "looks again at a room that came back")
	case care.RoomFailed:
	}
}

func (m *lateMachine) need(v care.Snapshot, ok bool, what string) {
	if !ok {
		m.fail(v, "nobody %s", what)
	}
}

// rest lets everything come to its end, and two nights pass.
func (m *lateMachine) rest() {
	m.peer.faults = nil
	m.until(m.clock.Now().Add(5 * time.Minute))
	m.check()
	m.after = nil

	for range 2 {
		m.until(m.clock.Now().Add(16 * time.Hour))
		m.sweep()
	}

	m.check()

	for ref := range m.peer.standing {
		m.fail(care.Snapshot{}, "room %s stands at the end", ref)
	}

	for _, v := range m.all() {
		for _, r := range v.Rooms {
			if r.Live() || r.State == care.RoomClosing {
				m.fail(v, "room %s is %s at the end", r.Ref, r.State)
			}
		}
	}
}
