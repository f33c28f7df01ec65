package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/scheduler/care"
)

type bundle struct {
	handler   *web.Handler
	use       map[string]*fakeUse
	sessions  map[string]*fakeSessions
	directory map[string]*fakeDirectory
	people    map[string]*fakePeople
	login     map[string]*fakeLogin
	audit     map[string]*fakeAudit
	closed    map[string]bool // emergency access is
	now       *time.Time
}

var hosts = map[string]care.MunicipalityID{"skaerm.testby.dk": "testby", "skaerm.nabokoeb.dk": "nabokoeb"}

// setup starts two municipalities over https.
func setup(t *testing.T) *bundle {
	t.Helper()

	now := testNow()
	b := &bundle{
		use: map[string]*fakeUse{}, sessions: map[string]*fakeSessions{}, directory: map[string]*fakeDirectory{}, people: map[string]*fakePeople{},
		login: map[string]*fakeLogin{}, audit: map[string]*fakeAudit{}, closed: map[string]bool{}, now: &now,
	}

	var sites []web.Site

	for host, id := range hosts {
		b.use[host], b.sessions[host] = newFakeUse(t), newFakeSessions()
		b.directory[host], b.login[host], b.audit[host] = newFakeDirectory(), &fakeLogin{mark: string(id), now: func() time.Time { return *b.now }}, &fakeAudit{}

		one := site(host, "https://"+host, id, b.use[host], b.sessions[host])
		b.people[host] = &fakePeople{}
		one.People = b.people[host]
		one.Directory, one.Login, one.Audit = b.directory[host], b.login[host], b.audit[host].record
		one.EmergencyAccess = emergencyOf(b.directory[host], b.audit[host], func() bool { return b.closed[host] }, func() time.Time { return *b.now })
		one.SessionRules.MinLevel = make(map[care.Role]care.Assurance)
		one.SessionRules.MinLevel[care.Administrator] = care.Substantial
		sites = append(sites, one)
	}

	h, err := web.New(web.Options{
		Sites: sites, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: func() time.Time { return *b.now },
	})
	if err != nil {
		t.Fatal(err)
	}

	b.handler = h

	return b
}

func site(host, public string, id care.MunicipalityID, use *fakeUse, sessions *fakeSessions) web.Site {
	return web.Site{
		Municipality: id, Hosts: []string{host}, PublicURL: public, Name: "Testby Kommune", Phone: "70 20 00 00",
		Emergency: "Ring til lægevagten på 1813 ved sygdom.", UseCases: use, Sessions: sessions, Login: &fakeLogin{mark: string(id), now: testNow}, Audit: (&fakeAudit{}).record,
		Grants: func(groups []string) []care.Grant {
			var out []care.Grant
			for _, g := range groups {
				out = append(out, care.Grant{Unit: "oest", Role: care.Role(g)})
			}

			return out
		},
		People:          &fakePeople{},
		EmergencyAccess: emergencyOf(listed("ADM"), &fakeAudit{}, func() bool { return false }, testNow),

		Limits: wide(),
		Hooks:  []hooks.Hook{{System: "pexip", User: hookUser, Password: care.NewSecret(hookPassword), Receive: (&sink{}).receive}},
	}
}

func (b *bundle) do(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()

	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)

	return w
}

func request(method, host, path string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://"+host+path, nil)

	return r
}

func TestUnknownHostIsMisdirected(t *testing.T) {
	t.Parallel()

	b := setup(t)
	if got := b.do(t, request(http.MethodGet, "evil.example.dk", "/")).Code; got != http.StatusMisdirectedRequest {
		t.Fatalf("status %d", got)
	}

	if got := b.do(t, request(http.MethodGet, "evil.example.dk", "/healthz")).Code; got != http.StatusOK {
		t.Fatalf("healthz %d", got)
	}
}
