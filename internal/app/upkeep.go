package app

import (
	"context"
	"log/slog"
	"time"
)

// upkeepEvery is how often what has expired is removed, and the backlog told.
const (
	upkeepEvery  = time.Hour
	backlogEvery = 10 * time.Second
)

// upkeep keeps a municipality's house in order while the process works: it removes expired
// sessions and login requests, and tells metrics how much work waits. The returned function ends
// it and waits for it.
func (s *Site) upkeep(ctx context.Context, o Options) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})

	go func() {
		defer close(done)

		purge, tell := time.NewTicker(upkeepEvery), time.NewTicker(backlogEvery)
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
			}
		}
	}()

	return func(context.Context) error {
		cancel()
		<-done

		return nil
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
