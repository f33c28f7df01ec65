package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) reconciles(state fakeReconcile) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.reconcile = state
}

// reconcileShots are the states of the page that people see.
func (s *served) reconcileShots(t *testing.T) []shot {
	t.Helper()

	planner, administrator := s.login(t, "PLA", care.Planner), s.login(t, "ADM", care.Administrator)
	state := func(is fakeReconcile) func() { return func() { s.use.reconciles(is) } }

	return []shot{
		{name: "afstemning", cookies: planner, path: "/afstemning", before: state("")},
		{name: "besoeg-forskel", cookies: planner, path: "/besoeg/" + string(s.use.findings()[2].Finding.Visit), picture: true},
		{name: "afstemning-aabnet", cookies: planner, path: "/afstemning", then: openAll()},
		{name: "afstemning-afsluttet", cookies: planner, path: "/afstemning?tilstand=afsluttede"},
		{name: "afstemning-ingen", cookies: planner, path: "/afstemning?slags=citizen_dead&alvor=1", picture: true},
		{name: "afstemning-drift", cookies: administrator, path: "/afstemning"},
		{name: "afstemning-venter", cookies: planner, path: "/afstemning", before: state(reconcileWaits)},
		{name: "afstemning-opgivet", cookies: planner, path: "/afstemning", before: state(reconcileGaveUp), picture: true},
		{name: "afstemning-aldrig", cookies: planner, path: "/afstemning", before: state(neverReconciled)},
		{name: "afstemning-fra", cookies: planner, path: "/afstemning", before: state(reconcileOff)},
		{name: "optaelling", cookies: planner, path: "/afstemning/optaelling", then: openAll()},
		{name: "afstemning-i-orden", cookies: planner, path: "/afstemning", before: state(reconciledAllWell)},
	}
}

// TestReconcileStates: what the page says in each state.
func TestReconcileStates(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)

	for state, texts := range map[fakeReconcile][]string{
		"":                {"4 forskelle at tage stilling til", "Vi har", "Journalen viser", "Vi skrev", "Videoplatformen viser", "Rettes nu", "De bytter i dag", "Fortryd »i orden«", "Ja, det må overskrives", "Slet den ene i journalen."},
		neverReconciled:   {"Der er ikke afstemt endnu", "Afstem nu"},
		reconcileOff:      {"Afstemning er slået fra", "Systemforvalteren skal"},
		reconcileByHand:   {"Afstemning kører ikke af sig selv", "<code>shifts</code>"},
		reconciling:       {`data-events="/afstemning/koersel/r2/forloeb"`, "34 af 80 borgere er set", `value="42"`, `content="5"`},
		reconcileWaits:    {"Afstemningen er ufuldstændig", "Omsorgsjournalen svarer ikke.", "Vi mangler at se 46 borgere af 80.", "Prøves igen af sig selv kl. 08.24", "Prøv igen nu"},
		reconcileGaveUp:   {"Den sidste afstemning blev ufuldstændig", "Vi mangler at se 49 borgere af 80.", "Der er endnu ikke afstemt til ende"},
		reconcileRefused:  {"vil ikke vise 3 af borgerne", "Sidst fuldstændig"},
		reconciledAllWell: {"Alt stemmer", "80 borgere og 132 besøg er set på alle sider", "Ingen åbne forskelle"},
	} {
		b.use[testby].reconciles(state)

		body := b.get(t, planner, "/afstemning", http.StatusOK)
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%q does not say %q", state, text)
			}
		}
	}
}

