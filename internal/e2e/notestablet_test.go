package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

// looks judges in a browser as far as the preview, and looks at the citizen's page.
func (d *noteDesk) looks(desk *tab) {
	d.tb().Helper()

	desk.says("Kan selv betjene tavlen", true)
	desk.says("Notater i journalen", true)
	desk.accessible()
	desk.shot("borger-notater")

	desk.press("Vurdér egnethed", "main form.contactform")
	desk.accessible()
	desk.fill("#v-skal_vurderes", "ja")
	desk.fill("#fordi", "Vil gerne prøve igen efter ferien")
	desk.shot("egnethed")
	desk.press("Se, hvad der bliver skrevet", "main blockquote.notetext")

	for _, text := range []string{"Skemaet »Omsorgsnotat« i omsorgsjournalen får:", "Afventer", "Vil gerne prøve igen efter ferien", "Skrevet for Leder Test (LEDER), leder."} {
		desk.says(text, true)
	}

	desk.accessible()
	desk.shot("egnethed-preview")
	desk.press("Fortryd", "main #notater")
}

// hinted has the list, or the record, say the opposite of the judgement: both are told, and the judgement
// counts.
func (d *noteDesk) hinted() {
	d.tb().Helper()

	if d.Nexus != nil {
		d.must(d.Nexus.EditCitizen(d.citizen.CPR.Reveal(), func(c *nexussim.Citizen) { c.AllowVideo = true }))
		d.fetchAll(d.person)
	} else {
		rows := strings.Split(strings.TrimSpace(string(d.list)), "\n")
		rows[0] = strings.TrimRight(rows[0], "\r") + ";Egnet til skærmbesøg"

		for i, row := range rows[1:] {
			rows[i+1] = strings.TrimRight(row, "\r") + ";Ja"
		}

		d.importList("koreliste.csv", []byte(strings.Join(rows, "\n")+"\n"))
	}

	card := d.card()
	if card.Suitability != "ikke_egnet" || card.Hint != "egnet" || card.Judgement == nil || card.Judgement.Verdict != "ikke_egnet" {
		d.tb().Errorf("a hint against a judgement: %+v", card)
	}

	text := plain(d.do(http.MethodGet, d.page, "", http.NoBody).body)
	if !strings.Contains(text, "Kørelisten eller journalen siger: egnet. Vurderingen gælder, til nogen vurderer igen.") {
		d.tb().Errorf("the page does not tell of the hint:\n%.1500s", text)
	}
}

var (
	enrolCode = regexp.MustCompile(`class="enrol-code code">([^<]+)<`)
	closing   = regexp.MustCompile(`/administration/tavler/([^/"]+)/luk`)
	quoted    = regexp.MustCompile(`(?s)<blockquote class="notetext">(.*?)</blockquote>`)
	pairs     = regexp.MustCompile(`(?s)<dt>(.*?)</dt><dd>(.*?)</dd>`)
	lines     = regexp.MustCompile(`(?s)<p>(.*?)</p>`)
)

// lend registers two tablets for the citizen: one is closed before it was set up, of which the record is
// told nothing, the other is set up, lost and closed. It returns what was shown of both events.
func (d *noteDesk) lend() (lent, back note) {
	d.tb().Helper()

	admin := newPerson(d.tb(), d.town.base, d.addr).login(d.World, "ADMIN")
	before := d.held()

	admin.register(d, "SN-1000-A")
	admin.closeTablet("returned", false)
	d.settle()
	d.holds("a tablet that was never set up", before...)

	code, lent := admin.register(d, "SN-1000-B")
	admin.enrol(code)
	d.written(len(before) + 1)
	d.holds("the tablet was set up", append(before, lent)...)

	return lent, admin.closeTablet("lost", true)
}

// register registers a tablet for the citizen and returns the code, and the note that comes once it is set up.
func (p *person) register(d *noteDesk, serial string) (code string, shown note) {
	p.tb.Helper()

	page := p.do(http.MethodPost, "/administration/tavler", form, strings.NewReader(url.Values{
		"serie": {serial}, "enhed": {d.unit}, "hvem": {d.citizen.CPR.Reveal()},
	}.Encode()))

	found := enrolCode.FindSubmatch(page.body)
	if found == nil {
		p.tb.Fatalf("register: %d\n%.2000s", page.status, plain(page.body))
	}

	return string(found[1]), p.shownNote(page.body, `id="journalen"`)
}

// shownNote reads the first note that a page shows below a mark.
func (p *person) shownNote(page []byte, below string) note {
	p.tb.Helper()

	_, rest, _ := strings.Cut(string(page), below)

	found := quoted.FindStringSubmatch(rest)
	if found == nil {
		p.tb.Fatalf("the page shows no note below %q:\n%.2000s", below, plain(page))
	}

	out := note{Fields: map[string]string{}}
	for _, f := range pairs.FindAllStringSubmatch(found[1], -1) {
		out.Fields[html.UnescapeString(f[1])] = html.UnescapeString(f[2])
	}

	var text []string
	for _, l := range lines.FindAllStringSubmatch(found[1], -1) {
		text = append(text, html.UnescapeString(l[1]))
	}

	out.Text = strings.Join(text, "\n")

	return out
}

// enrol sets a tablet up, as its page does.
func (p *person) enrol(code string) {
	p.tb.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.tb.Fatal(err)
	}

	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		p.tb.Fatal(err)
	}

	sum := sha256.Sum256([]byte("sluse tablet enrolment\x00" + strings.NewReplacer("-", "", " ", "").Replace(code)))

	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		p.tb.Fatal(err)
	}

	p.call(http.MethodPost, "/tavle/ny", map[string]any{
		"kode": code, "noegle": der, "underskrift": append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...),
	}, nil)
}

// closeTablet closes the only tablet and returns the note that comes of it; with one, when the record is told.
func (p *person) closeTablet(why string, told bool) (shown note) {
	p.tb.Helper()

	list := p.do(http.MethodGet, "/administration/tavler", "", http.NoBody)

	found := closing.FindSubmatch(list.body)
	if found == nil {
		p.tb.Fatalf("no tablet to close: %d\n%.2000s", list.status, plain(list.body))
	}

	path := "/administration/tavler/" + string(found[1]) + "/luk"
	page := p.do(http.MethodGet, path, "", http.NoBody)

	if told {
		shown = p.shownNote(page.body, `id="l-`+why+`"`)
	} else if quoted.Match(page.body) {
		p.tb.Errorf("the record is not told of a tablet that was never set up, but the page says so:\n%.2000s", plain(page.body))
	}

	if done := p.do(http.MethodPost, path, form, strings.NewReader("aarsag="+why)); done.status != http.StatusSeeOther {
		p.tb.Fatalf("close: %d %.2000s", done.status, plain(done.body))
	}

	return shown
}
