package store

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// auditRow has no id here: the database numbers the rows.
type auditRow struct {
	At           int64
	Actor        string
	Action       string
	VisitID      string
	CitizenID    string
	Detail       string
	Address      string
	Session      string
	Level        int
	Method       string
	ReasonSealed []byte
}

// TableName names the table for gorm.
func (auditRow) TableName() string { return "audit" }

// numberedRow is an audit row with the number that the database gave it.
type numberedRow struct {
	Row auditRow `gorm:"embedded"`
	ID  int64    `gorm:"primaryKey;autoIncrement"`
}

// TableName names the table for gorm.
func (numberedRow) TableName() string { return "audit" }

// auditCitizenRow says that a list showed a citizen.
type auditCitizenRow struct {
	CitizenID string `gorm:"primaryKey"`
	AuditID   int64  `gorm:"primaryKey;autoIncrement:false"`
}

// TableName names the table for gorm.
func (auditCitizenRow) TableName() string { return "audit_citizens" }

// reasonSealer binds a reason to its row, which has no key before it is stored: to when, who, what.
func (k *Keys) reasonSealer(r auditRow) *sealer {
	return &sealer{keys: k, table: "audit", row: fmt.Sprintf("%d\x00%s\x00%s", r.At, r.Actor, r.Action)}
}

func (s *Store) auditToRow(tx *gorm.DB, r scheduler.AuditRow) (auditRow, error) {
	at, origin := r.At, r.Origin
	if at.IsZero() {
		at = s.clock()
	}

	if origin == (scheduler.Origin{}) {
		origin = scheduler.OriginOf(tx.Statement.Context)
	}

	row := auditRow{
		At: micros(at), Actor: r.Actor, Action: r.Action, VisitID: string(r.Visit), CitizenID: string(r.Citizen), Detail: r.Detail,
		Address: origin.Address, Session: origin.Session, Level: int(origin.Level), Method: origin.Method,
	}

	seal := s.keys.reasonSealer(row)
	row.ReasonSealed = seal.seal("reason", r.Reason)

	return row, seal.err
}

func (s *Store) writeAudit(tx *gorm.DB, rows []scheduler.AuditRow) error {
	out := make([]auditRow, 0, len(rows))

	for _, r := range rows {
		row, err := s.auditToRow(tx, r)
		if err != nil {
			return err
		}

		if len(r.Citizens) == 0 {
			out = append(out, row)

			continue
		}

		if err := writeList(tx, row, r); err != nil {
			return err
		}
	}

	return insert(tx, out)
}

// writeList stores the row of a list with the citizens that it showed.
func writeList(tx *gorm.DB, row auditRow, r scheduler.AuditRow) error {
	numbered := numberedRow{Row: row}
	if err := tx.Create(&numbered).Error; err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}

	shown := make([]auditCitizenRow, 0, len(r.Citizens))
	for _, id := range r.Citizens {
		shown = append(shown, auditCitizenRow{CitizenID: string(id), AuditID: numbered.ID})
	}

	return insert(tx, shown)
}

// Audit implements scheduler.Audits.
func (s *Store) Audit(ctx context.Context, q scheduler.AuditQuery) ([]scheduler.AuditEntry, error) {
	var rows []numberedRow
	if err := s.auditQuery(ctx, q).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	shown, err := s.shownIn(ctx, rows)
	if err != nil {
		return nil, err
	}

	out := make([]scheduler.AuditEntry, 0, len(rows))

	for _, row := range rows {
		entry, err := s.auditFromRow(row.ID, row.Row)
		if err != nil {
			return nil, err
		}

		entry.Shown = shown[row.ID]
		out = append(out, entry)
	}

	return out, nil
}

func (s *Store) auditQuery(ctx context.Context, q scheduler.AuditQuery) *gorm.DB {
	find := s.read.WithContext(ctx).Order("id DESC")

	if q.Citizen != "" {
		find = find.Where("(citizen_id = ? OR id IN (SELECT audit_id FROM audit_citizens WHERE audit_citizens.citizen_id = ?))", string(q.Citizen), string(q.Citizen))
	}

	if q.Actor != "" {
		find = find.Where("actor = ?", q.Actor)
	}

	if q.From != "" {
		find = find.Where("at >= ?", micros(q.From.Bounds().Start))
	}

	if q.To != "" {
		find = find.Where("at < ?", micros(q.To.Bounds().End))
	}

	if q.Before > 0 {
		find = find.Where("id < ?", q.Before)
	}

	if q.Limit > 0 {
		find = find.Limit(q.Limit)
	}

	return find
}

func (s *Store) auditFromRow(id int64, row auditRow) (scheduler.AuditEntry, error) {
	seal := s.keys.reasonSealer(row)
	out := scheduler.AuditEntry{ID: id, AuditRow: scheduler.AuditRow{
		At: instant(row.At), Actor: row.Actor, Action: row.Action, Visit: care.VisitID(row.VisitID), Citizen: care.CitizenID(row.CitizenID),
		Detail: row.Detail, Reason: seal.open("reason", row.ReasonSealed),
		Origin: scheduler.Origin{Address: row.Address, Session: row.Session, Level: care.Assurance(row.Level), Method: row.Method},
	}}

	return out, translate(seal.err)
}

// shownIn counts the citizens that lists showed, by the number of the list's row.
func (s *Store) shownIn(ctx context.Context, rows []numberedRow) (map[int64]int, error) {
	out := make(map[int64]int)

	for chunk := range slices.Chunk(rows, maxPlaceholdersSQLite) {
		ids := make([]int64, len(chunk))
		for i, row := range chunk {
			ids[i] = row.ID
		}

		var counts []struct {
			AuditID int64
			Shown   int
		}

		err := s.read.WithContext(ctx).Model(&auditCitizenRow{}).Select("audit_id, COUNT(*) AS shown").Where("audit_id IN ?", ids).Group("audit_id").Find(&counts).Error
		if err != nil {
			return nil, translate(err)
		}

		for _, c := range counts {
			out[c.AuditID] = c.Shown
		}
	}

	return out, nil
}

// Record implements scheduler.Batches.
func (s *Store) Record(ctx context.Context, rows []scheduler.AuditRow) error {
	if len(rows) == 0 {
		return nil
	}

	return s.change(ctx, func(tx *gorm.DB) error { return s.writeAudit(tx, rows) })
}
