package scheduler

import (
	"context"
	"slices"
	"time"

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
	// Codewords reads the codewords of a citizen and a unit; Version 0 when there are none.
	Codewords(ctx context.Context, citizen care.CitizenID, unit care.UnitID) (care.Codewords, error)
	// SaveCodewords inserts codewords with Version 0, or updates those that still have their Version;
	// otherwise Conflict.
	SaveCodewords(ctx context.Context, w care.Codewords, effects Effects) error
	// NumberNotice reads what is to be sent to a number that a citizen no longer has. NotFound.
	NumberNotice(ctx context.Context, id string) (NumberNotice, error)
	// NumberNoticeDone records that a notice left, or why not, and removes the number.
	NumberNoticeDone(ctx context.Context, id string, at time.Time, failure string) error
}

// identityRule returns how the citizen, or a participant, may identify themselves at a visit now:
// the municipality's policy, the citizen's own setting, and the providers that are connected. The
// ways of an outage are for those who could log in, and can't anywhere (C24).
func (s *Service) identityRule(ctx context.Context, v care.Snapshot, who care.ParticipantID) (care.IdentityRule, error) {
	c := care.IdentityCase{Service: v.Facts.Service, Unit: v.Facts.Unit}

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

	at, err := s.loginsAt(ctx, v, who, rule)
	if err != nil {
		return care.IdentityRule{}, err
	}

	if c.Outage, err = s.cannotLogIn(ctx, at); err != nil {
		return care.IdentityRule{}, err
	}

	if c.Outage {
		rule = s.set.Identity.Rule(c)

		if at, err = s.loginsAt(ctx, v, who, rule); err != nil {
			return care.IdentityRule{}, err
		}
	}

	rule.Methods = slices.DeleteFunc(rule.Methods, func(m care.IdentityMethod) bool {
		return m.Login() && !slices.ContainsFunc(at, func(p eid.Info) bool { return p.Method == m })
	})

	return rule, nil
}

// loginsAt returns the identity providers at which somebody can log in under a rule. None for a
// citizen whom the care record knows by no number that a provider proves.
func (s *Service) loginsAt(ctx context.Context, v care.Snapshot, who care.ParticipantID, rule care.IdentityRule) ([]eid.Info, error) {
	var out []eid.Info

	for _, m := range rule.Methods {
		if m.Login() {
			out = append(out, s.providers(m, who)...)
		}
	}

	if len(out) == 0 || who != "" {
		return out, nil
	}

	can, err := s.canLogIn(ctx, v.Facts.Citizen)
	if err != nil || !can {
		return nil, err
	}

	return out, nil
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
func (s *Service) showMethods(ctx context.Context, view *CitizenView, rule care.IdentityRule, who care.ParticipantID) error {
	view.Methods = rule.Methods

	for _, m := range rule.Methods {
		view.Providers = append(view.Providers, s.providers(m, who)...)
	}

	if !rule.Allows(care.ByCode) {
		view.CodeLeft = 0
	}

	return s.showLoginsDown(ctx, view)
}

func codeForbidden() error {
	return care.NewError(care.Forbidden, "Du kan ikke bruge en kode på SMS her. Vælg en anden måde, eller ring til os.")
}

// ways returns how an employee can say that they know the citizen of a visit that can't be completed
// by screen before somebody does; nil when nothing is missing.
func (s *Service) ways(ctx context.Context, v care.Snapshot) ([]care.StaffWay, error) {
	if v.WhyUnknown() == "" || !v.State.Active() && !v.State.Concluded() {
		return nil, nil
	}

	rule, err := s.identityRule(ctx, v, "")

	return rule.StaffWays(), err
}

// attesting reads what attest needs.
func (s *Service) attesting(ctx context.Context, v care.Snapshot, req ConcludeRequest) (care.IdentityRule, error) {
	if err := s.guarded(ctx, v, req.Known); err != nil {
		return care.IdentityRule{}, err
	}

	return s.identityRule(ctx, v, "")
}

// attest records how an employee knows the citizen of a visit that they say was held by screen, where
// nothing is recorded of it.
func (s *Service) attest(v *care.Visit, actor care.Actor, req ConcludeRequest, rule care.IdentityRule) error {
	if req.Known == (care.StaffWay{}) || req.Kind != care.ResultCompleted || req.Delivery == care.ByPhone || v.Snapshot().WhyUnknown() == "" {
		return nil
	}

	proof := care.Proof{Method: req.Known.Method, Check: req.Known.Check, By: actor.Employee}

	return v.Attest(care.AdmissionID(randomID()), "", proof, rule, s.now())
}

// AtTheDoor is somebody who waits and is not identified, and how an employee can say who they are.
type AtTheDoor struct {
	VisitView

	Admission care.Admission
	Rule      care.IdentityRule
}

// AtTheDoor returns who waits in a session, for the employee who would say who it is. Needs
// HostVisits in the visit's unit.
func (s *Service) AtTheDoor(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) (AtTheDoor, error) {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return AtTheDoor{}, err
	}

	a, ok := v.AdmissionOf(admission)
	if !ok {
		return AtTheDoor{}, care.NewError(care.NotFound, "Personen venter ikke længere.")
	}

	views, err := s.views(ctx, []care.Snapshot{v})
	if err != nil {
		return AtTheDoor{}, err
	}

	rule, err := s.identityRule(ctx, v, a.Participant)
	if err != nil {
		return AtTheDoor{}, err
	}

	return AtTheDoor{VisitView: views[0], Admission: a, Rule: rule}, s.shownVisit(ctx, actor, "see_who_waits", v)
}

// Vouch records that an employee knows who waits in a session, and how (R29). The person still has
// to be let in. Needs HostVisits in the visit's unit.
func (s *Service) Vouch(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, way care.StaffWay) error {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return err
	}

	a, _ := v.AdmissionOf(admission)

	rule, err := s.identityRule(ctx, v, a.Participant)
	if err != nil {
		return err
	}

	if !way.Method.ByStaff() {
		return care.NewError(care.Invalid, "Vælg, hvordan du ved, hvem personen er.")
	}

	if err := s.guarded(ctx, v, way); err != nil {
		return err
	}

	row := by(actor, "vouch")
	row.Detail = string(way.Method) + ", " + string(way.Check)

	return s.update(ctx, id, row, func(v *care.Visit) error {
		return v.Identify(admission, care.Proof{Method: way.Method, Check: way.Check, By: actor.Employee}, rule, s.now())
	})
}

// guarded refuses that a guardian stood in for a citizen who has none.
func (s *Service) guarded(ctx context.Context, v care.Snapshot, way care.StaffWay) error {
	if way.Check != care.ViaGuardian {
		return nil
	}

	_, ok, err := s.guardianOf(ctx, v.Facts.Citizen)
	if err == nil && !ok {
		err = care.NewError(care.Invalid, "Borgeren har ingen værge i kontaktnetværket. Notér værgen og samtykket først.")
	}

	return err
}

// AskHelp tells the caregiver that somebody at the door can't identify themselves.
func (s *Service) AskHelp(ctx context.Context, token care.SessionToken) error {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return err
	}

	return s.update(ctx, v.ID, &AuditRow{Actor: visitor(adm.Participant), Action: "ask_help"}, func(v *care.Visit) error {
		return v.AskHelp(adm.ID, s.now())
	})
}
