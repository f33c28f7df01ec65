package scheduler_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// twoEyes is a municipality where conversions of three visits or more need a second employee.
func twoEyes(s *setup) { s.set.ApproveFrom, s.set.ApproveIn = 3, 24*time.Hour }

func colleague() care.Actor { return actor("KOLL", care.Planner) }

// asked has somebody ask for the conversion of four visits.
func asked(t *testing.T, r *rig) (care.Batch, []care.VisitID) {
	t.Helper()
	r.load(list(nancy, bruno, kaja, niels))

	var ids []care.VisitID
	for _, v := range r.all() {
		ids = append(ids, v.ID)
	}

	batch, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: ids})
	must(t, err)

	if batch.ExpiresAt.IsZero() || batch.Visits != 4 {
		t.Fatalf("the conversion does not wait: %+v", batch)
	}

	return batch, ids
}

// nothingBooked fails when anything of a conversion was made.
func (r *rig) nothingBooked() {
	r.tb.Helper()
	r.work()

	for _, v := range r.all() {
		if v.State != care.Listed || len(v.Rooms)+len(v.Invitations)+len(v.Entries) > 0 {
			r.tb.Errorf("%s is %s", v.Source.ID, v.State)
		}
	}

	if n := r.vdx.Counts().RoomsLive; n != 0 || len(r.vdx.SMS()) != 0 {
		r.tb.Errorf("%d rooms, %d messages", n, len(r.vdx.SMS()))
	}
}

// TestASecondEmployeeApproves: nothing is booked before; who asked can't say yes; the first yes counts.
func TestASecondEmployeeApproves(t *testing.T) {
	t.Parallel()

	r := newRig(t, twoEyes)
	batch, ids := asked(t, r)
	r.nothingBooked()

	plan, err := r.DryRun(t.Context(), planner(), ids)
	must(t, err)

	if !plan.Waits {
		t.Error("the plan does not tell that somebody else has to say yes")
	}

	_, err = r.Approve(t.Context(), planner(), batch.ID)
	refused(t, err, care.Forbidden)
	refused(t, r.RefuseConversion(t.Context(), planner(), batch.ID, "Nej"), care.Forbidden)

	_, err = r.Approve(t.Context(), actor("KOLL", care.Planner, "oest"), batch.ID) // one visit is in another unit
	refused(t, err, care.Forbidden)

	_, err = r.Approve(t.Context(), caregiver("MSK"), batch.ID)
	refused(t, err, care.Forbidden)
	r.nothingBooked()

	own, err := r.Approval(t.Context(), planner(), batch.ID)
	must(t, err)

	other, err := r.Approval(t.Context(), colleague(), batch.ID)
	must(t, err)

	if own.MayDecide || !own.MayWithdraw || own.Why == "" || !other.MayDecide || other.MayWithdraw || other.Plan.Rooms != 4 {
		t.Errorf("%+v, %+v", own, other)
	}

	if p, err := r.Progress(t.Context(), planner(), batch.ID); err != nil || p.State != care.BatchWaiting || p.Total != 0 {
		t.Errorf("%+v, %v", p, err)
	}

	var (
		group sync.WaitGroup
		errs  = make([]error, 4)
	)

	for i := range errs {
		group.Go(func() {
			_, errs[i] = r.Approve(t.Context(), actor(care.EmployeeID("K"+string(rune('A'+i))), care.Planner), batch.ID)
		})
	}

	group.Wait()

	if n := len(slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })); n != 3 {
		t.Errorf("four approve at once: %v", errs)
	}

	r.work()

	if n := r.vdx.Counts().RoomsLive; n != 4 {
		t.Errorf("%d rooms", n)
	}

	if p, err := r.Progress(t.Context(), planner(), batch.ID); err != nil || p.State != care.BatchDone || p.Batch.By != "PLAN" || p.Batch.Decision != care.Approved {
		t.Errorf("%+v, %v", p, err)
	}

	_, err = r.Approval(t.Context(), planner(), batch.ID)
	refused(t, err, care.NotFound)
	refused(t, r.WithdrawConversion(t.Context(), planner(), batch.ID), care.Conflict)
	must(t, r.Undo(t.Context(), planner(), batch.ID))

	if got := r.audited("ask_conversion", "approve_conversion"); strings.Count(got, "ask_conversion") != 1 || strings.Count(got, "asked by PLAN") != 4 {
		t.Errorf("the audit says %q", got)
	}
}

// TestConversionsThatAreNotMade: refused with a reason, withdrawn, or too late. Nothing is booked, and the
// visits can be converted again.
func TestConversionsThatAreNotMade(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		end  func(r *rig, id care.BatchID) error
		want care.BatchState
	}{
		"refused": {func(r *rig, id care.BatchID) error {
			return r.RefuseConversion(r.tb.Context(), colleague(), id, " For mange ")
		}, care.BatchRefused},
		"withdrawn": {func(r *rig, id care.BatchID) error { return r.WithdrawConversion(r.tb.Context(), planner(), id) }, care.BatchWithdrawn},
		"expired":   {func(r *rig, _ care.BatchID) error { r.clock.to(on(9, 0)); return nil }, care.BatchExpired}, // the first visit begins
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t, twoEyes)
			batch, ids := asked(t, r)

			refused(t, r.RefuseConversion(t.Context(), colleague(), batch.ID, "  "), care.Invalid)
			refused(t, r.WithdrawConversion(t.Context(), colleague(), batch.ID), care.Forbidden)
			must(t, c.end(r, batch.ID))

			a, err := r.Approval(t.Context(), colleague(), batch.ID)
			if err != nil || a.State != c.want || len(a.Plan.Items) != 0 || a.MayDecide || a.MayWithdraw {
				t.Errorf("%+v, %v", a, err)
			}

			_, err = r.Approve(t.Context(), colleague(), batch.ID)
			refused(t, err, care.Conflict)
			refused(t, r.WithdrawConversion(t.Context(), planner(), batch.ID), care.Conflict)
			r.nothingBooked()

			if c.want != care.BatchExpired {
				_, err = r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: ids[:2]}) // too few to wait
				must(t, err)
			}
		})
	}
}

// TestVisitsChangeWhileAConversionWaits: what was given to somebody else, or went against the rules
// meanwhile, is left alone; a leader has to approve what is against the rules.
func TestVisitsChangeWhileAConversionWaits(t *testing.T) {
	t.Parallel()

	r := newRig(t, twoEyes)
	batch, _ := asked(t, r)

	_, err := r.Convert(t.Context(), colleague(), scheduler.ConvertRequest{Visits: []care.VisitID{r.visit("A-1").ID}})
	must(t, err)

	r.load(list(nancy, with(bruno, colService, "Personlig hygiejne"), kaja, niels))

	_, err = r.Approve(t.Context(), colleague(), batch.ID)
	refused(t, err, care.Forbidden)

	done, err := r.Approve(t.Context(), leader(), batch.ID)
	must(t, err)

	if done.Visits != 2 || r.visit("A-2").State != care.Listed || r.visit("A-1").Batch == batch.ID {
		t.Errorf("%d visits, A-2 is %s", done.Visits, r.visit("A-2").State)
	}
}
