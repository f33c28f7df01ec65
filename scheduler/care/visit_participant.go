package care

import (
	"fmt"
	"slices"
	"time"
)

// others is how many people of a room are neither employee nor citizen's seat.
const others = 2

// ParticipantOf returns the participant with the given id, removed or not.
func (s Snapshot) ParticipantOf(id ParticipantID) (Participant, bool) {
	i := slices.IndexFunc(s.Participants, func(p Participant) bool { return p.ID == id })
	if i < 0 {
		return Participant{}, false
	}

	return s.Participants[i], true
}

// Present returns the participants who are invited and were not removed, by seat.
func (s Snapshot) Present() []Participant {
	present := slices.DeleteFunc(slices.Clone(s.Participants), func(p Participant) bool { return !p.Present() })
	slices.SortFunc(present, func(a, b Participant) int { return a.Seat - b.Seat })

	return present
}

// Sitting returns who had a seat at a time; seat 0 is the citizen's and nobody's here.
func (s Snapshot) Sitting(seat int, at time.Time) (Participant, bool) {
	for _, p := range slices.Backward(s.Participants) {
		if p.Seat == seat && !at.Before(p.AddedAt) && (p.Present() || at.Before(p.RemovedAt)) {
			return p, true
		}
	}

	return Participant{}, false
}

// MayAdd returns why a contact can't take part in the visit now, nil when it can. A room holds
// most people, employee and citizen among them (D02).
func (s Snapshot) MayAdd(c Contact, most int) error {
	switch {
	case !s.State.Active():
		return NewError(Conflict, "Der kan kun inviteres flere til et skærmbesøg, der er planlagt eller i gang.")
	case !c.RemovedAt.IsZero() || c.Citizen != s.Facts.Citizen:
		return NewError(NotFound, "Kontakten findes ikke hos borgeren.")
	case !c.Consent.Given():
		return NewError(Invalid, "Borgerens samtykke til, at kontakten deltager, er ikke noteret. Spørg borgeren, og notér samtykket.")
	case !c.Consent.Covers(s.ID, s.Facts.Planned):
		return NewError(Invalid, "Borgerens samtykke gælder ikke dette skærmbesøg. Spørg borgeren, og notér et nyt samtykke.")
	case c.Phone.IsZero():
		return NewError(Invalid, "Kontakten har intet mobilnummer og kan ikke få en engangskode. Skriv nummeret på kontakten.")
	case len(s.Present()) >= most-others:
		return NewError(Conflict, fmt.Sprintf("Der er plads til højst %d i rummet. Fjern en anden deltager først.", most))
	}

	return nil
}

// Invitee is whom an employee wants to have in a visit. Secrecy is needed of somebody from another
// authority (R22).
type Invitee struct {
	ID      ParticipantID
	Contact Contact
	Secrecy Secrecy
}

// AddParticipant invites a contact of the citizen, who must have agreed to this visit. Whoever takes
// part already is not added twice. Most is how many people the room holds. It returns the participant's
// id, which is the invitee's unless the contact takes part already.
func (v *Visit) AddParticipant(in Invitee, most int, by EmployeeID, at time.Time) (ParticipantID, error) {
	c := in.Contact
	if i := slices.IndexFunc(v.s.Participants, func(p Participant) bool { return p.Contact == c.ID && p.Present() }); i >= 0 && v.s.State.Active() {
		return v.s.Participants[i].ID, nil
	}

	if err := v.s.MayAdd(c, most); err != nil {
		return "", err
	}

	if c.Kind == Authority && !in.Secrecy.Weighed() {
		return "", NewError(Invalid, "Bekræft, at du har vurderet tavshedspligten, og vælg den regel, som gør, at den anden myndighed må være med.")
	}

	p := Participant{
		ID: in.ID, Contact: c.ID, Seat: v.s.freeSeat(most), Kind: c.Kind, Name: c.Name, Phone: c.Phone, Email: c.Email,
		Consent: c.Consent, AddedBy: by, AddedAt: at,
	}
	if c.Kind == Authority {
		p.Secrecy = in.Secrecy
	}

	v.s.Participants = append(v.s.Participants, p)

	if v.s.State == RoomIsBooked || v.s.State == Open { // otherwise all are told when the room is there
		v.queueTo(p.ID, Invite, p.Channel(), at)
	}

	return in.ID, nil
}

// freeSeat returns a seat that nobody ever had, because whoever was removed may still know its
// link; when there is none, one that is free now.
func (s Snapshot) freeSeat(most int) int {
	free := 0

	for seat := most - others; seat >= 1; seat-- {
		had := func(p Participant) bool { return p.Seat == seat }
		if !slices.ContainsFunc(s.Participants, had) {
			free = seat
		}
	}

	for seat := 1; free == 0 && seat <= most-others; seat++ {
		if !slices.ContainsFunc(s.Participants, func(p Participant) bool { return p.Seat == seat && p.Present() }) {
			free = seat
		}
	}

	return free
}

