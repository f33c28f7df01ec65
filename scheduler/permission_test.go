package scheduler_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// useCase is one that is about a single visit, citizen or unit, tried so that nothing changes where
// it is allowed.
type useCase struct {
	name  string
	needs []care.Permission // one of them
	try   func(ctx context.Context, r *rig, who care.Actor) error
}

func useCases(visit care.Snapshot) []useCase {
	id, citizen := visit.ID, visit.Facts.Citizen

	return []useCase{
		{"Day", []care.Permission{care.SeeDay}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.Day(ctx, who, scheduler.DayQuery{Day: theDay, Unit: "oest"})
			return err
		}},
		{"Visit", []care.Permission{care.SeeDay, care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.Visit(ctx, who, id)
			return err
		}},
		{"Lobby", []care.Permission{care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.Lobby(ctx, who, id)
			return err
		}},
		{"HostLink", []care.Permission{care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.HostLink(ctx, who, id)
			return err
		}},
		{"Admit", []care.Permission{care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			return r.Admit(ctx, who, id, "nobody", true)
		}},
		{"Refuse", []care.Permission{care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			return r.Refuse(ctx, who, id, "nobody")
		}},
		{"DryRun", []care.Permission{care.Convert}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.DryRun(ctx, who, []care.VisitID{id})
			return err
		}},
		{"FallbackPlan", []care.Permission{care.HandleTrouble}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.FallbackPlan(ctx, who, []care.VisitID{id})
			return err
		}},
		{"Settle", []care.Permission{care.HandleTrouble}, func(ctx context.Context, r *rig, who care.Actor) error {
			return r.Settle(ctx, who, id, "unknown")
		}},
		{"Retry", []care.Permission{care.HandleTrouble}, func(ctx context.Context, r *rig, who care.Actor) error {
			return r.Retry(ctx, who, id, "unknown")
		}},
		{"Statistics", []care.Permission{care.SeeStatistics}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.Statistics(ctx, who, scheduler.StatisticsQuery{From: theDay, To: theDay, Unit: "oest"})
			return err
		}},
		{"CitizenCard", []care.Permission{care.SeeDay, care.HostVisits}, func(ctx context.Context, r *rig, who care.Actor) error {
			_, err := r.CitizenCard(ctx, who, citizen)
			return err
		}},
	}
}

// TestRolesInUnits tries every use case about one visit of "oest" as every role in the visit's own
// unit, in another one, in the unit above both, and in every unit.
func TestRolesInUnits(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)

	tree, faults := care.NewUnitTree([]care.Unit{{ID: "hjemmeplejen"}, {ID: "oest", Parent: "hjemmeplejen"}, {ID: "vest", Parent: "hjemmeplejen"}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}

	for _, c := range useCases(r.visit("A-1")) {
		for _, role := range care.Roles() {
			for unit, covers := range map[care.UnitID]bool{"oest": true, "vest": false, "hjemmeplejen": true, care.EveryUnit: true, "nabo": false} {
				who := care.Actor{Employee: "X", Grants: tree.Expand([]care.Grant{{Unit: unit, Role: role}})}
				allowed := covers && slices.ContainsFunc(c.needs, func(p care.Permission) bool { return slices.Contains(care.RolesWith(p), role) })

				if err := c.try(t.Context(), r, who); (kindOf(err) == care.Forbidden) == allowed {
					t.Errorf("%s as %s in %s: %v, allowed %v", c.name, role, unit, err, allowed)
				}
			}
		}
	}
}

