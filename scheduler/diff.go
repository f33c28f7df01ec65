package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// match is a row and the visit that it is.
type match struct {
	row     *ehr.Row
	id      care.VisitID
	old     *care.Snapshot // nil: new
	facts   care.Facts
	channel care.Channel
	phone   phoneChange
	change  RowChange
}

// idle reports whether the row leaves the visit exactly as it is.
func (m match) idle() bool {
	return m.old.Deleted() || m.old.State.Final() && !m.old.Dropped() ||
		m.change.Kind == ChangeNone && m.old.Facts.Line == m.facts.Line && !m.old.NeedsPerson()
}

// diff is what a file does to the store.
type diff struct {
	kept     care.ListID // the list's own name
	file     care.ListID // names the file by its content
	matches  []match
	gone     []care.Snapshot
	citizens []care.Citizen // new or with new contact data
	problems []ehr.Problem  // that only the store could tell
	numbers  []NumberNotice // telephone numbers that are no longer their citizens'
	changes  []RowChange    // in file order, then the gone ones
}

func (d diff) counts() map[ChangeKind]int {
	out := make(map[ChangeKind]int)
	for _, c := range d.changes {
		out[c.Kind]++
	}

	return out
}

// still reports whether the file changes nothing.
func (d diff) still() bool {
	c := d.counts()

	return c[ChangeNew]+c[ChangeMoved]+c[ChangeOther]+c[ChangeGone] == 0
}

// diff compares a file with the store. It writes nothing.
func (s *Service) diff(ctx context.Context, id care.ListID, list ehr.DrivingList) (diff, error) {
	now := s.now()

	citizens, changed, err := s.matchCitizens(ctx, list.Rows, now)
	if err != nil {
		return diff{}, err
	}

	refs := make([]care.SourceRef, len(list.Rows))
	for i, r := range list.Rows {
		refs[i] = r.Source
	}

	known, err := s.store.VisitsBySource(ctx, refs)
	if err != nil {
		return diff{}, err
	}

	bySource := map[care.SourceRef]*care.Snapshot{}
	for i := range known {
		bySource[known[i].Source] = &known[i]
	}

	out := diff{
		kept: keptName(id, known), file: missedIn(id, list.Covers), citizens: changed.list, numbers: changed.old, problems: changed.problems,
		matches: make([]match, 0, len(list.Rows)), changes: make([]RowChange, 0, len(list.Rows)),
	}

	for i := range list.Rows {
		row := &list.Rows[i]
		citizen := citizens(*row)
		m := match{row: row, old: bySource[row.Source], phone: changed.phone[citizen.ID]}
		m.facts, m.channel = s.facts(out.kept, *row, citizen), citizen.Channel()
		m.facts.Category = s.originalCategory(m.old, m.facts.Category)
		m.change = s.compare(m, citizen, changed.what[citizen.ID])

		if m.old == nil {
			m.id = care.VisitID(randomID())
		} else {
			m.id, m.change.Visit = m.old.ID, m.old.ID
		}

		out.matches = append(out.matches, m)
		out.changes = append(out.changes, m.change)
	}

	return s.addGone(ctx, out, list, bySource)
}

// missedIn names what a visit is missed in: the file, or the record's own list, which is read again
// and again and holds something else each time. What a planner decided about it holds on.
func missedIn(id care.ListID, covers ehr.Coverage) care.ListID {
	if covers.System == "" {
		return id
	}

	return listID(ehr.File{Data: fmt.Appendf(nil, "%s\x00%q\x00%s", covers.System, covers.Lists, care.DayOf(covers.Period.Start))})
}

// keptName returns the name that most of the visits already have for their list, or the fresh one.
func keptName(fresh care.ListID, known []care.Snapshot) care.ListID {
	best, votes := fresh, map[care.ListID]int{}

	for _, v := range known {
		if votes[v.Facts.List]++; votes[v.Facts.List] > votes[best] {
			best = v.Facts.List
		}
	}

	return best
}

