package nexussim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// reply is an answer before it is sent.
type reply struct {
	status int
	header map[string]string
	body   []byte
	hang   bool // no answer at all until the caller gives up
}

// answer is JSON with a status.
func answer(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		return reply{status: http.StatusInternalServerError, body: []byte(err.Error())}
	}
	return reply{status: status, header: map[string]string{"Content-Type": "application/json;charset=UTF-8"}, body: body}
}

func ok(value any) reply { return answer(http.StatusOK, value) }

// refuse is an error in the record's form.
func refuse(status int, format string, args ...any) reply {
	return answer(status, object{"status": status, "error": http.StatusText(status), "message": fmt.Sprintf(format, args...)})
}

func bad(format string, args ...any) reply { return refuse(http.StatusBadRequest, format, args...) }

func notFound() reply { return refuse(http.StatusNotFound, "the resource does not exist") }

// stale is the answer to an old version.
func (s *Server) stale() reply {
	return refuse(s.quirks.StaleStatus, "the object was changed by another user")
}

func send(w http.ResponseWriter, out reply) {
	for name, value := range out.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

// decode reads exactly one JSON value. Numbers keep their form.
func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body is no JSON of the expected kind: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// text is a member that is a string, or empty.
func text(o object, name string) string {
	value, _ := o[name].(string)
	return value
}

// part is a member that is an object, or nil.
func part(o object, name string) object {
	value, _ := o[name].(object)
	return value
}

// whole is a member that is a whole number.
func whole(o object, name string) (int, bool) {
	switch n := o[name].(type) {
	case int:
		return n, true
	case json.Number:
		v, err := n.Int64()
		return int(v), err == nil
	}
	return 0, false
}

// objects is a member that is an array of objects; ok is false when it is anything else.
func objects(value any) (list []object, ok bool) {
	items, ok := value.([]any)
	for _, item := range items {
		o, is := item.(object)
		if !is {
			return nil, false
		}
		list = append(list, o)
	}
	return list, ok
}

// canonical is the JSON of a value with sorted members and without _links at any depth.
func canonical(value any) string {
	data, err := json.Marshal(unlinked(value))
	if err != nil {
		return err.Error() // unreachable: it came as JSON
	}
	return string(data)
}

func unlinked(value any) any {
	switch v := value.(type) {
	case object:
		out := make(object, len(v))
		for name, member := range v {
			if name != "_links" {
				out[name] = unlinked(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = unlinked(v[i])
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = unlinked(v[i])
		}
		return out
	}
	return value
}

// deepCopy is a copy of JSON values that shares nothing with the original.
func deepCopy(o object) object {
	out := make(object, len(o))
	for name, member := range o {
		out[name] = copyValue(member)
	}
	return out
}

func copyValue(value any) any {
	switch v := value.(type) {
	case object:
		return deepCopy(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	}
	return value
}
