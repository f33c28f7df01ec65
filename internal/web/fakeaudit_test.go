package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// AuditTrail plays a short audit; the second page has one row.
func (f *fakeUse) AuditTrail(_ context.Context, _ care.Actor, q scheduler.AuditQuery) (scheduler.AuditView, error) {
	if err := f.call("AuditTrail"); err != nil {
		return scheduler.AuditView{}, err
	}

	f.mu.Lock()
	f.audited = q
	f.mu.Unlock()

	from := scheduler.Origin{Address: "192.0.2.7", Session: "0a1b2c3d4e5f", Level: care.Substantial, Method: scheduler.ByLogin}
	alarm := scheduler.Origin{Address: "192.0.2.9", Method: scheduler.ByEmergency}
	rows := []scheduler.AuditEntry{
		{ID: 4, AuditRow: scheduler.AuditRow{At: testNow(), Actor: "PLA", Action: "enter_emergency", Reason: "=Login er nede", Origin: alarm}},
		{ID: 3, AuditRow: scheduler.AuditRow{At: testNow().Add(-time.Minute), Actor: "MSK", Action: "see_visit", Visit: "b01", Citizen: "c1", Origin: from}},
		{ID: 2, AuditRow: scheduler.AuditRow{At: testNow().Add(-time.Hour), Actor: "PLA", Action: "see_day", Detail: "citizens 143", Origin: from}, Shown: 143},
		{ID: 1, AuditRow: scheduler.AuditRow{At: testNow().Add(-2 * time.Hour), Actor: "system", Action: "conclude", Citizen: "c1"}},
	}

	out := scheduler.AuditView{Entries: rows[:3], Citizens: map[care.CitizenID]care.Citizen{"c1": {ID: "c1", Name: "Sverre Mosebryggersen"}}, Next: 2}
	if q.Before > 0 {
		out.Entries, out.Next = rows[3:], 0
	}

	return out, nil
}

func (f *fakeUse) AuditedCitizen(_ context.Context, _ care.Actor, number string) (care.CitizenID, error) {
	if err := f.call("AuditedCitizen"); err != nil {
		return "", err
	}

	if number != "010490-9995" {
		return "", care.NewError(care.NotFound, "Vi kender ingen borger med det nummer.")
	}

	return "c1", nil
}
