package scheduler

import (
	"context"
	"strconv"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// verifyJobs have the platform's record of a concluded or missed visit read again, where a fuller one comes
// later (video.Arbiter).
func (s *Service) verifyJobs(before, after care.Snapshot) []Job {
	var from time.Time

	switch {
	case after.State.Concluded() && !before.State.Concluded():
		from = after.Outcome.At // the visit may be concluded before its time
	case missedByEvidence(after) && len(after.FollowUps) > len(before.FollowUps):
		from = after.FollowUps[len(after.FollowUps)-1].OpenedAt
	default:
		return nil
	}

	if due := s.due(after); due.After(from) {
		from = due
	}

	var jobs []Job
	for i, wait := range s.lookAgain() {
		jobs = append(jobs, Job{Kind: VerifyOutcomeJob, Visit: after.ID, Ref: strconv.Itoa(i + 1), At: from.Add(wait)})
	}

	return jobs
}

// verifyOutcome reads the platform's record of a concluded visit again. When it says otherwise,
// an outcome that the system gave is corrected; one that a person gave stands, and the person is
// told. What was known stays known: a history that is gone takes no evidence away, so that
// nothing goes back and forth.
func (s *Service) verifyOutcome(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil || !v.State.Concluded() && !missedByEvidence(v) {
		return err
	}

	legs, seen, err := s.legs(ctx, v)
	if err != nil && passing(err) {
		return err
	}

	if err != nil || !seen {
		return nil //nolint:nilerr // nothing more will ever be known of the visit; its outcome stands
	}

	complete := !s.now().Before(s.settled(v))

	return s.store.UpdateVisit(ctx, job.Visit, func(v *care.Visit) (Effects, error) {
		if missedByEvidence(v.Snapshot()) {
			return s.effects(v, nil, func(v *care.Visit) error {
				s.doubtMiss(v, legs, complete)

				return nil
			})
		}

		if !v.State().Concluded() {
			return Effects{}, nil
		}

		corrected := false

		out, err := s.effects(v, nil, func(v *care.Visit) (err error) {
			corrected, err = s.reconsider(v, legs, complete)

			return err
		})
		if err == nil && corrected {
			after := v.Snapshot()
			out.Audit = append(out.Audit, AuditRow{
				At: s.now(), Actor: bySystem, Action: "correct_outcome", Visit: after.ID, Citizen: after.Facts.Citizen, Detail: string(after.Outcome.Kind),
			})
		}

		return out, err
	})
}

// missedByEvidence reports whether the visit is followed up because the platform saw that it did not take
// place, and nobody has said otherwise.
func missedByEvidence(v care.Snapshot) bool {
	f, open := v.OpenFollowUp()

	return open && f.CausedBy == bySystem && !v.State.Concluded()
}

// doubtMiss judges a visit that is followed up once more. When it took place after all, people are told
// before anybody calls or drives in vain: what they do then is theirs to say.
func (s *Service) doubtMiss(v *care.Visit, legs []care.Leg, complete bool) {
	v.Witness(legs)

	verdict := s.judge(v.Snapshot(), complete)
	if verdict.Decided && v.Testify(verdict) && verdict.Outcome.Kind == care.ResultCompleted {
		v.DoubtFollowUp(verdict)
	}
}

// reconsider weighs a concluded visit with more legs. It reports whether the outcome changed.
func (s *Service) reconsider(v *care.Visit, legs []care.Leg, complete bool) (corrected bool, err error) {
	before := v.Snapshot()
	v.Witness(legs)

	verdict := s.judge(v.Snapshot(), complete)
	if !verdict.Decided && !complete {
		return false, nil // a record with gaps speaks against nothing
	}

	if !v.Testify(verdict) {
		return false, nil
	}

	was, said := before.Outcome, before.Verdict()

	switch {
	case was.By != bySystem:
		besideAPerson(v, was, said, verdict)
	case !verdict.Decided:
		if said.Decided {
			v.Weaken(verdict)
		}
	case verdict.Outcome.Kind == care.ResultCompleted && before.WhyUnknown() != "":
		v.AskWhoItWas(verdict)
	case verdict.Outcome.Alike(was) && nearly(verdict.Outcome, was):
		v.Confirm(verdict.Outcome.Grade)
	default:
		o := verdict.Outcome
		o.By, o.At = bySystem, s.now()

		return true, v.Correct(o)
	}

	return false, nil
}

// besideAPerson lets a person's word stand, makes it surer or less sure, and has the person look
// where the platform came to see it otherwise. A call outside the platform is unknown to it.
func besideAPerson(v *care.Visit, was care.Outcome, said, verdict care.Verdict) {
	unseen := was.Delivery == care.ByPhone && verdict.Outcome.Kind == care.ResultNotCompleted

	switch {
	case !verdict.Decided || unseen:
	case verdict.Outcome.Kind == was.Kind:
		v.Confirm(care.Certain)
		v.Time(verdict.Outcome, verdict.At)
	default:
		v.Confirm(care.Probable)

		if !said.Decided || said.Outcome.Kind != verdict.Outcome.Kind {
			v.Contradict(verdict)
		}
	}
}

// nearly reports whether times differ by less than the record shows.
func nearly(a, b care.Outcome) bool {
	near := func(x, y time.Time) bool { return x.Sub(y).Abs() < time.Minute }

	return (a.Together-b.Together).Abs() < time.Minute && near(a.Actual.Start, b.Actual.Start) && near(a.Actual.End, b.Actual.End)
}
