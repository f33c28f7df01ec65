package idpsim

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Message is a SAML message on its way through the browser: an address to go to, or with
// Form not nil an address to post to.
type Message struct {
	URL  string
	Form url.Values
}

// logout handles a message at /slo and returns what the browser takes away, or an empty
// Message when the round is over.
func (s *Server) logout(ctx context.Context, in incoming) (Message, error) {
	m, sp, err := s.signedMessage(ctx, in)
	if err != nil {
		return Message{}, err
	}
	if m.Destination != s.URL()+"/slo" {
		return Message{}, errors.New("idpsim: logout message has another destination")
	}
	switch m.XMLName.Local {
	case "LogoutResponse":
		s.record(Event{Kind: "logout_response", SP: sp.entityID, ID: m.InResponseTo, Detail: m.Status.Code.Value})
		return Message{}, nil
	case "LogoutRequest":
	default:
		return Message{}, errors.New("idpsim: not a logout message")
	}
	status := statusCode(statusOK, "")
	user, found := s.endSession(sp.entityID, m.NameID, m.SessionIndex)
	state := s.State()
	switch {
	case !found:
		status = statusCode("urn:oasis:names:tc:SAML:2.0:status:Responder", "UnknownPrincipal")
	case state.Partial:
		status = statusCode("urn:oasis:names:tc:SAML:2.0:status:Responder", "PartialLogout")
	}
	s.record(Event{Kind: "logout_request", User: user, SP: sp.entityID, ID: m.ID})
	to := sp.logoutAt(state.Logout, true)
	if to == "" {
		return Message{}, nil
	}
	id := randomID()
	document := `<samlp:LogoutResponse xmlns:samlp="` + nsSAMLP + `" Destination="` + quoted(to) +
		`" ID="` + id + `" InResponseTo="` + quoted(m.ID) + `" IssueInstant="` + instant(s.opts.Now()) +
		`" Version="2.0"><saml:Issuer xmlns:saml="` + nsSAML + `">` + text(s.EntityID()) +
		`</saml:Issuer><samlp:Status>` + status + `</samlp:Status></samlp:LogoutResponse>`
	return s.outgoing(state.Logout, to, "SAMLResponse", id, document, in.relayState)
}

// outgoing signs a message for the binding.
func (s *Server) outgoing(binding Binding, to, param, id, document, relayState string) (Message, error) {
	if binding == LogoutRedirect {
		address, err := s.SignedURL(to, param, document, relayState, nil)
		return Message{URL: address}, err
	}
	form := url.Values{param: {encode([]byte(afterIssuer(document, s.goodSigning().signature(id, document))))}}
	if relayState != "" {
		form.Set("RelayState", relayState)
	}
	return Message{URL: to, Form: form}, nil
}

// endSession ends the sessions that a LogoutRequest names, and the single sign-on of the
// person's browsers.
func (s *Server) endSession(sp, nameID string, indexes []string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, found := "", false
	s.sessions = slices.DeleteFunc(s.sessions, func(one session) bool {
		name, _ := s.nameID(one.user)
		match := one.sp == sp && name == nameID &&
			(len(indexes) == 0 || slices.Contains(indexes, one.index))
		if match {
			user, found = one.user.ID, true
		}
		return match
	})
	s.forget(user)
	return user, found
}

// forget ends single sign-on for a user. The caller holds the lock.
func (s *Server) forget(user string) {
	for handle, one := range s.browsers {
		if one.user.ID == user {
			delete(s.browsers, handle)
		}
	}
}

// LogoutMessage ends the newest session of a user here and returns what the browser takes
// to the service provider: the signed LogoutRequest, by the binding of State.
func (s *Server) LogoutMessage(userID string) (Message, error) {
	return s.logoutRequest(userID, s.State().Logout)
}

// LogoutURL is LogoutMessage by the redirect binding, whatever State says.
func (s *Server) LogoutURL(userID string) (string, error) {
	m, err := s.logoutRequest(userID, LogoutRedirect)
	return m.URL, err
}

// LogoutPost is LogoutMessage by the POST binding, whatever State says: the signed
// LogoutRequest in base64. With forged set it is signed by a key nobody trusts.
func (s *Server) LogoutPost(userID string, forged bool) (string, error) {
	document, id, err := s.LogoutDocument(userID)
	return encode([]byte(s.Sign(document, id, forged))), err
}

// LogoutDocument ends the newest session of a user and returns the LogoutRequest for the
// POST binding, unsigned, with its ID, for tests that wrap or forge it; Sign signs it.
func (s *Server) LogoutDocument(userID string) (document, id string, err error) {
	document, id, _, err = s.logoutDocument(userID, LogoutPOST)
	return document, id, err
}

// Sign puts the signature of the provider, or with forged set that of a key nobody trusts,
// into a document whose root carries the ID.
func (s *Server) Sign(document, id string, forged bool) string {
	if document == "" {
		return ""
	}
	sign := s.goodSigning()
	if forged {
		sign.by = s.stranger
	}
	return afterIssuer(document, sign.signature(id, document))
}

func (s *Server) logoutRequest(userID string, binding Binding) (Message, error) {
	document, id, to, err := s.logoutDocument(userID, binding)
	if err != nil {
		return Message{}, err
	}
	return s.outgoing(binding, to, "SAMLRequest", id, document, "")
}

func (s *Server) logoutDocument(userID string, binding Binding) (document, id, to string, err error) {
	s.mu.Lock()
	i := -1
	for k, one := range s.sessions {
		if one.user.ID == userID {
			i = k
		}
	}
	if i < 0 {
		s.mu.Unlock()
		return "", "", "", fmt.Errorf("idpsim: %q is not logged in", userID)
	}
	one := s.sessions[i]
	s.sessions = slices.Delete(s.sessions, i, i+1)
	s.forget(userID)
	sp := s.peers[one.sp]
	s.mu.Unlock()
	if to = sp.logoutAt(binding, false); to == "" {
		return "", "", "", errNoLogoutService
	}
	now := s.opts.Now()
	id = randomID()
	name, format := s.nameID(one.user)
	var b strings.Builder
	b.WriteString(`<samlp:LogoutRequest xmlns:samlp="` + nsSAMLP + `" Destination="` + quoted(to) +
		`" ID="` + id + `" IssueInstant="` + instant(now) + `" NotOnOrAfter="` + instant(now.Add(5*time.Minute)) +
		`" Version="2.0"><saml:Issuer xmlns:saml="` + nsSAML + `">` + text(s.EntityID()) + `</saml:Issuer>`)
	b.WriteString(`<saml:NameID xmlns:saml="` + nsSAML + `" Format="` + format + `">` + text(name) +
		`</saml:NameID><samlp:SessionIndex>` + text(one.index) + `</samlp:SessionIndex></samlp:LogoutRequest>`)
	return b.String(), id, to, nil
}
