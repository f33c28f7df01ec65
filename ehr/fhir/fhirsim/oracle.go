package fhirsim

import (
	"slices"
	"strings"
	"time"
)

// Kind is what a write to an Appointment tells about its visit.
type Kind string

// The kinds (eoj.md §3.1).
const (
	Planned  Kind = "planned"  // booked
	Result   Kind = "result"   // fulfilled, noshow, or cancelled for another reason than RestoredCode
	Restored Kind = "restored" // cancelled with RestoredCode: a physical visit again
)

// Entry is one write to an Appointment that tells something about a visit.
type Entry struct {
	Visit    string    `json:"visit"`
	Kind     Kind      `json:"kind"`
	Resource string    `json:"resource"` // "Appointment/…"
	Version  int       `json:"version"`
	Status   string    `json:"status"`
	Reason   string    `json:"reason,omitempty"`
	Category string    `json:"category,omitempty"`
	Comment  string    `json:"comment,omitempty"`
	Keys     []string  `json:"keys,omitempty"` // idempotency keys that came with this write
	At       time.Time `json:"at"`
	// Duplicate: the write brought no new key, a key that came before, or a second resource
	// for the visit.
	Duplicate bool `json:"duplicate,omitempty"`
}

// Resource is the present state of one resource.
type Resource struct {
	Ref      string         `json:"ref"`
	Version  int            `json:"version"`
	Status   string         `json:"status"`
	Category string         `json:"category,omitempty"` // text of serviceType or type
	Comment  string         `json:"comment,omitempty"`
	Class    string         `json:"class,omitempty"` // code of Encounter.class
	Start    string         `json:"start,omitempty"` // as written
	End      string         `json:"end,omitempty"`
	Body     map[string]any `json:"body"` // a copy
}

// Visit is everything that the record holds about one visit.
type Visit struct {
	Identifier   string     `json:"identifier"`
	Meeting      string     `json:"meeting,omitempty"` // value of http://vdx.medcom.dk/meeting
	Appointments []Resource `json:"appointments"`
	Encounters   []Resource `json:"encounters"`
	Entries      []Entry    `json:"entries"`
}

// Totals counts over all visits.
type Totals struct {
	Visits             int `json:"visits"`
	Planned            int `json:"planned"`  // planned entries
	Results            int `json:"results"`  // result entries
	Restored           int `json:"restored"` // restored entries
	Completed          int `json:"completed"`
	NotCompleted       int `json:"not_completed"`
	DuplicateEntries   int `json:"duplicate_entries"`
	DuplicateResources int `json:"duplicate_resources"`
	Requests           int `json:"requests"`
}

func text(o map[string]any, name string) string {
	value, _ := o[name].(string)

	return value
}

func object(o map[string]any, name string) map[string]any {
	value, _ := o[name].(map[string]any)

	return value
}

func first(o map[string]any, name string) map[string]any {
	list, _ := o[name].([]any)
	if len(list) == 0 {
		return nil
	}

	value, _ := list[0].(map[string]any)

	return value
}

// visitOf is the visit identifier of a resource, or empty.
func (s *Server) visitOf(body map[string]any) string {
	for _, i := range identifiersOf(body) {
		if i.system == s.options.VisitSystem {
			return i.value
		}
	}

	return ""
}

func (s *Server) keysOf(body map[string]any) []string {
	var keys []string

	for _, i := range identifiersOf(body) {
		if i.system == s.options.EntrySystem {
			keys = append(keys, i.value)
		}
	}

	return keys
}

// noteWrite records what a client's write tells. The caller holds the mutex.
func (s *Server) noteWrite(r *record) {
	v := r.current()
	visit := s.visitOf(v.body)

	if r.kind != "Appointment" || visit == "" {
		return
	}

	entry := Entry{
		Visit: visit, Kind: s.kindOf(r, v.body), Resource: r.ref(), Version: v.number, Status: text(v.body, "status"),
		Reason:   text(first(object(v.body, "cancelationReason"), "coding"), "code"),
		Category: text(first(v.body, "serviceType"), "text"), Comment: text(v.body, "comment"), At: v.at,
	}
	if entry.Kind == "" {
		return
	}

	before := []string{}
	if v.number > 1 {
		before = s.keysOf(r.versions[v.number-2].body)
	}

	for _, key := range s.keysOf(v.body) {
		if !slices.Contains(before, key) {
			entry.Keys = append(entry.Keys, key)
			entry.Duplicate = entry.Duplicate || s.keys[key]
			s.keys[key] = true
		}
	}

	if len(entry.Keys) == 0 || (v.number == 1 && len(s.archive.find("Appointment", s.options.VisitSystem, visit)) > 1) {
		entry.Duplicate = true
	}

	s.entries[visit] = append(s.entries[visit], entry)
}

