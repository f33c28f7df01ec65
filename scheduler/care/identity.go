package care

import "slices"

// IdentityMethod says how a person was identified (R29). The zero value is invalid.
type IdentityMethod string

// The methods, the strongest first. ByMitID and ByEID are a login at an identity provider; the
// staff's methods are a caregiver's word in the lobby.
const (
	ByMitID          IdentityMethod = "mitid"              // MitID, through NemLog-in or a broker
	ByEID            IdentityMethod = "eid"                // another country's or provider's electronic identity
	ByDevice         IdentityMethod = "device"             // a device that was tied to the person after a login
	ByCode           IdentityMethod = "code"               // a one-time code by SMS to the number in the record
	KnownToStaff     IdentityMethod = "known_to_staff"     // the employee knows the person by sight or by the codeword
	WithStaff        IdentityMethod = "with_staff"         // an employee is beside the person
	VouchedByCitizen IdentityMethod = "vouched_by_citizen" // the citizen says who the participant is; never the citizen
)

// IdentityMethods lists every method, the strongest first.
func IdentityMethods() []IdentityMethod {
	return []IdentityMethod{ByMitID, ByEID, ByDevice, ByCode, KnownToStaff, WithStaff, VouchedByCitizen}
}

// Danish returns the wording shown to the caregiver.
func (m IdentityMethod) Danish() string {
	switch m {
	case ByMitID:
		return "MitID"
	case ByEID:
		return "Andet elektronisk id"
	case ByDevice:
		return "Kendt enhed"
	case ByCode:
		return "Engangskode på SMS til nummeret i omsorgsjournalen"
	case KnownToStaff:
		return "Kendt af medarbejderen"
	case WithStaff:
		return "Medarbejder hos borgeren"
	case VouchedByCitizen:
		return "Borgeren står inde for personen"
	}

	return string(m)
}

// ByStaff reports whether the method is an employee's word, given in the lobby.
func (m IdentityMethod) ByStaff() bool {
	return slices.Contains([]IdentityMethod{KnownToStaff, WithStaff, VouchedByCitizen}, m)
}

// Assurance is a level of assurance of NSIS (National Standard for Identiteters Sikringsniveauer).
// The zero value means that none is known. Levels compare with <.
type Assurance int

// The levels of NSIS 2.0, in rising order.
const (
	NoAssurance Assurance = iota
	LowAssurance
	Substantial
	HighAssurance
)

// Danish returns the level's Danish name; empty when none is known.
func (a Assurance) Danish() string {
	switch a {
	case NoAssurance:
	case LowAssurance:
		return "Lav"
	case Substantial:
		return "Betydelig"
	case HighAssurance:
		return "Høj"
	}

	return ""
}
