package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// maxConvert bounds one conversion (C21); a larger one is made in parts.
const maxConvert = 2000

// DryRun tells what a conversion would book, send and write, and does nothing.
func (s *Service) DryRun(ctx context.Context, actor care.Actor, chosen []care.VisitID) (Plan, error) {
	views, err := s.chosen(ctx, actor, chosen)
	if err != nil {
		return Plan{}, err
	}

	ids := make([]care.CitizenID, len(views))
	for i, view := range views {
		ids[i] = view.Citizen.ID
	}

	settings, err := s.store.IdentitySettings(ctx, ids)
	if err != nil {
		return Plan{}, err
	}

	var plan Plan

	for _, view := range views {
		item := s.planItem(actor, view, settings[view.Citizen.ID])
		plan.Items = append(plan.Items, item)

		if !item.Convert {
			plan.Skipped++

			continue
		}

		plan.Rooms++
		plan.Entries++

		switch item.Channel {
		case care.SMS:
			plan.SMS++
		case care.Mail:
			plan.Mails++
		}
	}

	plan.Waits = s.waits(plan.Rooms)

	return plan, s.shownVisits(ctx, actor, "see_plan", views)
}

// chosen reads the visits of a conversion and checks that the actor may convert in each unit.
func (s *Service) chosen(ctx context.Context, actor care.Actor, chosen []care.VisitID) ([]VisitView, error) {
	switch {
	case len(chosen) == 0:
		return nil, care.NewError(care.Invalid, "Vælg mindst ét besøg.")
	case len(chosen) > maxConvert:
		return nil, care.NewError(care.Invalid, fmt.Sprintf("Vælg højst %d besøg ad gangen.", maxConvert))
	}

	visits, err := s.store.Visits(ctx, VisitQuery{IDs: slices.Compact(slices.Sorted(slices.Values(chosen)))})
	if err != nil {
		return nil, err
	}

	for _, v := range visits {
		if err := actor.Must(care.Convert, v.Facts.Unit); err != nil {
			return nil, err
		}
	}

	return s.views(ctx, visits)
}

// planItem decides about a visit and tells what would be booked, sent and written.
func (s *Service) planItem(actor care.Actor, view VisitView, setting care.IdentitySetting) PlanItem {
	item := decide(actor, view)
	if !item.Convert {
		return item
	}

	planned := view.Visit.Facts.Planned
	item.Channel = view.Citizen.Channel()
	item.Writes = s.writesPlanned(view.Visit)
	item.Room = fmt.Sprintf("Rum %s til %s", clock(planned.Start), strings.TrimPrefix(clock(planned.End), "kl. "))
	item.Message = s.sample(view, s.coded(setting, care.Invitation{}))

	return item
}

// decide tells whether the actor may convert a visit now, and why not.
func decide(actor care.Actor, view VisitView) PlanItem {
	item := PlanItem{View: view}

	switch {
	case !view.Assessment.Possible:
		item.Why = why(view.Assessment, "Besøget kan ikke omlægges nu.")
	case view.Assessment.Level == care.Red && !actor.May(care.ConvertRed, view.Visit.Facts.Unit):
		item.Why = why(view.Assessment, "Reglerne er imod.") + " Det kræver en leders tilladelse."
	default:
		item.Convert = true
	}

	return item
}

// why returns the worst reason of an assessment.
func why(a care.Assessment, otherwise string) string {
	if len(a.Reasons) > 0 {
		return a.Reasons[0].Text
	}

	return otherwise
}

// sample is the message as it will be sent, with an empty place where the link or the code goes.
func (s *Service) sample(view VisitView, coded bool) string {
	channel := view.Citizen.Channel()
	if channel == "" {
		return ""
	}

	data := message.Data{
		Municipality: s.set.Name, Sender: s.set.Sender, Start: view.Visit.Facts.Planned.Start, Phone: s.set.Phone,
		Link: s.set.PublicURL + "/b/xxxxxxxxxxxxxxxxxxxxxxxxxxx", Names: []string{view.Citizen.Name}, Services: []string{view.Visit.Facts.Service},
	}
	place, shown := data.Link, s.set.PublicURL+"/b/…"

	if coded {
		data.Link, data.Door, data.DoorCode = "", s.set.ShortAddress, care.NewCode(strings.Repeat("0", VisitCodeDigits))
		place, shown = "000 000 000", "… … …"
	}

	draft, err := message.Compose(care.Invite, channel, data)
	if err != nil {
		return care.MessageOf(err)
	}

	return strings.ReplaceAll(draft.Text, place, shown)
}

// Convert turns the chosen visits into screen visits: one batch whose rooms, messages and entries
// the queue makes. Visits that can't be converted any more are left alone. Visits against the rules
// need ConvertRed and a reason. A large conversion waits for another employee's yes: then the batch has
// a time until which it waits, and nothing is booked (C21).
func (s *Service) Convert(ctx context.Context, actor care.Actor, req ConvertRequest) (care.Batch, error) {
	views, err := s.chosen(ctx, actor, req.Visits)
	if err != nil {
		return care.Batch{}, err
	}

	reason := strings.TrimSpace(req.RedReason)
	wanted := make([]care.VisitID, 0, len(views))

	for _, view := range views {
		if !decide(actor, view).Convert {
			continue
		}

		if view.Assessment.Level == care.Red && reason == "" {
			return care.Batch{}, care.NewError(care.Invalid, "Skriv, hvorfor besøg mod reglerne skal omlægges.")
		}

		wanted = append(wanted, view.Visit.ID)
	}

	if len(wanted) == 0 {
		return care.Batch{}, care.NewError(care.Conflict, "Ingen af de valgte besøg kan omlægges nu. Opdatér dagen, og vælg igen.")
	}

	batch := care.Batch{ID: care.BatchID(randomID()), By: actor.Employee, ByName: actor.Name, MadeAt: s.now(), Reason: reason}
	if s.waits(len(wanted)) {
		return s.ask(ctx, batch, views, wanted)
	}

	return s.convert(ctx, batch, wanted, AuditRow{Actor: string(actor.Employee), Action: "convert", Detail: reason})
}

