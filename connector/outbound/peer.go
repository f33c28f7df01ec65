package outbound

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// PeerOptions say what was agreed with the operator of an outside system. Role, System and Now are
// required.
type PeerOptions struct {
	Role   connector.Role
	System string // the adapter's name, as in connector.Error
	Now    func() time.Time
	// Limit is how many calls at once the operator agreed to, all processes together; 0: no limit.
	Limit int
	// Rate is how many calls per second the operator agreed to, all processes together; 0: no limit.
	Rate float64
}

// Peer is one outside system as this process meets it. All clients of the system share it, so that
// together they keep to what was agreed, see at once that the system is down, and wait when one of
// them was asked to. It is safe for concurrent use.
//
// While the system is down, calls fail at once with Unavailable and RetryAfter, and one is let
// through now and then. A Retry-After of the system holds back all calls until then.
type Peer struct {
	options PeerOptions
	guarded bool // keeps rules; without, it lets everything through

	mutex    sync.Mutex
	gate     gate
	adaptive adaptive
	breaker  *breaker
	ledger   ledger
	state    connector.HealthState
	since    time.Time
	share    float64 // of the agreed rate
}

// NewPeer returns a peer of which nothing is known yet. All of what was agreed is this process's
// until Share says otherwise.
func NewPeer(o PeerOptions) (*Peer, error) {
	if o.Role == "" || o.System == "" || o.Now == nil || o.Limit < 0 || o.Rate < 0 {
		return nil, errors.New("outbound: a peer needs role, system and clock, and no limit below 0")
	}

	p := newPeer(o)
	p.guarded = true
	p.gate.setRate(o.Rate)

	return p, nil
}

func newPeer(o PeerOptions) *Peer {
	return &Peer{
		options: o, ledger: ledger{counted: o.Now()}, adaptive: newAdaptive(o.Limit), gate: gate{limit: o.Limit}, breaker: newBreaker(), state: connector.Unused, share: 1,
	}
}

// Role returns what the system is to us.
func (p *Peer) Role() connector.Role { return p.options.Role }

// System returns the adapter's name.
func (p *Peer) System() string { return p.options.System }

// Share divides what was agreed between processes: this one is the rank-th, from 0, of several.
// Each has at least one call at once.
func (p *Peer) Share(rank, of int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	of = max(of, 1)

	if p.options.Limit > 0 {
		most := p.options.Limit / of
		if rank < p.options.Limit%of {
			most++
		}

		p.adaptive.share(max(most, 1))
		p.gate.limit = p.adaptive.now()
	}

	if share := 1 / float64(of); share != p.share {
		p.share = share
		p.gate.setRate(p.options.Rate * share)
	}

	p.letIn()
}

// Call does one call under the peer's rules. Errors of call are *connector.Error, or anything else
// for a call that tells nothing about the peer. An error of Call's own is a *connector.Error that
// says that nothing was sent.
func (p *Peer) Call(ctx context.Context, op string, call func() error) error {
	if err := p.enter(ctx); err != nil {
		return p.held(op, err)
	}

	took := stopwatch()
	err := call()
	p.leave(outcomeOf(ctx, op, err, took()))

	switch {
	case connector.Is(err, connector.Unauthorized):
		p.refused(op, err)
	case err == nil, connector.Is(err, connector.Pending): // what is still to come was taken all the same
		p.accepted()
	}

	return err
}

// held makes the error of a call that was not let in.
func (p *Peer) held(op string, err error) *connector.Error {
	out := &connector.Error{System: p.options.System, Op: op, Kind: connector.Unavailable, Err: err}

	if w, ok := errors.AsType[*waitError](err); ok {
		out.RetryAfter = w.left

		if w.rated {
			out.Kind = connector.RateLimited
		}
	}

	return out
}

// waitError says why a call was not let in.
type waitError struct {
	left  time.Duration
	rated bool
}

