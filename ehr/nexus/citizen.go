package nexus

import (
	"context"
	"net/http"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// citizen finds a citizen by CPR number, or by the record's own id when there is none.
func (n *Nexus) citizen(ctx context.Context, key care.CitizenKey) (object, error) {
	if key.CPR.IsZero() {
		return n.patientByID(ctx, key.Surrogate.Shown())
	}

	return n.citizenByCPR(ctx, key.CPR)
}

// citizenByCPR searches a citizen. The number stands in the body alone (eoj.md §1.3).
func (n *Nexus) citizenByCPR(ctx context.Context, cpr care.CPR) (object, error) {
	const op = "find_citizen"

	home, err := n.start(ctx)
	if err != nil {
		return nil, err
	}

	at, err := n.follow(op, home, "patientDetailsSearch", "at slå borgere op")
	if err != nil {
		return nil, err
	}

	call := at.call(op, http.MethodPost)
	call.Safe = true
	call.JSON = map[string]string{"businessKey": cpr.Reveal(), "keyType": "CPR"}

	answer, err := n.client.Do(ctx, call)
	if err != nil {
		return nil, err
	}

	if answer.Status == http.StatusNotFound {
		return nil, fail(op, connector.NotFound, care.NewError(care.NotFound,
			"Borgeren findes ikke i Nexus. Ret personnummeret på kørelisten, eller registrér besøget i hånden."))
	}

	if !answer.OK() {
		return nil, refusal(answer)
	}

	return foundCitizen(answer)
}

// foundCitizen reads the answer of a search.
func foundCitizen(answer *outbound.Answer) (object, error) {
	found, err := oneOf(answer)
	if err != nil {
		return nil, err
	}

	if _, told := found["isPatientAccessible"]; told && !found.truth("isPatientAccessible") {
		return nil, hidden("find_citizen")
	}

	patient := found.child("patient")
	if patient.id() == "" {
		return nil, answer.Broken("the answer holds no citizen")
	}

	return patient, nil
}

// hidden is the error of a citizen whom the API user may not see.
func hidden(op string) *connector.Error {
	return reject(op, care.Forbidden,
		"Borgeren er skjult for Sluse i Nexus. Registrér besøget i hånden, eller bed systemforvalteren om adgang.")
}

// view returns one of a citizen's views by the kind of preference and its name.
func (n *Nexus) view(ctx context.Context, patient object, group, name string) (object, error) {
	const op = "citizen_view"

	preferences, err := n.followOne(ctx, op, patient, "patientPreferences", "borgerens visninger")
	if err != nil {
		return nil, err
	}

	half, ok := named(preferences.list(group), "name", name)
	if !ok {
		return nil, absent(op, care.Invalid,
			"Borgeren har ingen visning med navnet »"+name+"« i Nexus. Bed systemforvalteren om at rette navnet i opsætningen eller give adgang til visningen.",
			name, textsOf(preferences.list(group), "name"))
	}

	return n.followOne(ctx, op, half, "self", "borgerens visning »"+name+"«")
}

// person is what a list tells of a citizen.
type person struct {
	name       string
	cpr        care.CPR
	verdict    care.CPRVerdict
	surrogate  care.SurrogateID // the record's own id
	phone      care.Phone
	restricted bool // phone numbers are there and not ours to take
	protected  bool // so are addresses
	status     string
	suitable   care.Suitability
	refused    bool   // we may not read the citizen
	problem    string // Danish: why the citizen can't be taken; empty: fine
}

// person reads a citizen. What is protected is not taken over (eoj.md §4).
func (n *Nexus) person(patient object) person {
	p := person{name: strings.TrimSpace(patient.text("fullName")), status: stateOf(patient), suitable: n.suitable(patient)}
	p.cpr, p.verdict, _ = care.ParseCPR(patient.child("patientIdentifier").text("identifier"))

	p.surrogate, _ = care.ParseSurrogateID(System, patient.id()) // one that can't be used counts as none
	if p.cpr.IsZero() && p.surrogate.IsZero() {
		p.problem = "Borgerens personnummer mangler i Nexus eller kan ikke læses. Besøget er ikke taget med. Se på borgeren i Nexus."
	}

	for _, member := range []string{"primaryAddress", "temporaryAddress", "planningAddress"} {
		p.protected = p.protected || patient.child(member).truth("restricted")
	}

	p.restricted = patient.truth("telephonesRestricted")
	if !p.restricted {
		p.phone, _ = care.ParsePhone(patient.text("mobileTelephone"))
	}

	return p
}

// suitable reads the flag for video calls as the settings say.
func (n *Nexus) suitable(patient object) care.Suitability {
	var allowed *bool

	patient.child("nexusVideoConfiguration").get("allowVideoCalls", &allowed)

	switch {
	case allowed == nil || n.config.VideoFlag == VideoIgnored:
		return care.SuitabilityUnknown
	case *allowed:
		return care.Suitable
	case n.config.VideoFlag == VideoJudgement:
		return care.Unsuitable
	default:
		return care.SuitabilityUnknown
	}
}

// Words of a list's status column.
const (
	statusCancelled = "Aflyst"
	statusHospital  = "Indlagt"
	statusDead      = "Død"
	statusDelivered = "Leveret"
)

// stateOf reads a citizen's state, whose names and types are local.
func stateOf(patient object) string {
	state := patient.child("patientState")
	words := strings.ToLower(strings.Join([]string{
		patient.text("patientState"), state.text("name"), state.text("type"), state.child("type").text("id"), state.child("type").text("name"),
	}, " "))

	switch {
	case containsAny(words, "død", "dead", "deceased"):
		return statusDead
	case containsAny(words, "indlagt", "hospital"):
		return statusHospital
	}

	return ""
}

func containsAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}

	return false
}

// patientOf reads the citizen of a visit: by the visit's own rels, else below the home resource's
// rel "patients" as public clients do with an id.
func (n *Nexus) patientOf(ctx context.Context, half object) (object, error) {
	const op = "read_citizen"

	if half.has("referencedObject") || half.has("self") {
		return n.whole(ctx, op, half, "borgeren")
	}

	return n.patientByID(ctx, half.id())
}

func (n *Nexus) patientByID(ctx context.Context, id string) (object, error) {
	const op = "read_citizen"

	home, err := n.start(ctx)
	if err != nil {
		return nil, err
	}

	at, err := n.follow(op, home, "patients", "borgerne")
	if err != nil {
		return nil, err
	}

	if !numberLike.MatchString(id) {
		return nil, fail(op, connector.NotFound, care.NewError(care.NotFound, "Borgeren har intet id i Nexus. Registrér besøget i hånden."))
	}

	return n.get(ctx, op, at.below(id))
}
