package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of what planners are told in an outage.
const (
	noticeAfter = 30 * time.Second // a system that is back sooner is nobody's business
	outageAhead = 24 * time.Hour   // visits that begin later can wait
)

// Outage is one system that does not answer or refuses us: the one notice that stands for the
// exceptions of all the visits that wait for it.
type Outage struct {
	Role    connector.Role
	Name    string // Danish: the system
	Since   time.Time
	NextTry time.Time // zero: with the next call
	Text    string    // Danish: what is, and what happens to the visits
	// Visits wait for the system, the soonest first: those of the actor's units that begin within a
	// day. They can be given in another way by FallBack.
	Visits []care.VisitID
	// Soon is how many of them begin within the time in which they need another way.
	Soon int
}

// Outages tells which systems are down, and which visits wait for them. Needs HandleTrouble in any
// unit; it is empty in good times.
func (s *Service) Outages(ctx context.Context, actor care.Actor) ([]Outage, error) {
	units, err := s.scope(actor, care.HandleTrouble, "")
	if err != nil {
		return nil, err
	}

	known, err := s.monitor.Health(ctx)
	if err != nil {
		return nil, err
	}

	now := s.now()

	var (
		out    []Outage
		visits []care.Snapshot
	)

	for _, h := range known {
		if (h.State != connector.Down && h.State != connector.Refused) || now.Sub(h.Since) < noticeAfter {
			continue
		}

		if visits == nil {
			window := care.Interval{Start: now.Add(-s.set.Grace - time.Hour), End: now.Add(outageAhead)}
			if visits, err = s.store.Visits(ctx, VisitQuery{Window: window, Units: ids(units)}); err != nil {
				return nil, err
			}
		}

		out = append(out, s.outageOf(h, visits))
	}

	slices.SortStableFunc(out, func(a, b Outage) int { return placeOf(a.Role) - placeOf(b.Role) })

	return out, nil
}

func (s *Service) outageOf(h connector.Health, visits []care.Snapshot) Outage {
	o := Outage{Role: h.Role, Name: roleDanish(h.Role), Since: h.Since, NextTry: h.NextTry}
	soon := s.now().Add(s.set.Fallback)

	for _, v := range visits {
		if !s.waitsFor(h.Role, v) {
			continue
		}

		o.Visits = append(o.Visits, v.ID)

		if v.Facts.Planned.Start.Before(soon) {
			o.Soon++
		}
	}

	o.Text = o.Name + " har ikke svaret siden " + clock(h.Since) + "."
	if h.State == connector.Refused {
		o.Text = o.Name + " har afvist vores adgang siden " + clock(h.Since) + ". Systemforvalteren skal se på det."
	}

	switch {
	case len(o.Visits) == 0:
		o.Text += " Intet går tabt, og vi prøver videre."
	case o.Soon == 0:
		o.Text += fmt.Sprintf(" %s venter. Intet går tabt, og vi prøver videre.", visitsDanish(len(o.Visits)))
	default:
		o.Text += fmt.Sprintf(" %s venter, og %d begynder snart. Ring i stedet, eller gør dem fysiske.", visitsDanish(len(o.Visits)), o.Soon)
	}

	return o
}

func visitsDanish(n int) string {
	if n == 1 {
		return "Et besøg"
	}

	return fmt.Sprintf("%d besøg", n)
}

// waitsFor reports whether a visit that is not over needs something of a system.
func (s *Service) waitsFor(role connector.Role, v care.Snapshot) bool {
	now := s.now()
	if !v.State.Active() || now.After(v.Facts.Planned.End) {
		return false
	}

	told := func(channel care.Channel) bool {
		return slices.ContainsFunc(v.Invitations, func(i care.Invitation) bool { return i.Channel == channel && i.Waiting() })
	}

	switch role {
	case connector.VideoRole:
		room, ok := v.LiveRoom()

		// A room that people can enter stands, whether the platform answers us or not.
		return !ok || room.State == care.RoomWanted || !room.Planned.Equal(v.Facts.Planned) ||
			room.State != care.RoomProvisioned && v.Facts.Planned.Start.Before(now.Add(s.set.Fallback))
	case connector.SMSRole:
		return told(care.SMS)
	case connector.MailRole:
		return told(care.Mail)
	case connector.RecordRole, connector.JournalRole, connector.LoginRole, connector.CitizenLoginRole, connector.OwnRole:
	}

	return false
}

// FallbackRequest asks for visits to be given in another way than by screen.
type FallbackRequest struct {
	Visits   []care.VisitID
	Delivery care.Delivery // ByPhone or Physical
}

