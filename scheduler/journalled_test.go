package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

const keepDays = 30

func auditor() care.Actor { return actor("REV", care.Auditor) }

func forgetting(s *setup) { s.set.KeepDays = keepDays }

// heldVisit is a visit by screen that took place with a relative, whose result the record has.
func heldVisit(t *testing.T, changes ...change) *rig {
	t.Helper()

	r := booked(t, []string{nancy}, []string{"A-1"}, append([]change{forgetting}, changes...)...)
	r.join(relative())
	r.meet(host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12)))
	r.known("A-1")
	r.until(on(11, 0))

	if v := r.visit("A-1"); v.State != care.Completed || v.NeedsPerson() {
		t.Fatalf("%s %v", v.State, v.Exceptions)
	}

	return r
}

// passes lets whole days go by, and has forgotten what is due then.
func (r *rig) passes(days int) {
	r.tb.Helper()
	r.until(r.clock.Now().Add(time.Duration(days) * 24 * time.Hour))
	must(r.tb, r.Forget(r.tb.Context()))
}

func (r *rig) figures() scheduler.Statistics {
	r.tb.Helper()

	out, err := r.Statistics(r.tb.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay, By: []measure.Dimension{measure.ByService}})
	must(r.tb, err)

	return out
}

// TestForget: nothing goes before its time; then the visit keeps its figures and a tombstone that can be
// checked against the record, and the citizen, the contact and the list's file are gone.
func TestForget(t *testing.T) {
	t.Parallel()

	var journal *file.Journal

	r := heldVisit(t, intoFile(&journal))
	before, figures := r.visit("A-1"), r.figures()

	r.passes(keepDays - 1)

	if v := r.visit("A-1"); v.Deleted() {
		t.Fatal("deleted too early")
	}

	view, err := r.Visit(t.Context(), planner(), before.ID)
	if err != nil || !view.Deletion.On || view.Deletion.Due.IsZero() || view.Deletion.Why != "" {
		t.Errorf("before: %+v, %v", view.Deletion, err)
	}

	r.passes(2)

	after := r.visitByID(before.ID)
	if !after.Deleted() || !after.Facts.Citizen.IsStandIn() || after.Facts.Service != "Medicinadministration" || len(after.Legs)+len(after.Participants) != 0 {
		t.Fatalf("after: %+v", after)
	}

	if diff := cmp.Diff(figures, r.figures(), cmpopts.IgnoreUnexported(measure.Table{}, measure.Column{})); diff != "" {
		t.Errorf("the figures differ (-before +after):\n%s", diff)
	}

	citizens, err := r.store.Citizens(t.Context(), []care.CitizenID{before.Facts.Citizen})
	if err != nil || len(citizens) != 0 {
		t.Errorf("the citizen is still here: %v, %v", citizens, err)
	}

	if lists, err := journal.Lists(t.Context()); err != nil || len(lists) != 0 {
		t.Errorf("the journal keeps %v, %v", lists, err)
	}

	if _, _, err := r.store.ListFile(t.Context(), before.Facts.List); care.KindOf(err) != care.NotFound {
		t.Errorf("the list's file: %v", err)
	}

	r.stone(before)
	r.frozen(before)
}

// TestForgetService: of a service that the configuration does not name nothing stays.
func TestForgetService(t *testing.T) {
	t.Parallel()

	for _, named := range []struct{ name, want string }{{"Medicin*", ""}, {"Medicin", ""}, {"medicinadministration ", "medicinadministration"}} {
		name, want := named.name, named.want
		r := heldVisit(t, func(s *setup) {
			s.set.Rules.ScreenServices, s.set.RecordFirst = nil, nil
			s.set.Statistics.Services = []string{name}
		})

		r.passes(keepDays + 1)

		if v := r.visit("A-1"); !v.Deleted() || v.Facts.Service != want {
			t.Errorf("%q keeps %q, want %q", name, v.Facts.Service, want)
		}
	}
}

// stone checks the tombstone of a visit.
func (r *rig) stone(before care.Snapshot) {
	r.tb.Helper()

	ctx := r.tb.Context()

	view, err := r.Visit(ctx, planner(), before.ID)
	must(r.tb, err)

	stone := view.Deletion.Tombstone
	if stone == nil || stone.Rule != care.ByReceipt || stone.KeepDays != keepDays || stone.Source != before.Source || len(stone.Receipts) != len(before.Receipts()) || stone.Receipts[0].RecordID == "" {
		r.tb.Fatalf("tombstone %+v", stone)
	}

	for _, c := range []struct {
		number, service string
		want            bool
	}{
		{"251248-9996", "Medicinadministration", true},
		{"2512489996", " Medicinadministration ", true},
		{"210300-9996", "Medicinadministration", false},
		{"251248-9996", "Bostøtte", false},
	} {
		if same, err := r.CheckTombstone(ctx, auditor(), before.ID, c.number, c.service); err != nil || same != c.want {
			r.tb.Errorf("%+v: %t, %v", c, same, err)
		}
	}

	list, err := r.Tombstones(ctx, auditor(), scheduler.TombstoneQuery{Limit: 10})
	if err != nil || len(list.List) != 1 || list.List[0].Visit != before.ID || list.More {
		r.tb.Errorf("%+v, %v", list, err)
	}

	_, err = r.Tombstones(ctx, planner(), scheduler.TombstoneQuery{})
	refused(r.tb, err, care.Forbidden)
}

