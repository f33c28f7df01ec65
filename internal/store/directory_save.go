package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Save implements directory.Store.
func (d *Directory) Save(ctx context.Context, c directory.Change) error {
	return d.s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE directory_state SET version = version + 1 WHERE id = 1").Error; err != nil {
			return fmt.Errorf("take the directory: %w", err)
		}

		var before []directory.Standing

		if c.Guard != nil {
			var err error
			if before, err = allStandings(tx); err != nil {
				return err
			}
		}

		if err := d.write(tx, c); err != nil {
			return err
		}

		if c.Guard != nil {
			after, err := allStandings(tx)
			if err != nil {
				return err
			}

			if err := c.Guard(before, after); err != nil {
				return &refusal{err}
			}
		}

		return d.s.writeAudit(tx, auditOf(c.Audit))
	})
}

func (d *Directory) write(tx *gorm.DB, c directory.Change) error {
	for _, e := range c.Employees {
		if err := d.saveEmployee(tx, e, c.By); err != nil {
			return err
		}
	}

	if len(c.UnitsGone) > 0 {
		if err := tx.Where("id IN ?", c.UnitsGone).Delete(&unitRow{}).Error; err != nil {
			return fmt.Errorf("remove units: %w", err)
		}
	}

	for _, u := range c.Units {
		row, err := unitToRow(u, micros(c.At))
		if err != nil {
			return err
		}

		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("write unit: %w", err)
		}
	}

	if len(c.GroupsGone) > 0 {
		if err := tx.Where("id IN ?", c.GroupsGone).Delete(&groupRow{}).Error; err != nil {
			return fmt.Errorf("remove groups: %w", err)
		}
	}

	for _, g := range c.Groups {
		if err := saveGroup(tx, g); err != nil {
			return err
		}
	}

	return nil
}

func (d *Directory) saveEmployee(tx *gorm.DB, e care.Employee, by string) error {
	before := e.Version
	e.Version++

	row, err := d.s.keys.employeeToRow(e)
	if err != nil {
		return err
	}

	if err := saveVersion(tx, &employeeRow{}, before, row.ID, row); err != nil {
		return err
	}

	if err := tx.Where("employee_id = ?", row.ID).Delete(&grantRow{}).Error; err != nil {
		return fmt.Errorf("remove grants: %w", err)
	}

	grants := make([]grantRow, 0, len(e.Grants))
	for _, a := range e.Grants {
		grants = append(grants, grantRow{EmployeeID: row.ID, Unit: string(a.Unit), Role: string(a.Role), Source: string(a.Source)})
	}

	if err := insert(tx, grants); err != nil {
		return err
	}

	revision, err := d.s.keys.revisionToRow(e, by)
	if err != nil {
		return err
	}

	return insert(tx, []revisionRow{revision})
}

func saveGroup(tx *gorm.DB, g directory.Group) error {
	before := g.Version
	row := groupRow{ID: g.ID, Version: before + 1, Name: g.Name, ExternalID: g.ExternalID, MadeAt: micros(g.CreatedAt), ChangedAt: micros(g.ChangedAt)}

	if err := saveVersion(tx, &groupRow{}, before, row.ID, row); err != nil {
		return err
	}

	if err := tx.Where("group_id = ?", row.ID).Delete(&memberRow{}).Error; err != nil {
		return fmt.Errorf("remove members: %w", err)
	}

	members := make([]memberRow, 0, len(g.Members))
	for _, m := range g.Members {
		members = append(members, memberRow{EmployeeID: string(m), GroupID: row.ID})
	}

	return insert(tx, members)
}

// saveVersion inserts a row that has no version yet, or replaces the one that still has it.
func saveVersion[R any](tx *gorm.DB, model *R, before int, id string, row R) error {
	if before == 0 {
		return insert(tx, []R{row})
	}

	done := tx.Model(model).Where("id = ? AND version = ?", id, before).Select("*").Omit("id").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("write row: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return once(errMoved)
	}

	return nil
}
