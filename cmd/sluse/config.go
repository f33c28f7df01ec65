package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/internal/store"
)

// load reads the configuration that a flag set names. So many arguments may stand behind the flags.
func load(flags *flag.FlagSet, rest []string, arguments int) (config.Config, error) {
	path := flags.String("config", "", "configuration file")

	if err := flags.Parse(rest); err != nil {
		return config.Config{}, fmt.Errorf("%w: %w", errUsage, err)
	}

	if *path == "" {
		return config.Config{}, fmt.Errorf("%w: -config is missing", errUsage)
	}

	if flags.NArg() != arguments {
		return config.Config{}, fmt.Errorf("%w: %s takes %d arguments besides flags, not %d", errUsage, flags.Name(), arguments, flags.NArg())
	}

	c, err := config.Load(*path, os.LookupEnv)

	if problems, ok := errors.AsType[config.ProblemsError](err); ok {
		return c, fmt.Errorf("%s has %d problems:\n%w", *path, len(problems), problems)
	}

	return c, err
}

func flagSet(name string, s std) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(s.err)

	return flags
}

// configure checks or documents the configuration, or makes secrets.
func configure(_ context.Context, rest []string, s std) error {
	if len(rest) == 0 {
		return fmt.Errorf("%w: config what?", errUsage)
	}

	switch rest[0] {
	case "check":
		c, err := load(flagSet("config check", s), rest[1:], 0)
		if err != nil {
			return err
		}

		fmt.Fprintf(s.out, "ok: %d municipalities\n", len(c.Municipalities))

		return nil
	case "reference":
		return config.Reference(s.out)
	case "keys":
		return makeKeys(s)
	}

	return fmt.Errorf("%w: config %s", errUsage, rest[0])
}

// makeKeys prints fresh secrets as JSON: each value goes into a file of its own that only the
// service can read.
func makeKeys(s std) error {
	material, err := store.GenerateKeys()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}

	out := json.NewEncoder(s.out)
	out.SetIndent("", "  ")

	if err := out.Encode(map[string]string{
		"encryption": material.Encryption.Reveal(), "lookup": material.Lookup.Reveal(), "links": rand.Text() + rand.Text(),
	}); err != nil {
		return fmt.Errorf("print keys: %w", err)
	}

	return nil
}
