package mail

import (
	"bytes"
	"errors"
	"fmt"

	gomail "github.com/wneessen/go-mail"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/ics"
)

// calendarFile is the name of the attached calendar file.
const calendarFile = "aftale.ics"

// letter builds the letter and returns its Message-ID without angle brackets. Errors hold no
// personal data.
//
// The calendar goes twice, as Google Calendar and Exchange do it: as an alternative of the
// text with the method parameter, which makes Outlook, Gmail and Apple Mail show an
// invitation (RFC 6047 §2.4), and as an attachment for programs that know files only.
func (s *Sender) letter(m message.Message) (*gomail.Msg, string, error) {
	if err := s.check(m); err != nil {
		return nil, "", err
	}

	id := s.messageID(m.Key)
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))

	if letter.FromFormat(s.config.FromName, s.config.From) != nil || letter.EnvelopeFrom(s.config.ReturnPath) != nil ||
		letter.To(m.Email.Reveal()) != nil {
		return nil, "", errors.New("an address is refused")
	}

	letter.Subject(m.Subject)
	letter.SetMessageIDWithValue(id)
	letter.SetDateWithValue(s.options.Now())
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notices in return
	letter.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	letter.SetGenHeader("Content-Language", "da")
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)

	if m.Event == nil {
		return letter, id, nil
	}

	event := *m.Event
	if event.Mailbox == "" {
		event.Mailbox, event.Organizer = s.config.From, s.config.FromName
	}

	file, err := ics.Render(event, m.Email)
	if err != nil {
		return nil, "", fmt.Errorf("calendar: %w", err)
	}

	letter.AddAlternativeString(gomail.ContentType("text/calendar; method="+string(event.Method)), string(file),
		gomail.WithPartEncoding(gomail.EncodingB64))
	letter.AttachReadSeeker(calendarFile, bytes.NewReader(file), gomail.WithFileContentType("application/ics"),
		gomail.WithFileEncoding(gomail.EncodingB64))

	return letter, id, nil
}
