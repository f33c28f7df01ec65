package main

import (
	"context"
	"flag"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

// pexipReady is the JSON line of the Pexip simulator.
type pexipReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	pexipsim.URLs
	Username string                 `json:"username"`
	Password string                 `json:"password"`
	Clients  []pexipsim.OAuthClient `json:"clients"`
}

// pexipFlags are the flags of the Pexip simulator.
func pexipFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	var o pexipsim.Options
	var sink pexipsim.EventSink
	flags.BoolVar(&o.Strict, "strict", false, "refuse what the real platform forgives")
	flags.DurationVar(&o.Replication, "replication", time.Minute, "`time` until nodes know of a change")
	flags.BoolVar(&o.BasicOff, "oauth-only", false, "refuse HTTP Basic")
	flags.BoolVar(&o.LoginRedirect, "login-redirect", false, "answer bad credentials with a redirect to the login page")
	flags.IntVar(&o.RateLimit, "rate", 0, "management `calls` let through in 60 seconds; 0 is no limit, the documented figure is 1000")
	flags.StringVar(&sink.URL, "sink", "", "loopback `URL` of an event sink on every location")
	flags.StringVar(&sink.Username, "sink-user", "", "`name` for HTTP Basic at the event sink")
	flags.StringVar(&sink.Password, "sink-password", "", "`password` for HTTP Basic at the event sink")
	flags.IntVar(&sink.Version, "sink-version", 2, "`version` of the events, 1 or 2")
	flags.BoolVar(&sink.Bulk, "sink-bulk", false, "send waiting events together")
	return func(ctx context.Context, s settings) (running, error) {
		if sink.URL != "" {
			o.EventSinks = []pexipsim.EventSink{sink}
		}
		if o.Replication == 0 {
			o.Replication = -1
		}
		return startPexip(ctx, s, o)
	}
}

func startPexip(ctx context.Context, s settings, o pexipsim.Options) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = pexipsim.Spread(s.faults)
	}
	sim, err := pexipsim.New(o)
	if err != nil {
		return running{}, err
	}
	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, err
	}
	ready := pexipReady{
		Simulator: "pexip", Seed: s.seed, URLs: urls, Username: pexipsim.DefaultUsername, Password: pexipsim.DefaultPassword,
		Clients: pexipsim.DefaultOAuthClients(s.seed),
	}
	return running{ready, sim.Close}, nil
}
