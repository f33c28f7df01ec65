package care

import (
	"slices"
	"strings"
	"time"
)

// Citizen is a person who gets visits. CPR and contact data are stored encrypted; the CPR
// number is found by a keyed hash. Who has no CPR number has a surrogate id, and the verdict
// CPRMalformed.
type Citizen struct {
	ID           CitizenID
	CPR          CPR
	Surrogate    SurrogateID // who has, or had, no CPR number
	Verdict      CPRVerdict
	Name         string
	Address      string
	Phone        Phone // zero when there is none that works
	Email        Email
	Suitability  Suitability // what a list or the record hints; see Fit
	Judged       Judgement   // what an employee decided, which counts before any hint
	Hospitalised bool
	// Protected: address and telephone number are hidden from everybody who does not need them; see
	// Shown.
	Protected bool
	Risk      Risk     // how much it matters that help comes in time; empty: not judged
	Language  Language // of messages and pages; empty: not known
	UpdatedAt time.Time
}

// Shown is what pages and answers may show: without the address of a citizen whose address is
// protected. Telephone numbers are only ever shown as a hint.
func (c Citizen) Shown() Citizen {
	if c.Protected {
		c.Address = ""
	}

	return c
}

// Called reports whether a text means the citizen: all its words are in the name, in any case, or it
// is the id that the care record has for somebody without a CPR number.
func (c Citizen) Called(text string) bool {
	words, name := strings.Fields(strings.ToLower(text)), strings.ToLower(c.Name)
	if len(words) == 0 {
		return false
	}

	return strings.EqualFold(strings.TrimSpace(text), c.Surrogate.Shown()) ||
		!slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(name, w) })
}

// Key returns by what the citizen is found again.
func (c Citizen) Key() CitizenKey { return KeyOf(c.CPR, c.Surrogate) }

// Channel returns the channel by which the citizen is reached, SMS before mail; empty when
// there is none.
func (c Citizen) Channel() Channel { return channelOf(c.Phone, c.Email) }

// OtherChannel returns a channel that is not the given one, or empty.
func (c Citizen) OtherChannel(than Channel) Channel { return otherChannel(c.Phone, c.Email, than) }

func channelOf(phone Phone, email Email) Channel {
	switch {
	case !phone.IsZero():
		return SMS
	case !email.IsZero():
		return Mail
	default:
		return ""
	}
}

func otherChannel(phone Phone, email Email, than Channel) Channel {
	switch {
	case than != SMS && !phone.IsZero():
		return SMS
	case than != Mail && !email.IsZero():
		return Mail
	default:
		return ""
	}
}

// Unit is a place where people work and citizens belong, from the configuration or the directory.
type Unit struct {
	ID       UnitID
	Name     string
	Parent   UnitID // the unit above; empty: at the top
	LiveFrom Day    // screen visits from this day; empty: not yet live
	Phone    string
}

// LiveOn reports whether the unit gives screen visits on the day.
func (u Unit) LiveOn(d Day) bool { return u.LiveFrom != "" && d >= u.LiveFrom }
