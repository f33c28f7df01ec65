package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// vdxReady is the JSON line of the VDX simulator: every address, the test clients of v2, the
// certificate files of v1 behind the gateway, and the key of the history API.
type vdxReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	vdxsim.URLs
	Clients      []vdxsim.Client `json:"clients"`
	Certificates vdxsim.Files    `json:"certificates"`
	HistoryKey   string          `json:"history_key"`
}

// vdxFlags are the flags of the VDX simulator.
func vdxFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	strict := flags.Bool("strict", false, "refuse what the real service forgives")
	pool := flags.Int("pool", 0, "ready-made `rooms` for visits that start within two minutes")
	provision := flags.Duration("provision", 0, "`time` to provision a room; default 8s")
	sender := flags.String("callback", "", "loopback `URL` called when an SMS is delivered; %reference% and %status% are replaced")
	gateway := flags.String("gateway", "127.0.0.1:0", "loopback `address` of the gateway (v1 with certificates)")
	certificates := flags.String("certificates", "", "`directory` for certificates and keys; default: a new one, removed at the end")
	sha1 := flags.Bool("sha1", false, "the STS also takes SHA-1 signatures")
	return func(ctx context.Context, s settings) (running, error) {
		orgs := vdxsim.DefaultOrganisations()
		orgs[0].PoolSize, orgs[0].SMSCallbackURL = *pool, *sender
		if err := loopback("-gateway", *gateway); err != nil {
			return running{}, err
		}
		return startVDX(ctx, s, vdxsim.Options{
			Strict: *strict, ProvisionDelay: *provision, Organisations: orgs,
			Gateway: &vdxsim.Gateway{Listen: *gateway, Dir: *certificates, AllowSHA1: *sha1},
		})
	}
}

func startVDX(ctx context.Context, s settings, o vdxsim.Options) (_ running, err error) {
	tidy := func() error { return nil }
	if o.Gateway.Dir == "" {
		if o.Gateway.Dir, err = os.MkdirTemp("", "vdxsim-"); err != nil {
			return running{}, fmt.Errorf("certificates: %w", err)
		}
		tidy = func() error { return os.RemoveAll(o.Gateway.Dir) }
	}
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = vdxsim.Spread(s.faults)
	}
	sim, err := vdxsim.New(o)
	if err != nil {
		return running{}, errors.Join(err, tidy())
	}
	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, errors.Join(err, tidy())
	}
	ready := vdxReady{
		Simulator: "vdx", Seed: s.seed, URLs: urls, Clients: vdxsim.DefaultClients(), Certificates: sim.Files(),
		HistoryKey: o.Organisations[0].HistoryAPIKey,
	}
	return running{ready, func() error { return errors.Join(sim.Close(), tidy()) }}, nil
}
