package app_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
)

// hiddenList has two citizens with a protected address: one is reached by SMS, one by mail with a
// calendar file.
const hiddenList = `Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Adresse;Mobil;E-mail;Beskyttet adresse;Indsats;Lovgrundlag;Besøgstype
23-11-2026;08:00;08:20;T-1;LBH;Øst dag;0212159995;Bo Vestergaard;Skjulestien 47, 9999 Testby;20000011;;ja;Tilsyn/omsorg;SUL §138;Planlagt besøg
23-11-2026;09:00;09:20;T-2;LBH;Øst dag;2509479989;Bruno Elmer;Gemmegade 48, 9999 Testby;;gemt@borger.example;x;Tilsyn/omsorg;SUL §138;Planlagt besøg
`

// hiddenWords are what nobody may read: parts of the addresses, and the telephone number as people
// write it.
var hiddenWords = regexp.MustCompile(`(?i)Skjulestien|Gemmegade|20000011|20 00 00 11|200 000 11`)

// output is what a process prints, by many goroutines.
type output struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	return o.Buffer.Write(p)
}

func (o *output) text() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	return o.String()
}

// TestProtectedAddress asks every page and every answer of the API, as everybody who works in a
// municipality, and looks into every message, calendar file, log line and metric: none tells the address
// or the telephone number of a citizen whose address is protected. They are shown to whoever says what
// for, and that is noted.
func TestProtectedAddress(t *testing.T) {
	t.Parallel()

	b := setup(t)
	log := &output{}
	b.log = log
	a, halt := b.start(app.All)
	known := b.person(testby).login("LEDER").bringIn(hiddenList)
	b.settle(a)
	b.jump(a, visitStart.Add(-30*time.Minute)) // the reminders are due, too

	asked, told := 0, 0

	for _, user := range []string{"PLAN", "LBH", "LEDER", "ADMIN", "REV", "DESK"} {
		p := b.person(testby).login(user)

		for _, path := range known.paths(t) {
			answer := p.peek(path)
			asked++

			if answer.status == http.StatusOK {
				told++
			}

			b.nothingIn(user+" "+path, answer.body)
		}
	}

	if told < 60 {
		t.Errorf("%d of %d answers told anything: the search is blind", told, asked)
	}

	b.nothingIn("the metrics", b.person(testby).get("/metrics").body)

	for _, sms := range b.world.Texts() {
		b.nothingIn("an SMS", sms.Text)
	}

	letters := b.world.Mail.Letters()
	for _, l := range letters {
		b.nothingIn("a letter's text", l.Text)
		b.nothingIn("a calendar file", strings.ReplaceAll(l.Calendar, "\r\n ", ""))
	}

	if len(letters) == 0 || len(b.world.Texts()) == 0 {
		t.Errorf("%d letters, %d SMS", len(letters), len(b.world.Texts()))
	}

	// Who has to reach the citizen says what for.
	if got := b.person(testby).login("PLAN").post("/borgere/"+known.citizens[0]+"/nummer", url.Values{"begrundelse": {"Linket virker ikke"}}); !strings.Contains(got.body, "Skjulestien 47") {
		t.Errorf("who needs the address can't see it: %d", got.status)
	}

	if got := b.person(testby).login("REV").get("/revision.csv?fra=2026-11-22&til=2026-11-24"); !strings.Contains(got.body, "Linket virker ikke") {
		t.Errorf("the look is not noted: %d\n%s", got.status, got.body)
	}

	halt()
	b.nothingIn("the log", log.text())
}

// nothingIn demands that a text does not tell what is hidden.
func (b *bundle) nothingIn(where, text string) {
	b.Helper()

	if found := hiddenWords.FindStringIndex(text); found != nil {
		b.Errorf("%s tells …%s…", where, text[max(0, found[0]-80):min(len(text), found[1]+40)])
	}
}

// brought are the keys by which pages are found.
type brought struct{ visits, citizens, lists, batches []string }

