package vdxsim

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Registration is a system certificate and what the STS knows of its holder (§3.1).
type Registration struct {
	// Name is the certificate's file name and part of its subject.
	Name string `json:"name"`
	// Organisation, Email and Roles become the attributes of its assertions. Role values are
	// those of v1: a provisioner is RoleProvision.
	Organisation string   `json:"organisation"`
	Email        string   `json:"email"`
	Roles        []string `json:"roles"`
	// AutoCreate is the parent under which an unknown Organisation is made.
	AutoCreate string `json:"auto_create,omitempty"`
	// Unknown makes the certificate without registering it at the STS.
	Unknown bool `json:"unknown,omitempty"`
	// SelfSigned makes it without the simulator's authority, as the stage system allows.
	SelfSigned bool `json:"self_signed,omitempty"`
	// NoEmail leaves the e-mail address out of the certificate (not out of the attributes).
	NoEmail bool `json:"no_email,omitempty"`
	// Validity is from one day before the simulator's start to this long after it; negative is
	// expired. Zero is two years.
	Validity time.Duration `json:"validity,omitempty"`
}

// DefaultRegistrations hold the same callers as DefaultClients, and "stranger", whom the STS
// does not know.
func DefaultRegistrations() []Registration {
	var out []Registration
	for _, c := range DefaultClients() {
		roles := slices.Clone(c.Roles)
		if slices.Contains(roles, RoleProvisionerUser) {
			roles = []string{RoleProvision}
		}
		out = append(out, Registration{Name: c.ID, Organisation: c.Organisation, Email: c.Email, Roles: roles})
	}
	return append(out, Registration{
		Name: "stranger", Organisation: "sluse-kommune", Email: "vdx-system@sluse-kommune.example",
		Roles: []string{RolePlanner}, Unknown: true,
	})
}

// Keys are the test certificates of a gateway: an authority, the listener's certificate, the
// STS's signing certificate, and one per registration. They may be shared by several
// simulators, which saves making RSA keys. A client's key is made when it is first asked for.
type Keys struct {
	now    time.Time
	ca     keyPair
	server keyPair
	sts    keyPair

	mu      sync.Mutex
	clients []*clientKey
}

type clientKey struct {
	Registration
	pair keyPair // zero until it is asked for
}

// keyPair is a certificate with its private key.
type keyPair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// NewKeys makes the certificates. Those of the authority and the listener are valid for a
// century around now, so that a test's clock does not matter to TLS. No registrations means
// DefaultRegistrations.
func NewKeys(now time.Time, registrations ...Registration) (*Keys, error) {
	if len(registrations) == 0 {
		registrations = DefaultRegistrations()
	}
	k := &Keys{now: now}
	for _, r := range registrations {
		if r.Name == "" || r.Name != filepath.Base(r.Name) || k.find(r.Name) != nil {
			return nil, fmt.Errorf("vdxsim: registration %q: want a unique name that can be a file's", r.Name)
		}
		k.clients = append(k.clients, &clientKey{Registration: r})
	}
	return k, k.makeServers()
}

func (k *Keys) makeServers() (err error) {
	century := func(name string) *x509.Certificate {
		return &x509.Certificate{
			Subject:   pkix.Name{Country: []string{"DK"}, Organization: []string{"Sluse simulator"}, CommonName: name},
			NotBefore: k.now.AddDate(-50, 0, 0), NotAfter: k.now.AddDate(50, 0, 0),
		}
	}
	ca := century("Sluse simulator test CA")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	if k.ca, err = issue(ca, keyPair{}, false); err != nil {
		return err
	}
	server := century("localhost")
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if k.server, err = issue(server, k.ca, false); err != nil {
		return err
	}
	k.sts, err = issue(century("sts.simulator.example"), k.ca, true)
	return err
}

