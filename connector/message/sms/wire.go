package sms

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// maxReference bounds what is kept of the service's reference.
const maxReference = 100

// sendWire is the body of POST /v1/meeting/{uuid} (vdx.md §8).
type sendWire struct {
	Message string `json:"message"`
	To      string `json:"to"`
}

// entryWire is one element of the answer to GET. Only status is documented, and not its
// type, so every member is taken as it comes.
type entryWire struct {
	Status    json.RawMessage `json:"status"`
	Reference json.RawMessage `json:"reference"`
	To        json.RawMessage `json:"to"`
	Created   json.RawMessage `json:"created"`
}

// entry is one message as the service tells of it; empty members are unknown.
type entry struct {
	status    care.DeliveryStatus
	reference string
	to        string // digits of a Danish number without country code
	created   time.Time
}

func entries(wire []entryWire) []entry {
	out := make([]entry, 0, len(wire))

	for _, w := range wire {
		e := entry{status: ParseStatus(text(w.Status)), reference: reference(text(w.Reference)), to: digits(text(w.To))}
		if t, err := time.Parse(time.RFC3339, text(w.Created)); err == nil {
			e.created = t
		}

		out = append(out, e)
	}

	return out
}

// decodeOne reads the answer to POST as far as it can be read: an object, or a list of one.
func decodeOne(body []byte) entry {
	var one entryWire
	if json.Unmarshal(body, &one) == nil {
		return entries([]entryWire{one})[0]
	}

	var list []entryWire
	if json.Unmarshal(body, &list) == nil && len(list) == 1 {
		return entries(list)[0]
	}

	return entry{}
}

// errorCode reads the code of a refusal in the form of the video API (vdx.md §1.11).
func errorCode(body []byte) string {
	var refusal struct {
		Code json.RawMessage `json:"detailed_error_code"`
	}

	if json.Unmarshal(body, &refusal) != nil {
		return ""
	}

	return text(refusal.Code)
}

// text returns a JSON string or number as text, everything else as nothing.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}

	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}

	return ""
}

// reference lets through what can be a key: printable ASCII of a sane length.
func reference(s string) string {
	if len(s) > maxReference || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}

	return s
}

// digits reduces a number to what two spellings of it share.
func digits(number string) string {
	var out strings.Builder

	for _, r := range number {
		if r >= '0' && r <= '9' {
			out.WriteRune(r)
		}
	}

	n := strings.TrimPrefix(out.String(), "00")
	if len(n) == 10 {
		n = strings.TrimPrefix(n, "45")
	}

	return n
}

// ParseStatus reads the service's word for a delivery. The words are not documented; those
// of SMS gateways are known in any spelling, and an unknown word is in transit, so that a
// person is told when it lasts too long.
func ParseStatus(word string) care.DeliveryStatus {
	word = strings.Map(func(r rune) rune {
		if r < 'A' || r > 'Z' {
			return -1
		}

		return r
	}, strings.ToUpper(word))

	for _, bad := range []string{"UNDELIV", "NOTDELIV", "FAIL", "REJECT", "EXPIR", "ERROR", "INVALID", "BLOCK", "UNKNOWNSUBSCRIBER", "DELETED"} {
		if strings.Contains(word, bad) {
			return care.Undeliverable
		}
	}

	switch word {
	case "DELIVERED", "DELIVRD", "RECEIVED", "READ", "DELIVEREDTOHANDSET":
		return care.Arrived
	}

	return care.InTransit
}

// statusOf finds the message by its reference, else judges those to its number together.
func statusOf(sent []entry, reference string, phone care.Phone) care.DeliveryStatus {
	for _, e := range sent {
		if e.reference != "" && e.reference == reference {
			return e.status
		}
	}

	arrived := true

	for _, e := range to(sent, phone) {
		if e.status == care.Undeliverable {
			return care.Undeliverable
		}

		arrived = arrived && e.status == care.Arrived
	}

	if arrived {
		return care.Arrived
	}

	return care.InTransit
}

// newest returns the message to the number that came last; the zero entry when the service
// does not tell.
func newest(sent []entry, phone care.Phone) entry {
	var last entry

	for _, e := range to(sent, phone) {
		if len(sent) == 1 || e.created.After(last.created) {
			last = e
		}
	}

	return last
}

// to returns the messages to a number, or all when none is told to be.
func to(sent []entry, phone care.Phone) []entry {
	var out []entry

	for _, e := range sent {
		if e.to != "" && e.to == digits(phone.Reveal()) {
			out = append(out, e)
		}
	}

	if len(out) == 0 {
		return sent
	}

	return out
}
