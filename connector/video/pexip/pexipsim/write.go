package pexipsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// errBody is a body that is no JSON object.
var errBody = errors.New("the body is no single JSON object")

// decode reads a body of JSON with numbers as they were written.
func decode(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var in map[string]any
	if err := dec.Decode(&in); err != nil {
		return nil, err //nolint:wrapcheck // its text is shown to the caller
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || in == nil {
		return nil, errBody
	}
	return in, nil
}

// object reads the body of a write.
func (x *exchange) object() (map[string]any, *reply) {
	if !strings.HasPrefix(x.rec.ContentType, "application/json") {
		out := badRequest("The format indicated '" + x.rec.ContentType + "' had no available deserialization method.")
		return nil, &out
	}
	in, err := decode(x.body)
	if err != nil {
		out := badRequest("Invalid JSON: " + err.Error())
		return nil, &out
	}
	return in, nil
}

func (s *Server) create(x *exchange, sp *spec) reply {
	in, refused := x.object()
	if refused != nil {
		return *refused
	}
	made, wrong := s.make(x, sp, in)
	if wrong != nil {
		return s.invalid(x, sp.name, wrong)
	}
	return reply{status: http.StatusCreated, header: map[string]string{"Location": s.location(x, sp, made.id)}}
}

// location is relative or absolute (§1.6).
func (s *Server) location(x *exchange, sp *spec, id int) string {
	if s.dice.share("location", x.rec.Key) < 0.5 {
		return sp.uri(id)
	}
	return x.base + sp.uri(id)
}

// make stores a new object.
func (s *Server) make(x *exchange, sp *spec, in map[string]any) (*object, complaints) {
	d, wrong := s.config.accept(sp, nil, in, false, s.opts.Strict)
	if wrong != nil {
		return nil, wrong
	}
	o := s.config.add(sp.name, d.values, x.now)
	s.settle(sp, o, d, x)
	return o, nil
}

func (s *Server) update(x *exchange, sp *spec, o *object, replace bool) *reply {
	in, refused := x.object()
	if refused != nil {
		return refused
	}
	if wrong := s.amend(x, sp, o, in, replace); wrong != nil {
		out := s.invalid(x, sp.name, wrong)
		return &out
	}
	return nil
}

// amend changes an object.
func (s *Server) amend(x *exchange, sp *spec, o *object, in map[string]any, replace bool) complaints {
	d, wrong := s.config.accept(sp, o, in, replace, s.opts.Strict)
	if wrong != nil {
		return wrong
	}
	before := o.number("conference")
	s.config.change(sp.name, o, d.values)
	if sp.name == resAlias && before != o.number("conference") {
		s.config.publish(before, x.now)
	}
	s.settle(sp, o, d, x)
	return nil
}

// settle does what follows from a write: aliases, nodes, event sinks.
func (s *Server) settle(sp *spec, o *object, d draft, x *exchange) {
	switch sp.name {
	case resConference:
		if d.renamed {
			s.config.replaceAliases(o.id, d.aliases, x.now)
		}
		s.config.publish(o.id, x.now)
	case resAlias:
		id := o.number("conference")
		if !slices.Contains(s.world.aliasIDs[id], o.id) {
			s.world.aliasIDs[id] = append(s.world.aliasIDs[id], o.id)
		}
		s.config.publish(id, x.now)
	case resSink:
		o.values["updated_at"] = x.now
		s.config.attach(x.now)
	case resLocation:
		s.config.attach(x.now)
	}
}

// deleteAll is DELETE of a collection: it really removes every object, whatever the query
// says, and is counted so that tests can prove that nobody does it (§1.6).
func (s *Server) deleteAll(x *exchange, sp *spec) {
	s.config.emptied++
	for _, o := range s.config.all(sp.name) {
		s.config.remove(sp.name, o.id, x.now)
	}
}

// bulk is PATCH of a collection (§1.6). Objects are taken in order; the first that is wrong
// ends the request, and those before it stay.
func (s *Server) bulk(x *exchange, sp *spec) reply {
	in, refused := x.object()
	if refused != nil {
		return *refused
	}
	objects, ok := in["objects"].([]any)
	deleted, okDeleted := orList(in["deleted_objects"]).([]any)
	if !ok || !okDeleted {
		return badRequest("Invalid data sent: 'objects' is missing.")
	}
	for _, item := range objects {
		members, isObject := item.(map[string]any)
		if !isObject {
			return badRequest("Invalid data sent: an object is expected.")
		}
		if wrong := s.bulkOne(x, sp, members); wrong != nil {
			return s.invalid(x, sp.name, wrong)
		}
	}
	for _, item := range deleted {
		uri, _ := item.(string)
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(uri, sp.path()), "/"))
		if err != nil || !s.config.remove(sp.name, n, x.now) {
			return badRequest("Could not find the object via resource URI '" + uri + "'.")
		}
	}
	return reply{status: http.StatusAccepted}
}

func orList(v any) any {
	if v == nil {
		return []any{}
	}
	return v
}

func (s *Server) bulkOne(x *exchange, sp *spec, members map[string]any) complaints {
	uri, named := members["resource_uri"].(string)
	if !named {
		_, wrong := s.make(x, sp, members)
		return wrong
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(uri, sp.path()), "/"))
	o := s.config.tables[sp.name].objects[n]
	if err != nil || o == nil {
		return complaints{"__all__": {"Could not find the object via resource URI '" + uri + "'."}}
	}
	return s.amend(x, sp, o, members, false)
}