// frozen checks that nothing changes a deleted visit, neither another round nor the same list again.
func (r *rig) frozen(before care.Snapshot) {
	r.tb.Helper()

	was := r.visitByID(before.ID)

	r.passes(1)
	r.load(list(strings.Replace(nancy, "Nancy Ann", "Nancy", 1)))
	refused(r.tb, r.HoldDeletion(r.tb.Context(), leader(), before.ID, "Klage"), care.Gone)

	if now := r.visitByID(before.ID); now.Version != was.Version || now.Facts.Citizen != was.Facts.Citizen {
		r.tb.Errorf("changed: %+v", now.Facts)
	}

	if _, err := r.store.Tombstone(r.tb.Context(), before.ID); err != nil {
		r.tb.Error(err)
	}
}

// TestForgetNot: what is not through, or held back, or switched off, stays.
func TestForgetNot(t *testing.T) {
	t.Parallel()

	change := func(do func(*care.Visit) error) func(r *rig) {
		return func(r *rig) {
			r.tb.Helper()
			must(r.tb, r.store.UpdateVisit(r.tb.Context(), r.visit("A-1").ID, func(v *care.Visit) (scheduler.Effects, error) {
				return scheduler.Effects{}, do(v)
			}))
		}
	}

	for name, hold := range map[string]func(r *rig){
		"switched off": nil,
		"a hold": func(r *rig) {
			must(r.tb, r.HoldDeletion(r.tb.Context(), leader(), r.visit("A-1").ID, "Den pårørende klager."))
		},
		"an exception": change(func(v *care.Visit) error {
			v.Raise(care.PersonTrouble, "", "Nogen var der.", false, on(10, 0))

			return nil
		}),
		"an entry that waits": change(func(v *care.Visit) error {
			v.RecordPlanned(on(10, 0))

			return nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := heldVisit(t, func(s *setup) {
				if hold == nil {
					s.set.KeepDays = 0
				}
			})
			if hold != nil {
				hold(r)
			}

			r.clock.to(on(11, 0).AddDate(0, 3, 0))
			must(t, r.Forget(t.Context()))

			if r.visit("A-1").Deleted() {
				t.Error("deleted all the same")
			}
		})
	}
}

// TestForgetPhysical: a physical visit goes a time after its end, and its citizen with it, but not one who
// has another visit, or a visit by screen that the record can't be told of.
func TestForgetPhysical(t *testing.T) {
	t.Parallel()

	later := with(with(niels, colID, "A-9"), 0, "20-12-2026")
	r := newRig(t, forgetting, func(s *setup) {
		s.set.RecordElse = scheduler.RecordRule{Recording: care.Recording{Why: "Journalen har ingen måde at få det at vide på."}}
	})
	r.load(list(nancy, bruno, niels))
	r.load(list(later))

	nancys, brunos, nielses := r.visit("A-1"), r.visit("A-2"), r.visit("A-4")

	r.convert("A-1")
	r.meet(host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12)))
	r.known("A-1")
	r.until(on(20, 0))
	r.passes(keepDays + 1)

	for _, c := range []struct {
		visit   care.Snapshot
		visible bool
		citizen bool
	}{{nancys, true, true}, {brunos, false, false}, {nielses, false, true}} {
		citizens, err := r.store.Citizens(t.Context(), []care.CitizenID{c.visit.Facts.Citizen})
		if v := r.visitByID(c.visit.ID); v.Deleted() == c.visible || (len(citizens) == 1) != c.citizen || err != nil {
			t.Errorf("%s deleted %t, citizens %v, %v", c.visit.Source.ID, v.Deleted(), citizens, err)
		}
	}

	r.endsTheCourse(nancys)
}

// endsTheCourse ends the course of the citizen of an untold visit, and sees everything go.
func (r *rig) endsTheCourse(v care.Snapshot) {
	r.tb.Helper()

	ctx, id := r.tb.Context(), v.Facts.Citizen

	view, err := r.Visit(ctx, planner(), v.ID)
	if err != nil || !strings.Contains(view.Deletion.Why, "forløb") {
		r.tb.Errorf("%+v, %v", view.Deletion, err)
	}

	refused(r.tb, r.EndCourse(ctx, planner(), id, "Flyttet"), care.Forbidden)
	refused(r.tb, r.EndCourse(ctx, leader(), id, " "), care.Invalid)
	must(r.tb, r.EndCourse(ctx, leader(), id, "Flyttet"))
	refused(r.tb, r.EndCourse(ctx, leader(), id, "Flyttet"), care.Conflict)
	must(r.tb, r.ReopenCourse(ctx, leader(), id))
	must(r.tb, r.EndCourse(ctx, leader(), id, "Flyttet"))

	r.passes(keepDays - 1)

	if r.visitByID(v.ID).Deleted() {
		r.tb.Error("deleted before the end of the time")
	}

	r.passes(2)

	stone, err := r.store.Tombstone(ctx, v.ID)
	if err != nil || stone.Rule != care.ByCourse || len(stone.Receipts) != 0 || !r.visitByID(v.ID).Deleted() {
		r.tb.Errorf("%+v, %v", stone, err)
	}

	if citizens, err := r.store.Citizens(ctx, []care.CitizenID{id}); err != nil || len(citizens) != 0 {
		r.tb.Errorf("%v, %v", citizens, err)
	}
}
