package nexussim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Kind is what a write to a visit tells.
type Kind string

// The kinds.
const (
	Planned  Kind = "planned"
	Result   Kind = "result"   // took place, or did not
	Restored Kind = "restored" // as it was before the first write
)

// Entry is one write of an API user to a visit.
type Entry struct {
	Kind    Kind      `json:"kind"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // client id
	// Duplicate: the write changed nothing.
	Duplicate bool `json:"duplicate,omitempty"`
}

// Change is one change of a visit, by an API user or by a person in the record.
type Change struct {
	At       time.Time     `json:"at"`
	By       string        `json:"by"`     // client id, or "staff"
	Bearer   string        `json:"bearer"` // fingerprint of the token
	Strategy string        `json:"strategy"`
	Version  int           `json:"version"`
	Fields   []FieldChange `json:"fields"`
}

// FieldChange is one member that a change touched, as JSON.
type FieldChange struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Version is the document of a visit after a change: JSON with sorted members, without
// version, _links and what the record derives when it is read.
type Version struct {
	Number   int       `json:"number"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Document string    `json:"document"`
}

// Visit is the present state of a visit.
type Visit struct {
	Ref      Ref       `json:"ref"`
	List     string    `json:"list"`
	Version  int       `json:"version"`
	Category string    `json:"category"`
	Meaning  Meaning   `json:"meaning"`
	Color    string    `json:"color"`
	Comment  string    `json:"comment"`
	Title    string    `json:"title"`
	Start    time.Time `json:"start"` // UTC
	End      time.Time `json:"end"`
	Employee string    `json:"employee"` // initials
	CPR      []string  `json:"cpr"`
	ReadOnly bool      `json:"read_only"`
	// Delivered, Repeated and Deleted tell about the event itself.
	Delivered bool     `json:"delivered"`
	Repeated  bool     `json:"repeated"`
	Deleted   bool     `json:"deleted"`
	Active    bool     `json:"active"` // the citizen gets, or got, help by it
	Changes   []Change `json:"changes"`
	Entries   []Entry  `json:"entries"`
}

