package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/storetest"
)

// TestPurge removes what is old and nothing else; more than one transaction's worth of events.
func TestPurge(t *testing.T) {
	t.Parallel()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			const many = 5_100

			db, _ := database(t, dialect)
			now := storetest.Now()

			s, err := store.New(db, keys(t), &jobTable{}, slog.New(slog.DiscardHandler), func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}

			old := make([]video.Event, many)
			for i := range old {
				old[i] = video.Event{Key: fmt.Sprint("old", i), Kind: "x", At: now}
			}

			ctx := t.Context()
			kept(t, s, many, old...)

			notice := scheduler.Notice{Kind: "gap", About: "a", Level: connector.Notice, Text: "Noget.", RaisedAt: now}
			for _, about := range []string{"a", "b"} {
				notice.About = about
				_, err := s.RaiseNotice(ctx, notice, scheduler.Effects{})
				fatal(t, err)
			}

			fatal(t, s.ResolveNotice(ctx, "gap", "a", now, scheduler.Effects{}))

			now = now.Add(time.Hour)

			kept(t, s, 1, video.Event{Key: "young", Kind: "x", At: now})
			fatal(t, s.PurgeNotices(ctx, now))

			if n, err := s.PurgeEvents(ctx, now); err != nil || n != many {
				t.Errorf("%d events were removed, %v", n, err)
			}

			for table, want := range map[string]int{"events": 1, "notices": 1} {
				var n int
				fatal(t, db.Reader.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n))

				if n != want {
					t.Errorf("%d %s are left, want %d", n, table, want)
				}
			}
		})
	}
}

func kept(t *testing.T, s *store.Store, want int, events ...video.Event) {
	t.Helper()

	if n, err := s.Keep(t.Context(), events); err != nil || n != want {
		t.Fatalf("%d were kept, %v", n, err)
	}
}

func fatal(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// TestKeepSurvivesThoseWhoGiveUp: one who hangs up takes no other caller's events along.
func TestKeepSurvivesThoseWhoGiveUp(t *testing.T) {
	t.Parallel()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			db, _ := database(t, dialect)
			s := open(t, db, keys(t), &jobTable{})

			var group sync.WaitGroup

			for i := range 60 {
				group.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					if i%3 == 0 {
						cancel()
					} else {
						defer cancel()
					}

					_, err := s.Keep(ctx, []video.Event{{Key: strconv.Itoa(i), Node: "n", Seq: int64(i + 1), Kind: "x", Room: "r", At: storetest.Now()}})
					if (err != nil) && i%3 != 0 {
						t.Errorf("event %d: %v", i, err)
					}
				})
			}

			group.Wait()

			all, err := s.EventsOf(t.Context(), "r")
			fatal(t, err)

			if len(all) < 40 {
				t.Errorf("%d events are kept, want 40 or more", len(all))
			}
		})
	}
}
