package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
)

// Bounds of one common transaction.
const (
	maxTogether  = 64
	togetherTime = 30 * time.Second
)

// errUnwritten is what a change ends with that a panic kept from being written.
var errUnwritten = errors.New("store: the transaction was given up")

// prepared is a change that only has to be written.
type prepared struct {
	pair    pair
	effects scheduler.Effects
	turn    chan struct{} // gets one value when this one has to write for all who wait
	done    chan struct{} // closed when err is set
	leads   bool
	err     error
}

// common lets changes that wait for SQLite's one writer share a transaction, and with it the one
// moment in which the disk has to say that it has them. Nobody is answered before that moment.
// Whoever finds nobody writing writes alone and at once; those who come meanwhile wait, and the
// first of them writes for all.
type common struct {
	mutex   sync.Mutex
	writing bool
	waiting []*prepared
}

// writeTogether writes a change, alone or together with others. Each of them succeeds or fails
// by itself.
func (s *Store) writeTogether(ctx context.Context, p pair, effects scheduler.Effects) error {
	w := &prepared{pair: p, effects: effects, turn: make(chan struct{}, 1), done: make(chan struct{})}
	c := &s.common

	c.mutex.Lock()
	c.waiting = append(c.waiting, w)
	first := !c.writing
	w.leads, c.writing = first, true
	c.mutex.Unlock()

	if !first {
		select {
		case <-w.done:
			return w.err
		case <-w.turn:
		case <-ctx.Done():
			if c.leave(w) {
				return context.Cause(ctx) //nolint:wrapcheck // translated by the caller
			}
		}
	}

	if c.isLeader(w) {
		s.lead(ctx)
	}

	<-w.done

	return w.err
}

// lead writes for all who wait and passes the lead on, even when something panics.
func (s *Store) lead(ctx context.Context) {
	defer s.common.pass()

	s.writeAll(ctx, s.common.take())
}

// leave takes one that nobody has begun to write out of the line.
func (c *common) leave(w *prepared) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	at := slices.Index(c.waiting, w)
	if at < 0 || w.leads {
		return false
	}

	c.waiting = slices.Delete(c.waiting, at, at+1)

	return true
}

func (c *common) isLeader(w *prepared) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	return w.leads
}

// take returns those who wait, the caller first.
func (c *common) take() []*prepared {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	n := min(len(c.waiting), maxTogether)
	all := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)

	return all
}

// pass lets the first of those who came meanwhile write.
func (c *common) pass() {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	if len(c.waiting) == 0 {
		c.writing = false

		return
	}

	c.waiting[0].leads = true
	c.waiting[0].turn <- struct{}{}
}

// writeAll writes changes in one transaction and tells each how it went.
func (s *Store) writeAll(ctx context.Context, all []*prepared) {
	if len(all) > 1 { // one caller who gives up must not take the others along
		var cancel context.CancelFunc

		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), togetherTime)
		defer cancel()
	}

	err := errUnwritten

	defer func() {
		for _, w := range all {
			if err != nil {
				w.err = err
			}

			close(w.done)
		}
	}()

	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if len(all) == 1 {
			return s.writePrepared(tx, all[0])
		}

		for _, w := range all {
			w.err = tx.Transaction(func(tx *gorm.DB) error { return s.writePrepared(tx, w) })
		}

		return nil
	})
}

func (s *Store) writePrepared(tx *gorm.DB, w *prepared) error {
	if err := s.saveOne(tx, w.pair); err != nil {
		return err
	}

	return s.writeEffects(tx, w.effects)
}
