package care

import "time"

// Channel is a way to reach a person. The zero value is invalid.
type Channel string

// The channels.
const (
	SMS  Channel = "sms"
	Mail Channel = "mail"
)

// InvitationKind says what a message tells. The zero value is invalid.
type InvitationKind string

// The kinds.
const (
	Invite    InvitationKind = "invite"    // there will be a screen visit
	Changed   InvitationKind = "changed"   // it has a new time
	Withdrawn InvitationKind = "withdrawn" // it will not be by screen
	Reminder  InvitationKind = "reminder"  // it is soon; decided when it is sent
)

// InvitationState is what became of a message. The zero value is invalid.
type InvitationState string

// The states: queued → sent → delivered · bounced; queued → recalled → revoked · sent.
const (
	InvitationQueued    InvitationState = "queued"
	InvitationSent      InvitationState = "sent"
	InvitationDelivered InvitationState = "delivered"
	InvitationBounced   InvitationState = "bounced"
	InvitationRecalled  InvitationState = "recalled" // overtaken; whether it left is not known yet
	InvitationRevoked   InvitationState = "revoked"  // overtaken, and it never left
)

// DeliveryStatus is what a channel knows of a sent message. The zero value is invalid.
type DeliveryStatus string

// The statuses.
const (
	InTransit     DeliveryStatus = "in_transit"
	Arrived       DeliveryStatus = "arrived"
	Undeliverable DeliveryStatus = "undeliverable"
)

// Invitation is one message to the citizen or a participant about the visit.
type Invitation struct {
	ID          InvitationID
	To          ParticipantID // empty: the citizen
	Kind        InvitationKind
	Channel     Channel
	State       InvitationState
	Sequence    int    // grows with every message of the visit; SEQUENCE of the calendar file
	LocatorHash string // hex SHA-256 of the locator in the message; empty when it holds no link
	ProviderID  string // the channel's key of the message
	Failure     string // Danish sentence when bounced
	QueuedAt    time.Time
	SentAt      time.Time // zero until sent
	OpenedAt    time.Time // when somebody first pressed on through the link; zero until then
}

// Waiting reports whether the message has still to go out.
func (i Invitation) Waiting() bool { return i.State == InvitationQueued }

// Left reports whether the message went out.
func (i Invitation) Left() bool {
	return i.State == InvitationSent || i.State == InvitationDelivered || i.State == InvitationBounced
}
