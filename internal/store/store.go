package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// JobInserter puts jobs into the queue within a transaction of the store.
type JobInserter interface {
	InsertJobs(ctx context.Context, tx *sql.Tx, jobs []scheduler.Job) error
}

// Store is one municipality's database. It is safe for concurrent use, also by several
// processes. All methods return *care.Error: NotFound, Conflict, Unavailable or Internal.
type Store struct {
	base  *Database
	write *gorm.DB
	read  *gorm.DB
	keys  *Keys
	jobs  JobInserter
	log   *slog.Logger
	clock func() time.Time

	common line[prepared] // changes of visits, on SQLite
	events line[*delivery]
	nodes  nodes
}

var _ scheduler.Store = (*Store)(nil)

// tries is how often a change is run when others are faster.
const tries = 8

// New puts a store on an open database whose schema is up to date. It does not own the
// database: close that after the store's last use.
func New(base *Database, keys *Keys, jobs JobInserter, log *slog.Logger, clock func() time.Time) (*Store, error) {
	if base == nil || keys == nil || jobs == nil || log == nil || clock == nil {
		return nil, errors.New("store: database, keys, jobs, logger and clock are needed")
	}

	s := &Store{base: base, keys: keys, jobs: jobs, log: log, clock: clock}

	if base.Dialect == migrations.Postgres {
		s.events.width = eventWriters
	}

	var err error
	if s.write, err = gormOver(base.Writer, base.Dialect, log, clock); err != nil {
		return nil, err
	}

	if s.read, err = gormOver(base.Reader, base.Dialect, log, clock); err != nil {
		return nil, err
	}

	return s, nil
}

// Ping reports whether the database answers reads; Unavailable when not.
func (s *Store) Ping(ctx context.Context) error { return s.base.Ping(ctx) }

// change runs fn in a transaction, again when somebody else was first. What fn returns by
// itself, not from the database, has to be a *care.Error or wrapped by refuse.
func (s *Store) change(ctx context.Context, fn func(tx *gorm.DB) error) error {
	var err error

	for range tries {
		err = s.write.WithContext(ctx).Transaction(fn)

		if !errors.Is(err, errMoved) && !busy(err) {
			break
		}
	}

	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused.error
	}

	return translate(err)
}

// look runs fn in a transaction that sees one state of the database and changes nothing.
func (s *Store) look(ctx context.Context, fn func(tx *gorm.DB) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if s.base.Dialect == migrations.Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}

	return translate(s.read.WithContext(ctx).Transaction(fn, options))
}

// refusal carries an error of the caller's own function out of a transaction untouched.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// writeEffects stores what belongs to a change.
func (s *Store) writeEffects(tx *gorm.DB, e scheduler.Effects) error {
	if err := s.writeAudit(tx, e.Audit); err != nil {
		return err
	}

	if err := s.writeNumbers(tx, e.Numbers); err != nil {
		return err
	}

	if err := s.writeConsents(tx, e.Consents); err != nil {
		return err
	}

	if err := writeTombstones(tx, e.Tombstones); err != nil {
		return err
	}

	if err := s.writeNotes(tx, e.Notes); err != nil {
		return err
	}

	if len(e.Jobs) == 0 {
		return nil
	}

	inner, ok := tx.Statement.ConnPool.(*sql.Tx)
	if !ok {
		return &care.Error{Kind: care.Internal, Message: textInternal, Err: fmt.Errorf("store: no *sql.Tx but %T", tx.Statement.ConnPool)}
	}

	if err := s.jobs.InsertJobs(tx.Statement.Context, inner, e.Jobs); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}

	return nil
}
