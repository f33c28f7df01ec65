package scheduler_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// longDays are the days of the long outage, which begins in the morning of the first.
const longDays = 4

// TestRecordAwayForDays has the record away, broken or slow for four days while visits are converted,
// moved, held, missed, called, undone: nothing is lost, each entry is written once when the record is
// back, in its order and with the right times.
func TestRecordAwayForDays(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		peer           string
		how            weather
		postgres, more bool
	}{
		{peer: "fhir", how: absent, postgres: true, more: true},
		{peer: "fhir", how: broken, more: true},
		{peer: "fhir", how: slow},
		{peer: "nexus", how: absent, more: true},
		{peer: "nexus", how: broken},
		{peer: "nexus", how: slow, more: true},
		{peer: "file", how: absent},
		{peer: "file", how: broken, more: true},
	} {
		t.Run(fmt.Sprintf("%s/%s", c.peer, c.how), func(t *testing.T) {
			t.Parallel()

			if sleepy && c.more {
				t.Skip("the others are enough with the race detector")
			}

			p := recordPeers()[c.peer](1)
			if c.how == slow {
				p.timeout = 200 * time.Millisecond // an answer after 300 s comes after any limit
			}

			r := newRig(t, under, p.use, func(s *setup) {
				if s.set.Fallback = 30 * time.Minute; c.postgres {
					s.url = pg.URL(t)
				}
			})

			l := &longOutage{rig: r, peer: p, how: c.how}
			l.live(t)
		})
	}
}

// longOutage is a record that is away for days.
type longOutage struct {
	*rig
	peer *recordPeer
	how  weather
}

func (l *longOutage) live(t *testing.T) {
	t.Helper()
	l.peer.load(l.rig, numbered(longDays))

	before := l.days(longDays)
	first := func(day, i int) string { return strconv.Itoa(90_001 + 10*day + i) }

	l.turn(t, before, first(0, 0), first(0, 1), first(1, 0))
	l.until(on(6, 50))
	l.peer.set(l.how)

	for day := range longDays {
		l.morning(t, day, before, first)
	}

	l.nothingLost(t)

	hits := l.peer.taken()
	if hits == 0 || hits > 80*longDays {
		t.Errorf("%d calls came to the record while it was away for %d days", hits, longDays)
	}

	back := on(18, 0).AddDate(0, 0, longDays-1)
	l.clock.to(back.Add(-3 * time.Minute))
	l.until(back)
	l.peer.set(fair)
	l.rush(t)
	l.until(back.Add(20 * time.Minute))
	l.peer.compare(t, l.rig, longDays)
	l.rightTimes(t, first)

	if outages, err := l.Outages(t.Context(), planner()); err != nil || len(outages) > 0 {
		t.Errorf("after the outage: %v, %v", outages, err)
	}
}

func (l *longOutage) turn(t *testing.T, all map[string]care.Snapshot, sources ...string) care.Batch {
	t.Helper()

	b, err := l.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: some(all, sources...), RedReason: "Aftalt"})
	must(t, err)

	return b
}

// morning is the work of one day of the outage; the program sleeps through much of the rest.
func (l *longOutage) morning(t *testing.T, day int, all map[string]care.Snapshot, source func(day, i int) string) {
	t.Helper()

	ctx, at := t.Context(), func(hour, minute int) time.Time { return on(hour, minute).AddDate(0, 0, day) }
	nap := func(to time.Time) {
		l.clock.to(to.Add(-time.Minute))
		l.until(to)
	}

	nap(at(7, 0))

	if day > 0 {
		l.turn(t, all, source(day, 1))
	}

	undone := l.turn(t, all, source(day, 2), source(day, 5))
	l.turn(t, all, source(day, 3), source(day, 4))
	l.until(at(7, 4))

	if day == 0 {
		l.toldEarly(t)
	}

	must(t, l.MoveVisit(ctx, planner(), all[source(day, 3)].ID, care.Interval{Start: at(12, 0), End: at(12, 15)}))
	must(t, l.Undo(ctx, planner(), undone.ID))
	l.until(at(7, 6))
	l.turn(t, all, source(day, 5))

	if day+1 < longDays {
		if day > 0 {
			l.turn(t, all, source(day+1, 0))
		}
	}

	l.call(t, nap, at(9, 1), all[source(day, 0)].ID)
	nap(at(12, 20))

	known := care.StaffWay{Method: care.KnownToStaff, Check: care.KnewByFace}
	for i, how := range []scheduler.ConcludeRequest{
		{Kind: care.ResultCompleted, Delivery: care.Screen, Known: known},
		{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent},
	} {
		must(t, l.Conclude(ctx, caregiver("MSK"), all[source(day, i)].ID, how))
	}

	must(t, l.Conclude(ctx, caregiver("MSK"), all[source(day, 3)].ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}))
	must(t, l.Conclude(ctx, caregiver("MSK"), all[source(day, 4)].ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen, Known: known}))
	must(t, l.MakePhysical(ctx, planner(), all[source(day, 5)].ID))
	nap(at(16, 0))
}

