package fhir_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

func pemOf(t *testing.T, key any) care.Secret {
	t.Helper()

	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}

	return care.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func rsaKey(t *testing.T, bits int) care.Secret {
	t.Helper()

	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}

	return pemOf(t, key)
}

func curveKey(t *testing.T, curve elliptic.Curve) care.Secret {
	t.Helper()

	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	return pemOf(t, key)
}

// TestSignedClient proves with both kinds of key who we are to a token endpoint that verifies the
// assertion on its own, and is refused with another key.
func TestSignedClient(t *testing.T) {
	t.Parallel()

	for name, key := range map[string]care.Secret{"RS384": rsaKey(t, 2048), "ES384": curveKey(t, elliptic.P384())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			signed := fhir.Config{PrivateKey: key}

			keys, err := signed.JWKS()
			if err != nil {
				t.Fatal(err)
			}

			for _, private := range []string{`"d"`, `"p"`, `"q"`} {
				if strings.Contains(string(keys), private) {
					t.Errorf("the key set holds %s", private)
				}
			}

			o := fhirsim.Options{Calm: true, TokenTTL: time.Minute, Clients: []fhirsim.Client{{ID: "sluse", JWKS: json.RawMessage(keys)}}}
			use := func(key care.Secret) func(*fhir.Config) {
				return func(c *fhir.Config) { c.ClientSecret, c.PrivateKey = care.Secret{}, key }
			}

			b := setup(t, o, use(key))
			mustApply(t, b.journal, planned(t, 0))

			// Every token has an assertion of its own: one that is used twice is refused there.
			b.sim.Advance(2 * time.Minute)
			mustApply(t, b.journal, planned(t, 1))

			if n := b.sim.Calls()[fhirsim.OpToken]; n != 2 {
				t.Errorf("%d token requests, want 2", n)
			}

			stranger := setup(t, o, use(curveKey(t, elliptic.P384())))
			if _, err := stranger.journal.Apply(t.Context(), planned(t, 0)); !connector.Is(err, connector.Unauthorized) {
				t.Errorf("another key: %v", err)
			}
		})
	}
}

// TestKeys refuses keys that SMART does not know, without quoting them.
func TestKeys(t *testing.T) {
	t.Parallel()

	for name, key := range map[string]care.Secret{
		"short": rsaKey(t, 1024), "curve": curveKey(t, elliptic.P256()), "text": care.NewSecret("hemmelig"),
	} {
		config := fhir.Config{BaseURL: "https://ehr.example/fhir", TokenURL: "https://ehr.example/token", ClientID: "sluse", PrivateKey: key}
		config.SetDefaults()

		problems := config.Validate()
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "private_key: ") || strings.Contains(problems[0].Error(), "hemmelig") {
			t.Errorf("%s: %v", name, problems)
		}
	}

	if _, err := (fhir.Config{}).JWKS(); err == nil {
		t.Error("a key set without a key")
	}
}

// TestListSettings tells every wrong setting of driving lists at once.
func TestListSettings(t *testing.T) {
	t.Parallel()

	config := fhir.Config{BaseURL: "https://ehr.example/fhir", Lists: fhir.Lists{
		By: "room", Filter: "a=%zz", Named: map[string]string{"x": "patient.identifier=2512489996"}, PageSize: -1, MaxVisits: -1, Timeout: 1, SuitableURL: "egnet",
	}}
	config.SetDefaults()

	problems := config.Validate()
	if len(problems) != 7 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}

// TestCheck looks at a record through the eyes of the administrator.
func TestCheck(t *testing.T) {
	t.Parallel()

	levels := func(found []connector.Finding) (fine, notice, failing int) {
		for _, f := range found {
			switch f.Level {
			case connector.Fine:
				fine++
			case connector.Notice:
				notice++
			case connector.Failing:
				failing++
			}
		}

		return fine, notice, failing
	}

	t.Run("AllThere", func(t *testing.T) {
		t.Parallel()

		b, _ := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.BySchedule)
		if fine, notice, failing := levels(b.journal.Check(t.Context())); fine != 3 || notice+failing != 0 {
			t.Errorf("%+v", b.journal.Check(t.Context()))
		}
	})

	t.Run("NoConditionalCreate", func(t *testing.T) {
		t.Parallel()

		b := setup(t, fhirsim.Options{Calm: true, NoConditionalCreate: true})
		if _, notice, failing := levels(b.journal.Check(t.Context())); notice != 2 || failing != 0 {
			t.Errorf("%+v", b.journal.Check(t.Context()))
		}
	})

	t.Run("NoAccess", func(t *testing.T) {
		t.Parallel()

		b := setup(t, fhirsim.Options{Calm: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}}, func(c *fhir.Config) { c.ClientSecret = care.NewSecret("wrong") })

		found := b.journal.Check(t.Context())
		if _, _, failing := levels(found); failing == 0 || strings.Contains(found[len(found)-1].Text, "wrong") {
			t.Errorf("%+v", found)
		}
	})

	for name, body := range map[string]string{
		"OldVersion": `{"resourceType":"CapabilityStatement","fhirVersion":"3.0.2"}`,
		"NoServer":   `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"client"}]}`,
		"NoJSON":     `<html>`,
		"NoUpdate":   `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"server","resource":[{"type":"Appointment","versioning":"no-version","interaction":[{"code":"read"}]}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			t.Cleanup(server.Close)

			config := fhir.Config{BaseURL: server.URL}
			config.SetDefaults()

			if _, _, failing := levels(open(t, config).Check(t.Context())); failing == 0 {
				t.Error("nothing is wrong")
			}
		})
	}
}
