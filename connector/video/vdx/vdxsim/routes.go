package vdxsim

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Handler serves the token endpoint, the video, SMS and history APIs, and the room pages.
// The video API answers below /videoapi as in production and at the root; a trailing slash
// is accepted (§1.1).
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+tokenPath, s.endpoint(apiToken, OpToken, tokenKey, s.issueToken))
	s.routeVideo(mux)
	s.routeSMS(mux)
	s.routeHistory(mux)
	s.routePortal(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		x := &exchange{r: r, now: s.Now(), rec: &RequestRecord{Path: originalPath(r)}}
		emit(w, x.fail(&problem{status: http.StatusNotFound, plain: true}))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, rerouted(r))
	})
}

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

func (s *Server) routeVideo(mux *http.ServeMux) {
	about := func(x *exchange) string { return strings.ToLower(x.r.PathValue("uuid")) }
	query := func(x *exchange) string { return x.r.URL.RawQuery }
	routes := []struct {
		pattern, op string
		key         func(*exchange) string
		do          func(*exchange) (reply, *problem)
	}{
		{"GET /v2/info", OpInfo, query, s.info},
		{"POST /v2/meetings", OpMeetingCreate, createKey, s.createMeeting},
		{"GET /v2/meetings", OpMeetingSearch, query, s.searchMeetings},
		{"GET /v2/meetings/findByUriWithDomain", OpMeetingFindFull, query, s.findByURI((*world).byAddress)},
		{"GET /v2/meetings/findByUriWithoutDomain", OpMeetingFindShort, query, s.findByURI((*world).byNumber)},
		{"GET /v2/meetings/{uuid}", OpMeetingGet, about, s.getMeeting},
		{"PUT /v2/meetings/{uuid}", OpMeetingPut, about, s.changeMeeting(decodePut)},
		{"PATCH /v2/meetings/{uuid}", OpMeetingPatch, about, s.changeMeeting(decodePatch)},
		{"DELETE /v2/meetings/{uuid}", OpMeetingDelete, about, s.deleteMeeting},
		{"GET /v2/scheduling-info", OpRoomList, query, s.listRooms},
		{"GET /v2/scheduling-info/{uuid}", OpRoomGet, about, s.getRoom},
		{"GET /v2/pool", OpPool, query, s.pool},
		{"POST /v2/scheduling-info", OpUnbuilt, query, s.unbuilt},
		{"PUT /v2/scheduling-info/{uuid}", OpUnbuilt, query, s.unbuilt},
		{"GET /v2/scheduling-info-provision", OpUnbuilt, query, s.unbuilt},
		{"GET /v2/scheduling-info-deprovision", OpUnbuilt, query, s.unbuilt},
		{"GET /v2/scheduling-info-reserve", OpUnbuilt, query, s.unbuilt},
		{"GET /v2/scheduling-info-reserve/{id}", OpUnbuilt, query, s.unbuilt},
		{"/v2/scheduling-templates", OpUnbuilt, query, s.unbuilt},
		{"/v2/scheduling-templates/{id}", OpUnbuilt, query, s.unbuilt},
	}
	for _, r := range routes {
		mux.HandleFunc(r.pattern, s.endpoint(apiVideo, r.op, r.key, s.videoV2(r.do)))
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
