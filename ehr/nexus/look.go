package nexus

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.Looker = (*Nexus)(nil)

const opLook = "look"

// Look reads the citizen, the citizen's calendar around the visits, and each visit whole. Tasks, notes
// and interventions are read only where an entry of ours should be among them.
func (n *Nexus) Look(ctx context.Context, citizen care.CitizenKey, glances []ehr.Glance) (ehr.Seen, error) {
	patient, err := n.citizen(ctx, citizen)
	if connector.Is(err, connector.NotFound) {
		return ehr.Seen{Standing: ehr.Inactive, Visits: make([]ehr.Sight, len(glances))}, nil
	}

	if err != nil {
		return ehr.Seen{}, err
	}

	seen := n.standing(patient)

	events, err := n.eventsAround(ctx, patient, glances, 0)
	if err != nil {
		return ehr.Seen{}, err
	}

	everywhere := events
	if slices.ContainsFunc(glances, func(g ehr.Glance) bool { return isLost(events, g) }) {
		if everywhere, err = n.eventsAround(ctx, patient, glances, movedFar); err != nil {
			return ehr.Seen{}, err
		}
	}

	for _, g := range glances {
		sight, err := n.sight(ctx, patient, everywhere, g)
		if err != nil {
			return ehr.Seen{}, err
		}

		seen.Visits = append(seen.Visits, sight)
	}

	seen.Others = n.others(events, glances)

	return seen, nil
}

// standing is what the citizen's own object says.
func (n *Nexus) standing(patient object) ehr.Seen {
	p := n.person(patient)
	seen := ehr.Seen{Standing: ehr.AtHome, Phone: p.phone, HasPhone: !p.restricted}

	state := patient.child("patientState")
	words := strings.ToLower(strings.Join([]string{patient.text("patientState"), state.text("name"), state.child("type").text("id")}, " "))

	switch {
	case p.status == statusDead:
		seen.Standing = ehr.Dead
	case p.status == statusHospital:
		seen.Standing = ehr.InHospital
	case containsAny(words, "inaktiv", "inactive", "fraflyttet", "ophørt"):
		seen.Standing = ehr.Inactive
	}

	return seen
}

// movedFar is how far from where we have it a visit is looked for before it is said to be gone.
const movedFar = 28 * 24 * time.Hour

// isLost reports whether a visit of the record is not among the events.
func isLost(events []object, g ehr.Glance) bool {
	return g.Source.System == System && !slices.ContainsFunc(events, func(e object) bool { return isVisit(e, g.Source) })
}

// eventsAround are the events of the citizen's calendar in the days of the visits, and so much more on
// each side.
func (n *Nexus) eventsAround(ctx context.Context, patient object, glances []ehr.Glance, more time.Duration) ([]object, error) {
	if len(glances) == 0 {
		return nil, nil
	}

	calendar, err := n.view(ctx, patient, "CITIZEN_CALENDAR", n.config.CitizenCalendar)
	if err != nil {
		return nil, err
	}

	at, err := n.follow(opLook, calendar, "events", "besøgene i borgerens kalender")
	if err != nil {
		return nil, err
	}

	var span care.Interval

	for i, g := range glances {
		one := around(ehr.Change{Source: g.Source, Planned: g.Planned})
		if i == 0 || one.Start.Before(span.Start) {
			span.Start = one.Start
		}

		if one.End.After(span.End) {
			span.End = one.End
		}
	}

	answer, err := n.ask(ctx, n.calendars, at.with(url.Values{"from": {utc(span.Start.Add(-more))}, "to": {utc(span.End.Add(more))}}).call(opLook, http.MethodGet))
	if err != nil {
		return nil, err
	}

	body, err := calendarIn(answer)

	return body.list("eventResources"), err
}

// sight reads one visit with the entries that we wrote about it.
func (n *Nexus) sight(ctx context.Context, patient object, events []object, g ehr.Glance) (ehr.Sight, error) {
	sight := ehr.Sight{Presence: ehr.Absent, Entries: make([]ehr.Trace, len(g.Written))}

	if visits := visitsOf(events, g.Source, g.Planned); len(visits) > 0 && g.Source.System == System {
		found, err := n.readVisit(ctx, visits[0])

		switch {
		case err == nil:
			n.describe(&sight, found.object, g)
		case errors.Is(err, errOther): // what the calendar says of it is all that can be seen
			n.describe(&sight, visits[0], g)
			sight.Mark = ""
		case !connector.Is(err, connector.NotFound):
			return sight, err
		}
	}

	if g.Source.System != System {
		sight.Presence = "" // it came from elsewhere
	}

	for i, w := range g.Written {
		trace, err := n.trace(ctx, patient, w)
		if err != nil {
			return sight, err
		}

		sight.Entries[i] = trace
	}

	return sight, nil
}

