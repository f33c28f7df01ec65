package main

import (
	"context"
	"flag"
	"time"

	"github.com/sluse/sluse/saml/idpsim"
)

// idpReady is the JSON line of the simulated identity provider.
type idpReady struct {
	Simulator string    `json:"simulator"`
	Base      string    `json:"base"`
	Metadata  string    `json:"metadata"`
	Control   string    `json:"control"` // on the same listener: a browser uses it too
	Logins    []idpUser `json:"logins"`
}

type idpUser struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Groups []string `json:"groups,omitempty"`
}

// idpStop is how long open requests may take to finish.
const idpStop = 5 * time.Second

// idpFlags are the flags of the simulated identity provider. It has no seeded faults: the
// one who logs in chooses the fault, or POST /control/fault does.
func idpFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	profile := flags.String("profile", idpsim.ProfilePlain,
		"`profile`: plain (AD FS, Entra ID), oiosaml3, nemlogin (citizens by MitID), kombit or oiosaml2")
	cvr := flags.String("cvr", "", "`CVR` number of the organisation; default 29189846")
	sso := flags.Bool("sso", false, "keep browsers logged in, so that only a fresh login asks again; always on for nemlogin")
	metadata := flags.String("sp", "", "loopback `URL` of the service provider's metadata, fetched when it is needed")
	return func(ctx context.Context, s settings) (running, error) {
		o := idpsim.Options{Profile: *profile, CVR: *cvr, SSO: *sso, Now: s.clock}
		if *metadata != "" {
			o.MetadataURLs = []string{*metadata}
		}
		return startIDP(ctx, s, o)
	}
}

func startIDP(ctx context.Context, s settings, o idpsim.Options) (running, error) {
	sim, err := idpsim.New(o)
	if err != nil {
		return running{}, err
	}
	base, err := sim.Start(ctx, s.listen)
	if err != nil {
		return running{}, err
	}
	ready := idpReady{
		Simulator: "idp", Base: base, Metadata: base + "/metadata", Control: base + "/control/",
	}
	for _, u := range sim.Users() {
		ready.Logins = append(ready.Logins, idpUser{ID: u.ID, Name: u.Name, Groups: u.Groups})
	}
	stop := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idpStop)
		defer cancel()
		return sim.Stop(ctx)
	}
	return running{ready, stop}, nil
}
