package scheduler

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/scheduler/care"
)

// TermsRequest is what a participant answered to the terms that a page showed.
type TermsRequest struct {
	Version  care.TermsVersion
	Lang     string // of the text that was shown, a BCP 47 tag
	Accepted bool
}

// AnswerTerms records what the participant of a session answered to the terms, from where, and in which
// language they were read. Nobody but a participant who has shown who they are has terms to answer.
// Conflict: another wording counts now, or they are not identified yet.
func (s *Service) AnswerTerms(ctx context.Context, token care.SessionToken, req TermsRequest) error {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return err
	}

	if adm.Participant == "" {
		return care.NewError(care.NotFound, "Der er ingen vilkår at svare på.")
	}

	row := &AuditRow{Actor: visitor(adm.Participant), Action: "accept_terms", Admission: adm.ID, Detail: fmt.Sprintf("version %d, %s, participant %s", req.Version, req.Lang, adm.Participant)}
	if !req.Accepted {
		row.Action = "refuse_terms"
	}

	return s.update(ctx, v.ID, row, func(v *care.Visit) error {
		return v.AnswerTerms(adm.ID, care.TermsAnswer{
			Version: req.Version, Lang: req.Lang, Accepted: req.Accepted, Address: OriginOf(ctx).Address, At: s.now(),
		})
	})
}

// termsStage puts the terms before the waiting room: a participant who has shown who they are reads
// them first, and who said no has no door.
func termsStage(stage CitizenStage, p care.Participant) CitizenStage {
	switch {
	case p.ID == "" || stage != StageWaiting && stage != StageAdmitted || p.Terms.Agreed():
		return stage
	case p.Terms.Declined():
		return StageDeclined
	default:
		return StageTerms
	}
}
