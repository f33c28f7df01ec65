package nexussim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func eventPath(o *occurrence) string {
	return "/events/" + strconv.Itoa(o.series.id) + "?occurrence=" + url.QueryEscape(o.key)
}

// fullEvent is the event as its self answers it.
func (s *Server) fullEvent(c *call, o *occurrence) object {
	out := deepCopy(o.doc)
	out["version"] = o.version
	out["dashboardDescription"] = o.dashboard()
	out["changeStrategies"] = s.strategies(o)
	out["patientResourceList"] = s.patientList(c, o)
	links := c.links().to("self", s.slug+eventPath(o), ReadLists)
	if !s.quirks.TypesAtPathways {
		links.to("availableEventTypes", s.slug+typesPath, ReadLists)
	}
	if len(o.citizens) > 0 {
		links.to("patient", s.slug+patientPath(o.citizens[0]), ReadCitizens)
	}
	if o.doc["readOnly"] != true {
		links.to("update", s.slug+eventPath(o), WriteVisits)
	}
	out["_links"] = links.out
	return out
}

// halfEvent is the event as it stands in lists (eoj.md §1.2).
func (s *Server) halfEvent(c *call, o *occurrence) object {
	out := s.fullEvent(c, o)
	for _, name := range []string{"description", "lockedOnStartTime", "variationId", "locationName", "groupPlannedGrantSubscriptionResources"} {
		delete(out, name)
	}
	if s.quirks.HalfLists {
		delete(out, "comments")
		delete(out, "changeStrategies")
	}
	out["_links"] = c.links().to("self", s.slug+eventPath(o), ReadLists).out
	return out
}

func (c *call) occurrence() *occurrence {
	id, err := strconv.Atoi(c.r.PathValue("event"))
	if err != nil {
		return nil
	}
	return c.s.world.occurrence(id, c.r.URL.Query().Get("occurrence"))
}

func (s *Server) readEvent(c *call) reply {
	o := c.occurrence()
	if o == nil {
		return notFound()
	}
	return s.eventReply(c, o)
}

func (s *Server) eventReply(c *call, o *occurrence) reply {
	out := ok(s.fullEvent(c, o))
	if !s.quirks.NoETag {
		out.header["ETag"] = s.etag(o)
	}
	return out
}

// updateEvent is the PUT of the whole object (eoj.md §1.6; every rule of it is inference).
func (s *Server) updateEvent(c *call) reply {
	o := c.occurrence()
	if o == nil {
		return notFound()
	}
	var body object
	if err := decode(c.body, &body); err != nil || len(body) == 0 {
		return bad("the body must be the whole event")
	}
	if id, _ := whole(body, "id"); id != o.series.id || text(body, "eventOccurrenceKey") != o.key {
		return bad("the body is another event")
	}
	if s.isStale(c, o, body) {
		return s.stale()
	}
	strategy, why := s.strategyOf(o, body)
	if why == "" {
		why = s.refusal(c, o, body)
	}
	if why != "" {
		return bad("%s", why)
	}
	targets := []*occurrence{o}
	if strategy == strategyAll {
		targets = o.series.shared()
	}
	for _, target := range targets {
		s.write(c, target, body, strategy, target == o)
	}
	if s.quirks.NoContent {
		return reply{status: http.StatusNoContent, header: map[string]string{}}
	}
	return s.eventReply(c, o)
}

// shared are the occurrences that a change of ALL reaches.
func (s *series) shared() []*occurrence {
	return slices.DeleteFunc(slices.Clone(s.occurrences), func(o *occurrence) bool { return o.variation() || o.deleted })
}

func (s *Server) isStale(c *call, o *occurrence, body object) bool {
	if want := c.r.Header.Get("If-Match"); want != "" && !s.quirks.NoETag {
		if strings.TrimPrefix(want, "W/") != strings.TrimPrefix(s.etag(o), "W/") {
			return true
		}
	}
	version, given := whole(body, "version")
	return !given || version != o.version
}

// strategyOf reads which occurrences are meant.
func (s *Server) strategyOf(o *occurrence, body object) (strategy, why string) {
	strategy = text(body, "changeStrategy")
	offered := s.strategies(o)
	switch {
	case strategy == "" && o.series.repeated() && !o.variation():
		return "", "a repeated event needs a changeStrategy"
	case strategy == "":
		return strategyThis, ""
	case !slices.Contains(offered, any(strategy)):
		return "", "the changeStrategy is not offered"
	}
	return strategy, ""
}

// serverOwned are members that no client sets.
func serverOwned() []string {
	return []string{
		"version", "_links", "changeStrategy", "generatedId", "eventIdentifier", "variationId", "changeStrategies", "statusColor",
		"background", "patientResourceList", "dashboardDescription", "groupPlannedGrantSubscriptionResources", "professional",
		"readOnly", "deliveredEvent", "lockedOnStartTime", "originalDate", "repetition", "type",
	}
}

