package scheduler

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluse/sluse/scheduler/care"
)

// CorrectRequest is an employee's word that an outcome is another one, and why.
type CorrectRequest struct {
	ConcludeRequest

	Because string // at most care.MaxBecause characters; no CPR number
}

// Conclude ends a visit by the caregiver's word, weighed against the platform's evidence: where
// they agree the outcome is certain, where the platform says otherwise it is probable only, and
// without evidence it stands on the caregiver. What the platform says is kept beside it.
func (s *Service) Conclude(ctx context.Context, actor care.Actor, id care.VisitID, req ConcludeRequest) error {
	v, err := s.hostedOrPlanned(ctx, actor, id)
	if err != nil {
		return err
	}

	if req.Physical {
		return s.makePhysical(ctx, actor, v)
	}

	if err := req.check(); err != nil {
		return err
	}

	if req.Kind == care.ResultCompleted && s.now().Before(v.Facts.Planned.Start.Add(-s.set.Door)) {
		return care.NewError(care.Conflict, "Besøget er ikke begyndt endnu.")
	}

	legsCtx, cancel := context.WithTimeout(ctx, evidenceWait)
	defer cancel()

	legs, seen, err := s.legs(legsCtx, v)
	if err != nil {
		legs, seen = nil, false // the caregiver's word must not wait for the platform
	}

	verdict := s.judge(with(v, legs), !s.now().Before(s.settled(v)))

	outcome := weigh(req, verdict, seen)
	outcome.By, outcome.At = string(actor.Employee), s.now()

	rule, err := s.attesting(ctx, v, req)
	if err != nil {
		return err
	}

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, id, &AuditRow{Actor: string(actor.Employee), Action: "conclude", Detail: string(req.Kind)}, func(v *care.Visit) error {
		v.Witness(legs)

		if seen && mayConclude(v.State()) {
			v.Testify(verdict)
		}

		if err := s.attest(v, actor, req, rule); err != nil {
			return err
		}

		return s.concludeOrFollow(v, outcome, citizen)
	})
}

// check refuses an outcome that is none. A visit that ended has no way back to a physical one.
func (r ConcludeRequest) check() error {
	switch {
	case r.Kind == care.ResultCompleted:
		return nil
	case r.Kind == care.ResultNotCompleted && slices.Contains(care.Reasons(), r.Reason):
		return nil
	case r.Kind == care.ResultNotCompleted:
		return care.NewError(care.Invalid, "Vælg, hvorfor besøget ikke blev gennemført.")
	}

	return care.NewError(care.Invalid, "Vælg, om besøget blev gennemført, og hvorfor hvis det ikke blev.")
}

// hostedOrPlanned lets a planner conclude too: an outcome that nobody gave is on their list.
func (s *Service) hostedOrPlanned(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	if actor.May(care.HandleTrouble, v.Facts.Unit) {
		return v, nil
	}

	return v, actor.Must(care.HostVisits, v.Facts.Unit)
}

// weigh puts a person's word beside what the platform says.
func weigh(req ConcludeRequest, verdict care.Verdict, seen bool) care.Outcome {
	delivery := care.Screen
	if req.Delivery == care.ByPhone && req.Kind == care.ResultCompleted {
		delivery = care.ByPhone
	}

	o := care.Outcome{Kind: req.Kind, Reason: req.Reason, Delivery: delivery, Grade: care.Manual}
	agreed := verdict.Decided && verdict.Outcome.Kind == req.Kind

	switch {
	case !seen || delivery == care.ByPhone && verdict.Outcome.Delivery != care.ByPhone:
	case agreed:
		o.Grade, o.Actual, o.Together = care.Certain, verdict.Outcome.Actual, verdict.Outcome.Together
	case verdict.Decided:
		o.Grade = care.Probable
	}

	if o.Kind == care.ResultCompleted {
		o.Reason = ""
	}

	return o
}

// Correct gives a concluded visit another outcome, with a reason. The one that it had, and what
// the platform says, are kept; the record is told again. Whoever may conclude may correct.
func (s *Service) Correct(ctx context.Context, actor care.Actor, id care.VisitID, req CorrectRequest) error {
	v, err := s.hostedOrPlanned(ctx, actor, id)
	if err != nil {
		return err
	}

	because := strings.TrimSpace(req.Because)

	switch {
	case req.Physical:
		return care.NewError(care.Invalid, "Et afsluttet besøg kan ikke gøres fysisk. Vælg et andet resultat.")
	case because == "" || utf8.RuneCountInString(because) > care.MaxBecause:
		return care.NewError(care.Invalid, "Skriv, hvorfor resultatet rettes, med højst 500 tegn.")
	case personNumber().MatchString(because):
		return care.NewError(care.Invalid, "Begrundelsen må ikke indeholde et personnummer.")
	}

	if err := req.check(); err != nil {
		return err
	}

	outcome := weigh(req.ConcludeRequest, v.Verdict(), len(v.Verdicts) > 0)
	outcome.By, outcome.At, outcome.Because = string(actor.Employee), s.now(), because

	rule, err := s.attesting(ctx, v, req.ConcludeRequest)
	if err != nil {
		return err
	}

	return s.update(ctx, id, &AuditRow{Actor: string(actor.Employee), Action: "correct_outcome", Detail: string(req.Kind)}, func(v *care.Visit) error {
		if v.State().Concluded() && v.Snapshot().Outcome.Alike(outcome) {
			return care.NewError(care.Conflict, "Resultatet er allerede registreret sådan.")
		}

		if err := s.attest(v, actor, req.ConcludeRequest, rule); err != nil {
			return err
		}

		return v.Correct(outcome)
	})
}

// personNumber finds what looks like a CPR number.
func personNumber() *regexp.Regexp { return regexp.MustCompile(`\b\d{6}[- ]?\d{4}\b`) }
