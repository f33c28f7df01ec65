package directory_test

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// counting counts what is read of a store.
type counting struct {
	directory.Store

	reads int
}

func (c *counting) Standing(ctx context.Context, id care.EmployeeID) (directory.Standing, error) {
	c.reads++

	return c.Store.Standing(ctx, id)
}

func (c *counting) Units(ctx context.Context) ([]directory.Unit, int, error) {
	c.reads++

	return c.Store.Units(ctx)
}

func (c *counting) Version(ctx context.Context) (int, error) {
	c.reads++

	return c.Store.Version(ctx)
}
