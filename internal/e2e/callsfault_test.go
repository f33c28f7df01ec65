package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// refuseOthers sends what is no call list: each is refused in words that say what to do, and nothing is
// changed. A list that has nothing to count is shown, and can't be imported.
func (m *callDesk) refuseOthers() {
	m.tb().Helper()

	before := m.imports()
	one := asCSV(m.rows(300, 1, func(int) string { return "Besvaret;Borgeropkald;Hjemmeplejen Øst" }))

	var book bytes.Buffer
	if err := excelize.NewFile().Write(&book); err != nil {
		m.tb().Fatal(err)
	}

	var wide []byte // UTF-32
	for _, letter := range one {
		wide = append(wide, 0, 0, 0, letter)
	}

	for _, file := range []struct {
		name, source string
		data         []byte
		says         string
	}{
		{"opkald.csv", "", one, "Vælg det system, som filen kommer fra."},
		{"opkald.csv", "nogen", one, "Vælg det system, som filen kommer fra."},
		{"opkald.csv", "viewcare", nil, "Vælg en fil, som ikke er tom"},
		{"opkald.csv", "viewcare", []byte("%PDF-1.7\n%âãÏÓ\n"), "Filen er en PDF. Eksportér filen som CSV eller Excel (.xlsx)."},
		{"opkald.xlsx", "viewcare", []byte("PK\x03\x04half a workbook"), "Excel-filen kan ikke åbnes."},
		{"opkald.xlsx", "viewcare", book.Bytes(), "Filen har ingen række med kolonnenavne, som vi kender."},
		{"opkald.csv", "viewcare", []byte("\n\n"), "Filen har ingen række med kolonnenavne, som vi kender."},
		{"opkald.csv", "viewcare", wide, "Filen kan ikke læses som tekst."},
		{"opkald.csv", "viewcare", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "Filen kan ikke læses som tekst."},
		{"koreliste.csv", "viewcare", m.list, "Filen ligner en køreliste og ikke en opkaldsliste."},
	} {
		sent := m.send(file.name, file.source, file.data)
		text := plain(sent.body)

		if sent.status != http.StatusUnprocessableEntity || !strings.Contains(text, file.says) || strings.Contains(text, "kørelisten") {
			m.tb().Errorf("%s for %q: %d, not %q:\n%.600s", file.name, file.source, sent.status, file.says, text)
		}
	}

	path, text := m.preview("tom.csv", asCSV(nil))
	m.says("a list of nothing", text, "Filen har ingen opkald, der kan importeres.")

	if done := m.do(http.MethodPost, path, form, http.NoBody); done.status != http.StatusUnprocessableEntity {
		m.tb().Errorf("import of nothing: %d", done.status)
	}

	sent := m.send("opkald.csv", "vitacomm", one)
	text = plain(m.do(http.MethodGet, sent.location, "", http.NoBody).body)
	m.says("a list of another system", text, "Filen har ingen kolonne med, hvornår opkaldet begyndte. Kontrollér opsætningen af kilden.", "Nye opkald 0")

	if diff := cmp.Diff(before, m.imports()); diff != "" {
		m.tb().Errorf("imports (-before +after):\n%s", diff)
	}

	m.unchanged("what is no call list")
	m.anyLetters()
}

// anyLetters previews one list in the letters of three systems.
func (m *callDesk) anyLetters() {
	m.tb().Helper()

	text := string(asCSV(m.rows(400, 1, func(int) string { return "Besvaret;Borgeropkald;Hjemmeplejen Øst" })))
	wide := []byte{0xFF, 0xFE}

	for _, letter := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(letter), byte(letter>>8))
	}

	for encoding, data := range map[string][]byte{"UTF-8": []byte("\ufeff" + text), "UTF-16": wide} {
		_, said := m.preview("opkald.csv", data)
		m.says(encoding, said, encoding, "Nye opkald 1", "Hjemmeplejen Øst 1 1")
	}
}

// many is how many calls the import has during which the service dies.
const many = 3000

// dieWithin kills the service while it imports a long list, three times: it is there as a whole or not
// at all, and importing it once more makes it whole.
func (m *callDesk) dieWithin(p *process) {
	m.tb().Helper()

	data := asCSV(m.rows(1000, many, func(int) string { return "Besvaret;Borgeropkald;Hjemmeplejen Øst" }))
	path, _ := m.preview("mange.csv", data)

	began := time.Now()
	m.take(path)
	whole := time.Since(began)
	m.undoNewest()
	m.unchanged("undo of the long list")

	for n := range 3 {
		after := time.Duration(float64(whole) * (0.1 + 0.8*m.rand.Float64()))
		m.dying(p, path, after)

		p = m.serve("all")
		m.through(p)

		calls, newest := m.figures("")["calls"], m.imports()[0]
		stands := newest.UndoneBy == ""
		m.tb().Logf("kill %d after %s of %s: the import stands: %v", n+1, after, whole, stands)

		if stands && (calls != "3000" || newest.New != many) || !stands && calls != m.before["calls"] {
			m.tb().Fatalf("after a kill there are %s calls, the import is %+v", calls, newest)
		}

		if stands {
			m.undoNewest()
		}

		m.unchanged("a kill")
	}

	path, _ = m.preview("mange.csv", data)
	m.take(path)

	if calls, newest := m.figures("")["calls"], m.imports()[0]; calls != "3000" || newest.New != many || newest.Stored != 0 {
		m.tb().Errorf("at last there are %s calls, the import is %+v", calls, newest)
	}
}

func (m *callDesk) undoNewest() {
	m.tb().Helper()
	m.call(http.MethodPost, callsAPI+"/"+m.imports()[0].ID+"/undo", nil, nil)
}

// dying asks for an import and kills the service after a while, or when the answer was there before.
func (m *callDesk) dying(p *process, path string, after time.Duration) {
	m.tb().Helper()

	req, err := http.NewRequestWithContext(m.tb().Context(), http.MethodPost, m.person.base+path, http.NoBody)
	if err != nil {
		m.tb().Fatal(err)
	}

	req.Header.Set("Content-Type", form)

	limit, cancel := context.WithTimeout(m.tb().Context(), after)
	defer cancel()

	over := make(chan struct{})

	go func() {
		defer close(over)
		defer cancel()

		if res, err := m.http.Do(req); err == nil { // else the service died first
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	}()

	<-limit.Done()
	p.kill()
	<-over
}
