package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type batchRow struct {
	ID               string `gorm:"primaryKey"`
	Kind             string
	MadeBy           string
	MadeByNameSealed []byte
	Unit             string
	Visits           int
	MadeAt           int64
	UndoneAt         *int64
	UndoneBy         string
	ExpiresAt        *int64
	Decision         string
	DecidedBy        string
	DecidedAt        *int64
	ReasonSealed     []byte
	AnswerSealed     []byte
}

// TableName names the table for gorm.
func (batchRow) TableName() string { return "batches" }

func (k *Keys) batchToRow(b care.Batch) (batchRow, error) {
	seal := sealer{keys: k, table: "batches", row: string(b.ID)}
	row := batchRow{
		ID: string(b.ID), Kind: string(b.Kind), MadeBy: string(b.By), MadeByNameSealed: seal.seal("made_by_name", b.ByName), Unit: string(b.Unit),
		Visits: b.Visits, MadeAt: micros(b.MadeAt), UndoneAt: microsOrNull(b.UndoneAt), UndoneBy: string(b.UndoneBy),
		ExpiresAt: microsOrNull(b.ExpiresAt), Decision: string(b.Decision), DecidedBy: string(b.DecidedBy), DecidedAt: microsOrNull(b.DecidedAt),
		ReasonSealed: seal.seal("reason", b.Reason), AnswerSealed: seal.seal("answer", b.Answer),
	}

	return row, seal.err
}

func (k *Keys) batchFromRow(row batchRow) (care.Batch, error) {
	seal := sealer{keys: k, table: "batches", row: row.ID}
	b := care.Batch{
		ID: care.BatchID(row.ID), Kind: care.BatchKind(row.Kind), By: care.EmployeeID(row.MadeBy), ByName: seal.open("made_by_name", row.MadeByNameSealed),
		Unit: care.UnitID(row.Unit), Visits: row.Visits, MadeAt: instant(row.MadeAt),
		UndoneAt: instantOrZero(row.UndoneAt), UndoneBy: care.EmployeeID(row.UndoneBy),
		ExpiresAt: instantOrZero(row.ExpiresAt), Decision: care.Decision(row.Decision), DecidedBy: care.EmployeeID(row.DecidedBy), DecidedAt: instantOrZero(row.DecidedAt),
		Reason: seal.open("reason", row.ReasonSealed), Answer: seal.open("answer", row.AnswerSealed),
	}

	return b, seal.err
}

// batchVisitRow is a visit of a batch that waits for an approval.
type batchVisitRow struct {
	BatchID string `gorm:"primaryKey"`
	VisitID string `gorm:"primaryKey"`
}

// TableName names the table for gorm.
func (batchVisitRow) TableName() string { return "batch_visits" }

// saveBatch inserts a batch that begins now, or decides one that waited. Another decision was first:
// Conflict.
func (s *Store) saveBatch(tx *gorm.DB, b care.Batch) error {
	row, err := s.keys.batchToRow(b)
	if err != nil {
		return err
	}

	if b.Decision == "" {
		return insert(tx, []batchRow{row})
	}

	done := tx.Model(&batchRow{}).Where("id = ? AND decision = ''", row.ID).
		Select("visits", "decision", "decided_by", "decided_at", "answer_sealed").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("decide batch: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return once(errMoved)
	}

	if err := tx.Where("batch_id = ?", row.ID).Delete(&batchVisitRow{}).Error; err != nil {
		return fmt.Errorf("forget what waited: %w", err)
	}

	return nil
}