// TestReconcileFilters: each narrows, a wrong one is told, and who handles rooms sees no people.
func TestReconcileFilters(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner, boss := b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "SYS", care.Administrator)

	for query, want := range map[string][2]string{
		"slags=record_moved":     {"f-frecord_moved", "f-frecord_category"},
		"alvor=3":                {"f-froom_orphan", "f-frecord_moved"},
		"dag=2026-12-24":         {"Ingen forskelle passer til filtrene", "f-frecord_moved"},
		"tilstand=afsluttede":    {"kl. 07.20 af PLA: Flyt", "Rettes nu"},
		"enhed=vest&alvor=1":     {`<option value="vest" selected>`, "f-froom_orphan"},
		"fra=25&slags=room_gone": {"fra=50&amp;slags=room_gone", "f-frecord_moved"},
	} {
		body := b.get(t, planner, "/afstemning?"+query, http.StatusOK)
		if !strings.Contains(body, want[0]) || strings.Contains(body, want[1]) {
			t.Errorf("%s: wants %q and not %q", query, want[0], want[1])
		}
	}

	for _, query := range []string{"slags=x", "alvor=9", "alvor=x", "dag=i-gaar", "tilstand=x", "fra=-1"} {
		b.get(t, planner, "/afstemning?"+query, http.StatusUnprocessableEntity)
	}

	own := string(b.use[testby].findings()[0].Finding.Visit)
	if body := b.get(t, planner, "/afstemning?besoeg="+own, http.StatusOK); !strings.Contains(body, `href="/besoeg/`+own+`">Tilbage til besøget`) || strings.Contains(body, "f-frecord_category") {
		t.Error("the differences of one visit")
	}

	for path, text := range map[string]string{
		"/besoeg/" + own: `href="/afstemning?besoeg=` + own, "/dagen?dato=2026-11-23": `href="/afstemning?dag=2026-11-23`, "/forbindelser": `href="/afstemning"`,
		"/afstemning": `2<span class="sr-only"> der haster</span>`, "/kraever-handling": `1<span class="sr-only"> over fristen</span>`,
	} {
		if body := b.get(t, planner, path, http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("%s lacks %q", path, text)
		}
	}

	body := b.get(t, boss, "/afstemning", http.StatusOK)
	for _, v := range b.use[testby].findings() {
		if strings.Contains(body, v.Visit.Citizen.Name) || strings.Contains(body, "/besoeg/") {
			t.Errorf("who handles rooms is told of %s", v.Visit.Citizen.ID)
		}
	}

	if !strings.Contains(body, "Et videorum står tilbage") {
		t.Error("who handles rooms is not told of a stray room")
	}
}

// TestReconcileActions: what is pressed is done, leads back to the list as it was, and is told when it
// is refused, with what was typed.
func TestReconcileActions(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	to := func(path string, v url.Values, want string) {
		t.Helper()

		if got := b.post(t, planner, path, v, http.StatusSeeOther).Header().Get("Location"); got != want {
			t.Errorf("%s leads to %s, want %s", path, got, want)
		}
	}
	filter := url.Values{"filter": {"slags=record_moved&alvor=1&besked=falsk"}}

	to("/afstemning", nil, "/afstemning?besked=afstemmer")
	to("/afstemning/forskel/frecord_moved/ret", filter, "/afstemning?alvor=1&besked=rettes&slags=record_moved#f-frecord_moved")
	to("/afstemning/forskel/frecord_category/ret", url.Values{"overskriv": {"ja"}, "filter": {"%zz"}}, "/afstemning?besked=rettes#f-frecord_category")
	to("/afstemning/forskel/frecord_moved/i-orden", url.Values{"begrundelse": {"Aftalt"}}, "/afstemning?besked=i-orden#f-frecord_moved")
	to("/afstemning/forskel/frecord_employee/fortryd", nil, "/afstemning?besked=aaben-igen#f-frecord_employee")

	for _, call := range []string{"AskRun", "MendFinding frecord_moved", "MendFinding frecord_category", "AcceptFinding frecord_moved Aftalt", "ReopenFinding frecord_employee"} {
		if b.use[testby].called(call) != 1 {
			t.Errorf("%s was called %d times", call, b.use[testby].called(call))
		}
	}

	for _, c := range []struct {
		path string
		v    url.Values
		want int
		text string
	}{
		{"/afstemning/forskel/frecord_category/ret", nil, http.StatusUnprocessableEntity, "Bekræft, at det er i orden."},
		{"/afstemning/forskel/frecord_moved/i-orden", url.Values{"begrundelse": {" "}}, http.StatusUnprocessableEntity, "Skriv hvorfor"},
		{"/afstemning/forskel/froom_gone/i-orden", url.Values{"begrundelse": {"Nej"}}, http.StatusConflict, "er ved at blive rettet"},
	} {
		if body := b.post(t, planner, c.path, c.v, c.want).Body.String(); !strings.Contains(body, c.text) || !strings.Contains(body, "<h1>Afstemning") {
			t.Errorf("%s does not say %q", c.path, c.text)
		}
	}

	if part := b.get(t, planner, "/afstemning/forskel/froom_gone", http.StatusOK); !strings.HasPrefix(part, "<li") || !strings.Contains(part, `hx-trigger="every 2s"`) {
		t.Errorf("a repair is followed by %s", part)
	}

	b.get(t, planner, "/afstemning/forskel/nej", http.StatusNotFound)
	b.use[testby].reconciles(reconcileOff)
	b.post(t, planner, "/afstemning", nil, http.StatusConflict)
}

