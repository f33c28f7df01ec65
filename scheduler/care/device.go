package care

import (
	"slices"
	"strings"
	"time"
)

// DeviceID identifies one device that stands for a citizen or a contact.
type DeviceID string

// DeviceKind says what a device proves itself with. The zero value is invalid.
type DeviceKind string

// The kinds.
const (
	PasskeyDevice DeviceKind = "passkey" // a passkey, opened by finger, face or screen lock
	CodeDevice    DeviceKind = "code"    // four digits, which count on this device alone
	TabletDevice  DeviceKind = "tablet"  // a tablet that the municipality put up at the citizen's
)

// DeviceKinds lists every kind.
func DeviceKinds() []DeviceKind { return []DeviceKind{PasskeyDevice, CodeDevice, TabletDevice} }

// Danish returns the wording shown on screens.
func (k DeviceKind) Danish() string {
	switch k {
	case PasskeyDevice:
		return "Fingeraftryk, ansigt eller skærmlås"
	case CodeDevice:
		return "Kode på 4 tal"
	case TabletDevice:
		return "Tavle"
	}

	return string(k)
}

// DeviceEnd says why a device stands for nobody any more. The zero value: it still does.
type DeviceEnd string

// The ends.
const (
	DeviceRevoked   DeviceEnd = "revoked"   // by an employee
	DeviceForgotten DeviceEnd = "forgotten" // by the person themselves
	DeviceStopped   DeviceEnd = "stopped"   // all access of the citizen was stopped
	DeviceLocked    DeviceEnd = "locked"    // too many wrong codes
	DeviceIdle      DeviceEnd = "idle"      // not used for too long
	DeviceCloned    DeviceEnd = "cloned"    // its passkey seems to exist twice
	DeviceReplaced  DeviceEnd = "replaced"  // the same person tied the same browser anew
	DeviceUnused    DeviceEnd = "unused"    // a tablet that nobody set up in time
	DeviceReturned  DeviceEnd = "returned"  // a tablet that the citizen handed back
	DeviceLost      DeviceEnd = "lost"      // a tablet that is gone, broken or stolen
)

// DeviceEnds lists every end.
func DeviceEnds() []DeviceEnd {
	return []DeviceEnd{DeviceRevoked, DeviceForgotten, DeviceStopped, DeviceLocked, DeviceIdle, DeviceCloned, DeviceReplaced, DeviceUnused, DeviceReturned, DeviceLost}
}

// Danish returns the wording shown on screens.
func (e DeviceEnd) Danish() string {
	switch e {
	case DeviceRevoked:
		return "Lukket af en medarbejder"
	case DeviceForgotten:
		return "Glemt af borgeren selv"
	case DeviceStopped:
		return "Lukket, da al adgang blev stoppet"
	case DeviceLocked:
		return "Låst efter for mange forkerte koder"
	case DeviceIdle:
		return "Udløbet, fordi den ikke har været brugt"
	case DeviceCloned:
		return "Lukket, fordi nøglen så ud til at være kopieret"
	case DeviceReplaced:
		return "Erstattet af en nyere"
	case DeviceUnused:
		return "Blev ikke sat op i tide"
	case DeviceReturned:
		return "Afleveret"
	case DeviceLost:
		return "Bortkommet"
	}

	return string(e)
}

// Limits of devices.
const (
	// DeviceFailures is how many wrong codes in all a device bears (V06).
	DeviceFailures = 5
	// EnrolmentLife and EnrolmentTries bound the code with which a tablet is set up (identity.md §5.4).
	EnrolmentLife  = 10 * time.Minute
	EnrolmentTries = 5
	// TabletNonceLife is how long a tablet may take to answer a challenge.
	TabletNonceLife = time.Minute
	// PasskeyChallengeLife is how long a person may take with a passkey.
	PasskeyChallengeLife = 5 * time.Minute
	// TabletSessionLife is how long a tablet's proof holds; it proves itself again by itself.
	TabletSessionLife = 15 * time.Minute
	// RingFor is how long a tablet rings.
	RingFor = 2 * time.Minute
)

// Limits of a tablet's texts, in characters.
const (
	MaxSerial      = 64
	MaxDeviceLabel = 40
)

// Holder is whom a device stands for: the citizen, or a contact of the citizen.
type Holder struct {
	Citizen CitizenID
	Contact ContactID // empty: the citizen
}

// Enrolment is a tablet that waits to be set up. The zero value: none is waited for.
type Enrolment struct {
	Selector string // the first group of the code, by which the tablet is found
	Hash     string // keyed hash of the rest
	Until    time.Time
	Tries    int // wrong ones
}

