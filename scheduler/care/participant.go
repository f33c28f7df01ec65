package care

import (
	"net/mail"
	"slices"
	"strings"
	"time"
)

// ParticipantKind is what somebody else than employee and citizen is in a visit. The zero value
// is invalid.
type ParticipantKind string

// The kinds.
const (
	Relative    ParticipantKind = "relative"
	Interpreter ParticipantKind = "interpreter"
	Authority   ParticipantKind = "authority" // somebody from another authority, for example the general practitioner
)

// ParticipantKinds lists every kind in the order in which they are offered.
func ParticipantKinds() []ParticipantKind {
	return []ParticipantKind{Relative, Interpreter, Authority}
}

// Danish returns the wording shown on screens.
func (k ParticipantKind) Danish() string {
	switch k {
	case Relative:
		return "Pårørende"
	case Interpreter:
		return "Tolk"
	case Authority:
		return "Anden myndighed"
	}

	return string(k)
}

// Contact is one person of a citizen's contact network. Name, phone and e-mail are stored
// encrypted. One that was removed keeps its id and nothing personal.
type Contact struct {
	ID        ContactID
	Version   int // the store's; 0: never stored
	Citizen   CitizenID
	Kind      ParticipantKind
	Name      string
	Phone     Phone // where one-time codes go; zero: the contact can't take part
	Email     Email
	Consent   Consent
	Guardian  bool // stands in for the citizen, who is a minor or under guardianship; relatives only
	AddedBy   EmployeeID
	AddedAt   time.Time
	ChangedAt time.Time
	RemovedAt time.Time // zero while the contact stands
}

// Limits of a contact's texts, in characters.
const (
	MaxContactName  = 120
	maxEmailAddress = 254 // RFC 5321 §4.5.3.1.3
)

// Check returns what is wrong with a contact as somebody typed it, Invalid.
func (c Contact) Check() error {
	name := strings.TrimSpace(c.Name)

	switch {
	case !slices.Contains(ParticipantKinds(), c.Kind):
		return NewError(Invalid, "Vælg, om kontakten er pårørende, tolk eller fra en anden myndighed.")
	case name == "" || len([]rune(name)) > MaxContactName || strings.ContainsFunc(name, isControl):
		return NewError(Invalid, "Skriv kontaktens navn, højst 120 tegn.")
	case c.Guardian && c.Kind != Relative:
		return NewError(Invalid, "Kun en pårørende kan noteres som værge eller forælder.")
	case c.Phone.IsZero() && c.Email.IsZero():
		return NewError(Invalid, "Skriv kontaktens mobilnummer. Uden det kan kontakten ikke få en engangskode.")
	}

	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Remove takes a contact away. What is personal goes at once; the id stays, so that visits which
// the contact takes part in can be put right.
func (c Contact) Remove(at time.Time) Contact {
	return Contact{
		ID: c.ID, Version: c.Version, Citizen: c.Citizen, Kind: c.Kind, AddedBy: c.AddedBy, AddedAt: c.AddedAt, ChangedAt: at, RemovedAt: at,
	}
}

// ParsePhone reads a telephone number as somebody types it: eight Danish digits, or a number with
// its country code after + or 00. It is normalised to E.164.
func ParsePhone(text string) (Phone, bool) {
	digits := strings.NewReplacer(" ", "", "\u00a0", "", "-", "", ".", "", "(", "", ")", "").Replace(strings.TrimSpace(text))

	switch rest, foreign := strings.CutPrefix(digits, "+"); {
	case foreign:
		digits = rest
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	case len(digits) == 8:
		digits = "45" + digits
	default:
		return Phone{}, false
	}

	danish, isDanish := strings.CutPrefix(digits, "45")

	if !allDigits(digits) || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' ||
		isDanish && (len(danish) != 8 || danish[0] < '2') {
		return Phone{}, false
	}

	return NewPhone("+" + digits), true
}

// ParseEmail reads a bare e-mail address.
func ParseEmail(text string) (Email, bool) {
	text = strings.TrimSpace(text)

	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxEmailAddress {
		return Email{}, false
	}

	return NewEmail(text), true
}

// Participant is somebody else than employee and citizen who is invited to one visit: a relative,
// an interpreter, somebody from another authority. Name, phone and e-mail are stored encrypted;
// they are the contact's as they were when the participant was invited.
type Participant struct {
	ID        ParticipantID
	Contact   ContactID
	Seat      int // 1 or more; seat 0 is the citizen's
	Kind      ParticipantKind
	Name      string
	Phone     Phone // where the link and one-time codes go
	Email     Email
	Consent   Consent // the citizen's, as the contact has it
	Secrecy   Secrecy // of somebody from another authority; zero for the others
	Terms     TermsAnswer
	AddedBy   EmployeeID
	AddedAt   time.Time
	RemovedBy string    // employee id or "system"
	RemovedAt time.Time // zero while invited
}

// Present reports whether the participant is invited and was not removed.
func (p Participant) Present() bool { return p.RemovedAt.IsZero() }

// Channel returns the channel by which the participant is reached. Codes go to the phone, so it
// is always SMS while there is a phone.
func (p Participant) Channel() Channel { return channelOf(p.Phone, p.Email) }

// OtherChannel returns a channel that is not the given one, or empty.
func (p Participant) OtherChannel(than Channel) Channel {
	return otherChannel(p.Phone, p.Email, than)
}
