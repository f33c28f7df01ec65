package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Deps are what a Service is made of.
type Deps struct {
	Store    Store
	Sheets   Sheets
	Citizens Citizens
	// Configured are the units of the configuration; they win over stored ones.
	Configured []Unit
	// Groups maps names of groups to roles, as it does for the groups of a login.
	Groups func(names []string) []care.Grant
	// LoginAdministers says that a group of the login gives the administrator's role, so that
	// administrators need not stand in the directory.
	LoginAdministers bool
	Now              func() time.Time
}

// Service is the directory of one municipality. It is safe for concurrent use.
type Service struct {
	store      Store
	sheets     Sheets
	citizens   Citizens
	configured []Unit
	groups     func(names []string) []care.Grant
	elsewhere  bool // administrators come with the login
	now        func() time.Time
	known      atomic.Pointer[known]
}

// known are the units as of a version of the directory.
type known struct {
	version int
	units   []Unit
	tree    care.UnitTree
}

// New makes a Service that knows the configured units. Refresh reads the stored ones.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Sheets == nil || d.Citizens == nil || d.Groups == nil || d.Now == nil {
		return nil, errors.New("directory: a part is missing")
	}

	s := &Service{store: d.Store, sheets: d.Sheets, citizens: d.Citizens, groups: d.Groups, elsewhere: d.LoginAdministers, now: d.Now}

	for _, u := range d.Configured {
		u.Configured = true
		s.configured = append(s.configured, u)
	}

	s.know(nil, 0)

	return s, nil
}

// Refresh reads the stored units when something has changed, also by another process. Every use
// case that changes units does it by itself.
func (s *Service) Refresh(ctx context.Context) error {
	version, err := s.store.Version(ctx)
	if err != nil || version == s.known.Load().version {
		return err
	}

	units, version, err := s.store.Units(ctx)
	if err != nil {
		return err
	}

	s.know(units, version)

	return nil
}

// know puts stored units beside the configured ones.
func (s *Service) know(stored []Unit, version int) {
	k := &known{version: version}
	k.units, k.tree, _ = s.join(stored)

	s.known.Store(k)
}

// join puts units beside the configured ones, which win, in order of the tree.
func (s *Service) join(stored []Unit) ([]Unit, care.UnitTree, []care.TreeFault) {
	rules := make(map[care.UnitID]Unit, len(s.configured)+len(stored))
	all := make([]care.Unit, 0, len(s.configured)+len(stored))

	for _, u := range slices.Concat(s.configured, stored) {
		if _, taken := rules[u.ID]; !taken {
			rules[u.ID] = u
			all = append(all, u.Unit)
		}
	}

	tree, faults := care.NewUnitTree(all)
	units := make([]Unit, 0, len(all))

	for _, u := range tree.Units() {
		rule := rules[u.ID]
		rule.Unit = u
		units = append(units, rule)
	}

	return units, tree, faults
}

// Units returns the units as of the last Refresh, parents before their children.
func (s *Service) Units() []Unit { return slices.Clone(s.known.Load().units) }

// Tree returns the tree of the units as of the last Refresh.
func (s *Service) Tree() care.UnitTree { return s.known.Load().tree }

// Grants returns what an employee may do now: the union of what the login gave and what the
// directory says, with the units below each. It is asked on every request and makes one read by
// keys. Whoever is marked as left, or is not employed today, has no grants and is not active.
// Whom the directory does not know has what the login gave. Errors are *care.Error; on an error
// nothing is granted.
func (s *Service) Grants(ctx context.Context, employee care.EmployeeID, fromLogin []care.Grant) (grants []care.Grant, active bool, err error) {
	standing, err := s.store.Standing(ctx, employee)
	if err != nil && care.KindOf(err) != care.NotFound {
		return nil, false, err
	}

	if err == nil && !standing.At(care.DayOf(s.now())) {
		return nil, false, nil
	}

	all := slices.Concat(fromLogin, standing.Grants, s.groups(standing.Groups))

	return s.Tree().Expand(all), true, nil
}

// administers reports whether a standing gives the right to manage everybody, with no end in sight.
func (s *Service) administers(st Standing, today care.Day) bool {
	if !st.At(today) || st.EndsOn != "" {
		return false
	}

	actor := care.Actor{Grants: slices.Concat(st.Grants, s.groups(st.Groups))}

	return actor.May(care.ManageDirectory, care.EveryUnit)
}

// lastAdministrator is the answer to whoever would lock everybody out.
func lastAdministrator() error {
	return care.NewError(care.Conflict, "Det ville fjerne den sidste systemforvalter i hele kommunen. Giv først en anden rollen som systemforvalter i alle enheder uden slutdato.")
}

// guard refuses a change after which nobody is left who may manage the directory.
func (s *Service) guard(before, after []Standing) error {
	today := care.DayOf(s.now())
	one := func(st Standing) bool { return s.administers(st, today) }

	if !s.elsewhere && slices.ContainsFunc(before, one) && !slices.ContainsFunc(after, one) {
		return lastAdministrator()
	}

	return nil
}

// byName orders employees as people look for them.
func byName(a, b care.Employee) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}
