package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// uploadLife is how long a file waits between its preview and its import.
const uploadLife = 24 * time.Hour

type listRow struct {
	ID             string `gorm:"primaryKey"`
	Kept           string
	FirstDay       string
	LastDay        string
	FileNameSealed []byte
	MadeBy         string
	MadeAt         int64
	RowTotal       int
	Faults         int
	NewVisits      int
	Moved          int
	Changed        int
	Gone           int
	Same           int
	Problems       string
	FileSealed     []byte
	RowRefsSealed  []byte
}

// TableName names the table for gorm.
func (listRow) TableName() string { return "lists" }

type uploadRow struct {
	ID             string `gorm:"primaryKey"`
	FileNameSealed []byte
	FileSealed     []byte
	MadeBy         string
	MadeAt         int64
}

// TableName names the table for gorm.
func (uploadRow) TableName() string { return "uploads" }

// storedProblem and storedRef are the stored forms of ehr.Problem and ehr.RowRef.
type storedProblem struct {
	Line     int    `json:"line,omitempty"`
	Column   string `json:"column,omitempty"`
	Severity int    `json:"severity"`
	Text     string `json:"text"`
}

type storedRef struct {
	Line       int    `json:"line"`
	System     string `json:"system"`
	ID         string `json:"id"`
	Occurrence string `json:"occurrence"`
}

func (k *Keys) listToRow(in scheduler.Import) (listRow, error) {
	r := in.Record
	seal := sealer{keys: k, table: "lists", row: string(r.ID)}

	problems := make([]storedProblem, 0, len(r.Problems))
	for _, p := range r.Problems {
		problems = append(problems, storedProblem{p.Line, p.Column, int(p.Severity), p.Text})
	}

	refs := make([]storedRef, 0, len(in.Rows))
	for _, ref := range in.Rows {
		refs = append(refs, storedRef{ref.Line, ref.Source.System, ref.Source.ID, ref.Source.Occurrence})
	}

	problemText, err := json.Marshal(problems)
	if err != nil {
		return listRow{}, fmt.Errorf("problems: %w", err)
	}

	refText, err := json.Marshal(refs)
	if err != nil {
		return listRow{}, fmt.Errorf("row references: %w", err)
	}

	name := r.FileName
	if name == "" {
		name = in.File.Name
	}

	row := listRow{
		ID: string(r.ID), Kept: string(r.Kept), FirstDay: string(r.FirstDay), LastDay: string(r.LastDay), FileNameSealed: seal.seal("file_name", name), MadeBy: string(r.By), MadeAt: micros(r.At),
		RowTotal: r.Rows, Faults: r.Faults, NewVisits: r.New, Moved: r.Moved, Changed: r.Changed, Gone: r.Gone, Same: r.Same,
		Problems:   string(problemText),
		FileSealed: seal.sealBytes("file", in.File.Data), RowRefsSealed: seal.sealBytes("row_refs", pack(refText)),
	}

	return row, seal.err
}

func (k *Keys) listFromRow(row listRow) (scheduler.ListRecord, error) {
	seal := sealer{keys: k, table: "lists", row: row.ID}
	record := scheduler.ListRecord{
		ID: care.ListID(row.ID), Kept: care.ListID(row.Kept), FirstDay: care.Day(row.FirstDay), LastDay: care.Day(row.LastDay), FileName: seal.open("file_name", row.FileNameSealed), By: care.EmployeeID(row.MadeBy),
		At: instant(row.MadeAt), Rows: row.RowTotal, Faults: row.Faults, New: row.NewVisits, Moved: row.Moved,
		Changed: row.Changed, Gone: row.Gone, Same: row.Same,
	}

	var problems []storedProblem
	if err := json.Unmarshal([]byte(row.Problems), &problems); err != nil {
		return record, fmt.Errorf("problems of list %s: %w", row.ID, err)
	}

	for _, p := range problems {
		record.Problems = append(record.Problems, ehr.Problem{Line: p.Line, Column: p.Column, Severity: ehr.Severity(p.Severity), Text: p.Text})
	}

	return record, seal.err
}

func (k *Keys) fileFromRow(row listRow) (ehr.File, []ehr.RowRef, error) {
	seal := sealer{keys: k, table: "lists", row: row.ID}
	file := ehr.File{Name: seal.open("file_name", row.FileNameSealed), Data: seal.openBytes("file", row.FileSealed)}
	packed := seal.openBytes("row_refs", row.RowRefsSealed)

	if seal.err != nil {
		return ehr.File{}, nil, seal.err
	}

	text, err := unpack(packed)
	if err != nil {
		return ehr.File{}, nil, fmt.Errorf("row references of list %s: %w", row.ID, err)
	}

	var refs []storedRef
	if err := json.Unmarshal(text, &refs); err != nil {
		return ehr.File{}, nil, fmt.Errorf("row references of list %s: %w", row.ID, err)
	}

	rows := make([]ehr.RowRef, 0, len(refs))
	for _, r := range refs {
		rows = append(rows, ehr.RowRef{Line: r.Line, Source: care.SourceRef{System: r.System, ID: r.ID, Occurrence: r.Occurrence}})
	}

	return file, rows, nil
}

