package fhir_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCheckSays reads what the administrator is told: what happened, and which setting to look at.
func TestCheckSays(t *testing.T) {
	t.Parallel()

	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)

	const all = "system/Appointment.crus system/Encounter.crus system/Patient.rs"

	for name, test := range map[string]struct {
		scopes string
		edit   func(*fhir.Config)
		level  connector.Level
		want   string
	}{
		"all there":     {all, nil, connector.Fine, "Vores token har de rettigheder (scopes), der skal bruges."},
		"older scopes":  {"openid system/*.read system/*.write", nil, connector.Fine, "Vores token har de rettigheder (scopes), der skal bruges."},
		"own scopes":    {"journal", nil, connector.Failing, "Journalen giver os ikke lov til at søge efter besøg. Serveren godkender ikke vores adgang (HTTP 403). Kontrollér token_url og scopes"},
		"no writing":    {strings.Replace(all, "Encounter.crus", "Encounter.rs", 1), nil, connector.Failing, "Vores token giver ikke lov til create, update på Encounter. Bed leverandøren om system/Encounter.crus, og skriv det i scopes"},
		"no citizens":   {"system/Appointment.cruds system/Encounter.cruds", nil, connector.Notice, "Vores token giver ikke lov til read, search-type på Patient."},
		"secret":        {all, func(c *fhir.Config) { c.ClientSecret = care.NewSecret("forkert-hemmelighed") }, connector.Failing, "Leverandøren giver os intet token. Serveren godkender ikke vores adgang (HTTP 401). Kontrollér client_id, client_secret"},
		"token off":     {all, func(c *fhir.Config) { c.TokenURL = "http://127.0.0.1:1/token" }, connector.Failing, "Tokentjenesten kan ikke nås. Ingen svarer på adressen; forbindelsen afvises. Kontrollér token_url"},
		"token missing": {all, func(c *fhir.Config) { c.TokenURL = empty.URL }, connector.Failing, "Der er ingen tokentjeneste på adressen. Der er intet på adressen (HTTP 404). Kontrollér token_url"},
		"off":           {all, func(c *fhir.Config) { c.BaseURL = "http://127.0.0.1:1/fhir" }, connector.Failing, "(metadata) kan ikke hentes. Ingen svarer på adressen; forbindelsen afvises. Kontrollér base_url"},
		"no such host":  {all, func(c *fhir.Config) { c.BaseURL = "https://fhir.invalid" }, connector.Failing, "(metadata) kan ikke hentes. Navnet i adressen kan ikke slås op (DNS). Kontrollér base_url"},
		"another path":  {all, func(c *fhir.Config) { c.BaseURL = empty.URL }, connector.Failing, "(metadata) kan ikke hentes. Der er intet på adressen (HTTP 404). Kontrollér base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse", Scopes: strings.Fields(test.scopes)}}})
			config := b.config

			if test.edit != nil {
				test.edit(&config)
			}

			var lines []string

			failing := 0

			for _, f := range open(t, config).Check(t.Context()) {
				if f.Level == test.level {
					lines = append(lines, f.Text)
				}

				if f.Level == connector.Failing {
					failing++
				}
			}

			told := strings.Join(lines, "\n")
			if !strings.Contains(told, test.want) || strings.Contains(told, "hemmelighed") || failing > 0 != (test.level == connector.Failing) {
				t.Errorf("%d failures; told: %s", failing, told)
			}
		})
	}
}
