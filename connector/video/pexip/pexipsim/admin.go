package pexipsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Handler serves the token endpoint, the management API and the web app pages, as if the
// Management Node and a Conferencing Node had one address.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+tokenPath, s.endpoint(apiToken, OpToken, tokenKey, s.issueToken))
	mux.HandleFunc("/api/admin/", s.admin)
	s.routeWebApp(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", serverHeader)
		http.Error(w, "Not found.", http.StatusNotFound)
	})
	return mux
}

// route is where a management call goes.
type route struct {
	section  string
	parts    []string // what follows the section's version
	op       string
	resource string
	id       string // empty for the collection
	schema   bool
}

// admin serves everything below /api/admin/. A path without the slash at its end is redirected
// for GET and lost for everything else (§1.1).
func (s *Server) admin(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/") {
		w.Header().Set("Server", serverHeader)
		s.ledger.add(RequestRecord{
			API: "admin", Op: OpUnknown, Method: r.Method, Path: r.URL.Path, Time: s.Now().UTC(), Detail: "no slash at the end",
		})
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			target := *r.URL
			target.Path += "/"
			w.Header().Set("Location", target.RequestURI())
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		http.NotFound(w, r)
		return
	}
	to := routeOf(r)
	key := func(x *exchange) string { return s.keyOf(x, to) }
	s.endpoint(to.section, to.op, key, func(x *exchange) reply { return s.manage(x, to) })(w, r)
}

// routeOf takes a path apart and names the operation.
func routeOf(r *http.Request) route {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/api/admin/"), "/"), "/")
	out := route{section: "admin", op: OpUnknown}
	if len(parts) < 3 || parts[1] != "v1" {
		return out
	}
	out.section, out.parts, out.resource = parts[0], parts[2:], parts[2]
	prefix := ""
	if out.section != sectionConfiguration {
		prefix = out.section + "."
	}
	if out.section == sectionCommand {
		out.op = prefix + strings.Join(out.parts, ".")
		return out
	}
	what := ""
	switch {
	case len(out.parts) == 1:
		what = listOp(r.Method)
	case len(out.parts) == 2 && out.parts[1] == "schema":
		out.schema, what = true, "schema"
	case len(out.parts) == 2:
		out.id, what = out.parts[1], itemOp(r.Method)
	}
	if what != "" {
		out.op = prefix + out.resource + "." + what
	}
	return out
}

func listOp(method string) string {
	switch method {
	case http.MethodGet:
		return "list"
	case http.MethodPost:
		return "create"
	case http.MethodPatch:
		return "bulk"
	case http.MethodDelete:
		return "delete_all"
	case http.MethodPut:
		return "put_all"
	}
	return ""
}

func itemOp(method string) string {
	switch method {
	case http.MethodGet:
		return "get"
	case http.MethodPatch:
		return "patch"
	case http.MethodPut:
		return "put"
	case http.MethodDelete:
		return "delete"
	}
	return ""
}

// keyOf is what a management call is about: a conference's name where it can be told.
func (s *Server) keyOf(x *exchange, to route) string {
	q := x.r.URL.Query()
	for _, name := range []string{"name", "conference_name", "conference", "service_tag"} {
		if v := q.Get(name); v != "" {
			return v
		}
	}
	var body struct {
		Name         string `json:"name"`
		ConferenceID string `json:"conference_id"`
	}
	if len(x.body) > 0 && json.Unmarshal(x.body, &body) == nil && body.Name != "" {
		return body.Name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if to.section == sectionCommand {
		if in := s.world.instances[body.ConferenceID]; in != nil {
			return in.name
		}
	}
	if id, err := strconv.Atoi(to.id); err == nil && to.resource == resConference && to.section == sectionConfiguration {
		if o := s.config.tables[resConference].objects[id]; o != nil {
			return o.text("name")
		}
	}
	if x.r.URL.RawQuery != "" {
		return x.r.URL.RawQuery
	}
	return strings.Join(to.parts, "/")
}

// manage answers a management call: who calls, how often, and what.
func (s *Server) manage(x *exchange, to route) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overLimit(x.now) {
		return s.tooMany(x.now)
	}
	if refused := s.authorise(x); refused != nil {
		return *refused
	}
	s.world.advance(x.now)
	if x.by.readOnly && x.r.Method != http.MethodGet {
		return reply{status: http.StatusForbidden, detail: "the client's role may read only"}
	}
	switch to.section {
	case sectionConfiguration:
		return s.configure(x, to)
	case sectionStatus:
		return s.status(x, to)
	case sectionHistory:
		return s.history(x, to)
	case sectionCommand:
		return s.command(x, to)
	}
	return notFound()
}

// configure serves the section configuration.
func (s *Server) configure(x *exchange, to route) reply {
	sp := s.config.specs[to.resource]
	switch {
	case sp == nil:
		return unbuilt("resource " + to.resource)
	case to.schema:
		return jsonReply(http.StatusOK, sp.schema())
	case len(to.parts) == 1:
		return s.onCollection(x, sp)
	case len(to.parts) == 2:
		return s.onItem(x, sp, to.id)
	}
	return notFound()
}

func (s *Server) onCollection(x *exchange, sp *spec) reply {
	if !slices.Contains(sp.list, strings.ToLower(x.r.Method)) {
		return notAllowed()
	}
	switch x.r.Method {
	case http.MethodGet:
		return s.listConfiguration(x, sp)
	case http.MethodPost:
		return s.create(x, sp)
	case http.MethodPatch:
		return s.bulk(x, sp)
	case http.MethodDelete:
		s.deleteAll(x, sp)
		return reply{status: http.StatusNoContent}
	}
	return unbuilt(x.r.Method + " of a collection")
}

func (s *Server) listConfiguration(x *exchange, sp *spec) reply {
	objects := s.config.all(sp.name)
	if want := x.r.URL.Query().Get("name"); want != "" && sp.byName["name"] != nil { // the usual look-up needs no walk
		objects = nil
		if o := s.config.named(sp.name, want); o != nil {
			objects = []*object{o}
		}
	}
	rows := make([]record, 0, len(objects))
	for _, o := range objects {
		rows = append(rows, record{
			value: func(field string) any { return o.values[field] },
			write: func() map[string]any { return s.config.show(sp, o) },
		})
	}
	return s.list(x, sp, rows)
}

func (s *Server) onItem(x *exchange, sp *spec, id string) reply {
	if !slices.Contains(sp.detail, strings.ToLower(x.r.Method)) {
		return notAllowed()
	}
	n, err := strconv.Atoi(id)
	o := s.config.tables[sp.name].objects[n]
	if err != nil || o == nil {
		return notFound()
	}
	switch x.r.Method {
	case http.MethodGet:
		return jsonReply(http.StatusOK, s.config.show(sp, o))
	case http.MethodPatch:
		if refused := s.update(x, sp, o, false); refused != nil {
			return *refused
		}
		return reply{status: http.StatusAccepted}
	case http.MethodPut:
		if refused := s.update(x, sp, o, true); refused != nil {
			return *refused
		}
		return reply{status: http.StatusNoContent}
	case http.MethodDelete:
		s.config.remove(sp.name, n, x.now)
		return reply{status: http.StatusNoContent}
	}
	return notAllowed()
}