// call has both sides in the room of a visit for nine minutes.
func (l *longOutage) call(t *testing.T, nap func(time.Time), at time.Time, id care.VisitID) {
	t.Helper()
	nap(at)

	v, err := l.store.Visit(t.Context(), id)
	must(t, err)

	room, _ := v.LiveRoom()

	for _, role := range []vdxsim.Role{vdxsim.RoleHost, vdxsim.RoleGuest} {
		leg, err := l.vdx.Join(string(room.Ref), string(role), role)
		must(t, err)

		defer func() { must(t, l.vdx.Leave(leg.ID)) }()
	}

	l.until(at.Add(9 * time.Minute))
}

// toldEarly: a few minutes into the outage planners see one notice, and no visit has one of its own.
func (l *longOutage) toldEarly(t *testing.T) {
	t.Helper()

	outages, err := l.Outages(t.Context(), planner())
	must(t, err)

	if len(outages) != 1 || outages[0].Role != connector.RecordRole || outages[0].Text == "" {
		t.Errorf("planners are told %+v", outages)
	}

	for source, v := range l.days(longDays) {
		if v.NeedsPerson() {
			t.Errorf("%s: %+v besides the notice", source, v.Exceptions)
		}
	}
}

// nothingLost: whatever the record has not got waits, has a job, and is no person's business.
func (l *longOutage) nothingLost(t *testing.T) {
	t.Helper()

	waiting := map[string]bool{}
	for _, job := range l.jobs.waiting(t) {
		if job.Kind == scheduler.WriteEntryJob {
			waiting[job.Ref] = true
		}
	}

	due := 0

	for source, v := range l.days(longDays) {
		for _, e := range v.Entries {
			switch e.State {
			case care.EntryDue:
				due++

				if !waiting[string(e.ID)] {
					t.Errorf("%s: nobody writes %s", source, e.ID)
				}
			case care.EntryRejected:
				t.Errorf("%s: an outage refuses nothing: %+v", source, e)
			case care.EntryWritten, care.EntrySuperseded, care.EntryOmitted:
			}
		}
	}

	if due < 3*longDays {
		t.Errorf("%d entries wait after %d days", due, longDays)
	}
}

// rush has every waiting entry tried at once: no more calls get to the record than were agreed.
func (l *longOutage) rush(t *testing.T) {
	t.Helper()
	l.clock.to(l.clock.Now().Add(15 * time.Minute)) // longer than any wait
	l.peer.most = 0

	var group sync.WaitGroup

	for _, job := range l.jobs.waiting(t) {
		if job.Kind == scheduler.WriteEntryJob {
			group.Go(func() {
				job.Attempt = job.attempt()
				_ = l.Run(t.Context(), job.Job) // those that were held back come again
			})
		}
	}

	group.Wait()

	if most := l.peer.most; most > agreed && !l.peer.timeoutless() {
		t.Errorf("%d calls at once, %d were agreed", most, agreed)
	}
}

// rightTimes: what was written days late tells when the visit was planned and held, not when it was
// written.
func (l *longOutage) rightTimes(t *testing.T, source func(day, i int) string) {
	t.Helper()

	for day := range longDays {
		all := l.days(longDays)
		for _, i := range []int{0, 1, 3, 4} {
			v := all[source(day, i)]

			want := spanOf(v.Facts.Planned)
			if l.peer.name == "nexus" && i == 3 { // the record's own visit is moved by people there
				want = spanOf(care.Interval{Start: on(10, 30).AddDate(0, 0, day), End: on(10, 45).AddDate(0, 0, day)})
			}

			if i == 0 != v.Outcome.Actual.Valid() {
				t.Errorf("%s: held %v", source(day, i), v.Outcome.Actual)
			}

			if v.Outcome.Actual.Valid() && l.peer.name != "nexus" { // whose visits have one time
				want += " held " + spanOf(v.Outcome.Actual)
			}

			if got := l.peer.times(l.rig, v); got != want {
				t.Errorf("%s: the record says %s, want %s", source(day, i), got, want)
			}
		}
	}
}
