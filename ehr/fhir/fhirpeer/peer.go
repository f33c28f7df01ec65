// Package fhirpeer runs FHIR programs that others wrote, for tests: it installs locked npm packages
// once per machine, and holds the two validators of eoj.md §8.3.
package fhirpeer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// RequireNode is the environment variable that, set to 1, makes a missing Node.js a failure instead
// of a skip. CI sets it.
const RequireNode = "SLUSE_REQUIRE_NODE"

// installLimit bounds the download of packages, which happens once per machine.
const installLimit = 5 * time.Minute

// Install installs the locked packages of program, a package.json with its package-lock.json and
// scripts, into a folder of the user's cache that is named after their content, and returns it.
// Where there is no Node.js the test is skipped, or fails when RequireNode says so.
func Install(t *testing.T, name string, program fs.FS) string {
	t.Helper()

	home, err := install(t, name, program)
	if err == nil {
		return home
	}

	if os.Getenv(RequireNode) == "1" {
		t.Fatalf("%s=1, but %s can't be run: %v", RequireNode, name, err)
	}

	t.Skipf("the check with %s is left out: %v (set %s=1 to make this a failure)", name, err, RequireNode)

	return ""
}

func install(t *testing.T, name string, program fs.FS) (string, error) {
	t.Helper()

	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", errors.New(tool + " is not installed")
		}
	}

	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the packages: %w", err)
	}

	entries, err := fs.ReadDir(program, ".")
	if err != nil {
		t.Fatal(err)
	}

	hash := sha256.New()
	contents := map[string][]byte{}

	for _, entry := range entries {
		data, err := fs.ReadFile(program, entry.Name())
		if err != nil {
			t.Fatal(err)
		}

		contents[entry.Name()] = data
		_, _ = hash.Write(data)
	}

	home := filepath.Join(cache, "sluse", name+"-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}

	return home, fill(t, home, contents)
}

// fill installs beside home and moves it there in one step, so that a broken or a second
// installation never leaves half a folder.
func fill(t *testing.T, home string, contents map[string][]byte) error {
	t.Helper()

	if err := os.MkdirAll(filepath.Dir(home), 0o750); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}

	work, err := os.MkdirTemp(filepath.Dir(home), "installing-") //nolint:usetesting // it must be on the file system it is moved within
	if err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	defer os.RemoveAll(work)

	for name, data := range contents {
		if err := os.WriteFile(filepath.Join(work, name), data, 0o600); err != nil {
			return fmt.Errorf("fill the cache: %w", err)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()

	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = work, io.Discard, t.Output()

	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci failed: %w", err)
	}

	if err := os.Rename(work, home); err != nil {
		if _, other := os.Stat(home); other == nil {
			return nil // somebody else was first
		}

		return fmt.Errorf("fill the cache: %w", err)
	}

	return nil
}
