package scheduler

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// trackEvery is how long to wait between two questions about a message that is on its way.
const trackEvery = 30 * time.Second

// channelOf tells how the citizen of a visit is reached. It reads the store, so it is never
// called inside a change.
func (s *Service) channelOf(ctx context.Context, v care.Snapshot) (care.Channel, error) {
	citizen, err := s.citizenOf(ctx, v)

	return citizen.Channel(), err
}

func (s *Service) citizenOf(ctx context.Context, v care.Snapshot) (care.Citizen, error) {
	all, err := s.store.Citizens(ctx, []care.CitizenID{v.Facts.Citizen})
	if err != nil {
		return care.Citizen{}, err
	}

	return all[v.Facts.Citizen], nil
}

// tell has the citizen invited or told of a new time; without a channel somebody must call.
func tell(v *care.Visit, channel care.Channel, at time.Time) {
	if channel == "" {
		v.Raise(care.MessageTrouble, "", "Borgeren har hverken mobilnummer eller e-mail, der virker. Ring og giv besked.", false, at)

		return
	}

	v.Invite(channel, at)
}

// betweenRooms is how long a message waits for the room that it is sent for.
const betweenRooms = 2 * time.Second

// send delivers one message. Whether it still holds is decided now, not when it was planned.
func (s *Service) send(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	inv, ok := v.InvitationOf(care.InvitationID(job.Ref))
	if !ok || inv.Left() || inv.State == care.InvitationRevoked {
		return nil
	}

	if !s.holds(v, inv) && job.Attempt < 2 {
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.MessageRevoked(inv.ID) })
	}

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	if inv.Channel == care.SMS && v.State.Active() && between(v) {
		return s.later("send_message", betweenRooms)
	}

	m, locator, err := s.compose(v, inv, citizen)
	if err != nil {
		return s.bounce(ctx, job, citizen, care.MessageOf(err))
	}

	receipt, err := s.deliver(ctx, job, m, s.holds(v, inv))

	switch {
	case connector.Is(err, connector.NotFound): // overtaken, and it never left
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.MessageRevoked(inv.ID) })
	case err != nil:
		return s.messageTrouble(ctx, job, citizen, err)
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		return v.MessageSent(inv.ID, receipt.ID, locator, s.now())
	})
}

// holds reports whether a message is still true.
func (s *Service) holds(v care.Snapshot, inv care.Invitation) bool {
	active := v.State == care.RoomIsBooked || v.State == care.Open

	switch inv.Kind {
	case care.Invite, care.Changed:
		return active && inv.State == care.InvitationQueued && v.Facts.Planned.End.After(s.now())
	case care.Reminder:
		link, ok := v.Link()

		return v.State == care.RoomIsBooked && inv.State == care.InvitationQueued && v.Facts.Planned.Start.After(s.now()) &&
			ok && link.LocatorHash != "" // nobody is reminded of what they were not told
	case care.Withdrawn:
		return !v.State.Active() && inv.State == care.InvitationQueued
	}

	return false
}

// deliver sends, after it has looked whether an earlier try left. When the message no longer
// holds it only looks. A channel that can't look sends again under the same key; mail programs
// drop the second one by its Message-ID.
func (s *Service) deliver(ctx context.Context, job Job, m message.Message, holds bool) (message.Receipt, error) {
	sender, ok := s.messages[m.Channel]
	if !ok {
		return message.Receipt{}, &connector.Error{System: string(m.Channel), Op: "send", Kind: connector.Unsupported}
	}

	if finder, can := sender.(message.Finder); can && job.Attempt >= 2 {
		receipt, err := finder.Find(ctx, m)

		switch {
		case err == nil || connector.Is(err, connector.NotFound) && !holds:
			return receipt, err
		case !connector.Is(err, connector.NotFound):
			return receipt, lookup(m.Channel, err)
		}
	}

	if !holds {
		return message.Receipt{ID: m.Key}, nil // can't look: take it as sent, so that it is taken back
	}

	return sender.Send(ctx, m)
}

// lookup is the error of a look that failed. It says nothing of the message itself, so it never
// counts as a refusal of it.
func lookup(channel care.Channel, err error) error {
	if passing(err) {
		return err
	}

	return &connector.Error{System: string(channel), Op: "find", Kind: connector.Unavailable, Err: err}
}

