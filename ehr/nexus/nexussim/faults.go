package nexussim

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// DefaultFaultRate is the share of calls that fail when Options say nothing.
const DefaultFaultRate = 0.02

// FaultKind is one way in which a call goes wrong.
type FaultKind string

// The kinds of fault. "Before" means that the call has no effect, "after" that it has its
// full effect and only the answer is lost or wrong.
const (
	FaultResetBefore      FaultKind = "reset-before"
	FaultResetAfter       FaultKind = "reset-after"    // the one that makes double entries
	FaultTimeoutBefore    FaultKind = "timeout-before" // holds the request for Hang, then drops it
	FaultTimeoutAfter     FaultKind = "timeout-after"
	FaultUnauthorized     FaultKind = "401" // as for an expired token
	FaultTooMany          FaultKind = "429" // with Retry-After in whole seconds
	FaultServerError      FaultKind = "500"
	FaultServerErrorAfter FaultKind = "500-after"  // it was written, and yet
	FaultBadGatewayBefore FaultKind = "502-before" // an HTML page of a proxy
	FaultBadGatewayAfter  FaultKind = "502-after"
	FaultUnavailable      FaultKind = "503"
	FaultBrokenBody       FaultKind = "broken-body" // the right 2xx status with half the JSON
	FaultSlow             FaultKind = "slow"        // the right answer after Hang
)

// Faults are seeded rates, each the probability in [0, 1] that a call meets that fault. A
// call with one key (operation and subject) never meets more than MaxInRow faults in a row.
type Faults struct {
	ResetBefore      float64 `json:"reset_before"`
	ResetAfter       float64 `json:"reset_after"`
	TimeoutBefore    float64 `json:"timeout_before"`
	TimeoutAfter     float64 `json:"timeout_after"`
	Unauthorized     float64 `json:"unauthorized"`
	TooMany          float64 `json:"too_many"`
	ServerError      float64 `json:"server_error"`
	ServerErrorAfter float64 `json:"server_error_after"`
	BadGatewayBefore float64 `json:"bad_gateway_before"`
	BadGatewayAfter  float64 `json:"bad_gateway_after"`
	Unavailable      float64 `json:"unavailable"`
	BrokenBody       float64 `json:"broken_body"`
	Slow             float64 `json:"slow"`
	// MaxInRow bounds consecutive faults on one key. Zero is 2.
	MaxInRow int `json:"max_in_row"`
	// Hang is the wall-clock time of time-outs and slow answers. Zero is 250 milliseconds.
	Hang time.Duration `json:"hang"`
	// RetryAfter is what 429 asks for, rounded up to seconds. Zero is one second.
	RetryAfter time.Duration `json:"retry_after"`
}

// Spread shares one total fault rate in [0, 1] over all kinds.
func Spread(rate float64) Faults {
	part := rate / 13

	return Faults{
		ResetBefore: part, ResetAfter: 2 * part, TimeoutBefore: part / 2, TimeoutAfter: part / 2,
		Unauthorized: part, TooMany: part, ServerError: part, ServerErrorAfter: part, BadGatewayBefore: part,
		BadGatewayAfter: part, Unavailable: part, BrokenBody: part, Slow: part,
	}
}

type faultRate struct {
	kind FaultKind
	rate float64
}

func (f Faults) rates() []faultRate {
	return []faultRate{
		{FaultResetBefore, f.ResetBefore},
		{FaultResetAfter, f.ResetAfter},
		{FaultTimeoutBefore, f.TimeoutBefore},
		{FaultTimeoutAfter, f.TimeoutAfter},
		{FaultUnauthorized, f.Unauthorized},
		{FaultTooMany, f.TooMany},
		{FaultServerError, f.ServerError},
		{FaultServerErrorAfter, f.ServerErrorAfter},
		{FaultBadGatewayBefore, f.BadGatewayBefore},
		{FaultBadGatewayAfter, f.BadGatewayAfter},
		{FaultUnavailable, f.Unavailable},
		{FaultBrokenBody, f.BrokenBody},
		{FaultSlow, f.Slow},
	}
}

