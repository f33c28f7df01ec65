package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// A visit that came from the record's own list is an Appointment of the record: it is borrowed, not
// ours. We write its category, our part of the comment, the meeting's identifier and, with a result,
// its status; time, people and everything else stay the record's. What stood there before we came
// is kept in extensionOriginal, byte for byte, and put back when the visit is a physical one again.

// extensionOriginal holds what the borrowed properties were before our first write, as JSON text.
const extensionOriginal = "urn:x-sluse:extension:original"

// borrowedProperties are those that we change on an Appointment of the record.
func borrowedProperties() []string {
	return []string{propertyStatus, "cancelationReason", propertyCategory}
}

// Properties that people may have changed, each in its own right.
const (
	propertyStatus   = "status"
	propertyCategory = "serviceType" // the kind of visit
)

// original is what a borrowed property was and what we made of it; empty: it was not there.
type original struct {
	Was  json.RawMessage `json:"was,omitempty"`
	Ours json.RawMessage `json:"ours,omitempty"`
}

// borrows reports whether the visit is an Appointment of the record itself.
func (m *mapper) borrows() bool { return m.change.Source.System == System && isID(m.change.Source.ID) }

// borrowedFor returns the occurrence of the visit whose identifier names the Appointment with this id.
func borrowedFor(visit, id string) (occurrence string, ok bool) {
	return strings.CutPrefix(visit, VisitIdentifier(care.SourceRef{System: System, ID: id}))
}

// originals is the resource as it was before us: with its own status and category, and without
// our part of the comment and our meeting.
func (r resource) originals() resource {
	out := r.next(kindAppointment)

	for name, o := range r.kept() {
		if isSame(o.Ours, raw(r, name)) {
			setRaw(out, name, o.Was)
		}
	}

	if own := ownComment(r); own != "" {
		delete(out, "comment")

		if text := removeToken(r.text("comment"), own); text != "" {
			out["comment"] = text
		}
	}

	var identifiers []any

	for _, element := range r.list("identifier") {
		var one identifier
		if json.Unmarshal(element, &one) != nil || one.System != systemMeeting {
			identifiers = append(identifiers, element)
		}
	}

	out.put("identifier", identifiers)

	return out
}

// kept reads extensionOriginal; none when we never wrote here, or it can't be read.
func (r resource) kept() map[string]original {
	for _, element := range r.list("extension") {
		var one extension
		if json.Unmarshal(element, &one) != nil || one.URL != extensionOriginal {
			continue
		}

		all := make(map[string]original)
		if json.Unmarshal([]byte(one.ValueString), &all) == nil {
			return all
		}
	}

	return nil
}

// raw is a property's JSON; empty: it is not there.
func raw(r resource, name string) json.RawMessage {
	value, ok := r[name]
	if !ok {
		return nil
	}

	if text, ok := value.(json.RawMessage); ok {
		return text
	}

	var buffer bytes.Buffer

	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(value); err != nil {
		return nil
	}

	return bytes.TrimSpace(buffer.Bytes())
}

func setRaw(r resource, name string, value json.RawMessage) {
	delete(r, name)

	if len(value) > 0 {
		r[name] = value
	}
}

// isSame compares what two texts of JSON mean.
func isSame(a, b json.RawMessage) bool {
	var x, y any

	if len(a) > 0 && json.Unmarshal(a, &x) != nil || len(b) > 0 && json.Unmarshal(b, &y) != nil {
		return false
	}

	return reflect.DeepEqual(x, y)
}

// touched lists the borrowed properties that somebody changed by hand since we wrote them. Having
// put back what was there before does not count.
func (r resource) touched() []string {
	var out []string

	for name, o := range r.kept() {
		now := raw(r, name)
		if !isSame(now, o.Ours) && !isSame(now, o.Was) {
			out = append(out, name)
		}
	}

	return out
}

// agreed reports whether the category that people set by hand is one that the change may replace.
func (m *mapper) agreed(r resource) bool {
	return slices.Contains(m.change.Expected, categoryNow(r))
}

// inTheWay reports whether people set by hand what the change would replace. Undoing leaves a status as
// it is: whoever cancelled a visit meant it.
func (m *mapper) inTheWay(r resource) bool {
	return slices.ContainsFunc(r.touched(), func(name string) bool {
		if name == propertyCategory {
			return !m.agreed(r)
		}

		return m.change.Kind != care.EntryRestored
	})
}

// borrowed returns the record's Appointment with everything of ours as the change wants it.
func (m *mapper) borrowed(base resource) resource {
	before := base.originals()
	r := base.next(kindAppointment)
	r["identifier"] = m.identifiers(base, m.change.Kind != care.EntryRestored)

	kept := base.kept()
	if kept == nil {
		kept = make(map[string]original)
	}

	for _, name := range borrowedProperties() {
		if _, ok := kept[name]; !ok {
			kept[name] = original{Was: raw(base, name)}
		}

		if name == propertyCategory && m.agreed(base) {
			setRaw(before, name, kept[name].Was)
		}

		setRaw(r, name, raw(before, name))
	}

	m.setComment(base, r)

	if m.change.Kind == care.EntryRestored {
		r.put("identifier", m.withoutMeeting(r))
		m.forget(r)

		return r
	}

	m.setServiceType(before, r)

	if m.change.Kind == care.EntryResult {
		r["status"] = m.appointmentStatus()

		delete(r, "cancelationReason")

		if reason, ok := m.reason(); ok {
			r["cancelationReason"] = reason
		}
	}

	m.remember(r, kept)

	return r
}

