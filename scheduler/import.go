package scheduler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// importTries is how often an import is computed anew when visits change under it.
const importTries = 25

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

	list.Problems = slices.Concat(list.Problems, diff.problems)

	return Preview{
		Upload: id, FileName: file.Name, List: list, PerDay: perDay(list.Rows), Changes: diff.changes,
		Counts: diff.counts(), Faults: faults(list), Known: diff.still() && len(list.Rows) > 0,
	}, nil
}

// mayImport refuses a file in which a row, or the visit that a row is so far, belongs to a unit
// that the actor has no say in. Rows of lists that the configuration does not know may be
// imported by whoever may import anywhere.
func (s *Service) mayImport(actor care.Actor, list ehr.DrivingList, d diff) error {
	units := make(map[care.UnitID]bool)
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
		ID: care.ListID(randomID()), Kept: diff.kept, FirstDay: first, LastDay: last, FileName: file.Name, By: actor.Employee, At: s.now(), Rows: list.Total, Faults: faults(list), Problems: slices.Concat(list.Problems, diff.problems),
		New: counts[ChangeNew], Moved: counts[ChangeMoved], Changed: counts[ChangeOther], Gone: counts[ChangeGone], Same: counts[ChangeNone],
	}

	in := Import{Record: record}

	if !diff.still() {
		if in, err = s.assemble(diff, record, file); err != nil {
			return ListRecord{}, err
		}
	}

	for _, old := range diff.numbers {
		more := s.numberChanged(old.Citizen, old.Phone)
		in.Effects.Numbers = append(in.Effects.Numbers, more.Numbers...)
		in.Effects.Jobs = append(in.Effects.Jobs, more.Jobs...)
		in.Effects.Audit = append(in.Effects.Audit, more.Audit...)
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
	s.keepFollowUp(v, bySystem)

	in.Changed = append(in.Changed, v)
	in.Effects.Jobs = append(in.Effects.Jobs, s.jobsFor(old, v.Snapshot())...)
}

// RecentLists returns the newest imports. Needs ImportLists somewhere.
func (s *Service) RecentLists(ctx context.Context, actor care.Actor) ([]ListRecord, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return nil, actor.Must(care.ImportLists, care.EveryUnit)
	}

	return s.store.RecentLists(ctx, 20)
}
