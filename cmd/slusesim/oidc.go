package main

import (
	"context"
	"flag"
	"strings"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
)

// oidcReady is the JSON line of the simulated provider of OpenID Connect.
type oidcReady struct {
	Simulator    string       `json:"simulator"`
	Issuer       string       `json:"issuer"`
	ClientID     string       `json:"client_id"`
	ClientSecret string       `json:"client_secret"`
	Control      string       `json:"control"` // on the same listener: a browser uses it too
	People       []oidcPerson `json:"people"`
}

type oidcPerson struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Number string `json:"number"`
	Level  string `json:"level"`
}

// oidcFlags are the flags of the simulated provider of OpenID Connect. It has no seeded faults: the
// one who logs in chooses the fault.
func oidcFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	dialect := flags.String("dialect", string(oidcsim.MitID), "`whom` it speaks like: mitid (a Danish broker), idporten (Norway) or freja (a Swedish broker)")
	client := flags.String("client", oidcsim.DefaultClientID, "`id` of the one client")
	back := flags.String("return", "", "return `addresses` of the client, with commas between them; default every one on loopback")
	push := flags.Bool("push", false, "take pushed authorization requests only")

	return func(ctx context.Context, s settings) (running, error) {
		o := oidcsim.Options{Now: s.clock, Dialect: oidcsim.Dialect(*dialect), ClientID: *client, Push: *push}
		if *back != "" {
			o.RedirectURIs = strings.Split(*back, ",")
		}

		return startOIDC(ctx, s, o)
	}
}

func startOIDC(ctx context.Context, s settings, o oidcsim.Options) (running, error) {
	sim, err := oidcsim.New(o)
	if err != nil {
		return running{}, err
	}

	issuer, err := sim.Start(ctx, s.listen)
	if err != nil {
		return running{}, err
	}

	ready := oidcReady{
		Simulator: "oidc", Issuer: issuer, ClientID: o.ClientID, ClientSecret: oidcsim.DefaultClientSecret, Control: issuer + "/control/",
	}
	for _, p := range sim.People() {
		ready.People = append(ready.People, oidcPerson{ID: p.ID, Name: p.Name, Number: p.Number, Level: p.Level})
	}

	return running{ready, sim.Close}, nil
}
