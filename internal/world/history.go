package world

import (
	"slices"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// CallSystem is the system in the key of a visit that stands on no list: a call on the spot.
const CallSystem = "sluse"

// Told is what the care record's own history says about one visit by one means.
type Told struct {
	Planned, Results, Restored int
	Doubled                    int             // writes that said nothing, or again what had been said
	Outcome                    care.ResultKind // as the record shows it now; empty: it does not tell
	Meeting                    string          // the video platform's meeting, where the record holds it
}

// history is a care record as its own history tells it.
type history interface {
	// told is about a visit as its list's row names it.
	told(row ehr.Row, m care.Means) Told
	// exact reports whether the record holds the visit byte for byte as before the program came.
	exact(row ehr.Row) bool
	// violations are moments in which a citizen had no visit, or several, in a visit's time.
	violations() int
	// requests counts the calls to the record.
	requests() int
}

// Told is what the record says about a visit by a means. The row is the driving list's, or of a
// call on the spot (CallSystem), with citizen and time.
func (w *World) Told(row ehr.Row, m care.Means) Told {
	if m == care.ByJournal {
		return w.toldInJournal(row)
	}

	return w.history.told(row, m)
}

// Exact reports whether the record holds the visit byte for byte as before the program came. A visit
// that stands on no list of the record's own is that when the record calls it off.
func (w *World) Exact(row ehr.Row) bool { return w.history.exact(row) }

// ActiveViolations counts the moments in which a citizen had no visit, or several, in the time of a
// visit that stands on the record's list.
func (w *World) ActiveViolations() int { return w.history.violations() }

// RecordCalls counts the calls to the care record and the case journal.
func (w *World) RecordCalls() int {
	n := w.history.requests()
	if w.Momentum != nil {
		n += len(w.Momentum.Paths())
	}

	return n
}

// toldInJournal counts the notes in the citizen's case journal that name the visit's time.
func (w *World) toldInJournal(row ehr.Row) Told {
	var t Told

	if w.Momentum == nil {
		return t
	}

	for _, note := range w.Momentum.Journal(row.CPR.Reveal()) {
		if note.Type == JournalType && isAbout(note.Body, row) {
			t.result(outcomeIn(note.Title))
		}
	}

	return t
}

// result counts a result; a second one is one too many.
func (t *Told) result(kind care.ResultKind) {
	if t.Results > 0 {
		t.Doubled++
	}

	t.Results++
	t.Outcome = kind
}

// loginCitizens are the numbers of those whom the citizens' login knows.
func loginCitizens() []care.CPR {
	var out []care.CPR

	for _, u := range idpsim.DefaultCitizens() {
		if number, verdict, _ := care.ParseCPR(u.CPR); verdict == care.CPRValid && u.Citizen() && !slices.Contains(out, number) {
			out = append(out, number)
		}
	}

	return out
}
