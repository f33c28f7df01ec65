package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

// ListsToForget implements scheduler.Deletions. An older import of a list keeps its file until the
// newest one can go.
func (s *Store) ListsToForget(ctx context.Context, before time.Time, limit int) ([]care.ListID, error) {
	var kept []string

	err := s.read.WithContext(ctx).Model(&listRow{}).Distinct("kept").
		Where("file_sealed IS NOT NULL OR row_refs_sealed IS NOT NULL OR file_name_sealed IS NOT NULL").
		Where("NOT EXISTS (SELECT 1 FROM lists n WHERE n.kept = lists.kept AND (n.made_at >= ? OR n.last_day >= ?))", micros(before), string(care.DayOf(before))).
		Where("NOT EXISTS (SELECT 1 FROM visits v WHERE v.list_id = lists.kept AND v.deleted_at IS NULL)").
		Order("kept").Limit(limit).Pluck("kept", &kept).Error
	if err != nil {
		return nil, translate(err)
	}

	out := make([]care.ListID, len(kept))
	for i, k := range kept {
		out[i] = care.ListID(k)
	}

	return out, nil
}

// ForgetList implements scheduler.Deletions.
func (s *Store) ForgetList(ctx context.Context, kept care.ListID) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Model(&listRow{}).Where("kept = ?", string(kept)).Updates(map[string]any{
			"file_name_sealed": nil, "file_sealed": nil, "row_refs_sealed": nil, "problems": "[]",
		}).Error
	})
}

// ForgetRest implements scheduler.Deletions.
func (s *Store) ForgetRest(ctx context.Context, before time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("made_at < ?", oldUploads(s.clock())).Delete(&uploadRow{}).Error; err != nil {
			return fmt.Errorf("remove old uploads: %w", err)
		}

		err := tx.Table("batches").Where("(reason_sealed IS NOT NULL OR answer_sealed IS NOT NULL) AND made_at < ?", micros(before)).
			Where("NOT EXISTS (SELECT 1 FROM visits v WHERE v.batch_id = batches.id AND v.batch_id <> '' AND v.deleted_at IS NULL)").
			Where("NOT EXISTS (SELECT 1 FROM batch_visits w WHERE w.batch_id = batches.id)").
			Updates(map[string]any{"reason_sealed": nil, "answer_sealed": nil}).Error
		if err != nil {
			return fmt.Errorf("forget reasons: %w", err)
		}

		if err := tx.Exec("DELETE FROM findings WHERE visit_id IN (SELECT id FROM visits WHERE deleted_at IS NOT NULL)").Error; err != nil {
			return fmt.Errorf("forget findings: %w", err)
		}

		// What a note says stands in the record.
		err = tx.Exec("UPDATE citizen_notes SET body_sealed = NULL WHERE body_sealed IS NOT NULL AND (state = 'written' AND written_at < ? OR settled_at < ?)", micros(before), micros(before)).Error
		if err != nil {
			return fmt.Errorf("forget notes: %w", err)
		}

		// Runs name the citizens whom they could not look at.
		if err := tx.Exec("DELETE FROM reconcile_runs WHERE active IS NULL AND asked_at < ?", micros(before)).Error; err != nil {
			return fmt.Errorf("remove old reconciliations: %w", err)
		}

		return nil
	})
}

// Who is still needed: who has a visit or a device, whose old number is to be told, whose course ended
// not long ago; and, while it has not ended, whom a register names and with whom an employee is linked.
const needed = `
	EXISTS (SELECT 1 FROM visits v WHERE v.citizen_id = citizens.id)
	OR EXISTS (SELECT 1 FROM devices d WHERE d.citizen_id = citizens.id AND d.ended_at IS NULL)
	OR EXISTS (SELECT 1 FROM number_notices n WHERE n.citizen_id = citizens.id AND n.phone_sealed IS NOT NULL)
	OR EXISTS (SELECT 1 FROM citizen_notes w WHERE w.citizen_id = citizens.id AND w.state IN ('due', 'rejected') AND w.settled_by = '')
	OR EXISTS (SELECT 1 FROM ended_courses o WHERE o.citizen_id = citizens.id AND o.ended_at >= ?)
	OR NOT EXISTS (SELECT 1 FROM ended_courses o WHERE o.citizen_id = citizens.id) AND (
		EXISTS (SELECT 1 FROM citizen_units u WHERE u.citizen_id = citizens.id)
		OR EXISTS (SELECT 1 FROM employee_links l WHERE l.citizen_id = citizens.id AND l.ended_at IS NULL))`

// ofCitizen are the tables that hold something of a citizen, in the order in which they can be emptied.
func ofCitizen() []string {
	return []string{
		"consents", "devices", "contacts", "employee_links", "citizen_units", "identity_settings", "codewords", "number_notices", "ended_courses", "citizen_notes",
	}
}

// ForgetCitizens implements scheduler.Deletions. Whoever gets a visit at this moment stays: the
// database refuses to delete a citizen whom a visit names.
func (s *Store) ForgetCitizens(ctx context.Context, before time.Time, limit int) (int, error) {
	forgotten := 0

	err := s.change(ctx, func(tx *gorm.DB) error {
		var ids []string

		at := micros(before)

		err := tx.Model(&citizenRow{}).Where("id NOT LIKE 'slettet-%' AND (updated_at IS NULL OR updated_at < ?)", at).
			Where("NOT ("+needed+")", at).Order("id").Limit(limit).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}

		if err := tx.Exec("DELETE FROM device_tokens WHERE bound_to IN (SELECT id FROM devices WHERE citizen_id IN ?)", ids).Error; err != nil {
			return fmt.Errorf("forget device tokens: %w", err)
		}

		for _, table := range ofCitizen() {
			if err := tx.Exec("DELETE FROM "+table+" WHERE citizen_id IN ?", ids).Error; err != nil {
				return fmt.Errorf("forget %s: %w", table, err)
			}
		}

		done := tx.Where("id IN ?", ids).Delete(&citizenRow{})
		forgotten = int(done.RowsAffected)

		return done.Error
	})
	if err != nil {
		forgotten = 0
	}

	return forgotten, err
}
