package web_test

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) Connections(context.Context, care.Actor) (scheduler.ConnectionsView, error) {
	now := testNow()
	out := scheduler.ConnectionsView{
		At: now,
		Systems: []scheduler.ConnectionView{
			{Name: "Videoplatformen", State: "Virker", Text: "Svarer, som den plejer.", Health: connector.Health{Role: connector.VideoRole, State: connector.Healthy, Since: now.Add(-40 * time.Hour), InFlight: 3, Limit: 12, Agreed: 20, LastSuccess: now, Calls: 184, P50: 140 * time.Millisecond, P95: 380 * time.Millisecond}},
			{Name: "SMS", State: "Virker", Text: "Svarer, som den plejer.", Health: connector.Health{Role: connector.SMSRole, State: connector.Healthy, Since: now.Add(-40 * time.Hour), Limit: 8, Agreed: 8, LastSuccess: now.Add(-time.Minute), Calls: 12, P50: 90 * time.Millisecond, P95: 120 * time.Millisecond}},
			{Name: "E-mail", State: "Ikke brugt", Text: "Der har ikke været kald endnu.", Health: connector.Health{Role: connector.MailRole, State: connector.Unused}},
			{Name: "Omsorgsjournalen", State: "Virker", Text: "Svarer, som den plejer.", Health: connector.Health{Role: connector.RecordRole, State: connector.Healthy, Since: now.Add(-3 * time.Hour), Limit: 4, Agreed: 4, LastSuccess: now, LastError: now.Add(-3 * time.Hour), ErrorKind: connector.Unavailable, Calls: 30, P50: 210 * time.Millisecond, P95: 900 * time.Millisecond}, Problem: "Intet svar den 23.11.2026 kl. 05.20 (write)"},
			{Name: "Sagsjournalen", State: "Virker", Text: "Svarer, som den plejer.", Health: connector.Health{Role: connector.JournalRole, State: connector.Healthy, Since: now.Add(-40 * time.Hour), Limit: 2, Agreed: 2, LastSuccess: now.Add(-20 * time.Minute), Calls: 6, P50: 340 * time.Millisecond, P95: 520 * time.Millisecond}},
		},
		Queues: []scheduler.Backlog{{Queue: "video", Due: 0, Running: 2, Later: 310, Next: now.Add(10 * time.Minute)}, {Queue: "message", Due: 3, Running: 1, Oldest: now.Add(-time.Minute)}, {Queue: "record"}, {Queue: "work", Later: 41, Next: now.Add(time.Hour)}},
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	if f.outage {
		out.Systems[0] = scheduler.ConnectionView{
			Name: "Videoplatformen", State: "Svarer ikke", Text: "Har ikke svaret siden kl. 08.02. Opgaverne venter, og intet går tabt. Vi prøver igen kl. 08.21.", Advice: "Kontakt leverandøren, hvis det varer ved.",
			Health:  connector.Health{Role: connector.VideoRole, State: connector.Down, Since: now.Add(-18 * time.Minute), NextTry: now.Add(time.Minute), Limit: 1, Agreed: 20, Waiting: 4, LastSuccess: now.Add(-18 * time.Minute), LastError: now, ErrorKind: connector.Unavailable, Calls: 5, Failures: 5},
			Problem: "Intet svar den 23.11.2026 kl. 08.20 (book)",
		}
		out.Systems[3] = scheduler.ConnectionView{Name: "Omsorgsjournalen", State: "Afviser adgang", Text: "Afviser vores adgang. Opgaverne venter, og vi prøver igen med mellemrum.", Advice: "Journalen giver os ikke lov til at søge efter besøg. Serveren godkender ikke vores adgang (HTTP 403). Kontrollér client_id, scopes og rettigheden Appointment.search i record.fhir hos leverandøren, og se https://journal.testby.kommune.example/fhir/systemadgange/sluse-produktion.", Health: connector.Health{Role: connector.RecordRole, State: connector.Refused, Since: now.Add(-time.Hour), ErrorKind: connector.Unauthorized, LastError: now}, Problem: "Adgang afvist den 23.11.2026 kl. 08.20 (write)"}
		out.Systems[4] = scheduler.ConnectionView{Name: "Sagsjournalen", State: "Afviser adgang", Text: "Afviser vores adgang. Opgaverne venter, og vi prøver igen med mellemrum.", Advice: "Momentum godkender ikke vores adgang. Bed systemforvalteren om at se på nøglerne.", Health: connector.Health{Role: connector.JournalRole, State: connector.Refused, Since: now.Add(-time.Hour), ErrorKind: connector.Unauthorized, LastError: now}, Problem: "Adgang afvist den 23.11.2026 kl. 08.20 (search)"}
		out.Queues[0] = scheduler.Backlog{Queue: "video", Due: 184, Running: 1, Later: 310, Oldest: now.Add(-18 * time.Minute), Next: now.Add(time.Minute)}
	}

	return out, f.fail
}

func (f *fakeUse) Availability(_ context.Context, _ care.Actor, month care.Day) ([]scheduler.AvailabilityView, error) {
	if month < "2026-11-01" {
		return nil, f.call("Availability")
	}

	return []scheduler.AvailabilityView{
		{Role: connector.OwnRole, Name: "Sluse", Up: 535 * time.Hour, Down: 4 * time.Minute, Share: 0.99987, Watched: true},
		{Role: connector.VideoRole, Name: "Videoplatformen", Good: 48210, Failed: 312, Up: 531 * time.Hour, Down: 4*time.Hour + 5*time.Minute, Share: 0.99237, Watched: true},
		{Role: connector.MailRole, Name: "E-mail"},
	}, f.call("Availability")
}

func (f *fakeUse) Notices(context.Context, care.Actor) ([]scheduler.Notice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if !f.outage {
		return nil, f.fail
	}

	return []scheduler.Notice{
		{Kind: scheduler.EventSilence, Level: connector.Failing, Text: "Der er skærmbesøg i gang, men videoplatformen har ikke fortalt noget siden kl. 08.02. Tjek forbindelsen fra platformen til Sluse.", RaisedAt: testNow().Add(-10 * time.Minute)},
		{Kind: scheduler.EventGap, Level: connector.Notice, Text: "Der mangler 2 hændelser fra videoplatformens node node-2 mellem kl. 07.40 og kl. 07.52. Platformens egen historik bruges i stedet.", RaisedAt: testNow().Add(-25 * time.Minute)},
	}, f.fail
}

func (f *fakeUse) Outages(context.Context, care.Actor) ([]scheduler.Outage, error) {
	if err := f.call("Outages"); err != nil {
		return nil, err
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	if !f.outage {
		return nil, nil
	}

	out := scheduler.Outage{Role: connector.VideoRole, Name: "Videoplatformen", Since: testNow().Add(-18 * time.Minute), NextTry: testNow().Add(time.Minute), Soon: 2}

	for _, v := range f.rows {
		if v.Visit.State.Active() {
			out.Visits = append(out.Visits, v.Visit.ID)
		}
	}

	out.Text = "Videoplatformen har ikke svaret siden kl. 08.02. 12 besøg venter, og 2 begynder snart. Ring i stedet, eller gør dem fysiske."

	return []scheduler.Outage{out, {Role: connector.RecordRole, Name: "Omsorgsjournalen", Since: testNow().Add(-time.Hour), Text: "Omsorgsjournalen har afvist vores adgang siden kl. 07.20. Systemforvalteren skal se på det. Intet går tabt, og vi prøver videre."}}, nil
}

func (f *fakeUse) FallbackPlan(_ context.Context, _ care.Actor, chosen []care.VisitID) ([]scheduler.VisitView, error) {
	var out []scheduler.VisitView

	for _, v := range f.rows {
		if slices.Contains(chosen, v.Visit.ID) {
			out = append(out, v)
		}
	}

	return out, f.call("FallbackPlan")
}

func (f *fakeUse) FallBack(_ context.Context, _ care.Actor, req scheduler.FallbackRequest) (care.Batch, error) {
	if len(req.Visits) == 0 || (req.Delivery != care.ByPhone && req.Delivery != care.Physical) {
		return care.Batch{}, care.NewError(care.Invalid, "Vælg mindst ét besøg.")
	}

	return care.Batch{ID: "b1"}, f.call("FallBack")
}

func (f *fakeUse) CallInstead(context.Context, care.Actor, care.VisitID) error {
	return f.call("CallInstead")
}
