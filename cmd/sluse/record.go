package main

import (
	"context"
	"errors"
	"fmt"
)

// record helps with connecting a care record.
func record(_ context.Context, rest []string, s std) error {
	if len(rest) == 0 || rest[0] != "jwks" {
		return errUsage
	}

	return jwks(rest[1:], s)
}

// jwks prints the public key set that the operator of a FHIR record registers for us.
func jwks(rest []string, s std) error {
	flags := flagSet("record jwks", s)
	municipality := flags.String("municipality", "", "`id` of the municipality")

	c, err := load(flags, rest, 0)
	if err != nil {
		return err
	}

	for _, m := range c.Municipalities {
		if string(m.ID) != *municipality {
			continue
		}

		if m.Record.Kind != "fhir" {
			return errors.New("the record of this municipality is no FHIR record")
		}

		keys, err := m.Record.FHIR.JWKS()
		if err != nil {
			return fmt.Errorf("record.fhir: %w", err)
		}

		fmt.Fprintf(s.out, "%s\n", keys)

		return nil
	}

	return fmt.Errorf("no municipality %q in the configuration", *municipality)
}