// paths are those of every GET route, by docs/permissions.md, which is generated from them.
func (k brought) paths(t *testing.T) []string {
	t.Helper()

	doc, err := os.ReadFile("../../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}

	var out []string

	for _, m := range regexp.MustCompile("(?m)^\\| GET `([^`]+)`").FindAllStringSubmatch(string(doc), -1) {
		switch path := m[1]; {
		case strings.HasPrefix(path, "/assets"), strings.HasPrefix(path, "/saml"), strings.HasPrefix(path, "/b"), path == "/login":
			if strings.HasPrefix(path, "/borgere") || strings.HasPrefix(path, "/besoeg") {
				out = append(out, k.fill(path)...)
			}
		default:
			out = append(out, k.fill(path)...)
		}
	}

	day := "?dag=2026-11-23&dato=2026-11-23&day=2026-11-23"
	for _, path := range []string{"/dagen", "/kraever-handling", "/min-dag", "/api/v1/visits", "/api/v1/exceptions", "/api/v1/my-day"} {
		out = append(out, path+day)
	}

	period := "?from=2026-11-20&to=2026-11-24&fra=2026-11-20&til=2026-11-24"
	for _, path := range []string{"/api/v1/evidence.csv", "/api/v1/statistics", "/statistik.csv", "/revision", "/revision.csv", "/borgere"} {
		out = append(out, path+period)
	}

	return out
}

// fill writes keys into a pattern.
func (k brought) fill(pattern string) []string {
	ids := k.visits

	switch {
	case !strings.Contains(pattern, ":"):
		return []string{pattern}
	case strings.HasPrefix(pattern, "/borgere"), strings.HasPrefix(pattern, "/api/v1/citizens"):
		ids = k.citizens
	case strings.Contains(pattern, "omlaegninger"), strings.Contains(pattern, "conversions"):
		ids = k.batches
	case strings.Contains(pattern, ":list"):
		ids = k.lists
	}

	var out []string
	for _, id := range ids {
		out = append(out, strings.NewReplacer(":id", id, ":list", id, ":enhed", "oest", ":kontakt", "none", ":adm", "none", ":system", "video", ":medarbejder", "LBH", ":fil", "none").Replace(pattern))
	}

	return out
}

// bringIn previews, imports and converts a list.
func (p *person) bringIn(file string) brought {
	p.Helper()

	for _, path := range []string{"/import", "/api/v1/driving-lists"} {
		var body bytes.Buffer

		form, field := multipart.NewWriter(&body), map[string]string{"/import": "fil", "/api/v1/driving-lists": "file"}[path]

		part, err := form.CreateFormFile(field, "liste.csv")
		if err != nil {
			p.Fatal(err)
		}

		if _, err := io.WriteString(part, file); err != nil {
			p.Fatal(err)
		}

		if err := form.Close(); err != nil {
			p.Fatal(err)
		}

		a := p.do(http.MethodPost, path, form.FormDataContentType(), &body)
		if a.status/100 > 3 {
			p.Fatalf("%s: %d %s", path, a.status, a.body)
		}

		p.nothingIn(path, a.body)
	}

	var (
		out  brought
		list struct {
			Lists []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		day struct {
			Visits []struct {
				ID      string `json:"id"`
				Citizen struct {
					ID string `json:"id"`
				} `json:"citizen"`
			} `json:"visits"`
		}
		conversion struct {
			ID string `json:"id"`
		}
	)

	p.api(http.MethodGet, "/visits?day=2026-11-23", nil, &day)

	for _, v := range day.Visits {
		out.visits, out.citizens = append(out.visits, v.ID), append(out.citizens, v.Citizen.ID)
	}

	if len(out.visits) != 2 {
		p.Fatalf("%d visits", len(out.visits))
	}

	p.nothingIn("the dry run", p.post("/omlaeg", url.Values{"id": out.visits}).body)
	p.api(http.MethodPost, "/conversions", map[string]any{"visits": out.visits, "reason": "Aftalt"}, &conversion)
	p.api(http.MethodGet, "/driving-lists", nil, &list)

	out.batches = []string{conversion.ID}
	for _, l := range list.Lists {
		out.lists = append(out.lists, l.ID)
	}

	return out
}

// peek reads what comes within a second, also of a stream.
func (p *person) peek(path string) answer {
	p.Helper()

	ctx, cancel := context.WithTimeout(p.Context(), time.Second)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, http.NoBody)
	if err != nil {
		p.Fatal(err)
	}

	res, err := p.http.Do(req)
	if err != nil {
		return answer{} // a page that waits for news
	}
	defer res.Body.Close()

	body, _ := io.ReadAll(res.Body)

	return answer{status: res.StatusCode, header: res.Header, body: string(body)}
}
