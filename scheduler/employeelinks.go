package scheduler

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// EmployeeLinks stores links between citizens and employees.
type EmployeeLinks interface {
	// EmployeeLink reads one link, ended or not. NotFound.
	EmployeeLink(ctx context.Context, id care.EmployeeLinkID) (care.EmployeeLink, error)
	// EmployeeLinksOf reads the links of a citizen, ended ones too, the newest first.
	EmployeeLinksOf(ctx context.Context, citizen care.CitizenID) ([]care.EmployeeLink, error)
	// LinkedTo reads the links of an employee that hold on a local day, in order of citizen, then unit.
	LinkedTo(ctx context.Context, employee care.EmployeeID, day care.Day) ([]care.EmployeeLink, error)
	// SaveEmployeeLink inserts a link with Version 0, or updates one that still has its Version;
	// otherwise Conflict.
	SaveEmployeeLink(ctx context.Context, l care.EmployeeLink, effects Effects) error
}

// LinkRequest is what somebody typed who links a citizen with an employee.
type LinkRequest struct {
	Citizen  care.CitizenID
	Employee care.EmployeeID
	Unit     care.UnitID
	From, To string // local days like 2026-11-23; From empty: today; To empty: no end is known
	Reason   string // needed where the unit does not visit the citizen
}

// maxLinkReason is the longest reason, in characters.
const maxLinkReason = 500

// EmployeeLinkView is a link as people see it.
type EmployeeLinkView struct {
	care.EmployeeLink

	UnitName string
	Active   bool // today
	Coming   bool // from a later day
	CanEnd   bool // the actor may end it
}

// EmployeeLinkList is who is linked with a citizen.
type EmployeeLinkList struct {
	Citizen care.Citizen
	Card    bool // the actor may open the citizen's card
	Links   []EmployeeLinkView
}

// EmployeeLinks returns the links of a citizen that the actor may see: those in units in which
// the actor links people or visits the citizen. The reading is audited.
func (s *Service) EmployeeLinks(ctx context.Context, actor care.Actor, citizen care.CitizenID) (EmployeeLinkList, error) {
	_, stranger := s.linked(ctx, actor, citizen, care.HostVisits, care.SeeDay)
	if stranger != nil && (care.KindOf(stranger) != care.Forbidden || !actor.MayAnywhere(care.LinkEmployees)) {
		return EmployeeLinkList{}, stranger
	}

	out := EmployeeLinkList{Card: stranger == nil}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{citizen})
	if err != nil {
		return EmployeeLinkList{}, err
	}

	known, ok := citizens[citizen]
	if !ok {
		return EmployeeLinkList{}, notLinked()
	}

	links, err := s.store.EmployeeLinksOf(ctx, citizen)
	if err != nil {
		return EmployeeLinkList{}, err
	}

	out.Citizen = known.Shown()

	today := care.DayOf(s.now())

	for _, l := range links {
		may := actor.May(care.LinkEmployees, l.Unit)
		if may || actor.May(care.HostVisits, l.Unit) || actor.May(care.SeeDay, l.Unit) {
			coming := l.EndedAt.IsZero() && l.From > today
			out.Links = append(out.Links, EmployeeLinkView{
				EmployeeLink: l, UnitName: s.unit(l.Unit).Name, Active: l.ActiveOn(today), Coming: coming, CanEnd: may && (coming || l.ActiveOn(today)),
			})
		}
	}

	return out, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_employee_links", Citizen: citizen}})
}

// LinkUnits returns the units in which the actor links citizens with employees; none is no error.
func (s *Service) LinkUnits(_ context.Context, actor care.Actor) ([]care.Unit, error) {
	return s.unitsFor(actor, care.LinkEmployees), nil
}

// LinkEmployee ties an employee to a citizen. The unit must visit the citizen by its driving
// lists; where it does not, a reason is needed, and the link is marked as made by hand (V10).
// Needs LinkEmployees in the unit.
func (s *Service) LinkEmployee(ctx context.Context, actor care.Actor, req LinkRequest) error {
	if err := actor.Must(care.LinkEmployees, req.Unit); err != nil {
		return err
	}

	link, err := s.readLink(req)
	if err != nil {
		return err
	}

	switch citizens, err := s.store.Citizens(ctx, []care.CitizenID{req.Citizen}); {
	case err != nil:
		return err
	case len(citizens) == 0:
		return notLinked()
	}

	visits, err := s.store.Links(ctx, LinkQuery{Window: s.recent(), Units: []care.UnitID{req.Unit}, Citizens: []care.CitizenID{req.Citizen}})
	if err != nil {
		return err
	}

	link.Proof = care.ProvenByVisit

	if !slices.ContainsFunc(visits, func(l Link) bool { return l.Visits > 0 }) {
		if link.Reason == "" {
			return care.NewError(care.Invalid, "Enheden har ingen besøg hos borgeren på kørelisterne. Vælg en anden enhed, eller skriv en grund.")
		}

		link.Proof = care.ByOverride
	} else {
		link.Reason = ""
	}

	if err := s.unlinked(ctx, link); err != nil {
		return err
	}

	link.ID, link.MadeBy, link.MadeAt = care.EmployeeLinkID(randomID()), actor.Employee, s.now()

	return s.store.SaveEmployeeLink(ctx, link, Effects{Audit: []AuditRow{{
		At: link.MadeAt, Actor: string(actor.Employee), Action: "link_employee", Citizen: link.Citizen, Reason: link.Reason,
		Detail: "employee " + string(link.Employee) + ", unit " + string(link.Unit) + ", by " + string(link.Proof),
	}}})
}

