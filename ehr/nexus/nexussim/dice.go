package nexussim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// dice turns a seed and a name into a decision. What is decided depends on the name alone
// and not on when it is asked, so concurrent calls about different visits don't disturb
// each other's fate.
type dice struct{ seed uint64 }

func (d dice) sum(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, d.seed))
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// number is uniform over 63 bits.
func (d dice) number(parts ...string) uint64 {
	sum := d.sum(parts...)
	return binary.BigEndian.Uint64(sum[:8]) >> 1
}

// share is uniform in [0, 1).
func (d dice) share(parts ...string) float64 {
	return float64(d.number(parts...)>>10) / (1 << 53)
}

// hex gives n hexadecimal digits, n at most 64.
func (d dice) hex(n int, parts ...string) string {
	sum := d.sum(parts...)
	return hex.EncodeToString(sum[:])[:n]
}
