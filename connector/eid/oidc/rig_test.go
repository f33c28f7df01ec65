package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/scheduler/care"
)

const returnURL = "http://127.0.0.1:9/b/eid/broker/svar"

// clock is a clock that stands until it is set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

type rig struct {
	sim      *oidcsim.Server
	provider *oidc.Provider
	clock    *clock
}

// configs are what the documentation tells to write for each dialect.
func configFor(d oidcsim.Dialect) oidc.Config {
	c := oidc.Config{ClientID: oidcsim.DefaultClientID, ClientSecret: care.NewSecret(oidcsim.DefaultClientSecret)}

	switch d {
	case oidcsim.MitID:
		c.NumberClaim, c.LevelClaim = "dk.cpr", "loa"
		c.Levels = map[string]string{
			"https://data.gov.dk/concept/core/nsis/loa/Low": "low", "https://data.gov.dk/concept/core/nsis/loa/Substantial": "substantial",
			"https://data.gov.dk/concept/core/nsis/loa/High": "high",
		}
		c.RequireClaims = map[string]string{"identity_type": "private"}
	case oidcsim.IDPorten:
		c.NumberClaim, c.Number = "pid", oidc.NumberForeign
		c.Levels = map[string]string{"idporten-loa-substantial": "substantial", "idporten-loa-high": "high"}
	case oidcsim.Freja:
		c.NumberClaim, c.Number, c.LevelClaim = "nin.value", oidc.NumberForeign, "registration_level"
		c.Levels = map[string]string{"BASIC": "low", "EXTENDED": "substantial", "PLUS": "high"}
		c.ACRValues = []string{"urn:grn:authn:se:frejaid"}
	}

	return c
}

func newRig(t *testing.T, o oidcsim.Options, change func(*oidc.Config)) *rig {
	t.Helper()

	r := &rig{clock: &clock{at: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}}
	o.Now = r.clock.now

	var err error
	if r.sim, err = oidcsim.New(o); err != nil {
		t.Fatal(err)
	}

	issuer, err := r.sim.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = r.sim.Close() })

	dialect := o.Dialect
	if dialect == "" {
		dialect = oidcsim.MitID
	}

	config := configFor(dialect)
	config.Issuer = issuer

	if change != nil {
		change(&config)
	}

	r.provider, err = oidc.New(config, oidc.Options{
		Info: eid.Info{Key: "broker", Name: "MitID", Method: care.ByMitID}, ReturnURL: returnURL, HomeURL: "http://127.0.0.1:9/b", Now: r.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}

	return r
}

func (r *rig) start(t *testing.T) eid.Begun {
	t.Helper()

	begun, err := r.provider.Start(t.Context(), eid.Start{Handle: "handle", MinLevel: care.Substantial, Lang: "da"})
	if err != nil {
		t.Fatal(err)
	}

	return begun
}

// browse follows the browser to the provider and returns the request with which it comes back.
func browse(t *testing.T, address string) *http.Request {
	t.Helper()

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}

	_ = response.Body.Close()

	if response.StatusCode != http.StatusSeeOther {
		t.Fatalf("the provider answered %d", response.StatusCode)
	}

	return httptest.NewRequest(http.MethodGet, response.Header.Get("Location"), http.NoBody)
}

// login is a whole login.
func (r *rig) login(t *testing.T, l oidcsim.Login) (eid.Proof, error) {
	t.Helper()
	r.sim.Next(l)

	begun := r.start(t)
	back := browse(t, begun.URL)

	return r.provider.Finish(t.Context(), eid.Answer{Request: back, Handle: "handle", Keep: begun.Keep, MinLevel: care.Substantial, BegunAt: r.clock.at})
}

func query(t *testing.T, address string) url.Values {
	t.Helper()

	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}

	return u.Query()
}

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

func ecKey(t *testing.T, curve elliptic.Curve) care.Secret {
	t.Helper()

	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	return pemOf(t, key)
}