func (s *Service) readLink(req LinkRequest) (care.EmployeeLink, error) {
	link := care.EmployeeLink{
		Citizen: req.Citizen, Employee: care.EmployeeID(strings.TrimSpace(string(req.Employee))), Unit: req.Unit,
		From: care.DayOf(s.now()), Reason: strings.TrimSpace(req.Reason),
	}

	for _, d := range []struct {
		text string
		to   *care.Day
	}{{req.From, &link.From}, {req.To, &link.To}} {
		if d.text == "" {
			continue
		}

		day, err := care.ParseDay(d.text)
		if err != nil {
			return link, err
		}

		*d.to = day
	}

	switch {
	case (care.Employee{ID: link.Employee, Name: "-"}).Check() != nil:
		return link, care.NewError(care.Invalid, "Skriv medarbejderens initialer, som de står i kørelisten.")
	case link.To != "" && link.To < link.From:
		return link, care.NewError(care.Invalid, "Slutdatoen ligger før startdatoen. Ret en af dem.")
	case link.To != "" && link.To < care.DayOf(s.now()):
		return link, care.NewError(care.Invalid, "Slutdatoen er passeret. Vælg en dag, der ikke er gået.")
	case len([]rune(link.Reason)) > maxLinkReason:
		return link, care.NewError(care.Invalid, "Grunden må højst være 500 tegn.")
	case link.Unit == care.EveryUnit || s.unit(link.Unit).Name == s.unit("").Name:
		return link, care.NewError(care.Invalid, "Vælg en enhed.")
	}

	return link, nil
}

// unlinked refuses a second link of the same three for the same days.
func (s *Service) unlinked(ctx context.Context, link care.EmployeeLink) error {
	links, err := s.store.EmployeeLinksOf(ctx, link.Citizen)
	if err != nil {
		return err
	}

	if slices.ContainsFunc(links, func(l care.EmployeeLink) bool {
		return l.EndedAt.IsZero() && l.Employee == link.Employee && l.Unit == link.Unit &&
			(l.To == "" || l.To >= link.From) && (link.To == "" || link.To >= l.From)
	}) {
		return care.NewError(care.Conflict, "Medarbejderen er allerede knyttet til borgeren i den periode.")
	}

	return nil
}

// EndEmployeeLink ends a link now. One that is over already stays as it is. Needs LinkEmployees in
// its unit.
func (s *Service) EndEmployeeLink(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.EmployeeLinkID) error {
	link, err := s.store.EmployeeLink(ctx, id)
	if err != nil {
		return err
	}

	if link.Citizen != citizen {
		return care.NewError(care.NotFound, "Tilknytningen findes ikke hos borgeren.")
	}

	if err := actor.Must(care.LinkEmployees, link.Unit); err != nil || !link.EndedAt.IsZero() {
		return err
	}

	link.EndedBy, link.EndedAt = actor.Employee, s.now()

	return s.store.SaveEmployeeLink(ctx, link, Effects{Audit: []AuditRow{{
		At: link.EndedAt, Actor: string(actor.Employee), Action: "end_employee_link", Citizen: link.Citizen,
		Detail: "employee " + string(link.Employee) + ", unit " + string(link.Unit),
	}}})
}

// ownLinks returns the actor's own links of today in units in which the actor has one of the
// permissions; of one citizen, or of all when citizen is empty.
func (s *Service) ownLinks(ctx context.Context, actor care.Actor, citizen care.CitizenID, permissions ...care.Permission) ([]care.EmployeeLink, error) {
	links, err := s.store.LinkedTo(ctx, actor.Employee, care.DayOf(s.now()))
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(links, func(l care.EmployeeLink) bool {
		may := slices.ContainsFunc(permissions, func(p care.Permission) bool { return actor.May(p, l.Unit) })

		return !may || citizen != "" && l.Citizen != citizen
	}), nil
}

// withOwn adds the units of the actor's own links to those that visit citizens by their lists, in
// order of citizen, then unit.
func withOwn(links []Link, own []care.EmployeeLink) []Link {
	for _, l := range own {
		if !slices.ContainsFunc(links, func(k Link) bool { return k.Citizen == l.Citizen && k.Unit == l.Unit }) {
			links = append(links, Link{Citizen: l.Citizen, Unit: l.Unit, Law: care.LawUnknown})
		}
	}

	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Or(cmp.Compare(a.Citizen, b.Citizen), cmp.Compare(a.Unit, b.Unit)) })

	return links
}
