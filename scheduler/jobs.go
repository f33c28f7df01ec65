package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// trackAfter is how long after a message left we first ask what became of it.
const trackAfter = 20 * time.Second

// jobsFor is the one place that decides which work a change of a visit needs. It compares what
// was with what is, so no use case can forget a job.
func (s *Service) jobsFor(before, after care.Snapshot) []Job {
	jobs := s.roomJobs(before, after)
	jobs = append(jobs, s.messageJobs(before, after)...)

	for _, e := range after.Entries {
		old, known := before.EntryOf(e.ID)
		if e.State == care.EntryDue && (!known || old.State != care.EntryDue) {
			jobs = append(jobs, Job{Kind: WriteEntryJob, Visit: after.ID, Ref: string(e.ID)})
		}
	}

	for _, a := range after.Admissions {
		if old, _ := before.AdmissionOf(a.ID); a.CodeCount > old.CodeCount {
			jobs = append(jobs, Job{Kind: SendCodeJob, Visit: after.ID, Ref: fmt.Sprintf("%s/%d", a.ID, a.CodeCount)})
		}
	}

	jobs = append(jobs, s.verifyJobs(before, after)...)

	moved := !before.Facts.Planned.Equal(after.Facts.Planned)
	if after.State == care.RoomIsBooked && (before.State == care.BookingRoom || moved) {
		jobs = append(jobs, s.clockJobs(after)...)
	}

	if after.ToCall() && !before.ToCall() {
		jobs = append(jobs, Job{Kind: ConcludeJob, Visit: after.ID, At: after.Facts.Planned.End.Add(s.set.Grace)})
	}

	for _, p := range after.Participants {
		if _, known := before.ParticipantOf(p.ID); !known { // the contact may have changed meanwhile
			jobs = append(jobs, Job{Kind: FollowContactJob, Ref: string(p.Contact)})
		}
	}

	jobs = append(jobs, s.followUpJobs(before, after)...)
	jobs = append(jobs, s.stageJobs(before, after)...)

	if after.AdHoc() {
		for i := range jobs {
			jobs[i].Urgent = true
		}
	}

	return jobs
}

// clockJobs are due at times of the visit's plan. Each looks at the plan again when it runs.
func (s *Service) clockJobs(v care.Snapshot) []Job {
	planned := v.Facts.Planned
	jobs := []Job{{Kind: ConcludeJob, Visit: v.ID, At: planned.End.Add(s.set.Grace)}}

	if s.set.Reminder > 0 {
		jobs = append(jobs, Job{Kind: RemindJob, Visit: v.ID, At: planned.Start.Add(-s.set.Reminder)})
	}

	return jobs
}

func (s *Service) roomJobs(before, after care.Snapshot) []Job {
	var jobs []Job

	for _, r := range after.Rooms {
		old, known := before.RoomOf(r.Ref)
		released := r.State == care.RoomClosing && after.MayClose(r.Ref) && !before.MayClose(r.Ref)
		replanned := !before.Facts.Planned.Equal(after.Facts.Planned)

		if known && !released && !replanned && old.State == r.State && old.Planned.Equal(r.Planned) && old.MadeAt.Equal(r.MadeAt) {
			continue
		}

		job := Job{Visit: after.ID, Ref: string(r.Ref)}

		switch r.State {
		case care.RoomWanted:
			if !known || old.State != care.RoomWanted {
				job.Kind = BookRoomJob
				jobs = append(jobs, job)
			}
		case care.RoomBooked, care.RoomProvisioned:
			jobs = append(jobs, s.keepUp(job, old, r, after)...)
			jobs = append(jobs, s.lateJobs(job, old, r, replanned, after)...)
		case care.RoomClosing:
			if after.MayClose(r.Ref) { // otherwise it is closed when the last message has left
				job.Kind = CloseRoomJob
				jobs = append(jobs, job)
			}
		case care.RoomClosed:
			if known && old.State != care.RoomClosed {
				jobs = append(jobs, s.closingJobs(after.ID, r)...)
			}
		case care.RoomFailed:
		}
	}

	return jobs
}

// keepUp makes a booked room follow the plan, and has it watched before every time that it is
// planned for.
func (s *Service) keepUp(job Job, old, r care.Room, v care.Snapshot) []Job {
	var jobs []Job

	behind := !r.Planned.Equal(v.Facts.Planned)
	if behind {
		move := job
		move.Kind = MoveRoomJob
		jobs = append(jobs, move)
	}

	if behind || old.State == care.RoomWanted || old.State == care.RoomFailed || old.State == "" {
		watch := job
		watch.Kind, watch.At = WatchRoomJob, v.Facts.Planned.Start.Add(-s.set.RoomCheck)
		jobs = append(jobs, watch)
	}

	return jobs
}

