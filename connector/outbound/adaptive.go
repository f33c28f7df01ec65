package outbound

import "time"

// How the number of calls at once follows the peer. The gradient limiters of libraries are made
// for limits of hundreds: their smallest step of alarm is a queue of six calls, which a limit of
// four never has (docs/adr/0010).
const (
	windowCalls  = 16                     // at least so many calls are looked at together
	failedShare  = 0.3                    // of them may fail before fewer calls are made
	slowShare    = 0.5                    // of them may be slow
	slowFactor   = 3                      // times the usual time is slow
	slowAtLeast  = 250 * time.Millisecond // above the usual time, or it is noise
	cutBy        = 0.7
	usualFollows = 0.02 // how fast the usual time follows a peer that became slower for good
)

// adaptive is how many calls at once a peer takes at the moment: at most its share of what the
// operator agreed to, at least one. It goes down by a third when many calls of a window fail or
// take much longer than usual, or when the peer says that there are too many, and up by one for
// each good window. After an outage it begins with one and doubles with each round.
type adaptive struct {
	most  int // 0: no limit, nothing adapts
	limit float64
	ramp  bool // comes back from an outage

	usual map[string]time.Duration // by operation: the time of a quick answer

	calls, failed, slow int
	least               map[string]time.Duration // by operation, of this window
}

func newAdaptive(most int) adaptive {
	return adaptive{
		most: most, limit: float64(most),
		usual: make(map[string]time.Duration), least: make(map[string]time.Duration),
	}
}

// now returns the limit; 0 means none.
func (a *adaptive) now() int {
	if a.most == 0 {
		return 0
	}

	return max(1, int(a.limit))
}

// held reports whether the limit is below the share because the peer is in trouble.
func (a *adaptive) held() bool { return a.now() < a.most }

// share sets another share of what was agreed to.
func (a *adaptive) share(most int) {
	if whole := int(a.limit) >= a.most; whole || int(a.limit) > most {
		a.limit = float64(most)
	}

	a.most = most
}

// restart begins again with one call.
func (a *adaptive) restart() {
	a.limit, a.ramp = 1, true
	a.endWindow()
}

// answered takes note of a call that was answered.
func (a *adaptive) answered(op string, took time.Duration) {
	if a.most == 0 {
		return
	}

	if least, ok := a.least[op]; !ok || took < least {
		a.least[op] = took
	}

	if usual, ok := a.usual[op]; ok && took > usual+slowAtLeast && float64(took) > slowFactor*float64(usual) {
		a.slow++
	}

	a.calls++

	if a.ramp {
		if a.limit++; a.limit >= float64(a.most) {
			a.limit, a.ramp = float64(a.most), false
		}
	}

	a.look()
}

// fail takes note of a call that was not answered; tooMany says that the peer complained of too
// many calls.
func (a *adaptive) fail(tooMany bool) {
	if a.most == 0 {
		return
	}

	a.calls++
	a.failed++
	a.ramp = false

	if tooMany {
		a.cut()

		return
	}

	a.look()
}

// look judges a window that is full.
func (a *adaptive) look() {
	if a.calls < max(windowCalls, 2*a.now()) {
		return
	}

	n := float64(a.calls)

	if float64(a.failed) >= failedShare*n || float64(a.slow) >= slowShare*n {
		a.cut()

		return
	}

	a.limit = min(a.limit+1, float64(a.most))
	a.endWindow()
}

func (a *adaptive) cut() {
	a.limit = max(1, a.limit*cutBy)
	a.endWindow()
}

// endWindow learns the usual times and forgets the window.
func (a *adaptive) endWindow() {
	for op, least := range a.least {
		usual, ok := a.usual[op]
		if ok && least > usual {
			least = usual + time.Duration(usualFollows*float64(least-usual))
		}

		a.usual[op] = least
	}

	clear(a.least)

	a.calls, a.failed, a.slow = 0, 0, 0
}
