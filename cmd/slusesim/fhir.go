package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/internal/world/recordday"
)

// fhirReady is the JSON line of the FHIR record.
type fhirReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	fhirsim.URLs
	Clients []fhirsim.Client `json:"clients,omitempty"`
}

// fhirFlags are the flags of the FHIR record.
func fhirFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	strict := flags.Bool("strict", false, "refuse what a lenient server forgives")
	strong := flags.Bool("strong", false, "version tags as \"3\" instead of W/\"3\"")
	minimal := flags.Bool("minimal", false, "answer writes without a body")
	list := flags.String("list", "", "begin with the visits of a driving list `file` (CSV or XLSX), as appointments")
	token := flags.Bool("token", false, "ask for an access token")

	return func(ctx context.Context, s settings) (running, error) {
		o := fhirsim.Options{Strict: *strict, MinimalReturn: *minimal}
		if *strong {
			o.ETag = fhirsim.StrongETags
		}

		if *token {
			o.Clients = []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}
		}

		return startFHIR(ctx, s, o, *list)
	}
}

func startFHIR(ctx context.Context, s settings, o fhirsim.Options, list string) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = fhirsim.Spread(s.faults)
	}

	sim, err := fhirsim.New(o)
	if err != nil {
		return running{}, err
	}

	if list != "" {
		rows, err := readList(ctx, list)
		if err != nil {
			return running{}, err
		}

		if _, err := recordday.FHIR(sim, rows); err != nil {
			return running{}, err
		}
	}

	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, err
	}

	return running{fhirReady{Simulator: "fhir", Seed: s.seed, URLs: urls, Clients: o.Clients}, sim.Close}, nil
}

// readList reads the rows of a driving list file.
func readList(ctx context.Context, path string) ([]ehr.Row, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}

	return recordday.Read(ctx, ehr.File{Name: filepath.Base(path), Data: data})
}