// withoutMeeting are the identifiers but for the video meeting's: the visit has none any more.
func (m *mapper) withoutMeeting(r resource) []any {
	all, _ := r["identifier"].([]any)

	return slices.DeleteFunc(slices.Clone(all), func(one any) bool {
		switch i := one.(type) {
		case identifier:
			return i.System == systemMeeting
		case json.RawMessage:
			var own identifier

			return json.Unmarshal(i, &own) == nil && own.System == systemMeeting
		}

		return false
	})
}

// remember writes extensionOriginal: what stands there now is what we made of it.
func (m *mapper) remember(r resource, kept map[string]original) {
	for name, o := range kept {
		o.Ours = raw(r, name)
		kept[name] = o
	}

	m.keep(r, kept)
}

// keep writes extensionOriginal as it is.
func (m *mapper) keep(r resource, kept map[string]original) {
	text, err := json.Marshal(kept)
	if err != nil {
		return // unreachable: raw JSON that was decoded before
	}

	r.put("extension", append(m.otherExtensions(r), extension{URL: extensionOriginal, ValueString: string(text)}))
}

// forget takes extensionOriginal away: everything is the record's again.
func (m *mapper) forget(r resource) { r.put("extension", m.otherExtensions(r)) }

// otherExtensions are all but extensionOriginal.
func (m *mapper) otherExtensions(r resource) []any {
	var elements []any

	switch all := r["extension"].(type) {
	case json.RawMessage:
		for _, element := range r.list("extension") {
			elements = append(elements, element)
		}
	case []any:
		elements = all
	}

	return slices.DeleteFunc(slices.Clone(elements), func(one any) bool {
		switch e := one.(type) {
		case extension:
			return e.URL == extensionOriginal
		case json.RawMessage:
			var own extension

			return json.Unmarshal(e, &own) == nil && own.URL == extensionOriginal
		}

		return false
	})
}

// lend brings the record's own Appointment to what the change wants.
func (e *entry) lend(ctx context.Context) (*stored, error) {
	base, err := e.read(ctx, kindAppointment, e.mapper.change.Source.ID)
	if err != nil {
		return nil, err
	}

	if !e.has(base) {
		if e.mapper.change.Kind == care.EntryRestored && e.mapper.hasLeft(base.resource) && e.servesAnother(base) {
			return base, nil // what stands there is the other visit's
		}

		if err := e.mayWrite(base); err != nil {
			return nil, err
		}
	}

	return e.update(ctx, kindAppointment, base, e.mapper.borrowed)
}

// hasLeft reports whether the record's people moved the Appointment to a day that is neither the one whose
// visit this is nor the one to which we followed. There it is another visit of the list.
func (m *mapper) hasLeft(r resource) bool {
	start, err := time.Parse(time.RFC3339, r.text("start"))
	if err != nil {
		return false
	}

	day := care.DayOf(start)

	return string(day) != m.change.Source.Occurrence && day != care.DayOf(m.change.Planned.Start)
}

// servesAnother reports whether we wrote a visit of another day on the Appointment.
func (e *entry) servesAnother(base *stored) bool {
	return slices.ContainsFunc(base.resource.identifiers(), func(i identifier) bool {
		_, ok := borrowedFor(i.Value, base.id)

		return ok && i.System == e.journal.config.VisitSystem && i.Value != e.mapper.visit
	})
}

// mayWrite refuses what a person has to decide: the record says that the visit is off, over or on another
// day, or somebody changed by hand what we wrote.
func (e *entry) mayWrite(base *stored) error {
	status := base.resource.originals().text("status")

	switch kind := e.mapper.change.Kind; {
	case e.mapper.inTheWay(base.resource):
		return conflict(base, "Kategori eller status er ændret i journalen i hånden, så den er ikke overskrevet. "+
			"Se på besøget i journalen, og afgør det på siden Afstemning.")
	case kind == care.EntryRestored:
		return nil
	case e.mapper.hasLeft(base.resource):
		return conflict(base, "Besøget er flyttet til en anden dag i journalen, så vi har ikke skrevet på det. Se på det dér, og ret det i hånden.")
	case status == "cancelled" || status == "noshow":
		return conflict(base, "Besøget er aflyst i journalen. Se på det dér, og prøv igen, hvis det skal holdes alligevel.")
	case status == "fulfilled" && kind == care.EntryPlanned:
		return conflict(base, "Besøget er allerede registreret som gennemført i journalen. Se på det dér.")
	}

	return nil
}