// Ring is the wish that a tablet rings. The zero value: none.
type Ring struct {
	Visit VisitID
	At    time.Time // since when
}

// Device is a browser or tablet that stands for a person without a new login. It never holds what
// opens it: codes are kept as slow keyed hashes, of keys only the public part.
type Device struct {
	ID      DeviceID
	Version int // the store's; 0: never stored
	Kind    DeviceKind
	Holder  Holder
	Label   string // what the browser says it is, for example "iPhone"; the serial number of a tablet

	TokenHash string // hex SHA-256 of the device cookie's token; empty for a tablet
	CodeSalt  []byte
	CodeHash  []byte // argon2id, of a CodeDevice
	Passkey   []byte // the credential's record, of a PasskeyDevice; opaque here
	Failures  int    // wrong codes in all

	Unit       UnitID    // of a tablet
	Key        []byte    // public key of a tablet, DER (SPKI); empty before it is set up
	AutoAnswer Consent   // the citizen's consent that the tablet answers by itself
	Enrolment  Enrolment // of a tablet
	Ring       Ring      // of a tablet

	MadeAt  time.Time
	MadeBy  EmployeeID // who registered a tablet; empty: the person themselves
	SeenAt  time.Time  // last proved itself; zero: never
	EndedAt time.Time  // zero while it stands for somebody
	End     DeviceEnd
	EndedBy EmployeeID // empty: nobody of the staff
}

// DeviceTerms are a municipality's limits for devices.
type DeviceTerms struct {
	Idle       time.Duration // how long a known device may be unused (V26)
	TabletIdle time.Duration // how long a tablet may be unseen
}

// Alive reports whether the device stands for its holder at a time.
func (d Device) Alive(t DeviceTerms, now time.Time) bool {
	return d.EndedAt.IsZero() && now.Before(d.Expires(t)) && (d.Kind != TabletDevice || len(d.Key) > 0)
}

// Expires is when the device ends by itself unless it is used before.
func (d Device) Expires(t DeviceTerms) time.Time {
	last := d.MadeAt
	if d.SeenAt.After(last) {
		last = d.SeenAt
	}

	switch {
	case d.Kind != TabletDevice:
		return last.Add(t.Idle)
	case len(d.Key) == 0:
		return d.Enrolment.Until
	default:
		return last.Add(t.TabletIdle)
	}
}

// Close ends the device. It reports false when it had ended already.
func (d *Device) Close(why DeviceEnd, by EmployeeID, at time.Time) bool {
	if !d.EndedAt.IsZero() {
		return false
	}

	d.EndedAt, d.End, d.EndedBy = at, why, by
	d.TokenHash, d.CodeSalt, d.CodeHash, d.Passkey, d.Key = "", nil, nil, nil, nil
	d.Enrolment, d.Ring = Enrolment{}, Ring{}

	return true
}

// TryCode records a try at the device's code; right says whether it was the right one. After five
// wrong ones in all the device is dead. The refusal is what to tell the person; it is apart from
// the error because the failed try has to be stored.
func (d *Device) TryCode(right bool, t DeviceTerms, at time.Time) (refusal, err *Error) {
	switch {
	case d.Kind != CodeDevice || !d.Alive(t, at):
		return nil, NewError(Gone, "Enheden er ikke kendt længere. Brug en af de andre måder.")
	case right:
		d.SeenAt = at

		return nil, nil
	}

	if d.Failures++; d.Failures >= DeviceFailures {
		d.Close(DeviceLocked, "", at)

		return NewError(TooMany, "Der er tastet forkert for mange gange. Enheden er glemt. Brug en af de andre måder."), nil
	}

	return NewError(Invalid, "Koden er ikke rigtig. Prøv igen."), nil
}

// TryEnrolment records a try at setting a tablet up with a key; right says whether the code was
// the right one. The refusal is apart from the error because the failed try has to be stored.
func (d *Device) TryEnrolment(right bool, key []byte, at time.Time) (refusal, err *Error) {
	switch {
	case d.Kind != TabletDevice || !d.EndedAt.IsZero() || d.Enrolment.Hash == "" || !at.Before(d.Enrolment.Until) || d.Enrolment.Tries >= EnrolmentTries:
		return nil, wrongEnrolment()
	case right:
		d.Key, d.SeenAt, d.Enrolment = slices.Clone(key), at, Enrolment{}

		return nil, nil
	}

	if d.Enrolment.Tries++; d.Enrolment.Tries >= EnrolmentTries {
		d.Enrolment = Enrolment{Until: d.Enrolment.Until}
	}

	return wrongEnrolment(), nil
}

