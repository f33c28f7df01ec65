package nexussim

import (
	"slices"
	"strconv"
	"strings"
)

func notePath(n *note) string { return "/formData/" + strconv.Itoa(n.id) }

func (s *Server) noteOf(c *call) *note {
	id, err := strconv.Atoi(c.r.PathValue("note"))
	if err != nil {
		return nil
	}
	return s.world.notes[id]
}

// listForms answers availableFormDefinitions of a citizen or of a pathway (eoj.md §1.8).
func (s *Server) listForms(c *call) reply {
	b := s.basketOf(c)
	if p := s.patientOf(c); p != nil {
		b = s.world.basketsOf(p)[0] // what hangs on no pathway of its own lies in the first
	}
	if b == nil {
		return notFound()
	}
	list := []any{}
	for _, f := range s.world.forms {
		list = append(list, object{
			"id": f.id, "title": f.title,
			"_links": c.links().to("formDataPrototype", s.slug+pathwayPath(b)+"/forms/"+strconv.Itoa(f.id), WriteForms).out,
		})
	}
	return ok(list)
}

// formOf is the definition and place that a call names.
func (s *Server) formOf(c *call) (*formDefinition, *basket) {
	at := slices.IndexFunc(s.world.forms, func(f *formDefinition) bool { return strconv.Itoa(f.id) == c.r.PathValue("form") })
	if b := s.basketOf(c); b != nil && at >= 0 {
		return s.world.forms[at], b
	}
	return nil, nil
}

func (s *Server) formPrototype(c *call) reply {
	f, b := s.formOf(c)
	if f == nil {
		return notFound()
	}
	place := s.slug + pathwayPath(b) + "/forms/" + strconv.Itoa(f.id)
	return ok(object{
		"id": nil, "title": f.title, "version": 0, "items": f.blank(), "workflowState": nil,
		"availableActions": s.actions(c, "createFormData", place, ""),
		"_links":           c.links().to("availableActions", place+"/actions", WriteForms).out,
	})
}

func (s *Server) prototypeActions(c *call) reply {
	f, b := s.formOf(c)
	if f == nil {
		return notFound()
	}
	return ok(s.actions(c, "createFormData", s.slug+pathwayPath(b)+"/forms/"+strconv.Itoa(f.id), ""))
}

// actions are what may be done with a form in a state.
func (s *Server) actions(c *call, rel, place, state string) []any {
	list := []any{}
	if state == lockedForm {
		return list
	}
	for i, name := range formActions() {
		links := c.links().to(rel, place+"/save/"+strconv.Itoa(i+1), WriteForms).out
		if len(links) > 0 {
			list = append(list, object{"id": i + 1, "name": name, "_links": links})
		}
	}
	return list
}

// action is the name of the action that a call names.
func (c *call) action() string {
	i, err := strconv.Atoi(c.r.PathValue("action"))
	if err != nil || i < 1 || i > len(formActions()) {
		return ""
	}
	return formActions()[i-1]
}

// createNote stores a filled prototype.
func (s *Server) createNote(c *call) reply {
	f, b := s.formOf(c)
	action := c.action()
	if f == nil || action == "" {
		return notFound()
	}
	var body object
	if err := decode(c.body, &body); err != nil || text(body, "title") != f.title {
		return bad("the body must be the filled prototype")
	}
	items, why := f.take(body["items"])
	if why != "" {
		return bad("%s", why)
	}
	n := &note{id: s.world.id(), version: 1, form: f, basket: b, state: action, items: items}
	n.changes = []NoteChange{{s.now(), c.client.ID, c.bearer, action}}
	s.world.notes[n.id] = n
	b.citizen.notes = append(b.citizen.notes, n)
	return ok(s.noteBody(c, n))
}

// updateNote stores a changed form.
func (s *Server) updateNote(c *call) reply {
	n := s.noteOf(c)
	action := c.action()
	if n == nil || action == "" {
		return notFound()
	}
	var body object
	if err := decode(c.body, &body); err != nil {
		return bad("the body must be the whole form")
	}
	if version, given := whole(body, "version"); !given || version != n.version {
		return s.stale()
	}
	if n.state == lockedForm {
		return bad("the form is locked")
	}
	items, why := n.form.take(body["items"])
	if why != "" {
		return bad("%s", why)
	}
	n.items, n.state = items, action
	n.version++
	n.changes = append(n.changes, NoteChange{s.now(), c.client.ID, c.bearer, action})
	return ok(s.noteBody(c, n))
}

func (s *Server) readNote(c *call) reply {
	n := s.noteOf(c)
	if n == nil {
		return notFound()
	}
	return ok(s.noteBody(c, n))
}

// noteBody is a stored form as the record answers it.
func (s *Server) noteBody(c *call, n *note) object {
	place := s.slug + notePath(n)
	return object{
		"id": n.id, "version": n.version, "title": n.form.title, "items": n.items, "workflowState": object{"name": n.state},
		"pathwayAssociation": object{"placement": object{"name": n.basket.placement, "programPathwayId": n.basket.id}},
		"availableActions":   s.actions(c, "updateFormData", place, n.state),
		"_links": c.links().to("self", place, ReadForms).to("availableActions", place+"/actions", WriteForms).
			to("audit", place+"/audit", ReadForms).out,
	}
}

func (s *Server) noteActions(c *call) reply {
	n := s.noteOf(c)
	if n == nil {
		return notFound()
	}
	return ok(s.actions(c, "updateFormData", s.slug+notePath(n), n.state))
}

// noteAudit answers who wrote which version.
func (s *Server) noteAudit(c *call) reply {
	n := s.noteOf(c)
	if n == nil {
		return notFound()
	}
	list := []any{}
	for i, change := range n.changes {
		list = append(list, object{"date": wireTime(change.At), "version": i + 1, "professional": s.author(change.By), "action": change.Action})
	}
	return ok(object{"auditEntries": list})
}

// author is the name shown for who wrote something.
func (s *Server) author(by string) string {
	for i := range s.clients {
		if s.clients[i].ID == by {
			return s.clients[i].Name
		}
	}
	return "En medarbejder"
}

// noteReference is a form as the pathway tree shows it.
func (s *Server) noteReference(c *call, n *note) object {
	_, lower, _ := strings.Cut(n.basket.placement, " > ")
	return object{
		"type": "formDataV2Reference", "formDataId": n.id, "name": n.form.title, "date": wireTime(n.changes[0].At), "pathway": lower,
		"workflowState": object{"name": n.state}, "children": []any{},
		"_links": c.links().to("self", s.slug+notePath(n), ReadForms).to("referencedObject", s.slug+notePath(n), ReadForms).out,
	}
}
