package file

import (
	"context"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.Looker = (*Journal)(nil)

// Look tells what the newest file of each visit's list has of it, and whether our entries are in its
// log. What people have done in the record since the file was exported nobody can see here.
func (j *Journal) Look(ctx context.Context, _ care.CitizenKey, glances []ehr.Glance) (ehr.Seen, error) {
	seen := ehr.Seen{Visits: make([]ehr.Sight, len(glances))}

	for i, g := range glances {
		sight := &seen.Visits[i]
		sight.Entries = make([]ehr.Trace, len(g.Written))

		if g.List == "" {
			continue
		}

		err := j.list(g.List).locked(func(l *keptList) error {
			if err := l.load(ctx); err != nil {
				return l.classify("look", err)
			}

			l.content.sight(sight, g)

			return nil
		})
		if err != nil {
			return ehr.Seen{}, err
		}
	}

	return seen, nil
}

// sight fills in what the list tells of one visit.
func (c *content) sight(s *ehr.Sight, g ehr.Glance) {
	if _, ok := c.byRef[g.Source]; ok {
		s.Presence = ehr.Present
	} else if c.former[g.Source] {
		s.Presence = ehr.Absent
	}

	s.Category = c.categoryOf(g.Source)

	for i, w := range g.Written {
		s.Entries[i].Told = true
		if _, ok := c.keys[w.Change.Key]; ok {
			s.Entries[i].Copies = 1
		}
	}
}

// categoryOf is the category that the record has as far as files tell. While the newest file is older
// than what we wrote, it is what we hand over. A newer file tells what people see: ours, or one that
// they set. The original one may as well mean that nobody has transferred ours yet: empty, it can't tell.
func (c *content) categoryOf(source care.SourceRef) string {
	at, ok := c.byRef[source]
	if !ok || c.category < 0 {
		return ""
	}

	own := strings.TrimSpace(c.own(c.table.rows[at], c.category))
	state := c.states[source]

	switch {
	case state == nil:
		return own
	case state.last.Seq > c.manifest.KeptSeq:
		return strings.TrimSpace(state.showCategory(own))
	case own == state.original && own != state.category:
		return ""
	}

	return own
}
