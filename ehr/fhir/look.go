package fhir

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.Looker = (*Journal)(nil)

// aside is how far around the visits other Appointments of the citizen are looked for.
const aside = 2 * time.Hour

// Look reads each visit's Appointment with its Encounters, the citizen, and the citizen's other
// Appointments about the same time.
func (j *Journal) Look(ctx context.Context, _ care.CitizenKey, glances []ehr.Glance) (ehr.Seen, error) {
	r := &reading{journal: j, people: make(map[string]resource), seen: make(map[string]bool)}
	seen := ehr.Seen{Visits: make([]ehr.Sight, len(glances))}

	var first *draft

	for i, g := range glances {
		d, err := r.glance(ctx, &seen.Visits[i], g)
		if err != nil {
			return ehr.Seen{}, err
		}

		if first == nil {
			first = d
		}
	}

	if first == nil {
		return seen, nil
	}

	if err := r.lookAtCitizen(ctx, first, &seen); err != nil {
		return ehr.Seen{}, err
	}

	others, err := r.others(ctx, first, glances)
	if err != nil {
		return ehr.Seen{}, err
	}

	seen.Others = others

	return seen, nil
}

// lookAtCitizen takes over what the Patient says.
func (r *reading) lookAtCitizen(ctx context.Context, d *draft, seen *ehr.Seen) error {
	person, err := r.patient(ctx, d)
	if err != nil || person == nil {
		return err
	}

	if path, ok := r.local("Patient/"+person.text("id"), kindPatient); ok {
		d.patient = reference{Reference: path[0] + "/" + path[1]}
	}

	before := len(r.problems)
	if err := r.askHospital(ctx, []*draft{d}); err != nil {
		return err
	}

	_, known := r.local(d.patient.Reference, kindPatient) // else nobody could be asked for
	untold := len(r.problems) > before || r.journal.config.Lists.NoInpatient || !known

	d.row.Status = ""
	r.contact(d, person)
	r.standing(d, person)

	active := true
	person.get("active", &active)

	if seen.Standing, seen.HasPhone = ehr.AtHome, !d.row.Protected; seen.HasPhone {
		seen.Phone = d.row.Phone
	}

	if untold {
		seen.Standing = "" // whether the citizen is in hospital was not told
	}

	switch {
	case d.row.Status == statusCancelled:
		seen.Standing = ehr.Dead
	case d.row.Status == statusInHospital:
		seen.Standing = ehr.InHospital
	case !active:
		seen.Standing = ehr.Inactive
	}

	return nil
}

// glance reads one visit. Nil: there is no Appointment.
func (r *reading) glance(ctx context.Context, sight *ehr.Sight, g ehr.Glance) (*draft, error) {
	e := &entry{journal: r.journal, mapper: mapper{
		config: r.journal.config, change: ehr.Change{Source: g.Source}, visit: VisitIdentifier(g.Source),
	}}
	sight.Entries = make([]ehr.Trace, len(g.Written))

	found, err := e.copies(ctx)
	if err != nil {
		return nil, err
	}

	for i, w := range g.Written {
		sight.Entries[i] = e.trace(found, w.Change)
	}

	if len(found.appointments) == 0 {
		if e.mapper.borrows() { // else it is our entry that is gone, not the visit
			sight.Presence = ehr.Absent
		}

		return nil, nil
	}

	return r.describe(ctx, e, sight, found.appointments[0], g)
}

// describe takes over what the Appointment says now.
func (r *reading) describe(ctx context.Context, e *entry, sight *ehr.Sight, one *stored, g ehr.Glance) (*draft, error) {
	d := &draft{}

	body, err := one.resource.encode()
	if err != nil || json.Unmarshal(body, &d.plan) != nil {
		return nil, &connector.Error{System: System, Op: "look", Kind: connector.Malformed, Err: care.NewError(care.Invalid,
			"Journalens aftale kan ikke læses. Se på besøget i journalen.")}
	}

	d.contain(one.resource)

	if all := d.plan.actors(kindPatient); len(all) == 1 {
		d.patient = all[0]
	}

	d.row.Planned = span(d.plan)

	status := one.resource.text("status")
	sight.Presence, sight.Version, sight.Planned = ehr.Present, one.version, d.row.Planned
	sight.Cancelled = status == "cancelled" || status == "noshow" || status == "entered-in-error"
	sight.Delivered = status == "fulfilled"
	sight.Category = categoryNow(one.resource)

	if e.mapper.borrows() {
		if err := r.employee(ctx, d); err != nil {
			return nil, err
		}

		r.words(d)
		sight.Service, sight.Employee = d.row.Service, d.row.Employee // on an Appointment of ours it is the list that knows
	}

	sight.OtherVideo = otherMeeting(d.plan.Identifier, g)

	for _, w := range g.Written {
		if own := w.Change.Comment; own != "" {
			sight.Mark = ehr.MarkGone
			if ownComment(one.resource) == own && hasToken(one.resource.text("comment"), own) {
				sight.Mark = ehr.MarkThere
			}
		}
	}

	return d, nil
}

// otherMeeting reports whether the Appointment names a meeting that is none of the visit's rooms.
func otherMeeting(ids []identifier, g ehr.Glance) bool {
	return slices.ContainsFunc(ids, func(i identifier) bool {
		return i.System == systemMeeting && len(g.Rooms) > 0 && !slices.Contains(g.Rooms, care.RoomRef(i.Value))
	})
}

