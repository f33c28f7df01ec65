// Command demo runs Sluse in a world of its own: one municipality with a driving list, and every
// outside system simulated. Nothing has to be installed, and nothing leaves the machine.
//
//	go run ./cmd/demo                 play the main job in a browser
//	go run ./cmd/demo -walk -json     let it play itself, and tell what the peers saw
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/sluse/sluse/internal/demo"
	"github.com/sluse/sluse/internal/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)

	stop()
	os.Exit(code)
}

// maxFaults is the greatest share of calls that may fail: beyond it nothing comes to an end.
const maxFaults = 0.9

type flags struct {
	demo.Options

	walk, json, verbose bool
}

func parse(args []string, stderr io.Writer) (flags, error) {
	var f flags

	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.Addr, "addr", "127.0.0.1:8080", "loopback `address` of the program")
	set.StringVar(&f.Database, "db", "sqlite", "sqlite, or the `address` of a PostgreSQL database (postgres://...); the demo takes a schema of its own there")
	set.StringVar((*string)(&f.Video), "video", string(world.VDX2), fmt.Sprintf("video `platform`: %v", world.VideoKinds()))
	set.StringVar((*string)(&f.EID), "eid", string(world.NemLogIn), fmt.Sprintf("where citizens log `in` with MitID: %v", world.EIDKinds()))
	set.StringVar((*string)(&f.Record), "ehr", "", fmt.Sprintf("care `record`: %v; fhir and nexus plan the visits themselves, and their lists are read from there; default: fhir, and the lists come as files", world.RecordKinds()))
	set.StringVar((*string)(&f.Practice), "rules", string(world.Plain), fmt.Sprintf("how the record is told, as a `municipality` does it: %v", world.Practices()))
	set.StringVar(&f.List, "list", "", "driving list `file` (CSV or XLSX) instead of the demo's own")
	set.Float64Var(&f.Faults, "faults", 0, "`share` of calls to other systems that fail, 0 to 0.9")
	set.Uint64Var(&f.Seed, "seed", 1, "`number` that decides which calls fail")
	set.BoolVar(&f.walk, "walk", false, "play the main job alone and end")
	set.BoolVar(&f.json, "json", false, "with -walk: print one JSON object")
	set.BoolVar(&f.verbose, "v", false, "print the program's log")

	if err := set.Parse(args); err != nil {
		return f, fmt.Errorf("flags: %w", err)
	}

	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("%q is no flag", set.Arg(0))
	case !(f.Faults >= 0 && f.Faults <= maxFaults): // so that NaN is refused too
		return f, fmt.Errorf("-faults must be between 0 and %v", maxFaults)
	case !slices.Contains(world.VideoKinds(), f.Video):
		return f, fmt.Errorf("-video must be one of %v", world.VideoKinds())
	case !slices.Contains(world.EIDKinds(), f.EID):
		return f, fmt.Errorf("-eid must be one of %v", world.EIDKinds())
	case f.Record != "" && !slices.Contains(world.RecordKinds(), f.Record):
		return f, fmt.Errorf("-ehr must be one of %v", world.RecordKinds())
	case !slices.Contains(world.Practices(), f.Practice):
		return f, fmt.Errorf("-rules must be one of %v", world.Practices())
	case f.json && !f.walk:
		return f, errors.New("-json needs -walk")
	}

	if f.verbose {
		f.Log = stderr
	}

	if f.walk && !isSet(set, "addr") {
		f.Addr = "127.0.0.1:0"
	}

	return f, nil
}

func isSet(set *flag.FlagSet, name string) (found bool) {
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })

	return found
}

// run returns the exit code: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}

	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)

		return 2
	}

	if err := play(ctx, f, stdout); err != nil {
		fmt.Fprintln(stderr, "demo:", err)

		return 1
	}

	return 0
}

func play(ctx context.Context, f flags, stdout io.Writer) (err error) {
	d, err := demo.Start(ctx, f.Options)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, d.Close()) }()

	if !f.walk {
		return serve(ctx, d, stdout)
	}

	story := stdout
	if f.json {
		story = io.Discard
	}

	report, walkErr := d.Walk(ctx, story)

	if f.json {
		if err := json.NewEncoder(stdout).Encode(report); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	} else {
		fmt.Fprint(stdout, report.Text())
	}

	return walkErr
}

// serve shows where everything is and runs until it is interrupted.
func serve(ctx context.Context, d *demo.Demo, stdout io.Writer) error {
	front, err := d.ServeFront(ctx)
	if err != nil {
		return err
	}

	fmt.Fprint(stdout, d.Guide(front))
	<-ctx.Done()

	return nil
}
