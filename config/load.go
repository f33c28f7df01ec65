package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/sluse/sluse/scheduler/care"
)

// maxFile bounds the configuration file, in bytes.
const maxFile = 4 << 20

// Environment looks up an environment variable; os.LookupEnv outside tests.
type Environment func(name string) (string, bool)

// Load reads the file at path. The error is Problems when the file could be read: every unknown
// key, wrong value and missing secret at once.
func Load(path string, env Environment) (Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}

	if info.Size() > maxFile {
		return Config{}, fmt.Errorf("configuration: %s has more than %d bytes", path, maxFile)
	}

	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}

	return Parse(data, env)
}

// Parse reads the text of a configuration file.
func Parse(data []byte, env Environment) (Config, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return Config{}, Problems{{Text: yaml.FormatError(err, false, false)}}
	}

	places, problems := examine(file)

	var (
		c     Config
		fault *secretFault
	)

	err = yaml.NewDecoder(strings.NewReader(string(data)), yaml.CustomUnmarshaler(func(s *care.Secret, text []byte) error {
		value, err := secret(text, env)
		*s = value

		return err
	})).Decode(&c)

	switch {
	case errors.As(err, &fault):
		problems = append(problems, Problem{Text: fault.text})
	case err != nil && len(file.Docs) > 0:
		problems = append(problems, Problem{Text: yaml.FormatError(err, false, false)})
	}

	if err == nil {
		c.setDefaults()
		problems = append(problems, c.validate()...)
	}

	for i := range problems {
		if problems[i].Line == 0 {
			problems[i].Line = places.line(problems[i].Key)
		}
	}

	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })

		return Config{}, problems
	}

	return c, nil
}

type secretFault struct{ text string }

func (f *secretFault) Error() string { return f.text }

// secret reads {file: PATH} or {env: NAME}. A secret in the file itself is refused.
func secret(text []byte, env Environment) (care.Secret, error) {
	var from struct {
		File string `yaml:"file"`
		Env  string `yaml:"env"`
	}

	if err := yaml.UnmarshalWithOptions(text, &from, yaml.Strict()); err != nil || (from.File == "") == (from.Env == "") {
		return care.Secret{}, &secretFault{"a secret is given as {file: PATH} or {env: NAME}, never in the file itself"}
	}

	if from.Env != "" {
		value, ok := env(from.Env)
		if !ok || value == "" {
			return care.Secret{}, &secretFault{"the environment variable " + from.Env + " is not set"}
		}

		return care.NewSecret(value), nil
	}

	value, err := os.ReadFile(from.File)
	if err != nil {
		return care.Secret{}, &secretFault{"the secret's file " + from.File + " can't be read"}
	}

	return care.NewSecret(strings.TrimRight(string(value), "\r\n")), nil
}

// places knows the line of every key in the file.
type places map[string]int

// line returns the line of a key, or of the nearest one above it.
func (p places) line(key string) int {
	for key != "" {
		if line, ok := p[key]; ok {
			return line
		}

		cut := strings.LastIndexAny(key, ".[")
		if cut < 0 {
			break
		}

		key = key[:cut]
	}

	return 0
}

// examine walks the file beside the Config type: it notes every key's line and finds the keys
// that no field has.
func examine(file *ast.File) (places, Problems) {
	w := walker{places: places{}}

	for _, doc := range file.Docs {
		if doc.Body != nil {
			w.walk(doc.Body, reflect.TypeFor[Config](), "")
		}
	}

	return w.places, w.problems
}

type walker struct {
	places   places
	problems Problems
}

func (w *walker) walk(node ast.Node, t reflect.Type, at string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}

	if t == reflect.TypeFor[care.Secret]() {
		return
	}

	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			w.pair(v, t, at)
		}
	case *ast.MappingValueNode:
		w.pair(n, t, at)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for i, v := range n.Values {
				w.walk(v, t.Elem(), fmt.Sprintf("%s[%d]", at, i))
			}
		}
	}
}

func (w *walker) pair(n *ast.MappingValueNode, t reflect.Type, at string) {
	name := n.Key.GetToken().Value
	key := strings.TrimPrefix(at+"."+name, ".")
	w.places[key] = n.Key.GetToken().Position.Line

	switch t.Kind() {
	case reflect.Struct:
		for f := range fieldsOf(t) {
			if f.name == name {
				w.walk(n.Value, f.kind, key)

				return
			}
		}

		w.problems = append(w.problems, Problem{Line: w.places[key], Key: key, Text: "is no key; see sluse config reference"})
	case reflect.Map:
		w.walk(n.Value, t.Elem(), key)
	}
}
