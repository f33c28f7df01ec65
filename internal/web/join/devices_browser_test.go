package join_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/credential"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The tests in this file play known devices and tablets in a real browser, with the real use cases
// on a real database. Nothing else of the program is needed: jobs are not done, rooms not made.

// house is a municipality with one citizen and one screen visit, at 09.00 of the day.
type house struct {
	*scheduler.Service

	db    *store.Database
	store *store.Store
	url   string
	room  string // where admitted people are led
	down  atomic.Bool

	mutex sync.Mutex
	now   time.Time
}

const visitID care.VisitID = "visit-1"

func at(hour, minute int) time.Time {
	return time.Date(2026, 11, 23, hour, minute, 0, 0, care.Zone()).UTC()
}

func (h *house) clock() time.Time {
	h.mutex.Lock()
	defer h.mutex.Unlock()

	h.now = h.now.Add(time.Microsecond)

	return h.now
}

func (h *house) at(t time.Time) {
	h.mutex.Lock()
	defer h.mutex.Unlock()

	h.now = t
}

// nothing stands for the peers, which nobody calls here.
type nothing struct {
	video.Platform
	ehr.FileSource
	ehr.Journal
}

type noJobs struct{}

func (noJobs) InsertJobs(context.Context, *sql.Tx, []scheduler.Job) error { return nil }

// nobody stands for the staff's logins.
type (
	noSessions struct{ web.SessionStore }
	noLogin    struct{ web.LoginProvider }
)

func build(t *testing.T) *house {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)

	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>Rum</title><h1>Rummet</h1>"))
	}))
	t.Cleanup(room.Close)

	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)

	h := &house{url: "http://localhost:" + port, room: room.URL + "/gaest", now: at(8, 40)}
	h.openStore(t)

	checker, err := credential.New(h.url, "Testby Kommune")
	must(t, err)

	h.Service, err = scheduler.New(scheduler.Deps{
		Settings: scheduler.Settings{
			Municipality: "testby", Name: "Testby Kommune", PublicURL: h.url, Units: []scheduler.UnitRule{{Unit: care.Unit{ID: "oest", Name: "Øst"}}},
			Door: 15 * time.Minute, Grace: 15 * time.Minute, HardCap: time.Hour, Participants: 5,
			Devices: scheduler.DeviceSettings{
				Known: []care.DeviceKind{care.PasskeyDevice, care.CodeDevice}, MinLevel: care.Substantial, Level: care.LowAssurance,
				Terms: care.DeviceTerms{Idle: 720 * time.Hour, TabletIdle: 2160 * time.Hour},
			},
		},
		Store: h.store, Video: nothing{}, Files: nothing{}, Journal: nothing{}, Credentials: checker,
		Links: care.NewSecret("0123456789abcdef0123456789abcdef"), Now: h.clock,
	})
	must(t, err)
	h.seed(t)
	h.serve(t, l)

	return h
}

func (h *house) openStore(t *testing.T) {
	t.Helper()

	db, err := store.Connect(t.Context(), store.Config{URL: sqlite.URL(t), Readers: 2})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })

	h.db = db

	material, err := store.GenerateKeys()
	must(t, err)

	keys, err := store.NewKeys(material)
	must(t, err)

	h.store, err = store.New(db, keys, noJobs{}, slog.New(slog.DiscardHandler), h.clock)
	must(t, err)
}

// seed puts an official test citizen on a driving list and books a room.
func (h *house) seed(t *testing.T) {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR("010772-9995")
	planned := care.Interval{Start: at(9, 0), End: at(9, 15)}

	v, err := care.NewVisit(visitID, care.SourceRef{System: "file", ID: "A-1", Occurrence: "2026-11-23"}, care.Facts{
		List: "list-1", ListName: "Øst dag", Line: 2, Unit: "oest", Citizen: "citizen-1", Employee: "MSK", Service: "Medicin", Law: care.SUL138, Shift: care.DayShift, Planned: planned,
	})
	must(t, err)

	host, err := care.NewHostPIN("918273")
	must(t, err)

	guest, err := care.NewGuestPIN("564738")
	must(t, err)

	hostLink, err := care.NewHostLink("https://video.example.invalid/vaert")
	must(t, err)

	guestLink, err := care.NewGuestLink(h.room, host)
	must(t, err)

	must(t, errors.Join(v.Choose("batch-1", care.OnListOnly()), v.StartBooking("room-1", at(8, 0)), v.Booked("room-1", care.BookedRoom{
		Planned: planned, Address: "1@video.example.invalid", HostPIN: host, GuestPIN: guest, HostLink: hostLink, GuestLink: guestLink,
	}, at(8, 0))))

	must(t, h.store.SaveImport(t.Context(), scheduler.Import{
		Record:   scheduler.ListRecord{ID: "list-1", FileName: "l.csv", By: "PLA", At: at(8, 0), Rows: 1, New: 1},
		Citizens: []care.Citizen{{ID: "citizen-1", CPR: cpr, Verdict: verdict, Name: "Tim Testborger", Suitability: care.Suitable, UpdatedAt: at(8, 0)}}, New: []*care.Visit{v},
	}))
}

