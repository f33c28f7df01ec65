package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type citizenUnitRow struct {
	CitizenID string `gorm:"primaryKey"`
	Unit      string `gorm:"primaryKey"`
	Since     int64
}

// TableName names the table for gorm.
func (citizenUnitRow) TableName() string { return "citizen_units" }

// RegisterEntries implements scheduler.Registers.
func (s *Store) RegisterEntries(ctx context.Context, keys []care.CitizenKey) ([]care.RegisterEntry, error) {
	found, err := s.CitizensByKey(ctx, keys)
	if err != nil {
		return nil, err
	}

	var registered []string
	if err := s.read.WithContext(ctx).Model(&citizenUnitRow{}).Distinct().Pluck("citizen_id", &registered).Error; err != nil {
		return nil, translate(err)
	}

	all := make(map[care.CitizenID]*care.RegisterEntry, len(found))
	for _, c := range found {
		all[c.ID] = &care.RegisterEntry{Citizen: c, Seen: c.UpdatedAt}
	}

	rest := make([]string, 0, len(registered))

	for _, id := range registered {
		if all[care.CitizenID(id)] == nil {
			rest = append(rest, id)
		}
	}

	err = s.citizens(ctx, "id IN ?", rest, func(_ citizenRow, c care.Citizen) { all[c.ID] = &care.RegisterEntry{Citizen: c, Seen: c.UpdatedAt} })
	if err != nil {
		return nil, err
	}

	return s.enrich(ctx, all)
}

// enrich reads what hangs on citizens, and returns them in order of id.
func (s *Store) enrich(ctx context.Context, all map[care.CitizenID]*care.RegisterEntry) ([]care.RegisterEntry, error) {
	ids := make([]care.CitizenID, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}

	slices.Sort(ids)

	settings, err := s.IdentitySettings(ctx, ids)
	if err != nil {
		return nil, err
	}

	err = s.look(ctx, func(tx *gorm.DB) error {
		for _, e := range all {
			e.Units, e.Contacts = nil, nil
		}

		for chunk := range slices.Chunk(ids, maxKeys) {
			if err := s.enrichSome(tx, chunk, all); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	out := make([]care.RegisterEntry, 0, len(ids))

	for _, id := range ids {
		all[id].Setting = settings[id]
		out = append(out, *all[id])
	}

	return out, nil
}

func (s *Store) enrichSome(tx *gorm.DB, ids []care.CitizenID, all map[care.CitizenID]*care.RegisterEntry) error {
	var units []citizenUnitRow
	if err := tx.Where("citizen_id IN ?", ids).Order("citizen_id, unit").Find(&units).Error; err != nil {
		return fmt.Errorf("find units of citizens: %w", err)
	}

	for _, u := range units {
		e := all[care.CitizenID(u.CitizenID)]
		e.Units = append(e.Units, care.UnitID(u.Unit))
	}

	var contacts []contactRow
	if err := tx.Where("citizen_id IN ? AND removed_at IS NULL", ids).Order("added_at, id").Find(&contacts).Error; err != nil {
		return fmt.Errorf("find contacts of citizens: %w", err)
	}

	for _, row := range contacts {
		c, err := s.keys.contactFromRow(row)
		if err != nil {
			return err
		}

		e := all[c.Citizen]
		e.Contacts = append(e.Contacts, c)
	}

	return nil
}

// IdentitySettings implements scheduler.Registers.
func (s *Store) IdentitySettings(ctx context.Context, ids []care.CitizenID) (map[care.CitizenID]care.IdentitySetting, error) {
	out := make(map[care.CitizenID]care.IdentitySetting, len(ids))
	for _, id := range ids {
		out[id] = care.IdentitySetting{Citizen: id}
	}

	err := s.look(ctx, func(tx *gorm.DB) error {
		for chunk := range slices.Chunk(ids, maxKeys) {
			var rows []identitySettingRow
			if err := tx.Where("citizen_id IN ?", chunk).Find(&rows).Error; err != nil {
				return fmt.Errorf("find identity settings: %w", err)
			}

			for _, row := range rows {
				setting, err := s.keys.identitySettingFromRow(row)
				if err != nil {
					return err
				}

				out[setting.Citizen] = setting
			}
		}

		return nil
	})

	return out, err
}

// SaveRegister implements scheduler.Registers.
func (s *Store) SaveRegister(ctx context.Context, list []scheduler.RegisterChange, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := unmoved(tx, list); err != nil {
			return err
		}

		var citizens []care.Citizen

		for _, e := range list {
			if e.Citizen != nil {
				citizens = append(citizens, *e.Citizen)
			}
		}

		if err := s.saveCitizens(tx, citizens); err != nil {
			return err
		}

		if err := saveUnits(tx, list, micros(s.clock())); err != nil {
			return err
		}

		for _, e := range list {
			if err := s.saveRest(tx, e); err != nil {
				return err
			}
		}

		return s.writeEffects(tx, effects)
	})
}

// unmoved refuses when a citizen was changed since the register was compared.
func unmoved(tx *gorm.DB, list []scheduler.RegisterChange) error {
	seen := make(map[string]int64, len(list))

	for _, e := range list {
		if e.Citizen != nil && !e.Seen.IsZero() {
			seen[string(e.ID)] = micros(e.Seen)
		}
	}

	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(seen)), maxKeys) {
		var rows []citizenRow
		if err := tx.Select("id", "updated_at").Where("id IN ?", chunk).Find(&rows).Error; err != nil {
			return fmt.Errorf("look at citizens: %w", err)
		}

		for _, row := range rows {
			if row.Touched == nil || *row.Touched != seen[row.ID] {
				return once(errMoved)
			}
		}
	}

	return nil
}

func saveUnits(tx *gorm.DB, list []scheduler.RegisterChange, now int64) error {
	var rows []citizenUnitRow

	for _, e := range list {
		for _, u := range e.Joined {
			rows = append(rows, citizenUnitRow{CitizenID: string(e.ID), Unit: string(u), Since: now})
		}

		for _, u := range e.Gone {
			if err := tx.Where("citizen_id = ? AND unit = ?", e.ID, u).Delete(&citizenUnitRow{}).Error; err != nil {
				return fmt.Errorf("take a citizen out of a unit: %w", err)
			}
		}
	}

	for chunk := range chunks(tx, rows) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk).Error; err != nil {
			return fmt.Errorf("write units of citizens: %w", err)
		}
	}

	return nil
}

// saveRest writes how a citizen may be identified, and the contacts.
func (s *Store) saveRest(tx *gorm.DB, e scheduler.RegisterChange) error {
	if e.Setting != nil {
		if err := s.saveSetting(tx, *e.Setting); err != nil {
			return err
		}
	}

	for _, c := range e.Contacts {
		before := c.Version
		c.Version++

		row, err := s.keys.contactToRow(c)
		if err != nil {
			return err
		}

		if err := saveVersion(tx, &contactRow{}, before, row.ID, row); err != nil {
			return err
		}
	}

	return nil
}
