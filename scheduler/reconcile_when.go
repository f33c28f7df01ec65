package scheduler

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

const (
	longestBackoff = time.Hour
	shiftGrace     = 3 * time.Hour  // a shift's run is made at the latest so long after its time
	nightGrace     = 12 * time.Hour // so is the nightly one, which no other replaces
	keepRuns       = 90 * 24 * time.Hour
)

// AutoReconcile has a run made when it is time: before each shift, at night, and as often as the record
// is asked for changes. It is called often, by any number of processes.
func (s *Service) AutoReconcile(ctx context.Context) error {
	if !s.Reconcilable() {
		return nil
	}

	for _, due := range s.dueRuns() {
		if made, err := s.isMade(ctx, due); err != nil || made {
			if err != nil {
				return err
			}

			continue
		}

		// While another run is under way this one waits for its end.
		active, fresh, err := s.askRun(ctx, due.id, due.kind, systemActor, nil)
		if err == nil && !fresh && active.waits() && active.AskedAt.Before(due.at) {
			if err = s.giveWay(ctx, active); err == nil {
				_, fresh, err = s.askRun(ctx, due.id, due.kind, systemActor, nil)
			}
		}

		if err != nil || !fresh {
			return err
		}

		return s.store.PurgeRuns(ctx, s.now().Add(-keepRuns))
	}

	return s.poll(ctx)
}

// waits reports whether a run was broken off, and waits for its next try.
func (r Run) waits() bool { return r.Active() && !r.NextTry.IsZero() }

// giveWay ends a run that waits, because the one that is due looks at everybody anew: somebody about whom
// the record never answers must not keep it from all others.
func (s *Service) giveWay(ctx context.Context, run Run) error {
	run.State, run.NextTry, run.DoneAt = RunIncomplete, time.Time{}, s.now()
	run.Step++

	err := s.store.SaveRun(ctx, run, nil, Effects{})
	if care.KindOf(err) == care.Conflict {
		return nil // it goes on again, or another process was first
	}

	return err
}

// dueRun is a run whose time has come. Its id is the same in every process, so that it is made once.
type dueRun struct {
	id   RunID
	kind RunKind
	at   time.Time // UTC
}

// isMade reports whether the run was asked for, or another one has looked at everything since.
func (s *Service) isMade(ctx context.Context, due dueRun) (bool, error) {
	_, err := s.store.Run(ctx, due.id)
	if care.KindOf(err) != care.NotFound {
		return err == nil, err
	}

	last, err := s.store.RecentRuns(ctx, pollMemory)

	return slices.ContainsFunc(last, func(r Run) bool { return r.State == RunDone && !r.AskedAt.Before(due.at) }), err
}

func (s *Service) dueRuns() []dueRun {
	var out []dueRun

	set, now := s.set.Reconcile, s.now()
	add := func(kind RunKind, name string, clock, grace time.Duration) {
		for _, day := range []care.Day{care.DayOf(now).Add(-1), care.DayOf(now)} { // a late shift's run may be made after midnight
			at := timeOfDay(day, clock)
			if !now.Before(at) && now.Sub(at) < grace {
				out = append(out, dueRun{RunID(name + "-" + string(day)), kind, at})
			}
		}
	}

	for _, clock := range set.Shifts {
		add(ShiftRun, fmt.Sprintf("shift-%04d", clock/time.Hour*100+clock%time.Hour/time.Minute), clock, shiftGrace)
	}

	if set.Night > 0 {
		add(NightRun, "night", set.Night, nightGrace)
	}

	return out
}

// timeOfDay is a clock time of a local day, also on those of 23 and 25 hours.
func timeOfDay(day care.Day, clock time.Duration) time.Time {
	at := day.Bounds().Start.In(care.Zone())

	return time.Date(at.Year(), at.Month(), at.Day(), int(clock/time.Hour), int(clock%time.Hour/time.Minute), 0, 0, care.Zone()).UTC()
}

// pollChore is begun by one process at a time.
const pollChore = "reconcile_poll"

// poll asks the record for changes. While it does not answer the pauses grow, and those of
// municipalities are spread, so that a record that is shared is not asked by all at one moment.
func (s *Service) poll(ctx context.Context) error {
	every := s.set.Reconcile.Poll
	if every <= 0 {
		return nil
	}

	last, err := s.store.RecentRuns(ctx, pollMemory)
	if err != nil {
		return err
	}

	active := len(last) > 0 && last[0].Active()
	if active && (!last[0].waits() || last[0].Looked == 0) {
		return nil
	}

	now := s.now()
	pause := min(every<<silentPolls(last), max(every, longestBackoff))

	begun, err := s.store.BeginChore(ctx, pollChore, now.Add(-s.spread(pause, now)), now, Effects{})
	if err != nil || !begun {
		return err
	}

	if active { // the record answers, only not about everybody
		if err := s.giveWay(ctx, last[0]); err != nil {
			return err
		}
	}

	_, _, err = s.askRun(ctx, RunID(randomID()), PollRun, systemActor, nil)

	return err
}

// pollMemory is how many runs the pause between two polls depends on.
const pollMemory = 6

// silentPolls counts the newest runs that ended without any answer.
func silentPolls(runs []Run) int {
	n := 0

	for _, r := range runs {
		if r.State != RunIncomplete || r.Tries == 0 || r.Looked > 0 {
			break
		}

		n++
	}

	return n
}

// spread lengthens a pause by up to a quarter, otherwise for each municipality and hour.
func (s *Service) spread(every time.Duration, now time.Time) time.Duration {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", s.set.Municipality, now.Unix()/3600)

	return every + every*time.Duration(h.Sum32()%1000)/4000
}
