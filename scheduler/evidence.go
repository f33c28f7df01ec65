package scheduler

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// EvidenceView is what is known of one visit's course (K60, D25). It holds no name of a citizen.
// Times are UTC and zero when unknown.
type EvidenceView struct {
	Visit    care.VisitID
	Unit     care.UnitID
	Law      care.LegalBasis
	Shift    care.Shift
	Planned  care.Interval
	State    care.VisitState
	Invited  time.Time // when the first message left
	Opened   time.Time // when the citizen first pressed on through the link
	Came     time.Time // when the citizen came to our waiting room
	LetIn    time.Time
	LetInBy  care.EmployeeID
	Method   care.IdentityMethod // how the citizen was identified
	HostIn   time.Time           // employee's side, first in
	HostOut  time.Time           // last out
	GuestIn  time.Time
	GuestOut time.Time
	Ended    time.Time    // when the last of both was gone
	Ending   care.Ending  // how the last leg ended
	Outcome  care.Outcome // the one that holds; zero until concluded
	Former   []care.Outcome
	Verdicts []care.Verdict // what the evidence said, oldest first
	Legs     []LegView      // by time of coming
	Present  []SeatView     // who was invited, and who was there (R13)
	// Witnesses are where the legs are known from.
	Witnesses []care.Witness
}

// LegView is a leg and what it was good for.
type LegView struct {
	care.Leg

	Use care.Use // empty: not weighed yet
}

// SeatView is one invited person's place, and whether it was used. Seat 0 is the citizen's.
type SeatView struct {
	Seat int
	Kind care.ParticipantKind // empty: the citizen
	Came bool
}

// Evidence returns what is known of one visit. Needs HostVisits, HandleTrouble or SeeStatistics in
// its unit. The reading is audited.
func (s *Service) Evidence(ctx context.Context, actor care.Actor, id care.VisitID) (EvidenceView, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return EvidenceView{}, err
	}

	unit := v.Facts.Unit
	if !actor.May(care.HandleTrouble, unit) && !actor.May(care.SeeStatistics, unit) {
		if err := actor.Must(care.HostVisits, unit); err != nil {
			return EvidenceView{}, err
		}
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "see_evidence", Visit: v.ID, Citizen: v.Facts.Citizen}

	return evidenceOf(v), s.store.Record(ctx, []AuditRow{row})
}

// maxEvidenceDays bounds one list of evidence to a quarter of a year.
const maxEvidenceDays = 92

// EachEvidence tells the evidence of every visit of a period that was ever meant to be by screen,
// in order of time, day by day, so that a long period is never in memory at once. Days are local,
// To inclusive, at most 92. Needs SeeStatistics in the unit; unit empty: every unit that the actor
// may see. It stops with the error that tell returns.
func (s *Service) EachEvidence(ctx context.Context, actor care.Actor, q StatisticsQuery, tell func(EvidenceView) error) error {
	units, err := s.scope(actor, care.SeeStatistics, q.Unit)
	if err != nil {
		return err
	}

	if q.To < q.From || q.From.Add(maxEvidenceDays) <= q.To {
		return care.NewError(care.Invalid, "Vælg en periode på højst 92 dage, med slutdato efter startdato.")
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "export_evidence", Detail: string(q.From) + " – " + string(q.To)}
	if err := s.store.Record(ctx, []AuditRow{row}); err != nil {
		return err
	}

	for day := q.From; day <= q.To; day = day.Add(1) {
		visits, err := s.store.Visits(ctx, VisitQuery{Window: day.Bounds(), Units: ids(units)})
		if err != nil {
			return err
		}

		for _, v := range visits {
			if v.Generation == 0 {
				continue // never by screen
			}

			if err := tell(evidenceOf(v)); err != nil {
				return err
			}
		}
	}

	return nil
}

func evidenceOf(v care.Snapshot) EvidenceView {
	verdict := v.Verdict()
	e := EvidenceView{
		Visit: v.ID, Unit: v.Facts.Unit, Law: v.Facts.Law, Shift: v.Facts.Shift, Planned: v.Facts.Planned, State: v.State,
		LetIn: v.OpenedAt, HostIn: verdict.Host.Start, HostOut: verdict.Host.End, GuestIn: verdict.Guest.Start, GuestOut: verdict.Guest.End,
		Outcome: v.Outcome, Former: v.Former, Verdicts: v.Verdicts,
	}

	for _, i := range v.Invitations {
		e.Invited, e.Opened = first(e.Invited, i.SentAt), first(e.Opened, i.OpenedAt)
	}

	for _, a := range v.Admissions {
		if a.Participant != "" {
			continue
		}

		e.Came = first(e.Came, a.CameAt)

		if a.State == care.AdmissionAdmitted {
			e.LetInBy, e.Method = a.DecidedBy, a.Method
		}
	}

	e.legs(v.Legs, verdict.Basis)
	e.seats(v)

	return e
}

// legs adds the legs by time, what each was good for, and how the last one ended.
func (e *EvidenceView) legs(legs []care.Leg, basis []care.Basis) {
	for _, l := range legs {
		view := LegView{Leg: l}

		if i := slices.IndexFunc(basis, func(b care.Basis) bool { return b.Room == l.Room && b.Leg == l.ID }); i >= 0 {
			view.Use = basis[i].Use
		}

		e.Legs = append(e.Legs, view)

		if !slices.Contains(e.Witnesses, l.Witness) {
			e.Witnesses = append(e.Witnesses, l.Witness)
		}

		if view.Use == care.LegCounted && l.Left.After(e.Ended) {
			e.Ended, e.Ending = l.Left, l.Ending
		}
	}

	slices.Sort(e.Witnesses)
	slices.SortFunc(e.Legs, func(a, b LegView) int {
		return cmp.Or(a.Joined.Compare(b.Joined), cmp.Compare(a.Room, b.Room), cmp.Compare(a.ID, b.ID))
	})
}

// seats compares who was invited with who came.
func (e *EvidenceView) seats(v care.Snapshot) {
	came := func(seat int) bool {
		return slices.ContainsFunc(e.Legs, func(l LegView) bool {
			return l.Role == care.AsGuest && l.Seat == seat+1 && (l.Use == care.LegCounted || l.Use == care.LegOther)
		})
	}

	citizen := came(0) || slices.ContainsFunc(e.Legs, func(l LegView) bool { return l.Role == care.AsGuest && l.Seat == 0 && l.Use == care.LegCounted })
	e.Present = []SeatView{{Came: citizen}}

	for _, p := range v.Participants {
		e.Present = append(e.Present, SeatView{Seat: p.Seat, Kind: p.Kind, Came: came(p.Seat)})
	}
}

// first returns the earlier of two times, of which a zero one is none.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}

	return a
}
