package nexussim

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	searchPath = "/patients/details/search"
	typesPath  = "/eventTypes/active"
)

func patientPath(p *citizen) string { return "/patients/" + strconv.Itoa(p.id) }

// home answers the home resource (eoj.md §1.2).
func (s *Server) home(c *call) reply {
	return ok(object{"_links": c.links().
		to("self", "/", always).
		to("patientDetailsSearch", s.slug+searchPath, ReadCitizens).
		to("searchPatients", s.slug+"/patients/search", ReadCitizens).
		to("patients", s.slug+"/patients", ReadCitizens).
		to("preferences", s.slug+"/preferences", always).
		to("professionals", s.slug+"/professionals", ReadStaff).
		to("patientGrantById", "/patientGrants", ReadGrants).
		to("shifts", s.slug+"/shifts", always).out})
}

// searchPatient finds one citizen by CPR number (eoj.md §1.3).
func (s *Server) searchPatient(c *call) reply {
	var search object
	if err := decode(c.body, &search); err != nil || text(search, "keyType") != "CPR" || text(search, "businessKey") == "" {
		return bad("the search needs businessKey and keyType CPR")
	}
	p := s.world.citizenByCPR(text(search, "businessKey"))
	switch {
	case p == nil:
		return notFound()
	case p.hidden:
		return ok(object{"isPatientAccessible": false, "patient": nil})
	}
	return ok(object{"isPatientAccessible": true, "patient": s.patient(c, p)})
}

// searchPatients finds citizens by name. A CPR number in a URL is found too, as in the record;
// the request history shows who did so.
func (s *Server) searchPatients(c *call) reply {
	query := strings.ToLower(strings.ReplaceAll(c.r.URL.Query().Get("query"), "-", ""))
	limit, err := strconv.Atoi(c.r.URL.Query().Get("maxResults"))
	if err != nil {
		limit = 10
	}
	found := []any{}
	for _, p := range s.world.everyone() {
		if len(found) < limit && !p.hidden && query != "" && (strings.Contains(strings.ToLower(p.name), query) || p.cpr == query) {
			found = append(found, s.patient(c, p))
		}
	}
	return ok(found)
}

func (s *Server) readPatient(c *call) reply {
	p := s.patientOf(c)
	switch {
	case p == nil:
		return notFound()
	case p.hidden:
		return refuse(http.StatusForbidden, "access is denied")
	}
	return ok(s.patient(c, p))
}

