package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// bo is the citizen of the list.
const bo = "0212159995"

// smsCode and emergencyCode find codes in what people read.
var (
	smsCode       = regexp.MustCompile(`\b\d{3} ?\d{3}\b`)
	emergencyCode = regexp.MustCompile(`[2-9A-HJ-NP-Z]{5}(?:-[2-9A-HJ-NP-Z]{5}){4}`)
)

// mitIDTown is a municipality where citizens have to log in, with the usual ways out of an outage, and
// a visit that opens in a moment.
type mitIDTown struct {
	*bundle

	app   *app.App
	visit string
	link  string
}

func newMitIDTown(t *testing.T, database string) *mitIDTown {
	t.Helper()

	b := oneTown(t, database, func(o *world.Options) { o.EID = world.Providers })
	b.config.Municipalities[0].Identity.Methods = []care.IdentityMethod{care.ByMitID}

	m := &mitIDTown{bundle: b}
	m.app, _ = b.start(app.All)
	m.visit, _ = b.person(testby).login("PLAN").importAndConvert()
	b.settle(m.app)

	for _, text := range b.world.Texts() {
		if found := linkPattern.FindStringSubmatch(text.Text); found != nil {
			m.link = found[1]
		}
	}

	if m.link == "" {
		t.Fatal("the citizen got no link")
	}

	return m
}

// look lets time pass and looks at the identity providers, as the program does every minute.
func (m *mitIDTown) look(after time.Duration) {
	m.Helper()
	m.jump(m.app, m.clock.now().Add(after))

	if err := m.app.Site(testby).Service().WatchLogins(m.Context()); err != nil {
		m.Fatal(err)
	}
}

// come opens the citizen's link in a new browser.
func (m *mitIDTown) come() *person {
	m.Helper()

	p := m.person(testby)
	if a := p.post(m.link, nil); a.status != http.StatusSeeOther {
		m.Fatalf("the link: %d", a.status)
	}

	return p
}

// offers tells what the citizen's page offers: a code by SMS, a login, and whether it tells that
// MitID does not work.
func (p *person) offers() (code, login, down bool) {
	p.Helper()

	body := p.get("/b").body

	return strings.Contains(body, `action="/b/kode"`), strings.Contains(body, `action="/b/eid/`), strings.Contains(body, "virker ikke lige nu")
}

// closed fails unless there is no way in but a login.
func (p *person) closed(stage string) {
	p.Helper()

	if code, login, down := p.offers(); code || !login || down {
		p.Errorf("%s: the page offers a code %t, a login %t, tells of an outage %t", stage, code, login, down)
	}

	before := len(p.world.Texts())

	if a := p.post("/b/kode", nil); a.status != http.StatusForbidden {
		p.Errorf("%s: a code was asked for: %d", stage, a.status)
	}

	if after := len(p.world.Texts()); after != before {
		p.Errorf("%s: %d messages left", stage, after-before)
	}
}

// TestAttackOnLogins plays somebody who holds a citizen's link, and wants a weaker way in: many
// sessions, logins that are begun and left, and answers of the providers that say that they do not
// work, which are not signed. The same at the employees' login, which is open to everybody. Nothing
// opens.
func TestAttackOnLogins(t *testing.T) {
	t.Parallel()

	m := newMitIDTown(t, "")
	m.look(time.Minute)
	m.jump(m.app, visitStart.Add(-10*time.Minute))
	m.look(time.Minute)
	m.come().closed("before")

	caregiver := m.person(testby).login("LBH")
	m.look(16 * time.Minute) // that login is long ago

	for range 4 {
		p := m.come()
		for i := range 9 {
			p.spoil(i)
		}
	}

	for i := range 12 {
		sent := m.person(testby).get("/login").header.Get("Location")
		if i%2 > 0 {
			continue
		}

		back, err := m.world.IDP.Login(t.Context(), sent, "", "status-responder")
		if err != nil {
			t.Fatal(err)
		}

		m.person(testby).post(back.ACS, url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}})
	}

	for range 3 {
		m.look(3 * time.Minute)
		m.come().closed("under attack")

		if body := m.person(testby).get("/noedadgang").body; !strings.Contains(body, "Nødadgang er lukket") {
			t.Error("the emergency door is open")
		}

		if a := m.person(testby).get("/login"); a.status != http.StatusSeeOther {
			t.Errorf("the employees' login is shut: %d", a.status)
		}

		if body := caregiver.get("/min-dag").body; strings.Contains(body, "virker ikke siden") {
			t.Error("employees read of an outage")
		}
	}

	// The suspicion is told to those who see to the connections.
	if body := m.person(testby).login("ADMIN").get("/forbindelser").body; !strings.Contains(body, "Mange logins hos Login for medarbejdere bliver ikke færdige") {
		t.Error("nobody is told of the employees' logins")
	}
}

