package vdxsim

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Handler serves the token endpoint, the video, SMS and history APIs, and the room pages.
// The video API answers below /videoapi as in production and at the root; a trailing slash
// is accepted (§1.1). The same API speaks v2 below /v2 and v1 without it (§0).
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	if s.opens(DoorBearer) {
		mux.HandleFunc("POST "+tokenPath, s.endpoint(apiToken, OpToken, tokenKey, s.issueToken))
		s.routeVideo(mux, v2, s.bearer)
		s.routeOrganisations(mux, v2, s.bearer)
	}
	if s.opens(DoorSession) {
		s.routeVideo(mux, v1, s.sessionData)
		s.routeOrganisations(mux, v1, s.sessionData)
	}
	if s.opens(DoorBearer) || s.opens(DoorSession) {
		s.routeSMS(mux, s.either)
		s.routeHistory(mux, "", s.optional)
	}
	s.routePortal(mux)
	return s.routed(mux)
}

// routed adds the answer to unknown paths, and takes the deployment prefix off.
func (s *Server) routed(mux *http.ServeMux) http.Handler {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		x := &exchange{r: r, now: s.Now(), rec: &RequestRecord{Path: originalPath(r)}}
		emit(w, x.fail(&problem{status: http.StatusNotFound, plain: true}))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, rerouted(r))
	})
}

// opens tells whether a front door answers.
func (s *Server) opens(d Door) bool { return slices.Contains(s.opts.Doors, d) }

// rerouted cuts the deployment prefix and a trailing slash off the path that is routed and
// keeps the path as sent for errors and history.
func rerouted(r *http.Request) *http.Request {
	path := strings.TrimPrefix(r.URL.Path, "/videoapi")
	if len(path) > 1 && !strings.HasPrefix(path, "/portal") {
		path = strings.TrimRight(path, "/")
	}
	if path == r.URL.Path || path == "" {
		return r
	}
	r2 := r.WithContext(context.WithValue(r.Context(), pathKey{}, r.URL.Path))
	u := *r.URL
	u.Path, u.RawPath = path, ""
	r2.URL = &u
	return r2
}

func (s *Server) routeVideo(mux *http.ServeMux, d dialect, who authenticator) {
	about := func(x *exchange) string { return strings.ToLower(x.r.PathValue("uuid")) }
	query := func(x *exchange) string { return x.r.URL.RawQuery }
	search := s.searchMeetings
	if d == v1 {
		search = s.searchMeetingsV1
	}
	routes := []struct {
		method, path, op string
		key              func(*exchange) string
		do               func(*exchange) (reply, *problem)
	}{
		{"GET", "/info", OpInfo, query, s.info},
		{"POST", "/meetings", OpMeetingCreate, createKey, s.createMeeting},
		{"GET", "/meetings", OpMeetingSearch, query, search},
		{"GET", "/meetings/findByUriWithDomain", OpMeetingFindFull, query, s.findByURI((*world).byAddress)},
		{"GET", "/meetings/findByUriWithoutDomain", OpMeetingFindShort, query, s.findByURI((*world).byNumber)},
		{"GET", "/meetings/{uuid}", OpMeetingGet, about, s.getMeeting},
		{"PUT", "/meetings/{uuid}", OpMeetingPut, about, s.changeMeeting(decodePut)},
		{"PATCH", "/meetings/{uuid}", OpMeetingPatch, about, s.changeMeeting(decodePatch)},
		{"DELETE", "/meetings/{uuid}", OpMeetingDelete, about, s.deleteMeeting},
		{"GET", "/scheduling-info", OpRoomList, query, s.listRooms},
		{"GET", "/scheduling-info/{uuid}", OpRoomGet, about, s.getRoom},
		{"GET", "/pool", OpPool, query, s.pool},
		{"POST", "/scheduling-info", OpRoomCreate, query, s.createRoom},
		{"PUT", "/scheduling-info/{uuid}", OpRoomPut, about, s.putRoom},
		{"GET", "/scheduling-info-provision", OpRoomWork, query, s.toProvision},
		{"GET", "/scheduling-info-deprovision", OpRoomWork, query, s.toDeprovision},
		{"GET", "/scheduling-info-reserve", OpRoomReserve, query, s.reserveRoom},
		{"GET", "/scheduling-info-reserve/{id}", OpRoomReserved, query, s.getReserved},
		{"GET", "/scheduling-templates", OpTemplateRead, query, s.listTemplates},
		{"POST", "/scheduling-templates", OpTemplateWrite, query, s.createTemplate},
		{"GET", "/scheduling-templates/{id}", OpTemplateRead, query, s.getTemplate},
		{"PUT", "/scheduling-templates/{id}", OpTemplateWrite, query, s.putTemplate},
		{"DELETE", "/scheduling-templates/{id}", OpTemplateWrite, query, s.deleteTemplate},
	}
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+d.path()+r.path, s.endpoint(apiVideo, r.op, r.key, s.gate(d, who, r.do)))
	}
}

// createKey is the uuid that the caller chose, so that faults are fair per room.
func createKey(x *exchange) string {
	var in struct {
		UUID string `json:"uuid"`
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return ""
	}
	return strings.ToLower(in.UUID)
}
