package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	sweepChore  = "sweep_rooms"
	sweepGrace  = time.Hour // how long a room must have been over or closed: until then its own jobs are at it
	sweepAtOnce = 500       // rooms that are looked up in one query
)

// Sweep has the forgotten rooms looked for: at night, when a process starts, and at the latest
// after a day and a half. It is called every hour, by any number of processes.
func (s *Service) Sweep(ctx context.Context, starting bool) error {
	if _, ok := s.video.(video.Sweeper); !ok {
		return nil
	}

	now, rest := s.now(), 36*time.Hour

	switch hour := now.In(care.Zone()).Hour(); {
	case starting:
		rest = time.Hour
	case hour >= 1 && hour < 5:
		rest = 12 * time.Hour
	}

	_, err := s.store.BeginChore(ctx, sweepChore, now.Add(-rest), now, Effects{Jobs: []Job{{Kind: SweepRoomsJob}}})

	return err
}

// sweepRooms has rooms closed that stand at the platform although nobody needs them. It never
// touches a room that no visit of ours knows: another installation may use the same mark.
func (s *Service) sweepRooms(ctx context.Context) error {
	sweeper, ok := s.video.(video.Sweeper)
	if !ok {
		return nil
	}

	standing, err := sweeper.Rooms(ctx)
	if err != nil {
		return err
	}

	var strays []care.RoomRef

	for some := range slices.Chunk(standing, sweepAtOnce) {
		unknown, err := s.sweepSome(ctx, some)
		if err != nil {
			return err
		}

		strays = append(strays, unknown...)
	}

	return s.tellStrays(ctx, strays)
}

// sweepSome returns the rooms that are not ours.
func (s *Service) sweepSome(ctx context.Context, refs []care.RoomRef) (unknown []care.RoomRef, err error) {
	visits, err := s.store.Visits(ctx, VisitQuery{Rooms: refs})
	if err != nil {
		return nil, err
	}

	owners := make(map[care.RoomRef]care.VisitID)

	for _, v := range visits {
		for _, r := range v.Rooms {
			owners[r.Ref] = v.ID
		}
	}

	for _, ref := range refs {
		id, known := owners[ref]
		if !known {
			unknown = append(unknown, ref)

			continue
		}

		if err := s.sweepRoom(ctx, id, ref); err != nil {
			return nil, err
		}
	}

	return unknown, nil
}

// sweepRoom has one room closed in the ordinary way when it is of no use.
func (s *Service) sweepRoom(ctx context.Context, id care.VisitID, ref care.RoomRef) error {
	err := s.store.UpdateVisit(ctx, id, func(v *care.Visit) (Effects, error) {
		return s.effects(v, &AuditRow{Actor: "system", Action: "sweep_room", Detail: string(ref)}, func(v *care.Visit) error {
			if v.SweepRoom(ref, s.over(v.Snapshot()), s.now().Add(-sweepGrace)) {
				return nil
			}

			return ErrSkip
		})
	})
	if errors.Is(err, ErrSkip) {
		return nil
	}

	return err
}

// tellStrays writes down which rooms were left alone and tells the administrator.
func (s *Service) tellStrays(ctx context.Context, strays []care.RoomRef) error {
	if len(strays) == 0 {
		return s.store.ResolveNotice(ctx, StrayRooms, "", s.now(), Effects{})
	}

	rows := make([]AuditRow, 0, len(strays))
	for _, ref := range strays {
		rows = append(rows, AuditRow{At: s.now(), Actor: "system", Action: "leave_stray_room", Detail: string(ref)})
	}

	if err := s.store.Record(ctx, rows); err != nil {
		return err
	}

	text := fmt.Sprintf("%d rum", len(strays))
	if len(strays) == 1 {
		text = "1 rum"
	}

	text = "Der står " + text + " på videoplatformen med vores mærke, som Sluse ikke kender. De er ikke rørt, for en anden installation kan bruge samme mærke. Er der ingen anden, så slet dem på Management Node."
	_, err := s.store.RaiseNotice(ctx, s.notice(StrayRooms, "", connector.Notice, text), Effects{})

	return err
}