// FallBack takes visits away from the screen in one go, because the platform is down or for any
// other reason: their citizens are told where they had been invited, rooms closed, the record put
// right. Calls on the spot, and visits that are not on their way to a screen any more, are left
// alone. Undo brings back those that have not begun. Needs HandleTrouble in the unit of every visit.
func (s *Service) FallBack(ctx context.Context, actor care.Actor, req FallbackRequest) (care.Batch, error) {
	kind, err := fallbackKind(req)
	if err != nil {
		return care.Batch{}, err
	}

	visits, err := s.store.Visits(ctx, VisitQuery{IDs: slices.Compact(slices.Sorted(slices.Values(req.Visits)))})
	if err != nil {
		return care.Batch{}, err
	}

	wanted, citizens := make([]care.VisitID, len(visits)), make([]care.CitizenID, len(visits))

	for i, v := range visits {
		if err := actor.Must(care.HandleTrouble, v.Facts.Unit); err != nil {
			return care.Batch{}, err
		}

		wanted[i], citizens[i] = v.ID, v.Facts.Citizen
	}

	reach, err := s.store.Citizens(ctx, slices.Compact(slices.Sorted(slices.Values(citizens))))
	if err != nil {
		return care.Batch{}, err
	}

	now := s.now()
	batch := care.Batch{ID: care.BatchID(randomID()), Kind: kind, By: actor.Employee, ByName: actor.Name, MadeAt: now}

	changed, err := s.store.UpdateVisits(ctx, wanted, &batch, func(v *care.Visit) (Effects, error) {
		seen := v.Snapshot()
		if !seen.State.Active() || seen.AdHoc() {
			return Effects{}, ErrSkip
		}

		citizen := reach[seen.Facts.Citizen]

		return s.effects(v, by(actor, "fall_back_"+string(req.Delivery)), func(v *care.Visit) error {
			return v.FallBack(batch.ID, req.Delivery, citizen.Channel(), now)
		})
	})

	switch {
	case err != nil:
		return care.Batch{}, err
	case len(changed) == 0:
		return care.Batch{}, care.NewError(care.Conflict, "Ingen af besøgene er på vej til at blive givet på skærm. Opdatér siden.")
	}

	batch.Visits = len(changed)

	return batch, nil
}

// FallbackPlan returns, in order of time, those of the given visits that FallBack would take away from
// the screen. Needs HandleTrouble in the unit of every visit.
func (s *Service) FallbackPlan(ctx context.Context, actor care.Actor, chosen []care.VisitID) ([]VisitView, error) {
	if len(chosen) == 0 {
		return nil, nil
	}

	visits, err := s.store.Visits(ctx, VisitQuery{IDs: slices.Compact(slices.Sorted(slices.Values(chosen)))})
	if err != nil {
		return nil, err
	}

	for _, v := range visits {
		if err := actor.Must(care.HandleTrouble, v.Facts.Unit); err != nil {
			return nil, err
		}
	}

	views, err := s.views(ctx, slices.DeleteFunc(visits, func(v care.Snapshot) bool { return !v.State.Active() || v.AdHoc() }))
	if err != nil {
		return nil, err
	}

	return views, s.shownVisits(ctx, actor, "see_fallback_plan", views)
}

func fallbackKind(req FallbackRequest) (care.BatchKind, error) {
	switch {
	case len(req.Visits) == 0:
		return "", care.NewError(care.Invalid, "Vælg mindst ét besøg.")
	case len(req.Visits) > maxConvert:
		return "", care.NewError(care.Invalid, fmt.Sprintf("Vælg højst %d besøg ad gangen.", maxConvert))
	case req.Delivery == care.ByPhone:
		return care.ToPhone, nil
	case req.Delivery == care.Physical:
		return care.BackPhysical, nil
	}

	return "", care.NewError(care.Invalid, "Vælg, om besøgene skal være fysiske eller på telefon.")
}

// CallInstead has a single visit given by telephone.
func (s *Service) CallInstead(ctx context.Context, actor care.Actor, id care.VisitID) error {
	v, err := s.planned(ctx, actor, id)
	if err != nil {
		return err
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "call_instead"), func(v *care.Visit) error {
		return v.CallInstead(channel, s.now())
	})
}

// askAfterCall has a person say how a visit went that was to be given by telephone: nobody else saw it.
func (s *Service) askAfterCall(ctx context.Context, job Job, v care.Snapshot) error {
	if wait := v.Facts.Planned.End.Add(s.set.Grace).Sub(s.now()); wait > 0 {
		return s.later("conclude", wait)
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		if _, followed := v.Snapshot().OpenFollowUp(); v.Snapshot().ToCall() && !followed {
			v.Raise(care.OutcomeTrouble, "", "Besøget skulle gives på telefon. Angiv, om I fik talt sammen.", false, s.now())
		}

		return nil
	})
}

// held is work that waits because a system does not answer.
type held struct {
	role connector.Role
	kind care.ExceptionKind
	near string // Danish: what to do when the visit begins soon; empty: nothing
	many string // Danish: what to say after many tries, when the system answers others
}

// tellOfWait puts work that waits on the exception list when a person has to do something about
// it: because the visit begins soon, or because it alone fails. That a system is down is told once,
// by Outages. It returns err, with which the job goes on.
func (s *Service) tellOfWait(ctx context.Context, job Job, h held, err error) error {
	v, unread := s.store.Visit(ctx, job.Visit)
	if unread != nil {
		return unread
	}

	text := ""
	_, down := s.monitor.Down(h.role)
	start := v.Facts.Planned.Start

	switch {
	case h.near != "" && start.Sub(s.now()) < s.set.Fallback:
		text = fmt.Sprintf(h.near, clock(start))
	case job.Attempt >= manyTries && !down:
		text = h.many
	default:
		return err
	}

	known := slices.ContainsFunc(v.Exceptions, func(e care.Exception) bool {
		return e.Open() && e.Kind == h.kind && e.About == job.Ref && e.Text == text
	})
	if known {
		return err
	}

	if raised := s.raise(ctx, job, h.kind, text, false); raised != nil {
		return raised
	}

	return err
}
