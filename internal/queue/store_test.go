package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestJobsOfTheStore runs the real store on the real queue: a job runs after its change is
// committed, sees it, and stores the jobs that follow; one that was refused leaves no job.
func TestJobsOfTheStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		const visits = 60

		db := database(t, config)
		if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
			t.Fatal(err)
		}

		material, err := store.GenerateKeys()
		if err != nil {
			t.Fatal(err)
		}

		keys, err := store.NewKeys(material)
		if err != nil {
			t.Fatal(err)
		}

		var s *store.Store

		q := newQueue(t, db, queue.Options{Workers: four(4), Run: func(ctx context.Context, job scheduler.Job) error {
			return s.UpdateVisit(ctx, job.Visit, func(v *care.Visit) (scheduler.Effects, error) {
				if job.Kind == scheduler.BookRoomJob {
					next := scheduler.Job{Kind: scheduler.WriteEntryJob, Visit: v.ID()}

					return scheduler.Effects{Jobs: []scheduler.Job{next}}, v.Booked(care.RoomRef(job.Ref), care.BookedRoom{Planned: v.Planned()}, time.Now())
				}

				v.Raise(care.EntryTrouble, "", "x", false, time.Now())

				return scheduler.Effects{}, nil
			})
		}})

		if s, err = store.New(db, keys, q, logger(t), time.Now); err != nil {
			t.Fatal(err)
		}

		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() { stop(t, q) })

		ids := listed(t, s, visits)
		convert := func(v *care.Visit) (scheduler.Effects, error) {
			ref := care.RoomRef("room-" + string(v.ID()))

			return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID(), Ref: string(ref)}}},
				errors.Join(v.Choose("batch", care.OnListOnly()), v.StartBooking(ref, time.Now()))
		}

		refused := errors.New("no")

		_, err = s.UpdateVisits(t.Context(), ids, nil, func(v *care.Visit) (scheduler.Effects, error) {
			effects, _ := convert(v)
			if v.ID() == ids[visits-1] {
				return effects, refused
			}

			return effects, nil
		})
		if !errors.Is(err, refused) {
			t.Fatalf("error is %v, want the function's own", err)
		}

		if idle, counts, err := q.Idle(t.Context()); !idle || err != nil {
			t.Fatalf("a refused conversion left jobs: %+v, %v", counts, err)
		}

		if _, err := s.UpdateVisits(t.Context(), ids, &care.Batch{ID: "batch", MadeAt: time.Now()}, convert); err != nil {
			t.Fatal(err)
		}

		quiet(t, q)

		found, err := s.Visits(t.Context(), scheduler.VisitQuery{Troubled: true})
		if err != nil {
			t.Fatal(err)
		}

		if len(found) != visits {
			t.Errorf("%d of %d visits went all the way", len(found), visits)
		}
	})
}

func listed(t *testing.T, s *store.Store, n int) []care.VisitID {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR("0104909989")
	in := scheduler.Import{Record: scheduler.ListRecord{ID: "l", At: time.Now()}, Citizens: []care.Citizen{{ID: "c", CPR: cpr, Verdict: verdict}}}

	var ids []care.VisitID

	for i := range n {
		id := fmt.Sprint("v", i)

		v, err := care.NewVisit(care.VisitID(id), care.SourceRef{System: "file", ID: id},
			care.Facts{Citizen: "c", Planned: care.Interval{Start: time.Now(), End: time.Now().Add(time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}

		in.New, ids = append(in.New, v), append(ids, v.ID())
	}

	if err := s.SaveImport(t.Context(), in); err != nil {
		t.Fatal(err)
	}

	return ids
}

// TestLostConnections cuts every connection to PostgreSQL, as a restart of it would: the queue
// goes on by itself, and the running job is not run a second time by the same process.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		if strings.HasPrefix(config.URL, "sqlite:") {
			t.Skip("SQLite has no connections to lose")
		}

		db := database(t, config)
		ran := make(chan string, 10)
		q := working(t, db, queue.Options{Run: func(_ context.Context, job scheduler.Job) error {
			ran <- job.Ref

			return nil
		}})

		put(t, db, q, true, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: "before"})
		receive(t, ran)

		_, _ = db.Writer.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

		put(t, db, q, true, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: "after"})

		if ref := receive(t, ran); ref != "after" {
			t.Errorf("%s ran again", ref)
		}

		quiet(t, q)
	})
}

func TestMigrateAndCheck(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db, err := store.Connect(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() { _ = db.Close() })

		if err := queue.Check(t.Context(), db.Writer, db.Dialect); !errors.Is(err, migrations.ErrOlder) {
			t.Errorf("no tables: %v, want older", err)
		}

		for range 2 {
			if err := queue.Migrate(t.Context(), db.Writer, db.Dialect); err != nil {
				t.Fatal(err)
			}
		}

		if err := queue.Check(t.Context(), db.Writer, db.Dialect); err != nil {
			t.Error(err)
		}

		for _, c := range []struct {
			statement string
			want      error
		}{
			{"INSERT INTO river_migration (line, version) VALUES ('main', 999)", migrations.ErrNewer},
			{"DELETE FROM river_migration WHERE version > 2", migrations.ErrOlder},
		} {
			if _, err := db.Writer.ExecContext(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}

			if err := queue.Check(t.Context(), db.Writer, db.Dialect); !errors.Is(err, c.want) {
				t.Errorf("after %q: %v, want %v", c.statement, err, c.want)
			}
		}
	})
}
