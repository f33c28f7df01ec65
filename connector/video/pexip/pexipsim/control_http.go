package pexipsim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// ControlHandler serves the control plane. It belongs on a listener of its own: everything a
// test may do, no client may. A room's key is its name or tag.
//
//	GET    /state                              everything but the requests
//	GET    /counts                             the figures of Counts
//	GET    /rooms, /rooms/{key}                RoomRecord
//	GET    /rooms/page                         Danish page of every room with its links
//	POST   /rooms/{key}/{replicate|clear|record}
//	POST   /rooms/{key}/enter                  {"name": "…", "role": "chair|guest"}
//	POST   /rooms/{key}/schedule               [Attendance]
//	POST   /aliases/{alias}/join               Person
//	POST   /aliases/{alias}/wrong-pin          {"times": 21}
//	POST   /legs/{id}/{leave|crash|reconnect|promote|let-in|put-out|end-for-all}
//	POST   /legs/{id}/pin                      {"pin": "…"}
//	GET    /requests?op=…                      [RequestRecord]; DELETE forgets them
//	GET    /clock; POST /clock                 {"advance": "10m"} or {"set": RFC 3339}
//	GET    /faults; POST /faults [Fault]; PUT /faults Faults; DELETE /faults
//	POST   /tokens/expire
//	POST   /global                             {"min_pin_length": 4}
//	GET    /deliveries; POST /sinks EventSink; POST /sinks/restart
//	POST   /nodes/{address}/{hold|release}
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	show := func(pattern string, get func() any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, get()) })
	}
	act := func(pattern string, do func(r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { finish(w, do(r)) })
	}
	show("/state", func() any { return s.State() })
	show("/counts", func() any { return s.Counts() })
	show("/rooms", func() any { return s.Rooms() })
	show("/faults", func() any { return s.PendingFaults() })
	show("/deliveries", func() any { return s.Deliveries() })
	show("/clock", func() any { return map[string]any{"now": s.Now().UTC()} })
	mux.HandleFunc("GET /rooms/{key}", s.controlRoom)
	mux.HandleFunc("POST /rooms/{key}/{act}", s.controlRoomAct)
	mux.HandleFunc("POST /aliases/{alias}/join", s.controlJoin)
	act("POST /aliases/{alias}/wrong-pin", s.controlWrongPIN)
	mux.HandleFunc("POST /legs/{id}/{act}", s.controlLeg)
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		send(w, http.StatusOK, s.Requests(r.URL.Query()["op"]...))
	})
	act("DELETE /requests", func(*http.Request) error { s.ClearRequests(); return nil })
	mux.HandleFunc("POST /clock", s.controlClock)
	act("POST /faults", func(r *http.Request) error { return with(r, func(in []Fault) error { return s.Script(in...) }) })
	act("PUT /faults", func(r *http.Request) error { return with(r, s.SetFaults) })
	act("DELETE /faults", func(*http.Request) error { s.Calm(); return nil })
	act("POST /tokens/expire", func(*http.Request) error { s.ExpireTokens(); return nil })
	act("POST /global", s.controlGlobal)
	act("POST /sinks", func(r *http.Request) error { return with(r, s.AddSink) })
	act("POST /sinks/restart", func(*http.Request) error { s.RestartSinks(); return nil })
	act("POST /nodes/{address}/hold", func(r *http.Request) error { return s.HoldEvents(r.PathValue("address")) })
	act("POST /nodes/{address}/release", func(r *http.Request) error { return s.ReleaseEvents(r.PathValue("address")) })
	mux.HandleFunc("GET /rooms/page", s.roomsPage)
	mux.HandleFunc("GET /style.css", s.pages.style)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/rooms/page", http.StatusSeeOther) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		if !onLoopback(r.Context()) || crossSite(r) {
			http.Error(w, "the control plane serves this machine only", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// crossSite refuses changes that a foreign web page asks a local browser to make.
func crossSite(r *http.Request) bool {
	return http.NewCrossOriginProtection().Check(r) != nil
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	_ = enc.Encode(body) //nolint:errchkjson // the caller is gone, or a test sees a short body
}

// finish answers a control call that returns nothing.
func finish(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrUnknownRoom), errors.Is(err, ErrNoLeg), errors.Is(err, ErrUnknownNode), errors.Is(err, ErrNoRoom):
		send(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case errors.Is(err, ErrFull), errors.Is(err, ErrBlocked), errors.Is(err, ErrWrongPIN), errors.Is(err, ErrPINRequired):
		send(w, http.StatusConflict, map[string]string{"error": err.Error()})
	default:
		send(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
}

// answerLeg answers a control call that returns a leg, which may be there beside an error.
func answerLeg(w http.ResponseWriter, l LegRecord, err error) {
	if err != nil && l.ID == "" {
		finish(w, err)
		return
	}
	body := map[string]any{"leg": l}
	if err != nil {
		body["error"] = err.Error()
	}
	send(w, http.StatusOK, body)
}

// read decodes a control body strictly; an empty body leaves into as it is.
func read(r *http.Request, into any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err //nolint:wrapcheck // its text is what the caller needs
	}
	return nil
}

// with reads a body and does something with it.
func with[V any](r *http.Request, do func(V) error) error {
	var in V
	if err := read(r, &in); err != nil {
		return err
	}
	return do(in)
}

func (s *Server) controlRoom(w http.ResponseWriter, r *http.Request) {
	rec, ok := s.Room(r.PathValue("key"))
	if !ok {
		finish(w, ErrUnknownRoom)
		return
	}
	send(w, http.StatusOK, rec)
}

func (s *Server) controlRoomAct(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	switch r.PathValue("act") {
	case "replicate":
		finish(w, s.Replicate(key))
	case "clear":
		finish(w, s.Clear(key))
	case "record":
		l, err := s.Record(key)
		answerLeg(w, l, err)
	case "enter":
		in := struct {
			Name string `json:"name"`
			Role Role   `json:"role"`
		}{"Test", RoleGuest}
		if err := read(r, &in); err != nil {
			finish(w, err)
			return
		}
		l, err := s.Enter(key, in.Role, in.Name)
		answerLeg(w, l, err)
	case "schedule":
		finish(w, with(r, func(stays []Attendance) error { return s.Schedule(key, stays...) }))
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) controlJoin(w http.ResponseWriter, r *http.Request) {
	var in Person
	if err := read(r, &in); err != nil {
		finish(w, err)
		return
	}
	l, err := s.Join(r.PathValue("alias"), in)
	answerLeg(w, l, err)
}

func (s *Server) controlWrongPIN(r *http.Request) error {
	in := struct {
		Times int `json:"times"`
	}{1}
	if err := read(r, &in); err != nil {
		return err
	}
	if err := s.EnterWrongPIN(r.PathValue("alias"), min(in.Times, 1000)); !errors.Is(err, ErrWrongPIN) && !errors.Is(err, ErrBlocked) {
		return err
	}
	return nil
}

func (s *Server) controlLeg(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	acts := map[string]func(string) error{
		"leave": s.Leave, "crash": s.Crash, "promote": s.Promote, "let-in": s.LetIn, "put-out": s.PutOut, "end-for-all": s.EndForAll,
	}
	act := r.PathValue("act")
	switch {
	case acts[act] != nil:
		finish(w, acts[act](id))
	case act == "reconnect":
		l, err := s.Reconnect(id)
		answerLeg(w, l, err)
	case act == "pin":
		finish(w, with(r, func(in struct {
			PIN string `json:"pin"`
		},
		) error {
			return s.EnterPIN(id, in.PIN)
		}))
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) controlClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string    `json:"advance"`
		Set     time.Time `json:"set"`
	}
	if err := read(r, &in); err != nil {
		finish(w, err)
		return
	}
	switch {
	case !in.Set.IsZero():
		s.SetClock(in.Set)
	case in.Advance != "":
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			finish(w, err)
			return
		}
		s.Advance(d)
	}
	send(w, http.StatusOK, map[string]any{"now": s.Now().UTC()})
}

func (s *Server) controlGlobal(r *http.Request) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return err //nolint:wrapcheck // its text is what the caller needs
	}
	in, err := decode(raw)
	if err != nil {
		return err
	}
	return s.SetGlobal(in)
}

// roomsPage lists every room, newest first, with links to its page as host and guest.
func (s *Server) roomsPage(w http.ResponseWriter, _ *http.Request) {
	now := s.Now()
	s.mu.Lock()
	base := s.baseURL
	s.mu.Unlock()
	view := roomsView{Now: s.pages.clock(now)}
	for _, r := range slices.Backward(s.Rooms()) {
		view.Rooms = append(view.Rooms, s.pages.room(r, now, base))
	}
	s.pages.render(w, http.StatusOK, "rooms", view)
}
