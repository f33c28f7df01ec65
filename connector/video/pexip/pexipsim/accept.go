package pexipsim

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// complaints are what is wrong with a request's members: field → messages, and "__all__" for
// what is about several (§1.6).
type complaints map[string][]string

func (c complaints) add(field, text string) { c[field] = append(c[field], text) }

// draft is what a write asks for, checked.
type draft struct {
	values  map[string]any
	aliases []aliasDraft
	// renamed tells that aliases were given, so that they replace what there was.
	renamed bool
}

// accept checks the members of a write against the resource's fields. There is no old object
// when a new one is made; with replace, what is not given takes its default.
func (c *config) accept(sp *spec, old *object, in map[string]any, replace, strict bool) (draft, complaints) {
	out, wrong := draft{values: make(map[string]any)}, complaints{}
	for name, raw := range in {
		f := sp.byName[name]
		switch {
		case f == nil:
			if strict {
				wrong.add(name, "Strict mode: unknown field.")
			}
		case f.readonly: // ignored, as the framework does
		case sp.name == resConference && name == "aliases":
			out.aliases, out.renamed = c.acceptAliases(raw, old, wrong), true
		default:
			if v, why := c.acceptField(*f, raw); why != "" {
				wrong.add(name, why)
			} else {
				out.values[name] = v
			}
		}
	}
	if old == nil || replace {
		out.complete(sp, in, wrong)
	}
	c.checkUnique(sp, old, out.values, wrong)
	c.checkRules(sp, old, out, wrong)
	if len(wrong) == 0 {
		return out, nil
	}
	return out, wrong
}

// complete gives what is not there its default.
func (d *draft) complete(sp *spec, in map[string]any, wrong complaints) {
	for _, f := range sp.fields {
		if _, given := in[f.name]; given || f.readonly {
			continue
		}
		switch {
		case f.required:
			wrong.add(f.name, "This field is required.")
		case sp.name == resConference && f.name == "aliases":
			d.aliases, d.renamed = nil, true
		default:
			d.values[f.name] = f.def
		}
	}
}

// checkUnique compares with every other object; how the platform treats case is not known,
// so that names that differ in case only count as the same.
func (c *config) checkUnique(sp *spec, old *object, values map[string]any, wrong complaints) {
	for _, f := range sp.fields {
		v, _ := values[f.name].(string)
		if !f.unique || v == "" {
			continue
		}
		id, taken := c.tables[sp.name].unique[f.name][strings.ToLower(v)]
		if taken && (old == nil || id != old.id) {
			wrong.add(f.name, titled(sp.name)+" with this "+titled(f.name)+" already exists.")
		}
	}
}

// titled is a field's name as people read it.
func titled(name string) string {
	s := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// checkRules are the rules about several fields.
func (c *config) checkRules(sp *spec, old *object, d draft, wrong complaints) {
	get := func(name string) any {
		if v, given := d.values[name]; given || old == nil {
			return v
		}
		return old.values[name]
	}
	switch sp.name {
	case resConference:
		checkPINs(get, c.setting("min_pin_length"), wrong)
	case resSink:
		address, _ := get("url").(string)
		if err := loopbackURL(address); address != "" && err != nil {
			wrong.add("url", "Simulator: "+err.Error()+".")
		}
	}
}

// acceptField checks one member; why is empty when it is good.
func (c *config) acceptField(f field, raw any) (v any, why string) {
	if raw == nil {
		if !f.nullable {
			return nil, "This field may not be null."
		}
		return nil, ""
	}
	switch {
	case f.kind == kindRelated:
		return c.reference(f, raw)
	case f.kind == kindList && f.to != "":
		list, ok := raw.([]any)
		if !ok {
			return nil, "Enter a list of values."
		}
		out := make([]any, 0, len(list))
		for _, item := range list {
			id, why := c.reference(f, item)
			if why != "" {
				return nil, why
			}
			out = append(out, id)
		}
		return out, ""
	}
	return f.accept(raw)
}

// reference reads the URI of a related object; ids alone are refused (§1.6).
func (c *config) reference(f field, raw any) (id any, why string) {
	uri, ok := raw.(string)
	if !ok {
		return nil, "An object reference is a resource URI."
	}
	t := c.tables[f.to]
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(uri, "/api/admin/configuration/v1/"+f.to+"/"), "/"))
	if t == nil || err != nil || !strings.HasSuffix(uri, "/") || t.objects[n] == nil {
		return nil, fmt.Sprintf("Could not find the provided %s object via resource URI '%s'.", f.to, uri)
	}
	return n, ""
}

// accept checks a value of a plain kind.
func (f field) accept(raw any) (v any, why string) {
	switch f.kind {
	case kindText:
		return f.acceptText(raw)
	case kindInteger:
		return f.acceptInteger(raw)
	case kindBool:
		b, ok := raw.(bool)
		if !ok {
			return nil, "Enter true or false."
		}
		return b, ""
	case kindTime:
		s, ok := raw.(string)
		t, good := parseTime(s)
		if !ok || !good {
			return nil, "Enter a valid date/time."
		}
		return t, ""
	case kindList:
		list, ok := raw.([]any)
		if !ok {
			return nil, "Enter a list of values."
		}
		return list, ""
	}
	return nil, "This field can't be set."
}

func (f field) acceptText(raw any) (v any, why string) {
	s, ok := raw.(string)
	if !ok {
		return nil, "Enter a text."
	}
	if s == "" && (f.required || (f.unique && len(f.choices) == 0)) {
		return nil, "This field is required."
	}
	if n := utf8.RuneCountInString(s); f.max > 0 && n > f.max {
		return nil, fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", f.max, n)
	}
	if len(f.choices) > 0 && !slices.Contains(f.choices, s) && (!f.nullable || s != "") {
		return nil, fmt.Sprintf("Select a valid choice. %s is not one of the available choices.", s)
	}
	return s, ""
}

func (f field) acceptInteger(raw any) (v any, why string) {
	var n float64
	switch raw := raw.(type) {
	case int:
		n = float64(raw)
	case json.Number:
		parsed, err := raw.Float64()
		if err != nil {
			return nil, "Enter a whole number."
		}
		n = parsed
	default:
		return nil, "Enter a whole number."
	}
	switch {
	case n != math.Trunc(n) || math.Abs(n) > 1e9:
		return nil, "Enter a whole number."
	case n < float64(f.min):
		return nil, fmt.Sprintf("Ensure this value is greater than or equal to %d.", f.min)
	case f.max > 0 && n > float64(f.max):
		return nil, fmt.Sprintf("Ensure this value is less than or equal to %d.", f.max)
	}
	return int(n), ""
}

// parseTime takes a time with any offset, or without one as UTC.
func parseTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// wireTime is the platform's form: UTC without a suffix, with or without microseconds (§2.2).
func wireTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}
