package fhir

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// restoredCode is our reason of an Appointment that is a physical visit again. It is none
// of care's reasons, because the visit itself was not given up.
const (
	restoredCode = "tilbagefoert"
	restoredText = "Ført tilbage til fysisk besøg"
)

// mapper turns a change into resources.
type mapper struct {
	config Config
	change ehr.Change
	visit  string // the visit identifier's value
}

// VisitIdentifier is the value under which the record knows a visit: "system:id:occurrence".
// A colon or percent sign inside system or id is percent-encoded, so that two visits never
// share a value.
func VisitIdentifier(source care.SourceRef) string {
	escape := strings.NewReplacer("%", "%25", ":", "%3A").Replace

	return escape(source.System) + ":" + escape(source.ID) + ":" + source.Occurrence
}

// appointment returns base with everything of ours as the change wants it. A nil base is a
// new resource.
func (m *mapper) appointment(base resource) resource {
	r := base.next(kindAppointment)
	r["identifier"] = m.identifiers(base, true)
	r["status"], r["description"] = m.appointmentStatus(), m.change.Delivery.Danish()

	delete(r, "cancelationReason")

	if reason, ok := m.reason(); ok {
		r["cancelationReason"] = reason
	}

	m.setServiceType(base, r)
	m.setComment(base, r)

	if base == nil || m.change.Kind == care.EntryPlanned {
		r["start"] = instant(m.change.Planned.Start, care.Zone())
		r["end"] = instant(m.change.Planned.End, care.Zone())
		r["minutesDuration"] = minutes(m.change.Planned)
		r["participant"] = m.participants(base)
	}

	return r
}

// appointmentStatus is the column Appointment.status of eoj.md §3.1.
func (m *mapper) appointmentStatus() string {
	switch m.change.Kind {
	case care.EntryPlanned:
		return "booked"
	case care.EntryRestored:
		return "cancelled"
	case care.EntryResult:
		if m.change.Result == care.ResultCompleted {
			return "fulfilled"
		}

		if m.change.Reason == care.CitizenAbsent {
			return "noshow"
		}
	}

	return "cancelled"
}

// reason is there with cancelled and noshow alone (app-4). No national code exists for why
// one visit was not given (eoj.md §3.4).
func (m *mapper) reason() (concept, bool) {
	switch {
	case m.change.Kind == care.EntryRestored:
		return m.reasonOf(restoredCode, restoredText), true
	case m.change.Kind == care.EntryResult && m.change.Result == care.ResultNotCompleted:
		return m.reasonOf(string(m.change.Reason), m.change.Reason.Danish()), true
	}

	return concept{}, false
}

func (m *mapper) reasonOf(code, text string) concept {
	return concept{Coding: []coding{{System: m.config.ReasonSystem, Code: code, Display: text}}, Text: text}
}

// identifiers keeps what is there, sees to the visit's own, and puts our key last. The order
// of the keys is the order in which the entries were written.
func (m *mapper) identifiers(base resource, withRoom bool) []any {
	var (
		kept     []any
		hasVisit bool
		room     = withRoom && m.change.Room != "" && (base == nil || m.change.Kind == care.EntryPlanned)
	)

	for _, raw := range base.list("identifier") {
		var one identifier

		_ = json.Unmarshal(raw, &one) // a strange one is not ours and is kept

		if room && one.System == systemMeeting {
			continue
		}

		hasVisit = hasVisit || (one.System == m.config.VisitSystem && one.Value == m.visit)
		kept = append(kept, raw)
	}

	if !hasVisit {
		kept = append(kept, identifier{System: m.config.VisitSystem, Value: m.visit})
	}

	if room {
		kept = append(kept, identifier{System: systemMeeting, Value: string(m.change.Room)})
	}

	return append(kept, identifier{Use: "secondary", System: m.config.EntrySystem, Value: m.change.Key})
}

// setServiceType puts the category into the first serviceType and leaves the others alone.
func (m *mapper) setServiceType(base, r resource) {
	elements := base.list("serviceType")

	own := map[string]any{}
	if len(elements) > 0 {
		raw := map[string]json.RawMessage{}
		_ = json.Unmarshal(elements[0], &raw) // a strange one is replaced

		for name, value := range raw {
			own[name] = value
		}

		elements = elements[1:]
	}

	if m.change.Category != "" {
		own["text"] = m.change.Category
	}

	codings := m.serviceCodings(own["coding"])
	if len(codings) == 0 {
		delete(own, "coding")
	} else {
		own["coding"] = codings
	}

	all := []any{}
	if len(own) > 0 {
		all = append(all, own)
	}

	for _, raw := range elements {
		all = append(all, raw)
	}

	r.put("serviceType", all)
}

// serviceCodings has FUT's code for video when the visit is one by screen (eoj.md §3.5).
func (m *mapper) serviceCodings(present any) []any {
	var codings []any

	if m.change.Kind != care.EntryRestored && m.change.Delivery == care.Screen {
		codings = append(codings, coding{System: systemServiceType, Code: codeVideo})
	}

	var others []json.RawMessage
	if raw, ok := present.(json.RawMessage); ok {
		_ = json.Unmarshal(raw, &others) // a strange list is dropped: it is ours by position
	}

	for _, raw := range others {
		var one coding
		if json.Unmarshal(raw, &one) == nil && one.System == systemServiceType && one.Code == codeVideo {
			continue
		}

		codings = append(codings, raw)
	}

	return codings
}

