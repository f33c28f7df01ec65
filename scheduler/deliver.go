package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// messageTrouble decides whether a message is tried again or has failed.
func (s *Service) messageTrouble(ctx context.Context, job Job, to recipient, channel care.Channel, err error) error {
	switch connector.KindOf(err) {
	case connector.Rejected, connector.Malformed, connector.Unsupported, connector.Conflict:
		text := "Beskeden kunne ikke sendes: adressen eller nummeret bliver afvist. Ret det i omsorgsjournalen, eller ring til borgeren."
		if to.kind != "" {
			text = "Beskeden til en deltager kunne ikke sendes: adressen eller nummeret bliver afvist. Ret det på kontakten, eller ring til deltageren."
		}

		return s.bounce(ctx, job, to, advice(err, text))
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized, connector.NotFound:
		role := connector.SMSRole
		if channel == care.Mail {
			role = connector.MailRole
		}

		return s.tellOfWait(ctx, job, held{
			role: role, kind: care.MessageTrouble,
			near: "Beskeden til " + to.noun() + " er ikke kommet afsted, og besøget begynder %s. Ring i stedet.",
			many: "Beskeden til " + to.noun() + " er ikke kommet afsted endnu. Vi prøver videre; ring, hvis det haster.",
		}, err)
	case connector.Pending:
	}

	return err
}

// bounce records that a message will not arrive. The other channel is tried by itself once;
// when there is none, the planner is told before the visit.
func (s *Service) bounce(ctx context.Context, job Job, to recipient, text string) error {
	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		id := care.InvitationID(job.Ref)
		if err := v.MessageBounced(id, text); err != nil {
			return err
		}

		after := v.Snapshot()
		inv, _ := after.InvitationOf(id)

		if to.other != "" && inv.Kind == care.Invite && s.wanted(after, inv) && !tried(after, inv.To, to.other) {
			v.InviteBy(inv.To, to.other, s.now())

			return nil
		}

		if inv.Kind != care.Withdrawn && !s.wanted(after, inv) {
			return nil // nobody need know
		}

		v.Raise(care.MessageTrouble, job.Ref, text, true, s.now())

		return nil
	})
}

// noun names the recipient in a Danish sentence.
func (r recipient) noun() string {
	if r.kind != "" {
		return "deltageren"
	}

	return "borgeren"
}

// wanted reports whether the one whom a message is for is still to come.
func (s *Service) wanted(v care.Snapshot, inv care.Invitation) bool {
	p, ok := v.ParticipantOf(inv.To)

	return v.State.Active() && (inv.To == "" || ok && p.Present())
}

func tried(v care.Snapshot, who care.ParticipantID, c care.Channel) bool {
	for _, i := range v.Invitations {
		if i.To == who && i.Channel == c {
			return true
		}
	}

	return false
}

// track asks the channel what became of a message, until it is known or the visit begins.
func (s *Service) track(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	inv, ok := v.InvitationOf(care.InvitationID(job.Ref))
	tracker, can := s.messages[inv.Channel].(message.Tracker)

	if !ok || !can || inv.State != care.InvitationSent || overtaken(v, inv) {
		return nil
	}

	to, err := s.recipientOf(ctx, v, inv.To, inv.Channel)
	if err != nil {
		return err
	}

	m := message.Message{Key: string(inv.ID), Channel: inv.Channel, Phone: to.phone, Email: to.email, Room: roomAt(v, inv.SentAt), Prior: prior(v, inv)}

	status, err := tracker.Status(ctx, m, message.Receipt{ID: inv.ProviderID})
	if err != nil && passing(err) {
		return err
	}

	switch {
	case status == care.Arrived:
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.MessageArrived(inv.ID, s.now()) })
	case status == care.Undeliverable:
		text := "Beskeden kunne ikke leveres. Ret nummeret i omsorgsjournalen, eller ring til borgeren."
		if to.kind != "" {
			text = "Beskeden til en deltager kunne ikke leveres. Ret nummeret på kontakten, eller ring til deltageren."
		}

		return s.bounce(ctx, job, to, text)
	case s.now().After(v.Facts.Planned.Start) || v.State.Final() || v.State == care.Reverted:
		return nil
	case s.now().After(s.overdue(inv, v)):
		text := "Vi ved ikke, om beskeden er nået frem til " + to.noun() + ". Ring, hvis du er i tvivl."
		if err := s.raise(ctx, job, care.MessageTrouble, text, false); err != nil {
			return err
		}
	}

	return s.later("track_message", trackEvery)
}

