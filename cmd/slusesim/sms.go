package main

import (
	"context"
	"flag"
	"time"

	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
)

// smsReady is the JSON line of the SMS gateway's simulator.
type smsReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	smsgwsim.URLs
	APIKey string `json:"api_key"`
}

// smsFlags are the flags of the SMS gateway's simulator.
func smsFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	delivery := flags.Duration("delivery", 4*time.Second, "`time` from an accepted message to its final status")
	return func(ctx context.Context, s settings) (running, error) {
		faults := s.faults
		switch {
		case s.calm:
			faults = 0
		case faults < 0:
			faults = smsgwsim.DefaultFaultRate
		}
		sim, err := smsgwsim.New(smsgwsim.Options{
			Clock: s.clock, Seed: s.seed, Faults: faults, Latency: s.latency, DeliveryDelay: *delivery,
		})
		if err != nil {
			return running{}, err
		}
		urls, err := sim.Start(ctx, s.listen, s.control)
		if err != nil {
			return running{}, err
		}
		return running{smsReady{Simulator: "sms", Seed: s.seed, URLs: urls, APIKey: smsgwsim.DefaultAPIKey}, sim.Close}, nil
	}
}
