package nexussim

import (
	"fmt"
	"maps"
	"slices"
)

// What people do in the record behind everybody's back, beside what control.go has.

// Retitle gives a visit another service by hand.
func (s *Server) Retitle(ref Ref, service string) error {
	return s.change(ref, func(o *occurrence) error {
		o.doc["title"] = service
		return nil
	})
}

// Deactivate ends a citizen's course.
func (s *Server) Deactivate(cpr string) error {
	return s.EditCitizen(cpr, func(c *Citizen) { c.State = Inactive })
}

// DropTask deletes an assignment.
func (s *Server) DropTask(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.world.tasks[id]
	if t == nil {
		return fmt.Errorf("nexussim: no task %d", id)
	}
	delete(s.world.tasks, id)
	t.citizen.tasks = slices.DeleteFunc(t.citizen.tasks, func(o *task) bool { return o == t })
	return nil
}

// DoubleTask makes an assignment a second time, as a careless copy does, and returns its id.
func (s *Server) DoubleTask(id int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.world.tasks[id]
	if t == nil {
		return 0, fmt.Errorf("nexussim: no task %d", id)
	}
	twin := *t
	twin.id, twin.changes = s.world.id(), slices.Clone(t.changes)
	s.world.tasks[twin.id] = &twin
	t.citizen.tasks = append(t.citizen.tasks, &twin)
	return twin.id, nil
}

// DropNote deletes a note.
func (s *Server) DropNote(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.world.notes[id]
	if n == nil {
		return fmt.Errorf("nexussim: no note %d", id)
	}
	delete(s.world.notes, id)
	n.basket.citizen.notes = slices.DeleteFunc(n.basket.citizen.notes, func(o *note) bool { return o == n })
	return nil
}

// EditNote changes a field of a note by hand.
func (s *Server) EditNote(id int, label, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.world.notes[id]
	if n == nil {
		return fmt.Errorf("nexussim: no note %d", id)
	}
	for i, item := range n.items {
		if item["label"] == label {
			item = maps.Clone(item)
			item["value"] = value
			n.items[i] = item
			n.version++
			n.changes = append(n.changes, NoteChange{At: s.now(), By: staffAuthor})
			return nil
		}
	}
	return fmt.Errorf("nexussim: note %d has no field %q", id, label)
}
