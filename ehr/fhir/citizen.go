package fhir

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// hospitalBatch is how many citizens one search for hospital stays asks about.
const hospitalBatch = 40

type (
	humanName struct {
		Use    string   `json:"use"`
		Text   string   `json:"text"`
		Family string   `json:"family"`
		Given  []string `json:"given"`
		Period period   `json:"period"`
	}
	contactPoint struct {
		System string `json:"system"`
		Use    string `json:"use"`
		Value  string `json:"value"`
		Rank   int    `json:"rank"`
		Period period `json:"period"`
	}
	postalAddress struct {
		Use        string   `json:"use"`
		Text       string   `json:"text"`
		Line       []string `json:"line"`
		PostalCode string   `json:"postalCode"`
		City       string   `json:"city"`
	}
	labels struct {
		Security []coding `json:"security"`
	}
)

// decodeContained reads a resource inside another one, whose id may be anything.
func decodeContained(raw json.RawMessage) (resource, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, errors.New("no JSON object")
	}

	r := make(resource, len(fields))
	for name, value := range fields {
		r[name] = value
	}

	return r, nil
}

// citizen finds out whom the visit is for.
func (r *reading) citizen(ctx context.Context, d *draft) error {
	if d.patient == (reference{}) {
		r.tell(d, "participant", ehr.Fault, "Der står ingen borger på det, eller flere. Ret det i journalen.")

		return nil
	}

	person, err := r.patient(ctx, d)
	if err != nil {
		return err
	}

	ids := person.identifiers()
	if d.patient.Identifier != nil {
		ids = append(ids, *d.patient.Identifier)
	}

	r.number(d, ids)

	if d.faulty {
		return nil
	}

	d.row.Name = cmp.Or(nameOf(person), d.patient.Display)
	if d.row.Name == "" {
		r.tell(d, "participant", ehr.Warning, "Borgerens navn står ikke i journalens svar.")
	}

	r.contact(d, person)
	r.standing(d, person)

	return nil
}

// patient is the citizen's resource: the one referred to, or the one with the person number that
// the reference tells. Nil: the record does not hand it out.
func (r *reading) patient(ctx context.Context, d *draft) (resource, error) {
	if d.patient.Reference != "" {
		return r.person(ctx, d, d.patient.Reference, kindPatient)
	}

	id := d.patient.Identifier
	if id == nil || id.Value == "" {
		return nil, nil
	}

	key := id.System + "|" + id.Value
	if known, ok := r.people[key]; ok {
		return known, nil
	}

	found, err := r.findPatient(ctx, id)
	if err != nil {
		return nil, err
	}

	r.people[key] = found

	return found, nil
}

// findPatient searches with the number in the body: it must not stand in an address (R4
// http#search, POST [type]/_search). A record that can't search so tells the number all the same.
func (r *reading) findPatient(ctx context.Context, id *identifier) (resource, error) {
	escape := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace
	form := url.Values{"identifier": {escape(id.System) + "|" + escape(id.Value)}}

	answer, err := r.journal.reader.Do(ctx, outbound.Call{
		Op: "search_patient", Method: http.MethodPost, Path: []string{kindPatient, "_search"}, Body: []byte(form.Encode()),
		Type: "application/x-www-form-urlencoded", Accept: mediaType, Safe: true,
	})
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		switch answer.Fail("").Kind {
		case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending:
			return nil, listRefusal(answer)
		case connector.Unauthorized, connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
			return nil, nil
		}
	}

	var p page
	if err := answer.JSON(&p); err != nil {
		return nil, err
	}

	var found resource

	for i := range p.Entry {
		one, err := decodeResource(p.Entry[i].Resource, kindPatient)
		if err != nil || !slices.ContainsFunc(one.identifiers(), func(x identifier) bool {
			return x.System == id.System && x.Value == id.Value
		}) {
			continue
		}

		if found != nil {
			return nil, nil // two citizens with one number: neither is believed
		}

		found = one
	}

	return found, nil
}

// number picks the person number: CPR before the national replacement before a regional one
// (eoj.md §3.6).
func (r *reading) number(d *draft, all []identifier) {
	rank := func(system string) int {
		switch {
		case system == systemCPR:
			return 1
		case system == systemXECPR:
			return 2
		case strings.HasPrefix(system, systemDECPR):
			return 3
		case system != "" && system == r.journal.config.ReplacementSystem:
			return 4
		}

		return 0
	}

	ids := slices.DeleteFunc(slices.Clone(all), func(i identifier) bool { return rank(i.System) == 0 || i.Use == "old" })
	slices.SortStableFunc(ids, func(a, b identifier) int { return rank(a.System) - rank(b.System) })

	for _, i := range ids {
		cpr, verdict, padded := care.ParseCPR(i.Value)
		if verdict != care.CPRMalformed && !padded {
			d.row.CPR, d.row.CPRVerdict = cpr, verdict

			return
		}
	}

	switch surrogate := r.surrogate(all); {
	case !surrogate.IsZero():
		d.row.Surrogate = surrogate

		return
	case len(ids) > 0:
		r.tell(d, "participant", ehr.Fault, "Borgerens personnummer i journalen er ikke gyldigt. Ret det i journalen.")

		return
	}

	r.tell(d, "participant", ehr.Fault, "Borgerens personnummer er ikke i journalens svar. Ret det i journalen, eller bed systemforvalteren om at se på vores rettigheder.")
}

// surrogate is the record's own id of a citizen who has no person number.
func (r *reading) surrogate(ids []identifier) care.SurrogateID {
	for _, i := range ids {
		if i.System == r.journal.config.CitizenSystem && i.System != "" && i.Use != "old" {
			if id, err := care.ParseSurrogateID(System, i.Value); err == nil {
				return id
			}
		}
	}

	return care.SurrogateID{}
}

