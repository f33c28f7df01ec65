package fhirsim

import (
	"net/url"
	"slices"
	"time"
)

// filters are the search parameters that narrow what identifier and _id found (R4 search.html, and
// the parameters of each resource type). Several values of one parameter must all hold; commas are
// or.
func (s *Server) filter(found []*record, name string, values []string) ([]*record, bool) {
	test, known := s.test(name)
	if !known {
		return found, false
	}

	for _, value := range values {
		found = slices.DeleteFunc(slices.Clone(found), func(r *record) bool {
			return !slices.ContainsFunc(splitEscaped(value, ','), func(one string) bool { return test(r.current().body, one) })
		})
	}

	return found, true
}

// test is how a parameter's value is compared with a resource.
func (s *Server) test(name string) (func(body map[string]any, value string) bool, bool) {
	switch name {
	case "actor", "patient", "practitioner", "location":
		return func(body map[string]any, value string) bool { return slices.Contains(actorsOf(body), value) }, true
	case "subject":
		return func(body map[string]any, value string) bool {
			return text(object(body, "subject"), "reference") == value
		}, true
	case "status":
		return func(body map[string]any, value string) bool { return text(body, "status") == value }, true
	case "active":
		return func(body map[string]any, value string) bool {
			active, _ := body["active"].(bool)
			return active == (value == "true")
		}, true
	case "class":
		return func(body map[string]any, value string) bool {
			parts := splitEscaped(value, '|')

			return text(object(body, "class"), "code") == unescape(parts[len(parts)-1])
		}, true
	case "slot.schedule":
		return s.isOfSchedule, true
	case "date":
		return isOnDate, true
	}

	return nil, false
}

// actorsOf are the references of an Appointment's participants.
func actorsOf(body map[string]any) []string {
	var refs []string

	list, _ := body["participant"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		if ref := text(object(o, "actor"), "reference"); ref != "" {
			refs = append(refs, ref)
		}
	}

	return refs
}

// isOfSchedule follows Appointment.slot to Slot.schedule (R4 search#chaining).
func (s *Server) isOfSchedule(body map[string]any, value string) bool {
	slots, _ := body["slot"].([]any)
	for _, item := range slots {
		o, _ := item.(map[string]any)
		if slot := s.archive.records[text(o, "reference")]; slot != nil && text(object(slot.current().body, "schedule"), "reference") == value {
			return true
		}
	}

	return false
}

// isOnDate compares a start with ge, gt, le, lt or eq and an instant (R4 search#date).
func isOnDate(body map[string]any, value string) bool {
	start, err := time.Parse(time.RFC3339Nano, text(body, "start"))
	if err != nil {
		return false
	}

	prefix, bound := "eq", value
	if len(value) > 2 && slices.Contains([]string{"ge", "gt", "le", "lt", "eq"}, value[:2]) {
		prefix, bound = value[:2], value[2:]
	}

	at, err := time.Parse(time.RFC3339Nano, bound)
	if err != nil {
		return false
	}

	switch prefix {
	case "ge":
		return !start.Before(at)
	case "gt":
		return start.After(at)
	case "le":
		return !start.After(at)
	case "lt":
		return start.Before(at)
	default:
		return start.Equal(at)
	}
}

// includes are the resources that _include asks for (R4 search#include), each once.
func (s *Server) includes(found []*record, query url.Values) []*record {
	var more []*record

	for _, wanted := range query["_include"] {
		kind := map[string]string{"Appointment:patient": "Patient", "Appointment:practitioner": "Practitioner"}[wanted]
		if kind == "" || s.options.NoInclude {
			continue
		}

		for _, r := range found {
			for _, ref := range actorsOf(r.current().body) {
				one := s.archive.records[ref]
				if one != nil && one.kind == kind && !one.deleted && !slices.Contains(more, one) {
					more = append(more, one)
				}
			}
		}
	}

	return more
}
