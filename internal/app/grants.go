package app

import (
	"strings"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler/care"
)

// grants maps what an employee's login or the directory says to roles in units. A text is the name
// of a group, the URI of a privilege without limits, or such a URI, a blank and the UUID of an
// organisational unit that the privilege is limited to.
func grants(roles []config.Role, units []config.Unit) func(groups []string) []care.Grant {
	return func(groups []string) []care.Grant {
		var out []care.Grant

		for _, r := range roles {
			for _, g := range groups {
				if unit, holds := where(r, g, units); holds {
					out = append(out, care.Grant{Unit: unit, Role: r.Role})
				}
			}
		}

		return out
	}
}

// where returns the unit in which a role holds by the text. A privilege that is limited to
// organisational units never holds in more than the units we know by their UUIDs, and never
// outside the unit of the role's own line.
func where(r config.Role, text string, units []config.Unit) (unit care.UnitID, holds bool) {
	if r.Privilege == "" || text == r.Privilege {
		return r.Unit, text != "" && (text == r.Group || text == r.Privilege)
	}

	uuid, limited := strings.CutPrefix(text, r.Privilege+" ")
	if !limited || uuid == "" {
		return "", false
	}

	for _, u := range units {
		if strings.EqualFold(u.OrgUUID, uuid) && within(u.ID, r.Unit, units) {
			return u.ID, true
		}
	}

	return "", false
}

// within reports whether a unit is another one or lies below it. The tree has no rings: config
// refuses them.
func within(unit, above care.UnitID, units []config.Unit) bool {
	if above == care.EveryUnit || unit == above {
		return true
	}

	for _, u := range units {
		if u.ID == unit && u.Parent != "" {
			return within(u.Parent, above, units)
		}
	}

	return false
}
