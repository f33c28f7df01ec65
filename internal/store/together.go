package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
)

// maxTogether bounds how many changes share a transaction.
const maxTogether = 64

// errUnwritten is what a change ends with that a panic kept from being written.
var errUnwritten = errors.New("store: the transaction was given up")

// prepared is a change that only has to be written.
type prepared struct {
	pair    pair
	effects scheduler.Effects
}

// writeTogether writes a change, alone or together with others that wait for SQLite's one writer.
// Each of them succeeds or fails by itself.
func (s *Store) writeTogether(ctx context.Context, p pair, effects scheduler.Effects) error {
	return s.common.write(ctx, prepared{p, effects}, maxTogether, s.writeAll)
}

// writeAll writes changes in one transaction and tells each how it went.
func (s *Store) writeAll(ctx context.Context, all []*place[prepared]) error {
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if len(all) == 1 {
			return s.writePrepared(tx, all[0].item)
		}

		for _, w := range all {
			w.err = tx.Transaction(func(tx *gorm.DB) error { return s.writePrepared(tx, w.item) })
		}

		return nil
	})

	return err //nolint:wrapcheck // translated by the caller
}

func (s *Store) writePrepared(tx *gorm.DB, w prepared) error {
	if err := s.saveOne(tx, w.pair); err != nil {
		return err
	}

	return s.writeEffects(tx, w.effects)
}
