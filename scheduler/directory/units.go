package directory

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sluse/sluse/scheduler/care"
)

// UnitView is a unit as an administrator sees it.
type UnitView struct {
	Unit

	Depth     int // how many units are above it
	Employees int // active ones with a role in exactly this unit
}

// UnitTree returns the units, parents before their children. Needs ManageDirectory somewhere.
func (s *Service) UnitTree(ctx context.Context, actor care.Actor) ([]UnitView, error) {
	if _, err := administrates(actor); err != nil {
		return nil, err
	}

	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}

	employees, err := s.store.Employees(ctx, Query{})
	if err != nil {
		return nil, err
	}

	count := make(map[care.UnitID]int)

	for _, e := range employees {
		units := make([]care.UnitID, 0, len(e.Grants))
		for _, a := range e.Grants {
			units = append(units, a.Unit)
		}

		for _, u := range slices.Compact(units) { // grants are in order of unit
			if e.Active {
				count[u]++
			}
		}
	}

	k := s.known.Load()
	out := make([]UnitView, 0, len(k.units))

	for _, u := range k.units {
		out = append(out, UnitView{Unit: u, Depth: k.tree.Depth(u.ID), Employees: count[u.ID]})
	}

	return out, nil
}

// unitID is what the key of a unit looks like.
//
//nolint:gochecknoglobals // compiled once, never changed
var unitID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`) })

func unitColumns() []Column {
	return []Column{
		{Name: "Enheds-id", Aliases: []string{"Id", "Enhedskode", "Enhed id"}},
		{Name: "Navn", Aliases: []string{"Enhed", "Enhedsnavn"}},
		{Name: "Overordnet", Aliases: []string{"Overordnet enhed", "Hører under"}},
		{Name: "Kørelister", Aliases: []string{"Køreliste", "Ruter", "Rute"}},
		{Name: "Skærmbesøg fra", Aliases: []string{"Live fra", "Startdato"}, Day: true},
	}
}

// planUnits compares a file of units with the stored ones.
func (s *Service) planUnits(sheet Sheet, stored []Unit) *plan {
	p := &plan{Preview: Preview{Kind: ImportUnits}}
	p.without(sheet, unitColumns()[1])

	old := make(map[care.UnitID]Unit, len(stored))
	for _, u := range stored {
		old[u.ID] = u
	}

	wanted := make(map[care.UnitID]int) // id → line
	next := make([]Unit, 0, len(sheet.Rows))

	for _, row := range sheet.Rows {
		u, ok := s.readUnit(p, row)
		if !ok {
			continue
		}

		if _, twice := wanted[u.ID]; twice {
			p.fault(row, "Enheds-id", "Enheden står to gange i filen. Slet den ene række.")

			continue
		}

		wanted[u.ID] = row.Line
		next = append(next, u)
	}

	p.checkTree(s, next, wanted)

	for _, u := range next {
		was, known := old[u.ID]

		switch {
		case !known:
			p.line(ChangeNew, string(u.ID), u.Name)
		case !sameUnit(was, u):
			p.line(ChangeChanged, string(u.ID), u.Name)
		default:
			p.Unchanged++

			continue
		}

		p.change.Units = append(p.change.Units, u)
	}

	for _, u := range stored {
		if _, kept := wanted[u.ID]; !kept {
			p.line(ChangeGone, string(u.ID), u.Name)
			p.change.UnitsGone = append(p.change.UnitsGone, u.ID)
		}
	}

	return p
}

func sameUnit(a, b Unit) bool { return a.Unit == b.Unit && slices.Equal(a.Lists, b.Lists) }

func (s *Service) readUnit(p *plan, row Row) (Unit, bool) {
	u := Unit{Unit: care.Unit{ID: care.UnitID(row.Cells["Enheds-id"]), Name: row.Cells["Navn"], Parent: care.UnitID(row.Cells["Overordnet"])}}

	switch {
	case !unitID().MatchString(string(u.ID)):
		p.fault(row, "Enheds-id", "Skriv et id af bogstaver og tal uden mellemrum, for eksempel oest-1.")
	case slices.ContainsFunc(s.configured, func(c Unit) bool { return c.ID == u.ID }):
		p.fault(row, "Enheds-id", "Enheden står i opsætningen og kan ikke ændres med en fil. Slet rækken, eller ret i opsætningen.")
	case u.Name == "" || len([]rune(u.Name)) > 100:
		p.fault(row, "Navn", "Skriv enhedens navn, højst 100 tegn.")
	default:
		return s.readUnitRules(p, row, u)
	}

	return u, false
}

func (s *Service) readUnitRules(p *plan, row Row, u Unit) (Unit, bool) {
	for pattern := range strings.FieldsFuncSeq(row.Cells["Kørelister"], func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		pattern = strings.TrimSpace(pattern)
		if _, err := path.Match(pattern, ""); err != nil {
			p.fault(row, "Kørelister", "Et af navnene kan ikke bruges. Skriv kørelistens navn, hvor * står for hvad som helst, og adskil flere med komma.")

			return u, false
		}

		if pattern != "" {
			u.Lists = append(u.Lists, pattern)
		}
	}

	day, err := readDay(row.Cells["Skærmbesøg fra"])
	if err != nil {
		p.fault(row, "Skærmbesøg fra", "Datoen kan ikke læses. Skriv den som 23-11-2026, eller lad feltet stå tomt.")

		return u, false
	}

	u.LiveFrom = day

	return u, true
}

// checkTree finds parents that do not exist and units that are below themselves.
func (p *plan) checkTree(s *Service, next []Unit, lines map[care.UnitID]int) {
	_, _, faults := s.join(next)
	for _, f := range faults {
		text := "Den overordnede enhed findes hverken i filen eller i opsætningen. Ret id'et, eller tilføj enheden."
		if f.Cycle {
			text = "Enheden ligger under sig selv. Ret den overordnede enhed."
		}

		p.Problems = append(p.Problems, Problem{Line: lines[f.Unit], Column: "Overordnet", Text: text, Fault: true})
	}
}