// setComment adds, changes or removes our part of the comment. The extension says what our
// part is, so that people's text, whatever it says, comes out byte for byte (K67).
func (m *mapper) setComment(base, r resource) {
	own := ownComment(base)
	text := base.text("comment")

	if own != m.change.Comment || !hasToken(text, own) {
		text = addToken(removeToken(text, own), m.change.Comment)
	}

	delete(r, "comment")

	if text != "" {
		r["comment"] = text
	}

	var extensions []any

	for _, raw := range base.list("extension") {
		var one extension
		if json.Unmarshal(raw, &one) != nil || one.URL != extensionComment {
			extensions = append(extensions, raw)
		}
	}

	if m.change.Comment != "" {
		extensions = append(extensions, extension{URL: extensionComment, ValueString: m.change.Comment})
	}

	r.put("extension", extensions)
}

func ownComment(r resource) string {
	for _, raw := range r.list("extension") {
		var one extension
		if json.Unmarshal(raw, &one) == nil && one.URL == extensionComment {
			return one.ValueString
		}
	}

	return ""
}

// tokenBreak stands between people's text and ours.
const tokenBreak = "\n"

// addToken appends our token on a line of its own.
func addToken(text, token string) string {
	if text == "" || token == "" {
		return text + token
	}

	return text + tokenBreak + token
}

// hasToken reports whether our token stands on a line of its own.
func hasToken(text, token string) bool {
	return token == "" || removeToken(text, token) != text
}

// removeToken undoes addToken. When people wrote on after our line, that line alone goes;
// when they changed it, it is theirs now and stays.
func removeToken(text, token string) string {
	switch {
	case token == "":
		return text
	case text == token:
		return ""
	case strings.HasSuffix(text, tokenBreak+token):
		return strings.TrimSuffix(text, tokenBreak+token)
	case strings.HasPrefix(text, token+tokenBreak):
		return strings.TrimPrefix(text, token+tokenBreak)
	}

	return strings.Replace(text, tokenBreak+token+tokenBreak, tokenBreak, 1)
}

// participants are ours first and then those that people added.
func (m *mapper) participants(base resource) []any {
	citizen := m.citizen()
	all := []any{participant{Actor: &citizen, Required: "required", Status: "accepted"}}

	if employee, ok := m.employee(); ok {
		all = append(all, participant{Actor: &employee, Required: "required", Status: "accepted"})
	}

	for _, raw := range base.list("participant") {
		if !m.isOwnParticipant(raw) {
			all = append(all, raw)
		}
	}

	return all
}

func (m *mapper) isOwnParticipant(raw json.RawMessage) bool {
	var p participant
	if json.Unmarshal(raw, &p) != nil || p.Actor == nil {
		return false
	}

	isCitizen := p.Actor.Type == "Patient" && p.Actor.Reference == "" && p.Actor.Identifier != nil

	return isCitizen || m.isOwnEmployee(p.Actor)
}

// isOwnEmployee recognises what employee returns.
func (m *mapper) isOwnEmployee(r *reference) bool {
	return r.Type == "Practitioner" && r.Reference == "" &&
		(r.Identifier == nil || r.Identifier.System == m.config.EmployeeSystem)
}

// citizen is a logical reference: the record finds its own patient (eoj.md §3.6). Who has no CPR
// number is named by the record's own id.
func (m *mapper) citizen() reference {
	if local := m.change.Citizen.Surrogate; !local.IsZero() {
		id := identifier{System: m.config.CitizenSystem, Value: local.Reveal(), Type: &concept{Text: "Lokalt id"}}

		return reference{Type: "Patient", Identifier: &id}
	}

	id := identifier{System: systemCPR, Value: m.change.Citizen.CPR.Reveal()}

	if _, verdict, _ := care.ParseCPR(id.Value); verdict == care.CPRReplacement {
		id.System = m.config.ReplacementSystem
		id.Type = &concept{Text: "Erstatningspersonnummer"}

		// X-eCPR has 1 or 7 at the seventh place and then two letters.
		if letters := id.Value[7:9]; slices.Contains([]byte("17"), id.Value[6]) && strings.Trim(letters, "0123456789") == letters {
			id.System, id.Type = systemXECPR, nil
		}
	}

	return reference{Type: "Patient", Identifier: &id}
}

// employee names who gives the visit: the employee where known, and the unit in words.
func (m *mapper) employee() (reference, bool) {
	r := reference{Type: "Practitioner", Display: m.change.Unit}
	if m.change.Employee != "" {
		r.Identifier = &identifier{System: m.config.EmployeeSystem, Value: string(m.change.Employee)}
	}

	return r, r.Identifier != nil || r.Display != ""
}

// minutes rounds up to whole minutes, at least one.
func minutes(i care.Interval) int {
	return max(1, int((i.Duration()+time.Minute-time.Nanosecond)/time.Minute))
}
