package nexussim

import (
	"slices"
	"strconv"
	"time"
)

type dutyType struct {
	id   int
	name string
}

// task is an assignment (opgave).
type task struct {
	id, version    int
	duty           *dutyType
	citizen        *citizen
	title, text    string
	startDate, due string // YYYY-MM-DD, due may be empty
	group          *organisation
	professional   object // as sent, or nil
	closed         bool
	changes        []NoteChange
}

// DefineTask adds a type of tasks.
func (s *Server) DefineTask(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.duties = append(s.world.duties, &dutyType{s.world.id(), name})
}

func taskPath(t *task) string { return "/assignments/" + strconv.Itoa(t.id) }

// listTaskTypes answers availableAssignmentTypes (eoj.md §1.9).
func (s *Server) listTaskTypes(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{}
	for _, d := range s.world.duties {
		place := s.slug + patientPath(p) + "/tasks/types/" + strconv.Itoa(d.id)
		list = append(list, object{"id": d.id, "name": d.name, "_links": c.links().to("assignmentPrototype", place, UseTasks).out})
	}
	return ok(list)
}

func (s *Server) dutyOf(c *call) *dutyType {
	for _, d := range s.world.duties {
		if strconv.Itoa(d.id) == c.r.PathValue("duty") {
			return d
		}
	}
	return nil
}

func (s *Server) taskPrototype(c *call) reply {
	p, d := s.patientOf(c), s.dutyOf(c)
	if p == nil || d == nil {
		return notFound()
	}
	create := s.slug + patientPath(p) + "/tasks/types/" + strconv.Itoa(d.id)
	return ok(object{
		"id": nil, "version": 0, "title": nil, "description": nil, "startDate": nil, "dueDate": nil, "organizationAssignee": nil,
		"professionalAssignee": nil, "assignmentType": object{"id": d.id, "name": d.name},
		"actions": []any{object{"id": 1, "name": "Opret", "_links": c.links().to("createAssignment", create, UseTasks).out}},
		"_links":  c.links().to("availableOrganizationAssignees", s.slug+"/organizations", UseTasks).out,
	})
}

func (s *Server) organisations(*call) reply {
	list := []any{}
	for _, g := range s.world.groups {
		list = append(list, object{"id": g.id, "name": g.name})
	}
	return ok(list)
}

func (s *Server) createTask(c *call) reply {
	p, d := s.patientOf(c), s.dutyOf(c)
	if p == nil || d == nil {
		return notFound()
	}
	t := &task{version: 1, duty: d, citizen: p}
	if why := s.fillTask(t, c.body); why != "" {
		return bad("%s", why)
	}
	t.id = s.world.id()
	t.changes = []NoteChange{{s.now(), c.client.ID, c.bearer, "Opret"}}
	s.world.tasks[t.id] = t
	p.tasks = append(p.tasks, t)
	return ok(s.taskBody(c, t))
}

// fillTask takes what was sent into t, or tells why not.
func (s *Server) fillTask(t *task, data []byte) string {
	var body object
	if err := decode(data, &body); err != nil {
		return "the body must be the whole assignment"
	}
	start, due := text(body, "startDate"), text(body, "dueDate")
	group, _ := whole(part(body, "organizationAssignee"), "organizationId")
	at := slices.IndexFunc(s.world.groups, func(g *organisation) bool { return g.id == group })
	switch {
	case text(body, "title") == "":
		return "title must be filled in"
	case !isDate(start):
		return "startDate must be a date like 2006-01-02"
	case body["dueDate"] != nil && !isDate(due):
		return "dueDate must be a date like 2006-01-02"
	case due != "" && due < start:
		return "dueDate is before startDate"
	case at < 0:
		return "organizationAssignee is no organisation that may be chosen"
	}
	t.title, t.text, t.startDate, t.due = text(body, "title"), text(body, "description"), start, due
	t.group, t.professional = s.world.groups[at], part(body, "professionalAssignee")
	return ""
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// updateTask is Gem and Afslut.
func (s *Server) updateTask(c *call) reply {
	t := s.taskOf(c)
	if t == nil {
		return notFound()
	}
	var body object
	if err := decode(c.body, &body); err != nil {
		return bad("the body must be the whole assignment")
	}
	if version, given := whole(body, "version"); !given || version != t.version {
		return s.stale()
	}
	if t.closed {
		return bad("the assignment is closed")
	}
	if why := s.fillTask(t, c.body); why != "" {
		return bad("%s", why)
	}
	action := "Gem"
	if c.r.PathValue("action") == "close" {
		action, t.closed = "Afslut", true
	}
	t.version++
	t.changes = append(t.changes, NoteChange{s.now(), c.client.ID, c.bearer, action})
	return ok(s.taskBody(c, t))
}

func (s *Server) taskOf(c *call) *task {
	id, err := strconv.Atoi(c.r.PathValue("task"))
	if err != nil {
		return nil
	}
	return s.world.tasks[id]
}

func (s *Server) readTask(c *call) reply {
	t := s.taskOf(c)
	if t == nil {
		return notFound()
	}
	return ok(s.taskBody(c, t))
}

// taskBody is an assignment as the record answers it.
func (s *Server) taskBody(c *call, t *task) object {
	place, actions := s.slug+taskPath(t), []any{}
	state := "Aktiv"
	if t.closed {
		state = "Afsluttet"
	} else {
		for i, a := range [][2]string{{"Gem", "save"}, {"Afslut", "close"}} {
			links := c.links().to("updateAssignment", place+"/"+a[1], UseTasks).out
			actions = append(actions, object{"id": i + 2, "name": a[0], "_links": links})
		}
	}
	return object{
		"id": t.id, "version": t.version, "title": t.title, "description": t.text, "startDate": t.startDate, "dueDate": orNull(t.due),
		"organizationAssignee": object{"organizationId": t.group.id, "displayName": t.group.name},
		"professionalAssignee": t.professional, "assignmentType": object{"id": t.duty.id, "name": t.duty.name},
		"workflowState": object{"name": state}, "actions": actions, "_links": c.links().to("self", place, UseTasks).out,
	}
}

// listTasks answers activeAssignments and assignments: half objects with self.
func (s *Server) listTasks(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{}
	for _, t := range p.tasks {
		if !t.closed || c.r.URL.Query().Get("active") == "" {
			list = append(list, s.halfTask(c, t))
		}
	}
	return ok(list)
}

func (s *Server) halfTask(c *call, t *task) object {
	half := s.taskBody(c, t)
	delete(half, "description")
	delete(half, "actions")
	return half
}

// tasksByID answers assignments/patient/{id}/assignments?ids=, a path that public code builds.
func (s *Server) tasksByID(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{}
	for _, t := range p.tasks {
		if slices.Contains(c.r.URL.Query()["ids"], strconv.Itoa(t.id)) {
			list = append(list, s.taskBody(c, t))
		}
	}
	return ok(list)
}
