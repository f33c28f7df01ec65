package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// Badges are the counts in the menu: what waits for the actor wherever they are.
type Badges struct {
	Differences int // open ones that are pressing
	FollowUps   int // open ones whose deadline has passed
}

// Badges counts for the menu of every page, so it asks two counts that indexes answer, and none of an
// actor who may see neither list. It tells nothing of whom.
func (s *Service) Badges(ctx context.Context, actor care.Actor) (Badges, error) {
	var (
		out Badges
		err error
	)

	if q, ok := s.findingScope(actor, care.HandleTrouble, ""); ok {
		q.Live, q.States, q.Kinds = true, undecided(), pressingKinds()

		if out.Differences, err = s.store.CountFindings(ctx, q); err != nil {
			return Badges{}, err
		}
	}

	if units := s.followUnits(actor); len(units) > 0 {
		out.FollowUps, err = s.store.OverdueFollowUps(ctx, ids(units), s.now())
	}

	return out, err
}

// undecided are the states of a difference about which nobody has done anything.
func undecided() []care.FindingState { return []care.FindingState{care.FindingOpen} }

func pressingKinds() []care.DriftKind {
	var out []care.DriftKind

	for _, k := range care.DriftKinds() {
		if k.Terms().Gravity == care.Pressing {
			out = append(out, k)
		}
	}

	return out
}
