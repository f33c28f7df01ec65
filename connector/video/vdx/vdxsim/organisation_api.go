package vdxsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The organisation service is a neighbour of the video API with its own paths, for
// administrators only (§8). It has no known public address; here it stands on the plain
// listener: v1 with session data below /services, v2 with a token below /services/v2. What a
// tree answer begins with is inference: the topmost ancestor.

// OpOrganisation is every operation of the organisation service.
const OpOrganisation = "organisation"

func (s *Server) routeOrganisations(mux *http.ServeMux, d dialect, who authenticator) {
	query := func(x *exchange) string { return x.r.URL.RawQuery }
	organisations, tree := "/services"+d.path()+"/organisation", "/services"+d.path()+"/organisationtree"
	later := "/services/v2/" // of operations that came after v1's own paths
	if d == v1 {
		later = "/services/v1/"
	}
	routes := map[string]func(*exchange) (reply, *problem){
		"GET " + organisations:                            s.getOrganisation,
		"GET " + organisations + "/{code...}":             s.getOrganisation,
		"POST " + organisations:                           s.postOrganisation,
		"POST " + organisations + "/{code...}":            s.postOrganisation,
		"POST " + organisations + "/uri":                  s.organisationsByURI,
		"GET " + tree:                                     s.getTree,
		"GET " + tree + "/{code...}":                      s.getTree,
		"GET " + later + "organisationtree-children":      s.getChildren,
		"POST " + later + "organisation-tree-for-api-key": s.treeForKey,
	}
	if d == v2 {
		routes["PUT "+organisations+"/{code}"] = s.putOrganisation
		routes["GET "+organisations+"/{code}/descendants"] = s.getDescendants
		routes["GET "+organisations+"/{code}"] = s.getOrganisation
		delete(routes, "GET "+organisations+"/{code...}")
	}
	for pattern, do := range routes {
		mux.HandleFunc(pattern, s.endpoint(apiOrganisation, OpOrganisation, query, s.organisationGate(d, who, do)))
	}
}

const apiOrganisation = "organisation"

// organisationGate is the common gate with this service's error body; every role but ADMIN is
// refused.
func (s *Server) organisationGate(d dialect, who authenticator, do func(*exchange) (reply, *problem)) action {
	return func(x *exchange) reply {
		x.dialect = d
		if refused := who(x); refused != nil {
			return *refused
		}
		p := forbidden("Access Denied")
		if x.by.has(RoleAdmin) {
			var out reply
			if out, p = do(x); p == nil {
				return out
			}
		}
		out := jsonReply(p.status, "application/json", map[string]any{
			"timestamp": x.now.UTC().Format(time.RFC3339), "path": x.rec.Path, "status": p.status,
			"status_text": http.StatusText(p.status), "error": p.text,
		})
		out.detail = p.text
		return out
	}
}

// organisationAt finds the organisation that the path, or the query in v1, names.
func (s *Server) organisationAt(x *exchange) (*organisation, *problem) {
	code := x.r.PathValue("code")
	if code == "" {
		code = x.r.URL.Query().Get("organisationCode")
	}
	if o := s.world.organisations[code]; o != nil {
		return o, nil
	}
	return nil, &problem{status: http.StatusNotFound, text: "Organisation not found: " + code}
}

func (s *Server) getOrganisation(x *exchange) (reply, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, p := s.organisationAt(x)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, encodeOrganisation(x, o)), nil
}

// encodeOrganisation never shows the keys; v2 adds to v1's members (§8).
func encodeOrganisation(x *exchange, o *organisation) map[string]any {
	out := map[string]any{
		"code": o.Code, "name": o.Name, "poolSize": o.PoolSize,
		"smsSenderName": orNull(o.SMSSenderName), "smsCallbackUrl": orNull(o.SMSCallbackURL),
	}
	if x.dialect == v2 {
		out["groupId"], out["allowCustomUriWithoutDomain"] = o.groupID, o.AllowCustomURI
		out["deviceWebhookEndpoint"] = orNull(o.DeviceWebhookEndpoint)
	}
	return out
}

// postOrganisation makes an organisation, below a parent if one is named: in the path, or in
// the query as parent_code. In v1 it reads code and name only.
func (s *Server) postOrganisation(x *exchange) (reply, *problem) {
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return reply{}, p
	}
	b.required("code")
	made := Organisation{NoTemplate: true}
	pick(&made.Code, b.text("code", 250))
	pick(&made.Name, b.text("name", 100))
	if x.dialect == v2 {
		decodeOrganisation(b, &made)
	}
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	if made.Parent = x.r.PathValue("code"); made.Parent == "" {
		made.Parent = x.r.URL.Query().Get("parent_code")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.world.organisations[made.Code] != nil:
		return reply{}, &problem{status: http.StatusBadRequest, text: "Organisation exists: " + made.Code}
	case made.Parent != "" && s.world.organisations[made.Parent] == nil:
		return reply{}, &problem{status: http.StatusNotFound, text: "Organisation not found: " + made.Parent}
	}
	s.world.addOrganisation(made, x.now)
	return s.ok(x, encodeOrganisation(x, s.world.organisations[made.Code])), nil
}

