package app_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/scheduler/care"
)

// The doctor looks up the names of the rules in the municipality's Nexus.
func TestDoctorLooksUpNamesInNexus(t *testing.T) {
	t.Parallel()

	b := setup(t)

	sim, err := nexussim.New(nexussim.Options{Clock: b.clock.now, Calm: true})
	if err != nil {
		t.Fatal(err)
	}

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	api, err := url.Parse(urls.API)
	if err != nil {
		t.Fatal(err)
	}

	r := &b.config.Municipalities[0].Record
	r.Kind = nexus.System
	r.Nexus = nexus.Config{
		Instance: urls.Instance, IAMURL: urls.IAM, APIURL: api.Scheme + "://" + api.Host, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"),
		TestCitizen: care.NewSecret("2512489996"), WriteVisitType: true,
	}
	r.Nexus.SetDefaults()
	r.Nexus.Note.TextLabel = "Notat"
	r.Notes.Suitability = config.CitizenNote{
		Means: care.ByNote, Form: "Omsorgsnotat", Words: map[string]string{"egnet": "Ja", "ikke_egnet": "Aldrig"},
		Fields: []config.NoteField{{Label: "Emne", Value: "Skærmbesøg {dato}"}, {Label: "Egnet til skærmbesøg", Value: "{egnethed}"}},
	}
	r.Default.Means = []care.Means{care.OnList, care.ByTask}
	r.Default.Planned, r.Default.Completed = "Planlagt skærmbesøg", "Skærmbesøg holdt"
	r.Default.Task = config.TaskRule{Type: "Registrér skærmbesøg", Team: "Planlægning Øst"}

	var out bytes.Buffer

	err = app.Doctor(t.Context(), b.config, string(testby), b.clock.now, &out)
	if !errors.Is(err, app.ErrSick) {
		t.Errorf("error %v", err)
	}

	for _, want := range []string{
		"KMD Nexus, Besøgstyper: Nexus har ingen besøgstype med navnet »Skærmbesøg holdt«",
		"KMD Nexus, Opgaver: Opgavetypen »Registrér skærmbesøg« kan bruges.",
		"KMD Nexus, Skemaer: Feltet »Egnet til skærmbesøg« har ingen værdi »Aldrig«",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %q in\n%s", want, out.String())
		}
	}
}
