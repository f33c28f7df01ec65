package scheduler

import (
	"context"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// CodewordsView is the codewords of a visit as the employee may see them now.
type CodewordsView struct {
	Words care.Codewords
	Due   bool // they were said so often that new ones should be made
}

// Codewords shows a visit's codewords to the employee who talks with the citizen, never before:
// when the citizen was let in, when somebody at the door asked to be rung, when the visit is given
// by telephone, or at the time of a physical visit. The look is audited. Needs HostVisits in the
// visit's unit. Conflict: not now.
func (s *Service) Codewords(ctx context.Context, actor care.Actor, id care.VisitID) (CodewordsView, error) {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return CodewordsView{}, err
	}

	if !s.inTouch(v) {
		return CodewordsView{}, care.NewError(care.Conflict, "Kodeordene vises først, når borgeren er lukket ind, eller når du ringer til borgeren.")
	}

	w, err := s.store.Codewords(ctx, v.Facts.Citizen, v.Facts.Unit)
	if err != nil {
		return CodewordsView{}, err
	}

	row := *by(actor, "see_codewords")
	row.At, row.Visit, row.Citizen = s.now(), v.ID, v.Facts.Citizen

	return CodewordsView{Words: w, Due: w.Due(s.set.Identity.CodewordUses)}, s.store.Record(ctx, []AuditRow{row})
}

// inTouch reports whether the employee of a visit talks with the citizen now.
func (s *Service) inTouch(v care.Snapshot) bool {
	window, now := s.visitWindow(v), s.now()
	near := !now.Before(window.Start) && now.Before(window.End)

	if v.State == care.Listed || v.State == care.Reverted || v.ToCall() {
		return near
	}

	return v.State.Active() && slices.ContainsFunc(v.Admissions, func(a care.Admission) bool {
		return a.Participant == "" && (a.State == care.AdmissionAdmitted || a.State == care.AdmissionWaiting && !a.AskedHelp.IsZero())
	})
}

// TickCodeword records that the employee said their codeword to somebody who was let in, or that the
// citizen answered rightly. Needs HostVisits in the visit's unit.
func (s *Service) TickCodeword(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, answered bool) error {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return err
	}

	w, err := s.store.Codewords(ctx, v.Facts.Citizen, v.Facts.Unit)
	if err != nil {
		return err
	}

	if !w.Made() {
		return care.NewError(care.Conflict, "Borgeren har ingen kodeord.")
	}

	row := by(actor, "say_codeword")
	if answered {
		row.Action = "hear_codeword"
	}

	fresh := false

	err = s.update(ctx, id, row, func(v *care.Visit) error {
		before, _ := v.Snapshot().AdmissionOf(admission)
		err := v.TickCodeword(admission, answered, s.now())
		after, _ := v.Snapshot().AdmissionOf(admission)
		fresh = after.CodewordsSaid() && !before.CodewordsSaid()

		return err
	})
	if err != nil || !fresh {
		return err
	}

	w.Uses++

	return s.store.SaveCodewords(ctx, w, Effects{})
}

// MakeCodewords makes a citizen's codewords with a unit, or new ones: the old ones are worth nothing
// from then on. Needs SetIdentity in the unit, which must visit the citizen.
func (s *Service) MakeCodewords(ctx context.Context, actor care.Actor, citizen care.CitizenID, unit care.UnitID) error {
	w, err := s.wordsOf(ctx, actor, citizen, unit)
	if err != nil {
		return err
	}

	row := *by(actor, "make_codewords")
	row.At, row.Citizen = s.now(), citizen

	return s.store.SaveCodewords(ctx, w.Renew(actor.Employee, s.now()), Effects{Audit: []AuditRow{row}})
}

// wordsOf reads the codewords of a citizen with a unit in which the actor may set how citizens are
// identified.
func (s *Service) wordsOf(ctx context.Context, actor care.Actor, citizen care.CitizenID, unit care.UnitID) (care.Codewords, error) {
	links, err := s.linked(ctx, actor, citizen, care.SetIdentity)
	if err != nil {
		return care.Codewords{}, err
	}

	if !slices.ContainsFunc(links, func(l Link) bool { return l.Unit == unit }) {
		return care.Codewords{}, notLinked()
	}

	return s.store.Codewords(ctx, citizen, unit)
}

// CodewordCard is the letter with which a citizen gets the codewords.
type CodewordCard struct {
	Citizen  care.Citizen
	Unit     care.Unit
	Words    care.Codewords
	Guardian string // who gets it in place of the citizen; empty: nobody
}

// CodewordCard returns what is printed for a citizen. It is there only until the words were used
// once, so that nobody looks up words that are in use: a lost card means new words. Audited. Needs
// SetIdentity in the unit. NotFound: there are no words. Conflict: they are in use.
func (s *Service) CodewordCard(ctx context.Context, actor care.Actor, citizen care.CitizenID, unit care.UnitID) (CodewordCard, error) {
	w, err := s.wordsOf(ctx, actor, citizen, unit)

	switch {
	case err != nil:
		return CodewordCard{}, err
	case !w.Made():
		return CodewordCard{}, care.NewError(care.NotFound, "Borgeren har ingen kodeord endnu.")
	case w.Uses > 0:
		return CodewordCard{}, care.NewError(care.Conflict, "Kodeordene er taget i brug og kan ikke udskrives igen. Lav nye, hvis kortet er blevet væk.")
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{citizen})
	if err != nil {
		return CodewordCard{}, err
	}

	card := CodewordCard{Citizen: citizens[citizen], Unit: s.unit(unit), Words: w}

	guardian, ok, err := s.guardianOf(ctx, citizen)
	if err != nil {
		return CodewordCard{}, err
	}

	if ok {
		card.Guardian = guardian.Name
	}

	row := *by(actor, "print_codewords")
	row.At, row.Citizen = s.now(), citizen

	return card, s.store.Record(ctx, []AuditRow{row})
}

// guardianOf finds who stands in for a citizen that is a minor or under guardianship: a relative who
// is noted as guardian, and whose part was agreed to.
func (s *Service) guardianOf(ctx context.Context, citizen care.CitizenID) (care.Contact, bool, error) {
	all, err := s.store.ContactsOf(ctx, citizen)
	if err != nil {
		return care.Contact{}, false, err
	}

	i := slices.IndexFunc(all, func(c care.Contact) bool {
		return c.Guardian && c.Kind == care.Relative && c.Consent.Given() && !c.Consent.Lapsed(s.now())
	})
	if i < 0 {
		return care.Contact{}, false, nil
	}

	return all[i], true, nil
}
