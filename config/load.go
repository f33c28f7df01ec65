package config

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/sluse/sluse/scheduler/care"
)

// Limits of the file: its size in bytes, and how deep lists and sections may lie in each other.
// The parser works recursively and knows no limit of its own.
const (
	maxFile  = 1 << 20
	maxDepth = 32
)

// Environment looks up an environment variable; os.LookupEnv outside tests.
type Environment func(name string) (string, bool)

// Load reads the file at path. The error is ProblemsError when the file could be read: every unknown
// key, wrong value and missing secret at once.
func Load(path string, env Environment) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	defer file.Close()

	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}

	return Parse(data, env)
}

// Parse reads the text of a configuration file. The error is ProblemsError.
func Parse(data []byte, env Environment) (Config, error) {
	body, err := document(data)
	if err != nil {
		return Config{}, err
	}

	w := &walker{places: places{}, env: env}

	var c Config

	if body != nil {
		if body = w.walk(body, reflect.TypeFor[Config](), ""); body != nil {
			w.decode(body, &c)
		}
	}

	c.setDefaults()

	problems := w.problems
	for _, p := range c.validate() {
		if !w.told(p.Key) {
			problems = append(problems, p)
		}
	}

	if len(problems) == 0 {
		return c, nil
	}

	for i := range problems {
		if problems[i].Line == 0 {
			problems[i].Line = w.places.line(problems[i].Key)
		}
	}

	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.Key, b.Key), strings.Compare(a.Text, b.Text))
	})

	return Config{}, problems
}

// document parses the file's only document; nil for an empty file.
func document(data []byte) (ast.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // as editors on Windows write it

	if len(data) > maxFile {
		return nil, ProblemsError{{Text: fmt.Sprintf("the file has more than %d bytes", maxFile)}}
	}

	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, ProblemsError{{Line: i + 1, Text: "is not UTF-8"}}
		}
	}

	tokens := lexer.Tokenize(string(data))
	if line := tooDeep(tokens); line > 0 {
		return nil, ProblemsError{{Line: line, Text: fmt.Sprintf("more than %d levels", maxDepth)}}
	}

	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, syntaxProblem(err)
	}

	if len(file.Docs) > 1 {
		return nil, ProblemsError{{Line: lineOf(file.Docs[1]), Text: "a second document or a directive; the file is one document"}}
	}

	if len(file.Docs) == 0 {
		return nil, nil //nolint:nilnil // an empty file has no document, and no fault in its writing
	}

	return file.Docs[0].Body, nil
}

func lineOf(d *ast.DocumentNode) int {
	switch {
	case d.Start != nil:
		return d.Start.Position.Line
	case d.Body != nil:
		return d.Body.GetToken().Position.Line
	}

	return 0
}

// syntaxProblem takes over where and what from the parser's error, without the quoted lines: they
// could hold a secret that was put into the file by mistake.
func syntaxProblem(err error) ProblemsError {
	p := Problem{Text: "is no YAML"}

	if at, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	}); ok {
		p.Text = "is no YAML: " + at.GetMessage()

		if t := at.GetToken(); t != nil && t.Position != nil {
			p.Line = t.Position.Line
		}
	}

	return ProblemsError{p}
}

// tooDeep returns the line on which the file gets too deep, 0 when it never does. What lies in
// brackets is counted; what lies in lines of its own is indented.
func tooDeep(tokens token.Tokens) int {
	depth := 0

	for _, t := range tokens {
		switch t.Type { //nolint:exhaustive // all others open nothing
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if depth == 0 && t.Position.IndentNum > 8*maxDepth || t.Type != token.MappingValueType && t.Position.Column > 8*maxDepth {
				return t.Position.Line
			}
		}

		if depth > maxDepth {
			return t.Position.Line
		}
	}

	return 0
}

// decode fills c. What the walker found wrong is gone from the tree by now.
func (w *walker) decode(body ast.Node, c *Config) {
	err := yaml.NodeToValue(body, c, yaml.CustomUnmarshaler(func(s *care.Secret, text []byte) error {
		*s, _ = secret(text, w.env) // the walker has told what is wrong with it

		return nil
	}))
	if err != nil {
		w.problems = append(w.problems, syntaxProblem(err)...)
	}
}

// places knows the line of every key in the file.
type places map[string]int

// line returns the line of a key, or of the nearest one above it.
func (p places) line(key string) int {
	for key != "" {
		if line, ok := p[key]; ok {
			return line
		}

		key = parent(key)
	}

	return 0
}

// parent returns the key that another lies in; empty for the outermost.
func parent(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}
