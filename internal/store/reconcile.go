package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type runRow struct {
	ID           string `gorm:"primaryKey"`
	Kind         string
	State        string
	Active       *int
	Step         int
	FromAt       int64
	ToAt         int64
	AfterCitizen string
	Citizens     int
	Looked       int
	Visits       int
	Missing      string
	Refused      int
	Found        int
	Repairs      int
	Sentence     string
	Counts       string
	Tries        int
	AskedBy      string
	AskedAt      int64
	BegunAt      *int64
	NextTry      *int64
	DoneAt       *int64
}

// TableName names the table for gorm.
func (runRow) TableName() string { return "reconcile_runs" }

// storedCount is the stored form of scheduler.CategoryCount.
type storedCount struct {
	Day      care.Day       `json:"day"`
	Unit     care.UnitID    `json:"unit"`
	Category string         `json:"category"`
	Own      int            `json:"own"`
	Record   int            `json:"record"`
	Visits   []care.VisitID `json:"visits,omitempty"`
	Unknown  int            `json:"unknown,omitempty"`
}

func runToRow(r scheduler.Run) (runRow, error) {
	counts := make([]storedCount, len(r.Counts))
	for i, c := range r.Counts {
		counts[i] = storedCount(c)
	}

	text, err := json.Marshal(counts)
	if err != nil {
		return runRow{}, fmt.Errorf("counts of a run: %w", err)
	}

	missing := make([]string, len(r.Missing))
	for i, id := range r.Missing {
		missing[i] = string(id)
	}

	row := runRow{
		ID: string(r.ID), Kind: string(r.Kind), State: string(r.State), Step: r.Step, FromAt: micros(r.Window.Start), ToAt: micros(r.Window.End),
		AfterCitizen: string(r.Cursor), Citizens: r.Citizens, Looked: r.Looked, Visits: r.Visits, Missing: strings.Join(missing, ","), Refused: r.Refused,
		Found: r.Found, Repairs: r.Auto, Sentence: r.Text, Counts: string(text), Tries: r.Tries, AskedBy: r.By, AskedAt: micros(r.AskedAt),
		BegunAt: microsOrNull(r.BegunAt), NextTry: microsOrNull(r.NextTry), DoneAt: microsOrNull(r.DoneAt),
	}

	if r.Active() {
		one := 1
		row.Active = &one
	}

	return row, nil
}

func runFromRow(r runRow) (scheduler.Run, error) {
	var counts []storedCount
	if err := json.Unmarshal([]byte(r.Counts), &counts); err != nil {
		return scheduler.Run{}, fmt.Errorf("counts of a run: %w", err)
	}

	out := scheduler.Run{
		ID: scheduler.RunID(r.ID), Kind: scheduler.RunKind(r.Kind), State: scheduler.RunState(r.State), Step: r.Step,
		Window: care.Interval{Start: instant(r.FromAt), End: instant(r.ToAt)}, Cursor: care.CitizenID(r.AfterCitizen),
		Citizens: r.Citizens, Looked: r.Looked, Visits: r.Visits, Refused: r.Refused, Found: r.Found, Auto: r.Repairs, Text: r.Sentence, Tries: r.Tries, By: r.AskedBy,
		AskedAt: instant(r.AskedAt), BegunAt: instantOrZero(r.BegunAt), NextTry: instantOrZero(r.NextTry), DoneAt: instantOrZero(r.DoneAt),
	}

	for _, c := range counts {
		out.Counts = append(out.Counts, scheduler.CategoryCount(c))
	}

	for id := range strings.SplitSeq(r.Missing, ",") {
		if id != "" {
			out.Missing = append(out.Missing, care.CitizenID(id))
		}
	}

	return out, nil
}

type findingRow struct {
	ID           string `gorm:"primaryKey"`
	Kind         string
	VisitID      string
	About        string
	Unit         string
	LocalDay     string
	State        string
	Live         bool
	OursSealed   []byte
	TheirsSealed []byte
	FirstSeen    int64
	LastSeen     int64
	MendBy       string
	MendAt       *int64
	Sentence     string
	ClosedAt     *int64
	ClosedBy     string
	ReasonSealed []byte
}