// issue makes a key and a certificate; without a parent it is self-signed.
func issue(template *x509.Certificate, parent keyPair, ofRSA bool) (keyPair, error) {
	var out keyPair
	var err error
	if ofRSA {
		out.key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		out.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return out, fmt.Errorf("vdxsim: make a key: %w", err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return out, fmt.Errorf("vdxsim: make a serial number: %w", err)
	}
	if parent.cert == nil {
		parent = keyPair{template, out.key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, out.key.Public(), parent.key)
	if err != nil {
		return out, fmt.Errorf("vdxsim: make a certificate: %w", err)
	}
	if out.cert, err = x509.ParseCertificate(der); err != nil {
		return out, fmt.Errorf("vdxsim: read a certificate: %w", err)
	}
	return out, nil
}

func (k *Keys) find(name string) *clientKey {
	for _, c := range k.clients {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// pairOf makes the client's certificate at first use.
func (k *Keys) pairOf(name string) (keyPair, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.find(name)
	if c == nil {
		return keyPair{}, fmt.Errorf("vdxsim: no registration %q", name)
	}
	if c.pair.cert != nil {
		return c.pair, nil
	}
	var err error
	c.pair, err = issue(c.template(k.now), k.issuerOf(c), true)
	return c.pair, err
}

func (k *Keys) issuerOf(c *clientKey) keyPair {
	if c.SelfSigned {
		return keyPair{}
	}
	return k.ca
}

func (c *clientKey) template(now time.Time) *x509.Certificate {
	t := &x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"DK"}, Organization: []string{"Sluse Kommune"}, CommonName: c.Name,
			SerialNumber: "UI:DK-O:G:" + c.Name,
		},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(orDuration(c.Validity, 2*365*24*time.Hour)),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if t.NotAfter.Before(t.NotBefore) {
		t.NotBefore = t.NotAfter.AddDate(-2, 0, 0)
	}
	if !c.NoEmail && c.Email != "" {
		t.EmailAddresses = []string{c.Email}
	}
	return t
}

// holder is the registration of a certificate that these keys made.
func (k *Keys) holder(cert *x509.Certificate) (Registration, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.clients {
		if c.pair.cert != nil && bytes.Equal(c.pair.cert.Raw, cert.Raw) {
			return c.Registration, true
		}
	}
	return Registration{}, false
}

// CA is the authority's certificate in PEM, which clients trust the gateway by.
func (k *Keys) CA() []byte { return certificatePEM(k.ca.cert) }

// STS is the certificate in PEM that assertions are signed with.
func (k *Keys) STS() []byte { return certificatePEM(k.sts.cert) }

// Client is the certificate and the private key (PKCS #8) of a registration, both in PEM.
func (k *Keys) Client(name string) (certificate, key []byte, err error) {
	pair, err := k.pairOf(name)
	if err != nil {
		return nil, nil, err
	}
	key, err = keyPEM(pair.key)
	return certificatePEM(pair.cert), key, err
}

// ClientTLS is what a client with a registration's certificate connects with; it trusts the
// gateway. The name "" is a client without a certificate.
func (k *Keys) ClientTLS(name string) (*tls.Config, error) {
	out := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	out.RootCAs.AddCert(k.ca.cert)
	if name == "" {
		return out, nil
	}
	pair, err := k.pairOf(name)
	if err != nil {
		return nil, err
	}
	out.Certificates = []tls.Certificate{{Certificate: [][]byte{pair.cert.Raw}, PrivateKey: pair.key}}
	return out, nil
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("vdxsim: write a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// Files are the PEM files that Write made.
type Files struct {
	// CA and STS are certificates: of the authority behind the gateway's, and of the STS.
	CA  string `json:"ca"`
	STS string `json:"sts"`
	// Clients are the registrations with their files.
	Clients []ClientFiles `json:"clients"`
}

// Client finds the files of a registration.
func (f Files) Client(name string) (ClientFiles, bool) {
	for _, c := range f.Clients {
		if c.Name == name {
			return c, true
		}
	}
	return ClientFiles{}, false
}

// ClientFiles are the files of one registration.
type ClientFiles struct {
	Registration
	// Certificate and Key are paths; the key is PKCS #8 and not encrypted.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// Write puts every certificate and client key into a directory, which is made if needed. All
// files are readable by their owner only.
func (k *Keys) Write(dir string) (Files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Files{}, fmt.Errorf("vdxsim: %w", err)
	}
	out := Files{CA: filepath.Join(dir, "ca.crt"), STS: filepath.Join(dir, "sts.crt")}
	errs := []error{write(out.CA, k.CA()), write(out.STS, k.STS())}
	for _, c := range k.clients {
		certificate, key, err := k.Client(c.Name)
		f := ClientFiles{c.Registration, filepath.Join(dir, c.Name+".crt"), filepath.Join(dir, c.Name+".key")}
		errs = append(errs, err, write(f.Certificate, certificate), write(f.Key, key))
		out.Clients = append(out.Clients, f)
	}
	return out, errors.Join(errs...)
}

func write(path string, raw []byte) error {
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("vdxsim: %w", err)
	}
	return nil
}
