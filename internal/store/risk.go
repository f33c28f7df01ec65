package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// SetRisk implements scheduler.Lists.
func (s *Store) SetRisk(ctx context.Context, id care.CitizenID, risk care.Risk, effects scheduler.Effects) error {
	seal := sealer{keys: s.keys, table: "citizens", row: string(id)}
	columns := map[string]any{"risk_sealed": seal.seal("risk", string(risk)), "updated_at": micros(s.clock())}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&citizenRow{}).Where("id = ?", id).Updates(columns)
		if done.Error != nil {
			return once(fmt.Errorf("set risk: %w", done.Error))
		}

		if done.RowsAffected != 1 {
			return once(errMoved)
		}

		return s.writeEffects(tx, effects)
	})
}
