package scheduler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// importTries is how often an import is computed anew when visits change under it.
const importTries = 5

// PreviewList reads an uploaded file and tells what its import would do. The file is kept,
// encrypted, until it is imported. Needs ImportLists somewhere.
func (s *Service) PreviewList(ctx context.Context, actor care.Actor, up Upload) (Preview, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return Preview{}, actor.Must(care.ImportLists, care.EveryUnit)
	}

	list, err := s.read(ctx, up.File)
	if err != nil {
		return Preview{}, err
	}

	id := listID(up.File)
	if err := s.store.KeepUpload(ctx, id, up.File, actor.Employee, s.now()); err != nil {
		return Preview{}, err
	}

	return s.preview(ctx, actor, id, up.File, list)
}

// PreviewUpload tells it again for a file that is kept.
func (s *Service) PreviewUpload(ctx context.Context, actor care.Actor, upload care.ListID) (Preview, error) {
	file, err := s.uploaded(ctx, actor, upload)
	if err != nil {
		return Preview{}, err
	}

	list, err := s.read(ctx, file)
	if err != nil {
		return Preview{}, err
	}

	return s.preview(ctx, actor, upload, file, list)
}

func (s *Service) uploaded(ctx context.Context, actor care.Actor, upload care.ListID) (ehr.File, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return ehr.File{}, actor.Must(care.ImportLists, care.EveryUnit)
	}

	file, _, err := s.store.Upload(ctx, upload)
	if care.KindOf(err) == care.NotFound {
		return file, care.NewError(care.NotFound, "Filen er ikke her længere. Upload den igen.")
	}

	return file, err
}

// read decodes a file and turns the adapter's error into one for people.
func (s *Service) read(ctx context.Context, file ehr.File) (ehr.DrivingList, error) {
	list, err := s.files.Read(ctx, file)
	if err != nil {
		return list, &care.Error{Kind: care.Invalid, Message: advice(err, "Filen kan ikke læses som en køreliste. Eksportér den igen som CSV eller XLSX."), Err: err}
	}

	return list, nil
}

// listID names a file by its content, so that the same file is the same list.
func listID(file ehr.File) care.ListID {
	sum := sha256.Sum256(file.Data)

	return care.ListID(hex.EncodeToString(sum[:16]))
}

func (s *Service) preview(ctx context.Context, actor care.Actor, id care.ListID, file ehr.File, list ehr.DrivingList) (Preview, error) {
	diff, err := s.diff(ctx, id, list)
	if err != nil {
		return Preview{}, err
	}

	if err := s.mayImport(actor, list, diff); err != nil {
		return Preview{}, err
	}

	return Preview{
		Upload: id, FileName: file.Name, List: list, PerDay: perDay(list.Rows), Changes: diff.changes,
		Counts: diff.counts(), Faults: faults(list), Known: diff.still() && len(list.Rows) > 0,
	}, nil
}

// mayImport refuses a file in which a row, or the visit that a row is so far, belongs to a unit
// that the actor has no say in. Rows of lists that the configuration does not know may be
// imported by whoever may import anywhere.
func (s *Service) mayImport(actor care.Actor, list ehr.DrivingList, d diff) error {
	units := map[care.UnitID]bool{}
	for _, row := range list.Rows {
		units[s.unitOf(row.ListName).ID] = true
	}

	for _, m := range d.matches {
		if m.old != nil {
			units[m.old.Facts.Unit] = true
		}
	}

	delete(units, "")

	for unit := range units {
		if err := actor.Must(care.ImportLists, unit); err != nil {
			return err
		}
	}

	return nil
}

func faults(list ehr.DrivingList) int { return max(0, list.Total-len(list.Rows)) }

func perDay(rows []ehr.Row) []PerDay {
	type key struct {
		day      care.Day
		employee care.EmployeeID
	}

	count := map[key]int{}
	for _, r := range rows {
		count[key{care.DayOf(r.Planned.Start), r.Employee}]++
	}

	out := make([]PerDay, 0, len(count))
	for k, n := range count {
		out = append(out, PerDay{Day: k.day, Employee: k.employee, Rows: n})
	}

	slices.SortFunc(out, func(a, b PerDay) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Employee, b.Employee))
	})

	return out
}

// ImportList imports a file that was uploaded. Importing the same file again changes nothing.
func (s *Service) ImportList(ctx context.Context, actor care.Actor, upload care.ListID) (ListRecord, error) {
	file, err := s.uploaded(ctx, actor, upload)
	if err != nil {
		return ListRecord{}, err
	}

	list, err := s.read(ctx, file)
	if err != nil {
		return ListRecord{}, err
	}

	if len(list.Rows) == 0 {
		return ListRecord{}, care.NewError(care.Invalid, "Der er ingen rækker i filen, der kan importeres. Ret fejlene, og prøv igen.")
	}

	for range importTries {
		var record ListRecord

		record, err = s.importOnce(ctx, actor, upload, file, list)
		if care.KindOf(err) != care.Conflict {
			return record, err
		}
	}

	return ListRecord{}, err
}