// TableName names the table for gorm.
func (findingRow) TableName() string { return "findings" }

func (k *Keys) findingToRow(f care.Finding) (findingRow, error) {
	seal := sealer{keys: k, table: "findings", row: string(f.ID)}

	row := findingRow{
		ID: string(f.ID), Kind: string(f.Kind), VisitID: string(f.Visit), About: f.About, Unit: string(f.Unit), LocalDay: string(f.Day), State: string(f.State), Live: f.State.Live(),
		OursSealed: seal.seal("ours", f.Ours), TheirsSealed: seal.seal("theirs", f.Theirs), FirstSeen: micros(f.FirstSeen), LastSeen: micros(f.LastSeen),
		MendBy: f.MendBy, MendAt: microsOrNull(f.MendAt), Sentence: f.Note, ClosedAt: microsOrNull(f.ClosedAt), ClosedBy: f.ClosedBy,
		ReasonSealed: seal.seal("reason", f.Reason),
	}

	return row, seal.err
}

func (k *Keys) findingFromRow(r findingRow) (care.Finding, error) {
	seal := sealer{keys: k, table: "findings", row: r.ID}

	f := care.Finding{
		Drift: care.Drift{Kind: care.DriftKind(r.Kind), Visit: care.VisitID(r.VisitID), About: r.About, Ours: seal.open("ours", r.OursSealed), Theirs: seal.open("theirs", r.TheirsSealed)},
		ID:    care.FindingID(r.ID), Unit: care.UnitID(r.Unit), Day: care.Day(r.LocalDay), State: care.FindingState(r.State),
		FirstSeen: instant(r.FirstSeen), LastSeen: instant(r.LastSeen), MendBy: r.MendBy, MendAt: instantOrZero(r.MendAt), Note: r.Sentence,
		ClosedAt: instantOrZero(r.ClosedAt), ClosedBy: r.ClosedBy, Reason: seal.open("reason", r.ReasonSealed),
	}

	return f, seal.err
}

// AskRun implements scheduler.Reconciliations.
func (s *Store) AskRun(ctx context.Context, r scheduler.Run, e scheduler.Effects) (active scheduler.Run, fresh bool, err error) {
	row, err := runToRow(r)
	if err != nil {
		return r, false, translate(err)
	}

	active = r

	err = s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return fmt.Errorf("ask for a run: %w", done.Error)
		}

		if fresh = done.RowsAffected > 0; fresh {
			active = r

			return s.writeEffects(tx, e)
		}

		var other runRow

		// The run itself when it was asked for before, else the one that is active.
		err := tx.Where("id = ?", row.ID).Or("active = 1").Order(clause.Expr{SQL: "CASE WHEN id = ? THEN 0 ELSE 1 END", Vars: []any{row.ID}}).Take(&other).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errMoved // it ended just now
		}

		if err == nil {
			active, err = runFromRow(other)
		}

		return err
	})

	return active, fresh && err == nil, err
}

// SaveRun implements scheduler.Reconciliations.
func (s *Store) SaveRun(ctx context.Context, r scheduler.Run, findings []scheduler.FindingChange, e scheduler.Effects) error {
	row, err := runToRow(r)
	if err != nil {
		return translate(err)
	}

	rows := make([]findingRow, len(findings))
	for i, f := range findings {
		if rows[i], err = s.keys.findingToRow(f.After); err != nil {
			return translate(err)
		}
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&runRow{}).Where("id = ? AND step = ?", row.ID, row.Step-1).Select("*").Updates(row)
		if done.Error != nil {
			return fmt.Errorf("how far a run is: %w", done.Error)
		}

		if done.RowsAffected == 0 {
			return &refusal{care.NewError(care.Conflict, "Afstemningen er nået videre imens.")}
		}

		for i, f := range findings {
			if err := writeFinding(tx, f.Before, rows[i]); err != nil {
				return err
			}
		}

		return s.writeEffects(tx, e)
	})
}

// Run implements scheduler.Reconciliations.
func (s *Store) Run(ctx context.Context, id scheduler.RunID) (scheduler.Run, error) {
	var row runRow
	if err := s.read.WithContext(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return scheduler.Run{}, translate(err)
	}

	r, err := runFromRow(row)

	return r, translate(err)
}

