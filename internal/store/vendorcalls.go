package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

type vendorCallRow struct {
	Source      string `gorm:"primaryKey"`
	CallKey     string `gorm:"primaryKey"`
	ImportID    string
	LocalDay    string
	BeganAt     int64
	Seconds     int
	Unit        string
	Employee    string
	CitizenHash string
	Law         string
	Shift       string
	Service     string
}

// TableName names the table for gorm.
func (vendorCallRow) TableName() string { return "vendor_calls" }

type callImportRow struct {
	ID             string `gorm:"primaryKey"`
	Source         string
	FileNameSealed []byte
	MadeBy         string
	MadeAt         int64
	RowTotal       int
	NewCalls       int
	KnownCalls     int
	Faults         int
	UndoneBy       string
	UndoneAt       *int64
}

// TableName names the table for gorm.
func (callImportRow) TableName() string { return "call_imports" }

// vendorFacts tells the calls of other vendors. A citizen whom we know is told by our own id, so that
// somebody who is in both is one.
func vendorFacts(tx *gorm.DB, q scheduler.FactQuery, tell func(measure.Fact) error) error {
	units := make([]string, 0, len(q.Units)+1)
	for _, u := range q.Units {
		units = append(units, string(u))
	}

	if q.NoUnit {
		units = append(units, "")
	}

	if len(q.Sources) == 0 || len(units) == 0 {
		return nil
	}

	rows, err := tx.Model(&vendorCallRow{}).Joins("LEFT JOIN citizens c ON c.cpr_hash = vendor_calls.citizen_hash").
		Where("local_day >= ? AND local_day <= ? AND unit IN ? AND source IN ?", string(q.Days.From), string(q.Days.To), units, q.Sources).
		Select("call_key, source, local_day, began_at, seconds, unit, employee, COALESCE(c.id, citizen_hash), law, shift, service").Rows()
	if err != nil {
		return fmt.Errorf("read calls: %w", err)
	}

	defer func() { _ = rows.Close() }()

	for rows.Next() {
		var (
			f              measure.Fact
			began, seconds int64
		)

		if err := rows.Scan(&f.ID, &f.Source, &f.Day, &began, &seconds, &f.Unit, &f.Employee, &f.Citizen, &f.Law, &f.Shift, &f.Service); err != nil {
			return fmt.Errorf("read a call: %w", err)
		}

		f.Start, f.Actual, f.Screened, f.Delivery = instant(began), time.Duration(seconds)*time.Second, true, care.Screen
		f.State = care.NotCompleted

		if err := tell(f); err != nil {
			return err
		}
	}

	if err := rows.Err(); err != nil {
		return fmt.Errorf("read calls: %w", err)
	}

	return nil
}

// KnownCalls implements scheduler.Measures.
func (s *Store) KnownCalls(ctx context.Context, source string, keys []string) (map[string]bool, error) {
	out := make(map[string]bool)

	err := s.look(ctx, func(tx *gorm.DB) error {
		for chunk := range slices.Chunk(keys, maxKeys) {
			var found []string
			if err := tx.Model(&vendorCallRow{}).Where("source = ? AND call_key IN ?", source, chunk).Pluck("call_key", &found).Error; err != nil {
				return fmt.Errorf("find calls: %w", err)
			}

			for _, key := range found {
				out[key] = true
			}
		}

		return nil
	})

	return out, err
}

// SaveCalls implements scheduler.Measures.
func (s *Store) SaveCalls(ctx context.Context, in scheduler.CallImport, calls []scheduler.VendorCall, effects scheduler.Effects) (scheduler.CallImport, error) {
	rows := make([]vendorCallRow, 0, len(calls))

	for _, c := range calls {
		row, err := s.keys.callToRow(in.ID, c)
		if err != nil {
			return in, translate(err)
		}

		rows = append(rows, row)
	}

	err := s.change(ctx, func(tx *gorm.DB) error {
		in.New, in.Known = 0, 0

		head, err := s.keys.callImportToRow(in)
		if err != nil {
			return err
		}

		if err := tx.Create(&head).Error; err != nil {
			return fmt.Errorf("store an import of calls: %w", err)
		}

		for chunk := range slices.Chunk(rows, atOnce) {
			done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk)
			if done.Error != nil {
				return fmt.Errorf("store calls: %w", done.Error)
			}

			in.New += int(done.RowsAffected)
		}

		in.Known = len(rows) - in.New

		counts := map[string]any{"new_calls": in.New, "known_calls": in.Known}
		if err := tx.Model(&callImportRow{}).Where("id = ?", in.ID).Updates(counts).Error; err != nil {
			return fmt.Errorf("count calls: %w", err)
		}

		return s.writeEffects(tx, effects)
	})

	return in, err
}

