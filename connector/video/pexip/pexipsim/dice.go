package pexipsim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// dice turns a seed and a name into a decision. Decisions depend on what is decided, not on
// when, so concurrent calls with different keys do not disturb each other's fate.
type dice struct{ seed uint64 }

func (d dice) sum(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], d.seed)
	h.Write(seed[:])
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// number is uniform in [0, 2^64).
func (d dice) number(parts ...string) uint64 {
	sum := d.sum(parts...)
	return binary.BigEndian.Uint64(sum[:8])
}

// share is uniform in [0, 1).
func (d dice) share(parts ...string) float64 {
	return float64(d.number(parts...)>>11) / (1 << 53)
}

// between is uniform in [low, high).
func (d dice) between(low, high int, parts ...string) int {
	if high <= low {
		return low
	}
	return low + int(d.number(parts...)%uint64(high-low)) //nolint:gosec // the remainder fits an int because high-low does
}

// uuid has the form of a random UUID (version 4).
func (d dice) uuid(parts ...string) string {
	b := d.sum(parts...)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// hex gives n hexadecimal digits, n at most 64.
func (d dice) hex(n int, parts ...string) string {
	sum := d.sum(parts...)
	return hex.EncodeToString(sum[:])[:n]
}
