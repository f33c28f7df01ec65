package main

import (
	"context"
	"flag"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// vdxReady is the JSON line of the VDX simulator.
type vdxReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	vdxsim.URLs
	Clients    []vdxsim.Client `json:"clients"`
	HistoryKey string          `json:"history_key"`
}

// vdxFlags are the flags of the VDX simulator.
func vdxFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	strict := flags.Bool("strict", false, "refuse what the real service forgives")
	pool := flags.Int("pool", 0, "ready-made `rooms` for visits that start within two minutes")
	provision := flags.Duration("provision", 0, "`time` to provision a room; default 8s")
	sender := flags.String("callback", "", "loopback `URL` called when an SMS is delivered; %reference% and %status% are replaced")
	return func(ctx context.Context, s settings) (running, error) {
		orgs := vdxsim.DefaultOrganisations()
		orgs[0].PoolSize, orgs[0].SMSCallbackURL = *pool, *sender
		return startVDX(ctx, s, vdxsim.Options{Strict: *strict, ProvisionDelay: *provision, Organisations: orgs})
	}
}

func startVDX(ctx context.Context, s settings, o vdxsim.Options) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = vdxsim.Spread(s.faults)
	}
	sim, err := vdxsim.New(o)
	if err != nil {
		return running{}, err
	}
	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, err
	}
	ready := vdxReady{
		Simulator: "vdx", Seed: s.seed, URLs: urls, Clients: vdxsim.DefaultClients(), HistoryKey: o.Organisations[0].HistoryAPIKey,
	}
	return running{ready, sim.Close}, nil
}