// compose writes the message. The locator's hash is what the store keeps of the link.
func (s *Service) compose(v care.Snapshot, inv care.Invitation, citizen care.Citizen) (message.Message, string, error) {
	data := message.Data{
		Municipality: s.set.Name, Sender: s.set.Sender, Start: v.Facts.Planned.Start, Phone: s.set.Phone,
		Names: []string{citizen.Name}, Services: []string{v.Facts.Service},
	}

	hash := ""

	switch inv.Kind {
	case care.Invite, care.Changed:
		locator := s.locator(inv.ID)
		data.Link, hash = s.link(locator), hashOf(locator)
	case care.Reminder:
		if link, ok := v.Link(); ok {
			data.Link = s.link(s.locator(link.ID))
		}
	case care.Withdrawn:
	}

	draft, err := message.Compose(inv.Kind, inv.Channel, data)
	if err != nil {
		return message.Message{}, "", err
	}

	m := message.Message{
		Key: string(inv.ID), Channel: inv.Channel, Subject: draft.Subject, Text: draft.Text, Prior: prior(v, inv),
	}

	if inv.Channel == care.Mail {
		m.Email, m.Event = citizen.Email, s.event(v, inv, data.Link)
	} else {
		m.Phone, m.Room = citizen.Phone, roomFor(v)
	}

	return m, hash, nil
}

func (s *Service) link(locator care.Locator) string {
	return s.set.PublicURL + "/b/" + locator.Reveal()
}

// roomFor returns the room that an SMS is sent for: VDX sends for a meeting. A withdrawal
// goes out for the room that was. It is empty while the visit's only room is not booked.
func roomFor(v care.Snapshot) care.RoomRef {
	if room, ok := v.LiveRoom(); ok && !room.BookedAt.IsZero() {
		return room.Ref
	}

	for _, room := range slices.Backward(v.Rooms) {
		if !room.BookedAt.IsZero() {
			return room.Ref
		}
	}

	return ""
}

// roomAt returns the room that an SMS was sent for at a time.
func roomAt(v care.Snapshot, at time.Time) care.RoomRef {
	for _, room := range slices.Backward(v.Rooms) {
		if !room.BookedAt.IsZero() && !room.BookedAt.After(at) {
			return room.Ref
		}
	}

	return ""
}

// between reports whether the visit's present room is still being booked, so that no SMS can be
// sent for it. A room that was given up is no reason to wait.
func between(v care.Snapshot) bool {
	room, ok := v.LiveRoom()

	return ok && room.State == care.RoomWanted
}

// prior counts the messages that the room's channel may have taken before: those that left, and
// those of which that is not known yet. A second conversion has a room of its own.
func prior(v care.Snapshot, inv care.Invitation) int {
	n, room := 0, roomFor(v)
	here := func(at time.Time) bool { return inv.Channel != care.SMS || roomAt(v, at) == room }

	for _, other := range v.Invitations {
		switch {
		case other.ID == inv.ID || other.Channel != inv.Channel:
		case other.State == care.InvitationRecalled, other.Left() && !other.SentAt.IsZero() && here(other.SentAt):
			n++
		}
	}

	for _, a := range v.Admissions {
		if inv.Channel == care.SMS && here(a.CodeSentAt) {
			n += a.CodeCount
		}
	}

	return n
}

func (s *Service) event(v care.Snapshot, inv care.Invitation, link string) *message.Event {
	method := message.Request
	if inv.Kind == care.Withdrawn {
		method = message.Cancel
	}

	host := "sluse"
	if u, err := url.Parse(s.set.PublicURL); err == nil {
		host = u.Hostname()
	}

	return &message.Event{
		UID: fmt.Sprintf("%s@%s", v.ID, host), Sequence: inv.Sequence, Method: method, Planned: v.Facts.Planned,
		Stamp: inv.QueuedAt, Summary: message.EventTitle, URL: link, Organizer: s.set.Name, Mailbox: s.set.Mailbox,
	}
}

