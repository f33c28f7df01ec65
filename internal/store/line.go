package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// togetherTime bounds a common transaction.
const togetherTime = 30 * time.Second

// line lets those who want to write share a transaction, and with it the one moment in which the
// disk has to say that it has what they wrote. Nobody is answered before that moment. Whoever
// finds nobody writing writes alone and at once; those who come meanwhile wait, and the first of
// them writes for all.
type line[T any] struct {
	width   int // how many may write at once; 0 is 1
	mutex   sync.Mutex
	writing int
	waiting []*place[T]
}

// place is one who waits.
type place[T any] struct {
	item  T
	turn  chan struct{} // gets one value when this one has to write for all who wait
	done  chan struct{} // closed when err is set
	leads bool
	err   error
}

// An item is written by fn, alone or together with others, at most so many at once. What fn
// returns holds for all of them; otherwise the err of each place does.
func (l *line[T]) write(ctx context.Context, item T, most int, fn func(ctx context.Context, all []*place[T]) error) error {
	p := &place[T]{item: item, turn: make(chan struct{}, 1), done: make(chan struct{})}

	l.mutex.Lock()
	l.waiting = append(l.waiting, p)

	first := l.writing < max(l.width, 1)
	if p.leads = first; first {
		l.writing++
	}

	l.mutex.Unlock()

	if !first {
		select {
		case <-p.done:
			return p.err
		case <-p.turn:
		case <-ctx.Done():
			if l.leave(p) {
				return context.Cause(ctx) //nolint:wrapcheck // translated by the caller
			}
		}
	}

	if l.isLeader(p) {
		l.lead(ctx, p, most, fn)
	}

	<-p.done

	return p.err
}

// lead writes for all who wait and passes the lead on, even when something panics.
func (l *line[T]) lead(ctx context.Context, p *place[T], most int, fn func(ctx context.Context, all []*place[T]) error) {
	defer l.pass()

	all := l.take(p, most)

	if len(all) > 1 { // one caller who gives up must not take the others along
		var cancel context.CancelFunc

		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), togetherTime)
		defer cancel()
	}

	err := errUnwritten

	defer func() {
		for _, p := range all {
			if err != nil {
				p.err = err
			}

			close(p.done)
		}
	}()

	err = fn(ctx, all)
}

// leave takes one that nobody has begun to write out of the line.
func (l *line[T]) leave(p *place[T]) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	at := slices.Index(l.waiting, p)
	if at < 0 || p.leads {
		return false
	}

	l.waiting = slices.Delete(l.waiting, at, at+1)

	return true
}

func (l *line[T]) isLeader(p *place[T]) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	return p.leads
}

// take returns the caller and those who wait without a turn of their own.
func (l *line[T]) take(p *place[T], most int) []*place[T] {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	all := []*place[T]{p}

	l.waiting = slices.DeleteFunc(l.waiting, func(w *place[T]) bool {
		if w != p && (w.leads || len(all) >= most) {
			return false
		}

		if w != p {
			all = append(all, w)
		}

		return true
	})

	return all
}

// pass lets the first of those who came meanwhile write.
func (l *line[T]) pass() {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	i := slices.IndexFunc(l.waiting, func(w *place[T]) bool { return !w.leads })
	if i < 0 {
		l.writing--

		return
	}

	l.waiting[i].leads = true
	l.waiting[i].turn <- struct{}{}
}
