package outbound

import (
	"testing"
	"time"
)

// play feeds calls in rounds: as many as the limit allows, each as slow as the load makes it.
func play(a *adaptive, rounds int, took func(atOnce int) time.Duration, fails func(i int) bool) {
	i := 0

	for range rounds {
		for range a.now() {
			if i++; fails != nil && fails(i) {
				a.fail(false)
			} else {
				a.answered("book", took(a.now()))
			}
		}
	}
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func newAdapted(most int) *adaptive {
	a := newAdaptive(most)
	play(&a, 50, always(120*time.Millisecond), nil)

	return &a
}

// TestSteadyPeer: as long as nothing is wrong, all calls that were agreed to are made.
func TestSteadyPeer(t *testing.T) {
	t.Parallel()

	for _, most := range []int{1, 2, 4, 8, 16, 64} {
		a := newAdaptive(most)

		for i := range 2000 {
			a.answered([]string{"book", "find"}[i%2], time.Duration(20+i*37%90)*time.Millisecond)

			if a.now() != most {
				t.Fatalf("%d of %d calls at once after %d good ones", a.now(), most, i)
			}
		}
	}
}

// TestSlowPeer: a peer that gets slow by our calls gets fewer, and all again when it is quick again.
func TestSlowPeer(t *testing.T) {
	t.Parallel()

	a := newAdapted(16)

	play(a, 30, func(atOnce int) time.Duration {
		if atOnce > 4 {
			return 800 * time.Millisecond
		}

		return 120 * time.Millisecond
	}, nil)

	if a.now() > 8 || !a.held() {
		t.Errorf("%d calls at once to a peer that bears 4", a.now())
	}

	play(a, 100, always(120*time.Millisecond), nil)

	if a.now() != 16 {
		t.Errorf("%d calls at once to a peer that is quick again", a.now())
	}
}

// TestSlowForGood: a peer that became slower whatever we do is got used to.
func TestSlowForGood(t *testing.T) {
	t.Parallel()

	a := newAdapted(8)
	play(a, 600, always(900*time.Millisecond), nil)

	if a.now() != 8 {
		t.Errorf("%d calls at once", a.now())
	}
}

// TestFailingPeer: many failures cut the calls, a few don't, one complaint does, and one call is
// always left.
func TestFailingPeer(t *testing.T) {
	t.Parallel()

	few := newAdapted(16)
	play(few, 200, always(120*time.Millisecond), func(i int) bool { return i%8 == 0 })

	if few.now() != 16 {
		t.Errorf("%d calls at once when one of eight fails", few.now())
	}

	many := newAdapted(16)
	play(many, 200, always(120*time.Millisecond), func(i int) bool { return i%2 == 0 })

	if many.now() != 1 {
		t.Errorf("%d calls at once when every other one fails", many.now())
	}

	told := newAdapted(16)
	told.fail(true)

	if told.now() != 11 {
		t.Errorf("%d calls at once after the peer complained", told.now())
	}
}

// TestNoLimit: where nothing was agreed nothing adapts.
func TestNoLimit(t *testing.T) {
	t.Parallel()

	a := newAdaptive(0)
	play(&a, 10, always(time.Second), func(int) bool { return true })
	a.fail(true)
	a.answered("book", time.Hour)

	if a.now() != 0 || a.held() {
		t.Errorf("limit %d", a.now())
	}
}
