package web_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// fakePerson is the service provider towards NemLog-in.
type fakePerson struct{}

func (fakePerson) Metadata() ([]byte, error) { return []byte("<EntityDescriptor/>"), nil }

func (fakePerson) HandleLogout(r *http.Request, handle string) (saml.LogoutMessage, error) {
	switch {
	case r.FormValue("broken") != "":
		return saml.LogoutMessage{}, errors.New("broken")
	case r.FormValue("requested") != "":
		return saml.LogoutMessage{Requested: true, Next: saml.Outgoing{URL: "https://nemlogin.example/answer"}}, nil
	case handle != providerHandle:
		return saml.LogoutMessage{}, errors.New("another browser")
	}

	return saml.LogoutMessage{Next: saml.Outgoing{URL: "/b"}}, nil
}

// eidBundle is a site with logins for citizens, and a citizen's browser at the door of a visit.
type eidBundle struct {
	*bundle

	session *http.Cookie
	use     *fakeUse
}

func withEid(t *testing.T) eidBundle {
	t.Helper()

	b := setup(t)
	s := site(testby, "https://"+testby, "testby", b.use[testby], newFakeSessions())
	s.Person, s.PersonKey = fakePerson{}, "nemlogin"

	handler, err := web.New(web.Options{Sites: []web.Site{s}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: testNow})
	if err != nil {
		t.Fatal(err)
	}

	b.handler = handler
	out := eidBundle{bundle: b, session: b.enter(t), use: b.use[testby]}
	out.use.citizen = scheduler.CitizenView{
		Stage: scheduler.StageIdentify, PhoneHint: "•• •• •• 12", CodeLeft: 2, Methods: []care.IdentityMethod{care.ByMitID, care.ByEID, care.ByCode},
		Providers: []eid.Info{{Key: "nemlogin", Name: "MitID", Method: care.ByMitID}, {Key: "norge", Name: "BankID", Method: care.ByEID}},
	}

	return out
}

func loginHandle(w *httptest.ResponseRecorder) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "sluse-borger-login") {
			return c
		}
	}

	return nil
}

func TestCitizenIsOfferedLogins(t *testing.T) {
	t.Parallel()

	b := withEid(t)
	page := b.get(t, b.session, "/b", http.StatusOK)

	mitid, code, bank := strings.Index(page, "Log ind med MitID"), strings.Index(page, "Send mig en kode"), strings.Index(page, "Log ind med BankID")
	if mitid < 0 || code < mitid || bank < code || strings.Count(page, "button-primary") != 1 {
		t.Errorf("order %d, %d, %d; %d big buttons", mitid, code, bank, strings.Count(page, "button-primary"))
	}

	b.use.citizen.Methods, b.use.citizen.CodeLeft = []care.IdentityMethod{care.ByMitID}, 0
	if page = b.get(t, b.session, "/b", http.StatusOK); strings.Contains(page, "kode på SMS") || strings.Contains(page, "flere koder") {
		t.Error("a code is spoken of though none is allowed")
	}

	if page = b.get(t, b.session, "/b?sprog=en", http.StatusOK); !strings.Contains(page, "Log in with MitID") {
		t.Error("no English")
	}

	b.use.citizen.Stage, b.use.citizen.Leave = scheduler.StageEnded, eid.Info{Key: "nemlogin", Name: "MitID"}
	if page = b.get(t, b.session, "/b", http.StatusGone); !strings.Contains(page, "Log ud af MitID") {
		t.Error("nobody is logged out at the end")
	}
}

func TestLoginLeavesAndComesBack(t *testing.T) {
	t.Parallel()

	b := withEid(t)

	r := form(testby, "/b/eid/norge?sprog=en", nil)
	r.AddCookie(b.session)
	r.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")

	w := b.do(t, r)

	cookie := loginHandle(w)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "https://broker.example/") || b.use.called("StartLogin norge iOS en") != 1 {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}

	if cookie == nil || cookie.Name != "__Host-sluse-borger-login" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteNoneMode || cookie.MaxAge != 1200 {
		t.Fatalf("the cookie is %+v", cookie)
	}

	answer := func(outcome string, with ...*http.Cookie) *httptest.ResponseRecorder {
		r := request(http.MethodGet, testby, "/b/eid/norge/svar?outcome="+outcome)
		for _, c := range with {
			r.AddCookie(c)
		}

		return b.do(t, r)
	}

	for outcome, want := range map[string]string{
		"identified": "/b?sprog=en", "refused": "/b?sprog=en", "stranger": "/b/anden?sprog=en", "locked": "/b/anden?sprog=en",
		"cancelled": "/b?login=cancelled&sprog=en", "unavailable": "/b?login=unavailable&sprog=en", "level_too_low": "/b?login=level_too_low&sprog=en",
	} {
		w := answer(outcome, cookie)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %s", outcome, w.Code, w.Header().Get("Location"))
		}

		if gone := loginHandle(w); gone == nil || gone.MaxAge >= 0 {
			t.Errorf("%s: the cookie stays", outcome)
		}
	}

	if w := answer("invalid", cookie); loginHandle(w) != nil {
		t.Error("an answer that can't be trusted takes the cookie away")
	}

	if w := answer("identified"); w.Header().Get("Location") != "/b?login=wrong_browser" {
		t.Errorf("without the cookie: %s", w.Header().Get("Location"))
	}
}

