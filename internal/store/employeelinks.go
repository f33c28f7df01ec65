package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type employeeLinkRow struct {
	ID           string `gorm:"primaryKey"`
	Version      int
	CitizenID    string
	EmployeeID   string
	Unit         string
	FromDay      string
	ToDay        string
	Proof        string
	ReasonSealed []byte
	MadeBy       string
	MadeAt       int64
	EndedBy      string
	EndedAt      *int64
}

// TableName names the table for gorm.
func (employeeLinkRow) TableName() string { return "employee_links" }

func (k *Keys) employeeLinkToRow(l care.EmployeeLink) (employeeLinkRow, error) {
	seal := sealer{keys: k, table: "employee_links", row: string(l.ID)}
	row := employeeLinkRow{
		ID: string(l.ID), Version: l.Version, CitizenID: string(l.Citizen), EmployeeID: string(l.Employee), Unit: string(l.Unit),
		FromDay: string(l.From), ToDay: string(l.To), Proof: string(l.Proof), ReasonSealed: seal.seal("reason", l.Reason),
		MadeBy: string(l.MadeBy), MadeAt: micros(l.MadeAt), EndedBy: string(l.EndedBy), EndedAt: microsOrNull(l.EndedAt),
	}

	return row, seal.err
}

func (k *Keys) employeeLinkFromRow(row employeeLinkRow) (care.EmployeeLink, error) {
	seal := sealer{keys: k, table: "employee_links", row: row.ID}
	l := care.EmployeeLink{
		ID: care.EmployeeLinkID(row.ID), Version: row.Version, Citizen: care.CitizenID(row.CitizenID), Employee: care.EmployeeID(row.EmployeeID),
		Unit: care.UnitID(row.Unit), From: care.Day(row.FromDay), To: care.Day(row.ToDay), Proof: care.LinkProof(row.Proof), Reason: seal.open("reason", row.ReasonSealed),
		MadeBy: care.EmployeeID(row.MadeBy), MadeAt: instant(row.MadeAt), EndedBy: care.EmployeeID(row.EndedBy), EndedAt: instantOrZero(row.EndedAt),
	}

	return l, seal.err
}

// EmployeeLink implements scheduler.EmployeeLinks.
func (s *Store) EmployeeLink(ctx context.Context, id care.EmployeeLinkID) (care.EmployeeLink, error) {
	found, err := s.employeeLinks(s.read.WithContext(ctx).Where("id = ?", id))
	if err == nil && len(found) == 0 {
		err = notFound()
	}

	if err != nil {
		return care.EmployeeLink{}, err
	}

	return found[0], nil
}

// EmployeeLinksOf implements scheduler.EmployeeLinks.
func (s *Store) EmployeeLinksOf(ctx context.Context, citizen care.CitizenID) ([]care.EmployeeLink, error) {
	return s.employeeLinks(s.read.WithContext(ctx).Where("citizen_id = ?", citizen).Order("made_at DESC, id"))
}

// LinkedTo implements scheduler.EmployeeLinks.
func (s *Store) LinkedTo(ctx context.Context, employee care.EmployeeID, day care.Day) ([]care.EmployeeLink, error) {
	return s.employeeLinks(s.read.WithContext(ctx).
		Where("employee_id = ? AND ended_at IS NULL AND from_day <= ? AND (to_day = '' OR to_day >= ?)", employee, day, day).Order("citizen_id, unit, id"))
}

func (s *Store) employeeLinks(query *gorm.DB) ([]care.EmployeeLink, error) {
	var rows []employeeLinkRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, translate(fmt.Errorf("find links of employees: %w", err))
	}

	out := make([]care.EmployeeLink, 0, len(rows))

	for _, row := range rows {
		l, err := s.keys.employeeLinkFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, l)
	}

	return out, nil
}

// SaveEmployeeLink implements scheduler.EmployeeLinks.
func (s *Store) SaveEmployeeLink(ctx context.Context, l care.EmployeeLink, effects scheduler.Effects) error {
	before := l.Version
	l.Version++

	row, err := s.keys.employeeLinkToRow(l)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := saveVersion(tx, &employeeLinkRow{}, before, row.ID, row); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}
