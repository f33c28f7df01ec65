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

	var wanted, found []string
	for _, name := range d.names.Categories {
		wanted = append(wanted, name.Text)
	}

	types, err := d.types(ctx, lists)
	if err != nil {
		d.trouble(what, err)

		return
	}

	if types == nil {
		if len(wanted) > 0 {
			d.say(connector.Notice, what, "Besøgstyperne kan ikke læses på kørelisterne, så navnene er ikke kontrolleret: "+quoted(wanted)+
				". Skriv personnummeret på en fiktiv borger med et forløb i test_citizen.")
		}

		return
	}

	types = choosable(types)
	have := textsOf(types, "name")

	for _, name := range d.names.Categories {
		if _, ok := named(types, "name", name.Text); ok {
			found = append(found, name.Text)

			continue
		}

		d.say(connector.Failing, what, "Nexus har ingen besøgstype med navnet »"+name.Text+"«."+near(name.Text, have)+
			" Systemforvalteren skal oprette den i Nexus eller rette navnet i opsætningen."+standing(name.Keys))
	}

	if len(found) > 0 {
		d.say(connector.Fine, what, "Disse findes: "+quoted(found)+".")
	}

	d.meanings(types, have)
}

// meanings looks up the types by which visits are understood. That none of them is there is no
// failure: they may belong to a product that the municipality does not have.
func (d *doctor) meanings(types []object, have []string) {
	for _, m := range []struct {
		names         []string
		key, of, when string
	}{
		{d.nexus.config.CancelledTypes, "record.nexus.cancelled_types", "et aflyst besøg", "aflyste besøg har en type i Nexus; ellers ser vi dem ikke som aflyste"},
		{d.names.Foreign, "rules.screen_categories", "et andet produkts skærmbesøg", "et andet produkt holder skærmbesøg; ellers kan de blive omlagt en gang til"},
	} {
		there := func(name string) bool {
			_, ok := named(types, "name", name)

			return ok
		}

		if len(m.names) > 0 && !slices.ContainsFunc(m.names, there) {
			d.say(connector.Notice, "Besøgstyper", "Nexus har ingen af de typer, der betyder "+m.of+": "+quoted(m.names)+"."+near(m.names[0], have)+
				" Ret "+m.key+", hvis "+m.when+".")
		}
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

// fields looks up the labels and choices that the rules use in a form, and what the form demands
// besides.
func (d *doctor) fields(f Form, items []object) {
	const what = "Skemaer"

	labels, have := slices.Clone(f.Fields), textsOf(items, "label")
	if text := d.nexus.config.Note.TextLabel; text != "" {
		labels = append(labels, text)
	}

	complete := true

	for i, label := range labels {
		if _, ok := named(items, "label", label); ok {
			continue
		}

		key := f.Key + ".fields"
		if i == len(f.Fields) {
			key = "record.nexus.note.text_label"
		}

		complete = false

		d.say(connector.Failing, what, "Skemaet »"+f.Title+"« har intet felt med navnet »"+label+"«."+near(label, have)+
			" Systemforvalteren skal rette opsætningen."+standing([]string{key}))
	}

	if complete && len(labels) > 0 {
		d.say(connector.Fine, what, "Skemaet »"+f.Title+"« har felterne "+quoted(labels)+".")
	}

	for _, field := range f.Values {
		if item, ok := named(items, "label", field.Label); ok {
			if err := setField(maps.Clone(item), field); err != nil {
				d.trouble(what, err, f.Key+".fields")
			}
		}
	}

	for _, item := range items {
		if item.truth("required") && isEmpty(item["value"]) && !slices.Contains(labels, item.text("label")) {
			d.say(connector.Failing, what, "Skemaet »"+f.Title+"« kræver feltet »"+item.text("label")+"«, som reglen ikke udfylder. Tilføj det i "+f.Key+".fields.")
		}
	}
}
