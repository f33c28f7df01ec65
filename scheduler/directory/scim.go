package directory

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// byOutside stands for the municipality's own directory in audit and history.
const byOutside = "scim"

// LeastToken is how many characters the token has at least by which SCIM is let in.
const LeastToken = 32

// Key says which attribute of a SCIM user is the employee's id, as driving lists and logins have it.
// The zero value is invalid.
type Key string

// The keys.
const (
	KeyUserName       Key = "user_name"       // the whole userName
	KeyLocalPart      Key = "local_part"      // userName before the @
	KeyExternalID     Key = "external_id"     // externalId
	KeyEmployeeNumber Key = "employee_number" // employeeNumber of the enterprise extension
)

// Keys lists every key.
func Keys() []Key { return []Key{KeyUserName, KeyLocalPart, KeyExternalID, KeyEmployeeNumber} }

// Person is an employee as the municipality's own directory tells of them, over SCIM.
type Person struct {
	Login      string // userName
	ExternalID string
	Name       string
	Email      string
	Active     bool
}

// person is what SCIM knows of an employee.
func person(e care.Employee) Person {
	return Person{Login: e.Login, ExternalID: e.ExternalID, Name: e.Name, Email: e.Email.Reveal(), Active: e.Active}
}

// outside reports whether an employee is known to the municipality's own directory.
func outside(e care.Employee) bool { return e.Login != "" }

// People returns the employees whom the municipality's own directory has told of, in order of id.
func (s *Service) People(ctx context.Context, q Query) ([]care.Employee, error) {
	found, err := s.store.Employees(ctx, q)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(found, func(e care.Employee) bool { return !outside(e) }), nil
}

// Person reads one of them. NotFound.
func (s *Service) Person(ctx context.Context, id care.EmployeeID) (care.Employee, error) {
	e, err := s.employee(ctx, id)
	if err == nil && !outside(e) {
		err = noEmployee()
	}

	return e, err
}

// AddPerson takes in a person whom the municipality's own directory tells of for the first time. One
// who is known by the same id from a file or by hand keeps roles and becomes that person. Conflict
// when the id or the login is taken.
func (s *Service) AddPerson(ctx context.Context, id care.EmployeeID, p Person) (care.Employee, error) {
	before, err := s.employee(ctx, id)
	if err != nil && care.KindOf(err) != care.NotFound {
		return care.Employee{}, err
	}

	if outside(before) {
		return care.Employee{}, care.NewError(care.Conflict, "Der er allerede en medarbejder med det id.")
	}

	after := before
	if before.Version == 0 {
		after = care.Employee{ID: id, Active: true}
	}

	after.Source = care.FromSCIM

	return s.personal(ctx, "add_employee", before, after, p)
}

// ChangePerson changes what the municipality's own directory tells of a person. The version is
// the one that the change was made for; 0: any. NotFound; Conflict when it was changed since, when the
// login is taken, or when the last administrator would be gone.
func (s *Service) ChangePerson(ctx context.Context, id care.EmployeeID, version int, change func(*Person) error) (care.Employee, error) {
	before, err := s.Person(ctx, id)
	if err != nil {
		return care.Employee{}, err
	}

	if version != 0 && version != before.Version {
		return care.Employee{}, moved()
	}

	p := person(before)
	if err := change(&p); err != nil {
		return care.Employee{}, err
	}

	return s.personal(ctx, "change_employee", before, before, p)
}

func moved() error {
	return care.NewError(care.Conflict, "En anden har ændret det samme i mellemtiden.")
}

// personal stores what a person is now.
func (s *Service) personal(ctx context.Context, action string, before, after care.Employee, p Person) (care.Employee, error) {
	if strings.TrimSpace(p.Login) == "" {
		return care.Employee{}, care.NewError(care.Invalid, "userName mangler.")
	}

	email, err := readEmail(p.Email)
	if err != nil {
		return care.Employee{}, err
	}

	after.Login, after.ExternalID, after.Name, after.Email = p.Login, p.ExternalID, strings.TrimSpace(p.Name), email
	if after.Name == "" {
		after.Name = p.Login
	}

	if p.Active {
		after = after.Return(care.FromSCIM)
	} else {
		after = after.Leave(care.FromSCIM, s.now())
	}

	if err := after.Check(); err != nil {
		return care.Employee{}, err
	}

	if before.Same(after) {
		return before, nil
	}

	if err := s.save(ctx, byOutside, action, before, after); err != nil {
		return care.Employee{}, err
	}

	return s.employee(ctx, after.ID)
}

