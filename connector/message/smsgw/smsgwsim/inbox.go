package smsgwsim

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
)

//go:embed inbox.html
var inboxPage string

// linkPattern finds the address in a message that a reader would press.
var linkPattern = regexp.MustCompile(`https?://[^\s<>"]+`)

// ControlHandler serves the telephones behind the gateway, to people and programs. It belongs on
// a loopback listener of its own.
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /inbox", s.inbox)
	mux.HandleFunc("GET /texts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Texts()) // the caller is gone
	})

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", serverHeader)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		mux.ServeHTTP(w, r)
	})
}

// row is a message on the page, cut at its link.
type row struct {
	TextRecord

	Time, Before, Link, After string
}

func (s *Server) inbox(w http.ResponseWriter, _ *http.Request) {
	page, err := template.New("inbox").Parse(inboxPage)
	if err != nil {
		http.Error(w, "page", http.StatusInternalServerError)

		return
	}

	texts := s.Texts()
	slices.Reverse(texts)

	rows := make([]row, 0, len(texts))

	for _, t := range texts {
		r := row{TextRecord: t, Time: t.Sent.Local().Format("15.04.05"), Before: t.Text}
		if at := linkPattern.FindStringIndex(t.Text); at != nil {
			r.Before, r.Link, r.After = t.Text[:at[0]], t.Text[at[0]:at[1]], t.Text[at[1]:]
		}

		rows = append(rows, r)
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, rows) // the reader is gone
}
