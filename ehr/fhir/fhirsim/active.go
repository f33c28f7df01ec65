package fhirsim

import (
	"slices"
	"strings"
	"time"
)

// ActiveCount is how many active Appointments a patient had in the time of one of them, after
// something changed that one.
type ActiveCount struct {
	At          time.Time `json:"at"`
	Appointment string    `json:"appointment"`
	Patient     string    `json:"patient"` // identifier value, or reference
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Count       int       `json:"count"`
	Cause       string    `json:"cause"` // "client" or "staff"
}

// ActiveCounts are the counts after each change, oldest first: where each citizen has one visit at
// a time, one that is not 1 is a moment with no visit or with two. Appointments that a client made
// of its own count too.
func (s *Server) ActiveCounts() []ActiveCount {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.counts)
}

// noteActive counts after a change of an Appointment. The caller holds the mutex.
func (s *Server) noteActive(r *record, cause string) {
	if r.kind != "Appointment" {
		return
	}

	patient := s.patientOf(r.current().body)
	if patient == "" {
		return
	}

	if !slices.Contains(s.visitsOf[patient], r.ref()) {
		s.visitsOf[patient] = append(s.visitsOf[patient], r.ref())
	}

	from, to := spanOf(r.current().body)
	count := 0

	for _, ref := range s.visitsOf[patient] {
		other := s.archive.records[ref]
		start, end := spanOf(other.current().body)

		if !other.deleted && isActive(text(other.current().body, "status")) && start.Before(to) && end.After(from) {
			count++
		}
	}

	s.counts = append(s.counts, ActiveCount{At: s.now(), Appointment: r.ref(), Patient: patient, From: from, To: to, Count: count, Cause: cause})
}

// isActive tells by the status whether the citizen gets, or got, help by it (eoj.md §3.1).
func isActive(status string) bool {
	return slices.Contains([]string{"booked", "arrived", "checked-in", "fulfilled"}, status)
}

func spanOf(body map[string]any) (start, end time.Time) {
	start, _ = time.Parse(time.RFC3339, text(body, "start")) // the zero time overlaps with nothing
	end, _ = time.Parse(time.RFC3339, text(body, "end"))

	return start, end
}

// patientOf is whom an Appointment is for: the person number where it can be found.
func (s *Server) patientOf(body map[string]any) string {
	people, _ := body["participant"].([]any)
	for _, one := range people {
		o, _ := one.(map[string]any)
		actor := object(o, "actor")

		if text(actor, "type") == "Patient" {
			if number := text(object(actor, "identifier"), "value"); number != "" {
				return number
			}
		}

		ref := text(actor, "reference")

		if r := s.archive.records[ref]; r != nil && r.kind == "Patient" {
			return numberOr(r.current().body, ref)
		}

		if name, ok := strings.CutPrefix(ref, "#"); ok {
			if own := contained(body, name); text(own, "resourceType") == "Patient" {
				return numberOr(own, ref)
			}
		}
	}

	return ""
}

// numberOr is a Patient's first identifier, else the reference.
func numberOr(patient map[string]any, ref string) string {
	for _, i := range identifiersOf(patient) {
		return i.value
	}

	return ref
}

func contained(body map[string]any, id string) map[string]any {
	all, _ := body["contained"].([]any)
	for _, one := range all {
		if o, _ := one.(map[string]any); text(o, "id") == id {
			return o
		}
	}

	return nil
}
