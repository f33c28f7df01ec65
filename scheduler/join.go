package scheduler

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// wrongLink is the one answer for links that do not work, for whatever reason: who holds a link
// alone must not learn whether there is, or was, a visit behind it (identity.md §5.1).
func wrongLink() error {
	return care.NewError(care.NotFound, "Linket virker ikke. Åbn linket i den nyeste besked fra os, eller ring.")
}

// Landing tells what stands behind a link and changes nothing: mail scanners fetch links. A link
// that is unknown, overtaken, revoked or over is StageWrong.
func (s *Service) Landing(ctx context.Context, locator care.Locator) (CitizenView, error) {
	_, _, view, err := s.behind(ctx, hashOf(locator))
	if care.KindOf(err) == care.NotFound {
		return CitizenView{Stage: StageWrong}, nil
	}

	if err != nil {
		return CitizenView{}, err
	}

	if view.Stage == StageIdentify {
		view.Stage = StageLanding
		err = s.showLoginsDown(ctx, &view)
	}

	return view, err
}

// behind finds the visit behind a link or visit code that lets in now or later. NotFound, always
// with the same words, for every other one.
func (s *Service) behind(ctx context.Context, hash string) (care.Snapshot, care.Invitation, CitizenView, error) {
	v, id, err := s.store.VisitByLocator(ctx, hash)
	if care.KindOf(err) == care.NotFound {
		return care.Snapshot{}, care.Invitation{}, CitizenView{}, wrongLink()
	}

	if err != nil {
		return care.Snapshot{}, care.Invitation{}, CitizenView{}, err
	}

	inv, _ := v.InvitationOf(id)
	p, _ := v.ParticipantOf(inv.To)
	view := s.door(v)
	view.Guest = p.Kind

	// LinkOf knows none of somebody who was removed.
	if link, valid := v.LinkOf(inv.To); view.Stage == StageEnded || !valid || link.ID != id || v.LinkLocked(inv.To) {
		return care.Snapshot{}, care.Invitation{}, CitizenView{}, wrongLink()
	}

	stopped, err := s.shutOut(ctx, v, inv.QueuedAt)
	if err == nil && stopped {
		err = wrongLink()
	}

	if err == nil && inv.To == "" {
		view.Language, err = s.languageOf(ctx, v.Facts.Citizen)
	}

	if err != nil {
		return care.Snapshot{}, care.Invitation{}, CitizenView{}, err
	}

	return v, inv, view, nil
}

// languageOf is in which language a citizen reads pages; empty when it is not known.
func (s *Service) languageOf(ctx context.Context, id care.CitizenID) (care.Language, error) {
	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})

	return citizens[id].Language, err
}

// door tells whether a citizen may come in now. StageIdentify stands for yes.
func (s *Service) door(v care.Snapshot) CitizenView {
	view := CitizenView{Planned: v.Facts.Planned, Opens: v.Facts.Planned.Start.Add(-s.set.Door), Visit: v.ID}

	switch now := s.now(); {
	case v.State != care.RoomIsBooked && v.State != care.Open, now.After(v.Facts.Planned.End.Add(s.set.Grace)) && v.State != care.Open:
		view.Stage = StageEnded
	case now.After(v.Facts.Planned.End.Add(s.set.Grace + s.set.HardCap)):
		view.Stage = StageEnded
	case now.Before(view.Opens):
		view.Stage = StageEarly
	default:
		view.Stage = StageIdentify
	}

	return view
}

// Enter opens a session for somebody who pressed on through a link. The session finds the visit
// and no more; identity comes next.
func (s *Service) Enter(ctx context.Context, locator care.Locator) (Entered, error) {
	v, message, view, err := s.behind(ctx, hashOf(locator))
	if err != nil {
		return Entered{}, err
	}

	out, err := s.enter(ctx, v, message)
	out.Language = view.Language

	return out, err
}

