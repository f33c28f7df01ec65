package nexussim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// window is a half-open period.
type window struct{ from, to time.Time }

func (w window) has(t time.Time) bool { return !t.Before(w.from) && t.Before(w.to) }

func calendarPath(p *citizen) string { return patientPath(p) + "/calendar" }

// readCalendar answers the self of a citizen's Borgerkalender.
func (s *Server) readCalendar(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	place := s.slug + calendarPath(p)
	return ok(object{
		"id": p.id + 1, "version": 0, "name": "Borgerkalender", "_links": c.links().
			to("self", place, ReadCalendars).
			to("events", place+"/events", ReadCalendars).
			to("basketGrants", place+"/grants", ReadGrants).
			to("getEventsToStop", place+"/stop", StopSeries).out,
	})
}

// readCalendarEvents answers one citizen's events.
func (s *Server) readCalendarEvents(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	span, refused := s.calendarQuery(c.r.URL.Query())
	if refused != nil {
		return *refused
	}
	events := []any{}
	for _, o := range pick(p.visits, func(o *occurrence) bool { return span.has(o.start) }) {
		events = append(events, s.halfEvent(c, o))
	}
	return ok(object{"eventResources": events})
}

// eventsToStop lists the repeated events that go on after a date.
func (s *Server) eventsToStop(c *call) reply {
	p := s.patientOf(c)
	date, err := time.ParseInLocation(time.DateOnly, firstTen(c.r.URL.Query().Get("stopDate")), s.zone)
	if p == nil || err != nil {
		return bad("stopDate must be a date")
	}
	list := []any{}
	for _, id := range goingOn(p, date) {
		list = append(list, object{"event": object{"id": id}})
	}
	return ok(object{
		"events": list,
		"_links": c.links().to("stopEvents", s.slug+calendarPath(p)+"/stop?stopDate="+date.Format(time.DateOnly), StopSeries).out,
	})
}

func firstTen(date string) string { return date[:min(len(date), len(time.DateOnly))] }

// goingOn are the repeated events of a citizen with occurrences from date on.
func goingOn(p *citizen, date time.Time) []int {
	ids := []int{}
	for _, o := range pick(p.visits, func(o *occurrence) bool {
		return o.series.repeated() && !o.start.Before(date)
	}) {
		if !slices.Contains(ids, o.series.id) {
			ids = append(ids, o.series.id)
		}
	}
	return ids
}

// stopEvents ends repeated events. An empty array makes the record hang (eoj.md §1.4).
func (s *Server) stopEvents(c *call) reply {
	var ids []int
	if err := decode(c.body, &ids); err != nil {
		return bad("the body must be an array of event ids")
	}
	if len(ids) == 0 {
		return reply{hang: true}
	}
	p := s.patientOf(c)
	date, err := time.ParseInLocation(time.DateOnly, c.r.URL.Query().Get("stopDate"), s.zone)
	if p == nil || err != nil {
		return bad("stopDate must be a date")
	}
	for _, o := range pick(p.visits, func(o *occurrence) bool {
		return slices.Contains(ids, o.series.id) && !o.start.Before(date)
	}) {
		o.deleted = true
	}
	return reply{status: http.StatusNoContent, header: map[string]string{}}
}

// preference finds a list of the home preferences by its id.
func (w *world) preference(id string) *list {
	for _, l := range w.lists {
		if strconv.Itoa(l.id) == id {
			return l
		}
	}
	return nil
}

func listPath(l *list) string { return "/preferences/" + l.group + "/" + strconv.Itoa(l.id) }

// preferences answers the home's groups of lists. Those the caller may not read are empty.
func (s *Server) preferences(c *call) reply {
	out := object{"MOBILE_PROFILE": []any{}, "CITIZEN_LIST": []any{}, "CROSS_CITIZEN_DATA": []any{}, "CATALOG_GRANT": []any{}}
	for _, l := range s.world.lists {
		group, _ := out[l.group].([]any)
		if group == nil {
			group = []any{}
		}
		if c.may(l.need()) {
			group = append(group, s.preferenceOf(c, l))
		}
		out[l.group] = group
	}
	return ok(out)
}

func (l *list) need() Right {
	switch l.group {
	case drivingLists:
		return ReadLists
	case activityLists, citizenLists:
		return ReadActivity
	}
	return always
}

func (s *Server) preferenceOf(c *call, l *list) object {
	owners := []any{}
	for _, g := range l.groups {
		owners = append(owners, object{"id": g.id, "name": g.name})
	}
	return object{
		"id": l.id, "version": 1, "name": l.name, "description": "", "defaultPreference": false, "organizations": owners,
		"_links": c.links().to("self", s.slug+listPath(l), l.need()).out,
	}
}

// readPreference answers the self of a list with the rels that its kind has.
func (s *Server) readPreference(c *call) reply {
	l := s.world.preference(c.r.PathValue("list"))
	if l == nil || l.group != c.r.PathValue("group") {
		return notFound()
	}
	if !c.may(l.need()) {
		return refuse(http.StatusForbidden, "access is denied")
	}
	out := s.preferenceOf(c, l)
	links := c.links().to("self", s.slug+listPath(l), l.need())
	switch l.group {
	case drivingLists:
		links.to("orderGrants", s.slug+listPath(l)+"/orderGrants", ReadGrants)
		if !s.quirks.TypesAtPathways {
			links.to("availableEventTypes", s.slug+typesPath, ReadLists)
		}
	case activityLists:
		links.to("content", s.slug+listPath(l)+"/content?view=all", ReadActivity)
	case citizenLists:
		links.to("content", s.slug+listPath(l)+"/patients?view=all", ReadActivity)
	}
	out["_links"] = links.out
	return ok(out)
}