// TestEveryReadingIsAudited: whoever is shown a citizen's data stands in the audit with it, once an
// hour for one session, whether it was a single visit or a list.
func TestEveryReadingIsAudited(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	visit := r.visit("A-1")
	host := care.Actor{Employee: visit.Facts.Employee, Grants: []care.Grant{{Unit: "oest", Role: care.Caregiver}, {Unit: "oest", Role: care.Leader}, {Unit: "oest", Role: care.Planner}}}
	day := func(f func(ctx context.Context) error) func(context.Context, *rig, care.Actor) error {
		return func(ctx context.Context, _ *rig, _ care.Actor) error { return f(ctx) }
	}

	readings := map[string]func(context.Context, *rig, care.Actor) error{
		"see_my_day": day(func(ctx context.Context) error { _, err := r.MyDay(ctx, host, theDay); return err }),
		"see_my_citizens": day(func(ctx context.Context) error {
			_, err := r.MyCitizens(ctx, host)
			return err
		}),
	}

	actions := map[string]string{"Day": "see_day", "Visit": "see_visit", "Lobby": "see_lobby", "DryRun": "see_plan", "FallbackPlan": "see_fallback_plan", "CitizenCard": "see_citizen", "HostLink": "open_host_link"}
	for _, c := range useCases(visit) {
		if action := actions[c.name]; action != "" {
			readings[action] = c.try
		}
	}

	if len(readings) != len(actions)+2 {
		t.Fatalf("%d readings", len(readings))
	}

	session := func(name string) context.Context {
		return scheduler.WithOrigin(t.Context(), scheduler.Origin{Address: "192.0.2.7", Session: name, Level: care.Substantial, Method: scheduler.ByLogin})
	}

	for action, read := range readings {
		must(t, read(session("first"), r, host))

		if n := len(r.about(visit.Facts.Citizen, action, "first")); n != 1 {
			t.Errorf("%s: %d rows about the citizen", action, n)
		}
	}

	poll := readings["see_day"]
	must(t, poll(session("first"), r, host))
	must(t, poll(session("second"), r, host))
	r.clock.to(r.clock.Now().Add(time.Hour))
	must(t, poll(session("first"), r, host))

	if first, second := len(r.about(visit.Facts.Citizen, "see_day", "first")), len(r.about(visit.Facts.Citizen, "see_day", "second")); first != 2 || second != 1 {
		t.Errorf("a page that loads itself: %d and %d rows", first, second)
	}
}

// about returns the audit rows of an action about a citizen in a session, and checks where they say
// that it came from.
func (r *rig) about(citizen care.CitizenID, action, session string) []scheduler.AuditEntry {
	r.tb.Helper()

	rows, err := r.store.Audit(r.tb.Context(), scheduler.AuditQuery{Citizen: citizen})
	must(r.tb, err)

	return slices.DeleteFunc(rows, func(e scheduler.AuditEntry) bool {
		if session != "" && e.Action == action && (e.Origin.Address == "" || e.Origin.Level != care.Substantial) {
			r.tb.Errorf("%s does not say from where: %+v", action, e.Origin)
		}

		return e.Action != action || e.Origin.Session != session
	})
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	citizen := r.visit("A-1").Facts.Citizen
	auditor := actor("REV", care.Auditor)

	for _, role := range care.Roles() {
		_, err := r.AuditTrail(t.Context(), actor("X", role), scheduler.AuditQuery{})
		_, other := r.AuditedCitizen(t.Context(), actor("X", role), "0104909995")

		if forbidden := role != care.Auditor; (kindOf(err) == care.Forbidden) != forbidden || (kindOf(other) == care.Forbidden) != forbidden {
			t.Errorf("%s: %v, %v", role, err, other)
		}
	}

	_, err := r.AuditTrail(t.Context(), actor("X", care.Auditor, "oest"), scheduler.AuditQuery{})
	refused(t, err, care.Forbidden) // the audit has no units

	known, err := r.store.Citizens(t.Context(), []care.CitizenID{citizen})
	must(t, err)

	found, err := r.AuditedCitizen(t.Context(), auditor, known[citizen].CPR.Reveal())
	if err != nil || found != citizen {
		t.Errorf("the citizen: %s, %v", found, err)
	}

	_, err = r.AuditedCitizen(t.Context(), auditor, "9999999999")
	refused(t, err, care.Invalid)

	first, err := r.AuditTrail(t.Context(), auditor, scheduler.AuditQuery{Citizen: citizen, Limit: 1})
	must(t, err)

	if len(first.Entries) != 1 || first.Next == 0 {
		t.Fatalf("the first page: %+v", first)
	}

	next, err := r.AuditTrail(t.Context(), auditor, scheduler.AuditQuery{Citizen: citizen, Before: first.Next})
	must(t, err)

	if len(next.Entries) == 0 || next.Entries[0].ID >= first.Entries[0].ID || next.Next != 0 || next.Citizens[citizen].ID != citizen {
		t.Errorf("the next page: %+v", next)
	}

	if n := len(r.about(citizen, "see_audit", "")); n != 3 { // the first one, of the role that may, showed the citizen too
		t.Errorf("looking is audited %d times", n)
	}
}
