package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
)

// serve runs the service until the context ends, then stops gracefully.
func serve(ctx context.Context, rest []string, s std) error {
	flags := flagSet("serve", s)
	role := flags.String("role", string(app.All), "all, web or worker")

	c, err := load(flags, rest, 0)
	if err != nil {
		return err
	}

	switch app.Role(*role) {
	case app.All, app.Web, app.Worker:
	default:
		return fmt.Errorf("%w: -role is all, web or worker", errUsage)
	}

	log := logger(c, s)

	a, err := app.New(ctx, app.Options{Config: c, Role: app.Role(*role), Logger: log, Clock: time.Now, Metrics: obs.NewMetrics()})
	if err != nil {
		return err
	}

	if err := a.Start(ctx); err != nil {
		return stop(a, c, err)
	}

	log.InfoContext(ctx, "ready", "address", a.Addr(), "role", *role, "municipalities", len(c.Municipalities))

	select {
	case <-ctx.Done():
		err = nil
	case err = <-a.Failed():
	}

	log.InfoContext(ctx, "stopping")

	return stop(a, c, err)
}

// stop gives running work its time, whatever ended the service.
func stop(a *app.App, c config.Config, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.StopTimeout)
	defer cancel()

	if err := a.Stop(ctx); err != nil && cause == nil {
		return fmt.Errorf("stop: %w", err)
	}

	return cause
}

func logger(c config.Config, s std) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

	return obs.NewLogger(s.err, level[c.LogLevel], outbound.Redact)
}

// migrate brings the databases to this version, or tells theirs.
func migrate(ctx context.Context, rest []string, s std) error {
	if len(rest) == 0 || rest[0] != "up" && rest[0] != "status" {
		return fmt.Errorf("%w: migrate up or status?", errUsage)
	}

	c, err := load(flagSet("migrate "+rest[0], s), rest[1:], 0)
	if err != nil {
		return err
	}

	if rest[0] == "status" {
		return app.MigrationStatus(ctx, c, s.out)
	}

	return app.Migrate(ctx, c, s.out)
}

// version prints what was built.
func version(_ context.Context, _ []string, s std) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this binary has no build information")
	}

	fmt.Fprintf(s.out, "sluse %s %s\n", info.Main.Version, info.GoVersion)

	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" || setting.Key == "vcs.time" || setting.Key == "vcs.modified" {
			fmt.Fprintf(s.out, "%s %s\n", setting.Key, setting.Value)
		}
	}

	return nil
}