// AskBatch implements scheduler.Batches.
func (s *Store) AskBatch(ctx context.Context, b care.Batch, visits []care.VisitID, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := s.saveBatch(tx, b); err != nil {
			return err
		}

		rows := make([]batchVisitRow, 0, len(visits))
		for _, v := range visits {
			rows = append(rows, batchVisitRow{BatchID: string(b.ID), VisitID: string(v)})
		}

		if err := insert(tx, rows); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// DecideBatch implements scheduler.Batches.
func (s *Store) DecideBatch(ctx context.Context, b care.Batch, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := s.saveBatch(tx, b); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// AskedVisits implements scheduler.Batches.
func (s *Store) AskedVisits(ctx context.Context, id care.BatchID) ([]care.VisitID, error) {
	var out []care.VisitID

	err := s.read.WithContext(ctx).Model(&batchVisitRow{}).Where("batch_id = ?", id).Order("visit_id").Pluck("visit_id", &out).Error

	return out, translate(err)
}

// Batch implements scheduler.Batches.
func (s *Store) Batch(ctx context.Context, id care.BatchID) (care.Batch, error) {
	var row batchRow
	if err := s.read.WithContext(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return care.Batch{}, translate(err)
	}

	b, err := s.keys.batchFromRow(row)

	return b, translate(err)
}

// RecentBatches implements scheduler.Batches.
func (s *Store) RecentBatches(ctx context.Context, limit int) ([]care.Batch, error) {
	var rows []batchRow
	if err := s.read.WithContext(ctx).Order("made_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.Batch, 0, len(rows))

	for _, row := range rows {
		b, err := s.keys.batchFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, b)
	}

	return out, nil
}

// countBatch looks at what hangs on the visits of a batch since it was made: a visit that was
// converted, undone and converted again has rooms, messages and entries of earlier batches.
const countBatch = `
SELECT
	COUNT(*) AS total,
	COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM rooms r WHERE r.visit_id = v.id AND r.booked_at IS NOT NULL AND r.wanted_at >= @made) THEN 1 ELSE 0 END), 0) AS booked,
	COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM invitations i WHERE i.visit_id = v.id AND i.participant_id = '' AND i.kind IN ('invite', 'changed') AND i.sent_at IS NOT NULL AND i.queued_at >= @made) THEN 1 ELSE 0 END), 0) AS invited,
	COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM entries e WHERE e.visit_id = v.id AND e.kind = 'planned' AND e.state IN ('written', 'omitted') AND e.due_at >= @made)
		AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.visit_id = v.id AND e.kind = 'planned' AND e.state IN ('due', 'rejected') AND e.due_at >= @made) THEN 1 ELSE 0 END), 0) AS recorded,
	COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM exceptions x WHERE x.visit_id = v.id AND x.resolved_at IS NULL) THEN 1 ELSE 0 END), 0) AS troubled,
	COALESCE(SUM(CASE WHEN v.state IN ('chosen', 'booking', 'booked', 'open') THEN 1 ELSE 0 END), 0) AS active,
	COALESCE(SUM(CASE WHEN v.state IN ('completed', 'not_completed', 'cancelled') THEN 1 ELSE 0 END), 0) AS ended,
	COALESCE(SUM(CASE WHEN v.state = 'reverted' THEN 1 ELSE 0 END), 0) AS reverted,
	COALESCE(SUM((SELECT COUNT(*) FROM rooms r WHERE r.visit_id = v.id AND r.state = 'closing')), 0) AS closing,
	COALESCE(SUM((SELECT COUNT(*) FROM entries e WHERE e.visit_id = v.id AND e.kind = 'restored' AND e.state = 'due')), 0) AS restoring,
	COALESCE(SUM(CASE WHEN v.state IN ('chosen', 'booking', 'booked', 'open')
		AND NOT EXISTS (SELECT 1 FROM exceptions x WHERE x.visit_id = v.id AND x.resolved_at IS NULL)
		AND (NOT EXISTS (SELECT 1 FROM rooms r WHERE r.visit_id = v.id AND r.booked_at IS NOT NULL AND r.wanted_at >= @made)
			OR NOT EXISTS (SELECT 1 FROM invitations i WHERE i.visit_id = v.id AND i.participant_id = '' AND i.kind IN ('invite', 'changed') AND i.sent_at IS NOT NULL AND i.queued_at >= @made)
			OR NOT EXISTS (SELECT 1 FROM entries e WHERE e.visit_id = v.id AND e.kind = 'planned' AND e.state IN ('written', 'omitted') AND e.due_at >= @made)
			OR EXISTS (SELECT 1 FROM entries e WHERE e.visit_id = v.id AND e.kind = 'planned' AND e.state = 'due' AND e.due_at >= @made))
		THEN 1 ELSE 0 END), 0) AS pending
FROM visits v WHERE v.batch_id = @batch`

// BatchCounts implements scheduler.Batches.
func (s *Store) BatchCounts(ctx context.Context, id care.BatchID) (care.Counts, error) {
	var counts care.Counts

	err := s.look(ctx, func(tx *gorm.DB) error {
		var row batchRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return fmt.Errorf("batch: %w", err)
		}

		err := tx.Raw(countBatch, map[string]any{"made": row.MadeAt, "batch": row.ID}).Scan(&counts).Error
		if err != nil {
			return fmt.Errorf("count batch: %w", err)
		}

		return nil
	})

	return counts, err
}

// UndoBatch implements scheduler.Batches.
func (s *Store) UndoBatch(ctx context.Context, id care.BatchID, by care.EmployeeID, at time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		var row batchRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return fmt.Errorf("batch: %w", err)
		}

		marked := tx.Model(&batchRow{}).Where("id = ? AND undone_at IS NULL", id).
			Updates(map[string]any{"undone_at": micros(at), "undone_by": string(by)})
		if marked.Error != nil {
			return fmt.Errorf("mark batch: %w", marked.Error)
		}

		if marked.RowsAffected == 0 {
			return nil // somebody asked before
		}

		var visits []string
		if err := tx.Model(&visitRow{}).Where("batch_id = ?", id).Order("planned_start, id").Pluck("id", &visits).Error; err != nil {
			return fmt.Errorf("visits of batch: %w", err)
		}

		effects := scheduler.Effects{Audit: []scheduler.AuditRow{{At: at, Actor: string(by), Action: "undo_batch", Detail: "batch " + string(id)}}}
		for _, visit := range visits {
			effects.Jobs = append(effects.Jobs, scheduler.Job{Kind: scheduler.UndoVisitJob, Visit: care.VisitID(visit), Ref: string(id)})
		}

		return s.writeEffects(tx, effects)
	})
}
