package idpsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// logout handles a message at /slo and returns where the browser goes next, or "" when
// the round is over.
func (s *Server) logout(ctx context.Context, rawQuery string) (string, error) {
	m, sp, values, err := s.signedMessage(ctx, rawQuery)
	if err != nil {
		return "", err
	}
	if m.Destination != s.URL()+"/slo" {
		return "", errors.New("idpsim: logout message has another destination")
	}
	switch m.XMLName.Local {
	case "LogoutResponse":
		s.record(Event{Kind: "logout_response", SP: sp.entityID, ID: m.InResponseTo, Detail: m.Status.Code.Value})
		return "", nil
	case "LogoutRequest":
	default:
		return "", errors.New("idpsim: not a logout message")
	}
	status := statusCode(statusOK, "")
	user, found := s.endSession(sp.entityID, m.NameID, m.SessionIndex)
	if !found {
		status = statusCode("urn:oasis:names:tc:SAML:2.0:status:Responder", "UnknownPrincipal")
	}
	s.record(Event{Kind: "logout_request", User: user, SP: sp.entityID, ID: m.ID})
	if sp.logout == "" {
		return "", nil
	}
	document := `<samlp:LogoutResponse xmlns:samlp="` + nsSAMLP + `" Destination="` + quoted(sp.logout) +
		`" ID="` + randomID() + `" InResponseTo="` + quoted(m.ID) + `" IssueInstant="` + instant(s.opts.Now()) +
		`" Version="2.0"><saml:Issuer xmlns:saml="` + nsSAML + `">` + text(s.EntityID()) +
		`</saml:Issuer><samlp:Status>` + status + `</samlp:Status></samlp:LogoutResponse>`
	return s.signedURL(sp.logout, "SAMLResponse", document, values.Get("RelayState"))
}

func (s *Server) endSession(sp, nameID string, indexes []string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, found := "", false
	s.sessions = slices.DeleteFunc(s.sessions, func(one session) bool {
		match := one.sp == sp && s.nameID(one.user) == nameID &&
			(len(indexes) == 0 || slices.Contains(indexes, one.index))
		if match {
			user, found = one.user.ID, true
		}
		return match
	})
	return user, found
}

// LogoutURL ends the newest session of a user here and returns the address at the service
// provider that the browser is sent to with the signed LogoutRequest.
func (s *Server) LogoutURL(userID string) (string, error) {
	document, sp, err := s.logoutRequest(userID)
	if err != nil {
		return "", err
	}
	return s.signedURL(sp.logout, "SAMLRequest", document, "")
}

// LogoutPost is LogoutURL for the POST binding: the signed LogoutRequest in base64. With
// forged set it is signed by a key nobody trusts.
func (s *Server) LogoutPost(userID string, forged bool) (string, error) {
	document, _, err := s.logoutRequest(userID)
	if err != nil {
		return "", err
	}
	sign := s.goodSigning()
	if forged {
		sign.by = s.stranger
	}
	_, rest, _ := strings.Cut(document, ` ID="`)
	id, _, _ := strings.Cut(rest, `"`)
	return encode([]byte(afterIssuer(document, sign.signature(id, document)))), nil
}

func (s *Server) logoutRequest(userID string) (string, serviceProvider, error) {
	s.mu.Lock()
	i := -1
	for k, one := range s.sessions {
		if one.user.ID == userID {
			i = k
		}
	}
	if i < 0 {
		s.mu.Unlock()
		return "", serviceProvider{}, fmt.Errorf("idpsim: %q is not logged in", userID)
	}
	one := s.sessions[i]
	s.sessions = slices.Delete(s.sessions, i, i+1)
	sp := s.peers[one.sp]
	s.mu.Unlock()
	now := s.opts.Now()
	return `<samlp:LogoutRequest xmlns:samlp="` + nsSAMLP + `" Destination="` + quoted(sp.logout) +
		`" ID="` + randomID() + `" IssueInstant="` + instant(now) + `" NotOnOrAfter="` + instant(now.Add(5*time.Minute)) +
		`" Version="2.0"><saml:Issuer xmlns:saml="` + nsSAML + `">` + text(s.EntityID()) + `</saml:Issuer>` +
		`<saml:NameID xmlns:saml="` + nsSAML + `" Format="` + persistent + `">` + text(s.nameID(one.user)) +
		`</saml:NameID><samlp:SessionIndex>` + text(one.index) + `</samlp:SessionIndex></samlp:LogoutRequest>`, sp, nil
}
