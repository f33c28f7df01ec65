package fhirsim

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the page shows Danish time on any machine
)

//go:embed pages
var pageFiles embed.FS

// show answers with a page. They load nothing, and hold no script.
func (s *Server) show(w http.ResponseWriter, name string, view any) {
	parsed, err := template.ParseFS(pageFiles, "pages/*.html")

	var page bytes.Buffer
	if err == nil {
		err = parsed.ExecuteTemplate(&page, name, view)
	}

	if err != nil {
		http.Error(w, "the page can't be shown", http.StatusInternalServerError)

		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")

	_, _ = w.Write(page.Bytes()) // the connection is gone: nobody to tell
}

// zone is Danish time.
func zone() *time.Location {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return time.UTC // unreachable: the zones are embedded
	}

	return zone
}

// pageVisit is a visit as the page shows it, in Danish.
type pageVisit struct {
	Identifier string
	Status     string
	Tone       string // ok, wait, bad
	Category   string
	Comment    string
	Planned    string
	Actual     string
	Contact    string
	Reason     string
	Meeting    string
	Versions   []pageVersion
}

type pageVersion struct {
	Ref, At, By, JSON string
	Number            int
}

type pageData struct {
	Visits []pageVisit
	Totals Totals
	Filter string
	More   int // visits that are not shown
}

// pageLimit is how many visits the page shows at most; the filter finds the others.
const pageLimit = 200

// page shows what the record holds, per visit. Person numbers are masked.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	data := pageData{Totals: s.Totals(), Filter: r.URL.Query().Get("besoeg")}
	for _, v := range s.Visits() {
		switch {
		case data.Filter != "" && !strings.Contains(v.Identifier, data.Filter):
		case len(data.Visits) == pageLimit:
			data.More++
		default:
			data.Visits = append(data.Visits, s.pageVisit(v))
		}
	}

	s.show(w, "received", data)
}

func (s *Server) pageVisit(v Visit) pageVisit {
	p := pageVisit{Identifier: v.Identifier, Meeting: v.Meeting}

	for _, a := range v.Appointments {
		p.Status, p.Tone = danishStatus(a.Status)
		p.Category, p.Comment = a.Category, a.Comment
		p.Planned = danishPeriod(a.Start, a.End)
		p.Reason = text(object(a.Body, "cancelationReason"), "text")
		p.Versions = append(p.Versions, s.pageVersions(a.Ref)...)
	}

	for _, e := range v.Encounters {
		if e.Status == "finished" {
			p.Actual = danishPeriod(e.Start, e.End)
			p.Contact = text(object(e.Body, "class"), "display")
		}

		p.Versions = append(p.Versions, s.pageVersions(e.Ref)...)
	}

	return p
}

func (s *Server) pageVersions(ref string) []pageVersion {
	s.mu.Lock()
	defer s.mu.Unlock()

	versions := []pageVersion{}

	r := s.archive.records[ref]
	for _, v := range r.versions {
		by := "Sluse"
		if v.staff {
			by = "en medarbejder i journalen"
		}

		data, err := json.MarshalIndent(v.body, "", "  ")
		if err != nil {
			continue // unreachable: it was JSON when it came
		}

		versions = append(versions, pageVersion{
			Ref: ref, Number: v.number, At: v.at.In(zone()).Format("15:04:05"), By: by, JSON: maskPersonNumbers(string(data)),
		})
	}

	return versions
}

// maskPersonNumbers hides the serial of everything that looks like a CPR number or a
// replacement for one.
func maskPersonNumbers(document string) string {
	return regexp.MustCompile(`"(\d{6})-?[0-9A-Z]{4}"`).ReplaceAllString(document, `"$1-••••"`)
}

func danishStatus(status string) (label, tone string) {
	switch status {
	case "booked":
		return "Planlagt", "wait"
	case "arrived", "checked-in":
		return "I gang", "wait"
	case "fulfilled":
		return "Gennemført", "ok"
	case "noshow":
		return "Udeblevet", "bad"
	case "cancelled":
		return "Aflyst", "bad"
	case "entered-in-error":
		return "Fejlregistreret", "bad"
	}

	return status, "wait"
}

// danishPeriod shows the local times as they stand in the resource.
func danishPeriod(start, end string) string {
	from, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return start
	}

	shown := from.Format("02.01.2006 kl. 15.04")
	if to, err := time.Parse(time.RFC3339, end); err == nil {
		shown += "–" + to.Format("15.04")
	}

	return shown
}
