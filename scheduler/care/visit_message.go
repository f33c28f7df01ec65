package care

import (
	"fmt"
	"slices"
	"time"
)

func (v *Visit) invitation(id InvitationID) (*Invitation, error) {
	i := slices.IndexFunc(v.s.Invitations, func(i Invitation) bool { return i.ID == id })
	if i < 0 {
		return nil, NewError(NotFound, "Beskeden findes ikke på besøget.")
	}

	return &v.s.Invitations[i], nil
}

// InvitationOf returns the message with the given id.
func (s Snapshot) InvitationOf(id InvitationID) (Invitation, bool) {
	i := slices.IndexFunc(s.Invitations, func(i Invitation) bool { return i.ID == id })
	if i < 0 {
		return Invitation{}, false
	}

	return s.Invitations[i], true
}

// queue appends a message to the citizen.
func (v *Visit) queue(kind InvitationKind, channel Channel, at time.Time) {
	v.queueTo("", kind, channel, at)
}

// queueTo appends a message. Its id is made from the visit's, so that a repeated transaction
// makes the same one.
func (v *Visit) queueTo(to ParticipantID, kind InvitationKind, channel Channel, at time.Time) {
	n := len(v.s.Invitations)
	id := InvitationID(fmt.Sprintf("%s-i%d", v.s.ID, n+1))
	v.s.Invitations = append(v.s.Invitations, Invitation{
		ID: id, To: to, Kind: kind, Channel: channel, State: InvitationQueued, Sequence: n, QueuedAt: at,
	})
}

// Invite queues the first message of a conversion, or tells of a new time when the citizen
// has already been invited. A message that still waits is recalled: it may be on its way at this
// moment, and then it holds what was true before.
func (v *Visit) Invite(channel Channel, at time.Time) {
	v.recallFrom("")
	v.resolve(MessageTrouble, AboutNumber, at)

	if v.informed("") {
		v.queue(Changed, channel, at)

		return
	}

	v.queue(Invite, channel, at)
}

// Reinvite invites anew, because the citizen is reached in another way now. The link of the
// message before does not work any more.
func (v *Visit) Reinvite(channel Channel, at time.Time) {
	v.recallFrom("")
	v.resolve(MessageTrouble, AboutNumber, at)
	v.queue(Invite, channel, at)
}

func (v *Visit) recallFrom(to ParticipantID) {
	for i := range v.s.Invitations {
		if m := &v.s.Invitations[i]; m.To == to && m.Waiting() && (m.Kind == Invite || m.Kind == Changed) {
			m.State = InvitationRecalled
		}
	}
}

// InviteBy queues the invitation to the citizen or a participant once more over another channel,
// after the first one bounced.
func (v *Visit) InviteBy(to ParticipantID, channel Channel, at time.Time) {
	v.queueTo(to, Invite, channel, at)
}

// Remind queues a reminder; whether it goes out is decided when it is sent.
func (v *Visit) Remind(channel Channel, at time.Time) {
	if v.s.State == RoomIsBooked && !v.pending(Reminder) {
		v.queue(Reminder, channel, at)
	}
}

func (v *Visit) pending(kind InvitationKind) bool {
	return slices.ContainsFunc(v.s.Invitations, func(i Invitation) bool { return i.Kind == kind && i.Waiting() })
}

// informed reports whether the citizen or a participant believes in a screen visit: a message that
// says so left, and did not bounce, after the last one that took it back.
func (v *Visit) informed(who ParticipantID) bool {
	informed := false

	for _, i := range v.s.Invitations {
		switch {
		case i.To != who:
		case i.Kind == Withdrawn && (i.Left() || i.Waiting()):
			informed = false
		case (i.Kind == Invite || i.Kind == Changed) && (i.State == InvitationSent || i.State == InvitationDelivered):
			informed = true
		}
	}

	return informed
}

// withdraw tells everybody who believes in a screen visit that there is none. Channel is how the
// citizen is reached; empty when they are not.
func (v *Visit) withdraw(channel Channel, at time.Time) {
	v.withdrawFrom("", channel, at)

	for _, p := range v.s.Present() {
		v.withdrawFrom(p.ID, p.Channel(), at)
	}
}

func (v *Visit) withdrawFrom(who ParticipantID, channel Channel, at time.Time) {
	if channel != "" && v.informed(who) {
		v.queueTo(who, Withdrawn, channel, at)
	}
}

