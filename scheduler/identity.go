package scheduler

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler/care"
)

// Identities stores how citizens may be identified.
type Identities interface {
	// IdentitySetting reads a citizen's setting; one that narrows nothing, with Version 0, when
	// none was ever made.
	IdentitySetting(ctx context.Context, citizen care.CitizenID) (care.IdentitySetting, error)
	// SaveIdentitySetting inserts a setting with Version 0, or updates one that still has its
	// Version; otherwise Conflict.
	SaveIdentitySetting(ctx context.Context, setting care.IdentitySetting, effects Effects) error
}

// identityRule returns how the citizen, or a participant, may identify themselves at a visit now:
// the municipality's policy, the citizen's own setting, and the providers that are connected.
func (s *Service) identityRule(ctx context.Context, v care.Snapshot, who care.ParticipantID) (care.IdentityRule, error) {
	c := care.IdentityCase{Service: v.Facts.Service, Unit: v.Facts.Unit, Outage: s.eidDown()}

	if p, ok := v.ParticipantOf(who); ok {
		c.Kind = p.Kind
	} else {
		setting, err := s.store.IdentitySetting(ctx, v.Facts.Citizen)
		if err != nil {
			return care.IdentityRule{}, err
		}

		c.Setting = setting
	}

	rule := s.set.Identity.Rule(c)
	rule.Methods = slices.DeleteFunc(rule.Methods, func(m care.IdentityMethod) bool {
		return m.Login() && len(s.providers(m, who)) == 0
	})

	if c.Kind != "" || !slices.ContainsFunc(rule.Methods, care.IdentityMethod.Login) {
		return rule, nil
	}

	can, err := s.canLogIn(ctx, v.Facts.Citizen)
	if err == nil && !can {
		rule.Methods = slices.DeleteFunc(rule.Methods, care.IdentityMethod.Login)
	}

	return rule, err
}

// providers returns the identity providers of a method at which somebody can log in. A citizen is
// known by the CPR number, so providers that tell none are for participants.
func (s *Service) providers(m care.IdentityMethod, who care.ParticipantID) []eid.Info {
	var out []eid.Info

	for _, p := range s.eids {
		if info := p.Info(); info.Method == m && (info.Danish || who != "") {
			out = append(out, info)
		}
	}

	return out
}

// showMethods tells the page by what its reader can identify themselves.
func (s *Service) showMethods(view *CitizenView, rule care.IdentityRule, who care.ParticipantID) {
	view.Methods = rule.Methods

	for _, m := range rule.Methods {
		view.Providers = append(view.Providers, s.providers(m, who)...)
	}

	if !rule.Allows(care.ByCode) {
		view.CodeLeft = 0
	}
}

func codeForbidden() error {
	return care.NewError(care.Forbidden, "Du kan ikke bruge en kode på SMS her. Vælg en anden måde, eller ring til os.")
}
