package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// edit is one change of one attribute that a PATCH asks for.
type edit struct {
	op    string // add, replace or remove
	path  string // canonical
	of    string // of path members[value eq "x"]: x
	value json.RawMessage
}

// maxOperations bounds a PATCH.
const maxOperations = 1_000

// parsePatch reads a PATCH (RFC 7644 §3.5.2), Entra's and Okta's dialects too, into edits with a
// path each.
func parsePatch(data []byte) ([]edit, error) {
	var body struct {
		Schemas    []string `json:"schemas"`
		Operations []struct {
			Op    string          `json:"op"`
			Path  string          `json:"path"`
			Value json.RawMessage `json:"value"`
		} `json:"Operations"`
	}

	if err := decode(data, &body); err != nil {
		return nil, err
	}

	if len(body.Schemas) > 0 && !slices.Contains(body.Schemas, schemaPatch) {
		return nil, invalid("invalidSyntax", "the body is no PatchOp")
	}

	if len(body.Operations) == 0 || len(body.Operations) > maxOperations {
		return nil, invalid("invalidSyntax", "a PatchOp has 1 to 1000 operations")
	}

	var out []edit

	for _, o := range body.Operations {
		op := strings.ToLower(o.Op) // Entra writes Add, Replace, Remove
		if op != "add" && op != "replace" && op != "remove" {
			return nil, invalid("invalidSyntax", "an operation is add, replace or remove")
		}

		if o.Path != "" {
			one, err := editOf(op, o.Path, o.Value)
			if err != nil {
				return nil, err
			}

			out = append(out, one)

			continue
		}

		more, err := spread(op, o.Value)
		if err != nil {
			return nil, err
		}

		out = append(out, more...)
	}

	return out, nil
}

func editOf(op, path string, value json.RawMessage) (edit, error) {
	out := edit{op: op, path: canonical(path), value: value}
	if !strings.HasPrefix(strings.ToLower(path), "members[") {
		return out, nil
	}

	inner := path[len("members["):]
	end := strings.LastIndex(inner, "]")

	if end < 0 {
		return out, invalid("invalidPath", "a bracket is not closed")
	}

	conditions, err := parseFilter(inner[:end])
	if err != nil || len(conditions) != 1 || conditions[0].attribute != "value" {
		return out, invalid("invalidPath", "members are found by value eq \"id\"")
	}

	out.of = conditions[0].value

	return out, nil
}

// spread turns an operation without a path into one edit per attribute. The names of attributes
// may be paths (Entra: "name.givenName") or lead into one (Okta: "name": {…}).
func spread(op string, value json.RawMessage) ([]edit, error) {
	if op == "remove" {
		return nil, &problem{status: http.StatusBadRequest, kind: "noTarget", detail: "remove needs a path"}
	}

	var attributes map[string]json.RawMessage
	if err := decode(value, &attributes); err != nil {
		return nil, err
	}

	var out []edit

	for path, v := range attributes {
		if canonical(path) != "name" {
			one, err := editOf(op, path, v)
			if err != nil {
				return nil, err
			}

			out = append(out, one)

			continue
		}

		var parts map[string]json.RawMessage
		if err := decode(v, &parts); err != nil {
			return nil, err
		}

		for part, v := range parts {
			out = append(out, edit{op: op, path: canonical("name." + part), value: v})
		}
	}

	// A map has no order; what comes later wins, so there has to be one.
	slices.SortFunc(out, func(a, b edit) int { return strings.Compare(b.path, a.path) })

	return out, nil
}

// text reads a string; empty for null and for what is removed.
func (e edit) text() (string, error) {
	if e.op == "remove" || len(e.value) == 0 {
		return "", nil
	}

	var out *string
	if err := json.Unmarshal(e.value, &out); err != nil {
		return "", invalid("invalidValue", "the value is no text")
	}

	if out == nil {
		return "", nil
	}

	return *out, nil
}

// patchPerson applies edits to a person. Attributes that mean nothing here are ignored.
func patchPerson(p *directory.Person, edits []edit) error {
	given, family := split(p.Name)
	whole, parts := false, false // which of the name was told

	for _, e := range edits {
		var err error

		switch e.path {
		case "username":
			p.Login, err = e.text()
		case "externalid":
			p.ExternalID, err = e.text()
		case "displayname", "name.formatted":
			if p.Name, err = e.text(); err == nil {
				given, family = split(p.Name)
				whole = true
			}
		case "name.givenname":
			given, err = e.text()
			parts = true
		case "name.familyname":
			family, err = e.text()
			parts = true
		case "active":
			p.Active, err = e.active()
		case "emails":
			p.Email, err = e.mail()
		}

		if err != nil {
			return err
		}
	}

	if parts && !whole {
		p.Name = full("", "", given, family)
	}

	return nil
}

// active reads whether the person works there; what is removed is false.
func (e edit) active() (bool, error) {
	if e.op == "remove" {
		return false, nil
	}

	var out flag
	if err := decode(e.value, &out); err != nil {
		return false, invalid("invalidValue", "active is true or false")
	}

	return bool(out), nil
}

// mail reads an address, alone or in a list of addresses.
func (e edit) mail() (string, error) {
	if e.op == "remove" {
		return "", nil
	}

	var all []mailEntry
	if err := json.Unmarshal(e.value, &all); err == nil {
		return mailOf(all), nil
	}

	var one mailEntry
	if err := json.Unmarshal(e.value, &one); err == nil {
		return one.Value, nil
	}

	return e.text()
}

// patchGroup applies edits to a group. Attributes that mean nothing here are ignored.
func patchGroup(g *directory.Group, edits []edit) error {
	for _, e := range edits {
		var err error

		switch e.path {
		case "displayname":
			g.Name, err = e.text()
		case "externalid":
			g.ExternalID, err = e.text()
		case "members":
			err = e.members(g)
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// members adds, replaces or removes members. Entra removes them by a list of values without a
// filter in the path; without any value all are removed.
func (e edit) members(g *directory.Group) error {
	named, err := e.references()
	if err != nil {
		return err
	}

	switch {
	case e.op == "add":
		g.Members = append(g.Members, named...)
	case e.op == "replace" && e.of == "":
		g.Members = named
	case e.op == "remove" && len(named) == 0 && e.of == "":
		g.Members = nil
	case e.op == "remove":
		g.Members = slices.DeleteFunc(g.Members, func(id care.EmployeeID) bool { return string(id) == e.of || slices.Contains(named, id) })
	}

	return nil
}

func (e edit) references() ([]care.EmployeeID, error) {
	if len(e.value) == 0 || string(e.value) == "null" {
		return nil, nil
	}

	var all []reference
	if err := json.Unmarshal(e.value, &all); err != nil {
		var one reference
		if err := json.Unmarshal(e.value, &one); err != nil {
			return nil, invalid("invalidValue", "members are a list of objects with a value")
		}

		all = []reference{one}
	}

	out := make([]care.EmployeeID, 0, len(all))

	for _, r := range all {
		if r.Value == "" {
			return nil, invalid("invalidValue", "a member has no value")
		}

		out = append(out, care.EmployeeID(r.Value))
	}

	return out, nil
}
