// Command slusesim runs the simulators of the systems that Sluse talks to, each on its own:
//
//	slusesim vdx -listen 127.0.0.1:0 -control 127.0.0.1:0 -seed 7 -faults 0.1
//
// It prints one JSON line with every address and test client when it is ready, and runs
// until it is interrupted. It listens on loopback only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are the flags that all simulators share.
type settings struct {
	listen  string
	control string
	calm    bool
	seed    uint64
	latency time.Duration
	faults  float64 // negative: the simulator's own default
	clock   func() time.Time
}

// running is a started simulator: what to print, and how to end it.
type running struct {
	ready any
	stop  func() error
}

// simulator is one row of the table. Its flags function registers the flags that only this
// simulator has and returns what starts it once all flags are parsed.
type simulator struct {
	name  string
	what  string
	flags func(*flag.FlagSet) func(context.Context, settings) (running, error)
}

// simulators is the table: one row per simulator, one file per row.
func simulators() []simulator {
	return []simulator{
		{"vdx", "MedCom VDX: video API v1 and v2, gateway with STS, SMS, call history, room pages", vdxFlags},
		{"pexip", "an own Pexip Infinity platform: management API, event sinks, web app pages", pexipFlags},
		{"fhir", "a care record with FHIR R4: Appointment and Encounter, a page of what it holds", fhirFlags},
		{"nexus", "a care record with KMD Nexus' HAL API: driving lists, visits, interventions, forms, tasks, staff's pages", nexusFlags},
		{"sms", "a municipality's SMS gateway with the citizens' telephones and a page of them", smsFlags},
		{"mail", "mail relay (SMTP) with the citizens' mailboxes and a page of them", mailFlags},
		{"idp", "identity provider for staff or, as NemLog-in, for citizens: SAML login page, metadata, single logout", idpFlags},
		{"oidc", "another provider for citizens: OpenID Connect as a MitID broker, ID-porten or a Swedish broker", oidcFlags},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "slusesim:", err)
		os.Exit(1) //nolint:gocritic // the process ends here, the signal handler with it
	}
}

// run starts the simulator that args name, prints its ready line, and waits for ctx to end.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	sim, err := choose(args, stderr)
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("slusesim "+sim.name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	s := settings{clock: time.Now} // the one place where a simulator meets the wall clock
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback `address` of the simulated system")
	flags.StringVar(&s.control, "control", "127.0.0.1:0", "loopback `address` of the control plane")
	flags.BoolVar(&s.calm, "calm", false, "no seeded faults")
	flags.Uint64Var(&s.seed, "seed", 0, "seed of identifiers and faults; 0 takes one from the clock")
	flags.DurationVar(&s.latency, "latency", 0, "wall-clock `time` added to every call")
	flags.Float64Var(&s.faults, "faults", -1, "share of calls that fail, 0 to 1; default: the simulator's own")
	start := sim.flags(flags)
	if err = flags.Parse(args[1:]); err != nil {
		return err
	}
	if err = s.check(flags); err != nil {
		return err
	}
	live, err := start(ctx, s)
	if err != nil {
		return err
	}
	if err = json.NewEncoder(stdout).Encode(live.ready); err != nil {
		return errors.Join(err, live.stop())
	}
	fmt.Fprintf(stderr, "slusesim: this is a simulator of %s. Nothing leaves this machine. Stop with Ctrl-C.\n", sim.name)
	<-ctx.Done()
	return live.stop()
}

// choose finds the simulator, or explains which there are.
func choose(args []string, stderr io.Writer) (simulator, error) {
	if len(args) > 0 {
		for _, s := range simulators() {
			if s.name == args[0] {
				return s, nil
			}
		}
	}
	fmt.Fprintln(stderr, "usage: slusesim <simulator> [flags]; slusesim <simulator> -h lists the flags")
	for _, s := range simulators() {
		fmt.Fprintf(stderr, "  %-6s %s\n", s.name, s.what)
	}
	if len(args) == 0 {
		return simulator{}, errors.New("no simulator named")
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		return simulator{}, flag.ErrHelp
	}
	return simulator{}, fmt.Errorf("unknown simulator %q", args[0])
}

// check refuses what no simulator may do and fills in the seed.
func (s *settings) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.faults > 1 {
		return fmt.Errorf("-faults is %v, want 0 to 1", s.faults)
	}
	if s.calm && s.faults > 0 {
		return errors.New("-calm and -faults exclude each other")
	}
	if s.latency < 0 {
		return errors.New("-latency must not be negative")
	}
	if s.seed == 0 {
		s.seed = uint64(s.clock().UnixNano())
	}
	return errors.Join(loopback("-listen", s.listen), loopback("-control", s.control))
}

// loopback refuses addresses that other machines could reach.
func loopback(name, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s: %q is not a loopback address", name, addr)
	}
	return nil
}