func (h *house) serve(t *testing.T, l net.Listener) {
	t.Helper()

	handler, err := web.New(web.Options{
		Logger: slog.New(slog.DiscardHandler), Clock: h.clock,
		Sites: []web.Site{{
			Municipality: "testby", Hosts: []string{h.url[len("http://"):]}, PublicURL: h.url, Name: "Testby Kommune", Phone: "70 20 00 00", Emergency: "1813",
			UseCases: h.Service, Sessions: noSessions{}, Login: noLogin{}, Grants: func([]string) []care.Grant { return nil },
			Audit: h.store.Record,
		}},
	})
	must(t, err)

	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.down.Load() {
			panic(http.ErrAbortHandler) // as if there were no network
		}

		handler.ServeHTTP(w, r)
	})}
	done := make(chan struct{})

	go func() { defer close(done); _ = server.Serve(l) }()

	t.Cleanup(func() { handler.Drain(); _ = server.Close(); <-done })
}

func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}

// arrive makes a citizen's session, as a link does; with a level it has logged in with MitID.
func (h *house) arrive(t *testing.T, token string, level care.Assurance) {
	t.Helper()

	sum := sha256.Sum256([]byte(token))
	id := care.AdmissionID("admission-" + token)

	must(t, h.store.UpdateVisit(t.Context(), visitID, func(v *care.Visit) (scheduler.Effects, error) {
		if err := v.Arrive(id, "", hex.EncodeToString(sum[:]), h.clock()); err != nil || level == care.NoAssurance {
			return scheduler.Effects{}, err
		}

		return scheduler.Effects{}, v.Identify(id, care.Proof{Method: care.ByMitID, Provider: "nemlogin", Level: level}, care.IdentityRule{Methods: care.IdentityMethods()}, h.clock())
	}))
}

func (h *house) admission(t *testing.T, token string) care.Admission {
	t.Helper()

	v, err := h.store.Visit(t.Context(), visitID)
	must(t, err)

	adm, ok := v.AdmissionOf(care.AdmissionID("admission-" + token))
	if !ok {
		t.Fatalf("no admission of %s", token)
	}

	return adm
}

// tab is one tab of a browser.
type tab struct {
	*house

	t   *testing.T
	ctx context.Context
}

func (h *house) tab(t *testing.T) *tab {
	t.Helper()

	path := ""

	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found

			break
		}
	}

	if path == "" {
		if os.Getenv("SLUSE_REQUIRE_CHROMIUM") != "" {
			t.Fatal("no chromium, and SLUSE_REQUIRE_CHROMIUM is set")
		}

		t.Skip("no chromium")
	}

	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))

	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAlloc)

	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)

	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)

	return &tab{h, t, ctx}
}

type step = chromedp.Action[chromedp.Void]

func (b *tab) do(steps ...step) {
	b.t.Helper()

	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%v\nthe page: %s", err, b.text())
	}
}

func (b *tab) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href + ' ' + document.body.innerText"))
	if err != nil {
		return err.Error()
	}

	return text
}

// until waits for a condition in JavaScript.
func (b *tab) until(condition string) {
	b.t.Helper()

	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()

	script := fmt.Sprintf("new Promise(done=>{const look=()=>{let is=false;try{is=!!(%s)}catch(e){}if(is){done(true)}else{setTimeout(look,30)}};look()})", condition)

	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}

		if ctx.Err() != nil { // else the page went to another one meanwhile
			b.t.Fatalf("never: %s: %v\nthe page: %s", condition, err, b.text())
		}
	}
}

