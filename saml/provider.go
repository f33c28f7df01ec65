package saml

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	crewjam "github.com/crewjam/saml"

	"github.com/sluse/sluse/scheduler/care"
)

// Provider is the service provider of one municipality towards one identity provider. It
// is safe for concurrent use.
type Provider struct {
	cfg      Config
	minLevel care.Assurance
	idp      identityProvider
	own      keyPair
	store    Store
	now      func() time.Time
}

// New reads the files the configuration names and returns a Provider. The function now is the clock.
// Every problem found is in the returned error. A provider certificate that is not in
// force is no error here, because it may come into force later; see CertificatesExpire.
func New(cfg Config, store Store, now func() time.Time) (*Provider, error) {
	cfg = cfg.WithDefaults()
	if problems := cfg.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("saml: %w", errors.Join(problems...))
	}
	idp, idpErr := loadIDP(cfg)
	own, ownErr := loadKeyPair(cfg.CertificateFile, cfg.KeyFile)
	if err := errors.Join(idpErr, ownErr); err != nil {
		return nil, fmt.Errorf("saml: %w", err)
	}
	level, _ := cfg.minLevel()
	return &Provider{cfg: cfg, minLevel: level, idp: idp, own: own, store: store, now: now}, nil
}

// IDP returns the entity ID of the identity provider.
func (p *Provider) IDP() string { return p.idp.entityID }

// CertificatesExpire returns when the last of the pinned provider certificates and when
// our own certificate expire, in UTC: alarm 60 days before either.
func (p *Provider) CertificatesExpire() (provider, own time.Time) {
	for _, certificate := range p.idp.certificates {
		if certificate.NotAfter.After(provider) {
			provider = certificate.NotAfter
		}
	}
	return provider.UTC(), p.own.certificate.NotAfter.UTC()
}

func (p *Provider) acsURL() string    { return p.cfg.BaseURL + PathACS }
func (p *Provider) logoutURL() string { return p.cfg.BaseURL + PathLogout }

// crewjamSP is what crewjam's signing helper needs to know about us.
func (p *Provider) crewjamSP() *crewjam.ServiceProvider {
	return &crewjam.ServiceProvider{
		EntityID: p.cfg.EntityID, Key: p.own.key, Certificate: p.own.certificate, SignatureMethod: algRSASHA256,
	}
}

// awaited finds the request that a message answers, in the browser that sent it.
func (p *Provider) awaited(
	ctx context.Context, id, browserHandle string, purpose Purpose, now time.Time,
) (Request, error) {
	if !isNCName(id) {
		return Request{}, invalid("Response: answers no request of ours")
	}
	req, err := p.store.Request(ctx, id)
	if errors.Is(err, ErrNoRequest) {
		return Request{}, expired("request unknown or completed")
	}
	if err != nil {
		return Request{}, unavailable("request cannot be read", err)
	}
	switch {
	case req.ID != id || req.Purpose != purpose || req.IDP != p.idp.entityID:
		return Request{}, invalid("request was sent for another purpose or to another provider")
	case !sameHash(req.BrowserHash, hash(browserHandle)):
		return Request{}, &Error{Kind: KindWrongBrowser, detail: "request was started in another browser"}
	case !now.Before(req.ExpiresAt):
		return Request{}, expired("request has expired")
	}
	return req, nil
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// localPath accepts paths of our own site and nothing a browser could take for another
// one: no scheme, no host, no backslash, no control characters.
func localPath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || len(s) > 2048 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' })
}
