package e2e_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"github.com/sluse/sluse/scheduler/care"
)

// The first list: 40 answered calls of ten minutes and 12 unanswered, 5 of them of a place that is no
// unit of ours; what else stands in it counts nothing.
const (
	answered, unanswered, strange = 40, 12, 5
	leftOut, faulty               = 4, 3
)

func (m *callDesk) tb() testing.TB { return m.town.tb }

// rows are calls to the citizens of the driving list, each with its number.
func (m *callDesk) rows(first, n int, mark func(i int) string) []string {
	numbers := m.numbers()
	begin := m.on.Bounds().Start.In(care.Zone()).Add(8 * time.Hour)

	var out []string

	for i := first; i < first+n; i++ {
		at := begin.Add(time.Duration(i%600) * time.Minute).Format("02-01-2006 15:04")
		out = append(out, fmt.Sprintf("v%d;%s;00:10:00;%s;MSK;%s", i, at, mark(i), numbers[i%len(numbers)]))
	}

	return out
}

// numbers are the citizens' of the driving list, each once.
func (m *callDesk) numbers() []string {
	var out []string

	for _, row := range strings.Split(strings.TrimSpace(string(m.list)), "\n")[1:] {
		if number := strings.Split(row, ";")[6]; !slices.Contains(out, number) {
			out = append(out, number)
		}
	}

	return out
}

const callHead = "Opkalds-id;Starttidspunkt;Varighed;Status;Opkaldstype;Distrikt;Initialer;CPR-nr."

func asCSV(rows []string) []byte {
	return []byte(callHead + "\r\n" + strings.Join(rows, "\r\n") + "\r\n")
}

// first is the first list, in the letters of Windows.
func (m *callDesk) first() []byte {
	m.tb().Helper()

	rows := m.rows(0, answered+unanswered, func(i int) string {
		switch {
		case i < strange:
			return "Besvaret;Borgeropkald;Brønshøj"
		case i < answered:
			return "Besvaret;Borgeropkald;Hjemmeplejen Øst"
		default:
			return "Ikke besvaret;Borgeropkald;Hjemmeplejen Øst"
		}
	})
	rows = append(rows, m.rows(100, leftOut, func(i int) string {
		return []string{"Besvaret;Pårørendeopkald;", "Testopkald;Borgeropkald;"}[i%2] + "Hjemmeplejen Øst"
	})...)

	late := care.DayOf(time.Now()).Add(30).Bounds().Start.Format("02-01-2006")
	rows = append(rows,
		"f1;"+late+" 08:00;00:10:00;Besvaret;Borgeropkald;oest;MSK;",
		"f2;i går;00:10:00;Besvaret;Borgeropkald;oest;MSK;",
		"f3;23-11-2025 08:00;00:10:00;Sovet;Borgeropkald;oest;MSK;")

	data, err := charmap.Windows1252.NewEncoder().Bytes(asCSV(rows))
	if err != nil {
		m.tb().Fatal(err)
	}

	return data
}

// second is a workbook with four calls of the first list and six others, its times as Excel keeps them.
func (m *callDesk) second() []byte {
	m.tb().Helper()

	book := excelize.NewFile()
	all := m.rows(answered-4, 4, func(int) string { return "Besvaret;Borgeropkald;Hjemmeplejen Øst" })
	all = append(all, m.rows(200, 6, func(int) string { return "Besvaret;Borgeropkald;Hjemmeplejen Vest" })...)

	for i, text := range append([]string{callHead}, all...) {
		cells := strings.Split(text, ";")
		row := make([]any, len(cells))

		for n, cell := range cells {
			row[n] = cell

			if at, err := time.Parse("02-01-2006 15:04", cell); err == nil {
				row[n] = at
			}
		}

		if err := book.SetSheetRow("Sheet1", "A"+strconv.Itoa(i+1), &row); err != nil {
			m.tb().Fatal(err)
		}
	}

	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		m.tb().Fatal(err)
	}

	return out.Bytes()
}

// send uploads a file by the page's form.
func (m *callDesk) send(name, source string, data []byte) answer {
	m.tb().Helper()

	var body bytes.Buffer

	form := multipart.NewWriter(&body)
	err := form.WriteField("kilde", source)

	if err == nil {
		var part io.Writer
		if part, err = form.CreateFormFile("fil", name); err == nil {
			_, err = part.Write(data)
		}
	}

	if err == nil {
		err = form.Close()
	}

	if err != nil {
		m.tb().Fatal(err)
	}

	return m.do(http.MethodPost, callsPath, form.FormDataContentType(), &body)
}