// spoil begins a login in one of the ways of an attacker, and finishes none.
func (p *person) spoil(i int) {
	p.Helper()

	provider := []string{world.MitIDKey, world.BrokerKey}[i%2]

	sent := p.post("/b/eid/"+provider, nil)
	if sent.status != http.StatusSeeOther {
		p.Fatalf("a login at %s: %d", provider, sent.status)
	}

	if i%3 == 0 {
		return // just left
	}

	address := sent.header.Get("Location")

	if provider == world.BrokerKey { // RFC 6749 §4.1.2.1: an error is not signed
		u, err := url.Parse(address)
		if err != nil {
			p.Fatal(err)
		}

		p.get("/b/eid/" + provider + "/svar?" + url.Values{"error": {"temporarily_unavailable"}, "state": {u.Query().Get("state")}}.Encode())

		return
	}

	back, err := p.world.MitID.Login(p.Context(), address, "", "status-responder")
	if err != nil {
		p.Fatal(err)
	}

	p.post(back.ACS, url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}})
}

// TestLoginOutageDrill is the drill of C24 and M11 on the whole program and over HTTP, for both kinds
// of logins: everybody works, all providers stop answering, employees and citizens read so and come in
// by the ways that were agreed, everything is marked and in the audit, and it ends by itself.
func TestLoginOutageDrill(t *testing.T) {
	t.Parallel()

	for name, database := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": pg.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := newMitIDTown(t, database(t))
			codes := m.emergencyCodes()
			m.look(time.Minute)
			m.jump(m.app, visitStart.Add(-10*time.Minute))
			m.look(time.Minute)

			citizen := m.come()
			citizen.closed("before")

			caregiver := m.person(testby).login("LBH")

			// One provider of the citizens is left: nothing weaker opens.
			m.stop(idpsim.DownUnavailable)
			m.look(time.Minute)
			m.look(time.Minute)

			if code, login, down := citizen.offers(); code || !login || !down {
				t.Errorf("with one provider left: a code %t, a login %t, told %t", code, login, down)
			}

			m.stop(idpsim.DownSilent)
			m.world.OIDC.Down(true)
			m.look(time.Minute)
			m.look(time.Minute)
			m.citizensInOutage(citizen, caregiver)
			m.staffInOutage(codes)

			m.stop(idpsim.Up)
			m.world.OIDC.Down(false)
			m.look(time.Minute)
			m.look(time.Minute)
			m.afterOutage(caregiver)
		})
	}
}

// stop makes NemLog-in and the employees' provider answer or not.
func (m *mitIDTown) stop(how idpsim.Down) {
	m.Helper()

	for _, idp := range []*idpsim.Server{m.world.MitID, m.world.IDP} {
		if err := idp.SetState(idpsim.State{Down: how}); err != nil {
			m.Fatal(err)
		}
	}
}

// emergencyCodes has a planner and a leader make their codes while all is well. Without a login only
// the directory says what they may do.
func (m *mitIDTown) emergencyCodes() map[string]string {
	m.Helper()

	admin := m.person(testby).login("ADMIN")
	for id, role := range map[string]string{"PLAN": "planner", "LEDER": "leader"} {
		form := url.Values{"initialer": {id}, "navn": {"Test " + id}, "ny-rolle": {role}, "ny-enhed": {"oest"}}
		if a := admin.post("/administration/medarbejdere", form); a.status != http.StatusSeeOther {
			m.Fatalf("employee %s: %d %s", id, a.status, a.body)
		}
	}

	codes := map[string]string{}
	for _, id := range []string{"PLAN", "LEDER"} {
		if codes[id] = emergencyCode.FindString(m.person(testby).login(id).post("/mine-logins/noedkode", nil).body); codes[id] == "" {
			m.Fatalf("%s got no code", id)
		}
	}

	return codes
}

// citizensInOutage: the citizen reads what is going on, comes in by a code, and the caregiver by the
// word of somebody whom they know; both are marked.
func (m *mitIDTown) citizensInOutage(citizen, caregiver *person) {
	m.Helper()

	if code, login, down := citizen.offers(); !code || !login || !down {
		m.Errorf("in the outage: a code %t, a login %t, told %t", code, login, down)
	}

	if body := caregiver.get("/min-dag").body; !strings.Contains(body, "MitID virker ikke siden") || !strings.Contains(body, "brug kodeordene") {
		m.Error("the caregiver does not read of it")
	}

	if a := citizen.post("/b/kode", nil); a.status != http.StatusSeeOther {
		m.Fatalf("a code was asked for: %d", a.status)
	}

	m.settle(m.app)

	texts := m.world.Texts()
	code := smsCode.FindString(texts[len(texts)-1].Text)

	if a := citizen.post("/b/svar", url.Values{"kode": {code}}); a.status != http.StatusSeeOther {
		m.Fatalf("code %q: %d", code, a.status)
	}

	helpless := m.come()
	if a := helpless.post("/b/hjaelp", nil); a.status != http.StatusSeeOther {
		m.Errorf("help: %d", a.status)
	}

	all := m.admissions(caregiver)
	i := slices.IndexFunc(all, func(a admitted) bool { return a.AskedHelpAt != "" })

	if i < 0 {
		m.Fatalf("nobody asks for help: %+v", all)
	}

	caregiver.api(http.MethodPost, "/visits/"+m.visit+"/admissions/"+all[i].ID+"/vouch", map[string]any{"known": string(care.KnownToStaff) + "/" + string(care.SaidCodeword)}, nil)

	marked := map[string]bool{}
	for _, a := range m.admissions(caregiver) {
		marked[a.Method] = a.Outage
	}

	if !marked[string(care.ByCode)] || !marked[string(care.KnownToStaff)] {
		m.Errorf("what was marked: %v", marked)
	}
}