// describe takes over what a whole visit says.
func (n *Nexus) describe(sight *ehr.Sight, event object, g ehr.Glance) {
	category := categoryOf(event)

	sight.Presence, sight.Version, sight.Category = ehr.Present, event.number("version"), category
	sight.Cancelled = n.config.cancels(category)
	sight.OtherVideo = care.IsNexusVideo(category)
	sight.Delivered, sight.ReadOnly = event.truth("deliveredEvent"), event.truth("readOnly")
	sight.Employee = driverOf(event)
	sight.Planned, _ = plannedOf(event)

	if patients := event.list("patientResourceList"); len(patients) > 0 {
		sight.Service = serviceOf(event, patients[0].list("grants"))
	}

	i := slices.IndexFunc(g.Written, func(w ehr.Written) bool { return w.Change.Means == care.OnList && w.Change.Comment != "" })
	if i < 0 {
		return
	}

	sight.Mark = ehr.MarkGone

	if own := markerIn(event.text("comments")); own.word == g.Written[i].Change.Comment && own.has(tagOf(g.Written[i].Change.Key)) {
		sight.Mark = ehr.MarkThere
	}
}

// driverOf is who has the visit, by initials. Empty: nobody, or half an object, of which nothing can be
// said: a list may have named the same person by initials or by the record's own number.
func driverOf(event object) care.EmployeeID {
	return care.EmployeeID(strings.TrimSpace(event.child("professional").text("initials")))
}

// trace looks for one entry. What is on the visit itself is told by category and mark alone.
func (n *Nexus) trace(ctx context.Context, patient object, w ehr.Written) (ehr.Trace, error) {
	c := w.Change
	taken := c.Kind == care.EntryRestored // what was taken back leaves nothing to look for

	switch c.Means {
	case care.ByTask:
		if taken {
			return ehr.Trace{}, nil
		}

		tasks, err := n.tasksOf(ctx, patient, c)

		return tagCount(tasks, c, "description"), err
	case care.ByNote:
		return n.traceNote(ctx, patient, c)
	case care.ByIntervention:
		return n.traceIntervention(ctx, patient, c)
	case care.OnList, care.ByJournal:
	}

	return ehr.Trace{}, nil
}

func tagCount(all []object, c ehr.Change, member string) ehr.Trace {
	out := ehr.Trace{Told: true}

	for _, o := range all {
		if markerIn(o.text(member)).has(tagOf(c.Key)) {
			out.Copies++
		}
	}

	return out
}

// traceNote reads the note again and compares the fields that we filled in.
func (n *Nexus) traceNote(ctx context.Context, patient object, c ehr.Change) (ehr.Trace, error) {
	forms, err := n.notesOf(ctx, patient, c, maxNotes)
	if err != nil {
		return ehr.Trace{}, err
	}

	out := ehr.Trace{Told: true, Copies: len(forms)}

	for _, form := range forms {
		items := form.list("items")

		for _, f := range c.Fields {
			if item, ok := named(items, "label", f.Label); ok && isText(item) && !sameWords(item.text("value"), f.Value) {
				out.Differs = "Feltet »" + f.Label + "« er ændret."
			}
		}

		if item, ok := named(items, "label", n.config.Note.TextLabel); ok && !strings.Contains(item.text("value"), c.Text) {
			out.Differs = "Notatets tekst er ændret."
		}
	}

	return out, nil
}

func isText(item object) bool { return strings.EqualFold(item.text("type"), "text") }

func sameWords(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

// traceIntervention counts the interventions that hold the visit.
func (n *Nexus) traceIntervention(ctx context.Context, patient object, c ehr.Change) (ehr.Trace, error) {
	if c.Kind == care.EntryRestored {
		return ehr.Trace{}, nil
	}

	grants, err := n.activeGrants(ctx, patient, c.Name)
	if err != nil {
		return ehr.Trace{}, err
	}

	out := ehr.Trace{Told: true}

	for _, g := range grants {
		if g.marker().has(visitTag(c.Source)) {
			out.Copies++
		}
	}

	return out, nil
}

// others are the citizen's visits that nobody asked about and that are to take place.
func (n *Nexus) others(events []object, glances []ehr.Glance) []ehr.Other {
	var out []ehr.Other

	for _, e := range events {
		planned, ok := plannedOf(e)
		known := slices.ContainsFunc(glances, func(g ehr.Glance) bool { return isVisit(e, g.Source) })

		if ok && !known && !n.config.cancels(categoryOf(e)) && !e.truth("deliveredEvent") && planned.Duration() < 24*time.Hour {
			out = append(out, ehr.Other{Planned: planned, Category: categoryOf(e), Employee: driverOf(e)})
		}
	}

	return out
}
