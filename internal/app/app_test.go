package app_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestRoles plans in a process that only serves, and books in one that only works.
func TestRoles(t *testing.T) {
	t.Parallel()

	b := setup(t)
	a, halt := b.start(app.Web)
	planner := b.person(testby).login("PLAN")
	planner.importAndConvert()

	backlog, err := a.Site(testby).Queue().Backlog(t.Context())
	if err != nil || backlog[queue.Video].Due != 1 || b.world.VDX.Counts().RoomsEver != 0 {
		t.Errorf("a process that only serves: %+v, %v", backlog, err)
	}

	halt()

	a, halt = b.start(app.Worker)
	b.settle(a)

	if rooms := b.world.VDX.Counts().RoomsEver; rooms != 1 {
		t.Errorf("a process that only works: %d rooms", rooms)
	}

	if got := planner.get("/dagen"); got.status != http.StatusMisdirectedRequest {
		t.Errorf("a process that only works serves pages: %d", got.status)
	}

	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if got := planner.get(path); got.status != http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
	}

	halt()
}

func TestProbesAndMetrics(t *testing.T) {
	t.Parallel()

	b := setup(t)
	a, halt := b.start(app.All)
	visit, batch := b.person(testby).login("PLAN").importAndConvert()
	b.settle(a)

	load := b.person(testby)
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": ""} {
		if got := load.get(path); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}

	metrics := load.get("/metrics")
	for _, want := range []string{
		`sluse_outbound_seconds_count{municipality="testby",op="create_meeting",outcome="ok",system="vdx"} 1`, `sluse_job_seconds_count{kind="book_room",municipality="testby"`,
		"go_goroutines", "process_start_time_seconds",
	} {
		if !strings.Contains(metrics.body, want) {
			t.Errorf("%s is not in the metrics:\n%s", want, strings.Join(regexp.MustCompile(`(?m)^sluse.*_count.*$`).FindAllString(metrics.body, -1), "\n"))
		}
	}

	for _, hidden := range []string{visit, batch, "0212159995", "Vestergaard", "20000011", "LBH", "PLAN", "T-1"} {
		if strings.Contains(metrics.body, hidden) {
			t.Errorf("the metrics tell %q", hidden)
		}
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.bases[testby]+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set("X-Forwarded-For", "192.0.2.1")

	res, err := load.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()

	if res.StatusCode != http.StatusNotFound {
		t.Errorf("metrics through a proxy: %s", res.Status)
	}

	halt()

	if err := a.Ready(t.Context()); err == nil {
		t.Error("ready although it is stopped")
	}
}

// TestMetricsOfTheirOwn serves them on another listener, and there alone.
func TestMetricsOfTheirOwn(t *testing.T) {
	t.Parallel()

	b := setup(t)

	addr, err := world.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	b.config.MetricsListen = addr
	b.start(app.All)

	p := b.person(testby)
	if got := p.get("/metrics"); got.status != http.StatusNotFound {
		t.Errorf("on the web server: %d", got.status)
	}

	if got := p.get("http://" + addr + "/metrics"); got.status != http.StatusOK || !strings.Contains(got.body, "go_goroutines") {
		t.Errorf("on its own: %d", got.status)
	}
}

func TestNewRefusesAnotherSchema(t *testing.T) {
	t.Parallel()

	b := setup(t)
	whole := b.config.Municipalities[1].Database.URL

	for name, statement := range map[string]string{
		"older": "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)",
		"newer": "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999999999, 1)",
		"none":  "DROP TABLE goose_db_version",
		"queue": "DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)",
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // they share a configuration
			copied := filepath.Join(t.TempDir(), "sluse.db")

			data, err := os.ReadFile(strings.TrimPrefix(whole, "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}

			if err := os.WriteFile(copied, data, 0o600); err != nil {
				t.Fatal(err)
			}

			b.config.Municipalities[1].Database.URL = "sqlite:" + copied

			base, err := store.Connect(t.Context(), b.config.Municipalities[1].Database)
			if err != nil {
				t.Fatal(err)
			}

			if _, err := base.Writer.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}

			if err := base.Close(); err != nil {
				t.Fatal(err)
			}

			// The first municipality's database is open by then; goleak finds it if it stays so.
			_, err = app.New(t.Context(), b.options(app.All))
			if err == nil || !strings.Contains(err.Error(), "municipality proeveby: database schema") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	b := setup(t)
	good := b.config.Municipalities

	for name, spoil := range map[string]func(*bundle){
		"keys":     func(b *bundle) { b.config.Municipalities[1].Keys.Encryption = care.NewSecret("{}") },
		"login":    func(b *bundle) { b.config.Municipalities[1].Login.CertificateFile = "findes-ikke.pem" },
		"platform": func(b *bundle) { b.config.Municipalities[1].Video.VDX.BaseURL = "http://v.example" },
		"hosts":    func(b *bundle) { b.config.Municipalities[1].Hosts = b.config.Municipalities[0].Hosts },
		"database": func(b *bundle) { b.config.Municipalities[1].Database.URL = "sqlite:/findes/ikke/sluse.db" },
		"proxies":  func(b *bundle) { b.config.TrustedProxies = []string{"proxy"} },
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // they share a configuration
			b.config.Municipalities = slices.Clone(good)
			spoil(b)

			if _, err := app.New(t.Context(), b.options(app.All)); err == nil {
				t.Error("taken")
			}
		})
	}
}

// TestStartFails starts a second process on what the first one has.
func TestStartFails(t *testing.T) {
	t.Parallel()

	b := setup(t)

	first, _ := b.start(app.All)
	if first.Site("andenby") != nil || first.Site(testby) == nil || first.Addr() == "" {
		t.Error("the first process has other sites")
	}

	for name, role := range map[string]app.Role{"address in use": app.Web, "database in use": app.Worker} {
		a, err := app.New(t.Context(), b.options(role))
		if err != nil {
			t.Fatal(err)
		}

		err = a.Start(t.Context())
		if err == nil || role == app.Web && !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: %v", name, err)
		}

		for range 2 {
			if err := a.Stop(t.Context()); err != nil {
				t.Errorf("%s: stop: %v", name, err)
			}
		}
	}

	if got := b.person(testby).get("/readyz"); got.status != http.StatusOK {
		t.Errorf("the first process: %d", got.status)
	}
}

// TestStopDrains stops while a room is being booked and a browser watches. The job ends first,
// and nothing is done twice by the next process.
func TestStopDrains(t *testing.T) {
	t.Parallel()

	b := setup(t)
	a, _ := b.start(app.All)
	planner := b.person(testby).login("PLAN")
	_, batch := planner.importAndConvert()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.bases[testby]+"/omlaegninger/"+batch+"/forloeb", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	stream, err := planner.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	begun := time.Now()

	if err := a.Stop(ctx); err != nil || time.Since(begun) > patience/2 {
		t.Errorf("stop: %v after %v", err, time.Since(begun))
	}

	if events, err := io.ReadAll(stream.Body); err != nil || !strings.HasPrefix(string(events), "event: ") {
		t.Errorf("the stream was torn: %q, %v", events, err)
	}

	a, halt := b.start(app.All)
	b.settle(a)

	if got := b.world.VDX.Counts(); got.RoomsEver != 1 || got.DuplicateRooms != 0 {
		t.Errorf("rooms: %+v", got)
	}

	if sms := len(b.world.VDX.SMS()); sms != 1 {
		t.Errorf("%d SMS", sms)
	}

	halt()
}
