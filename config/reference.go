package config

import (
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// field is one key of a settings type.
type field struct {
	name string
	doc  string
	kind reflect.Type
}

// fieldsOf yields the keys of a settings type in order.
func fieldsOf(t reflect.Type) iter.Seq[field] {
	return func(yield func(field) bool) {
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")

			if name == "" || name == "-" {
				continue
			}

			if !yield(field{name: name, doc: f.Tag.Get("doc"), kind: f.Type}) {
				return
			}
		}
	}
}

// Reference writes the documentation of every key as Markdown.
func Reference(w io.Writer) error {
	var b strings.Builder

	b.WriteString("# Configuration reference\n\nMade by `sluse config reference`; do not edit.\n\n" +
		"One YAML file; [example.yaml](example.yaml) is one with comments. `sluse config check -config FILE`\n" +
		"tells everything that is wrong with it at once, each with its line.\n\n" +
		"- An unknown key is an error. So is a second document, a key that stands twice, an anchor, an alias and a tag.\n" +
		"- A key that is left out, or has no value, has its default.\n" +
		"- A duration is written `90s`, `15m` or `2h`. A text that looks like something else (`010`, `yes: true`) stands in quotes.\n" +
		"- A secret is `{file: PATH}` or `{env: NAME}`, never the value itself. The file may be read by its owner and\n" +
		"  group only, and has at most 64 KiB; line ends at its end don't count.\n\n| key | kind | meaning |\n|---|---|---|\n")
	describe(&b, reflect.TypeFor[Config](), "")

	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write reference: %w", err)
	}

	return nil
}

func describe(b *strings.Builder, t reflect.Type, at string) {
	for f := range fieldsOf(t) {
		key := strings.TrimPrefix(at+"."+f.name, ".")
		inner, kind := unwrap(f.kind)

		if inner.Kind() == reflect.Struct && kind == "list" {
			key += "[]"
		}

		if inner.Kind() == reflect.Struct && kind == "table" {
			key += ".*"
		}

		fmt.Fprintf(b, "| `%s` | %s | %s |\n", key, kind, strings.ReplaceAll(f.doc, "|", `\|`))

		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[care.Secret]() {
			describe(b, inner, key)
		}
	}
}

// unwrap returns the type of the values behind lists, tables and pointers, and a word for it.
func unwrap(t reflect.Type) (reflect.Type, string) {
	switch {
	case t == reflect.TypeFor[care.Secret]():
		return t, "secret"
	case t == reflect.TypeFor[time.Duration]():
		return t, "duration"
	}

	switch t.Kind() { //nolint:exhaustive // settings have no other kinds
	case reflect.Pointer:
		return unwrap(t.Elem())
	case reflect.Slice:
		inner, _ := unwrap(t.Elem())

		return inner, "list"
	case reflect.Map:
		inner, _ := unwrap(t.Elem())

		return inner, "table"
	case reflect.Struct:
		return t, "section"
	case reflect.Bool:
		return t, "true or false"
	case reflect.Int, reflect.Float64:
		return t, "number"
	default:
		return t, "text"
	}
}
