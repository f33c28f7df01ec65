package demo

import (
	"cmp"
	"context"
	_ "embed" // the page
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed front.html
var frontText string

// frontPage is what the demo's own page shows.
type frontPage struct {
	Now      string
	Next     string // when the next screen visit begins; empty when there is none
	Visits   []frontVisit
	Switches []frontSwitch
	Broker   bool   // citizens can log in at the broker
	Day      string // of the visits
	Fetched  bool   // lists are read from the record
	Lists    []string
	Links    []frontLink
	Staff    []frontLink
	Base     string // of the program
	Notice   string
}

type frontLink struct{ Text, URL, Note string }

// frontVisit is a screen visit that is ahead, with what its citizen has on the telephone.
type frontVisit struct {
	Time, Citizen, Employee string
	Link                    string // in the invitation
	Inbox                   string // the messages to that telephone
}

// mostVisits is how many visits ahead the page shows.
const mostVisits = 6

// ServeFront serves the demo's own page: where everything is, and the clock. It listens on a free
// loopback port until the demo is closed, and returns the page's address.
func (d *Demo) ServeFront(ctx context.Context) (string, error) {
	page, err := template.New("front").Parse(frontText)
	if err != nil {
		return "", fmt.Errorf("page: %w", err)
	}

	var lc net.ListenConfig

	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		_ = page.Execute(rw, d.front(r)) // the reader is gone
	})
	mux.Handle("POST /ur", http.NewCrossOriginProtection().Handler(http.HandlerFunc(d.moveClock)))
	mux.Handle("POST /udbyder", http.NewCrossOriginProtection().Handler(http.HandlerFunc(d.turn)))
	mux.HandleFunc("GET /liste/{navn}", d.download)

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	d.undo = append(d.undo, server.Close)

	go func() { _ = server.Serve(l) }() // ends with Close

	return "http://" + l.Addr().String() + "/", nil
}

func (d *Demo) front(r *http.Request) frontPage {
	p := frontPage{
		Now: danish(d.Now()), Notice: r.URL.Query().Get("besked"), Links: d.links(), Staff: d.logins(), Base: d.Base,
		Switches: d.switches(), Broker: d.World.OIDC != nil, Visits: d.ahead(), Day: d.firstDay(), Fetched: d.fetched,
	}
	if next := d.nextVisit(); !next.IsZero() {
		p.Next = danish(next)
	}

	for _, f := range d.lists() {
		p.Lists = append(p.Lists, f.Name)
	}

	return p
}

// download hands out a file to import.
func (d *Demo) download(rw http.ResponseWriter, r *http.Request) {
	for _, f := range d.files() {
		if f.Name == r.PathValue("navn") {
			rw.Header().Set("Content-Type", "application/octet-stream")
			rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
			_, _ = rw.Write(f.Data) // the reader is gone

			return
		}
	}

	http.NotFound(rw, r)
}

func danish(t time.Time) string {
	local := t.In(care.Zone())
	months := []string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}

	return fmt.Sprintf("%d. %s %d kl. %s", local.Day(), months[local.Month()-1], local.Year(), local.Format("15.04"))
}

// firstDay is the day of the visits, in words.
func (d *Demo) firstDay() string {
	day, _, _ := strings.Cut(danish(d.Days[0].Bounds().Start), " kl. ")

	return day
}

func (d *Demo) links() []frontLink {
	return slices.Concat([]frontLink{
		{"Planlæggerens dag", d.Base + "/dagen?dato=" + string(d.Days[0]), "Log ind som PLAN, og importér kørelisten først."},
		{"Medarbejderens dag", d.Base + "/min-dag", "Log ind som en af medarbejderne, i et andet browservindue."},
		{"Lederens statistik", d.Base + "/statistik", "Log ind som LEDER."},
		{"Revisorens log", d.Base + "/revision", "Log ind som REV."},
		{"Systemforvalterens sider", d.Base + "/administration", "Log ind som ADMIN. Servicedesk er DESK og ser mindre."},
		{"Borgernes sms'er", d.World.InboxURL, "Hvad borgerne har fået på telefonen: invitationer og engangskoder."},
		{"Borgernes e-mails", d.World.LettersURL, "Hvad borgerne har fået som e-mail."},
		{"Videorummene", d.World.RoomsURL, "Alle rum på den simulerede videoplatform, med værts- og gæstelink."},
		d.recordLink(),
	}, d.providers())
}

// recordLink leads to what the care record shows.
func (d *Demo) recordLink() frontLink {
	const name = "Omsorgsjournalen"

	switch d.World.Record {
	case world.FileRecord:
		dir := filepath.Join(d.World.Dir, string(municipality), "lister")

		return frontLink{name, "", "Kørelistens fil, som den går tilbage til journalen, ligger i mappen " + dir + " under »ud«."}
	case world.NexusRecord:
		return frontLink{name, d.World.RecordURL, "Kørelisterne med kategorier og farver, som medarbejderne ser dem. Hent dem som PLAN under »Import«."}
	case world.FHIRRecord:
		if d.fetched {
			return frontLink{name, d.World.RecordURL + "/koereliste", "Kørelisterne med kategorier og farver, som medarbejderne ser dem. Hent dem som PLAN under »Import«."}
		}
	}

	return frontLink{name, d.World.RecordURL, "Hvad journalen har modtaget."}
}

