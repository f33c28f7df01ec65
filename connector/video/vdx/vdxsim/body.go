package vdxsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// body reads the members of a JSON object the way the real service's mapper does: unknown
// members are ignored (§1.1), null is noted, the first unreadable value wins over the first
// invalid one (§1.1 check order).
type body struct {
	dialect dialect
	members map[string]json.RawMessage
	asked   []string
	nulls   []string
	// nullsMean: null says something in this body (a v1 PATCH), so strict mode lets it pass.
	nullsMean bool
	bad       *problem // unreadable: plain 400
	invalid   *problem // bean validation: code "10"
	broken    *problem // what runs into an exception: 500
	year      *problem // a year beyond 9999: code "25"
}

func readBody(raw []byte, d dialect) (*body, *problem) {
	b := &body{dialect: d}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(&b.members); err != nil || b.members == nil {
		return nil, unreadable("JSON parse error")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable("JSON parse error: trailing data")
	}
	return b, nil
}

// raw gives a present, non-null member.
func (b *body) raw(name string) (json.RawMessage, bool) {
	b.asked = append(b.asked, name)
	value, ok := b.members[name]
	if !ok {
		return nil, false
	}
	if string(bytes.TrimSpace(value)) == "null" {
		b.nulls = append(b.nulls, name)
		return nil, false
	}
	return value, true
}

func value[T any](b *body, name string) *T {
	raw, ok := b.raw(name)
	if !ok {
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		b.bad = first(b.bad, unreadable("JSON parse error: "+name))
		return nil
	}
	return v
}

func first(had, now *problem) *problem {
	if had != nil {
		return had
	}
	return now
}

// text reads a string of at most limit UTF-16 units, as Java counts.
func (b *body) text(name string, limit int) *string {
	v := value[string](b, name)
	if v != nil && javaLength(*v) > limit {
		b.invalid = first(b.invalid, invalid(name, "size must be between 0 and "+itoa(limit)))
	}
	return v
}

// column reads a string that only the database limits: too long is a 500 (§1.5).
func (b *body) column(name string, limit int) *string {
	v := value[string](b, name)
	if v != nil && javaLength(*v) > limit {
		b.broken = first(b.broken, crash("Data too long for column '"+name+"'"))
	}
	return v
}

// javaLength counts UTF-16 units.
func javaLength(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// oneOf reads an enum; a foreign value is unreadable, not invalid (§1.11).
func (b *body) oneOf(name string, allowed ...string) *string {
	v := value[string](b, name)
	if v != nil && !slices.Contains(allowed, *v) {
		b.bad = first(b.bad, unreadable("JSON parse error: "+name+" is not one of the values accepted"))
	}
	return v
}

// pin reads a PIN in 1000…999999999.
func (b *body) pin(name string) *int {
	v := value[int32](b, name)
	if v == nil {
		return nil
	}
	if *v < 1000 || *v > 999_999_999 {
		b.invalid = first(b.invalid, invalid(name, "must be between 1000 and 999999999"))
	}
	n := int(*v)
	return &n
}

// instant reads a time: in v1 by the four lenient patterns, in v2 as an ISO offset date-time
// whose fraction is dropped (§1.10).
func (b *body) instant(name string) *time.Time {
	text := value[string](b, name)
	if text == nil {
		return nil
	}
	parse := parseISO
	if b.dialect == v1 {
		parse = parseBodyDateV1
	}
	t, ok := parse(*text)
	switch {
	case b.dialect == v2 && farYear(*text), ok && t.UTC().Year() > 9999:
		b.year = first(b.year, breach(ruleYear))
		return nil
	case !ok:
		b.bad = first(b.bad, unreadable("JSON parse error: "+name+" is not a date-time"))
		return nil
	}
	return &t
}

// farYear recognises a year of more than four digits.
func farYear(s string) bool {
	s = strings.TrimPrefix(s, "+")
	head, _, ok := strings.Cut(s, "-")
	return ok && len(head) > 4 && strings.Trim(head, "0123456789") == ""
}

// parseISO reads what Java's ISO_OFFSET_DATE_TIME takes: seconds and fraction optional, the
// offset not.
func parseISO(s string) (time.Time, bool) {
	for _, form := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.Truncate(time.Second), true
		}
	}
	return time.Time{}, false
}

