package scheduler_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// logins is a municipality with a MitID broker, and ID-porten for those who are not Danish.
type logins struct {
	*rig

	path          string // of the database
	mitid, norway *oidcsim.Server
}

func withLogins(t *testing.T) *logins {
	t.Helper()

	l, c := &logins{path: filepath.Join(t.TempDir(), "sluse.db")}, &clock{at: eve()}
	providers := []eid.Provider{l.provider(t, c, "mitid", &l.mitid), l.provider(t, c, "norge", &l.norway)}
	l.rig = booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) { s.clock, s.eids, s.path = c, providers, l.path })
	l.until(on(8, 50))

	return l
}

func (*logins) provider(t *testing.T, c *clock, key string, sim **oidcsim.Server) eid.Provider {
	t.Helper()

	options := oidcsim.Options{Now: c.Now}
	config := oidc.Config{
		ClientID: oidcsim.DefaultClientID, ClientSecret: care.NewSecret(oidcsim.DefaultClientSecret), NumberClaim: "dk.cpr", LevelClaim: "loa",
		Levels: map[string]string{"https://data.gov.dk/concept/core/nsis/loa/Low": "low", "https://data.gov.dk/concept/core/nsis/loa/Substantial": "substantial", "https://data.gov.dk/concept/core/nsis/loa/High": "high"},
	}
	info := eid.Info{Key: key, Name: "MitID", Method: care.ByMitID}

	if key == "norge" {
		options.Dialect = oidcsim.IDPorten
		options.People = []oidcsim.Person{
			{ID: "bruno", Name: "Bruno Åse Elmer", Number: "TEST-0001", Level: "high"}, {ID: "other", Name: "Kari Prøve", Number: "TEST-0002", Level: "high"},
		}
		config.Number, config.NumberClaim, config.LevelClaim = oidc.NumberForeign, "pid", ""
		config.Levels = map[string]string{"idporten-loa-high": "high"}
		info.Name, info.Method = "BankID", care.ByEID
	}

	server, err := oidcsim.New(options)
	must(t, err)

	config.Issuer, err = server.Start(t.Context(), "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = server.Close() })

	provider, err := oidc.New(config, oidc.Options{Info: info, ReturnURL: "http://127.0.0.1:9/b/eid/" + key + "/svar", HomeURL: "http://127.0.0.1:9/b", Now: c.Now})
	must(t, err)

	*sim = server

	return provider
}

// raw is everything in the database's files.
func (l *logins) raw(t *testing.T) []byte {
	t.Helper()

	files, err := filepath.Glob(l.path + "*")
	must(t, err)

	var all []byte

	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)

		all = append(all, text...)
	}

	return all
}

// back follows a browser to the provider and returns the request with which it comes back.
func back(t *testing.T, begun scheduler.LoginBegun) *http.Request {
	t.Helper()

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	response, err := client.Get(begun.URL)
	must(t, err)

	_ = response.Body.Close()

	return httptest.NewRequest(http.MethodGet, response.Header.Get("Location"), http.NoBody)
}

// login is a whole login at the broker.
func (l *logins) login(t *testing.T, token care.SessionToken, who oidcsim.Login) (scheduler.LoginOutcome, error) {
	t.Helper()
	l.mitid.Next(who)

	begun, err := l.StartLogin(t.Context(), token, "mitid", scheduler.LoginOptions{Lang: "da"})
	must(t, err)

	return l.Identify(t.Context(), "mitid", eid.Answer{Request: back(t, begun), Handle: begun.Handle.Reveal()})
}

