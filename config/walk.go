package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/sluse/sluse/scheduler/care"
)

// walker goes through the file beside the Config type. It notes every key's line, finds keys that
// no field has, values of the wrong kind and faulty secrets, and takes them out of the tree, so
// that the rest can be decoded and judged too.
type walker struct {
	places   places
	problems ProblemsError
	env      Environment
}

func (w *walker) bad(key string, line int, text string) ast.Node {
	w.problems = append(w.problems, Problem{Line: line, Key: key, Text: text})

	return nil
}

// told reports whether the key, or one that it lies in, has a problem already.
func (w *walker) told(key string) bool {
	for ; key != ""; key = parent(key) {
		if slices.ContainsFunc(w.problems, func(p Problem) bool { return p.Key == key }) {
			return true
		}
	}

	return slices.ContainsFunc(w.problems, func(p Problem) bool { return p.Key == "" })
}

// walk returns the node, or nil when it is not what its key takes.
func (w *walker) walk(node ast.Node, t reflect.Type, at string) ast.Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}

	line := node.GetToken().Position.Line

	switch node.(type) {
	case *ast.NullNode: // a key without a value has its default
		return node
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return w.bad(at, line, "anchors, aliases and tags are not allowed; write the value out")
	}

	if t == reflect.TypeFor[care.Secret]() {
		if _, err := secret([]byte(node.String()), w.env); err != nil {
			return w.bad(at, line, err.Error())
		}

		return node
	}

	switch t.Kind() { //nolint:exhaustive // settings have no other kinds; scalar judges the rest
	case reflect.Struct, reflect.Map:
		return w.section(node, t, at, line)
	case reflect.Slice:
		return w.list(node, t, at, line)
	default:
		if fault := scalarFault(node, t); fault != "" {
			return w.bad(at, line, fault)
		}

		return node
	}
}

func (w *walker) section(node ast.Node, t reflect.Type, at string, line int) ast.Node {
	m, ok := node.(*ast.MappingNode)
	if !ok {
		return w.bad(at, line, "must be a section of keys")
	}

	var good []*ast.MappingValueNode

	for _, v := range m.Values {
		if w.pair(v, t, at) {
			good = append(good, v)
		}
	}

	m.Values = good

	return m
}

func (w *walker) list(node ast.Node, t reflect.Type, at string, line int) ast.Node {
	s, ok := node.(*ast.SequenceNode)
	if !ok {
		return w.bad(at, line, "must be a list")
	}

	for i, v := range s.Values {
		key := fmt.Sprintf("%s[%d]", at, i)
		w.places[key] = v.GetToken().Position.Line

		if s.Values[i] = w.walk(v, t.Elem(), key); s.Values[i] == nil {
			s.Values[i] = ast.Null(v.GetToken()) // the others keep their number
		}
	}

	return s
}

// pair reports whether a key and its value are good.
func (w *walker) pair(n *ast.MappingValueNode, t reflect.Type, at string) bool {
	name := n.Key.GetToken().Value
	key := strings.TrimPrefix(at+"."+name, ".")
	w.places[key] = n.Key.GetToken().Position.Line

	if t.Kind() == reflect.Map {
		n.Value = w.walk(n.Value, t.Elem(), key)

		return n.Value != nil
	}

	for f := range fieldsOf(t) {
		if f.name == name {
			n.Value = w.walk(n.Value, f.kind, key)

			return n.Value != nil
		}
	}

	w.bad(key, w.places[key], "is no key; see sluse config reference")

	return false
}

// scalarFault tells what a value must be when it is something else. YAML would read 010 as 8, 5.5
// as 5 and yes as a text; none of them is what was meant.
func scalarFault(node ast.Node, t reflect.Type) string {
	text, isText := textOf(node)
	number, isNumber := node.(*ast.IntegerNode)
	_, isBool := node.(*ast.BoolNode)
	plainNumber := isNumber && strings.Trim(number.Token.Value, "0123456789") == "" && number.Token.Value == strconv.FormatUint(unsigned(number.Value), 10)

	switch {
	case t == reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(text); !isText || err != nil {
			return "must be a duration like 90s, 15m or 2h"
		}
	case t.Kind() == reflect.Bool && !isBool:
		return "must be true or false"
	case t.Kind() == reflect.Int && (!plainNumber || unsigned(number.Value) > math.MaxInt32):
		return "must be a whole number"
	case t.Kind() == reflect.Float64 && !plainNumber && !isFraction(node):
		return "must be a number like 2 or 0.5"
	case t.Kind() == reflect.String && !isText && !plainNumber:
		return "must be a text; write it in quotes"
	}

	return ""
}

// isFraction reports whether a value is written as plain decimal digits with one point.
func isFraction(node ast.Node) bool {
	n, ok := node.(*ast.FloatNode)
	if !ok {
		return false
	}

	whole, part, ok := strings.Cut(n.Token.Value, ".")

	return ok && whole != "" && part != "" && strings.Trim(whole+part, "0123456789") == ""
}

func textOf(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}

	return "", false
}

func unsigned(v any) uint64 {
	switch n := v.(type) {
	case uint64:
		return n
	case int64:
		return uint64(max(n, 0))
	}

	return 0
}
