package scheduler

import (
	"cmp"
	"context"
	"maps"
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
	foundPhone // there was none
)

// contacts are the citizens that an import writes, and in Danish what changes about each.
type contacts struct {
	list  []care.Citizen
	what  map[care.CitizenID][]string
	phone map[care.CitizenID]phoneChange
	old   []NumberNotice // numbers that are no longer their citizens'
	// problems are of rows whose citizens may be people who stand in the store without a CPR number.
	problems []ehr.Problem
}

// citizenOfRow finds the citizen of a row.
type citizenOfRow func(ehr.Row) care.Citizen

// listCitizens are the citizens of a list's rows. Whoever stands in the store without a CPR number,
// and has one in a row now, stays who they are: it takes an employee to say that it is theirs (C01).
type listCitizens map[care.CitizenKey]care.Citizen

// held returns the citizen without a number whom a row gives one.
func (all listCitizens) held(r ehr.Row) (care.Citizen, bool) {
	c, ok := all[care.CitizenKey{Surrogate: r.Surrogate}]
	_, numbered := all[care.CitizenKey{CPR: r.CPR}]

	return c, ok && c.CPR.IsZero() && !r.CPR.IsZero() && !numbered
}

// key returns by what the citizen of a row is found: one key, whichever of two the row has.
func (all listCitizens) key(r ehr.Row) care.CitizenKey {
	if c, ok := all.held(r); ok {
		return c.Key()
	}

	if c, ok := all[r.Key()]; ok {
		return c.Key()
	}

	return r.Key()
}

// listed reads the citizens that rows name.
func (s *Service) listed(ctx context.Context, rows []ehr.Row) (listCitizens, error) {
	var keys []care.CitizenKey

	for _, r := range rows {
		keys = append(keys, r.Key())

		if !r.CPR.IsZero() && !r.Surrogate.IsZero() {
			keys = append(keys, care.CitizenKey{Surrogate: r.Surrogate})
		}
	}

	found, err := s.store.CitizensByKey(ctx, keys)
	out := listCitizens(maps.Clone(found))

	for _, c := range found { // whoever has both keys stands under the one that counts
		out[c.Key()] = c
	}

	return out, err
}

// told says of a row whose citizen may be somebody who stands in the store without a CPR number.
func (all listCitizens) told(r ehr.Row) (ehr.Problem, bool) {
	problem := ehr.Problem{Line: r.Line, Column: "CPR-nr.", Severity: ehr.Warning}

	if _, held := all.held(r); held {
		problem.Text = "Borgeren står uden CPR-nummer hos os, og listen har et nu. Nummeret er ikke taget i brug. Kontrollér det i journalen, og skriv det på borgerens kort."

		return problem, true
	}

	if c, ok := all[care.CitizenKey{Surrogate: r.Surrogate}]; ok && !r.CPR.IsZero() && c.CPR != r.CPR {
		problem.Text = "Erstatnings-id'et og CPR-nummeret hører til to forskellige borgere hos os. Besøget er ført på CPR-nummeret. Kontrollér borgeren i journalen."

		return problem, true
	}

	return problem, false
}

// matchCitizens finds or makes the citizen of every row. Where a citizen stands on several rows
// the one with the known number counts, else the first one with a number.
func (s *Service) matchCitizens(ctx context.Context, rows []ehr.Row, now time.Time) (citizenOfRow, contacts, error) {
	stored, err := s.listed(ctx, rows)
	if err != nil {
		return nil, contacts{}, err
	}

	all := map[care.CitizenKey]care.Citizen{}
	best := map[care.CitizenKey]ehr.Row{}
	protected := map[care.CitizenKey]bool{}

	for _, r := range rows {
		key := stored.key(r)
		protected[key] = protected[key] || r.Protected

		if so, seen := best[key]; !seen || better(r, so, stored[key]) {
			best[key] = r
		}
	}

	out := contacts{what: map[care.CitizenID][]string{}, phone: map[care.CitizenID]phoneChange{}}

	for _, r := range rows {
		key := stored.key(r)
		if problem, is := stored.told(r); is {
			out.problems = append(out.problems, problem)
		}

		if _, done := all[key]; done {
			continue
		}

		old, known := stored[key]
		fresh := citizenFrom(best[key], old, known)
		fresh.Protected = fresh.Protected || protected[key]
		all[key] = fresh
		out.add(old, fresh, known, now)
	}

	return func(r ehr.Row) care.Citizen { return all[stored.key(r)] }, out, nil
}

// add takes up a citizen that is new or changes.
func (c *contacts) add(old, fresh care.Citizen, known bool, now time.Time) {
	what := contactChanges(old, fresh)
	if known && len(what) == 0 {
		return
	}

	fresh.UpdatedAt = now
	c.list = append(c.list, fresh)

	if !known {
		return
	}

	c.what[fresh.ID], c.phone[fresh.ID] = what, phoneChangeOf(old, fresh)
	if c.phone[fresh.ID] == newPhone || c.phone[fresh.ID] == lostPhone {
		c.old = append(c.old, NumberNotice{Citizen: fresh.ID, Phone: old.Phone})
	}
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
		key := r.Key()
		c = care.Citizen{ID: care.CitizenID(randomID()), CPR: key.CPR, Surrogate: key.Surrogate, Verdict: care.CPRMalformed, Suitability: care.SuitabilityUnknown}

		if !key.CPR.IsZero() {
			c.Verdict = r.CPRVerdict
		}
	}

	c.Name, c.Phone = cmp.Or(r.Name, old.Name), r.Phone
	c.Address = cmp.Or(r.Address, old.Address)

	if !r.Email.IsZero() {
		c.Email = r.Email
	}

	if r.Suitable != "" && r.Suitable != care.SuitabilityUnknown {
		c.Suitability = r.Suitable
	}

	c.Risk = cmp.Or(r.Risk, c.Risk)

	return c
}

func phoneChangeOf(old, fresh care.Citizen) phoneChange {
	switch {
	case old.Phone.Reveal() == fresh.Phone.Reveal():
		return samePhone
	case old.Phone.IsZero():
		return foundPhone
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

	if fresh.Protected && !old.Protected {
		out = append(out, "borgerens adresse er beskyttet")
	}

	if old.Risk != fresh.Risk {
		out = append(out, "borgerens risikogruppe er ændret")
	}

	switch {
	case old.Suitability == fresh.Suitability:
	case fresh.Doubted(): // the list is a hint; it takes a person to change what a person judged
		out = append(out, "listen siger noget andet om borgerens egnethed, end "+string(fresh.Judged.By)+" har vurderet; vurderingen gælder")
	case !fresh.Judged.Given():
		out = append(out, "borgerens egnethed er ændret")
	}

	return out
}
