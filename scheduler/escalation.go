package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// keepFollowUp brings an open follow-up in line with its visit after a change, and says when it is
// looked at again.
func (s *Service) keepFollowUp(v *care.Visit, by string) {
	v.KeepFollowUp(by, s.now())

	seen := v.Snapshot()
	if f, open := seen.OpenFollowUp(); open {
		v.WakeFollowUp(s.set.FollowUp.wake(seen.Facts.Unit, f))
	}
}

// followUpJobs look at a follow-up when its time comes, and tell people of it.
func (s *Service) followUpJobs(before, after care.Snapshot) []Job {
	var jobs []Job

	for _, f := range after.FollowUps {
		old, known := before.FollowUpOf(f.ID)
		if known && old == f {
			continue
		}

		if !f.WakeAt.IsZero() && !f.WakeAt.Equal(old.WakeAt) {
			jobs = append(jobs, Job{Kind: FollowUpJob, Visit: after.ID, Ref: string(f.ID), At: f.WakeAt})
		}

		if f.Stage.Open() && !known {
			jobs = append(jobs, s.tellJobs(after, f, s.set.FollowUp.rule(after.Facts).Tell)...)
		}

		if f.Level > 0 && !f.RaisedAt.Equal(old.RaisedAt) {
			if steps := s.set.FollowUp.Steps(after.Facts.Unit, f.RaisedFor); f.Level <= len(steps) {
				jobs = append(jobs, s.tellJobs(after, f, steps[f.Level-1].Mail)...)
			}
		}
	}

	return jobs
}

// tellJobs are one for each address, so that one that is refused holds nobody else up. The address
// itself stands in no job.
func (s *Service) tellJobs(v care.Snapshot, f care.FollowUp, to []care.Email) []Job {
	jobs := make([]Job, 0, len(to))

	for i := range to {
		told := tellRef{followUp: f.ID, level: f.Level, address: i}
		if f.Level > 0 {
			told.due = f.RaisedFor.UnixMicro()
		}

		jobs = append(jobs, Job{Kind: TellFollowUpJob, Visit: v.ID, Ref: told.String()})
	}

	return jobs
}

// tellRef names one letter about a follow-up: of which step for which deadline, to which of its
// addresses. Level 0 is that it opened.
type tellRef struct {
	followUp care.FollowUpID
	level    int
	due      int64 // microseconds since 1970, UTC
	address  int
}

// String returns the form that a job carries.
func (r tellRef) String() string {
	return fmt.Sprintf("%s/%d/%d/%d", r.followUp, r.level, r.due, r.address)
}

func parseTellRef(text string) (tellRef, bool) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return tellRef{}, false
	}

	level, err1 := strconv.Atoi(parts[1])
	due, err2 := strconv.ParseInt(parts[2], 10, 64)
	address, err3 := strconv.Atoi(parts[3])

	return tellRef{care.FollowUpID(parts[0]), level, due, address}, err1 == nil && err2 == nil && err3 == nil && level >= 0 && address >= 0
}

// wakeFollowUp looks at an open follow-up whose time has come: it sends the physical visit back on
// the list in time for the deadline, and goes on to the next step when a deadline has passed.
func (s *Service) wakeFollowUp(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	f, known := v.FollowUpOf(care.FollowUpID(job.Ref))
	if !known || !f.Stage.Open() || f.WakeAt.IsZero() {
		return nil
	}

	if wait := f.WakeAt.Sub(s.now()); wait > 0 {
		return s.later("follow_up", wait)
	}

	audit := &AuditRow{Actor: bySystem}

	err = s.update(ctx, job.Visit, audit, func(v *care.Visit) error {
		seen := v.Snapshot()

		f, open := seen.OpenFollowUp()
		if !open || f.ID != care.FollowUpID(job.Ref) {
			return ErrSkip
		}

		if back := f.GoesBackAt(); !back.IsZero() && !s.now().Before(back) {
			audit.Action = "follow_up_in_person"

			return v.FollowInPerson(f.ID, bySystem, s.now())
		}

		step, at, more := s.set.FollowUp.nextStep(seen.Facts.Unit, f)
		if !more || s.now().Before(at) {
			return ErrSkip // somebody was first
		}

		audit.Action, audit.Detail = "follow_up_escalated", strconv.Itoa(f.Steps()+1)

		return v.RaiseFollowUp(f.ID, overdue(f, step), s.now())
	})
	if errors.Is(err, ErrSkip) {
		return nil
	}

	return err
}

// overdue is what planners read of a follow-up whose deadline has passed. It holds no name.
func overdue(f care.FollowUp, step EscalationStep) string {
	text := "Det fysiske besøg skulle være sat på en rute " + clock(f.Due()) + "."
	if f.Stage != care.FollowUpReturning && !f.CallBy.IsZero() && f.Due().Equal(f.CallBy) {
		text = "Nogen skulle have taget opfølgningen " + clock(f.Due()) + "."
	}

	if step.Who == "" {
		return text + " Se siden Opfølgning."
	}

	return text + " Den er gået videre til: " + step.Who + ". Se siden Opfølgning."
}

// tellFollowUp sends somebody a letter that a follow-up waits, while it does. It says nothing of
// whom or what it is about.
func (s *Service) tellFollowUp(ctx context.Context, job Job) error {
	ref, ok := parseTellRef(job.Ref)
	if !ok {
		return nil
	}

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	f, known := v.FollowUpOf(ref.followUp)
	if !known || !f.Stage.Open() || ref.level > f.Steps() || ref.level == 0 && f.TakenBy != "" {
		return nil // somebody was first
	}

	to, ok := s.toldBy(v, ref)
	if !ok {
		return nil // the configuration changed meanwhile
	}

	err = s.sendLetter(ctx, message.Message{
		Key: "follow-up/" + job.Ref, Channel: care.Mail, Email: to, Subject: s.set.Name + ": En opfølgning venter",
		Text: "En opfølgning venter.\n\nSe den på " + s.set.PublicURL + "/opfoelgning\n\nAf hensyn til borgeren står der ikke mere her.\n",
	})
	if err == nil || passing(err) {
		return err
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		if f, open := v.Snapshot().OpenFollowUp(); open && f.ID == ref.followUp {
			v.Raise(care.FollowUpTrouble, string(f.ID), "En besked om opfølgningen kunne ikke sendes. Se siden Opfølgning, og bed systemforvalteren om at se på mailadresserne.", false, s.now())
		}

		return nil
	})
}

func (s *Service) sendLetter(ctx context.Context, m message.Message) error {
	sender, ok := s.messages[m.Channel]
	if !ok {
		return &connector.Error{System: string(m.Channel), Op: "send", Kind: connector.Unsupported}
	}

	_, err := sender.Send(ctx, m)

	return err
}

// toldBy is the address that a letter goes to.
func (s *Service) toldBy(v care.Snapshot, ref tellRef) (care.Email, bool) {
	to := s.set.FollowUp.rule(v.Facts).Tell

	if ref.level > 0 {
		steps := s.set.FollowUp.Steps(v.Facts.Unit, time.UnixMicro(ref.due).UTC())
		if ref.level > len(steps) {
			return care.Email{}, false
		}

		to = steps[ref.level-1].Mail
	}

	if ref.address >= len(to) {
		return care.Email{}, false
	}

	return to[ref.address], true
}
