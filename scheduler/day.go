package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Day returns a local day as the planner sees it. Needs SeeDay in the unit. The reading is audited.
func (s *Service) Day(ctx context.Context, actor care.Actor, q DayQuery) (DayView, error) {
	units, err := s.scope(actor, care.SeeDay, q.Unit)
	if err != nil {
		return DayView{}, err
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Window: q.Day.Bounds(), Units: ids(units)})
	if err != nil {
		return DayView{}, err
	}

	views, err := s.views(ctx, visits)
	if err != nil {
		return DayView{}, err
	}

	out := DayView{Day: q.Day, Units: s.unitsFor(actor, care.SeeDay), All: len(views)}

	for _, view := range views {
		out.Employees = append(out.Employees, view.Visit.Facts.Employee)

		if view.Visit.NeedsPerson() {
			out.Troubles++
		}

		if impossible(view.Visit) {
			out.Untold++
		}

		if q.takes(view) {
			out.Visits = append(out.Visits, view)
		}
	}

	slices.Sort(out.Employees)
	out.Employees = slices.Compact(out.Employees)

	return out, s.shownVisits(ctx, actor, "see_day", out.Visits)
}

// impossible reports whether a visit by screen can't be told to the record, as its rule was when it was
// converted.
func impossible(v care.Snapshot) bool {
	return v.Generation > 0 && !v.AdHoc() && len(v.Recording.Means) == 0 && (v.State.Active() || v.State.Concluded())
}

func (q DayQuery) takes(v VisitView) bool {
	return (q.Employee == "" || v.Visit.Facts.Employee == q.Employee) &&
		(q.Level == 0 || v.Assessment.Level == q.Level) &&
		(q.Status == "" || v.Status == q.Status)
}

// scope returns the units that a question is about: one, or all that the actor has the
// permission in.
func (s *Service) scope(actor care.Actor, p care.Permission, unit care.UnitID) ([]care.Unit, error) {
	if unit != "" {
		return []care.Unit{s.unit(unit)}, actor.Must(p, unit)
	}

	units := s.unitsFor(actor, p)
	if len(units) == 0 {
		return nil, actor.Must(p, care.EveryUnit)
	}

	return units, nil
}

func ids(units []care.Unit) []care.UnitID {
	out := make([]care.UnitID, len(units))
	for i, u := range units {
		out[i] = u.ID
	}

	return out
}

// Visit returns one visit. Needs SeeDay in its unit, or HostVisits. The reading is audited.
func (s *Service) Visit(ctx context.Context, actor care.Actor, id care.VisitID) (VisitView, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return VisitView{}, err
	}

	if !actor.May(care.SeeDay, v.Facts.Unit) {
		if err := actor.Must(care.HostVisits, v.Facts.Unit); err != nil {
			return VisitView{}, err
		}
	}

	views, err := s.views(ctx, []care.Snapshot{v})
	if err != nil {
		return VisitView{}, err
	}

	views[0].People = people(v, views[0].Citizen)
	views[0].Verdict = v.Verdict()

	if views[0].Ways, err = s.ways(ctx, v); err != nil {
		return VisitView{}, err
	}

	if views[0].Deletion, err = s.deletion(ctx, v); err != nil {
		return VisitView{}, err
	}

	if !v.State.Concluded() && !v.AdHoc() && !v.Deleted() {
		views[0].Writings = s.writings(v)
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "see_visit", Visit: v.ID, Citizen: v.Facts.Citizen}

	return views[0], s.store.Record(ctx, []AuditRow{row})
}

