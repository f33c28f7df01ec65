package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// TabletSilent tells of a tablet that has not been seen although its citizen has a visit soon.
const TabletSilent NoticeKind = "tablet_silent"

const (
	tidyEvery   = 50 * time.Minute // one process tidies in an hour, whoever asks first
	tidyChore   = "tidy_devices"
	keepPending = 7 * 24 * time.Hour   // how long a tablet stays registered that nobody sets up
	keepEnded   = 180 * 24 * time.Hour // how long a device that ended is kept
	silentAhead = 24 * time.Hour       // how near a visit makes a silent tablet worth a notice
)

// TidyDevices ends devices that were not used or set up in time, removes what expired, and tells of
// tablets that are silent. It is called about every hour, by any number of processes.
func (s *Service) TidyDevices(ctx context.Context) error {
	now := s.now()

	begun, err := s.store.BeginChore(ctx, tidyChore, now.Add(-tidyEvery), now, Effects{})
	if err != nil || !begun {
		return err
	}

	if err := s.store.PurgeDevices(ctx, now, now.Add(-keepEnded)); err != nil {
		return err
	}

	for _, kind := range care.DeviceKinds() {
		live, err := s.store.LiveDevices(ctx, kind)
		if err != nil {
			return err
		}

		for _, d := range live {
			if err := s.expire(ctx, d); err != nil {
				return err
			}
		}
	}

	return s.watchTablets(ctx)
}

// expire ends a device whose time is over.
func (s *Service) expire(ctx context.Context, d care.Device) error {
	why, over := care.DeviceIdle, d.Expires(s.set.Devices.Terms)
	if d.Kind == care.TabletDevice && len(d.Key) == 0 {
		why, over = care.DeviceUnused, over.Add(keepPending)
	}

	if s.now().Before(over) {
		return nil
	}

	return s.endDevice(ctx, d.ID, why, "system", "")
}

// watchTablets raises a notice for every tablet that has not been seen for long while a visit is
// near, and resolves those that no longer hold.
func (s *Service) watchTablets(ctx context.Context) error {
	if s.set.Devices.Silence <= 0 {
		return nil
	}

	live, err := s.store.LiveDevices(ctx, care.TabletDevice)
	if err != nil {
		return err
	}

	silent := map[string]bool{}

	for _, d := range live {
		if len(d.Key) == 0 || s.now().Sub(d.SeenAt) < s.set.Devices.Silence {
			continue
		}

		v, ok, err := s.nextOf(ctx, d)
		if err != nil {
			return err
		}

		if !ok || v.Facts.Planned.Start.Sub(s.now()) > silentAhead {
			continue
		}

		silent[string(d.ID)] = true

		text := fmt.Sprintf("Tavlen %s i %s har ikke været på nettet siden %s, og borgeren har et skærmbesøg inden for et døgn. Ring til borgeren, og få tavlen tændt.",
			d.Label, s.unit(d.Unit).Name, d.SeenAt.In(care.Zone()).Format("2.1. kl. 15.04"))
		if _, err := s.store.RaiseNotice(ctx, s.notice(TabletSilent, string(d.ID), connector.Notice, text), Effects{}); err != nil {
			return err
		}
	}

	open, err := s.store.OpenNotices(ctx)
	if err != nil {
		return err
	}

	for _, n := range open {
		if n.Kind == TabletSilent && !silent[n.About] {
			if err := s.store.ResolveNotice(ctx, n.Kind, n.About, s.now(), Effects{}); err != nil {
				return err
			}
		}
	}

	return nil
}