// Link returns the message whose link is the citizen's valid one.
func (s Snapshot) Link() (Invitation, bool) { return s.LinkOf("") }

// LinkOf returns the message whose link is the valid one of the citizen or a participant: the
// newest invitation or change that was not recalled. Somebody who was removed has none. A withdrawal
// takes the links before it back for good, also when the visit is converted again and nobody can be
// reached with a new one.
func (s Snapshot) LinkOf(who ParticipantID) (Invitation, bool) {
	if who != "" && !s.TakesPart(who) {
		return Invitation{}, false
	}

	for _, i := range slices.Backward(s.Invitations) {
		switch {
		case i.To != who:
		case i.Kind == Withdrawn:
			return Invitation{}, false
		case (i.Kind == Invite || i.Kind == Changed) && i.State != InvitationRecalled && i.State != InvitationRevoked:
			return i, true
		}
	}

	return Invitation{}, false
}

// NameLinks fixes what opens the links of the messages that wait, before any of them leaves: a link
// works from the moment in which somebody can have it, also when nobody knows yet that it left.
func (v *Visit) NameLinks(hash func(InvitationID) string) {
	for n := range v.s.Invitations {
		if i := &v.s.Invitations[n]; i.Waiting() && (i.Kind == Invite || i.Kind == Changed) && i.LocatorHash == "" {
			i.LocatorHash = hash(i.ID)
		}
	}
}

// NameCode puts a visit code in the place of what opens a message that waits. What left already keeps
// what was in it: Conflict.
func (v *Visit) NameCode(id InvitationID, hash string) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if !i.Waiting() {
		return NewError(Conflict, "Beskeden er allerede sendt.")
	}

	i.LocatorHash = hash

	return nil
}

// MessageSent records that a message left. When it was recalled meanwhile, whoever got it is told
// that it does not hold.
func (v *Visit) MessageSent(id InvitationID, providerID, locatorHash string, at time.Time) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if i.Left() {
		return nil
	}

	overtaken := i.State == InvitationRecalled || i.State == InvitationRevoked
	i.State, i.ProviderID, i.LocatorHash, i.SentAt = InvitationSent, providerID, locatorHash, at

	to, channel := i.To, i.Channel // withdrawFrom appends, so i is not used any more
	removed := to != "" && !v.stillIn(to)

	if overtaken && (removed || !v.s.State.Active() && !v.s.State.Final() || v.s.State == Cancelled) {
		v.withdrawFrom(to, channel, at)
	}

	v.resolve(MessageTrouble, string(id), at)

	return nil
}

// stillIn reports whether a participant is invited and was not removed.
func (v *Visit) stillIn(id ParticipantID) bool {
	p, ok := v.s.ParticipantOf(id)

	return ok && p.Present()
}

// MessageRevoked records that a waiting or recalled message never left and will not.
func (v *Visit) MessageRevoked(id InvitationID) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if i.Waiting() || i.State == InvitationRecalled {
		i.State = InvitationRevoked
	}

	return nil
}

// MessageArrived records that the channel delivered a message.
func (v *Visit) MessageArrived(id InvitationID, at time.Time) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if i.State == InvitationSent {
		i.State = InvitationDelivered
		v.resolve(MessageTrouble, string(id), at)
	}

	return nil
}

// MessageBounced records that a message will not arrive; text is a Danish sentence.
func (v *Visit) MessageBounced(id InvitationID, text string) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if i.State == InvitationQueued || i.State == InvitationRecalled || i.State == InvitationSent {
		i.State, i.Failure = InvitationBounced, text
	}

	return nil
}

// MessageRetried queues a bounced message anew, as a new one, when it would still hold.
func (v *Visit) MessageRetried(id InvitationID, channel Channel, by string, at time.Time) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	wanted := v.s.State.Active() && (i.To == "" || v.stillIn(i.To))
	if i.State == InvitationBounced && wanted == (i.Kind != Withdrawn) {
		v.queueTo(i.To, i.Kind, channel, at)
	}

	v.resolveBy(MessageTrouble, string(id), by, at)

	return nil
}

// LinkOpened records that the citizen pressed on through the link.
func (v *Visit) LinkOpened(id InvitationID, at time.Time) error {
	i, err := v.invitation(id)
	if err != nil {
		return err
	}

	if i.OpenedAt.IsZero() {
		i.OpenedAt = at
	}

	return nil
}
