package vdxsim

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The room pages stand in for the portal that portalLink points to. People use the buttons;
// programs post the same forms, or JSON with the same members, and ask for JSON with Accept:
//
//	GET  /portal/?conference=…&pin=…          the page (portalLink)
//	POST /portal/join   conference, pin, name  → {"leg","role","name","conference","joined"}
//	POST /portal/leave  leg                    → {"leg","left"}
//	GET  /m/{shortId}                          the short link: a guest's page
//
// Refusals: 404 unknown room, 403 wrong PIN, 425 not open yet, 410 closed, 409 full.
func (s *Server) routePortal(mux *http.ServeMux) {
	none := func(*exchange) string { return "" }
	serve := func(do action) http.HandlerFunc {
		calm := s.person(do)
		return func(w http.ResponseWriter, r *http.Request) { calm(w, r, none) }
	}
	mux.HandleFunc("GET /portal/{$}", serve(s.showRoom))
	mux.HandleFunc("GET /portal", serve(s.showRoom))
	mux.HandleFunc("GET /m/{shortId}", serve(s.showShort))
	mux.HandleFunc("POST /portal/join", serve(s.joinRoom))
	mux.HandleFunc("POST /portal/leave", serve(s.leaveRoom))
	mux.HandleFunc("GET /portal/style.css", s.pages.style)
}

// person wraps a page: recorded like API calls, but without latency and faults.
func (s *Server) person(do action) func(http.ResponseWriter, *http.Request, func(*exchange) string) {
	return func(w http.ResponseWriter, r *http.Request, key func(*exchange) string) {
		w.Header().Set("Server", serverHeader)
		if !onLoopback(r.Context()) || crossSite(r) {
			http.Error(w, "the simulator serves this machine only", http.StatusForbidden)
			return
		}
		x, err := s.receive(w, r, apiPortal, OpPortal)
		if err != nil {
			http.Error(w, "request body can't be read", http.StatusBadRequest)
			return
		}
		x.now = s.Now()
		x.rec.Time, x.rec.Key = x.now.UTC(), key(x)
		out := do(x)
		x.rec.Effect = out.status < http.StatusBadRequest
		s.write(w, x, out)
	}
}

// roomView is the page of one room.
type roomView struct {
	Title, Address, State, Problem string
	Joinable                       bool
	Name, PIN                      string
	Leg, MyRole                    string
	People                         []personView
}

func (s *Server) showRoom(x *exchange) reply {
	q := x.r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomAt(q.Get("conference"), x.now)
	return s.roomReply(x, r, q.Get("pin"), q.Get("leg"), nil)
}

// showShort is the short-link portal: it asks for the PIN when guestPinRequired is set,
// otherwise it knows the guest's (§8).
func (s *Server) showShort(x *exchange) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.byShortID[x.r.PathValue("shortId")]
	if m == nil {
		return s.roomReply(x, nil, "", "", nil)
	}
	s.world.advance(m.room, x.now)
	pin := ""
	if !m.guestPINRequired && m.room.guestPIN != 0 {
		pin = strconv.Itoa(m.room.guestPIN)
	}
	return s.roomReply(x, m.room, pin, "", nil)
}

// roomAt finds the room at an address: the live one, else the last that had it.
func (s *Server) roomAt(address string, now time.Time) *room {
	for _, r := range s.world.byFullURI[address] {
		s.world.advance(r, now)
		if r.status != DeprovisionOK {
			return r
		}
	}
	return s.world.lastAtURI[address]
}

