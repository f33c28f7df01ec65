package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"time"
)

// The code systems and identifier systems of the Danish record (eoj.md §3.3, §3.5, §3.6).
const (
	systemCPR         = "urn:oid:1.2.208.176.1.2"
	systemXECPR       = "urn:oid:1.2.208.176.1.6.1.1"
	systemDECPR       = "urn:oid:1.2.208.176.1.6.1.3" // and an arc per region
	systemMeeting     = "http://vdx.medcom.dk/meeting"
	systemServiceType = "http://ehealth.sundhed.dk/cs/appointment-servicetype"
	systemCareSocial  = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
	systemActCode     = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	systemUnits       = "http://unitsofmeasure.org"

	codeScreenVisit = "124be95d-6924-4609-9d2a-e7c73ae3ab3d"
	codePhone       = "1b55a4b0-1156-4f58-b2df-b5c6014d9048"
	codeVideo       = "video"

	// The extension that remembers which part of Appointment.comment is ours.
	extensionComment = "urn:x-sluse:extension:own-comment"
)

// The parts of R4 that we write.
type (
	identifier struct {
		Use    string   `json:"use,omitempty"`
		Type   *concept `json:"type,omitempty"`
		System string   `json:"system,omitempty"`
		Value  string   `json:"value,omitempty"`
	}
	coding struct {
		System  string `json:"system,omitempty"`
		Code    string `json:"code,omitempty"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	reference struct {
		Reference  string      `json:"reference,omitempty"`
		Type       string      `json:"type,omitempty"`
		Identifier *identifier `json:"identifier,omitempty"`
		Display    string      `json:"display,omitempty"`
	}
	participant struct {
		Actor    *reference `json:"actor,omitempty"`
		Required string     `json:"required,omitempty"`
		Status   string     `json:"status,omitempty"`
	}
	attendee struct {
		Individual *reference `json:"individual,omitempty"`
	}
	period struct {
		Start string `json:"start,omitempty"`
		End   string `json:"end,omitempty"`
	}
	statusPeriod struct {
		Status string `json:"status"`
		Period period `json:"period"`
	}
	quantity struct {
		Value  int    `json:"value"`
		Unit   string `json:"unit"`
		System string `json:"system"`
		Code   string `json:"code"`
	}
	extension struct {
		URL         string `json:"url"`
		ValueString string `json:"valueString,omitempty"`
	}
	meta struct {
		VersionID string `json:"versionId"`
	}
)

// resource is a FHIR resource. What came from the record is json.RawMessage and is sent back
// as it came; what we set is one of the types above.
type resource map[string]any

// decodeResource reads one resource of the kind.
func decodeResource(data []byte, kind string) (resource, error) {
	raw := map[string]json.RawMessage{}

	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&raw); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the resource")
	}

	r := make(resource, len(raw))
	for name, value := range raw {
		r[name] = value
	}

	if r.text("resourceType") != kind {
		return nil, errors.New("another resource type")
	}

	if !isID(r.text("id")) {
		return nil, errors.New("no usable id")
	}

	return r, nil
}

// encode is the body to send.
func (r resource) encode() ([]byte, error) {
	var buffer bytes.Buffer

	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(map[string]any(r)); err != nil {
		return nil, fmt.Errorf("encode the resource: %w", err)
	}

	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// get decodes a property that came from the record; a missing or strange one leaves v alone.
func (r resource) get(name string, v any) {
	if raw, ok := r[name].(json.RawMessage); ok {
		_ = json.Unmarshal(raw, v) // a property of another shape is not ours and counts as missing
	}
}

func (r resource) text(name string) string {
	var s string
	r.get(name, &s)

	return s
}

// list decodes a list property element by element, so that the elements that are not ours
// stay as they are.
func (r resource) list(name string) []json.RawMessage {
	var elements []json.RawMessage
	r.get(name, &elements)

	return elements
}

// put sets a property, or removes it when the list is empty.
func (r resource) put(name string, elements []any) {
	if len(elements) == 0 {
		delete(r, name)

		return
	}

	r[name] = elements
}

// next returns a copy to change, or a new resource of the kind.
func (r resource) next(kind string) resource {
	if r == nil {
		return resource{"resourceType": kind}
	}

	return maps.Clone(r)
}

func (r resource) version() string {
	var m meta
	r.get("meta", &m)

	if !isID(m.VersionID) {
		return ""
	}

	return m.VersionID
}

// identifiers returns system and value of every identifier.
func (r resource) identifiers() []identifier {
	var all []identifier

	for _, raw := range r.list("identifier") {
		var one identifier
		if json.Unmarshal(raw, &one) == nil {
			all = append(all, one)
		}
	}

	return all
}

// bundle is a search's answer.
type bundle struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
	Link []struct {
		Relation string `json:"relation"`
	} `json:"link"`
}

func (b *bundle) hasMore() bool {
	for _, l := range b.Link {
		if l.Relation == "next" {
			return true
		}
	}

	return false
}

// isID is R4's id: it may stand in an address and in If-Match.
func isID(text string) bool {
	return idLike.MatchString(text) && strings.Trim(text, ".") != ""
}

var (
	idLike       = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
	locationLike = regexp.MustCompile(`(?:^|/)(Appointment|Encounter)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?$`)
	etagLike     = regexp.MustCompile(`^(?:W/)?"?([A-Za-z0-9.-]{1,64})"?$`)
)

// parseETag reads W/"3", "3" and 3.
func parseETag(header string) string {
	m := etagLike.FindStringSubmatch(strings.TrimSpace(header))
	if m == nil {
		return ""
	}

	return m[1]
}

// parseLocation reads the id and version out of [base]/Appointment/12/_history/3.
func parseLocation(header, kind string) (id, version string) {
	m := locationLike.FindStringSubmatch(strings.TrimSpace(header))
	if m == nil || m[1] != kind || !isID(m[2]) {
		return "", ""
	}

	return m[2], m[3]
}

// instant is a time with the zone of the place, as people in the record read it.
func instant(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02T15:04:05-07:00")
}
