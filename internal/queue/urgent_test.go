package queue_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/scheduler"
)

// TestUrgentGoesFirst: what somebody waits for overtakes a whole batch of the same kind.
func TestUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)

		var bulk []scheduler.Job
		for i := range 30 {
			bulk = append(bulk, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: strconv.Itoa(i)})
		}

		put(t, db, newQueue(t, db, queue.Options{}), true, append(bulk, scheduler.Job{Kind: scheduler.BookRoomJob, Ref: "call", Urgent: true})...)

		ran := make(chan string, 31)
		working(t, db, queue.Options{Workers: four(1), Run: func(_ context.Context, job scheduler.Job) error {
			ran <- job.Ref

			return nil
		}})

		if first := receive(t, ran); first != "call" {
			t.Errorf("job %s ran first", first)
		}
	})
}
