package nexussim

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the pages show Danish time on any machine
)

//go:embed pages
var pageFiles embed.FS

// views are the record's own pages, in Danish. They load nothing from any other host and hold
// no script.
type views struct {
	parsed *template.Template
	css    []byte
}

func parseViews() (*views, error) {
	parsed, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("nexussim: %w", err)
	}
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("nexussim: %w", err)
	}
	return &views{parsed, css}, nil
}

// pages mounts the pages that staff would see.
func (s *Server) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.listPage)
	mux.HandleFunc("GET /borger/{id}", s.citizenPage)
	mux.HandleFunc("GET /opgaver", s.workPage)
	mux.HandleFunc("GET /style.css", s.style)
}

// style is the style sheet with the colour of every event type.
func (s *Server) style(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	css := bytes.NewBuffer(bytes.Clone(s.views.css))
	for _, t := range s.world.types {
		fmt.Fprintf(css, ".type-%d { background: #%s; }\n", t.id, t.color)
	}
	send(w, reply{status: http.StatusOK, body: css.Bytes(), header: map[string]string{
		"Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-store",
	}})
}

func (s *Server) show(w http.ResponseWriter, name string, view any) {
	var page bytes.Buffer
	if err := s.views.parsed.ExecuteTemplate(&page, name, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, reply{status: http.StatusOK, body: page.Bytes(), header: map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
		"Cache-Control":           "no-store",
	}})
}

// visitView is a visit as the pages show it.
type visitView struct {
	Key, Time, Date, Title, Category, Mark, Tone, Comment, Employee string
	People                                                          []personView
	Flags                                                           []string
	Versions                                                        []versionView
	Type                                                            int
}

type personView struct {
	ID          int
	Name, State string
}

// versionView is who changed a visit when, and what.
type versionView struct {
	Number         int
	At, By, Fields string
}

// visitView is called under the mutex.
func (s *Server) visitView(o *occurrence) visitView {
	t, from := s.world.typeOf(o.doc), o.start.In(s.zone)
	v := visitView{
		Key: o.key, Time: from.Format("15.04") + "–" + o.end.In(s.zone).Format("15.04"), Date: from.Format("02.01.2006"),
		Title: text(o.doc, "title"), Category: t.name, Mark: t.meaning.mark(), Tone: string(t.meaning), Comment: text(o.doc, "comments"),
		Employee: orElse(text(part(o.doc, "professional"), "fullName"), "Ikke tildelt"), Type: t.id,
	}
	for _, p := range o.citizens {
		state := ""
		if p.state != Active {
			state = p.state.danish()
		}
		v.People = append(v.People, personView{p.id, p.name, state})
	}
	for _, f := range []struct {
		is   bool
		text string
	}{
		{o.series.repeated(), "Gentages"},
		{o.variation(), "Ændret for denne dag alene"},
		{o.doc["deliveredEvent"] == true, "Leveret"},
		{o.doc["readOnly"] == true, "Kan ikke ændres"},
		{o.doc["lockedOnStartTime"] == true, "Fast tidspunkt"},
	} {
		if f.is {
			v.Flags = append(v.Flags, f.text)
		}
	}
	for _, c := range o.changes {
		names := []string{}
		for _, f := range c.Fields {
			names = append(names, orElse(fieldNames()[f.Name], f.Name))
		}
		v.Versions = append(v.Versions, versionView{c.Version, s.moment(c.At), s.author(c.By), orElse(strings.Join(names, ", "), "intet")})
	}
	return v
}

// fieldNames are members of a visit as people call them.
func fieldNames() map[string]string {
	return map[string]string{
		"eventType": "besøgstype", "comments": "bemærkning", "statusColor": "farve", "background": "baggrund", "start": "starttid",
		"end": "sluttid", "resourceId": "medarbejder", "professional": "medarbejderens navn", "deliveredEvent": "leveret",
		"readOnly": "skrivebeskyttelse", "variationId": "afvigelse fra gentagelsen",
	}
}

