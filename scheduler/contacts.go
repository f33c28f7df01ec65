package scheduler

import (
	"cmp"
	"context"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// phoneChange is what a list does to the number that a citizen had.
type phoneChange int

const (
	samePhone phoneChange = iota
	newPhone
	lostPhone
)

// contacts are the citizens that an import writes, and in Danish what changes about each.
type contacts struct {
	list  []care.Citizen
	what  map[care.CitizenID][]string
	phone map[care.CitizenID]phoneChange
	old   []NumberNotice // numbers that are no longer their citizens'
}

// matchCitizens finds or makes the citizen of every row. Where a citizen stands on several rows
// the one with the known number counts, else the first one with a number.
func (s *Service) matchCitizens(ctx context.Context, rows []ehr.Row, now time.Time) (map[care.CPR]care.Citizen, contacts, error) {
	numbers := make([]care.CPR, 0, len(rows))
	for _, r := range rows {
		numbers = append(numbers, r.CPR)
	}

	stored, err := s.store.CitizensByCPR(ctx, numbers)
	if err != nil {
		return nil, contacts{}, err
	}

	all := map[care.CPR]care.Citizen{}
	best := map[care.CPR]ehr.Row{}

	for _, r := range rows {
		if so, seen := best[r.CPR]; !seen || better(r, so, stored[r.CPR]) {
			best[r.CPR] = r
		}
	}

	out := contacts{what: map[care.CitizenID][]string{}, phone: map[care.CitizenID]phoneChange{}}

	for _, number := range numbers {
		if _, done := all[number]; done {
			continue
		}

		old, known := stored[number]
		fresh := citizenFrom(best[number], old, known)

		if what := contactChanges(old, fresh); !known || len(what) > 0 {
			fresh.UpdatedAt = now
			out.list = append(out.list, fresh)

			if known {
				out.what[fresh.ID], out.phone[fresh.ID] = what, phoneChangeOf(old, fresh)
				if out.phone[fresh.ID] != samePhone {
					out.old = append(out.old, NumberNotice{Citizen: fresh.ID, Phone: old.Phone})
				}
			}
		}

		all[number] = fresh
	}

	return all, out, nil
}

// better prefers the row with the telephone number that is known, so that the order of rows decides
// nothing; else a row with a number.
func better(r, best ehr.Row, known care.Citizen) bool {
	if number := known.Phone.Reveal(); number != "" && (r.Phone.Reveal() == number) != (best.Phone.Reveal() == number) {
		return r.Phone.Reveal() == number
	}

	return best.Phone.IsZero() && !r.Phone.IsZero()
}

func citizenFrom(r ehr.Row, old care.Citizen, known bool) care.Citizen {
	c := old
	if !known {
		c = care.Citizen{ID: care.CitizenID(randomID()), CPR: r.CPR, Verdict: r.CPRVerdict, Suitability: care.SuitabilityUnknown}
	}

	c.Name, c.Phone = cmp.Or(r.Name, old.Name), r.Phone
	c.Address = cmp.Or(r.Address, old.Address)

	if !r.Email.IsZero() {
		c.Email = r.Email
	}

	if r.Suitable != "" && r.Suitable != care.SuitabilityUnknown {
		c.Suitability = r.Suitable
	}

	return c
}

func phoneChangeOf(old, fresh care.Citizen) phoneChange {
	switch {
	case old.Phone.IsZero() || old.Phone.Reveal() == fresh.Phone.Reveal():
		return samePhone
	case fresh.Phone.IsZero():
		return lostPhone
	default:
		return newPhone
	}
}

func contactChanges(old, fresh care.Citizen) []string {
	var out []string

	if old.Phone.Reveal() != fresh.Phone.Reveal() {
		out = append(out, map[bool]string{true: "borgerens mobilnummer er væk", false: "borgeren har nyt mobilnummer"}[fresh.Phone.IsZero()])
	}

	if old.Email.Reveal() != fresh.Email.Reveal() {
		out = append(out, "borgeren har ny e-mail")
	}

	if old.Name != fresh.Name || old.Address != fresh.Address {
		out = append(out, "borgerens navn eller adresse er ændret")
	}

	if old.Suitability != fresh.Suitability {
		out = append(out, "borgerens egnethed er ændret")
	}

	return out
}
