package nexussim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// FormField is a field of a form.
type FormField struct {
	Label    string   `json:"label"`
	Type     string   `json:"type"` // text, radioGroup, dropDown, checkGroup, date
	Required bool     `json:"required"`
	Values   []string `json:"values,omitempty"`
}

type formDefinition struct {
	id     int
	title  string
	fields []FormField
	values map[string]int // "label/value" to its id
}

// note is a filled form.
type note struct {
	id, version int
	form        *formDefinition
	basket      *basket
	state       string
	items       []object
	changes     []NoteChange
}

// NoteChange is one stored version of a form.
type NoteChange struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Bearer string    `json:"bearer"`
	Action string    `json:"action"`
}

// formActions are the actions of a form, in their order; after the last there are none.
func formActions() []string { return []string{"Aktivt", "Udfyldt", "Låst"} }

const lockedForm = "Låst"

// define makes a form.
func (w *world) define(title string, fields []FormField) *formDefinition {
	f := &formDefinition{id: w.id(), title: title, fields: fields, values: map[string]int{}}
	for _, field := range fields {
		for _, v := range field.Values {
			f.values[field.Label+"/"+v] = w.id()
		}
	}
	return f
}

// defaultForms are labels as a municipality might have them (eoj.md §1.8).
func defaultForms(w *world) []*formDefinition {
	yesNo := []string{"Ja", "Nej", "Afventer"}
	return []*formDefinition{
		w.define("Observation", []FormField{{Label: "Tekst", Type: "text", Required: true}}),
		w.define("Omsorgsnotat", []FormField{
			{Label: "Emne", Type: "text", Required: true},
			{Label: "Egnet til skærmbesøg", Type: "radioGroup", Values: yesNo},
			{Label: "Skærm i hjemmet", Type: "dropDown", Values: []string{"Egen tablet", "Kommunens skærm", "Ingen"}},
			{Label: "Aftalt med", Type: "checkGroup", Values: []string{"Borger", "Pårørende"}},
			{Label: "Vurderet den", Type: "date"},
			{Label: "Notat", Type: "text"},
		}),
	}
}

// DefineForm adds a form, or replaces the one of that title.
func (s *Server) DefineForm(title string, fields ...FormField) error {
	for _, f := range fields {
		if !slices.Contains([]string{"text", "radioGroup", "dropDown", "checkGroup", "date"}, f.Type) {
			return fmt.Errorf("nexussim: no field type %q", f.Type)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.forms = slices.DeleteFunc(s.world.forms, func(f *formDefinition) bool { return f.title == title })
	s.world.forms = append(s.world.forms, s.world.define(title, fields))
	return nil
}

// blank are the items of an empty form.
func (f *formDefinition) blank() []object {
	items := make([]object, 0, len(f.fields))
	for i, field := range f.fields {
		item := object{"id": i + 1, "label": field.Label, "type": field.Type, "value": nil, "required": field.Required}
		if len(field.Values) > 0 {
			item["possibleValues"] = f.possible(field)
		}
		items = append(items, item)
	}
	return items
}

func (f *formDefinition) possible(field FormField) []any {
	list := []any{}
	for _, v := range field.Values {
		list = append(list, object{"id": f.values[field.Label+"/"+v], "name": v})
	}
	return list
}

// take checks sent items against the form and gives them in the stored form.
func (f *formDefinition) take(value any) (items []object, why string) {
	sent, isList := objects(value)
	if !isList || len(sent) != len(f.fields) {
		return nil, "the form's items are incomplete"
	}
	items = f.blank()
	for i, field := range f.fields {
		if text(sent[i], "label") != field.Label {
			return nil, "the form has no field " + strconv.Quote(text(sent[i], "label")) + " at this place"
		}
		stored, why := f.value(field, sent[i]["value"])
		if why == "" && field.Required && (stored == nil || stored == "") {
			why = "must be filled in"
		}
		if why != "" {
			return nil, strconv.Quote(field.Label) + ": " + why
		}
		items[i]["value"] = stored
	}
	return items, ""
}

// value is what a field keeps of a sent value.
func (f *formDefinition) value(field FormField, sent any) (stored any, why string) {
	if sent == nil {
		return nil, ""
	}
	switch field.Type {
	case "radioGroup", "dropDown":
		return f.choice(field, sent)
	case "checkGroup":
		list, is := sent.([]any)
		if !is {
			return nil, "the value must be an array"
		}
		kept := []any{}
		for _, one := range list {
			stored, why := f.choice(field, one)
			if why != "" {
				return nil, why
			}
			kept = append(kept, stored)
		}
		return kept, ""
	case "date":
		date, _ := sent.(string)
		if _, err := time.Parse(time.RFC3339, date); err != nil {
			return nil, "the value must be a time in UTC"
		}
		return date, ""
	}
	words, is := sent.(string)
	if !is {
		return nil, "the value must be a text"
	}
	return words, ""
}

// choice is one of a field's possible values, named by object or by name.
func (f *formDefinition) choice(field FormField, sent any) (stored any, why string) {
	name, isName := sent.(string)
	if o, is := sent.(object); is {
		name, isName = text(o, "name"), true
	}
	if !isName || !slices.Contains(field.Values, name) {
		return nil, "the value is none of the possible values"
	}
	return object{"id": f.values[field.Label+"/"+name], "name": name}, ""
}
