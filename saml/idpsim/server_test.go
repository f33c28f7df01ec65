package idpsim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// nowhere is a store that takes everything, for a service provider that only asks.
type nowhere struct{}

func (nowhere) SaveRequest(context.Context, saml.Request) error { return nil }
func (nowhere) Request(context.Context, string) (saml.Request, error) {
	return saml.Request{}, saml.ErrNoRequest
}
func (nowhere) CompleteRequest(context.Context, string, string, time.Time) error { return nil }
func (nowhere) RememberMessage(context.Context, string, time.Time) error         { return nil }

// peer is a running simulator and a service provider it may trust.
type peer struct {
	idp *idpsim.Server
	url string
	sp  *saml.Provider
}

// keyFiles makes the service provider's key once; RSA keys are slow to make.
var keyFiles = sync.OnceValues(func() (certificate, key []byte) {
	certificate, key, err := saml.NewKeyPair("test", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		panic(err)
	}
	return certificate, key
})

func setup(t *testing.T, options idpsim.Options, trusted bool) peer {
	t.Helper()
	options.Now = time.Now
	idp, err := idpsim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(idp.Handler())
	t.Cleanup(server.Close)
	idp.SetPublicURL(server.URL)
	dir := t.TempDir()
	certificate, key := keyFiles()
	cfg := saml.Config{
		BaseURL: "https://testkommunen.example", IDPMetadata: string(idp.Metadata()),
		CertificateFile: filepath.Join(dir, "sp.crt"), KeyFile: filepath.Join(dir, "sp.key"),
	}
	for name, data := range map[string][]byte{cfg.CertificateFile: certificate, cfg.KeyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sp, err := saml.New(cfg, nowhere{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if trusted {
		metadata, err := sp.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Post(server.URL+"/control/service-providers", "application/xml", strings.NewReader(string(metadata)))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Fatalf("metadata refused: %d", resp.StatusCode)
		}
	}
	return peer{idp: idp, url: server.URL, sp: sp}
}

func (p peer) login(t *testing.T) string {
	t.Helper()
	out, err := p.sp.Login(t.Context(), "BROWSER", saml.LoginRequest{ReturnTo: "/"})
	if err != nil {
		t.Fatal(err)
	}
	return out.URL
}

func (p peer) freshLogin(t *testing.T) string {
	t.Helper()
	location, err := p.sp.Login(t.Context(), "BROWSER", saml.LoginRequest{ReturnTo: "/", ForceAuthn: true})
	if err != nil {
		t.Fatal(err)
	}
	return location.URL
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fetch(t *testing.T, address string) (int, string, http.Header) {
	t.Helper()
	resp, err := (&http.Client{}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestLoginPageAndJSON(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{}, true)
	status, page, header := fetch(t, p.login(t))
	if status != http.StatusOK || !strings.Contains(header.Get("Server"), "simulator") {
		t.Fatalf("status %d, server %q", status, header.Get("Server"))
	}
	for _, u := range p.idp.Users() {
		if !strings.Contains(page, `value="`+u.ID+`"`) || !strings.Contains(page, u.Email) {
			t.Errorf("the page does not list %s", u.ID)
		}
	}
	for _, f := range idpsim.Faults() {
		if strings.Contains(page, `value="`+f.Name+`"`) != f.Fits(idpsim.ProfilePlain) {
			t.Errorf("the fault %s is missing from the page, or should be", f.Name)
		}
	}
	pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(page)
	if pending == nil {
		t.Fatal("no pending login on the page")
	}
	form := url.Values{"pending": {pending[1]}, "user": {"PLAN"}}
	post := func() (int, []byte) {
		r, err := http.NewRequest(http.MethodPost, p.url+"/login", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		resp, err := (&http.Client{}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	status, body := post()
	var answer idpsim.Answer
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		t.Fatalf("status %d: %v", status, err)
	}
	if answer.ACS != "https://testkommunen.example/saml/acs" || answer.SAMLResponse == "" || answer.RelayState == "" {
		t.Errorf("answer %+v", answer)
	}
	if status, _ := post(); status != http.StatusBadRequest {
		t.Errorf("the same choice a second time: %d", status)
	}
	var kinds []string
	for _, e := range p.idp.History() {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]string{"authn_request", "login", "refused"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	stranger := setup(t, idpsim.Options{}, false)
	if status, _, _ := fetch(t, stranger.login(t)); status != http.StatusBadRequest {
		t.Errorf("unknown service provider: %d", status)
	}
	p := setup(t, idpsim.Options{}, true)
	location := p.login(t)
	for name, changed := range map[string]string{
		"unsigned":       regexp.MustCompile(`&Signature=.*`).ReplaceAllString(location, ""),
		"changed state":  regexp.MustCompile(`RelayState=[^&]*`).ReplaceAllString(location, "RelayState=x"),
		"no message":     p.url + "/sso",
		"wrong endpoint": strings.Replace(location, "/sso?", "/slo?", 1),
	} {
		if status, _, _ := fetch(t, changed); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, o := range []idpsim.Options{
		{Now: time.Now, PublicURL: "https://idp.example"},
		{Now: time.Now, MetadataURLs: []string{"https://sp.example/metadata"}},
		{PublicURL: "http://127.0.0.1:1"},
		{Now: time.Now, Profile: "other"},
		{Now: time.Now, Users: []idpsim.User{{ID: "A"}, {ID: "A"}}},
	} {
		if _, err := idpsim.New(o); err == nil {
			t.Errorf("accepted: %+v", o)
		}
	}
	idp, err := idpsim.New(idpsim.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0"} {
		if _, err := idp.Start(t.Context(), addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
	base, err := idp.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if status, body, _ := fetch(t, base+"/metadata"); status != http.StatusOK || !strings.Contains(body, base+"/sso") {
		t.Errorf("metadata: %d %s", status, body)
	}
	if status, body, _ := fetch(t, base+"/"); status != http.StatusOK || !strings.Contains(body, "Testbrugere") {
		t.Errorf("start page: %d %s", status, body)
	}
	if err := idp.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFaultIsPlayedOnce(t *testing.T) {
	t.Parallel()
	p := setup(t, idpsim.Options{}, true)
	for fault, want := range map[string]int{"unsigned": http.StatusNoContent, "no-such-fault": http.StatusBadRequest} {
		resp, err := (&http.Client{}).PostForm(p.url+"/control/fault", url.Values{"fault": {fault}})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d", fault, resp.StatusCode)
		}
	}
	for _, want := range []string{"Bestilt: unsigned", "Korrekt svar"} {
		_, page, _ := fetch(t, p.login(t))
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
		pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(page)
		resp, err := (&http.Client{}).PostForm(p.url+"/login", url.Values{"pending": {pending[1]}, "user": {"PLAN"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	var details []string
	for _, e := range p.idp.History() {
		if e.Kind == "login" {
			details = append(details, e.Detail)
		}
	}
	if diff := cmp.Diff([]string{"unsigned", ""}, details); diff != "" {
		t.Error(diff)
	}
}

func TestMetadataIsFetchedWhenNeeded(t *testing.T) {
	t.Parallel()
	var metadata []byte
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(metadata) }))
	t.Cleanup(source.Close)
	p := setup(t, idpsim.Options{MetadataURLs: []string{source.URL}}, false)
	if status, _, _ := fetch(t, p.login(t)); status != http.StatusBadRequest {
		t.Errorf("without metadata: %d", status)
	}
	var err error
	if metadata, err = p.sp.Metadata(); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := fetch(t, p.login(t)); status != http.StatusOK {
		t.Errorf("with metadata: %d", status)
	}
}
