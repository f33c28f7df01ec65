package saml_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// site is a minimal caller of the package: what internal/web does with cookies.
func site(b *bundle) http.Handler {
	const cookie = "__Host-login"
	browser := func(r *http.Request) string {
		if c, err := r.Cookie(cookie); err == nil {
			return c.Value
		}
		return ""
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		handle := saml.NewBrowserHandle()
		http.SetCookie(w, &http.Cookie{
			Name: cookie, Value: handle, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode,
		})
		out, err := b.provider.Login(r.Context(), handle, saml.LoginRequest{ReturnTo: "/min-dag"})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, out.URL, http.StatusFound)
	})
	mux.HandleFunc("POST "+saml.PathACS, func(w http.ResponseWriter, r *http.Request) {
		who, returnTo, err := b.provider.Callback(r, browser(r))
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, "%s til %s", who.EmployeeID, returnTo)
	})
	mux.HandleFunc("GET "+saml.PathMetadata, func(w http.ResponseWriter, _ *http.Request) {
		metadata, err := b.provider.Metadata()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(metadata)
	})
	return mux
}

var hiddenField = regexp.MustCompile(`name="(pending|SAMLResponse|RelayState)" value="([^"]*)"`)

func fields(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// visit makes a request as a browser and returns status and page. A nil form is a GET.
func visit(t *testing.T, client *http.Client, address string, form url.Values) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	if form != nil {
		r = postForm(address, form)
	}
	r.RequestURI = ""
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestLoginOverHTTP walks a browser with a cookie jar through the whole login: the site,
// the provider's page, a click, the post back.
func TestLoginOverHTTP(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{idpsim.ProfilePlain, idpsim.ProfileOIOSAML3} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(b *bundle) {
				if profile == idpsim.ProfileOIOSAML3 {
					oiosaml(b)
				}
			}, ownIDP(idpsim.Options{Profile: profile}))
			idp := httptest.NewServer(b.idp.Handler())
			t.Cleanup(idp.Close)
			sp := httptest.NewUnstartedServer(nil)
			sp.StartTLS()
			t.Cleanup(sp.Close)
			b.idp.SetPublicURL(idp.URL)
			b.cfg.BaseURL = sp.URL
			b.connect(t)
			sp.Config.Handler = site(b)

			client := sp.Client()
			client.Jar, _ = cookiejar.New(nil)
			_, page := visit(t, client, sp.URL+"/login", nil)
			if !strings.Contains(page, "Vælg, hvem du logger ind som") || !strings.Contains(page, `value="MSK"`) {
				t.Fatalf("no login page:\n%s", page)
			}
			form := fields(page)
			form.Set("user", "MSK")
			_, page = visit(t, client, idp.URL+"/login", form)
			back := fields(page)
			status, got := visit(t, client, sp.URL+saml.PathACS, back)
			want := "MSK til /min-dag"
			if profile == idpsim.ProfileOIOSAML3 {
				want = "til /min-dag" // the employee ID is a UUID there
			}
			if status != http.StatusOK || !strings.Contains(got, want) {
				t.Fatalf("status %d: %s", status, got)
			}
			if status, got := visit(t, client, sp.URL+saml.PathACS, back); status != http.StatusForbidden {
				t.Errorf("the same post a second time: status %d: %s", status, got)
			}
		})
	}
}

func TestPrincipal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := b.login(t, "LEDER")
	want := saml.Principal{
		Kind: saml.Professional, Subject: got.NameID.Value, IDP: "http://127.0.0.1:1/metadata",
		NameID:       saml.NameID{Value: got.NameID.Value, Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"},
		SessionIndex: got.SessionIndex, EmployeeID: "LEDER", Name: "Teamleder LEDER",
		Email: "leder@testkommunen.example", Groups: []string{"sluse-leader", "sluse-planner"},
		Level: care.Substantial, AuthenticatedAt: start, ExpiresAt: start.Add(8 * time.Hour),
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(care.CPR{})); diff != "" {
		t.Error(diff)
	}
	if got.NameID.Value == "" || got.SessionIndex == "" {
		t.Error("no name or session index to log out with")
	}
	if again := b.login(t, "LEDER"); again.Subject != got.Subject || again.SessionIndex == got.SessionIndex {
		t.Error("the subject has to stay and the session to change between two logins")
	}
}

func TestPrincipalHidesThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	who := b.login(t, "LEDER")
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("login", "who", who)
	printed := fmt.Sprintf("%v %s %s", who, who, who.NameID) + log.String()
	for _, secret := range []string{"LEDER", "leder@", "Teamleder", who.NameID.Value} {
		if strings.Contains(printed, secret) {
			t.Errorf("prints %q: %s", secret, printed)
		}
	}
}

func TestReplayAndBinding(t *testing.T) {
	t.Parallel()
	t.Run("same message twice", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		answer := b.answer(t, b.start(t), "PLAN", "")
		if _, _, err := b.post(handle, answer); err != nil {
			t.Fatal(explain(err))
		}
		if _, _, err := b.post(handle, answer); saml.KindOf(err) != saml.KindExpired {
			t.Errorf("second time: %s", explain(err))
		}
	})
	t.Run("message of an earlier login", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.login(t, "PLAN")
		if _, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", idpsim.FaultReplay)); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("sixteen at once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		answer := b.answer(t, b.start(t), "PLAN", "")
		var wg sync.WaitGroup
		results := make([]error, 16)
		for i := range results {
			wg.Go(func() { _, _, results[i] = b.post(handle, answer) })
		}
		wg.Wait()
		accepted := 0
		for _, err := range results {
			if err == nil {
				accepted++
			} else if k := saml.KindOf(err); k != saml.KindReplayed && k != saml.KindExpired {
				t.Errorf("refused as %s", explain(err))
			}
		}
		if accepted != 1 {
			t.Errorf("%d accepted", accepted)
		}
	})
	for _, browser := range []string{"", "OTHER"} {
		t.Run("browser "+browser, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			answer := b.answer(t, b.start(t), "PLAN", "")
			if _, _, err := b.post(browser, answer); saml.KindOf(err) != saml.KindWrongBrowser {
				t.Errorf("other browser: %s", explain(err))
			}
			if _, _, err := b.post(handle, answer); err != nil {
				t.Errorf("the right browser afterwards: %s", explain(err))
			}
		})
	}
	t.Run("too slow", func(t *testing.T) {
		t.Parallel()
		b := setup(t, ownIDP(idpsim.Options{}))
		location := b.start(t)
		b.clock.advance(4 * time.Minute)
		_ = b.answer(t, location, "PLAN", "") // the simulator wants fresh requests
		b.clock.advance(17 * time.Minute)
		answer := b.answer(t, b.start(t), "PLAN", "")
		b.clock.advance(21 * time.Minute)
		if _, _, err := b.post(handle, answer); saml.KindOf(err) != saml.KindExpired {
			t.Errorf("after 21 minutes: %s", explain(err))
		}
	})
	t.Run("of another municipality", func(t *testing.T) {
		t.Parallel()
		a, b := setup(t), setup(t)
		answer := a.answer(t, a.start(t), "PLAN", "")
		b.start(t)
		if _, _, err := b.post(handle, answer); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("relay state of another login", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		answer := b.answer(t, b.start(t), "PLAN", "")
		answer.RelayState = "_other"
		if _, _, err := b.post(handle, answer); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("accepted or %s", explain(err))
		}
	})
}

