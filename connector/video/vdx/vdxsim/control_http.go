package vdxsim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ControlHandler serves the control plane. It belongs on a listener of its own: everything
// a test may do, no client may.
//
//	GET    /state                              everything but the requests
//	GET    /counts                             the figures of Counts
//	GET    /rooms, /rooms/{uuid}               RoomRecord
//	GET    /rooms/page                         Danish page of every room with its links
//	POST   /rooms/{uuid}/{finish|hold|release|clear|end}
//	POST   /rooms/{uuid}/{fail|fail-close}     {"description": "…"}
//	POST   /rooms/{uuid}/join                  {"name": "…", "role": "chair|guest"}
//	POST   /rooms/{uuid}/schedule              [Attendance]
//	POST   /legs/{id}/leave
//	GET    /sms                                [SMSRecord]
//	GET    /sms/inbox                          Danish page; ?to=… for one number
//	POST   /sms/undeliverable                  {"numbers": ["…"]}
//	GET    /requests?op=…                      [RequestRecord]; DELETE forgets them
//	GET    /clock; POST /clock                 {"advance": "10m"} or {"set": RFC 3339}
//	GET    /faults; POST /faults [Fault]; PUT /faults Faults; DELETE /faults
//	POST   /tokens/expire; POST /clients Client; POST /registrations/{name}/revoke
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	show := func(pattern string, get func() any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, get()) })
	}
	show("/state", func() any { return s.State() })
	show("/counts", func() any { return s.Counts() })
	show("/rooms", func() any { return s.Rooms() })
	show("/sms", func() any { return s.SMS() })
	show("/faults", func() any { return s.PendingFaults() })
	show("/clock", func() any { return map[string]any{"now": s.Now().UTC()} })
	mux.HandleFunc("GET /rooms/{uuid}", s.controlRoom)
	mux.HandleFunc("POST /rooms/{uuid}/{act}", s.controlRoomAct)
	mux.HandleFunc("POST /legs/{id}/leave", func(w http.ResponseWriter, r *http.Request) { done(w, s.Leave(r.PathValue("id"))) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		send(w, http.StatusOK, s.Requests(r.URL.Query()["op"]...))
	})
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, _ *http.Request) { s.ClearRequests(); done(w, nil) })
	mux.HandleFunc("POST /clock", s.controlClock)
	mux.HandleFunc("POST /faults", s.controlScript)
	mux.HandleFunc("PUT /faults", s.controlRates)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { s.Calm(); done(w, nil) })
	mux.HandleFunc("POST /tokens/expire", func(w http.ResponseWriter, _ *http.Request) { s.ExpireTokens(); done(w, nil) })
	mux.HandleFunc("POST /clients", s.controlClient)
	mux.HandleFunc("POST /registrations/{name}/revoke", func(w http.ResponseWriter, r *http.Request) {
		s.Revoke(r.PathValue("name"))
		done(w, nil)
	})
	mux.HandleFunc("POST /sms/undeliverable", s.controlUndeliverable)
	mux.HandleFunc("GET /sms/inbox", s.inboxPage)
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

// done answers a control call that returns nothing.
func done(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrUnknownRoom), errors.Is(err, ErrNoLeg):
		send(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case errors.Is(err, ErrFull), errors.Is(err, ErrNotOpen), errors.Is(err, ErrClosed):
		send(w, http.StatusConflict, map[string]string{"error": err.Error()})
	default:
		send(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
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

func (s *Server) controlRoom(w http.ResponseWriter, r *http.Request) {
	rec, ok := s.Room(r.PathValue("uuid"))
	if !ok {
		done(w, ErrUnknownRoom)
		return
	}
	send(w, http.StatusOK, rec)
}

func (s *Server) controlRoomAct(w http.ResponseWriter, r *http.Request) {
	uuid := r.PathValue("uuid")
	switch r.PathValue("act") {
	case "finish":
		done(w, s.FinishProvisioning(uuid))
	case "hold":
		done(w, s.HoldProvisioning(uuid))
	case "release":
		done(w, s.ReleaseProvisioning(uuid))
	case "clear":
		done(w, s.Clear(uuid))
	case "end":
		done(w, s.EndMeeting(uuid))
	case "fail", "fail-close":
		s.controlFail(w, r, uuid)
	case "join":
		s.controlJoin(w, r, uuid)
	case "schedule":
		var stays []Attendance
		if err := read(r, &stays); err != nil {
			done(w, err)
			return
		}
		done(w, s.Schedule(uuid, stays...))
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) controlFail(w http.ResponseWriter, r *http.Request, uuid string) {
	in := struct {
		Description string `json:"description"`
	}{"Provisioning problems (simulated)"}
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	if r.PathValue("act") == "fail" {
		done(w, s.FailProvisioning(uuid, in.Description))
		return
	}
	done(w, s.FailDeprovisioning(uuid, in.Description))
}

func (s *Server) controlJoin(w http.ResponseWriter, r *http.Request, uuid string) {
	in := struct {
		Name string `json:"name"`
		Role Role   `json:"role"`
	}{"Test", RoleGuest}
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	l, err := s.Join(uuid, in.Name, in.Role)
	if err != nil {
		done(w, err)
		return
	}
	send(w, http.StatusOK, l)
}

func (s *Server) controlClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string    `json:"advance"`
		Set     time.Time `json:"set"`
	}
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	switch {
	case !in.Set.IsZero():
		s.SetClock(in.Set)
	case in.Advance != "":
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			done(w, err)
			return
		}
		s.Advance(d)
	}
	send(w, http.StatusOK, map[string]any{"now": s.Now().UTC()})
}

func (s *Server) controlScript(w http.ResponseWriter, r *http.Request) {
	var in []Fault
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	done(w, s.Script(in...))
}

func (s *Server) controlRates(w http.ResponseWriter, r *http.Request) {
	var in Faults
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	done(w, s.SetFaults(in))
}

func (s *Server) controlClient(w http.ResponseWriter, r *http.Request) {
	var in Client
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	done(w, s.AddClient(in))
}

func (s *Server) controlUndeliverable(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Numbers []string `json:"numbers"`
	}
	if err := read(r, &in); err != nil {
		done(w, err)
		return
	}
	s.AddUndeliverable(in.Numbers...)
	done(w, nil)
}

// inboxPage is what citizens' telephones show, newest first.
func (s *Server) inboxPage(w http.ResponseWriter, r *http.Request) {
	all := s.SMS()
	want := r.URL.Query().Get("to")
	view := inboxView{To: want}
	for _, m := range slices.Backward(all) {
		if want == "" || digits(want) == digits(m.To) {
			view.Messages = append(view.Messages, s.pages.message(m))
		}
	}
	s.pages.render(w, http.StatusOK, "inbox", view)
}

// roomsPage lists every room, newest first, with links to its page as host and guest.
func (s *Server) roomsPage(w http.ResponseWriter, _ *http.Request) {
	now := s.Now()
	view := roomsView{Now: s.pages.clock(now)}
	for _, r := range slices.Backward(s.Rooms()) {
		view.Rooms = append(view.Rooms, s.pages.room(r, now, portalBase(r)))
	}
	s.pages.render(w, http.StatusOK, "rooms", view)
}

// portalBase is the scheme and host that the room's own links use.
func portalBase(r RoomRecord) string {
	base, _, _ := strings.Cut(r.PortalLink, "/portal/")
	return base
}
