package config

import (
	"fmt"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Identity says how citizens and others who take part may prove who they are.
type Identity struct {
	Methods      []care.IdentityMethod `yaml:"methods" doc:"Ways that are allowed: mitid, eid (another electronic identity), device (a known one), code (by SMS), known_to_staff, with_staff and vouched_by_citizen (others than the citizen only); default all. mitid and eid need citizen_login."`
	MinLevel     string                `yaml:"min_level" doc:"Lowest level of assurance of a login with mitid or eid: low, substantial or high; default substantial. Write down the risk assessment when you set it to low."`
	Codeword     bool                  `yaml:"codeword" doc:"Whether who came in by a code counts as identified only after the codewords were said in the call; default false."`
	CodewordUses int                   `yaml:"codeword_uses" doc:"After how many visits a pair of codewords is made anew; 0 to 1000, default 10; 0: only when somebody asks for it."`
	Outage       []care.IdentityMethod `yaml:"outage" doc:"Ways that are allowed as well, for people who could log in with mitid or eid, while none of their providers answers us, or an administrator says so; default code, known_to_staff and with_staff; []: none."`
	Overrides    []IdentityOverride    `yaml:"overrides" doc:"Other rules for some visits or people. The first that matches holds; what it leaves out is as above."`

	read bool // from the file, with its defaults
}

// IdentityOverride is another rule for some visits or people.
type IdentityOverride struct {
	Services     []string              `yaml:"services" doc:"Services, as the driving lists name them; empty: every one."`
	Units        []care.UnitID         `yaml:"units" doc:"Keys of units; empty: every one."`
	Participants []care.Party          `yaml:"participants" doc:"Whom it is about: citizen, relative, interpreter, authority; empty: everybody."`
	Methods      []care.IdentityMethod `yaml:"methods" doc:"Ways that are allowed; default those of the section."`
	MinLevel     string                `yaml:"min_level" doc:"Lowest level of assurance of a login: low, substantial or high; default that of the section."`
	Codeword     *bool                 `yaml:"codeword" doc:"Whether a code counts only with the codewords; default as the section has it."`
}

// codewordUses is after how many visits codewords are made anew.
const codewordUses = 10

// UnmarshalYAML reads the section over its defaults, so that an explicit 0 stays 0.
func (i *Identity) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Identity

	*i = Identity{CodewordUses: codewordUses, read: true}

	return unmarshal((*plain)(i))
}

func (i *Identity) setDefaults() {
	if !i.read {
		i.CodewordUses = codewordUses
	}

	or(&i.MinLevel, "substantial")

	if i.Methods == nil {
		i.Methods = care.IdentityMethods()
	}

	if i.Outage == nil {
		i.Outage = care.DefaultIdentityPolicy().Outage
	}
}

// levels are the words of the file for levels of assurance.
func levels() map[string]care.Assurance {
	return map[string]care.Assurance{"low": care.LowAssurance, "substantial": care.Substantial, "high": care.HighAssurance}
}

// Policy returns the section in the domain's words. It must be valid.
func (i Identity) Policy() care.IdentityPolicy {
	out := care.IdentityPolicy{
		Default: care.IdentityRule{Methods: i.Methods, MinLevel: levels()[i.MinLevel], Codeword: i.Codeword},
		Outage:  i.Outage, CodewordUses: i.CodewordUses,
	}

	for _, o := range i.Overrides {
		rule := out.Default
		if o.Methods != nil {
			rule.Methods = o.Methods
		}

		if o.MinLevel != "" {
			rule.MinLevel = levels()[o.MinLevel]
		}

		if o.Codeword != nil {
			rule.Codeword = *o.Codeword
		}

		out.Overrides = append(out.Overrides, care.IdentityOverride{Services: o.Services, Units: o.Units, Participants: o.Participants, Rule: rule})
	}

	return out
}

func (i Identity) validate(k checker, units map[care.UnitID]bool) {
	const level = "must be low, substantial or high"

	k.bad(len(i.Methods) == 0, "methods", "must name at least one way; without any nobody comes in")
	i.validateMethods(k, "methods", i.Methods)
	i.validateMethods(k, "outage", i.Outage)
	k.bad(levels()[i.MinLevel] == care.NoAssurance, "min_level", level)
	k.number("codeword_uses", i.CodewordUses, 0, 1000)

	for n, o := range i.Overrides {
		at := fmt.Sprintf("overrides[%d].", n)

		k.bad(o.Methods != nil && len(o.Methods) == 0, at+"methods", "must name at least one way; without any nobody comes in")
		i.validateMethods(k, at+"methods", o.Methods)
		k.bad(o.MinLevel != "" && levels()[o.MinLevel] == care.NoAssurance, at+"min_level", level)

		for j, u := range o.Units {
			k.bad(!units[u] || u == care.EveryUnit, fmt.Sprintf("%sunits[%d]", at, j), "is no unit of this municipality")
		}

		for j, p := range o.Participants {
			k.bad(!slices.Contains(care.Parties(), p), fmt.Sprintf("%sparticipants[%d]", at, j), "must be citizen, relative, interpreter or authority")
		}
	}
}

func (i Identity) validateMethods(k checker, key string, methods []care.IdentityMethod) {
	for n, m := range methods {
		k.bad(!slices.Contains(care.IdentityMethods(), m), fmt.Sprintf("%s[%d]", key, n),
			"must be mitid, eid, device, code, known_to_staff, with_staff or vouched_by_citizen")
	}
}
