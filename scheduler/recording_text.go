package scheduler

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// title is one line that tells what a change is, without anything personal.
func title(c ehr.Change) string {
	way := "skærmbesøg"
	if c.Delivery == care.ByPhone {
		way = "besøg på telefon"
	}

	switch {
	case c.Kind == care.EntryRestored:
		return "Besøget er fysisk igen"
	case c.Kind == care.EntryPlanned:
		return "Planlagt " + way
	case c.Result == care.ResultNotCompleted:
		return "Ikke gennemført " + way
	default:
		return "Gennemført " + way
	}
}

// text tells a change in Danish sentences. Danish time; no name, number or link.
func text(c ehr.Change) string {
	var b strings.Builder

	fmt.Fprintf(&b, "%s: %s den %s %s til %s.", title(c), c.Service, date(c.Planned.Start), clock(c.Planned.Start), hours(c.Planned.End))

	switch {
	case c.Kind != care.EntryResult:
	case c.Result == care.ResultNotCompleted:
		fmt.Fprintf(&b, " Årsag: %s.", c.Reason.Danish())
	case c.Actual.Valid():
		fmt.Fprintf(&b, " Holdt %s til %s (%d minutter).", clock(c.Actual.Start), hours(c.Actual.End), minutes(c.Actual))
	}

	if c.Author != "" {
		fmt.Fprintf(&b, " Angivet af %s.", c.Author)
	}

	return b.String()
}

// wordsOf fills care.Placeholders.
func wordsOf(c ehr.Change) *strings.Replacer {
	start, end, length, reason := "", "", "", ""
	if c.Actual.Valid() {
		start, end, length = hours(c.Actual.Start), hours(c.Actual.End), strconv.Itoa(minutes(c.Actual))
	}

	if c.Reason != "" {
		reason = c.Reason.Danish()
	}

	return strings.NewReplacer(
		care.PlaceDate, date(c.Planned.Start), care.PlacePlanned, hours(c.Planned.Start), care.PlaceStart, start, care.PlaceEnd, end,
		care.PlaceMinutes, length, care.PlaceResult, title(c), care.PlaceReason, reason, care.PlaceService, c.Service,
		care.PlaceEmployee, string(c.Employee),
	)
}

func date(t time.Time) string  { return t.In(care.Zone()).Format("02-01-2006") }
func hours(t time.Time) string { return t.In(care.Zone()).Format("15.04") }

// minutes rounds to the nearest whole minute.
func minutes(i care.Interval) int { return int(i.End.Sub(i.Start).Round(time.Minute) / time.Minute) }

// Writing is what the record is told at one point of a visit's life.
type Writing struct {
	When  string   // Danish: "Når besøget er omlagt"
	Lines []string // Danish sentences
}

// writings tells what would be written for a visit, whatever becomes of it.
func (s *Service) writings(v care.Snapshot) []Writing {
	v.Recording, v.Delivery = s.recordingOf(v.Facts), care.Screen
	if len(v.Recording.Means) == 0 {
		return []Writing{{When: "Ikke muligt i journalen", Lines: []string{v.Recording.Why}}}
	}

	result := func(o care.Outcome) care.Snapshot {
		v := v
		v.Outcome = o

		return v
	}

	return []Writing{
		{"Når besøget er omlagt", s.lines(v, care.EntryPlanned)},
		{"Når det er gennemført på skærm", s.lines(result(care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen}), care.EntryResult)},
		{"Når det er gennemført på telefon", s.lines(result(care.Outcome{Kind: care.ResultCompleted, Delivery: care.ByPhone}), care.EntryResult)},
		{"Når det ikke bliver gennemført", s.lines(result(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen}), care.EntryResult)},
		{"Når omlægningen fortrydes", s.lines(v, care.EntryRestored)},
	}
}

// writesPlanned tells what is written when the visit is converted.
func (s *Service) writesPlanned(v care.Snapshot) []string {
	v.Recording, v.Delivery = s.recordingOf(v.Facts), care.Screen
	if len(v.Recording.Means) == 0 {
		return []string{"Ikke muligt i journalen: " + v.Recording.Why}
	}

	return s.lines(v, care.EntryPlanned)
}

// lines are the sentences of all means that tell the kind.
func (s *Service) lines(v care.Snapshot, kind care.EntryKind) []string {
	var out []string

	for _, m := range v.Recording.Means {
		if !m.Tells(kind) {
			continue
		}

		if !s.can(m) {
			out = append(out, "Ikke muligt "+m.Danish()+": Journalen har ingen måde at få det at vide på.")
		} else {
			out = append(out, sentence(s.change(v, care.Entry{Kind: kind, Means: m}, care.Citizen{})))
		}
	}

	if len(out) == 0 {
		out = append(out, "Intet.")
	}

	return out
}

// sentence tells a planner what one change does in the record.
func sentence(c ehr.Change) string {
	switch c.Means {
	case care.OnList:
		return listSentence(c)
	case care.ByIntervention:
		if c.Kind == care.EntryRestored {
			return "Besøget tages ud af indsatsen »" + c.Name + "«."
		}

		return "Borgeren får indsatsen »" + c.Name + "«, hvis den ikke er der."
	case care.ByNote:
		return "Et notat på skemaet »" + c.Name + "«."
	case care.ByTask:
		return "En opgave til " + c.Team + ": »" + c.Title + "«."
	case care.ByJournal:
		return "Et journalnotat: »" + c.Title + "«."
	}

	return ""
}

func listSentence(c ehr.Change) string {
	var parts []string

	if c.Category != "" {
		parts = append(parts, "kategorien bliver »"+c.Category+"«")
	}

	switch {
	case c.Kind == care.EntryRestored:
		parts = append(parts, "vores ord i bemærkningen fjernes")
	case c.Comment != "":
		parts = append(parts, "bemærkningen får »"+c.Comment+"«")
	}

	if len(parts) == 0 {
		return "På kørelisten: resultatet, uden ny kategori."
	}

	return "På kørelisten: " + strings.Join(parts, ", og ") + "."
}