// mark is a sign beside a category, so that it is not told by its colour alone.
func (m Meaning) mark() string {
	switch m {
	case PhysicalVisit:
		return "⌂"
	case PlannedScreen:
		return "▣"
	case ScreenResult:
		return "✓"
	case NotCompleted:
		return "✗"
	case PhoneVisit:
		return "☎"
	case NexusVideo:
		return "▶"
	case Cancelled:
		return "⊘"
	case NoVisit:
		return "–"
	}
	return ""
}

func (s *Server) moment(t time.Time) string { return t.In(s.zone).Format("02.01.2006 kl. 15.04") }

// columnView is one employee's visits.
type columnView struct {
	Employee string
	Visits   []visitView
}

type listView struct {
	Title, Date, Day, Previous, Next string
	Lists                            []choiceView
	Legend                           []typeView
	Columns                          []columnView
	Total                            int
	Chosen                           string
}

type choiceView struct {
	ID   int
	Name string
	On   bool
}

type typeView struct {
	Name, Mark, Tone string
	Type             int
}

// listPage is the driving list of a day, a column per employee.
func (s *Server) listPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen := s.chosenList(r.URL.Query().Get("liste"))
	day, err := time.ParseInLocation(time.DateOnly, r.URL.Query().Get("dato"), s.zone)
	if err != nil {
		day = s.firstDay(chosen)
	}
	view := listView{
		Date: day.Format(time.DateOnly), Day: danishDay(day),
		Previous: day.AddDate(0, 0, -1).Format(time.DateOnly), Next: day.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	for _, l := range s.world.lists {
		if l.group == drivingLists {
			view.Lists = append(view.Lists, choiceView{l.id, l.name, l == chosen})
		}
	}
	view.Title, view.Chosen = chosen.name, strconv.Itoa(chosen.id)
	span, places, seen := window{day, day.AddDate(0, 0, 1)}, map[string]int{}, map[string]bool{}
	for _, o := range pick(chosen.visits, func(o *occurrence) bool { return span.has(o.start) }) {
		v := s.visitView(o)
		if _, there := places[v.Employee]; !there {
			places[v.Employee] = len(view.Columns)
			view.Columns = append(view.Columns, columnView{Employee: v.Employee})
		}
		column := &view.Columns[places[v.Employee]]
		column.Visits = append(column.Visits, v)
		view.Total++
		if !seen[v.Category] {
			seen[v.Category] = true
			view.Legend = append(view.Legend, typeView{v.Category, v.Mark, v.Tone, v.Type})
		}
	}
	s.show(w, "list", view)
}

// firstDay is today, or where nothing is on the list today, the day of its first visit.
func (s *Server) firstDay(l *list) time.Time {
	today := s.midnight(s.now())
	span := window{today, today.AddDate(0, 0, 1)}
	visits := pick(l.visits, func(*occurrence) bool { return true })
	if len(visits) == 0 || slices.ContainsFunc(visits, func(o *occurrence) bool { return span.has(o.start) }) {
		return today
	}
	return s.midnight(visits[0].start)
}

func (s *Server) midnight(t time.Time) time.Time {
	year, month, day := t.In(s.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, s.zone)
}

// chosenList is the driving list of an id, or the first that has visits, or the first.
func (s *Server) chosenList(id string) *list {
	var first *list
	for _, l := range s.world.lists {
		if l.group == drivingLists && (first == nil || strconv.Itoa(l.id) == id) {
			first = l
		}
	}
	if id != "" {
		return first
	}
	if visits := s.world.visits(); len(visits) > 0 {
		return visits[0].list
	}
	return first
}

func danishDay(t time.Time) string {
	days := []string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"}
	months := []string{
		"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december",
	}
	return fmt.Sprintf("%s den %d. %s %d", days[t.Weekday()], t.Day(), months[t.Month()-1], t.Year())
}
