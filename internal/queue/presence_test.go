package queue_test

import (
	"testing"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
)

// place is which of how many processes one is told to be.
type place struct{ rank, of int }

// TestPresence: every process knows how many there are, also when one comes, goes or is killed.
func TestPresence(t *testing.T) {
	t.Parallel()

	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)

		start := func() (*queue.Queue, chan place) {
			told := make(chan place, 10)
			q := newQueue(t, db, queue.Options{
				Workers: four(1), Run: (&collect{}).run, Present: func(rank, of int) { told <- place{rank, of} },
			})

			if err := q.Start(t.Context()); err != nil {
				t.Fatal(err)
			}

			return q, told
		}

		first, told := start()
		defer stop(t, first)

		wants(t, told, place{0, 1})

		if db.Dialect == migrations.SQLite {
			return // there is no second process
		}

		second, toldToo := start()
		a, b := receive(t, told), receive(t, toldToo)

		if a.of != 2 || b.of != 2 || a.rank == b.rank {
			t.Errorf("two processes are told %v and %v", a, b)
		}

		stop(t, second)
		wants(t, told, place{0, 1})

		other := spawn(t, config)
		other.wants(t, "ready")

		if p := receive(t, told); p.of != 2 {
			t.Errorf("told %v of a process of its own", p)
		}

		other.kill()
		wants(t, told, place{0, 1})
	})
}

func wants(t *testing.T, told chan place, want place) {
	t.Helper()

	if got := receive(t, told); got != want {
		t.Errorf("told %v, want %v", got, want)
	}
}
