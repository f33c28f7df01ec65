package demo

import (
	"context"
	_ "embed" // the page
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed front.html
var frontText string

// frontPage is what the demo's own page shows.
type frontPage struct {
	Now    string
	Next   string // when the next screen visit begins; empty when there is none
	Links  []frontLink
	Staff  []frontLink
	Notice string
}

type frontLink struct{ Text, URL, Note string }

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

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	d.undo = append(d.undo, server.Close)

	go func() { _ = server.Serve(l) }() // ends with Close

	return "http://" + l.Addr().String() + "/", nil
}

func (d *Demo) front(r *http.Request) frontPage {
	p := frontPage{Now: danish(d.Now()), Notice: r.URL.Query().Get("besked"), Links: d.links(), Staff: d.logins()}
	if next := d.nextVisit(); !next.IsZero() {
		p.Next = danish(next)
	}

	return p
}

func danish(t time.Time) string {
	local := t.In(care.Zone())
	months := []string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}

	return fmt.Sprintf("%d. %s %d kl. %s", local.Day(), months[local.Month()-1], local.Year(), local.Format("15.04"))
}

func (d *Demo) links() []frontLink {
	return []frontLink{
		{"Planlæggerens dag", d.Base + "/dagen?dato=" + string(d.Days[0]), "Log ind som PLAN, og importér kørelisten først."},
		{"Medarbejderens dag", d.Base + "/min-dag", "Log ind som en af medarbejderne, i et andet browservindue."},
		{"Lederens statistik", d.Base + "/statistik", "Log ind som LEDER."},
		{"Borgernes sms'er", d.World.InboxURL, "Hvad borgerne har fået på telefonen: invitationer og engangskoder."},
		{"Borgernes e-mails", d.World.LettersURL, "Hvad borgerne har fået som e-mail."},
		{"Videorummene", d.World.RoomsURL, "Alle rum på den simulerede videoplatform, med værts- og gæstelink."},
		{"Omsorgsjournalen", d.World.RecordURL, "Hvad journalen har modtaget."},
		{"Borgernes MitID", d.World.MitIDURL + "/control/", "Vælg fejl, eller lad MitID være nede."},
		{"Medarbejdernes login", d.World.LoginURL + "/control/", "Vælg fejl, eller lad login være nede."},
	}
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

	for _, start := range d.starts {
		if start.After(now) && slices.ContainsFunc(texts, func(t world.Text) bool { return invites(t, start) }) {
			return start
		}
	}

	return time.Time{}
}

// moveClock jumps: to five minutes before the next visit, or on by some minutes.
func (d *Demo) moveClock(rw http.ResponseWriter, r *http.Request) {
	to, err := d.target(r.PostFormValue("til"))

	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
		defer cancel()

		err = d.Jump(ctx, to)
	}

	where := "/"
	if err != nil {
		where = "/?besked=" + template.URLQueryEscaper("Uret kunne ikke flyttes: "+err.Error())
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

	fmt.Fprintf(&b, "Sluse-demo: alt på én side: %s\n\nDemoens ur: %s (besøgene er den %s). Uret flyttes på siden.\n\n", front, danish(d.Now()), danish(d.Days[0].Bounds().Start)[:len(danish(d.Days[0].Bounds().Start))-len(" kl. 00.00")])

	for _, l := range d.links() {
		fmt.Fprintf(&b, "  %-20s %s\n", l.Text, l.URL)
	}

	b.WriteString("\nLogins (ingen adgangskode):")

	for _, u := range world.Staff(d.employees...) {
		fmt.Fprintf(&b, " %s", u.ID)
	}

	fmt.Fprintf(&b, "\nKøreliste at importere: %s\nStop med Ctrl-C. Intet forlader maskinen.\n", d.listFile())

	return b.String()
}