// ActiveCount is how many active visits a citizen had in a visit's time, after something
// changed that visit.
type ActiveCount struct {
	At    time.Time `json:"at"`
	CPR   string    `json:"cpr"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Count int       `json:"count"`
	Cause string    `json:"cause"` // who changed it
}

// record keeps what happened to a visit. A nil c stands for a person in the record; the caller
// holds the mutex.
func (s *Server) record(c *call, o *occurrence, before object, strategy string) {
	change := Change{At: s.now(), By: staffAuthor, Strategy: strategy, Fields: difference(before, o.doc)}
	if c != nil {
		change.By, change.Bearer = c.client.ID, c.bearer
	}
	o.settle()
	o.version++
	change.Version = o.version
	o.changes = append(o.changes, change)
	if c != nil {
		s.enter(o, before, change)
	}
	s.keepVersion(o, change.By)
	s.count(o, change.By)
}

// enter classifies a write of an API user.
func (s *Server) enter(o *occurrence, before object, change Change) {
	if o.loaded == nil {
		o.loaded = before
	}
	if o.token == "" {
		o.token = strings.TrimSpace(inserted(text(before, "comments"), text(o.doc, "comments")))
	}
	entry := Entry{Kind: Planned, Version: change.Version, At: change.At, By: change.By, Duplicate: true}
	for _, f := range change.Fields {
		if f.Name != "variationId" {
			entry.Duplicate = false
		}
	}
	t := s.world.typeOf(o.doc)
	back := t == s.world.typeOf(o.loaded) && (o.token == "" || !strings.Contains(text(o.doc, "comments"), o.token))
	switch {
	case back:
		entry.Kind = Restored
	case t.meaning == ScreenResult || t.meaning == NotCompleted:
		entry.Kind = Result
	}
	o.entries = append(o.entries, entry)
}

// inserted is what after has between what it shares with before at both ends.
func inserted(before, after string) string {
	from := 0
	for from < len(before) && from < len(after) && before[from] == after[from] {
		from++
	}
	tail := 0
	for tail < len(before)-from && tail < len(after)-from && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	return strings.ToValidUTF8(after[from:len(after)-tail], "")
}

// difference lists the members in which two documents differ, by name.
func difference(before, after object) []FieldChange {
	fields := []FieldChange{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if was, is := canonical(before[name]), canonical(after[name]); was != is {
			fields = append(fields, FieldChange{name, was, is})
		}
	}
	return fields
}

func (s *Server) keepVersion(o *occurrence, by string) {
	o.versions = append(o.versions, Version{o.version, s.now(), by, canonical(o.doc)})
}

// count notes how many active visits the visit's citizens have in its time.
func (s *Server) count(o *occurrence, cause string) {
	for _, p := range o.citizens {
		n := len(s.active(p, o.start, o.end))
		s.world.counts = append(s.world.counts, ActiveCount{s.now(), p.cpr, o.start, o.end, n, cause})
	}
}

func (s *Server) active(p *citizen, from, to time.Time) []*occurrence {
	return pick(p.visits, func(o *occurrence) bool {
		return s.world.typeOf(o.doc).meaning.active() && o.start.Before(to) && o.end.After(from)
	})
}

// Active are the visits by which a citizen gets, or got, help between from and to.
func (s *Server) Active(cpr string, from, to time.Time) ([]Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.world.citizenByCPR(cpr)
	if p == nil {
		return nil, ErrNoCitizen
	}
	var refs []Ref
	for _, o := range s.active(p, from, to) {
		refs = append(refs, o.ref())
	}
	return refs, nil
}

// ActiveCounts are the counts after each change, oldest first: where each citizen has one visit
// at a time, one that is not 1 is a moment with no visit or with two.
func (s *Server) ActiveCounts() []ActiveCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.world.counts)
}

// Visit is the present state of a visit, also of a deleted one.
func (s *Server) Visit(ref Ref) (Visit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.any(ref)
	if o == nil {
		return Visit{}, ErrNoVisit
	}
	return s.visit(o), nil
}

// any finds a visit, also a deleted one.
func (s *Server) any(ref Ref) *occurrence {
	if event := s.world.series[ref.ID]; event != nil {
		for _, o := range event.occurrences {
			if o.key == ref.Occurrence {
				return o
			}
		}
	}
	return nil
}

// Visits are all visits that were not deleted, by start.
func (s *Server) Visits() []Visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Visit{}
	for _, o := range s.world.visits() {
		all = append(all, s.visit(o))
	}
	return all
}

func (s *Server) visit(o *occurrence) Visit {
	t := s.world.typeOf(o.doc)
	v := Visit{
		Ref: o.ref(), List: o.list.name, Version: o.version, Category: t.name, Meaning: t.meaning, Color: t.color,
		Comment: text(o.doc, "comments"), Title: text(o.doc, "title"), Start: o.start, End: o.end,
		Employee: text(part(o.doc, "professional"), "initials"), ReadOnly: o.doc["readOnly"] == true,
		Delivered: o.doc["deliveredEvent"] == true, Repeated: o.series.repeated(), Deleted: o.deleted,
		Active: t.meaning.active() && !o.deleted, Changes: slices.Clone(o.changes), Entries: slices.Clone(o.entries), CPR: []string{},
	}
	for _, p := range o.citizens {
		v.CPR = append(v.CPR, p.cpr)
	}
	return v
}

// Versions are the documents of a visit, oldest first.
func (s *Server) Versions(ref Ref) []Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.any(ref); o != nil {
		return slices.Clone(o.versions)
	}
	return nil
}

// Comparison is a visit now beside what it was before the first write of an API user.
type Comparison struct {
	Before string   `json:"before"` // as Version.Document
	Now    string   `json:"now"`
	Differ []string `json:"differ"` // names of the members; none: byte for byte the same
}

// Compare puts a visit now beside what it was before the first write of an API user. That an
// occurrence left its series (variationId) is left out.
func (s *Server) Compare(ref Ref) (Comparison, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.any(ref)
	if o == nil {
		return Comparison{}, ErrNoVisit
	}
	now, before := deepCopy(o.doc), deepCopy(o.doc)
	if o.loaded != nil {
		before = deepCopy(o.loaded)
	}
	delete(now, "variationId")
	delete(before, "variationId")
	c := Comparison{canonical(before), canonical(now), []string{}}
	for _, f := range difference(before, now) {
		c.Differ = append(c.Differ, f.Name)
	}
	return c, nil
}

// Totals counts over everything.
type Totals struct {
	Visits     int `json:"visits"`
	Planned    int `json:"planned"`
	Results    int `json:"results"`
	Restored   int `json:"restored"`
	Duplicates int `json:"duplicates"`
	Grants     int `json:"grants"`
	Notes      int `json:"notes"`
	Tasks      int `json:"tasks"`
	Requests   int `json:"requests"`
}

// Totals counts over all visits and what hangs on citizens.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Totals{Notes: len(s.world.notes), Tasks: len(s.world.tasks), Requests: s.served}
	for _, g := range s.world.grants {
		if g.state != "" {
			t.Grants++
		}
	}
	for _, o := range s.world.visits() {
		t.Visits++
		for _, e := range o.entries {
			switch {
			case e.Duplicate:
				t.Duplicates++
			case e.Kind == Planned:
				t.Planned++
			case e.Kind == Result:
				t.Results++
			case e.Kind == Restored:
				t.Restored++
			}
		}
	}
	return t
}