func (s *Service) importOnce(ctx context.Context, actor care.Actor, id care.ListID, file ehr.File, list ehr.DrivingList) (ListRecord, error) {
	diff, err := s.diff(ctx, id, list)
	if err != nil {
		return ListRecord{}, err
	}

	if err := s.mayImport(actor, list, diff); err != nil {
		return ListRecord{}, err
	}

	counts := diff.counts()
	first, last := span(list.Rows)
	record := ListRecord{
		ID: care.ListID(randomID()), Kept: diff.kept, FirstDay: first, LastDay: last, FileName: file.Name, By: actor.Employee, At: s.now(), Rows: list.Total, Faults: faults(list), Problems: list.Problems,
		New: counts[ChangeNew], Moved: counts[ChangeMoved], Changed: counts[ChangeOther], Gone: counts[ChangeGone], Same: counts[ChangeNone],
	}

	in := Import{Record: record}

	if !diff.still() {
		if in, err = s.assemble(diff, record, file); err != nil {
			return ListRecord{}, err
		}
	}

	in.Effects.Audit = append(in.Effects.Audit, AuditRow{
		At: record.At, Actor: string(actor.Employee), Action: "import",
		Detail: fmt.Sprintf("new %d, moved %d, changed %d, gone %d, unchanged %d, faults %d", record.New, record.Moved, record.Changed, record.Gone, record.Same, record.Faults),
	})

	return record, s.store.SaveImport(ctx, in)
}

// assemble makes everything that the import writes.
func (s *Service) assemble(diff diff, record ListRecord, file ehr.File) (Import, error) {
	in := Import{Record: record, File: file, Citizens: diff.citizens}
	if _, keeps := s.journal.(ehr.ListKeeper); keeps {
		in.Effects.Jobs = append(in.Effects.Jobs, Job{Kind: KeepListJob, Ref: string(record.Kept)})
	}

	in.Rows = make([]ehr.RowRef, 0, len(diff.matches))

	for _, m := range diff.matches {
		in.Rows = append(in.Rows, ehr.RowRef{Line: m.row.Line, Source: m.row.Source})

		if m.old == nil {
			v, err := care.NewVisit(m.id, m.row.Source, m.facts)
			if err != nil {
				return Import{}, err
			}

			in.New = append(in.New, v)

			continue
		}

		if m.idle() {
			continue
		}

		v := care.Restore(*m.old)
		s.relist(v, m)
		s.addChanged(&in, v, *m.old)
	}

	for _, old := range diff.gone {
		v := care.Restore(old)
		v.Drop(diff.file, record.At)
		s.addChanged(&in, v, old)
	}

	return in, nil
}

func (s *Service) addChanged(in *Import, v *care.Visit, old care.Snapshot) {
	in.Changed = append(in.Changed, v)
	in.Effects.Jobs = append(in.Effects.Jobs, s.jobsFor(old, v.Snapshot())...)
}

// phoneChange is what a list does to the number that a citizen had.
type phoneChange int

const (
	samePhone phoneChange = iota
	newPhone
	lostPhone
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
	return m.old.State.Final() && !m.old.Dropped() ||
		m.change.Kind == ChangeNone && m.old.Facts.Line == m.facts.Line && !m.old.NeedsPerson()
}

// diff is what a file does to the store.
type diff struct {
	kept     care.ListID // the list's own name
	file     care.ListID // names the file by its content
	matches  []match
	gone     []care.Snapshot
	citizens []care.Citizen // new or with new contact data
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
		kept: keptName(id, known), file: id, citizens: changed.list,
		matches: make([]match, 0, len(list.Rows)), changes: make([]RowChange, 0, len(list.Rows)),
	}

	for i := range list.Rows {
		row := &list.Rows[i]
		m := match{row: row, old: bySource[row.Source], phone: changed.phone[citizens[row.CPR].ID]}
		citizen := citizens[row.CPR]
		m.facts, m.channel = s.facts(out.kept, *row, citizen), citizen.Channel()
		m.change = s.compare(m, citizen, changed.what[citizen.ID])

		if m.old == nil {
			m.id = care.VisitID(randomID())
		} else {
			m.id, m.change.Visit = m.old.ID, m.old.ID
		}

		out.matches = append(out.matches, m)
		out.changes = append(out.changes, m.change)
	}

	return s.addGone(ctx, out, list.Rows, bySource)
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
func (s *Service) addGone(ctx context.Context, out diff, rows []ehr.Row, present map[care.SourceRef]*care.Snapshot) (diff, error) {
	type scope struct{ system, list string }

	days := map[scope]map[string]bool{}
	windows := map[scope]care.Interval{}

	for _, r := range rows {
		key := scope{r.Source.System, r.ListName}
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
			if days[key][v.Source.Occurrence] && present[v.Source] == nil && !v.State.Final() && !v.MissedIn(out.file) {
				out.gone = append(out.gone, v)
			}
		}
	}

	return s.describeGone(ctx, out)
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
			Kind: ChangeGone, Visit: v.ID, Employee: v.Facts.Employee, Name: citizen.Name, CPR: citizen.CPR, Service: v.Facts.Service,
			Planned: v.Facts.Planned, Screen: v.State.Active(), Effect: "Besøget tages af listen.",
		}

		if change.Screen {
			change.Effect = "Skærmbesøget bliver stående og kommer på listen over det, der kræver handling."
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

// compare tells what a row does to the visit that it is.
func (s *Service) compare(m match, citizen care.Citizen, contact []string) RowChange {
	out := RowChange{
		Kind: ChangeNew, Line: m.row.Line, Employee: m.row.Employee, Name: citizen.Name, CPR: citizen.CPR,
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
	default:
		out.Kind = ChangeNone
	}

	return out
}

// differences tells in Danish what a list changes apart from the time. While a visit is given by
// screen its category and comment are ours, so they are not compared.
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

	if !old.State.Active() {
		say("besøgstype", old.Facts.Category, fresh.Category)

		if old.Facts.Comment != fresh.Comment {
			out = append(out, "bemærkningen er ændret")
		}
	}

	return out
}

