package scheduler_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// find has a town compared, in which one thing was changed.
func (r *town) find(kind care.DriftKind) scheduler.FindingView {
	r.tb.Helper()
	r.compare()

	return r.only(kind)
}

// TestAcceptedAndReopened: a difference may stand for a reason, comes back when that is taken back, and
// both are in the audit once however often they are asked for.
func TestAcceptedAndReopened(t *testing.T) {
	t.Parallel()

	r := newTown(t, 1)
	must(t, r.nexus.Categorise(r.refs[0], "Planlagt telefonopkald"))
	f := r.find(care.DriftCategory)
	ctx := t.Context()

	badges := func(want int) {
		t.Helper()

		n, err := r.Differences(ctx, planner(), f.Day)
		must(t, err)

		view, err := r.Reconciliation(ctx, planner(), scheduler.FindingFilter{})
		must(t, err)

		if n != want || view.Live[care.Important] != want || view.Accepted != 1-want {
			t.Errorf("%d on the day, %v live, %d accepted; want %d", n, view.Live, view.Accepted, want)
		}
	}

	badges(1)
	must(t, r.ReopenFinding(ctx, planner(), f.ID)) // it is open
	refused(t, r.AcceptFinding(ctx, planner(), f.ID, " "), care.Invalid)
	refused(t, r.AcceptFinding(ctx, planner(), f.ID, "010490-9989 vil det"), care.Invalid)
	refused(t, r.AcceptFinding(ctx, planner("vest"), f.ID, "Aftalt"), care.Forbidden)
	must(t, r.AcceptFinding(ctx, planner(), f.ID, "Aftalt"))
	must(t, r.AcceptFinding(ctx, planner(), f.ID, "Aftalt"))
	refused(t, r.AcceptFinding(ctx, planner(), f.ID, "Noget andet"), care.Conflict)
	badges(0)

	refused(t, r.ReopenFinding(ctx, planner("vest"), f.ID), care.Forbidden)
	must(t, r.ReopenFinding(ctx, planner(), f.ID))
	must(t, r.ReopenFinding(ctx, planner(), f.ID))
	badges(1)

	must(t, r.MendFinding(ctx, planner(), f.ID, true))
	refused(t, r.ReopenFinding(ctx, planner(), f.ID), care.Conflict)
	r.until(r.clock.Now().Add(2 * time.Minute))
	refused(t, r.ReopenFinding(ctx, planner(), f.ID), care.Conflict)
	refused(t, r.ReopenFinding(ctx, planner(), "nej"), care.NotFound)

	for action, want := range map[string]int{"accept_difference": 1, "reopen_difference": 1, "mend_difference": 1, "mend_record_category": 1} {
		if got := len(r.auditOf(action)); got != want {
			t.Errorf("%s is in the audit %d times, want %d", action, got, want)
		}
	}
}

// TestPhoneRepairHasItsOwnName: the audit does not say that a register was imported.
func TestPhoneRepairHasItsOwnName(t *testing.T) {
	t.Parallel()

	r := newTown(t, 1)
	must(t, r.nexus.EditCitizen(r.cprs[0], func(c *nexussim.Citizen) { c.Mobile = "20999999" }))
	must(t, r.MendFinding(t.Context(), planner(), r.find(care.DriftPhone).ID, false))
	r.until(r.clock.Now().Add(2 * time.Minute))

	if own, imported := r.auditOf("mend_citizen_phone"), r.auditOf("import_citizens"); len(own) != 1 || len(imported) != 0 {
		t.Errorf("the audit has %v and %v", own, imported)
	}
}

// TestStrayRoomsForThePlatform: who runs the platform sees stray rooms without whose they were, may
// close them, and nothing else.
func TestStrayRoomsForThePlatform(t *testing.T) {
	t.Parallel()

	r := newTown(t, 2)
	ref, lasting := r.ref(), r.lasting()

	must(t, r.MakePhysical(t.Context(), planner(), r.at(0).ID))
	r.until(r.clock.Now().Add(20 * time.Minute))
	r.bookAgain(ref, lasting)
	must(t, r.nexus.Move(r.refs[1], on(15, 0), on(15, 15)))

	ctx := t.Context()
	run, err := r.AskRun(ctx, administrator())
	must(t, err)
	r.work()

	if run, err = r.RunOf(ctx, administrator(), run.ID); err != nil || run.State != scheduler.RunDone || run.Found != 2 {
		t.Fatalf("%+v (%v)", run, err)
	}

	view, err := r.Reconciliation(ctx, administrator(), scheduler.FindingFilter{})
	must(t, err)

	if len(view.Findings) != 1 || view.Findings[0].Kind != care.DriftRoomOrphan || !view.Findings[0].Bare || view.Findings[0].Visit.Visit.ID != "" {
		t.Fatalf("the administrator sees %+v", drifts(view.Findings))
	}

	refusedAll(t, r)
	must(t, r.MendFinding(ctx, administrator(), view.Findings[0].ID, false))
	r.until(r.clock.Now().Add(2 * time.Minute))

	after, err := r.Finding(ctx, administrator(), view.Findings[0].ID)
	must(t, err)

	if after.State != care.FindingMended || r.vdx.Counts().RoomsLive != 1 {
		t.Errorf("the room is %s", after.State)
	}

	badges, err := r.Badges(ctx, planner())
	must(t, err)

	none, err := r.Badges(ctx, administrator())
	must(t, err)

	if badges.Differences != 1 || none != (scheduler.Badges{}) {
		t.Errorf("the menu counts %+v and %+v", badges, none)
	}
}

// refusedAll: everything about people is closed to who handles rooms, and all of it to a caregiver.
func refusedAll(t *testing.T, r *town) {
	t.Helper()

	ctx := t.Context()

	all, err := r.Reconciliation(ctx, planner(), scheduler.FindingFilter{Kind: care.DriftMoved})
	must(t, err)

	moved := all.Findings[0].ID
	if found, err := r.FindingsOf(ctx, administrator(), r.at(1).ID); err != nil || len(found) != 0 {
		t.Errorf("the administrator sees %v of a visit (%v)", found, err)
	}

	_, finding := r.Finding(ctx, administrator(), moved)
	_, counted := r.Counted(ctx, administrator(), "")
	_, view := r.Reconciliation(ctx, caregiver("MSK"), scheduler.FindingFilter{})
	_, run := r.AskRun(ctx, caregiver("MSK"))

	for _, err := range []error{
		finding, counted, view, run, r.MendFinding(ctx, administrator(), moved, true), r.AcceptFinding(ctx, administrator(), moved, "Aftalt"),
		r.MendFinding(ctx, planner("vest"), moved, true), r.MendFinding(ctx, caregiver("MSK"), moved, true),
	} {
		refused(t, err, care.Forbidden)
	}
}
