package fhir

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// issue is one entry of an OperationOutcome. Its free texts are not read: they can quote
// what we sent, the person number included.
type issue struct {
	Severity   string   `json:"severity"`
	Code       string   `json:"code"`
	Expression []string `json:"expression"`
	Location   []string `json:"location"`
}

// decodeOutcome reads the first error of an OperationOutcome, leniently: everything that is
// none gives the zero issue.
func decodeOutcome(data []byte) issue {
	var outcome struct {
		ResourceType string            `json:"resourceType"`
		Issue        []json.RawMessage `json:"issue"`
	}

	if json.Unmarshal(data, &outcome) != nil || outcome.ResourceType != "OperationOutcome" {
		return issue{}
	}

	var first issue

	for i, raw := range outcome.Issue {
		one := decodeIssue(raw)
		if one.Severity == "error" || one.Severity == "fatal" {
			return one
		}

		if i == 0 {
			first = one
		}
	}

	return first
}

// decodeIssue takes what it can: servers get the shape of the path elements wrong.
func decodeIssue(raw json.RawMessage) issue {
	var (
		parts map[string]json.RawMessage
		one   issue
	)

	if json.Unmarshal(raw, &parts) != nil {
		return issue{}
	}

	_ = json.Unmarshal(parts["severity"], &one.Severity)     // stays empty
	_ = json.Unmarshal(parts["code"], &one.Code)             // stays empty
	_ = json.Unmarshal(parts["expression"], &one.Expression) // stays empty
	_ = json.Unmarshal(parts["location"], &one.Location)     // stays empty

	return one
}

var pathLike = regexp.MustCompile(`^[A-Za-z]+(\[\d{1,3}\])?(\.[A-Za-z]+(\[\d{1,3}\])?){0,8}$`)

// path is where in the resource the record sees the error, or empty.
func (i issue) path() string {
	for _, text := range append(i.Expression, i.Location...) {
		if len(text) <= 100 && pathLike.MatchString(text) {
			return text
		}
	}

	return ""
}

// refusal turns an answer that is not 2xx into an error. What a person has to deal with
// carries a Danish sentence.
func refusal(answer *outbound.Answer) error {
	i := decodeOutcome(answer.Body)
	failure := answer.Fail(i.Code)

	switch failure.Kind {
	case connector.Rejected:
		kind, text := sentence(i)
		failure.Err = care.NewError(kind, text)
	case connector.NotFound:
		failure.Err = care.NewError(care.NotFound,
			"Besøgets post er slettet i journalen, eller adressen på journalen er forkert. Se på besøget i journalen, og registrér det i hånden.")
	case connector.Conflict:
		failure.Err = care.NewError(care.Conflict,
			"Journalen afviste registreringen, fordi posten er ændret imens. Se på besøget i journalen, og prøv igen.")
	case connector.Unauthorized:
		failure.Err = care.NewError(care.Forbidden,
			"Journalen godkender ikke vores adgang. Bed systemforvalteren om at se på rettigheder og nøgler til journalen.")
	case connector.Unsupported:
		failure.Err = care.NewError(care.Invalid,
			"Journalen kan ikke tage imod denne registrering. Registrér besøget i journalen i hånden.")
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Malformed:
		// The queue tries again; nobody has to read anything.
	}

	return failure
}

// sentence says in Danish what to do about a rejection, by the issue's code
// (hl7.org/fhir/R4/valueset-issue-type.html).
func sentence(i issue) (care.Kind, string) {
	where := ""
	if p := i.path(); p != "" {
		where = " (" + p + ")"
	}

	switch i.Code {
	case "not-found":
		return care.NotFound, "Journalen kender ikke borgeren, medarbejderen eller besøget" + where +
			". Ret det på kørelisten eller i journalen, og prøv igen."
	case "duplicate", "multiple-matches":
		return care.Conflict, "Journalen har flere poster for det samme besøg. Ret det i journalen, og prøv igen."
	case "conflict", "lock-error", "deleted":
		return care.Conflict, "Posten er låst, ændret eller slettet i journalen. Se på besøget i journalen, og prøv igen."
	case "security", "login", "forbidden", "suppressed", "expired":
		return care.Forbidden, "Vi må ikke skrive på denne borger i journalen. Bed systemforvalteren om at se på rettighederne, eller registrér besøget i hånden."
	case "too-long", "too-costly":
		return care.Invalid, "Journalen siger, at teksten er for lang" + where + ". Gør kategori eller bemærkning kortere, og prøv igen."
	case "business-rule", "processing":
		return care.Conflict, "Journalens egne regler forbyder registreringen" + where +
			". Se på besøget i journalen, ret det dér, og prøv igen."
	}

	return care.Invalid, "Journalen forstår ikke registreringen" + where +
		". Registrér besøget i journalen i hånden, og bed systemforvalteren om at se på opsætningen."
}

// withCause replaces kind and sentence of an error of ours.
func withCause(err error, kind connector.Kind, of care.Kind, text string) error {
	failure, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return err
	}

	changed := *failure
	changed.Kind, changed.Err = kind, care.NewError(of, strings.TrimSpace(text))

	return &changed
}
