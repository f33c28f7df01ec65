package queue_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/scheduler"
)

// BenchmarkFlow runs a batch of jobs, each of which waits for a peer and stores a following
// job in a transaction, and tells how much longer that took than the peer's latency allows.
func BenchmarkFlow(b *testing.B) {
	const jobs, workers = 400, 16

	for name, url := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { b.Helper(); return "sqlite:" + filepath.Join(b.TempDir(), "q.db") },
		"postgres": func(b *testing.B) string { b.Helper(); return pg.URL(b) },
	} {
		for label, latency := range map[string]time.Duration{"bare": 0, "peer": 120 * time.Millisecond} {
			b.Run(name+"/"+label, func(b *testing.B) {
				db := database(b, store.Config{URL: url(b)})

				var (
					q    *queue.Queue
					left atomic.Int64
				)

				ended := make(chan struct{}, 1)
				q = working(b, db, queue.Options{Workers: four(workers), Run: func(ctx context.Context, job scheduler.Job) error {
					if job.Kind == scheduler.BookRoomJob {
						if latency > 0 {
							timer := time.NewTimer(latency)
							defer timer.Stop()

							<-timer.C
						}

						tx, err := db.Writer.BeginTx(ctx, nil)
						if err != nil {
							return err
						}
						defer func() { _ = tx.Rollback() }()

						if err := q.InsertJobs(ctx, tx, []scheduler.Job{{Kind: scheduler.ConcludeJob}}); err != nil {
							return err
						}

						return tx.Commit()
					}

					if left.Add(-1) == 0 {
						ended <- struct{}{}
					}

					return nil
				}})

				for b.Loop() {
					left.Store(jobs)

					batch := make([]scheduler.Job, jobs)
					for i := range batch {
						batch[i] = scheduler.Job{Kind: scheduler.BookRoomJob, Visit: "v"}
					}

					put(b, db, q, true, batch...)
					<-ended
				}

				per := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(2*jobs/per, "jobs/s")

				if latency > 0 {
					b.ReportMetric(per/(latency.Seconds()*jobs/workers), "x-ideal")
				}
			})
		}
	}
}