// TestCounted: both numbers of each category, and the visits behind a difference.
func TestCounted(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)

	for _, c := range []struct{ path, text string }{
		{"/afstemning/optaelling", "/afstemning?besoeg=" + string(b.use[testby].rows[3].Visit.ID)},
		{"/afstemning/optaelling", "/besoeg/" + string(b.use[testby].rows[2].Visit.ID)}, // never ours
		{"/afstemning/optaelling", "1 besøg i journalen har fået typen af andre end Sluse"},
		{"/afstemning/optaelling", "Ens</span>"},
		{"/afstemning/optaelling?enhed=vest", "Ingen besøg at tælle"},
		{"/afstemning", `href="/afstemning/optaelling"`},
	} {
		if body := b.get(t, planner, c.path, http.StatusOK); !strings.Contains(body, c.text) {
			t.Errorf("%s does not say %q", c.path, c.text)
		}
	}

	if body := b.get(t, b.as(t, testby, "NY", care.Planner), "/afstemning/optaelling", http.StatusOK); !strings.Contains(body, "Der er ikke talt endnu") {
		t.Error("no count is not told")
	}

	b.get(t, b.as(t, testby, "SYS", care.Administrator), "/afstemning/optaelling", http.StatusForbidden)
}

// TestRiskForm: the risk group is shown where it may be set, is saved, and a wrong one is refused.
func TestRiskForm(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)

	body := b.get(t, planner, "/borgere/c1", http.StatusOK)
	for _, text := range []string{`action="/borgere/c1/risiko"`, `<option value="hoej" selected>`, "Risikogruppe: Høj"} {
		if !strings.Contains(body, text) {
			t.Errorf("the citizen's page lacks %q", text)
		}
	}

	w := b.post(t, planner, "/borgere/c1/risiko", url.Values{"risiko": {"lav"}}, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != "/borgere/c1?besked=identitet" || b.use[testby].called("SetRisk") != 1 {
		t.Errorf("the risk group leads to %s", got)
	}

	b.post(t, planner, "/borgere/c1/risiko", nil, http.StatusSeeOther) // taken away
	b.post(t, planner, "/borgere/c1/risiko", url.Values{"risiko": {"ukendt"}}, http.StatusUnprocessableEntity)

	helper := b.as(t, testby, "MSK", care.Caregiver)
	b.post(t, helper, "/borgere/c1/risiko", url.Values{"risiko": {"lav"}}, http.StatusForbidden)

	if body := b.get(t, helper, "/borgere/c1", http.StatusOK); strings.Contains(body, "/risiko") {
		t.Error("who may not set the risk group has a form for it")
	}
}
