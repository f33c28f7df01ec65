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

// Login reports whether the method is a login at an identity provider, which has a level of
// assurance.
func (m IdentityMethod) Login() bool { return m == ByMitID || m == ByEID }

// IdentityCheck is what an employee did to know whom they talk to (R12). The zero value is: nothing
// that was recorded.
type IdentityCheck string

// The checks.
const (
	CalledNumber IdentityCheck = "called"   // rang the number in the care record, and the person answered
	KnewByFace   IdentityCheck = "face"     // has met the person before and recognised face and voice
	SaidCodeword IdentityCheck = "codeword" // the codewords were said, both of them
	BesidePerson IdentityCheck = "beside"   // an employee is beside the person
	CitizenSaid  IdentityCheck = "citizen"  // the citizen said who the participant is
	ViaGuardian  IdentityCheck = "guardian" // the citizen's guardian stood in
)

// Checks returns what can have been done with a method, in the order in which it is offered.
func (m IdentityMethod) Checks() []IdentityCheck {
	switch m {
	case KnownToStaff:
		return []IdentityCheck{KnewByFace, CalledNumber, SaidCodeword, ViaGuardian}
	case WithStaff:
		return []IdentityCheck{BesidePerson}
	case VouchedByCitizen:
		return []IdentityCheck{CitizenSaid}
	case ByMitID, ByEID, ByDevice, ByCode:
	}

	return nil
}

// Danish returns the wording shown to the caregiver.
func (c IdentityCheck) Danish() string {
	switch c {
	case CalledNumber:
		return "Ringede til nummeret i omsorgsjournalen"
	case KnewByFace:
		return "Har mødt personen før og genkendte ansigt og stemme"
	case SaidCodeword:
		return "Kodeordene blev sagt"
	case BesidePerson:
		return "En medarbejder er hos personen"
	case CitizenSaid:
		return "Borgeren sagde, hvem deltageren er"
	case ViaGuardian:
		return "Borgerens værge stod inde for borgeren"
	}

	return string(c)
}

// Proof is how somebody was identified, whichever way. Nothing of what was proved with is in it.
type Proof struct {
	Method   IdentityMethod
	Provider string     // key of the identity provider, with a login
	Level    Assurance  // with a login
	Name     NameMatch  // with a participant's login
	By       EmployeeID // with the staff's methods: whose word it is
	Check    IdentityCheck
}

// Refused returns why a proof does not count under a rule, nil when it counts. Kinds: Forbidden,
// Invalid.
func (r IdentityRule) Refused(p Proof) error {
	switch {
	case !r.Allows(p.Method):
		return NewError(Forbidden, "Den måde at vise, hvem man er, må ikke bruges her.")
	case p.Method.Login() && p.Level < r.MinLevel:
		return NewError(Forbidden, "Login er ikke på et højt nok sikringsniveau. Log ind igen på niveau "+r.MinLevel.Danish()+".")
	case p.Method.Login() && p.Provider == "":
		return NewError(Invalid, "Login mangler en udbyder.")
	case p.Method.ByStaff() && (p.By == "" || !slices.Contains(p.Method.Checks(), p.Check)):
		return NewError(Invalid, "Vælg, hvordan du ved, hvem personen er.")
	}

	return nil
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

// String returns the level's name for audit and logs.
func (a Assurance) String() string {
	switch a {
	case NoAssurance:
	case LowAssurance:
		return "low"
	case Substantial:
		return "substantial"
	case HighAssurance:
		return "high"
	}

	return "none"
}

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
