package scheduler

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// JudgementRequest is what an employee judges about a citizen and screen visits.
type JudgementRequest struct {
	Verdict care.Suitability // care.Suitable, care.Unsuitable or care.ToBeJudged
	Why     string           // required, at most care.MaxBecause characters; no CPR number, code or link
	Again   care.Day         // by when the citizen is to be judged anew; empty: not decided
}

// Judge stores what an employee judged, and tells the record where the municipality wants that. It counts
// before what lists and the record hint. Needs JudgeSuitability in a unit that visits the citizen.
func (s *Service) Judge(ctx context.Context, actor care.Actor, id care.CitizenID, req JudgementRequest) error {
	j, err := s.judgement(ctx, actor, id, req)
	if err != nil {
		return err
	}

	effects := Effects{Audit: []AuditRow{{At: j.At, Actor: string(actor.Employee), Action: "judge_suitability", Citizen: id, Detail: string(j.Verdict)}}}
	if n, ok := s.noteOf(id, judged(actor, j)); ok {
		effects = told(effects, n)
	}

	return s.store.SetJudgement(ctx, id, j, effects)
}

// PreviewJudgement tells word by word what the record would get. It stores nothing. Needs what Judge needs.
func (s *Service) PreviewJudgement(ctx context.Context, actor care.Actor, id care.CitizenID, req JudgementRequest) (NotePreview, error) {
	j, err := s.judgement(ctx, actor, id, req)
	if err != nil {
		return NotePreview{}, err
	}

	return s.previewNote(judged(actor, j)), nil
}

// Telling reports whether the record is told of judgements.
func (s *Service) Telling() bool { return !s.set.Notes[care.SuitabilityNote].Off() }

func (s *Service) judgement(ctx context.Context, actor care.Actor, id care.CitizenID, req JudgementRequest) (care.Judgement, error) {
	if _, err := s.linked(ctx, actor, id, care.JudgeSuitability); err != nil {
		return care.Judgement{}, err
	}

	now := s.now()
	j := care.Judgement{Verdict: req.Verdict, Why: strings.TrimSpace(req.Why), Again: req.Again, By: actor.Employee, At: now}

	return j, j.Check(care.DayOf(now))
}

// judged tells a judgement in words.
func judged(actor care.Actor, j care.Judgement) happening {
	again := ""
	if j.Again != "" {
		again = date(j.Again.Bounds().Start)
	}

	h := happening{
		topic: care.SuitabilityNote, about: j.At.UTC().Format("20060102T150405.000000"), word: string(j.Verdict), danish: j.Verdict.Danish(),
		title: "Egnethed til skærmbesøg: " + strings.ToLower(j.Verdict.Danish()), author: authorOf(actor), at: j.At,
		words: []string{
			care.PlaceDate, date(j.At), care.PlaceEmployee, string(j.By), care.PlaceReason, j.Why, care.PlaceVerdict, j.Verdict.Danish(), care.PlaceAgain, again,
		},
	}

	h.text = fmt.Sprintf("Egnethed til skærmbesøg vurderet den %s: %s. Begrundelse: %s", date(j.At), strings.ToLower(j.Verdict.Danish()), full(j.Why))
	if again != "" {
		h.text += " Vurderes igen senest den " + again + "."
	}

	return h
}

// full ends a person's words with a full stop.
func full(text string) string {
	if strings.ContainsAny(text[max(0, len(text)-1):], ".!?") {
		return text
	}

	return text + "."
}

// authorOf names who decided, as the record needs it: a note there is somebody's (eoj.md §1.8).
func authorOf(actor care.Actor) string {
	if actor.Employee == "" {
		return ""
	}

	name := string(actor.Employee)
	if actor.Name != "" {
		name = actor.Name + " (" + name + ")"
	}

	if len(actor.Grants) > 0 {
		name += ", " + strings.ToLower(actor.Grants[0].Role.Danish())
	}

	return name
}

// deviceHappening tells in words what happened with a tablet. The note of an event is made once: setting
// the same tablet up anew tells the record nothing new.
func (s *Service) deviceHappening(d care.Device, e care.DeviceEvent, by care.EmployeeID, author string) happening {
	now := s.now()

	return happening{
		topic: care.DeviceNote, about: string(d.ID) + " " + string(e), word: string(e), danish: e.Danish(), author: author, at: now,
		title: "Tavle til skærmbesøg " + e.Danish(),
		text:  fmt.Sprintf("Tavle til skærmbesøg med serienummer %s er %s den %s.", d.Label, e.Danish(), date(now)),
		words: []string{care.PlaceDate, date(now), care.PlaceEmployee, string(by), care.PlaceSerial, d.Label, care.PlaceEvent, e.Danish()},
	}
}

// tellOfDevice adds the note of an event of a tablet that was set up once.
func (s *Service) tellOfDevice(e Effects, d care.Device, event care.DeviceEvent, by care.EmployeeID, author string) Effects {
	if d.Kind != care.TabletDevice || d.SeenAt.IsZero() {
		return e
	}

	if n, ok := s.noteOf(d.Holder.Citizen, s.deviceHappening(d, event, by, author)); ok {
		return told(e, n)
	}

	return e
}