func TestLoginIdentifies(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	g := l.come("A-1")

	view, err := l.Lounge(t.Context(), g.token)
	must(t, err)

	if len(view.Providers) != 1 || view.Providers[0].Key != "mitid" || view.Methods[0] != care.ByMitID {
		t.Fatalf("the citizen is offered %+v", view)
	}

	_, err = l.StartLogin(t.Context(), g.token, "norge", scheduler.LoginOptions{})
	refused(t, err, care.Forbidden)
	_, err = l.StartLogin(t.Context(), g.token, "nowhere", scheduler.LoginOptions{})
	refused(t, err, care.Forbidden)

	outcome, err := l.login(t, g.token, oidcsim.Login{Person: "nancy"})
	must(t, err)

	a := g.admission()
	if outcome != scheduler.LoginIdentified || a.State != care.AdmissionIdentified || a.Method != care.ByMitID || a.Level != care.Substantial || a.Provider != "mitid" {
		t.Fatalf("%s: %+v", outcome, a)
	}

	_, err = l.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{})
	refused(t, err, care.Conflict)

	g.admit()

	if view, err = l.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageAdmitted || view.Leave.Key != "mitid" {
		t.Errorf("let in: %+v, %v", view, err)
	}

	out, err := l.LeaveLogin(t.Context(), g.token)
	if err != nil || out.URL == "" || out.Handle.IsZero() {
		t.Errorf("logging out leads to %q, %v", out.URL, err)
	}

	if out, err = l.LeaveLogin(t.Context(), g.token); err != nil || out.URL != "" {
		t.Errorf("once more: %q, %v", out.URL, err)
	}
}

// TestStrangersAreTurnedAway: nothing is learnt of whose visit it is, nothing is kept of who came,
// and the third one locks the link.
func TestStrangersAreTurnedAway(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	link := l.link("A-1")
	first, second := l.come("A-1"), l.come("A-1")

	for i, step := range []struct {
		g    *guest
		who  string
		want scheduler.LoginOutcome
	}{{first, "bruno", scheduler.LoginStranger}, {second, "anders", scheduler.LoginStranger}, {first, "bruno", scheduler.LoginLocked}} {
		outcome, err := l.login(t, step.g.token, oidcsim.Login{Person: step.who})
		if err != nil || outcome != step.want {
			t.Fatalf("login %d: %s, %v", i, outcome, err)
		}
	}

	for _, g := range []*guest{first, second} {
		if a := g.admission(); a.State != care.AdmissionRefused || a.Method != "" {
			t.Errorf("a stranger's session is %+v", a)
		}
	}

	if _, err := l.Enter(t.Context(), link); care.KindOf(err) != care.NotFound {
		t.Errorf("the locked link: %v", err)
	}

	if v := l.visit("A-1"); !v.Awaits(care.CitizenTrouble) {
		t.Error("the planner is not told")
	}

	if raw := l.raw(t); bytes.Contains(raw, []byte("2509479989")) || bytes.Contains(raw, []byte("Bruno Elmer")) {
		t.Error("the database holds who the stranger was")
	}
}

