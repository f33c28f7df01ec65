package file_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
)

// K67: the token is appended once, people's text is untouched, and undo brings every byte
// back, whatever stands in the comment and however the file is written.
func TestCommentsOfPeopleAreUntouched(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	n := 0

	rapid.Check(t, func(rt *rapid.T) {
		n++

		comments := rapid.SliceOfN(rapid.OneOf(
			rapid.StringOf(rapid.RuneFrom([]rune("abcæøå ;,\t\"'|=+-@\r\n§•"))),
			rapid.SampledFrom([]string{"", " ", "skærmbesøg", "x, skærmbesøg", "ikke skærmbesøg", "\"", "a\nb", "=1+1"}),
			rapid.String(),
		).Filter(func(s string) bool { return !strings.ContainsAny(s, "\x00\ufffd\ufeff") }), 1, 9).Draw(rt, "comments")
		comma := rapid.SampledFrom([]string{";", ",", "\t"}).Draw(rt, "comma")
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "eol")
		always := rapid.Bool().Draw(rt, "quote all")
		mark := rapid.SampledFrom([]string{"", "\ufeff"}).Draw(rt, "mark")

		quote := func(s, habit string) string {
			if always || strings.ContainsAny(s+habit, "\"\r\n"+comma) {
				return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
			}

			return s
		}
		write := func(category string, show func(string) string) string {
			var b strings.Builder

			names := []string{"Dato", "Start", "Slut", "CPR", "Besøgstype", "Bemærkning", "Rute"}
			for i := range names {
				names[i] = quote(names[i], "")
			}

			b.WriteString(mark + strings.Join(names, comma) + eol)

			for i, comment := range comments {
				b.WriteString(strings.Join([]string{
					quote("23-11-2026", ""), quote(fmt.Sprintf("08:%02d", i), ""), quote("09:30", ""), quote("0201609995", ""),
					quote(category, ""), quote(show(comment), comment), quote("Øst", ""),
				}, comma) + eol)
			}

			return b.String()
		}
		asIs := func(s string) string { return s }

		input := ehr.File{Name: "liste.csv", Data: []byte(write("Planlagt besøg", asIs))}
		list := read(t, input)

		if len(list.Rows) != len(comments) {
			rt.Fatalf("%s", describe(list))
		}

		here := filepath.Join(dir, strconv.Itoa(n))
		j := journal(t, here)
		keep(t, j, input)

		all := func(change func(ehr.Change) ehr.Change) {
			var group sync.WaitGroup
			for _, row := range list.Rows {
				group.Go(func() {
					if _, err := j.Apply(t.Context(), change(planned(row))); err != nil {
						t.Error(err)
					}
				})
			}

			group.Wait()
		}

		all(func(c ehr.Change) ehr.Change { return c })
		all(func(c ehr.Change) ehr.Change { c.Key += "again"; return c })

		want := write("Planlagt skærmbesøg", func(comment string) string {
			switch {
			case comment == "skærmbesøg" || strings.HasSuffix(comment, ", skærmbesøg"):
				return comment
			case strings.TrimSpace(comment) == "":
				return "skærmbesøg"
			default:
				return comment + ", skærmbesøg"
			}
		})

		if diff := cmp.Diff(want, string(output(t, here, input).Data)); diff != "" {
			rt.Fatalf("output (-want +got):\n%s", diff)
		}

		all(func(c ehr.Change) ehr.Change { return ehrtest.Restored(c, "Planlagt besøg") })

		if diff := cmp.Diff(string(input.Data), string(output(t, here, input).Data)); diff != "" {
			rt.Fatalf("undo (-input +output):\n%s", diff)
		}
	})
}
