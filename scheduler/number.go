package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// NumberRequest says which CPR number a citizen has who stood without one.
type NumberRequest struct {
	Number string // as it was typed
	Reason string // how the employee knows, as in IdentityRequest
}

// GiveNumber takes a CPR number into use for a citizen who stood without one: from then on the citizen
// can log in, and lists may name either. Nothing does that by itself, because a wrong number would let
// somebody else in. Needs SetIdentity in a unit that visits the citizen. Conflict: the citizen has a
// number already, or another citizen has that one.
func (s *Service) GiveNumber(ctx context.Context, actor care.Actor, id care.CitizenID, req NumberRequest) error {
	if _, err := s.linked(ctx, actor, id, care.SetIdentity); err != nil {
		return err
	}

	if err := (IdentityRequest{Reason: req.Reason}).check(); err != nil {
		return err
	}

	cpr, verdict, _ := care.ParseCPR(req.Number)
	if verdict == care.CPRMalformed {
		return care.NewError(care.Invalid, "Det er ikke et CPR-nummer. Skriv ti cifre.")
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "give_number", Citizen: id, Reason: req.Reason}

	err := s.store.NumberCitizen(ctx, id, cpr, verdict, Effects{Audit: []AuditRow{row}})
	if care.KindOf(err) == care.Conflict {
		return care.NewError(care.Conflict, "Nummeret kan ikke bruges: borgeren har allerede et, eller en anden borger har det. Kontrollér begge borgere i journalen.")
	}

	return err
}
