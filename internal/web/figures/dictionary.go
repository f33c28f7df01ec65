package figures

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluse/sluse/scheduler/measure"
)

// dictionary is the part of a file that explains every one of its columns.
func dictionary() [][]string {
	out := [][]string{{"Kolonne", "Navn", "Enhed", "Måltal nr.", "Formel eller forklaring"}}

	for _, d := range measure.Dimensions() {
		out = append(out, []string{string(d), d.Danish(), "tekst", "", d.Explained()}, []string{string(d) + "_key", d.Danish() + " (nøgle)", "tekst", "", "Den nøgle, som API'et og konfigurationen bruger."})
	}

	out = append(out, []string{"group", "Gruppe", "tekst", "", "»I alt«, når der ikke er valgt en opdeling."},
		[]string{"week_from", "Ugens første dag", "dato", "", "Første dag i den uge, som rækkens omlægningsgrad, anvendelsesgrad og måltal er for; 14 dage begynder 7 dage før."},
		[]string{"week_to", "Ugens sidste dag", "dato", "", "Sidste dag i den samme uge."})

	for _, c := range measure.Columns() {
		n := ""
		if c.Measure > 0 {
			n = strconv.Itoa(c.Measure)
		}

		out = append(out, []string{c.Key, c.Name, c.Kind.Danish(), n, c.Formula})
	}

	return out
}

// Markdown is docs/data-dictionary.md.
func Markdown() string {
	var b strings.Builder

	b.WriteString(`# Datakatalog

<!-- Made by "go test ./internal/web/figures -update". Do not edit. -->

Every column that leaves Sluse in statistics: on the page /statistik, in its CSV and XLSX files, and by the API
(` + "`GET /api/v1/statistics`" + `). The texts are those that people see. A number from 1 to 10 is the measure's number in
the report set; figures without one stand beside it.

Figures that leave the unit are protected: counts from 1 to 4 are "` + Hidden + `" (null by the API), and so many others that
none of them can be worked out from the sum of its row or column, or from the tables by one dimension alone over the same
period. A figure that is made of a hidden count is hidden too. Units side by side are told only of a whole calendar month
that is over, with all sources and no other dimension: two periods that overlap, or a source switched on and off, would
tell a small count as the difference of two large ones. Within the own units periods and sources are chosen freely, so
whoever hands on two files of overlapping periods must compare them first. An empty cell means that there is nothing to
make the figure of.

## Opdelinger

| Kolonne | Navn | Forklaring |
|---|---|---|
`)

	for _, d := range measure.Dimensions() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d, d.Danish(), d.Explained())
	}

	for _, g := range measure.Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| Kolonne | Navn | Enhed | Nr. | Formel |\n|---|---|---|---|---|\n", g.Danish())

		for _, c := range measure.Columns() {
			if c.Group != g {
				continue
			}

			n := ""
			if c.Measure > 0 {
				n = strconv.Itoa(c.Measure)
			}

			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Key, c.Name, c.Kind.Danish(), n, c.Formula)
		}
	}

	b.WriteString("\n## Besøg\n\nOne line per visit that was ever meant for the screen, and per imported call: /statistik/besoeg.csv and /statistik/besoeg.json.\n\n| Kolonne | Navn | Forklaring |\n|---|---|---|\n")

	for _, c := range VisitColumns() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Key, c.Name, c.Explain)
	}

	return b.String()
}
