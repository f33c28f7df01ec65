package scheduler

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// Limits of a search by name, in characters and citizens.
const (
	minSearch         = 2
	mostCitizensFound = 50
)

// FoundCitizen is a citizen whom an employee looked for.
type FoundCitizen struct {
	Citizen care.Citizen
	Units   []care.Unit // of the actor's that have the citizen
	Card    bool        // the actor may open the citizen's card
	Link    bool        // the actor may link employees with the citizen
}

// finders are the permissions with which citizens are looked for.
func finders() []care.Permission {
	return []care.Permission{care.LinkEmployees, care.HostVisits, care.CallCitizens, care.SeeDay}
}

// mayFind refuses who never has to do with citizens.
func mayFind(actor care.Actor) error {
	if !slices.ContainsFunc(finders(), actor.MayAnywhere) {
		return actor.Must(care.SeeDay, care.EveryUnit)
	}

	return nil
}

// FindByName returns the citizens of the units that the actor may see who are called by the
// text (care.Citizen.Called), by name, fifty at the most; more reports that there are others. Needs LinkEmployees, HostVisits,
// CallCitizens or SeeDay somewhere. The reading is audited.
func (s *Service) FindByName(ctx context.Context, actor care.Actor, text string) (found []FoundCitizen, more bool, err error) {
	if err := mayFind(actor); err != nil {
		return nil, false, err
	}

	if len([]rune(strings.Join(strings.Fields(text), ""))) < minSearch {
		return nil, false, care.NewError(care.Invalid, "Skriv mindst to bogstaver af navnet.")
	}

	links, citizens, err := s.within(ctx, actor, nil)
	if err != nil {
		return nil, false, err
	}

	for _, c := range citizens {
		if c.Called(text) {
			found = append(found, s.found(actor, c, links))
		}
	}

	slices.SortFunc(found, func(a, b FoundCitizen) int {
		return strings.Compare(strings.ToLower(a.Citizen.Name)+string(a.Citizen.ID), strings.ToLower(b.Citizen.Name)+string(b.Citizen.ID))
	})

	more = len(found) > mostCitizensFound
	found = found[:min(len(found), mostCitizensFound)]

	ids := make([]care.CitizenID, len(found))
	for i, f := range found {
		ids[i] = f.Citizen.ID
	}

	return found, more, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "find_by_name", Citizens: ids}})
}

// within reads the citizens of the units that the actor may see, or those of the given ones that are.
func (s *Service) within(ctx context.Context, actor care.Actor, ids []care.CitizenID) ([]Link, map[care.CitizenID]care.Citizen, error) {
	links, err := s.store.Links(ctx, LinkQuery{Window: s.recent(), Units: s.unitsOf(actor, finders()...), Citizens: ids})
	if err != nil {
		return nil, nil, err
	}

	own, err := s.ownLinks(ctx, actor, "", finders()...)
	if err != nil {
		return nil, nil, err
	}

	links = withOwn(links, own)

	wanted := make([]care.CitizenID, 0, len(links))
	for _, l := range links {
		if len(ids) == 0 || slices.Contains(ids, l.Citizen) {
			wanted = append(wanted, l.Citizen)
		}
	}

	citizens, err := s.store.Citizens(ctx, slices.Compact(wanted)) // links come in order of citizen

	return links, citizens, err
}

func (s *Service) found(actor care.Actor, c care.Citizen, links []Link) FoundCitizen {
	out := FoundCitizen{Citizen: c.Shown(), Link: actor.MayAnywhere(care.LinkEmployees)}

	at, _ := slices.BinarySearchFunc(links, c.ID, func(l Link, id care.CitizenID) int { return strings.Compare(string(l.Citizen), string(id)) })
	for ; at < len(links) && links[at].Citizen == c.ID; at++ {
		unit := links[at].Unit
		out.Units = append(out.Units, s.unit(unit))
		out.Card = out.Card || actor.May(care.HostVisits, unit) || actor.May(care.SeeDay, unit)
	}

	return out
}

// FindByNumber finds the citizen with a CPR number for an employee who says what for. Who links
// employees with citizens finds everybody whom the municipality knows (V09); others only those whom
// their units have, and are told the same of everybody else. What was found, and that somebody looked,
// is audited with the reason. Needs LinkEmployees, HostVisits, CallCitizens or SeeDay somewhere.
// Kinds: Invalid, NotFound.
func (s *Service) FindByNumber(ctx context.Context, actor care.Actor, number, reason string) (FoundCitizen, error) {
	if err := mayFind(actor); err != nil {
		return FoundCitizen{}, err
	}

	if err := (IdentityRequest{Reason: reason}).check(); err != nil {
		return FoundCitizen{}, err
	}

	cpr, verdict, _ := care.ParseCPR(number)
	if verdict == care.CPRMalformed {
		return FoundCitizen{}, care.NewError(care.Invalid, "Det er ikke et CPR-nummer. Skriv ti cifre.")
	}

	key := care.CitizenKey{CPR: cpr}

	known, err := s.store.CitizensByKey(ctx, []care.CitizenKey{key})
	if err != nil {
		return FoundCitizen{}, err
	}

	row := *by(actor, "find_by_number")
	row.At, row.Citizen, row.Reason, row.Detail = s.now(), known[key].ID, strings.TrimSpace(reason), "not found"

	out, err := s.reachable(ctx, actor, known[key])

	switch {
	case err == nil:
		row.Detail = "found"
	case care.KindOf(err) != care.NotFound:
		return FoundCitizen{}, err
	}

	if err := s.store.Record(ctx, []AuditRow{row}); err != nil {
		return FoundCitizen{}, err
	}

	return out, err
}

// reachable returns the citizen as the actor may see them; NotFound for one whom the actor may not
// find, and for the zero citizen.
func (s *Service) reachable(ctx context.Context, actor care.Actor, c care.Citizen) (FoundCitizen, error) {
	nobody := care.NewError(care.NotFound, "Du kan ikke finde en borger med det nummer. Tjek nummeret. Borgeren skal stå på en køreliste eller i en fil fra jeres enhed.")
	if c.ID == "" {
		return FoundCitizen{}, nobody
	}

	links, citizens, err := s.within(ctx, actor, []care.CitizenID{c.ID})

	switch {
	case err != nil:
		return FoundCitizen{}, err
	case citizens[c.ID].ID == "" && !actor.MayAnywhere(care.LinkEmployees):
		return FoundCitizen{}, nobody
	}

	return s.found(actor, c, links), nil
}
