package scheduler_test

import (
	"slices"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestEmployeeLinks ties employees to citizens: by a visit, or by a word with a reason, for some days.
func TestEmployeeLinks(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	citizen := r.citizen("A-1")
	west := actor("VES", care.Caregiver, "vest")
	boss := leader()

	knows := func(a care.Actor) bool {
		mine, err := r.MyCitizens(t.Context(), a)
		must(t, err)

		i := slices.IndexFunc(mine, func(k scheduler.KnownCitizen) bool { return k.Citizen.ID == citizen })
		_, err = r.CitizenCard(t.Context(), a, citizen)

		if (i >= 0) != (err == nil) {
			t.Errorf("the list and the card differ: %d, %v", i, err)
		}

		return i >= 0 && mine[i].Mine
	}

	if knows(west) || knows(caregiver("MSK")) {
		t.Fatal("a link stands before it is made")
	}

	by := func(id care.EmployeeID, unit care.UnitID) scheduler.LinkRequest {
		return scheduler.LinkRequest{Citizen: citizen, Employee: id, Unit: unit}
	}

	refused(t, r.LinkEmployee(t.Context(), planner(), by("MSK", "oest")), care.Forbidden)
	refused(t, r.LinkEmployee(t.Context(), leader("vest"), by("MSK", "oest")), care.Forbidden)

	for name, req := range map[string]scheduler.LinkRequest{
		"employee":      {Citizen: citizen, Unit: "oest"},
		"day":           {Citizen: citizen, Employee: "MSK", Unit: "oest", From: "i morgen"},
		"days":          {Citizen: citizen, Employee: "MSK", Unit: "oest", From: "2026-11-30", To: "2026-11-29"},
		"over":          {Citizen: citizen, Employee: "MSK", Unit: "oest", From: "2026-01-01", To: "2026-02-01"},
		"unit":          {Citizen: citizen, Employee: "MSK", Unit: "syd"},
		"every unit":    {Citizen: citizen, Employee: "MSK", Unit: "*"},
		"without visit": {Citizen: citizen, Employee: "VES", Unit: "vest"},
	} {
		if err := r.LinkEmployee(t.Context(), boss, req); care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}

	refused(t, r.LinkEmployee(t.Context(), boss, scheduler.LinkRequest{Citizen: "nobody", Employee: "MSK", Unit: "oest"}), care.Forbidden)

	must(t, r.LinkEmployee(t.Context(), boss, by("MSK", "oest")))
	refused(t, r.LinkEmployee(t.Context(), boss, by("MSK", "oest")), care.Conflict)

	word := by("VES", "vest")
	word.Reason, word.From, word.To = "Fast kontaktperson efter aftale", "2026-11-22", "2026-11-23"
	must(t, r.LinkEmployee(t.Context(), boss, word))

	if !knows(west) || !knows(caregiver("MSK")) || knows(caregiver("LBH")) {
		t.Error("the links do not hold, or hold for others")
	}

	r.linksSeen(citizen)
	r.endings(citizen, knows)
}

// linksSeen checks who is shown which links.
func (r *rig) linksSeen(citizen care.CitizenID) {
	t := r.tb
	t.Helper()

	boss, west := leader(), actor("VES", care.Caregiver, "vest")

	list, err := r.EmployeeLinks(t.Context(), boss, citizen)
	must(t, err)

	links := list.Links
	if !list.Card || list.Citizen.Name == "" || len(links) != 2 || links[0].Proof != care.ByOverride || links[0].Reason == "" || links[1].Proof != care.ProvenByVisit || !links[1].CanEnd || links[1].UnitName != "Hjemmeplejen Øst" {
		t.Errorf("%+v", links)
	}

	if list, err = r.EmployeeLinks(t.Context(), west, citizen); err != nil || len(list.Links) != 1 || list.Links[0].CanEnd {
		t.Errorf("%+v, %v", list, err)
	}

	if list, err = r.EmployeeLinks(t.Context(), actor("ADM", care.Administrator, "oest"), citizen); err != nil || list.Card || list.Citizen.Name == "" {
		t.Errorf("an administrator sees %+v, %v", list, err)
	}

	if _, err = r.EmployeeLinks(t.Context(), boss, "nobody"); care.KindOf(err) != care.Forbidden {
		t.Error(err)
	}

	if _, err = r.EmployeeLinks(t.Context(), actor("NOR", care.Caregiver, "nord"), citizen); care.KindOf(err) != care.Forbidden {
		t.Error(err)
	}
}

func (r *rig) endings(citizen care.CitizenID, knows func(care.Actor) bool) {
	t := r.tb
	t.Helper()

	boss, west := leader(), actor("VES", care.Caregiver, "vest")

	list, err := r.EmployeeLinks(t.Context(), boss, citizen)
	must(t, err)

	own := list.Links[1].ID
	refused(t, r.EndEmployeeLink(t.Context(), leader("vest"), citizen, own), care.Forbidden)
	refused(t, r.EndEmployeeLink(t.Context(), boss, "other", own), care.NotFound)
	must(t, r.EndEmployeeLink(t.Context(), boss, citizen, own))
	must(t, r.EndEmployeeLink(t.Context(), boss, citizen, own))

	if knows(caregiver("MSK")) || !knows(west) {
		t.Error("the wrong link ended")
	}

	r.clock.to(on(24, 0)) // the day after the last one

	if knows(west) {
		t.Error("a link outlives its last day")
	}

	if n := r.audits(); n["link_employee"] != 2 || n["end_employee_link"] != 1 || n["see_employee_links"] == 0 {
		t.Errorf("%v", n)
	}
}
