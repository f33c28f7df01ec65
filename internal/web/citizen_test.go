package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// enter takes the link and returns the citizen's cookie.
func (b *bundle) enter(t *testing.T) *http.Cookie {
	t.Helper()

	const locator = "loc"

	b.use[testby].known[locator] = true

	w := b.do(t, form(testby, "/b/"+locator, nil))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("enter: %d", w.Code)
	}

	c := w.Result().Cookies()[0]
	if c.Name != "__Host-sluse-borger" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 3600 {
		t.Errorf("cookie: %+v", c)
	}

	return c
}

func TestLinksChangeNothingOnGetAndHead(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.use[testby].known["loc"] = true

	for _, method := range []string{http.MethodGet, http.MethodHead} {
		w := b.do(t, request(method, testby, "/b/loc"))
		if w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d, %d cookies", method, w.Code, len(w.Result().Cookies()))
		}
	}

	if n := b.use[testby].called("Enter"); n != 0 {
		t.Errorf("Enter was called %d times", n)
	}
}

// TestCitizenStages checks status, words, the help that every page carries and that nothing
// tells whom the call is with.
func TestCitizenStages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)

	for stage, want := range map[scheduler.CitizenStage]struct {
		status int
		danish string
	}{
		scheduler.StageLanding:  {200, "Velkommen til dit skærmbesøg"},
		scheduler.StageEarly:    {200, "Dit skærmbesøg åbner kl. 08.45."},
		scheduler.StageIdentify: {200, "•• •• •• 12"},
		scheduler.StageCode:     {200, `autocomplete="one-time-code"`},
		scheduler.StageTerms:    {200, "Du må ikke optage lyd eller billede."},
		scheduler.StageDeclined: {200, "Du har sagt nej"},
		scheduler.StageWaiting:  {200, "Du er kommet rigtigt ind"},
		scheduler.StageAdmitted: {200, "Gå ind til mødet"},
		scheduler.StageRefused:  {200, "Din plads er lukket"},
		scheduler.StageEnded:    {410, "Dette skærmbesøg er afsluttet"},
		scheduler.StageWrong:    {404, "Linket virker ikke"},
	} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: stage, Opens: testNow().Add(25 * time.Minute), PhoneHint: "•• •• •• 12", CodeLeft: 1}

		for lang, title := range map[string]string{"": "<title>Skærmbesøg – Testby Kommune</title>", "?sprog=en": "<title>Screen visit – Testby Kommune</title>"} {
			body := b.get(t, c, "/b"+lang, want.status)
			for _, part := range []string{title, "70 20 00 00", "112", "/was"} {
				if !strings.Contains(body, part) {
					t.Errorf("%s%s: no %q", stage, lang, part)
				}
			}

			if strings.Count(body, "<h1") != 1 {
				t.Errorf("%s: not one heading", stage)
			}

			if lang == "" && !strings.Contains(body, want.danish) {
				t.Errorf("%s: no %q", stage, want.danish)
			}
		}
	}
}

// TestGuestStages: a participant reads of a meeting and of secrecy, and of nothing that is the
// citizen's.
func TestGuestStages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)

	for _, page := range []struct {
		stage scheduler.CitizenStage
		want  []string
	}{
		{scheduler.StageLanding, []string{"Velkommen til mødet", "Linket er kun til dig"}},
		{scheduler.StageEarly, []string{"Mødet åbner kl. 08.45."}},
		{scheduler.StageWaiting, []string{"Du er kommet rigtigt ind", "fortroligt"}},
		{scheduler.StageEnded, []string{"Mødet er slut for dig"}},
	} {
		stage, want := page.stage, page.want

		for _, kind := range care.ParticipantKinds() {
			b.use[testby].citizen = scheduler.CitizenView{Stage: stage, Opens: testNow().Add(25 * time.Minute), Guest: kind}
			status := map[bool]int{true: http.StatusGone, false: http.StatusOK}[stage == scheduler.StageEnded]

			body := b.get(t, c, "/b", status)
			for _, part := range append(want, "<title>Skærmbesøg – Testby Kommune</title>") {
				if !strings.Contains(body, part) {
					t.Errorf("%s as %s: no %q", stage, kind, part)
				}
			}

			if strings.Contains(body, "dit skærmbesøg") || strings.Contains(body, "det ændrer ikke den hjælp") {
				t.Errorf("%s as %s: the citizen's words", stage, kind)
			}

			if en := b.get(t, c, "/b?sprog=en", status); strings.Contains(en, "your screen visit") {
				t.Errorf("%s as %s: the citizen's English words", stage, kind)
			}
		}
	}
}