// kindOf tells by the status what a write says. An Appointment that the record had before goes on
// being booked when it is a physical visit again: then it has no video meeting any more.
func (s *Server) kindOf(r *record, body map[string]any) Kind {
	switch text(body, "status") {
	case "booked":
		if r.versions[0].staff && !hasMeeting(body) {
			return Restored
		}

		return Planned
	case "fulfilled", "noshow":
		return Result
	case "cancelled":
		if text(first(object(body, "cancelationReason"), "coding"), "code") == s.options.RestoredCode {
			return Restored
		}

		return Result
	}

	return ""
}

// Entries are the entries of a visit in the order in which they came.
func (s *Server) Entries(visit string) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.entries[visit])
}

// Visit is what the record holds about a visit; false when it holds nothing.
func (s *Server) Visit(identifier string) (Visit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	visit := s.visit(identifier)

	return visit, len(visit.Appointments)+len(visit.Encounters) > 0
}

// Visits is what the record holds, ordered by identifier.
func (s *Server) Visits() []Visit {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.visits()
}

func (s *Server) visits() []Visit {
	var names []string

	for _, ref := range s.archive.order {
		if r := s.archive.records[ref]; !r.deleted {
			if name := s.visitOf(r.current().body); name != "" {
				names = append(names, name)
			}
		}
	}

	slices.Sort(names)
	names = slices.Compact(names)

	visits := make([]Visit, 0, len(names))
	for _, name := range names {
		visits = append(visits, s.visit(name))
	}

	return visits
}

func (s *Server) visit(identifier string) Visit {
	visit := Visit{Identifier: identifier, Entries: slices.Clone(s.entries[identifier])}

	for _, r := range s.archive.find("Appointment", s.options.VisitSystem, identifier) {
		visit.Appointments = append(visit.Appointments, resourceView(r))

		for _, i := range identifiersOf(r.current().body) {
			if i.system == meetingSystem {
				visit.Meeting = i.value
			}
		}
	}

	for _, r := range s.archive.find("Encounter", s.options.VisitSystem, identifier) {
		visit.Encounters = append(visit.Encounters, resourceView(r))
	}

	return visit
}

func resourceView(r *record) Resource {
	body := r.current().body
	view := Resource{
		Ref: r.ref(), Version: r.current().number, Status: text(body, "status"), Comment: text(body, "comment"),
		Start: text(body, "start"), End: text(body, "end"), Body: copyOf(body),
	}

	view.Category = text(first(body, "serviceType"), "text")
	if r.kind == "Encounter" {
		view.Category = text(first(body, "type"), "text")
		view.Class = text(object(body, "class"), "code")
		view.Start, view.End = text(object(body, "period"), "start"), text(object(body, "period"), "end")
	}

	return view
}

// Totals counts what the record holds and received.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()

	totals := Totals{Requests: s.served}

	for _, visit := range s.visits() {
		totals.Visits++
		totals.DuplicateResources += max(len(visit.Appointments)-1, 0) + max(len(visit.Encounters)-1, 0)

		if len(visit.Appointments) > 0 {
			switch visit.Appointments[0].Status {
			case "fulfilled":
				totals.Completed++
			case "noshow", "cancelled":
				if last := visit.Entries; len(last) > 0 && last[len(last)-1].Kind == Result {
					totals.NotCompleted++
				}
			}
		}

		totals.count(visit.Entries)
	}

	return totals
}

func (t *Totals) count(entries []Entry) {
	for _, e := range entries {
		switch e.Kind {
		case Planned:
			t.Planned++
		case Result:
			t.Results++
		case Restored:
			t.Restored++
		}

		if e.Duplicate {
			t.DuplicateEntries++
		}
	}
}

// Categories counts Appointments that are not cancelled by the text of their category, as
// the record's own statistics would.
func (s *Server) Categories() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()

	counts := map[string]int{}

	for _, r := range s.archive.live("Appointment") {
		if body := r.current().body; text(body, "status") != "cancelled" {
			counts[text(first(body, "serviceType"), "text")]++
		}
	}

	return counts
}

// Leaks lists operation and request id of every request that had a patient's identifier in
// its address or headers. It must be empty.
func (s *Server) Leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	var leaks []string

	for _, r := range s.requests {
		where := r.URL + " " + strings.Join(r.Headers, " ")
		for value := range s.archive.patients {
			if strings.Contains(where, value) {
				leaks = append(leaks, r.Op+" "+r.RequestID)
			}
		}
	}

	return leaks
}

func hasMeeting(body map[string]any) bool {
	for _, i := range identifiersOf(body) {
		if i.system == meetingSystem {
			return true
		}
	}

	return false
}