// enter makes the session.
func (s *Service) enter(ctx context.Context, v care.Snapshot, message care.Invitation) (Entered, error) {
	if err := s.shut(v); err != nil {
		return Entered{}, err
	}

	token, err := newToken()
	if err != nil {
		return Entered{}, err
	}

	id := care.AdmissionID(randomID())

	err = s.update(ctx, v.ID, &AuditRow{Actor: visitor(message.To), Action: "enter"}, func(v *care.Visit) error {
		if err := v.LinkOpened(message.ID, s.now()); err != nil {
			return err
		}

		return v.Arrive(id, message.To, hashOf(token), s.now())
	})

	return Entered{Token: token, Expires: s.sessionEnd(v)}, err
}

// sessionEnd is when a session at a visit ends at the latest.
func (s *Service) sessionEnd(v care.Snapshot) time.Time {
	return v.Facts.Planned.End.Add(s.set.Grace + s.set.HardCap)
}

// visitor names in the audit who came through a link.
func visitor(who care.ParticipantID) string {
	if who != "" {
		return "participant"
	}

	return "citizen"
}

// newToken makes a session token of 256 bits.
func newToken() (care.SessionToken, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return care.SessionToken{}, &care.Error{Kind: care.Internal, Message: "Der skete en fejl hos os. Prøv igen om lidt.", Err: err}
	}

	return care.NewSessionToken(base64.RawURLEncoding.EncodeToString(b)), nil
}

// Lounge tells which page the citizen's session is at.
func (s *Service) Lounge(ctx context.Context, token care.SessionToken) (CitizenView, error) {
	v, adm, err := s.session(ctx, token)
	if care.KindOf(err) == care.NotFound {
		return CitizenView{Stage: StageWrong}, nil
	}

	if err != nil {
		return CitizenView{}, err
	}

	view := s.door(v)
	view.Leave = s.leaving(adm)

	p, _ := v.ParticipantOf(adm.Participant)
	if view.Guest = p.Kind; adm.Participant != "" && !v.TakesPart(adm.Participant) {
		view.Stage = StageEnded
	}

	if view.Stage == StageEnded || view.Stage == StageEarly {
		return view, nil
	}

	who, err := s.recipientOf(ctx, v, adm.Participant, care.SMS)
	if err != nil {
		return CitizenView{}, err
	}

	view.Stage = stageOf(adm, s.now())
	view.CodeLeft = v.CodesLeft(adm.Participant, s.now())
	view.AskedHelp = !adm.AskedHelp.IsZero()

	if adm.State != care.AdmissionWaiting {
		view.Stage = termsStage(view.Stage, p)

		return view, nil
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return CitizenView{}, err
	}

	if who.phone.IsZero() { // nowhere to send a code to
		rule.Methods = slices.DeleteFunc(rule.Methods, func(m care.IdentityMethod) bool { return m == care.ByCode })
	} else {
		view.PhoneHint = who.phone.Hint()
	}

	return view, s.showMethods(ctx, &view, rule, adm.Participant)
}

func stageOf(adm care.Admission, now time.Time) CitizenStage {
	switch adm.State {
	case care.AdmissionIdentified:
		return StageWaiting
	case care.AdmissionAdmitted:
		return StageAdmitted
	case care.AdmissionRefused:
		return StageRefused
	case care.AdmissionWaiting:
		if adm.CodeCount > 0 && !adm.CodeUsed && now.Sub(adm.CodeSentAt) <= care.CodeLife {
			return StageCode
		}
	}

	return StageIdentify
}

func (s *Service) session(ctx context.Context, token care.SessionToken) (care.Snapshot, care.Admission, error) {
	if token.IsZero() {
		return care.Snapshot{}, care.Admission{}, wrongLink()
	}

	v, id, err := s.store.VisitBySession(ctx, hashOf(token))
	if err != nil {
		return care.Snapshot{}, care.Admission{}, err
	}

	adm, _ := v.AdmissionOf(id)

	if stopped, err := s.shutOut(ctx, v, adm.CameAt); err != nil || !stopped {
		return v, adm, err
	}

	adm.State = care.AdmissionRefused

	return v, adm, nil
}

