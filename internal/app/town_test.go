package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// The two municipalities of the tests.
const (
	testby   care.MunicipalityID = "testby"
	proeveby care.MunicipalityID = "proeveby"
)

// clock runs from the day before the list's, and can jump forward.
type clock struct{ offset atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.offset.Store(int64(time.Until(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))))

	return c
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// list has one visit, on Monday 23 November 2026 at 8:00 Danish time.
const list = `Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype
23-11-2026;08:00;08:20;T-1;LBH;Øst dag;0212159995;Bo Vestergaard;20000011;Tilsyn/omsorg;SUL §138;Planlagt besøg
`

// visitStart is when the list's visit begins.
var visitStart = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// bundle is two municipalities in a world, and the configuration of a process for them.
type bundle struct {
	*testing.T

	world  *world.World
	clock  *clock
	config config.Config
	bases  map[care.MunicipalityID]string
	log    io.Writer
}

// setup makes the world and migrates the databases.
func setup(t *testing.T) *bundle {
	t.Helper()

	addr, err := world.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	b := &bundle{T: t, clock: newClock(), bases: map[care.MunicipalityID]string{}, log: t.Output()}
	port := addr[strings.LastIndexByte(addr, ':'):]
	towns := []world.Municipality{{ID: testby, Name: "Testby Kommune", Host: "127.0.0.1"}, {ID: proeveby, Name: "Prøveby Kommune", Host: "localhost"}}

	b.world, err = world.Start(t.Context(), world.Options{
		Dir: t.TempDir(), Clock: b.clock.now, Listen: addr, Seed: 7, Record: world.FileRecord, Municipalities: towns,
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := b.world.Close(); err != nil {
			t.Error(err)
		}
	})

	for _, m := range towns {
		b.bases[m.ID] = "http://" + m.Host + port
	}

	if b.config, err = config.Load(b.world.ConfigFile, os.LookupEnv); err != nil {
		t.Fatal(err)
	}

	if err := app.Migrate(t.Context(), b.config, io.Discard); err != nil {
		t.Fatal(err)
	}

	return b
}

func (b *bundle) options(role app.Role) app.Options {
	return app.Options{
		Config: b.config, Role: role, Logger: obs.NewLogger(b.log, 0, outbound.Redact), Clock: b.clock.now, Shifted: true, Metrics: obs.NewMetrics(),
	}
}

// start runs the program until the test ends, or halt is called.
func (b *bundle) start(role app.Role) (a *app.App, halt func()) {
	b.Helper()

	a, err := app.New(b.Context(), b.options(role))
	if err != nil {
		b.Fatal(err)
	}

	halt = func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()

		if err := a.Stop(ctx); err != nil {
			b.Errorf("stop: %v", err)
		}
	}
	b.Cleanup(halt)

	if err := a.Start(b.Context()); err != nil {
		b.Fatal(err)
	}

	return a, halt
}

// settle waits until nothing is due in any municipality.
func (b *bundle) settle(a *app.App) {
	b.Helper()

	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()

	for _, m := range b.config.Municipalities {
		if err := a.Site(m.ID).Queue().WaitIdle(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// jump moves the clock on.
func (b *bundle) jump(a *app.App, to time.Time) {
	b.Helper()
	b.settle(a)
	b.clock.offset.Add(int64(to.Sub(b.clock.now())))
	b.world.VDX.Tick()

	for _, m := range b.config.Municipalities {
		if err := a.Site(m.ID).Queue().Wake(b.Context()); err != nil {
			b.Fatal(err)
		}
	}

	b.settle(a)
}

// person is somebody with a browser.
type person struct {
	*bundle

	base string
	http *http.Client
}

func (b *bundle) person(town care.MunicipalityID) *person {
	b.Helper()

	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}

	return &person{bundle: b, base: b.bases[town], http: &http.Client{
		Jar: jar, Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (p *person) do(method, path, contentType string, body io.Reader, cookies ...*http.Cookie) answer {
	p.Helper()

	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}

	req, err := http.NewRequestWithContext(p.Context(), method, path, body)
	if err != nil {
		p.Fatal(err)
	}

	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}

	for _, c := range cookies {
		req.AddCookie(c)
	}

	res, err := p.http.Do(req)
	if err != nil {
		p.Fatalf("%s %s: %v", method, req.URL.Path, err)
	}
	defer res.Body.Close()

	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.Fatalf("%s %s: %s: %v", method, req.URL.Path, res.Status, err)
	}

	return answer{status: res.StatusCode, header: res.Header, body: string(data)}
}

func (p *person) get(path string, cookies ...*http.Cookie) answer {
	p.Helper()

	return p.do(http.MethodGet, path, "", nil, cookies...)
}

func (p *person) post(path string, form url.Values, cookies ...*http.Cookie) answer {
	p.Helper()

	return p.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), cookies...)
}

