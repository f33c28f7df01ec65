package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// The stages of the citizen's page, as the page marks them.
const (
	landing  = `[data-stage=landing]`
	identify = `[data-stage=identify]`
	codes    = `[data-stage=code]`
	waits    = `[data-stage=waiting]`
	other    = `[data-stage=other]`
	wrong    = `[data-stage=wrong]`
	admitted = `[data-stage=admitted]`
	users    = `.users`
)

// guest is a citizen whose visit begins in a few minutes.
type guest struct{ employee, cpr, name, phone string }

// Everybody proves in another way who they are.
func guests() (mitID, code, known, stranger, outage guest) {
	return guest{"MSK", "0104909989", "Torre Mosebryggersen", "20000000"}, guest{"LBH", "0104909995", "Sverre Mosebryggersen", "20000001"},
		guest{"AØJ", "0107729995", "Max Berggren", "20000002"}, guest{"TKR", "0108589995", "Schwendlund Mosebryggersen", "20000003"},
		guest{"PÆN", "0108629996", "May June Moberg", "20000004"}
}

// doors converts the guests' visits and returns the links in their invitations and the ids of their
// visits, by telephone.
func (c *town) doors(leader *person, all ...guest) (links, visits map[string]string) {
	c.tb.Helper()

	start := time.Now().Add(5 * time.Minute).In(care.Zone())
	end := start.Add(20 * time.Minute)

	var list bytes.Buffer

	list.WriteString("Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype\n")

	for _, g := range all {
		fmt.Fprintf(&list, "%s;%s;%s;I-%s;%s;Øst dag;%s;%s;%s;Medicinadministration;SUL §138;Planlagt besøg\n",
			start.Format("02-01-2006"), start.Format("15:04"), end.Format("15:04"), g.phone, g.employee, g.cpr, g.name, g.phone)
	}

	if rows, faults := leader.importList("koreliste.csv", list.Bytes()); rows != len(all) || faults != 0 {
		c.tb.Fatalf("imported %d rows, %d with faults", rows, faults)
	}

	day := string(care.DayOf(start))
	leader.watch(leader.convert(leader.visits(day)))
	c.settle()

	var answer struct {
		Visits []struct{ ID, Employee string }
	}

	leader.call(http.MethodGet, "/api/v1/visits?day="+day, nil, &answer)

	links, visits = map[string]string{}, map[string]string{}

	for _, g := range all {
		for _, sms := range c.Texts() {
			if found := link.FindString(sms.Text); sms.To == "+45"+g.phone && found != "" {
				links[g.phone] = found
			}
		}

		for _, v := range answer.Visits {
			if v.Employee == g.employee {
				visits[g.phone] = v.ID
			}
		}
	}

	if len(links) != len(all) || len(visits) != len(all) {
		c.tb.Fatalf("%d links and %d visits of %d", len(links), len(visits), len(all))
	}

	return links, visits
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code waits for the one-time code that a telephone gets.
func (c *town) code(phone string) string {
	c.tb.Helper()

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	for {
		for _, sms := range c.Texts() {
			if code := sixDigits.FindString(sms.Text); sms.To == "+45"+phone && code != "" && !link.MatchString(sms.Text) {
				return code
			}
		}

		if !c.anyRequest(limit) {
			c.tb.Fatalf("no code came to %s", phone)
		}
	}
}

// logIn logs an employee in at the simulated provider.
func (p *tab) logIn(user, path string) *tab {
	p.tb.Helper()
	p.open(path, users)
	p.press(fmt.Sprintf("css:button[name=user][value=%q]", user), "main#main-content")

	return p
}

// asCitizen logs in with MitID as a test person.
func (p *tab) asCitizen(cpr, comes string) {
	p.tb.Helper()
	p.press("Log ind med MitID", users)
	p.press(fmt.Sprintf("css:button[name=user][value=%q]", cpr), comes)
}

// TestIdentityInBrowser plays in a browser, against the real binary, how a citizen shows who they
// are: with MitID, with a code, by the employee's word, as a stranger, and while MitID is down. What
// they see on the way is looked at by axe-core on a phone's width.
func TestIdentityInBrowser(t *testing.T) {
	t.Parallel()

	browser := chromium(t)
	c := found(t, terms{})
	leader := c.leader(c.serve("all"))
	mitID, code, known, stranger, outage := guests()
	links, visits := c.doors(leader, mitID, code, known, stranger, outage)

	arrive := func(t *testing.T, g guest) *tab {
		t.Helper()

		p := newTab(browser, t, c.base)
		p.open(links[g.phone], landing)
		p.press("Fortsæt", identify)

		return p
	}

	t.Run("MitID", func(t *testing.T) {
		p := arrive(t, mitID)
		p.accessible()
		p.press("Log ind med MitID", users)
		p.accessible()
		p.press("Afbryd", identify)
		p.says("Login blev afbrudt", true)
		p.accessible()
		p.asCitizen(mitID.cpr, waits)
		p.accessible()

		host := newTab(browser, t, c.base).logIn(mitID.employee, "/login?til=/min-dag/"+visits[mitID.phone])
		host.says("MitID, sikringsniveau Betydelig", true)
		host.accessible()
	})

	t.Run("code", func(t *testing.T) {
		p := arrive(t, code)
		p.press("Send mig en kode", codes)
		p.accessible()
		p.fill("#kode", "000000")
		p.press("Gå videre", codes+" .alert-error")
		p.accessible()
		p.fill("#kode", c.code(code.phone))
		p.press("Gå videre", waits)
	})

	t.Run("employee's word", func(t *testing.T) {
		p := arrive(t, known)
		p.press("bed om hjælp", identify+" .pulse")
		p.accessible()

		host := newTab(browser, t, c.base).logIn(known.employee, "/login?til=/min-dag/"+visits[known.phone])
		host.says("bad om hjælp", true)
		host.press("Jeg ved, hvem det er", "input[name=kendt]")
		host.accessible()
		host.fill("input[name=kendt]", "")
		host.press("Gem", "input[name=genkendt]")
		host.accessible()
		host.fill("input[name=genkendt]", "")
		host.press("Luk ind", "#venter")
		p.do(waitFor(admitted))
	})

	t.Run("stranger", func(t *testing.T) {
		p := arrive(t, stranger)

		for range 2 {
			p.asCitizen(mitID.cpr, other)
			p.says(stranger.name, false)
			p.accessible()
			p.open("/b", identify)
		}

		p.asCitizen(mitID.cpr, other)
		p.open(links[stranger.phone], wrong)
		p.accessible()

		if page := string(leader.do(http.MethodGet, "/kraever-handling", "", nil).body); !strings.Contains(page, stranger.name) {
			t.Error("the planner is not told of the stranger")
		}
	})

	t.Run("MitID down and back", func(t *testing.T) { c.playOutage(t, arrive(t, outage), newTab(browser, t, c.base), outage) })
}

// playOutage takes MitID down. The program looks once a minute; here an administrator says so first.
func (c *town) playOutage(t *testing.T, citizen, admin *tab, g guest) {
	t.Helper()

	const notice = "MitID virker ikke lige nu"

	if err := c.MitID.SetState(idpsim.State{Down: idpsim.DownUnavailable}); err != nil {
		t.Fatal(err)
	}

	citizen.press("Log ind med MitID", "body pre")
	citizen.says("Tjenesten er ikke tilgængelig", true)

	admin.logIn("ADMIN", "/login?til=/forbindelser/noedmaader")
	admin.fill("#fordi-citizens", "MitID svarer med en fejl.")
	admin.press(`css:form:has(#fordi-citizens) button`, "main .alert-warning")
	admin.accessible()

	citizen.open("/b", identify)
	citizen.says(notice, true)
	citizen.accessible()

	if err := c.MitID.SetState(idpsim.State{}); err != nil {
		t.Fatal(err)
	}

	admin.press("Slå nødmåder fra", "#fordi-citizens")

	citizen.open("/b", identify)
	citizen.says(notice, false)
	citizen.asCitizen(g.cpr, waits)
}
