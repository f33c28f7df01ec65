package app

import (
	"context"
	"log/slog"
	"time"
)

// upkeepEvery is how often what has expired is removed; tellEvery how often the backlog and the
// outside systems are told of.
const (
	upkeepEvery = time.Hour
	tellEvery   = 10 * time.Second
)

// upkeep keeps a municipality's house in order while the process runs: it removes expired sessions
// and login requests, and tells how much work waits and how the outside systems are. The returned
// function ends it and waits for it.
func (s *Site) upkeep(ctx context.Context, o Options) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})

	go func() {
		defer close(done)

		purge, tell := time.NewTicker(upkeepEvery), time.NewTicker(tellEvery)
		defer purge.Stop()
		defer tell.Stop()

		for {
			select {
			case <-ctx.Done():
				return
			case <-purge.C:
				s.purge(ctx, o)
			case <-tell.C:
				s.tellBacklog(ctx, o)
				s.tellSystems(ctx, o)
			}
		}
	}()

	return func(ctx context.Context) error {
		cancel()
		<-done
		s.tellSystems(ctx, o)

		return nil
	}
}

func (s *Site) tellSystems(ctx context.Context, o Options) {
	for _, h := range s.monitor.own() {
		o.Metrics.System(string(s.id), h)
	}

	if err := s.monitor.tell(ctx); err != nil && ctx.Err() == nil {
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "the state of the outside systems was not written down",
			slog.String("municipality", string(s.id)), slog.String("error", err.Error()))
	}
}

func (s *Site) purge(ctx context.Context, o Options) {
	if _, err := s.store.PurgeSessions(ctx, o.Clock()); err != nil && ctx.Err() == nil {
		o.Logger.LogAttrs(ctx, slog.LevelError, "expired sessions were not removed",
			slog.String("municipality", string(s.id)), slog.String("error", err.Error()))
	}
}

func (s *Site) tellBacklog(ctx context.Context, o Options) {
	backlog, err := s.queue.Backlog(ctx)
	if err != nil {
		return // the readiness check tells
	}

	for name, counts := range backlog {
		o.Metrics.Waiting(string(s.id), string(name), counts.Due)
	}
}
