package config

import (
	"fmt"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

func (m Municipality) isParent(id care.UnitID) bool {
	return slices.ContainsFunc(m.Units, func(u Unit) bool { return id != "" && u.Parent == id })
}

// validateTree finds units whose parent does not exist, and units that are below themselves.
func (m Municipality) validateTree(k checker) {
	units := make([]care.Unit, 0, len(m.Units))
	for _, u := range m.Units {
		units = append(units, care.Unit{ID: u.ID, Parent: u.Parent})
	}

	_, faults := care.NewUnitTree(units)

	for _, f := range faults {
		key := fmt.Sprintf("units[%d].parent", slices.IndexFunc(m.Units, func(u Unit) bool { return u.ID == f.Unit }))
		k.bad(f.Cycle, key, "is below the unit itself")
		k.bad(!f.Cycle, key, "is no unit of this municipality")
	}
}