// RemoveParticipant takes an invitation back: the link is dead at once, a message that waits does
// not leave, and whoever got one is told.
func (v *Visit) RemoveParticipant(id ParticipantID, by string, at time.Time) error {
	p := v.participant(id)
	if p == nil {
		return NewError(NotFound, "Deltageren findes ikke på besøget.")
	}

	if p.Present() {
		v.takeOut(p, by, at)
	}

	return nil
}

func (v *Visit) takeOut(p *Participant, by string, at time.Time) {
	p.RemovedBy, p.RemovedAt = by, at
	v.recallFrom(p.ID)

	for _, m := range v.s.Invitations {
		if m.To == p.ID {
			v.resolve(MessageTrouble, string(m.ID), at)
		}
	}

	v.resolve(CitizenTrouble, aboutTerms(p.ID), at)
	v.refuseAll(p.ID, at)
	v.withdrawFrom(p.ID, p.Channel(), at)
}

// readdress gives a participant the contact's present name, number and address. A new number or
// address kills the old link, because somebody else may read it now, and the participant is
// invited anew.
func (v *Visit) readdress(p *Participant, c Contact, at time.Time) {
	moved := p.Phone.Reveal() != c.Phone.Reveal() || p.Channel() != channelOf(c.Phone, c.Email)
	if moved || p.Kind != c.Kind {
		p.Terms = TermsAnswer{} // another person may read them, or they are other ones
	}

	p.Name, p.Kind, p.Phone, p.Email, p.Consent = c.Name, c.Kind, c.Phone, c.Email, c.Consent

	if !moved {
		return
	}

	v.refuseAll(p.ID, at)
	v.recallFrom(p.ID)

	if v.s.State == RoomIsBooked || v.s.State == Open {
		v.queueTo(p.ID, Invite, p.Channel(), at)
	}
}

// TakesPart reports whether a participant is invited, and the citizen's agreement covers the visit as it
// is planned now.
func (s Snapshot) TakesPart(id ParticipantID) bool {
	p, ok := s.ParticipantOf(id)

	return ok && p.Present() && p.Consent.Covers(s.ID, s.Facts.Planned)
}

// MayStay reports whether a participant may still take part, now that the contact is as given: the
// citizen agrees to this visit, there is a number, and the duty of secrecy was weighed where it has to be.
func (s Snapshot) MayStay(p Participant, c Contact) bool {
	return c.RemovedAt.IsZero() && c.Consent.Covers(s.ID, s.Facts.Planned) && !c.Phone.IsZero() && (c.Kind != Authority || p.Kind == Authority)
}

// DropUncovered takes out everybody whom the citizen did not agree to for the time that the visit is
// planned for now, and tells the planner.
func (v *Visit) DropUncovered(at time.Time) {
	for _, p := range v.s.Present() {
		if p.Consent.Covers(v.s.ID, v.s.Facts.Planned) {
			continue
		}

		v.takeOut(v.participant(p.ID), "system", at)
		v.Raise(ChangeTrouble, "consent:"+string(p.ID), "Borgerens samtykke til en deltager gælder ikke den nye tid, og deltageren er ikke inviteret længere. Spørg borgeren, og invitér igen, hvis borgeren siger ja.", false, at)
	}
}

// FollowContact makes a participant follow the contact as it is now. Who may not stay is taken out;
// whether they are in the room already only the caregiver can see to, who is told.
func (v *Visit) FollowContact(id ParticipantID, c Contact, at time.Time) {
	p := v.participant(id)

	switch {
	case p == nil || !p.Present():
	case v.s.MayStay(*p, c):
		v.readdress(p, c, at)
	default:
		inside := slices.ContainsFunc(v.s.Admissions, func(a Admission) bool { return a.Participant == id && a.State == AdmissionAdmitted })
		v.takeOut(p, "system", at)

		if inside {
			v.Raise(PersonTrouble, "consent:"+string(id), "Borgeren er ikke længere enig i, at en deltager er med, og deltageren var lukket ind. Sørg for, at deltageren forlader rummet.", false, at)
		}
	}
}

// InviteParticipants queues the first message to every participant, or tells of a new time.
func (v *Visit) InviteParticipants(at time.Time) {
	for _, p := range v.s.Present() {
		kind := Invite
		if v.informed(p.ID) {
			kind = Changed
		}

		v.recallFrom(p.ID)
		v.queueTo(p.ID, kind, p.Channel(), at)
	}
}

// refuseAll ends every session of a participant.
func (v *Visit) refuseAll(id ParticipantID, at time.Time) {
	for i := range v.s.Admissions {
		if a := &v.s.Admissions[i]; a.Participant == id && a.State != AdmissionRefused {
			a.State, a.DecidedAt = AdmissionRefused, at
		}
	}
}
