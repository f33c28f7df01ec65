package web_test

import (
	"context"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// fakeReconcile is which state the page of reconciliations is in.
type fakeReconcile string

// The states; zero: it was done and found something.
const (
	neverReconciled   fakeReconcile = "never"
	reconcileOff      fakeReconcile = "off"
	reconcileByHand   fakeReconcile = "by hand"
	reconciling       fakeReconcile = "running"
	reconcileWaits    fakeReconcile = "waiting"
	reconcileGaveUp   fakeReconcile = "gave up"
	reconcileRefused  fakeReconcile = "refused"
	reconciledAllWell fakeReconcile = "well"
)

// findings are one of each kind that the page shows otherwise, at the fake's visits.
func (f *fakeUse) findings() []scheduler.FindingView {
	now := testNow()
	n := 0
	of := func(kind care.DriftKind, state care.FindingState, ours, theirs string) scheduler.FindingView {
		v := f.rows[n%len(f.rows)]
		n++

		return scheduler.FindingView{
			Finding: care.Finding{
				Drift: care.Drift{Kind: kind, Visit: v.Visit.ID, Ours: ours, Theirs: theirs}, ID: care.FindingID("f" + string(kind)), Unit: "oest", Day: testDay, State: state,
				FirstSeen: now.Add(-50 * time.Minute), LastSeen: now.Add(-5 * time.Minute),
			},
			Terms: kind.Terms(), Visit: v, Unit: v.Unit,
		}
	}

	moved := of(care.DriftMoved, care.FindingOpen, "23. november 2026 09.00–09.15", "23. november 2026 11.30–11.45")
	gone := of(care.DriftRoomGone, care.FindingMending, "Rum 23. november 2026 09.15–09.30", "Findes ikke")
	gone.MendBy, gone.MendAt = "system", now.Add(-time.Minute)
	category := of(care.DriftCategory, care.FindingOpen, "Planlagt skærmbesøg", "Planlagt besøg")
	category.Note = "Det så anderledes ud, da vi ville rette det. Se på det igen."
	doubled := of(care.DriftEntryDoubled, care.FindingOpen, "Én registrering", "To eller flere")
	employee := of(care.DriftEmployee, care.FindingAccepted, "MSK", "TKR")
	employee.ClosedBy, employee.ClosedAt, employee.Reason = "PLA", now.Add(-20*time.Minute), "De bytter i dag"
	orphan := of(care.DriftRoomOrphan, care.FindingOpen, "Intet rum", "Rummet står der")

	return []scheduler.FindingView{moved, gone, category, doubled, employee, orphan}
}

// settledFindings are those of the last week.
func (f *fakeUse) settledFindings() []scheduler.FindingView {
	all := f.findings()
	mended, gone := all[0], all[2]
	mended.State, mended.ClosedAt, mended.ClosedBy = care.FindingMended, testNow().Add(-time.Hour), "PLA"
	gone.State, gone.ClosedAt, gone.ClosedBy, gone.Note = care.FindingGone, testNow().Add(-2*time.Hour), "system", ""

	return []scheduler.FindingView{mended, gone}
}

func runs() []scheduler.Run {
	now := testNow()
	night := scheduler.Run{ID: "r1", Kind: scheduler.NightRun, State: scheduler.RunDone, By: "system", Citizens: 80, Looked: 80, Visits: 132, Found: 4, AskedAt: now.Add(-4 * time.Hour), BegunAt: now.Add(-4 * time.Hour), DoneAt: now.Add(-4*time.Hour + 3*time.Minute)}
	asked := night
	asked.ID, asked.Kind, asked.By, asked.Found, asked.AskedAt, asked.DoneAt = "r2", scheduler.ManualRun, "PLA", 6, now.Add(-7*time.Minute), now.Add(-5*time.Minute)
	night.Auto = 3
	half := night
	half.ID, half.Kind, half.Auto, half.State, half.Looked, half.Visits, half.Tries, half.AskedAt, half.DoneAt = "r0", scheduler.ShiftRun, 0, scheduler.RunIncomplete, 31, 44, 12, now.Add(-16*time.Hour), now.Add(-4*time.Hour)
	half.Text = "Omsorgsjournalen svarer ikke. Det, vi ikke har set, er ikke vurderet."

	return []scheduler.Run{asked, night, half}
}

func (f *fakeUse) Reconciliation(_ context.Context, actor care.Actor, filter scheduler.FindingFilter) (scheduler.ReconcileView, error) {
	all := runs()
	out := scheduler.ReconcileView{
		Can: true, Auto: true, Runs: all, Last: all[0], Live: make(map[care.Gravity]int), Units: []care.Unit{{ID: "oest", Name: "Øst"}, {ID: "vest", Name: "Vest"}},
		Polled: scheduler.Run{ID: "p1", Kind: scheduler.PollRun, State: scheduler.RunDone, DoneAt: testNow().Add(-time.Minute)},
	}

	active := func(change func(*scheduler.Run)) {
		r := all[0]
		r.State, r.DoneAt, r.Looked = scheduler.RunRunning, time.Time{}, 34
		change(&r)
		out.Runs, out.Active, out.Last = append([]scheduler.Run{r}, all[1:]...), r, all[1]
	}

	f.mu.Lock()
	state := f.reconcile
	f.mu.Unlock()

	switch state {
	case neverReconciled:
		out.Runs, out.Last, out.Polled = nil, scheduler.Run{}, scheduler.Run{}

		return out, f.fail
	case reconcileOff:
		return scheduler.ReconcileView{}, f.fail
	case reconciledAllWell:
		return out, f.fail
	case reconcileByHand:
		out.Auto = false
	case reconciling:
		active(func(*scheduler.Run) {})
	case reconcileWaits:
		active(func(r *scheduler.Run) {
			r.State, r.NextTry, r.Text = scheduler.RunIncomplete, testNow().Add(4*time.Minute), "Omsorgsjournalen svarer ikke. Det, vi ikke har set, er ikke vurderet."
		})
	case reconcileGaveUp:
		out.Runs, out.Last = all[2:], scheduler.Run{}
	case reconcileRefused:
		out.Runs[0].State, out.Runs[0].Refused, out.Runs[0].Looked, out.Last = scheduler.RunIncomplete, 3, 77, all[1]
		out.Runs[0].Text = "Omsorgsjournalen vil ikke vise 3 af borgerne. Bed systemforvalteren om at se på vores adgang."
	}

	f.list(&out, actor, filter)

	return out, f.fail
}

// list fills in the differences that the filter lets through.
func (f *fakeUse) list(out *scheduler.ReconcileView, actor care.Actor, filter scheduler.FindingFilter) {
	found := f.findings()
	for _, v := range found {
		if !actor.MayAnywhere(care.HandleTrouble) && v.Kind != care.DriftRoomOrphan {
			continue
		}

		switch v.State { //nolint:exhaustive // one that is being repaired is nobody's any more
		case care.FindingAccepted:
			out.Accepted++
		case care.FindingOpen:
			out.Live[v.Terms.Gravity]++
		}
	}

	if filter.Settled {
		found = f.settledFindings()
	}

	for _, v := range found {
		v.Bare = !actor.MayAnywhere(care.HandleTrouble)
		if passes(v, filter) && (!v.Bare || v.Kind == care.DriftRoomOrphan) {
			out.Findings = append(out.Findings, v)
		}
	}

	out.All = len(out.Findings)
	if filter.First > 0 {
		out.All = 60
	}
}

func passes(v scheduler.FindingView, f scheduler.FindingFilter) bool {
	return (f.Kind == "" || f.Kind == v.Kind) && (f.Gravity == 0 || f.Gravity == v.Terms.Gravity) &&
		(f.Visit == "" || f.Visit == v.Finding.Visit) && (f.Day == "" || f.Day == v.Day)
}

func (f *fakeUse) Finding(_ context.Context, _ care.Actor, id care.FindingID) (scheduler.FindingView, error) {
	for _, v := range f.findings() {
		if v.ID == id {
			return v, f.fail
		}
	}

	return scheduler.FindingView{}, care.NewError(care.NotFound, "Forskellen findes ikke længere på listen.")
}

func (f *fakeUse) FindingsOf(_ context.Context, actor care.Actor, id care.VisitID) ([]care.Finding, error) {
	var out []care.Finding

	for _, v := range f.findings() {
		if v.Finding.Visit == id && actor.MayAnywhere(care.HandleTrouble) {
			out = append(out, v.Finding)
		}
	}

	return out, f.fail
}

func (f *fakeUse) Differences(_ context.Context, actor care.Actor, day care.Day) (int, error) {
	if day != testDay || actor.Employee == "NY" {
		return 0, f.fail
	}

	return 5, f.fail
}

func (f *fakeUse) AskRun(_ context.Context, _ care.Actor) (scheduler.Run, error) {
	if f.reconcile == reconcileOff {
		return scheduler.Run{}, care.NewError(care.Conflict, "Afstemning er slået fra: omsorgsjournalen kan ikke fortælle, hvordan besøgene står.")
	}

	return runs()[0], f.call("AskRun")
}

func (f *fakeUse) RunOf(_ context.Context, _ care.Actor, _ scheduler.RunID) (scheduler.Run, error) {
	return runs()[0], f.fail
}

func (f *fakeUse) MendFinding(_ context.Context, _ care.Actor, id care.FindingID, overwrite bool) error {
	if care.DriftKind(strings.TrimPrefix(string(id), "f")).Terms().Remedy.Overwrites() && !overwrite {
		return care.NewError(care.Invalid, "Rettelsen overskriver det, som nogen har skrevet i journalen. Bekræft, at det er i orden.")
	}

	return f.call("MendFinding " + string(id))
}

func (f *fakeUse) AcceptFinding(_ context.Context, _ care.Actor, id care.FindingID, reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	case id == "f"+care.FindingID(care.DriftRoomGone):
		return care.NewError(care.Conflict, "Forskellen er ved at blive rettet. Opdatér siden om lidt.")
	}

	return f.call("AcceptFinding " + string(id) + " " + reason)
}