func TestCitizenWay(t *testing.T) {
	t.Parallel()

	b := setup(t)
	use, c := b.use[testby], b.enter(t)

	use.citizen = scheduler.CitizenView{Stage: scheduler.StageCode, PhoneHint: "•• •• •• 12", CodeLeft: 1}

	if w := b.post(t, c, "/b/kode?sprog=en", nil, http.StatusSeeOther); w.Header().Get("Location") != "/b?sprog=en" {
		t.Errorf("the language is lost: %s", w.Header().Get("Location"))
	}

	w := b.post(t, c, "/b/svar", url.Values{"kode": {"111 111"}}, http.StatusUnprocessableEntity)
	if !strings.Contains(w.Body.String(), "Koden er ikke rigtig") || strings.Contains(w.Body.String(), "111") {
		t.Error("a wrong code: no sentence, or the code comes back")
	}

	b.post(t, c, "/b/svar", url.Values{"kode": {"483 921"}}, http.StatusSeeOther)
	b.post(t, c, "/b/ind", nil, http.StatusUnprocessableEntity)

	use.citizen.Stage = scheduler.StageAdmitted
	if w := b.post(t, c, "/b/ind", nil, http.StatusSeeOther); w.Header().Get("Location") != use.guestLink {
		t.Errorf("leads to %s", w.Header().Get("Location"))
	}

	use.codeErr = care.NewError(care.TooMany, "Der er tastet forkert for mange gange. Ring til os, så hjælper vi dig ind.")
	b.post(t, c, "/b/svar", url.Values{"kode": {"483921"}}, http.StatusTooManyRequests)
}

func TestStreamTellsTheStage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)
	b.use[testby].citizen = scheduler.CitizenView{Stage: scheduler.StageWaiting}
	b.handler.Drain() // a server that stops ends streams after what is known now

	r := request(http.MethodGet, testby, "/b/nu")
	r.AddCookie(c)

	w := b.do(t, r)
	if got := w.Body.String(); got != "event: stage\ndata: {\"stage\":\"waiting\"}\n\n" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		t.Errorf("stream: %q", got)
	}

	b.use[testby].batchState = care.BatchDone
	r = request(http.MethodGet, testby, "/omlaegninger/b1/forloeb")
	r.AddCookie(b.as(t, testby, "PLA", care.Planner))

	if got := b.do(t, r).Body.String(); !strings.Contains(got, `"percent":100`) || !strings.Contains(got, `"live":false`) {
		t.Errorf("progress: %q", got)
	}
}

func TestFaultPageOfCitizenHasReference(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)
	b.use[testby].fail = care.NewError(care.Unavailable, "Databasen svarer ikke.")

	if body := b.get(t, c, "/b", http.StatusServiceUnavailable); !strings.Contains(body, "Reference") || strings.Contains(body, "Databasen") {
		t.Error("fault page")
	}
}

// TestNeitherCodeNorLogin: whoever has no telephone and no MitID is told what to do instead.
func TestNeitherCodeNorLogin(t *testing.T) {
	t.Parallel()

	b := setup(t)
	session := b.enter(t)

	for name, methods := range map[string][]care.IdentityMethod{"nothing is left": nil, "the caregiver's word is": {care.KnownToStaff}} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: scheduler.StageIdentify, Methods: methods}

		body := b.get(t, session, "/b", http.StatusOK)
		if !strings.Contains(body, "ringer til dig. Du kan også ringe") || !strings.Contains(body, "bed om hjælp") || strings.Contains(body, "Vi sender en kode") || strings.Contains(body, "flere koder") {
			t.Errorf("%s:\n%s", name, body)
		}
	}
}

// TestOwnLanguage: the citizen's own language counts until another one is chosen, which then stays.
func TestOwnLanguage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	for _, link := range []string{"xyz-en", "xyz-pl", "xyz-da", "xyz"} {
		b.use[testby].known[link] = true
	}

	for _, c := range []struct{ method, path, to string }{
		{http.MethodGet, "/b/xyz-en", "/b/xyz-en?sprog=en"},
		{http.MethodGet, "/b/xyz-en?sprog=da", ""},
		{http.MethodGet, "/b/xyz-en?sprog=en", ""},
		{http.MethodGet, "/b/xyz-pl", ""}, // the pages have no Polish
		{http.MethodGet, "/b/xyz-da", ""},
		{http.MethodPost, "/b/xyz-en", "/b?sprog=en"},
		{http.MethodPost, "/b/xyz-en?sprog=da", "/b?sprog=da"},
		{http.MethodPost, "/b/xyz-da?sprog=en", "/b?sprog=en"},
		{http.MethodPost, "/b/xyz", "/b"},
	} {
		r := request(c.method, testby, c.path)
		if c.method == http.MethodPost {
			r = form(testby, c.path, nil)
		}

		if got := b.do(t, r).Header().Get("Location"); got != c.to {
			t.Errorf("%s %s leads to %q, want %q", c.method, c.path, got, c.to)
		}
	}

	body := b.get(t, nil, "/b/xyz-en?sprog=da", http.StatusOK)
	if !strings.Contains(body, `action="/b/xyz-en?sprog=da"`) || !strings.Contains(body, `lang="da"`) {
		t.Error("Danish, once chosen, is lost")
	}
}
