package nexus

import (
	"context"
	"maps"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// categories looks up the visit types on the first list that tells them, else at the test citizen.
func (d *doctor) categories(ctx context.Context, lists []object) {
	const what = "Besøgstyper"

	types, err := d.types(ctx, lists)
	if err != nil {
		d.trouble(what, err)

		return
	}

	if types == nil {
		if len(d.names.Categories) > 0 {
			d.say(connector.Notice, what, "Besøgstyperne kan ikke læses på kørelisterne, så navnene er ikke kontrolleret: "+quoted(d.names.Categories)+
				". Skriv personnummeret på en fiktiv borger med et forløb i test_citizen.")
		}

		return
	}

	types = choosable(types)
	has := func(name string) bool {
		_, ok := named(types, "name", name)

		return ok
	}

	d.each(what, d.names.Categories, func(name string) (string, bool) {
		return "Nexus har ingen besøgstype med navnet »" + name + "«. Systemforvalteren skal oprette den i Nexus eller rette navnet i opsætningen.", has(name)
	})

	if off := d.nexus.config.CancelledTypes; len(off) > 0 && !slices.ContainsFunc(off, has) {
		d.say(connector.Notice, what, "Nexus har ingen af de typer, der betyder et aflyst besøg: "+quoted(off)+
			". Ret cancelled_types, hvis aflyste besøg har en type i Nexus; ellers ser vi dem ikke som aflyste.")
	}
}

// types are the types of visits; nil: nobody tells them.
func (d *doctor) types(ctx context.Context, lists []object) ([]object, error) {
	for _, half := range lists[:min(len(lists), 3)] {
		list, err := d.nexus.followOne(ctx, "lists", half, "self", "kørelisten")
		if err == nil && list.has(typesRel) {
			return d.nexus.followAll(ctx, opTypes, list, typesRel, "besøgstyper")
		}
	}

	cpr, _, _ := care.ParseCPR(d.nexus.config.TestCitizen.Reveal())
	if cpr.IsZero() || len(d.names.Categories) == 0 {
		return nil, nil
	}

	return d.nexus.typesOfCitizen(ctx, care.CitizenKey{CPR: cpr})
}

// transitions looks up the names of the actions on interventions that the test citizen has. What makes
// a new one is only shown by a draft, which nobody asks for here.
func (d *doctor) transitions(ctx context.Context, patient object) {
	const what = "Indsatser"

	own := d.nexus.config.Intervention
	unseen := slices.Concat(own.Create, []string{own.Edit, own.End})

	for _, name := range d.names.Interventions {
		active, err := d.nexus.activeGrants(ctx, patient, name)
		if err != nil {
			d.trouble(what, err)

			continue
		}

		if len(active) == 0 {
			continue
		}

		unseen = own.Create
		d.each(what, []string{own.Edit, own.End}, func(action string) (string, bool) {
			_, ok := active[0].transition(action)

			return "Testborgerens indsats »" + name + "« kan ikke få handlingen »" + action +
				"«. Ret navnet i opsætningen (intervention.edit, intervention.end), eller bed om at Sluse får adgang til handlingen.", ok
		})
	}

	d.say(connector.Notice, what, "Handlingerne "+quoted(unseen)+" kan først ses på en indsats. Prøv dem med en fiktiv borger.")
}

// fields looks up the labels and choices that the rules use in a form, and what the form demands
// besides.
func (d *doctor) fields(f Form, items []object) {
	const what = "Skemaer"

	labels := f.Fields
	if text := d.nexus.config.Note.TextLabel; text != "" {
		labels = append(slices.Clone(labels), text)
	}

	d.each(what, labels, func(label string) (string, bool) {
		_, ok := named(items, "label", label)

		return "Skemaet »" + f.Title + "« har intet felt med navnet »" + label + "«. Systemforvalteren skal rette opsætningen.", ok
	})

	for _, field := range f.Values {
		if item, ok := named(items, "label", field.Label); ok {
			if err := setField(maps.Clone(item), field); err != nil {
				d.trouble(what, err)
			}
		}
	}

	for _, item := range items {
		if item.truth("required") && isEmpty(item["value"]) && !slices.Contains(labels, item.text("label")) {
			d.say(connector.Failing, what, "Skemaet »"+f.Title+"« kræver feltet »"+item.text("label")+"«, som reglen ikke udfylder. Tilføj det i opsætningen.")
		}
	}
}
