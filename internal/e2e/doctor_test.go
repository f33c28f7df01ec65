package e2e_test

import (
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/handover/sftppeer"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/internal/world"
)

// clinic is a town that is only looked at: it has no schema, and no process of it runs.
type clinic struct {
	*town

	record map[string]any // the record's section in which all is well
	said   strings.Builder
}

const wrongSecret = "forkert-hemmelighed"

// testCitizen is the official test citizen whom the simulated Nexus knows.
const testCitizen = "2512489996"

func newClinic(t *testing.T, kind world.RecordKind, postgres bool) *clinic {
	t.Helper()

	c := &clinic{town: bare(t, terms{record: kind, postgres: postgres})}

	text, err := os.ReadFile(c.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}

	var file struct {
		Municipalities []struct{ Record map[string]any }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}

	c.record = file.Municipalities[0].Record

	return c
}

// secret is how a secret stands in the configuration.
func (c *clinic) secret(name, value string) map[string]any {
	c.tb.Helper()

	path := filepath.Join(c.Dir, name)
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		c.tb.Fatal(err)
	}

	return map[string]any{"file": path}
}

// illness is what is wrong with a configuration, and what the doctor has to say of it.
type illness struct {
	set     map[string]any // by path: nexus.note.action
	says    []string       // each is part of a line
	not     []string
	well    bool // the exit code is 0
	refused bool // the configuration is refused before anybody is asked
}

// examine runs the doctor once for each illness.
func (c *clinic) examine(t *testing.T, illnesses map[string]illness) {
	t.Helper()

	healthy, err := yaml.Marshal(c.record)
	if err != nil {
		t.Fatal(err)
	}

	for name, ill := range illnesses {
		record := map[string]any{}
		if err := yaml.Unmarshal(healthy, &record); err != nil {
			t.Fatal(err)
		}

		for path, value := range ill.set {
			keys := strings.Split(path, ".")
			part := record

			for _, key := range keys[:len(keys)-1] {
				part, _ = part[key].(map[string]any)
			}

			part[keys[len(keys)-1]] = value
		}

		c.rerecord(record)

		code, said := run(t, "doctor", "-config", c.ConfigFile, "-municipality", string(municipality))
		c.said.WriteString(said)

		if want := map[bool]int{true: 0, false: 1}[ill.well]; code != want {
			t.Errorf("%s: exit code %d, want %d:\n%s", name, code, want, said)
		}

		if failing := strings.Contains(said, "  fejl      "); failing == (ill.well || ill.refused) {
			t.Errorf("%s: failures %v:\n%s", name, failing, said)
		}

		for _, want := range ill.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: nothing of %q in\n%s", name, want, said)
			}
		}

		for _, not := range ill.not {
			if strings.Contains(said, not) {
				t.Errorf("%s: %q in\n%s", name, not, said)
			}
		}
	}

	for _, secret := range []string{wrongSecret, testCitizen, "251248-9996", "test-sluse", "/b/", "i hånden"} {
		if strings.Contains(c.said.String(), secret) {
			t.Errorf("%.5s… was printed", secret)
		}
	}
}

// TestDoctorInNexus: every name that the rules use is looked up, and what is missing is told with where
// it stands and what Nexus has instead; a connection that fails, with the settings to look at. No database
// is needed: none of the two has a schema.
func TestDoctorInNexus(t *testing.T) {
	t.Parallel()

	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := newClinic(t, world.NexusRecord, postgres)

		rule, _ := c.record["default"].(map[string]any)
		rule["means"] = []string{"list", "note", "task"}
		rule["note"] = map[string]any{"form": "Omsorgsnotat", "fields": []map[string]string{{"label": "Emne", "value": "{resultat}"}}}
		rule["task"] = map[string]any{"type": "Registrér skærmbesøg", "team": "Planlægning Øst"}
		laws, _ := c.record["by_law"].(map[string]any)
		laws["SUL_138"] = map[string]any{"means": []string{"intervention"}, "intervention": "Skærmbesøg SUL"}
		settings, _ := c.record["nexus"].(map[string]any)
		settings["note"], settings["test_citizen"] = map[string]any{"text_label": "Notat"}, c.secret("test.cpr", testCitizen)
		settings["intervention"] = map[string]any{"placement": "Sundhedsfagligt grundforløb > Sygepleje", "supplier": "Sygeplejen"}

		illnesses := map[string]illness{"none": {well: true, says: []string{
			"KMD Nexus, Forbindelsen: Nexus svarer", "»Planlagt skærmbesøg«", "Leverandøren »Sygeplejen« kan vælges", "Skemaet »Omsorgsnotat« har felterne »Emne«, »Notat«.",
			"Opgavetypen »Registrér skærmbesøg« kan bruges.", "I alt: fejl (virker ikke) 0, advarsler",
		}}}

		if !postgres { // what is said of the record is no matter of the database
			maps.Copy(illnesses, nexusIllnesses(c))
		}

		c.examine(t, illnesses)

		if grants := c.Nexus.Grants(testCitizen); len(grants)+len(c.Nexus.Notes(testCitizen))+len(c.Nexus.Tasks(testCitizen)) != 0 {
			t.Errorf("the doctor left something: %v", grants)
		}
	})
}

