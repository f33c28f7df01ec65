package oidc_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/scheduler/care"
)

// requireNode skips a test of a provider by other people when Node.js is missing, unless
// SLUSE_REQUIRE_ISSUERS=1 says that it has to be there.
func requireNode(t *testing.T) {
	t.Helper()

	if _, err := exec.LookPath("npm"); err == nil {
		return
	}

	if os.Getenv("SLUSE_REQUIRE_ISSUERS") == "1" {
		t.Fatal("SLUSE_REQUIRE_ISSUERS=1, but there is no npm")
	}

	t.Skip("there is no npm; .ci/setup installs it")
}

// issuer is npm oidc-provider in a process of its own.
type issuer struct {
	url string
	key *ecdsa.PrivateKey // of the client that proves itself by one
}

// installed puts the provider's program into a directory.
func installed(t *testing.T) string {
	t.Helper()
	requireNode(t)

	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "server.js"} {
		text, err := os.ReadFile(filepath.Join("testdata", "provider", name))
		if err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	install.Dir = dir

	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}

	return dir
}

func newIssuer(t *testing.T, dir string, env ...string) *issuer {
	t.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "sluse", Use: "sig", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}

	i := &issuer{url: freeURL(t), key: key}
	i.run(t, dir, append(env, "SLUSE_OIDC_ISSUER="+i.url, "SLUSE_OIDC_REDIRECT="+returnURL, "SLUSE_OIDC_HOME=http://127.0.0.1:9/b", "SLUSE_OIDC_CLIENT_KEYS="+string(keys)))

	return i
}

func freeURL(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	return "http://" + l.Addr().String()
}

// run starts the process and waits until it answers; it ends with the test.
func (i *issuer) run(t *testing.T, dir string, env []string) {
	t.Helper()

	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, "node", "server.js")
	command.Dir, command.Env, command.WaitDelay = dir, slices.Concat(os.Environ(), env), 5*time.Second

	var log bytes.Buffer

	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}

	ended := make(chan struct{})

	go func() {
		defer close(ended)

		_ = command.Wait() // ended by cancel
	}()

	t.Cleanup(func() {
		cancel()
		<-ended

		if t.Failed() {
			t.Logf("the provider said:\n%s", log.String())
		}
	})

	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()

	for deadline := time.After(time.Minute); ; {
		if response, err := new(http.Client).Get(i.url + "/.well-known/openid-configuration"); err == nil {
			_ = response.Body.Close()

			return
		}

		select {
		case <-ended:
			t.Fatal("the provider ended")
		case <-deadline:
			t.Fatal("the provider does not answer")
		case <-ticker.C:
		}
	}
}

func (i *issuer) provider(t *testing.T, change func(*oidc.Config)) *oidc.Provider {
	t.Helper()

	config := oidc.Config{
		Issuer: i.url, ClientID: "secret", ClientSecret: care.NewSecret("test-secret-of-the-provider-0123456789"), Scopes: []string{"openid", "profile", "nin"},
		Number: oidc.NumberForeign, NumberClaim: "pid", Levels: map[string]string{"idporten-loa-substantial": "substantial"},
	}
	change(&config)

	p, err := oidc.New(config, oidc.Options{
		Info: eid.Info{Key: "broker", Name: "BankID", Method: care.ByEID}, ReturnURL: returnURL, HomeURL: "http://127.0.0.1:9/b", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}

	return p
}

// login is a whole login in a browser that keeps cookies, until it leaves the provider.
func (*issuer) login(t *testing.T, p *oidc.Provider) (eid.Proof, error) {
	t.Helper()

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	var back *http.Request

	browser := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "127.0.0.1:9" {
			back = httptest.NewRequest(http.MethodGet, r.URL.String(), http.NoBody)

			return http.ErrUseLastResponse
		}

		return nil
	}}

	at := time.Now()

	begun, err := p.Start(t.Context(), eid.Start{Handle: "handle", MinLevel: care.Substantial})
	if err != nil {
		t.Fatal(err)
	}

	response, err := browser.Get(begun.URL)
	if err != nil {
		t.Fatal(err)
	}

	_ = response.Body.Close()

	if back == nil {
		t.Fatalf("the browser ended at %s with %d", response.Request.URL.Path, response.StatusCode)
	}

	return p.Finish(t.Context(), eid.Answer{Request: back, Handle: "handle", Keep: begun.Keep, MinLevel: care.Substantial, BegunAt: at})
}

// TestAnotherImplementation logs in at npm oidc-provider, configured like ID-porten, a Swedish broker
// and a MitID broker: with a secret, with a private key and pushed requests, with PS256.
func TestAnotherImplementation(t *testing.T) {
	t.Parallel()

	dir := installed(t)
	i := newIssuer(t, dir)

	for name, change := range map[string]func(*oidc.Config){
		"ID-porten": func(*oidc.Config) {},
		"Swedish broker": func(c *oidc.Config) {
			c.ClientID, c.ClientSecret, c.PrivateKey, c.KeyID = "key", care.Secret{}, pemOf(t, i.key), "sluse"
			c.NumberClaim, c.ACRValues, c.Algorithms = "nin", []string{"idporten-loa-substantial"}, []string{"ES256"}
		},
		"MitID broker": func(c *oidc.Config) {
			c.ClientID, c.ClientSecret = "pss", care.NewSecret("test-secret-of-the-provider-9876543210")
			c.Number, c.NumberClaim, c.Algorithms = oidc.NumberCPR, "dk.cpr", []string{"PS256"}
		},
	} {
		proof, err := i.login(t, i.provider(t, change))
		if err != nil {
			t.Errorf("%s: %v", name, err)

			continue
		}

		number := proof.Foreign.Reveal() + proof.CPR.Reveal()
		if proof.Level != care.Substantial || proof.Name.Reveal() != "Kari Prøve" || number != "TEST-0001" && number != "2512489996" {
			t.Errorf("%s: %+v", name, proof)
		}
	}

	p := i.provider(t, func(c *oidc.Config) { c.ClientSecret = care.NewSecret("wrong") })
	if _, err := p.Start(t.Context(), eid.Start{Handle: "handle"}); eid.ReasonOf(err) != eid.Unavailable {
		t.Errorf("with a wrong secret: %v", err)
	}

	if _, err := i.login(t, i.provider(t, func(c *oidc.Config) { c.Algorithms = []string{"ES256"} })); eid.ReasonOf(err) != eid.Invalid {
		t.Errorf("an algorithm that is not allowed: %v", err)
	}

	// The claims stand at the userinfo endpoint only.
	i = newIssuer(t, dir, "SLUSE_OIDC_USERINFO=1")

	proof, err := i.login(t, i.provider(t, func(c *oidc.Config) { c.Userinfo = true }))
	if err != nil || proof.Foreign.Reveal() != "TEST-0001" {
		t.Errorf("userinfo: %+v, %v", proof, err)
	}

	if _, err := i.login(t, i.provider(t, func(*oidc.Config) {})); eid.ReasonOf(err) != eid.Invalid {
		t.Errorf("without asking there: %v", err)
	}

	// The person presses cancel.
	i = newIssuer(t, dir, "SLUSE_OIDC_CANCEL=1")

	if _, err := i.login(t, i.provider(t, func(*oidc.Config) {})); eid.ReasonOf(err) != eid.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}
