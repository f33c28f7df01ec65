package app_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// reference is what differs from answer to answer.
var reference = regexp.MustCompile(`urn:sluse:request:[A-Z0-9]+`)

var linkPattern = regexp.MustCompile(`https?://[^/\s]+(/b/[A-Za-z0-9_-]+)`)

// TestMunicipalitiesAreApart takes everything that one municipality gives out to the other one,
// which has to answer as to something that nobody has ever made.
func TestMunicipalitiesAreApart(t *testing.T) {
	t.Parallel()

	b := setup(t)
	a, halt := b.start(app.All)

	planner := b.person(testby).login("PLAN")
	preview := planner.upload("/import", "fil").header.Get("Location")
	visit, batch := planner.importAndConvert()
	b.settle(a)

	other := b.person(proeveby).login("PLAN")

	var day struct {
		All int `json:"all"`
	}

	if other.api(http.MethodGet, "/visits?day=2026-11-23", nil, &day); day.All != 0 {
		t.Errorf("the other municipality has %d visits", day.All)
	}

	for _, m := range []care.MunicipalityID{testby, proeveby} {
		backlog, err := a.Site(m).Queue().Backlog(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		later := 0
		for _, q := range backlog {
			later += q.Later + q.Due + q.Running
		}

		if (later > 0) != (m == testby) {
			t.Errorf("%s has %d jobs", m, later)
		}
	}

	b.sessionsAreApart(planner, other)
	b.namesAreApart(planner, other, visit, batch, preview)
	b.linksAreApart(a)
	b.loginsAreApart()
	b.filesAreApart()

	halt()
	b.keysAreApart()
}

// sessionsAreApart uses an employee's cookie elsewhere.
func (b *bundle) sessionsAreApart(planner, other *person) {
	b.Helper()

	if got := planner.get("/api/v1/visits?day=2026-11-23"); got.status != http.StatusOK {
		b.Fatalf("at home: %d", got.status)
	}

	stranger := b.person(proeveby)
	for name, cookies := range map[string][]*http.Cookie{
		"session of the other": planner.cookies(),
		"no session":           {{Name: "sluse", Value: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},
	} {
		if got := stranger.get("/api/v1/visits?day=2026-11-23", cookies...); got.status != http.StatusUnauthorized {
			b.Errorf("%s, API: %d", name, got.status)
		}

		if got := stranger.get("/dagen", cookies...); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login") {
			b.Errorf("%s, page: %d to %q", name, got.status, got.header.Get("Location"))
		}
	}

	if got := other.get("/api/v1/visits?day=2026-11-23"); got.status != http.StatusOK {
		b.Errorf("the other municipality's own session: %d", got.status)
	}
}

// namesAreApart asks the other municipality for visits, batches and uploads of the first one, and
// for some that never were. The answers have to be the same.
func (b *bundle) namesAreApart(planner, other *person, visit, batch, preview string) {
	b.Helper()

	upload := preview[strings.LastIndexByte(preview, '/')+1:]
	if got := planner.get(preview); got.status != http.StatusOK {
		b.Fatalf("preview at home: %d", got.status)
	}

	caregiver := b.person(proeveby).login("LBH")

	const never = "01990000-0000-7000-8000-000000000000"

	for _, ask := range []struct {
		who          *person
		method, path string
		id           string
		in           any
	}{
		{other, http.MethodGet, "/api/v1/visits/ID", visit, nil},
		{other, http.MethodPost, "/api/v1/visits/ID/cancel", visit, map[string]any{"reason": "aflyst_af_borger"}},
		{other, http.MethodPost, "/api/v1/visits/ID/physical", visit, nil},
		{other, http.MethodPost, "/api/v1/visits/ID/conclude", visit, map[string]any{"kind": "completed", "delivery": "screen"}},
		{other, http.MethodPost, "/api/v1/conversions", visit, map[string]any{"visits": []string{"ID"}, "dry_run": true}},
		{other, http.MethodPost, "/api/v1/conversions", visit, map[string]any{"visits": []string{"ID"}}},
		{other, http.MethodGet, "/api/v1/conversions/ID", batch, nil},
		{other, http.MethodPost, "/api/v1/conversions/ID/undo", batch, nil},
		{other, http.MethodGet, "/besoeg/ID", visit, nil},
		{other, http.MethodGet, "/omlaegninger/ID", batch, nil},
		{other, http.MethodGet, "/omlaegninger/ID/forloeb", batch, nil},
		{other, http.MethodGet, "/omlaegninger/ID/fortryd", batch, nil},
		{other, http.MethodPost, "/omlaegninger/ID/fortryd", batch, nil},
		{other, http.MethodGet, "/import/ID", upload, nil},
		{other, http.MethodPost, "/import/ID", upload, nil},
		{other, http.MethodGet, "/import/ID/resultat", upload, nil},
		{caregiver, http.MethodGet, "/api/v1/visits/ID/lobby", visit, nil},
		{caregiver, http.MethodGet, "/min-dag/ID", visit, nil},
		{caregiver, http.MethodPost, "/min-dag/ID/start", visit, nil},
	} {
		theirs, nobodys := ask.who.request(ask.method, ask.path, ask.id, ask.in), ask.who.request(ask.method, ask.path, never, ask.in)
		if theirs.status != nobodys.status || theirs.status != http.StatusNotFound && ask.path != "/api/v1/conversions" {
			b.Errorf("%s %s: %d, and %d for one that never was", ask.method, ask.path, theirs.status, nobodys.status)
		}

		// A selection of visits is answered as a whole: nothing of it is known.
		if reference.ReplaceAllString(strings.ReplaceAll(theirs.body, ask.id, never), "") != reference.ReplaceAllString(nobodys.body, "") {
			b.Errorf("%s %s: %s, and for one that never was %s", ask.method, ask.path, theirs.body, nobodys.body)
		}

		if strings.Contains(theirs.body, "Vestergaard") || strings.Contains(theirs.body, "T-1") {
			b.Errorf("%s %s tells of the other municipality's visit", ask.method, ask.path)
		}
	}
}

// request puts an id into path and body.
func (p *person) request(method, path, id string, in any) answer {
	p.Helper()

	path = strings.ReplaceAll(path, "ID", id)

	if api, ok := strings.CutPrefix(path, "/api/v1"); ok {
		if m, ok := in.(map[string]any); ok && m["visits"] != nil {
			in = map[string]any{"visits": []string{id}, "dry_run": m["dry_run"] == true}
		}

		return p.api(method, api, in, nil)
	}

	if method == http.MethodGet {
		return p.get(path)
	}

	return p.post(path, nil)
}

// linksAreApart opens a citizen's link, and uses the citizen's session, at the other municipality.
func (b *bundle) linksAreApart(a *app.App) {
	b.Helper()

	sms := b.world.VDX.SMS()
	if len(sms) != 1 {
		b.Fatalf("%d SMS", len(sms))
	}

	found := linkPattern.FindStringSubmatch(sms[0].Text)
	if found == nil || !strings.HasPrefix(found[0], b.bases[testby]) {
		b.Fatal("the SMS has no link to its municipality")
	}

	b.jump(a, visitStart.Add(-2*time.Minute))

	citizen, stranger := b.person(testby), b.person(proeveby)
	if got := citizen.get(found[1]); got.status != http.StatusOK {
		b.Fatalf("link at home: %d", got.status)
	}

	never := "/b/" + strings.Repeat("A", len(found[1])-len("/b/"))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		theirs, nobodys := stranger.request(method, found[1], "", nil), stranger.request(method, never, "", nil)
		if theirs.status != nobodys.status || theirs.status != http.StatusNotFound ||
			strings.ReplaceAll(theirs.body, found[1], never) != nobodys.body || len(theirs.header["Set-Cookie"]) > 0 {
			b.Errorf("%s of the other's link: %d, and %d for one that never was", method, theirs.status, nobodys.status)
		}
	}

	if got := citizen.post(found[1], nil); got.status != http.StatusSeeOther {
		b.Fatalf("enter at home: %d", got.status)
	}

	home := citizen.cookies()
	if len(home) != 1 || citizen.get("/b").status != http.StatusOK {
		b.Fatalf("%d cookies", len(home))
	}

	nobody := []*http.Cookie{{Name: home[0].Name, Value: strings.Repeat("A", len(home[0].Value))}}

	for _, ask := range []struct{ method, path string }{
		{http.MethodGet, "/b"}, {http.MethodPost, "/b/kode"}, {http.MethodPost, "/b/svar"}, {http.MethodPost, "/b/ind"}, {http.MethodGet, "/b/nu"},
	} {
		theirs := stranger.do(ask.method, ask.path, "", nil, home...)
		nobodys := stranger.do(ask.method, ask.path, "", nil, nobody...)

		if theirs.status != nobodys.status || theirs.body != nobodys.body || ask.path != "/b/nu" && theirs.status < http.StatusBadRequest {
			b.Errorf("%s %s with the other's session: %d, and %d with none", ask.method, ask.path, theirs.status, nobodys.status)
		}
	}

	if sent := len(b.world.VDX.SMS()); sent != 1 {
		b.Errorf("the stranger had %d SMS sent", sent-1)
	}
}