// pack compresses; row references repeat themselves a lot.
func pack(data []byte) []byte {
	var out bytes.Buffer

	w := gzip.NewWriter(&out)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()

	return out.Bytes()
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}

	out, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}

	return out, nil
}

// SaveImport implements scheduler.Lists.
func (s *Store) SaveImport(ctx context.Context, in scheduler.Import) error {
	list, err := s.keys.listToRow(in)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := insert(tx, []listRow{list}); err != nil {
			return err
		}

		if err := s.saveCitizens(tx, in.Citizens); err != nil {
			return err
		}

		if err := s.insertVisits(tx, in.New); err != nil {
			return err
		}

		if err := s.relist(tx, in.Changed); err != nil {
			return err
		}

		return s.writeEffects(tx, in.Effects)
	})
}

// relist writes visits that the import changed. One whose version is not the stored one was
// changed meanwhile: Conflict, because the import was worked out from what it was.
func (s *Store) relist(tx *gorm.DB, changed []*care.Visit) error {
	ids := make([]care.VisitID, 0, len(changed))
	for _, v := range changed {
		ids = append(ids, v.ID())
	}

	found, err := s.lock(tx, ids)
	if err != nil {
		return err
	}

	stored := make(map[care.VisitID]care.Snapshot, len(found))
	for _, f := range found {
		stored[f.ID] = f
	}

	pairs := make([]pair, 0, len(changed))

	for _, v := range changed {
		before, after := stored[v.ID()], v.Snapshot()
		if before.Version == 0 || before.Version != after.Version {
			return once(errMoved)
		}

		after.Version++
		pairs = append(pairs, pair{before, after})
	}

	return once(s.saveMany(tx, pairs))
}

// once turns errMoved into a final Conflict: running the transaction again can't help.
func once(err error) error {
	if errors.Is(err, errMoved) {
		return &care.Error{Kind: care.Conflict, Message: textConflict, Err: err}
	}

	return err
}

const recordColumns = "id, kept, first_day, last_day, file_name_sealed, made_by, made_at, row_total, faults, new_visits, moved, changed, gone, same, problems"

// List implements scheduler.Lists.
func (s *Store) List(ctx context.Context, id care.ListID) (scheduler.ListRecord, error) {
	var row listRow
	if err := s.read.WithContext(ctx).Select(recordColumns).Where("id = ?", id).Take(&row).Error; err != nil {
		return scheduler.ListRecord{}, translate(err)
	}

	record, err := s.keys.listFromRow(row)

	return record, translate(err)
}

// ListFile implements scheduler.Lists.
func (s *Store) ListFile(ctx context.Context, kept care.ListID) (ehr.File, []ehr.RowRef, error) {
	var row listRow
	if err := s.read.WithContext(ctx).Where("kept = ? AND file_sealed IS NOT NULL", kept).Order("made_at DESC, id").Take(&row).Error; err != nil {
		return ehr.File{}, nil, translate(err)
	}

	file, refs, err := s.keys.fileFromRow(row)

	return file, refs, translate(err)
}

// RecentLists implements scheduler.Lists.
func (s *Store) RecentLists(ctx context.Context, limit int) ([]scheduler.ListRecord, error) {
	var rows []listRow
	if err := s.read.WithContext(ctx).Select(recordColumns).Order("made_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.ListRecord, 0, len(rows))

	for _, row := range rows {
		record, err := s.keys.listFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, record)
	}

	return slices.Clip(out), nil
}

// KeepUpload implements scheduler.Lists. It also removes uploads that are older than a day.
func (s *Store) KeepUpload(ctx context.Context, id care.ListID, file ehr.File, by care.EmployeeID, at time.Time) error {
	seal := sealer{keys: s.keys, table: "uploads", row: string(id)}
	row := uploadRow{
		ID: string(id), FileNameSealed: seal.seal("file_name", file.Name), FileSealed: seal.sealBytes("file", file.Data),
		MadeBy: string(by), MadeAt: micros(at),
	}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("made_at < ?", micros(at.Add(-uploadLife))).Delete(&uploadRow{}).Error; err != nil {
			return fmt.Errorf("remove old uploads: %w", err)
		}

		// The id names the content: whoever uploads the same file after another gets a preview too.
		return once(upsert(tx, []uploadRow{row}, "1 = 1"))
	})
}

// Upload implements scheduler.Lists.
func (s *Store) Upload(ctx context.Context, id care.ListID) (ehr.File, care.EmployeeID, error) {
	var row uploadRow
	if err := s.read.WithContext(ctx).Where("id = ? AND made_at >= ?", id, micros(s.clock().Add(-uploadLife))).Take(&row).Error; err != nil {
		return ehr.File{}, "", translate(err)
	}

	seal := sealer{keys: s.keys, table: "uploads", row: row.ID}
	file := ehr.File{Name: seal.open("file_name", row.FileNameSealed), Data: seal.openBytes("file", row.FileSealed)}

	return file, care.EmployeeID(row.MadeBy), translate(seal.err)
}