// span returns the first and the last local day of the rows.
func span(rows []ehr.Row) (first, last care.Day) {
	for _, r := range rows {
		day := care.DayOf(r.Planned.Start)
		if first == "" || day < first {
			first = day
		}

		last = max(last, day)
	}

	return first, last
}

// addGone finds the visits that were on the same lists on the same days and are not in the file.
func (s *Service) addGone(ctx context.Context, out diff, list ehr.DrivingList, present map[care.SourceRef]*care.Snapshot) (diff, error) {
	type scope struct{ system, list string }

	days := map[scope]map[string]bool{}
	windows := map[scope]care.Interval{}

	for _, r := range list.Rows {
		key := scope{r.Source.System, r.ListName}
		if key.system == list.Covers.System {
			continue // addUncovered knows exactly which hours were read; a visit may have been moved out of them
		}

		if days[key] == nil {
			days[key] = map[string]bool{}
		}

		days[key][r.Source.Occurrence] = true
		windows[key] = widen(windows[key], care.DayOf(r.Planned.Start).Bounds())
	}

	for key, window := range windows {
		// Evening lists go past midnight: a day on each side, then the occurrence decides.
		window = care.Interval{Start: window.Start.Add(-24 * time.Hour), End: window.End.Add(24 * time.Hour)}

		stored, err := s.store.Visits(ctx, VisitQuery{System: key.system, ListName: key.list, Window: window})
		if err != nil {
			return out, err
		}

		for _, v := range stored {
			if days[key][v.Source.Occurrence] && present[v.Source] == nil && !v.State.Final() && !v.Deleted() && !v.MissedIn(out.file) {
				out.gone = append(out.gone, v)
			}
		}
	}

	if err := s.addUncovered(ctx, &out, list.Covers, present); err != nil {
		return out, err
	}

	return s.describeGone(ctx, out)
}

// addUncovered finds the visits that the record's own list no longer has, also when it has none at all.
func (s *Service) addUncovered(ctx context.Context, out *diff, covers ehr.Coverage, present map[care.SourceRef]*care.Snapshot) error {
	found := map[care.VisitID]bool{}
	for _, v := range out.gone {
		found[v.ID] = true
	}

	for _, name := range covers.Lists {
		stored, err := s.store.Visits(ctx, VisitQuery{System: covers.System, ListName: name, Window: covers.Period})
		if err != nil {
			return err
		}

		for _, v := range stored {
			inside := !v.Facts.Planned.Start.Before(covers.Period.Start) && v.Facts.Planned.Start.Before(covers.Period.End)
			if inside && present[v.Source] == nil && !found[v.ID] && !v.State.Final() && !v.Deleted() && !v.MissedIn(out.file) {
				out.gone = append(out.gone, v)
			}
		}
	}

	return nil
}

func widen(a, b care.Interval) care.Interval {
	if a.Start.IsZero() || b.Start.Before(a.Start) {
		a.Start = b.Start
	}

	if b.End.After(a.End) {
		a.End = b.End
	}

	return a
}

func (s *Service) describeGone(ctx context.Context, out diff) (diff, error) {
	slices.SortFunc(out.gone, func(a, b care.Snapshot) int {
		return cmp.Or(a.Facts.Planned.Start.Compare(b.Facts.Planned.Start), cmp.Compare(a.ID, b.ID))
	})

	citizens, err := s.citizensOf(ctx, out.gone)
	if err != nil {
		return out, err
	}

	for _, v := range out.gone {
		citizen := citizens[v.Facts.Citizen]
		change := RowChange{
			Kind: ChangeGone, Visit: v.ID, Employee: v.Facts.Employee, Name: citizen.Name, Key: citizen.Key(), Service: v.Facts.Service,
			Planned: v.Facts.Planned, Screen: v.State.Active(), Effect: "Besøget tages af listen.",
		}

		switch {
		case change.Screen:
			change.Effect = "Skærmbesøget bliver stående og kommer på listen over det, der kræver handling."
		case v.ToCall():
			change.Effect = "Der skal ringes til borgeren, så besøget bliver stående og kommer på listen over det, der kræver handling."
		}

		out.changes = append(out.changes, change)
	}

	return out, nil
}