// RecentRuns implements scheduler.Reconciliations.
func (s *Store) RecentRuns(ctx context.Context, limit int, kinds ...scheduler.RunKind) ([]scheduler.Run, error) {
	db := s.read.WithContext(ctx).Order("asked_at DESC, id").Limit(limit)
	if len(kinds) > 0 {
		db = db.Where("kind IN ?", kinds)
	}

	var rows []runRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.Run, len(rows))

	for i, row := range rows {
		var err error
		if out[i], err = runFromRow(row); err != nil {
			return nil, translate(err)
		}
	}

	return out, nil
}

// Findings implements scheduler.Reconciliations.
func (s *Store) Findings(ctx context.Context, q scheduler.FindingQuery) ([]care.Finding, error) {
	db := s.findingsLike(ctx, q).Order("live DESC, last_seen DESC, id")

	if q.Limit > 0 {
		db = db.Limit(q.Limit)
	}

	var rows []findingRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.Finding, len(rows))

	for i, row := range rows {
		var err error
		if out[i], err = s.keys.findingFromRow(row); err != nil {
			return nil, translate(err)
		}
	}

	slices.SortStableFunc(out, care.WorstFirst)

	return out, nil
}

// CountFindings implements scheduler.Reconciliations.
func (s *Store) CountFindings(ctx context.Context, q scheduler.FindingQuery) (int, error) {
	var n int64
	err := s.findingsLike(ctx, q).Model(&findingRow{}).Count(&n).Error

	return int(n), translate(err)
}

func (s *Store) findingsLike(ctx context.Context, q scheduler.FindingQuery) *gorm.DB {
	db := s.read.WithContext(ctx)

	if len(q.IDs) > 0 {
		db = db.Where("id IN ?", q.IDs)
	}

	if len(q.Visits) > 0 {
		db = db.Where("visit_id IN ?", q.Visits)
	}

	if len(q.Units) > 0 {
		db = db.Where("unit IN ?", q.Units)
	}

	if len(q.Kinds) > 0 {
		db = db.Where("kind IN ?", q.Kinds)
	}

	if len(q.States) > 0 {
		db = db.Where("state IN ?", q.States)
	}

	if q.Day != "" {
		db = db.Where("local_day = ?", string(q.Day))
	}

	switch {
	case q.Live:
		db = db.Where("live = ?", true)
	case !q.Since.IsZero():
		db = db.Where("(live = ? OR closed_at >= ?)", true, micros(q.Since))
	}

	return db
}

// SaveFinding implements scheduler.Reconciliations.
func (s *Store) SaveFinding(ctx context.Context, before, after care.Finding, e scheduler.Effects) error {
	row, err := s.keys.findingToRow(after)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := writeFinding(tx, before, row); err != nil {
			return err
		}

		return s.writeEffects(tx, e)
	})
}

// writeFinding inserts a finding that is new, or updates one about which nobody has done anything since
// before was read.
func writeFinding(tx *gorm.DB, before care.Finding, row findingRow) error {
	var done *gorm.DB

	if before.ID == "" {
		done = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	} else {
		db := tx.Model(&findingRow{}).Where("id = ? AND state = ?", row.ID, string(before.State))
		if before.MendAt.IsZero() {
			db = db.Where("mend_at IS NULL")
		} else {
			db = db.Where("mend_at = ?", micros(before.MendAt))
		}

		done = db.Select("*").Updates(row)
	}

	if done.Error != nil {
		return fmt.Errorf("a finding: %w", done.Error)
	}

	if done.RowsAffected == 0 {
		return &refusal{care.NewError(care.Conflict, "Der er allerede gjort noget ved forskellen. Opdatér siden.")}
	}

	return nil
}

// PurgeRuns implements scheduler.Reconciliations.
func (s *Store) PurgeRuns(ctx context.Context, before time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("done_at < ?", micros(before)).Delete(&runRow{}).Error; err != nil {
			return err
		}

		return tx.Where("live = ? AND closed_at < ?", false, micros(before)).Delete(&findingRow{}).Error
	})
}
