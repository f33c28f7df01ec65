package scheduler

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// endedShown is how long a follow-up that ended is shown, so that a wrong click can be taken back.
const endedShown = 4 * time.Hour

// FollowUpAction is what somebody does about a follow-up. The zero value is invalid.
type FollowUpAction string

// The actions.
const (
	FollowUpCall    FollowUpAction = "call"     // somebody calls; the record has it as a visit by telephone
	FollowUpTalked  FollowUpAction = "talked"   // the visit was given by telephone
	FollowUpNobody  FollowUpAction = "nobody"   // the citizen was not reached
	FollowUpVisit   FollowUpAction = "visit"    // the physical visit goes back on the list at once
	FollowUpTake    FollowUpAction = "take"     // I see to it; with Employee: who drives
	FollowUpRelease FollowUpAction = "release"  // takes FollowUpTake back
	FollowUpUndo    FollowUpAction = "undo"     // takes FollowUpNobody and FollowUpVisit back
	FollowUpNone    FollowUpAction = "no_needs" // no follow-up is needed
)

// FollowUpActions lists every action.
func FollowUpActions() []FollowUpAction {
	return []FollowUpAction{FollowUpCall, FollowUpTalked, FollowUpNobody, FollowUpVisit, FollowUpTake, FollowUpRelease, FollowUpUndo, FollowUpNone}
}

// FollowUpRequest is one action on the follow-up of a visit.
type FollowUpRequest struct {
	Visit    care.VisitID
	FollowUp care.FollowUpID
	Action   FollowUpAction
	Employee care.EmployeeID // with FollowUpTake of a physical visit: who drives; empty: not said
}

// EscalationCard is what somebody who takes over has to know, and nothing else (C07).
type EscalationCard struct {
	Name    string // the citizen's
	Cause   care.ReasonCode
	Phone   care.Phone // zero: none, or it is hidden (PhoneHidden)
	Risk    care.Risk
	Planned care.Interval // the visit's time, UTC
	// PhoneHidden: the citizen is protected; the number is looked up in the record.
	PhoneHidden bool
}

// FollowUpView is one line of the work list.
type FollowUpView struct {
	care.FollowUp

	Visit    care.VisitID
	State    care.VisitState
	Unit     care.Unit
	Employee care.EmployeeID // who had the screen visit
	Card     EscalationCard
	Actions  []FollowUpAction // those that are possible now, the most likely first
	Next     *NextStep        // where it goes on when nobody acts; nil: nowhere
	Openings []Opening        // who could drive; only with a physical visit that nobody has
	Waits    bool             // the record has yet to be told
	Failed   bool             // the record refuses what it was told: a person has to look at it
	Doubt    string           // Danish: why it may be of no need, by what the platform told later; empty: nothing
}

// NextStep is where a follow-up goes on when its deadline passes.
type NextStep struct {
	Who   string
	Phone string
	At    time.Time // UTC
}

// Late reports whether the deadline has passed.
func (v FollowUpView) Late(now time.Time) bool { return v.Stage.Open() && now.After(v.Due()) }

// FollowUpList is the work list.
type FollowUpList struct {
	Open  []FollowUpView // those past their deadline first, then by deadline; with the same, the higher risk
	Ended []FollowUpView // during the last four hours, the newest first
	Now   time.Time
	Units []care.Unit
}