// open returns the session's visit when its door is open.
func (s *Service) open(ctx context.Context, token care.SessionToken) (care.Snapshot, care.Admission, error) {
	v, adm, err := s.session(ctx, token)
	if err != nil {
		return v, adm, err
	}

	if adm.Participant != "" && !v.TakesPart(adm.Participant) {
		return v, adm, ended()
	}

	if stored, _ := v.AdmissionOf(adm.ID); stored.State != adm.State { // shut out, and not yet put down on the visit
		return v, adm, ended()
	}

	return v, adm, s.shut(v)
}

func ended() error { return care.NewError(care.Gone, "Dette skærmbesøg er afsluttet.") }

// shut returns why a citizen may not come in now, nil when they may.
func (s *Service) shut(v care.Snapshot) error {
	view := s.door(v)
	if view.Stage == StageIdentify {
		return nil
	}

	if view.Stage == StageEarly {
		return care.NewError(care.Conflict, "Dit skærmbesøg åbner "+clock(view.Opens)+".")
	}

	return ended()
}

// AskCode has a one-time code sent to the citizen's number in the record, or to a participant's. Limits: identity.md §5.2.
func (s *Service) AskCode(ctx context.Context, token care.SessionToken) error {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return err
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return err
	}

	if !rule.Allows(care.ByCode) {
		return codeForbidden()
	}

	today := care.DayOf(s.now()).Bounds().Start

	sent, err := s.codesSent(ctx, v, adm.Participant, today)
	if err != nil {
		return err
	}

	if sent >= care.CodesPerPhone {
		return care.NewError(care.TooMany, "Der er sendt mange koder til dit nummer i dag. Ring til os, så hjælper vi dig ind.")
	}

	return s.update(ctx, v.ID, &AuditRow{Actor: visitor(adm.Participant), Action: "ask_code", Admission: adm.ID}, func(v *care.Visit) error {
		_, err := v.AskCode(adm.ID, s.now())

		return err
	})
}

// codesSent counts the codes that went to a person's telephone since a time.
func (s *Service) codesSent(ctx context.Context, v care.Snapshot, who care.ParticipantID, since time.Time) (int, error) {
	if p, ok := v.ParticipantOf(who); ok {
		return s.store.CodesSentTo(ctx, p.Phone, since)
	}

	return s.store.CodesSent(ctx, v.Facts.Citizen, since)
}

// EnterCode compares a typed code with the newest one of this session. A wrong try is counted
// even though the citizen gets an error.
func (s *Service) EnterCode(ctx context.Context, token care.SessionToken, code care.Code) error {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return err
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return err
	}

	var refusal *care.Error

	err = s.update(ctx, v.ID, &AuditRow{Actor: visitor(adm.Participant), Action: "enter_code", Admission: adm.ID}, func(v *care.Visit) error {
		now, _ := v.Snapshot().AdmissionOf(adm.ID)
		right := now.CodeCount > 0 && code.Equal(s.code(adm.ID, now.CodeCount))

		var err error

		refusal, err = v.TryCode(adm.ID, right, rule, s.now())

		return err
	})
	if err != nil {
		return err
	}

	if refusal != nil {
		return refusal
	}

	return nil
}

// GuestLink gives the guest link of the person's seat to a session that was let in, and to no
// other.
func (s *Service) GuestLink(ctx context.Context, token care.SessionToken) (care.GuestLink, error) {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return care.GuestLink{}, err
	}

	room, ok := v.LiveRoom()
	p, _ := v.ParticipantOf(adm.Participant) // the citizen has seat 0
	link := room.SeatLink(p.Seat)

	switch {
	case v.AwaitsTerms(adm):
		return care.GuestLink{}, care.NewError(care.Conflict, "Læs vilkårene først.")
	case adm.State != care.AdmissionAdmitted:
		return care.GuestLink{}, care.NewError(care.Forbidden, "Medarbejderen har ikke lukket dig ind endnu.")
	case !ok || link.IsZero() || !room.Made():
		return care.GuestLink{}, notMade()
	}

	row := AuditRow{
		At: s.now(), Actor: visitor(adm.Participant), Action: "open_guest_link", Visit: v.ID, Citizen: v.Facts.Citizen, Origin: originIn(ctx, adm),
	}

	return link, s.store.Record(ctx, []AuditRow{row})
}
