package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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

	// The tests wait more than they compute, so more of them than there are processors run at once.
	flag.Parse()

	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)

		os.Exit(1)
	}

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
