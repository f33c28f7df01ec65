package fhirsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// search is R4 http#search by GET, or by POST with the parameters in the body.
func (s *Server) search(c call) response {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return outcome(http.StatusBadRequest, issue{"invalid", "", "the query can't be read"})
	}

	if c.r.Method == http.MethodPost {
		if query, err = url.ParseQuery(string(c.body)); err != nil {
			return outcome(http.StatusBadRequest, issue{"invalid", "", "the body can't be read"})
		}
	}

	found, refusal := s.match(c.kind, query)
	if refusal != nil {
		return *refusal
	}

	entries := make([]any, 0, len(found))
	for _, r := range found {
		entries = append(entries, searchEntry(r, "match"))
	}

	if query.Get("_revinclude") == "Encounter:appointment" && c.kind == "Appointment" && !s.options.NoRevinclude {
		for _, r := range s.encountersOf(found) {
			entries = append(entries, searchEntry(r, "include"))
		}
	}

	for _, r := range s.includes(found, query) {
		entries = append(entries, searchEntry(r, "include"))
	}

	return s.answerPage(c, len(found), entries, query)
}

func searchEntry(r *record, mode string) map[string]any {
	return map[string]any{
		"fullUrl": "/fhir/" + r.ref(), "resource": r.current().body, "search": map[string]any{"mode": mode},
	}
}

// match returns the resources that a search or If-None-Exist means. Parameters that are not
// known are ignored unless Strict is set (R4 search#errors).
func (s *Server) match(kind string, query url.Values) ([]*record, *response) {
	var (
		found  []*record
		chosen bool
		narrow = make(map[string][]string)
	)

	for name, values := range query {
		switch name {
		case "identifier":
			chosen = true
			found = append(found, s.byToken(kind, values)...)
		case "_id":
			chosen = true

			if r := s.archive.records[kind+"/"+values[0]]; r != nil && !r.deleted {
				found = append(found, r)
			}
		case "_count", "_format", "_include", "_revinclude", "_summary":
		default:
			if _, known := s.test(name); known {
				narrow[name] = values
			} else if s.options.Strict {
				refusal := outcome(http.StatusBadRequest, issue{"not-supported", "", "a search parameter is not supported"})

				return nil, &refusal
			}
		}
	}

	if !chosen {
		found = s.archive.live(kind)
	}

	for name, values := range narrow {
		found, _ = s.filter(found, name, values)
	}

	return found, nil
}

// byToken finds by a token parameter (R4 search#token): "system|value", commas are or.
func (s *Server) byToken(kind string, values []string) []*record {
	var found []*record

	for _, value := range values {
		for _, token := range splitEscaped(value, ',') {
			parts := splitEscaped(token, '|')
			if len(parts) == 2 {
				found = append(found, s.archive.find(kind, unescape(parts[0]), unescape(parts[1]))...)

				continue
			}

			found = append(found, s.byValue(kind, unescape(token))...)
		}
	}

	return found
}

// byValue finds by an identifier's value, whatever its system.
func (s *Server) byValue(kind, value string) []*record {
	var found []*record

	for _, r := range s.archive.live(kind) {
		for _, i := range identifiersOf(r.current().body) {
			if i.value == value {
				found = append(found, r)

				break
			}
		}
	}

	return found
}

// encountersOf returns the Encounters that point at one of the appointments now.
func (s *Server) encountersOf(appointments []*record) []*record {
	var found []*record

	for _, a := range appointments {
		for _, ref := range s.archive.pointers[a.ref()] {
			r := s.archive.records[ref]
			if !r.deleted && slices.Contains(appointmentsOf(r.current().body), a.ref()) && !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}

	return found
}

// splitEscaped splits at separators that no backslash precedes (R4 search#escaping).
func splitEscaped(text string, separator byte) []string {
	var (
		parts []string
		start int
	)

	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}

	return append(parts, text[start:])
}

func unescape(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\|`, `|`, `\$`, `$`).Replace(text)
}
