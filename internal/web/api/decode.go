package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// The content types that bodies come in.
const (
	jsonBody      = "application/json"
	multipartForm = "multipart/form-data"
)

// maxWord bounds ids and other single words in bytes; ours have 36 characters or fewer.
const maxWord = 128

// takes refuses bodies of another content type with 415, before anything is read.
func takes(media string, next route.Handler) route.Handler {
	return func(c *gin.Context) error {
		if got, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || got != media {
			return wrongType(c, media)
		}

		return next(c)
	}
}

// empty refuses a body where none belongs: the caller believes in a setting that does not exist.
func empty(next route.Handler) route.Handler {
	return func(c *gin.Context) error {
		data, err := readAll(c.Request.Body)
		if err != nil {
			return err
		}

		if len(bytes.TrimSpace(data)) > 0 {
			return care.NewError(care.Invalid, "Kaldet må ikke have noget indhold.")
		}

		return next(c)
	}
}

// wrongType answers 415. It is written here because no kind of care.Error means it: only HTTP
// knows of content types.
func wrongType(c *gin.Context, want string) error {
	err := care.NewError(care.Invalid, "Indholdet skal sendes som "+want+".")
	_ = c.Error(err) // for the log

	body, encodeErr := json.Marshal(typeProblem{
		Type: "about:blank", Title: http.StatusText(http.StatusUnsupportedMediaType), Status: http.StatusUnsupportedMediaType,
		Detail: err.Message, Kind: err.Kind.String(), Instance: "urn:sluse:request:" + route.RequestID(c),
	})
	if encodeErr != nil {
		return fmt.Errorf("problem: %w", encodeErr)
	}

	c.Data(http.StatusUnsupportedMediaType, "application/problem+json", body)
	c.Abort()

	return nil
}

// typeProblem has the shape of every other problem document of the program.
type typeProblem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
}

// readAll reads a body to its end. A body over the limit stays *http.MaxBytesError, which
// internal/web turns into 413.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, incomplete(err)
	}

	return data, nil
}

func incomplete(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}

	return &care.Error{Kind: care.Invalid, Message: "Indholdet kom ikke helt frem, eller det er ikke opbygget rigtigt. Send det igen.", Err: err}
}

// decode reads the request's body, one flat JSON object, into the struct that into points to.
func decode(c *gin.Context, into any) error {
	data, err := readAll(c.Request.Body)
	if err != nil {
		return err
	}

	return decodeBytes(data, into)
}

// decodeBytes goes by what encoding/json leaves open: it would take fields in another case, the
// last of two fields of one name, and null for anything.
func decodeBytes(data []byte, into any) error {
	if !utf8.Valid(data) {
		return care.NewError(care.Invalid, "Indholdet skal være UTF-8.")
	}

	if err := checkFields(data, fieldsOf(into)); err != nil {
		return err
	}

	err := json.Unmarshal(data, into)

	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &care.Error{Kind: care.Invalid, Message: "Feltet »" + wrong.Field + "« har en forkert type.", Err: err}
	}

	if err != nil {
		return notJSON(err)
	}

	return nil
}

func notJSON(err error) error {
	return &care.Error{Kind: care.Invalid, Message: "Indholdet er ikke gyldig JSON.", Err: err}
}

// fieldsOf returns the JSON names of the struct that p points to.
func fieldsOf(p any) []string {
	t := reflect.TypeOf(p).Elem()
	names := make([]string, t.NumField())

	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}

	return names
}

// checkFields walks through the tokens of one JSON object, whose fields hold no objects.
func checkFields(data []byte, known []string) error {
	dec := json.NewDecoder(bytes.NewReader(data))

	first, err := dec.Token()
	if err != nil {
		return notJSON(err)
	}

	if first != json.Delim('{') {
		return care.NewError(care.Invalid, "Indholdet skal være ét JSON-objekt.")
	}

	seen := map[string]bool{}

	for dec.More() {
		if err := checkField(dec, known, seen); err != nil {
			return err
		}
	}

	if _, err := dec.Token(); err != nil { // the closing brace
		return notJSON(err)
	}

	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return care.NewError(care.Invalid, "Der står noget efter JSON-objektet.")
	}

	return nil
}

func checkField(dec *json.Decoder, known []string, seen map[string]bool) error {
	token, err := dec.Token()
	if err != nil {
		return notJSON(err)
	}

	name, _ := token.(string)

	switch {
	case !slices.Contains(known, name):
		return care.NewError(care.Invalid, quoted(theField, name)+" kendes ikke.")
	case seen[name]:
		return care.NewError(care.Invalid, quoted(theField, name)+" står der to gange.")
	}

	seen[name] = true

	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return notJSON(err)
	}

	if string(value) == "null" {
		return care.NewError(care.Invalid, quoted(theField, name)+" må ikke være null. Udelad det i stedet.")
	}

	return nil
}

// named is what a sentence is about.
type named string

const (
	theField     named = "Feltet"
	theParameter named = "Parameteren"
)

// quoted names a field that the caller sent. What could be a number or a person's data is not
// repeated: details are logged.
func quoted(what named, name string) string {
	odd := strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if name == "" || len(name) > 40 || odd {
		return map[named]string{theField: "Et af felterne", theParameter: "En af parametrene"}[what]
	}

	return string(what) + " »" + name + "«"
}

// parameters refuses query parameters that the route does not know, and repeated ones.
func parameters(c *gin.Context, known ...string) error {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return &care.Error{Kind: care.Invalid, Message: "Adressens parametre kan ikke læses.", Err: errors.New("malformed query")}
	}

	for name, values := range query {
		switch {
		case !slices.Contains(known, name):
			return care.NewError(care.Invalid, quoted(theParameter, name)+" kendes ikke.")
		case len(values) > 1:
			return care.NewError(care.Invalid, quoted(theParameter, name)+" står der flere gange.")
		case !clean(values[0]):
			return care.NewError(care.Invalid, quoted(theParameter, name)+" er for lang eller indeholder tegn, der ikke kan bruges.")
		}
	}

	return nil
}

// clean reports whether a text can be an id or another single word.
func clean(s string) bool {
	return len(s) <= maxWord && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// pathID returns an id of the path. What can't be an id of ours is not found.
func pathID(c *gin.Context, name string) (string, error) {
	if err := parameters(c); err != nil {
		return "", err
	}

	id := c.Param(name)
	if id == "" || !clean(id) {
		return "", care.NewError(care.NotFound, "Adressen findes ikke.")
	}

	return id, nil
}

// dayOf reads a day that must be given.
func dayOf(c *gin.Context, name string) (care.Day, error) {
	text := c.Query(name)
	if text == "" {
		return "", care.NewError(care.Invalid, "Angiv parameteren »"+name+"« som 2026-11-23.")
	}

	return care.ParseDay(text)
}

// word checks a text against the words that are allowed; empty passes.
func word[T ~string](field, text string, allowed []T) (T, error) {
	if text == "" || slices.Contains(allowed, T(text)) {
		return T(text), nil
	}

	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}

	return "", care.NewError(care.Invalid, "»"+field+"« skal være én af: "+strings.Join(names, ", ")+".")
}
