package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
)

// loginEvery is how often it is looked whether the identity providers can be reached; lookTimeout is
// how long one look may take: longer than most people would wait for a page.
const (
	loginEvery  = time.Minute
	lookTimeout = 10 * time.Second
)

// loginSystem names the employees' identity provider among the outside systems.
const loginSystem = "saml"

// addLogins makes a peer for every identity provider. Nothing was agreed with their operators: one
// look a minute, and logins.
func (m *monitor) addLogins(p parts) error {
	add := func(role connector.Role, system string) error {
		peer, err := outbound.NewPeer(outbound.PeerOptions{Role: role, System: system, Now: p.o.Clock})
		if err != nil {
			return fmt.Errorf("%s: %w", role, err)
		}

		m.peers = append(m.peers, peer)

		return nil
	}

	if err := add(connector.LoginRole, loginSystem); err != nil {
		return err
	}

	for _, c := range p.m.CitizenLogin {
		if err := add(connector.CitizenLoginRole, c.Key); err != nil {
			return err
		}
	}

	return nil
}

// loginPeer returns the peer of an identity provider; nil when there is none.
func (m *monitor) loginPeer(role connector.Role, system string) *outbound.Peer {
	i := slices.IndexFunc(m.peers, func(p *outbound.Peer) bool { return p.Role() == role && p.System() == system })
	if i < 0 {
		return nil
	}

	return m.peers[i]
}

// loginSources are the identity providers that are watched.
func (s *Site) loginSources(p parts) []scheduler.LoginSource {
	staff := look{
		peer: s.monitor.loginPeer(connector.LoginRole, loginSystem), parts: p, timeout: lookTimeout,
		address: func() string { return samlAddress(s.login) },
	}
	out := []scheduler.LoginSource{{Key: scheduler.StaffLogin, Name: "Login for medarbejdere", Staff: true, Probe: staff.look}}

	for _, c := range p.m.CitizenLogin {
		l := look{peer: s.monitor.loginPeer(connector.CitizenLoginRole, c.Key), parts: p, timeout: lookTimeout, address: func() string { return samlAddress(s.person) }}
		if c.OIDC != nil {
			l.address = func() string { return strings.TrimSuffix(c.OIDC.Issuer, "/") + "/.well-known/openid-configuration" }
		}

		out = append(out, scheduler.LoginSource{Key: c.Key, Name: c.Name, Probe: l.look})
	}

	return out
}

// samlAddress is where a SAML provider answers: its metadata, or the page to which browsers are sent.
func samlAddress(p *saml.Provider) string {
	switch {
	case p == nil:
		return ""
	case p.MetadataURL() != "":
		return p.MetadataURL()
	}

	return p.Address()
}

// look asks one identity provider whether it is there.
type look struct {
	parts

	peer    *outbound.Peer
	timeout time.Duration
	address func() string // empty: not known yet, nothing is asked
}

// look reads the provider's address. A page for logins may well say that it does not understand a
// request without a login: whatever it says itself is an answer, and only what a gateway before it
// says is none. Errors are *connector.Error.
//
// The peer hears of it, for the page Forbindelser, but has no say: it also knows what became of
// people's logins, and what a visitor can bring about must not look like an outage (docs/adr/0012).
func (l look) look(ctx context.Context) error {
	u, err := url.Parse(l.address())
	if err != nil || u.Host == "" {
		return nil //nolint:nilerr // told where the configuration is checked
	}

	err = l.ask(ctx, u)
	_ = l.peer.Call(ctx, "look", func() error { return err })

	return err
}

func (l look) ask(ctx context.Context, u *url.URL) error {
	query := u.Query()
	u.RawQuery = ""

	client, err := outbound.New(outbound.Options{System: l.peer.System(), BaseURL: u.String(), Now: l.o.Clock, Timeout: l.timeout, MaxBody: metadataBytes, Observe: l.observe, Log: l.log})
	if err != nil {
		return fmt.Errorf("look at the identity provider: %w", err)
	}
	defer client.Close()

	answer, err := client.Do(ctx, outbound.Call{Op: "look", Method: http.MethodGet, Query: query, Accept: "*/*"})

	return heard(answer, err)
}

// heard turns what came of a look into nil, when the provider said anything, or an error.
func heard(answer *outbound.Answer, err error) error {
	status := 0
	if answer != nil {
		status = answer.Status
	}

	if e, ok := errors.AsType[*connector.Error](err); ok {
		status = e.Status
	}

	switch status {
	case 0:
		return err
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if err == nil {
			return answer.Fail("")
		}

		return err
	}

	return nil
}
