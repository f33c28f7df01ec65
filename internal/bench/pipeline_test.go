package bench_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"                              //nolint:depguard // bare river is the baseline
	"github.com/riverqueue/river/riverdriver"                  //nolint:depguard // bare river is the baseline
	"github.com/riverqueue/river/riverdriver/riverdatabasesql" //nolint:depguard // bare river is the baseline
	"github.com/riverqueue/river/riverdriver/riversqlite"      //nolint:depguard // bare river is the baseline
	"golang.org/x/sync/errgroup"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// pipelineVisits go through everything in row 4.
const pipelineVisits = 300

// pipelineCaregivers conclude visits at the same time, as at the end of a shift.
const pipelineCaregivers = 8

// BenchmarkPipeline is row 4: visits are booked, invited to, written as planned, concluded, and written
// as held, with peers that answer at once, beside as many jobs of bare river on a database of the
// same kind that do nothing at all.
func BenchmarkPipeline(b *testing.B) {
	for _, kind := range databases() {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				pipeline(b, kind)
			}
		})
	}
}

func pipeline(b *testing.B, kind string) {
	b.Helper()

	var jump atomic.Int64

	plan := shifted(afternoonBefore())
	address := database(b, kind)
	r := newWorld(b, world.Options{
		Clock: func() time.Time { return plan().Add(time.Duration(jump.Load())) }, Concurrency: 16, AnyHour: true,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
	})
	r.start(b, app.All)
	r.importList(b, list(pipelineVisits))

	visits, jobQueue := r.visits(b), r.app.Site(municipality).Queue()
	idle := func() {
		if err := jobQueue.WaitIdle(b.Context()); err != nil {
			b.Fatal(err)
		}
	}

	idle()

	before, begun := jobsDone(b, address), time.Now()

	if _, err := r.service().Convert(b.Context(), planner(), scheduler.ConvertRequest{Visits: visits}); err != nil {
		b.Fatal(err)
	}

	idle()
	jump.Store(int64(25 * time.Hour)) // the afternoon after the visits

	if err := jobQueue.Wake(b.Context()); err != nil {
		b.Fatal(err)
	}

	concludeAll(b, r, visits)
	idle()

	took, jobs := time.Since(begun), jobsDone(b, address)-before

	if t := r.world.FHIR.Totals(); t.Planned != pipelineVisits || t.Results != pipelineVisits || t.DuplicateEntries > 0 {
		b.Errorf("the record has %+v", t)
	}

	bare := bareRiver(b, database(b, kind), jobs)
	share := bare.Seconds() / took.Seconds()
	report(row{
		fmt.Sprintf("4 pipeline of %d visits, %d jobs, %s", pipelineVisits, jobs, kind), "≥ 60 % of bare river",
		fmt.Sprintf("%.0f jobs/s", float64(jobs)/took.Seconds()), fmt.Sprintf("bare river %.0f jobs/s", float64(jobs)/bare.Seconds()), fmt.Sprintf("%.2f", share), share >= 0.6,
	})
}

// concludeAll has every visit concluded by a person who saw it held.
func concludeAll(b *testing.B, r *rig, visits []care.VisitID) {
	b.Helper()

	leader := care.Actor{Employee: "LEDER", Name: "Leder Test", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Leader}, {Unit: care.EveryUnit, Role: care.Caregiver}}}

	var caregivers errgroup.Group
	caregivers.SetLimit(pipelineCaregivers)

	for _, id := range visits {
		caregivers.Go(func() error {
			return r.service().Conclude(b.Context(), leader, id, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone})
		})
	}

	if err := caregivers.Wait(); err != nil {
		b.Fatal(err)
	}
}

// jobsDone counts the jobs that have ended.
func jobsDone(b *testing.B, address string) (n int) {
	b.Helper()

	db, err := store.Connect(b.Context(), store.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	if err := db.Reader.QueryRowContext(b.Context(), "SELECT count(*) FROM river_job WHERE finalized_at IS NOT NULL").Scan(&n); err != nil {
		b.Fatal(err)
	}

	return n
}

// bareArgs is a job of bare river.
type bareArgs struct {
	Visit string `json:"visit"`
	Ref   string `json:"ref"`
}

// Kind implements river.JobArgs.
func (bareArgs) Kind() string { return "bare" }

// bareWorker does nothing.
type bareWorker struct {
	river.WorkerDefaults[bareArgs]
}

// Work implements river.Worker.
func (bareWorker) Work(context.Context, *river.Job[bareArgs]) error { return nil }

// bareRiver inserts as many jobs, one by one as changes of visits do, and works them off.
func bareRiver(b *testing.B, address string, jobs int) time.Duration {
	b.Helper()

	db, err := store.Connect(b.Context(), store.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	if err := queue.Migrate(b.Context(), db.Writer, db.Dialect); err != nil {
		b.Fatal(err)
	}

	if db.Dialect == migrations.SQLite {
		return workOff(b, riversqlite.New(db.Writer), jobs)
	}

	return workOff(b, riverdatabasesql.New(db.Writer), jobs)
}

func workOff[T any](b *testing.B, driver riverdriver.Driver[T], jobs int) time.Duration {
	b.Helper()

	workers := river.NewWorkers()
	river.AddWorker(workers, bareWorker{})

	client, err := river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 32}}, Workers: workers, FetchCooldown: time.Millisecond, FetchPollInterval: 10 * time.Millisecond,
	})
	if err != nil {
		b.Fatal(err)
	}

	ended, stop := client.SubscribeConfig(&river.SubscribeConfig{ChanSize: jobs + 1, Kinds: []river.EventKind{river.EventKindJobCompleted}})
	defer stop()

	if err := client.Start(b.Context()); err != nil {
		b.Fatal(err)
	}

	begun := time.Now()

	for i := range jobs {
		if _, err := client.Insert(b.Context(), bareArgs{Visit: fmt.Sprint("visit-", i), Ref: "r"}, nil); err != nil {
			b.Fatal(err)
		}
	}

	for range jobs {
		<-ended
	}

	took := time.Since(begun)

	if err := client.Stop(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}

	return took
}
