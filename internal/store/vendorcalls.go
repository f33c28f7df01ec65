package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// callSightingRow says that an import has a call.
type callSightingRow struct {
	Source   string `gorm:"primaryKey"`
	CallKey  string `gorm:"primaryKey"`
	ImportID string `gorm:"primaryKey"`
}

// TableName names the table for gorm.
func (callSightingRow) TableName() string { return "call_sightings" }

type callImportRow struct {
	ID             string `gorm:"primaryKey"`
	Source         string
	FileNameSealed []byte
	MadeBy         string
	MadeAt         int64
	RowTotal       int
	NewCalls       int
	KnownCalls     int
	LeftOut        int
	Faults         int
	Content        string
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

// callKey is what makes a call the same in two files, as a keyed hash: an id of the vendor's may be
// anything, and a row without one is told from others by its citizen.
func (k *Keys) callKey(c scheduler.VendorCall) (string, error) {
	if c.ID != "" {
		return k.hash("vendor_calls.id", c.Source+"\x00"+c.ID)
	}

	citizen := ""

	if !c.Citizen.IsZero() {
		var err error
		if citizen, err = k.hashCitizen(c.Citizen); err != nil {
			return "", err
		}
	}

	return k.hash("vendor_calls.row", strings.Join([]string{
		c.Source, strconv.FormatInt(micros(c.Began), 10), c.Length.String(), string(c.Employee), citizen, strconv.Itoa(c.Alike),
	}, "\x00"))
}

// KnownCalls implements scheduler.Measures.
func (s *Store) KnownCalls(ctx context.Context, calls []scheduler.VendorCall) ([]bool, error) {
	keys := make([]string, len(calls))

	for i, c := range calls {
		var err error
		if keys[i], err = s.keys.callKey(c); err != nil {
			return nil, translate(err)
		}
	}

	have := make(map[string]bool, len(keys))

	err := s.look(ctx, func(tx *gorm.DB) error {
		for chunk := range slices.Chunk(keys, maxKeys) {
			var found []string
			if err := tx.Model(&vendorCallRow{}).Where("source = ? AND call_key IN ?", calls[0].Source, chunk).Pluck("call_key", &found).Error; err != nil {
				return fmt.Errorf("find calls: %w", err)
			}

			for _, key := range found {
				have[key] = true
			}
		}

		return nil
	})

	out := make([]bool, len(keys))
	for i, key := range keys {
		out[i] = have[key]
	}

	return out, err
}

// StandingImport implements scheduler.Measures.
func (s *Store) StandingImport(ctx context.Context, source, content string) (scheduler.CallImport, error) {
	return s.oneCallImport(ctx, "source = ? AND content = ? AND undone_at IS NULL", source, content)
}

// CallImport implements scheduler.Measures.
func (s *Store) CallImport(ctx context.Context, id string) (scheduler.CallImport, error) {
	return s.oneCallImport(ctx, "id = ?", id)
}

func (s *Store) oneCallImport(ctx context.Context, where string, values ...any) (scheduler.CallImport, error) {
	var row callImportRow
	if err := s.read.WithContext(ctx).Where(where, values...).Take(&row).Error; err != nil {
		return scheduler.CallImport{}, translate(err)
	}

	out, err := s.keys.callImportFromRow(row)

	return out, translate(err)
}

// SaveCalls implements scheduler.Measures.
func (s *Store) SaveCalls(ctx context.Context, in scheduler.CallImport, calls []scheduler.VendorCall, effects scheduler.Effects) (scheduler.CallImport, error) {
	rows := make([]vendorCallRow, 0, len(calls))
	seen := make([]callSightingRow, 0, len(calls))

	for _, c := range calls {
		row, err := s.keys.callToRow(in.ID, c)
		if err != nil {
			return in, translate(err)
		}

		rows, seen = append(rows, row), append(seen, callSightingRow{Source: row.Source, CallKey: row.CallKey, ImportID: in.ID})
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

		for chunk := range slices.Chunk(seen, atOnce) {
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk).Error; err != nil {
				return fmt.Errorf("store where calls stand: %w", err)
			}
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
	key, err := k.callKey(c)
	if err != nil {
		return vendorCallRow{}, err
	}

	row := vendorCallRow{
		Source: c.Source, CallKey: key, ImportID: id, LocalDay: string(care.DayOf(c.Began)), BeganAt: micros(c.Began), Seconds: int(c.Length / time.Second),
		Unit: string(c.Unit), Employee: string(c.Employee), Law: string(c.Law), Shift: string(c.Shift), Service: c.Service,
	}

	if c.Citizen.IsZero() {
		return row, nil
	}

	row.CitizenHash, err = k.hashCitizen(c.Citizen)

	return row, err
}

func (k *Keys) callImportToRow(in scheduler.CallImport) (callImportRow, error) {
	seal := sealer{keys: k, table: "call_imports", row: in.ID}

	return callImportRow{
		ID: in.ID, Source: in.Source, FileNameSealed: seal.seal("file_name", in.FileName), MadeBy: string(in.By), MadeAt: micros(in.At),
		RowTotal: in.Rows, NewCalls: in.New, KnownCalls: in.Known, LeftOut: in.LeftOut, Faults: in.Faults,
		Content: in.Content, UndoneBy: string(in.UndoneBy), UndoneAt: microsOrNull(in.UndoneAt),
	}, seal.err
}

func (k *Keys) callImportFromRow(r callImportRow) (scheduler.CallImport, error) {
	seal := sealer{keys: k, table: "call_imports", row: r.ID}

	return scheduler.CallImport{
		ID: r.ID, Source: r.Source, FileName: seal.open("file_name", r.FileNameSealed), By: care.EmployeeID(r.MadeBy), At: instant(r.MadeAt),
		Rows: r.RowTotal, New: r.NewCalls, Known: r.KnownCalls, LeftOut: r.LeftOut, Faults: r.Faults, Content: r.Content,
		UndoneBy: care.EmployeeID(r.UndoneBy), UndoneAt: instantOrZero(r.UndoneAt),
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
		one, err := s.keys.callImportFromRow(r)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, one)
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

		if err := tx.Where("import_id = ?", id).Delete(&callSightingRow{}).Error; err != nil {
			return fmt.Errorf("forget where calls stood: %w", err)
		}

		// What stands in another import too is that one's from now on.
		other := "(SELECT MIN(s.import_id) FROM call_sightings s WHERE s.source = vendor_calls.source AND s.call_key = vendor_calls.call_key)"
		if err := tx.Exec("UPDATE vendor_calls SET import_id = COALESCE("+other+", import_id) WHERE import_id = ?", id).Error; err != nil {
			return fmt.Errorf("hand calls over: %w", err)
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
