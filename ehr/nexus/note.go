package nexus

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	opNote = "write_note"
	// How many of a citizen's newest notes are looked through for ours, at most.
	maxNotes = 100
)

// tellByNote writes a care note by the form's labels (eoj.md §1.8, K63).
func (n *Nexus) tellByNote(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	if c.Name == "" {
		return ehr.Receipt{}, reject(opNote, care.Invalid, "Reglen for registreringen nævner intet skema. Ret opsætningen.")
	}

	if receipt, ok, err := n.findNote(ctx, patient, c); ok || err != nil {
		return receipt, err
	}

	form, err := n.newForm(ctx, patient, c.Name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	to, err := n.formAction(ctx, form)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if err := n.fillForm(form, c); err != nil {
		return ehr.Receipt{}, err
	}

	made, err := n.write(ctx, opNote, http.MethodPost, to, form.encode(), nil)
	if err != nil && !connector.Is(err, connector.Unknown) {
		return ehr.Receipt{}, err
	}

	// The look shows what arrived although no answer did, and what another process wrote meanwhile.
	if receipt, ok, _ := n.findNote(ctx, patient, c); ok {
		return receipt, nil
	}

	if err == nil && made.id() != "" {
		return formReceipt(made), nil
	}

	return ehr.Receipt{}, orUnknown(opNote, err)
}

func formReceipt(form object) ehr.Receipt {
	return ehr.Receipt{ID: "form/" + form.id(), Version: form.number("version")}
}

// mostDoubles is how many notes of one key are looked for; more have never been seen.
const mostDoubles = 3

// findNote looks for our tag in the citizen's notes of that form. When two processes wrote at once the
// oldest counts for both, and the receipt tells of the others: a note can't be taken back.
func (n *Nexus) findNote(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, bool, error) {
	found, err := n.notesOf(ctx, patient, c, mostDoubles)
	if err != nil || len(found) == 0 {
		return ehr.Receipt{}, false, err
	}

	receipt := formReceipt(slices.MinFunc(found, func(a, b object) int { return cmp.Compare(size(a.id()), size(b.id())) }))
	receipt.Doubles = len(found) - 1

	return receipt, true, nil
}

// notesOf are the citizen's notes of that form with the change's own tag, the newest first, at most
// so many.
func (n *Nexus) notesOf(ctx context.Context, patient object, c ehr.Change, most int) ([]object, error) {
	all, err := n.references(ctx, patient)
	if err != nil {
		return nil, err
	}

	all = slices.DeleteFunc(all, func(ref object) bool {
		return ref.text("type") != formReference || strings.TrimSpace(ref.text("name")) != strings.TrimSpace(c.Name) || isBefore(ref, c)
	})
	slices.SortStableFunc(all, func(a, b object) int { return strings.Compare(b.text("date"), a.text("date")) })

	var out []object

	for _, ref := range all[:min(len(all), maxNotes)] {
		form, err := n.whole(ctx, "read_note", ref, "borgerens skemaer")
		if connector.Is(err, connector.NotFound) {
			continue
		}

		if err != nil {
			return nil, err
		}

		if text, ok := named(form.list("items"), "label", n.config.Note.TextLabel); ok && markerIn(text.text("value")).has(tagOf(c.Key)) {
			out = append(out, form)
		}

		if len(out) == most {
			break
		}
	}

	return out, nil
}

// A note of a visit is written after it; one from so long before is of another visit.
const noteLead = 7 * 24 * time.Hour

// isBefore reports whether a note is too old to be the visit's.
func isBefore(ref object, c ehr.Change) bool {
	at, ok := instant(ref.text("date"))

	return ok && at.Before(c.Planned.Start.Add(-noteLead))
}

// newForm is an empty form by its title.
func (n *Nexus) newForm(ctx context.Context, patient object, title string) (object, error) {
	definitions, err := n.followAll(ctx, opNote, patient, "availableFormDefinitions", "at skrive skemaer på borgeren")
	if err != nil {
		return nil, err
	}

	definition, ok := named(definitions, "title", title)
	if !ok {
		return nil, absent(opNote, care.Invalid,
			"Nexus har intet skema med titlen »"+title+"« på borgeren. Bed systemforvalteren om at rette titlen i opsætningen eller give adgang til skemaet.",
			title, textsOf(definitions, "title"))
	}

	return n.followOne(ctx, opNote, definition, "formDataPrototype", "skemaet »"+title+"«")
}

// formAction is where the form is posted with the configured action.
func (n *Nexus) formAction(ctx context.Context, form object) (address, error) {
	actions := form.list("availableActions")

	if form.has("availableActions") {
		fresh, err := n.followAll(ctx, opNote, form, "availableActions", "skemaets handlinger")
		if err != nil {
			return address{}, err
		}

		actions = fresh
	}

	action, ok := named(actions, "name", n.config.Note.Action)
	if !ok {
		return address{}, absent(opNote, care.Forbidden,
			"Skemaet har ikke handlingen »"+n.config.Note.Action+"« i Nexus, eller Sluse er ikke givet adgang til den. Bed systemforvalteren om at se på opsætningen.",
			n.config.Note.Action, textsOf(actions, "name"))
	}

	return n.follow(opNote, action, "createFormData", "at gemme skemaer")
}

// fillForm fills in the form's fields by their labels. A label or value that the form does not
// have, and a field that must be filled in and is not, stop everything.
func (n *Nexus) fillForm(form object, c ehr.Change) error {
	items := form.list("items")

	text := marker{word: joinedWord}.add(tagOf(c.Key)).put(joined(c.Text, c.Author))
	fields := append(slices.Clone(c.Fields), ehr.Field{Label: n.config.Note.TextLabel, Value: text})

	for _, f := range fields {
		o, ok := named(items, "label", f.Label)
		if !ok {
			return reject(opNote, care.Invalid, "Skemaet »"+c.Name+"« har intet felt med navnet »"+f.Label+"« i Nexus. Bed systemforvalteren om at rette opsætningen.")
		}

		if err := setField(o, f); err != nil {
			return err
		}
	}

	for _, o := range items {
		if o.truth("required") && isEmpty(o["value"]) {
			return reject(opNote, care.Invalid,
				"Feltet »"+o.text("label")+"« i skemaet »"+c.Name+"« skal udfyldes. Bed systemforvalteren om at tilføje det i opsætningen.")
		}
	}

	form.set("items", items)

	return nil
}

// joined is a text with whose it is. The API user is a system, so the author stands in the text.
func joined(text, author string) string {
	if author == "" {
		return text
	}

	return strings.TrimSpace(text + "\nSkrevet for " + author + ".")
}

// setField fills in one field. A choice is one of the form's own values; dates are instants in
// UTC.
func setField(o object, f ehr.Field) error {
	switch kind := o.text("type"); kind {
	case "radioGroup", "dropDown", "checkGroup":
		choice, ok := named(o.list("possibleValues"), "name", f.Value)
		if !ok {
			return absent(opNote, care.Invalid,
				"Feltet »"+f.Label+"« har ingen værdi »"+f.Value+"« i Nexus. Bed systemforvalteren om at rette opsætningen.",
				f.Value, textsOf(o.list("possibleValues"), "name"))
		}

		if kind == "checkGroup" {
			o.set("value", []object{choice})
		} else {
			o.set("value", choice)
		}
	case "date":
		at, ok := instant(f.Value)
		if !ok {
			d, ok := dayIn(f.Value)
			if !ok {
				return reject(opNote, care.Invalid, "Feltet »"+f.Label+"« er en dato i Nexus. Skriv den som 2026-11-23 i reglen.")
			}

			at = d.Bounds().Start
		}

		o.set("value", utc(at))
	case "radioTree":
		return reject(opNote, care.Invalid, "Feltet »"+f.Label+"« er et opslag i Nexus, som Sluse ikke kan udfylde. Vælg et andet felt i opsætningen.")
	default:
		o.set("value", f.Value)
	}

	return nil
}

func isEmpty(raw []byte) bool {
	return slices.Contains([]string{"", "null", `""`, "[]", "{}"}, strings.TrimSpace(string(raw)))
}

// dayIn reads a day as rules write it, or as the placeholders for dates do.
func dayIn(text string) (care.Day, bool) {
	if t, err := time.Parse("02-01-2006", text); err == nil {
		text = t.Format(time.DateOnly)
	}

	d, err := care.ParseDay(text)

	return d, err == nil
}