func (k *Keys) callToRow(id string, c scheduler.VendorCall) (vendorCallRow, error) {
	row := vendorCallRow{
		Source: c.Source, CallKey: c.Key, ImportID: id, LocalDay: string(care.DayOf(c.Began)), BeganAt: micros(c.Began), Seconds: int(c.Length / time.Second),
		Unit: string(c.Unit), Employee: string(c.Employee), Law: string(c.Law), Shift: string(c.Shift), Service: c.Service,
	}

	if c.Citizen.IsZero() {
		return row, nil
	}

	var err error

	row.CitizenHash, err = k.hashCitizen(c.Citizen)

	return row, err
}

func (k *Keys) callImportToRow(in scheduler.CallImport) (callImportRow, error) {
	seal := sealer{keys: k, table: "call_imports", row: in.ID}

	return callImportRow{
		ID: in.ID, Source: in.Source, FileNameSealed: seal.seal("file_name", in.FileName), MadeBy: string(in.By), MadeAt: micros(in.At),
		RowTotal: in.Rows, NewCalls: in.New, KnownCalls: in.Known, Faults: in.Faults, UndoneBy: string(in.UndoneBy), UndoneAt: microsOrNull(in.UndoneAt),
	}, seal.err
}

// CallImports implements scheduler.Measures.
func (s *Store) CallImports(ctx context.Context, limit int) ([]scheduler.CallImport, error) {
	var rows []callImportRow
	if err := s.read.WithContext(ctx).Order("made_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.CallImport, 0, len(rows))

	for _, r := range rows {
		seal := sealer{keys: s.keys, table: "call_imports", row: r.ID}
		out = append(out, scheduler.CallImport{
			ID: r.ID, Source: r.Source, FileName: seal.open("file_name", r.FileNameSealed), By: care.EmployeeID(r.MadeBy), At: instant(r.MadeAt),
			Rows: r.RowTotal, New: r.NewCalls, Known: r.KnownCalls, Faults: r.Faults, UndoneBy: care.EmployeeID(r.UndoneBy), UndoneAt: instantOrZero(r.UndoneAt),
		})

		if seal.err != nil {
			return nil, translate(seal.err)
		}
	}

	return out, nil
}

// UndoCalls implements scheduler.Measures.
func (s *Store) UndoCalls(ctx context.Context, id string, by care.EmployeeID, at time.Time, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&callImportRow{}).Where("id = ? AND undone_at IS NULL", id).
			Updates(map[string]any{"undone_by": string(by), "undone_at": micros(at)})
		if done.Error != nil {
			return fmt.Errorf("undo an import of calls: %w", done.Error)
		}

		if done.RowsAffected != 1 {
			return s.notUndone(tx, id)
		}

		if err := tx.Where("import_id = ?", id).Delete(&vendorCallRow{}).Error; err != nil {
			return fmt.Errorf("take calls out: %w", err)
		}

		return s.writeEffects(tx, effects)
	})
}

// notUndone says why an import can't be undone.
func (s *Store) notUndone(tx *gorm.DB, id string) error {
	var found int64
	if err := tx.Model(&callImportRow{}).Where("id = ?", id).Count(&found).Error; err != nil {
		return fmt.Errorf("find an import of calls: %w", err)
	}

	if found == 0 {
		return &refusal{notFound()}
	}

	return &refusal{care.NewError(care.Conflict, "Importen er allerede fortrudt.")}
}
