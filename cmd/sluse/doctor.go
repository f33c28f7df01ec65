package main

import (
	"context"
	"time"

	"github.com/sluse/sluse/internal/app"
)

// doctor looks at how the outside systems are set up. It fails when something will not work.
func doctor(ctx context.Context, rest []string, s std) error {
	flags := flagSet("doctor", s)
	only := flags.String("municipality", "", "`id` of one municipality; all when empty")

	c, err := load(flags, rest, 0)
	if err != nil {
		return err
	}

	return app.Doctor(ctx, c, *only, time.Now, s.out)
}
