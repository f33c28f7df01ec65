package saml

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Warn is how long before its end a certificate should be told of.
const Warn = 60 * 24 * time.Hour

// Fingerprint is the SHA-256 of a certificate: 64 hex digits in lower case.
type Fingerprint string

// String writes the fingerprint in pairs with colons, as certificate viewers do.
func (f Fingerprint) String() string {
	var pairs []string
	for pair := range slices.Chunk([]byte(f), 2) {
		pairs = append(pairs, strings.ToUpper(string(pair)))
	}
	return strings.Join(pairs, ":")
}

func fingerprintOf(c *x509.Certificate) Fingerprint {
	sum := sha256.Sum256(c.Raw)
	return Fingerprint(hex.EncodeToString(sum[:]))
}

// parseFingerprint reads a fingerprint with or without colons or blanks.
func parseFingerprint(text string) (Fingerprint, error) {
	plain := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
	if raw, err := hex.DecodeString(plain); err != nil || len(raw) != sha256.Size {
		return "", errors.New("must be 64 hex digits, the SHA-256 of a certificate")
	}
	return Fingerprint(plain), nil
}

type fingerprints []Fingerprint

// confirmedFingerprints are those of the configuration and those of the local metadata:
// whoever put the file there has confirmed what it holds.
func confirmedFingerprints(cfg Config, local *identityProvider) fingerprints {
	var list fingerprints
	for _, text := range cfg.IDPFingerprints {
		if f, err := parseFingerprint(text); err == nil {
			list = append(list, f)
		}
	}
	if local != nil {
		for _, c := range local.certificates {
			list = append(list, fingerprintOf(c))
		}
	}
	return list
}

// Certificate is one that a login depends on.
type Certificate struct {
	Fingerprint Fingerprint
	// Own says that it is ours; otherwise the identity provider signs with it.
	Own bool
	// NotBefore and NotAfter bound the time in which it is in force, in UTC.
	NotBefore, NotAfter time.Time
}

// EndsSoon says that the certificate ends within Warn of now or has ended.
func (c Certificate) EndsSoon(now time.Time) bool { return !now.Add(Warn).Before(c.NotAfter) }

// Certificates returns our own certificates, the one that signs first, and those of the
// provider that are trusted.
func (p *Provider) Certificates() []Certificate {
	var list []Certificate
	for _, pair := range p.base.own {
		list = append(list, describe(pair.certificate, true))
	}
	if idp := p.current.Load(); idp != nil {
		for _, c := range idp.certificates {
			list = append(list, describe(c, false))
		}
	}
	return list
}

func describe(c *x509.Certificate, own bool) Certificate {
	return Certificate{Fingerprint: fingerprintOf(c), Own: own, NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC()}
}

// CertificatesExpire returns when the last of the trusted provider certificates and when
// the last of ours expire, in UTC; the zero time where none is known.
func (p *Provider) CertificatesExpire() (provider, own time.Time) {
	for _, c := range p.Certificates() {
		end := &provider
		if c.Own {
			end = &own
		}
		if c.NotAfter.After(*end) {
			*end = c.NotAfter
		}
	}
	return provider, own
}

// MetadataURL returns where the provider's metadata should be read, "" for nowhere.
func (p *Provider) MetadataURL() string { return p.base.cfg.IDPMetadataURL }

// Known says whether any metadata of the provider are known.
func (p *Provider) Known() bool { return p.current.Load() != nil }

// The refusals of Refresh.
var (
	// ErrOtherProvider means that the document is another provider's.
	ErrOtherProvider = errors.New("saml: the metadata are another provider's")
	// ErrOtherAddress means that the provider's addresses lie on another host than before.
	ErrOtherAddress = errors.New("saml: the provider's addresses lie on another host than before")
	// ErrOutdated means that the document says that it is no longer valid.
	ErrOutdated = errors.New("saml: the metadata are no longer valid")
	// ErrUnconfirmed means that no certificate of the document that is in force is
	// confirmed.
	ErrUnconfirmed = errors.New("saml: none of the metadata's certificates is confirmed and in force")
)

// Refresh takes a newer document of the provider's metadata into use and returns the
// certificates in it that nobody has confirmed: they are not trusted. When the document
// cannot be used as a whole, what was known before stays in use, and the error says why,
// one of the Err values above or a text about the document; the unconfirmed certificates
// are returned all the same.
func (p *Provider) Refresh(document []byte) (unconfirmed []Certificate, err error) {
	fresh, err := parseIDP(document)
	if err != nil {
		return nil, fmt.Errorf("saml: metadata: %w", err)
	}
	if want := p.IDP(); want != "" && fresh.entityID != want {
		return nil, ErrOtherProvider
	}
	now := p.base.now().UTC()
	if !fresh.validUntil.IsZero() && !now.Before(fresh.validUntil) {
		return nil, ErrOutdated
	}
	var trusted []*x509.Certificate
	for _, c := range fresh.certificates {
		if slices.Contains(p.base.confirmed, fingerprintOf(c)) {
			trusted = append(trusted, c)
		} else {
			unconfirmed = append(unconfirmed, describe(c, false))
		}
	}
	if len(validAt(trusted, now)) == 0 {
		return unconfirmed, ErrUnconfirmed
	}
	if before := p.current.Load(); before != nil && !sameHosts(*before, fresh) {
		return unconfirmed, ErrOtherAddress
	}
	fresh.certificates = trusted
	p.current.Store(&fresh)
	return unconfirmed, nil
}

// sameHosts keeps a metadata address that fell into other hands from sending people to
// another login page: the fingerprints say nothing about addresses.
func sameHosts(before, after identityProvider) bool {
	known := []string{host(before.sso.url), host(before.slo.url), host(before.sloResponse.url)}
	for _, e := range []endpoint{after.sso, after.slo, after.sloResponse} {
		if e.url != "" && !slices.Contains(known, host(e.url)) {
			return false
		}
	}
	return true
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Inspection is what a person has to confirm about a provider's metadata.
type Inspection struct {
	EntityID     string
	SignOn       string // the address that people are sent to
	Certificates []Certificate
}

// Inspect reads a provider's metadata and trusts nothing in it.
func Inspect(document []byte) (Inspection, error) {
	idp, err := parseIDP(document)
	if err != nil {
		return Inspection{}, fmt.Errorf("saml: metadata: %w", err)
	}
	found := Inspection{EntityID: idp.entityID, SignOn: idp.sso.url}
	for _, c := range idp.certificates {
		found.Certificates = append(found.Certificates, describe(c, false))
	}
	return found, nil
}