// decodeOrganisation reads the members that v2 adds; update takes no code and no name.
func decodeOrganisation(b *body, o *Organisation) {
	pick(&o.PoolSize, value[int](b, "poolSize"))
	pick(&o.SMSSenderName, b.text("smsSenderName", 11))
	pick(&o.SMSCallbackURL, b.text("smsCallbackUrl", 100))
	pick(&o.AllowCustomURI, value[bool](b, "allowCustomUriWithoutDomain"))
	pick(&o.HistoryAPIKey, b.text("historyApiKey", 36))
	pick(&o.DeviceWebhookEndpoint, b.text("deviceWebhookEndpoint", 100))
	pick(&o.DeviceWebhookKey, b.text("deviceWebhookEndpointKey", 100))
}

// putOrganisation exists in v2 only and replaces what v2 adds.
func (s *Server) putOrganisation(x *exchange) (reply, *problem) {
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return reply{}, p
	}
	var in Organisation
	decodeOrganisation(b, &in)
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, p := s.organisationAt(x)
	if p != nil {
		return reply{}, p
	}
	o.PoolSize, o.SMSSenderName, o.SMSCallbackURL = in.PoolSize, in.SMSSenderName, in.SMSCallbackURL
	o.AllowCustomURI, o.HistoryAPIKey = in.AllowCustomURI, in.HistoryAPIKey
	o.DeviceWebhookEndpoint, o.DeviceWebhookKey = in.DeviceWebhookEndpoint, in.DeviceWebhookKey
	return s.ok(x, encodeOrganisation(x, o)), nil
}

// organisationsByURI maps room addresses to organisations; unknown ones are left out.
func (s *Server) organisationsByURI(x *exchange) (reply, *problem) {
	var uris []string
	if err := json.Unmarshal(x.body, &uris); err != nil {
		return reply{}, unreadable("JSON parse error")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []map[string]any{}
	for _, uri := range uris {
		if r := s.world.lastAtURI[uri]; r != nil {
			o := s.world.organisations[r.organisation]
			out = append(out, map[string]any{
				"code": o.Code, "name": o.Name, "groupId": o.groupID, "groupName": o.Name, "uri": uri,
				"booked": r.deletedAt.IsZero() && r.status != DeprovisionOK,
			})
		}
	}
	return s.ok(x, out), nil
}

// getTree wants exactly one of organisationCode and groupId, or a code in the path.
func (s *Server) getTree(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	if x.r.PathValue("code") == "" && q.Has("organisationCode") == q.Has("groupId") {
		return reply{}, &problem{status: http.StatusBadRequest, text: "Exactly one of organisationCode and groupId is wanted"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.Has("groupId") {
		for _, o := range s.world.organisations {
			if strconv.Itoa(o.groupID) == q.Get("groupId") {
				return s.ok(x, s.world.tree(s.world.top(o))), nil
			}
		}
	}
	o, p := s.organisationAt(x)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, s.world.tree(s.world.top(o))), nil
}

func (s *Server) getChildren(x *exchange) (reply, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, p := s.organisationAt(x)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, s.world.tree(o)), nil
}

func (s *Server) treeForKey(x *exchange) (reply, *problem) {
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return reply{}, p
	}
	b.required("api_key", "api_key_type")
	key, kind := b.text("api_key", 36), b.oneOf("api_key_type", "history")
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	code, ok := s.keyHolder(*key)
	if !ok || kind == nil {
		return reply{}, &problem{status: http.StatusNotFound, text: "No organisation has the key"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ok(x, s.world.tree(s.world.organisations[code])), nil
}

// getDescendants lists the codes below, with the organisation itself.
func (s *Server) getDescendants(x *exchange) (reply, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, p := s.organisationAt(x)
	if p != nil {
		return reply{}, p
	}
	out := []map[string]any{}
	for _, code := range slices.Sorted(maps.Keys(s.world.organisations)) {
		if s.world.below(o.Code, code) {
			out = append(out, map[string]any{"code": code})
		}
	}
	return s.ok(x, out), nil
}

// top is the topmost ancestor.
func (w *world) top(o *organisation) *organisation {
	for range w.organisations {
		parent := w.organisations[o.Parent]
		if parent == nil {
			return o
		}
		o = parent
	}
	return o
}

// tree is an organisation with everything below it.
func (w *world) tree(o *organisation) map[string]any {
	children := []map[string]any{}
	for _, code := range slices.Sorted(maps.Keys(w.organisations)) {
		if child := w.organisations[code]; child.Parent == o.Code {
			children = append(children, w.tree(child))
		}
	}
	return map[string]any{
		"code": o.Code, "name": o.Name, "poolSize": o.PoolSize, "children": children, "groupId": o.groupID,
		"smsSenderName": orNull(o.SMSSenderName), "smsCallbackUrl": orNull(o.SMSCallbackURL),
		"deviceWebhookEndpoint": orNull(o.DeviceWebhookEndpoint), "deviceWebhookEndpointKey": orNull(o.DeviceWebhookKey),
	}
}
