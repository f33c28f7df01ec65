package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkAuditTrail reads back who did what, with what the context tells of where it came from.
func checkAuditTrail(t *testing.T, b Bench) {
	t.Helper()

	origin := scheduler.Origin{Address: "2001:db8::7", Session: "0a1b2c3d4e5f", Level: care.HighAssurance, Method: scheduler.ByLogin}
	own := scheduler.Origin{Address: "192.0.2.7", Method: scheduler.ByEmergency}
	ctx := scheduler.WithOrigin(t.Context(), origin)
	rows := []scheduler.AuditRow{
		{At: Now(), Actor: "PLA", Action: "see_day", Citizens: []care.CitizenID{"c1", "c2"}, Detail: "citizens 2"},
		{At: Now().Add(time.Minute), Actor: "MSK", Action: "see_visit", Visit: "v1", Citizen: "c1"},
		{At: Now().Add(24 * time.Hour), Actor: "PLA", Action: "convert", Reason: "Torre Mosebryggersen ønsker det", Origin: own},
	}

	must(t, b.Store.Record(ctx, rows[:2]))
	must(t, b.Store.Record(t.Context(), rows[2:]))

	want := []scheduler.AuditEntry{{AuditRow: rows[2]}, {AuditRow: rows[1]}, {AuditRow: rows[0], Shown: 2}}
	want[1].Origin, want[2].Origin, want[2].Citizens = origin, origin, nil

	all, err := b.Store.Audit(t.Context(), scheduler.AuditQuery{})
	must(t, err)

	if diff := cmp.Diff(want, all, cmpopts.IgnoreFields(scheduler.AuditEntry{}, "ID")); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}

	for name, c := range map[string]struct {
		query scheduler.AuditQuery
		want  []string
	}{
		"citizen, alone and in lists": {scheduler.AuditQuery{Citizen: "c1"}, []string{"see_visit", "see_day"}},
		"citizen in a list":           {scheduler.AuditQuery{Citizen: "c2"}, []string{"see_day"}},
		"citizen of a day":            {scheduler.AuditQuery{Citizen: "c1", From: care.DayOf(Now()).Add(1)}, nil},
		"employee":                    {scheduler.AuditQuery{Actor: "PLA"}, []string{"convert", "see_day"}},
		"day":                         {scheduler.AuditQuery{From: care.DayOf(Now()), To: care.DayOf(Now())}, []string{"see_visit", "see_day"}},
		"page":                        {scheduler.AuditQuery{Limit: 1}, []string{"convert"}},
		"next page":                   {scheduler.AuditQuery{Before: all[0].ID, Limit: 1}, []string{"see_visit"}},
	} {
		got, err := b.Store.Audit(t.Context(), c.query)
		must(t, err)

		var actions []string
		for _, e := range got {
			actions = append(actions, e.Action)
		}

		if diff := cmp.Diff(c.want, actions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
