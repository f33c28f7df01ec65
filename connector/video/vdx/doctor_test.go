package vdx_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

// told puts findings together as "subject: level: text".
func told(found []connector.Finding) string {
	var out strings.Builder

	for _, f := range found {
		out.WriteString(f.Subject + ": " + string(f.Level) + ": " + f.Text + "\n")
	}

	return out.String()
}

// wants checks what the findings say, and that they say no secret.
func wants(t *testing.T, found []connector.Finding, texts ...string) {
	t.Helper()

	all := told(found)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%q does not stand in\n%s", text, all)
		}
	}

	noSecrets(t, all)
}

// TestCheck: with everything right doctor says so, in every mode, and changes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()

	for _, as := range modes() {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()

			orgs := vdxsim.DefaultOrganisations()
			orgs[0].Template.GuestPINRequired = true
			p := newPeerOf(t, as, vdxsim.Options{Organisations: orgs})

			found := p.platform(t).Check(t.Context())
			wants(t, found,
				"Forbindelsen til VDX: ok: VDX svarer og kender os.",
				"Rollen hos VDX: ok: Vi må oprette møder for organisationen sluse-kommune. Rolle: meeting-planner.",
				"VDX' historik: ok: Historikken svarer.")

			for _, f := range found {
				if f.Level == connector.Failing {
					t.Errorf("got %+v", f)
				}
			}

			if n := len(p.sim.Rooms()); n != 0 {
				t.Errorf("%d rooms were made", n)
			}

			if as == holder && !slices.ContainsFunc(found, func(f connector.Finding) bool { return f.Subject == "Certifikatet til VDX" }) {
				t.Error("nothing about the certificate")
			}
		})
	}
}

// TestCheckTellsTroubles: what is wrong is said in words that lead to the cause.
func TestCheckTellsTroubles(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		as     mode
		change func(*vdx.Config)
		texts  []string
	}{
		"secret":         {bearer, func(c *vdx.Config) { c.ClientSecret = care.NewSecret("x") }, []string{"VDX: fejl: VDX kender os ikke", "client_secret"}},
		"attributes":     {session, func(c *vdx.Config) { c.Session.Organisation = "nowhere" }, []string{"fejl: VDX kender os ikke", "session"}},
		"roles":          {session, func(c *vdx.Config) { c.Session.Roles = []string{"none"} }, []string{"fejl: VDX kender os ikke"}},
		"no address":     {bearer, func(c *vdx.Config) { c.BaseURL += "/nowhere" }, []string{"intet video-API"}},
		"nobody there":   {session, func(c *vdx.Config) { c.BaseURL = "http://127.0.0.1:1" }, []string{"kan ikke nås lige nu"}},
		"history key":    {session, func(c *vdx.Config) { c.HistoryKey = care.NewSecret("x") }, []string{"historik: fejl: Historikken afviser os"}},
		"history URL":    {session, func(c *vdx.Config) { c.HistoryURL += "/nowhere" }, []string{"historik: fejl: Der er ingen liste"}},
		"history nobody": {session, func(c *vdx.Config) { c.HistoryURL = "http://127.0.0.1:1" }, []string{"historik: advarsel"}},
		"no history":     {bearer, func(c *vdx.Config) { c.HistoryURL, c.HistoryKey = "", care.Secret{} }, []string{"historik: advarsel: Ingen historik"}},
		"user":           {bearer, func(c *vdx.Config) { as(c, "sluse-user") }, []string{"advarsel: Vi må oprette møder", "ser kun egne møder"}},
		"organizer":      {bearer, func(c *vdx.Config) { as(c, "sluse-provisioner"); c.OrganizedByEmail = "a@b.example" }, []string{"organized_by_email"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := newPeerOf(t, tt.as, vdxsim.Options{})
			wants(t, p.platform(t, tt.change).Check(t.Context()), tt.texts...)
		})
	}
}

// TestCheckReader: a role that reads can look like one that works.
func TestCheckReader(t *testing.T) {
	t.Parallel()

	p := newPeer(t, vdxsim.Options{Clients: []vdxsim.Client{{ID: "reader", Secret: "test-reader", Organisation: "sluse-kommune", Roles: []string{vdxsim.RoleProvisioner}}}})
	wants(t, p.platform(t, func(c *vdx.Config) { as(c, "reader") }).Check(t.Context()), "fejl: Vores rolle hos VDX må læse, men ikke oprette møder.")
}

func as(c *vdx.Config, client string) {
	c.ClientID, c.ClientSecret = client, care.NewSecret("test-"+client)
}

