package saml_test

import (
	"bytes"
	"context"
	sha256sum "crypto/sha256"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// requireIssuer skips a test when the programs of somebody else's identity provider are
// missing, unless SLUSE_REQUIRE_ISSUERS=1 says that they have to be there.
func requireIssuer(t *testing.T, why string, missing bool) {
	t.Helper()
	if !missing {
		return
	}
	if os.Getenv("SLUSE_REQUIRE_ISSUERS") == "1" {
		t.Fatalf("SLUSE_REQUIRE_ISSUERS=1, but %s", why)
	}
	t.Skipf("%s; .ci/setup installs it", why)
}

// issuer is a running identity provider by other people, our provider for it, and a browser.
type issuer struct {
	url      string
	dir      string
	provider *saml.Provider
	browser  *http.Client
}

// spHost is our host; nothing listens there, the test stands in for it.
const spHost = "sp.testkommunen.example"

// newIssuer makes keys, a directory, and our provider. The metadata of the issuer is written
// by hand from the addresses that its documentation names.
func newIssuer(t *testing.T, sso, slo, entity string, change func(*saml.Config)) *issuer {
	t.Helper()
	i := &issuer{url: freeURL(t), dir: t.TempDir()}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	i.browser = &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Hostname() == spHost {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	theirCertificate, theirKey, err := saml.NewKeyPair("issuer", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ourCertificate, ourKey, err := saml.NewKeyPair("sluse", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"idp.crt": theirCertificate, "idp.key": theirKey, "sp.crt": ourCertificate, "sp.key": ourKey,
	} {
		if err := os.WriteFile(filepath.Join(i.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	encoded := regexp.MustCompile(`-----[^-]+-----|\s`).ReplaceAllString(string(theirCertificate), "")
	cfg := saml.Config{
		BaseURL: "https://" + spHost, CertificateFile: filepath.Join(i.dir, "sp.crt"), KeyFile: filepath.Join(i.dir, "sp.key"),
		IDPMetadata: `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + i.url + entity + `">` +
			`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">` +
			`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + encoded +
			`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
			`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + i.url + slo + `"/>` +
			`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + i.url + sso + `"/>` +
			`</md:IDPSSODescriptor></md:EntityDescriptor>`,
	}
	change(&cfg)
	if i.provider, err = saml.New(cfg, newMemory(), time.Now); err != nil {
		t.Fatal(err)
	}
	metadata, err := i.provider.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(i.dir, "sp.xml"), metadata, 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

// freeURL returns a loopback address that nobody listens on now.
func freeURL(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}

// run starts the issuer's process and waits until it answers at a path. The process ends
// with the test.
func (i *issuer) run(t *testing.T, path string, env []string, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, name, args...)
	command.Env = append(slices.Concat(os.Environ(), env), "SLUSE_ISSUER_DIR="+i.dir, "SLUSE_ISSUER_URL="+i.url)
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // ended by cancel
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", name, log.String())
		}
	})
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := (&http.Client{Timeout: 10 * time.Second}).Get(i.url + path)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode < http.StatusInternalServerError {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("%s ended", name)
		case <-deadline:
			t.Fatalf("%s does not answer at %s: %v", name, path, err)
		case <-tick.C:
		}
	}
}

// visit fetches an address as the browser and returns where it stops: at our host, or a page.
func (i *issuer) visit(t *testing.T, address string) (location, page string, status int) {
	t.Helper()
	resp, err := i.browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Header.Get("Location"), string(body), resp.StatusCode
}

var hiddenInput = regexp.MustCompile(`name="(SAMLResponse|SAMLRequest|RelayState)"[^>]*value="([^"]*)"`)

func inputs(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// login logs in at the issuer and hands its answer to our provider.
func (i *issuer) login(t *testing.T) saml.Principal {
	t.Helper()
	out, err := i.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/min-dag"})
	if err != nil {
		t.Fatal(err)
	}
	_, page, status := i.visit(t, out.URL)
	form := inputs(page)
	if form.Get("SAMLResponse") == "" {
		t.Fatalf("no answer, status %d:\n%s", status, page)
	}
	who, returnTo, err := i.provider.Callback(postForm("https://"+spHost+saml.PathACS, form), handle)
	if err != nil || returnTo != "/min-dag" {
		t.Fatalf("refused: %s", explain(err))
	}
	return who
}

// refusesTampering changes a signed request and expects the issuer to notice.
func (i *issuer) refusesTampering(t *testing.T) {
	t.Helper()
	out, err := i.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/"})
	if err != nil {
		t.Fatal(err)
	}
	tampered := regexp.MustCompile(`RelayState=[^&]*`).ReplaceAllString(out.URL, "RelayState=_tampered")
	if _, page, status := i.visit(t, tampered); inputs(page).Get("SAMLResponse") != "" {
		t.Errorf("the issuer did not verify our signature: status %d", status)
	}
}

// logout logs out at the issuer, starting here.
func (i *issuer) logout(t *testing.T, who saml.Principal) {
	t.Helper()
	out, err := i.provider.Logout(t.Context(), handle, who, "/farvel")
	if err != nil {
		t.Fatal(err)
	}
	location, page, status := i.visit(t, out.URL)
	if !strings.HasPrefix(location, "https://"+spHost+saml.PathLogout) {
		t.Fatalf("status %d, to %q:\n%s", status, location, page)
	}
	got, err := i.provider.HandleLogout(get(location), handle)
	if err != nil || got.Partial || got.Next.URL != "/farvel" {
		t.Errorf("logout: %+v %s", got, explain(err))
	}
}

// logoutThere logs in and begins a logout at the issuer.
func (i *issuer) logoutThere(t *testing.T, path string) {
	t.Helper()
	who := i.login(t)
	location, page, _ := i.visit(t, i.url+path)
	got, err := i.provider.HandleLogout(get(location), "")
	if err != nil || got.NameID.Value != who.NameID.Value || !slices.Contains(got.SessionIndexes, who.SessionIndex) {
		t.Fatalf("logout begun there: %+v %s\n%s", got, explain(err), page)
	}
	if _, page, status := i.visit(t, got.Next.URL); status >= http.StatusBadRequest {
		t.Errorf("our answer: status %d\n%s", status, page)
	}
}

const simpleSAML = "/usr/share/simplesamlphp/www"

// TestSimpleSAMLphp logs in and out at SimpleSAMLphp, which verifies our requests: unencrypted
// in the plain profile, encrypted (AES-128-CBC, all it can do) in the plain one and OIOSAML 3.
func TestSimpleSAMLphp(t *testing.T) {
	t.Parallel()
	_, noPHP := exec.LookPath("php")
	_, noSSP := os.Stat(simpleSAML)
	requireIssuer(t, "PHP or SimpleSAMLphp is missing", noPHP != nil || noSSP != nil)
	config, err := filepath.Abs("testdata/simplesamlphp")
	if err != nil {
		t.Fatal(err)
	}
	oio := func(c *saml.Config) {
		c.Profile, c.CVR, c.AllowCBC = saml.ProfileOIOSAML3, testCVR, true
	}
	for name, variant := range map[string]struct {
		env    []string
		change func(*saml.Config)
	}{
		"plain":     {[]string{"SLUSE_ISSUER_SIGN_RESPONSE=1"}, func(*saml.Config) {}},
		"encrypted": {[]string{"SLUSE_ISSUER_SIGN_RESPONSE=1", "SLUSE_ISSUER_ENCRYPT=1"}, func(c *saml.Config) { c.AllowCBC = true }},
		"OIOSAML 3": {[]string{"SLUSE_ISSUER_ENCRYPT=1"}, oio},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, "/saml2/idp/SSOService.php", "/saml2/idp/SingleLogoutService.php", "/idp", variant.change)
			env := append([]string{"SIMPLESAMLPHP_CONFIG_DIR=" + config}, variant.env...)
			i.run(t, "/saml2/idp/metadata.php", env, "php", "-d", "error_log="+filepath.Join(i.dir, "php.log"), "-S", strings.TrimPrefix(i.url, "http://"), "-t", simpleSAML)
			who := i.login(t)
			if who.Name != "Medarbejder Æøå & <Co>" {
				t.Errorf("logged in as %q", who.Name)
			}
			if name == "OIOSAML 3" && who.Level != care.Substantial {
				t.Errorf("level %v", who.Level)
			}
			i.refusesTampering(t)
			i.logout(t, who)
			if name == "plain" {
				i.logoutThere(t, "/saml2/idp/initSLO.php?RelayState="+url.QueryEscape(i.url+"/logout.php"))
			}
		})
	}
}

