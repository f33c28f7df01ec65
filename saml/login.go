package saml

import (
	"context"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"github.com/sluse/sluse/scheduler/care"
)

// The references that ask for an employee's identity or a citizen's.
const (
	idTypeProfessional = "https://data.gov.dk/eid/Professional"
	idTypePerson       = "https://data.gov.dk/eid/Person"
)

// nsExtensions is that of NemLog-in's extensions of a request.
const nsExtensions = "https://data.gov.dk/eid/saml/extensions"

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
	x, err := p.exchange()
	if err != nil {
		return Outgoing{}, err
	}
	if wanted.Person != x.cfg.persons() {
		return Outgoing{}, invalid("login for another kind of people than the provider serves")
	}
	if wanted.Phone != "" && wanted.Phone != "Android" && wanted.Phone != "iOS" {
		return Outgoing{}, invalid("login from an unknown kind of phone")
	}
	now := x.now().UTC()
	req := x.newRequest(PurposeLogin, browserHandle, wanted.ReturnTo, now)
	req.ForceAuthn = x.cfg.ForceAuthn || wanted.ForceAuthn || wanted.Person
	req.MinLevel = max(x.minLevel, wanted.MinLevel)
	if err := x.store.SaveRequest(ctx, req); err != nil {
		return Outgoing{}, unavailable("request cannot be saved", err)
	}
	return x.send(x.idp.sso, paramRequest, x.authnRequest(req, wanted.Phone, now), req.RelayState)
}

func (x *exchange) newRequest(purpose Purpose, browserHandle, returnTo string, now time.Time) Request {
	return Request{
		ID: newID(), Purpose: purpose, IDP: x.idp.entityID, BrowserHash: hash(browserHandle),
		RelayState: newID(), ReturnTo: returnTo, Person: x.cfg.persons(),
		CreatedAt: now, ExpiresAt: now.Add(x.cfg.RequestLifetime),
	}
}

func (x *exchange) authnRequest(req Request, phone string, now time.Time) *etree.Element {
	message := crewjam.AuthnRequest{
		ID: req.ID, Version: "2.0", IssueInstant: now, Destination: x.idp.sso.url,
		Issuer:                      x.issuer(),
		ForceAuthn:                  &req.ForceAuthn,
		AssertionConsumerServiceURL: x.acsURL(),
		ProtocolBinding:             crewjam.HTTPPostBinding,
	}
	element := message.Element()
	// The order is the schema's: issuer, extensions, context.
	if phone != "" && x.cfg.Profile == ProfileOIOSAML3 {
		element.AddChild(x.appSwitch(phone))
	}
	if references := x.contextReferences(req); len(references) > 0 {
		element.AddChild(requestedContext(references))
	}
	return element
}

// appSwitch lets the provider hand over to its app on the phone, and the app back to the
// browser on our site.
func (x *exchange) appSwitch(phone string) *etree.Element {
	extensions := etree.NewElement("samlp:Extensions")
	change := extensions.CreateElement("nl:AppSwitch")
	change.CreateAttr("xmlns:nl", nsExtensions)
	change.CreateElement("nl:Platform").SetText(phone)
	change.CreateElement("nl:ReturnURL").SetText(x.cfg.BaseURL)
	return extensions
}

// contextReferences says which level and which kind of identity to ask for. The Danish
// profiles have names for them; plain has none, there the answer alone is judged.
func (x *exchange) contextReferences(req Request) []string {
	level := max(req.MinLevel, care.LowAssurance)
	switch x.cfg.Profile {
	case ProfilePlain:
		return nil
	case ProfileOIOSAML3:
		kind := idTypeProfessional
		if req.Person {
			kind = idTypePerson
		}
		return []string{levelReference + levelName(level), kind}
	case ProfileOIOSAML2:
		return []string{oldLevelReference + oldLevelNumber(level)}
	case ProfileKOMBIT:
		return []string{levelReference + levelName(level)}
	}
	return nil
}

// requestedContext builds what the structure of crewjam cannot hold: it has room for one
// reference only. Comparison concerns the level alone (OIO-SP-06, OIO-SP-07).
func requestedContext(references []string) *etree.Element {
	context := etree.NewElement("samlp:RequestedAuthnContext")
	context.CreateAttr("Comparison", "minimum")
	for _, reference := range references {
		context.CreateElement("saml:AuthnContextClassRef").SetText(reference)
	}
	return context
}

func (x *exchange) issuer() *crewjam.Issuer {
	return &crewjam.Issuer{Format: formatEntity, Value: x.cfg.EntityID}
}
