package nexussim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// basket is where a citizen's interventions of one pathway lie.
type basket struct {
	id        int
	citizen   *citizen
	placement string // "Grundforløb > Forløb"
}

// Placements of baskets, by the law that the interventions in them follow.
const (
	healthPlacement = "Sundhedsfagligt grundforløb > Sygepleje"
	socialPlacement = "Ældre og handicap > Hjemmepleje"
)

// catalogEntry is an intervention that may be granted.
type catalogEntry struct {
	id     int
	folder string
	name   string
	law    law
	fsiii  string // code of FSIII, may be empty
}

// law is a paragraph as the record names it (eoj.md §1.7).
type law struct{ name, section string }

// lawOf reads the short forms of driving lists, such as "SUL §138" and "Ældreloven".
func lawOf(short string) law {
	section := "§ 83"
	if _, after, found := strings.Cut(short, "§"); found {
		section = "§ " + strings.TrimSpace(after)
	}
	switch {
	case strings.HasPrefix(short, "SUL"), strings.HasPrefix(short, "Sundhedsloven"):
		return law{"Sundhedsloven", section}
	case strings.HasPrefix(short, "ÆL"), strings.HasPrefix(short, "Ældreloven"):
		if !strings.Contains(short, "§") {
			section = "§ 10"
		}
		return law{"Ældreloven", section}
	}
	return law{"Serviceloven", section}
}

func (l law) placement() string {
	if l.name == "Sundhedsloven" {
		return healthPlacement
	}
	return socialPlacement
}

// Intervention is an entry of the catalogue.
type Intervention struct {
	Folder string `json:"folder"` // where it lies in the tree
	Name   string `json:"name"`
	Law    string `json:"law"`   // "SUL §138", "SEL §83", "Ældreloven"
	FSIII  string `json:"fsiii"` // FSIII code, may be empty
}

// stock fills the catalogue.
func (w *world) stock() {
	for _, i := range []Intervention{
		{"Sygepleje", "Medicinadministration", "SUL §138", "G5.19"},
		{"Sygepleje", "Sårbehandling", "SUL §138", "G5.34"},
		{"Sygepleje", "Skærmbesøg SUL", "SUL §138", ""},
		{"Sygepleje", "Undersøgelser og måling", "SUL §138", ""},
		{"Hjemmepleje", "Personlig pleje", "SEL §83", ""},
		{"Hjemmepleje", "Personlig hjælp og pleje", "Ældreloven", ""},
		{"Hjemmepleje", "Skærmbesøg SEL", "SEL §83", ""},
		{"Hjemmepleje", "Hjemmetræning digitalt § 83.a", "SEL §83a", ""},
		{"Socialpædagogisk støtte", "Bostøtte", "SEL §85", ""},
	} {
		w.offer(i)
	}
	for _, t := range []string{"Registrér skærmbesøg", "Opfølgning"} {
		w.duties = append(w.duties, &dutyType{w.id(), t})
	}
	w.forms = append(w.forms, defaultForms(w)...)
}

// offer adds an intervention to the catalogue unless it is there.
func (w *world) offer(i Intervention) *catalogEntry {
	l := lawOf(i.Law)
	for _, e := range w.catalog {
		if e.name == i.Name && e.law == l {
			return e
		}
	}
	e := &catalogEntry{w.id(), i.Folder, i.Name, l, i.FSIII}
	w.catalog = append(w.catalog, e)
	return e
}

// Offer adds an intervention to the catalogue unless it is there.
func (s *Server) Offer(i Intervention) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.offer(i)
}

// grant is an intervention that a citizen has, or a draft of one (state empty).
type grant struct {
	id, version int
	entry       *catalogEntry
	name        string
	basket      *basket
	state       string
	order       int // currentOrderGrantId, zero before it is ordered
	planned     bool
	elements    []object
	changes     []GrantChange
	comments    []string // supplier's comments on its orders
}