// messageTrouble decides whether a message is tried again or has failed.
func (s *Service) messageTrouble(ctx context.Context, job Job, citizen care.Citizen, err error) error {
	switch connector.KindOf(err) {
	case connector.Rejected, connector.Malformed, connector.Unsupported, connector.Conflict:
		return s.bounce(ctx, job, citizen, advice(err, "Beskeden kunne ikke sendes: adressen eller nummeret bliver afvist. Ret det i omsorgsjournalen, eller ring til borgeren."))
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized, connector.NotFound:
		if job.Attempt < manyTries {
			return err
		}

		text := "Beskeden til borgeren er ikke kommet afsted endnu. Vi prøver videre; ring, hvis det haster."
		if raised := s.raise(ctx, job, care.MessageTrouble, text, false); raised != nil {
			return raised
		}
	case connector.Pending:
	}

	return err
}

// bounce records that a message will not arrive. The other channel is tried by itself once;
// when there is none, the planner is told before the visit.
func (s *Service) bounce(ctx context.Context, job Job, citizen care.Citizen, text string) error {
	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		id := care.InvitationID(job.Ref)
		if err := v.MessageBounced(id, text); err != nil {
			return err
		}

		inv, _ := v.Snapshot().InvitationOf(id)
		other := citizen.OtherChannel(inv.Channel)
		if other != "" && inv.Kind == care.Invite && v.State().Active() && !tried(v.Snapshot(), other) {
			v.InviteBy(other, s.now())

			return nil
		}

		if inv.Kind != care.Withdrawn && !v.State().Active() {
			return nil // the citizen need not know
		}

		v.Raise(care.MessageTrouble, job.Ref, text, true, s.now())

		return nil
	})
}

func tried(v care.Snapshot, c care.Channel) bool {
	for _, i := range v.Invitations {
		if i.Channel == c {
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

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	m := message.Message{Key: string(inv.ID), Channel: inv.Channel, Phone: citizen.Phone, Email: citizen.Email, Room: roomAt(v, inv.SentAt), Prior: prior(v, inv)}

	status, err := tracker.Status(ctx, m, message.Receipt{ID: inv.ProviderID})
	if err != nil && passing(err) {
		return err
	}

	switch {
	case status == care.Arrived:
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.MessageArrived(inv.ID, s.now()) })
	case status == care.Undeliverable:
		return s.bounce(ctx, job, citizen, "Beskeden kunne ikke leveres. Ret nummeret i omsorgsjournalen, eller ring til borgeren.")
	case s.now().After(v.Facts.Planned.Start) || v.State.Final() || v.State == care.Reverted:
		return nil
	case s.now().After(s.overdue(inv, v)):
		text := "Vi ved ikke, om beskeden er nået frem til borgeren. Ring, hvis du er i tvivl."
		if err := s.raise(ctx, job, care.MessageTrouble, text, false); err != nil {
			return err
		}
	}

	return s.later("track_message", trackEvery)
}

// overtaken reports whether a newer message says what this one said.
func overtaken(v care.Snapshot, inv care.Invitation) bool {
	link, ok := v.Link()

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

// sendCode sends a one-time code to the number in the record. After a lost answer it looks whether
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

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	if between(v) {
		return s.later("send_code", betweenRooms)
	}

	data := message.Data{Municipality: s.set.Name, Sender: s.set.Sender, Phone: s.set.Phone, Names: []string{citizen.Name}, Services: []string{v.Facts.Service}}

	draft, err := message.ComposeCode(data, s.code(id, number))
	if err != nil {
		return err
	}

	if citizen.Phone.IsZero() {
		return s.raise(ctx, job, care.CitizenTrouble, "Borgeren kan ikke få en engangskode: der er intet mobilnummer. Ring til borgeren.", false)
	}

	_, err = s.deliver(ctx, job, message.Message{
		Key: job.Ref, Channel: care.SMS, Phone: citizen.Phone, Room: roomFor(v), Text: draft.Text, Prior: priorToCode(v, adm),
	}, true)

	switch connector.KindOf(err) {
	case connector.Rejected, connector.Unsupported, connector.Conflict, connector.Malformed:
		return s.raise(ctx, job, care.CitizenTrouble, "Engangskoden kunne ikke sendes til borgerens nummer. Ring til borgeren.", false)
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