// TestCheckUnknownCertificate: the service does not know the certificate.
func TestCheckUnknownCertificate(t *testing.T) {
	t.Parallel()

	p := newPeerOf(t, holder, vdxsim.Options{})
	p.sim.Revoke("sluse-planner")
	wants(t, p.platform(t).Check(t.Context()), "fejl: VDX kender os ikke", "installeret hos MedCom")
}

// quiet answers every path with a text of its own; 404 to others.
func quiet(t *testing.T, answers map[string]string) string {
	t.Helper()

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)

			return
		}

		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)

	return s.URL
}

func headerConfig(base string) vdx.Config {
	c := vdx.Config{
		Version: vdx.Version1, Auth: vdx.AuthSession, BaseURL: base,
		Session: vdx.Session{Organisation: "testby/omsorg", Email: "a@testby.example", Roles: []string{"meeting-admin"}},
	}
	c.SetDefaults()

	return c
}

// TestCheckTemplates: templates that do not fit are told.
func TestCheckTemplates(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		list  string
		pool  bool
		texts []string
	}{
		"fit":        {`{"_embedded":{"x":[{"isDefaultTemplate":true,"hostPinRequired":true,"guestPinRequired":true,"vMRAvailableBefore":15}]}}`, false, []string{"ok: Rumskabelonerne passer"}},
		"default":    {`{"_embedded":{"x":[{"isDefaultTemplate":true,"guestsCanPresent":true}]}}`, false, []string{"ingen gæstepin", "dele deres skærm", "vMRAvailableBefore"}},
		"inherited":  {`{"_links":{}}`, true, []string{"nedarves", "puljeskabelon"}},
		"pool":       {`{"_embedded":{"x":[{"isPoolTemplate":true,"maxParticipants":2}]}}`, true, []string{"Rum uden begge", "plads til 2", "lukker ikke af sig selv"}},
		"no list":    {`[]`, false, []string{"kunne ikke læses"}},
		"no objects": {`{"_embedded":{"x":[7]}}`, false, []string{"kunne ikke læses"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := headerConfig(quiet(t, map[string]string{"GET /info": "{}", "GET /scheduling-templates": tt.list}))
			c.Pool = tt.pool

			platform, err := vdx.New(c, vdx.Deps{Now: day})
			if err != nil {
				t.Fatal(err)
			}

			wants(t, platform.Check(t.Context()), tt.texts...)
		})
	}
}

// TestCheckOrganisation: the settings for SMS and pool, when their API is given.
func TestCheckOrganisation(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		body  string
		texts []string
	}{
		"good":        {`{"code":"testby/omsorg","poolSize":2,"smsSenderName":"Testby","smsCallbackUrl":"https://s.example/sms?reference=%reference%&status=%status%"}`, []string{"ok: SMS-afsender"}},
		"nothing set": {`{"code":"testby/omsorg"}`, []string{"intet afsendernavn", "intet tilbagekald", "poolSize 0"}},
		"wrong":       {`{"poolSize":1,"smsSenderName":"Testby Kommune","smsCallbackUrl":"https://s.example"}`, []string{"har 14 tegn", "mangler %reference%"}},
		"no JSON":     {`<html>`, []string{"organisation_url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := headerConfig(quiet(t, map[string]string{"GET /info": "{}", "GET /services/organisation/testby/omsorg": tt.body}))
			c.OrganisationURL, c.Pool = c.BaseURL, true

			platform, err := vdx.New(c, vdx.Deps{Now: day})
			if err != nil {
				t.Fatal(err)
			}

			wants(t, platform.Check(t.Context()), tt.texts...)
		})
	}
}

func day() time.Time { return time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC) }

// TestCheckOrganisationAtThePeer: administrators see it, others are told why they don't.
func TestCheckOrganisationAtThePeer(t *testing.T) {
	t.Parallel()

	at := func(p *peer) func(*vdx.Config) {
		return func(c *vdx.Config) { c.OrganisationURL = strings.TrimSuffix(p.url.Video, "/videoapi") }
	}

	p := newPeer(t, vdxsim.Options{})
	wants(t, p.platform(t, at(p)).Check(t.Context()), "kan kun læses med rollen administrator")
	wants(t, p.platform(t, at(p), func(c *vdx.Config) { as(c, "sluse-admin") }).Check(t.Context()), "intet tilbagekald for SMS")

	p = newPeerOf(t, session, vdxsim.Options{})
	wants(t, p.platform(t, at(p), func(c *vdx.Config) { c.Session.Roles = []string{vdxsim.RoleAdmin} }).Check(t.Context()), "intet tilbagekald for SMS")
}
