package world

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// EIDKind says at which identity providers citizens can log in.
type EIDKind string

// The kinds.
const (
	NemLogIn  EIDKind = "saml" // NemLog-in 3, SAML
	Broker    EIDKind = "oidc" // a broker of MitID, OpenID Connect
	Providers EIDKind = "both" // either, as the citizen likes
)

// EIDKinds are all kinds.
func EIDKinds() []EIDKind { return []EIDKind{NemLogIn, Broker, Providers} }

// Keys of the citizens' providers, as the configuration has them.
const (
	MitIDKey  = "mitid"
	BrokerKey = "broker"
)

// startCitizenLogin starts the providers at which citizens log in. They know the same people.
func (w *World) startCitizenLogin(ctx context.Context, o Options) (err error) {
	if !slices.Contains(EIDKinds(), o.EID) {
		return fmt.Errorf("%q is no login for citizens; known are %v", o.EID, EIDKinds())
	}

	if o.EID != Broker {
		if w.MitID, w.MitIDURL, err = w.startIDP(ctx, o, saml.PathPersonMetadata, idpsim.Options{Profile: idpsim.ProfileNemLogin}); err != nil {
			return fmt.Errorf("identity provider of the citizens: %w", err)
		}
	}

	if o.EID != NemLogIn {
		if err := w.startBroker(ctx, o); err != nil {
			return fmt.Errorf("broker of the citizens: %w", err)
		}
	}

	return nil
}

func (w *World) startBroker(ctx context.Context, o Options) error {
	var people []oidcsim.Person

	for _, u := range idpsim.DefaultCitizens() {
		if u.Citizen() {
			people = append(people, oidcsim.Person{ID: u.ID, Name: u.Name, Number: u.CPR, Level: strings.ToLower(u.Level)})
		}
	}

	sim, err := oidcsim.New(oidcsim.Options{Now: o.Clock, People: people})
	if err != nil {
		return err
	}

	w.OIDC = sim
	w.undo = append(w.undo, sim.Close)
	w.BrokerURL, err = sim.Start(ctx, "127.0.0.1:0")

	return err
}

// CitizenLogins are the keys of the providers at which citizens can log in, in the order in which
// they are offered.
func (w *World) CitizenLogins() []string {
	var out []string

	if w.MitID != nil {
		out = append(out, MitIDKey)
	}

	if w.OIDC != nil {
		out = append(out, BrokerKey)
	}

	return out
}

// CitizenLogin is the ID under which the citizens' providers know a person; empty when they do not.
func (w *World) CitizenLogin(number care.CPR) string {
	for _, u := range idpsim.DefaultCitizens() {
		if cpr, _, _ := care.ParseCPR(u.CPR); u.Citizen() && cpr == number {
			return u.ID
		}
	}

	return ""
}

// Stranger is the ID of somebody else than the person with an ID.
func (w *World) Stranger(id string) string {
	all := idpsim.DefaultCitizens()

	return all[slices.IndexFunc(all, func(u idpsim.User) bool { return u.ID != id })].ID
}

// Answer is what a browser sends back to the program after a login.
type Answer struct {
	URL  string
	Form url.Values // nil: the browser follows URL with GET
}

// LogIn logs the person with an ID in at a provider of the citizens, as a browser would that was sent
// there with an address.
func (w *World) LogIn(ctx context.Context, key, address, id string) (Answer, error) {
	switch {
	case key == MitIDKey && w.MitID != nil:
		back, err := w.MitID.Login(ctx, address, id, "")
		if err != nil {
			return Answer{}, fmt.Errorf("NemLog-in: %w", err)
		}

		return Answer{URL: back.ACS, Form: url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}}}, nil
	case key == BrokerKey && w.OIDC != nil:
		back, err := w.OIDC.LogIn(address, oidcsim.Login{Person: id})
		if err != nil {
			return Answer{}, fmt.Errorf("broker: %w", err)
		}

		return Answer{URL: back}, nil
	}

	return Answer{}, errors.New("no such provider: " + key)
}
