package app

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/nemlogin"
	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/internal/web/join"
	"github.com/sluse/sluse/saml"
)

// newEids makes the identity providers of citizens, in the order in which they are offered.
func (s *Site) newEids(p parts) error {
	for _, c := range p.m.CitizenLogin {
		provider, err := s.newEid(p, c)
		if err != nil {
			return fmt.Errorf("citizen_login %s: %w", c.Key, err)
		}

		s.eids = append(s.eids, provider)
	}

	return nil
}

func (s *Site) newEid(p parts, c config.CitizenLogin) (eid.Provider, error) {
	if c.SAML == nil {
		return newOIDC(p, c, s.monitor.loginPeer(connector.CitizenLoginRole, c.Key))
	}

	provider, err := saml.New(*c.SAML, s.store, p.o.Clock)
	if err != nil {
		return nil, err
	}

	s.person, s.personKey = provider, c.Key

	return nemlogin.New(infoOf(c), provider, join.HomePath), nil
}

func infoOf(c config.CitizenLogin) eid.Info {
	return eid.Info{Key: c.Key, Name: c.Name, Method: c.Method, Danish: true}
}

// newOIDC makes a provider of OpenID Connect; without a peer nobody watches its calls.
func newOIDC(p parts, c config.CitizenLogin, peer *outbound.Peer) (*oidc.Provider, error) {
	return oidc.New(*c.OIDC, oidc.Options{
		Info: infoOf(c), ReturnURL: p.m.PublicURL + join.AnswerPath(c.Key), HomeURL: p.m.PublicURL + join.HomePath, Now: p.o.Clock,
		Peer: peer, Observe: p.observe, Log: p.log,
	})
}

// citizenLogin is what people read about the citizens' login at NemLog-in.
const citizenLogin = "Borgernes login"

// citizenFindings is the citizens' part of Doctor: every provider is asked for its settings.
func citizenFindings(ctx context.Context, m config.Municipality, o Options) []connector.Finding {
	var found []connector.Finding

	for _, c := range m.CitizenLogin {
		if c.SAML != nil {
			found = append(found, samlFindings(ctx, citizenLogin, "citizen", *c.SAML, o)...)

			continue
		}

		provider, err := newOIDC(parts{m: m, o: o, log: o.Logger, observe: func(string, string, string, float64) {}}, c, nil)
		if err != nil {
			found = append(found, connector.Finding{Level: connector.Failing, Subject: citizenLogin, Text: "Det er ikke sat rigtigt op: " + err.Error()})

			continue
		}

		found = append(found, provider.Check(ctx)...)
	}

	return found
}
