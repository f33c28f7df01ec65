package e2e_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
)

const (
	callsPath = "/statistik/opkald"
	callsAPI  = "/api/v1/call-lists"
)

// TestCallLists imports the call lists of another vendor as a leader does, in a browser and over HTTP:
// the figures of page, files and API change by exactly these calls, and back again. What is no call list
// changes nothing, and an import during which the service dies is there as a whole or not at all.
func TestCallLists(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := found(t, terms{postgres: postgres})
		c.reconfigure(func(m map[string]any) {
			m["statistics"] = map[string]any{"sources": []map[string]any{
				{"key": "viewcare", "name": "Viewcare", "like": "viewcare"}, {"key": "vitacomm", "name": "VitaComm", "like": "vitacomm"},
			}}
		})

		p := c.serve("all")
		leader := c.leader(p)
		leader.watch(leader.convert(c.imported(leader)[:8]))
		c.settle()

		m := &callDesk{town: c, person: leader, on: care.DayOf(time.Now()).Add(-1)}
		m.before = m.figures("")

		if postgres {
			m.takeCSV()
		} else {
			m.takeCSVInBrowser(newTab(chromium(t), t, c.base).logIn("LEDER", callsPath))
		}

		m.checkFirst()
		m.takeTwice()
		m.takeXLSX()
		m.undoBoth()
		m.refuseOthers()
		m.dieWithin(p)
	})
}

// callDesk is a leader who imports call lists.
type callDesk struct {
	*town
	*person

	on     care.Day // of the calls, yesterday
	before map[string]string
}

// firstSays is what the preview of the first list tells.
func firstSays() []string {
	return []string{
		"59 rækker, Windows-1252", "Nye opkald 52", "Importér 52 opkald", "Rækker, der ikke tages med", "Opkaldet ligger i fremtiden",
		"Ordet for status kendes ikke", "Enheden kendes ikke. Opkaldet tælles kun for hele kommunen. Det gælder 5 rækker", "Hjemmeplejen Øst", "Uden enhed: tælles kun for hele kommunen",
	}
}

func (m *callDesk) takeCSV() {
	m.tb().Helper()

	path, text := m.preview("opkald.csv", m.first())
	m.says("the preview", text, firstSays()...)
	m.unchanged("the preview")
	m.take(path)
}

func (m *callDesk) takeCSVInBrowser(desk *tab) {
	m.tb().Helper()

	file := filepath.Join(m.tb().TempDir(), "opkald.csv")
	if err := os.WriteFile(file, m.first(), 0o600); err != nil {
		m.tb().Fatal(err)
	}

	desk.says("Der er ikke importeret opkald endnu.", true)
	desk.accessible()
	desk.fill("#kilde", "viewcare")
	desk.do(chromedp.SetUploadFiles(chromedp.CSS("#fil"), []string{file}))
	desk.press("Se hvad der sker", "main form[action^='/statistik/opkald/opkald~']")
	desk.accessible()
	m.says("the preview", strings.Join(strings.Fields(desk.text()), " "), firstSays()...)
	m.unchanged("the preview")
	desk.shot("opkald-preview")
	desk.press("Importér 52 opkald", "main .alert-success")
	desk.says("opkald.csv fra Viewcare er importeret: 52 nye opkald", true)
	desk.accessible()
	desk.shot("opkald-importeret")
	desk.open("/statistik"+m.period()+"&opdel=source&tal=calls", "main table")
	desk.says("Viewcare", true)
	desk.accessible()
	desk.shot("opkald-statistik")
}

func (m *callDesk) unchanged(after string) {
	m.tb().Helper()

	if diff := cmp.Diff(m.before, m.figures("")); diff != "" {
		m.tb().Errorf("figures after %s (-before +after):\n%s", after, diff)
	}
}

// changed checks which figures differ from those before, and how they stand now.
func (m *callDesk) changed(want map[string]string) {
	m.tb().Helper()

	now := m.figures("")
	maps.DeleteFunc(now, func(key, value string) bool { return m.before[key] == value })

	if diff := cmp.Diff(want, now); diff != "" {
		m.tb().Errorf("changed figures (-want +got):\n%s", diff)
	}
}

