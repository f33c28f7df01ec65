package scheduler

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// mostTabletChoices is among how many citizens of the same name somebody chooses.
const mostTabletChoices = 20

func noSuchCitizen() error {
	return care.NewError(care.Invalid, "Der er ingen borger med det nummer eller navn på enhedens kørelister. Tjek nummeret eller navnet, og at det er den rigtige enhed.")
}

// tabletFor finds for whom a tablet is, among the citizens whom the unit visits by its lists: the one
// who was chosen, or those with the CPR number, the id of the care record, or all words of the name that
// were typed, by name.
func (s *Service) tabletFor(ctx context.Context, req TabletRequest) ([]care.Citizen, error) {
	only, err := s.tabletKey(ctx, req)
	if err != nil {
		return nil, err
	}

	links, err := s.store.Links(ctx, LinkQuery{Window: s.recent(), Units: []care.UnitID{req.Unit}, Citizens: only})
	if err != nil {
		return nil, err
	}

	ids := make([]care.CitizenID, len(links)) // in order of citizen
	for i, l := range links {
		ids[i] = l.Citizen
	}

	citizens, err := s.store.Citizens(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}

	var out []care.Citizen

	for _, c := range citizens {
		if len(only) > 0 || c.Called(req.Who) {
			out = append(out, c.Shown())
		}
	}

	slices.SortFunc(out, func(a, b care.Citizen) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })

	switch {
	case len(out) == 0:
		return nil, noSuchCitizen()
	case len(out) > mostTabletChoices:
		return nil, care.NewError(care.Invalid, "For mange borgere på enhedens kørelister passer. Skriv mere af navnet.")
	}

	return out, nil
}

// tabletKey is the one citizen who was chosen, or whose CPR number was typed; empty: look by words.
func (s *Service) tabletKey(ctx context.Context, req TabletRequest) ([]care.CitizenID, error) {
	if req.Citizen != "" {
		return []care.CitizenID{req.Citizen}, nil
	}

	cpr, verdict, _ := care.ParseCPR(req.Who)
	if verdict == care.CPRMalformed {
		if len([]rune(strings.TrimSpace(req.Who))) < minSearch {
			return nil, noSuchCitizen()
		}

		return nil, nil
	}

	key := care.CitizenKey{CPR: cpr}

	known, err := s.store.CitizensByKey(ctx, []care.CitizenKey{key})
	if err == nil && known[key].ID == "" {
		err = noSuchCitizen()
	}

	return []care.CitizenID{known[key].ID}, err
}
