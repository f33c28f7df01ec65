package queue

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// task is a job as river stores it: keys only, never personal data.
type task struct {
	Do    scheduler.JobKind `json:"do"`
	Visit care.VisitID      `json:"visit,omitempty"`
	Ref   string            `json:"ref,omitempty"`
}

// Kind is river's name for all of them.
func (task) Kind() string { return "task" }

// InsertJobs stores jobs within a transaction of the store.
func (q *Queue) InsertJobs(ctx context.Context, tx *sql.Tx, jobs []scheduler.Job) error {
	if len(jobs) == 0 {
		return nil
	}

	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{
			Args:       task{Do: j.Kind, Visit: j.Visit, Ref: j.Ref},
			InsertOpts: &river.InsertOpts{Queue: queueOf(j.Kind), ScheduledAt: j.At, Priority: priorityOf(j.Kind)},
		}
	}

	if _, err := q.insert.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}

	return nil
}

// queueOf keeps the systems apart: one that is slow or down does not hold up the others.
func queueOf(k scheduler.JobKind) string {
	switch k {
	case scheduler.BookRoomJob, scheduler.MoveRoomJob, scheduler.WatchRoomJob, scheduler.CloseRoomJob:
		return videoQueue
	case scheduler.SendJob, scheduler.TrackJob, scheduler.SendCodeJob:
		return messageQueue
	case scheduler.WriteEntryJob, scheduler.KeepListJob:
		return recordQueue
	case scheduler.ConcludeJob, scheduler.UndoVisitJob, scheduler.RemindJob:
		return workQueue
	}

	return workQueue
}

// priorityOf puts what a person waits for first (1 is the highest of river's four).
func priorityOf(k scheduler.JobKind) int {
	switch k {
	case scheduler.SendCodeJob, scheduler.CloseRoomJob:
		return 1
	case scheduler.BookRoomJob, scheduler.MoveRoomJob, scheduler.SendJob, scheduler.WriteEntryJob, scheduler.UndoVisitJob, scheduler.KeepListJob:
		return 2
	case scheduler.WatchRoomJob, scheduler.TrackJob, scheduler.RemindJob, scheduler.ConcludeJob:
		return 3
	}

	return 4
}