func (s *Service) convert(ctx context.Context, batch care.Batch, wanted []care.VisitID, audit AuditRow) (care.Batch, error) {
	now := s.now()

	changed, err := s.store.UpdateVisits(ctx, wanted, &batch, func(v *care.Visit) (Effects, error) {
		if state := v.State(); (state != care.Listed && state != care.Reverted) || !v.Planned().Start.After(now) {
			return Effects{}, ErrSkip // somebody was first
		}

		return s.effects(v, &audit, func(v *care.Visit) error {
			if err := v.Choose(batch.ID, s.recordingOf(v.Snapshot().Facts)); err != nil {
				return err
			}

			return v.StartBooking(care.RoomRef(randomID()), now)
		})
	})
	if err != nil {
		return care.Batch{}, err
	}

	if len(changed) == 0 {
		return care.Batch{}, care.NewError(care.Conflict, "De valgte besøg er allerede omlagt af en anden.")
	}

	batch.Visits = len(changed)

	return batch, nil
}

// Progress tells how far a conversion is.
func (s *Service) Progress(ctx context.Context, actor care.Actor, id care.BatchID) (Progress, error) {
	if !actor.MayAnywhere(care.Convert) {
		return Progress{}, actor.Must(care.Convert, care.EveryUnit)
	}

	batch, err := s.store.Batch(ctx, id)
	if err != nil {
		return Progress{}, err
	}

	return s.progress(ctx, batch)
}

func (s *Service) progress(ctx context.Context, batch care.Batch) (Progress, error) {
	counts, err := s.store.BatchCounts(ctx, batch.ID)
	if err != nil {
		return Progress{}, err
	}

	p := Progress{Batch: batch, Counts: counts, State: batch.State(counts)}
	begun := batch.BegunAt()

	if state, ok := batch.Unbooked(s.now()); ok {
		p.State = state

		return p, nil
	}

	if !batch.UndoneAt.IsZero() {
		begun = batch.UndoneAt
	}

	if batch.Kind.Fallback() == batch.UndoneAt.IsZero() { // away from the screen
		p.Total = counts.Total
		p.Done = counts.Total - counts.Active - counts.Closing - counts.Restoring
	} else {
		p.Total = 3 * counts.Total
		p.Done = counts.Booked + counts.Invited + counts.Recorded
	}

	p.Done = max(0, min(p.Done, p.Total))

	switch p.State {
	case care.BatchDone, care.BatchPartlyFailed, care.BatchUndone:
		p.Done = p.Total
	case care.BatchRunning, care.BatchUndoing:
		if spent := s.now().Sub(begun); p.Done > 0 && spent > 0 {
			p.Left = (spent * time.Duration(p.Total-p.Done) / time.Duration(p.Done)).Round(time.Second)
		}
	case care.BatchWaiting, care.BatchRefused, care.BatchWithdrawn, care.BatchExpired:
	}

	return p, nil
}

// Batches returns the newest conversions.
func (s *Service) Batches(ctx context.Context, actor care.Actor) ([]Progress, error) {
	if !actor.MayAnywhere(care.Convert) {
		return nil, actor.Must(care.Convert, care.EveryUnit)
	}

	batches, err := s.store.RecentBatches(ctx, 50)
	if err != nil {
		return nil, err
	}

	out := make([]Progress, len(batches))
	for i, b := range batches {
		if out[i], err = s.progress(ctx, b); err != nil {
			return nil, err
		}
	}

	return out, nil
}

// Undo takes a conversion back: rooms are closed, citizens told, the record restored. Visits that
// have ended stay as they are. Needs Undo in the unit of every visit.
func (s *Service) Undo(ctx context.Context, actor care.Actor, id care.BatchID) error {
	visits, err := s.store.Visits(ctx, VisitQuery{Batch: id})
	if err != nil {
		return err
	}

	if len(visits) == 0 {
		return care.NewError(care.NotFound, "Omlægningen findes ikke.")
	}

	for _, v := range visits {
		if err := actor.Must(care.Undo, v.Facts.Unit); err != nil {
			return err
		}
	}

	return s.store.UndoBatch(ctx, id, actor.Employee, s.now())
}

// undoVisit makes one visit of an undone conversion physical again, and gives one of an undone
// fallback by screen again.
func (s *Service) undoVisit(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	batch, err := s.store.Batch(ctx, care.BatchID(job.Ref))
	if err != nil {
		return err
	}

	return s.update(ctx, job.Visit, &AuditRow{Actor: "system", Action: "undo", Detail: job.Ref}, func(v *care.Visit) error {
		now := s.now()

		switch {
		case v.Snapshot().Batch != batch.ID:
			return nil // another one has it now
		case batch.Kind.Fallback() && v.State() == care.Reverted && v.Planned().Start.After(now):
			return v.BackToScreen(care.RoomRef(randomID()), now)
		case !batch.Kind.Fallback() && v.State().Active():
			return v.Revert(channel, now)
		}

		return nil
	})
}
