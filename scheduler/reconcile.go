package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	reconcileDays   = 2                // how many days after today are compared when nothing is set
	reconcilePart   = 500              // citizens of one job at most: each job reads the visits of all its days anew
	mostRepairs     = 20               // of one run by rule, when nothing is set
	reconcileSpan   = 90 * time.Second // a job that took so long leaves the rest to the next
	silentEnough    = 3                // so many in a row without an answer end a pass
	firstBackoff    = 2 * time.Minute
	reconcileDeadly = 12 * time.Hour // a run that has waited so long gives up; the next one begins anew
)

// ReconcileSettings say when record, platform and our own book are compared, and what is done about
// which difference.
type ReconcileSettings struct {
	Shifts []time.Duration // local times of day after midnight, before each shift
	Night  time.Duration   // local time of day; 0: no nightly run
	Poll   time.Duration   // how often the record is asked what changed; 0: never
	Days   int             // today and so many days more; 0: two
	Rules  map[care.DriftKind]care.DriftPolicy
	Most   int // how many repairs a run begins by rule; 0: 20
}

// policy is what is done about a kind.
func (r ReconcileSettings) policy(k care.DriftKind) care.DriftPolicy {
	return cmp.Or(r.Rules[k], k.Terms().Policy)
}

// most is how many repairs a run begins by rule before it leaves the rest to people.
func (r ReconcileSettings) most() int { return cmp.Or(r.Most, mostRepairs) }

// AskRun has record, platform and our own book compared now. While a run is under way that one goes on,
// without waiting for its next try. Needs HandleTrouble or HandleRooms somewhere. Conflict: the record
// can't tell how visits stand.
func (s *Service) AskRun(ctx context.Context, actor care.Actor) (Run, error) {
	if err := mayReconcile(actor); err != nil {
		return Run{}, err
	}

	if !s.Reconcilable() {
		return Run{}, care.NewError(care.Conflict, "Afstemning er slået fra: omsorgsjournalen kan ikke fortælle, hvordan besøgene står.")
	}

	audit := []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "reconcile"}}

	for range askAttempts {
		run, fresh, err := s.askRun(ctx, RunID(randomID()), ManualRun, string(actor.Employee), audit)
		if err != nil || fresh || run.NextTry.IsZero() && run.Kind != PollRun {
			return run, err
		}

		// A person waits for it from now on: it does not give up as soon as a poll does.
		run.NextTry = time.Time{}
		run.Step++

		if run.Kind == PollRun {
			run.Kind, run.By = ManualRun, string(actor.Employee)
		}

		err = s.store.SaveRun(ctx, run, nil, Effects{Audit: audit, Jobs: []Job{{Kind: ReconcileJob, Ref: string(run.ID), Urgent: true}}})
		if care.KindOf(err) != care.Conflict { // else it went on meanwhile
			return run, err
		}
	}

	return Run{}, care.NewError(care.Conflict, "Afstemningen er i gang. Opdatér siden.")
}

// askAttempts is how often a run that goes on at the same moment is asked for once more.
const askAttempts = 5

func (s *Service) askRun(ctx context.Context, id RunID, kind RunKind, by string, audit []AuditRow) (Run, bool, error) {
	now := s.now()
	today := care.DayOf(now)
	run := Run{
		ID: id, Kind: kind, State: RunWanted, By: by, AskedAt: now,
		Window: care.Interval{Start: today.Add(-1).Bounds().Start, End: today.Add(cmp.Or(s.set.Reconcile.Days, reconcileDays)).Bounds().End},
	}

	return s.store.AskRun(ctx, run, Effects{Audit: audit, Jobs: []Job{{Kind: ReconcileJob, Ref: string(run.ID), Urgent: kind == ManualRun}}})
}

// Reconcilable reports whether the record can tell how visits stand.
func (s *Service) Reconcilable() bool {
	_, ok := s.journal.(ehr.Looker)

	return ok
}

// reconcile does a part of a run and comes back for the next.
func (s *Service) reconcile(ctx context.Context, job Job) error {
	run, err := s.store.Run(ctx, RunID(job.Ref))
	if err != nil || !run.Active() {
		return gone(err)
	}

	now := s.now()
	if wait := run.NextTry.Sub(now); wait > 0 {
		return s.later("reconcile", wait)
	}

	scope, err := s.inScope(ctx, run)
	if err != nil {
		return err
	}

	if run.BegunAt.IsZero() {
		run.BegunAt = now
	}

	run.State, run.NextTry, run.Citizens = RunRunning, time.Time{}, len(scope)

	more, err := s.reconcilePart(ctx, &run, scope)
	if err != nil {
		return err
	}

	switch {
	case !run.NextTry.IsZero():
		return s.later("reconcile", run.NextTry.Sub(s.now()))
	case more:
		return s.later("reconcile", 0)
	}

	return nil
}

// inScope are the visits of a run, by citizen in order of id: those of its days that were ever by screen, and
// those of other days about which something was found that still stands.
func (s *Service) inScope(ctx context.Context, run Run) ([]citizenVisits, error) {
	visits, err := s.store.Visits(ctx, VisitQuery{Window: run.Window, Screened: true})
	if err != nil {
		return nil, err
	}

	known := make(map[care.VisitID]bool, len(visits))
	for _, v := range visits {
		known[v.ID] = true
	}

	standing, err := s.store.Findings(ctx, FindingQuery{Live: true})
	if err != nil {
		return nil, err
	}

	var older []care.VisitID

	for _, f := range standing {
		if !known[f.Visit] {
			known[f.Visit] = true

			older = append(older, f.Visit)
		}
	}

	if len(older) > 0 {
		more, err := s.store.Visits(ctx, VisitQuery{IDs: older})
		if err != nil {
			return nil, err
		}

		visits = append(visits, more...)
	}

	return byCitizen(visits), nil
}