func (f *fakeUse) ReopenFinding(_ context.Context, _ care.Actor, id care.FindingID) error {
	return f.call("ReopenFinding " + string(id))
}

func (f *fakeUse) Badges(_ context.Context, actor care.Actor) (scheduler.Badges, error) {
	if actor.Employee == "NY" {
		return scheduler.Badges{}, nil
	}

	return scheduler.Badges{Differences: 2, FollowUps: 1}, nil
}

func (f *fakeUse) Counted(_ context.Context, actor care.Actor, unit care.UnitID) (scheduler.Counted, error) {
	out := scheduler.Counted{Run: runs()[0], Units: []care.Unit{{ID: "oest", Name: "Øst"}, {ID: "vest", Name: "Vest"}}}

	switch {
	case actor.Employee == "NY":
		return scheduler.Counted{}, f.fail
	case unit == "vest":
		return out, f.fail
	}

	line := func(category string, own, record, unknown int, visits ...scheduler.VisitView) scheduler.CountedVisits {
		l := scheduler.CountedVisits{CategoryCount: scheduler.CategoryCount{Day: testDay, Unit: "oest", Category: category, Own: own, Record: record, Unknown: unknown}, UnitName: "Øst", Visits: visits}
		for _, v := range visits {
			l.CategoryCount.Visits = append(l.CategoryCount.Visits, v.Visit.ID)
		}

		return l
	}

	ours := f.rows[3]
	ours.Visit.State = care.RoomIsBooked

	out.Lines = []scheduler.CountedVisits{
		line("Planlagt skærmbesøg", 12, 11, 0, ours), line("Gennemført skærmbesøg", 8, 8, 0), line("Planlagt besøg", 0, 1, 0, ours), line("Telefonisk", 2, 3, 1, f.rows[2]),
	}

	return out, f.fail
}
