package directory

import (
	"context"
	"net/mail"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// historyShown is how many changes the page of an employee shows.
const historyShown = 30

// bySystem stands for what the program does by itself in audit and history.
const bySystem = "system"

// Search narrows what an administrator sees.
type Search struct {
	Text string      // in the name or the id; empty: all
	Unit care.UnitID // with a role in the unit, one above or one below; empty: all
	Left bool        // those who left instead of those who work here
}

// EmployeeView is an employee as an administrator sees them.
type EmployeeView struct {
	care.Employee

	Works   bool         // today
	Groups  []string     // SCIM groups that give roles
	By      []care.Grant // what those groups give
	History []Revision   // newest first; only of one employee
}

// EmployeeRequest is what an administrator typed.
type EmployeeRequest struct {
	ID               care.EmployeeID
	Version          int // as shown; 0: a new employee
	Name, Email      string
	StartsOn, EndsOn string       // local days like 2026-11-23; may be empty
	Grants           []care.Grant // the roles that a hand gives; those of other sources stay
}

// administrates returns whether the actor manages all employees; Forbidden when none at all.
func administrates(actor care.Actor) (all bool, err error) {
	if !actor.MayAnywhere(care.ManageDirectory) {
		return false, actor.Must(care.ManageDirectory, care.EveryUnit)
	}

	return actor.May(care.ManageDirectory, care.EveryUnit), nil
}

// reaches reports whether an employee works in a unit whose directory the actor manages.
func reaches(actor care.Actor, e care.Employee) bool {
	return slices.ContainsFunc(e.Grants, func(a care.Assignment) bool { return actor.May(care.ManageDirectory, a.Unit) })
}

// Employees returns the employees that match, by name. Needs ManageDirectory somewhere; without
// it in every unit the actor sees those who work in their units. The reading is audited.
func (s *Service) Employees(ctx context.Context, actor care.Actor, q Search) ([]EmployeeView, error) {
	all, err := administrates(actor)
	if err != nil {
		return nil, err
	}

	found, err := s.store.Employees(ctx, Query{})
	if err != nil {
		return nil, err
	}

	var out []EmployeeView

	today := care.DayOf(s.now())
	text := strings.ToLower(strings.TrimSpace(q.Text))

	for _, e := range found {
		hit := strings.Contains(strings.ToLower(e.Name), text) || strings.Contains(strings.ToLower(string(e.ID)), text)
		if hit && e.Active != q.Left && (all || reaches(actor, e)) && s.touches(e, q.Unit) {
			out = append(out, EmployeeView{Employee: e, Works: e.EmployedOn(today)})
		}
	}

	slices.SortStableFunc(out, func(a, b EmployeeView) int { return byName(a.Employee, b.Employee) })

	return out, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_employees"}})
}

// touches reports whether an employee has a role that holds in the unit or below it.
func (s *Service) touches(e care.Employee, unit care.UnitID) bool {
	if unit == "" {
		return true
	}

	tree := s.Tree()
	within := tree.Within(unit)

	return slices.ContainsFunc(e.Grants, func(a care.Assignment) bool {
		return a.Unit == care.EveryUnit || slices.Contains(within, a.Unit) || slices.Contains(tree.Within(a.Unit), unit)
	})
}

// Employee returns one employee with their history. NotFound, also for one who works in none of
// the actor's units.
func (s *Service) Employee(ctx context.Context, actor care.Actor, id care.EmployeeID) (EmployeeView, error) {
	e, err := s.reachable(ctx, actor, id)
	if err != nil {
		return EmployeeView{}, err
	}

	standing, err := s.store.Standing(ctx, id)
	if err != nil {
		return EmployeeView{}, err
	}

	history, err := s.store.History(ctx, id, historyShown)
	if err != nil {
		return EmployeeView{}, err
	}

	view := EmployeeView{Employee: e, Works: e.EmployedOn(care.DayOf(s.now())), Groups: standing.Groups, By: s.groups(standing.Groups), History: history}

	return view, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_employee", Detail: "employee " + string(id)}})
}

func (s *Service) reachable(ctx context.Context, actor care.Actor, id care.EmployeeID) (care.Employee, error) {
	all, err := administrates(actor)
	if err != nil {
		return care.Employee{}, err
	}

	e, err := s.employee(ctx, id)
	if err == nil && !all && !reaches(actor, e) {
		err = noEmployee()
	}

	return e, err
}

func noEmployee() error {
	return care.NewError(care.NotFound, "Medarbejderen findes ikke i kartoteket.")
}

// employee reads one employee; NotFound.
func (s *Service) employee(ctx context.Context, id care.EmployeeID) (care.Employee, error) {
	found, err := s.store.Employees(ctx, Query{IDs: []care.EmployeeID{id}})
	if err != nil {
		return care.Employee{}, err
	}

	if len(found) == 0 {
		return care.Employee{}, noEmployee()
	}

	return found[0], nil
}

// SaveEmployee stores a new employee, or what an administrator changed of one. Needs
// ManageDirectory in each unit in which a role is given or taken. Invalid tells what to correct;
// Conflict when somebody else was first or the last administrator would be gone.
func (s *Service) SaveEmployee(ctx context.Context, actor care.Actor, req EmployeeRequest) error {
	before, after, err := s.edited(ctx, actor, req)
	if err != nil {
		return err
	}

	if err := s.mayChange(actor, before, after); err != nil || before.Same(after) {
		return err
	}

	action := "change_employee"
	if before.Version == 0 {
		action = "add_employee"
	}

	return s.save(ctx, string(actor.Employee), action, before, after)
}

func (s *Service) edited(ctx context.Context, actor care.Actor, req EmployeeRequest) (before, after care.Employee, err error) {
	if req.Version == 0 {
		if _, err = administrates(actor); err != nil {
			return before, after, err
		}

		_, err = s.employee(ctx, req.ID)
		if err == nil {
			return before, after, care.NewError(care.Invalid, "Der er allerede en medarbejder med de initialer. Find medarbejderen på listen, og ret der.")
		}

		if care.KindOf(err) != care.NotFound {
			return before, after, err
		}

		after = care.Employee{ID: req.ID, Source: care.FromHand, Active: true}
	} else {
		if before, err = s.reachable(ctx, actor, req.ID); err != nil {
			return before, after, err
		}

		after = before
		after.Version = req.Version // an older one than the stored is refused by the store
	}

	after.Name = strings.TrimSpace(req.Name)

	if after.Email, err = readEmail(req.Email); err != nil {
		return before, after, err
	}

	if after.StartsOn, err = readDay(req.StartsOn); err != nil {
		return before, after, err
	}

	if after.EndsOn, err = readDay(req.EndsOn); err != nil {
		return before, after, err
	}

	after = after.WithGrants(care.FromHand, req.Grants)

	return before, after, s.check(after)
}

// check tells what is wrong with an employee, also with the units of the roles.
func (s *Service) check(e care.Employee) error {
	if err := e.Check(); err != nil {
		return err
	}

	tree := s.Tree()
	for _, a := range e.Grants {
		if a.Source == care.FromHand && !tree.Has(a.Unit) {
			return care.NewError(care.Invalid, "Enheden findes ikke længere. Vælg en anden.")
		}
	}

	return nil
}

func readEmail(text string) (care.Email, error) {
	if text = strings.TrimSpace(text); text == "" {
		return care.Email{}, nil
	}

	if a, err := mail.ParseAddress(text); err != nil || a.Address != text || len(text) > 254 {
		return care.Email{}, care.NewError(care.Invalid, "E-mailadressen er ikke rigtig. Skriv den som navn@kommune.dk, eller lad feltet stå tomt.")
	}

	return care.NewEmail(text), nil
}

// readDay reads a local day like 2026-11-23; empty for none.
func readDay(text string) (care.Day, error) {
	if text = strings.TrimSpace(text); text == "" {
		return "", nil
	}

	return care.ParseDay(text)
}

// mayChange refuses what the actor has no say in: a role given or taken in a unit of others, the
// employment of somebody who works in units of others, and the end of one's own access.
func (s *Service) mayChange(actor care.Actor, before, after care.Employee) error {
	for _, list := range [][]care.Assignment{before.Grants, after.Grants} {
		for _, a := range list {
			if slices.Contains(before.Grants, a) && slices.Contains(after.Grants, a) {
				continue
			}

			if err := actor.Must(care.ManageDirectory, a.Unit); err != nil {
				return err
			}
		}
	}

	if actor.Employee == after.ID && (!after.Active || after.EndsOn != before.EndsOn) {
		return care.NewError(care.Conflict, "Du kan ikke fjerne din egen adgang. Bed en anden systemforvalter om det.")
	}

	if before.Active != after.Active || before.StartsOn != after.StartsOn || before.EndsOn != after.EndsOn {
		for _, a := range before.Grants {
			if err := actor.Must(care.ManageDirectory, a.Unit); err != nil {
				return err
			}
		}
	}

	if before.Version == 0 && len(after.Grants) == 0 {
		return actor.Must(care.ManageDirectory, care.EveryUnit)
	}

	return nil
}

// save writes one employee.
func (s *Service) save(ctx context.Context, by, action string, before, after care.Employee) error {
	now := s.now()
	after.ChangedAt = now

	if before.Version == 0 {
		after.CreatedAt = now
	}

	c := Change{
		Employees: []care.Employee{after}, By: by, At: now,
		Audit: []AuditRow{{At: now, Actor: by, Action: action, Detail: "employee " + string(after.ID)}},
	}

	if loses(before, after) {
		c.Guard = s.guard
	}

	return s.store.Save(ctx, c)
}

// loses reports whether a change can cost somebody the administrator's role.
func loses(before, after care.Employee) bool {
	if before.Version == 0 {
		return false
	}

	return !after.Active || before.StartsOn != after.StartsOn || before.EndsOn != after.EndsOn ||
		slices.ContainsFunc(before.Grants, func(a care.Assignment) bool {
			return a.Role == care.Administrator && !slices.Contains(after.Grants, a)
		})
}

// MarkLeft ends an employee's access at once. Conflict for the last administrator and for oneself.
func (s *Service) MarkLeft(ctx context.Context, actor care.Actor, id care.EmployeeID, version int) error {
	return s.mark(ctx, actor, id, version, false)
}

// MarkBack lets somebody back in who was marked as left. An end of the employment that has
// passed is taken away.
func (s *Service) MarkBack(ctx context.Context, actor care.Actor, id care.EmployeeID, version int) error {
	return s.mark(ctx, actor, id, version, true)
}

func (s *Service) mark(ctx context.Context, actor care.Actor, id care.EmployeeID, version int, active bool) error {
	before, err := s.reachable(ctx, actor, id)
	if err != nil || before.Active == active {
		return err
	}

	after := before.Leave(care.FromHand, s.now())
	action := "mark_left"

	if active {
		after, action = s.back(before), "mark_back"
	}

	after.Version = version

	if err := s.mayChange(actor, before, after); err != nil {
		return err
	}

	return s.save(ctx, string(actor.Employee), action, before, after)
}

// back returns the employee as one who works here.
func (s *Service) back(e care.Employee) care.Employee {
	e = e.Return(care.FromHand)

	if e.EndsOn != "" && e.EndsOn < care.DayOf(s.now()) {
		e.EndsOn = ""
	}

	return e
}

// Undo brings back what a hand changed with the given version: name, mail, days, whether the
// person left, and the roles that a hand gives. What files and SCIM gave since then stays.
// Conflict when the employee was changed again since it was shown as version now.
func (s *Service) Undo(ctx context.Context, actor care.Actor, id care.EmployeeID, version, now int) error {
	before, err := s.reachable(ctx, actor, id)
	if err != nil {
		return err
	}

	history, err := s.store.History(ctx, id, max(1, before.Version))
	if err != nil {
		return err
	}

	i := slices.IndexFunc(history, func(r Revision) bool { return r.Employee.Version == version-1 })
	if i < 0 {
		return care.NewError(care.NotFound, "Ændringen kan ikke fortrydes, for det, der stod før, kendes ikke.")
	}

	was := history[i].Employee
	after := before
	after.Version = now
	after.Name, after.Email, after.StartsOn, after.EndsOn = was.Name, was.Email, was.StartsOn, was.EndsOn
	after.Active, after.LeftAt, after.LeftBy = was.Active, was.LeftAt, was.LeftBy
	after = after.WithGrants(care.FromHand, was.GrantsFrom(care.FromHand))

	if err := s.check(after); err != nil {
		return err
	}

	if err := s.mayChange(actor, before, after); err != nil || before.Same(after) {
		return err
	}

	return s.save(ctx, string(actor.Employee), "undo_change", before, after)
}

// RetireLeavers marks those as left whose last day is over. They have had no access since
// midnight; this is for the lists that people read. It may run in several processes at once.
func (s *Service) RetireLeavers(ctx context.Context) error {
	ended, err := s.store.Employees(ctx, Query{EndedBy: care.DayOf(s.now())})
	if err != nil {
		return err
	}

	for _, e := range ended {
		now := s.now()
		after := e.Leave(e.Source, now)
		after.ChangedAt = now

		err := s.store.Save(ctx, Change{
			Employees: []care.Employee{after}, By: bySystem, At: now,
			Audit: []AuditRow{{At: now, Actor: bySystem, Action: "mark_left", Detail: "employee " + string(e.ID)}},
		})
		if err != nil && care.KindOf(err) != care.Conflict { // another process was first
			return err
		}
	}

	return nil
}
