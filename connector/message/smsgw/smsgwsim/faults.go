package smsgwsim

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// FaultKind is one way in which a call goes wrong.
type FaultKind string

// The kinds of fault. "Before" means that the message is not taken, "after" that it is.
const (
	FaultResetBefore FaultKind = "reset-before" // the connection is dropped
	FaultResetAfter  FaultKind = "reset-after"  // likewise: the one that makes double messages
	FaultUnavailable FaultKind = "503"          // before
	FaultServerError FaultKind = "500"          // before
	FaultTooMany     FaultKind = "429"          // before, with Retry-After of a second
	FaultBrokenBody  FaultKind = "broken-body"  // after: half an answer
	FaultSlow        FaultKind = "slow"         // after: a right answer after Hang
)

// DefaultFaultRate is a share of calls that fails as real peers do.
const DefaultFaultRate = 0.02

// hang is the wall-clock time of a slow answer.
const hang = 250 * time.Millisecond

// maxInRow bounds consecutive faults on one message.
const maxInRow = 2

func kinds() []FaultKind {
	return []FaultKind{FaultResetBefore, FaultResetAfter, FaultUnavailable, FaultServerError, FaultTooMany, FaultBrokenBody, FaultSlow}
}

func (k FaultKind) after() bool {
	return k == FaultResetAfter || k == FaultBrokenBody || k == FaultSlow
}

// Script adds a fault for the next calls that send a message.
func (s *Server) Script(kind FaultKind, count int) error {
	if !slices.Contains(kinds(), kind) || count < 0 {
		return fmt.Errorf("smsgwsim: unknown fault %q or negative count", kind)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	for range max(count, 1) {
		s.script = append(s.script, kind)
	}

	return nil
}

// strike decides the fate of a call; empty is none. The caller holds s.mu.
func (s *Server) strike(op, key string) FaultKind {
	if op == opSend && len(s.script) > 0 {
		kind := s.script[0]
		s.script = s.script[1:]

		return kind
	}

	name := op + " " + key
	s.tries[name]++

	at := roll(s.options.Seed, name, s.tries[name])
	if at >= s.options.Faults || s.inRow[name] >= maxInRow {
		s.inRow[name] = 0

		return ""
	}

	s.inRow[name]++
	all := kinds()

	return all[min(int(at/s.options.Faults*float64(len(all))), len(all)-1)]
}

// roll is uniform in [0, 1) and depends on what is decided, not on when.
func roll(seed uint64, name string, try int) float64 {
	sum := sha256.Sum256([]byte(strconv.FormatUint(seed, 10) + " " + name + " " + strconv.Itoa(try)))

	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}
