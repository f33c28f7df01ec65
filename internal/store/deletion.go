package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type tombstoneRow struct {
	VisitID    string `gorm:"primaryKey"`
	Rule       string
	KeepDays   int
	Unit       string
	LocalDay   string
	System     string
	SourceID   string
	Occurrence string
	Receipts   string
	Proof      string
	Forgotten  int64 `gorm:"column:deleted_at"`
}

// TableName names the table for gorm.
func (tombstoneRow) TableName() string { return "tombstones" }

// storedReceipt is the stored form of an entry that the record took.
type storedReceipt struct {
	Kind      string `json:"kind"`
	Means     string `json:"means"`
	ID        string `json:"id"`
	Version   string `json:"version,omitempty"`
	WrittenAt int64  `json:"written_at"`
}

func writeTombstones(tx *gorm.DB, list []care.Tombstone) error {
	rows := make([]tombstoneRow, 0, len(list))

	for _, t := range list {
		receipts := make([]storedReceipt, 0, len(t.Receipts))
		for _, e := range t.Receipts {
			receipts = append(receipts, storedReceipt{string(e.Kind), string(e.Means), e.RecordID, e.RecordVer, micros(e.WrittenAt)})
		}

		text, err := json.Marshal(receipts)
		if err != nil {
			return fmt.Errorf("receipts: %w", err)
		}

		rows = append(rows, tombstoneRow{
			VisitID: string(t.Visit), Rule: string(t.Rule), KeepDays: t.KeepDays, Unit: string(t.Unit), LocalDay: string(t.Day),
			System: t.Source.System, SourceID: t.Source.ID, Occurrence: t.Source.Occurrence, Receipts: string(text), Proof: t.Proof, Forgotten: micros(t.DeletedAt),
		})
	}

	return insert(tx, rows)
}

func tombstoneFromRow(r tombstoneRow) (care.Tombstone, error) {
	out := care.Tombstone{
		Visit: care.VisitID(r.VisitID), Rule: care.DeletionRule(r.Rule), KeepDays: r.KeepDays, Unit: care.UnitID(r.Unit), Day: care.Day(r.LocalDay),
		Source: care.SourceRef{System: r.System, ID: r.SourceID, Occurrence: r.Occurrence}, Proof: r.Proof, DeletedAt: instant(r.Forgotten),
	}

	var receipts []storedReceipt
	if err := json.Unmarshal([]byte(r.Receipts), &receipts); err != nil {
		return out, fmt.Errorf("receipts of %s: %w", r.VisitID, err)
	}

	for _, e := range receipts {
		out.Receipts = append(out.Receipts, care.Entry{
			Kind: care.EntryKind(e.Kind), Means: care.Means(e.Means), State: care.EntryWritten, RecordID: e.ID, RecordVer: e.Version, WrittenAt: instant(e.WrittenAt),
		})
	}

	return out, nil
}

// ToForget implements scheduler.Deletions.
func (s *Store) ToForget(ctx context.Context, q scheduler.ForgetQuery) ([]care.Snapshot, error) {
	var c conditions

	c.add("deleted_at IS NULL AND hold_by = '' AND planned_end < ?", micros(q.Before))
	c.add("state IN ?", []care.VisitState{care.Listed, care.Reverted, care.Completed, care.NotCompleted, care.Cancelled})

	if q.AfterID != "" {
		c.add("(planned_end > ? OR planned_end = ? AND id > ?)", micros(q.AfterEnd), micros(q.AfterEnd), string(q.AfterID))
	}

	c.add("NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.visit_id = visits.id AND f.ended_at IS NULL)")
	c.add("NOT EXISTS (SELECT 1 FROM findings d WHERE d.visit_id = visits.id AND d.closed_at IS NULL)")
	c.add("NOT EXISTS (SELECT 1 FROM exceptions x WHERE x.visit_id = visits.id AND x.resolved_at IS NULL)")
	c.add("NOT EXISTS (SELECT 1 FROM entries e WHERE e.visit_id = visits.id AND (e.state IN ('due', 'rejected') OR e.written_at >= ?))", micros(q.Before))
	c.add("(citizen_id IN (SELECT o.citizen_id FROM ended_courses o WHERE o.ended_at < ?) OR NOT EXISTS "+
		"(SELECT 1 FROM entries e WHERE e.visit_id = visits.id AND e.state = 'omitted' AND e.kind <> 'planned'))", micros(q.Before))

	var out []care.Snapshot

	err := s.look(ctx, func(tx *gorm.DB) error {
		var rows []visitRow
		if err := c.apply(tx).Order("planned_end, id").Limit(q.Limit).Find(&rows).Error; err != nil {
			return fmt.Errorf("visits to forget: %w", err)
		}

		var err error
		out, err = s.assemble(tx, rows)

		return err
	})

	return out, err
}

// Purposes of keyed hashes.
const (
	standInPurpose   = "citizens.stand_in"
	tombstonePurpose = "tombstones.proof"
)

