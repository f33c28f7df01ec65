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

// watchEvery is how often it is looked whether the video platform's events come as they should.
const watchEvery = 2 * time.Minute

// keepNotices is how long notices are kept that were resolved.
const keepNotices = 90 * 24 * time.Hour

// upkeep keeps a municipality's house in order while the process runs: it removes expired sessions
// and login requests, old events and notices, has forgotten rooms swept, and tells how much work
// waits and how the outside systems and the platform's events are. The returned function ends it
// and waits for it.
func (s *Site) upkeep(ctx context.Context, o Options) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})

	go func() {
		defer close(done)

		purge, tell, watch, logins := time.NewTicker(upkeepEvery), time.NewTicker(tellEvery), time.NewTicker(watchEvery), time.NewTicker(loginEvery)
		defer purge.Stop()
		defer tell.Stop()
		defer watch.Stop()
		defer logins.Stop()

		s.try(ctx, o, "the video platform lacks what we rely on", func() error { return s.verify(ctx) })
		s.try(ctx, o, "forgotten rooms were not looked for", func() error { return s.service.Sweep(ctx, true) })

		for {
			select {
			case <-ctx.Done():
				return
			case <-purge.C:
				s.purge(ctx, o)
				s.try(ctx, o, "forgotten rooms were not looked for", func() error { return s.service.Sweep(ctx, false) })
			case <-tell.C:
				s.try(ctx, o, "driving lists were not asked for", func() error { return s.service.AutoFetch(ctx) })
				s.try(ctx, o, "record, platform and our own book were not compared", func() error { return s.service.AutoReconcile(ctx) })
				s.tellBacklog(ctx, o)
				s.tellSystems(ctx, o)
				s.try(ctx, o, "the directory's units were not read", func() error { return s.directory.Refresh(ctx) })
			case <-logins.C:
				s.try(ctx, o, "the identity providers were not looked at", func() error { return s.service.WatchLogins(ctx) })
			case <-watch.C:
				s.try(ctx, o, "the platform's events were not looked at", func() error { return s.service.WatchEvents(ctx) })
				s.try(ctx, o, "leavers were not marked", func() error { return s.directory.RetireLeavers(ctx) })
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

// try logs what went wrong with a part of the upkeep; the next round tries again.
func (s *Site) try(ctx context.Context, o Options, what string, do func() error) {
	if err := do(); err != nil && ctx.Err() == nil {
		o.Logger.LogAttrs(ctx, slog.LevelError, "upkeep", slog.String("what", what),
			slog.String("municipality", string(s.id)), slog.String("error", err.Error()))
	}
}

func (s *Site) purge(ctx context.Context, o Options) {
	now := o.Clock()

	s.try(ctx, o, "expired sessions were not removed", func() error { _, err := s.store.PurgeSessions(ctx, now); return err })
	s.try(ctx, o, "expired emergency codes were not removed", func() error { return s.store.PurgeEmergencyCodes(ctx, now) })
	s.try(ctx, o, "ended logins of citizens were not removed", func() error { return s.store.PurgeEidLogins(ctx, now) })
	s.try(ctx, o, "devices were not tidied", func() error { return s.service.TidyDevices(ctx) })
	s.try(ctx, o, "old notices were not removed", func() error { return s.store.PurgeNotices(ctx, now.Add(-keepNotices)) })
	s.try(ctx, o, "journalled visits were not deleted", func() error { return s.service.Forget(ctx) })
	s.try(ctx, o, "old events were not removed", func() error { _, err := s.store.PurgeEvents(ctx, now.Add(-s.config.Video.KeepEvents())); return err })
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