// checkFirst checks what the first list changed, wherever figures are told.
func (m *callDesk) checkFirst() {
	m.tb().Helper()

	m.changed(map[string]string{
		"calls": "52", "answered": "40", "unanswered": "12", "call_mean": "10", "completed": "40", "imported": "40", "citizens": strconv.Itoa(len(m.numbers())),
		"timed": "40", "mean": "10", "median": "10", "p90": "10", "hours": "6.7",
	})

	inCSV, inXLSX, sources := m.filed()
	if inCSV != "52" || inXLSX != "52" {
		m.tb().Errorf("the files tell %q and %q calls", inCSV, inXLSX)
	}

	if diff := cmp.Diff(map[string]int{"sluse": 8, "viewcare": answered + unanswered}, sources); diff != "" {
		m.tb().Errorf("lines of visits by source (-want +got):\n%s", diff)
	}

	page := plain(m.do(http.MethodGet, "/statistik"+m.period()+"&opdel=source&tal=calls", "", http.NoBody).body)
	m.says("the page", page, "Viewcare", "52")

	if diff := cmp.Diff(m.before, m.figures("viewcare")); diff != "" {
		m.tb().Errorf("without Viewcare (-before +now):\n%s", diff)
	}

	if alone := m.figures("sluse"); alone["calls"] != "52" || alone["planned"] != "0" {
		m.tb().Errorf("without Sluse: %v", alone)
	}
}

// takeTwice imports the same file again: the preview says so, and nothing is double.
func (m *callDesk) takeTwice() {
	m.tb().Helper()

	now := m.figures("")

	path, text := m.preview("opkald (1).csv", m.first())
	m.says("the preview of the same file", text, "Præcis denne fil er importeret", "Nye opkald 0")
	m.take(path)

	if diff := cmp.Diff(now, m.figures("")); diff != "" {
		m.tb().Errorf("figures after the same file (-before +after):\n%s", diff)
	}

	if all := m.imports(); len(all) != 1 || all[0].Rows != 59 || all[0].New != 52 || all[0].LeftOut != leftOut || all[0].Faults != faulty {
		m.tb().Errorf("imports: %+v", all)
	}
}

// takeXLSX imports a workbook that shares calls with the first list, by the API.
func (m *callDesk) takeXLSX() {
	m.tb().Helper()

	book := m.second()
	_, text := m.preview("opkald.xlsx", book)
	m.says("the preview", text, "10 rækker, XLSX", "Nye opkald 6")

	var looked struct{ New, Stored, Calls int }
	if m.upload(callsAPI+"?source=viewcare&dry_run=true", "opkald.xlsx", book, &looked); looked.New != 6 || looked.Stored != 4 || looked.Calls != 10 {
		m.tb().Errorf("dry run: %+v", looked)
	}

	var in callImport
	if m.upload(callsAPI+"?source=viewcare", "opkald.xlsx", book, &in); in.New != 6 || in.Stored != 4 {
		m.tb().Errorf("import: %+v", in)
	}

	if n := m.figures("")["calls"]; n != "58" {
		m.tb().Errorf("%s calls", n)
	}
}

// undoBoth takes both imports back: what stands in another one stays until that is undone too.
func (m *callDesk) undoBoth() {
	m.tb().Helper()

	all := m.imports()
	if len(all) != 2 {
		m.tb().Fatalf("imports: %+v", all)
	}

	undo := callsPath + "/" + all[1].ID + "/fortryd"
	if done := m.do(http.MethodPost, undo, form, http.NoBody); done.status != http.StatusSeeOther {
		m.tb().Errorf("undo: %d", done.status)
	}

	if now := m.figures(""); now["calls"] != "10" || now["answered"] != "10" {
		m.tb().Errorf("%s calls and %s answered are left of the second list", now["calls"], now["answered"])
	}

	again := m.do(http.MethodPost, undo, form, http.NoBody)
	m.says("the second undo", plain(again.body), "Importen er allerede fortrudt.")
	m.call(http.MethodPost, callsAPI+"/"+all[0].ID+"/undo", nil, nil)
	m.unchanged("undo")
	m.says("the list of imports", plain(m.do(http.MethodGet, callsPath, "", http.NoBody).body), "Fortrudt")
}
