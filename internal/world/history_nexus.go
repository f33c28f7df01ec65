package world

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// nexusHistory is a Nexus that plans the visits itself.
type nexusHistory struct {
	sim    *nexussim.Server
	placed map[care.SourceRef]nexussim.Ref
}

func (h *nexusHistory) told(row ehr.Row, m care.Means) Told {
	switch m {
	case care.OnList:
		return h.onList(row)
	case care.ByIntervention:
		return h.byIntervention(row)
	case care.ByNote:
		return h.byNote(row)
	case care.ByTask, care.ByJournal:
	}

	return Told{}
}

// event is as much of a visit's document as staff see of it on the list.
type event struct {
	Comments  string `json:"comments"`
	EventType struct {
		Name string `json:"name"`
	} `json:"eventType"`
}

// onList counts what a reader of the list saw: category and comment after each write. The record
// has no key of ours, so where the category does not tell, a second remark is the result.
func (h *nexusHistory) onList(row ehr.Row) Told {
	var t Told

	ref, ok := h.placed[row.Source]
	if !ok {
		return t
	}

	v, err := h.sim.Visit(ref)
	if err != nil {
		return t
	}

	versions, meanings := h.sim.Versions(ref), h.meanings()
	open := false // planned, and nothing said since then

	for _, e := range v.Entries {
		if e.Duplicate {
			t.Doubled++

			continue
		}

		i := slices.IndexFunc(versions, func(v nexussim.Version) bool { return v.Number == e.Version })

		var doc event
		if i < 0 || json.Unmarshal([]byte(versions[i].Document), &doc) != nil {
			continue
		}

		switch meaning, marked := meanings(doc), strings.Contains(doc.Comments, "#"); {
		case meaning == nexussim.NotCompleted:
			t.result(care.ResultNotCompleted)
		case meaning == nexussim.ScreenResult || meaning == nexussim.PhoneVisit:
			t.result(care.ResultCompleted)
		case meaning == nexussim.PhysicalVisit && !marked:
			t.Restored++
		case meaning == nexussim.PhysicalVisit && open:
			t.result("")
		default:
			t.Planned++
			open = true

			continue
		}

		open = false
	}

	return t
}

// meanings tells what a category means, as the record's people chose it.
func (h *nexusHistory) meanings() func(event) nexussim.Meaning {
	known := map[string]nexussim.Meaning{
		"Planlagt besøg": nexussim.PhysicalVisit, "Planlagt skærmbesøg": nexussim.PlannedScreen, "Gennemført skærmbesøg": nexussim.ScreenResult,
		"Udført skærmbesøg": nexussim.ScreenResult, "Ikke gennemført skærmbesøg": nexussim.NotCompleted, "Telefonisk": nexussim.PhoneVisit,
	}

	return func(e event) nexussim.Meaning { return known[e.EventType.Name] }
}

// byIntervention looks for the visit's tag on the citizen's active interventions of the name.
func (h *nexusHistory) byIntervention(row ehr.Row) Told {
	var t Told

	ref, ok := h.placed[row.Source]
	if !ok {
		return t
	}

	tag, active := tagOf(ref, row), 0

	for _, g := range h.sim.Grants(row.CPR.Reveal()) {
		if g.Name != Intervention {
			continue
		}

		if t.Planned == 0 {
			t.Planned = 1
		}

		if !g.Active {
			continue
		}

		active++

		if strings.Contains(g.Supplementary, tag) {
			return Told{Planned: 1, Doubled: max(0, active-1) + max(0, strings.Count(g.Supplementary, tag)-1)}
		}
	}

	t.Restored = t.Planned // it was made, and is not the visit's any more

	return t
}

// tagOf is how the program marks a visit in an intervention (docs/kmd-nexus.md): the short hash of
// its key. It is a value on the wire, repeated here on purpose.
func tagOf(ref nexussim.Ref, row ehr.Row) string {
	key := []string{"visit", "nexus", strconv.Itoa(ref.ID), string(care.DayOf(row.Planned.Start))}
	sum := sha256.Sum256([]byte(strings.Join(key, "\x1f")))

	return "#" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:5]
}

// byNote counts the citizen's care notes that name the visit's time.
func (h *nexusHistory) byNote(row ehr.Row) Told {
	var t Told

	for _, note := range h.sim.Notes(row.CPR.Reveal()) {
		if subject := note.Fields[NoteSubject]; note.Title == NoteForm && isAbout(subject, row) {
			t.result(outcomeIn(subject))
		}
	}

	return t
}

// isAbout reports whether a text names the day and the planned start of a visit.
func isAbout(text string, row ehr.Row) bool {
	start := row.Planned.Start.In(care.Zone())

	return strings.Contains(text, start.Format("02-01-2006")+" kl. "+start.Format("15.04"))
}

// outcomeIn reads the outcome in the first words of a text for the record.
func outcomeIn(text string) care.ResultKind {
	switch {
	case strings.HasPrefix(text, "Ikke gennemført"):
		return care.ResultNotCompleted
	case strings.HasPrefix(text, "Gennemført"):
		return care.ResultCompleted
	}

	return ""
}

// exact: the visit is as it was, and no intervention of ours is the citizen's for it.
func (h *nexusHistory) exact(row ehr.Row) bool {
	ref, ok := h.placed[row.Source]
	if !ok {
		return false
	}

	same, err := h.sim.Compare(ref)
	t := h.byIntervention(row)

	return err == nil && len(same.Differ) == 0 && t.Restored == t.Planned
}

// violations leaves out visits that were concluded as not held: from then on there is none.
func (h *nexusHistory) violations() int {
	n := 0

	for _, c := range h.sim.ActiveCounts() {
		if c.Count > 1 || c.Count == 0 && c.At.Before(c.From) {
			n++
		}
	}

	return n
}

func (h *nexusHistory) requests() int { return h.sim.Totals().Requests }
