package pexipsim

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The web app pages stand in for Pexip's own, by the forms of join links of §6.2. People use
// the buttons; programs post the same forms, or JSON with the same members, and ask for JSON
// with Accept:
//
//	GET  /webapp3/m/{alias}[/step-by-step|/express]?pin=…&name=…   the page (also /webapp/m/…)
//	GET  /webapp/home/?conference=…, /webapp/conference/{alias}      older forms
//	POST /webapp3/join   conference, pin, name  → {"leg","role","name","conference","phase","joined"}
//	POST /webapp3/leave  leg                    → {"leg","left"}
//	POST /webapp3/end    leg                    → {"leg","left"}: a host ends it for everybody
//
// Refusals: 404 unknown room, 403 PIN missing or wrong, 409 full, 429 blocked.
func (s *Server) routeWebApp(mux *http.ServeMux) {
	for _, pattern := range []string{
		"GET /webapp3/m/{alias}", "GET /webapp3/m/{alias}/{mode}", "GET /webapp/m/{alias}", "GET /webapp/m/{alias}/{mode}",
		"GET /webapp/home/", "GET /webapp/conference/{alias}", "GET /webapp3/{$}",
	} {
		mux.HandleFunc(pattern, s.person(s.showRoom))
	}
	mux.HandleFunc("POST /webapp3/join", s.person(s.joinRoom))
	mux.HandleFunc("POST /webapp3/leave", s.person(s.leaveRoom(ReasonUsual)))
	mux.HandleFunc("POST /webapp3/end", s.person(s.leaveRoom(ReasonHostEnded)))
	mux.HandleFunc("GET /webapp3/style.css", s.pages.style)
	mux.HandleFunc("POST /api/client/v2/conferences/{alias}/request_token", s.person(s.requestToken))
}

// person wraps a page: recorded like API calls, but without latency and faults.
func (s *Server) person(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		if !onLoopback(r.Context()) || crossSite(r) {
			http.Error(w, "the simulator serves this machine only", http.StatusForbidden)
			return
		}
		x, err := s.receive(w, r, apiWebApp, OpWebApp)
		if err != nil {
			http.Error(w, "request body can't be read", http.StatusBadRequest)
			return
		}
		x.now = s.Now()
		x.rec.Time = x.now.UTC()
		s.mu.Lock()
		s.world.advance(x.now)
		out := do(x)
		s.mu.Unlock()
		x.rec.Effect = out.status < http.StatusBadRequest
		s.write(w, x, out)
	}
}

// roomView is the page of one room.
type roomView struct {
	Title, Alias, State, Problem string
	Joinable, Host               bool
	Name, PIN                    string
	Leg, MyRole                  string
	Waiting                      bool
	People                       []personView
}

func (s *Server) showRoom(x *exchange) reply {
	q := x.r.URL.Query()
	alias := x.r.PathValue("alias")
	if alias == "" {
		alias = q.Get("conference")
	}
	return s.roomReply(x, alias, roomView{PIN: q.Get("pin"), Name: q.Get("name"), Leg: q.Get("leg")}, nil)
}

func (s *Server) joinRoom(x *exchange) reply {
	in := posted(x)
	alias := in.Get("conference")
	p := Person{Name: strings.TrimSpace(in.Get("name")), PIN: strings.TrimSpace(in.Get("pin")), CallTag: in.Get("callTag")}
	l, err := s.world.join(alias, p, x.now)
	if l != nil {
		x.rec.Key = l.instance.name
	}
	switch {
	case err != nil && wantsJSON(x):
		return jsonReply(doorStatus(err), map[string]any{"error": err.Error()})
	case err != nil:
		return s.roomReply(x, alias, roomView{Name: p.Name}, err)
	case wantsJSON(x):
		return jsonReply(http.StatusOK, map[string]any{
			"leg": l.id, "role": string(l.role), "name": l.name, "conference": l.alias, "phase": l.phase, "joined": l.connected.UTC(),
		})
	}
	return seeOther(roomPage("", alias, "", l.id))
}

