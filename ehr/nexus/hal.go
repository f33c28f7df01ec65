package nexus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
)

// object is a resource of the record. What we do not set goes back as it came.
type object map[string]json.RawMessage

// decodeObject reads one JSON object.
func decodeObject(data []byte) (object, error) {
	var o object
	if err := decode(data, &o); err != nil {
		return nil, err
	}

	if o == nil {
		return nil, errors.New("no object")
	}

	return o, nil
}

// decodeObjects reads a list of objects. Entries that are none are left out.
func decodeObjects(data []byte) ([]object, error) {
	var all []json.RawMessage
	if err := decode(data, &all); err != nil {
		return nil, err
	}

	return objectsOf(all), nil
}

func objectsOf(all []json.RawMessage) []object {
	out := make([]object, 0, len(all))

	for _, raw := range all {
		if o, err := decodeObject(raw); err == nil {
			out = append(out, o)
		}
	}

	return out
}

// decode reads one JSON value and nothing after it. The decoder's own error is left out: it can
// quote what it read.
func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if decoder.Decode(into) != nil {
		return errors.New("not the JSON that was expected")
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value")
	}

	return nil
}

// get decodes a member; one that is missing or of another shape leaves v alone.
func (o object) get(name string, v any) {
	if raw, ok := o[name]; ok {
		_ = json.Unmarshal(raw, v) // a member of another shape counts as missing
	}
}

func (o object) text(name string) string {
	var s string
	o.get(name, &s)

	return s
}

func (o object) truth(name string) bool {
	var b bool
	o.get(name, &b)

	return b
}

// child is a member that is an object; empty when there is none.
func (o object) child(name string) object {
	var c object
	o.get(name, &c)

	return c
}

// list is a member that is a list of objects.
func (o object) list(name string) []object {
	var all []json.RawMessage
	o.get(name, &all)

	return objectsOf(all)
}

// texts is a member that is a list of texts.
func (o object) texts(name string) []string {
	var all []string
	o.get(name, &all)

	return all
}

var numberLike = regexp.MustCompile(`^[0-9]{1,18}$`)

// number is a member that is a whole number, as its digits; some ids come as texts.
func (o object) number(name string) string {
	digits := strings.Trim(string(bytes.TrimSpace(o[name])), `"`)
	if !numberLike.MatchString(digits) {
		return ""
	}

	return digits
}

func (o object) id() string { return o.number("id") }

// set puts a value of ours into a member. Texts, lists and maps of texts always encode.
func (o object) set(name string, value any) {
	if body, err := encode(value); err == nil {
		o[name] = body
	}
}

// encode is the body to send.
func (o object) encode() []byte {
	body, err := encode(o)
	if err != nil {
		return nil // unreachable: every member came from a decoder or from set
	}

	return body
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(value); err != nil {
		return nil, errors.New("the body can't be encoded")
	}

	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// href is the address behind a rel; empty: the rel is absent.
func (o object) href(rel string) string {
	var one struct {
		Href string `json:"href"`
	}

	raw := o.child("_links")[rel]
	if json.Unmarshal(raw, &one) == nil {
		return one.Href
	}

	var several []struct {
		Href string `json:"href"`
	}

	if json.Unmarshal(raw, &several) == nil && len(several) > 0 {
		return several[0].Href
	}

	return ""
}

// has reports whether a rel is there.
func (o object) has(rel string) bool { return o.href(rel) != "" }

// named returns the first object whose member has the name, blanks aside.
func named(all []object, member, name string) (object, bool) {
	for _, o := range all {
		if strings.TrimSpace(o.text(member)) == strings.TrimSpace(name) {
			return o, true
		}
	}

	return nil, false
}