// nameOf is the name in use.
func nameOf(person resource) string {
	var names []humanName
	person.get("name", &names)

	return bestName(names)
}

func bestName(names []humanName) string {
	rank := func(use string) int { return slices.Index([]string{"official", "usual", "", "temp", "nickname"}, use) }
	names = slices.DeleteFunc(slices.Clone(names), func(n humanName) bool { return rank(n.Use) < 0 || n.Period.End != "" })
	slices.SortStableFunc(names, func(a, b humanName) int { return rank(a.Use) - rank(b.Use) })

	for _, n := range names {
		if text := cmp.Or(strings.TrimSpace(n.Text), strings.TrimSpace(strings.Join(append(slices.Clone(n.Given), n.Family), " "))); text != "" {
			return text
		}
	}

	return ""
}

// contact takes over telephone, e-mail and, unless it is protected, the address.
func (r *reading) contact(d *draft, person resource) {
	var points []contactPoint
	person.get("telecom", &points)

	rank := func(p contactPoint) int {
		switch {
		case p.System == "sms":
			return 0
		case p.System == "phone" && p.Use == "mobile":
			return 1
		case p.System == "phone":
			return 2
		}

		return 3
	}

	slices.SortStableFunc(points, func(a, b contactPoint) int { return cmp.Or(rank(a)-rank(b), a.Rank-b.Rank) })

	for _, p := range points {
		if p.Use == "old" || p.Period.End != "" {
			continue
		}

		if phone, ok := care.ParsePhone(p.Value); ok && rank(p) < 3 && d.row.Phone.IsZero() {
			d.row.Phone = phone
		}

		if email, ok := care.ParseEmail(p.Value); ok && p.System == "email" && d.row.Email.IsZero() {
			d.row.Email = email
		}
	}

	if isProtected(person) {
		d.row.Protected = true

		return
	}

	var addresses []postalAddress
	person.get("address", &addresses)

	for _, a := range addresses {
		if a.Use != "old" && a.Use != "billing" {
			town := strings.TrimSpace(a.PostalCode + " " + a.City)
			d.row.Address = cmp.Or(strings.Trim(strings.Join(a.Line, ", ")+", "+town, ", "), a.Text)

			return
		}
	}
}

// isProtected recognises name and address protection: the security label R, or the more
// restrictive V (dk-core, example Patient-Confidential).
func isProtected(person resource) bool {
	var m labels
	person.get("meta", &m)

	return slices.ContainsFunc(m.Security, func(c coding) bool { return c.Code == "R" || c.Code == "V" })
}

// standing is what the citizen's own state does to the visit.
func (r *reading) standing(d *draft, person resource) {
	var (
		dead       bool
		extensions []codeExtension
	)

	person.get("deceasedBoolean", &dead)
	person.get("extension", &extensions)

	if dead || person.text("deceasedDateTime") != "" {
		d.row.Status = statusCancelled
		r.tell(d, "participant", ehr.Warning, "Borgeren er registreret som død. Besøget regnes som aflyst.")
	} else if r.inHospital[d.patient.Reference] && d.row.Status == "" {
		d.row.Status = statusInHospital
	}

	for _, e := range extensions {
		if e.URL == r.journal.config.Lists.SuitableURL && e.URL != "" && e.ValueBoolean != nil {
			d.row.Suitable = care.Unsuitable
			if *e.ValueBoolean {
				d.row.Suitable = care.Suitable
			}
		}
	}
}

// askHospital finds out which citizens of the list are in hospital now: a running Encounter of
// class IMP. A record that can't tell is mentioned once.
func (r *reading) askHospital(ctx context.Context, drafts []*draft) error {
	if r.journal.config.Lists.NoInpatient {
		return nil
	}

	var refs []string

	for _, d := range drafts {
		if _, ok := r.local(d.patient.Reference, kindPatient); ok {
			refs = append(refs, d.patient.Reference)
		}
	}

	slices.Sort(refs)

	r.inHospital = make(map[string]bool)

	for batch := range slices.Chunk(slices.Compact(refs), hospitalBatch) {
		err := r.journal.pages(ctx, "search_inpatients", kindEncounter, url.Values{
			"subject": {strings.Join(batch, ",")}, "class": {systemActCode + "|IMP"}, "status": {"in-progress,onleave"},
		}, r.takeStay)

		switch kind := connector.KindOf(err); {
		case err == nil:
		case kind == connector.Rejected || kind == connector.Unsupported || kind == connector.NotFound || kind == connector.Unauthorized:
			r.problems = append(r.problems, ehr.Problem{
				Severity: ehr.Warning, Text: "Journalen fortæller ikke, om borgere er indlagt. Kontrollér det selv, eller slå spørgsmålet fra i opsætningen (no_inpatient).",
			})

			return nil
		default:
			return err
		}
	}

	return nil
}

// takeStay notes who is in hospital. A record that ignores a part of the search answers with more.
func (r *reading) takeStay(raw json.RawMessage) error {
	var stay struct {
		Status  string    `json:"status"`
		Class   coding    `json:"class"`
		Subject reference `json:"subject"`
	}

	if !isReadable(raw, &stay) || stay.Class.Code != "IMP" || (stay.Status != "in-progress" && stay.Status != "onleave") {
		return nil
	}

	if path, ok := r.local(stay.Subject.Reference, kindPatient); ok {
		r.inHospital[path[0]+"/"+path[1]] = true
	}

	return nil
}