// leaveRoom ends a stay, or the conference of a host's leg.
func (s *Server) leaveRoom(reason string) action {
	return func(x *exchange) reply {
		id := posted(x).Get("leg")
		l := s.world.legs[id]
		known := l != nil && l.left.IsZero() && (reason == ReasonUsual || l.role == RoleHost)
		if known {
			x.rec.Key = l.instance.name
			if reason == ReasonUsual {
				s.world.leave(l.person(), x.now, reason)
			} else {
				s.world.end(l.instance, x.now, reason)
			}
		}
		switch {
		case !known && wantsJSON(x):
			return jsonReply(http.StatusNotFound, map[string]any{"error": ErrNoLeg.Error()})
		case l == nil:
			return s.roomReply(x, "", roomView{}, nil)
		case wantsJSON(x):
			return jsonReply(http.StatusOK, map[string]any{"leg": l.id, "left": l.left.UTC()})
		}
		return seeOther(roomPage("", l.alias, "", ""))
	}
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
	case errors.Is(err, ErrWrongPIN), errors.Is(err, ErrPINRequired):
		return http.StatusForbidden
	case errors.Is(err, ErrFull):
		return http.StatusConflict
	case errors.Is(err, ErrBlocked):
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

func doorText(err error) string {
	switch {
	case errors.Is(err, ErrWrongPIN):
		return "PIN-koden er forkert."
	case errors.Is(err, ErrPINRequired):
		return "Skriv en PIN-kode."
	case errors.Is(err, ErrFull):
		return "Rummet er fuldt."
	case errors.Is(err, ErrBlocked):
		return "Der er prøvet for mange forkerte PIN-koder. Prøv igen om 10 minutter."
	}
	return ""
}

// roomReply is the page of a room, with the problem of a refused join. The caller holds s.mu.
func (s *Server) roomReply(x *exchange, alias string, view roomView, refused error) reply {
	room, version, _ := s.world.roomAt(alias, "", x.now)
	view.Title, view.Alias, view.Problem, view.Joinable = "Videorum", alias, doorText(refused), room != nil
	status := http.StatusOK
	if room == nil {
		room, status = s.world.everRoom(alias), http.StatusNotFound
		view.Title, view.State = "Rummet findes ikke", "Tjek linket."
	}
	if room == nil {
		return s.pages.html(status, "room", view)
	}
	if version == nil {
		version = room.standing()
		view.Title, view.State = s.closedText(room)
	}
	x.rec.Key = version.name
	in := s.world.live[version.name]
	if status == http.StatusOK {
		view.State = openText(in)
	}
	if in != nil {
		view = s.addPeople(view, in)
		if view.Leg != "" {
			status = http.StatusOK
		}
	}
	if view.MyRole == "" {
		view.Leg = ""
	}
	if refused != nil {
		status = doorStatus(refused)
	}
	return s.pages.html(status, "room", view)
}

// closedText says why nobody comes into a room now: it is gone, or not known yet.
func (s *Server) closedText(room *vmr) (title, state string) {
	if room.deleted.IsZero() {
		return "Videorum", "Rummet er ikke åbnet endnu. Prøv igen om et minut."
	}
	return "Rummet er lukket", "Mødet er slut, eller rummet er lukket."
}

func openText(in *instance) string {
	switch {
	case in == nil:
		return "Åbent. Ingen er her endnu."
	case in.locked:
		return "Låst"
	case !in.hosted:
		return "Åbent. Værten er ikke kommet endnu."
	}
	return "Åbent"
}

// addPeople shows who is there, and the visitor's own place among them.
func (s *Server) addPeople(view roomView, in *instance) roomView {
	mine := view.Leg
	view.Leg = ""
	for _, l := range in.people {
		if l.protocol == protoAPI {
			continue
		}
		view.People = append(view.People, s.pages.person(l.record()))
		if l.id == mine {
			view.Leg, view.MyRole, view.Waiting, view.Host = l.id, roleText(l.role), l.phase == phaseWaiting, l.role == RoleHost
		}
	}
	return view
}

// stateText is what a person needs to know about a room, in Danish.
func stateText(r RoomRecord, now time.Time) string {
	switch {
	case r.Running && !r.Standing(now):
		return "Slettet, men samtalen kører stadig"
	case !r.Standing(now) && r.Known:
		return "Slettet, men nogle noder kender det endnu"
	case !r.Standing(now):
		return "Lukket"
	case r.Running:
		return "I gang"
	case r.Known:
		return "Åbent"
	}
	return "Gøres klar"
}

// aliasFor is the link's alias: the first for a host, the second, when there is one, for a guest.
func aliasFor(r RoomRecord, role Role) string {
	if len(r.Aliases) == 0 {
		return ""
	}
	if role == RoleGuest {
		return r.Aliases[min(1, len(r.Aliases)-1)]
	}
	return r.Aliases[0]
}

// roomPage is the address of a room's page; an empty PIN and leg are left out.
func roomPage(base, alias, pin, legID string) string {
	q := url.Values{}
	if pin != "" {
		q.Set("pin", pin)
	}
	if legID != "" {
		q.Set("leg", legID)
	}
	address := base + "/webapp3/m/" + url.PathEscape(alias)
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}

// inside are the people of a room who are connected now.
func inside(r RoomRecord) []LegRecord {
	return slices.DeleteFunc(r.Legs(), func(l LegRecord) bool { return !l.Left.IsZero() || l.Protocol == protoAPI })
}
