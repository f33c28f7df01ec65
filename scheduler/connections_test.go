package scheduler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// told is a monitor that says what it was told to.
type told struct {
	health []connector.Health
	hours  []scheduler.SystemHour
	err    error
	asked  *care.Interval
}

func (m told) Health(context.Context) ([]connector.Health, error) { return m.health, m.err }

func (m told) Backlog(context.Context) ([]scheduler.Backlog, error) {
	return []scheduler.Backlog{{Queue: "video", Later: 7}}, m.err
}

func (m told) Hours(_ context.Context, window care.Interval) ([]scheduler.SystemHour, error) {
	if m.asked != nil {
		*m.asked = window
	}

	return m.hours, m.err
}

func (m told) Down(connector.Role) (time.Time, bool) { return time.Time{}, false }

func (m told) Held(connector.Role, string) error { return nil }

// watched is a rig whose monitor says what it is told to.
func watched(t *testing.T, m told) *rig {
	t.Helper()

	return newRig(t, func(s *setup) { s.watch = m })
}

// TestConnections: every state of every system is said in Danish, in the order of a visit's life.
func TestConnections(t *testing.T) {
	t.Parallel()

	states := []connector.HealthState{connector.Unused, connector.Healthy, connector.Slow, connector.Limited, connector.Refused, connector.Down}
	roles := []connector.Role{connector.LoginRole, connector.RecordRole, connector.MailRole, connector.SMSRole, connector.VideoRole, connector.OwnRole}

	var m told

	for i, state := range states {
		m.health = append(m.health, connector.Health{
			Role: roles[i], System: "x", State: state, Since: on(7, 0), NextTry: on(7, 30), Limit: 2, Agreed: 8,
			LastError: on(6, 59), ErrorKind: connector.Unknown, ErrorOp: "book",
		})
	}

	m.health = append(m.health, connector.Health{
		Role: connector.JournalRole, System: "y", State: connector.Refused, LastError: on(6, 59), ErrorKind: connector.Unknown, ErrorOp: "book", ErrorText: "Nøglen er en anden.",
	})

	view, err := watched(t, m).Connections(t.Context(), actor("ADM", care.Administrator))
	must(t, err)

	if journal := view.Systems[5]; journal.Name != "Sagsjournalen" || journal.Advice != "Nøglen er en anden." {
		t.Errorf("%+v", journal)
	}

	var got []string
	for _, s := range view.Systems {
		got = append(got, s.Name+": "+s.State+". "+s.Text)

		if s.Problem != "Svaret gik tabt den 23.11.2026 kl. 06.59 (book)" || s.Advice == "" && (s.Health.State == connector.Refused || s.Health.State == connector.Down) {
			t.Errorf("%s: problem %q, advice %q", s.Name, s.Problem, s.Advice)
		}
	}

	want := []string{
		"Sluse: Svarer ikke. Har ikke svaret siden kl. 07.00. Opgaverne venter, og intet går tabt. Vi prøver igen kl. 07.30.",
		"Videoplatformen: Afviser adgang. Afviser vores adgang. Opgaverne venter, og vi prøver igen med mellemrum.",
		"SMS: På pause. Har bedt os vente til kl. 07.30. Opgaverne venter så længe.",
		"E-mail: Langsom. Svarer langsomt eller fejler. Vi kalder 2 ad gangen i stedet for 8, indtil det går bedre.",
		"Omsorgsjournalen: Virker. Svarer, som den plejer.",
		"Sagsjournalen: Afviser adgang. Afviser vores adgang. Opgaverne venter, og vi prøver igen med mellemrum.",
		"Login for medarbejdere: Ikke brugt. Der har ikke været kald endnu.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	if len(view.Queues) != 1 || view.Queues[0].Later != 7 {
		t.Errorf("queues %+v", view.Queues)
	}
}