type admitted struct {
	ID          string `json:"id"`
	Method      string `json:"method"`
	Outage      bool   `json:"outage"`
	AskedHelpAt string `json:"asked_help_at"`
}

func (m *mitIDTown) admissions(caregiver *person) []admitted {
	m.Helper()

	var lobby struct {
		Admissions []admitted `json:"admissions"`
	}

	caregiver.api(http.MethodGet, "/visits/"+m.visit+"/lobby", nil, &lobby)

	return lobby.Admissions
}

// staffInOutage: the page for logins leads on to the door for two, through which a planner comes in.
func (m *mitIDTown) staffInOutage(codes map[string]string) {
	m.Helper()

	planner := m.person(testby)
	if a := planner.get("/login?til=/dagen"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `href="/noedadgang"`) {
		m.Errorf("the page for logins: %d", a.status)
	}

	form := url.Values{"id": {"PLAN"}, "kode": {codes["PLAN"]}, "id2": {"LEDER"}, "kode2": {codes["LEDER"]}, "grund": {"Kommunens login svarer ikke"}}
	if a := planner.post("/noedadgang", form); a.status != http.StatusSeeOther {
		m.Fatalf("emergency access: %d", a.status)
	}

	if a := planner.get("/dagen"); a.status != http.StatusOK || !strings.Contains(a.body, "nødadgang") {
		m.Errorf("the planner's day: %d", a.status)
	}

	if a := planner.get("/forbindelser/noedmaader"); a.status != http.StatusForbidden && a.status != http.StatusSeeOther {
		m.Errorf("who came in without a login administers: %d", a.status)
	}
}

// afterOutage: everything is as before, and the audit tells what happened.
func (m *mitIDTown) afterOutage(caregiver *person) {
	m.Helper()
	m.come().closed("afterwards")

	if body := caregiver.get("/min-dag").body; strings.Contains(body, "virker ikke siden") {
		m.Error("the caregiver still reads of it")
	}

	if body := m.person(testby).get("/noedadgang").body; !strings.Contains(body, "Nødadgang er lukket") {
		m.Error("the emergency door is still open")
	}

	log := m.person(testby).login("REV").get("/revision").body
	for _, text := range []string{"Login-udbyder svarede ikke mere", "Login-udbyder svarede igen", "Kom ind med nødadgang", "Sagde god for en person", "Tastede en kode"} {
		if !strings.Contains(log, text) {
			m.Errorf("the log does not tell »%s«", text)
		}
	}

	// MitID is asked for again, and works.
	citizen := m.come()

	back, err := m.world.LogIn(m.Context(), world.MitIDKey, citizen.post("/b/eid/"+world.MitIDKey, nil).header.Get("Location"), bo)
	if err != nil {
		m.Fatal(err)
	}

	if a := citizen.post(back.URL, back.Form); a.status != http.StatusSeeOther || a.header.Get("Location") != "/b" {
		m.Errorf("MitID afterwards: %d to %s", a.status, a.header.Get("Location"))
	}
}

// TestCitizensSessionIsRenewed: a browser gets another session with the answer of the provider, and
// the one that it came with finds nothing (ASVS 7.2.4).
func TestCitizensSessionIsRenewed(t *testing.T) {
	t.Parallel()

	m := newMitIDTown(t, "")
	m.jump(m.app, visitStart.Add(-10*time.Minute))

	for _, provider := range m.world.CitizenLogins() {
		citizen := m.come()
		before := citizen.cookies()

		back, err := m.world.LogIn(t.Context(), provider, citizen.post("/b/eid/"+provider, nil).header.Get("Location"), bo)
		if err != nil {
			t.Fatal(err)
		}

		if back.Form != nil {
			citizen.post(back.URL, back.Form)
		} else {
			citizen.get(back.URL)
		}

		if body := citizen.get("/b").body; !strings.Contains(body, "Du er kommet rigtigt ind") {
			t.Errorf("%s: the new session is not let wait", provider)
		}

		if a := m.person(testby).get("/b", before...); a.status != http.StatusNotFound {
			t.Errorf("%s: the old session: %d", provider, a.status)
		}
	}
}
