package scheduler

import (
	"context"
	"fmt"
	"net/url"
	"slices"
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

// recipient is whom a message or a code goes to: the citizen or a participant.
type recipient struct {
	name  string
	phone care.Phone
	email care.Email
	kind  care.ParticipantKind // empty: the citizen
	other care.Channel         // how else they are reached; empty: in no other way
}

// recipientOf reads whom a message on a channel goes to. A participant stands on the visit; the
// citizen is read from the store, so it is never called inside a change.
func (s *Service) recipientOf(ctx context.Context, v care.Snapshot, who care.ParticipantID, channel care.Channel) (recipient, error) {
	if p, ok := v.ParticipantOf(who); who != "" && ok {
		return recipient{name: p.Name, phone: p.Phone, email: p.Email, kind: p.Kind, other: p.OtherChannel(channel)}, nil
	}

	c, err := s.citizenOf(ctx, v)

	return recipient{name: c.Name, phone: c.Phone, email: c.Email, other: c.OtherChannel(channel)}, err
}

// tell has everybody invited or told of a new time; without a channel somebody must call the
// citizen.
func tell(v *care.Visit, channel care.Channel, at time.Time) {
	v.InviteParticipants(at)

	if channel == "" {
		v.Raise(care.MessageTrouble, "", "Borgeren har hverken mobilnummer eller e-mail, der virker. Ring og giv besked.", false, at)

		return
	}

	v.Invite(channel, at)
}

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

	to, err := s.recipientOf(ctx, v, inv.To, inv.Channel)
	if err != nil {
		return err
	}

	setting, err := s.store.IdentitySetting(ctx, v.Facts.Citizen)
	if err != nil {
		return err
	}

	if why := withheld(setting, inv); why != "" {
		return s.bounce(ctx, job, to, why)
	}

	if inv.Channel == care.SMS && v.State.Active() && between(v) {
		return s.later("send_message", patience(s.now().Sub(inv.QueuedAt)))
	}

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	inv, overtaken, err := s.named(ctx, job, v, inv, setting)

	switch {
	case err != nil:
		return err
	case overtaken:
		return s.send(ctx, job) // now it only looks whether it left
	}

	m, locator, err := s.compose(v, inv, to, citizen.Name)
	if err != nil {
		return s.bounce(ctx, job, to, care.MessageOf(err))
	}

	receipt, err := s.deliver(ctx, job, m, s.holds(v, inv))

	switch {
	case connector.Is(err, connector.NotFound): // overtaken, and it never left
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.MessageRevoked(inv.ID) })
	case err != nil:
		return s.messageTrouble(ctx, job, to, inv.Channel, err)
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		return v.MessageSent(inv.ID, receipt.ID, locator, s.now())
	})
}

// holds reports whether a message is still true.
func (s *Service) holds(v care.Snapshot, inv care.Invitation) bool {
	p, here := v.ParticipantOf(inv.To)
	here = inv.To == "" || here && p.Present()
	active := here && (v.State == care.RoomIsBooked || v.State == care.Open)

	switch inv.Kind {
	case care.Invite, care.Changed:
		return active && inv.State == care.InvitationQueued && v.Facts.Planned.End.After(s.now())
	case care.Reminder:
		link, ok := v.Link()

		return v.State == care.RoomIsBooked && inv.State == care.InvitationQueued && v.Facts.Planned.Start.After(s.now()) &&
			ok && link.Left() // nobody is reminded of what they were not told
	case care.Withdrawn:
		return (!v.State.Active() || !here) && inv.State == care.InvitationQueued
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

// compose writes the message; names are those of the visit's people, who must not stand in it. The
// locator's hash is what the store keeps of the link.
func (s *Service) compose(v care.Snapshot, inv care.Invitation, to recipient, names ...string) (message.Message, string, error) {
	data := message.Data{
		Municipality: s.set.Name, Sender: s.set.Sender, Start: v.Facts.Planned.Start, Phone: s.set.Phone, To: to.kind,
		Now: v.AdHoc() && inv.Kind == care.Invite, Names: append(names, to.name), Services: []string{v.Facts.Service},
	}

	hash := ""

	switch inv.Kind {
	case care.Invite, care.Changed:
		hash = s.wayIn(&data, inv)
	case care.Reminder:
		if link, ok := v.Link(); ok {
			s.wayIn(&data, link)
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
		m.Email, m.Event = to.email, s.event(v, inv, data.Link)
	} else {
		m.Phone, m.Room = to.phone, roomFor(v)
	}

	return m, hash, nil
}

// wayIn writes into a message how its reader comes in, by link or by code, and returns what is
// stored of it.
func (s *Service) wayIn(data *message.Data, inv care.Invitation) string {
	if code, is := s.sentCode(inv); is {
		data.Door, data.DoorCode = s.set.ShortAddress, code

		return inv.LocatorHash
	}

	locator := s.locator(inv.ID)
	data.Link = s.link(locator)

	return hashOf(locator)
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
