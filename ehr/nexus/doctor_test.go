package nexus_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// goodNames are all there in the simulator.
func goodNames() nexus.Names {
	return nexus.Names{
		Categories: []nexus.Name{
			{Text: "Planlagt skærmbesøg", Keys: []string{"record.default.planned"}}, {Text: "Udført skærmbesøg", Keys: []string{"record.default.completed", "record.by_law.SEL_83.completed"}},
		},
		Interventions: []nexus.Name{{Text: "Skærmbesøg SUL", Keys: []string{"record.by_law.SUL_138.intervention"}}},
		Forms:         []nexus.Form{{Key: "record.default.note", Title: "Omsorgsnotat", Fields: []string{"Emne", "Egnet til skærmbesøg"}}},
		Tasks:         []nexus.TaskName{{Key: "record.default.task", Type: "Registrér skærmbesøg", Team: "Planlægning Øst"}},
		Foreign:       []string{"Planlagt skærmbesøg"},
	}
}

func withTestCitizen(_ *nexussim.Options, c *nexus.Config) { c.TestCitizen = care.NewSecret(nancy) }

// TestDoctor looks up every name, changes nothing, and says in Danish what is missing.
func TestDoctor(t *testing.T) {
	t.Parallel()

	b := setup(t, withTestCitizen)
	for _, f := range b.nexus.CheckNames(t.Context(), goodNames()) {
		if f.Level == connector.Failing {
			t.Errorf("%s: %s", f.Subject, f.Text)
		}
	}

	for _, r := range b.sim.Requests() {
		if r.Method != http.MethodGet && r.Op != nexussim.OpToken && r.Op != nexussim.OpPatientSearch && r.Op != nexussim.OpGrantDraft {
			t.Errorf("the doctor called %s %s", r.Method, r.Op)
		}
	}

	for name, test := range map[string]struct {
		edit  func(*testBundle, *nexus.Names)
		wants []string
	}{
		"names": {func(_ *testBundle, n *nexus.Names) {
			n.Categories[0].Text, n.Interventions[0].Text, n.Forms[0].Fields[0] = "Skærm", "Skærm SUL", "Emnet"
			n.Tasks[0].Team = "Planlægning Nord"
		}, []string{"»Skærm«", "»Skærm SUL«", "»Emnet«", "»Planlægning Nord«"}},
		"form and task type": {func(_ *testBundle, n *nexus.Names) {
			n.Forms[0].Title, n.Tasks[0].Type = "Plejenotat", "Registrér"
		}, []string{"»Plejenotat«", "»Registrér«"}},
		"rights": {func(b *testBundle, _ *nexus.Names) {
			for _, rel := range []string{"events", "bulkGet", "createFormData", "assignments"} {
				b.sim.TakeAway(rel)
			}
		}, []string{"besøgene i borgerens kalender", "at oprette indsatser", "handlingen »Udfyldt«", "opgaver"}},
		"no search": {func(b *testBundle, _ *nexus.Names) { b.sim.TakeAway("patientDetailsSearch") }, []string{"at slå borgere op"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, names := setup(t, withTestCitizen), goodNames()
			test.edit(b, &names)

			var told []string

			for _, f := range b.nexus.CheckNames(t.Context(), names) {
				if f.Level == connector.Failing {
					told = append(told, f.Subject+": "+f.Text)
				}
			}

			for _, want := range test.wants {
				if !strings.Contains(strings.Join(told, "\n"), want) {
					t.Errorf("nothing of %q in %q", want, told)
				}
			}
		})
	}
}

// TestDoctorOnLists tells of a name that only a list of another kind has, and of a login that fails.
func TestDoctorOnLists(t *testing.T) {
	t.Parallel()

	b := setup(t, func(_ *nexussim.Options, c *nexus.Config) { c.Lists = []string{"Køreliste", "Øst *"} })
	if told := fmt.Sprint(b.nexus.Check(t.Context())); !strings.Contains(told, "»Køreliste«. Der findes en liste med det navn af en anden slags (HCL_ORDER)") ||
		strings.Contains(told, "»Øst *«") || !strings.Contains(told, "test_citizen") {
		t.Errorf("findings: %s", told)
	}

	stranger := setup(t, func(_ *nexussim.Options, c *nexus.Config) { c.ClientSecret = care.NewSecret("wrong") })
	if found := stranger.nexus.Check(t.Context()); len(found) != 1 || found[0].Level != connector.Failing {
		t.Errorf("findings: %v", found)
	}
}
