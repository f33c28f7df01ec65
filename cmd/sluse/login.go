package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/saml"
)

// login helps with connecting an identity provider.
func login(ctx context.Context, rest []string, s std) error {
	if len(rest) != 2 || rest[0] != "fingerprints" {
		return errUsage
	}

	return fingerprints(ctx, rest[1], s)
}

// fingerprints prints what a person has to confirm with an identity provider before its metadata
// are trusted, and the lines for the configuration.
func fingerprints(ctx context.Context, from string, s std) error {
	document, err := metadata(ctx, from)
	if err != nil {
		return err
	}

	found, err := saml.Inspect(document)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}

	fmt.Fprintf(s.out, "Identity provider: %s\nPeople log in at:  %s\n\n", found.EntityID, found.SignOn)

	for _, c := range found.Certificates {
		fmt.Fprintf(s.out, "Signing certificate, valid from %s to %s\n  SHA-256 %s\n",
			c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly), c.Fingerprint)
	}

	fmt.Fprintf(s.out, "\nAsk the provider, on another way than this one, whether name and fingerprints are theirs. Then:\n\n"+
		"      idp_entity_id: %q\n      idp_fingerprints:\n", found.EntityID)

	for _, c := range found.Certificates {
		fmt.Fprintf(s.out, "        - %q\n", c.Fingerprint)
	}

	return nil
}

func metadata(ctx context.Context, from string) ([]byte, error) {
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		return app.FetchMetadata(ctx, from, time.Now)
	}

	return os.ReadFile(from) //nolint:gosec // the person at the command line names the file
}