// RemovePerson marks a person as left whom the municipality's own directory does not know any
// more, and takes them out of its groups. Roles from files and by hand stay for the day the person
// comes back. NotFound; Conflict as for ChangePerson.
func (s *Service) RemovePerson(ctx context.Context, id care.EmployeeID, version int) error {
	before, err := s.Person(ctx, id)
	if err != nil {
		return err
	}

	if version != 0 && version != before.Version {
		return moved()
	}

	groups, err := s.store.Groups(ctx)
	if err != nil {
		return err
	}

	now := s.now()
	after := before.Leave(care.FromSCIM, now)
	after.Login, after.ExternalID, after.ChangedAt = "", "", now
	c := Change{
		Employees: []care.Employee{after}, Guard: s.guard, By: byOutside, At: now,
		Audit: []AuditRow{{At: now, Actor: byOutside, Action: "mark_left", Detail: "employee " + string(id)}},
	}

	for _, g := range groups {
		if i := slices.Index(g.Members, id); i >= 0 {
			g.Members, g.ChangedAt = slices.Delete(g.Members, i, i+1), now
			c.Groups = append(c.Groups, g)
		}
	}

	return s.store.Save(ctx, c)
}

// Groups returns the SCIM groups in order of name.
func (s *Service) Groups(ctx context.Context) ([]Group, error) { return s.store.Groups(ctx) }

// Group reads one SCIM group. NotFound.
func (s *Service) Group(ctx context.Context, id string) (Group, error) {
	all, err := s.store.Groups(ctx)
	if err != nil {
		return Group{}, err
	}

	i := slices.IndexFunc(all, func(g Group) bool { return g.ID == id })
	if i < 0 {
		return Group{}, care.NewError(care.NotFound, "Gruppen findes ikke.")
	}

	return all[i], nil
}

// AddGroup stores a new SCIM group under an id of its own. Conflict when the name is taken.
func (s *Service) AddGroup(ctx context.Context, g Group) (Group, error) {
	g.ID, g.Version, g.CreatedAt = randomID(), 0, s.now()

	return s.saveGroup(ctx, "add_group", g)
}

// ChangeGroup changes a SCIM group. The version is the one that the change was made for; 0: any.
// NotFound; Conflict as for ChangePerson.
func (s *Service) ChangeGroup(ctx context.Context, id string, version int, change func(*Group) error) (Group, error) {
	g, err := s.Group(ctx, id)
	if err != nil {
		return Group{}, err
	}

	if version != 0 && version != g.Version {
		return Group{}, moved()
	}

	before := g
	g.Members = slices.Clone(g.Members)

	if err := change(&g); err != nil {
		return Group{}, err
	}

	g.Members = slices.Compact(slices.Sorted(slices.Values(g.Members)))
	if g.Name == before.Name && g.ExternalID == before.ExternalID && slices.Equal(g.Members, before.Members) {
		return before, nil
	}

	return s.saveGroup(ctx, "change_group", g)
}

// maxGroupName is the longest name of a group, in characters.
const maxGroupName = 256

func (s *Service) saveGroup(ctx context.Context, action string, g Group) (Group, error) {
	if strings.TrimSpace(g.Name) == "" || len([]rune(g.Name)) > maxGroupName || len(g.ExternalID) > maxGroupName {
		return Group{}, care.NewError(care.Invalid, "displayName mangler eller er for lang.")
	}

	g.Members = slices.Compact(slices.Sorted(slices.Values(g.Members)))
	if err := s.checkMembers(ctx, g.Members); err != nil {
		return Group{}, err
	}

	now := s.now()
	g.ChangedAt = now

	err := s.store.Save(ctx, Change{
		Groups: []Group{g}, Guard: s.guard, By: byOutside, At: now, Audit: []AuditRow{{At: now, Actor: byOutside, Action: action, Detail: "group " + g.ID}},
	})
	if err != nil {
		return Group{}, err
	}

	g.Version++

	return g, nil
}

// checkMembers refuses members whom nobody told of.
func (s *Service) checkMembers(ctx context.Context, members []care.EmployeeID) error {
	if len(members) == 0 {
		return nil
	}

	known, err := s.People(ctx, Query{IDs: members})
	if err == nil && len(known) != len(members) {
		err = care.NewError(care.Invalid, "Et medlem af gruppen findes ikke.")
	}

	return err
}

// RemoveGroup removes a SCIM group; its members lose the roles that it gave. NotFound.
func (s *Service) RemoveGroup(ctx context.Context, id string, version int) error {
	g, err := s.Group(ctx, id)
	if err != nil {
		return err
	}

	if version != 0 && version != g.Version {
		return moved()
	}

	now := s.now()

	return s.store.Save(ctx, Change{
		GroupsGone: []string{id}, Guard: s.guard, By: byOutside, At: now,
		Audit: []AuditRow{{At: now, Actor: byOutside, Action: "remove_group", Detail: "group " + id}},
	})
}

// randomID returns a random UUID (version 4).
func randomID() string {
	var b [16]byte

	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