// patient is a citizen as the record shows one (eoj.md §1.3).
func (s *Server) patient(c *call, p *citizen) object {
	place := s.slug + patientPath(p)
	return object{
		"id": p.id, "version": p.version,
		"patientIdentifier": object{"type": "cpr", "identifier": s.cprText(p), "managedExternally": true},
		"fullName":          p.name, "mobileTelephone": orNull(p.mobile), "homeTelephone": orNull(p.home), "workTelephone": nil,
		"telephonesRestricted": p.secretPhones, "primaryAddress": p.address.wire(), "temporaryAddress": nil,
		"planningAddress": p.address.wire(), "smsReminder": false, "preferredLanguage": "da",
		"patientState":            object{"id": 1, "name": p.state.danish(), "type": object{"id": string(p.state), "name": p.state.danish()}},
		"nexusVideoConfiguration": object{"allowVideoCalls": p.video, "_links": object{}},
		"_links": c.links().
			to("self", place, ReadCitizens).
			to("patientPreferences", place+"/preferences", ReadCitizens).
			to("patientActivities", place+"/activities", ReadCitizens).
			to("availablePathwayAssociation", place+"/pathways", ReadCitizens).
			to("availableFormDefinitions", place+"/forms", ReadForms).
			to("availableBaskets", place+"/baskets", ReadGrants).
			to("availableAssignmentTypes", place+"/tasks/types", UseTasks).
			to("activeAssignments", place+"/tasks?active=true", UseTasks).
			to("assignments", place+"/tasks", UseTasks).out,
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) cprText(p *citizen) string {
	if s.quirks.CPR == CPRDigits || (s.quirks.CPR == CPRMixed && !p.hyphenInAnswer) {
		return p.cpr
	}
	return hyphened(p.cpr)
}

// patientPreferences answers a citizen's calendars and views.
func (s *Server) patientPreferences(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	item := func(id int, name, path string, need Right) object {
		return object{
			"id": id, "version": 0, "name": name, "description": "", "defaultPreference": false, "organizations": []any{},
			"_links": c.links().to("self", path, need).out,
		}
	}
	out := object{
		"CITIZEN_CALENDAR": []any{}, "CITIZEN_DASHBOARD": []any{},
		"CITIZEN_PATHWAY": []any{
			item(p.id+4, "-Aktive forløb", s.slug+patientPath(p)+"/view", ReadCitizens),
			item(p.id+2, "- Alt", s.slug+patientPath(p)+"/view", ReadCitizens),
		},
	}
	if c.may(ReadCalendars) {
		out["CITIZEN_CALENDAR"] = []any{
			item(p.id+3, "Træningskalender", s.slug+patientPath(p)+"/training", ReadCalendars),
			item(p.id+1, "Borgerkalender", s.slug+calendarPath(p), ReadCalendars),
		}
	}
	return ok(out)
}

// readView answers the self of "- Alt".
func (s *Server) readView(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	place := s.slug + patientPath(p)
	return ok(object{"id": p.id + 2, "name": "- Alt", "_links": c.links().
		to("self", place+"/view", ReadCitizens).
		to("pathwayReferences", place+"/references", ReadCitizens).
		to("patientActivities", place+"/activities", ReadCitizens).out})
}

// pathwayReferences answers the tree of what a citizen has (eoj.md §1.2).
func (s *Server) pathwayReferences(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	roots := []any{}
	for _, b := range s.world.basketsOf(p) {
		upper, lower, _ := strings.Cut(b.placement, " > ")
		children := []any{}
		for _, g := range p.stored() {
			if g.basket == b && c.may(ReadGrants) {
				children = append(children, s.grantReference(c, g))
			}
		}
		for _, n := range p.notes {
			if n.basket == b && c.may(ReadForms) {
				children = append(children, s.noteReference(c, n))
			}
		}
		self := c.links().to("self", s.slug+pathwayPath(b), ReadCitizens).out
		below := object{"type": "patientPathwayReference", "id": b.id, "name": lower, "children": children, "_links": self}
		roots = append(roots, object{
			"type": "patientPathwayReference", "id": b.id + 1, "name": upper, "children": []any{below},
			"_links": c.links().to("self", s.slug+pathwayPath(b), ReadCitizens).out,
		})
	}
	return ok(roots)
}

func pathwayPath(b *basket) string { return "/pathways/" + strconv.Itoa(b.id) }

// readPathway answers a pathway object with its rels (eoj.md §1.6).
func (s *Server) readPathway(c *call) reply {
	b := s.basketOf(c)
	if b == nil {
		return notFound()
	}
	return ok(object{"id": b.id, "name": b.placement, "_links": c.links().
		to("self", s.slug+pathwayPath(b), ReadCitizens).
		to("availableEventTypes", s.slug+typesPath, ReadLists).
		to("availableFormDefinitions", s.slug+pathwayPath(b)+"/forms", ReadForms).out})
}

// pathways answers the citizen's pathways as availablePathwayAssociation.
func (s *Server) pathways(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{}
	for _, b := range s.world.basketsOf(p) {
		list = append(list, object{
			"id": b.id, "name": b.placement, "_links": c.links().to("self", s.slug+pathwayPath(b), ReadCitizens).out,
		})
	}
	return ok(list)
}

// patientActivities answers half objects of all kinds.
func (s *Server) patientActivities(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{object{"type": "patientCondition", "id": p.id + 4, "name": "Tilstand", "_links": object{}}}
	for _, n := range p.notes {
		if c.may(ReadForms) {
			list = append(list, object{
				"type": "formDataV2", "id": n.id, "name": n.form.title, "_links": c.links().to("self", s.slug+notePath(n), ReadForms).out,
			})
		}
	}
	for _, t := range p.tasks {
		if c.may(UseTasks) {
			list = append(list, object{
				"type": "assignment", "id": t.id, "name": t.title, "_links": c.links().to("self", s.slug+taskPath(t), UseTasks).out,
			})
		}
	}
	return ok(list)
}

// professionals answers employees by name or initials.
func (s *Server) professionals(c *call) reply {
	query := strings.ToLower(c.r.URL.Query().Get("query"))
	list := []any{}
	for _, p := range s.world.staff {
		if strings.Contains(strings.ToLower(p.name+" "+p.initials), query) {
			list = append(list, object{
				"id": p.id, "version": 1, "fullName": p.name, "initials": p.initials, "primaryIdentifier": p.initials, "active": true,
				"_links": object{},
			})
		}
	}
	return ok(list)
}

// shifts answers the shift templates.
func (s *Server) shifts(*call) reply {
	list := []any{}
	for i, name := range []string{"Dag", "Aften", "Nat"} {
		list = append(list, object{"id": i + 1, "title": name})
	}
	return ok(list)
}
