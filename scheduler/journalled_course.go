package scheduler

import (
	"context"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// CourseView is what somebody sees who ends a citizen's course.
type CourseView struct {
	Citizen care.Citizen
	Ended   *EndedCourse // nil: it goes on
	Keep    int          // days until the data is deleted; 0: the municipality does not delete
	Blocked string       // Danish: why it can't be ended now; empty: it can
}

// Course tells how it stands with a citizen's course. Needs ManageDeletion in a unit that visits the
// citizen, or in every unit.
func (s *Service) Course(ctx context.Context, actor care.Actor, id care.CitizenID) (CourseView, error) {
	if err := s.mayEnd(ctx, actor, id); err != nil {
		return CourseView{}, err
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return CourseView{}, err
	}

	citizen, known := citizens[id]
	if !known || id.IsStandIn() {
		return CourseView{}, care.NewError(care.NotFound, "Borgeren findes ikke her.")
	}

	out := CourseView{Citizen: citizen.Shown(), Keep: s.set.KeepDays}

	courses, err := s.store.EndedCourses(ctx, []care.CitizenID{id})
	if err != nil {
		return CourseView{}, err
	}

	if course, ended := courses[id]; ended {
		out.Ended = &course
	}

	if out.Blocked, err = s.goesOn(ctx, id); err != nil {
		return CourseView{}, err
	}

	return out, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_course", Citizen: id}})
}

// mayEnd refuses who may not end the course of a citizen.
func (s *Service) mayEnd(ctx context.Context, actor care.Actor, id care.CitizenID) error {
	if actor.May(care.ManageDeletion, care.EveryUnit) {
		return nil
	}

	_, err := s.linked(ctx, actor, id, care.ManageDeletion)

	return err
}

// goesOn tells in Danish why a course is not over.
func (s *Service) goesOn(ctx context.Context, id care.CitizenID) (string, error) {
	if s.set.KeepDays == 0 {
		return "Kommunen har ikke slået sletning til. Bed systemforvalteren om at sætte record.keep_after_receipt.", nil
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Citizens: []care.CitizenID{id}})
	if err != nil {
		return "", err
	}

	for _, v := range visits {
		if !v.State.Final() && v.Facts.Planned.End.After(s.now()) {
			return "Borgeren har stadig planlagte besøg. Aflys dem i journalen, og importér kørelisten.", nil
		}
	}

	devices, err := s.store.DevicesOf(ctx, id)
	if err != nil {
		return "", err
	}

	for _, d := range devices {
		if d.EndedAt.IsZero() {
			return "Borgeren har stadig en tavle eller en kendt enhed. Afslut den først.", nil
		}
	}

	return "", nil
}

// EndCourse starts the clock after which everything about a citizen is deleted, also what the record
// could not be told (C13). The actor says why. Needs what Course needs. Conflict: the course goes on, or
// ended already.
func (s *Service) EndCourse(ctx context.Context, actor care.Actor, id care.CitizenID, why string) error {
	view, err := s.Course(ctx, actor, id)
	if err != nil {
		return err
	}

	why = strings.TrimSpace(why)

	switch {
	case why == "" || len([]rune(why)) > care.MaxBecause:
		return care.NewError(care.Invalid, "Skriv en begrundelse på højst 500 tegn.")
	case view.Blocked != "":
		return care.NewError(care.Conflict, view.Blocked)
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "end_course", Citizen: id, Reason: why}

	return s.store.EndCourse(ctx, EndedCourse{Citizen: id, Why: why, By: actor.Employee, At: s.now()}, Effects{Audit: []AuditRow{row}})
}

// ReopenCourse takes the end of a course back, as long as the citizen is still here. Needs what Course
// needs.
func (s *Service) ReopenCourse(ctx context.Context, actor care.Actor, id care.CitizenID) error {
	if err := s.mayEnd(ctx, actor, id); err != nil {
		return err
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "reopen_course", Citizen: id}

	return s.store.ReopenCourse(ctx, id, Effects{Audit: []AuditRow{row}})
}
