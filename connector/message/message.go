// Package message is the port to the channels by which a message reaches a person.
// Adapters are sub-directories. The Danish wording is in texts.go; nothing that goes out
// holds a name, CPR number, service or PIN (ux.md §6.3).
package message

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Sender delivers one message. Errors are *connector.Error; Rejected means that the address
// or the text is refused and another try can't help.
type Sender interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Finder is implemented by a channel that can tell whether a message left after a lost answer.
type Finder interface {
	// Find returns the receipt of an earlier Send of the same message. Kind NotFound: it
	// never left, so it may be sent.
	Find(ctx context.Context, m Message) (Receipt, error)
}

// Tracker is implemented by a channel that reports delivery.
type Tracker interface {
	// Status tells what became of a sent message.
	Status(ctx context.Context, m Message, r Receipt) (care.DeliveryStatus, error)
}

// Message is what a person gets. Exactly one of Phone and Email is set, by Channel.
type Message struct {
	Key     string // idempotency key, stable over repeats; also the Message-ID of an e-mail
	Channel care.Channel
	Phone   care.Phone
	Email   care.Email
	Room    care.RoomRef // VDX sends an SMS for a meeting
	Prior   int          // messages that this room's channel is known to have taken before this one
	Subject string       // e-mail only
	Text    string       // the body; for SMS at most 160 GSM-7 characters
	Event   *Event       // calendar file, e-mail only; nil without
}

// Method is what a calendar file does in the receiver's calendar (RFC 5546).
type Method string

// The methods.
const (
	Request Method = "REQUEST"
	Cancel  Method = "CANCEL"
)

// Event is the content of a calendar file. Its UID is the visit's and never changes;
// Sequence grows with every change.
type Event struct {
	UID       string
	Sequence  int
	Method    Method
	Planned   care.Interval
	Stamp     time.Time // DTSTAMP, UTC
	Summary   string    // neutral
	URL       string    // the citizen's link, or empty where the municipality forbids links
	Organizer string    // the municipality's name
	Mailbox   string    // the organizer's address
}

// Receipt is the channel's own key of a sent message.
type Receipt struct{ ID string }
