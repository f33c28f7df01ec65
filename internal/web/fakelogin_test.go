package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// fakeLogin plays the identity provider: the posted "user" field says who comes back.
type fakeLogin struct {
	mark string
	now  func() time.Time

	mu     sync.Mutex
	wanted saml.LoginRequest
}

// last returns what the last login asked for.
func (f *fakeLogin) last() saml.LoginRequest {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.wanted
}

func (f *fakeLogin) Login(_ context.Context, handle string, wanted saml.LoginRequest) (saml.Outgoing, error) {
	if handle == "" {
		return saml.Outgoing{}, care.NewError(care.Internal, "no handle")
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = wanted

	return saml.Outgoing{URL: "https://idp.example.dk/sso?til=" + wanted.ReturnTo}, nil
}

func (f *fakeLogin) Callback(r *http.Request, handle string) (saml.Principal, string, error) {
	if err := r.ParseForm(); err != nil || handle == "" {
		return saml.Principal{}, "", &saml.Error{Kind: saml.KindWrongBrowser}
	}

	user := r.PostForm.Get("user")
	if user == "" {
		return saml.Principal{}, "", &saml.Error{Kind: saml.KindDenied}
	}

	level, ago := care.HighAssurance, time.Duration(0)
	if text := r.PostForm.Get("level"); text != "" {
		level = care.Assurance(text[0] - '0')
	}

	if text := r.PostForm.Get("ago"); text != "" {
		ago, _ = time.ParseDuration(text)
	}

	return saml.Principal{
		Subject: user, EmployeeID: user, Name: "Test " + user, Groups: strings.Fields(r.PostForm.Get("groups")),
		NameID: saml.NameID{Value: f.mark + user}, SessionIndex: "s1", Level: level, AuthenticatedAt: f.now().Add(-ago),
	}, "/", nil
}

func (f *fakeLogin) Logout(context.Context, string, saml.Principal, string) (saml.Outgoing, error) {
	return saml.Outgoing{URL: "https://idp.example.dk/slo"}, nil
}

func (f *fakeLogin) HandleLogout(r *http.Request, _ string) (saml.LogoutMessage, error) {
	switch r.URL.Query().Get("answer") {
	case "partial":
		return saml.LogoutMessage{Partial: true, Next: saml.Outgoing{URL: "/logget-af"}}, nil
	case "form":
		return saml.LogoutMessage{Requested: true, Next: saml.Outgoing{
			URL: "https://idp.example.dk/slo", Fields: []saml.Field{{Name: "SAMLResponse", Value: `PHg+"<`}, {Name: "RelayState", Value: "r"}},
		}}, nil
	}

	return saml.LogoutMessage{Requested: true, NameID: saml.NameID{Value: r.URL.Query().Get("who")}, Next: saml.Outgoing{URL: "https://idp.example.dk/done"}}, nil
}

func (f *fakeLogin) Metadata() ([]byte, error) { return []byte("<EntityDescriptor/>"), nil }

// answer plays a login through the SAML routes and returns the answer to it.
func (b *bundle) answer(t *testing.T, host string, v url.Values) *httptest.ResponseRecorder {
	t.Helper()

	w := b.do(t, request(http.MethodGet, host, "/login"))
	r := form(host, "/saml/acs", v)
	r.Header.Set("Sec-Fetch-Site", "cross-site")

	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}

	return b.do(t, r)
}

// sessionOf returns the session cookie of an answer; nil when there is none.
func sessionOf(w *httptest.ResponseRecorder) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == "__Host-sluse" && c.Value != "" {
			return c
		}
	}

	return nil
}

// hashOf is what is stored of a session's token.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))

	return hex.EncodeToString(sum[:])
}

var loginID = regexp.MustCompile(`name="login" value="([0-9a-f]+)"`)

// loginIDs returns the logins that a page offers to end.
func loginIDs(body string) []string {
	var out []string
	for _, m := range loginID.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}

	return out
}

// fakeAudit keeps audit rows in memory.
type fakeAudit struct {
	mu   sync.Mutex
	rows []scheduler.AuditRow
}

func (f *fakeAudit) record(ctx context.Context, rows []scheduler.AuditRow) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	for _, r := range rows {
		if r.Origin == (scheduler.Origin{}) { // as the store does
			r.Origin = scheduler.OriginOf(ctx)
		}

		f.rows = append(f.rows, r)
	}

	return nil
}

// of returns the rows of an action.
func (f *fakeAudit) of(action string) []scheduler.AuditRow {
	f.mu.Lock()
	defer f.mu.Unlock()

	return slices.DeleteFunc(slices.Clone(f.rows), func(r scheduler.AuditRow) bool { return r.Action != action })
}

func (f *fakeAudit) actions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()

	var out []string
	for _, r := range f.rows {
		out = append(out, r.Action)
	}

	return out
}
