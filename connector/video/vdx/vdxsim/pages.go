package vdxsim

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
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
		return nil, fmt.Errorf("vdxsim: %w", err)
	}
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("vdxsim: %w", err)
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, fmt.Errorf("vdxsim: %w", err)
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

// inboxView is the page of messages.
type inboxView struct {
	To       string
	Messages []messageView
}

// messageView is one message; the first link in it can be followed.
type messageView struct {
	To, Sender, Sent, Status string
	Text, Link, After        string
	Failed                   bool
}

// link finds the first web address of a text.
var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// split cuts a text around its first link.
func split(text string) (before, address, after string) {
	at := link.FindStringIndex(text)
	if at == nil {
		return text, "", ""
	}
	return text[:at[0]], text[at[0]:at[1]], text[at[1]:]
}

func (p *pages) message(m SMSRecord) messageView {
	names := map[string]string{
		SMSQueued: "i kø", SMSSent: "sendt", SMSDelivered: "leveret", SMSFailed: "ikke leveret",
	}
	before, address, after := split(m.Text)
	return messageView{
		To: m.To, Sender: m.Sender, Text: before, Link: address, After: after, Sent: p.clock(m.Sent),
		Status: names[m.Status], Failed: m.Status == SMSFailed,
	}
}

// roomsView is the page of every room.
type roomsView struct {
	Now   string
	Rooms []roomRow
}

type roomRow struct {
	Address, Reference, Time, State string
	Host, Guest                     string
	People                          []personView
}

type personView struct{ Name, Role, Since string }

func (p *pages) room(r RoomRecord, now time.Time, base string) roomRow {
	row := roomRow{
		Address: r.URIWithDomain, Reference: r.ExternalID,
		Time:  r.Start.In(p.zone).Format("02.01. kl. 15.04") + "–" + p.minute(r.End),
		State: stateText(r, now),
		Host:  roomPage(base, r.URIWithDomain, r.HostPIN, ""),
		Guest: roomPage(base, r.URIWithDomain, r.GuestPIN, ""),
	}
	for _, l := range r.Legs {
		if l.Left.IsZero() {
			row.People = append(row.People, p.person(l))
		}
	}
	return row
}

func (p *pages) person(l LegRecord) personView {
	return personView{Name: l.Name, Role: placeText(l), Since: p.minute(l.Joined)}
}

func roleText(r Role) string {
	if r == RoleHost {
		return "vært"
	}
	return "gæst"
}

// placeText is a person's role, and that they wait if they do.
func placeText(l LegRecord) string {
	if l.Entered.IsZero() {
		return roleText(l.Role) + ", venter på værten"
	}
	return roleText(l.Role)
}

// stateText is what a person needs to know about a room, in Danish.
func stateText(r RoomRecord, now time.Time) string {
	switch {
	case !r.Deleted.IsZero():
		return "Aflyst"
	case !now.Before(r.End):
		return "Lukket"
	}
	switch r.Status {
	case AwaitsProvision:
		return "Ikke åbnet endnu"
	case StartingToProvision:
		return "Gøres klar"
	case ProvisionedOK:
		return "Åbent"
	case ProvisionProblems, DeprovisionProblems:
		return "Fejl"
	case StartingToDeprovision, DeprovisionOK:
		return "Lukket"
	}
	return "Ukendt"
}

// roomPage is the address of a room's page; pin 0 and an empty leg are left out.
func roomPage(base, conference string, pin int, legID string) string {
	q := url.Values{"conference": {conference}}
	if pin != 0 {
		q.Set("pin", strconv.Itoa(pin))
	}
	if legID != "" {
		q.Set("leg", legID)
	}
	return base + "/portal/?" + q.Encode()
}