// wrongEnrolment is the one answer, whatever is wrong with the code.
func wrongEnrolment() *Error {
	return NewError(Invalid, "Koden virker ikke. Tjek den, eller bed om en ny.")
}

// Offer lets a tablet that is registered be set up with a new code. The key that it had is dead.
func (d *Device) Offer(e Enrolment) *Error {
	if d.Kind != TabletDevice || !d.EndedAt.IsZero() {
		return NewError(Gone, "Tavlen er lukket. Registrér den igen.")
	}

	d.Enrolment, d.Key, d.Ring = e, nil, Ring{}

	return nil
}

// Ringing reports whether the tablet rings for a visit now.
func (d Device) Ringing(visit VisitID, now time.Time) bool {
	return d.Ring.Visit == visit && !d.Ring.At.IsZero() && now.Sub(d.Ring.At) < RingFor
}

// DeviceCode is the code of four digits that a person chose for one device.
type DeviceCode struct{ secret }

// NewDeviceCode checks a code that somebody chose. It refuses what others would try first: one
// digit four times, rows such as 1234 and 8642, pairs such as 1212, and what stands in the
// person's CPR number. The zero CPR is that of a person without one.
func NewDeviceCode(digits string, cpr CPR) (DeviceCode, error) {
	if len(digits) != 4 || !allDigits(digits) {
		return DeviceCode{}, NewError(Invalid, "Koden skal være 4 tal.")
	}

	if isRow(digits) || digits[:2] == digits[2:] || isFromCPR(digits, cpr.plain) {
		return DeviceCode{}, NewError(Invalid, "Koden er for let at gætte. Vælg 4 andre tal, ikke din fødselsdag.")
	}

	return DeviceCode{secret{digits}}, nil
}

// TypedDeviceCode wraps a code that is only to be compared.
func TypedDeviceCode(digits string) DeviceCode { return DeviceCode{secret{digits}} }

// isRow reports whether every digit differs from the one before by the same step.
func isRow(s string) bool {
	for i := 2; i < len(s); i++ {
		if (s[i]-s[i-1]+10)%10 != (s[1]-s[0]+10)%10 { // after 9 comes 0
			return false
		}
	}

	return true
}

// isFromCPR reports whether a code stands in a person number, or is its day and month, month and
// day, or year of birth.
func isFromCPR(code, cpr string) bool {
	if len(cpr) != 10 {
		return false
	}

	year := cpr[4:6]

	return strings.Contains(cpr, code) || code == cpr[2:4]+cpr[0:2] || code == "19"+year || code == "20"+year || code == year+cpr[2:4]
}

// EnrolmentCode is the code with which a tablet is set up: twelve characters in four groups, of
// which the first only finds the tablet and the other three, 45 bits, prove.
type EnrolmentCode struct{ secret }

// enrolmentAlphabet has no characters that are mistaken for others when read aloud or by bad light.
const enrolmentAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// enrolmentLength and selectorLength count characters of five bits.
const (
	enrolmentLength = 12
	selectorLength  = 3
)

// NewEnrolmentCode makes a code of twelve random bytes.
func NewEnrolmentCode(random [enrolmentLength]byte) EnrolmentCode {
	out := make([]byte, 0, enrolmentLength)
	for _, b := range random {
		out = append(out, enrolmentAlphabet[int(b)%len(enrolmentAlphabet)]) // 256 is a multiple of 32
	}

	return EnrolmentCode{secret{string(out)}}
}

// ParseEnrolmentCode reads a code as somebody typed it, in large or small letters, with whatever
// between the groups. False: it can't be one.
func ParseEnrolmentCode(typed string) (EnrolmentCode, bool) {
	if len(typed) > 4*enrolmentLength {
		return EnrolmentCode{}, false
	}

	code := strings.Map(func(r rune) rune {
		if strings.ContainsRune(enrolmentAlphabet, r) {
			return r
		}

		return -1
	}, strings.ToUpper(typed))

	return EnrolmentCode{secret{code}}, len(code) == enrolmentLength
}

// Groups returns the code as it is shown, "K7M-2QX-9RT-4WP". It is shown once, to whoever sets the
// tablet up.
func (c EnrolmentCode) Groups() string {
	var groups []string
	for g := range slices.Chunk([]byte(c.plain), selectorLength) {
		groups = append(groups, string(g))
	}

	return strings.Join(groups, "-")
}

// Selector returns the part that finds the tablet; empty for the zero code.
func (c EnrolmentCode) Selector() string { return c.plain[:min(len(c.plain), selectorLength)] }
