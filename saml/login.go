package saml

import (
	"context"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"github.com/sluse/sluse/scheduler/care"
)

// idTypeProfessional asks for an employee's identity, not a citizen's.
const idTypeProfessional = "https://data.gov.dk/eid/Professional"

// LoginRequest is what a caller wants of one login.
type LoginRequest struct {
	// ReturnTo is a path of our own site to continue at after the login.
	ReturnTo string
	// MinLevel is the lowest level that suffices; the configured one may be higher.
	MinLevel care.Assurance
	// ForceAuthn asks the person to log in afresh; persons always are.
	ForceAuthn bool
	// Person has to agree with the configured audience: it keeps an employee's login from
	// being started where a citizen's is meant, and the other way round.
	Person bool
	// Phone is "Android" or "iOS" when the browser runs on such a phone, so that the
	// provider can hand over to its app; otherwise empty.
	Phone string
}

// Login starts a login and returns where to send the browser to. The browser handle is the
// random value in the browser's cookie (NewBrowserHandle). Neither it nor the return
// address leaves this site: the provider gets random handles only. Errors are *Error of
// KindInvalid (request or handle unusable) or KindUnavailable.
func (p *Provider) Login(ctx context.Context, browserHandle string, wanted LoginRequest) (Outgoing, error) {
	if browserHandle == "" || !localPath(wanted.ReturnTo) {
		return Outgoing{}, invalid("login without a browser handle or with a foreign return address")
	}
	if wanted.Person {
		return Outgoing{}, invalid("login for another kind of people than the provider serves")
	}
	now := p.now().UTC()
	req := p.newRequest(PurposeLogin, browserHandle, wanted.ReturnTo, now)
	req.ForceAuthn = p.cfg.ForceAuthn || wanted.ForceAuthn
	req.MinLevel = max(p.minLevel, wanted.MinLevel)
	if err := p.store.SaveRequest(ctx, req); err != nil {
		return Outgoing{}, unavailable("request cannot be saved", err)
	}
	return p.redirect(p.idp.ssoURL, paramRequest, p.authnRequest(req, now), req.RelayState)
}

func (p *Provider) newRequest(purpose Purpose, browserHandle, returnTo string, now time.Time) Request {
	return Request{
		ID: newID(), Purpose: purpose, IDP: p.idp.entityID, BrowserHash: hash(browserHandle),
		RelayState: newID(), ReturnTo: returnTo,
		CreatedAt: now, ExpiresAt: now.Add(p.cfg.RequestLifetime),
	}
}

func (p *Provider) authnRequest(req Request, now time.Time) *etree.Element {
	message := crewjam.AuthnRequest{
		ID: req.ID, Version: "2.0", IssueInstant: now, Destination: p.idp.ssoURL,
		Issuer:                      p.issuer(),
		ForceAuthn:                  &req.ForceAuthn,
		AssertionConsumerServiceURL: p.acsURL(),
		ProtocolBinding:             crewjam.HTTPPostBinding,
	}
	element := message.Element()
	if p.cfg.Profile == ProfileOIOSAML3 {
		element.AddChild(p.requestedContext(req))
	}
	return element
}

// requestedContext asks for the level and the kind of identity. The structure of crewjam holds
// one reference only. Comparison concerns the level alone (OIO-SP-06, OIO-SP-07).
func (p *Provider) requestedContext(req Request) *etree.Element {
	context := etree.NewElement("samlp:RequestedAuthnContext")
	context.CreateAttr("Comparison", "minimum")
	level := max(req.MinLevel, care.LowAssurance)
	for _, reference := range []string{levelReference + levelName(level), idTypeProfessional} {
		context.CreateElement("saml:AuthnContextClassRef").SetText(reference)
	}
	return context
}

func (p *Provider) issuer() *crewjam.Issuer {
	return &crewjam.Issuer{Format: formatEntity, Value: p.cfg.EntityID}
}