// TestSamlp logs in and out at npm samlp (auth0), which encrypts with AES-256-GCM and writes XML
// with prefixes and types of its own. Its packages are installed into a directory of the
// user's cache once per lock file.
func TestSamlp(t *testing.T) {
	t.Parallel()
	_, noNode := exec.LookPath("node")
	_, noNPM := exec.LookPath("npm")
	requireIssuer(t, "node or npm is missing", noNode != nil || noNPM != nil)
	server := filepath.Join(installSamlp(t), "server.js")
	for name, variant := range map[string]struct {
		env    []string
		change func(*saml.Config)
	}{
		"plain":       {nil, func(*saml.Config) {}},
		"both signed": {[]string{"SLUSE_ISSUER_SIGN_RESPONSE=1"}, func(*saml.Config) {}},
		"OIOSAML 3": {[]string{"SLUSE_ISSUER_ENCRYPT=1", "SLUSE_ISSUER_PROFILE=oiosaml3"}, func(c *saml.Config) {
			c.Profile, c.CVR = saml.ProfileOIOSAML3, testCVR
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, "/sso", "/slo", "/idp", variant.change)
			i.run(t, "/ready", append([]string{"SLUSE_ISSUER_SP=https://" + spHost}, variant.env...), "node", server)
			who := i.login(t)
			if who.Name != "Medarbejder Æøå & <Co>" {
				t.Errorf("logged in as %q", who.Name)
			}
			i.refusesTampering(t)
			i.logout(t, who)
			i.logoutThere(t, "/slo")
		})
	}
}

// installSamlp copies testdata/samlp into the cache and installs what its lock file names.
func installSamlp(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	lock, err := os.ReadFile("testdata/samlp/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "sluse-tests", fmt.Sprintf("samlp-%x", sha256sum.Sum256(lock))[:22])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "server.js"} {
		data, err := os.ReadFile(filepath.Join("testdata/samlp", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	command := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		requireIssuer(t, fmt.Sprintf("npm ci failed: %v\n%s", err, out), true)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
