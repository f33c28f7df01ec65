package nexus

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	opTypes  = "visit_types"
	typesRel = "availableEventTypes"
	// The type of a pathway among a citizen's references.
	pathwayReference = "patientPathwayReference"
	// How many of a citizen's pathways are asked for the types, at most.
	maxPathways = 20
)

// eventType finds the type of the change by its local name, and tells it in the members in which the
// visit's type was told before. Public code saw the types at a citizen's pathway alone (eoj.md §1.6); a
// visit that shows them itself saves the calls.
func (n *Nexus) eventType(ctx context.Context, event object, c ehr.Change) (object, error) {
	var (
		types []object
		err   error
	)

	if event.has(typesRel) {
		types, err = n.followAll(ctx, opTypes, event, typesRel, "besøgets typer")
	} else {
		types, err = n.typesOfCitizen(ctx, c.Citizen)
	}

	if err != nil {
		return nil, err
	}

	found, ok := named(choosable(types), "name", c.Category)
	if !ok {
		return nil, reject(opTypes, care.Invalid,
			"Nexus har ingen besøgstype med navnet »"+c.Category+"«. Bed systemforvalteren om at oprette den i Nexus eller rette navnet i opsætningen.")
	}

	out := object{}

	for member, value := range found {
		_, before := event.child("eventType")[member]
		if before && member != "_links" || member == "id" || member == "name" {
			out[member] = value
		}
	}

	return out, nil
}

func (n *Nexus) typesOfCitizen(ctx context.Context, key care.CitizenKey) ([]object, error) {
	patient, err := n.citizen(ctx, key)
	if err != nil {
		return nil, err
	}

	return n.pathwayTypes(ctx, patient)
}

// pathwayTypes are the types of visits that one of a citizen's pathways shows.
func (n *Nexus) pathwayTypes(ctx context.Context, patient object) ([]object, error) {
	all, err := n.references(ctx, patient)
	if err != nil {
		return nil, err
	}

	all = slices.DeleteFunc(all, func(ref object) bool { return ref.text("type") != pathwayReference })

	for _, ref := range all[:min(len(all), maxPathways)] {
		pathway, err := n.whole(ctx, opTypes, ref, "borgerens forløb")
		if err != nil && !lasting(err) {
			return nil, err
		}

		if err == nil && pathway.has(typesRel) {
			return n.followAll(ctx, opTypes, pathway, typesRel, "besøgets typer")
		}
	}

	return nil, missing(opTypes, connector.Rejected, "besøgets typer")
}

// choosable leaves out types that only old visits still have.
func choosable(types []object) []object {
	return slices.DeleteFunc(types, func(o object) bool {
		_, told := o["active"]

		return told && !o.truth("active")
	})
}
