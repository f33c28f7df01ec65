package scheduler

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// typedByOthers are visits that were never ours and that have one of our categories on the newest driving
// list (K68), by citizen.
type typedByOthers map[care.CitizenID][]care.Snapshot

// listedAsOurs looks into the imported lists of a run's days. Nobody asks the record about citizens without
// a visit by screen: it may need minutes for a list, and the lists are read anyway.
func (s *Service) listedAsOurs(ctx context.Context, run Run) (typedByOthers, error) {
	categories := s.ownCategories()
	if len(categories) == 0 {
		return nil, nil
	}

	listed, err := s.store.Visits(ctx, VisitQuery{Window: run.Window, State: care.Listed, Categories: categories})
	if err != nil {
		return nil, err
	}

	out := make(typedByOthers)

	for _, v := range listed {
		if named(s.recordRule(v.Facts).categories(), v.Facts.Category) && !s.set.Rules.Absent(v.Facts.Status) {
			out[v.Facts.Citizen] = append(out[v.Facts.Citizen], v)
		}
	}

	return out, nil
}

// has reports whether another visit of the citizen is one of these.
func (t typedByOthers) has(citizen care.CitizenID, o ehr.Other) bool {
	return slices.ContainsFunc(t[citizen], func(v care.Snapshot) bool {
		return sameMinute(v.Facts.Planned, o.Planned) && same(v.Facts.Category, o.Category)
	})
}

// countListed adds them.
func (r *Run) countListed(others typedByOthers) {
	for _, visits := range others {
		for _, v := range visits {
			c := r.line(CategoryCount{Day: care.DayOf(v.Facts.Planned.Start), Unit: v.Facts.Unit, Category: v.Facts.Category})
			c.Record++
			c.Unknown++
			c.name(v.ID, true)
		}
	}

	r.sortCounts()
}

// ownCategories are the categories that we write, of all rules.
func (s *Service) ownCategories() []string {
	out := s.set.RecordElse.categories()

	for _, rule := range s.set.Record {
		out = append(out, rule.categories()...)
	}

	for _, rule := range s.set.RecordFirst {
		out = append(out, rule.Rule.categories()...)
	}

	slices.Sort(out)

	return slices.Compact(out)
}

// categories are those that the rule writes.
func (r RecordRule) categories() []string {
	all := []string{r.Planned, r.Completed, r.NotCompleted, r.Phone}

	return slices.DeleteFunc(all, func(w string) bool { return strings.TrimSpace(w) == "" })
}