func (s *Service) facts(id care.ListID, row ehr.Row, citizen care.Citizen) care.Facts {
	return care.Facts{
		List: id, ListName: row.ListName, Line: row.Line, Unit: s.unitOf(row.ListName).ID, Citizen: citizen.ID,
		Employee: row.Employee, Service: row.Service, Law: row.Law, Category: row.Category, Comment: row.Comment,
		Shift: row.Shift, Planned: row.Planned, Status: row.Status,
	}
}

// originalCategory returns the category that undo puts back. A list that was read while the visit stood
// there as one of ours may be imported after the visit is physical again: that is no category of people's.
func (s *Service) originalCategory(old *care.Snapshot, listed string) string {
	if old == nil || old.Generation == 0 || listed == "" {
		return listed
	}

	r := s.recordRule(old.Facts)
	if slices.Contains([]string{r.Planned, r.Completed, r.NotCompleted, r.Phone}, listed) {
		return old.Facts.Category
	}

	return listed
}

// compare tells what a row does to the visit that it is.
func (s *Service) compare(m match, citizen care.Citizen, contact []string) RowChange {
	out := RowChange{
		Kind: ChangeNew, Line: m.row.Line, Employee: m.row.Employee, Name: citizen.Name, Key: citizen.Key(),
		Service: m.row.Service, Planned: m.row.Planned,
	}

	if m.old == nil {
		return out
	}

	old := m.old.Facts
	out.Screen = m.old.State.Active()
	out.What = append(differences(*m.old, m.facts), contact...)

	if m.old.Missed() {
		out.What = append(out.What, "er tilbage på listen")
	}

	switch {
	case m.old.State.Final() && !m.old.Dropped():
		out.Kind, out.What = ChangeNone, nil
	case m.old.Dropped():
		out.Kind, out.What, out.Effect = ChangeNew, []string{"er tilbage på listen"}, "Besøget er med igen."
	case out.Screen && (old.Citizen != m.facts.Citizen || m.old.State == care.Open && !old.Planned.Equal(m.row.Planned)):
		out.Kind, out.Effect = ChangeOther, "Skærmbesøget bliver, som det er, og kommer på listen over det, der kræver handling."
	case !old.Planned.Equal(m.row.Planned):
		out.Kind, out.Before = ChangeMoved, old.Planned
		if out.Screen {
			out.Effect = "Rummet flyttes, og borgeren får besked."
		}
	case len(out.What) > 0:
		out.Kind = ChangeOther
		if out.Screen && m.phone == newPhone {
			out.Effect = "Borgeren inviteres igen på det nye nummer, og det gamle link virker ikke mere."
		}

		if out.Screen && m.phone == lostPhone {
			out.Effect = "Det gamle link virker ikke mere, og skærmbesøget kommer på listen over det, der kræver handling."
		}
	default:
		out.Kind = ChangeNone
	}

	return out
}

// differences tells in Danish what a list changes apart from the time. Category and comment that are
// ours are not compared.
func differences(old care.Snapshot, fresh care.Facts) []string {
	var out []string

	say := func(what, before, after string) {
		if before != after {
			out = append(out, fmt.Sprintf("%s: %s → %s", what, cmp.Or(before, "tom"), cmp.Or(after, "tom")))
		}
	}

	say("medarbejder", string(old.Facts.Employee), string(fresh.Employee))
	say("indsats", old.Facts.Service, fresh.Service)
	say("lov", old.Facts.Law.Danish(), fresh.Law.Danish())
	say("status", old.Facts.Status, fresh.Status)

	if old.Facts.Citizen != fresh.Citizen {
		out = append(out, "besøget er hos en anden borger")
	}

	if !old.ListIsOurs() {
		say("besøgstype", old.Facts.Category, fresh.Category)

		if old.Facts.Comment != fresh.Comment {
			out = append(out, "bemærkningen er ændret")
		}
	}

	return out
}
