package vdxsim

import "slices"

// principal is the caller as a token, session data or an assertion describes them.
type principal struct {
	client       string
	organisation string
	email        string
	roles        []string
	autoCreate   string // the parent under which an unknown organisation is made
}

func (p principal) person() person { return person{p.organisation, p.email} }

func (p principal) has(role string) bool { return slices.Contains(p.roles, role) }

// only tells whether role is the caller's single role. An unknown role counts, which is how
// a USER gets to see the whole organisation (§1.2).
func (p principal) only(role string) bool { return len(p.roles) == 1 && p.roles[0] == role }

func (p principal) onlyUser() bool { return p.only(RoleUser) }

// mayNameOrganizer: organizedByEmail is honoured for planners and administrators (§1.5).
func (p principal) mayNameOrganizer() bool { return p.has(RolePlanner) || p.has(RoleAdmin) }

// hasAny tells whether the caller has one of the roles.
func (p principal) hasAny(roles []string) bool { return slices.ContainsFunc(roles, p.has) }

// writers are the roles of every changing meeting call; readers are all five (§1.3).
func writers() []string {
	return []string{RoleUser, RolePlanner, RoleAdmin, RoleProvisionerUser}
}

func readers() []string { return append(writers(), RoleProvisioner) }
