package idpsim

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

const maxForm = 64 << 10

// Handler serves the provider: /metadata, /sso, /login, /slo, the start page, and for
// programs /control/service-providers, /control/fault, /control/logout and /control/history.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.serveStart)
	mux.HandleFunc("GET /metadata", s.serveMetadata)
	mux.HandleFunc("GET /sso", s.serveSSO)
	mux.HandleFunc("POST /login", s.serveLogin)
	mux.HandleFunc("GET /slo", s.serveLogout)
	mux.Handle("GET /pages/", http.FileServerFS(pageFiles))
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
	Users   []User
	Faults  []Fault
	Pending string
	SP      string
	Answer  Answer
	Problem string
	Next    string
	Events  []Event
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
	s.show(w, http.StatusOK, "start", page{Users: s.Users(), Events: s.History()})
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
	handle := randomID()
	s.mu.Lock()
	s.pending[handle] = req
	next := s.next
	s.mu.Unlock()
	s.show(w, http.StatusOK, "login", page{
		Users: s.Users(), Faults: Faults(), Pending: handle, SP: sp.entityID, Next: next,
	})
}

// serveLogin takes the choice on the login page: the form fields pending, user and fault.
// With Accept: application/json the answer comes as JSON instead of a page that posts it.
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
	answer, err := s.answer(r.Context(), req, r.PostFormValue("user"), s.fault(r.PostFormValue("fault")))
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, answer)
		return
	}
	s.show(w, http.StatusOK, "continue", page{Answer: answer})
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
	next, err := s.logout(r.Context(), r.URL.RawQuery)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	if next == "" {
		s.show(w, http.StatusOK, "loggedout", page{})
		return
	}
	http.Redirect(w, r, next, http.StatusFound) //nolint:gosec // an address from trusted metadata
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

func (s *Server) controlFault(w http.ResponseWriter, r *http.Request) {
	if err := s.SetFault(r.PostFormValue("fault")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlLogout ends a user's session here; a browser is sent on to the service provider.
func (s *Server) controlLogout(w http.ResponseWriter, r *http.Request) {
	next, err := s.LogoutURL(r.PostFormValue("user"))
	if err != nil {
		s.refuse(w, http.StatusConflict, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // an address from trusted metadata
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
