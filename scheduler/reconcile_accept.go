package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ReopenFinding takes back that a difference may stand, so that it is open again. Doing it again
// changes nothing. Needs what AcceptFinding needs. Conflict: the difference is not there any more, or
// is being repaired.
func (s *Service) ReopenFinding(ctx context.Context, actor care.Actor, id care.FindingID) error {
	f, err := s.finding(ctx, actor, id)
	if err != nil {
		return err
	}

	switch f.State { //nolint:exhaustive // the others are Conflict
	case care.FindingOpen:
		return nil
	case care.FindingAccepted:
	default:
		return care.NewError(care.Conflict, "Forskellen er der ikke længere, eller den er ved at blive rettet. Opdatér siden.")
	}

	after := f
	after.State, after.Reason, after.ClosedBy, after.ClosedAt = care.FindingOpen, "", "", time.Time{}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "reopen_difference", Visit: f.Visit, Detail: string(f.Kind), Reason: f.Reason}

	return s.store.SaveFinding(ctx, f, after, Effects{Audit: []AuditRow{row}})
}