// api sends JSON and reads the answer into out, unless it is nil.
func (p *person) api(method, path string, in, out any) answer {
	p.Helper()

	var (
		body        io.Reader
		contentType string
	)

	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			p.Fatal(err)
		}

		body, contentType = bytes.NewReader(data), "application/json"
	}

	a := p.do(method, "/api/v1"+path, contentType, body)

	if out != nil {
		if a.status/100 != 2 {
			p.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}

		if err := json.Unmarshal([]byte(a.body), out); err != nil {
			p.Fatalf("%s %s: %v", method, path, err)
		}
	}

	return a
}

// upload sends the list as a form with this field does.
func (p *person) upload(path, field string) answer {
	p.Helper()

	var body bytes.Buffer

	form := multipart.NewWriter(&body)

	part, err := form.CreateFormFile(field, "liste.csv")
	if err != nil {
		p.Fatal(err)
	}

	if _, err := io.WriteString(part, list); err != nil {
		p.Fatal(err)
	}

	if err := form.Close(); err != nil {
		p.Fatal(err)
	}

	return p.do(http.MethodPost, path, form.FormDataContentType(), &body)
}

// samlAnswer goes to the identity provider, and returns what it sends back.
func (p *person) samlAnswer(user string) (acs string, form url.Values) {
	p.Helper()

	back, err := p.world.IDP.Login(p.Context(), p.get("/login").header.Get("Location"), user, "")
	if err != nil {
		p.Fatal(err)
	}

	return back.ACS, url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}}
}

// login logs somebody in.
func (p *person) login(user string) *person {
	p.Helper()

	acs, form := p.samlAnswer(user)
	if a := p.post(acs, form); a.status != http.StatusSeeOther {
		p.Fatalf("login of %s: %d", user, a.status)
	}

	return p
}

// cookies are those that the browser has for the town.
func (p *person) cookies() []*http.Cookie {
	u, err := url.Parse(p.base)
	if err != nil {
		p.Fatal(err)
	}

	return p.http.Jar.Cookies(u)
}

// importAndConvert brings the list in and converts its visit; it returns what the municipality
// calls them.
func (p *person) importAndConvert() (visit, batch string) {
	p.Helper()

	if a := p.upload("/api/v1/driving-lists", "file"); a.status/100 != 2 {
		p.Fatalf("import: %d %s", a.status, a.body)
	}

	var day struct {
		Visits []struct {
			ID string `json:"id"`
		} `json:"visits"`
	}

	p.api(http.MethodGet, "/visits?day=2026-11-23", nil, &day)

	if len(day.Visits) != 1 {
		p.Fatalf("%d visits", len(day.Visits))
	}

	var conversion struct {
		ID string `json:"id"`
	}

	p.api(http.MethodPost, "/conversions", map[string]any{"visits": []string{day.Visits[0].ID}}, &conversion)

	return day.Visits[0].ID, conversion.ID
}
