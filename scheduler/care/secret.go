package care

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const masked = "•••"

// secret is a text that prints as a mask whatever prints it. The plain value comes
// from Reveal alone, which the lint configuration allows in few packages.
type secret struct{ plain string }

// String returns a mask.
func (s secret) String() string { return masked }

// GoString returns a mask.
func (s secret) GoString() string { return masked }

// Format writes a mask for every verb.
func (s secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue returns a mask.
func (s secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalJSON returns a mask.
func (s secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// MarshalText returns a mask.
func (s secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// IsZero reports whether there is no value.
func (s secret) IsZero() bool { return s.plain == "" }

// Reveal returns the plain value. Use it only where the value has to leave for the
// peer or person it belongs to, or to be encrypted.
func (s secret) Reveal() string { return s.plain }

func (s secret) equal(o secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.plain), []byte(o.plain)) == 1
}

// HostPIN opens a room as its host. It never goes to a citizen.
type HostPIN struct{ secret }

// GuestPIN opens a room as a guest.
type GuestPIN struct{ secret }

// NewHostPIN wraps a PIN of 4 to 9 digits (VDX: 1000…999999999, vdx.md §1.5).
func NewHostPIN(digits string) (HostPIN, error) {
	if !isPIN(digits) {
		return HostPIN{}, NewError(Invalid, "Værtspin skal være 4-9 cifre og må ikke begynde med 0.")
	}

	return HostPIN{secret{digits}}, nil
}

// NewGuestPIN wraps a PIN of 4 to 9 digits.
func NewGuestPIN(digits string) (GuestPIN, error) {
	if !isPIN(digits) {
		return GuestPIN{}, NewError(Invalid, "Gæstepin skal være 4-9 cifre og må ikke begynde med 0.")
	}

	return GuestPIN{secret{digits}}, nil
}

func isPIN(s string) bool {
	return len(s) >= 4 && len(s) <= 9 && s[0] != '0' && allDigits(s)
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}

	return s != ""
}

// Locator is the secret part of an invitation link (128 bits or more). It only finds
// the invitation; it never opens a room by itself.
type Locator struct{ secret }

// NewLocator wraps the text of a locator.
func NewLocator(text string) Locator { return Locator{secret{text}} }

// Code is what a citizen types: a one-time code of six digits, or a visit code of nine.
type Code struct{ secret }

// NewCode wraps a one-time code.
func NewCode(digits string) Code { return Code{secret{digits}} }

// Equal compares in constant time.
func (c Code) Equal(o Code) bool { return c.equal(o.secret) }

// SessionToken is the value of a session cookie.
type SessionToken struct{ secret }

// NewSessionToken wraps the text of a session cookie.
func NewSessionToken(text string) SessionToken { return SessionToken{secret{text}} }

// Phone is a telephone number in E.164 form ("+4520000001"). It prints masked.
type Phone struct{ secret }

// NewPhone wraps a number that the caller has normalised to E.164.
func NewPhone(e164 string) Phone { return Phone{secret{e164}} }

// Hint returns the last two digits behind a mask, as shown to the citizen.
func (p Phone) Hint() string {
	if len(p.plain) < 2 {
		return masked
	}

	return "•• •• •• " + p.plain[len(p.plain)-2:]
}

// Email is an e-mail address. It prints masked.
type Email struct{ secret }

// NewEmail wraps an address.
func NewEmail(address string) Email { return Email{secret{address}} }

// Secret is a credential of ours: a client secret, an API key, a key to encrypt with.
// The configuration fills it from a file or the environment.
type Secret struct{ secret }

// NewSecret wraps a credential.
func NewSecret(text string) Secret { return Secret{secret{text}} }
