package scheduler

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// notLinked is the one answer for citizens whom none of the actor's units visits, whether they
// exist or not (K21).
func notLinked() error {
	return care.NewError(care.Forbidden, "Du kan kun se og ringe til borgere, som dit team besøger.")
}

// recent is the span in which a visit links a citizen with a unit: as far back as ahead.
func (s *Service) recent() care.Interval {
	now := s.now()

	return care.Interval{Start: now.Add(-s.set.CallLinked), End: now.Add(s.set.CallLinked)}
}

// linked returns the units that visit a citizen, or in which the actor is linked with the citizen,
// and in which the actor has one of the permissions.
func (s *Service) linked(ctx context.Context, actor care.Actor, id care.CitizenID, permissions ...care.Permission) ([]Link, error) {
	links, err := s.store.Links(ctx, LinkQuery{Window: s.recent(), Units: s.unitsOf(actor, permissions...), Citizens: []care.CitizenID{id}})
	if err != nil {
		return nil, err
	}

	own, err := s.ownLinks(ctx, actor, id, permissions...)
	if err != nil {
		return nil, err
	}

	if links = withOwn(links, own); len(links) == 0 {
		return nil, notLinked()
	}

	return links, nil
}

// unitsOf returns the units in which the actor has one of the permissions.
func (s *Service) unitsOf(actor care.Actor, permissions ...care.Permission) []care.UnitID {
	var out []care.UnitID

	for _, p := range permissions {
		out = append(out, ids(s.unitsFor(actor, p))...)
	}

	slices.Sort(out)

	return slices.Compact(out)
}

// callKey names the n-th call of an employee to a citizen on a day.
func (s *Service) callKey(by care.EmployeeID, citizen care.CitizenID, day care.Day, n int) string {
	return hex.EncodeToString(s.mac("call", string(by), string(citizen), string(day), strconv.Itoa(n))[:16])
}

// KnownCitizen is one line of "Mine borgere".
type KnownCitizen struct {
	Citizen care.Citizen
	Units   []care.Unit // of the actor's that visit the citizen
	MayCall bool        // the button is there; CallNow may still refuse
	Mine    bool        // the actor is linked with the citizen, beyond what the units are
}

// MyCitizens returns the citizens whom the actor's units visit, or whom the actor is linked with, by
// name. There is no other directory. Needs CallCitizens or SeeDay somewhere.
func (s *Service) MyCitizens(ctx context.Context, actor care.Actor) ([]KnownCitizen, error) {
	units := s.unitsOf(actor, care.CallCitizens, care.SeeDay)
	if len(units) == 0 {
		return nil, actor.Must(care.CallCitizens, care.EveryUnit)
	}

	links, err := s.store.Links(ctx, LinkQuery{Window: s.recent(), Units: units})
	if err != nil {
		return nil, err
	}

	own, err := s.ownLinks(ctx, actor, "", care.CallCitizens, care.SeeDay)
	if err != nil {
		return nil, err
	}

	links = withOwn(links, own)

	wanted := make([]care.CitizenID, 0, len(links))
	for _, l := range links {
		wanted = append(wanted, l.Citizen)
	}

	citizens, err := s.store.Citizens(ctx, slices.Compact(wanted)) // links come in order of citizen
	if err != nil {
		return nil, err
	}

	var out []KnownCitizen

	for _, l := range links {
		if n := len(out); n == 0 || out[n-1].Citizen.ID != l.Citizen {
			mine := slices.ContainsFunc(own, func(o care.EmployeeLink) bool { return o.Citizen == l.Citizen })
			out = append(out, KnownCitizen{Citizen: citizens[l.Citizen].Shown(), Mine: mine})
		}

		last := &out[len(out)-1]
		last.Units = append(last.Units, s.unit(l.Unit))
		last.MayCall = last.MayCall || actor.May(care.CallCitizens, l.Unit)
	}

	slices.SortStableFunc(out, func(a, b KnownCitizen) int {
		return cmp.Compare(strings.ToLower(a.Citizen.Name), strings.ToLower(b.Citizen.Name))
	})

	return out, s.shown(ctx, actor, "see_my_citizens", slices.Compact(wanted))
}
