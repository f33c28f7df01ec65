package care

import (
	"slices"
	"time"
)

// IdentityRule says how people may prove who they are (D22). The zero value allows nothing.
type IdentityRule struct {
	Methods  []IdentityMethod // those that are allowed
	MinLevel Assurance        // the lowest level that a login at an identity provider must have reached
	// Codeword: who came in by a one-time code counts as identified only when the codewords were
	// said, because an SMS proves the telephone and not the person (identity.md §5.2).
	Codeword bool
	// Outage: an identity provider that the rule counts on does not answer. Who is identified
	// meanwhile is marked.
	Outage bool
}

// Allows reports whether the rule allows a method.
func (r IdentityRule) Allows(m IdentityMethod) bool { return slices.Contains(r.Methods, m) }

// StaffWay is one thing that an employee can say of how they know somebody.
type StaffWay struct {
	Method IdentityMethod
	Check  IdentityCheck
}

// StaffWays returns what employees can say under the rule, in the order in which it is offered.
func (r IdentityRule) StaffWays() []StaffWay {
	var out []StaffWay

	for _, m := range r.Methods {
		for _, c := range m.Checks() {
			out = append(out, StaffWay{m, c})
		}
	}

	return out
}

// IdentityOverride is a rule for some visits or people. An empty list matches everything.
type IdentityOverride struct {
	Services     []string // the visit's service, as the driving list names it
	Units        []UnitID
	Participants []Party
	Rule         IdentityRule
}

// Party is somebody of a kind: the citizen, or a kind of participant. The zero value is invalid.
type Party string

// TheCitizen is the party that is no participant.
const TheCitizen Party = "citizen"

// Parties lists every party.
func Parties() []Party {
	out := []Party{TheCitizen}
	for _, k := range ParticipantKinds() {
		out = append(out, Party(k))
	}

	return out
}

// IdentityPolicy is a municipality's rules of how people identify themselves.
type IdentityPolicy struct {
	Default   IdentityRule
	Overrides []IdentityOverride // the first that matches holds, wholly
	// Outage are methods that are allowed as well while an identity provider does not answer and
	// the rule has a login at one (C24).
	Outage []IdentityMethod
	// CodewordUses is after how many visits a pair of codewords is due to be made anew; 0: never.
	CodewordUses int
}

// DefaultIdentityPolicy allows every method, logins from level Substantial on, and asks for no
// codeword: the risk assessment of identity.md §6 recommends that level.
func DefaultIdentityPolicy() IdentityPolicy {
	return IdentityPolicy{
		Default:      IdentityRule{Methods: IdentityMethods(), MinLevel: Substantial},
		Outage:       []IdentityMethod{ByCode, KnownToStaff, WithStaff},
		CodewordUses: 10,
	}
}

// IdentityCase is who wants to identify for which visit. The zero Kind is the citizen.
type IdentityCase struct {
	Service string
	Unit    UnitID
	Kind    ParticipantKind
	Setting IdentitySetting // the citizen's; of no account for participants
	Outage  bool            // an identity provider does not answer
}

// Rule returns what holds in a case: the municipality's rule for it, more methods in an outage, and
// less where the citizen's own setting says so. A citizen with MitID only may be identified by an
// employee in an outage, never by a telephone or a device that somebody else may hold (C27). What
// makes no sense is left out: nobody vouches for the citizen.
func (p IdentityPolicy) Rule(c IdentityCase) IdentityRule {
	rule := p.rule(c)
	methods := slices.Clone(rule.Methods)

	rule.Outage = c.Outage && slices.ContainsFunc(methods, IdentityMethod.Login)
	if rule.Outage {
		methods = append(methods, p.Outage...)
	}

	rule.Methods = nil

	for _, m := range IdentityMethods() { // in the order of strength, each once
		if slices.Contains(methods, m) && c.fits(m) {
			rule.Methods = append(rule.Methods, m)
		}
	}

	return rule
}

func (p IdentityPolicy) rule(c IdentityCase) IdentityRule {
	party := Party(c.Kind)
	if c.Kind == "" {
		party = TheCitizen
	}

	for _, o := range p.Overrides {
		if matches(o.Services, c.Service) && matches(o.Units, c.Unit) && matches(o.Participants, party) {
			return o.Rule
		}
	}

	return p.Default
}

func matches[T comparable](wanted []T, have T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, have)
}

func (c IdentityCase) fits(m IdentityMethod) bool {
	if c.Kind != "" {
		return true
	}

	s := c.Setting

	switch {
	case m == VouchedByCitizen:
		return false
	case s.MitIDOnly && !m.Login():
		return c.Outage && (m == KnownToStaff || m == WithStaff)
	case s.NoSMS && m == ByCode:
		return false
	}

	return matches(s.Methods, m)
}

// IdentitySetting is how one citizen may be identified, where it is less than what the municipality
// allows, and why. The zero value narrows nothing. The reason is stored encrypted.
type IdentitySetting struct {
	Citizen   CitizenID
	Version   int              // the store's; 0: never stored
	MitIDOnly bool             // logins only: somebody else may hold the telephone (C27)
	NoSMS     bool             // no one-time codes, and no links either by SMS
	CodeOnly  bool             // messages hold a visit code in place of a link (M21)
	Methods   []IdentityMethod // those that are left; empty: all
	Protected bool             // the citizen's address is protected; Citizen.Protected follows it
	Reason    string           // an employee's own text, at most MaxBecause characters
	By        EmployeeID
	At        time.Time // UTC
	// Stopped: all access to the citizen's visits is stopped until new links are sent on purpose.
	// Links and sessions from before StoppedAt never work again.
	Stopped   bool
	StoppedAt time.Time
}

// Narrows reports whether the setting takes anything away.
func (s IdentitySetting) Narrows() bool { return s.MitIDOnly || s.NoSMS || len(s.Methods) > 0 }
