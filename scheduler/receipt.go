package scheduler

import (
	"context"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// HearOfMessage takes a hint that there is news of a message, named by its channel's receipt, and
// asks the channel. Anybody may give a hint, so nothing but the channel's own answer is believed,
// and nobody learns which receipts there are. When the channel can't be asked now, the message is
// asked about later as without the hint.
func (s *Service) HearOfMessage(ctx context.Context, receipt string) error {
	v, inv, err := s.store.VisitByReceipt(ctx, receipt)
	if care.KindOf(err) == care.NotFound {
		return nil
	}

	if err != nil {
		return err
	}

	err = s.track(ctx, Job{Kind: TrackJob, Visit: v.ID, Ref: string(inv), Attempt: 1})
	if connector.KindOf(err) != 0 {
		return nil
	}

	return err
}
