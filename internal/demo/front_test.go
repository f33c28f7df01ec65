package demo

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/world"
)

// night is the list of a winter night over the change of clocks: the visits are on two days.
const night = `Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype
24-10-2026;23:50;00:10;N-1;LBH;Nat;0212159995;Bo Vestergaard;20000011;Ernæringsvejledning;SUL §138;Planlagt besøg
25-10-2026;02:50;03:10;N-2;AØJ;Nat;0504909989;Rasmus Lauridsen;20000012;Tilsyn/omsorg;SEL §83;Planlagt besøg
`

func start(t *testing.T) *Demo {
	t.Helper()

	return startWith(t, Options{})
}

// startWith starts a demo of a night.
func startWith(t *testing.T, o Options) *Demo {
	t.Helper()

	path := filepath.Join(t.TempDir(), "nat.csv")
	if err := os.WriteFile(path, []byte(night), 0o600); err != nil {
		t.Fatal(err)
	}

	o.Addr, o.List, o.Log = "127.0.0.1:0", path, t.Output()

	d, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})

	return d
}

func ask(t *testing.T, method, address, origin string, form url.Values) answer {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}

	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", origin)
	}

	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}

	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()

	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}

	return answer{status: res.StatusCode, location: res.Header.Get("Location"), body: body}
}

func TestFrontPage(t *testing.T) {
	t.Parallel()

	d := start(t)

	front, err := d.ServeFront(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	page := string(ask(t, http.MethodGet, front, "", nil).body)
	for _, want := range []string{"23. oktober 2026 kl. 13.00", "Der er ingen kommende skærmbesøg endnu", "PLAN", "LBH"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}

	links := regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 15 {
		t.Errorf("%d links", len(links))
	}

	for _, link := range links {
		to := html.UnescapeString(link[1])
		if strings.HasPrefix(to, "/") {
			to = strings.TrimSuffix(front, "/") + to
		}

		if got := ask(t, http.MethodGet, to, "", nil); got.status >= http.StatusBadRequest {
			t.Errorf("%s: %d", link[1], got.status)
		}
	}

	for _, path := range []string{"andet", "liste/sluse.yaml", "liste/..%2fsluse.yaml"} {
		if got := ask(t, http.MethodGet, front+path, "", nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// TestGuide tells how to get at the lists and the record, whichever record it is.
func TestGuide(t *testing.T) {
	t.Parallel()

	for record, wants := range map[world.RecordKind]struct{ page, guide string }{
		world.FileRecord:  {"importér den første", "Omsorgsjournalen         Kørelistens fil"},
		world.NexusRecord: {"hent kørelisterne for den 24. oktober 2026", "PLAN henter dem under »Import« for den 24. oktober 2026: http://"},
		world.FHIRRecord:  {"hent kørelisterne for den 24. oktober 2026", "PLAN henter dem under »Import« for den 24. oktober 2026: http://"},
	} {
		d := startWith(t, Options{Record: record})

		front, err := d.ServeFront(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		if page := string(ask(t, http.MethodGet, front, "", nil).body); !strings.Contains(page, wants.page) {
			t.Errorf("%s: the page does not say %q", record, wants.page)
		}

		if guide := d.Guide(front); !strings.Contains(guide, wants.guide) {
			t.Errorf("%s: %q is missing in %s", record, wants.guide, guide)
		}
	}
}

func TestClockJumps(t *testing.T) {
	t.Parallel()

	d := start(t)

	front, err := d.ServeFront(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	move := func(word, origin string) (answer, time.Duration) {
		before := d.Now()
		got := ask(t, http.MethodPost, front+"ur", origin, url.Values{"til": {word}})

		return got, d.Now().Sub(before).Truncate(time.Minute)
	}

	if got, by := move("time", "same-origin"); got.status != http.StatusSeeOther || by != time.Hour {
		t.Errorf("an hour on: %d, %v", got.status, by)
	}

	if got, by := move("fem", "same-origin"); got.status != http.StatusSeeOther || by != 5*time.Minute {
		t.Errorf("five minutes on: %d, %v", got.status, by)
	}

	if got, by := move("time", "cross-site"); got.status != http.StatusForbidden || by != 0 {
		t.Errorf("from another site: %d, %v", got.status, by)
	}

	got, by := move("naeste", "same-origin")
	if got.status != http.StatusSeeOther || by != 0 {
		t.Errorf("no next visit: %d, %v", got.status, by)
	}

	if page := ask(t, http.MethodGet, strings.TrimSuffix(front, "/")+got.location, "", nil).body; !strings.Contains(string(page), "der er intet skærmbesøg foran os") {
		t.Error("the page does not tell that there is no next visit")
	}

	convertAll(t, d)

	if got, _ := move("naeste", "same-origin"); got.status != http.StatusSeeOther {
		t.Errorf("next visit: %d", got.status)
	}

	// The first visit begins at 23:50 Danish summer time.
	if left := time.Date(2026, 10, 24, 21, 50, 0, 0, time.UTC).Sub(d.Now()); left > 5*time.Minute || left < 4*time.Minute {
		t.Errorf("%v before the next visit", left)
	}

	if page := ask(t, http.MethodGet, front, "", nil).body; !strings.Contains(string(page), "Næste skærmbesøg begynder 24. oktober 2026 kl. 23.50") {
		t.Error("the next visit is not told")
	}
}

// convertAll imports the list and converts what it can, as the walk does.
func convertAll(t *testing.T, d *Demo) {
	t.Helper()

	w := &walk{Demo: d, out: io.Discard, staff: map[string]*person{}}
	for _, step := range []func(context.Context) error{w.importLists, w.convert} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWalkOfANight plays a night over the change of clocks: 02:50 comes twice, and the visit is
// played once.
func TestWalkOfANight(t *testing.T) {
	t.Parallel()

	d := start(t)

	r, err := d.Walk(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}

	if len(d.Days) != 2 || r.Converted != 2 || r.Completed != 2 {
		t.Errorf("days %v: %+v", d.Days, r)
	}
}

func TestStartFailsClean(t *testing.T) {
	t.Parallel()

	gone, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := Start(gone, Options{Addr: "127.0.0.1:0"}); err == nil {
		t.Error("a demo starts although it was interrupted")
	}
}
