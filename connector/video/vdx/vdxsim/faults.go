package vdxsim

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// DefaultFaultRate is the share of calls that fail when Options say nothing.
const DefaultFaultRate = 0.02

// Operation names, used in RequestRecord.Op, Script and Counts.
const (
	OpToken              = "token"
	OpSTS                = "sts.issue"     // WS-Trust Issue
	OpSession            = "session.start" // POST {base}/token at the gateway
	OpInfo               = "info"
	OpMeetingCreate      = "meeting.create"
	OpMeetingSearch      = "meeting.search"
	OpMeetingGet         = "meeting.get"
	OpMeetingPut         = "meeting.put"
	OpMeetingPatch       = "meeting.patch"
	OpMeetingDelete      = "meeting.delete"
	OpMeetingFindFull    = "meeting.find_by_uri_with_domain"
	OpMeetingFindShort   = "meeting.find_by_uri_without_domain"
	OpRoomList           = "room.list"
	OpRoomGet            = "room.get"
	OpRoomCreate         = "room.create"
	OpRoomPut            = "room.put"
	OpRoomWork           = "room.work_list"
	OpRoomReserve        = "room.reserve"
	OpRoomReserved       = "room.reserved"
	OpTemplateRead       = "template.read"
	OpTemplateWrite      = "template.write"
	OpPool               = "pool"
	OpSMSSend            = "sms.send"
	OpSMSStatus          = "sms.status"
	OpHistoryConference  = "history.conference"
	OpHistoryParticipant = "history.participant"
	OpPortal             = "portal"
	OpAny                = "*"
)

// FaultKind is one way in which a call goes wrong.
type FaultKind string

// The kinds of fault. "Before" means that the call has no effect, "After" that it has its
// full effect and only the answer is lost or wrong.
const (
	// FaultResetBefore drops the connection without an effect.
	FaultResetBefore FaultKind = "reset-before"
	// FaultResetAfter drops the connection after the effect: the one that makes double bookings.
	FaultResetAfter FaultKind = "reset-after"
	// FaultTimeoutBefore holds the request for Hang without an effect, then drops it.
	FaultTimeoutBefore FaultKind = "timeout-before"
	// FaultTimeoutAfter has the effect, holds the answer for Hang, then drops it.
	FaultTimeoutAfter FaultKind = "timeout-after"
	// FaultUnauthorized answers 401 as for an expired token, once per call.
	FaultUnauthorized FaultKind = "401"
	// FaultTooMany answers 429 with Retry-After in whole seconds.
	FaultTooMany FaultKind = "429"
	// FaultServerError answers 500 code "11" without an effect.
	FaultServerError FaultKind = "500"
	// FaultBadGatewayBefore answers 502 with an HTML page without an effect.
	FaultBadGatewayBefore FaultKind = "502-before"
	// FaultBadGatewayAfter answers 502 with an HTML page after the effect.
	FaultBadGatewayAfter FaultKind = "502-after"
	// FaultUnavailable answers 503 with an HTML page without an effect.
	FaultUnavailable FaultKind = "503"
	// FaultBrokenBody has the effect and answers the right 2xx status with a truncated or
	// foreign body. Calls that fail anyway, or answer without a body, are left alone.
	FaultBrokenBody FaultKind = "broken-body"
	// FaultSlow has the effect and answers correctly after Hang.
	FaultSlow FaultKind = "slow"
)

// Faults are seeded rates, each the probability in [0, 1] that a call meets that fault.
// A call with one key (operation and room) never meets more than MaxInRow faults in a row,
// and never two 401 in a row.
type Faults struct {
	ResetBefore      float64 `json:"reset_before"`
	ResetAfter       float64 `json:"reset_after"`
	TimeoutBefore    float64 `json:"timeout_before"`
	TimeoutAfter     float64 `json:"timeout_after"`
	Unauthorized     float64 `json:"unauthorized"`
	TooMany          float64 `json:"too_many"`
	ServerError      float64 `json:"server_error"`
	BadGatewayBefore float64 `json:"bad_gateway_before"`
	BadGatewayAfter  float64 `json:"bad_gateway_after"`
	Unavailable      float64 `json:"unavailable"`
	BrokenBody       float64 `json:"broken_body"`
	Slow             float64 `json:"slow"`
	// MaxInRow bounds consecutive faults on one key. Zero is 2.
	MaxInRow int `json:"max_in_row"`
	// Hang is the wall-clock time of timeouts and slow answers. Zero is 250 milliseconds:
	// long enough to be felt, short enough for a demo.
	Hang time.Duration `json:"hang"`
	// RetryAfter is what 429 asks for, rounded up to seconds. Zero is one second.
	RetryAfter time.Duration `json:"retry_after"`
}

