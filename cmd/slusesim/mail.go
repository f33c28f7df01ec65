package main

import (
	"context"
	"flag"
	"strings"

	"github.com/sluse/sluse/connector/message/mail/mailsim"
)

// mailReady is the JSON line of the simulated mail relay.
type mailReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	mailsim.URLs
}

// mailFlags are the flags of the simulated mail relay. Its control plane is the page of the
// citizens' mailboxes.
func mailFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	strict := flags.Bool("strict", false, "refuse letters without Message-ID, Date or From")
	reject := flags.String("reject", "", "comma-separated `addresses` (or @domains) that do not exist")
	bounce := flags.String("bounce", "", "comma-separated `addresses` (or @domains) whose letters come back")
	return func(ctx context.Context, s settings) (running, error) {
		return startMail(ctx, s, mailsim.Options{Strict: *strict, Reject: list(*reject), Bounce: list(*bounce)})
	}
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func startMail(ctx context.Context, s settings, o mailsim.Options) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = mailsim.Spread(s.faults)
	}
	sim, err := mailsim.New(o)
	if err != nil {
		return running{}, err
	}
	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, err
	}
	return running{mailReady{Simulator: "mail", Seed: s.seed, URLs: urls}, sim.Close}, nil
}
