package nexus

import (
	"errors"
	"net/http"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// fail makes an error of ours.
func fail(op string, kind connector.Kind, err error) *connector.Error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: err}
}

// reject makes an error that a person has to deal with.
func reject(op string, kind care.Kind, text string) *connector.Error {
	return fail(op, connector.Rejected, care.NewError(kind, text))
}

// absent makes an error of a name that the record does not have; have are those that it has.
func absent(op string, kind care.Kind, text, name string, have []string) *connector.Error {
	return fail(op, connector.Rejected, &absentError{error: care.NewError(kind, text), name: name, have: have})
}

// missing is the error of a right that the API user was not given.
func missing(op string, kind connector.Kind, what string) *connector.Error {
	return fail(op, kind, care.NewError(care.Forbidden,
		"Sluse er ikke givet adgang til "+what+" i Nexus. Bed systemforvalteren om at give API-brugeren rettigheden."))
}

// refusal turns an answer that is not 2xx into an error. Nothing of the body is read: Nexus quotes
// citizens in its messages.
func refusal(answer *outbound.Answer) *connector.Error {
	failure := answer.Fail("")

	if answer.Status == http.StatusForbidden { // of this thing; what is wrong with our login is 401
		failure.Kind = connector.Rejected
		failure.Err = care.NewError(care.Forbidden,
			"Sluse er ikke givet adgang til dette i Nexus. Registrér besøget i hånden, eller bed systemforvalteren om at se på API-brugerens rettigheder.")

		return failure
	}

	switch failure.Kind {
	case connector.Rejected:
		failure.Err = care.NewError(care.Invalid,
			"Nexus afviser registreringen. Se på besøget i Nexus, registrér det i hånden, og bed systemforvalteren om at se på opsætningen.")
	case connector.NotFound:
		failure.Err = care.NewError(care.NotFound, "Det findes ikke længere i Nexus. Se på borgeren i Nexus, og registrér besøget i hånden.")
	case connector.Conflict:
		failure.Err = care.NewError(care.Conflict, "Det er ændret i Nexus imens. Se på besøget i Nexus, og prøv igen.")
	case connector.Unauthorized:
		failure.Err = care.NewError(care.Forbidden,
			"Nexus godkender ikke vores adgang. Bed systemforvalteren om at se på API-brugerens nøgler og rettigheder.")
	case connector.Unsupported:
		failure.Err = care.NewError(care.Invalid, "Nexus kan ikke tage imod denne registrering. Registrér besøget i Nexus i hånden.")
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Malformed:
		// The queue tries again; nobody has to read anything.
	}

	return failure
}

// lasting reports whether an error says something of the thing asked for, and not of the record's
// health: the same question will be answered alike.
func lasting(err error) bool {
	switch connector.KindOf(err) {
	case connector.NotFound, connector.Rejected, connector.Unsupported, connector.Conflict:
		return true
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Unauthorized, connector.Malformed:
	}

	return false
}

// orUnknown is the error of a write whose effect was not found: its own, else that nobody knows.
func orUnknown(op string, err error) error {
	if err != nil {
		return err
	}

	return fail(op, connector.Unknown, errors.New("the answer does not name what was made"))
}

// sentence returns the sentence for people inside an error, or nothing.
func sentence(err error) string {
	if told, ok := errors.AsType[*care.Error](err); ok {
		return told.Message
	}

	return ""
}
