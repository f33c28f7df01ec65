package store

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler/care"
)

// Bounds of one statement. PostgreSQL takes 65,535 placeholders. The driver of SQLite looks
// through all values for each placeholder, so that long statements cost the square of their
// length: 14,000 placeholders were measured to take 20 times as long as the same rows in
// statements of 700.
const (
	maxPlaceholders       = 16_000
	maxPlaceholdersSQLite = 700
	maxKeys               = 1_000
)

// pair is a visit before and after a change.
type pair struct{ before, after care.Snapshot }

// child is one table of things that hang on visits.
type child interface {
	// load adds the rows of the given visits to their snapshots.
	load(tx *gorm.DB, keys *Keys, visits []visitRow, at map[string]*care.Snapshot) error
	// save writes what differs.
	save(tx *gorm.DB, keys *Keys, changes []pair) error
}

// owned is a row that belongs to a visit.
type owned interface {
	owner() string
	TableName() string
}

// table is the child of one type: T in the domain, R in the database.
type table[T any, R owned] struct {
	bit     int
	of      func(*care.Snapshot) *[]T
	key     func(T) string
	same    func(a, b T) bool
	toRow   func(*Keys, care.VisitID, int, T) (R, error)
	fromRow func(*Keys, R) (T, error)
}

func equal[T comparable](a, b T) bool { return a == b }

// sameRoom compares rooms, which hold lists.
func sameRoom(a, b care.Room) bool { return reflect.DeepEqual(a, b) }

// sameVerdict compares verdicts, which are only ever added.
func sameVerdict(a, b care.Verdict) bool { return a.At.Equal(b.At) && a.Says(b) }

func children() []child {
	return []child{
		table[care.Room, roomRow]{
			hasRooms, func(s *care.Snapshot) *[]care.Room { return &s.Rooms },
			func(r care.Room) string { return string(r.Ref) }, sameRoom, (*Keys).roomToRow, (*Keys).roomFromRow,
		},
		table[care.Invitation, invitationRow]{
			hasInvitations, func(s *care.Snapshot) *[]care.Invitation { return &s.Invitations },
			func(i care.Invitation) string { return string(i.ID) }, equal[care.Invitation], (*Keys).invitationToRow, (*Keys).invitationFromRow,
		},
		table[care.Admission, admissionRow]{
			hasAdmissions, func(s *care.Snapshot) *[]care.Admission { return &s.Admissions },
			func(a care.Admission) string { return string(a.ID) }, equal[care.Admission], (*Keys).admissionToRow, (*Keys).admissionFromRow,
		},
		table[care.Entry, entryRow]{
			hasEntries, func(s *care.Snapshot) *[]care.Entry { return &s.Entries },
			func(e care.Entry) string { return string(e.ID) }, equal[care.Entry], (*Keys).entryToRow, (*Keys).entryFromRow,
		},
		table[care.Exception, exceptionRow]{
			hasExceptions, func(s *care.Snapshot) *[]care.Exception { return &s.Exceptions },
			func(e care.Exception) string { return string(e.ID) }, equal[care.Exception], (*Keys).exceptionToRow, (*Keys).exceptionFromRow,
		},
		table[care.Leg, legRow]{
			hasLegs, func(s *care.Snapshot) *[]care.Leg { return &s.Legs },
			func(l care.Leg) string { return string(l.Room) + "\x00" + l.ID }, equal[care.Leg], (*Keys).legToRow, (*Keys).legFromRow,
		},
		table[care.Verdict, verdictRow]{
			hasVerdicts, func(s *care.Snapshot) *[]care.Verdict { return &s.Verdicts },
			func(v care.Verdict) string { return v.At.String() }, sameVerdict, (*Keys).verdictToRow, (*Keys).verdictFromRow,
		},
		table[care.Outcome, formerRow]{
			hasFormer, func(s *care.Snapshot) *[]care.Outcome { return &s.Former },
			func(o care.Outcome) string { return o.At.String() }, equal[care.Outcome], (*Keys).formerToRow, (*Keys).formerFromRow,
		},
		table[care.Participant, participantRow]{
			hasParticipants, func(s *care.Snapshot) *[]care.Participant { return &s.Participants },
			func(p care.Participant) string { return string(p.ID) }, equal[care.Participant], (*Keys).participantToRow, (*Keys).participantFromRow,
		},
		table[care.FollowUp, followUpRow]{
			hasFollowUps, func(s *care.Snapshot) *[]care.FollowUp { return &s.FollowUps },
			func(f care.FollowUp) string { return string(f.ID) }, equal[care.FollowUp], (*Keys).followUpToRow, (*Keys).followUpFromRow,
		},
	}
}

