package nexussim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// world is everything the record holds. The server's mutex guards it.
type world struct {
	dice     dice
	begun    time.Time
	nextID   int
	staff    []*professional
	groups   []*organisation
	types    []*eventType
	citizens map[int]*citizen
	lists    []*list
	series   map[int]*series
	baskets  map[int]*basket
	catalog  []*catalogEntry
	grants   map[int]*grant
	forms    []*formDefinition
	notes    map[int]*note
	duties   []*dutyType
	tasks    map[int]*task
	counts   []ActiveCount
}

type professional struct {
	id             int
	initials, name string
}

func (p *professional) resource() string { return "PROFESSIONAL:" + strconv.Itoa(p.id) }

type organisation struct {
	id   int
	name string
}

// list is a preference: a driving list, or an activity list, or one of the names that mislead.
type list struct {
	id     int
	group  string // CROSS_CITIZEN_CALENDAR and so on
	name   string
	groups []*organisation
	visits []*occurrence
}

// Groups of preferences (eoj.md §1.4).
const (
	drivingLists  = "CROSS_CITIZEN_CALENDAR"
	activityLists = "ACTIVITY_LIST"
	citizenLists  = "CITIZEN_LIST"
	depotLists    = "HCL_ORDER"
)

type citizen struct {
	id, version    int
	cpr, name      string
	mobile, home   string
	address        Address
	hidden         bool
	secretPhones   bool
	state          State
	video          bool
	hyphenInAnswer bool
	visits         []*occurrence
	baskets        []*basket
	grants         []*grant // also drafts
	notes          []*note
	tasks          []*task
}

// Address is a citizen's address.
type Address struct {
	Line       string `json:"line"`
	PostalCode string `json:"postal_code"`
	District   string `json:"district"`
	Restricted bool   `json:"restricted"` // navne- og adressebeskyttelse
}

// State is a citizen's state in the record.
type State string

// The states.
const (
	Active       State = "ACTIVE"
	Hospitalised State = "HOSPITALIZED"
	Dead         State = "DEAD"
	Inactive     State = "INACTIVE"
)

func (s State) danish() string {
	switch s {
	case Active:
		return "Aktiv"
	case Hospitalised:
		return "Indlagt"
	case Dead:
		return "Død"
	case Inactive:
		return "Inaktiv"
	}
	return string(s)
}

// newWorld fills a record with the test citizens and usual names.
func newWorld(d dice, now time.Time) *world {
	w := &world{
		dice: d, begun: now, nextID: 4000 + int(d.number("first id")%5000), citizens: map[int]*citizen{},
		series: map[int]*series{}, baskets: map[int]*basket{}, grants: map[int]*grant{}, notes: map[int]*note{}, tasks: map[int]*task{},
	}
	for _, name := range []string{"Hjemmeplejen Øst", "Hjemmeplejen Vest", "Sygeplejen", "Planlægning Øst", "Planlægning Vest"} {
		w.groups = append(w.groups, &organisation{w.id(), name})
	}
	for _, p := range [][2]string{
		{"MSK", "Mona Skov"}, {"LBH", "Lone Bæk"}, {"AØJ", "Anders Øster"}, {"TKR", "Tove Krog"}, {"PÆN", "Peter Ærø"},
	} {
		w.employ(p[0], p[1])
	}
	for _, t := range defaultTypes() {
		t.id = w.id()
		w.types = append(w.types, t)
	}
	for _, l := range []struct{ group, name, owner string }{
		{depotLists, "Køreliste", "Hjemmeplejen Øst"},
		{drivingLists, "Øst dag", "Hjemmeplejen Øst"},
		{drivingLists, "Øst aften", "Hjemmeplejen Øst"},
		{drivingLists, "Øst nat", "Hjemmeplejen Øst"},
		{drivingLists, "Vest dag", "Hjemmeplejen Vest"},
		{activityLists, "Opgaver til planlægning", "Planlægning Øst"},
		{citizenLists, "Borgere i Øst", "Hjemmeplejen Øst"},
	} {
		w.lists = append(w.lists, &list{w.id(), l.group, l.name, []*organisation{w.group(l.owner)}, nil})
	}
	for i, p := range testPersons() {
		w.admit(i, p)
	}
	w.stock()
	return w
}

// id is a new id. Ids of all kinds come from one row of numbers, so that none is right by
// accident.
func (w *world) id() int {
	w.nextID += 1 + int(w.dice.number("id", strconv.Itoa(w.nextID))%7)
	return w.nextID
}

func (w *world) employ(initials, name string) *professional {
	p := &professional{w.id(), initials, name}
	w.staff = append(w.staff, p)
	return p
}

// admit makes a citizen of a test person, with test numbers for telephones.
func (w *world) admit(i int, p testPerson) {
	c := &citizen{
		id: w.id(), version: 1, cpr: p.cpr, name: p.name, mobile: fmt.Sprintf("2000%04d", i), state: Active,
		address:        Address{Line: fmt.Sprintf("Testgade %d", i+1), PostalCode: "9999", District: "Testby"},
		hyphenInAnswer: w.dice.number("cpr", p.cpr)%2 == 0,
	}
	w.citizens[c.id] = c
}

func (w *world) group(name string) *organisation {
	for _, g := range w.groups {
		if g.name == name {
			return g
		}
	}
	return nil
}

// list finds a driving list by name.
func (w *world) list(name string) *list {
	for _, l := range w.lists {
		if l.group == drivingLists && l.name == name {
			return l
		}
	}
	return nil
}

func (w *world) employee(initials string) *professional {
	for _, p := range w.staff {
		if p.initials == initials {
			return p
		}
	}
	return nil
}

// typeNamed finds an active event type by its name.
func (w *world) typeNamed(name string) *eventType {
	for _, t := range w.types {
		if t.name == name && t.active {
			return t
		}
	}
	return nil
}

func (w *world) typeOf(doc object) *eventType {
	id, _ := whole(part(doc, "eventType"), "id")
	for _, t := range w.types {
		if t.id == id {
			return t
		}
	}
	return nil
}

// citizenByCPR takes the number with or without its hyphen.
func (w *world) citizenByCPR(cpr string) *citizen {
	digits := strings.ReplaceAll(cpr, "-", "")
	for _, c := range w.citizens {
		if c.cpr == digits {
			return c
		}
	}
	return nil
}

// everyone are the citizens in the order of their ids.
func (w *world) everyone() []*citizen {
	return sorted(w.citizens, func(c *citizen) int { return c.id })
}

// sorted are the values of a map in the order of a number.
func sorted[T any](from map[int]T, by func(T) int) []T {
	out := make([]T, 0, len(from))
	for _, v := range from {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b T) int { return by(a) - by(b) })
	return out
}

func hyphened(cpr string) string {
	if len(cpr) != 10 {
		return cpr
	}
	return cpr[:6] + "-" + cpr[6:]
}

// wireTime is the record's form: UTC with milliseconds (eoj.md §1.10).
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func parseWireTime(s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05.000Z", s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time like 2006-01-02T15:04:05.000Z", s)
	}
	return t, nil
}