// says waits for a text.
func (b *tab) says(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// press clicks something that leads to another page, and waits for that.
func (b *tab) press(selector string) {
	b.t.Helper()

	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()

	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("window.before=true")); err != nil {
		b.t.Fatal(err)
	}

	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.t.Fatalf("click %s: %v\nthe page: %s", selector, err, b.text())
	}

	b.until(`!window.before && document.readyState === "complete"`)
}

func (b *tab) promise(script string) string {
	b.t.Helper()

	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	must(b.t, err)

	return out
}

// as gives the browser a citizen's session and opens the citizen's page.
func (b *tab) as(token string) {
	b.t.Helper()

	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: "sluse-borger", Value: token, URL: b.url})

		return err
	}), chromedp.Navigate(b.url+"/b"))
}

// authenticator gives the browser an authenticator with a finger that is always right.
func (b *tab) authenticator() {
	b.t.Helper()

	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}

		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})

		return err
	}))
}

// TestPasskeyInBrowser remembers a browser with a passkey, comes back with it, and forgets it.
func TestPasskeyInBrowser(t *testing.T) {
	t.Parallel()

	h := build(t)
	h.at(at(8, 50))

	b := h.tab(t)
	b.authenticator()

	h.arrive(t, "first", care.Substantial)
	b.as("first")
	b.press(`a[href="/b/enhed"]`)
	b.until(`!document.querySelector("[data-passkey=make]").hidden`)
	b.press("[data-passkey=make] button")
	b.says("Denne enhed er husket.")

	for _, token := range []string{"second", "third"} {
		h.arrive(t, token, care.NoAssurance)
		b.as(token)
		b.until(`!document.querySelector("[data-passkey=use]").hidden`)
		b.press("[data-passkey=use] button")
		b.says("Du er kommet rigtigt ind")

		if adm := h.admission(t, token); adm.Method != care.ByDevice || adm.Provider != "passkey" || adm.Level != care.LowAssurance {
			t.Errorf("%+v", adm)
		}
	}

	b.press(`form[action="/b/enhed/glem"] button`)
	b.until(`!document.body.innerText.includes("Denne enhed er husket.")`)

	h.arrive(t, "fourth", care.NoAssurance)
	b.as("fourth")
	b.until(`document.querySelector("h1") && !document.querySelector("[data-passkey]")`)
}

// TestDeviceCodeInBrowser does the same with four digits.
func TestDeviceCodeInBrowser(t *testing.T) {
	t.Parallel()

	h := build(t)
	h.at(at(8, 50))

	b := h.tab(t)
	remember := func(code, again string) {
		b.do(chromedp.SendKeys(chromedp.CSS("#kode"), code), chromedp.SendKeys(chromedp.CSS("#igen"), again))
		b.press(".device-code button")
	}

	h.arrive(t, "first", care.HighAssurance)
	b.as("first")
	b.press(`a[href="/b/enhed"]`)
	remember("4829", "4828")
	b.says("De to koder er ikke ens")
	remember("1234", "1234")
	b.says("ikke er lette at gætte")
	remember("0107", "0107") // the citizen's birthday
	b.says("ikke er lette at gætte")
	remember("4829", "4829")
	b.says("Denne enhed er husket.")

	h.arrive(t, "second", care.NoAssurance)
	b.as("second")
	b.do(chromedp.SendKeys(chromedp.CSS("#enhedskode"), "1111"))
	b.press(".device .code-form button")
	b.says("Koden er ikke rigtig")
	b.do(chromedp.SendKeys(chromedp.CSS("#enhedskode"), "4829"))
	b.press(".device .code-form button")
	b.says("Du er kommet rigtigt ind")

	if adm := h.admission(t, "second"); adm.Method != care.ByDevice || adm.Provider != "device_code" {
		t.Errorf("%+v", adm)
	}
}

