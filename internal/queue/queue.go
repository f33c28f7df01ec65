package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
)

// Name is one of the queues. Each has its own workers, so that a slow peer holds up nobody
// else's work. The zero value is invalid.
type Name string

// The queues.
const (
	Video   Name = "video"   // book, move, watch and close rooms
	Message Name = "message" // send, track, codes, reminders
	Record  Name = "record"  // entries and lists for the care record
	Work    Name = "work"    // conclude, verify, undo
)

// Names lists every queue.
func Names() []Name { return []Name{Video, Message, Record, Work} }

// Of returns the queue of a kind of job; empty for an unknown kind.
func Of(kind scheduler.JobKind) Name {
	switch kind {
	case scheduler.BookRoomJob, scheduler.MoveRoomJob, scheduler.WatchRoomJob, scheduler.CloseRoomJob,
		scheduler.MakeRoomJob, scheduler.CloseAgainJob, scheduler.PollRoomJob, scheduler.SweepRoomsJob:
		return Video
	case scheduler.SendJob, scheduler.TrackJob, scheduler.SendCodeJob, scheduler.RemindJob, scheduler.TellOldNumberJob, scheduler.TellFollowUpJob:
		return Message
	case scheduler.WriteEntryJob, scheduler.KeepListJob, scheduler.FetchListsJob, scheduler.FetchListJob, scheduler.ReconcileJob, scheduler.MendJob, scheduler.WriteNoteJob, scheduler.TellStageJob:
		return Record
	case scheduler.ConcludeJob, scheduler.VerifyOutcomeJob, scheduler.UndoVisitJob, scheduler.EndRoomJob, scheduler.FollowContactJob, scheduler.FollowCitizenJob, scheduler.FollowUpJob:
		return Work
	}

	return ""
}

// Observation is one run of a job, for metrics. It holds no personal data.
type Observation struct {
	Queue   Name
	Kind    scheduler.JobKind
	Outcome string        // "done", "stopped", or why it runs again, such as "unavailable"
	Took    time.Duration // of the run
	Waited  time.Duration // from when it was due until it ran
}

// Options say how a queue works.
type Options struct {
	// Workers is how many jobs of each queue run at once in this process. Empty: the process
	// only stores jobs.
	Workers map[Name]int
	// Run does a job. Required with Workers.
	Run func(ctx context.Context, job scheduler.Job) error
	// Reader is a pool that never waits for a writer, for counts; nil: the queue's own pool.
	Reader *sql.DB
	// Clock is nil for real time. Another one may be ahead or behind and may jump forward.
	Clock func() time.Time
	// Logger gets what is worth a person's look.
	Logger *slog.Logger
	// Observe is told of every run; may be nil.
	Observe func(Observation)
	// Present is told at the start, and whenever it changes, that this process is the rank-th, from
	// 0, of several that work this database, so that they can divide what peers agreed to; may be nil.
	Present func(rank, of int)
	// Timeout bounds one run of a job; default 2 minutes.
	Timeout time.Duration
	// Poll is how long a job may wait that nobody announced: one that another process put into
	// an SQLite database, or one that became due because the clock jumped; default 500 ms.
	Poll time.Duration
	// Retention is how long finished jobs are kept; default 24 hours.
	Retention time.Duration
}

func (o *Options) complete() error {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}

	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}

	if o.Retention == 0 {
		o.Retention = 24 * time.Hour
	}

	if o.Observe == nil {
		o.Observe = func(Observation) {}
	}

	if o.Present == nil {
		o.Present = func(int, int) {}
	}

	if o.Logger == nil {
		return errors.New("queue: a logger is needed")
	}

	if len(o.Workers) > 0 && o.Run == nil {
		return errors.New("queue: workers need a function to run")
	}

	return nil
}

// cooldown is the shortest time between two looks for jobs; it bounds how long a free worker
// waits although there is work.
const cooldown = 2 * time.Millisecond

// Queue works the jobs of one municipality's database.
type Queue struct {
	db       *sql.DB
	dialect  migrations.Dialect
	options  Options
	inserter *river.Client[*sql.Tx]
	runner   runner // nil while this process only stores jobs
	owner    owner  // nil while this process only stores jobs
	keeper   context.CancelFunc
	group    sync.WaitGroup // of the timekeeper
	bell     *bell
	events   *hub
}

// runner is what both kinds of river client have in common.
type runner interface {
	ID() string
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	SubscribeConfig(config *river.SubscribeConfig) (<-chan *river.Event, func())
}

// owner marks this process as the owner of its running jobs, and takes over the jobs of dead ones.
type owner interface {
	claim(ctx context.Context) error
	release(ctx context.Context) error
}

// New prepares a queue on a database whose schema is up to date. On SQLite db must be the pool
// of the one connection that writes.
func New(db *sql.DB, dialect migrations.Dialect, options Options) (*Queue, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}

	q := &Queue{db: db, dialect: dialect, options: options, bell: newBell(), events: newHub()}
	if err := q.buildInserter(); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}

	return q, nil
}

