package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/api"
	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// TestSameFiguresEverywhere: page, API and file tell the same of every figure of the total, with an
// imported call list as a source, without it, and of it alone.
func TestSameFiguresEverywhere(t *testing.T) {
	t.Parallel()

	b := setup(t)
	leader := b.as(t, testby, "LED", care.Leader)
	imported := map[string]string{}

	for _, without := range []string{"", "viewcare", scheduler.OwnSource} {
		imported[without] = b.sameFigures(t, leader, without)
	}

	// 7 days of 9 calls each.
	if want := map[string]string{"": "63", "viewcare": "0", scheduler.OwnSource: "63"}; !maps.Equal(imported, want) {
		t.Errorf("imported calls: %v, want %v", imported, want)
	}
}

// sameFigures compares page, API and file, and returns how many calls were imported.
func (b *bundle) sameFigures(t *testing.T, leader *http.Cookie, without string) string {
	t.Helper()

	page := html.UnescapeString(b.get(t, leader, "/statistik?fra=2026-10-26&til=2026-11-22&opdel=law&skjul=1&uden="+without, http.StatusOK))
	file := b.get(t, leader, "/statistik.csv?fra=2026-10-26&til=2026-11-22&opdel=law&uden="+without, http.StatusOK)

	var told struct {
		Total struct {
			Values map[string]*float64 `json:"values"`
			Hidden []string            `json:"hidden"`
		} `json:"total"`
	}
	if err := json.Unmarshal(b.use[testby].byAPI(t, "/api/v1/statistics", "?from=2026-10-26&to=2026-11-22&by=law&without="+without), &told); err != nil {
		t.Fatal(err)
	}

	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	r.Comma, r.FieldsPerRecord = ';', -1

	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	total := lines[len(lines)-1]
	for _, l := range lines { // the total
		if len(l) > 10 && l[0] == "I alt" {
			total = l
		}
	}

	inPage := regexp.MustCompile(`(?s)<tr><th scope="row" data-title="Tal">([^<]*?)(?: <span[^>]*>[^<]*</span>)?</th><td class="num nowrap" data-title="I alt">(.*?)</td>`)
	shown := map[string]string{}

	for _, m := range inPage.FindAllStringSubmatch(page, -1) {
		text := regexp.MustCompile(`<span class="sr-only">.*?</span>`).ReplaceAllString(m[2], "")
		shown[m[1]] = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, "")
	}

	for i, c := range measure.Columns() {
		v := measure.Value{}
		if n := told.Total.Values[c.Key]; n != nil {
			v = measure.Value{Number: *n, Known: true}
		}

		for _, key := range told.Total.Hidden {
			v.Hidden = v.Hidden || key == c.Key
		}

		if want := figures.Shown(c, v); shown[c.Name] != want {
			t.Errorf("without %q, %s: the page tells %q, the API %q", without, c.Key, shown[c.Name], want)
		}

		at := i + 4 // after label, key and the week's two days
		if want := strings.TrimRight(total[at], "0123456789"); v.Hidden != (total[at] == figures.Hidden) || (!v.Known && !v.Hidden) != (total[at] == "") {
			t.Errorf("without %q, %s: the file tells %q, the API %+v (%s)", without, c.Key, total[at], v, want)
		} else if v.Known && strings.ReplaceAll(figures.Shown(measure.Column{Kind: c.Kind, Key: c.Key}, v), ".", "") != strings.ReplaceAll(figures.Shown(measure.Column{Kind: c.Kind, Key: c.Key}, parsed(t, total[at])), ".", "") {
			t.Errorf("without %q, %s: the file tells %q, the API %v", without, c.Key, total[at], v.Number)
		}
	}

	n := told.Total.Values["imported"]
	if n == nil {
		return "hidden"
	}

	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// apiUse is the fake behind the API's statistics.
type apiUse struct {
	api.UseCases

	use *fakeUse
}

// Statistics implements api.Leader.
func (u apiUse) Statistics(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error) {
	return u.use.Statistics(ctx, actor, q)
}

// byAPI asks the API's own handler.
func (f *fakeUse) byAPI(t *testing.T, path, query string) []byte {
	t.Helper()

	for _, r := range api.New(apiUse{use: f}) {
		if r.Path != path {
			continue
		}

		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+query, nil)

		if err := r.Handle(c); err != nil {
			t.Fatal(err)
		}

		return w.Body.Bytes()
	}

	t.Fatalf("the API has no %s", path)

	return nil
}

func parsed(t *testing.T, text string) measure.Value {
	t.Helper()

	var n float64
	if err := json.Unmarshal([]byte(strings.Replace(text, ",", ".", 1)), &n); err != nil {
		t.Fatal(err)
	}

	return measure.Value{Number: n, Known: true}
}