// providers are the simulated identity providers' own pages.
func (d *Demo) providers() []frontLink {
	out := []frontLink{{"Medarbejdernes login", d.World.LoginURL + controlPage, "Styr den simulerede udbyder: nøgler, logud, driftsstop."}}

	if d.World.MitID != nil {
		out = append(out, frontLink{"Borgernes MitID", d.World.MitIDURL + controlPage, "Det samme for den simulerede NemLog-in."})
	}

	if d.World.OIDC != nil {
		out = append(out, frontLink{"Borgernes anden udbyder", d.World.BrokerURL + controlPage, "Det samme for den simulerede udbyder med OpenID Connect."})
	}

	return out
}

func (d *Demo) logins() []frontLink {
	var out []frontLink
	for _, u := range world.Staff(d.employees...) {
		out = append(out, frontLink{Text: u.ID, Note: u.Title})
	}

	return out
}

// nextVisit is when the next visit begins to which somebody was invited; zero when there is none.
func (d *Demo) nextVisit() time.Time {
	now, texts := d.Now(), d.World.Texts()

	for _, row := range d.rows {
		if start := row.Planned.Start; start.After(now) && slices.ContainsFunc(texts, func(t world.Text) bool { return invites(t, start) }) {
			return start
		}
	}

	return time.Time{}
}

// ahead are the next screen visits, those that began a short while ago included.
func (d *Demo) ahead() []frontVisit {
	var out []frontVisit

	from, texts := d.Now().Add(-20*time.Minute), d.World.Texts()

	for _, row := range d.rows {
		start := row.Planned.Start
		if start.Before(from) {
			continue
		}

		i := slices.IndexFunc(texts, func(t world.Text) bool { return d.reaches(t.To, row) && invites(t, start) })
		if i < 0 {
			continue
		}

		out = append(out, frontVisit{
			Time: start.In(care.Zone()).Format("15.04"), Citizen: row.Name, Employee: string(row.Employee),
			Link: linkPattern.FindString(texts[i].Text), Inbox: d.World.InboxURL + "?" + url.Values{"to": {texts[i].To}}.Encode(),
		})

		if len(out) == mostVisits {
			break
		}
	}

	return out
}

// reaches reports whether a telephone is that of a row's citizen, by any row of the lists.
func (d *Demo) reaches(to string, row ehr.Row) bool {
	phone := care.NewPhone(to)

	return slices.ContainsFunc(d.rows, func(r ehr.Row) bool { return r.Phone == phone && r.Key() == row.Key() })
}

// moveClock jumps: to five minutes before the next visit, or on by some minutes.
func (d *Demo) moveClock(rw http.ResponseWriter, r *http.Request) {
	to, err := d.target(r.PostFormValue("til"))

	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
		defer cancel()

		err = errors.Join(d.Jump(ctx, to), d.notice(ctx))
	}

	home(rw, r, "Uret kunne ikke flyttes: ", err)
}

// home leads back to the page, which tells what went wrong.
func home(rw http.ResponseWriter, r *http.Request, what string, err error) {
	where := "/"
	if err != nil {
		where = "/?besked=" + template.URLQueryEscaper(what+err.Error())
	}

	http.Redirect(rw, r, where, http.StatusSeeOther)
}

var errNoVisit = errors.New("der er intet skærmbesøg foran os")

func (d *Demo) target(word string) (time.Time, error) {
	switch word {
	case "naeste":
		next := d.nextVisit()
		if next.IsZero() {
			return next, errNoVisit
		}

		return next.Add(-5 * time.Minute), nil
	case "time":
		return d.Now().Add(time.Hour), nil
	default:
		return d.Now().Add(5 * time.Minute), nil
	}
}

// Guide is what the demo prints when it is ready.
func (d *Demo) Guide(front string) string {
	var b strings.Builder

	fmt.Fprintf(&b, "Sluse-demo: alt på én side: %s\n\nDemoens ur: %s (besøgene er den %s). Uret flyttes på siden.\n\n", front, danish(d.Now()), d.firstDay())

	for _, l := range d.links() {
		fmt.Fprintf(&b, "  %-24s %s\n", l.Text, cmp.Or(l.URL, l.Note))
	}

	b.WriteString("\nLogins (ingen adgangskode):")

	for _, u := range world.Staff(d.employees...) {
		fmt.Fprintf(&b, " %s", u.ID)
	}

	if d.fetched {
		fmt.Fprintf(&b, "\nKørelisterne står i omsorgsjournalen. PLAN henter dem under »Import« for den %s: %s/import", d.firstDay(), d.Base)
	} else {
		b.WriteString("\nKørelister at importere:")

		for _, f := range d.lists() {
			fmt.Fprintf(&b, " %s", filepath.Join(d.listDir(), f.Name))
		}
	}

	b.WriteString("\nStop med Ctrl-C. Intet forlader maskinen.\n")

	return b.String()
}
