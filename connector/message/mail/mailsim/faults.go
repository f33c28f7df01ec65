package mailsim

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// FaultKind is one way in which a delivery goes wrong.
type FaultKind string

// The kinds of fault, in the order of an SMTP session.
const (
	// FaultBusy answers 421 instead of the greeting.
	FaultBusy FaultKind = "busy"
	// FaultSenderLater answers 451 to MAIL.
	FaultSenderLater FaultKind = "sender-later"
	// FaultGreylist answers 450 to RCPT.
	FaultGreylist FaultKind = "greylist"
	// FaultResetBefore drops the connection in the middle of the letter: it is not kept.
	FaultResetBefore FaultKind = "reset-before"
	// FaultLetterLater answers 451 to the whole letter: it is not kept.
	FaultLetterLater FaultKind = "letter-later"
	// FaultResetAfter keeps the letter and drops the connection without an answer: the one
	// that makes double letters.
	FaultResetAfter FaultKind = "reset-after"
	// FaultSlow keeps the letter and answers after Hang.
	FaultSlow FaultKind = "slow"
)

// Faults are seeded rates, each the probability in [0, 1] that a delivery meets that fault.
// A receiver never meets more than MaxInRow faults in a row.
type Faults struct {
	Busy        float64 `json:"busy"`
	SenderLater float64 `json:"sender_later"`
	Greylist    float64 `json:"greylist"`
	ResetBefore float64 `json:"reset_before"`
	LetterLater float64 `json:"letter_later"`
	ResetAfter  float64 `json:"reset_after"`
	Slow        float64 `json:"slow"`
	// MaxInRow bounds consecutive faults for one receiver. Zero is 2.
	MaxInRow int `json:"max_in_row"`
	// Hang is the wall-clock time of a slow answer. Zero is 250 milliseconds.
	Hang time.Duration `json:"hang"`
}

// Spread shares one total fault rate in [0, 1] over all kinds.
func Spread(rate float64) Faults {
	part := rate / 8

	return Faults{
		Busy: part, SenderLater: part, Greylist: part, ResetBefore: part,
		LetterLater: part, ResetAfter: 2 * part, Slow: part,
	}
}

type faultRate struct {
	kind FaultKind
	rate float64
}

func (f Faults) rates() []faultRate {
	return []faultRate{
		{FaultBusy, f.Busy},
		{FaultSenderLater, f.SenderLater},
		{FaultGreylist, f.Greylist},
		{FaultResetBefore, f.ResetBefore},
		{FaultLetterLater, f.LetterLater},
		{FaultResetAfter, f.ResetAfter},
		{FaultSlow, f.Slow},
	}
}

func (f Faults) validate() error {
	total := 0.0

	for _, r := range f.rates() {
		if r.rate < 0 || r.rate > 1 {
			return fmt.Errorf("mailsim: fault rate %s is %v, want 0 to 1", r.kind, r.rate)
		}

		total += r.rate
	}

	if total > 1+1e-9 || f.MaxInRow < 0 || f.Hang < 0 {
		return fmt.Errorf("mailsim: fault rates sum to %v (at most 1), MaxInRow and Hang must not be negative", total)
	}

	return nil
}

// hang is the time of a slow answer.
func (c *chaos) hang() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.rates.Hang == 0 {
		return 250 * time.Millisecond
	}

	return c.rates.Hang
}

// Fault is one scripted fault.
type Fault struct {
	// Kind says what happens.
	Kind FaultKind `json:"kind"`
	// Address narrows it to one receiver; empty is any. FaultBusy and FaultSenderLater come
	// before the receiver is known and ignore it.
	Address string `json:"address,omitempty"`
	// Count is how many deliveries it hits; zero is one.
	Count int `json:"count,omitempty"`
}

// chaos decides the fate of deliveries.
type chaos struct {
	mu     sync.Mutex
	seed   uint64
	rates  Faults
	script []Fault
	tries  map[string]int // per stage and receiver
	inRow  map[string]int
}

// strikes reports whether a fault of one of the kinds hits this delivery now. The kinds of
// one stage are rolled together, so that each keeps its own rate.
func (c *chaos) strikes(address string, kinds ...FaultKind) FaultKind {
	c.mu.Lock()
	defer c.mu.Unlock()

	for i, f := range c.script {
		if !slices.Contains(kinds, f.Kind) || (f.Address != "" && f.Address != address) {
			continue
		}

		if c.script[i].Count--; c.script[i].Count <= 0 {
			c.script = slices.Delete(c.script, i, i+1)
		}

		return f.Kind
	}

	stage := string(kinds[0]) + " " + address
	c.tries[stage]++

	limit := c.rates.MaxInRow
	if limit == 0 {
		limit = 2
	}

	if c.inRow[address] >= limit {
		return ""
	}

	at := c.roll(stage, c.tries[stage])

	for _, r := range c.rates.rates() {
		if !slices.Contains(kinds, r.kind) {
			continue
		}

		if at < r.rate {
			c.inRow[address]++

			return r.kind
		}

		at -= r.rate
	}

	return ""
}

// served ends a row of faults.
func (c *chaos) served(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	delete(c.inRow, address)
}

// roll is uniform in [0, 1) and depends on what is decided, not on when.
func (c *chaos) roll(stage string, try int) float64 {
	sum := sha256.Sum256([]byte(strconv.FormatUint(c.seed, 10) + " " + stage + " " + strconv.Itoa(try)))

	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// SetFaults replaces the seeded rates; the zero value is calm.
func (s *Server) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}

	s.chaos.mu.Lock()
	defer s.chaos.mu.Unlock()

	s.chaos.rates = f

	return nil
}

// Script adds faults for the next deliveries, first come first served.
func (s *Server) Script(faults ...Fault) error {
	for i, f := range faults {
		known := slices.ContainsFunc(Faults{}.rates(), func(r faultRate) bool { return r.kind == f.Kind })
		if !known || f.Count < 0 {
			return fmt.Errorf("mailsim: scripted fault %d: unknown kind %q or negative count", i, f.Kind)
		}
	}

	s.chaos.mu.Lock()
	defer s.chaos.mu.Unlock()

	for _, f := range faults {
		f.Count = max(f.Count, 1)
		s.chaos.script = append(s.chaos.script, f)
	}

	return nil
}

// Calm removes seeded and scripted faults from now on.
func (s *Server) Calm() {
	s.chaos.mu.Lock()
	defer s.chaos.mu.Unlock()

	s.chaos.rates, s.chaos.script = Faults{}, nil
}
