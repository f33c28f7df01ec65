package scheduler

import (
	"context"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// closeRoom ends a room that nobody needs any more. One that the platform was never asked for is
// closed in our books alone.
func (s *Service) closeRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(ref)
	if !ok || room.State != care.RoomClosing || !v.MayClose(ref) {
		return nil // when it may not be closed yet, the last message brings another job
	}

	if !s.never(room) {
		if err := s.video.Close(ctx, ref); err != nil && !connector.Is(err, connector.NotFound) {
			return s.roomTrouble(ctx, job, err, "Rummet kunne ikke lukkes.")
		}
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomClosed(ref, s.now()) })
}

// closeAgain closes a closed room once more, on a platform on which it may have come back
// (pexip.md §0.3). What the platform refuses becomes an ordinary closing, which tells a person.
func (s *Service) closeAgain(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	if room, ok := v.RoomOf(ref); !ok || room.State != care.RoomClosed {
		return nil
	}

	err = s.video.Close(ctx, ref)

	switch {
	case err == nil, connector.Is(err, connector.NotFound):
		return nil
	case passing(err):
		return err
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.CloseAgain(ref) })
}

// endRoom closes a late room when its time is over, although nobody has said yet how the visit
// went: such a room has no end of its own.
func (s *Service) endRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	if room, ok := v.RoomOf(ref); !ok || !room.Live() || s.now().Before(s.over(v)) {
		return nil // a visit that was moved has another job for its new end
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomOver(ref) })
}

// closingJobs are due when a room was closed.
func (s *Service) closingJobs(visit care.VisitID, r care.Room) []Job {
	lingering, is := s.video.(video.Lingering)
	if !is || s.never(r) {
		return nil
	}

	var jobs []Job

	for _, wait := range lingering.CloseAgain() {
		jobs = append(jobs, Job{Kind: CloseAgainJob, Visit: visit, Ref: string(r.Ref), At: r.ClosedAt.Add(wait)})
	}

	return jobs
}
