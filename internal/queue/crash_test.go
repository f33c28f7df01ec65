package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/scheduler"
)

// childVariable makes this test binary a worker on the database with the given URL. It runs
// every job forever and says so on its standard output.
const childVariable = "SLUSE_QUEUE_TEST_CHILD"

func TestMain(m *testing.M) {
	if url := os.Getenv(childVariable); url != "" {
		say("fault", child(url))
		os.Exit(1)
	}

	status := m.Run()
	if err := goleak.Find(); err != nil && status == 0 {
		say(err)

		status = 1
	}

	os.Exit(status)
}

// say writes a line that the parent waits for.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

// child works until it is killed; it returns what went wrong before.
func child(url string) error {
	ctx := context.Background()

	db, err := store.Connect(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}

	q, err := queue.New(db.Writer, db.Dialect, queue.Options{
		Workers: four(8), Logger: discard(),
		Run: func(_ context.Context, job scheduler.Job) error {
			say("runs", job.Ref)
			select {}
		},
	})
	if err != nil {
		return err
	}

	if err := q.Start(ctx); err != nil {
		return err
	}

	say("ready")
	select {}
}

// process is a child and what it says.
type process struct {
	*exec.Cmd
	lines chan string
}

func spawn(t *testing.T, config store.Config) *process {
	t.Helper()

	p := &process{Cmd: exec.Command(os.Args[0]), lines: make(chan string, 100)}
	p.Env = append(os.Environ(), childVariable+"="+config.URL)

	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := p.Start(); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(p.kill)

	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			p.lines <- scanner.Text()
		}
	}()

	return p
}

func (p *process) kill() {
	_ = p.Process.Kill()
	_, _ = p.Process.Wait()
}

func (p *process) wants(t *testing.T, prefix string) {
	t.Helper()

	if line := receive(t, p.lines); !strings.HasPrefix(line, prefix) {
		t.Fatalf("the child says %q, want %q", line, prefix)
	}
}

// TestKilledProcess kills a worker in the middle of its jobs: another one runs every job, each
// as a repeat, within seconds.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		const jobs = 5

		db := database(t, config)
		inserter := newQueue(t, db, queue.Options{})
		victim := spawn(t, config)
		victim.wants(t, "ready")

		for i := range jobs {
			put(t, db, inserter, true, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: strconv.Itoa(i)})
		}

		for range jobs {
			victim.wants(t, "runs")
		}

		victim.kill()

		killed := time.Now()
		ran := make(chan scheduler.Job, jobs)
		q := working(t, db, queue.Options{Run: func(_ context.Context, job scheduler.Job) error {
			ran <- job

			return nil
		}})

		for range jobs {
			if job := receive(t, ran); job.Attempt != 2 {
				t.Errorf("%+v ran as attempt %d, want 2", job, job.Attempt)
			}
		}

		t.Logf("taken over in %v", time.Since(killed))
		quiet(t, q)

		if len(ran) != 0 {
			t.Errorf("%d jobs ran twice", len(ran))
		}
	})
}

// TestLivingProcessKeepsItsJobs starts a second worker beside a living one: on SQLite it is
// refused; on PostgreSQL it takes over nothing, until the first one dies.
func TestLivingProcessKeepsItsJobs(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)
		inserter := newQueue(t, db, queue.Options{})
		living := spawn(t, config)
		living.wants(t, "ready")
		put(t, db, inserter, true, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: "mine"})
		living.wants(t, "runs mine")

		ran := make(chan scheduler.Job, 10)
		second := newQueue(t, db, queue.Options{Workers: four(2), Run: func(_ context.Context, job scheduler.Job) error {
			ran <- job

			return nil
		}})

		err := second.Start(t.Context())
		if strings.HasPrefix(config.URL, "sqlite:") {
			if err == nil {
				t.Error("two processes work one SQLite database")
			}

			return
		}

		if err != nil {
			t.Fatal(err)
		}
		defer stop(t, second)

		// Several rounds of the watch pass, counted by jobs that are due a second apart.
		for i := range 4 {
			at := time.Now().Add(time.Duration(i) * time.Second)
			put(t, db, inserter, true, scheduler.Job{Kind: scheduler.ConcludeJob, Ref: "other", At: at})
		}

		others := 0
		for others < 4 {
			select {
			case job := <-ran:
				if job.Ref != "other" {
					t.Fatalf("%+v was taken from a living process", job)
				}

				others++
			case line := <-living.lines:
				if line != "runs other" {
					t.Fatalf("the child says %q", line)
				}

				others++
			}
		}

		living.kill()

		for {
			if job := receive(t, ran); job.Ref == "mine" {
				if job.Attempt != 2 {
					t.Errorf("attempt is %d, want 2", job.Attempt)
				}

				return
			}
		}
	})
}
