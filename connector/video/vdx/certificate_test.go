package vdx

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
)

// The doctor's day.
var today = time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)

// Keys are made once: RSA keys take time.
var (
	ownKey   = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	otherKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// fixture is a certificate that production takes, to be spoilt.
type fixture struct {
	template, parent x509.Certificate
	key              crypto.Signer // the certificate's own
	keyFile          crypto.Signer // what stands in key_file
	self             bool
	spoilFiles       func(c *Config) error
	baseURL          string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()

	key, err := ownKey()
	if err != nil {
		t.Fatal(err)
	}

	return &fixture{
		key: key, keyFile: key, baseURL: "https://videoapi.vconf.dk/videoapi",
		template: x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Testby Kommune - Sluse"}, EmailAddresses: []string{"vdx@testby.example"},
			NotBefore: today.AddDate(-1, 0, 0), NotAfter: today.AddDate(2, 0, 0), OCSPServer: []string{"http://ocsp.example"},
		},
		parent: x509.Certificate{
			SerialNumber: big.NewInt(8), IsCA: true, BasicConstraintsValid: true, NotBefore: today.AddDate(-5, 0, 0), NotAfter: today.AddDate(5, 0, 0),
			Subject: pkix.Name{Country: []string{"DK"}, Organization: []string{"Den Danske Stat"}, CommonName: "Den Danske Stat OCES udstedende-CA 1"},
		},
	}
}

func (f *fixture) config(t *testing.T) Config {
	t.Helper()

	authority, err := otherKey()
	if err != nil {
		t.Fatal(err)
	}

	parent, signer := &f.parent, crypto.Signer(authority)
	if f.self {
		parent, signer = &f.template, f.key
	}

	der, err := x509.CreateCertificate(rand.Reader, &f.template, parent, f.key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}

	key, err := x509.MarshalPKCS8PrivateKey(f.keyFile)
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	c := Config{CertificateFile: filepath.Join(dir, "own.pem"), KeyFile: filepath.Join(dir, "key.pem"), BaseURL: f.baseURL}

	for path, block := range map[string]*pem.Block{
		c.CertificateFile: {Type: "CERTIFICATE", Bytes: der}, c.KeyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err = os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	if f.spoilFiles != nil {
		if err = f.spoilFiles(&c); err != nil {
			t.Fatal(err)
		}
	}

	return c
}

// rewrite spoils the certificate's file.
func rewrite(text string) func(*Config) error {
	return func(c *Config) error { return os.WriteFile(c.CertificateFile, []byte(text), 0o600) }
}

// TestCertificates: each fault of a certificate gives its own sentence (M19).
func TestCertificates(t *testing.T) {
	t.Parallel()

	const staging = "https://videoapi.vconf-stage.dk/videoapi"

	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}

	other, err := otherKey()
	if err != nil {
		t.Fatal(err)
	}

	for name, tt := range map[string]struct {
		change func(*fixture)
		level  connector.Level
		text   string // that it holds
	}{
		"good":            {func(*fixture) {}, connector.Fine, "gælder til og med 23.11.2028"},
		"address in name": {func(f *fixture) { f.nameEmail() }, connector.Fine, "opfylder kravene"},
		"no address":      {func(f *fixture) { f.template.EmailAddresses = nil }, connector.Failing, "ingen e-mailadresse"},
		"elliptic curve":  {func(f *fixture) { f.key, f.keyFile = curve, curve }, connector.Failing, "elliptisk"},
		"small key":       {func(f *fixture) { f.key, f.keyFile = small, small }, connector.Failing, "1024 bit"},
		"another key":     {func(f *fixture) { f.keyFile = other }, connector.Failing, "passer ikke til certifikatet"},
		"no key file":     {func(f *fixture) { f.spoilFiles = func(c *Config) error { c.KeyFile += "x"; return nil } }, connector.Failing, "key_file"},
		"no file":         {func(f *fixture) { f.spoilFiles = func(c *Config) error { c.CertificateFile += "x"; return nil } }, connector.Failing, "kan ikke læses"},
		"open key file":   {func(f *fixture) { f.spoilFiles = func(c *Config) error { return os.Chmod(c.KeyFile, 0o644) } }, connector.Notice, "chmod"},
		"no PEM": {func(f *fixture) {
			f.spoilFiles = rewrite("\x30\x82")
		}, connector.Failing, "PEM-format"},
		"broken": {func(f *fixture) {
			f.spoilFiles = rewrite("-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n")
		}, connector.Failing, "kan ikke læses"},
		"expired":     {func(f *fixture) { f.template.NotAfter = today.AddDate(0, 0, -1) }, connector.Failing, "udløb 22.11.2026"},
		"not yet":     {func(f *fixture) { f.template.NotBefore = today.AddDate(0, 0, 1) }, connector.Failing, "gælder først fra 24.11.2026"},
		"30 days":     {func(f *fixture) { f.template.NotAfter = today.AddDate(0, 0, 30) }, connector.Notice, "om 30 dage. Send straks"},
		"60 days":     {func(f *fixture) { f.template.NotAfter = today.AddDate(0, 0, 60) }, connector.Notice, "om 60 dage. Bestil"},
		"61 days":     {func(f *fixture) { f.template.NotAfter = today.AddDate(0, 0, 61) }, connector.Fine, "opfylder"},
		"self-signed": {func(f *fixture) { f.self = true }, connector.Failing, "selvudstedt"},
		"test OCES":   {func(f *fixture) { f.parent.Subject.OrganizationalUnit = []string{"Test - cti"} }, connector.Failing, "til test"},
		"OCES2": {func(f *fixture) {
			f.parent.Subject = pkix.Name{Organization: []string{"TRUST2408"}, CommonName: "TRUST2408 OCES CA IV"}
		}, connector.Failing, "udsteder: TRUST2408 OCES CA IV"},
		"nameless issuer": {func(f *fixture) { f.parent.Subject = pkix.Name{Organization: []string{"X"}} }, connector.Failing, "udsteder: ukendt"},
		"never revoked":   {func(f *fixture) { f.template.OCSPServer = nil }, connector.Notice, "spærret"},
		"stage, self":     {func(f *fixture) { f.baseURL, f.self, f.template.NotBefore = staging, true, today }, connector.Fine, "opfylder"},
		"stage, long":     {func(f *fixture) { f.baseURL, f.self = staging, true }, connector.Notice, "mere end 2 år"},
		"stage, test OCES": {func(f *fixture) {
			f.baseURL, f.template.NotBefore = staging, today
			f.parent.Subject.OrganizationalUnit = []string{"Test - cti"}
		}, connector.Fine, "opfylder"},
		"stage, production": {func(f *fixture) { f.baseURL, f.template.NotBefore = staging, today }, connector.Notice, "forskellige certifikater"},
		"proxy, self":       {func(f *fixture) { f.baseURL, f.self = "http://proxy.testby.example", true }, connector.Fine, "opfylder"},
		"lookalike host":    {func(f *fixture) { f.baseURL, f.self = "https://videoapi.vconf.dk.example/videoapi", true }, connector.Fine, "opfylder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			tt.change(f)

			found := f.config(t).CheckCertificate(today)
			if len(found) != 1 || found[0].Level != tt.level || !strings.Contains(found[0].Text, tt.text) || found[0].Subject != aboutCertificate {
				t.Errorf("got %+v, want %s with %q", found, tt.level, tt.text)
			}
		})
	}

	if found := (Config{}).CheckCertificate(today); found != nil {
		t.Errorf("no certificate: got %v", found)
	}
}

