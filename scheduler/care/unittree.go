package care

import "slices"

// UnitTree is a municipality's units with what is below each. The zero value has no units.
type UnitTree struct {
	units  []Unit // parents before children, siblings in the order in which they were given
	depth  map[UnitID]int
	within map[UnitID][]UnitID // the unit itself and all below it
}

// TreeFault is a unit whose parent can't be used. Such a unit stands at the top of the tree.
type TreeFault struct {
	Unit   UnitID
	Parent UnitID
	Cycle  bool // the parent is below the unit, or the unit itself; else the parent is unknown
}

// NewUnitTree puts units into a tree. Of units with one id the first counts; one without is left out.
func NewUnitTree(units []Unit) (UnitTree, []TreeFault) {
	parents := make(map[UnitID]UnitID, len(units))
	known := make([]Unit, 0, len(units))

	for _, u := range units {
		if _, twice := parents[u.ID]; !twice && u.ID != "" {
			parents[u.ID] = u.Parent
			known = append(known, u)
		}
	}

	var faults []TreeFault

	for i, u := range known {
		_, exists := parents[u.Parent]

		switch {
		case u.Parent == "":
		case !exists:
			faults = append(faults, TreeFault{Unit: u.ID, Parent: u.Parent})
		case circular(parents, u.ID):
			faults = append(faults, TreeFault{Unit: u.ID, Parent: u.Parent, Cycle: true})
		default:
			continue
		}

		known[i].Parent, parents[u.ID] = "", ""
	}

	t := UnitTree{depth: make(map[UnitID]int, len(known)), within: make(map[UnitID][]UnitID, len(known))}
	children := make(map[UnitID][]Unit, len(known))

	for _, u := range known {
		children[u.Parent] = append(children[u.Parent], u)
	}

	t.grow(children, "", 0)

	return t, faults
}

// circular reports whether the way up from a unit leads back to it.
func circular(parents map[UnitID]UnitID, unit UnitID) bool {
	at := parents[unit]
	for range parents {
		if at == unit {
			return true
		}

		at = parents[at]
	}

	return false
}

func (t *UnitTree) grow(children map[UnitID][]Unit, parent UnitID, depth int) []UnitID {
	var below []UnitID

	for _, u := range children[parent] {
		t.units = append(t.units, u)
		t.depth[u.ID] = depth
		t.within[u.ID] = append([]UnitID{u.ID}, t.grow(children, u.ID, depth+1)...)
		below = append(below, t.within[u.ID]...)
	}

	return below
}

// Units returns all units, parents before their children.
func (t UnitTree) Units() []Unit { return slices.Clone(t.units) }

// Depth returns how many units are above a unit.
func (t UnitTree) Depth(id UnitID) int { return t.depth[id] }

// Has reports whether there is such a unit; EveryUnit always is.
func (t UnitTree) Has(id UnitID) bool {
	_, ok := t.within[id]

	return ok || id == EveryUnit
}

// Within returns a unit and all units below it; only itself when the tree does not know it.
func (t UnitTree) Within(id UnitID) []UnitID {
	if below, ok := t.within[id]; ok {
		return slices.Clone(below)
	}

	return []UnitID{id}
}

// Expand returns the grants with those for the units below each, every grant once. A role in a
// unit holds in the units below it (D04).
func (t UnitTree) Expand(grants []Grant) []Grant {
	out := make([]Grant, 0, len(grants))
	seen := make(map[Grant]bool, len(grants))

	for _, g := range grants {
		for _, unit := range t.Within(g.Unit) {
			if one := (Grant{Unit: unit, Role: g.Role}); !seen[one] {
				seen[one] = true
				out = append(out, one)
			}
		}
	}

	return out
}
