package nexus_test

import (
	"context"
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

	names.Categories[0] = "Skærm"
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

	if got := told(t.Context(), b, goodNames(), connector.Notice); !strings.Contains(got, "»Ansøg, Bevilg, Bestil«, »Ret«, »Luk« kan først ses") {
		t.Errorf("without an intervention: %s", got)
	}

	mustApply(t, b.nexus, byIntervention(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0])))

	if got := told(t.Context(), b, goodNames(), connector.Failing); !strings.Contains(got, "handlingen »Luk«") || strings.Contains(got, "»Ret«") {
		t.Errorf("failing: %s", got)
	}

	if got := told(t.Context(), b, goodNames(), connector.Notice); !strings.Contains(got, "Handlingerne »Ansøg, Bevilg, Bestil« kan først ses") {
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
