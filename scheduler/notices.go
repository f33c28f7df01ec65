package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// The kinds of notices about the video platform.
const (
	EventGap         NoticeKind = "event_gap"         // events of a node are missing
	EventSilence     NoticeKind = "event_silence"     // a visit goes on and no node tells anything
	EventsUnreadable NoticeKind = "events_unreadable" // what a node sent can't be read
	StrayRooms       NoticeKind = "stray_rooms"       // rooms with our mark that we don't know
)

// Notices returns what concerns the whole municipality, newest first. Needs SeeConnections.
func (s *Service) Notices(ctx context.Context, actor care.Actor) ([]Notice, error) {
	if !actor.MayAnywhere(care.SeeConnections) {
		return nil, actor.Must(care.SeeConnections, care.EveryUnit)
	}

	return s.store.OpenNotices(ctx)
}
