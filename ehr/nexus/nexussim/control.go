package nexussim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// staffAuthor is who a change is by when a person made it in the record.
const staffAuthor = "staff"

// NewVisit is a visit to be put on a driving list.
type NewVisit struct {
	// ID is the event's id; zero is the next free one.
	ID int `json:"id"`
	// CPR numbers of official test citizens; the first is the one the visit is about. None: a
	// break or a meeting.
	CPR         []string  `json:"cpr"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Employee    string    `json:"employee"` // initials; empty: nobody yet; unknown ones are employed
	Service     string    `json:"service"`  // name of the intervention
	Law         string    `json:"law"`      // "SUL §138", "SEL §83", "Ældreloven"
	Category    string    `json:"category"` // name of the event type; empty is "Planlagt besøg" or "Pause"
	Comment     string    `json:"comment"`
	Description string    `json:"description"`
	// Repeat are starts of further occurrences of the same event.
	Repeat []time.Time `json:"repeat"`
	// Strategies replaces what the event offers; empty: THIS, and ALL when it is repeated.
	Strategies    []string `json:"strategies"`
	ReadOnly      bool     `json:"read_only"`
	Delivered     bool     `json:"delivered"`
	LockedOnStart bool     `json:"locked_on_start"`
}

// Day is what a driving list gets.
type Day struct {
	List   string     `json:"list"` // an unknown list is made
	Visits []NewVisit `json:"visits"`
}

// Load puts visits on a driving list and returns their refs, of each visit the first
// occurrence and then the others. Each citizen gets an ordered intervention of the service's
// name. Nothing is loaded when one visit is wrong.
func (s *Server) Load(day Day) ([]Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range day.Visits {
		if err := s.checkVisit(day.Visits[i]); err != nil {
			return nil, fmt.Errorf("nexussim: visit %d: %w", i+1, err)
		}
	}
	l := s.world.list(day.List)
	if l == nil {
		l = &list{s.world.id(), drivingLists, day.List, []*organisation{s.world.groups[0]}, nil}
		s.world.lists = append(s.world.lists, l)
	}
	var refs []Ref
	for i := range day.Visits {
		refs = append(refs, s.load(l, day.Visits[i])...)
	}
	return refs, nil
}

func (s *Server) checkVisit(v NewVisit) error {
	switch {
	case !v.End.After(v.Start):
		return errors.New("it does not end after its start")
	case v.Service == "":
		return errors.New("it has no service")
	case s.world.typeNamed(v.category()) == nil:
		return fmt.Errorf("no event type %q", v.Category)
	case s.world.series[v.ID] != nil:
		return fmt.Errorf("id %d is taken", v.ID)
	}
	for _, cpr := range v.CPR {
		if s.world.citizenByCPR(cpr) == nil {
			return ErrNoCitizen
		}
	}
	return nil
}

func (v NewVisit) category() string {
	if v.Category == "" && len(v.CPR) == 0 {
		return "Pause"
	}
	return orElse(v.Category, "Planlagt besøg")
}

// load makes the event with its occurrences.
func (s *Server) load(l *list, v NewVisit) []Ref {
	event := &series{id: orElse(v.ID, s.world.id())}
	s.world.series[event.id] = event
	employee := s.world.employee(v.Employee)
	if employee == nil && v.Employee != "" {
		employee = s.world.employ(v.Employee, "Medarbejder "+v.Employee)
	}
	var people []*citizen
	for _, cpr := range v.CPR {
		p := s.world.citizenByCPR(cpr)
		people = append(people, p)
		s.world.ordered(p, Intervention{"Hjemmepleje", v.Service, v.Law, ""}, s.world.begun)
	}
	var refs []Ref
	for _, start := range append([]time.Time{v.Start}, v.Repeat...) {
		key := s.occurrenceKey(event, start)
		o := &occurrence{key: key, series: event, list: l, citizens: people, version: 1}
		o.doc = s.document(event.id, key, start, start.Add(v.End.Sub(v.Start)), v)
		if len(people) == 0 {
			o.doc["type"] = "PROFESSIONAL_EVENT"
		}
		s.dress(o, s.world.typeNamed(v.category()), employee)
		o.put()
		s.keepVersion(o, staffAuthor)
		refs = append(refs, o.ref())
	}
	return refs
}

// occurrenceKey is id#date; two occurrences of one day are told apart by their time.
func (s *Server) occurrenceKey(event *series, start time.Time) string {
	local := start.In(s.zone)
	key := strconv.Itoa(event.id) + "#" + local.Format(time.DateOnly)
	if slices.ContainsFunc(event.occurrences, func(o *occurrence) bool { return o.key == key }) {
		key += local.Format("T1504")
	}
	return key
}

// ParseRef reads an occurrence key.
func ParseRef(key string) (Ref, error) {
	number, _, found := strings.Cut(key, "#")
	id, err := strconv.Atoi(number)
	if !found || err != nil {
		return Ref{}, fmt.Errorf("nexussim: %q is no occurrence key", key)
	}
	return Ref{id, key}, nil
}

// change lets a person change a visit in the record.
func (s *Server) change(ref Ref, act func(*occurrence) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.occurrence(ref.ID, ref.Occurrence)
	if o == nil {
		return ErrNoVisit
	}
	before := deepCopy(o.doc)
	if err := act(o); err != nil {
		return err
	}
	s.record(nil, o, before, strategyThis)
	return nil
}

// Move gives a visit another time.
func (s *Server) Move(ref Ref, start, end time.Time) error {
	return s.change(ref, func(o *occurrence) error {
		if !end.After(start) {
			return errors.New("nexussim: the visit does not end after its start")
		}
		o.doc["start"], o.doc["end"] = wireTime(start), wireTime(end)
		return nil
	})
}

// Assign gives a visit to another employee; empty initials give it to nobody.
func (s *Server) Assign(ref Ref, initials string) error {
	return s.change(ref, func(o *occurrence) error {
		p := s.world.employee(initials)
		if p == nil && initials != "" {
			p = s.world.employ(initials, "Medarbejder "+initials)
		}
		s.dress(o, s.world.typeOf(o.doc), p)
		return nil
	})
}

// Categorise gives a visit another event type by hand.
func (s *Server) Categorise(ref Ref, category string) error {
	return s.change(ref, func(o *occurrence) error {
		t := s.world.typeNamed(category)
		if t == nil {
			return fmt.Errorf("nexussim: no event type %q", category)
		}
		s.dress(o, t, s.world.staffAt(text(o.doc, "resourceId")))
		return nil
	})
}

// Remark replaces a visit's comment by hand.
func (s *Server) Remark(ref Ref, comment string) error {
	return s.change(ref, func(o *occurrence) error {
		o.doc["comments"] = comment
		return nil
	})
}

// Deliver marks a visit as delivered, as the record's own app does.
func (s *Server) Deliver(ref Ref) error {
	return s.change(ref, func(o *occurrence) error {
		o.doc["deliveredEvent"] = true
		return nil
	})
}

// Protect makes a visit read-only or takes that back.
func (s *Server) Protect(ref Ref, readOnly bool) error {
	return s.change(ref, func(o *occurrence) error {
		o.doc["readOnly"] = readOnly
		return nil
	})
}

// Cancel takes a visit off: it keeps its place with the type "Aflyst besøg".
func (s *Server) Cancel(ref Ref) error { return s.Categorise(ref, cancelledType) }

// Delete removes a visit; its self is 404 from then on.
func (s *Server) Delete(ref Ref) error {
	return s.change(ref, func(o *occurrence) error {
		o.deleted = true
		return nil
	})
}

// Double makes a second event like a visit, as a planner may by mistake, and returns its ref.
func (s *Server) Double(ref Ref) (Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.occurrence(ref.ID, ref.Occurrence)
	if o == nil {
		return Ref{}, ErrNoVisit
	}
	event := &series{id: s.world.id()}
	s.world.series[event.id] = event
	twin := &occurrence{key: s.occurrenceKey(event, o.start), series: event, list: o.list, citizens: o.citizens, version: 1, doc: deepCopy(o.doc)}
	twin.doc["id"], twin.doc["eventOccurrenceKey"], twin.doc["eventIdentifier"] = event.id, twin.key, "EV-"+strconv.Itoa(event.id)
	twin.doc["repetition"], twin.doc["variationId"], twin.doc["changeStrategies"] = nil, nil, []any{strategyThis}
	twin.put()
	s.keepVersion(twin, staffAuthor)
	s.count(twin, "double")
	return twin.ref(), nil
}

// Citizen is what the record knows about a test citizen.
type Citizen struct {
	CPR              string  `json:"cpr"`
	ID               int     `json:"id"`
	Name             string  `json:"name"`
	Mobile           string  `json:"mobile"`
	Home             string  `json:"home"`
	Address          Address `json:"address"`
	State            State   `json:"state"`
	Hidden           bool    `json:"hidden"` // isPatientAccessible is false
	RestrictedPhones bool    `json:"restricted_phones"`
	AllowVideo       bool    `json:"allow_video"` // nexusVideoConfiguration
}

func (c *citizen) view() Citizen {
	return Citizen{c.cpr, c.id, c.name, c.mobile, c.home, c.address, c.state, c.hidden, c.secretPhones, c.video}
}

// Citizens are all citizens by id.
func (s *Server) Citizens() []Citizen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Citizen
	for _, c := range s.world.everyone() {
		all = append(all, c.view())
	}
	return all
}

// EditCitizen changes what the record knows about a citizen; number and id stay.
func (s *Server) EditCitizen(cpr string, act func(*Citizen)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.world.citizenByCPR(cpr)
	if c == nil {
		return ErrNoCitizen
	}
	v := c.view()
	act(&v)
	if !slices.Contains([]State{Active, Hospitalised, Dead, Inactive}, v.State) {
		return fmt.Errorf("nexussim: no state %q", v.State)
	}
	c.name, c.mobile, c.home, c.address = v.Name, v.Mobile, v.Home, v.Address
	c.state, c.hidden, c.secretPhones, c.video = v.State, v.Hidden, v.RestrictedPhones, v.AllowVideo
	c.version++
	return nil
}

// Admit sends a citizen to hospital.
func (s *Server) Admit(cpr string) error {
	return s.EditCitizen(cpr, func(c *Citizen) { c.State = Hospitalised })
}

// Discharge brings a citizen home.
func (s *Server) Discharge(cpr string) error {
	return s.EditCitizen(cpr, func(c *Citizen) { c.State = Active })
}

// MarkDead registers a citizen's death.
func (s *Server) MarkDead(cpr string) error {
	return s.EditCitizen(cpr, func(c *Citizen) { c.State = Dead })
}