// nullable is a member that a PATCH can set to null.
type nullable struct {
	given bool
	value *string
}

// nullable reads a text that v1 clears with null. In v2 null and absent are the same (§1.6).
func (b *body) nullable(name string, limit int) nullable {
	v := b.text(name, limit)
	return nullable{given: v != nil || b.cleared(name), value: v}
}

// cleared tells whether a v1 body sets a member to null.
func (b *body) cleared(name string) bool {
	return b.dialect == v1 && slices.Contains(b.nulls, name)
}

// emptied is v, or a pointer to the zero value where a v1 body sets the member to null.
func emptied[T any](b *body, name string, v *T) *T {
	if v == nil && b.cleared(name) {
		return new(T)
	}
	return v
}

// labels reads a string array; null is an exception of the service (§1.5).
func (b *body) labels(nullBreaks bool) *[]string {
	v := value[[]string](b, "labels")
	if nullBreaks {
		b.nullBreaks("labels")
	}
	if v == nil {
		return nil
	}
	for _, l := range *v {
		if javaLength(l) > 1024 {
			b.broken = first(b.broken, crash("Data too long for column 'label'"))
		}
	}
	return v
}

// nullBreaks makes an explicit null of a member a 500.
func (b *body) nullBreaks(name string) {
	if slices.Contains(b.nulls, name) {
		b.broken = first(b.broken, crash("NullPointerException: "+name))
	}
}

// info reads additionalInformation; keys and values hold 1 to 100 characters.
func (b *body) info() *[]keyValue {
	type pair struct {
		Key   *string `json:"key"`
		Value *string `json:"value"`
	}
	v := value[[]pair](b, "additionalInformation")
	if v == nil {
		return nil
	}
	out := make([]keyValue, 0, len(*v))
	for i, p := range *v {
		at := "additionalInformation[" + itoa(i) + "]"
		if p.Key == nil || p.Value == nil {
			b.invalid = first(b.invalid, invalid(at, "key and value must not be null"))
			continue
		}
		if javaLength(*p.Key) > 100 || javaLength(*p.Value) > 100 {
			b.invalid = first(b.invalid, invalid(at, "size must be between 0 and 100"))
		}
		out = append(out, keyValue{*p.Key, *p.Value})
	}
	return &out
}

// required adds a bean-validation error for a member that is absent or null.
func (b *body) required(names ...string) {
	for _, name := range names {
		raw, ok := b.members[name]
		if !ok || string(bytes.TrimSpace(raw)) == "null" {
			b.invalid = first(b.invalid, invalid(name, "must not be null"))
		}
	}
}

// verdict is the first problem in the service's order: readability, validation, and only
// then what breaks inside. Strict mode comes before all of it.
func (b *body) verdict(strict bool) *problem {
	if strict {
		if p := b.pedantry(); p != nil {
			return p
		}
	}
	for _, p := range []*problem{b.bad, b.invalid, b.year, b.broken} {
		if p != nil {
			return p
		}
	}
	return nil
}

func (b *body) pedantry() *problem {
	var unknown []string
	for name := range b.members {
		if !slices.Contains(b.asked, name) {
			unknown = append(unknown, name)
		}
	}
	sort.Strings(unknown)
	if len(unknown) > 0 {
		return pedantic("unknown members " + strings.Join(unknown, ", "))
	}
	if len(b.nulls) > 0 && !b.nullsMean {
		return pedantic("explicit null in " + strings.Join(b.nulls, ", ") + "; omit the member")
	}
	return nil
}