func (t table[T, R]) load(tx *gorm.DB, keys *Keys, visits []visitRow, at map[string]*care.Snapshot) error {
	var ids []string

	for _, v := range visits {
		if v.Parts&t.bit != 0 {
			ids = append(ids, v.ID)
		}
	}

	for chunk := range slices.Chunk(ids, maxKeys) {
		var rows []R
		if err := tx.Where("visit_id IN ?", chunk).Order("visit_id, seq").Find(&rows).Error; err != nil {
			return fmt.Errorf("load children: %w", err)
		}

		for _, row := range rows {
			item, err := t.fromRow(keys, row)
			if err != nil {
				return err
			}

			list := t.of(at[row.owner()])
			*list = append(*list, item)
		}
	}

	return nil
}

func (t table[T, R]) save(tx *gorm.DB, keys *Keys, changes []pair) error {
	var rows []R

	for n := range changes {
		c := &changes[n]
		before, after := *t.of(&c.before), *t.of(&c.after)

		if err := t.remove(tx, c.after.ID, before, after); err != nil {
			return err
		}

		for i, item := range after {
			if i < len(before) && t.same(before[i], item) {
				continue
			}

			row, err := t.toRow(keys, c.after.ID, i, item)
			if err != nil {
				return err
			}

			rows = append(rows, row)
		}
	}

	var zero R

	return upsert(tx, rows, zero.TableName()+".visit_id = excluded.visit_id")
}

// remove deletes what is no longer there. The domain only ever adds, so this is rare.
func (t table[T, R]) remove(tx *gorm.DB, visit care.VisitID, before, after []T) error {
	if len(before) == 0 {
		return nil
	}

	left := make(map[string]bool, len(after))
	for _, item := range after {
		left[t.key(item)] = true
	}

	for seq, item := range before {
		if left[t.key(item)] {
			continue
		}

		var zero R
		if err := tx.Where("visit_id = ? AND seq = ?", visit, seq).Delete(&zero).Error; err != nil {
			return fmt.Errorf("delete child: %w", err)
		}
	}

	return nil
}

// upsert inserts rows, or updates those whose primary key exists when the condition holds. A
// row for which it does not hold is somebody else's: errMoved.
func upsert[R any](tx *gorm.DB, rows []R, condition string) error {
	for chunk := range chunks(tx, rows) {
		done := tx.Clauses(clause.OnConflict{
			UpdateAll: true,
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: condition}}},
		}).Create(&chunk)

		if done.Error != nil {
			return fmt.Errorf("write rows: %w", done.Error)
		}

		if done.RowsAffected != int64(len(chunk)) {
			return errMoved
		}
	}

	return nil
}

// insert inserts rows that must not exist.
func insert[R any](tx *gorm.DB, rows []R) error {
	for chunk := range chunks(tx, rows) {
		if err := tx.Create(&chunk).Error; err != nil {
			return fmt.Errorf("insert rows: %w", err)
		}
	}

	return nil
}

// chunks cuts rows into statements of a bounded size.
func chunks[R any](tx *gorm.DB, rows []R) func(func([]R) bool) {
	columns := 1

	statement := &gorm.Statement{DB: tx}
	if err := statement.Parse(new(R)); err == nil {
		columns = len(statement.Schema.DBNames)
	}

	limit := maxPlaceholders
	if tx.Name() == sqlite.DriverName {
		limit = maxPlaceholdersSQLite
	}

	return slices.Chunk(rows, max(1, limit/columns))
}