// views joins visits with their citizens and assesses them. The other visits that may clash are
// read for the days that the visits are on.
func (s *Service) views(ctx context.Context, visits []care.Snapshot) ([]VisitView, error) {
	if len(visits) == 0 {
		return nil, nil
	}

	citizens, err := s.citizensOf(ctx, visits)
	if err != nil {
		return nil, err
	}

	near, err := s.near(ctx, visits)
	if err != nil {
		return nil, err
	}

	now := s.now()
	out := make([]VisitView, len(visits))

	for i, v := range visits {
		citizen, unit := citizens[v.Facts.Citizen].Shown(), s.unit(v.Facts.Unit)
		out[i] = VisitView{
			Visit: v, Citizen: citizen, Unit: unit, Status: StatusOf(v),
			Assessment: s.set.Rules.Assess(care.Situation{
				Visit: v, Citizen: citizen, Unit: unit, Now: now,
				SameEmployee: near.others(v, func(o care.Snapshot) bool {
					return v.Facts.Employee != "" && o.Facts.Employee == v.Facts.Employee
				}),
				SameCitizen: near.others(v, func(o care.Snapshot) bool { return o.Facts.Citizen == v.Facts.Citizen }),
			}),
		}
	}

	return out, nil
}

func (s *Service) citizensOf(ctx context.Context, visits []care.Snapshot) (map[care.CitizenID]care.Citizen, error) {
	wanted := make([]care.CitizenID, len(visits))
	for i, v := range visits {
		wanted[i] = v.Facts.Citizen
	}

	slices.Sort(wanted)

	return s.store.Citizens(ctx, slices.Compact(wanted))
}

// neighbours are visits in order of planned start.
type neighbours struct {
	visits  []care.Snapshot
	longest int64 // nanoseconds of the longest visit
}

// longestVisit bounds how early a visit can have begun that still overlaps another one.
const longestVisit = 12 * time.Hour

// near reads every visit that may overlap one of the given ones.
func (s *Service) near(ctx context.Context, visits []care.Snapshot) (neighbours, error) {
	window := visits[0].Facts.Planned

	for _, v := range visits {
		if v.Facts.Planned.Start.Before(window.Start) {
			window.Start = v.Facts.Planned.Start
		}

		if v.Facts.Planned.End.After(window.End) {
			window.End = v.Facts.Planned.End
		}
	}

	// A visit that began before the first one may still overlap it; nobody visits for half a day.
	all, err := s.store.Visits(ctx, VisitQuery{Window: care.Interval{Start: window.Start.Add(-longestVisit), End: window.End}})
	if err != nil {
		return neighbours{}, err
	}

	out := neighbours{visits: all}
	for _, v := range all {
		out.longest = max(out.longest, int64(v.Facts.Planned.Duration()))
	}

	return out, nil
}

// others returns the planned times of live visits that match and are not v itself.
func (n neighbours) others(v care.Snapshot, match func(care.Snapshot) bool) []care.Interval {
	var out []care.Interval

	p := v.Facts.Planned
	from, _ := slices.BinarySearchFunc(n.visits, p.Start.UnixNano()-n.longest, func(o care.Snapshot, t int64) int {
		return int(min(1, max(-1, o.Facts.Planned.Start.UnixNano()-t)))
	})

	for _, o := range n.visits[from:] {
		if !o.Facts.Planned.Start.Before(p.End) {
			break
		}

		if o.ID != v.ID && o.State != care.Cancelled && o.Facts.Planned.Overlaps(p) && match(o) {
			out = append(out, o.Facts.Planned)
		}
	}

	return out
}

// StatusOf returns the one word that tells how a visit stands.
func StatusOf(v care.Snapshot) Status {
	switch v.State {
	case care.Listed, care.Reverted:
		if v.ToCall() {
			return StatusToCall
		}

		return StatusPhysical
	case care.Completed:
		if v.Delivery == care.ByPhone {
			return StatusPhone
		}

		return StatusCompleted
	case care.NotCompleted:
		return StatusNot
	case care.Cancelled:
		return StatusCancelled
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
	}

	switch {
	case v.NeedsPerson():
		return StatusTrouble
	case v.State == care.Open:
		return StatusRunning
	case v.State != care.RoomIsBooked:
		return StatusBooking
	}

	return waitingStatus(v)
}

func waitingStatus(v care.Snapshot) Status {
	if slices.ContainsFunc(v.Admissions, func(a care.Admission) bool { return a.State == care.AdmissionIdentified }) {
		return StatusWaiting
	}

	link, ok := v.Link()

	switch {
	case ok && !link.OpenedAt.IsZero():
		return StatusOpened
	case ok && link.Left():
		return StatusInvited
	default:
		return StatusPlanned
	}
}
