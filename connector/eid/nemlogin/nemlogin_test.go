package nemlogin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/nemlogin"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

func now() time.Time { return time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC) }

// memory keeps requests for a provider. A nil map of used messages is a store that does not answer.
type memory struct {
	mu       sync.Mutex
	requests map[string]saml.Request
	used     map[string]bool
}

func (m *memory) SaveRequest(_ context.Context, r saml.Request) error {
	m.mu.Lock()
	defer m.mu.Unlock()

	m.requests[r.ID] = r

	return nil
}

func (m *memory) Request(_ context.Context, id string) (saml.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()

	r, ok := m.requests[id]
	if !ok {
		return saml.Request{}, saml.ErrNoRequest
	}

	return r, nil
}

func (m *memory) CompleteRequest(ctx context.Context, id, key string, expires time.Time) error {
	m.mu.Lock()
	delete(m.requests, id)
	m.mu.Unlock()

	return m.RememberMessage(ctx, key, expires)
}

func (m *memory) RememberMessage(_ context.Context, key string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()

	if m.used[key] {
		return saml.ErrUsed
	}

	m.used[key] = true

	return nil
}

// setup connects a provider with a simulated NemLog-in.
func setup(t *testing.T) (*nemlogin.Provider, *idpsim.Server) {
	t.Helper()

	sim, err := idpsim.New(idpsim.Options{PublicURL: "http://127.0.0.1:1", Profile: idpsim.ProfileNemLogin, Now: now})
	if err != nil {
		t.Fatal(err)
	}

	certificate, key, err := saml.NewKeyPair("sluse test", now().AddDate(-1, 0, 0), now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	config := saml.Config{
		Audience: saml.Person, Profile: saml.ProfileOIOSAML3, BaseURL: "https://skaerm.testby.example", IDPMetadata: string(sim.Metadata()),
		CertificateFile: filepath.Join(dir, "sp.crt"), KeyFile: filepath.Join(dir, "sp.key"),
	}

	for name, text := range map[string][]byte{config.CertificateFile: certificate, config.KeyFile: key} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	provider, err := saml.New(config, &memory{requests: map[string]saml.Request{}, used: map[string]bool{}}, now)
	if err != nil {
		t.Fatal(err)
	}

	metadata, err := provider.Metadata()
	if err != nil {
		t.Fatal(err)
	}

	if err := sim.Trust(metadata); err != nil {
		t.Fatal(err)
	}

	return nemlogin.New(eid.Info{Key: "nemlogin", Name: "MitID", Method: care.ByMitID, Danish: true}, provider, "/b"), sim
}

func posted(a idpsim.Answer) *http.Request {
	form := url.Values{"SAMLResponse": {a.SAMLResponse}, "RelayState": {a.RelayState}}
	r := httptest.NewRequest(http.MethodPost, a.ACS, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	return r
}

func login(t *testing.T, p *nemlogin.Provider, sim *idpsim.Server, c idpsim.Choice, handle string) (eid.Proof, idpsim.Answer, error) {
	t.Helper()

	begun, err := p.Start(t.Context(), eid.Start{Handle: "handle", MinLevel: care.Substantial, Phone: eid.IOS})
	if err != nil {
		t.Fatal(err)
	}

	answer, err := sim.LoginAs(t.Context(), begun.URL, c)
	if err != nil {
		t.Fatal(err)
	}

	proof, err := p.Finish(t.Context(), eid.Answer{Request: posted(answer), Handle: handle, MinLevel: care.Substantial, BegunAt: now()})

	return proof, answer, err
}

func TestLoginAndLogout(t *testing.T) {
	t.Parallel()

	p, sim := setup(t)

	proof, answer, err := login(t, p, sim, idpsim.Choice{User: "2512489996"}, "handle")
	if err != nil {
		t.Fatal(err)
	}

	if proof.CPR.Reveal() != "2512489996" || proof.Level != care.Substantial || proof.Method != care.ByMitID || proof.Provider != "nemlogin" ||
		proof.Name.Reveal() != "Nancy Ann Berggren" || proof.Subject.IsZero() || proof.Session.IsZero() {
		t.Errorf("%+v", proof)
	}

	if _, err := p.Finish(t.Context(), eid.Answer{Request: posted(answer), Handle: "handle", MinLevel: care.Substantial}); err == nil {
		t.Error("the same answer twice")
	}

	out, err := p.Leave(t.Context(), "handle", proof.Session)
	if err != nil || !strings.HasPrefix(out, "http://127.0.0.1:1/") || !strings.Contains(out, "SAMLRequest=") {
		t.Errorf("logging out leads to %q, %v", out, err)
	}

	if _, err := p.Leave(t.Context(), "handle", care.Secret{}); eid.ReasonOf(err) != eid.Expired {
		t.Errorf("nothing to log out of: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	p, sim := setup(t)

	for name, test := range map[string]struct {
		choice idpsim.Choice
		handle string
		want   []eid.Reason // what the person can be told; more than one where several are right
	}{
		"cancelled":         {idpsim.Choice{Fault: "status-authn-failed"}, "handle", []eid.Reason{eid.Cancelled}},
		"level not reached": {idpsim.Choice{Fault: "status-no-authn-context"}, "handle", []eid.Reason{eid.LevelTooLow}},
		"low":               {idpsim.Choice{User: "2512489996", Level: "Low"}, "handle", []eid.Reason{eid.LevelTooLow}},
		"employee":          {idpsim.Choice{User: "ANSAT"}, "handle", []eid.Reason{eid.WrongType, eid.Invalid}},
		"another browser":   {idpsim.Choice{User: "2512489996"}, "other", []eid.Reason{eid.WrongBrowser}},
	} {
		proof, _, err := login(t, p, sim, test.choice, test.handle)

		told := false
		for _, reason := range test.want {
			told = told || eid.ReasonOf(err) == reason
		}

		if err == nil || !told || !proof.CPR.IsZero() || strings.Contains(err.Error(), "2512489996") {
			t.Errorf("%s: %v", name, err)
		}
	}

	if _, err := p.Start(t.Context(), eid.Start{}); err == nil {
		t.Error("a login without a browser")
	}
}