// nexusIllnesses are gathered to a few runs of the program: what is wrong with one name is told whatever
// is wrong with another.
func nexusIllnesses(c *clinic) map[string]illness {
	return map[string]illness{
		"names": {
			set: map[string]any{
				"default.completed": "Gennemfort skærmbesøg", "by_law.SUL_138.intervention": "Skærmbesøg", "default.note.form": "Plejenotat", "default.task.type": "Registrer",
				"nexus.lists": []string{"Køreliste"}, "nexus.night_lists": []string{"Natten*"},
			},
			says: []string{
				"  fejl      KMD Nexus, Besøgstyper: Nexus har ingen besøgstype med navnet »Gennemfort skærmbesøg«. Nexus har blandt andre »Gennemført skærmbesøg«", "Det står i record.default.completed.",
				"  fejl      KMD Nexus, Indsatser: Indsatskataloget i Nexus har ingen indsats med navnet »Skærmbesøg«.", "»Skærmbesøg SUL«", "Det står i record.by_law.SUL_138.intervention.",
				"  fejl      KMD Nexus, Skemaer: Nexus har intet skema med titlen »Plejenotat«", "Nexus har »Omsorgsnotat«", "Det står i record.default.note.form.",
				"  fejl      KMD Nexus, Opgaver: Nexus har ingen opgavetype med navnet »Registrer«", "Nexus har »Registrér skærmbesøg«", "Det står i record.default.task.type.",
				"  fejl      KMD Nexus, Kørelister: Ingen køreliste (planlægningskalender) i Nexus passer til »Køreliste«. Der findes en liste med det navn af en anden slags (HCL_ORDER)",
				"Det står i record.nexus.lists.", "Det står i record.nexus.night_lists.", "I alt: fejl (virker ikke) 6, advarsler",
			},
		},
		"parts": {
			set: map[string]any{
				"nexus.intervention.supplier": "Sygepleje Øst", "nexus.note.text_label": "Tekst", "default.note.fields": []map[string]string{{"label": "Emnet", "value": "x"}},
				"default.task.team": "Planlægning Nord",
			},
			says: []string{
				"ingen leverandør med navnet »Sygepleje Øst«", "Det står i record.nexus.intervention.supplier.", "intet felt med navnet »Tekst«", "Det står i record.nexus.note.text_label.",
				"intet felt med navnet »Emnet«. Nexus har blandt andre »Emne«", "kræver feltet »Emne«", "ingen gruppe med navnet »Planlægning Nord«", "Det står i record.default.task.team.",
			},
		},
		"transition": {
			set:  map[string]any{"nexus.intervention.create": []string{"Bevilg"}},
			says: []string{"kan ikke få handlingen »Bevilg«. Nexus har »Ansøg, Bevilg«", "Det står i record.nexus.intervention.create."},
		},
		"placement": {
			set:  map[string]any{"nexus.intervention.placement": "Sygepleje"},
			says: []string{"Nexus har »Sundhedsfagligt grundforløb > Sygepleje«", "Det står i record.nexus.intervention.placement."},
		},
		"law": {refused: true, set: map[string]any{"by_law.SUL_999": map[string]any{"planned": "x"}}, says: []string{"SUL_999: is no law"}},
		"secret": {
			set:  map[string]any{"nexus.client_secret": c.secret("wrong.secret", wrongSecret)},
			says: []string{"intet token. Serveren godkender ikke vores adgang (HTTP 401). Kontrollér client_id, client_secret"},
		},
		"host": {set: map[string]any{"nexus.api_url": "https://nexus.invalid"}, says: []string{"Nexus kan ikke nås. Navnet i adressen kan ikke slås op (DNS). Kontrollér api_url"}},
	}
}

