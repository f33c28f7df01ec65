package ui

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// statisticsWindow is how many days back the figures go when nobody says otherwise.
const statisticsWindow = 28

// maxStatisticsDays bounds what one query may count.
const maxStatisticsDays = 366

// statisticsPage is the leader's start page.
type statisticsPage struct {
	scheduler.Statistics

	Chart       chart
	CSV         string
	Error       string
	Definitions []string
}

// statistics shows how many screen visits were held, and why not.
func (p *Pages) statistics(c *gin.Context) error {
	q, err := p.statisticsQuery(c)
	problem := ""

	if err != nil {
		problem = care.MessageOf(err)
		q = scheduler.StatisticsQuery{From: p.today().Add(-statisticsWindow), To: p.today()}
	}

	s, err := p.UseCases.Statistics(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	export := url.Values{"fra": {string(q.From)}, "til": {string(q.To)}, "enhed": {string(q.Unit)}}
	body := statisticsPage{Statistics: s, Chart: newChart(s.ByWeek), CSV: "/statistik.csv?" + export.Encode(), Error: problem, Definitions: definitions()}

	return p.show(c, "statistik", "Statistik", body)
}

func (p *Pages) statisticsQuery(c *gin.Context) (scheduler.StatisticsQuery, error) {
	q := scheduler.StatisticsQuery{From: p.today().Add(-statisticsWindow), To: p.today(), Unit: care.UnitID(c.Query("enhed"))}

	for _, f := range []struct {
		key  string
		into *care.Day
	}{{"fra", &q.From}, {"til", &q.To}} {
		if s := c.Query(f.key); s != "" {
			day, err := care.ParseDay(s)
			if err != nil {
				return q, err
			}

			*f.into = day
		}
	}

	if q.To < q.From || q.From.Add(maxStatisticsDays) < q.To {
		return q, care.NewError(care.Invalid, "Slutdatoen skal være efter startdatoen, og perioden må højst være et år.")
	}

	return q, nil
}

// statisticsCSV exports the same figures as a file that Excel in Danish opens by itself: a byte
// order mark, semicolons, CRLF.
func (p *Pages) statisticsCSV(c *gin.Context) error {
	q, err := p.statisticsQuery(c)
	if err != nil {
		return err
	}

	s, err := p.UseCases.Statistics(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	data, err := statisticsFile(s)
	if err != nil {
		return err
	}

	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="skaermbesoeg-%s-%s.csv"`, q.From, q.To))
	c.Data(http.StatusOK, "text/csv; charset=utf-8", data)

	return nil
}

func statisticsFile(s scheduler.Statistics) ([]byte, error) {
	var b bytes.Buffer

	b.WriteString("\ufeff")

	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true

	rows := [][]string{{"Gruppe", "Navn", "Besøg på kørelister", "Planlagt på skærm", "Gennemført på skærm", "Gennemført på telefon", "Ikke gennemført", "Aflyst", "Ikke afsluttet endnu", "Minutter"}}
	rows = append(rows, figureRow("I alt", s.Total))

	for _, group := range []struct {
		name string
		list []scheduler.Figures
	}{{"Uge", s.ByWeek}, {"Lovgrundlag", s.ByLaw}, {"Medarbejder", s.ByEmployee}, {"Årsag til ikke gennemført", s.ByReason}} {
		for _, f := range group.list {
			rows = append(rows, figureRow(group.name, f))
		}
	}

	for _, group := range []struct {
		name string
		list []scheduler.Figures
	}{{"Identifikation", s.ByMethod}, {"Invitation", s.ByChannel}, {"CPR-nummer", s.ByNumber}} {
		for _, f := range scheduler.HideSmall(group.list) {
			rows = append(rows, figureRow(group.name, f))
		}
	}

	for _, text := range definitions() {
		rows = append(rows, []string{"Forklaring", text, "", "", "", "", "", "", "", ""})
	}

	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("statistics file: %w", err)
	}

	return b.Bytes(), nil
}

// definitions tell how citizens' ways are counted, on the page and in the file.
func definitions() []string {
	return []string{
		"Talt er besøg, der er eller var planlagt på skærm; en borger med flere besøg tæller flere gange.",
		"Identifikation er, hvordan borgeren viste, hvem de er, den sidste gang borgeren blev lukket ind. »Ikke identificeret på skærm« er besøg, hvor borgeren ikke kom ind, eller som blev givet på telefon.",
		"Invitation er den kanal, som den nyeste invitation til borgeren er sendt på. »Uden besked« er borgere uden mobilnummer og e-mail, eller hvor beskeden ikke kom frem.",
		"Borgere uden CPR-nummer kendes på omsorgsjournalens eget id.",
		"I filer og i API'et er antal på 1-4 skjult i disse tre opdelinger, og så mange andre, at de ikke kan regnes ud.",
	}
}

func figureRow(group string, f scheduler.Figures) []string {
	n := func(n int) string {
		if n == scheduler.Hidden {
			return "skjult"
		}

		return strconv.Itoa(n)
	}

	return []string{
		group, safeCell(f.Label), n(f.All), n(f.Planned), n(f.Completed), n(f.Phone), n(f.Not), n(f.Cancelled), n(f.Waiting), n(f.Minutes),
	}
}

// safeCell keeps a spreadsheet from running a text as a formula (OWASP: CSV injection).
func safeCell(s string) string {
	if strings.HasPrefix(s, "=") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "@") ||
		strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\r") {
		return "'" + s
	}

	return s
}

// chart is a stacked column per week, drawn on the server.
type chart struct {
	Width, Height int
	Columns       []chartColumn
	Lines         []chartLine
	Summary       string
}

type chartColumn struct {
	X, Middle int
	Label     string
	Parts     []chartPart
	Total     int
	TotalY    int
}

type chartPart struct {
	X, Y, Width, Height int
	Class, Title        string
}

type chartLine struct {
	Y     int
	Label string
}

// Measures of the chart in SVG units.
const (
	chartTop, chartFoot, chartLeft, chartHeight = 24, 36, 44, 260
	chartStep, chartBar                         = 100, 48
)

// newChart draws the weeks. Without figures it has no columns.
func newChart(weeks []scheduler.Figures) chart {
	top := 0
	for _, w := range weeks {
		top = max(top, w.Completed+w.Phone+w.Not+w.Cancelled+w.Waiting)
	}

	if top == 0 {
		return chart{}
	}

	scale := niceTop(top)
	ch := chart{Width: chartLeft + chartStep*len(weeks) + 16, Height: chartTop + chartHeight + chartFoot}
	y := func(n int) int { return chartTop + chartHeight - n*chartHeight/scale }

	for i := range 5 {
		ch.Lines = append(ch.Lines, chartLine{Y: y(scale * i / 4), Label: page.Number(scale * i / 4)})
	}

	for i, w := range weeks {
		ch.Columns = append(ch.Columns, newChartColumn(w, chartLeft+i*chartStep+(chartStep-chartBar)/2, y))
	}

	ch.Summary = fmt.Sprintf("Søjler for %s. Tallene står i tabellen nedenfor.", page.Count(len(weeks), "uge", "uger"))

	return ch
}

func newChartColumn(w scheduler.Figures, x int, y func(int) int) chartColumn {
	col := chartColumn{X: x, Middle: x + chartBar/2, Label: w.Label}

	for _, part := range []struct {
		n     int
		class string
		name  string
	}{
		{w.Completed, "bar-done", "gennemført på skærm"},
		{w.Phone, "bar-phone", "gennemført på telefon"},
		{w.Not, "bar-not", "ikke gennemført"},
		{w.Cancelled, "bar-off", "aflyst"},
		{w.Waiting, "bar-wait", "ikke afsluttet endnu"},
	} {
		if part.n == 0 {
			continue
		}

		upper, lower := y(col.Total+part.n), y(col.Total)
		col.Parts = append(col.Parts, chartPart{
			X: x, Y: upper, Width: chartBar, Height: max(1, lower-upper), Class: part.class,
			Title: w.Label + ": " + page.Number(part.n) + " " + part.name,
		})
		col.Total += part.n
	}

	col.TotalY = y(col.Total) - 6

	return col
}

// niceTop rounds up to a number whose quarters are round figures.
func niceTop(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, factor := range []int{4, 8, 12, 16, 20, 24, 32} {
			if unit*factor >= n {
				return unit * factor
			}
		}
	}
}
