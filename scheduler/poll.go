package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// pollRoom looks who is in a room, again and again from when the door opens until the visit has
// ended, on a platform that can't tell us by itself. Nobody is told when a look fails: the
// platform's record comes later anyway.
func (s *Service) pollRoom(ctx context.Context, job Job) error {
	poller, is := s.video.(video.Poller)
	if !is || poller.Every() <= 0 {
		return nil
	}

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(care.RoomRef(job.Ref))
	if !ok || !room.Made() || !v.State.Active() {
		return nil
	}

	now, every := s.now(), poller.Every()

	switch wait := v.Facts.Planned.Start.Add(-s.set.Door).Sub(now); {
	case wait > 0:
		return s.later("poll_room", wait)
	case now.After(s.over(v)):
		return nil
	case s.looks.recent(room.Ref, now, every/2):
		return nil // a visit that was moved back and forth has several jobs; one is enough
	}

	err = poller.Poll(ctx, s.observed(v, room))
	if connector.Is(err, connector.Unsupported) {
		return nil
	}

	if err != nil {
		return err
	}

	s.looks.note(room.Ref, now)

	return s.later("poll_room", every)
}

// looks remembers when this process last looked into a room.
type looks struct {
	mutex sync.Mutex
	at    map[care.RoomRef]time.Time
}

// forgetLooks is when a look is of no interest any more.
const forgetLooks = time.Hour

func (l *looks) recent(ref care.RoomRef, now time.Time, within time.Duration) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	at, ok := l.at[ref]

	return ok && now.Sub(at) < within
}

func (l *looks) note(ref care.RoomRef, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	if l.at == nil {
		l.at = make(map[care.RoomRef]time.Time)
	}

	for other, at := range l.at {
		if now.Sub(at) > forgetLooks {
			delete(l.at, other)
		}
	}

	l.at[ref] = now
}