// TestDoctorElsewhere: the other records can't be asked for names, but for access, rights and folders.
func TestDoctorElsewhere(t *testing.T) {
	t.Parallel()

	t.Run("fhir", func(t *testing.T) {
		t.Parallel()

		sim, err := fhirsim.New(fhirsim.Options{Clock: time.Now, Calm: true, Strict: true, Clients: []fhirsim.Client{
			{ID: "sluse", Secret: "test-sluse", Scopes: []string{"system/Appointment.cruds", "system/Encounter.cruds", "system/Patient.rs"}},
			{ID: "laeser", Secret: "test-sluse", Scopes: []string{"system/*.read"}},
		}})
		if err != nil {
			t.Fatal(err)
		}

		server := httptest.NewServer(sim.Handler())
		t.Cleanup(server.Close)

		c := newClinic(t, world.FHIRRecord, false)
		c.record["fhir"] = map[string]any{
			"base_url": server.URL + "/fhir", "token_url": server.URL + "/token", "client_id": "sluse", "client_secret": c.secret("fhir.secret", "test-sluse"), "timeout": "1s",
		}

		c.examine(t, map[string]illness{
			"none":   {well: true, says: []string{"Vores token har de rettigheder (scopes), der skal bruges.", "taler FHIR R4", "I alt: fejl (virker ikke) 0, advarsler"}},
			"scopes": {set: map[string]any{"fhir.client_id": "laeser"}, says: []string{"Vores token giver ikke lov til create, update på Appointment. Bed leverandøren om system/Appointment.crus"}},
			"secret": {set: map[string]any{"fhir.client_secret": c.secret("wrong.secret", wrongSecret)}, says: []string{"intet token. Serveren godkender ikke vores adgang (HTTP 401). Kontrollér client_id, client_secret og scopes"}},
			"path":   {set: map[string]any{"fhir.base_url": server.URL + "/r4"}, says: []string{"(metadata) kan ikke hentes. Der er intet på adressen (HTTP 404). Kontrollér base_url"}},
			"off":    {set: map[string]any{"fhir.base_url": "http://127.0.0.1:1/fhir"}, says: []string{"Ingen svarer på adressen; forbindelsen afvises. Kontrollér base_url"}},
			"lists":  {set: map[string]any{"fhir.lists": map[string]any{"by": "location"}}, says: []string{"Vores token giver ikke lov til search-type på Location.", "Journalen giver os ikke sine kørelister."}},
		})
	})

	t.Run("file and Momentum", func(t *testing.T) {
		t.Parallel()

		sim := momentumsim.New(momentumsim.Options{Clock: time.Now})
		server := httptest.NewServer(sim.Handler())
		t.Cleanup(server.Close)

		c := newClinic(t, world.FileRecord, false)
		plain := filepath.Join(c.Dir, "fil")
		c.secret("fil", "")
		c.record["momentum"] = map[string]any{
			"base_url": server.URL + "/api/", "token_url": server.URL + "/token", "resource": momentumsim.Resource, "client_id": momentumsim.ClientID,
			"client_secret": c.secret("momentum.secret", momentumsim.Secret), "api_key": c.secret("momentum.key", momentumsim.APIKey),
		}

		c.examine(t, map[string]illness{
			"none":   {well: true, says: []string{"Momentum svarer og godkender vores adgang.", "før record.momentum.write er slået til", "Mappen til kørelister (record.file.dir)"}},
			"folder": {set: map[string]any{"file.dir": plain}, says: []string{"Mappen til kørelister (record.file.dir): Det er ikke en mappe. Ret stien."}},
			"secret": {set: map[string]any{"momentum.client_secret": c.secret("wrong.secret", wrongSecret)}, says: []string{"giver os intet token. ", "Kontrollér token_url, client_id, client_secret og resource"}},
			"key":    {set: map[string]any{"momentum.api_key": c.secret("wrong.key", wrongSecret)}, says: []string{"Momentum afviser vores adgang. ", "Kontrollér api_key"}},
		})
	})

	t.Run("hand-over", func(t *testing.T) {
		t.Parallel()

		c := newClinic(t, world.FileRecord, false)
		r := newRobot(c.town, true)
		c.record = r.record()
		stranger := sftppeer.Start(t, t.TempDir())

		c.examine(t, map[string]illness{
			"none":   {well: true, says: []string{"Mappen record.handover.queue: Mappen er der og kan læses.", "Der kan lægges filer", "Robotten: Ingen ændring har ligget i køen"}},
			"folder": {set: map[string]any{"handover.receipts": "/sluse/borte"}, says: []string{"Mappen record.handover.receipts: Mappen findes ikke. Opret den, eller ret stien"}},
			"secret": {set: map[string]any{"handover.sftp.password": c.secret("wrong.secret", wrongSecret)}, says: []string{"Serveren afviser brugeren. Se på user, password"}},
			"key":    {set: map[string]any{"handover.sftp.host_keys": []string{stranger.HostKey()}}, says: []string{"Serveren viser en anden nøgle", "Ret først record.handover.sftp.host_keys, når det er bekræftet."}},
			"off":    {set: map[string]any{"handover.sftp.address": "127.0.0.1:1"}, says: []string{"Serveren svarer ikke. Se på address i record.handover.sftp"}},
		})
	})
}
