package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// trustBundle is a login that reads its metadata from a simulated provider's address.
type trustBundle struct {
	idp   *idpsim.Server
	trust *trust
	cfg   saml.Config

	mu sync.Mutex
	at time.Time
}

func (b *trustBundle) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.at
}

func (b *trustBundle) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()

	b.at = b.at.Add(d)
}

func setupTrust(t *testing.T) *trustBundle {
	t.Helper()

	b := &trustBundle{at: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}

	var err error
	if b.idp, err = idpsim.New(idpsim.Options{Now: b.now}); err != nil {
		t.Fatal(err)
	}

	base, err := b.idp.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = b.idp.Stop(t.Context()) })

	certificate, key, err := saml.NewKeyPair("test", b.at.AddDate(-1, 0, 0), b.at.AddDate(0, 6, 0))
	if err != nil {
		t.Fatal(err)
	}

	b.cfg = saml.Config{
		BaseURL: "https://skaerm.testby.dk", IDPMetadataURL: base + "/metadata", IDPEntityID: b.idp.EntityID(),
		IDPFingerprints: b.fingerprints(t), CertificateFile: filepath.Join(t.TempDir(), "sp.crt"), KeyFile: filepath.Join(t.TempDir(), "sp.key"),
	}

	for name, content := range map[string][]byte{b.cfg.CertificateFile: certificate, b.cfg.KeyFile: key} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	b.connect(t)

	return b
}

func (b *trustBundle) connect(t *testing.T) {
	t.Helper()

	provider, err := saml.New(b.cfg, nil, b.now)
	if err != nil {
		t.Fatal(err)
	}

	b.trust = newTrust(staffLogin, "staff", provider, b.now)
}

// fingerprints are those that the provider publishes now.
func (b *trustBundle) fingerprints(t *testing.T) []string {
	t.Helper()

	found, err := saml.Inspect(b.idp.Metadata())
	if err != nil {
		t.Fatal(err)
	}

	var out []string
	for _, c := range found.Certificates {
		out = append(out, c.Fingerprint.String())
	}

	return out
}

func (b *trustBundle) set(t *testing.T, s idpsim.State) {
	t.Helper()

	if err := b.idp.SetState(s); err != nil {
		t.Fatal(err)
	}
}

// bad are the findings that are not fine, as one text each.
func (b *trustBundle) bad(t *testing.T) []string {
	t.Helper()
	b.trust.refresh(t.Context())

	var out []string

	for _, f := range b.trust.findings() {
		if f.Level != connector.Fine {
			out = append(out, string(f.Level)+" "+f.Subject+": "+f.Text)
		}
	}

	return out
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()

	if len(got) != len(want) {
		t.Fatalf("%s: got %q, want %d of it", what, got, len(want))
	}

	for i, w := range want {
		if !strings.Contains(got[i], w) {
			t.Errorf("%s: %q does not say %q", what, got[i], w)
		}
	}
}

// TestProviderChangesItsKey plays a rollover: the new certificate is told of with its fingerprint
// and not trusted before a person has confirmed it; the old one stays in use meanwhile.
func TestProviderChangesItsKey(t *testing.T) {
	t.Parallel()

	b := setupTrust(t)
	if b.trust.provider.Known() {
		t.Fatal("the metadata are known before they were read")
	}

	expect(t, "at the start", b.bad(t))

	b.set(t, idpsim.State{Keys: idpsim.KeysAnnounced})

	second := b.fingerprints(t)[1]
	expect(t, "announced", b.bad(t), second)

	if trusted := b.trust.provider.Certificates(); len(trusted) != 2 { // ours and the old one
		t.Errorf("%d certificates", len(trusted))
	}

	b.set(t, idpsim.State{Keys: idpsim.KeysSecond})
	expect(t, "nobody confirmed it", b.bad(t), "fejl Login-udbyderens metadata: Ingen af udbyderens certifikater er både bekræftet og gyldige.")

	if trusted := b.trust.provider.Certificates(); len(trusted) != 2 {
		t.Errorf("the old certificate was dropped: %d", len(trusted))
	}

	b.cfg.IDPFingerprints = append(b.cfg.IDPFingerprints, second)
	b.connect(t)
	expect(t, "confirmed", b.bad(t))
}

func TestProviderOutOfReach(t *testing.T) {
	t.Parallel()

	b := setupTrust(t)
	b.set(t, idpsim.State{Down: idpsim.DownUnavailable})
	expect(t, "never read", b.bad(t), "fejl Login-udbyderens metadata: De kan ikke bruges, så ingen kan logge ind: Adressen svarer ikke.")

	b.set(t, idpsim.State{})
	expect(t, "back", b.bad(t))

	b.set(t, idpsim.State{Down: idpsim.DownSilent})
	b.advance(23 * time.Hour)
	expect(t, "not for long", b.bad(t))
	b.advance(2 * time.Hour)
	expect(t, "for a day", b.bad(t), "advarsel Login-udbyderens metadata: Adressen svarer ikke. De gamle gælder stadig.")
}

func TestAnotherProvider(t *testing.T) {
	t.Parallel()

	b := setupTrust(t)
	b.cfg.IDPEntityID = "https://another.example.dk"
	b.connect(t)
	expect(t, "another name", b.bad(t), "På adressen står en anden udbyders metadata.")
}

func TestCertificatesEnd(t *testing.T) {
	t.Parallel()

	b := setupTrust(t)
	expect(t, "half a year before", b.bad(t))
	b.advance(b.trust.provider.Certificates()[0].NotAfter.Sub(b.now()) - 60*24*time.Hour)

	got := b.bad(t)
	if !slices.ContainsFunc(got, func(s string) bool {
		return strings.HasPrefix(s, "advarsel Sluses certifikat: Det udløber 23.05.2027. Bestil et nyt")
	}) {
		t.Errorf("sixty days before: %q", got)
	}

	b.advance(60 * 24 * time.Hour)

	got = b.bad(t)
	if !slices.ContainsFunc(got, func(s string) bool {
		return strings.HasPrefix(s, "fejl Sluses certifikat: Det er udløbet 23.05.2027.")
	}) {
		t.Errorf("at its end: %q", got)
	}
}

func TestFetchMetadataRefuses(t *testing.T) {
	t.Parallel()

	for _, address := range []string{"", "metadata.xml", "http://idp.example.dk/metadata"} {
		if _, err := FetchMetadata(t.Context(), address, time.Now); err == nil {
			t.Errorf("%q was read", address)
		}
	}
}