// TestNemLoginPosts: the answer is posted by another site's page, without the citizen's own cookie.
func TestNemLoginPosts(t *testing.T) {
	t.Parallel()

	b := withEid(t)
	handle := &http.Cookie{Name: "__Host-sluse-borger-login", Value: providerHandle + ".da"}
	post := func(path string, v url.Values) *httptest.ResponseRecorder {
		r := form(testby, path, v)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(handle)

		return b.do(t, r)
	}

	if w := post(saml.PathPersonACS, url.Values{"outcome": {"identified"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/b" || b.use.called("Identify nemlogin") != 1 {
		t.Errorf("the answer: %d to %s", w.Code, w.Header().Get("Location"))
	}

	if w := post(saml.PathPersonLogout, url.Values{"requested": {"1"}}); w.Header().Get("Location") != "https://nemlogin.example/answer" {
		t.Errorf("a logout elsewhere is answered at %s", w.Header().Get("Location"))
	}

	if w := post(saml.PathPersonLogout, nil); w.Header().Get("Location") != "/b" {
		t.Errorf("our own logout ends at %s", w.Header().Get("Location"))
	}

	if w := post(saml.PathPersonLogout, url.Values{"broken": {"1"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a broken one: %d", w.Code)
	}

	if w := post("/b/eid/norge", nil); w.Code != http.StatusForbidden {
		t.Errorf("another site begins a login: %d", w.Code)
	}

	if got := b.get(t, nil, saml.PathPersonMetadata, http.StatusOK); got != "<EntityDescriptor/>" {
		t.Errorf("metadata %q", got)
	}
}

// TestLoginsTellWhatHappened: every reason has a sentence in every language, and what is no reason
// has none.
func TestLoginsTellWhatHappened(t *testing.T) {
	t.Parallel()

	b := withEid(t)
	plain := len(b.get(t, b.session, "/b", http.StatusOK))

	for _, reason := range eid.Reasons() {
		da, en := b.get(t, b.session, "/b?login="+string(reason), http.StatusOK), b.get(t, b.session, "/b?sprog=en&login="+string(reason), http.StatusOK)
		if len(da) < plain+40 || !strings.Contains(da, "alert-warning") || !strings.Contains(en, "alert-warning") || !strings.Contains(da, "Log ind med MitID") {
			t.Errorf("%s: nothing is told, or no other way is offered", reason)
		}
	}

	if page := b.get(t, b.session, "/b?login=%3Cscript%3E", http.StatusOK); strings.Contains(page, "alert-warning") || strings.Contains(page, "script%3E") {
		t.Error("an invented reason is shown")
	}

	b.use.fail = care.NewError(care.Unavailable, "Login virker ikke lige nu.")

	if w := b.post(t, b.session, "/b/eid/nemlogin", nil, http.StatusSeeOther); w.Header().Get("Location") != "/b?login=unavailable" {
		t.Errorf("an outage leads to %s", w.Header().Get("Location"))
	}
}

// TestStrangersLearnNothing: the page says that the link is somebody else's, and no more.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()

	b := withEid(t)
	b.use.citizen.Leave = eid.Info{Key: "nemlogin", Name: "MitID"}
	page := b.get(t, b.session, "/b/anden", http.StatusForbidden)

	if !strings.Contains(page, "Denne invitation er til en anden person") || !strings.Contains(page, "Log ud af MitID") {
		t.Error("the page does not say whose link it is, or offers no way out")
	}

	for _, told := range []string{"•• •• •• 12", "Send mig en kode", "åbner", "kl."} {
		if strings.Contains(page, told) {
			t.Errorf("the page tells %q", told)
		}
	}

	w := b.post(t, b.session, "/b/log-af", nil, http.StatusSeeOther)
	if w.Header().Get("Location") != "https://broker.example/logout" || loginHandle(w) == nil {
		t.Errorf("logging out leads to %s", w.Header().Get("Location"))
	}

	b.get(t, nil, "/b/anden", http.StatusNotFound)
}
