package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
)

var errOwned = errors.New("another process works the jobs of this database")

// fileOwner owns an SQLite database by a lock on a file beside it. The operating system lets
// go of the lock when the process dies, so whoever gets it knows that nobody runs any job.
type fileOwner struct {
	db   *sql.DB
	log  *slog.Logger
	file *os.File
}

// claim takes the lock, and then every job that is marked as running.
func (o *fileOwner) claim(ctx context.Context) error {
	var path string
	if err := o.db.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path); err != nil {
		return fmt.Errorf("find the database's file: %w", err)
	}

	if path != "" { // a database in memory has no other process
		file, err := os.OpenFile(path+".worker", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return fmt.Errorf("open the lock: %w", err)
		}

		if err := lockFile(file); err != nil {
			return errors.Join(err, file.Close())
		}

		o.file = file
	}

	if err := o.takeOver(ctx); err != nil {
		return errors.Join(err, o.release(ctx))
	}

	return nil
}

// takeOver frees what a dead process left. The number of attempts stays, so that the use case
// looks up before it repeats. The leader's row would keep river's housekeeping waiting.
func (o *fileOwner) takeOver(ctx context.Context) error {
	freed, err := o.db.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	if err != nil {
		return fmt.Errorf("take over jobs: %w", err)
	}

	if _, err := o.db.ExecContext(ctx, "DELETE FROM river_leader"); err != nil {
		return fmt.Errorf("take over the lead: %w", err)
	}

	if n, err := freed.RowsAffected(); err == nil && n > 0 {
		o.log.LogAttrs(ctx, slog.LevelWarn, "took over jobs of a dead process", slog.Int64("jobs", n))
	}

	return nil
}

func (o *fileOwner) release(context.Context) error {
	if o.file == nil {
		return nil
	}

	err := o.file.Close() // which lets go of the lock
	o.file = nil

	if err != nil {
		return fmt.Errorf("let go of the lock: %w", err)
	}

	return nil
}