// FollowUps lists what became of screen visits that did not take place, and who has to do what until
// when. Needs HandleTrouble or HostVisits; a caregiver sees those of the unit too, because whoever has
// time calls. The reading is audited.
func (s *Service) FollowUps(ctx context.Context, actor care.Actor) (FollowUpList, error) {
	units := s.followUnits(actor)
	if len(units) == 0 {
		return FollowUpList{}, actor.Must(care.HandleTrouble, care.EveryUnit)
	}

	now := s.now()

	visits, err := s.store.Visits(ctx, VisitQuery{Units: ids(units), FollowedUp: now.Add(-endedShown)})
	if err != nil {
		return FollowUpList{}, err
	}

	citizens, err := s.citizensOf(ctx, visits)
	if err != nil {
		return FollowUpList{}, err
	}

	out := FollowUpList{Now: now, Units: units}

	var seen []care.CitizenID

	for _, v := range visits {
		f := v.FollowUps[len(v.FollowUps)-1]
		view := s.followUpView(v, f, citizens[v.Facts.Citizen])
		seen = append(seen, v.Facts.Citizen)

		if f.Stage.Open() {
			out.Open = append(out.Open, view)
		} else {
			out.Ended = append(out.Ended, view)
		}
	}

	if err := s.suggest(ctx, out.Open, visits); err != nil {
		return FollowUpList{}, err
	}

	out.sort()

	if len(seen) == 0 {
		return out, nil
	}

	row := AuditRow{At: now, Actor: string(actor.Employee), Action: "see_follow_ups", Citizens: seen}

	return out, s.store.Record(ctx, []AuditRow{row})
}

// followUnits are those in which the actor may follow up.
func (s *Service) followUnits(actor care.Actor) []care.Unit {
	units := s.unitsFor(actor, care.HandleTrouble)

	for _, u := range s.unitsFor(actor, care.HostVisits) {
		if !slices.ContainsFunc(units, func(o care.Unit) bool { return o.ID == u.ID }) {
			units = append(units, u)
		}
	}

	return units
}

func (l *FollowUpList) sort() {
	slices.SortStableFunc(l.Open, func(a, b FollowUpView) int {
		late := func(v FollowUpView) int {
			if v.Late(l.Now) {
				return 0
			}

			return 1
		}

		return cmp.Or(late(a)-late(b), a.Due().Compare(b.Due()), placeOfRisk(a.Card.Risk)-placeOfRisk(b.Card.Risk), cmp.Compare(a.ID, b.ID))
	})
	slices.SortStableFunc(l.Ended, func(a, b FollowUpView) int { return cmp.Or(b.EndedAt.Compare(a.EndedAt), cmp.Compare(a.ID, b.ID)) })
}

// placeOfRisk puts the highest risk first and those whom nobody judged last.
func placeOfRisk(r care.Risk) int {
	if i := slices.Index(care.Risks(), r); i >= 0 {
		return i
	}

	return len(care.Risks())
}

func (s *Service) followUpView(v care.Snapshot, f care.FollowUp, citizen care.Citizen) FollowUpView {
	view := FollowUpView{
		FollowUp: f, Visit: v.ID, State: v.State, Unit: s.unit(v.Facts.Unit), Employee: v.Facts.Employee,
		Card: EscalationCard{
			Name: citizen.Name, Cause: f.Cause, Phone: citizen.Phone, Risk: citizen.Risk, Planned: v.Facts.Planned, PhoneHidden: citizen.Protected,
		},
		Actions: followUpActions(v, f),
		Doubt:   v.Doubt(),
		Waits:   slices.ContainsFunc(v.Entries, func(e care.Entry) bool { return e.State == care.EntryDue }),
		Failed:  slices.ContainsFunc(v.Entries, func(e care.Entry) bool { return e.State == care.EntryRejected }),
	}

	if citizen.Protected {
		view.Card.Phone = care.Phone{}
	}

	if step, at, more := s.set.FollowUp.nextStep(v.Facts.Unit, f); more && f.Stage.Open() {
		view.Next = &NextStep{Who: step.Who, Phone: step.Phone, At: at}
	}

	return view
}

// followUpActions are what can be done about a follow-up now, the most likely first.
func followUpActions(v care.Snapshot, f care.FollowUp) []FollowUpAction {
	var out []FollowUpAction

	switch f.Stage {
	case care.FollowUpAsked:
		out = []FollowUpAction{FollowUpTalked, FollowUpVisit, FollowUpCall, FollowUpNone}
	case care.FollowUpCalling:
		out = []FollowUpAction{FollowUpTalked, FollowUpNobody, FollowUpNone}
	case care.FollowUpReturning:
		out = []FollowUpAction{FollowUpUndo}
	case care.FollowUpPlaced:
		if v.State == care.Reverted && v.Delivery == care.Physical {
			return []FollowUpAction{FollowUpRelease}
		}

		return nil
	case care.FollowUpTalked, care.FollowUpDropped:
		return nil
	}

	if f.TakenBy == "" {
		return append([]FollowUpAction{FollowUpTake}, out...)
	}

	return append(out, FollowUpRelease)
}

