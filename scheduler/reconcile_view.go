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
	shownMost   = 25                 // on one page
)

// FindingFilter narrows what the page of reconciliations shows. Zero fields do not narrow.
type FindingFilter struct {
	Unit    care.UnitID
	Kind    care.DriftKind
	Gravity care.Gravity
	Visit   care.VisitID
	Day     care.Day // of the visit
	Settled bool     // what was settled in the last week instead of what stands
	First   int      // so many are left out, for the next page
}

// FindingView is a difference with what a planner needs to judge it.
type FindingView struct {
	care.Finding

	Terms care.DriftTerms
	Visit VisitView
	Unit  care.Unit
	// Bare: the reader handles rooms, and is not to know whose visit it is; Visit is zero.
	Bare bool
}

// CanMend reports whether a button makes sense.
func (f FindingView) CanMend() bool {
	return f.Terms.Remedy != care.ByHand && (f.State == care.FindingOpen || f.State == care.FindingAccepted)
}

// ReconcileView is what the page of reconciliations shows.
type ReconcileView struct {
	Can      bool  // the record can tell how visits stand
	Auto     bool  // it is done by itself at set times
	Runs     []Run // newest first; polls that went well are left out
	Active   Run   // goes on, or waits for its next try; zero: none does
	Last     Run   // the newest that looked at everybody; zero: none did
	Polled   Run   // the newest poll; zero: there was none
	Findings []FindingView
	All      int                  // how many match the filter
	Live     map[care.Gravity]int // open ones of the filter's unit, day and visit
	Accepted int                  // of those, how many may stand
	Units    []care.Unit          // that the reader may choose from
}

// Reconciliation tells what differs between record, platform and our own book: in the units where the
// actor may handle trouble, and stray rooms wherever they may handle rooms. The reading is audited.
// Needs HandleTrouble or HandleRooms somewhere.
func (s *Service) Reconciliation(ctx context.Context, actor care.Actor, filter FindingFilter) (ReconcileView, error) {
	if err := mayReconcile(actor); err != nil {
		return ReconcileView{}, err
	}

	set := s.set.Reconcile
	out := ReconcileView{
		Can: s.Reconcilable(), Auto: len(set.Shifts) > 0 || set.Night > 0 || set.Poll > 0, Live: make(map[care.Gravity]int),
		Units: s.unitsFor(actor, care.HandleTrouble),
	}

	if err := s.runsShown(ctx, &out); err != nil {
		return out, err
	}

	found, err := s.findingsFor(ctx, actor, filter)
	if err != nil {
		return out, err
	}

	for _, f := range found {
		switch f.State { //nolint:exhaustive // what is being repaired, or is over, waits for nobody
		case care.FindingAccepted:
			out.Accepted++
		case care.FindingOpen:
			out.Live[f.Kind.Terms().Gravity]++
		}
	}

	found = slices.DeleteFunc(found, func(f care.Finding) bool { return !filter.shows(f) })
	out.All = len(found)
	first := min(max(filter.First, 0), len(found))

	out.Findings, err = s.findingViews(ctx, actor, found[first:min(first+shownMost, len(found))])

	return out, err
}

// FirstOfNext is where the next page begins; 0: there is none.
func (v ReconcileView) FirstOfNext(f FindingFilter) int {
	if next := f.First + shownMost; next < v.All {
		return next
	}

	return 0
}

// FirstOfPrevious is where the page before begins; only when f.First is not 0.
func (v ReconcileView) FirstOfPrevious(f FindingFilter) int { return max(0, f.First-shownMost) }

func mayReconcile(actor care.Actor) error {
	if actor.MayAnywhere(care.HandleRooms) {
		return nil
	}

	if !actor.MayAnywhere(care.HandleTrouble) {
		return actor.Must(care.HandleTrouble, care.EveryUnit)
	}

	return nil
}

// findingScope narrows to the units in which the actor has the permission, all or one; false: there are
// none.
func (s *Service) findingScope(actor care.Actor, p care.Permission, unit care.UnitID) (FindingQuery, bool) {
	if unit != "" {
		return FindingQuery{Units: []care.UnitID{unit}}, actor.May(p, unit)
	}

	if actor.May(p, care.EveryUnit) {
		return FindingQuery{}, true // also of lists that belong to no unit
	}

	units := s.unitsFor(actor, p)

	return FindingQuery{Units: ids(units)}, len(units) > 0
}