// Error returns a line for logs.
func (w *waitError) Error() string {
	if w.rated {
		return "the system asked us to wait"
	}

	return "the system does not answer; calls are held back"
}

// enter waits for a turn. Errors: a *waitError, or that of a context that ended.
func (p *Peer) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return errGaveUp(ctx)
	}

	p.mutex.Lock()

	if err := p.closed(); err != nil {
		p.mutex.Unlock()

		return err
	}

	w := p.gate.enter(connector.IsBulk(ctx))
	if w != nil {
		p.arm(p.gate.next())
	}
	p.mutex.Unlock()

	if w != nil {
		if err := p.await(ctx, w); err != nil {
			return err
		}
	}

	return p.admit()
}

// closed returns why no call is let in now.
func (p *Peer) closed() error {
	if !p.guarded {
		return nil
	}

	if left, rated := p.breaker.told(p.options.Now()); left > 0 {
		return &waitError{left: left, rated: rated}
	}

	return nil
}

// await waits until the gate tells.
func (p *Peer) await(ctx context.Context, w *waiter) error {
	select {
	case err := <-w.told:
		return err
	case <-ctx.Done():
	}

	p.mutex.Lock()
	defer p.mutex.Unlock()

	if p.gate.forget(w) {
		p.giveBack()
	}

	return errGaveUp(ctx)
}

// admit asks the breaker, now that there is a turn.
func (p *Peer) admit() error {
	if !p.guarded {
		return nil
	}

	p.mutex.Lock()
	defer p.mutex.Unlock()

	if left, rated := p.breaker.admit(p.options.Now()); left > 0 {
		p.giveBack()

		return &waitError{left: left, rated: rated}
	}

	return nil
}

func (p *Peer) giveBack() {
	p.gate.inside--
	p.letIn()
}

// letIn lets in who may, now or when the rate allows.
func (p *Peer) letIn() { p.arm(p.gate.next()) }

func (p *Peer) arm(wait time.Duration) {
	if wait <= 0 {
		return
	}

	time.AfterFunc(wait, func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()

		p.gate.armed = false
		p.letIn()
	})
}

// outcome is what became of a call.
type outcome struct {
	op     string
	kind   connector.Kind // 0: it was answered well
	status int
	after  time.Duration // what the peer asked us to wait
	took   time.Duration
	text   string // Danish: the adapter's words for people, with a refusal of our credentials
	silent bool   // tells nothing about the peer: we gave up ourselves
}

// outcomeOf reads an error. What our own side broke off says nothing about the peer.
func outcomeOf(ctx context.Context, op string, err error, took time.Duration) outcome {
	o := outcome{op: op, took: took}

	e, ok := errors.AsType[*connector.Error](err)

	switch {
	case err == nil:
	case !ok || ctx.Err() != nil:
		o.silent = true
	default:
		o.kind, o.status, o.after = e.Kind, e.Status, e.RetryAfter
	}

	return o
}

// unanswered reports whether the peer did not do its part. Whatever it refuses, it is there.
func (o outcome) unanswered() bool {
	return o.kind == connector.Unavailable || o.kind == connector.Unknown || o.kind == connector.RateLimited
}

// leave takes note of a call that has ended, and lets the next one in.
func (p *Peer) leave(o outcome) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if p.guarded {
		p.learn(o)
	}

	p.giveBack()
}

func (p *Peer) learn(o outcome) {
	now := p.options.Now()
	p.ledger.watched(now, p.breaker.open())

	switch {
	case o.silent:
		p.breaker.neither()
	case o.unanswered():
		p.ledger.failed(now, o)
		p.adaptive.fail(o.kind == connector.RateLimited)

		if o.after > 0 {
			p.breaker.hold(now, o.after, o.kind == connector.RateLimited)
		}

		p.breaker.failed(now)
	default:
		p.ledger.answered(now, o)

		if p.breaker.answered() {
			p.adaptive.restart()
		} else {
			p.adaptive.answered(o.op, o.took)
		}
	}

	p.gate.limit = p.adaptive.now()

	if left, rated := p.breaker.told(now); left > 0 {
		p.gate.flush(&waitError{left: left, rated: rated})
	}

	p.note(now)
}

