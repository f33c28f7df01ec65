package nexussim

import (
	"net/http"
	"slices"
	"strconv"
)

type citizenView struct {
	Name, CPR, Address, Phone, State, Video string
	Visits                                  []visitView
	Grants                                  []grantView
	Notes                                   []noteView
	Tasks                                   []taskView
}

type grantView struct {
	Name, Law, State, Placement, Extra, Text string
	Citizen                                  personView
	Alive                                    bool
	Log                                      []logView
}

type noteView struct {
	Title, State string
	Citizen      personView
	Fields       []fieldView
	Log          []logView
}

type fieldView struct{ Label, Value string }

type taskView struct {
	Title, Text, Group, Start, Due, State string
	Citizen                               personView
	Closed                                bool
	Log                                   []logView
}

type logView struct{ At, By, Act string }

// citizenPage is a citizen with calendar, interventions, notes and tasks.
func (s *Server) citizenPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	p := s.world.citizens[id]
	if err != nil || p == nil {
		http.Error(w, "Borgeren findes ikke.", http.StatusNotFound)
		return
	}
	view := citizenView{
		Name: p.name, CPR: p.cpr[:6] + "-••••", Phone: orElse(p.mobile, "–"), State: p.state.danish(), Video: "Nej",
		Address: p.address.Line + ", " + p.address.PostalCode + " " + p.address.District,
	}
	if p.video {
		view.Video = "Ja"
	}
	if p.address.Restricted {
		view.Address = "Beskyttet adresse"
	}
	if p.secretPhones {
		view.Phone = "Beskyttet nummer"
	}
	for _, o := range pick(p.visits, func(*occurrence) bool { return true }) {
		view.Visits = append(view.Visits, s.visitView(o))
	}
	for _, g := range p.stored() {
		view.Grants = append(view.Grants, s.grantView(g))
	}
	for _, n := range p.notes {
		view.Notes = append(view.Notes, s.noteView(n))
	}
	for _, t := range p.tasks {
		view.Tasks = append(view.Tasks, s.taskView(t))
	}
	s.show(w, "citizen", view)
}

func (s *Server) grantView(g *grant) grantView {
	v := grantView{
		Name: g.name, Law: g.entry.law.name + " " + g.entry.law.section, State: g.state, Placement: g.basket.placement, Alive: g.alive(),
		Extra: text(g.element("supplementaryInformation"), "text"), Text: text(g.element("description"), "text"),
		Citizen: personView{ID: g.basket.citizen.id, Name: g.basket.citizen.name},
	}
	for _, c := range g.changes {
		v.Log = append(v.Log, logView{s.moment(c.At), s.author(c.By), c.Transition})
	}
	return v
}

func (s *Server) noteView(n *note) noteView {
	v := noteView{Title: n.form.title, State: n.state, Citizen: personView{ID: n.basket.citizen.id, Name: n.basket.citizen.name}}
	for _, item := range n.items {
		if value := shown(item["value"]); value != "" {
			v.Fields = append(v.Fields, fieldView{text(item, "label"), value})
		}
	}
	v.Log = s.log(n.changes)
	return v
}

func (s *Server) taskView(t *task) taskView {
	v := taskView{
		Title: t.title, Text: t.text, Group: t.group.name, Start: danishDate(t.startDate), Due: danishDate(t.due), State: "Åben", Closed: t.closed,
		Citizen: personView{ID: t.citizen.id, Name: t.citizen.name},
	}
	if t.closed {
		v.State = "Afsluttet"
	}
	v.Log = s.log(t.changes)
	return v
}

func (s *Server) log(changes []NoteChange) []logView {
	list := []logView{}
	for _, c := range changes {
		list = append(list, logView{s.moment(c.At), s.author(c.By), c.Action})
	}
	return list
}

// danishDate turns 2006-01-02 into 02.01.2006.
func danishDate(date string) string {
	if !isDate(date) {
		return "–"
	}
	return date[8:] + "." + date[5:7] + "." + date[:4]
}

type workView struct {
	Tasks  []taskView
	Notes  []noteView
	Grants []grantView
}

// workPage is what the API's users made outside the calendar.
func (s *Server) workPage(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := workView{}
	for _, t := range sorted(s.world.tasks, func(t *task) int { return t.id }) {
		view.Tasks = append(view.Tasks, s.taskView(t))
	}
	for _, n := range sorted(s.world.notes, func(n *note) int { return n.id }) {
		view.Notes = append(view.Notes, s.noteView(n))
	}
	for _, g := range sorted(s.world.grants, func(g *grant) int { return g.id }) {
		if slices.ContainsFunc(g.changes, func(c GrantChange) bool { return c.By != staffAuthor }) {
			view.Grants = append(view.Grants, s.grantView(g))
		}
	}
	s.show(w, "work", view)
}
