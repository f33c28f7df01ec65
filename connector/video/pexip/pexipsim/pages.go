package pexipsim

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // the pages show Danish time on any machine
)

//go:embed pages
var pageFiles embed.FS

// pages renders the simulator's own Danish pages. They load nothing from any other host and
// hold no script.
type pages struct {
	parsed *template.Template
	css    []byte
	zone   *time.Location
}

func parsePages() (*pages, error) {
	parsed, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("pexipsim: %w", err)
	}
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("pexipsim: %w", err)
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, fmt.Errorf("pexipsim: %w", err)
	}
	return &pages{parsed: parsed, css: css, zone: zone}, nil
}

func (p *pages) render(w http.ResponseWriter, status int, name string, view any) {
	out := p.html(status, name, view)
	emit(w, out)
}

// html builds a page as a reply.
func (p *pages) html(status int, name string, view any) reply {
	var buf bytes.Buffer
	if err := p.parsed.ExecuteTemplate(&buf, name, view); err != nil {
		return reply{status: http.StatusInternalServerError, kind: "text/plain", body: []byte(err.Error())}
	}
	return reply{
		status: status, kind: "text/html; charset=utf-8", body: buf.Bytes(),
		header: map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
			"Cache-Control":           "no-store",
			"Referrer-Policy":         "no-referrer",
		},
	}
}

func (p *pages) style(w http.ResponseWriter, _ *http.Request) {
	emit(w, reply{status: http.StatusOK, kind: "text/css; charset=utf-8", body: p.css})
}

func (p *pages) clock(t time.Time) string { return t.In(p.zone).Format("02.01.2006 kl. 15.04.05") }

func (p *pages) minute(t time.Time) string { return t.In(p.zone).Format("15.04") }

// roomsView is the page of every room.
type roomsView struct {
	Now   string
	Rooms []roomRow
}

type roomRow struct {
	Name, Aliases, Time, State string
	Host, Guest                string
	People                     []personView
}

type personView struct{ Name, Role, Since string }

func (p *pages) room(r RoomRecord, now time.Time, base string) roomRow {
	row := roomRow{
		Name: r.Name, Aliases: strings.Join(r.Aliases, ", "), Time: "Oprettet " + p.clock(r.Created), State: stateText(r, now),
		Host:  roomPage(base, aliasFor(r, RoleHost), r.PIN, ""),
		Guest: roomPage(base, aliasFor(r, RoleGuest), r.GuestPIN, ""),
	}
	for _, l := range inside(r) {
		row.People = append(row.People, p.person(l))
	}
	return row
}

func (p *pages) person(l LegRecord) personView {
	role := roleText(l.Role)
	switch {
	case l.Streaming:
		role = "optagelse"
	case l.Phase == phaseWaiting:
		role += ", venter"
	case l.Phase == phaseIVR:
		role = "taster PIN-kode"
	}
	return personView{Name: l.Name, Role: role, Since: p.minute(l.Connected)}
}

func roleText(r Role) string {
	if r == RoleHost {
		return "vært"
	}
	return "gæst"
}