// loginsAreApart takes the identity provider's answer to the other municipality.
func (b *bundle) loginsAreApart() {
	b.Helper()

	browser := b.person(testby)
	_, answer := browser.samlAnswer("PLAN")

	elsewhere := b.person(proeveby)
	own := elsewhere.get("/login").header.Get("Location")

	u, err := url.Parse(own)
	if err != nil {
		b.Fatal(err)
	}

	for name, state := range map[string]string{"its own relay state": answer.Get("RelayState"), "the other's relay state": u.Query().Get("RelayState")} {
		form := url.Values{"SAMLResponse": answer["SAMLResponse"], "RelayState": {state}}

		got := elsewhere.post("/saml/acs", form, browser.cookies()...)
		if got.status < http.StatusBadRequest {
			b.Errorf("with %s: %d", name, got.status)
		}
	}

	if got := elsewhere.get("/dagen"); got.status != http.StatusSeeOther {
		b.Errorf("logged in with the other's answer: %d", got.status)
	}
}

// filesAreApart looks where the driving list is kept.
func (b *bundle) filesAreApart() {
	b.Helper()

	for _, m := range b.config.Municipalities {
		kept := 0

		err := filepath.WalkDir(m.Record.File.Dir, func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				kept++
			}

			return err
		})
		if err != nil || (kept > 0) != (m.ID == testby) {
			b.Errorf("%s keeps %d files (%v)", m.ID, kept, err)
		}
	}
}

// keysAreApart gives the first municipality's database to the second one's keys: what is
// personal can't be read.
func (b *bundle) keysAreApart() {
	b.Helper()

	own := b.config
	b.config.Municipalities = b.config.Municipalities[:1:1]
	keys := own.Municipalities[1].Keys

	day := func() (scheduler.DayView, error) {
		a, err := app.New(b.Context(), b.options(app.Web))
		if err != nil {
			b.Fatal(err)
		}

		view, err := a.Site(testby).Service().Day(b.Context(), care.Actor{
			Employee: "PLAN", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}},
		}, scheduler.DayQuery{Day: "2026-11-23"})
		if stopped := a.Stop(b.Context()); stopped != nil {
			b.Error(stopped)
		}

		return view, err
	}

	if view, err := day(); err != nil || view.All != 1 {
		b.Fatalf("with its own keys: %d visits, %v", view.All, err)
	}

	b.config.Municipalities[0].Keys = keys

	if view, err := day(); err == nil {
		b.Errorf("with the other's keys: %d visits", view.All)
	}
}
