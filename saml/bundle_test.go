package saml_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// memory is a Store for tests.
type memory struct {
	mu       sync.Mutex
	requests map[string]saml.Request
	used     map[string]time.Time
	broken   error
	keep     bool // nothing is ever used up, for tests that try one login many times
}

func newMemory() *memory {
	return &memory{requests: map[string]saml.Request{}, used: map[string]time.Time{}}
}

func (m *memory) SaveRequest(_ context.Context, req saml.Request) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[req.ID] = req
	return m.broken
}

func (m *memory) Request(_ context.Context, id string) (saml.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return saml.Request{}, m.broken
	}
	req, found := m.requests[id]
	if !found {
		return saml.Request{}, saml.ErrNoRequest
	}
	return req, nil
}

func (m *memory) CompleteRequest(_ context.Context, id, key string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keep {
		return nil
	}
	_, waiting := m.requests[id]
	_, known := m.used[key]
	if !waiting || known {
		return saml.ErrUsed
	}
	delete(m.requests, id)
	m.used[key] = expires
	return nil
}

func (m *memory) RememberMessage(_ context.Context, key string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.used[key]; known {
		return saml.ErrUsed
	}
	m.used[key] = expires
	return nil
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const testCVR = "29189846"

// keyFiles makes our key once; RSA keys are slow to make.
var keyFiles = sync.OnceValues(func() (certificate, key []byte) {
	certificate, key, err := saml.NewKeyPair("sluse test", start.AddDate(-1, 0, 0), start.AddDate(2, 0, 0))
	if err != nil {
		panic(err)
	}
	return certificate, key
})

type bundle struct {
	clock    *clock
	store    *memory
	idp      *idpsim.Server
	cfg      saml.Config
	provider *saml.Provider
}

// sharedIDP returns one simulator per profile, whose clock stands still: making its keys
// takes longer than a login.
var (
	plainIDP = sync.OnceValue(func() *idpsim.Server { return mustIDP(idpsim.ProfilePlain) })
	oioIDP   = sync.OnceValue(func() *idpsim.Server { return mustIDP(idpsim.ProfileOIOSAML3) })
)

func mustIDP(profile string) *idpsim.Server {
	idp, err := idpsim.New(idpsim.Options{
		PublicURL: "http://127.0.0.1:1", Profile: profile, Now: func() time.Time { return start },
	})
	if err != nil {
		panic(err)
	}
	return idp
}

// start is when every test begins.
var start = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

type option func(*bundle)

// oiosaml sets both sides up for OIOSAML 3.
func oiosaml(b *bundle) {
	b.idp, b.cfg.Profile, b.cfg.CVR = oioIDP(), saml.ProfileOIOSAML3, testCVR
}

// ownIDP gives the test a simulator of its own, on the same clock as the provider.
func ownIDP(o idpsim.Options) option {
	return func(b *bundle) {
		o.PublicURL, o.Now = "http://127.0.0.1:1", b.clock.now
		var err error
		if b.idp, err = idpsim.New(o); err != nil {
			panic(err)
		}
	}
}

func setup(tb testing.TB, options ...option) *bundle {
	tb.Helper()
	certificate, key := keyFiles()
	dir := tb.TempDir()
	b := &bundle{clock: &clock{at: start}, store: newMemory(), idp: plainIDP()}
	// A host of its own per test keeps the service providers of a shared simulator apart.
	b.cfg = saml.Config{
		BaseURL:         "https://" + strings.ToLower(saml.NewBrowserHandle()) + ".testkommunen.example",
		CertificateFile: filepath.Join(dir, "sp.crt"),
		KeyFile:         filepath.Join(dir, "sp.key"),
	}
	for _, o := range options {
		o(b)
	}
	for name, data := range map[string][]byte{b.cfg.CertificateFile: certificate, b.cfg.KeyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	b.connect(tb)
	return b
}

// connect exchanges metadata.
func (b *bundle) connect(tb testing.TB) {
	tb.Helper()
	b.cfg.IDPMetadata = string(b.idp.Metadata())
	var err error
	if b.provider, err = saml.New(b.cfg, b.store, b.clock.now); err != nil {
		tb.Fatal(err)
	}
	metadata, err := b.provider.Metadata()
	if err != nil {
		tb.Fatal(err)
	}
	if err := b.idp.Trust(metadata); err != nil {
		tb.Fatal(err)
	}
}

const handle = "BROWSERHANDLE"

// start begins a login and returns where the browser is sent.
func (b *bundle) start(tb testing.TB) string {
	tb.Helper()
	out, err := b.provider.Login(context.Background(), handle, saml.LoginRequest{ReturnTo: "/min-dag"})
	if err != nil {
		tb.Fatal(err)
	}
	return out.URL
}

// answer lets the simulator answer a started login.
func (b *bundle) answer(tb testing.TB, location, user, fault string) idpsim.Answer {
	tb.Helper()
	answer, err := b.idp.Login(context.Background(), location, user, fault)
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

// post hands an answer to the provider as a browser would.
func (b *bundle) post(browser string, answer idpsim.Answer) (saml.Principal, string, error) {
	return b.provider.Callback(postForm(answer.ACS, url.Values{
		"SAMLResponse": {answer.SAMLResponse}, "RelayState": {answer.RelayState},
	}), browser)
}

func postForm(target string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// login plays a whole correct login.
func (b *bundle) login(tb testing.TB, user string) saml.Principal {
	tb.Helper()
	who, _, err := b.post(handle, b.answer(tb, b.start(tb), user, ""))
	if err != nil {
		tb.Fatal(explain(err))
	}
	return who
}
