package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

const (
	shownRuns   = 12
	shownClosed = 7 * 24 * time.Hour // how long what was settled is shown
	shownMost   = 500
)

// FindingFilter narrows what the page of reconciliations shows. Zero fields do not narrow.
type FindingFilter struct {
	Unit    care.UnitID
	Kind    care.DriftKind
	Gravity care.Gravity
	Visit   care.VisitID
	Settled bool // what was settled in the last week instead of what stands
}

// FindingView is a difference with what a planner needs to judge it.
type FindingView struct {
	care.Finding

	Terms care.DriftTerms
	Visit VisitView
}

// CanMend reports whether a button makes sense.
func (f FindingView) CanMend() bool {
	return f.Terms.Remedy != care.ByHand && (f.State == care.FindingOpen || f.State == care.FindingAccepted)
}

// ReconcileView is what the page of reconciliations shows.
type ReconcileView struct {
	Can      bool  // the record can tell how visits stand
	Runs     []Run // newest first; polls that went well are left out
	Last     Run   // the newest that looked at everybody; zero: none did
	Polled   Run   // the newest poll; zero: there was none
	Findings []FindingView
	Live     map[care.Gravity]int // of what stands, whatever the filter
	More     bool                 // there are more than are shown
}

// Reconciliation tells what differs between record, platform and our own book, in the units where the
// actor may handle trouble. Needs HandleTrouble somewhere.
func (s *Service) Reconciliation(ctx context.Context, actor care.Actor, filter FindingFilter) (ReconcileView, error) {
	units, err := s.scope(actor, care.HandleTrouble, filter.Unit)
	if err != nil {
		return ReconcileView{}, err
	}

	out := ReconcileView{Can: s.Reconcilable(), Live: make(map[care.Gravity]int)}

	if err := s.runsShown(ctx, &out); err != nil {
		return out, err
	}

	q := FindingQuery{Units: ids(units), Live: !filter.Settled}
	if filter.Settled {
		q.Since = s.now().Add(-shownClosed)
	}

	if filter.Visit != "" {
		q.Visits = []care.VisitID{filter.Visit}
	}

	if actor.May(care.HandleTrouble, care.EveryUnit) && filter.Unit == "" {
		q.Units = nil // also of lists that belong to no unit
	}

	found, err := s.store.Findings(ctx, q)
	if err != nil {
		return out, err
	}

	for _, f := range found {
		if f.State.Live() && f.State != care.FindingAccepted {
			out.Live[f.Kind.Terms().Gravity]++
		}
	}

	found = slices.DeleteFunc(found, func(f care.Finding) bool { return !filter.shows(f) })
	out.More = len(found) > shownMost
	found = found[:min(len(found), shownMost)]

	views, err := s.findingViews(ctx, found)
	if err != nil {
		return out, err
	}

	out.Findings = views
	seen := make([]VisitView, len(views))

	for i, v := range views {
		seen[i] = v.Visit
	}

	return out, s.shownVisits(ctx, actor, "see_differences", seen)
}

func (f FindingFilter) shows(x care.Finding) bool {
	switch {
	case f.Kind != "" && x.Kind != f.Kind:
		return false
	case f.Gravity != 0 && x.Kind.Terms().Gravity != f.Gravity:
		return false
	}

	return x.State.Live() != f.Settled
}

func (s *Service) runsShown(ctx context.Context, out *ReconcileView) error {
	all, err := s.store.RecentRuns(ctx, shownRuns, NightRun, ShiftRun, ManualRun)
	if err != nil {
		return err
	}

	out.Runs = all

	if i := slices.IndexFunc(all, func(r Run) bool { return r.State == RunDone }); i >= 0 {
		out.Last = all[i]
	}

	polls, err := s.store.RecentRuns(ctx, 1, PollRun)
	if err == nil && len(polls) > 0 {
		out.Polled = polls[0]
	}

	return err
}

func (s *Service) findingViews(ctx context.Context, found []care.Finding) ([]FindingView, error) {
	if len(found) == 0 {
		return nil, nil
	}

	wanted := make([]care.VisitID, len(found))
	for i, f := range found {
		wanted[i] = f.Visit
	}

	visits, err := s.store.Visits(ctx, VisitQuery{IDs: slices.Compact(slices.Sorted(slices.Values(wanted)))})
	if err != nil {
		return nil, err
	}

	views, err := s.views(ctx, visits)
	if err != nil {
		return nil, err
	}

	by := make(map[care.VisitID]VisitView, len(views))
	for _, v := range views {
		by[v.Visit.ID] = v
	}

	out := make([]FindingView, len(found))
	for i, f := range found {
		out[i] = FindingView{Finding: f, Terms: f.Kind.Terms(), Visit: by[f.Visit]}
	}

	return out, nil
}

// RunOf reads one run, for following its progress. Needs HandleTrouble somewhere.
func (s *Service) RunOf(ctx context.Context, actor care.Actor, id RunID) (Run, error) {
	if !actor.MayAnywhere(care.HandleTrouble) {
		return Run{}, actor.Must(care.HandleTrouble, care.EveryUnit)
	}

	return s.store.Run(ctx, id)
}

// Differences counts the open differences of a day's visits, for the day's page. Needs SeeDay.
func (s *Service) Differences(ctx context.Context, actor care.Actor, day care.Day) (int, error) {
	units := s.unitsFor(actor, care.HandleTrouble)
	if len(units) == 0 {
		return 0, nil
	}

	found, err := s.store.Findings(ctx, FindingQuery{Units: ids(units), Live: true})
	n := 0

	for _, f := range found {
		if f.Day == day && f.State != care.FindingAccepted {
			n++
		}
	}

	return n, err
}
