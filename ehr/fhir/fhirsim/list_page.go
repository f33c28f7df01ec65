package fhirsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// noList is the driving list of Appointments at no Location: a client made them of its own.
const noList = "uden"

type listView struct {
	Title, Day, Date, Previous, Next, Chosen string
	Lists                                    []listChoice
	Legend                                   []categoryView
	Columns                                  []listColumn
	Total                                    int
}

type listChoice struct {
	ID, Name string
	On       bool
}

// categoryView is a category with its colour, and a sign so that it is not told by colour alone.
type categoryView struct{ Name, Mark, Tone string }

// listColumn is one employee's visits.
type listColumn struct {
	Employee string
	Visits   []listedVisit
}

// listedVisit is an Appointment as staff see it on the list.
type listedVisit struct {
	Time, Service, Category, Mark, Tone, Citizen, Law, Comment, Status, Reason, Identifier, employee string
	start                                                                                            time.Time
}

// listPage is the driving list of a day, a column per employee, with categories and colours.
func (s *Server) listPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	view := s.listView(r.URL.Query().Get("liste"), r.URL.Query().Get("dato"))
	s.mu.Unlock()

	s.show(w, "list", view)
}

// listView is called under the mutex.
func (s *Server) listView(list, date string) listView {
	var view listView

	view.Lists = s.listChoices(list)
	for _, l := range view.Lists {
		if l.On {
			view.Chosen, view.Title = l.ID, l.Name
		}
	}

	visits := s.listed(view.Chosen)

	day, err := time.ParseInLocation(time.DateOnly, date, zone())
	if err != nil {
		day = s.firstDay(visits)
	}

	view.Date, view.Day = day.Format(time.DateOnly), danishDay(day)
	view.Previous, view.Next = day.AddDate(0, 0, -1).Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly)

	for _, v := range visits {
		if !v.start.Before(day) && v.start.Before(day.AddDate(0, 0, 1)) {
			view.add(v)
		}
	}

	return view
}

func (view *listView) add(v listedVisit) {
	view.Total++

	i := slices.IndexFunc(view.Columns, func(c listColumn) bool { return c.Employee == v.employee })
	if i < 0 {
		i = len(view.Columns)
		view.Columns = append(view.Columns, listColumn{Employee: v.employee})
	}

	view.Columns[i].Visits = append(view.Columns[i].Visits, v)

	if category := (categoryView{v.Category, v.Mark, v.Tone}); !slices.Contains(view.Legend, category) {
		view.Legend = append(view.Legend, category)
	}
}

// firstDay is today, or where nothing is on the list today, the day of its first visit.
func (s *Server) firstDay(visits []listedVisit) time.Time {
	today := midnight(s.now())

	for _, v := range visits {
		if midnight(v.start).Equal(today) {
			return today
		}
	}

	if len(visits) > 0 {
		return midnight(visits[0].start)
	}

	return today
}

func midnight(t time.Time) time.Time {
	year, month, day := t.In(zone()).Date()

	return time.Date(year, month, day, 0, 0, 0, 0, zone())
}

// listChoices are the Locations that have Appointments, and the place of those without one. The one that
// was asked for is on, else the first.
func (s *Server) listChoices(chosen string) []listChoice {
	used, without := map[string]bool{}, false

	for _, r := range s.archive.live("Appointment") {
		at := s.locationOf(r.current().body)
		used[at], without = true, without || at == ""
	}

	var out []listChoice

	for _, r := range s.archive.live("Location") {
		if used[r.ref()] {
			out = append(out, listChoice{ID: r.ref(), Name: orElse(text(r.current().body, "name"), r.ref())})
		}
	}

	if without || len(out) == 0 {
		out = append(out, listChoice{ID: noList, Name: "Besøg uden køreliste"})
	}

	on := max(0, slices.IndexFunc(out, func(l listChoice) bool { return l.ID == chosen }))
	out[on].On = true

	return out
}

func (s *Server) locationOf(body map[string]any) string {
	for _, ref := range actorsOf(body) {
		if strings.HasPrefix(ref, "Location/") {
			return ref
		}
	}

	return ""
}

// listed are the visits of a list, by start.
func (s *Server) listed(list string) []listedVisit {
	var out []listedVisit

	for _, r := range s.archive.live("Appointment") {
		if body := r.current().body; orElse(s.locationOf(body), noList) == list {
			out = append(out, s.listedVisit(body))
		}
	}

	slices.SortStableFunc(out, func(a, b listedVisit) int { return a.start.Compare(b.start) })

	return out
}

func (s *Server) listedVisit(body map[string]any) listedVisit {
	start, end := spanOf(body)
	v := listedVisit{
		start: start, Time: start.In(zone()).Format("15.04") + "–" + end.In(zone()).Format("15.04"),
		Service:  orElse(text(first(body, "reasonCode"), "text"), orElse(text(body, "description"), "Besøg")),
		Category: orElse(text(first(body, "serviceType"), "text"), "Uden kategori"), Law: text(first(body, "serviceCategory"), "text"),
		Comment: text(body, "comment"), Reason: text(object(body, "cancelationReason"), "text"), Identifier: s.visitOf(body),
		Citizen: orElse(s.nameOf(body, "Patient"), "Borger uden navn"), employee: orElse(s.nameOf(body, "Practitioner"), "Ikke tildelt"),
	}
	v.Status, _ = danishStatus(text(body, "status"))
	v.Mark, v.Tone = colour(v.Category, text(body, "status"))

	return v
}

// nameOf is the name of an Appointment's participant of a kind: its text, or of parts.
func (s *Server) nameOf(body map[string]any, kind string) string {
	for _, ref := range actorsOf(body) {
		var who map[string]any

		if own, ok := strings.CutPrefix(ref, "#"); ok {
			who = contained(body, own)
		} else if r := s.archive.records[ref]; r != nil {
			who = r.current().body
		}

		if text(who, "resourceType") == kind {
			return personName(who)
		}
	}

	if kind == "Patient" { // a client may name a citizen by number alone
		for _, r := range s.archive.find(kind, cprSystem, s.patientOf(body)) {
			return personName(r.current().body)
		}
	}

	return ""
}

func personName(who map[string]any) string {
	name := first(who, "name")
	parts := []string{}

	given, _ := name["given"].([]any)
	for _, one := range given {
		if word, ok := one.(string); ok {
			parts = append(parts, word)
		}
	}

	return orElse(text(name, "text"), strings.TrimSpace(strings.Join(append(parts, text(name, "family")), " ")))
}

// colour is how a record shows a category: the colours are made up, as categories are local.
func colour(category, status string) (mark, tone string) {
	word := strings.ToLower(category)
	has := func(part string) bool { return strings.Contains(word, part) }

	switch {
	case status == "cancelled" || status == "entered-in-error" || has("aflyst"):
		return "⊘", "off"
	case status == "noshow" || has("ikke"):
		return "✗", "not-done"
	case has("telefon"):
		return "☎", "phone"
	case status == "fulfilled" && has("skærm"), has("gennemført"), has("udført"):
		return "✓", "done"
	case has("skærm"):
		return "▣", "planned"
	case has("planlagt besøg"):
		return "⌂", "physical"
	default:
		return "•", "other"
	}
}

func danishDay(t time.Time) string {
	days := []string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"}
	months := []string{
		"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december",
	}

	return fmt.Sprintf("%s den %d. %s %d", days[t.Weekday()], t.Day(), months[t.Month()-1], t.Year())
}
