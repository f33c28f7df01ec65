package scheduler

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// MendFinding has a difference repaired. Asking again while the repair is under way, or after it, changes
// nothing. Overwrite is the person's word that what people wrote in the record may be replaced. Needs
// HandleTrouble in the visit's unit, or HandleRooms for a stray room. Invalid: no machine can repair it, or Overwrite is missing.
func (s *Service) MendFinding(ctx context.Context, actor care.Actor, id care.FindingID, overwrite bool) error {
	f, err := s.finding(ctx, actor, id)
	if err != nil {
		return err
	}

	switch remedy := f.Kind.Terms().Remedy; {
	case f.State == care.FindingMending || f.State == care.FindingMended || f.State == care.FindingGone:
		return nil
	case remedy == care.ByHand:
		return care.NewError(care.Invalid, f.Kind.Terms().Do)
	case remedy.Overwrites() && !overwrite:
		return care.NewError(care.Invalid, "Rettelsen overskriver det, som nogen har skrevet i journalen. Bekræft, at det er i orden.")
	}

	after := f
	after.State, after.MendBy, after.MendAt, after.Note = care.FindingMending, string(actor.Employee), s.now(), ""
	after.ClosedAt, after.ClosedBy, after.Reason = time.Time{}, "", ""

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "mend_difference", Visit: f.Visit, Detail: string(f.Kind)}

	return s.store.SaveFinding(ctx, f, after, Effects{Audit: []AuditRow{row}, Jobs: []Job{{Kind: MendJob, Ref: string(id), Urgent: true}}})
}

// AcceptFinding lets a difference stand, with a reason of at most care.MaxBecause characters. It comes
// back when it looks otherwise. Needs HandleTrouble in the visit's unit.
func (s *Service) AcceptFinding(ctx context.Context, actor care.Actor, id care.FindingID, reason string) error {
	f, err := s.finding(ctx, actor, id)
	if err != nil {
		return err
	}

	reason = strings.TrimSpace(reason)

	switch {
	case f.State == care.FindingAccepted && f.Reason == reason:
		return nil
	case reason == "" || utf8.RuneCountInString(reason) > care.MaxBecause:
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	case personNumber().MatchString(reason):
		return care.NewError(care.Invalid, "Begrundelsen må ikke indeholde et personnummer.")
	case f.State == care.FindingMending:
		return care.NewError(care.Conflict, "Forskellen er ved at blive rettet. Opdatér siden om lidt.")
	case f.State != care.FindingOpen:
		return care.NewError(care.Conflict, "Forskellen er der ikke længere, eller der er taget stilling til den.")
	}

	after := f
	after.State, after.Reason, after.ClosedBy, after.ClosedAt = care.FindingAccepted, reason, string(actor.Employee), s.now()
	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "accept_difference", Visit: f.Visit, Detail: string(f.Kind), Reason: reason}

	return s.store.SaveFinding(ctx, f, after, Effects{Audit: []AuditRow{row}})
}

// finding reads one that the actor may handle.
func (s *Service) finding(ctx context.Context, actor care.Actor, id care.FindingID) (care.Finding, error) {
	all, err := s.store.Findings(ctx, FindingQuery{IDs: []care.FindingID{id}})
	if err != nil {
		return care.Finding{}, err
	}

	if len(all) == 0 {
		return care.Finding{}, care.NewError(care.NotFound, "Forskellen findes ikke længere på listen.")
	}

	return all[0], mayHandle(actor, all[0])
}

// mayHandle: planners in the visit's unit, and stray rooms whoever runs the platform.
func mayHandle(actor care.Actor, f care.Finding) error {
	if slices.Contains(care.StrayRooms(), f.Kind) && actor.May(care.HandleRooms, f.Unit) {
		return nil
	}

	return actor.Must(care.HandleTrouble, f.Unit)
}

// mend repairs one difference. It looks again before it does anything, so that a repair that was made
// already, or by somebody else, is not made twice, and what changed since a person decided goes back to
// that person.
func (s *Service) mend(ctx context.Context, job Job) error {
	all, err := s.store.Findings(ctx, FindingQuery{IDs: []care.FindingID{care.FindingID(job.Ref)}})
	if err != nil || len(all) == 0 || all[0].State != care.FindingMending {
		return err
	}

	f := all[0]

	v, err := s.store.Visit(ctx, f.Visit)
	if err != nil {
		return err
	}

	l, err := s.lookAt(ctx, citizenVisits{id: v.Facts.Citizen, visits: []care.Snapshot{v}})
	if err != nil {
		return err
	}

	return s.mendSeen(ctx, f, v, l)
}

// mendSeen repairs what was just seen to be as it was when the repair was decided.
func (s *Service) mendSeen(ctx context.Context, f care.Finding, v care.Snapshot, l look) error {
	switch {
	case l.silence != nil && !l.heard(f.Kind.Terms().Side):
		return l.silence
	case l.refused && !l.heard(f.Kind.Terms().Side):
		return s.reopen(ctx, f, f, nameOfSide(f.Kind.Terms().Side)+" vil ikke vise besøget. Bed systemforvalteren om at se på vores adgang.")
	}

	if len(l.visits) == 0 {
		return s.later("mend", time.Second) // it changed while we looked
	}

	i := slices.IndexFunc(l.drifts, func(d care.Drift) bool { return findingID(d) == f.ID })

	switch {
	case i < 0 && !l.gone(f) && l.silence != nil:
		return l.silence
	case i < 0 && !l.gone(f):
		return s.reopen(ctx, f, f, "Det kunne ikke ses, hvordan det står til nu, så der er ikke rettet noget.")
	case i < 0:
		return s.store.SaveFinding(ctx, f, f.Gone(s.now()), Effects{})
	case l.drifts[i].Theirs != f.Theirs || l.drifts[i].Ours != f.Ours:
		return s.reopen(ctx, f, f.Seen(l.drifts[i], s.now()), "Det så anderledes ud, da vi ville rette det. Se på det igen.")
	}

	err := s.remedy(ctx, f, v, l)

	switch kind := care.KindOf(err); {
	case err == nil:
	case connector.KindOf(err) == 0 && slices.Contains([]care.Kind{care.Conflict, care.Invalid, care.Forbidden}, kind):
		return s.reopen(ctx, f, f, care.MessageOf(err))
	default:
		return err
	}

	return s.store.SaveFinding(ctx, f, f.Gone(s.now()), Effects{})
}