// TestWhoSeesConnections: everybody but caregivers and auditors does.
func TestWhoSeesConnections(t *testing.T) {
	t.Parallel()

	r := watched(t, told{})

	for _, role := range care.Roles() {
		_, err := r.Connections(t.Context(), actor("X", role, "oest"))
		_, other := r.Availability(t.Context(), actor("X", role, "oest"), "2026-11-01")

		want := care.Kind(0)
		if role == care.Caregiver || role == care.Auditor {
			want = care.Forbidden
		}

		if kindOf(err) != want || kindOf(other) != want {
			t.Errorf("%s: %v, %v", role, err, other)
		}
	}

	fault := care.NewError(care.Unavailable, "Prøv igen.")
	r = watched(t, told{err: fault})

	for name, ask := range map[string]func() error{
		"connections":  func() error { _, err := r.Connections(t.Context(), planner()); return err },
		"availability": func() error { _, err := r.Availability(t.Context(), planner(), "2026-11-01"); return err },
		"outages":      func() error { _, err := r.Outages(t.Context(), planner()); return err },
	} {
		if err := ask(); !errors.Is(err, fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func kindOf(err error) care.Kind {
	if err == nil {
		return 0
	}

	return care.KindOf(err)
}

// TestAvailabilityOfAMonth: a month is Danish, hours add up by system, and what is missing of the
// program's own time is the time that it was down.
func TestAvailabilityOfAMonth(t *testing.T) {
	t.Parallel()

	var asked care.Interval

	hour := func(role connector.Role, at time.Time, good, failed int, up, down time.Duration) scheduler.SystemHour {
		return scheduler.SystemHour{Role: role, System: "x", HourCount: connector.HourCount{Hour: at, Good: good, Failed: failed, Up: up, Down: down}}
	}
	first := eve().Truncate(time.Hour).Add(-10 * time.Hour)
	r := watched(t, told{asked: &asked, hours: []scheduler.SystemHour{
		hour(connector.LoginRole, first, 3, 0, 0, 0),
		hour(connector.OwnRole, first, 0, 0, time.Hour, 0),
		hour(connector.OwnRole, first.Add(time.Hour), 0, 0, 4*time.Hour, 0),
		hour(connector.VideoRole, first, 10, 2, 45*time.Minute, 15*time.Minute),
		hour(connector.VideoRole, first.Add(time.Hour), 5, 0, time.Hour, 0),
	}})

	got, err := r.Availability(t.Context(), planner(), "2026-11-17")
	must(t, err)

	if want := (care.Interval{Start: time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)}); !asked.Equal(want) {
		t.Errorf("asked for %v", asked)
	}

	if len(got) != 3 || got[0].Role != connector.OwnRole || got[1].Role != connector.VideoRole || got[2].Watched {
		t.Fatalf("%+v", got)
	}

	if own := got[0]; own.Down.Round(time.Minute) != 5*time.Hour || own.Share < 0.499 || own.Share > 0.501 {
		t.Errorf("the program: %+v", own)
	}

	if v := got[1]; v.Good != 15 || v.Failed != 2 || v.Share != 0.875 {
		t.Errorf("the platform: %+v", v)
	}

	_, err = r.Availability(t.Context(), planner(), "november")
	refused(t, err, care.Invalid)
}

// TestNoticeTexts: a notice says how many wait and what to do, and that a system refuses us.
func TestNoticeTexts(t *testing.T) {
	t.Parallel()

	at := eve()
	r := watched(t, told{health: []connector.Health{
		{Role: connector.RecordRole, State: connector.Down, Since: at.Add(-time.Minute)},
		{Role: connector.VideoRole, State: connector.Refused, Since: at.Add(-time.Hour)},
		{Role: connector.SMSRole, State: connector.Down, Since: at.Add(-time.Second)}, // may be back in no time
		{Role: connector.MailRole, State: connector.Slow, Since: at.Add(-time.Hour)},
	}})

	got, err := r.Outages(t.Context(), planner())
	must(t, err)

	if len(got) != 2 || !strings.Contains(got[0].Text, "afvist vores adgang siden kl. 10.00") || !strings.Contains(got[1].Text, "Omsorgsjournalen har ikke svaret siden kl. 10.59") {
		t.Errorf("%+v", got)
	}
}
