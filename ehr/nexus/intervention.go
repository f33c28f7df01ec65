package nexus

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	opIntervention = "write_intervention"
	// The words that begin our part of supplementaryInformation: of an intervention that we
	// made and may end, and of one that was there.
	madeWord   = "Oprettet af Sluse"
	joinedWord = "Sluse"
	// The element of an intervention in which our part stands.
	noteElement = "supplementaryInformation"
)

// grant is an intervention of a citizen.
type grant struct{ object }

// elementText is the text of one of the grant's elements.
func (g grant) elementText(kind string) string {
	for _, member := range []string{"currentElements", "futureElements"} {
		for _, e := range g.list(member) {
			if e.text("type") == kind {
				return e.text("text")
			}
		}
	}

	return ""
}

func (g grant) marker() marker { return markerIn(g.elementText(noteElement)) }

func (g grant) transition(name string) (object, bool) {
	return named(g.list("currentWorkflowTransitions"), "name", name)
}

func (g grant) receipt() ehr.Receipt {
	return ehr.Receipt{ID: "grant/" + g.id(), Version: g.number("version")}
}

// tellByIntervention sees to it that the citizen has one active intervention of the name while
// there is a screen visit, and none that we made when there is none left (K61). What two
// processes make at once is put right by whoever sees both. An address that was read a moment ago
// and is gone is a conflict too: somebody took the intervention on, which gives it other ones.
func (n *Nexus) tellByIntervention(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	if c.Name == "" {
		return ehr.Receipt{}, reject(opIntervention, care.Invalid, "Reglen for registreringen nævner ingen indsats. Ret opsætningen.")
	}

	var err error

	for range attempts {
		var receipt ehr.Receipt
		if c.Kind == care.EntryRestored {
			receipt, err = n.leaveIntervention(ctx, patient, c)
		} else {
			receipt, err = n.joinIntervention(ctx, patient, c)
		}

		if !connector.Is(err, connector.Conflict) && !connector.Is(err, connector.NotFound) {
			return receipt, err
		}
	}

	return ehr.Receipt{}, err
}

// joinIntervention puts the visit's tag on the citizen's intervention, and makes it when there is
// none.
func (n *Nexus) joinIntervention(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	active, err := n.activeGrants(ctx, patient, c.Name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if len(active) == 0 {
		if err := n.makeIntervention(ctx, patient, c); err != nil {
			return ehr.Receipt{}, err
		}

		if active, err = n.activeGrants(ctx, patient, c.Name); err != nil {
			return ehr.Receipt{}, unsure(opIntervention, err)
		}

		if len(active) == 0 {
			return ehr.Receipt{}, reject(opIntervention, care.Conflict,
				"Indsatsen »"+c.Name+"« blev ikke aktiv i Nexus. Se på borgerens indsatser, og bed systemforvalteren om at se på opsætningen.")
		}
	}

	first, err := n.complete(ctx, active[0], c)
	if err != nil {
		return ehr.Receipt{}, err
	}

	return first.receipt(), n.endDoubles(ctx, active[1:], c)
}

// complete takes an intervention that we made through the transitions that are left, which are
// some when we stopped on the way, and puts the visit's tag on it.
func (n *Nexus) complete(ctx context.Context, g grant, c ehr.Change) (grant, error) {
	own := g.marker()

	if own.word == madeWord {
		for _, name := range n.config.Intervention.Create[1:] {
			if _, ok := g.transition(name); !ok {
				continue
			}

			fresh, err := n.pass(ctx, g, name, func(elements []object) error { return n.fillNew(ctx, elements, c) })
			if err != nil {
				return grant{}, err
			}

			g = fresh
		}
	}

	if own.has(visitTag(c.Source)) {
		return g, nil
	}

	if own.word == "" {
		own.word = joinedWord
	}

	return n.editMarker(ctx, g, own.add(visitTag(c.Source)))
}

// endDoubles ends interventions of the same name that we made beside the first: two processes did
// so at once. Tags on them are of visits that will find the first when they are written again.
func (n *Nexus) endDoubles(ctx context.Context, doubles []grant, c ehr.Change) error {
	for _, g := range doubles {
		own := g.marker()
		if own.word != madeWord || slices.ContainsFunc(own.tags, func(t string) bool { return t != visitTag(c.Source) }) {
			continue
		}

		if err := n.endIntervention(ctx, g, c); err != nil {
			return err
		}
	}

	return nil
}

// leaveIntervention takes the visit's tag away, and ends an intervention that we made when no tag
// is left on it. The receipt names the citizen: what was ended is not found again by a repeat.
func (n *Nexus) leaveIntervention(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	active, err := n.activeGrants(ctx, patient, c.Name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	for _, g := range active {
		own := g.marker()
		if !own.has(visitTag(c.Source)) {
			continue
		}

		left := own.drop(visitTag(c.Source))
		if len(left.tags) == 0 && own.word == madeWord {
			if err := n.endIntervention(ctx, g, c); err != nil {
				return ehr.Receipt{}, err
			}

			continue
		}

		if _, err := n.editMarker(ctx, g, left); err != nil {
			return ehr.Receipt{}, err
		}
	}

	return ehr.Receipt{ID: "patient/" + patient.id(), Version: patient.number("version")}, nil
}

// editMarker changes our part of an intervention's supplementary information and nothing else.
func (n *Nexus) editMarker(ctx context.Context, g grant, own marker) (grant, error) {
	return n.pass(ctx, g, n.config.Intervention.Edit, func(elements []object) error { return setMarker(elements, own) })
}

func setMarker(elements []object, own marker) error {
	for _, e := range elements {
		if e.text("type") == noteElement {
			e.set("text", own.put(e.text("text")))

			return nil
		}
	}

	return reject(opIntervention, care.Invalid,
		"Indsatsen har intet felt for supplerende oplysninger i Nexus, så Sluse kan ikke finde den igen. Bed systemforvalteren om at se på indsatskataloget.")
}

// endIntervention takes an intervention that we made through the configured transition.
func (n *Nexus) endIntervention(ctx context.Context, g grant, c ehr.Change) error {
	_, err := n.pass(ctx, g, n.config.Intervention.End, func(elements []object) error {
		for _, e := range elements {
			switch kind := e.text("type"); {
			case kind == noteElement:
				e.set("text", marker{}.put(e.text("text")))
			case slices.Contains(n.config.Intervention.EndDates, kind):
				e.set("date", utc(c.Planned.Start))
			}
		}

		return nil
	})

	return err
}
