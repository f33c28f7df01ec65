package nexussim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ref is the identity of a visit: the event and its occurrence (eoj.md §1.5).
type Ref struct {
	ID         int    `json:"id"`
	Occurrence string `json:"occurrence"` // eventOccurrenceKey
}

// String is the occurrence key, which holds the id.
func (r Ref) String() string { return r.Occurrence }

// series is an event with its occurrences; most have one.
type series struct {
	id          int
	occurrences []*occurrence
}

// repeated tells whether a change has to say which occurrences it means.
func (s *series) repeated() bool { return len(s.occurrences) > 1 }

// occurrence is one visit. Its document is the full object without version and _links.
type occurrence struct {
	key      string
	series   *series
	list     *list
	citizens []*citizen
	version  int
	doc      object
	loaded   object // the document before the first change by an API user
	token    string // what the first API user put into the comment
	deleted  bool
	start    time.Time // of doc, UTC
	end      time.Time
	versions []Version
	changes  []Change
	entries  []Entry
}

func (o *occurrence) ref() Ref { return Ref{o.series.id, o.key} }

// settle reads the times of a document that was made or changed.
func (o *occurrence) settle() { o.start, o.end = docTime(o.doc, "start"), docTime(o.doc, "end") }

func docTime(doc object, name string) time.Time {
	t, err := parseWireTime(text(doc, name))
	if err != nil {
		return time.Time{} // refused when it came
	}
	return t
}

func (o *occurrence) variation() bool { return o.doc["variationId"] != nil }

// Strategies of changing repeated events. The strings are made up (eoj.md §1.5).
const (
	strategyThis = "THIS"
	strategyAll  = "ALL"
)

// occurrence finds a visit that was not deleted.
func (w *world) occurrence(id int, key string) *occurrence {
	s := w.series[id]
	if s == nil {
		return nil
	}
	for _, o := range s.occurrences {
		if o.key == key && !o.deleted {
			return o
		}
	}
	return nil
}

// put makes an occurrence known to its event, its list and its citizens.
func (o *occurrence) put() {
	o.settle()
	o.series.occurrences = append(o.series.occurrences, o)
	o.list.visits = append(o.list.visits, o)
	for _, p := range o.citizens {
		p.visits = append(p.visits, o)
	}
}

// visits are all occurrences.
func (w *world) visits() []*occurrence {
	var all []*occurrence
	for _, l := range w.lists {
		all = append(all, l.visits...)
	}
	return pick(all, func(*occurrence) bool { return true })
}

// pick gives what keep accepts of the occurrences that were not deleted, by start, employee
// and key.
func pick(from []*occurrence, keep func(*occurrence) bool) []*occurrence {
	var found []*occurrence
	for _, o := range from {
		if !o.deleted && keep(o) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *occurrence) int {
		if c := a.start.Compare(b.start); c != 0 {
			return c
		}
		if c := strings.Compare(text(a.doc, "resourceId"), text(b.doc, "resourceId")); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	return found
}

// document is the first state of a visit; the odd member out is one that no client knows.
func (s *Server) document(id int, key string, start, end time.Time, v NewVisit) object {
	odd := "x" + s.dice.hex(4, "odd")
	doc := object{
		"id": id, "generatedId": s.dice.hex(12, "generated", key), "eventIdentifier": "EV-" + strconv.Itoa(id),
		"eventOccurrenceKey": key, "originalDate": wireTime(start), "variationId": nil, "start": wireTime(start), "end": wireTime(end),
		"title": v.Service, "description": v.Description, "comments": v.Comment, "type": "PATIENT_EVENT", "locationName": nil,
		"fontColor": "000000", "deliveredEvent": v.Delivered, "readOnly": v.ReadOnly, "draggable": !v.ReadOnly, "linked": false,
		"lockedOnStartTime": v.LockedOnStart, "lockedOnCalendarResource": false, "sameSupplier": true, "roadTime": 0,
		"withinShift": true, "repetition": nil, "changeStrategies": []any{strategyThis}, "groupPlannedGrantSubscriptionResources": []any{},
		odd: object{"seen": false, "note": nil},
	}
	if len(v.Repeat) > 0 {
		doc["repetition"] = object{"pattern": "DAY", "count": len(v.Repeat) + 1}
		doc["changeStrategies"] = []any{strategyThis, strategyAll}
	}
	if len(v.Strategies) > 0 {
		chosen := []any{}
		for _, c := range v.Strategies {
			chosen = append(chosen, c)
		}
		doc["changeStrategies"] = chosen
	}
	return doc
}

// dress writes what the record derives: the type's colours, the employee, the citizens'
// addresses and how they are.
func (s *Server) dress(o *occurrence, t *eventType, p *professional) {
	o.doc["eventType"] = t.wire()
	o.doc["statusColor"], o.doc["background"] = t.color, t.color
	o.doc["resourceId"], o.doc["professional"] = nil, nil
	if p != nil {
		o.doc["resourceId"] = p.resource()
		o.doc["professional"] = object{"id": p.id, "initials": p.initials, "fullName": p.name, "active": true}
	}
}

// dashboard is the text by which staff see that a citizen is away (eoj.md §1.5).
func (o *occurrence) dashboard() string {
	parts := []string{}
	for _, c := range o.citizens {
		line := c.name
		switch c.state {
		case Hospitalised:
			line += " (indlagt på sygehus)"
		case Dead:
			line += " (død)"
		case Active, Inactive:
		}
		parts = append(parts, line)
	}
	return strings.Join(append(parts, text(o.doc, "title")), ", ")
}

// patientList are the citizens of a visit as they stand in the event.
func (s *Server) patientList(c *call, o *occurrence) []any {
	list := []any{}
	for _, p := range o.citizens {
		grants := []any{}
		for _, g := range p.stored() {
			if g.name == text(o.doc, "title") && g.alive() {
				grants = append(grants, object{
					"id": g.id, "name": g.name, "_links": c.links().to("self", grantPath(g), ReadGrants).out,
				})
			}
		}
		list = append(list, object{
			"id": p.id, "name": p.name, "version": p.version, "fontColor": "000000", "currentAddress": p.address.wire(), "grants": grants,
			"_links": c.links().to("self", s.slug+patientPath(p), ReadCitizens).out,
		})
	}
	return list
}

func (a Address) wire() object {
	return object{
		"addressLine1": a.Line, "addressLine2": nil, "addressLine3": nil, "addressLine4": nil, "addressLine5": nil,
		"postalCode": a.PostalCode, "postalDistrict": a.District, "countryCode": "dk", "restricted": a.Restricted,
		"administrativeAreaCode": "9999", "geoCoordinates": nil,
	}
}

// strategies are what may be chosen for a change of the event.
func (s *Server) strategies(o *occurrence) []any {
	if s.quirks.OnlySeries && o.series.repeated() && !o.variation() {
		return []any{strategyAll}
	}
	if o.variation() {
		return []any{strategyThis}
	}
	chosen, is := o.doc["changeStrategies"].([]any)
	if !is {
		return nil
	}
	return chosen
}

// etag is the version as a header has it.
func (s *Server) etag(o *occurrence) string {
	if s.quirks.WeakETag {
		return fmt.Sprintf("W/%q", strconv.Itoa(o.version))
	}
	return strconv.Quote(strconv.Itoa(o.version))
}
