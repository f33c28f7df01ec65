package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler/care"
)

// TestGrants: a privilege counts by its whole URI, and limited ones never reach further than their
// units.
func TestGrants(t *testing.T) {
	t.Parallel()

	const (
		plan = "http://sluse.example/roles/usersystemrole/planner/1"
		east = "1b1b1b1b-0000-4000-8000-000000000001"
		west = "1b1b1b1b-0000-4000-8000-000000000002"
		team = "1b1b1b1b-0000-4000-8000-000000000003"
	)

	roles := []config.Role{
		{Group: "Planlæggere", Role: care.Leader, Unit: "oest"},
		{Privilege: plan, Role: care.Planner, Unit: care.EveryUnit},
		{Privilege: "urn:team", Role: care.Caregiver, Unit: "oest"},
	}
	units := []config.Unit{{ID: "oest", OrgUUID: east}, {ID: "vest", OrgUUID: west}, {ID: "hold", OrgUUID: team, Parent: "oest"}, {ID: "uden"}}

	for name, test := range map[string]struct {
		groups []string
		want   []care.Grant
	}{
		"nothing":            {groups: []string{""}},
		"group":              {[]string{"Planlæggere"}, []care.Grant{{Unit: "oest", Role: care.Leader}}},
		"part of a group":    {groups: []string{"Planlæggere2", "Plan"}},
		"everywhere":         {[]string{plan}, []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}}},
		"another version":    {groups: []string{plan + "0", plan[:len(plan)-1] + "2"}},
		"one unit":           {[]string{plan + " " + west}, []care.Grant{{Unit: "vest", Role: care.Planner}}},
		"unknown unit":       {groups: []string{plan + " 1b1b1b1b-0000-4000-8000-00000000000f"}},
		"no unit":            {groups: []string{plan + " "}},
		"below its own line": {[]string{"urn:team " + team}, []care.Grant{{Unit: "hold", Role: care.Caregiver}}},
		"beside its line":    {groups: []string{"urn:team " + west}},
	} {
		if diff := cmp.Diff(test.want, grants(roles, units)(test.groups)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
