package idpsim

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

const maxForm = 64 << 10

// ssoCookie names a browser that is logged in here.
const ssoCookie = "idpsim-session"

// Handler serves the provider: /metadata, /sso, /login, /slo, the start page, and for
// people and programs the control page below /control/, which answers while the provider
// is down too.
func (s *Server) Handler() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", s.serveStart)
	pages.HandleFunc("GET /metadata", s.serveMetadata)
	pages.HandleFunc("GET /sso", s.serveSSO)
	pages.HandleFunc("POST /login", s.serveLogin)
	pages.HandleFunc("GET /slo", s.serveLogout)
	pages.HandleFunc("POST /slo", s.serveLogout)
	mux := http.NewServeMux()
	mux.Handle("/", s.available(pages))
	mux.Handle("GET /pages/", http.FileServerFS(pageFiles))
	mux.HandleFunc("GET /control/{$}", s.controlPage)
	mux.HandleFunc("GET /control/state", s.controlReadState)
	mux.HandleFunc("POST /control/state", s.controlState)
	mux.HandleFunc("POST /control/service-providers", s.controlTrust)
	mux.HandleFunc("POST /control/fault", s.controlFault)
	mux.HandleFunc("POST /control/logout", s.controlLogout)
	mux.HandleFunc("GET /control/history", s.controlHistory)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", "sluse-idpsim (simulator, not for production)")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; frame-ancestors 'none'")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		mux.ServeHTTP(w, r)
	})
}

// page is what the templates get.
type page struct {
	Users    []User
	Faults   []Fault
	Refusals []Fault
	Pending  string
	SP       string
	MitID    bool   // citizens log in
	Wanted   string // the level asked for, in Danish
	Platform string
	Fresh    bool
	Message  Message
	Problem  string
	Next     string
	Events   []Event
	State    State
}

func (s *Server) show(w http.ResponseWriter, status int, name string, p page) {
	t, err := template.ParseFS(pageFiles, "pages/layout.html", "pages/"+name+".html")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := t.ExecuteTemplate(w, "layout.html", p); err != nil {
		s.record(Event{Kind: "refused", Detail: "page: " + err.Error()})
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, err error) {
	s.record(Event{Kind: "refused", Detail: err.Error()})
	s.show(w, status, "problem", page{Problem: err.Error()})
}

func (s *Server) serveStart(w http.ResponseWriter, _ *http.Request) {
	s.show(w, http.StatusOK, "start", page{Users: s.Users(), Events: s.History(), State: s.State()})
}

func (s *Server) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(s.Metadata())
}

func (s *Server) serveSSO(w http.ResponseWriter, r *http.Request) {
	req, sp, err := s.readLogin(r.Context(), r.URL.RawQuery)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	if browser, known := s.signedOn(r); known && !req.forceAuthn && req.wants(browser.user) {
		s.finish(w, r, req, browser.user, Choice{Fault: s.fault("")}, browser.at)
		return
	}
	handle := randomID()
	s.mu.Lock()
	s.pending[handle] = req
	next := s.next
	s.mu.Unlock()
	p := page{
		Faults: slices.DeleteFunc(Faults(), func(f Fault) bool { return !f.Fits(s.opts.Profile) }), Pending: handle, SP: sp.entityID, Next: next,
		Platform: req.platform, Fresh: req.forceAuthn, Wanted: danishLevel(req.level()),
	}
	for _, u := range s.Users() {
		if req.wants(u) {
			p.Users = append(p.Users, u)
			p.MitID = p.MitID || u.Citizen()
		}
	}
	for _, f := range p.Faults {
		if f.Refusal {
			p.Refusals = append(p.Refusals, f)
		}
	}
	s.show(w, http.StatusOK, "login", p)
}

func danishLevel(level string) string {
	return map[string]string{LevelLow: "Lav", LevelSubstantial: "Betydelig", LevelHigh: "Høj"}[level]
}

// signedOn returns who is logged in here in the browser.
func (s *Server) signedOn(r *http.Request) (signedOn, bool) {
	cookie, err := r.Cookie(ssoCookie)
	if err != nil || !s.opts.SSO {
		return signedOn{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	browser, known := s.browsers[cookie.Value]
	return browser, known
}

// serveLogin takes the choice on the login page: the form fields pending, user, level and
// fault. With Accept: application/json the answer comes as JSON instead of a page that
// posts it.
func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	handle := r.PostFormValue("pending")
	s.mu.Lock()
	req, found := s.pending[handle]
	delete(s.pending, handle)
	s.mu.Unlock()
	if !found {
		s.refuse(w, http.StatusBadRequest, errors.New("idpsim: login is not pending any more"))
		return
	}
	fault := s.fault(r.PostFormValue("fault"))
	choice := Choice{User: r.PostFormValue("user"), Level: r.PostFormValue("level"), Fault: fault}
	user, err := s.chosen(choice)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	now := s.opts.Now().UTC()
	if s.opts.SSO && fault == "" {
		browser := randomID()
		s.mu.Lock()
		s.browsers[browser] = signedOn{user: user, at: now}
		s.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: ssoCookie, Value: browser, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // a simulator on loopback has no TLS
	}
	s.finish(w, r, req, user, choice, now)
}

// finish sends the answer through the browser.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, req authnRequest, user User, c Choice, at time.Time) {
	answer, err := s.answer(r.Context(), req, user, c, at)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, answer)
		return
	}
	form := url.Values{"SAMLResponse": {answer.SAMLResponse}}
	if answer.RelayState != "" {
		form.Set("RelayState", answer.RelayState)
	}
	s.show(w, http.StatusOK, "continue", page{Message: Message{URL: answer.ACS, Form: form}})
}

// send lets the browser take a logout message on: by redirect with the status, or by a
// page that posts it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, m Message, status int) {
	switch {
	case m.URL == "":
		s.show(w, http.StatusOK, "loggedout", page{})
	case m.Form != nil:
		s.show(w, http.StatusOK, "continue", page{Message: m})
	default:
		http.Redirect(w, r, m.URL, status)
	}
}

// fault is the one chosen on the page, or else the one set for the next login.
func (s *Server) fault(chosen string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.next
	s.next = ""
	if chosen != "" {
		return chosen
	}
	return next
}

func (s *Server) serveLogout(w http.ResponseWriter, r *http.Request) {
	in, err := arrived(r)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	next, err := s.logout(r.Context(), in)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	s.send(w, r, next, http.StatusFound)
}

func (s *Server) controlTrust(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.Trust(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlHistory(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.History()) }

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n'))
}
