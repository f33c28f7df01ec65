package scheduler

import (
	"context"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ParticipantRequest is a contact whom somebody wants to have in a visit.
type ParticipantRequest struct {
	Contact care.ContactID
	// Weighed is the employee's word that they weighed the duty of secrecy, Basis the rule that allows
	// it, Note the rule in words where it is not listed. They are needed of another authority (R22).
	Weighed bool
	Basis   care.SecrecyBasis
	Note    string
}

// secrecy is the employee's word; the zero value without it.
func (r ParticipantRequest) secrecy(by care.EmployeeID, at time.Time) care.Secrecy {
	if !r.Weighed {
		return care.Secrecy{}
	}

	return care.Secrecy{Basis: r.Basis, Note: strings.TrimSpace(r.Note), By: by, At: at}
}

// Check returns what is missing before a contact of a kind can be invited, Invalid.
func (r ParticipantRequest) Check(kind care.ParticipantKind) error {
	switch {
	case kind != care.Authority:
		return nil
	case !r.Weighed:
		return care.NewError(care.Invalid, "Bekræft, at du har vurderet tavshedspligten, før du inviterer en anden myndighed.")
	default:
		return care.Secrecy{Basis: r.Basis, Note: r.Note}.Check()
	}
}

// AddParticipant invites a contact of the citizen into a visit, also while it goes on. The citizen
// must have agreed to this visit; for somebody from another authority the actor must have weighed the
// duty of secrecy. The room holds Settings.Participants people. Whoever takes part already is not
// invited twice. Needs InviteOthers in the visit's unit.
func (s *Service) AddParticipant(ctx context.Context, actor care.Actor, id care.VisitID, req ParticipantRequest) (care.ParticipantID, error) {
	v, err := s.inviting(ctx, actor, id)
	if err != nil {
		return "", err
	}

	c, err := s.contactOf(ctx, v.Facts.Citizen, req.Contact)
	if err != nil {
		return "", err
	}

	if err := req.Check(c.Kind); err != nil {
		return "", err
	}

	in := care.Invitee{ID: care.ParticipantID(randomID()), Contact: c, Secrecy: req.secrecy(actor.Employee, s.now())}
	row := &AuditRow{Actor: string(actor.Employee), Action: "add_participant", Detail: string(c.Kind) + ", contact " + string(c.ID)}

	if c.Kind == care.Authority {
		row.Detail += ", secrecy weighed, " + string(req.Basis)
		row.Reason = in.Secrecy.Note
	}

	var added care.ParticipantID

	err = s.update(ctx, id, row, func(v *care.Visit) (err error) {
		added, err = v.AddParticipant(in, s.set.Participants, actor.Employee, s.now())

		return err
	})

	return added, err
}

// RemoveParticipant takes an invitation back: the link is dead at once, and whoever got a message
// is told. It can't put anybody out of the room who is in it already: the employee does that.
// Needs InviteOthers in the visit's unit.
func (s *Service) RemoveParticipant(ctx context.Context, actor care.Actor, id care.VisitID, participant care.ParticipantID) error {
	if _, err := s.inviting(ctx, actor, id); err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "remove_participant"), func(v *care.Visit) error {
		return v.RemoveParticipant(participant, string(actor.Employee), s.now())
	})
}

// inviting reads a visit into which the actor may invite others.
func (s *Service) inviting(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	return v, actor.Must(care.InviteOthers, v.Facts.Unit)
}

// followContact makes the visits that a contact takes part in follow what is known of the contact
// now. It is safe to repeat.
func (s *Service) followContact(ctx context.Context, job Job) error {
	c, err := s.store.Contact(ctx, care.ContactID(job.Ref))
	if err != nil {
		return err
	}

	return s.putRight(ctx, c)
}

// putRight does it at once for whoever made the change; the job is there for when we die before.
func (s *Service) putRight(ctx context.Context, c care.Contact) error {
	if err := s.followContactDevices(ctx, c); err != nil {
		return err
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Citizens: []care.CitizenID{c.Citizen}, Window: care.Interval{Start: s.now().Add(-longestVisit)}})
	if err != nil {
		return err
	}

	for _, v := range visits {
		for _, p := range v.Present() {
			if p.Contact != c.ID || !v.State.Active() || v.MayStay(p, c) && upToDate(p, c) {
				continue
			}

			err := s.update(ctx, v.ID, &AuditRow{Actor: systemActor, Action: "follow_contact", Detail: "contact " + string(c.ID)}, func(v *care.Visit) error {
				v.FollowContact(p.ID, c, s.now())

				return nil
			})
			if err != nil {
				return err
			}
		}
	}

	return nil
}

// upToDate reports whether a participant is as the contact is.
func upToDate(p care.Participant, c care.Contact) bool {
	return p.Name == c.Name && p.Kind == c.Kind && p.Phone == c.Phone && p.Email == c.Email && p.Consent == c.Consent
}
