package mailsim

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// maxDepth bounds nested multiparts.
const maxDepth = 5

// Letter is one letter that the server took, as it stands in the receiver's mailbox.
type Letter struct {
	Number         int       `json:"number"` // counts from 1
	At             time.Time `json:"at"`
	Sender         string    `json:"sender"` // of the envelope
	Receivers      []string  `json:"receivers"`
	From           string    `json:"from"` // of the header, decoded
	Subject        string    `json:"subject"`
	MessageID      string    `json:"message_id"` // without angle brackets
	AutoSubmitted  string    `json:"auto_submitted"`
	Text           string    `json:"text"`            // the text/plain body
	Calendar       string    `json:"calendar"`        // the text/calendar body, empty without
	CalendarMethod string    `json:"calendar_method"` // the method parameter of its content type
	Attachments    []string  `json:"attachments"`     // file names
	Bounced        bool      `json:"bounced"`         // it came back to the sender
	Problem        string    `json:"problem"`         // why the letter can't be read, empty when it can
	Encrypted      bool      `json:"encrypted"`       // it came over TLS
	User           string    `json:"user"`            // who was logged in
	Raw            []byte    `json:"-"`
}

// readLetter fills in what the bytes of a letter say.
func readLetter(raw []byte) Letter {
	l := Letter{Raw: raw}

	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		l.Problem = err.Error()

		return l
	}

	words := &mime.WordDecoder{}
	decoded := func(name string) string {
		value, err := words.DecodeHeader(m.Header.Get(name))
		if err != nil {
			return m.Header.Get(name)
		}

		return value
	}

	l.From, l.Subject = decoded("From"), decoded("Subject")
	l.MessageID = strings.Trim(strings.TrimSpace(m.Header.Get("Message-Id")), "<>")
	l.AutoSubmitted = m.Header.Get("Auto-Submitted")

	if err := l.readPart(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body, 0); err != nil {
		l.Problem = err.Error()
	}

	return l
}

// missing names the header fields that RFC 5322 §3.6 wants and the letter lacks.
func missing(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "header"
	}

	for _, name := range []string{"From", "Date", "Message-Id"} {
		if m.Header.Get(name) == "" {
			return name
		}
	}

	return ""
}

func (l *Letter) readPart(contentType, encoding, disposition string, body io.Reader, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d nested parts", maxDepth)
	}

	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}

	if strings.HasPrefix(kind, "multipart/") {
		return l.readParts(multipart.NewReader(body, params["boundary"]), depth)
	}

	content, err := io.ReadAll(decoder(encoding, body))
	if err != nil {
		return fmt.Errorf("part %s: %w", kind, err)
	}

	how, file, err := mime.ParseMediaType(disposition)

	switch {
	case err == nil && how == "attachment":
		l.Attachments = append(l.Attachments, file["filename"])
	case kind == "text/plain" && l.Text == "":
		l.Text = strings.ReplaceAll(string(content), "\r\n", "\n")
	case kind == "text/calendar" && l.Calendar == "":
		l.Calendar, l.CalendarMethod = string(content), params["method"]
	}

	return nil
}

func (l *Letter) readParts(r *multipart.Reader, depth int) error {
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}

		if err != nil {
			return fmt.Errorf("multipart: %w", err)
		}

		h := part.Header
		if err := l.readPart(h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), h.Get("Content-Disposition"), part, depth+1); err != nil {
			return err
		}
	}
}

func decoder(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	default:
		return r
	}
}