// refusal tells why a PUT can't be taken, or nothing.
func (s *Server) refusal(c *call, o *occurrence, body object) string {
	current := s.fullEvent(c, o)
	t := s.world.typeOf(body)
	switch {
	case o.doc["readOnly"] == true:
		return "the event is read-only"
	case o.doc["deliveredEvent"] == true:
		return "the event has been delivered"
	case o.doc["lockedOnStartTime"] == true && text(body, "start") != "" && text(body, "start") != text(o.doc, "start"):
		return "the event is locked on its start time"
	case t == nil:
		return "the event type is unknown"
	case !t.active && t != s.world.typeOf(o.doc):
		return "the event type is not in use any more"
	case !s.options.Strict:
		return wrongTimes(body)
	case text(part(body, "eventType"), "name") != t.name:
		return "strict mode: eventType has the id of one type and the name of another"
	}
	for name := range current {
		if _, there := body[name]; !there {
			return "strict mode: the body lacks " + name
		}
	}
	for name := range body {
		if _, known := current[name]; !known && name != "changeStrategy" {
			return "strict mode: unknown member " + name
		}
	}
	for _, name := range serverOwned() {
		if name != "_links" && name != "changeStrategy" && canonical(body[name]) != canonical(current[name]) {
			return "strict mode: " + name + " can't be changed"
		}
	}
	return wrongTimes(body)
}

func wrongTimes(body object) string {
	from, err := parseWireTime(text(body, "start"))
	if err != nil {
		return "start: " + err.Error()
	}
	to, err := parseWireTime(text(body, "end"))
	switch {
	case err != nil:
		return "end: " + err.Error()
	case !to.After(from):
		return "end is not after start"
	}
	return ""
}

// write takes the body's members into one occurrence. Another occurrence of the series keeps
// its own times.
func (s *Server) write(c *call, o *occurrence, body object, strategy string, itself bool) {
	before := deepCopy(o.doc)
	owned := append(serverOwned(), "id", "eventOccurrenceKey", "eventType")
	if !itself {
		owned = append(owned, "start", "end")
	}
	for name := range before {
		if slices.Contains(owned, name) {
			continue
		}
		value, there := body[name]
		if !there {
			o.doc[name] = emptied(before[name]) // a sparse body loses what it leaves out
			continue
		}
		o.doc[name] = copyValue(value)
	}
	s.dress(o, s.world.typeOf(body), s.world.staffAt(text(o.doc, "resourceId")))
	if strategy == strategyThis && o.series.repeated() && !o.variation() {
		o.doc["variationId"] = s.world.id()
	}
	s.record(c, o, before, strategy)
}

// emptied is what is left of a member that was not sent.
func emptied(value any) any {
	if _, is := value.(string); is {
		return ""
	}
	return nil
}

func (w *world) staffAt(resource string) *professional {
	for _, p := range w.staff {
		if p.resource() == resource {
			return p
		}
	}
	return nil
}

// calendarQuery reads from and to, and in strict mode the rest (eoj.md §1.4).
func (s *Server) calendarQuery(q url.Values, need ...string) (window, *reply) {
	for _, name := range need {
		if _, there := q[name]; !there && s.options.Strict {
			out := bad("strict mode: the query parameter %s is missing", name)
			return window{}, &out
		}
	}
	from, err := parseWireTime(q.Get("from"))
	if err == nil {
		to, err2 := parseWireTime(q.Get("to"))
		if err2 == nil && !to.Before(from) {
			return window{from, to}, nil
		}
	}
	out := bad("from and to must be UTC times like 2006-01-02T15:04:05.000Z, from not after to")
	return window{}, &out
}

// readList answers POST calendar/events/criteria/EVENT/{filterId} (eoj.md §1.4).
func (s *Server) readList(c *call) reply {
	l := s.world.preference(c.r.PathValue("filter"))
	if l == nil || l.group != drivingLists {
		return notFound()
	}
	if len(c.body) > 0 && s.options.Strict {
		return bad("strict mode: this call has no body")
	}
	q := c.r.URL.Query()
	span, refused := s.calendarQuery(q, "calendarMode", "plannedGrantStatuses", "registeredGrantStatuses",
		"showPermanentResources", "showResourcesWithEvents", "showResourcesWithShifts")
	if refused != nil {
		return *refused
	}
	if q.Get("calendarMode") != "PLANNING_MODE" {
		return bad("calendarMode must be PLANNING_MODE")
	}
	span.to = span.to.In(s.zone).AddDate(0, 0, 1) // to names a day by its start
	events, resources := []any{}, map[string]object{}
	for _, o := range pick(l.visits, func(o *occurrence) bool { return span.has(o.start) }) {
		events = append(events, s.halfEvent(c, o))
		if p := s.world.staffAt(text(o.doc, "resourceId")); p != nil {
			resources[p.resource()] = object{
				"resourceId": p.resource(), "visible": true, "initials": p.initials, "fullName": p.name, "active": true,
				"fontColor": "000000", "backgroundColor": "D8E8F0",
			}
		}
	}
	columns := []any{}
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		columns = append(columns, resources[name])
	}
	return ok(object{"columnResource": object{"resources": columns, "shifts": []any{}}, "eventResources": events})
}