// reopen gives a difference back to people, and tells why.
func (s *Service) reopen(ctx context.Context, before, after care.Finding, note string) error {
	after.State, after.MendBy, after.MendAt, after.Note = care.FindingOpen, "", time.Time{}, note

	return s.store.SaveFinding(ctx, before, after, Effects{})
}

// remedy does what the kind's remedy says, with what was just seen.
func (s *Service) remedy(ctx context.Context, f care.Finding, v care.Snapshot, l look) error {
	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	change := func(do func(*care.Visit) error) error {
		return s.update(ctx, f.Visit, &AuditRow{Actor: f.MendBy, Action: "mend_" + string(f.Kind)}, do)
	}

	now, ref, entry := s.now(), care.RoomRef(f.About), care.EntryID(f.About)

	switch f.Kind.Terms().Remedy {
	case care.MoveHere:
		return change(func(v *care.Visit) error { return s.moveTo(v, l.seen.Visits[0].Planned, channel) })
	case care.CancelHere:
		return change(func(v *care.Visit) error { return cancelFor(v, f, l, channel, now) })
	case care.ReassignHere:
		return change(func(v *care.Visit) error { v.Reassign(l.seen.Visits[0].Employee); return nil })
	case care.ServiceHere:
		return change(func(v *care.Visit) error { v.Serve(l.seen.Visits[0].Service); return nil })
	case care.PhoneHere:
		return s.takeNumber(ctx, f.MendBy, v, l.seen.Phone)
	case care.PhysicalHere:
		return change(func(v *care.Visit) error { return v.Revert(channel, now) })
	case care.WriteAgain:
		return change(func(v *care.Visit) error { return v.RewriteEntry(entry, l.seen.Visits[0].Category, now) })
	case care.WriteMissing:
		return change(func(v *care.Visit) error { return v.RewriteEntry(entry, "", now) })
	case care.RetryWrite:
		return change(func(v *care.Visit) error { return v.RetryEntry(entry, f.MendBy, now) })
	case care.NewRoom:
		return change(func(v *care.Visit) error { return v.RetryRoom(ref, care.RoomRef(randomID()), f.MendBy, now) })
	case care.MoveRoomBack:
		return s.roomBack(ctx, ref, change)
	case care.CloseStrayRoom:
		return change(func(v *care.Visit) error { return v.CloseStray(ref) })
	case care.ByHand:
	}

	return care.NewError(care.Invalid, f.Kind.Terms().Do)
}

func (s *Service) moveTo(v *care.Visit, planned care.Interval, channel care.Channel) error {
	if !planned.Start.After(s.now()) {
		return care.NewError(care.Conflict, "Journalens tid er passeret. Aflys skærmbesøget, eller aftal et nyt tidspunkt.")
	}

	moved, err := v.Reschedule(planned)
	if err == nil {
		s.follow(v, moved, channel)
	}

	return err
}

// cancelFor cancels with the reason that the kind has. Nobody writes to who is dead, and the record is
// not told what it told us.
func cancelFor(v *care.Visit, f care.Finding, l look, channel care.Channel, now time.Time) error {
	knows := l.seen != nil && (l.seen.Visits[0].Cancelled || l.seen.Visits[0].Presence == ehr.Absent)

	if f.Kind == care.DriftDead {
		channel = ""
	}

	switch {
	case knows:
		return v.CancelAsRecorded(care.CancelledStaff, f.MendBy, channel, now)
	case f.Kind == care.DriftHospital:
		return v.Cancel(care.Hospitalised, f.MendBy, channel, now)
	default:
		return v.Cancel(care.CancelledStaff, f.MendBy, channel, now)
	}
}

// takeNumber gives the citizen the record's telephone number, as a register does: the old one is told,
// and visits are invited anew.
func (s *Service) takeNumber(ctx context.Context, by string, v care.Snapshot, phone care.Phone) error {
	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	known, err := s.store.RegisterEntries(ctx, []care.CitizenKey{citizen.Key()})
	if err != nil {
		return err
	}

	i := slices.IndexFunc(known, func(e care.RegisterEntry) bool { return e.Citizen.ID == citizen.ID })
	if i < 0 {
		return care.NewError(care.Conflict, "Borgeren findes ikke længere. Opdatér siden.")
	}

	known[i].Citizen.Phone = phone

	return s.register(ctx, by, known[i:i+1], AuditRow{Action: "mend_citizen_phone", Visit: v.ID})
}

// roomBack takes up what time the platform has now, and has the room moved from there.
func (s *Service) roomBack(ctx context.Context, ref care.RoomRef, change func(func(*care.Visit) error) error) error {
	booking, err := s.video.Find(ctx, ref)
	if err != nil {
		return err
	}

	planned := booking.Planned
	if planned.End = planned.End.Add(-s.set.Grace - s.set.HardCap); !planned.Valid() {
		planned.End = planned.Start.Add(time.Minute)
	}

	return change(func(v *care.Visit) error { return v.RoomFound(ref, planned) })
}
