package scheduler

import (
	"context"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// CountedVisits is one line of the count by category with the visits behind its difference.
type CountedVisits struct {
	CategoryCount

	UnitName string
	Visits   []VisitView
}

// Counted is the count by category, with what is behind each number.
type Counted struct {
	Run   Run // that counted; zero: none did
	Lines []CountedVisits
	Units []care.Unit // that the reader may choose from
}

// Counted tells CategoryCounts with the visits about which the two sides do not agree (K68). The reading
// is audited. Needs HandleTrouble somewhere.
func (s *Service) Counted(ctx context.Context, actor care.Actor, unit care.UnitID) (Counted, error) {
	counts, run, err := s.CategoryCounts(ctx, actor, unit)
	if err != nil {
		return Counted{}, err
	}

	out := Counted{Run: run, Units: s.unitsFor(actor, care.HandleTrouble)}

	var wanted []care.VisitID
	for _, c := range counts {
		wanted = append(wanted, c.Visits...)
	}

	by, err := s.visitViewsOf(ctx, actor, wanted)
	if err != nil {
		return Counted{}, err
	}

	for _, c := range counts {
		line := CountedVisits{CategoryCount: c, UnitName: s.unit(c.Unit).Name}

		for _, id := range c.Visits {
			if v, ok := by[id]; ok {
				line.Visits = append(line.Visits, v)
			}
		}

		out.Lines = append(out.Lines, line)
	}

	return out, nil
}

// visitViewsOf reads visits that somebody sees because they differ, and has that audited.
func (s *Service) visitViewsOf(ctx context.Context, actor care.Actor, wanted []care.VisitID) (map[care.VisitID]VisitView, error) {
	by := make(map[care.VisitID]VisitView, len(wanted))
	if len(wanted) == 0 {
		return by, nil
	}

	slices.Sort(wanted)

	visits, err := s.store.Visits(ctx, VisitQuery{IDs: slices.Compact(wanted)})
	if err != nil {
		return nil, err
	}

	views, err := s.views(ctx, visits)
	if err != nil {
		return nil, err
	}

	for _, v := range views {
		by[v.Visit.ID] = v
	}

	return by, s.shownVisits(ctx, actor, "see_differences", views)
}
