package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// conditions collects what narrows a query. The texts are constants of this package; values
// only ever go in as placeholders.
type conditions struct {
	text   []string
	values []any
}

func (c *conditions) add(text string, values ...any) {
	c.text, c.values = append(c.text, text), append(c.values, values...)
}

func (c *conditions) apply(tx *gorm.DB) *gorm.DB {
	i := 0

	for _, text := range c.text {
		n := placeholders(text)
		tx, i = tx.Where(text, c.values[i:i+n]...), i+n
	}

	return tx
}

func placeholders(text string) (n int) {
	for _, r := range text {
		if r == '?' {
			n++
		}
	}

	return n
}

func narrow(q scheduler.VisitQuery) conditions {
	var c conditions

	if !q.Window.Start.IsZero() {
		c.add("planned_start >= ?", micros(q.Window.Start))
	}

	if !q.Window.End.IsZero() {
		c.add("planned_start < ?", micros(q.Window.End))
	}

	if len(q.Units) > 0 {
		c.add("unit IN ?", q.Units)
	}

	if q.Employee != "" {
		c.add("employee = ?", q.Employee)
	}

	if q.Batch != "" {
		c.add("batch_id = ?", q.Batch)
	}

	if q.ListName != "" {
		c.add("list_name = ?", q.ListName)
	}

	if q.System != "" {
		c.add("system = ?", q.System)
	}

	if q.State != "" {
		c.add("state = ?", q.State)
	}

	if q.Troubled {
		c.add("id IN (SELECT visit_id FROM exceptions WHERE resolved_at IS NULL)")
	}

	if len(q.Categories) > 0 {
		c.add("category IN ?", q.Categories)
	}

	if q.Screened {
		c.add("(generation > 0 OR (parts & ?) <> 0)", hasRooms|hasEntries)
	}

	if !q.FollowedUp.IsZero() {
		c.add("id IN (SELECT visit_id FROM follow_ups WHERE ended_at IS NULL UNION SELECT visit_id FROM follow_ups WHERE ended_at >= ?)", micros(q.FollowedUp))
	}

	return c
}

// split returns the conditions of a query: several when it names more keys than one statement
// may hold. No visit fits two of them.
func split(q scheduler.VisitQuery) []conditions {
	var out []conditions

	for _, ids := range parts(q.IDs) {
		for _, citizens := range parts(q.Citizens) {
			c := narrow(q)

			if len(q.Rooms) > 0 {
				c.add("id IN (SELECT visit_id FROM rooms WHERE ref IN ?)", q.Rooms)
			}

			if len(ids) > 0 {
				c.add("id IN ?", ids)
			}

			if len(citizens) > 0 {
				c.add("citizen_id IN ?", citizens)
			}

			out = append(out, c)
		}
	}

	return out
}

// parts cuts keys into parts that fit one statement; without keys there is one empty part.
func parts[K ~string](keys []K) [][]K {
	if len(keys) == 0 {
		return [][]K{nil}
	}

	return slices.Collect(slices.Chunk(slices.Compact(slices.Sorted(slices.Values(keys))), maxKeys))
}

// Visits implements scheduler.Visits.
func (s *Store) Visits(ctx context.Context, q scheduler.VisitQuery) ([]care.Snapshot, error) {
	var found []care.Snapshot

	queries := split(q)

	err := s.look(ctx, func(tx *gorm.DB) error {
		var rows []visitRow

		for _, c := range queries {
			query := c.apply(tx).Order("planned_start, id")
			if q.Limit > 0 {
				query = query.Limit(q.Limit)
			}

			var part []visitRow
			if err := query.Find(&part).Error; err != nil {
				return fmt.Errorf("find visits: %w", err)
			}

			rows = append(rows, part...)
		}

		rows = merge(rows, len(queries) > 1, q.Limit)

		var err error
		found, err = s.assemble(tx, rows)

		return err
	})

	return found, err
}

// merge puts the answers of several queries into one order and within the limit.
func merge(rows []visitRow, several bool, limit int) []visitRow {
	if !several {
		return rows
	}

	slices.SortFunc(rows, func(a, b visitRow) int {
		return cmp.Or(cmp.Compare(a.PlannedStart, b.PlannedStart), cmp.Compare(a.ID, b.ID))
	})

	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}

	return rows
}

