package ui

import (
	"fmt"
	"unicode/utf8"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler/measure"
)

// chart is a stacked bar per group, drawn on the server. Parts differ by pattern as well as by
// colour, and every number stands in the table too.
type chart struct {
	Width, Height int
	Bars          []chartBar
	Lines         []chartLine
	Upright       bool // bars stand: groups are weeks or months
	Parts         []chartPart
	Summary       string
	More          int // groups that are in the table only
}

type chartBar struct {
	Label          string
	LabelX, LabelY int
	Parts          []chartPart
	Total          int
	TotalX, TotalY int
}

type chartPart struct {
	X, Y, Width, Height int
	Key, Name           string
	Number              int
	Label               string
}

type chartLine struct {
	At    int
	Label string
}

// Measures of the chart in SVG units.
const (
	chartTop, chartFoot, chartLeft, chartHeight = 24, 36, 48, 240
	chartStep, chartBarWidth                    = 88, 44
	lyingLeft, lyingWidth, lyingStep, lyingBar  = 210, 520, 34, 20
	maxBars                                     = 60
	maxLying                                    = 20
	longestLabel                                = 27 // characters that fit beside a lying bar
)

// chartParts are what a bar is made of.
func chartParts() []chartPart {
	return []chartPart{
		{Key: "completed", Name: "Gennemført på skærm"},
		{Key: "phone", Name: "På telefon"},
		{Key: "not_completed", Name: "Ikke gennemført"},
		{Key: "cancelled", Name: "Aflyst"},
		{Key: "waiting", Name: "Ikke afsluttet endnu"},
	}
}

// newChart draws the groups of the first dimension. Without figures, or with two dimensions, it has
// no bars. Hidden figures are left out.
func newChart(t measure.Table) chart {
	if len(t.By) != 1 {
		return chart{}
	}

	ch := chart{Upright: t.By[0] == measure.ByWeek || t.By[0] == measure.ByMonth, Parts: chartParts()}
	limit, top := maxLying, 0

	if ch.Upright {
		limit = maxBars
	}

	var bars []chartBar

	for _, r := range t.Rows {
		bar := chartBar{Label: r.Labels[0]}

		for _, part := range ch.Parts {
			if v := t.Value(r, part.Key); v.Known && v.Number > 0 {
				part.Number, part.Label = int(v.Number), bar.Label+": "+page.Number(int(v.Number))+" "+part.Name
				bar.Parts, bar.Total = append(bar.Parts, part), bar.Total+part.Number
			}
		}

		top = max(top, bar.Total)
		bars = append(bars, bar)
	}

	if top == 0 {
		return chart{}
	}

	if len(bars) > limit { // the newest weeks; of other groups the first ones
		ch.More = len(bars) - limit
		if ch.Upright {
			bars = bars[ch.More:]
		} else {
			bars = bars[:limit]
		}
	}

	ch.Bars = bars
	ch.Summary = fmt.Sprintf("Søjler for %s. Tallene står i tabellen nedenfor.", page.Count(len(bars), "gruppe", "grupper"))

	if ch.Upright {
		ch.stand(niceTop(top))
	} else {
		ch.lie(niceTop(top))
	}

	return ch
}

// stand draws the bars upright, in order of time.
func (ch *chart) stand(scale int) {
	y := func(n int) int { return chartTop + chartHeight - n*chartHeight/scale }

	ch.Width, ch.Height = chartLeft+chartStep*len(ch.Bars)+16, chartTop+chartHeight+chartFoot
	ch.lines(scale, y)

	for i := range ch.Bars {
		b := &ch.Bars[i]
		x, sum := chartLeft+i*chartStep+(chartStep-chartBarWidth)/2, 0

		for j := range b.Parts {
			p := &b.Parts[j]
			p.X, p.Width, p.Y = x, chartBarWidth, y(sum+p.Number)
			p.Height = max(1, y(sum)-p.Y)
			sum += p.Number
		}

		b.LabelX, b.LabelY, b.TotalX, b.TotalY = x+chartBarWidth/2, chartTop+chartHeight+22, x+chartBarWidth/2, y(sum)-6
	}
}

// lie draws the bars from left to right, with their names before them.
func (ch *chart) lie(scale int) {
	x := func(n int) int { return lyingLeft + n*lyingWidth/scale }

	ch.Width, ch.Height = lyingLeft+lyingWidth+64, chartTop+lyingStep*len(ch.Bars)+8
	ch.lines(scale, x)

	for i := range ch.Bars {
		b := &ch.Bars[i]
		y, sum := chartTop+i*lyingStep, 0

		for j := range b.Parts {
			p := &b.Parts[j]
			p.Y, p.Height, p.X = y, lyingBar, x(sum)
			p.Width = max(1, x(sum+p.Number)-p.X)
			sum += p.Number
		}

		if utf8.RuneCountInString(b.Label) > longestLabel {
			b.Label = string([]rune(b.Label)[:longestLabel-1]) + "…"
		}

		b.LabelX, b.LabelY, b.TotalX, b.TotalY = lyingLeft-10, y+15, x(sum)+8, y+15
	}
}

func (ch *chart) lines(scale int, at func(int) int) {
	for i := range 5 {
		ch.Lines = append(ch.Lines, chartLine{At: at(scale * i / 4), Label: page.Number(scale * i / 4)})
	}
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