// suggest finds who could drive to the visits that nobody has.
func (s *Service) suggest(ctx context.Context, open []FollowUpView, visits []care.Snapshot) error {
	for i := range open {
		f := &open[i]
		if f.Stage == care.FollowUpCalling || f.TakenBy != "" {
			continue
		}

		missed := visits[slices.IndexFunc(visits, func(v care.Snapshot) bool { return v.ID == f.Visit })]
		now := s.now()

		// The routes of the day as it is now: an evening's visit may be made up for after midnight.
		window := care.Interval{Start: now.Add(-longestVisit), End: now.Add(longestVisit)}

		others, err := s.store.Visits(ctx, VisitQuery{Window: window, Units: []care.UnitID{missed.Facts.Unit}})
		if err != nil {
			return err
		}

		f.Openings = NearestOpenings(missed, others, s.set.FollowUp.Travel, now)
	}

	return nil
}

// MyFollowUps lists the open follow-ups of visits that the actor had, took or is to drive to.
func (s *Service) MyFollowUps(ctx context.Context, actor care.Actor) ([]FollowUpView, error) {
	if len(s.followUnits(actor)) == 0 {
		return nil, nil
	}

	all, err := s.FollowUps(ctx, actor)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(all.Open, func(v FollowUpView) bool {
		return v.TakenBy != actor.Employee && v.GivenBy != actor.Employee && (v.TakenBy != "" || v.Employee != actor.Employee)
	}), nil
}

// FollowUp does one thing about a follow-up. Needs HandleTrouble or HostVisits in the visit's unit.
// Conflict: somebody was first, or it can't be done any more.
func (s *Service) FollowUp(ctx context.Context, actor care.Actor, req FollowUpRequest) error {
	v, err := s.hostedOrPlanned(ctx, actor, req.Visit)
	if err != nil {
		return err
	}

	f, known := v.FollowUpOf(req.FollowUp)

	switch {
	case !known:
		return care.NewError(care.NotFound, "Opfølgningen findes ikke.")
	case !slices.Contains(FollowUpActions(), req.Action):
		return care.NewError(care.Invalid, "Vælg, hvad der skal ske.")
	case !slices.Contains(followUpActions(v, f), req.Action) && req.Action != FollowUpTake:
		return care.NewError(care.Conflict, "Opfølgningen er ændret imens. Opdatér siden.")
	case req.Action == FollowUpTalked:
		return s.Conclude(ctx, actor, req.Visit, ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone})
	}

	audit := AuditRow{Actor: string(actor.Employee), Action: "follow_up_" + string(req.Action)}

	return s.update(ctx, req.Visit, &audit, func(v *care.Visit) error { return s.followUpBy(v, actor, req) })
}

func (s *Service) followUpBy(v *care.Visit, actor care.Actor, req FollowUpRequest) error {
	now := s.now()

	switch req.Action {
	case FollowUpCall:
		return v.FollowByPhone(req.FollowUp, now)
	case FollowUpNobody, FollowUpVisit:
		return v.FollowInPerson(req.FollowUp, string(actor.Employee), now)
	case FollowUpTake:
		return v.TakeFollowUp(req.FollowUp, actor.Employee, req.Employee, now)
	case FollowUpRelease:
		return v.ReleaseFollowUp(req.FollowUp)
	case FollowUpUndo:
		return v.CallAgain(req.FollowUp, actor.Employee, now)
	case FollowUpNone:
		return v.DropFollowUp(req.FollowUp, string(actor.Employee), now)
	case FollowUpTalked: // Conclude does it
	}

	return care.NewError(care.Invalid, "Vælg, hvad der skal ske.")
}