func (s *Server) joinRoom(x *exchange) reply {
	in := posted(x)
	name := strings.TrimSpace(in.Get("name"))
	if name == "" {
		name = "Deltager"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomAt(in.Get("conference"), x.now)
	l, err := s.door(r, name, in.Get("pin"), x.now)
	if r != nil {
		x.rec.Key = r.uuid
	}
	if err != nil {
		if wantsJSON(x) {
			return jsonReply(doorStatus(err), "application/json", map[string]any{"error": err.Error()})
		}
		return s.roomReply(x, r, "", "", err)
	}
	if wantsJSON(x) {
		return jsonReply(http.StatusOK, "application/json", map[string]any{
			"leg": l.id, "role": string(l.role), "name": l.name, "conference": r.uriWithDomain, "joined": l.joined.UTC(),
			"waiting": l.stage == stageWaiting,
		})
	}
	return seeOther(roomPage("", r.uriWithDomain, 0, l.id))
}

// door is how a person comes in: address, time, PIN, room for one more.
func (s *Server) door(r *room, name, pin string, now time.Time) (*leg, error) {
	if r == nil {
		return nil, ErrNoRoom
	}
	if err := r.open(now); err != nil {
		return nil, err
	}
	n := 0
	if pin != "" {
		var err error
		if n, err = strconv.Atoi(strings.TrimSpace(pin)); err != nil {
			s.world.turnAway(r, name, "", guise{}, now, ReasonWrongPIN)
			return nil, ErrWrongPIN
		}
	}
	role, err := r.roleOf(n)
	if err != nil {
		s.world.turnAway(r, name, "", guise{}, now, ReasonWrongPIN)
		return nil, err
	}
	return s.world.join(r, name, role, guise{}, now)
}

func (s *Server) leaveRoom(x *exchange) reply {
	id := posted(x).Get("leg")
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.leaveLeg(id, x.now)
	l := s.world.legs[id]
	if l != nil {
		x.rec.Key = l.room.uuid
	}
	switch {
	case err != nil && wantsJSON(x):
		return jsonReply(http.StatusNotFound, "application/json", map[string]any{"error": err.Error()})
	case l == nil:
		return s.roomReply(x, nil, "", "", nil)
	case wantsJSON(x):
		return jsonReply(http.StatusOK, "application/json", map[string]any{"leg": l.id, "left": l.left.UTC()})
	}
	return seeOther(roomPage("", l.room.uriWithDomain, 0, ""))
}

func seeOther(where string) reply {
	return reply{status: http.StatusSeeOther, header: map[string]string{"Location": where}}
}

func wantsJSON(x *exchange) bool {
	return strings.Contains(x.r.Header.Get("Accept"), "application/json")
}

// posted reads a form, or a flat JSON object of strings and numbers.
func posted(x *exchange) url.Values {
	if strings.HasPrefix(x.rec.ContentType, "application/json") {
		var in map[string]json.RawMessage
		out := url.Values{}
		if json.Unmarshal(x.body, &in) == nil {
			for k, raw := range in {
				var text string
				if json.Unmarshal(raw, &text) != nil {
					text = string(raw)
				}
				out.Set(k, text)
			}
		}
		return out
	}
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return url.Values{}
	}
	return form
}

func doorStatus(err error) int {
	switch {
	case errors.Is(err, ErrNoRoom):
		return http.StatusNotFound
	case errors.Is(err, ErrWrongPIN):
		return http.StatusForbidden
	case errors.Is(err, ErrNotOpen):
		return http.StatusTooEarly
	case errors.Is(err, ErrClosed):
		return http.StatusGone
	case errors.Is(err, ErrFull):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func doorText(err error) string {
	switch {
	case errors.Is(err, ErrWrongPIN):
		return "PIN-koden er forkert."
	case errors.Is(err, ErrNotOpen):
		return "Rummet er ikke åbnet endnu. Prøv igen lidt senere."
	case errors.Is(err, ErrFull):
		return "Rummet er fuldt."
	}
	return ""
}

// roomReply is the page of a room, with the problem of a refused join.
func (s *Server) roomReply(x *exchange, r *room, pin, legID string, refused error) reply {
	if r == nil {
		return s.pages.html(http.StatusNotFound, "room", roomView{Title: "Rummet findes ikke", State: "Tjek linket."})
	}
	x.rec.Key = r.uuid
	rec := r.record()
	state := r.open(x.now)
	view := roomView{
		Title: "Videorum", Address: r.uriWithDomain, PIN: pin, State: stateText(rec, x.now),
		Problem: doorText(refused), Joinable: !errors.Is(state, ErrClosed),
	}
	if errors.Is(state, ErrNotOpen) {
		view.State = "Rummet åbner kl. " + s.pages.minute(r.vmrStart()) + "."
	}
	if errors.Is(state, ErrClosed) {
		view.Title, view.State = "Rummet er lukket", "Mødet er slut, eller rummet er lukket."
	}
	for _, l := range r.people {
		view.People = append(view.People, s.pages.person(l.record()))
		if l.id == legID {
			view.Leg, view.MyRole = l.id, placeText(l.record())
		}
	}
	status := http.StatusOK
	switch {
	case refused != nil:
		status = doorStatus(refused)
	case errors.Is(state, ErrClosed) && view.Leg == "":
		status = http.StatusGone
	}
	return s.pages.html(status, "room", view)
}
