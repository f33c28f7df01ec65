package nexus_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// told are the findings of a level, one a line.
func told(ctx context.Context, b *testBundle, names nexus.Names, level connector.Level) string {
	var lines []string

	for _, f := range b.nexus.CheckNames(ctx, names) {
		if f.Level == level {
			lines = append(lines, f.Subject+": "+f.Text)
		}
	}

	return strings.Join(lines, "\n")
}

// TestTypesAtPathways: where public code saw the types of visits, at a citizen's pathway, they are found
// as well, by whoever writes and by the doctor.
func TestTypesAtPathways(t *testing.T) {
	t.Parallel()

	b := setup(t, withTestCitizen, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks.TypesAtPathways = true })
	ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]
	planned := b.planned(t, ref)

	mustApply(t, b.nexus, planned)

	if got := b.state(t, ref).Category; got != planned.Category {
		t.Errorf("the category is %q", got)
	}

	mustApply(t, b.nexus, ehrtest.Restored(planned, "Planlagt besøg"))

	if got := b.state(t, ref).Category; got != "Planlagt besøg" {
		t.Errorf("the category is %q", got)
	}

	names := goodNames()
	if got := told(t.Context(), b, names, connector.Failing); got != "" {
		t.Error(got)
	}

	names.Categories[0].Text = "Skærm"
	if got := told(t.Context(), b, names, connector.Failing); !strings.Contains(got, "»Skærm«") {
		t.Errorf("findings: %s", got)
	}

	b.sim.TakeAway("availableEventTypes")

	_, err := b.nexus.Apply(t.Context(), planned)
	if !connector.Is(err, connector.Rejected) || !strings.Contains(err.Error(), "besøgets typer") {
		t.Errorf("without the rel: %v", err)
	}
}

// TestDoctorOnValues: the doctor tells of choices that a form lacks and of fields that it demands.
func TestDoctorOnValues(t *testing.T) {
	t.Parallel()

	b := setup(t, withTestCitizen)
	names := goodNames()
	names.Forms[0].Values = []ehr.Field{{Label: "Egnet til skærmbesøg", Value: "Afventer"}, {Label: "Vurderet den", Value: "2026-11-23"}}

	if got := told(t.Context(), b, names, connector.Failing); got != "" {
		t.Error(got)
	}

	names.Forms[0].Fields = []string{"Egnet til skærmbesøg"}
	names.Forms[0].Values = []ehr.Field{{Label: "Egnet til skærmbesøg", Value: "Måske"}, {Label: "Vurderet den", Value: "i morgen"}}

	got := told(t.Context(), b, names, connector.Failing)
	for _, want := range []string{"ingen værdi »Måske«", "»Vurderet den« er en dato", "kræver feltet »Emne«"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing of %q in %s", want, got)
		}
	}
}

// TestDoctorOnTransitions: the actions of interventions are looked up on one that the test citizen has.
func TestDoctorOnTransitions(t *testing.T) {
	t.Parallel()

	b := setup(t, withTestCitizen, func(_ *nexussim.Options, c *nexus.Config) { c.Intervention.End = "Luk" })

	if got := told(t.Context(), b, goodNames(), connector.Notice); !strings.Contains(got, "handlingerne »Ret«, »Luk«, kan først ses") {
		t.Errorf("without an intervention: %s", got)
	}

	mustApply(t, b.nexus, byIntervention(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0])))

	if got := told(t.Context(), b, goodNames(), connector.Failing); !strings.Contains(got, "handlingen »Luk«") || strings.Contains(got, "handlingen »Ret«") {
		t.Errorf("failing: %s", got)
	}

	if got := told(t.Context(), b, goodNames(), connector.Notice); got != "" {
		t.Errorf("notices: %s", got)
	}
}

// TestDoctorOnCancelledTypes: types that Nexus does not have hide cancelled visits.
func TestDoctorOnCancelledTypes(t *testing.T) {
	t.Parallel()

	b := setup(t, func(_ *nexussim.Options, c *nexus.Config) {
		c.CancelledTypes, c.TestCitizen = []string{"Afmeldt"}, care.Secret{}
	})
	if got := told(t.Context(), b, nexus.Names{}, connector.Notice); !strings.Contains(got, "»Afmeldt«") {
		t.Errorf("notices: %s", got)
	}
}

// TestDoctorOnDrafts: what makes an intervention is looked up with a draft, of which nothing stays.
func TestDoctorOnDrafts(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		edit            func(*nexus.Config)
		failing, notice string
	}{
		"all there": {func(*nexus.Config) {}, "", "»Ret«, »Afslut«, kan først ses"},
		"another transition": {
			func(c *nexus.Config) { c.Intervention.Create = []string{"Ansøg og bevilg", "Bestil"} },
			"En ny indsats »Skærmbesøg SUL« kan ikke få handlingen »Ansøg og bevilg«. Nexus har »Ansøg«, »Ansøg, Bevilg«, »Ansøg, Bevilg, Bestil«.", "»Bestil«, »Ret«, »Afslut«",
		},
		"another supplier": {
			func(c *nexus.Config) { c.Intervention.Supplier = "Sygepleje" },
			"ingen leverandør med navnet »Sygepleje«. Bed systemforvalteren om at rette opsætningen. Nexus har blandt andre »Sygeplejen«", "",
		},
		"another pathway": {
			func(c *nexus.Config) { c.Intervention.Placement = "Sundhedsfagligt grundforløb > Pleje" },
			"Nexus har »Sundhedsfagligt grundforløb > Sygepleje«", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, withTestCitizen, func(_ *nexussim.Options, c *nexus.Config) { test.edit(c) })

			got := told(t.Context(), b, goodNames(), connector.Failing)
			if test.failing == "" && got != "" || !strings.Contains(got, test.failing) {
				t.Errorf("failing: %s", got)
			}

			if got := told(t.Context(), b, goodNames(), connector.Notice); !strings.Contains(got, test.notice) {
				t.Errorf("notices: %s", got)
			}

			if grants := b.sim.Grants(nancy); len(grants) != 0 {
				t.Errorf("the doctor left %v", grants)
			}
		})
	}
}

