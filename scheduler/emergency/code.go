package emergency

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// alphabet is what codes are written with: 32 signs, none of which looks like another.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// A code has five groups of five signs: 125 random bits, easy to copy from paper.
const (
	groups    = 5
	groupSize = 5
)

// Iterations is how often PBKDF2-HMAC-SHA-256 turns for one code (OWASP's figure of 2023). The code
// itself has more bits than anybody can try; the slowness is for whoever makes it shorter one day.
const Iterations = 600_000

const (
	scheme  = "pbkdf2-sha256"
	saltLen = 16
	keyLen  = 32
)

// newCode makes a code: "7K2QF-…".
func newCode() care.Secret {
	var raw [groups * groupSize]byte

	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)

	var out strings.Builder

	for i, b := range raw {
		if i > 0 && i%groupSize == 0 {
			out.WriteByte('-')
		}

		out.WriteByte(alphabet[int(b)%len(alphabet)]) // 32 divides 256: no sign comes more often
	}

	return care.NewSecret(out.String())
}

// tidy takes what people type: small letters, spaces, other dashes or none.
func tidy(typed care.Secret) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(alphabet, r) {
			return r
		}

		return -1
	}, strings.ToUpper(typed.Reveal()))
}

// hashCode is what is stored of a code.
func hashCode(code care.Secret, iterations int) (string, error) {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails (crypto/rand)

	key, err := pbkdf2.Key(sha256.New, tidy(code), salt, iterations, keyLen)
	if err != nil {
		return "", fmt.Errorf("emergency code: %w", err)
	}

	encode := base64.RawStdEncoding.EncodeToString

	return strings.Join([]string{scheme, strconv.Itoa(iterations), encode(salt), encode(key)}, "$"), nil
}

// fits reports whether a typed code is the stored one. It takes as long for a hash that is none.
func fits(typed care.Secret, stored string, iterations int) bool {
	salt, want := make([]byte, saltLen), make([]byte, keyLen)
	known := false

	if parts := strings.Split(stored, "$"); len(parts) == 4 && parts[0] == scheme {
		n, nErr := strconv.Atoi(parts[1])
		s, sErr := base64.RawStdEncoding.DecodeString(parts[2])
		k, kErr := base64.RawStdEncoding.DecodeString(parts[3])

		if nErr == nil && sErr == nil && kErr == nil && n > 0 && len(k) == keyLen {
			iterations, salt, want, known = n, s, k, true
		}
	}

	got, err := pbkdf2.Key(sha256.New, tidy(typed), salt, iterations, keyLen)

	return err == nil && subtle.ConstantTimeCompare(got, want) == 1 && known
}
