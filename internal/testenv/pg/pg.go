// Package pg gives tests an empty PostgreSQL database.
//
// With SLUSE_TEST_POSTGRES set to the URL of a server whose role may create databases, that
// server is used. Otherwise one temporary server per test process is started on loopback from
// the binaries that are found; it ends by itself when the process does, killed or not.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Environment variables that this package reads.
const (
	URLVariable     = "SLUSE_TEST_POSTGRES"       // URL of a running server
	RequireVariable = "SLUSE_REQUIRE_POSTGRES"    // not empty: a missing PostgreSQL fails the test
	SyncVariable    = "SLUSE_TEST_POSTGRES_FSYNC" // "on": the temporary server is durable, for benchmarks
)

// startLimit bounds how long a temporary server may take to answer.
const startLimit = 60 * time.Second

var errNoBinaries = errors.New("no initdb and postgres in PATH or /usr/lib/postgresql/*/bin; install them with: apt-get install postgresql")

// running is the server of this test process. The pipe is held so that it stays open as long
// as the process lives.
type running struct {
	admin string
	pipe  io.Closer
}

//nolint:gochecknoglobals // one server per test process, started by the first test that asks
var (
	server = sync.OnceValues(find)
	count  atomic.Int64
)

// URL returns the URL of a new, empty database that is dropped when the test ends. Without
// PostgreSQL the test is skipped, or fails when SLUSE_REQUIRE_POSTGRES is set.
func URL(tb testing.TB) string {
	tb.Helper()

	running, err := server()
	if errors.Is(err, errNoBinaries) && os.Getenv(RequireVariable) == "" {
		tb.Skipf("PostgreSQL is not tested: %v", err)
	}

	if err != nil {
		tb.Fatalf("PostgreSQL: %v", err)
	}

	admin := running.admin
	name := fmt.Sprintf("sluse_test_%d_%d", os.Getpid(), count.Add(1))

	base, err := url.Parse(admin)
	if err != nil {
		tb.Fatalf("%s: %v", URLVariable, err)
	}

	run(tb, admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	tb.Cleanup(func() { run(tb, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })

	base.Path = "/" + name

	return base.String()
}

func run(tb testing.TB, admin, statement string) {
	tb.Helper()

	db, err := sql.Open("pgx", admin)
	if err != nil {
		tb.Fatalf("PostgreSQL: %v", err)
	}
	defer db.Close()

	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()

	if _, err := db.ExecContext(ctx, statement); err != nil {
		tb.Errorf("PostgreSQL: %s: %v", statement, err)
	}
}

// find returns the server that was given, or starts one.
func find() (running, error) {
	if given := os.Getenv(URLVariable); given != "" {
		return running{admin: given}, nil
	}

	initdb, err := binary("initdb")
	if err != nil {
		return running{}, err
	}

	postgres, err := binary("postgres")
	if err != nil {
		return running{}, err
	}

	return start(initdb, postgres)
}

func binary(name string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}

	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", errNoBinaries
	}

	slices.Sort(found)

	return found[len(found)-1], nil
}

// guard runs the server and waits for its standard input to end, which happens when the test
// process is gone in whatever way; then it stops the server and removes the files.
const guard = `"$@" >"$DIR/log" 2>&1 & pid=$!
read -r _ || true
kill -QUIT $pid 2>/dev/null
wait $pid 2>/dev/null
cd / && rm -rf "$DIR"`

func start(initdb, postgres string) (running, error) {
	dir, err := os.MkdirTemp("", "sluse-pg-")
	if err != nil {
		return running{}, fmt.Errorf("make a directory: %w", err)
	}

	attributes, err := unprivileged(dir)
	if err != nil {
		return running{}, err
	}

	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()

	data := filepath.Join(dir, "data")
	create := exec.CommandContext(ctx, initdb, "-D", data, "-U", "sluse", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	create.SysProcAttr, create.Dir = attributes, dir

	if out, err := create.CombinedOutput(); err != nil {
		return running{}, fmt.Errorf("initdb: %w: %s", err, out)
	}

	port, err := freePort(ctx)
	if err != nil {
		return running{}, err
	}

	durable := "off"
	if os.Getenv(SyncVariable) == "on" {
		durable = "on"
	}

	//nolint:noctx // the server outlives this function and ends with the process
	serve := exec.Command("/bin/sh", "-c", guard, "guard", postgres, "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port),
		"-k", dir, "-c", "fsync="+durable, "-c", "synchronous_commit="+durable, "-c", "full_page_writes="+durable,
		"-c", "max_connections=300", "-c", "timezone=America/New_York", "-c", "shared_buffers=64MB")
	serve.SysProcAttr, serve.Dir, serve.Env = attributes, dir, append(os.Environ(), "DIR="+dir)

	pipe, err := serve.StdinPipe()
	if err != nil {
		return running{}, fmt.Errorf("guard: %w", err)
	}

	if err := serve.Start(); err != nil {
		return running{}, fmt.Errorf("start postgres: %w", err)
	}

	admin := fmt.Sprintf("postgres://sluse@127.0.0.1:%d/postgres?sslmode=disable", port)
	if err := await(ctx, admin); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))

		return running{}, fmt.Errorf("%w: %s", err, log)
	}

	return running{admin: admin, pipe: pipe}, nil
}

// unprivileged returns the attributes of a process that postgres accepts: it refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{Setpgid: true}, nil
	}

	for _, name := range []string{"postgres", "nobody"} {
		who, err := user.Lookup(name)
		if err != nil {
			continue
		}

		uid, err := strconv.ParseUint(who.Uid, 10, 32)
		if err != nil {
			continue
		}

		gid, err := strconv.ParseUint(who.Gid, 10, 32)
		if err != nil {
			continue
		}

		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return nil, fmt.Errorf("give the directory to %s: %w", name, err)
		}

		return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}

	return nil, errors.New("no user postgres or nobody to run PostgreSQL as")
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig

	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()

	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("find a port: no TCP address")
	}

	return address.Port, nil
}

// await returns when the server answers.
func await(ctx context.Context, admin string) error {
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer db.Close()

	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()

	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("postgres did not answer: %w", err)
		case <-tick.C:
		}
	}
}