func TestLoginsAreBoundAndUsedOnce(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	mine, others := l.come("A-1"), l.come("A-1")

	l.mitid.Next(oidcsim.Login{Person: "nancy"}, oidcsim.Login{Person: "nancy"})

	begun, err := l.StartLogin(t.Context(), mine.token, "mitid", scheduler.LoginOptions{})
	must(t, err)

	elsewhere, err := l.StartLogin(t.Context(), others.token, "mitid", scheduler.LoginOptions{})
	must(t, err)

	answer, identify := back(t, begun), func(provider string, r *http.Request, handle care.Secret) scheduler.LoginOutcome {
		outcome, _ := l.Identify(t.Context(), provider, eid.Answer{Request: r.Clone(t.Context()), Handle: handle.Reveal()})

		return outcome
	}

	for name, c := range map[string]struct {
		provider string
		handle   care.Secret
		want     eid.Reason
	}{
		"no cookie":           {"mitid", care.Secret{}, eid.WrongBrowser},
		"an invented cookie":  {"mitid", care.NewSecret("x"), eid.Expired},
		"another's cookie":    {"mitid", elsewhere.Handle, eid.WrongBrowser},
		"another provider":    {"norge", begun.Handle, eid.Invalid},
		"no provider at all":  {"nowhere", begun.Handle, eid.Invalid},
		"an unsigned refusal": {"mitid", begun.Handle, eid.WrongBrowser},
	} {
		request := answer
		if name == "an unsigned refusal" {
			request = httptest.NewRequest(http.MethodGet, "/b/eid/mitid/svar?error=access_denied&state=guessed", http.NoBody)
		}

		if got := identify(c.provider, request, c.handle); got != scheduler.LoginOutcome(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}

	if mine.admission().State != care.AdmissionWaiting || others.admission().State != care.AdmissionWaiting {
		t.Fatal("somebody was identified")
	}

	if got := identify("mitid", answer, begun.Handle); got != scheduler.LoginIdentified {
		t.Errorf("mine: %s", got)
	}

	if got := identify("mitid", answer, begun.Handle); got != scheduler.LoginOutcome(eid.Replayed) {
		t.Errorf("once more: %s", got)
	}

	late := back(t, elsewhere)

	l.clock.to(l.clock.Now().Add(eid.LoginLife))

	if got := identify("mitid", late, elsewhere.Handle); got != scheduler.LoginOutcome(eid.Expired) {
		t.Errorf("too late: %s", got)
	}
}

func TestLoginsThatFail(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	g := l.come("A-1")

	for _, c := range []struct {
		who  oidcsim.Login
		want eid.Reason
	}{
		{oidcsim.Login{Person: "nancy", Fault: oidcsim.Cancel}, eid.Cancelled},
		{oidcsim.Login{Person: "nancy", Level: "low"}, eid.LevelTooLow},
		{oidcsim.Login{Person: "nancy", Fault: oidcsim.TokenDown}, eid.Unavailable},
		{oidcsim.Login{Person: "nancy", Fault: oidcsim.ForgedKey}, eid.Invalid},
	} {
		outcome, err := l.login(t, g.token, c.who)
		if outcome != scheduler.LoginOutcome(c.want) || err == nil {
			t.Errorf("%+v: %s, %v", c.who, outcome, err)
		}
	}

	l.mitid.Down(true)
	l.clock.to(l.clock.Now().Add(2 * time.Minute))

	if a := g.admission(); a.State != care.AdmissionWaiting || a.Strangers != 0 {
		t.Errorf("the session is %+v", a)
	}

	// The code is there all the while.
	g.ask()
	must(t, g.EnterCode(t.Context(), g.token, g.code()))

	counts, err := l.store.CountLogins(t.Context(), eve(), l.clock.Now())
	must(t, err)

	if len(counts) != 4 {
		t.Errorf("the logins are counted as %+v", counts)
	}
}

func TestTooManyLogins(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	g := l.come("A-1")

	for range 10 {
		_, err := l.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{})
		must(t, err)
	}

	_, err := l.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{})
	refused(t, err, care.TooMany)
}

// TestParticipantsLogIn: a relative is known by name, at any provider, and never as the citizen.
func TestParticipantsLogIn(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	who := l.join(relative())
	p := l.participant(who, brunosNumber)
	id := l.visit("A-1").ID

	login := func(provider string, sim *oidcsim.Server, person string) scheduler.LoginOutcome {
		t.Helper()
		sim.Next(oidcsim.Login{Person: person})

		begun, err := l.StartLogin(t.Context(), p.token, provider, scheduler.LoginOptions{})
		must(t, err)

		outcome, err := l.Identify(t.Context(), provider, eid.Answer{Request: back(t, begun), Handle: begun.Handle.Reveal()})
		must(t, err)

		return outcome
	}

	if got := login("mitid", l.mitid, "nancy"); got != scheduler.LoginStranger {
		t.Errorf("the citizen with the relative's link: %s", got)
	}

	if got := login("norge", l.norway, "bruno"); got != scheduler.LoginIdentified {
		t.Errorf("the relative: %s", got)
	}

	if a := p.admissionOf(id); a.Name != care.NameSame || a.Method != care.ByEID || a.Level != care.HighAssurance {
		t.Errorf("the relative's session is %+v", a)
	}

	// The relative with the citizen's link is a stranger.
	g := l.come("A-1")
	if outcome, err := l.login(t, g.token, oidcsim.Login{Person: "bruno"}); err != nil || outcome != scheduler.LoginStranger {
		t.Errorf("the relative with the citizen's link: %s, %v", outcome, err)
	}
}
