package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// UpdateVisit implements scheduler.Visits.
func (s *Store) UpdateVisit(ctx context.Context, id care.VisitID, change scheduler.ChangeVisit) error {
	if s.base.Dialect == migrations.SQLite {
		if err := s.updateAhead(ctx, id, change); !errors.Is(err, errMoved) {
			return err
		}
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		found, err := s.lock(tx, []care.VisitID{id})
		if err != nil {
			return err
		}

		if len(found) == 0 {
			return notFound()
		}

		visit := care.Restore(found[0])

		effects, err := change(visit)
		if err != nil {
			return &refusal{err}
		}

		after := visit.Snapshot()
		after.Version = found[0].Version + 1

		if err := s.saveOne(tx, pair{found[0], after}); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// updateAhead reads and changes a visit before it asks for the one connection that writes, so
// that others have that one meanwhile. The visit's version tells whether it was still the same
// when it was written. It returns errMoved when it changed nothing and what is stored then has
// to decide.
func (s *Store) updateAhead(ctx context.Context, id care.VisitID, change scheduler.ChangeVisit) error {
	before, err := s.Visit(ctx, id)
	if err != nil {
		return errMoved
	}

	visit := care.Restore(before)

	effects, err := change(visit)
	if err != nil {
		return errMoved
	}

	after := visit.Snapshot()
	after.Version = before.Version + 1

	err = s.writeTogether(ctx, pair{before, after}, effects)
	if busy(err) || errors.Is(err, errMoved) {
		return errMoved
	}

	return translate(err)
}

// UpdateVisits implements scheduler.Visits.
func (s *Store) UpdateVisits(ctx context.Context, ids []care.VisitID, batch *care.Batch, change scheduler.ChangeVisit) ([]care.VisitID, error) {
	var changed []care.VisitID

	err := s.change(ctx, func(tx *gorm.DB) error {
		found, err := s.lock(tx, ids)
		if err != nil {
			return err
		}

		var (
			pairs []pair
			all   scheduler.Effects
		)

		changed = nil

		for _, before := range inOrder(found, ids) {
			visit := care.Restore(before)

			effects, err := change(visit)
			if errors.Is(err, scheduler.ErrSkip) {
				continue
			}

			if err != nil {
				return &refusal{err}
			}

			after := visit.Snapshot()
			after.Version = before.Version + 1
			pairs, changed = append(pairs, pair{before, after}), append(changed, before.ID)
			all.Jobs, all.Audit = append(all.Jobs, effects.Jobs...), append(all.Audit, effects.Audit...)
		}

		if batch != nil {
			b := *batch
			b.Visits = len(changed)

			if err := s.saveBatch(tx, b); err != nil {
				return err
			}
		}

		if err := s.saveMany(tx, pairs); err != nil {
			return err
		}

		return s.writeEffects(tx, all)
	})
	if err != nil {
		return nil, err
	}

	return changed, nil
}

// inOrder sorts what was found by the order in which it was asked for.
func inOrder(found []care.Snapshot, ids []care.VisitID) []care.Snapshot {
	place := make(map[care.VisitID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}

	slices.SortFunc(found, func(a, b care.Snapshot) int { return cmp.Compare(place[a.ID], place[b.ID]) })

	return found
}

// Visit implements scheduler.Visits.
func (s *Store) Visit(ctx context.Context, id care.VisitID) (care.Snapshot, error) {
	var found []care.Snapshot

	err := s.look(ctx, func(tx *gorm.DB) (err error) {
		found, err = s.load(tx, "id = ?", id)

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

// lock loads visits for a change. On PostgreSQL the rows are locked in order of id, so that
// two changes of one visit queue up instead of failing, and two of many never wait for each
// other in a circle; SQLite has one writer.
func (s *Store) lock(tx *gorm.DB, ids []care.VisitID) ([]care.Snapshot, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)

	var rows []visitRow

	for chunk := range slices.Chunk(slices.Compact(ids), maxKeys) {
		query := tx.Where("id IN ?", chunk).Order("id")
		if s.base.Dialect == migrations.Postgres {
			query = query.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
		}

		var part []visitRow
		if err := query.Find(&part).Error; err != nil {
			return nil, fmt.Errorf("lock visits: %w", err)
		}

		rows = append(rows, part...)
	}

	return s.assemble(tx, rows)
}

// load reads visits that meet a condition, in no order, with a constant number of queries.
func (s *Store) load(tx *gorm.DB, condition string, values ...any) ([]care.Snapshot, error) {
	var rows []visitRow
	if err := tx.Where(condition, values...).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load visits: %w", err)
	}

	return s.assemble(tx, rows)
}

// assemble adds the children to rows, keeping their order.
func (s *Store) assemble(tx *gorm.DB, rows []visitRow) ([]care.Snapshot, error) {
	snapshots := make([]care.Snapshot, len(rows))
	at := make(map[string]*care.Snapshot, len(rows))

	for i, row := range rows {
		snapshot, err := s.keys.visitFromRow(row)
		if err != nil {
			return nil, err
		}

		snapshots[i] = snapshot
		at[row.ID] = &snapshots[i]
	}

	for _, c := range children() {
		if err := c.load(tx, s.keys, rows, at); err != nil {
			return nil, err
		}
	}

	return snapshots, nil
}

// saveOne writes one changed visit whose row was read in this transaction.
func (s *Store) saveOne(tx *gorm.DB, p pair) error {
	row, err := s.keys.visitToRow(p.after)
	if err != nil {
		return err
	}

	done := tx.Model(&visitRow{}).Where("id = ? AND version = ?", row.ID, p.before.Version).Select("*").Omit("id").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("write visit: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return errMoved
	}

	return s.saveChildren(tx, []pair{p})
}

// saveMany writes many changed visits with few statements.
func (s *Store) saveMany(tx *gorm.DB, pairs []pair) error {
	rows := make([]visitRow, 0, len(pairs))

	for _, p := range pairs {
		row, err := s.keys.visitToRow(p.after)
		if err != nil {
			return err
		}

		rows = append(rows, row)
	}

	if err := upsert(tx, rows, "visits.version = excluded.version - 1"); err != nil {
		return err
	}

	return s.saveChildren(tx, pairs)
}

func (s *Store) saveChildren(tx *gorm.DB, pairs []pair) error {
	for _, c := range children() {
		if err := c.save(tx, s.keys, pairs); err != nil {
			return err
		}
	}

	return nil
}

// atOnce is how many visits are turned into rows before those are written: a list of ten
// thousand visits must not be in memory several times over.
const atOnce = 500

// insertVisits writes visits that were never stored.
func (s *Store) insertVisits(tx *gorm.DB, fresh []*care.Visit) error {
	for chunk := range slices.Chunk(fresh, atOnce) {
		if err := s.insertSome(tx, chunk); err != nil {
			return err
		}
	}

	return nil
}

func (s *Store) insertSome(tx *gorm.DB, fresh []*care.Visit) error {
	rows, pairs := make([]visitRow, 0, len(fresh)), make([]pair, 0, len(fresh))

	for _, v := range fresh {
		after := v.Snapshot()
		after.Version = 1

		row, err := s.keys.visitToRow(after)
		if err != nil {
			return err
		}

		rows, pairs = append(rows, row), append(pairs, pair{after: after})
	}

	if err := insert(tx, rows); err != nil {
		return err
	}

	return s.saveChildren(tx, pairs)
}
