package fhirsim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// issue is one entry of an OperationOutcome (R4 operationoutcome.html).
type issue struct {
	code string // from http://hl7.org/fhir/issue-type
	path string // FHIRPath of the element
	text string
}

// checker walks a resource along the schema.
type checker struct {
	schema  schema
	issues  []issue
	instant *regexp.Regexp
	date    *regexp.Regexp
	id      *regexp.Regexp
}

func newChecker(s schema) checker {
	return checker{
		schema:  s,
		instant: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`),
		date:    regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$`),
		id:      regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`),
	}
}

// check returns everything that R4 forbids in the resource.
func (c checker) check(kind string, r map[string]any) []issue {
	c.issues = nil
	c.object(kind, kind, r)

	switch kind {
	case "Appointment":
		c.appointmentInvariants(r)
	case "Encounter":
		c.period("Encounter.period", r["period"])
	}

	return c.issues
}

func (c *checker) add(code, path, format string, args ...any) {
	c.issues = append(c.issues, issue{code: code, path: path, text: fmt.Sprintf(format, args...)})
}

func (c *checker) object(kind, path string, o map[string]any) {
	if len(o) == 0 {
		c.add("structure", path, "an object must not be empty")

		return
	}

	shape := c.schema[kind]
	for name, p := range shape {
		if _, ok := o[name]; p.required && !ok {
			c.add("required", path+"."+name, "%s.%s is required", path, name)
		}
	}

	for name, value := range o {
		p, ok := shape[name]

		switch {
		case ok:
			c.property(p, path+"."+name, value)
		case strings.HasPrefix(name, "_"): // an extension of a primitive; not looked into
		case kind == "Extension" && strings.HasPrefix(name, "value"):
		default:
			c.add("structure", path+"."+name, "unknown property %s.%s", path, name)
		}
	}
}

func (c *checker) property(p property, path string, value any) {
	if !p.list {
		c.value(p, path, value)

		return
	}

	items, ok := value.([]any)
	if !ok || len(items) == 0 {
		c.add("structure", path, "%s must be a list with at least one element", path)

		return
	}

	for i, item := range items {
		c.value(p, fmt.Sprintf("%s[%d]", path, i), item)
	}
}

func (c *checker) value(p property, path string, value any) {
	if _, complexType := c.schema[p.kind]; complexType {
		o, ok := value.(map[string]any)
		if !ok {
			c.add("structure", path, "%s must be an object", path)

			return
		}

		c.object(p.kind, path, o)

		return
	}

	if !c.primitive(p.kind, value) {
		c.add("value", path, "%s is no %s", path, p.kind)

		return
	}

	if text, ok := value.(string); ok && p.codes != nil && !slices.Contains(p.codes, text) {
		c.add("code-invalid", path, "%s has a code that its value set does not have", path)
	}
}

func (c *checker) primitive(kind string, value any) bool {
	switch kind {
	case "any":
		return value != nil
	case "boolean":
		_, ok := value.(bool)

		return ok
	case "decimal", "positiveInt", "unsignedInt":
		return isNumber(kind, value)
	}

	text, ok := value.(string)
	if !ok || text == "" {
		return false
	}

	switch kind {
	case "instant":
		return c.isInstant(text)
	case "dateTime":
		return c.date.MatchString(text) || c.isInstant(text)
	case "id":
		return c.id.MatchString(text)
	case "code", "uri":
		return text == strings.TrimSpace(text)
	default:
		return true
	}
}

func isNumber(kind string, value any) bool {
	n, ok := value.(json.Number)
	if !ok {
		return false
	}

	if kind == "decimal" {
		return true
	}

	whole, err := n.Int64()
	if kind == "positiveInt" {
		return err == nil && whole > 0
	}

	return err == nil && whole >= 0
}

func (c *checker) isInstant(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)

	return err == nil && c.instant.MatchString(text)
}

// appointmentInvariants checks app-1 to app-4 (R4 appointment.html#invs).
func (c *checker) appointmentInvariants(r map[string]any) {
	participants, _ := r["participant"].([]any)
	for i, item := range participants {
		p, _ := item.(map[string]any)
		if p["type"] == nil && p["actor"] == nil {
			c.add("invariant", fmt.Sprintf("Appointment.participant[%d]", i),
				"app-1: either the type or actor on the participant SHALL be specified")
		}
	}

	status, _ := r["status"].(string)
	hasStart, hasEnd := r["start"] != nil, r["end"] != nil

	if hasStart != hasEnd {
		c.add("invariant", "Appointment", "app-2: either start and end are specified, or neither")
	}

	if (!hasStart || !hasEnd) && !slices.Contains([]string{"proposed", "cancelled", "waitlist"}, status) {
		c.add("invariant", "Appointment",
			"app-3: only proposed or cancelled appointments or those in a waitlist can be missing start/end dates")
	}

	if r["cancelationReason"] != nil && status != "cancelled" && status != "noshow" {
		c.add("invariant", "Appointment",
			"app-4: cancelation reason is only used for appointments that have been cancelled, or no-show")
	}

	c.period("Appointment", map[string]any{"start": r["start"], "end": r["end"]})
}

// period checks per-1: the start is not after the end.
func (c *checker) period(path string, value any) {
	p, _ := value.(map[string]any)
	start, _ := p["start"].(string)
	end, _ := p["end"].(string)
	from, errFrom := time.Parse(time.RFC3339Nano, start)
	to, errTo := time.Parse(time.RFC3339Nano, end)

	if errFrom == nil && errTo == nil && to.Before(from) {
		c.add("invariant", path, "per-1: if present, start SHALL have a lower value than end")
	}
}