// note remembers since when the peer is as it is.
func (p *Peer) note(now time.Time) {
	if state := p.judge(now); state != p.state {
		p.state, p.since = state, now
	}
}

func (p *Peer) judge(now time.Time) connector.HealthState {
	left, _ := p.breaker.left(now)

	switch {
	case p.breaker.open():
		return connector.Down
	case p.breaker.shut():
		return connector.Refused
	case left > 0:
		return connector.Limited
	case p.adaptive.held():
		return connector.Slow
	case p.ledger.success.IsZero() && p.ledger.failure.IsZero():
		return connector.Unused
	default:
		return connector.Healthy
	}
}

// refused takes note that our credentials were refused for good: renewing them did not help.
func (p *Peer) refused(op string, err error) {
	if !p.guarded {
		return
	}

	p.mutex.Lock()
	defer p.mutex.Unlock()

	now := p.options.Now()
	p.breaker.refuse(now)
	p.ledger.wrong(now, outcome{op: op, kind: connector.Unauthorized, text: textOf(err)})

	if left, rated := p.breaker.told(now); left > 0 {
		p.gate.flush(&waitError{left: left, rated: rated})
	}

	p.note(now)
}

// textOf is what an adapter says in words of its own, which name no citizen.
func textOf(err error) string {
	if told, ok := errors.AsType[*care.Error](err); ok {
		return told.Message
	}

	return ""
}

// accepted takes note of an answer to credentials that were not refused.
func (p *Peer) accepted() {
	if !p.guarded {
		return
	}

	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.breaker.refusals = 0
	p.note(p.options.Now())
}

// Down reports whether nothing can be done at the peer, because it does not answer or refuses our
// credentials, and since when.
func (p *Peer) Down() (since time.Time, is bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if !p.breaker.open() && p.breaker.shut() {
		return p.breaker.refusedAt, true
	}

	return p.breaker.since, p.breaker.open()
}

// Held returns the error with which a call would be held back now, because nothing can be done at the
// peer; nil when one may be tried. It asks nobody, so work that waits through a long outage costs little.
func (p *Peer) Held(op string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if !p.breaker.open() && !p.breaker.shut() {
		return nil
	}

	if err := p.closed(); err != nil {
		return p.held(op, err)
	}

	return nil
}

// Health tells how the peer is.
func (p *Peer) Health() connector.Health {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	now := p.options.Now()
	p.note(now)

	h := connector.Health{
		Role: p.options.Role, System: p.options.System, State: p.state, Since: p.since,
		InFlight: p.gate.inside, Waiting: p.gate.waiting(), Limit: p.adaptive.now(), Agreed: p.adaptive.most, Rate: p.options.Rate * p.share,
	}

	switch p.state { //nolint:exhaustive // the others begin when they are noticed
	case connector.Down:
		h.Since = p.breaker.since
	case connector.Refused:
		h.Since = p.breaker.refusedAt
	}

	if left, _ := p.breaker.left(now); left > 0 {
		h.NextTry = now.Add(left)
	}

	p.ledger.sum(now, &h)

	return h
}

// Fetch returns what became of the calls since it was called last, by the hour, oldest first.
func (p *Peer) Fetch() []connector.HourCount {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.ledger.watched(p.options.Now(), p.breaker.open())

	return p.ledger.fetch()
}

// stopwatch measures the real world's time, in which the peer works, whatever our own clock says.
func stopwatch() func() time.Duration {
	begun := time.Now() //nolint:forbidigo // a span of real time; the injected clock may stand still or jump

	return func() time.Duration { return time.Since(begun) }
}
