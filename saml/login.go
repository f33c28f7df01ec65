package saml

import (
	"context"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
)

// idTypeProfessional asks for an employee's identity, not a citizen's.
const idTypeProfessional = "https://data.gov.dk/eid/Professional"

const levelReference = "https://data.gov.dk/concept/core/nsis/loa/"

// Login starts a login and returns the URL at the identity provider to send the browser
// to. The browser handle is the random value in the browser's cookie (NewBrowserHandle);
// returnTo is a path of our own site to continue at. Neither leaves this site: the
// provider gets random handles only. Errors are *Error of KindInvalid (returnTo or handle
// unusable) or KindUnavailable.
func (p *Provider) Login(ctx context.Context, browserHandle, returnTo string) (string, error) {
	if browserHandle == "" || !localPath(returnTo) {
		return "", invalid("login without a browser handle or with a foreign return address")
	}
	now := p.now().UTC()
	req := p.newRequest(PurposeLogin, browserHandle, returnTo, now)
	req.ForceAuthn = p.cfg.ForceAuthn
	if err := p.store.SaveRequest(ctx, req); err != nil {
		return "", unavailable("request cannot be saved", err)
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
		element.AddChild(p.requestedContext())
	}
	return element
}

// requestedContext asks for the level and the kind of identity. The structure of crewjam holds
// one reference only. Comparison concerns the level alone (OIO-SP-06, OIO-SP-07).
func (p *Provider) requestedContext() *etree.Element {
	context := etree.NewElement("samlp:RequestedAuthnContext")
	context.CreateAttr("Comparison", "minimum")
	level := max(p.minLevel, LevelLow)
	for _, reference := range []string{levelReference + level.String(), idTypeProfessional} {
		context.CreateElement("saml:AuthnContextClassRef").SetText(reference)
	}
	return context
}

func (p *Provider) issuer() *crewjam.Issuer {
	return &crewjam.Issuer{Format: formatEntity, Value: p.cfg.EntityID}
}
