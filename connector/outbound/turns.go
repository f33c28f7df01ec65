package outbound

import (
	"context"
	"fmt"
)

// turns bounds how many exchanges a client makes at once. Whoever asks first is first. Nil
// does not bound them.
type turns chan struct{}

func newTurns(n int) turns {
	if n <= 0 {
		return nil
	}

	return make(turns, n)
}

// take waits for a turn. When ctx ends first nothing was sent.
func (t turns) take(ctx context.Context) error {
	if t == nil {
		return nil
	}

	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
	}
}

// give lets the next one in.
func (t turns) give() {
	if t != nil {
		<-t
	}
}