func TestStoreFault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answer := b.answer(t, b.start(t), "PLAN", "")
	b.store.broken = errors.New("disk full")
	_, _, err := b.post(handle, answer)
	if saml.KindOf(err) != saml.KindUnavailable || !errors.Is(err, b.store.broken) {
		t.Errorf("got %s", explain(err))
	}
	if _, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/"}); saml.KindOf(err) != saml.KindUnavailable {
		t.Errorf("login: %s", explain(err))
	}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answer := b.answer(t, b.start(t), "PLAN", "")
	form := url.Values{"SAMLResponse": {answer.SAMLResponse}}
	get := httptest.NewRequest(http.MethodGet, answer.ACS+"?"+form.Encode(), nil)
	query := postForm(answer.ACS+"?"+form.Encode(), url.Values{})
	multipart := postForm(answer.ACS, form)
	multipart.Header.Set("Content-Type", "multipart/form-data")
	twice := postForm(answer.ACS, url.Values{"SAMLResponse": {answer.SAMLResponse, answer.SAMLResponse}})
	large := postForm(answer.ACS, url.Values{"SAMLResponse": {answer.SAMLResponse}, "x": {strings.Repeat("x", 600<<10)}})
	bad := postForm(answer.ACS, url.Values{"SAMLResponse": {"***"}})
	for name, r := range map[string]*http.Request{
		"GET": get, "in the query": query, "multipart": multipart, "twice": twice, "too large": large, "not base64": bad,
	} {
		if _, _, err := b.provider.Callback(r, handle); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReturnToStaysHere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, bad := range []string{"", "https://evil.example/", "//evil.example", `/\evil.example`, "min-dag", "/a\nb", "/\t/evil.example"} {
		if _, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: bad}); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	out, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/besoeg?dato=2026-11-23&vis=alle#top"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.URL, "besoeg") || strings.Contains(out.URL, handle) {
		t.Errorf("the return address or the handle leaves the site: %s", out.URL)
	}
}

func TestAuthnRequestAsksForLevel(t *testing.T) {
	t.Parallel()
	b := setup(t, oiosaml, func(b *bundle) { b.cfg.MinLevel = "high" }, ownIDP(idpsim.Options{Profile: idpsim.ProfileOIOSAML3}))
	_, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", ""))
	var denied *saml.Error
	if !errors.As(err, &denied) || denied.Reason != saml.ReasonLevelTooLow {
		t.Errorf("substantial where high is needed: %s", explain(err))
	}
	history, err := json.Marshal(b.idp.History())
	if err != nil {
		t.Fatal(err)
	}
	want := "https://data.gov.dk/concept/core/nsis/loa/High https://data.gov.dk/eid/Professional"
	if !strings.Contains(string(history), want) {
		t.Errorf("the request did not ask for %s: %s", want, history)
	}
}

func TestOtherOrganisation(t *testing.T) {
	t.Parallel()
	b := setup(t, oiosaml, func(b *bundle) { b.cfg.CVR = "11111111" })
	_, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", ""))
	var denied *saml.Error
	if !errors.As(err, &denied) || denied.Reason != saml.ReasonOtherOrg {
		t.Errorf("got %s", explain(err))
	}
}

func TestPlainAssertionIsNotEnoughForOIOSAML(t *testing.T) {
	t.Parallel()
	b := setup(t, oiosaml)
	answer := b.answer(t, b.start(t), "PLAN", "")
	if _, _, err := b.post(handle, answer); err != nil {
		t.Fatal(explain(err))
	}
	plain := setup(t, func(b *bundle) {
		b.cfg.Profile, b.cfg.CVR = saml.ProfileOIOSAML3, testCVR
	})
	if _, _, err := plain.post(handle, plain.answer(t, plain.start(t), "PLAN", "")); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("unencrypted: %s", explain(err))
	}
}

func TestCBCOnlyWhenAllowed(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle) { b.cfg.AllowCBC = true })
	if _, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", "encrypted-cbc")); err != nil {
		t.Errorf("allowed: %s", explain(err))
	}
	if _, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", "encrypted-short-cbc")); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("short: %s", explain(err))
	}
}

// TestDecryptionTellsNothing compares everything an attacker or the log could tell the
// steps of decryption apart by.
func TestDecryptionTellsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seen := map[string]bool{}
	for _, fault := range idpsim.Faults() {
		if !strings.HasPrefix(fault.Name, "encrypted-") || fault.Harmless || fault.Name == "encrypted-unsigned" ||
			fault.Name == "encrypted-tampered" {
			continue
		}
		_, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", fault.Name))
		seen[explain(err)] = true
	}
	if len(seen) != 1 {
		t.Errorf("%d different answers: %v", len(seen), seen)
	}
}
