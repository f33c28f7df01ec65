package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
)

// Migrate brings every municipality's database to this version. It needs a database role that
// may change the schema; serve does not.
func Migrate(ctx context.Context, c config.Config, out io.Writer) error {
	return eachDatabase(ctx, c, func(m config.Municipality, base *store.Database) error {
		if err := migrations.Up(ctx, base.Writer, base.Dialect); err != nil {
			return fmt.Errorf("schema: %w", err)
		}

		if err := queue.Migrate(ctx, base.Writer, base.Dialect); err != nil {
			return fmt.Errorf("schema of the queue: %w", err)
		}

		fmt.Fprintf(out, "%s: version %d\n", m.ID, migrations.Version())

		return nil
	})
}

// MigrationStatus tells which steps each database has had. It fails when one needs migrate up.
func MigrationStatus(ctx context.Context, c config.Config, out io.Writer) error {
	return eachDatabase(ctx, c, func(m config.Municipality, base *store.Database) error {
		steps, err := migrations.Status(ctx, base.Writer, base.Dialect)
		if err != nil {
			return fmt.Errorf("schema: %w", err)
		}

		for _, s := range steps {
			fmt.Fprintf(out, "%s: %s %s\n", m.ID, s.Name, map[bool]string{true: "applied", false: "missing"}[s.Applied])
		}

		return errors.Join(migrations.Check(ctx, base.Writer, base.Dialect), queue.Check(ctx, base.Writer, base.Dialect))
	})
}

func eachDatabase(ctx context.Context, c config.Config, do func(config.Municipality, *store.Database) error) error {
	var errs []error

	for _, m := range c.Municipalities {
		base, err := store.Connect(ctx, m.Database)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.ID, err))

			continue
		}

		if err := errors.Join(do(m, base), base.Close()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.ID, err))
		}
	}

	return errors.Join(errs...)
}