// byCitizen sorts visits.
func byCitizen(visits []care.Snapshot) []citizenVisits {
	by := make(map[care.CitizenID]*citizenVisits)

	for _, v := range visits {
		c := by[v.Facts.Citizen]
		if c == nil {
			c = &citizenVisits{id: v.Facts.Citizen}
			by[v.Facts.Citizen] = c
		}

		c.visits = append(c.visits, v)
	}

	out := make([]citizenVisits, 0, len(by))
	for _, c := range by {
		out = append(out, *c)
	}

	slices.SortFunc(out, func(a, b citizenVisits) int { return cmp.Compare(a.id, b.id) })

	return out
}

type citizenVisits struct {
	id     care.CitizenID
	visits []care.Snapshot
}

// reconcilePart looks at some citizens, one after the other: those that are left of the list first, then
// those about whom somebody was silent. It reports whether there are more.
func (s *Service) reconcilePart(ctx context.Context, run *Run, scope []citizenVisits) (more bool, err error) {
	begun, silent := s.now(), 0

	listed, err := s.listedAsOurs(ctx, *run)
	if err != nil {
		return false, err
	}

	for range reconcilePart {
		next, again, ok := nextOf(*run, scope)
		if !ok {
			run.countListed(listed)

			return false, s.endRun(ctx, run)
		}

		look, err := s.lookAt(ctx, next)
		if err != nil {
			return false, err
		}

		run.take(next, again, look, listed)

		silent++
		if look.silence == nil {
			silent = 0
		}

		slow := s.now().Sub(begun) > reconcileSpan
		if again && look.silence != nil || silent >= silentEnough || silent > 0 && slow {
			return false, s.breakOff(ctx, run, look)
		}

		if err := s.saveLook(ctx, run, look); err != nil {
			return false, err
		}

		if slow {
			break
		}
	}

	return true, nil
}

// nextOf is whom to look at. A citizen whose visits are out of scope meanwhile is looked at as well: then
// there is nothing to see, and what was found before is gone.
func nextOf(run Run, scope []citizenVisits) (next citizenVisits, again, ok bool) {
	i, _ := slices.BinarySearchFunc(scope, run.Cursor, func(c citizenVisits, id care.CitizenID) int {
		if c.id <= id {
			return -1
		}

		return 1
	})
	if i < len(scope) {
		return scope[i], false, true
	}

	if len(run.Missing) == 0 {
		return citizenVisits{}, false, false
	}

	id := run.Missing[0]
	if j := slices.IndexFunc(scope, func(c citizenVisits) bool { return c.id == id }); j >= 0 {
		return scope[j], true, true
	}

	return citizenVisits{id: id}, true, true
}

// take counts a look at a citizen.
func (r *Run) take(c citizenVisits, again bool, l look, listed typedByOthers) {
	if !again {
		r.Cursor = c.id
	}

	r.Missing = slices.DeleteFunc(r.Missing, func(id care.CitizenID) bool { return id == c.id })

	if l.silence != nil {
		r.Missing = append(r.Missing, c.id)

		return
	}

	r.Looked++
	r.Visits += len(c.visits)
	r.Found += len(l.drifts)

	if l.refused {
		r.Refused++
	}

	r.count(l, listed)
}

// saveLook stores how far the run is with what was found.
func (s *Service) saveLook(ctx context.Context, run *Run, l look) error {
	findings, effects, err := s.findings(ctx, l, s.set.Reconcile.most()-run.Auto)
	if err != nil {
		return err
	}

	run.Auto += len(effects.Jobs)

	run.Step++

	return s.store.SaveRun(ctx, *run, findings, effects)
}

// breakOff ends a pass because somebody does not answer. It is begun again later, after ever longer
// pauses; in the end the next run takes over.
func (s *Service) breakOff(ctx context.Context, run *Run, l look) error {
	now := s.now()
	run.Tries++
	run.State = RunIncomplete
	run.Text = silenceText(l.silent)

	if run.Kind == PollRun || now.Sub(run.AskedAt) > reconcileDeadly {
		run.DoneAt = now
	} else {
		run.NextTry = now.Add(s.spread(min(firstBackoff<<min(run.Tries-1, 10), longestBackoff), now))
	}

	return s.saveLook(ctx, run, l)
}

func silenceText(side care.DriftSide) string {
	return nameOfSide(side) + " svarer ikke. Det, vi ikke har set, er ikke vurderet."
}

// nameOfSide begins a sentence about who does not answer, or refuses.
func nameOfSide(side care.DriftSide) string {
	if side == care.PlatformSide {
		return "Videoplatformen"
	}

	return "Omsorgsjournalen"
}

// endRun closes a run that looked at everybody.
func (s *Service) endRun(ctx context.Context, run *Run) error {
	run.State, run.DoneAt, run.Text = RunDone, s.now(), ""

	if run.Refused > 0 {
		run.State = RunIncomplete
		run.Text = fmt.Sprintf("Omsorgsjournalen eller videoplatformen vil ikke vise %d af borgerne. Bed systemforvalteren om at se på vores adgang.", run.Refused)
	}

	run.Step++

	return s.store.SaveRun(ctx, *run, nil, Effects{})
}
