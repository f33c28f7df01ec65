// Package nemlogin proves who a person is with MitID at NemLog-in 3. It puts package saml, which makes
// every decision of trust, under the port of electronic identities. What waits for an answer is kept
// by package saml, bound to the browser by the same handle as the caller's.
package nemlogin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// System is what errors call NemLog-in.
const System = "nemlogin"

// Provider is NemLog-in for persons. It is safe for concurrent use.
type Provider struct {
	info eid.Info
	saml *saml.Provider
	home string
}

var (
	_ eid.Provider = (*Provider)(nil)
	_ eid.Leaver   = (*Provider)(nil)
)

// New makes a Provider over a service provider for persons. Home is the path of this site to which
// browsers come back.
func New(info eid.Info, provider *saml.Provider, home string) *Provider {
	return &Provider{info: info, saml: provider, home: home}
}

// Info implements eid.Provider.
func (p *Provider) Info() eid.Info { return p.info }

// Start implements eid.Provider.
func (p *Provider) Start(ctx context.Context, s eid.Start) (eid.Begun, error) {
	out, err := p.saml.Login(ctx, s.Handle, saml.LoginRequest{
		ReturnTo: p.home, MinLevel: s.MinLevel, ForceAuthn: true, Person: true, Phone: string(s.Phone),
	})
	if err != nil {
		return eid.Begun{}, p.refused(err)
	}

	if len(out.Fields) > 0 { // NemLog-in takes redirects (OIO-SP-09)
		return eid.Begun{}, eid.Refuse(p.info.Key, eid.Unavailable, "the provider takes no redirect")
	}

	return eid.Begun{URL: out.URL}, nil
}

// Finish implements eid.Provider. The level was checked by package saml against the one that was
// asked for; it is checked here again, because two checks of that cost nothing.
func (p *Provider) Finish(_ context.Context, a eid.Answer) (eid.Proof, error) {
	who, _, err := p.saml.Callback(a.Request, a.Handle)
	if err != nil {
		return eid.Proof{}, p.refused(err)
	}

	switch {
	case who.Kind != saml.Person:
		return eid.Proof{}, eid.Refuse(p.info.Key, eid.WrongType, "not a person")
	case who.Level < a.MinLevel || who.Level == care.NoAssurance:
		return eid.Proof{}, eid.Refuse(p.info.Key, eid.LevelTooLow, "level: lower than what is asked for")
	case who.CPR.IsZero():
		return eid.Proof{}, eid.Refuse(p.info.Key, eid.Invalid, "the number is missing")
	}

	session, err := json.Marshal(samlSession{who.NameID.Value, who.NameID.Format, who.NameID.NameQualifier, who.NameID.SPNameQualifier, who.SessionIndex})
	if err != nil {
		return eid.Proof{}, fmt.Errorf("session of a login: %w", err)
	}

	return eid.Proof{
		Provider: p.info.Key, Method: p.info.Method, CPR: who.CPR, Name: care.NewSecret(who.Name), Level: who.Level, At: who.AuthenticatedAt,
		Subject: care.NewSecret(who.IDP + "\x00" + who.Subject), Session: care.NewSecret(string(session)),
	}, nil
}

// samlSession names a session at NemLog-in. It is stored encrypted.
type samlSession struct {
	Value           string `json:"value"`
	Format          string `json:"format"`
	NameQualifier   string `json:"name_qualifier"`
	SPNameQualifier string `json:"sp_name_qualifier"`
	Index           string `json:"index"`
}

// Leave implements eid.Leaver.
func (p *Provider) Leave(ctx context.Context, handle string, session care.Secret) (string, error) {
	var s samlSession
	if err := json.Unmarshal([]byte(session.Reveal()), &s); err != nil {
		return "", eid.Refuse(p.info.Key, eid.Expired, "nothing was kept of the login")
	}

	who := saml.Principal{
		IDP: p.saml.IDP(), SessionIndex: s.Index,
		NameID: saml.NameID{Value: s.Value, Format: s.Format, NameQualifier: s.NameQualifier, SPNameQualifier: s.SPNameQualifier},
	}

	out, err := p.saml.Logout(ctx, handle, who, p.home)
	if err != nil {
		return "", p.refused(err)
	}

	if len(out.Fields) > 0 {
		return "", nil // the provider takes posted logouts only; its session ends by itself
	}

	return out.URL, nil
}

// refused turns a refusal of package saml into one of the port. What the log learns of it is which
// check failed; the message itself is in neither.
func (p *Provider) refused(err error) error {
	e, ok := errors.AsType[*saml.Error](err)
	if !ok {
		return &connector.Error{System: System, Op: "login", Kind: connector.Unavailable, Err: err}
	}

	detail := e.Error()
	if e.Detail() != "" {
		detail += ": " + e.Detail()
	}

	return eid.Refuse(p.info.Key, reasonOf(e), detail)
}

func reasonOf(e *saml.Error) eid.Reason {
	switch e.Kind {
	case saml.KindExpired:
		return eid.Expired
	case saml.KindReplayed:
		return eid.Replayed
	case saml.KindWrongBrowser:
		return eid.WrongBrowser
	case saml.KindUnavailable:
		return eid.Unavailable
	case saml.KindInvalid:
		return eid.Invalid
	case saml.KindDenied:
		return deniedReason(e.Reason)
	}

	return eid.Invalid
}

// deniedReason reads the provider's own no. Which code NemLog-in sends when somebody presses cancel
// is not documented; every one that a person can bring about counts as that.
func deniedReason(r saml.Reason) eid.Reason {
	switch r {
	case saml.ReasonNoAuthnContext, saml.ReasonLevelTooLow:
		return eid.LevelTooLow
	case saml.ReasonAuthnFailed, saml.ReasonRequestDenied, saml.ReasonNoPassive, saml.ReasonUnknownPrincipal:
		return eid.Cancelled
	case saml.ReasonProviderFault:
		return eid.Unavailable
	case saml.ReasonNoEmployee, saml.ReasonOtherOrg, saml.ReasonNoCPR:
		return eid.Invalid
	}

	return eid.Invalid
}
