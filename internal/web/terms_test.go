package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestTermsPages: every language has the whole text, and somebody of each kind reads of their own
// secrecy.
func TestTermsPages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)

	for kind, want := range map[care.ParticipantKind]string{
		care.Relative: "Du har ikke tavshedspligt efter loven", care.Interpreter: "Som tolk har du tavshedspligt", care.Authority: "Ja, jeg er bekendt med tavshedspligten",
	} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: scheduler.StageTerms, Guest: kind}

		if body := b.get(t, c, "/b", 200); !strings.Contains(body, want) {
			t.Errorf("%s does not read %q", kind, want)
		}

		for lang, accept := range map[string]string{
			"da": "Nej, jeg vil ikke være med", "en": "No, I do not want to take part", "ar": "لا، لا أريد المشاركة", "tr": "Hayır, katılmak istemiyorum",
			"pl": "Nie, nie chcę brać udziału", "uk": "Ні, я не хочу брати участь", "so": "Maya, ma rabo inaan ka qaybgalo", "kl": "Naamik, peqataarusunngilanga",
		} {
			body := b.get(t, c, "/b?sprog="+lang, 200)
			if !strings.Contains(body, accept) || !strings.Contains(body, `lang="`+lang+`"`) || strings.Count(body, "<li>")-strings.Count(body, "<li><a") != 6 ||
				strings.Contains(body, `dir="rtl"`) != (lang == "ar") {
				t.Errorf("%s, %s: %s", kind, lang, body)
			}
		}
	}
}

// TestAnswerTerms: a plain yes is one, anything else is not; the wording and the language that were
// read go along, and another wording is read again.
func TestAnswerTerms(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)
	use := b.use[testby]
	use.citizen = scheduler.CitizenView{Stage: scheduler.StageTerms, Guest: care.Relative}

	post := func(path string, pairs ...string) (int, string, string) {
		values := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}

		req := form(testby, path, values)
		req.AddCookie(c)
		w := b.do(t, req)

		return w.Code, w.Header().Get("Location"), w.Body.String()
	}

	if code, to, _ := post("/b/vilkaar?sprog=ar", "version", "1", "sprog", "ar", "svar", "ja"); code != http.StatusSeeOther || to != "/b?sprog=ar" {
		t.Errorf("yes: %d to %q", code, to)
	}

	for _, answer := range []string{"nej", "", "yes"} {
		if code, to, _ := post("/b/vilkaar", "version", "1", "sprog", "xx", "svar", answer); code != http.StatusSeeOther || to != "/b" {
			t.Errorf("%q: %d to %q", answer, code, to)
		}
	}

	no := scheduler.TermsRequest{Version: 1, Lang: "da"}
	if diff := cmp.Diff([]scheduler.TermsRequest{{Version: 1, Lang: "ar", Accepted: true}, no, no, no}, use.terms); diff != "" {
		t.Error(diff)
	}

	for _, version := range []string{"0", "2", "", "x"} {
		if code, _, body := post("/b/vilkaar", "version", version, "svar", "ja"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "Læs dem igen") || !strings.Contains(body, `name="version" value="1"`) {
			t.Errorf("version %q: %d %s", version, code, body)
		}
	}

	foreign := form(testby, "/b/vilkaar", url.Values{"version": {"1"}, "svar": {"ja"}})
	foreign.AddCookie(c)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")

	if w := b.do(t, foreign); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}

	if len(use.terms) != 4 {
		t.Errorf("%d answers", len(use.terms))
	}

	use.citizen.Stage = scheduler.StageDeclined
	if body := b.get(t, c, "/b?sprog=en", 200); !strings.Contains(body, "You said no") || !strings.Contains(body, "/b?sprog=en&amp;vilkaar=igen") || strings.Contains(body, "<form method=\"post\" action=\"/b/vilkaar") {
		t.Errorf("after a no: %s", body)
	}

	if body := b.get(t, c, "/b?sprog=en&vilkaar=igen", 200); !strings.Contains(body, "Yes, I accept") {
		t.Errorf("again: %s", body)
	}
}

// TestWhatIsRecordedIsShown: consents with what they cover and their end on the card, the answers to the
// terms and why another authority takes part at the visit.
func TestWhatIsRecordedIsShown(t *testing.T) {
	t.Parallel()

	b := setup(t)
	staff := b.as(t, testby, "MSK", care.Planner, care.Caregiver)
	served := &served{use: b.use[testby]}
	visit := served.withStatus(scheduler.StatusWaiting)

	for path, wants := range map[string][]string{
		"/borgere/c1": {
			"Samtykke udløbet", "Alle skærmbesøg til og med 22. november 2027. Begrænset til: kun når vi taler om medicin", "Afløst af et nyt samtykke",
			"En kontakt, der er fjernet", "/borgere/c1/kontakter/k1/traek-samtykke",
		},
		"/min-dag/" + visit: {"Sagde ja til vilkårene", "udgave 1, somali", "Borgerens samtykke er begrænset til: kun når vi taler om medicin", "Sundhedsloven § 41, stk. 1", "Nabo Nielsen"},
		"/besoeg/" + visit:  {"Sagde ja til vilkårene", "Jeg er bekendt med tavshedspligten"},
	} {
		body := b.get(t, staff, path, 200)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}

		if strings.Contains(body, "192.0.2.7") {
			t.Errorf("%s tells the address that an answer came from", path)
		}
	}

	at := testNow()

	for name, c := range map[string]struct {
		terms care.TermsAnswer
		want  string
		let   bool
	}{
		"not yet":  {care.TermsAnswer{}, "Deltageren er ved at læse vilkårene", false},
		"no":       {care.TermsAnswer{Version: care.TermsNow, At: at}, "Deltageren sagde nej til vilkårene", false},
		"old text": {care.TermsAnswer{Version: care.TermsNow - 1, Accepted: true, At: at}, "Skal sige ja til de nye vilkår", false},
		"yes":      {agreed(), "Sagde ja til vilkårene", true},
	} {
		for i := range served.use.rows {
			if v := &served.use.rows[i].Visit; string(v.ID) == visit {
				v.Participants[0].Terms = c.terms
			}
		}

		body := b.get(t, staff, "/min-dag/"+visit, 200)
		if !strings.Contains(body, c.want) || strings.Contains(body, "/luk-ind/a3") != c.let {
			t.Errorf("%s: does not say %q, or offers to let in", name, c.want)
		}
	}
}