// contacts are the citizens that an import writes, and in Danish what changes about each.
type contacts struct {
	list  []care.Citizen
	what  map[care.CitizenID][]string
	phone map[care.CitizenID]phoneChange
}

// matchCitizens finds or makes the citizen of every row. Where a citizen stands on several rows
// the one with the known number counts, else the first one with a number.
func (s *Service) matchCitizens(ctx context.Context, rows []ehr.Row, now time.Time) (map[care.CPR]care.Citizen, contacts, error) {
	numbers := make([]care.CPR, 0, len(rows))
	for _, r := range rows {
		numbers = append(numbers, r.CPR)
	}

	stored, err := s.store.CitizensByCPR(ctx, numbers)
	if err != nil {
		return nil, contacts{}, err
	}

	all := map[care.CPR]care.Citizen{}
	best := map[care.CPR]ehr.Row{}

	for _, r := range rows {
		if so, seen := best[r.CPR]; !seen || better(r, so, stored[r.CPR]) {
			best[r.CPR] = r
		}
	}

	out := contacts{what: map[care.CitizenID][]string{}, phone: map[care.CitizenID]phoneChange{}}

	for _, number := range numbers {
		if _, done := all[number]; done {
			continue
		}

		old, known := stored[number]
		fresh := citizenFrom(best[number], old, known)

		if what := contactChanges(old, fresh); !known || len(what) > 0 {
			fresh.UpdatedAt = now
			out.list = append(out.list, fresh)

			if known {
				out.what[fresh.ID], out.phone[fresh.ID] = what, phoneChangeOf(old, fresh)
			}
		}

		all[number] = fresh
	}

	return all, out, nil
}

// better prefers the row with the telephone number that is known, so that the order of rows decides
// nothing; else a row with a number.
func better(r, best ehr.Row, known care.Citizen) bool {
	if number := known.Phone.Reveal(); number != "" && (r.Phone.Reveal() == number) != (best.Phone.Reveal() == number) {
		return r.Phone.Reveal() == number
	}

	return best.Phone.IsZero() && !r.Phone.IsZero()
}

func citizenFrom(r ehr.Row, old care.Citizen, known bool) care.Citizen {
	c := old
	if !known {
		c = care.Citizen{ID: care.CitizenID(randomID()), CPR: r.CPR, Verdict: r.CPRVerdict, Suitability: care.SuitabilityUnknown}
	}

	c.Name, c.Phone = cmp.Or(r.Name, old.Name), r.Phone
	c.Address = cmp.Or(r.Address, old.Address)

	if !r.Email.IsZero() {
		c.Email = r.Email
	}

	if r.Suitable != "" && r.Suitable != care.SuitabilityUnknown {
		c.Suitability = r.Suitable
	}

	return c
}

func phoneChangeOf(old, fresh care.Citizen) phoneChange {
	switch {
	case old.Phone.IsZero() || old.Phone.Reveal() == fresh.Phone.Reveal():
		return samePhone
	case fresh.Phone.IsZero():
		return lostPhone
	default:
		return newPhone
	}
}

func contactChanges(old, fresh care.Citizen) []string {
	var out []string

	if old.Phone.Reveal() != fresh.Phone.Reveal() {
		out = append(out, map[bool]string{true: "borgerens mobilnummer er væk", false: "borgeren har nyt mobilnummer"}[fresh.Phone.IsZero()])
	}

	if old.Email.Reveal() != fresh.Email.Reveal() {
		out = append(out, "borgeren har ny e-mail")
	}

	if old.Name != fresh.Name || old.Address != fresh.Address {
		out = append(out, "borgerens navn eller adresse er ændret")
	}

	if old.Suitability != fresh.Suitability {
		out = append(out, "borgerens egnethed er ændret")
	}

	return out
}

// RecentLists returns the newest imports. Needs ImportLists somewhere.
func (s *Service) RecentLists(ctx context.Context, actor care.Actor) ([]ListRecord, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return nil, actor.Must(care.ImportLists, care.EveryUnit)
	}

	return s.store.RecentLists(ctx, 20)
}