// VisitByLocator implements scheduler.Visits.
func (s *Store) VisitByLocator(ctx context.Context, hash string) (care.Snapshot, care.InvitationID, error) {
	var row invitationRow

	found, err := s.owner(ctx, hash, func(tx *gorm.DB) (string, error) {
		err := tx.Where("locator_hash = ?", hash).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			s.inVain(tx)
		}

		return row.VisitID, err
	})

	return found, care.InvitationID(row.ID), err
}

// inVain reads some visit for nobody, so that a link that nobody knows takes about as long as one
// whose visit is over (ASVS 6.3.8). Whatever comes of it is dropped.
func (s *Store) inVain(tx *gorm.DB) {
	var some invitationRow
	if err := tx.Where("locator_hash <> ''").Limit(1).Find(&some).Error; err == nil {
		_, _ = s.load(tx, "id = ?", some.VisitID)
	}
}

// VisitByReceipt implements scheduler.Visits.
func (s *Store) VisitByReceipt(ctx context.Context, receipt string) (care.Snapshot, care.InvitationID, error) {
	var row invitationRow

	found, err := s.owner(ctx, receipt, func(tx *gorm.DB) (string, error) {
		// The second condition is the index's.
		err := tx.Where("provider_id = ? AND provider_id <> ''", receipt).Order("sent_at DESC, id").Take(&row).Error

		return row.VisitID, err
	})

	return found, care.InvitationID(row.ID), err
}

// VisitBySession implements scheduler.Visits.
func (s *Store) VisitBySession(ctx context.Context, hash string) (care.Snapshot, care.AdmissionID, error) {
	var row admissionRow

	found, err := s.owner(ctx, hash, func(tx *gorm.DB) (string, error) {
		err := tx.Where("session_hash = ?", hash).Take(&row).Error

		return row.VisitID, err
	})

	return found, care.AdmissionID(row.ID), err
}

// owner finds the visit on which something hangs.
func (s *Store) owner(ctx context.Context, hash string, find func(*gorm.DB) (string, error)) (care.Snapshot, error) {
	if hash == "" {
		return care.Snapshot{}, notFound()
	}

	var found []care.Snapshot

	err := s.look(ctx, func(tx *gorm.DB) error {
		visit, err := find(tx)
		if err != nil {
			return fmt.Errorf("find by hash: %w", err)
		}

		found, err = s.load(tx, "id = ?", visit)

		return err
	})
	if err != nil {
		return care.Snapshot{}, err
	}

	if len(found) == 0 {
		return care.Snapshot{}, notFound()
	}

	return found[0], nil
}

// VisitsBySource implements scheduler.Visits. References are asked for by system and
// occurrence, which a list has few of.
func (s *Store) VisitsBySource(ctx context.Context, refs []care.SourceRef) ([]care.Snapshot, error) {
	type group struct{ system, occurrence string }

	ids := make(map[group][]string)
	for _, r := range refs {
		g := group{r.System, r.Occurrence}
		ids[g] = append(ids[g], r.ID)
	}

	var found []care.Snapshot

	err := s.look(ctx, func(tx *gorm.DB) error {
		var rows []visitRow

		for g, wanted := range ids {
			slices.Sort(wanted)

			for chunk := range slices.Chunk(slices.Compact(wanted), maxKeys) {
				var part []visitRow
				if err := tx.Where("system = ? AND occurrence = ? AND source_id IN ?", g.system, g.occurrence, chunk).Find(&part).Error; err != nil {
					return fmt.Errorf("find visits by source: %w", err)
				}

				rows = append(rows, part...)
			}
		}

		var err error
		found, err = s.assemble(tx, merge(rows, true, 0))

		return err
	})

	return found, err
}

// CodesSent implements scheduler.Visits. The codes of a session count from the newest one's
// time, so the number errs on the safe side.
func (s *Store) CodesSent(ctx context.Context, citizen care.CitizenID, since time.Time) (int, error) {
	var sum int

	err := s.read.WithContext(ctx).Raw(
		"SELECT COALESCE(SUM(a.code_count), 0) FROM admissions a JOIN visits v ON v.id = a.visit_id WHERE v.citizen_id = ? AND a.participant_id = '' AND a.code_sent_at >= ?",
		citizen, micros(since)).Scan(&sum).Error

	return sum, translate(err)
}
