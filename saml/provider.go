package saml

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	crewjam "github.com/crewjam/saml"

	"github.com/sluse/sluse/scheduler/care"
)

// Provider is the service provider of one municipality towards one identity provider. It
// is safe for concurrent use.
type Provider struct {
	base    exchange
	current atomic.Pointer[identityProvider] // nil until its metadata is known
}

// exchange is what one message is handled with. It holds the identity provider's metadata
// as they are when the message comes, so that no step sees newer ones than the step before.
type exchange struct {
	cfg       Config
	minLevel  care.Assurance
	confirmed fingerprints
	own       []keyPair // the first one signs, all decrypt
	store     Store
	now       func() time.Time
	idp       identityProvider
}

// New reads the files the configuration names and returns a Provider. The function now is the clock.
// Every problem found is in the returned error. A provider certificate that is not in
// force is no error here, because it may come into force later; see Certificates. With a
// metadata address and no file the Provider refuses every login with KindUnavailable until
// Refresh has brought metadata.
func New(cfg Config, store Store, now func() time.Time) (*Provider, error) {
	cfg = cfg.WithDefaults()
	if problems := cfg.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("saml: %w", errors.Join(problems...))
	}
	idp, idpErr := loadIDP(cfg)
	own, ownErr := loadKeyPairs(cfg)
	if err := errors.Join(idpErr, ownErr); err != nil {
		return nil, fmt.Errorf("saml: %w", err)
	}
	level, _ := cfg.minLevel()
	p := &Provider{base: exchange{
		cfg: cfg, minLevel: level, confirmed: confirmedFingerprints(cfg, idp), own: own, store: store, now: now,
	}}
	if idp != nil {
		p.current.Store(idp)
	}
	return p, nil
}

// exchange returns what the next message is handled with. The error is an *Error of
// KindUnavailable while no metadata is known.
func (p *Provider) exchange() (*exchange, error) {
	idp := p.current.Load()
	if idp == nil {
		return nil, unavailable("the identity provider's metadata has not been read yet", nil)
	}
	x := p.base
	x.idp = *idp
	return &x, nil
}

// IDP returns the entity ID of the identity provider.
func (p *Provider) IDP() string {
	if idp := p.current.Load(); idp != nil {
		return idp.entityID
	}
	return p.base.cfg.IDPEntityID
}

// Paths returns where the caller mounts the provider below its base address.
func (p *Provider) Paths() Paths { return p.base.cfg.Paths }

func (x *exchange) acsURL() string    { return x.cfg.BaseURL + x.cfg.Paths.ACS }
func (x *exchange) logoutURL() string { return x.cfg.BaseURL + x.cfg.Paths.Logout }

// crewjamSP is what crewjam's signing helper needs to know about us.
func (x *exchange) crewjamSP() *crewjam.ServiceProvider {
	return &crewjam.ServiceProvider{
		EntityID: x.cfg.EntityID, Key: x.own[0].key, Certificate: x.own[0].certificate, SignatureMethod: algRSASHA256,
	}
}

// awaited finds the request that a message answers, in the browser that sent it.
func (x *exchange) awaited(
	ctx context.Context, id, browserHandle string, purpose Purpose, now time.Time,
) (Request, error) {
	if !isNCName(id) {
		return Request{}, invalid("Response: answers no request of ours")
	}
	req, err := x.store.Request(ctx, id)
	if errors.Is(err, ErrNoRequest) {
		return Request{}, expired("request unknown or completed")
	}
	if err != nil {
		return Request{}, unavailable("request cannot be read", err)
	}
	switch {
	case req.ID != id || req.Purpose != purpose || req.IDP != x.idp.entityID:
		return Request{}, invalid("request was sent for another purpose or to another provider")
	case req.Person != x.cfg.persons():
		return Request{}, invalid("request was sent for another kind of people")
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