// TestDoctorSaysWhere: every finding about a name tells where it stands and what is there instead.
func TestDoctorSaysWhere(t *testing.T) {
	t.Parallel()

	b := setup(t, withTestCitizen, func(_ *nexussim.Options, c *nexus.Config) {
		c.NightLists, c.Note.Action, c.CitizenCalendar = []string{"Natten*"}, "Færdig", "Kalender"
	})
	names := goodNames()
	names.Categories[1].Text, names.Interventions[0].Text, names.Forms[0].Title, names.Foreign = "Udfort skærmbesøg", "Skærmbesøg sul", "Omsorgs-notat", []string{"KMD Video"}
	names.Forms = append(names.Forms, nexus.Form{Key: "record.by_law.SEL_83.note", Title: "Omsorgsnotat", Fields: []string{"Emnet"}})
	names.Tasks[0].Team = "Planlægning Ø"

	failing, notices := told(t.Context(), b, names, connector.Failing), told(t.Context(), b, names, connector.Notice)
	for _, want := range []string{
		"passer til »Natten*«. Nexus har", "Det står i record.nexus.night_lists.",
		"»Udfort skærmbesøg«. Nexus har blandt andre »Udført skærmbesøg«, »Gennemført skærmbesøg«", "Det står i record.default.completed, record.by_law.SEL_83.completed.",
		"»Skærmbesøg sul«. Bed", "Nexus har blandt andre »Skærmbesøg SUL«", "Det står i record.by_law.SUL_138.intervention.",
		"Nexus har »Omsorgsnotat«", "Det står i record.default.note.form.", "Det står i record.by_law.SEL_83.note.fields.", "Tilføj det i record.by_law.SEL_83.note.fields.",
		"handlingen »Færdig«", "Det står i record.nexus.note.action.", "Nexus har »Borgerkalender«, »Træningskalender«. Det står i record.nexus.citizen_calendar.",
		"Det står i record.default.task.team.",
	} {
		if !strings.Contains(failing, want) {
			t.Errorf("nothing of %q in\n%s", want, failing)
		}
	}

	if !strings.Contains(notices, "et andet produkts skærmbesøg: »KMD Video«.") || !strings.Contains(notices, "Ret rules.screen_categories") {
		t.Errorf("notices: %s", notices)
	}
}

// TestDoctorOnCitizens: what stands in test_citizen is checked before all that depends on it, and never told.
func TestDoctorOnCitizens(t *testing.T) {
	t.Parallel()

	b := setup(t, func(_ *nexussim.Options, c *nexus.Config) { c.TestCitizen = care.NewSecret("0101010101") })

	got := told(t.Context(), b, goodNames(), connector.Failing)
	if want := "KMD Nexus, Testborger: Nexus har ingen borger med personnummeret i test_citizen"; !strings.HasPrefix(got, want) || strings.Contains(got, "010101") || strings.Contains(got, "\n") {
		t.Errorf("findings: %s", got)
	}
}

// TestDoctorOnConnections: what is wrong with the connection is told with the settings to look at, and
// no word that is for an employee with a visit.
func TestDoctorOnConnections(t *testing.T) {
	t.Parallel()

	strangers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Proxy</html>")) }))
	t.Cleanup(strangers.Close)

	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)

	for name, test := range map[string]struct {
		edit func(*nexus.Config)
		want string
	}{
		"secret":       {func(c *nexus.Config) { c.ClientSecret = care.NewSecret("forkert-hemmelighed") }, "giver Sluse intet token. Serveren godkender ikke vores adgang (HTTP 401). Kontrollér client_id, client_secret"},
		"off":          {func(c *nexus.Config) { c.APIURL = "http://127.0.0.1:1" }, "Nexus kan ikke nås. Ingen svarer på adressen; forbindelsen afvises. Kontrollér api_url"},
		"login off":    {func(c *nexus.Config) { c.IAMURL = "http://127.0.0.1:1" }, "Logintjenesten kan ikke bruges. Ingen svarer på adressen; forbindelsen afvises. Kontrollér iam_url"},
		"no such host": {func(c *nexus.Config) { c.APIURL = "https://nexus.invalid" }, "Navnet i adressen kan ikke slås op (DNS). Kontrollér api_url"},
		"a proxy":      {func(c *nexus.Config) { c.APIURL = strangers.URL }, "Der er intet Nexus-API på adressen. Svaret kan ikke læses"},
		"a stranger":   {func(c *nexus.Config) { c.APIURL = empty.URL }, "Der er intet Nexus-API på adressen. Der er intet på adressen (HTTP 404)."},
		"login wrong":  {func(c *nexus.Config) { c.IAMURL = empty.URL }, "Logintjenesten kender ikke instansen."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, withTestCitizen)
			config := b.config
			test.edit(&config)

			found := b.open(t, config).Check(t.Context())
			if len(found) != 1 || found[0].Level != connector.Failing || !strings.Contains(found[0].Text, test.want) ||
				strings.Contains(found[0].Text, "i hånden") || strings.Contains(found[0].Text, "hemmelighed") {
				t.Errorf("findings: %v", found)
			}
		})
	}
}