// nameEmail moves the address from the alternative names into the subject, as older ones have it.
func (f *fixture) nameEmail() {
	f.template.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: f.template.EmailAddresses[0]}}
	f.template.EmailAddresses = nil
}

// TestSeveralFaults are told together.
func TestSeveralFaults(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	f.self, f.template.EmailAddresses, f.template.NotAfter = true, nil, today.AddDate(0, 0, -3)

	if found := f.config(t).CheckCertificate(today); len(found) != 3 {
		t.Errorf("got %d findings, want 3: %+v", len(found), found)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		config Config
		want   int
	}{
		"production": {Config{BaseURL: "https://videoapi.vconf.dk/videoapi", STSURL: "https://sts.vconf.dk/sts/service/sts"}, 0},
		"mixed":      {Config{BaseURL: "https://videoapi.vconf.dk/videoapi", STSURL: "https://sts.vconf-stage.dk/sts/service/sts"}, 1},
		"history":    {Config{BaseURL: "https://videoapi.vconf-stage.dk/videoapi", HistoryURL: "https://HistoryAPI.vconf.dk"}, 1},
		"proxy":      {Config{BaseURL: "http://127.0.0.1:8080", HistoryURL: "https://historyapi.vconf.dk"}, 0},
	} {
		if found := tt.config.checkPlaces(); len(found) != tt.want {
			t.Errorf("%s: got %v", name, found)
		}
	}
}