// overtaken reports whether a newer message says what this one said.
func overtaken(v care.Snapshot, inv care.Invitation) bool {
	link, ok := v.LinkOf(inv.To)

	return ok && (inv.Kind == care.Invite || inv.Kind == care.Changed) && link.ID != inv.ID
}

// overdue is when a message that has not been reported as delivered becomes the planner's
// business: half an hour after it left, or half an hour before the visit, whichever is first.
func (s *Service) overdue(inv care.Invitation, v care.Snapshot) time.Time {
	after, before := inv.SentAt.Add(30*time.Minute), v.Facts.Planned.Start.Add(-30*time.Minute)
	if before.After(inv.SentAt.Add(2*time.Minute)) && before.Before(after) {
		return before
	}

	return after
}

// remind queues a reminder when the visit is still as it was.
func (s *Service) remind(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil || v.State != care.RoomIsBooked {
		return err
	}

	due := v.Facts.Planned.Start.Add(-s.set.Reminder)
	if wait := due.Sub(s.now()); wait > 0 {
		return s.later("remind", wait)
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil || channel == "" {
		return err
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		if !reminded(v.Snapshot(), due) { // a visit that was moved has a job for every time
			v.Remind(channel, s.now())
		}

		return nil
	})
}

// reminded reports whether a reminder was made since it was due.
func reminded(v care.Snapshot, due time.Time) bool {
	return slices.ContainsFunc(v.Invitations, func(i care.Invitation) bool { return i.Kind == care.Reminder && !i.QueuedAt.Before(due) })
}

// sendCode sends a one-time code to the citizen's number in the record, or to a participant's own. After a lost answer it looks whether
// the code left; should it go out twice all the same, it is the same code.
func (s *Service) sendCode(ctx context.Context, job Job) error {
	id, number := splitCode(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	adm, ok := v.AdmissionOf(id)
	if !ok || adm.CodeCount != number || adm.State != care.AdmissionWaiting || s.now().Sub(adm.CodeSentAt) > care.CodeLife {
		return nil
	}

	to, err := s.recipientOf(ctx, v, adm.Participant, care.SMS)
	if err != nil {
		return err
	}

	if between(v) {
		return s.later("send_code", patience(s.now().Sub(adm.CodeSentAt)))
	}

	data := message.Data{Municipality: s.set.Name, Sender: s.set.Sender, Phone: s.set.Phone, Names: []string{to.name}, Services: []string{v.Facts.Service}}

	draft, err := message.ComposeCode(data, s.code(id, number))
	if err != nil {
		return s.raise(ctx, job, care.CitizenTrouble, "Engangskoden kunne ikke skrives: "+care.MessageOf(err)+" Ring til "+to.noun()+", og giv systemforvalteren besked.", false)
	}

	if to.phone.IsZero() {
		return s.raise(ctx, job, care.CitizenTrouble, "Engangskoden kan ikke sendes: der er intet mobilnummer. Ring til "+to.noun()+".", false)
	}

	_, err = s.deliver(ctx, job, message.Message{
		Key: job.Ref, Channel: care.SMS, Phone: to.phone, Room: roomFor(v), Text: draft.Text, Prior: priorToCode(v, adm),
	}, true)

	switch connector.KindOf(err) {
	case connector.Rejected, connector.Unsupported, connector.Conflict, connector.Malformed:
		return s.raise(ctx, job, care.CitizenTrouble, "Engangskoden kunne ikke sendes til "+to.noun()+"s nummer. Ring til "+to.noun()+".", false)
	case connector.Unavailable, connector.RateLimited, connector.Unauthorized, connector.Unknown, connector.NotFound, connector.Pending:
	}

	return err
}

// priorToCode counts the SMS that went out before a code: all messages, and every earlier code.
func priorToCode(v care.Snapshot, adm care.Admission) int {
	before := slices.Clone(v.Admissions)
	for i := range before {
		if before[i].ID == adm.ID {
			before[i].CodeCount--
		}
	}

	v.Admissions = before

	return prior(v, care.Invitation{Channel: care.SMS})
}

func splitCode(ref string) (care.AdmissionID, int) {
	id, number, _ := strings.Cut(ref, "/")
	n := 0
	_, _ = fmt.Sscanf(number, "%d", &n) // written by jobsFor

	return care.AdmissionID(id), n
}