// GrantChange is one saved transition.
type GrantChange struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`     // client id, or "staff"
	Bearer     string    `json:"bearer"` // fingerprint of the token
	Transition string    `json:"transition"`
	State      string    `json:"state"` // after it
}

// States of an intervention (eoj.md §1.7).
const (
	stateApplied  = "Ansøgt"
	stateGranted  = "Bevilget"
	stateOrdered  = "Bestilt"
	stateEnded    = "Afsluttet"
	stateCanceled = "Annulleret"
	stateRemoved  = "Fjernet"
)

const editTransition = "Ret"

// transition is a step of the local workflow. Ids differ between municipalities: they are
// made of the seed.
type transition struct{ name, to string }

// transitions are the steps that a state allows.
func transitions(state string) []transition {
	switch state {
	case "":
		return []transition{{"Ansøg", stateApplied}, {"Ansøg, Bevilg", stateGranted}, {"Ansøg, Bevilg, Bestil", stateOrdered}}
	case stateApplied:
		return []transition{{"Bevilg", stateGranted}, {editTransition, state}, {"Fjern", stateRemoved}}
	case stateGranted:
		return []transition{{"Bestil", stateOrdered}, {editTransition, state}, {"Afslut", stateEnded}, {"Fjern", stateRemoved}}
	case stateOrdered:
		return []transition{{editTransition, state}, {"Afslut", stateEnded}, {"Annullér", stateCanceled}}
	}
	return nil
}

// alive tells whether the grant is in force.
func (g *grant) alive() bool {
	return g.state == stateApplied || g.state == stateGranted || g.state == stateOrdered
}

// element is the element of a type, or nil.
func (g *grant) element(kind string) object {
	for _, e := range g.elements {
		if text(e, "type") == kind {
			return e
		}
	}
	return nil
}

// elementsOf are the fields of a new grant of an entry.
func (w *world) elementsOf(e *catalogEntry) []object {
	field := func(kind, member string, value any, required bool) object {
		return object{
			"type": kind, member: value, "priority": 1, "elementGrouping": "OTHER",
			"metadata": object{"disabled": false, "required": required, "hiddenOnCatalog": false, "hiddenOnPatient": false},
		}
	}
	return []object{
		field("paragraph", "paragraph", object{
			"id": e.id + 2, "version": 1, "name": e.law.name, "section": e.law.section, "hclDstParagraphMapping": nil, "active": true,
		}, true),
		field("entryDate", "date", nil, true), field("workflowRequestedDate", "date", nil, false),
		field("workflowApprovedDate", "date", nil, false), field("orderedDate", "date", nil, false),
		field("followUpDate", "date", nil, false), field("supplier", "supplier", nil, true),
		field("resourceCount", "number", 1, false), field("visitatedDurationInMinutes", "number", nil, false),
		field("description", "text", "", false), field("supplementaryInformation", "text", "", false),
		field("klMapping", "text", e.name, false), field("basketGrantEndDate", "date", nil, false),
		field("cancelledDate", "date", nil, false),
	}
}

// basketsOf are a citizen's baskets; the first look makes them.
func (w *world) basketsOf(p *citizen) []*basket {
	if len(p.baskets) > 0 {
		return p.baskets
	}
	for _, placement := range []string{socialPlacement, healthPlacement} {
		b := &basket{w.id(), p, placement}
		w.id() // the upper pathway
		w.baskets[b.id] = b
		p.baskets = append(p.baskets, b)
	}
	return p.baskets
}

// keep files a grant or a draft of one.
func (w *world) keep(g *grant) {
	w.grants[g.id] = g
	g.basket.citizen.grants = append(g.basket.citizen.grants, g)
}

// stored are a citizen's grants without drafts.
func (c *citizen) stored() []*grant {
	return slices.DeleteFunc(slices.Clone(c.grants), func(g *grant) bool { return g.state == "" })
}

// ordered makes sure that a citizen has an ordered grant of a name, as one whom the driving
// list serves has.
func (w *world) ordered(p *citizen, i Intervention, at time.Time) {
	e := w.offer(i)
	for _, g := range p.stored() {
		if g.entry == e && g.state == stateOrdered {
			return
		}
	}
	for _, b := range w.basketsOf(p) {
		if b.placement != e.law.placement() {
			continue
		}
		g := &grant{id: w.id(), version: 1, entry: e, name: e.name, basket: b, state: stateOrdered, order: w.id(), elements: w.elementsOf(e), planned: true}
		g.element("entryDate")["date"] = wireTime(at)
		g.element("orderedDate")["date"] = wireTime(at)
		g.element("supplier")["supplier"] = w.groups[0].supplier()
		g.changes = []GrantChange{{At: at, By: staffAuthor, Transition: "Ansøg, Bevilg, Bestil", State: stateOrdered}}
		w.keep(g)
	}
}

func (o *organisation) supplier() object {
	return object{"id": o.id, "version": 1, "name": o.name, "type": "organization"}
}

// transitionID is the local number of a transition.
func (s *Server) transitionID(name string) int {
	return 300 + int(s.dice.number("transition", name)%600)
}

func grantPath(g *grant) string { return "/patientGrants/" + strconv.Itoa(g.id) }