// findingsFor reads what the actor may see, worst first.
func (s *Service) findingsFor(ctx context.Context, actor care.Actor, filter FindingFilter) ([]care.Finding, error) {
	var out []care.Finding

	read := func(q FindingQuery) error {
		q.Live, q.Day = !filter.Settled, filter.Day
		if filter.Settled {
			q.Since = s.now().Add(-shownClosed)
		}

		if filter.Visit != "" {
			q.Visits = []care.VisitID{filter.Visit}
		}

		found, err := s.store.Findings(ctx, q)

		for _, f := range found {
			if !slices.ContainsFunc(out, func(o care.Finding) bool { return o.ID == f.ID }) {
				out = append(out, f)
			}
		}

		return err
	}

	if q, ok := s.findingScope(actor, care.HandleTrouble, filter.Unit); ok {
		if err := read(q); err != nil {
			return nil, err
		}
	}

	if q, ok := s.findingScope(actor, care.HandleRooms, filter.Unit); ok {
		q.Kinds = care.StrayRooms()
		if err := read(q); err != nil {
			return nil, err
		}
	}

	slices.SortStableFunc(out, care.WorstFirst)

	return out, nil
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

	if i := slices.IndexFunc(all, Run.Active); i >= 0 {
		out.Active = all[i]
	}

	polls, err := s.store.RecentRuns(ctx, 1, PollRun)
	if err == nil && len(polls) > 0 {
		out.Polled = polls[0]
	}

	if out.Polled.ID != "" && out.Polled.Active() {
		out.Active = out.Polled
	}

	return err
}

// findingViews tells of findings, and has the reading of those about people audited.
func (s *Service) findingViews(ctx context.Context, actor care.Actor, found []care.Finding) ([]FindingView, error) {
	var wanted []care.VisitID

	for _, f := range found {
		if actor.May(care.HandleTrouble, f.Unit) {
			wanted = append(wanted, f.Visit)
		}
	}

	by, err := s.visitViewsOf(ctx, actor, wanted)
	if err != nil {
		return nil, err
	}

	out := make([]FindingView, len(found))

	for i, f := range found {
		v, ok := by[f.Visit]
		out[i] = FindingView{Finding: f, Terms: f.Kind.Terms(), Visit: v, Unit: s.unit(f.Unit), Bare: !ok}
	}

	return out, nil
}

// Finding tells one difference, for following its repair. Needs what MendFinding needs.
func (s *Service) Finding(ctx context.Context, actor care.Actor, id care.FindingID) (FindingView, error) {
	f, err := s.finding(ctx, actor, id)
	if err != nil {
		return FindingView{}, err
	}

	views, err := s.findingViews(ctx, actor, []care.Finding{f})
	if err != nil {
		return FindingView{}, err
	}

	return views[0], nil
}

// FindingsOf tells what stands about one visit, worst first; nothing where the actor may not handle
// trouble in the visit's unit.
func (s *Service) FindingsOf(ctx context.Context, actor care.Actor, id care.VisitID) ([]care.Finding, error) {
	if !actor.MayAnywhere(care.HandleTrouble) {
		return nil, nil
	}

	found, err := s.store.Findings(ctx, FindingQuery{Visits: []care.VisitID{id}, Live: true})

	return slices.DeleteFunc(found, func(f care.Finding) bool { return !actor.May(care.HandleTrouble, f.Unit) }), err
}

// RunOf reads one run, for following its progress. Needs HandleTrouble or HandleRooms somewhere.
func (s *Service) RunOf(ctx context.Context, actor care.Actor, id RunID) (Run, error) {
	if err := mayReconcile(actor); err != nil {
		return Run{}, err
	}

	return s.store.Run(ctx, id)
}

// Differences counts the open differences of a day's visits in the units where the actor may handle
// trouble, for the day's page.
func (s *Service) Differences(ctx context.Context, actor care.Actor, day care.Day) (int, error) {
	q, ok := s.findingScope(actor, care.HandleTrouble, "")
	if !ok {
		return 0, nil
	}

	q.Live, q.Day, q.States = true, day, undecided()

	return s.store.CountFindings(ctx, q)
}
