package queue

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

// bell tells this process's workers that a queue has jobs. Looking for them often enough to
// be quick would keep an idle process busy.
type bell struct {
	mutex   sync.Mutex
	pending map[Name]bool
	wake    chan struct{}
}

func newBell() *bell {
	return &bell{pending: make(map[Name]bool), wake: make(chan struct{}, 1)}
}

func (b *bell) ring(name Name) {
	b.mutex.Lock()
	b.pending[name] = true
	b.mutex.Unlock()

	select {
	case b.wake <- struct{}{}:
	default: // it rings already
	}
}

func (b *bell) take() (Name, bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()

	for name := range b.pending {
		delete(b.pending, name)

		return name, true
	}

	return "", false
}

// ears is river's listener on a bell. Its methods are riverdriver.Listener's.
type ears struct{ bell *bell }

// Close has nothing to close.
func (ears) Close(context.Context) error { return nil }

// Connect has nothing to connect to.
func (ears) Connect(context.Context) error { return nil }

// Listen listens to every topic.
func (ears) Listen(context.Context, string) error { return nil }

// Ping always succeeds.
func (ears) Ping(context.Context) error { return nil }

// Schema returns no schema.
func (ears) Schema() string { return "" }

// SetAfterConnectExec is for river's own tests.
func (ears) SetAfterConnectExec(string) {}

// Unlisten changes nothing.
func (ears) Unlisten(context.Context, string) error { return nil }

// WaitForNotification returns when the bell rings.
func (e ears) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if name, ok := e.bell.take(); ok {
			return &riverdriver.Notification{Topic: "river_insert", Payload: fmt.Sprintf("{\"queue\": %q}", string(name))}, nil
		}

		select {
		case <-ctx.Done():
			return nil, ctx.Err() //nolint:wrapcheck // river compares it with context.Canceled
		case <-e.bell.wake:
		}
	}
}

// postgresDriver is river's PostgreSQL driver with a bell.
type postgresDriver struct {
	*riverpgxv5.Driver
	bell *bell
}

// GetListener returns the ears of the bell.
func (d postgresDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return ears{d.bell}
}

// SupportsListenNotify keeps river from sending notifications that nobody hears.
func (postgresDriver) SupportsListenNotify() bool { return false }

// sqliteDriver is river's SQLite driver with a bell and with times that compare.
type sqliteDriver struct {
	*riversqlite.Driver
	bell *bell
}

func newSQLite(db *sql.DB, b *bell) sqliteDriver { return sqliteDriver{riversqlite.New(db), b} }

// SupportsListener says that there is a bell.
func (sqliteDriver) SupportsListener() bool { return true }

// GetListener returns the ears of the bell.
func (d sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return ears{d.bell}
}

// GetExecutor returns river's executor with times that compare.
func (d sqliteDriver) GetExecutor() riverdriver.Executor { return executor{d.Driver.GetExecutor()} }

type executor struct{ riverdriver.Executor }

// JobSetStateIfRunningMany hands on every time in UTC: SQLite compares times as text, and
// river takes some of them from the local clock.
func (e executor) JobSetStateIfRunningMany(ctx context.Context, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	inUTC(params.ScheduledAt)
	inUTC(params.FinalizedAt)

	return e.Executor.JobSetStateIfRunningMany(ctx, params) //nolint:wrapcheck // river looks at its own errors
}

func inUTC(times []*time.Time) {
	for i, t := range times {
		if t != nil {
			utc := t.UTC().Truncate(time.Millisecond)
			times[i] = &utc
		}
	}
}