// Start begins to work. It first takes over what a dead process left behind. On SQLite it
// fails when another process works the same database. The context bounds the start alone.
func (q *Queue) Start(ctx context.Context) error {
	if len(q.options.Workers) == 0 || q.runner != nil {
		return nil
	}

	if err := q.buildRunner(ctx); err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	err := q.owner.claim(ctx)
	if err == nil {
		q.forward()

		if q.dialect == migrations.SQLite {
			q.options.Present(0, 1) // nobody else can
		}

		if err = q.runner.Start(context.WithoutCancel(ctx)); err == nil {
			q.startKeeper(ctx)

			return nil
		}
	}

	q.runner = nil

	return errors.Join(fmt.Errorf("queue: start: %w", err), q.owner.release(context.WithoutCancel(ctx)))
}

func (q *Queue) startKeeper(ctx context.Context) {
	ctx, q.keeper = context.WithCancel(context.WithoutCancel(ctx))
	q.group.Go(func() { q.keepTime(ctx) })
}

// hardStop is how long cancelled jobs get to return.
const hardStop = 10 * time.Second

// Stop takes no more jobs and waits for those that run. When ctx ends first, they are
// cancelled and will be run again by whoever works next. Start and Stop are not to be called
// at the same time.
func (q *Queue) Stop(ctx context.Context) error {
	if q.runner == nil {
		return nil
	}

	q.keeper()
	q.group.Wait()

	err := q.runner.Stop(ctx)
	if err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardStop)
		defer cancel()

		err = q.runner.StopAndCancel(hard)
	}

	q.runner = nil

	if err = errors.Join(err, q.owner.release(context.WithoutCancel(ctx))); err != nil {
		return fmt.Errorf("queue: stop: %w", err)
	}

	return nil
}

// InsertJobs stores jobs in a transaction of the same database and wakes the workers once it
// is committed. Two calls store two sets of jobs.
func (q *Queue) InsertJobs(ctx context.Context, tx *sql.Tx, jobs []scheduler.Job) error {
	if len(jobs) == 0 {
		return nil
	}

	params := make([]river.InsertManyParams, 0, len(jobs))
	rings := make(map[Name]bool, len(Names()))
	now := q.now()

	for _, job := range jobs {
		name := Of(job.Kind)
		if name == "" {
			return fmt.Errorf("queue: unknown kind of job %q", job.Kind)
		}

		if !job.At.After(now) {
			rings[name] = true
		}

		params = append(params, river.InsertManyParams{
			Args:       newArgs(job),
			InsertOpts: &river.InsertOpts{Queue: string(name), ScheduledAt: due(job.At), Priority: priority(job)},
		})
	}

	if _, err := q.inserter.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("queue: insert: %w", err)
	}

	return q.announce(ctx, tx, rings)
}

// due is when river may run a job; the zero time means at once.
func due(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}

	return at.UTC()
}

// urgent is the priority of what a person waits for. Its calls outside go first too.
const urgent = 1

// priority puts first what a person waits for; 1 is the highest of river's four.
func priority(job scheduler.Job) int {
	if job.Urgent {
		return urgent
	}

	switch job.Kind {
	case scheduler.SendCodeJob, scheduler.CloseRoomJob, scheduler.EndRoomJob, scheduler.FollowContactJob, scheduler.FollowCitizenJob:
		return urgent
	case scheduler.BookRoomJob, scheduler.MoveRoomJob, scheduler.MakeRoomJob, scheduler.SendJob, scheduler.WriteEntryJob, scheduler.UndoVisitJob, scheduler.KeepListJob, scheduler.FollowUpJob, scheduler.TellFollowUpJob, scheduler.MendJob, scheduler.WriteNoteJob:
		return 2
	case scheduler.WatchRoomJob, scheduler.CloseAgainJob, scheduler.PollRoomJob, scheduler.SweepRoomsJob, scheduler.TrackJob, scheduler.RemindJob, scheduler.ConcludeJob, scheduler.VerifyOutcomeJob, scheduler.TellOldNumberJob,
		scheduler.FetchListsJob, scheduler.FetchListJob, scheduler.ReconcileJob, scheduler.TellStageJob:
		return 3
	}

	return 4
}

// channel is the notification channel of PostgreSQL; the payload is a queue's name. The
// notifications of river itself are rationed, so that a job could wait for the next look.
const channel = "sluse_jobs"

// announce wakes the workers of queues. On PostgreSQL the notification leaves with the commit.
// On SQLite the workers look at once and wait for the one connection that this transaction
// holds, so they too see what was committed.
func (q *Queue) announce(ctx context.Context, tx execer, rings map[Name]bool) error {
	for name := range rings {
		if q.dialect == migrations.SQLite {
			q.bell.ring(name)

			continue
		}

		if _, err := tx.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, string(name)); err != nil {
			return fmt.Errorf("queue: announce: %w", err)
		}
	}

	return nil
}

// execer is a *sql.DB or *sql.Tx.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (q *Queue) now() time.Time {
	if q.options.Clock == nil {
		return time.Now().UTC() //nolint:forbidigo // a nil clock means real time
	}

	return q.options.Clock().UTC()
}
