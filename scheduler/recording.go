package scheduler

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// RecordRule is how the record is told of a screen visit (K59–K67): by which means, and in which
// of the record's local names. Fields of a means that the rule does not have are not used.
type RecordRule struct {
	care.Recording

	// OnList: an empty category leaves the record's category alone; an empty comment adds none.
	Planned, Completed, NotCompleted, Phone string // categories
	Comment                                 string // token in the list's comment while the visit is by screen

	Intervention string // ByIntervention: its name in the catalogue
	Note         NoteRule
	Task         TaskRule
	Journal      string // ByJournal: the type of the note
}

// NoteRule is a care note by a form of the record. Values may hold care.Placeholders.
type NoteRule struct {
	Form   string      // its title
	Fields []ehr.Field // label and value
}

// TaskRule is a task for people.
type TaskRule struct {
	Type   string        // the record's name of the type
	Team   string        // the record's name of the group that does it
	Within time.Duration // how long they have
}

// ServiceRule is a RecordRule for some services, or for some services under some laws.
type ServiceRule struct {
	Services []string          // patterns of path.Match, compared without case; none: all
	Laws     []care.LegalBasis // none: all
	Rule     RecordRule
}

func (r ServiceRule) matches(f care.Facts) bool {
	if len(r.Laws) > 0 && !slices.Contains(r.Laws, f.Law) {
		return false
	}

	return len(r.Services) == 0 || slices.ContainsFunc(r.Services, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(f.Service))

		return ok && err == nil
	})
}

// recordRule returns how a visit looks in the record: by its service, else by its law.
func (s *Service) recordRule(f care.Facts) RecordRule {
	for _, r := range s.set.RecordFirst {
		if r.matches(f) {
			return r.Rule
		}
	}

	if rule, ok := s.set.Record[f.Law]; ok {
		return rule
	}

	return s.set.RecordElse
}

// recordingOf is what a visit takes along when it is converted.
func (s *Service) recordingOf(f care.Facts) care.Recording { return s.recordRule(f).Recording }

// change puts the municipality's rule into the words of the record port.
func (s *Service) change(v care.Snapshot, e care.Entry, citizen care.Citizen) ehr.Change {
	rule := s.recordRule(v.Facts)
	c := ehr.Change{
		Key: e.Key, Kind: e.Kind, At: e.DueAt, Means: e.Means, List: v.Facts.List, Source: v.Source, Citizen: citizen.Key(), Employee: v.Facts.Employee,
		Unit: s.unit(v.Facts.Unit).Name, Service: v.Facts.Service, Law: v.Facts.Law, Planned: v.Facts.Planned,
		Delivery: v.Delivery, Room: roomFor(v),
	}

	switch e.Kind {
	case care.EntryPlanned:
	case care.EntryRestored:
		c.Delivery = care.Physical
	case care.EntryResult:
		c.Result, c.Reason, c.Delivery = v.Outcome.Kind, v.Outcome.Reason, v.Outcome.Delivery
		if v.Outcome.TimedAt.IsZero() { // what is told of an outcome never changes, however late it is told
			c.Actual = v.Outcome.Actual
		}

		if v.Outcome.By != bySystem {
			c.Author = v.Outcome.By
		}
	}

	rule.fill(&c, v)

	return c
}

// fill adds what the change's means needs.
func (r RecordRule) fill(c *ehr.Change, v care.Snapshot) {
	switch c.Means {
	case care.OnList:
		c.Category, c.Comment = r.category(v, c.Kind), r.comment(v, c.Kind)
		c.Expected = r.expected(v)
	case care.ByIntervention:
		c.Name = r.Intervention
	case care.ByNote:
		words := wordsOf(*c)
		c.Name, c.Text = r.Note.Form, text(*c)

		for _, f := range r.Note.Fields {
			c.Fields = append(c.Fields, ehr.Field{Label: f.Label, Value: words.Replace(f.Value)})
		}
	case care.ByTask:
		c.Name, c.Team, c.Title, c.Text = r.Task.Type, r.Task.Team, title(*c), r.taskText(*c, v)
		c.DueAt = v.Facts.Planned.Start.Add(r.Task.Within)
	case care.ByJournal:
		c.Name, c.Title, c.Text = r.Journal, title(*c), text(*c)
	}
}

// category is what the list must show after an entry.
func (r RecordRule) category(v care.Snapshot, kind care.EntryKind) string {
	switch {
	case kind == care.EntryRestored:
		return v.Facts.Category
	case kind == care.EntryResult && v.Outcome.Kind == care.ResultNotCompleted:
		return r.NotCompleted
	case kind == care.EntryResult && v.Outcome.Delivery == care.ByPhone:
		return r.Phone
	case kind == care.EntryResult:
		return r.Completed
	case v.ToCall():
		return cmp.Or(r.Phone, v.Facts.Category)
	default:
		return r.Planned
	}
}

// expected are the categories that may stand on a visit that we wrote on before. The first entry meets
// whatever stands there.
func (r RecordRule) expected(v care.Snapshot) []string {
	out := []string{v.Facts.Category, r.Planned, r.Completed, r.NotCompleted, r.Phone}
	before := false

	for _, e := range v.Entries {
		before = before || e.Means == care.OnList && e.State == care.EntryWritten

		out = append(out, e.Seen)
	}

	if !before || v.Facts.Category == "" {
		return nil
	}

	slices.Sort(out)

	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// comment is our word on the list after an entry: none where the visit is not by screen.
func (r RecordRule) comment(v care.Snapshot, kind care.EntryKind) string {
	switch {
	case kind == care.EntryRestored, v.ToCall(), kind == care.EntryResult && v.Outcome.Delivery == care.ByPhone:
		return ""
	default:
		return r.Comment
	}
}

// taskText is for somebody who has the record open: what took place, and what to change there.
func (r RecordRule) taskText(c ehr.Change, v care.Snapshot) string {
	out := text(c)

	switch category := r.category(v, c.Kind); {
	case category == "":
	case c.Kind == care.EntryRestored:
		out += " Sæt kategorien tilbage til »" + category + "«."
	default:
		out += " Sæt kategorien til »" + category + "«."
	}

	if r.Comment != "" && c.Kind == care.EntryPlanned && c.Delivery == care.Screen {
		out += " Skriv »" + r.Comment + "« i bemærkningen."
	}

	return out
}