// Spread shares one total fault rate in [0, 1] over all kinds, so that a call fails with
// that probability.
func Spread(rate float64) Faults {
	part := rate / 12
	return Faults{
		ResetBefore: part, ResetAfter: 2 * part, TimeoutBefore: part / 2, TimeoutAfter: part / 2,
		Unauthorized: part, TooMany: part, ServerError: part, BadGatewayBefore: part,
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
			return fmt.Errorf("vdxsim: fault rate %s is %v, want 0 to 1", r.kind, r.rate)
		}
		total += r.rate
	}
	if total > 1+1e-9 {
		return fmt.Errorf("vdxsim: fault rates sum to %v, want at most 1", total)
	}
	if f.MaxInRow < 0 || f.Hang < 0 || f.RetryAfter < 0 {
		return errors.New("vdxsim: MaxInRow, Hang and RetryAfter must not be negative")
	}
	return nil
}

// Fault is one scripted fault.
type Fault struct {
	// Kind says what happens.
	Kind FaultKind `json:"kind"`
	// Op is the operation it waits for, OpAny for the next call to any API.
	Op string `json:"op"`
	// Key narrows it to calls about one room (its uuid); empty is any.
	Key string `json:"key,omitempty"`
	// Count is how many calls it hits; zero is one.
	Count int `json:"count,omitempty"`
	// Hang overrides Faults.Hang.
	Hang time.Duration `json:"hang,omitempty"`
	// RetryAfter overrides Faults.RetryAfter.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
}

func (f Fault) validate() error {
	for _, r := range (Faults{}).rates() {
		if r.kind == f.Kind {
			if f.Count < 0 || f.Hang < 0 || f.RetryAfter < 0 {
				return errors.New("vdxsim: Count, Hang and RetryAfter must not be negative")
			}
			return nil
		}
	}
	return fmt.Errorf("vdxsim: unknown fault kind %q", f.Kind)
}

// afterEffect tells whether the call's work is done before the fault strikes.
func (k FaultKind) afterEffect() bool {
	switch k {
	case FaultResetAfter, FaultTimeoutAfter, FaultBadGatewayAfter, FaultBrokenBody, FaultSlow:
		return true
	case FaultResetBefore, FaultTimeoutBefore, FaultUnauthorized, FaultTooMany, FaultServerError,
		FaultBadGatewayBefore, FaultUnavailable:
		return false
	}
	return false
}

// strike is a fault decided for one call; the zero value is none.
type strike struct {
	kind       FaultKind
	hang       time.Duration
	retryAfter time.Duration
}

type streak struct {
	calls uint64
	inRow int
	last  FaultKind
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

// decide picks the fault of the next call of op about key. Scripted faults come first, in
// the order in which they were given, and do not count as unfairness.
func (b *faultBox) decide(op, key string) strike {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hit, ok := b.scripted(op, key); ok {
		return hit
	}
	st := b.seen[op+" "+key]
	if st == nil {
		st = &streak{}
		b.seen[op+" "+key] = st
	}
	st.calls++
	kind := b.roll(op, key, st)
	if kind == "" {
		st.inRow, st.last = 0, ""
		return strike{}
	}
	st.inRow++
	st.last = kind
	return b.strike(kind, 0, 0)
}

func (b *faultBox) scripted(op, key string) (strike, bool) {
	for i := range b.script {
		f := &b.script[i]
		if (f.Op != op && f.Op != OpAny) || (f.Key != "" && f.Key != key) {
			continue
		}
		hit := b.strike(f.Kind, f.Hang, f.RetryAfter)
		f.Count--
		if f.Count <= 0 {
			b.script = append(b.script[:i], b.script[i+1:]...)
		}
		return hit, true
	}
	return strike{}, false
}

func (b *faultBox) roll(op, key string, st *streak) FaultKind {
	limit := b.rates.MaxInRow
	if limit == 0 {
		limit = 2
	}
	if st.inRow >= limit {
		return ""
	}
	at := b.dice.share("fault", op, key, strconv.FormatUint(st.calls, 10))
	for _, r := range b.rates.rates() {
		if at < r.rate {
			if r.kind == FaultUnauthorized && st.last == FaultUnauthorized {
				return ""
			}
			return r.kind
		}
		at -= r.rate
	}
	return ""
}

func (b *faultBox) strike(kind FaultKind, hang, retryAfter time.Duration) strike {
	return strike{
		kind:       kind,
		hang:       orDuration(hang, orDuration(b.rates.Hang, 250*time.Millisecond)),
		retryAfter: orDuration(retryAfter, orDuration(b.rates.RetryAfter, time.Second)),
	}
}

// SetFaults replaces the seeded rates; the zero value is calm.
func (s *Server) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rates = f
	return nil
}

// Script adds faults for the next calls to their operations, first come first served.
func (s *Server) Script(faults ...Fault) error {
	faults = append([]Fault(nil), faults...)
	for i := range faults {
		if err := faults[i].validate(); err != nil {
			return err
		}
		if faults[i].Op == "" {
			faults[i].Op = OpAny
		}
		faults[i].Count = max(faults[i].Count, 1)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.script = append(s.faults.script, faults...)
	return nil
}

// Calm removes seeded and scripted faults from now on.
func (s *Server) Calm() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rates, s.faults.script = Faults{}, nil
}

// PendingFaults are the scripted faults that have not struck yet.
func (s *Server) PendingFaults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return append([]Fault(nil), s.faults.script...)
}