// preview uploads a file and returns the preview's address and text.
func (m *callDesk) preview(name string, data []byte) (path, text string) {
	m.tb().Helper()

	sent := m.send(name, "viewcare", data)
	if sent.status != http.StatusSeeOther {
		m.tb().Fatalf("upload of %s: %d", name, sent.status)
	}

	page := m.do(http.MethodGet, sent.location, "", http.NoBody)
	if page.status != http.StatusOK {
		m.tb().Fatalf("preview of %s: %d", name, page.status)
	}

	return sent.location, plain(page.body)
}

var tags = regexp.MustCompile(`(?s)<(svg|style|script).*?</(svg|style|script)>|<[^>]*>`)

// plain is what a page says.
func plain(page []byte) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(string(page), " ")), " ")
}

func (m *callDesk) says(what, text string, parts ...string) {
	m.tb().Helper()

	for _, part := range parts {
		if !strings.Contains(text, part) {
			m.tb().Errorf("%s does not say %q:\n%.3000s", what, part, text)
		}
	}
}

// take imports a file that was previewed.
func (m *callDesk) take(path string) {
	m.tb().Helper()

	if done := m.do(http.MethodPost, path, form, http.NoBody); done.status != http.StatusSeeOther {
		m.tb().Fatalf("import: %d %.2000s", done.status, plain(done.body))
	}
}

const form = "application/x-www-form-urlencoded"

// period is the address's part with the days that are counted: the calls' and the visits'.
func (m *callDesk) period() string { return "?fra=" + string(m.on) + "&til=" + m.day }

// figures are all that the API tells, without the sources of the list.
func (m *callDesk) figures(without string) map[string]string {
	m.tb().Helper()

	var told struct {
		Total struct {
			Values map[string]*float64
			Hidden []string
		}
	}

	m.call(http.MethodGet, "/api/v1/statistics?from="+string(m.on)+"&to="+m.day+"&without="+without, nil, &told)

	out := make(map[string]string, len(told.Total.Values))
	for key, value := range told.Total.Values {
		if value != nil {
			out[key] = strconv.FormatFloat(*value, 'g', -1, 64)
		}
	}

	for _, key := range told.Total.Hidden {
		out[key] = "skjult"
	}

	return out
}

// cellOf finds the total's figure of a column in a table, below the names of columns.
func cellOf(rows [][]string, column string) string {
	for i, head := range rows {
		at := slices.Index(head, column)
		for _, row := range rows[i:] {
			if at >= 0 && len(row) > at && row[0] == "I alt" {
				return row[at]
			}
		}
	}

	return ""
}

func (m *callDesk) readCSV(path string) [][]string {
	m.tb().Helper()

	got := m.do(http.MethodGet, path, "", http.NoBody)
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(got.body, []byte("\ufeff"))))
	in.Comma, in.FieldsPerRecord = ';', -1

	rows, err := in.ReadAll()
	if err != nil || got.status != http.StatusOK {
		m.tb().Fatalf("%s: %d, %v", path, got.status, err)
	}

	return rows
}

// filed is how many calls the files of figures tell, and how many lines the file of visits has by source.
func (m *callDesk) filed() (inCSV, inXLSX string, sources map[string]int) {
	m.tb().Helper()

	inCSV = cellOf(m.readCSV("/statistik.csv"+m.period()+"&opdel=ingen"), "Opkald")

	got := m.do(http.MethodGet, "/statistik.xlsx"+m.period()+"&opdel=ingen", "", http.NoBody)

	book, err := excelize.OpenReader(bytes.NewReader(got.body))
	if err != nil {
		m.tb().Fatalf("workbook: %d, %v", got.status, err)
	}

	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			m.tb().Fatal(err)
		}

		if inXLSX == "" {
			inXLSX = cellOf(rows, "Opkald")
		}
	}

	sources = map[string]int{}
	rows := m.readCSV("/statistik/besoeg.csv" + m.period())
	at := slices.Index(rows[0], "source")

	for _, row := range rows[1:] {
		sources[row[max(at, 0)]]++
	}

	return inCSV, inXLSX, sources
}

// imports are the API's, the newest first.
func (m *callDesk) imports() (all []callImport) {
	m.tb().Helper()

	var told struct{ Items []callImport }

	m.call(http.MethodGet, callsAPI, nil, &told)

	return told.Items
}

type callImport struct {
	ID, Source                string
	Rows, New, Stored, Faults int
	LeftOut                   int    `json:"left_out"`
	UndoneBy                  string `json:"undone_by"`
}
