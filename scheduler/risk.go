package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// SetRisk puts a citizen into a risk group, or takes the group away with an empty one. A driving
// list that tells another group sets it again. Needs SetIdentity in a unit that visits the citizen.
func (s *Service) SetRisk(ctx context.Context, actor care.Actor, id care.CitizenID, risk care.Risk) error {
	if _, err := s.linked(ctx, actor, id, care.SetIdentity); err != nil {
		return err
	}

	if risk != "" && !risk.Valid() {
		return care.NewError(care.Invalid, "Vælg en risikogruppe.")
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "set_risk", Citizen: id}

	return s.store.SetRisk(ctx, id, risk, Effects{Audit: []AuditRow{row}})
}
