package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the directory of the binary; TestMain removes it.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sluse-e2e-")
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)

		os.Exit(1)
	}

	built = dir
	code := m.Run()

	if err := os.RemoveAll(dir); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
	}

	os.Exit(code)
}

// build makes the binary once, without C, as it is shipped.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "sluse")

	cmd := exec.Command("go", "build", "-o", path, "github.com/sluse/sluse/cmd/sluse")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")

	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}

	return path, nil
})

func binary(tb testing.TB) string {
	tb.Helper()

	path, err := build()
	if err != nil {
		tb.Fatalf("build sluse: %v", err)
	}

	return path
}
