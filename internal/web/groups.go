package web

import (
	"slices"

	"github.com/sluse/sluse/saml"
)

// orgUnit is KOMBIT's constraint that limits a role to organisational units (identity.md §1.7).
const orgUnit = "http://sts.kombit.dk/constraints/orgenhed/1"

// groupsOf returns what the configuration maps to roles: the groups of the directory, and the
// privileges as names of groups. A privilege without limits goes by its role's whole URI; one that
// is limited to organisational units by the URI, a space and the unit's key, once for each. A
// privilege with any other limit gives nothing, because we could not honour the limit; ignored
// counts those, besides what was left out as somebody else's or as not to be understood.
func groupsOf(who saml.Principal) (groups []string, ignored int) {
	groups, ignored = slices.Clone(who.Groups), who.PrivilegesIgnored

	for _, p := range who.Privileges {
		switch {
		case len(p.Constraints) == 0:
			groups = append(groups, p.Role)
		case len(p.Constraints) == 1 && p.Constraints[0].Name == orgUnit:
			for _, unit := range p.Constraints[0].Values {
				groups = append(groups, p.Role+" "+unit)
			}
		default:
			ignored++
		}
	}

	return groups, ignored
}