func (s *Service) messageJobs(before, after care.Snapshot) []Job {
	var jobs []Job

	for _, i := range after.Invitations {
		old, known := before.InvitationOf(i.ID)

		switch {
		case i.Waiting() && !known:
			jobs = append(jobs, Job{Kind: SendJob, Visit: after.ID, Ref: string(i.ID), At: s.sendAt(i, after)})
		case i.State == care.InvitationSent && old.State != care.InvitationSent && s.tracks(i.Channel):
			jobs = append(jobs, Job{Kind: TrackJob, Visit: after.ID, Ref: string(i.ID), At: s.now().Add(trackAfter)})
		}
	}

	return jobs
}

// sendAt holds messages back during the night (ux.md §6.3). A change or withdrawal of a visit
// that is soon goes at once, because it is about that visit; so does what a person does at this moment:
// a call, and an invitation into a visit that goes on.
func (s *Service) sendAt(i care.Invitation, v care.Snapshot) time.Time {
	telling := i.Kind == care.Invite || i.Kind == care.Changed
	if i.Channel != care.SMS || v.AdHoc() || telling && !v.Facts.Planned.Start.After(s.now()) {
		return time.Time{}
	}

	return s.set.Quiet.SendAt(s.now(), v.Facts.Planned.Start)
}

func (s *Service) tracks(c care.Channel) bool {
	_, ok := s.messages[c].(message.Tracker)

	return ok
}

// Run does one job. The error's kind tells the queue what to do (architecture.md §5): nil is
// done for good. A visit that is no longer there ends its job.
func (s *Service) Run(ctx context.Context, job Job) error {
	err := s.run(ctx, job)
	if care.KindOf(err) == care.NotFound && connector.KindOf(err) == 0 {
		return nil
	}

	return err
}

func (s *Service) run(ctx context.Context, job Job) error {
	switch job.Kind {
	case BookRoomJob, MoveRoomJob, WatchRoomJob, CloseRoomJob, MakeRoomJob, EndRoomJob, CloseAgainJob, PollRoomJob:
		return s.doRoom(ctx, job)
	case SweepRoomsJob:
		return s.sweepRooms(ctx)
	case SendJob:
		return s.send(ctx, job)
	case TrackJob:
		return s.track(ctx, job)
	case SendCodeJob:
		return s.sendCode(ctx, job)
	case WriteEntryJob:
		return s.writeEntry(ctx, job)
	case RemindJob:
		return s.remind(ctx, job)
	case ConcludeJob:
		return s.concludeByEvidence(ctx, job)
	case VerifyOutcomeJob:
		return s.verifyOutcome(ctx, job)
	case UndoVisitJob:
		return s.undoVisit(ctx, job)
	case KeepListJob, FetchListsJob, FetchListJob:
		return s.doList(ctx, job)
	case FollowUpJob:
		return s.wakeFollowUp(ctx, job)
	case TellFollowUpJob:
		return s.tellFollowUp(ctx, job)
	case FollowContactJob, FollowCitizenJob, TellOldNumberJob:
		return s.followPeople(ctx, job)
	case ReconcileJob:
		return s.reconcile(ctx, job)
	case MendJob:
		return s.mend(ctx, job)
	case WriteNoteJob:
		return s.writeNote(ctx, job)
	case TellStageJob:
		return s.tellStage(ctx, job)
	}

	return &connector.Error{System: "sluse", Op: string(job.Kind), Kind: connector.Unsupported}
}

// doRoom does what one room needs.
func (s *Service) doRoom(ctx context.Context, job Job) error {
	switch job.Kind { //nolint:exhaustive // the other kinds never come here
	case BookRoomJob:
		return s.bookRoom(ctx, job)
	case MoveRoomJob:
		return s.moveRoom(ctx, job)
	case WatchRoomJob:
		return s.watchRoom(ctx, job)
	case CloseRoomJob:
		return s.closeRoom(ctx, job)
	case MakeRoomJob:
		return s.makeRoom(ctx, job)
	case EndRoomJob:
		return s.endRoom(ctx, job)
	case CloseAgainJob:
		return s.closeAgain(ctx, job)
	default:
		return s.pollRoom(ctx, job)
	}
}

// doList does what a driving list needs.
func (s *Service) doList(ctx context.Context, job Job) error {
	switch job.Kind { //nolint:exhaustive // the other kinds never come here
	case FetchListsJob:
		return s.fetchLists(ctx, job)
	case FetchListJob:
		return s.fetchList(ctx, job)
	default:
		return s.keepList(ctx, job)
	}
}

// later is returned by a job that has nothing to do yet.
func (s *Service) later(op string, wait time.Duration) error {
	return &connector.Error{System: "sluse", Op: op, Kind: connector.Pending, RetryAfter: wait}
}

// followPeople does what a change of somebody's contact data needs.
func (s *Service) followPeople(ctx context.Context, job Job) error {
	if job.Kind == TellOldNumberJob {
		return s.tellOldNumber(ctx, job)
	}

	if job.Kind == FollowCitizenJob {
		return s.followCitizen(ctx, job)
	}

	return s.followContact(ctx, job)
}
