package pexip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

func keyPEM(t *testing.T, key *ecdsa.PrivateKey) care.Secret {
	t.Helper()

	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}

	return care.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()

	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	return key
}

// TestValidate: everything that is wrong is told at once, by key.
func TestValidate(t *testing.T) {
	t.Parallel()

	if problems := testConfig().Validate(); len(problems) > 0 {
		t.Fatal(problems)
	}

	for name, tt := range map[string]struct {
		change func(*Config)
		keys   []string
	}{
		"nothing is set": {func(c *Config) { *c = Config{} }, []string{
			"base_url", "web_host", "prefix", "link_key", "lead", "replication", "events", "poll_every", "rate", "concurrency", "connect_timeout",
			"timeout", "auth", "host_link", "guest_link",
		}},
		"only defaults": {func(c *Config) { *c = Config{}; c.SetDefaults() }, []string{
			"base_url", "web_host", "link_key", "client_id", "audience", "private_key",
		}},
		"http":             {func(c *Config) { c.BaseURL, c.WebHost = "http://mgmt.example", "http://video.example" }, []string{"base_url", "web_host"}},
		"http allowed":     {func(c *Config) { c.BaseURL, c.AllowPlainHTTP = "http://mgmt.example", true }, nil},
		"with credentials": {func(c *Config) { c.BaseURL = "https://a:b@mgmt.example" }, []string{"base_url"}},
		"prefix":           {func(c *Config) { c.Prefix = "sluse2" }, []string{"prefix"}},
		"short key":        {func(c *Config) { c.LinkKey = care.NewSecret("short") }, []string{"link_key"}},
		"domain":           {func(c *Config) { c.DialDomain = "a b" }, []string{"dial_domain"}},
		"ids":              {func(c *Config) { c.Theme, c.HostIDPGroup, c.GuestIDPGroup = -1, -1, -1 }, []string{"theme", "host_idp_group", "guest_idp_group"}},
		"lead":             {func(c *Config) { c.Lead = time.Minute }, []string{"lead"}},
		"rate":             {func(c *Config) { c.Rate = 100 }, []string{"rate"}},
		"events":           {func(c *Config) { c.Events = "some" }, []string{"events"}},
		"no room in link":  {func(c *Config) { c.HostLink, c.GuestLink = "{host}/x", "{host}/{alias}/{alias}" }, []string{"host_link", "guest_link"}},
		"odd link":         {func(c *Config) { c.HostLink, c.GuestLink = "{host}/{alias}?r={role}", "javascript:{alias}" }, []string{"host_link", "guest_link"}},
		"basic":            {func(c *Config) { c.Username, c.Password = "a:b", care.Secret{} }, []string{"username", "password"}},
		"no such auth":     {func(c *Config) { c.Auth = "magic" }, []string{"auth"}},
		"oauth": {func(c *Config) {
			c.Auth, c.ClientID, c.PrivateKey = AuthOAuth, "id", keyPEM(t, newKey(t, elliptic.P256()))
		}, nil},
		"another curve": {func(c *Config) {
			c.Auth, c.ClientID, c.PrivateKey = AuthOAuth, "id", keyPEM(t, newKey(t, elliptic.P384()))
		}, []string{"private_key"}},
		"no key at all": {func(c *Config) { c.Auth, c.ClientID, c.PrivateKey = AuthOAuth, "id", care.NewSecret("nonsense") }, []string{"private_key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := testConfig()
			tt.change(&c)

			var keys []string

			for _, problem := range c.Validate() {
				key, _, _ := strings.Cut(problem.Error(), ":")
				keys = append(keys, key)

				if strings.Contains(problem.Error(), "secret-password") || strings.Contains(problem.Error(), "nonsense") {
					t.Errorf("a problem tells a secret: %v", problem)
				}
			}

			slices.Sort(keys)
			slices.Sort(tt.keys)

			if !slices.Equal(keys, tt.keys) {
				t.Errorf("got %v, want %v", keys, tt.keys)
			}
		})
	}
}

// TestAssertion: the claims are those of pexip.md §1.8, the signature is ES256, and no two
// assertions are alike.
func TestAssertion(t *testing.T) {
	t.Parallel()

	key := newKey(t, elliptic.P256())
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	config := testConfig(func(c *Config) { c.Auth, c.ClientID, c.PrivateKey = AuthOAuth, "client-7", keyPEM(t, key) })

	parsed, err := parseKey(config.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}

	ids := map[any]bool{}

	for range 2 {
		signed, err := assertion(config, parsed, now)
		if err != nil {
			t.Fatal(err)
		}

		claims := jwt.MapClaims{}
		parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithTimeFunc(func() time.Time { return now }),
			jwt.WithAudience("https://mgmt.testby.example/oauth/token/"), jwt.WithIssuer("client-7"), jwt.WithSubject("client-7"), jwt.WithIssuedAt())

		if _, err = parser.ParseWithClaims(signed.Reveal(), claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }); err != nil {
			t.Fatal(err)
		}

		if claims["exp"] != float64(now.Add(assertionLife).Unix()) || claims["jti"] == "" {
			t.Errorf("claims %v", claims)
		}

		ids[claims["jti"]] = true
	}

	if len(ids) != 2 {
		t.Error("two assertions have one id")
	}
}

// TestCAFile: a private CA is believed, and a file that is none is told.
func TestCAFile(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "ca.pem")
	config := testConfig(func(c *Config) { c.CAFile = path })
	deps := Deps{Now: time.Now}

	if _, err := New(config, deps); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}

	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := New(config, deps); err == nil || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("no certificate: %v", err)
	}
}

// TestPeer: what was agreed is what is kept.
func TestPeer(t *testing.T) {
	t.Parallel()

	var peer *outbound.Peer

	peer, err := testConfig().Peer(time.Now)
	if err != nil {
		t.Fatal(err)
	}

	if h := peer.Health(); h.System != System || h.Agreed != 3 || h.Rate != 2 {
		t.Errorf("got %+v", h)
	}
}
