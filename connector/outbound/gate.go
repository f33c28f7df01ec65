package outbound

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// gate lets calls in: no more at once than the limit and no more per second than the rate, those
// for which a person waits before the others, and otherwise in order. Its owner's lock guards it.
type gate struct {
	limit  int // 0: no limit
	inside int
	rate   ratelimiter.RateLimiter[any] // nil: no rate
	every  time.Duration                // the rate's interval
	armed  bool                         // a timer will let the next one in

	urgent, bulk []*waiter
}

// waiter is one call that waits for its turn. It is told nil, or why it gets none.
type waiter struct{ told chan error }

// setRate bounds how many calls begin per second; 0 does not. The rate is kept in the real world's
// time, in which the peer counts, whatever our own clock says.
func (g *gate) setRate(perSecond float64) {
	g.rate, g.every = nil, 0

	if perSecond > 0 {
		g.every = time.Duration(float64(time.Second) / perSecond)
		g.rate = ratelimiter.NewSmoothWithMaxRate[any](g.every)
	}
}

// enter lets a call in at once, or returns a waiter.
func (g *gate) enter(bulk bool) *waiter {
	if g.waiting() == 0 && g.fits() {
		g.inside++

		return nil
	}

	w := &waiter{told: make(chan error, 1)}
	if bulk {
		g.bulk = append(g.bulk, w)
	} else {
		g.urgent = append(g.urgent, w)
	}

	return w
}

// fits reports whether one more call may begin now, and takes its place in the rate.
func (g *gate) fits() bool {
	return (g.limit == 0 || g.inside < g.limit) && (g.rate == nil || g.rate.TryAcquirePermit())
}

func (g *gate) waiting() int { return len(g.urgent) + len(g.bulk) }

// next lets in who may. When only the rate is in the way it returns how long until the next may.
func (g *gate) next() time.Duration {
	for g.waiting() > 0 {
		if g.limit > 0 && g.inside >= g.limit {
			return 0 // whoever leaves calls us again
		}

		if g.rate != nil && !g.rate.TryAcquirePermit() {
			if g.armed {
				return 0
			}

			g.armed = true

			return g.every
		}

		queue := &g.urgent
		if len(*queue) == 0 {
			queue = &g.bulk
		}

		w := (*queue)[0]
		*queue = (*queue)[1:]
		g.inside++
		w.told <- nil
	}

	return 0
}

// flush turns everybody away who waits.
func (g *gate) flush(why error) {
	for _, w := range slices.Concat(g.urgent, g.bulk) {
		w.told <- why
	}

	g.urgent, g.bulk = nil, nil
}

// forget takes out a waiter that gave up. It reports whether it had its turn already.
func (g *gate) forget(w *waiter) (had bool) {
	for _, queue := range []*[]*waiter{&g.urgent, &g.bulk} {
		if i := slices.Index(*queue, w); i >= 0 {
			*queue = slices.Delete(*queue, i, i+1)

			return false
		}
	}

	return <-w.told == nil
}

// errGaveUp is the error of a call whose context ended while it waited: nothing was sent.
func errGaveUp(ctx context.Context) error {
	return fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
}
