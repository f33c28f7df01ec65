package nexussim

import "slices"

// Grant is an intervention that a citizen has.
type Grant struct {
	ID            int           `json:"id"`
	CPR           string        `json:"cpr"`
	Name          string        `json:"name"`
	Law           string        `json:"law"` // "Sundhedsloven § 138"
	Placement     string        `json:"placement"`
	State         string        `json:"state"`
	Version       int           `json:"version"`
	Order         int           `json:"order"`         // currentOrderGrantId, zero before it is ordered
	Supplementary string        `json:"supplementary"` // supplementaryInformation
	Description   string        `json:"description"`
	Active        bool          `json:"active"`
	Comments      []string      `json:"comments"` // the supplier's
	Changes       []GrantChange `json:"changes"`
}

// Grants are the stored interventions of a citizen, or of all when cpr is empty, oldest first.
func (s *Server) Grants(cpr string) []Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Grant{}
	for _, g := range sorted(s.world.grants, func(g *grant) int { return g.id }) {
		if g.state == "" || (cpr != "" && g.basket.citizen.cpr != cpr) {
			continue
		}
		all = append(all, Grant{
			ID: g.id, CPR: g.basket.citizen.cpr, Name: g.name, Law: g.entry.law.name + " " + g.entry.law.section,
			Placement: g.basket.placement, State: g.state, Version: g.version, Order: g.order,
			Supplementary: text(g.element("supplementaryInformation"), "text"), Description: text(g.element("description"), "text"),
			Active: g.alive(), Comments: slices.Clone(g.comments), Changes: slices.Clone(g.changes),
		})
	}
	return all
}

// Note is a stored form.
type Note struct {
	ID      int               `json:"id"`
	CPR     string            `json:"cpr"`
	Title   string            `json:"title"`
	State   string            `json:"state"`
	Version int               `json:"version"`
	Fields  map[string]string `json:"fields"` // by label; names of chosen values joined with ", "
	Changes []NoteChange      `json:"changes"`
}

// Notes are the stored forms of a citizen, or of all when cpr is empty, oldest first.
func (s *Server) Notes(cpr string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Note{}
	for _, n := range sorted(s.world.notes, func(n *note) int { return n.id }) {
		if cpr != "" && n.basket.citizen.cpr != cpr {
			continue
		}
		view := Note{
			ID: n.id, CPR: n.basket.citizen.cpr, Title: n.form.title, State: n.state, Version: n.version,
			Fields: map[string]string{}, Changes: slices.Clone(n.changes),
		}
		for _, item := range n.items {
			if value := shown(item["value"]); value != "" {
				view.Fields[text(item, "label")] = value
			}
		}
		all = append(all, view)
	}
	return all
}

// shown is a form's value as people read it.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case object:
		return text(v, "name")
	case []any:
		words := ""
		for _, one := range v {
			if words != "" {
				words += ", "
			}
			words += shown(one)
		}
		return words
	}
	return ""
}

// Task is an assignment.
type Task struct {
	ID      int          `json:"id"`
	CPR     string       `json:"cpr"`
	Type    string       `json:"type"`
	Title   string       `json:"title"`
	Text    string       `json:"text"`
	Start   string       `json:"start"` // YYYY-MM-DD
	Due     string       `json:"due"`   // YYYY-MM-DD or empty
	Group   string       `json:"group"`
	Closed  bool         `json:"closed"`
	Version int          `json:"version"`
	Changes []NoteChange `json:"changes"`
}

// Tasks are the assignments of a citizen, or of all when cpr is empty, oldest first.
func (s *Server) Tasks(cpr string) []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Task{}
	for _, t := range sorted(s.world.tasks, func(t *task) int { return t.id }) {
		if cpr == "" || t.citizen.cpr == cpr {
			all = append(all, Task{
				t.id, t.citizen.cpr, t.duty.name, t.title, t.text, t.startDate, t.due, t.group.name, t.closed, t.version,
				slices.Clone(t.changes),
			})
		}
	}
	return all
}