// categoryNow is the first service type as it stands.
func categoryNow(r resource) string {
	var types []concept
	r.get("serviceType", &types)

	if len(types) == 0 {
		return ""
	}

	return types[0].words()
}

// copies is everything that carries the visit's identifier; a borrowed Appointment alone is read by id.
type copies struct{ appointments, encounters []*stored }

func (e *entry) copies(ctx context.Context) (copies, error) {
	var out copies

	if e.mapper.borrows() {
		one, err := e.read(ctx, kindAppointment, e.mapper.change.Source.ID)

		switch {
		case connector.Is(err, connector.NotFound):
			return out, nil
		case err != nil:
			return out, err
		}

		out.appointments = append(out.appointments, one)
	}

	for kind, into := range map[string]*[]*stored{kindAppointment: &out.appointments, kindEncounter: &out.encounters} {
		if kind == kindAppointment && e.mapper.borrows() {
			continue
		}

		err := e.journal.pages(ctx, "look_"+strings.ToLower(kind), kind, url.Values{"identifier": {e.token()}}, func(raw json.RawMessage) error {
			one := e.own(raw, kind)
			if one != nil && one.resource.text("status") != "entered-in-error" {
				*into = append(*into, one)
			}

			return nil
		})
		if err != nil {
			return out, err
		}
	}

	return out, nil
}

// trace tells what stands of one entry: a completed result in the Encounter, all else in the
// Appointment.
func (e *entry) trace(found copies, c ehr.Change) ehr.Trace {
	if c.Kind == care.EntryRestored || c.Means != care.OnList {
		return ehr.Trace{}
	}

	m := mapper{config: e.journal.config, change: c, visit: e.mapper.visit}
	places := found.appointments

	if m.isCompleted() {
		places = found.encounters
	}

	out := ehr.Trace{Told: true}

	for _, one := range places {
		keys := e.keys(one.resource)
		if !slices.Contains(keys, c.Key) {
			continue
		}

		out.Copies++

		if keys[len(keys)-1] == c.Key {
			out.Differs = m.differs(one)
		}
	}

	if out.Copies > 0 {
		out.Copies = len(places) // a second resource of the visit is a double, whatever it holds
	}

	return out
}

// differs tells what a result says otherwise than we wrote it.
func (m *mapper) differs(one *stored) string {
	if m.change.Kind != care.EntryResult {
		return ""
	}

	if one.kind == kindAppointment {
		if one.resource.text("status") != m.appointmentStatus() {
			return "Aftalens status er ændret."
		}

		return ""
	}

	var now period
	one.resource.get("period", &now)

	switch {
	case one.resource.text("status") != m.encounterStatus():
		return "Kontaktens status er ændret."
	case m.change.Actual.Valid() && (!sameInstant(now.Start, m.change.Actual.Start) || !sameInstant(now.End, m.change.Actual.End)):
		return "Kontaktens tider er ændret."
	}

	return ""
}

func sameInstant(text string, want time.Time) bool {
	at, err := time.Parse(time.RFC3339, text)

	return err == nil && at.Truncate(time.Second).Equal(want.Truncate(time.Second))
}

// others are the citizen's Appointments beside those that were asked for.
func (r *reading) others(ctx context.Context, d *draft, glances []ehr.Glance) ([]ehr.Other, error) {
	if _, ok := r.local(d.patient.Reference, kindPatient); !ok {
		return nil, nil
	}

	var (
		out  []ehr.Other
		span = care.Interval{Start: glances[0].Planned.Start, End: glances[0].Planned.End}
	)

	for _, g := range glances {
		if g.Planned.Start.Before(span.Start) {
			span.Start = g.Planned.Start
		}

		if g.Planned.End.After(span.End) {
			span.End = g.Planned.End
		}
	}

	query := url.Values{"patient": {d.patient.Reference}}
	query.Add("date", "ge"+span.Start.Add(-aside).UTC().Format(time.RFC3339))
	query.Add("date", "lt"+span.End.Add(aside).UTC().Format(time.RFC3339))

	var drafts []*draft

	err := r.journal.pages(ctx, "look_others", kindAppointment, query, func(raw json.RawMessage) error {
		if other, d := r.other(raw, glances); d != nil {
			out, drafts = append(out, other), append(drafts, d)
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	for i, d := range drafts {
		if err := r.employee(ctx, d); err != nil {
			return nil, err
		}

		out[i].Employee = d.row.Employee
	}

	return out, nil
}

// other decodes one of them. Nil: it is no other visit that is to take place.
func (r *reading) other(raw json.RawMessage, glances []ehr.Glance) (ehr.Other, *draft) {
	one, err := decodeResource(raw, kindAppointment)
	if err != nil {
		return ehr.Other{}, nil
	}

	known := slices.ContainsFunc(glances, func(g ehr.Glance) bool {
		return g.Source.System == System && g.Source.ID == one.text("id") ||
			slices.ContainsFunc(one.identifiers(), func(i identifier) bool {
				return i.System == r.journal.config.VisitSystem && i.Value == VisitIdentifier(g.Source)
			})
	})

	d := &draft{}

	body, err := one.encode()
	if known || err != nil || json.Unmarshal(body, &d.plan) != nil || !slices.Contains([]string{"booked", "pending", "arrived", "checked-in"}, d.plan.Status) {
		return ehr.Other{}, nil
	}

	if d.row.Planned = span(d.plan); !d.row.Planned.Valid() {
		return ehr.Other{}, nil
	}

	return ehr.Other{Planned: d.row.Planned, Category: categoryNow(one)}, d
}
