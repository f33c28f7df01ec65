package scheduler

import (
	"cmp"
	"context"
	"slices"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	countedVisits = 50 // how many visits a category's difference names
	countedRuns   = 50 // among so many of the newest is one looked for that saw everybody
)

// CategoryCounts tells how many visits have each category by our book and by the record, by day, unit
// and category, as the newest run that looked at everybody saw them, in the units where the actor may
// handle trouble (K68). The run is zero when there was none. Needs HandleTrouble somewhere.
func (s *Service) CategoryCounts(ctx context.Context, actor care.Actor, unit care.UnitID) ([]CategoryCount, Run, error) {
	units, err := s.scope(actor, care.HandleTrouble, unit)
	if err != nil {
		return nil, Run{}, err
	}

	runs, err := s.store.RecentRuns(ctx, countedRuns)
	if err != nil {
		return nil, Run{}, err
	}

	i := slices.IndexFunc(runs, func(r Run) bool { return !r.Active() && len(r.Missing) == 0 })
	if i < 0 {
		return nil, Run{}, nil
	}

	run := runs[i]
	all := actor.May(care.HandleTrouble, care.EveryUnit) && unit == ""
	allowed := ids(units)

	return slices.DeleteFunc(run.Counts, func(c CategoryCount) bool { return !all && !slices.Contains(allowed, c.Unit) }), run, nil
}

// count adds up the categories that we wrote and those that the record shows (K68). Visits that changed
// while we looked are left out, and what the lists tell as well is counted in the end.
func (r *Run) count(l look, listed typedByOthers) {
	if l.seen == nil {
		return
	}

	for i, b := range l.books {
		if slices.ContainsFunc(l.visits, func(v care.Snapshot) bool { return v.ID == b.visit.ID }) {
			r.countVisit(b, l.seen.Visits[i])
		}
	}

	for _, o := range l.seen.Others {
		if listed.has(l.books[0].visit.Facts.Citizen, o) {
			continue
		}

		i := slices.IndexFunc(l.books, func(b book) bool { return named(b.own, o.Category) })
		if i < 0 {
			continue
		}

		c := r.line(CategoryCount{Day: care.DayOf(o.Planned.Start), Unit: l.books[i].visit.Facts.Unit, Category: o.Category})
		c.Record++
		c.Unknown++
	}

	r.sortCounts()
}

func (r *Run) sortCounts() {
	slices.SortFunc(r.Counts, func(a, b CategoryCount) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Category, b.Category))
	})
}

// countVisit adds one visit about whose category our book has said its last word.
func (r *Run) countVisit(b book, s ehr.Sight) {
	i := slices.IndexFunc(b.written, func(w ehr.Written) bool { return w.Change.Means == care.OnList && w.Change.Category != "" })
	if i < 0 || s.Presence == "" || s.Presence == ehr.Present && s.Category == "" {
		return // we wrote none, or the record can't tell
	}

	last, _ := b.visit.LastWord(care.OnList)
	if last.State != care.EntryWritten || b.visit.State == care.Cancelled && last.Kind == care.EntryPlanned {
		return // refused, or the record took it off by itself
	}

	f, ours := b.visit.Facts, b.written[i].Change.Category
	differs := s.Presence != ehr.Present || !same(s.Category, ours)

	own := r.line(CategoryCount{Day: care.DayOf(f.Planned.Start), Unit: f.Unit, Category: ours})
	own.Own++
	own.name(b.visit.ID, differs)

	if s.Presence != ehr.Present {
		return
	}

	at := f.Planned.Start
	if s.Planned.Valid() {
		at = s.Planned.Start
	}

	theirs := r.line(CategoryCount{Day: care.DayOf(at), Unit: f.Unit, Category: s.Category})
	theirs.Record++
	theirs.name(b.visit.ID, differs || care.DayOf(at) != care.DayOf(f.Planned.Start))
}

// line is the number of a day, unit and category.
func (r *Run) line(of CategoryCount) *CategoryCount {
	i := slices.IndexFunc(r.Counts, func(c CategoryCount) bool {
		return c.Day == of.Day && c.Unit == of.Unit && same(c.Category, of.Category)
	})
	if i < 0 {
		i = len(r.Counts)
		r.Counts = append(r.Counts, of)
	}

	return &r.Counts[i]
}

func (c *CategoryCount) name(visit care.VisitID, differs bool) {
	if differs && len(c.Visits) < countedVisits && !slices.Contains(c.Visits, visit) {
		c.Visits = append(c.Visits, visit)
	}
}
