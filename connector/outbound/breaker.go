package outbound

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// When a peer counts as down, and how it is tried again.
const (
	downAfter    = 6 // calls in a row without an answer
	refusedAfter = 3 // calls in a row that refuse our credentials
	firstDelay   = 2 * time.Second
	mostDelay    = time.Minute
	steady       = 20               // answers in a row after which the delay begins anew
	probeWait    = 5 * time.Second  // what others are told to wait while one call tries
	mostPause    = 15 * time.Minute // a peer's own Retry-After beyond this is not believed
	forever      = 100 * 365 * 24 * time.Hour
)

// span is a length of time from a moment, on a clock that may jump. After a jump ahead it is over
// sooner; after one back it begins anew, so that it never lasts longer than its length.
type span struct {
	from   time.Time
	length time.Duration
}

// left returns how much of it is left.
func (s *span) left(now time.Time) time.Duration {
	if s.length == 0 {
		return 0
	}

	if now.Before(s.from) {
		s.from = now
	}

	if left := s.length - now.Sub(s.from); left > 0 {
		return left
	}

	s.length = 0

	return 0
}

// breaker holds calls back from a peer that does not answer. The library's breaker counts the
// streaks and the tries; when the next try is due is ours to say, because the library knows the
// machine's clock only. Its owner's lock guards it.
type breaker struct {
	inner circuitbreaker.CircuitBreaker[any]
	wait  span // until the next try, while open
	pause span // until which the peer asked us to wait
	rated bool // it asked by 429
	delay time.Duration
	good  int // answers in a row since it was closed

	since time.Time // when it opened; zero while closed

	refusals  int // of our credentials, in a row
	refusedAt time.Time
	again     time.Duration // how long to wait after the next refusal
}

func newBreaker() *breaker {
	return &breaker{
		inner: circuitbreaker.NewBuilder[any]().WithFailureThreshold(downAfter).WithSuccessThreshold(1).WithDelay(forever).Build(),
		delay: firstDelay,
	}
}

// open reports whether the peer counts as down.
func (b *breaker) open() bool { return !b.since.IsZero() }

// left returns how long calls are held back for certain; 0 when one may be tried. It also tells
// whether that is because the peer asked for it by 429.
func (b *breaker) left(now time.Time) (left time.Duration, rated bool) {
	if left = b.pause.left(now); left > 0 {
		return max(left, b.wait.left(now)), b.rated
	}

	return b.wait.left(now), false
}

// told returns how long a call that is held back should wait: not only until the next try, at
// which all but one would come in vain. It also tells what left does.
func (b *breaker) told(now time.Time) (wait time.Duration, rated bool) {
	if wait, rated = b.left(now); wait > 0 && !rated {
		wait = max(wait, b.wait.length/2)
	}

	return wait, rated
}

// admit lets a call through, or says how long to wait. While the peer is down, one call at a time
// goes through when the wait is over.
func (b *breaker) admit(now time.Time) (left time.Duration, rated bool) {
	if left, rated = b.told(now); left > 0 {
		return left, rated
	}

	if b.inner.IsOpen() {
		b.inner.HalfOpen()
	}

	if !b.inner.TryAcquirePermit() {
		return probeWait, false
	}

	return 0, false
}

// answered takes note of an answer. It reports whether the peer has come back by it.
func (b *breaker) answered() (back bool) {
	b.inner.RecordSuccess()

	if b.good++; b.good >= steady {
		b.delay = firstDelay
	}

	if b.open() && b.inner.IsClosed() {
		b.since, b.wait = time.Time{}, span{}

		return true
	}

	return false
}

// failed takes note of a call without an answer.
func (b *breaker) failed(now time.Time) {
	was := b.inner.State()
	b.inner.RecordFailure()
	b.good = 0

	if was == circuitbreaker.OpenState || !b.inner.IsOpen() {
		return
	}

	b.wait = span{from: now, length: b.delay}
	b.delay = min(2*b.delay, mostDelay)

	if !b.open() {
		b.since = now
	}
}

// refuse takes note of credentials that were refused. After some in a row calls are held back for a
// while: an account that is asked again and again may be locked.
func (b *breaker) refuse(now time.Time) {
	if b.refusals == 0 {
		b.refusedAt, b.again = now, firstDelay
	}

	if b.refusals++; b.refusals >= refusedAfter {
		b.hold(now, b.again, false)
		b.again = min(2*b.again, mostDelay)
	}
}

// shut reports whether our credentials are refused again and again.
func (b *breaker) shut() bool { return b.refusals >= refusedAfter }

// neither takes note of a call that tells nothing about the peer: the next one may try.
func (b *breaker) neither() {
	if b.inner.IsHalfOpen() {
		b.inner.Open()
		b.inner.HalfOpen()
	}
}

// hold keeps calls back because the peer asked for it.
func (b *breaker) hold(now time.Time, length time.Duration, rated bool) {
	length = min(length, mostPause)
	if length > b.pause.left(now) {
		b.pause, b.rated = span{from: now, length: length}, rated
	}
}
