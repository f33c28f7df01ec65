package store

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

// noteDiffering notes of which visits a reconciliation has found that the record says something else than
// we wrote, as far as we know until now.
func noteDiffering(tx *gorm.DB, c conditions, of map[string]*recorded) error {
	var ids []string

	err := c.apply(tx.Model(&visitRow{})).Joins("JOIN findings f ON f.visit_id = visits.id AND f.live = ? AND f.kind IN ?", true, care.EntryDrifts()).
		Distinct().Pluck("visits.id", &ids).Error
	if err != nil {
		return fmt.Errorf("read differences of facts: %w", err)
	}

	for _, id := range ids {
		if of[id] != nil {
			of[id].differs = true
		}
	}

	return nil
}
