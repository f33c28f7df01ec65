package scim

import (
	"encoding/json"
	"strings"
)

// condition is one comparison of a filter: the attribute's value equals the text.
type condition struct {
	attribute string // in small letters, without the schema's URN; emails and members stand for their values
	value     string
}

// Limits of a filter.
const (
	maxFilter     = 2_000
	maxConditions = 4
)

// parseFilter reads the filters that directories send: one or more comparisons with eq, joined
// by and (RFC 7644 §3.4.2.2). Anything else is invalidFilter, so that nobody takes the answer to
// another question for the answer to theirs.
func parseFilter(text string) ([]condition, error) {
	if len(text) > maxFilter {
		return nil, invalid("invalidFilter", "the filter is too long")
	}

	var out []condition

	for rest := strings.TrimSpace(text); ; {
		one, left, ok := comparison(rest)
		if !ok || len(out) == maxConditions {
			return nil, invalid("invalidFilter", "this server understands attribute eq \"value\", joined by and")
		}

		out = append(out, one)

		if left = strings.TrimSpace(left); left == "" {
			return out, nil
		}

		word, next, _ := strings.Cut(left, " ")
		if !strings.EqualFold(word, "and") {
			return nil, invalid("invalidFilter", "this server joins comparisons by and alone")
		}

		rest = strings.TrimSpace(next)
	}
}

// comparison reads one comparison from the front of a text.
func comparison(text string) (one condition, rest string, ok bool) {
	path, rest, ok := cutPath(text)
	if !ok {
		return one, "", false
	}

	operator, rest, ok := strings.Cut(strings.TrimSpace(rest), " ")
	if !ok || !strings.EqualFold(operator, "eq") {
		return one, "", false
	}

	value, rest, ok := cutValue(strings.TrimSpace(rest))

	return condition{attribute: canonical(path), value: value}, rest, ok
}

// cutPath takes an attribute's path, which may hold a filter of its own in brackets.
func cutPath(text string) (path, rest string, ok bool) {
	depth, quoted := 0, false

	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == ' ' && depth == 0:
			return text[:i], text[i+1:], i > 0
		}
	}

	return "", "", false
}

// cutValue takes a JSON value: a string, true, false or null.
func cutValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		word, rest, _ := strings.Cut(text, " ")

		return strings.ToLower(word), rest, word == "true" || word == "false" || word == "True" || word == "False"
	}

	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&value); err != nil {
		return "", "", false
	}

	return value, text[decoder.InputOffset():], true
}

// canonical writes a path in one form: small letters, without the URN of a schema, and the values
// of emails and members under the attribute's own name.
func canonical(path string) string {
	path = strings.ToLower(strings.TrimSpace(path))
	for _, urn := range []string{schemaUser, schemaGroup} {
		path = strings.TrimPrefix(path, strings.ToLower(urn)+":")
	}

	for _, multi := range []string{"emails", "members"} {
		if strings.HasPrefix(path, multi+"[") || path == multi+".value" {
			return multi
		}
	}

	return path
}

// matches reports whether a resource's attributes are what the filter demands. An attribute that
// is not known has no value.
func matches(conditions []condition, attribute func(name string) []string) (bool, error) {
	for _, one := range conditions {
		values := attribute(one.attribute)
		if values == nil {
			return false, invalid("invalidFilter", "this server does not filter by that attribute")
		}

		found := false
		for _, v := range values {
			found = found || strings.EqualFold(v, one.value)
		}

		if !found {
			return false, nil
		}
	}

	return true, nil
}
