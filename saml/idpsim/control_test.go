package idpsim_test

import (
	"encoding/base64"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml/idpsim"
)

var pendingField = regexp.MustCompile(`name="pending" value="([^"]+)"`)

// TestSingleSignOn walks one browser through two logins: the second needs no click, a
// fresh one and one after logout do.
func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{SSO: true}, true)
	browser := &http.Client{}
	browser.Jar, _ = cookiejar.New(nil)
	page := browse(t, browser, p.login(t))
	pending := pendingField.FindStringSubmatch(page)
	if pending == nil {
		t.Fatalf("the first login asks nothing:\n%s", page)
	}
	form := url.Values{"pending": {pending[1]}, "user": {"PLAN"}}
	resp, err := browser.PostForm(p.url+"/login", form)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if page = browse(t, browser, p.login(t)); !strings.Contains(page, `name="SAMLResponse"`) {
		t.Errorf("the second login asks again:\n%s", page)
	}
	if page = browse(t, browser, p.freshLogin(t)); !strings.Contains(page, "beder om et nyt login") {
		t.Errorf("a fresh login does not ask:\n%s", page)
	}
	if _, err := p.idp.LogoutURL("PLAN"); err != nil {
		t.Fatal(err)
	}
	if page = browse(t, browser, p.login(t)); !pendingField.MatchString(page) {
		t.Error("after logout the browser is still logged in")
	}
}

func browse(t *testing.T, browser *http.Client, address string) string {
	t.Helper()
	resp, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return body(t, resp)
}

func TestOutage(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{}, true)
	location := p.login(t)
	if err := p.idp.SetState(idpsim.State{Down: idpsim.DownUnavailable}); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{location, p.url + "/metadata", p.url + "/"} {
		if status, _, _ := fetch(t, address); status != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d while down", address, status)
		}
	}
	if status, page, _ := fetch(t, p.url+"/control/"); status != http.StatusOK || !strings.Contains(page, `value="unavailable" selected`) {
		t.Errorf("the control page while down: %d", status)
	}
	resp, err := (&http.Client{}).PostForm(p.url+"/control/state", url.Values{"down": {"silent"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp, err := (&http.Client{}).Get(location); err == nil {
		_ = resp.Body.Close()
		t.Errorf("status %d while silent", resp.StatusCode)
	}
	if err := p.idp.SetState(idpsim.State{}); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := fetch(t, location); status != http.StatusOK {
		t.Errorf("status %d afterwards", status)
	}
	for _, bad := range []idpsim.State{{Down: "x"}, {Keys: "x"}, {Logout: "x"}} {
		if err := p.idp.SetState(bad); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
}

// TestRefusedConnection stops the provider and starts it again on the same address.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	idp, err := idpsim.New(idpsim.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	base, err := idp.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := idp.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, err := (&http.Client{}).Get(base); err == nil {
		_ = resp.Body.Close()
		t.Error("answers although it was stopped")
	}
	if _, err := idp.Start(t.Context(), strings.TrimPrefix(base, "http://")); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := fetch(t, base); status != http.StatusOK {
		t.Errorf("status %d after the second start", status)
	}
	if err := idp.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRollover counts the published certificates and looks which of them signs.
func TestRollover(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{}, true)
	certificate := regexp.MustCompile(`<ds:X509Certificate>([^<]+)<`)
	first := certificate.FindStringSubmatch(string(p.idp.Metadata()))[1]
	type stage struct {
		Listed             int
		FirstListed, Signs bool // the first key is listed, and signs
	}
	got := make(map[idpsim.Keys]stage)
	for _, keys := range []idpsim.Keys{
		idpsim.KeysFirst, idpsim.KeysAnnounced, idpsim.KeysSwitched, idpsim.KeysSecond, idpsim.KeysUnannounced,
	} {
		if err := p.idp.SetState(idpsim.State{Keys: keys}); err != nil {
			t.Fatal(err)
		}
		metadata := string(p.idp.Metadata())
		answer, err := p.idp.Login(t.Context(), p.login(t), "PLAN", "")
		if err != nil {
			t.Fatal(err)
		}
		document, _ := base64.StdEncoding.DecodeString(answer.SAMLResponse)
		got[keys] = stage{
			len(certificate.FindAllString(metadata, -1)), strings.Contains(metadata, first),
			certificate.FindStringSubmatch(string(document))[1] == first,
		}
	}
	want := map[idpsim.Keys]stage{
		idpsim.KeysFirst: {1, true, true}, idpsim.KeysAnnounced: {2, true, true}, idpsim.KeysSwitched: {2, true, false},
		idpsim.KeysSecond: {1, false, false}, idpsim.KeysUnannounced: {1, true, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCitizensChoose looks at the page of MitID: who is listed, cancelling, the level.
func TestCitizensChoose(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{Profile: idpsim.ProfileNemLogin}, true)
	_, page, _ := fetch(t, p.login(t))
	for _, want := range []string{"Log ind med MitID", "Einer Lauridsen", `value="0201609995"`, "Afbryd", "Betydelig"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	form := url.Values{"pending": {pendingField.FindStringSubmatch(page)[1]}, "fault": {"status-authn-failed"}}
	resp, err := (&http.Client{}).PostForm(p.url+"/login", form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	field := regexp.MustCompile(`name="SAMLResponse" value="([^"]+)"`).FindStringSubmatch(body(t, resp))
	if field == nil {
		t.Fatal("cancelling sends no answer")
	}
	document, _ := base64.StdEncoding.DecodeString(strings.ReplaceAll(field[1], "&#43;", "+"))
	if !strings.Contains(string(document), "status:AuthnFailed") || strings.Contains(string(document), "Assertion") {
		t.Errorf("cancelled: %s", document)
	}
	for _, c := range []idpsim.Choice{{}, {User: "nobody"}, {User: "0201609995", Level: "Higher"}} {
		if _, err := p.idp.LoginAs(t.Context(), p.login(t), c); err == nil {
			t.Errorf("accepted %+v", c)
		}
	}
}

func TestPostOnlyLogout(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{}, true)
	if err := p.idp.SetState(idpsim.State{Logout: idpsim.LogoutPOST}); err != nil {
		t.Fatal(err)
	}
	if metadata := string(p.idp.Metadata()); strings.Contains(metadata, `SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect`) ||
		!strings.Contains(metadata, `SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST`) {
		t.Error("the metadata does not list POST alone")
	}
	if _, err := p.idp.LogoutMessage("PLAN"); err == nil {
		t.Error("logged out somebody who was not logged in")
	}
	if _, err := p.idp.Login(t.Context(), p.login(t), "PLAN", ""); err != nil {
		t.Fatal(err)
	}
	message, err := p.idp.LogoutMessage("PLAN")
	if err != nil || message.URL != "https://testkommunen.example/saml/slo" || message.Form.Get("SAMLRequest") == "" {
		t.Errorf("%+v %v", message, err)
	}
}
