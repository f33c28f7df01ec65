package scheduler

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/scheduler/care"
)

// waits reports whether a conversion of so many visits needs another employee's yes.
func (s *Service) waits(visits int) bool { return s.set.ApproveFrom > 0 && visits >= s.set.ApproveFrom }

// ask stores a large conversion that waits for another employee's yes, until ApproveIn is over or the
// first of its visits begins. Nothing is booked.
func (s *Service) ask(ctx context.Context, batch care.Batch, views []VisitView, wanted []care.VisitID) (care.Batch, error) {
	batch.Visits, batch.ExpiresAt = len(wanted), batch.MadeAt.Add(s.set.ApproveIn)

	chosen := make(map[care.VisitID]bool, len(wanted))
	for _, id := range wanted {
		chosen[id] = true
	}

	for _, v := range views {
		if start := v.Visit.Facts.Planned.Start; chosen[v.Visit.ID] && start.Before(batch.ExpiresAt) {
			batch.ExpiresAt = start
		}
	}

	row := AuditRow{At: batch.MadeAt, Actor: string(batch.By), Action: "ask_conversion", Detail: fmt.Sprintf("batch %s, visits %d", batch.ID, batch.Visits), Reason: batch.Reason}

	return batch, s.store.AskBatch(ctx, batch, wanted, Effects{Audit: []AuditRow{row}})
}

// Approval is a conversion that needs another employee's yes, as an employee sees it.
type Approval struct {
	Batch care.Batch
	State care.BatchState // waiting, refused, withdrawn or expired
	Plan  Plan            // what it would do now; empty unless it waits
	// MayDecide: the actor may approve and refuse it. Why tells in Danish why not.
	MayDecide   bool
	Why         string
	MayWithdraw bool
}

// Approval returns a conversion that waits for another employee's yes, or did not get it, with what it
// would do. NotFound for every other. Needs Convert in the unit of every visit.
func (s *Service) Approval(ctx context.Context, actor care.Actor, id care.BatchID) (Approval, error) {
	if !actor.MayAnywhere(care.Convert) {
		return Approval{}, actor.Must(care.Convert, care.EveryUnit)
	}

	batch, err := s.store.Batch(ctx, id)
	if err != nil {
		return Approval{}, err
	}

	out := Approval{Batch: batch}

	state, ok := batch.Unbooked(s.now())
	if !ok {
		return Approval{}, care.NewError(care.NotFound, "Omlægningen venter ikke på godkendelse.")
	}

	if out.State = state; state != care.BatchWaiting {
		return out, nil
	}

	visits, err := s.store.AskedVisits(ctx, id)
	if err != nil {
		return Approval{}, err
	}

	if out.Plan, err = s.DryRun(ctx, actor, visits); err != nil {
		return Approval{}, err
	}

	out.MayWithdraw = batch.By == actor.Employee
	if _, err = batch.Approve(actor.Employee, s.now()); err == nil {
		err = redsAllowed(actor, out.Plan.Items)
	}

	out.MayDecide, out.Why = err == nil, care.MessageOf(err)

	return out, nil
}

// redsAllowed refuses who may not convert against the rules what would be.
func redsAllowed(actor care.Actor, items []PlanItem) error {
	for _, i := range items {
		if a := i.View.Assessment; a.Possible && a.Level == care.Red && !actor.May(care.ConvertRed, i.View.Visit.Facts.Unit) {
			return care.NewError(care.Forbidden, "Nogle af besøgene er mod reglerne. En leder skal godkende omlægningen.")
		}
	}

	return nil
}

// Approve lets a conversion begin that waits for it. Visits that can't be converted any more are left
// alone, and so are those that turned out to be against the rules since it was asked for. Needs Convert
// in the unit of every visit, ConvertRed where visits are against the rules, and another employee than
// the one who asked. Conflict when somebody decided before, or it is too late.
func (s *Service) Approve(ctx context.Context, actor care.Actor, id care.BatchID) (care.Batch, error) {
	batch, views, err := s.waitingFor(ctx, actor, id)
	if err != nil {
		return care.Batch{}, err
	}

	if batch, err = batch.Approve(actor.Employee, s.now()); err != nil {
		return care.Batch{}, err
	}

	var (
		wanted []care.VisitID
		items  = make([]PlanItem, 0, len(views))
	)

	for _, view := range views {
		item := decide(actor, view)
		items = append(items, item)

		if item.Convert && (view.Assessment.Level != care.Red || batch.Reason != "") {
			wanted = append(wanted, view.Visit.ID)
		}
	}

	if err := redsAllowed(actor, items); err != nil {
		return care.Batch{}, err
	}

	if len(wanted) == 0 {
		return care.Batch{}, care.NewError(care.Conflict, "Ingen af besøgene kan omlægges længere. Afvis omlægningen, eller lad den udløbe.")
	}

	return s.convert(ctx, batch, wanted, AuditRow{
		Actor: string(actor.Employee), Action: "approve_conversion", Detail: "batch " + string(batch.ID) + ", asked by " + string(batch.By), Reason: batch.Reason,
	})
}

// waitingFor reads a batch and the visits that it waits with, and checks that the actor may convert each.
func (s *Service) waitingFor(ctx context.Context, actor care.Actor, id care.BatchID) (care.Batch, []VisitView, error) {
	if !actor.MayAnywhere(care.Convert) {
		return care.Batch{}, nil, actor.Must(care.Convert, care.EveryUnit)
	}

	batch, err := s.store.Batch(ctx, id)
	if err != nil {
		return care.Batch{}, nil, err
	}

	if state, ok := batch.Unbooked(s.now()); !ok || state != care.BatchWaiting {
		return batch, nil, nil // the batch itself tells why it can't be decided
	}

	visits, err := s.store.AskedVisits(ctx, id)
	if err != nil {
		return care.Batch{}, nil, err
	}

	views, err := s.chosen(ctx, actor, visits)

	return batch, views, err
}

// RefuseConversion ends a conversion that waits; reason tells who asked why. Needs what Approve needs.
func (s *Service) RefuseConversion(ctx context.Context, actor care.Actor, id care.BatchID, reason string) error {
	batch, _, err := s.waitingFor(ctx, actor, id)
	if err != nil {
		return err
	}

	if batch, err = batch.Refuse(actor.Employee, reason, s.now()); err != nil {
		return err
	}

	return s.end(ctx, batch, "refuse_conversion")
}

// WithdrawConversion ends a conversion that waits, by who asked for it.
func (s *Service) WithdrawConversion(ctx context.Context, actor care.Actor, id care.BatchID) error {
	batch, err := s.store.Batch(ctx, id)
	if err != nil {
		return err
	}

	if batch, err = batch.Withdraw(actor.Employee, s.now()); err != nil {
		return err
	}

	return s.end(ctx, batch, "withdraw_conversion")
}

func (s *Service) end(ctx context.Context, batch care.Batch, action string) error {
	row := AuditRow{At: batch.DecidedAt, Actor: string(batch.DecidedBy), Action: action, Detail: "batch " + string(batch.ID) + ", asked by " + string(batch.By), Reason: batch.Answer}

	return s.store.DecideBatch(ctx, batch, Effects{Audit: []AuditRow{row}})
}