func (f Faults) validate() error {
	total := 0.0

	for _, r := range f.rates() {
		if r.rate < 0 || r.rate > 1 {
			return fmt.Errorf("nexussim: fault rate %s is %v, want 0 to 1", r.kind, r.rate)
		}

		total += r.rate
	}

	if total > 1+1e-9 {
		return fmt.Errorf("nexussim: fault rates sum to %v, want at most 1", total)
	}

	if f.MaxInRow < 0 || f.Hang < 0 || f.RetryAfter < 0 {
		return errors.New("nexussim: MaxInRow, Hang and RetryAfter must not be negative")
	}

	return nil
}

// Fault is one scripted fault.
type Fault struct {
	// Kind says what happens.
	Kind FaultKind `json:"kind"`
	// Op is the operation it waits for; empty or OpAny is the next call of any kind.
	Op string `json:"op"`
	// Subject narrows it to calls about one subject (Request.Subject); empty is any.
	Subject string `json:"subject,omitempty"`
	// Count is how many calls it hits; zero is one.
	Count int `json:"count,omitempty"`
}

func (f Fault) validate() error {
	for _, r := range (Faults{}).rates() {
		if r.kind == f.Kind && f.Count >= 0 {
			return nil
		}
	}

	return fmt.Errorf("nexussim: no fault of kind %q with count %d", f.Kind, f.Count)
}

// afterEffect tells whether the call's work is done before the fault strikes.
func (k FaultKind) afterEffect() bool {
	switch k {
	case FaultResetAfter, FaultTimeoutAfter, FaultServerErrorAfter, FaultBadGatewayAfter, FaultBrokenBody, FaultSlow:
		return true
	case FaultResetBefore, FaultTimeoutBefore, FaultUnauthorized, FaultTooMany, FaultServerError,
		FaultBadGatewayBefore, FaultUnavailable:
		return false
	}

	return false
}

type streak struct {
	calls uint64
	inRow int
}

// faultBox decides the fate of calls.
type faultBox struct {
	mu     sync.Mutex
	dice   dice
	rates  Faults
	script []Fault
	seen   map[string]*streak
}

func newFaultBox(d dice, rates Faults) *faultBox {
	return &faultBox{dice: d, rates: rates, seen: make(map[string]*streak)}
}

// decide picks the fault of the next call of op about subject, or none. Scripted faults come
// first, in the order in which they were given.
func (b *faultBox) decide(op, subject string) FaultKind {
	b.mu.Lock()
	defer b.mu.Unlock()

	for i := range b.script {
		f := &b.script[i]
		if (f.Op != op && f.Op != OpAny) || (f.Subject != "" && f.Subject != subject) {
			continue
		}

		kind := f.Kind
		if f.Count--; f.Count <= 0 {
			b.script = append(b.script[:i], b.script[i+1:]...)
		}

		return kind
	}

	return b.roll(op, subject)
}

func (b *faultBox) roll(op, subject string) FaultKind {
	s := b.seen[op+" "+subject]
	if s == nil {
		s = &streak{}
		b.seen[op+" "+subject] = s
	}

	s.calls++
	if s.inRow >= orElse(b.rates.MaxInRow, 2) {
		s.inRow = 0

		return ""
	}

	at := b.dice.share("fault", op, subject, strconv.FormatUint(s.calls, 10))
	for _, r := range b.rates.rates() {
		if at < r.rate {
			s.inRow++

			return r.kind
		}

		at -= r.rate
	}

	s.inRow = 0

	return ""
}

func (b *faultBox) hang() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()

	return orElse(b.rates.Hang, 250*time.Millisecond)
}

func (b *faultBox) retryAfter() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()

	return orElse(b.rates.RetryAfter, time.Second)
}