// TestTabletInBrowser plays a tablet's life: set up, told of the visit, rung, answered, led into the
// room and back, without network, closed.
func TestTabletInBrowser(t *testing.T) {
	t.Parallel()

	h := build(t)
	b := h.tab(t)
	desk := care.Actor{Employee: "SD", Grants: []care.Grant{{Unit: "oest", Role: care.ServiceDesk}}}
	nurse := care.Actor{Employee: "MSK", Grants: []care.Grant{{Unit: "oest", Role: care.Caregiver}}}
	ask := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error { // at once, not in a quarter of a minute
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`window.dispatchEvent(new Event("online"))`))

		return err
	})

	offer, err := h.RegisterTablet(t.Context(), desk, scheduler.TabletRequest{Serial: "SN-1", Who: "0107729995", Unit: "oest", AutoAnswer: care.InWriting})
	must(t, err)

	b.do(chromedp.Navigate(b.url + "/tavle"))
	b.says("Tavlen er ikke sat op")
	b.press("#saet-op")
	b.do(chromedp.SendKeys(chromedp.CSS("#kode"), "AAA-BBB-CCC-DDD"), chromedp.Click(chromedp.CSS("#ny-form button")))
	b.says("Koden virker ikke")
	b.do(chromedp.SetValue(chromedp.CSS("#kode"), offer.Code.Groups()), chromedp.Click(chromedp.CSS("#ny-form button")))
	b.says("Dit skærmbesøg kl. 09.00")
	b.says("08.40")

	if got := b.promise(`new Promise(done=>{const o=indexedDB.open("sluse-tavle",1);o.onsuccess=()=>{o.result.transaction("tavle").objectStore("tavle").get("denne").onsuccess=e=>{crypto.subtle.exportKey("pkcs8",e.target.result.key).then(()=>done("left"),x=>{o.result.close();done("stays")})}}})`); got != "stays" {
		t.Errorf("the private key %s the browser", got)
	}

	if kept := b.promise(`Promise.resolve(JSON.stringify(Object.keys(localStorage))+document.cookie+location.search+location.hash)`); kept != "[]" {
		t.Errorf("a script can read %q", kept)
	}

	h.at(at(8, 55))

	_, err = h.HostLink(t.Context(), nurse, visitID)
	must(t, err)
	b.do(ask)
	b.says("Hjemmeplejen ringer")
	b.says("Tavlen svarer selv om")
	b.do(chromedp.Click(chromedp.CSS("#nej")))
	b.until(`document.getElementById("nedtaelling").hidden`)

	if height := b.promise(`Promise.resolve(String(document.getElementById("svar").getBoundingClientRect().height >= 56))`); height != "true" {
		t.Error("the button is too small")
	}

	b.do(chromedp.Click(chromedp.CSS("#svar")))
	b.says("Du er kommet rigtigt ind")

	v, err := h.store.Visit(t.Context(), visitID)
	must(t, err)

	if len(v.Admissions) != 1 || v.Admissions[0].Method != care.ByDevice || v.Admissions[0].Provider != "kiosk" {
		t.Fatalf("%+v", v.Admissions)
	}

	must(t, h.Admit(t.Context(), nurse, visitID, v.Admissions[0].ID, true))
	b.says("Rummet")
	b.do(chromedp.Navigate(b.url + "/tavle"))
	b.says("Gå ind til mødet") // and not into the room again by itself
	b.promise(`navigator.serviceWorker.ready.then(()=>"ready")`)
	b.do(chromedp.Reload()) // now the worker has every file of the page
	b.says("Gå ind til mødet")

	h.down.Store(true)
	b.do(chromedp.Reload())
	b.says("Ingen forbindelse")
	b.says("ring 112")
	h.down.Store(false)
	b.do(ask)
	b.says("Gå ind til mødet")

	must(t, h.CloseTablet(t.Context(), desk, offer.Device.ID, care.DeviceLost))
	b.do(ask)
	b.says("Tavlen er lukket")
	b.until(`document.body.dataset.stage === "closed"`)

	// It says so first, and clears itself then.
	look := `indexedDB.databases().then(d=>caches.keys().then(c=>JSON.stringify([d.length,c.length,localStorage.length,sessionStorage.length])))`
	b.promise(`new Promise(done=>{const until=Date.now()+20000,go=()=>` + look + `.then(kept=>{if(kept==="[0,0,0,0]"||Date.now()>until){done(kept)}else{setTimeout(go,30)}});go()})`)

	if kept := b.promise(look); kept != "[0,0,0,0]" { // and it stays so
		t.Errorf("a closed tablet keeps %s", kept)
	}

	b.do(chromedp.Reload())
	b.says("Tavlen er ikke sat op")
}