// StandIn implements scheduler.Deletions.
func (s *Store) StandIn(ctx context.Context, citizen care.CitizenID) (care.CitizenID, error) {
	hash, err := s.keys.hash(standInPurpose, string(citizen))
	if err != nil {
		return "", translate(err)
	}

	id := care.StandIn(hash)

	return id, s.change(ctx, func(tx *gorm.DB) error {
		// Whether the citizen had a number is all that statistics want to know.
		var surrogate []bool
		if err := tx.Model(&citizenRow{}).Where("id = ?", string(citizen)).Pluck("surrogate", &surrogate).Error; err != nil {
			return fmt.Errorf("stand-in: %w", err)
		}

		if len(surrogate) == 0 {
			return notFound()
		}

		row := citizenRow{ID: string(id), CprHash: string(id), CprSealed: []byte{}, Verdict: int(care.CPRMalformed), Surrogate: surrogate[0]}

		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
}

// Prove implements scheduler.Deletions.
func (s *Store) Prove(text string) (string, error) {
	proof, err := s.keys.hash(tombstonePurpose, text)

	return proof, translate(err)
}

// Tombstone implements scheduler.Deletions.
func (s *Store) Tombstone(ctx context.Context, visit care.VisitID) (care.Tombstone, error) {
	var row tombstoneRow
	if err := s.read.WithContext(ctx).Where("visit_id = ?", string(visit)).Take(&row).Error; err != nil {
		return care.Tombstone{}, translate(err)
	}

	out, err := tombstoneFromRow(row)

	return out, translate(err)
}

// Tombstones implements scheduler.Deletions.
func (s *Store) Tombstones(ctx context.Context, q scheduler.TombstoneQuery) ([]care.Tombstone, error) {
	var c conditions

	if q.From != "" {
		c.add("deleted_at >= ?", micros(q.From.Bounds().Start))
	}

	if q.To != "" {
		c.add("deleted_at < ?", micros(q.To.Bounds().End))
	}

	if len(q.Units) > 0 {
		c.add("unit IN ?", q.Units)
	}

	tx := c.apply(s.read.WithContext(ctx)).Order("deleted_at DESC, visit_id").Offset(q.Skip)
	if q.Limit > 0 {
		tx = tx.Limit(q.Limit)
	}

	var rows []tombstoneRow
	if err := tx.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.Tombstone, len(rows))

	for i, row := range rows {
		var err error
		if out[i], err = tombstoneFromRow(row); err != nil {
			return nil, translate(err)
		}
	}

	return out, nil
}

type courseRow struct {
	CitizenID    string `gorm:"primaryKey"`
	ReasonSealed []byte
	EndedBy      string
	EndedAt      int64
}

// TableName names the table for gorm.
func (courseRow) TableName() string { return "ended_courses" }

// EndCourse implements scheduler.Courses.
func (s *Store) EndCourse(ctx context.Context, c scheduler.EndedCourse, effects scheduler.Effects) error {
	seal := sealer{keys: s.keys, table: "ended_courses", row: string(c.Citizen)}
	row := courseRow{CitizenID: string(c.Citizen), ReasonSealed: seal.seal("reason", c.Why), EndedBy: string(c.By), EndedAt: micros(c.At)}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := insert(tx, []courseRow{row}); err != nil {
			return once(err)
		}

		return s.writeEffects(tx, effects)
	})
}

// ReopenCourse implements scheduler.Courses.
func (s *Store) ReopenCourse(ctx context.Context, citizen care.CitizenID, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Where("citizen_id = ?", string(citizen)).Delete(&courseRow{})
		if done.Error != nil {
			return fmt.Errorf("reopen course: %w", done.Error)
		}

		if done.RowsAffected == 0 {
			return gorm.ErrRecordNotFound
		}

		return s.writeEffects(tx, effects)
	})
}

// EndedCourses implements scheduler.Courses.
func (s *Store) EndedCourses(ctx context.Context, citizens []care.CitizenID) (map[care.CitizenID]scheduler.EndedCourse, error) {
	out := make(map[care.CitizenID]scheduler.EndedCourse)

	for _, some := range parts(citizens) {
		if len(some) == 0 {
			continue
		}

		var rows []courseRow
		if err := s.read.WithContext(ctx).Where("citizen_id IN ?", some).Find(&rows).Error; err != nil {
			return nil, translate(err)
		}

		for _, r := range rows {
			seal := sealer{keys: s.keys, table: "ended_courses", row: r.CitizenID}
			c := scheduler.EndedCourse{Citizen: care.CitizenID(r.CitizenID), Why: seal.open("reason", r.ReasonSealed), By: care.EmployeeID(r.EndedBy), At: instant(r.EndedAt)}

			if seal.err != nil {
				return nil, translate(seal.err)
			}

			out[c.Citizen] = c
		}
	}

	return out, nil
}

// oldUploads is before when uploads are of no use.
func oldUploads(now time.Time) int64 { return micros(now.Add(-uploadLife)) }
