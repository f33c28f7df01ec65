package oidcsim

import (
	"fmt"
	"html/template"
	"net/http"
)

// controlPath is the control page. It answers while the provider is down.
const controlPath = "/control/"

// controlPage switches the provider off and on, and lists who can log in.
const controlPage = `{{define "control"}}{{template "head" "Styr simulatoren"}}
<h1>Styr simulatoren</h1>
<form method="post" action="/control/state">
<label for="down">Drift</label>
<select id="down" name="down"><option value="">Kører</option><option value="unavailable"{{if .Down}} selected{{end}}>Nede: svarer 503</option></select>
<p><button>Gem</button></p>
</form>
<h2>Testpersoner</h2>
<ul>{{range .People}}<li><strong>{{.Name}}</strong>: {{.Number}}{{if .Professional}} (erhverv){{end}}</li>{{end}}</ul>
<p><a href="/control/history">Hændelser (JSON)</a></p>
{{template "foot"}}{{end}}`

// State is what the control page changes.
type State struct {
	// Down is "unavailable" while every page answers 503, otherwise empty.
	Down string `json:"down"`
}

// stateDown is the State of an outage.
const stateDown = "unavailable"

// State returns the present state.
func (s *Server) State() State {
	if s.isDown() {
		return State{Down: stateDown}
	}

	return State{}
}

func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.down
}

// control answers the control page and what belongs to it.
func (s *Server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/{$}", func(w http.ResponseWriter, _ *http.Request) {
		s.show(w, "control", map[string]any{"Down": s.isDown(), "People": s.options.People})
	})
	mux.HandleFunc("GET /control/state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.State()) })
	mux.HandleFunc("POST /control/state", s.setState)
	mux.HandleFunc("GET /control/history", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.History()) })

	return mux
}

// setState takes the form field down; a browser goes back to the page.
func (s *Server) setState(w http.ResponseWriter, r *http.Request) {
	switch r.PostFormValue("down") {
	case "":
		s.Down(false)
	case stateDown:
		s.Down(true)
	default:
		refuse(w, http.StatusBadRequest, "unknown state")

		return
	}

	http.Redirect(w, r, controlPath, http.StatusSeeOther)
}

// show writes a page.
func (s *Server) show(w http.ResponseWriter, name string, body any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")

	_ = s.pages.ExecuteTemplate(w, name, body) // the reader is gone
}

func parsePages() (*template.Template, error) {
	pages, err := template.New("").Parse(frame + loginPage + controlPage)
	if err != nil {
		return nil, fmt.Errorf("oidcsim: %w", err)
	}

	return pages, nil
}
