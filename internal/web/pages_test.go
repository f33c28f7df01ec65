package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

const testby, nabokoeb = "skaerm.testby.dk", "skaerm.nabokoeb.dk"

// as logs an employee in over the SAML routes and returns the session cookie.
func (b *bundle) as(t *testing.T, host, user string, roles ...care.Role) *http.Cookie {
	t.Helper()

	var groups []string
	for _, r := range roles {
		groups = append(groups, string(r))
	}

	w := b.answer(t, host, url.Values{"user": {user}, "groups": {strings.Join(groups, " ")}})
	if c := sessionOf(w); w.Code == http.StatusSeeOther && c != nil {
		return c
	}

	t.Fatalf("login: %d %s", w.Code, w.Body)

	return nil
}

func form(host, path string, v url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://"+host+path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")

	return r
}

// get loads a page as somebody and expects a status.
func (b *bundle) get(t *testing.T, c *http.Cookie, path string, want int) string {
	t.Helper()

	r := request(http.MethodGet, testby, path)
	if c != nil {
		r.AddCookie(c)
	}

	w := b.do(t, r)
	if w.Code != want {
		t.Errorf("GET %s: %d, want %d\n%s", path, w.Code, want, w.Body)
	}

	return w.Body.String()
}

func (b *bundle) post(t *testing.T, c *http.Cookie, path string, v url.Values, want int) *httptest.ResponseRecorder {
	t.Helper()

	r := form(testby, path, v)
	r.AddCookie(c)

	w := b.do(t, r)
	if w.Code != want {
		t.Errorf("POST %s: %d, want %d\n%s", path, w.Code, want, w.Body)
	}

	return w
}

func TestStaffPagesRender(t *testing.T) {
	t.Parallel()

	b := setup(t)
	leader := b.as(t, testby, "MSK", care.Leader, care.Planner, care.Caregiver)
	first := func(s scheduler.Status) string { return (&served{use: b.use[testby]}).withStatus(s) }

	for path, text := range map[string]string{
		"/dagen":                                                  "mandag 23. november 2026",
		"/dagen?vis=liste&vaelg=egnede":                           "Omlæg valgte",
		"/dagen?egnethed=3&enhed=oest":                            "Ryd filtre",
		"/dagen?status=kraever_handling":                          "Kræver handling",
		"/dagen?dato=2026-12-24":                                  "Ingen besøg at vise",
		"/dagen/status":                                           `hx-swap-oob="true"`,
		"/kraever-handling":                                       "Prøv igen",
		"/opfoelgning":                                            "Jeg tager den",
		"/omlaegninger":                                           "24 besøg",
		"/omlaegninger/b1":                                        "Cirka 40 sekunder tilbage",
		"/omlaegninger/b1/fortryd":                                "Ja, fortryd omlægningen",
		"/import":                                                 "koreliste-dag.csv",
		"/import/hent?dato=2026-11-24":                            "Kunne ikke hentes",
		"/import/hent?dato=2026-11-25":                            "Ingen har hentet",
		"/import/up1":                                             "Sluttiden ligger før starttiden",
		"/import/l2/resultat":                                     "Importen er gennemført",
		"/min-dag":                                                "Min dag",
		"/min-dag/status":                                         "chip-",
		"/statistik":                                              "Uge 47",
		"/statistik?opdel=employee&og=law":                        "Ældreloven",
		"/statistik?enhed=*&opdel=unit":                           "Du ser alle enheder",
		"/statistik?opdel=uge":                                    "Opdelingen findes ikke",
		"/statistik?fra=2026-12-24":                               "Slutdatoen skal være efter startdatoen",
		"/statistik/besoeg?maal=completed":                        "rækker bag tallet",
		"/statistik/opkald":                                       "opkald-november.csv",
		"/statistik/opkald?import=c1":                             "380 nye opkald",
		"/statistik/opkald/opkald~viewcare~1":                     "Tages med, men se efter",
		"/statistik/opkald/opkald~viewcare~2":                     "Præcis denne fil er importeret",
		"/statistik/opkald/opkald~viewcare~3":                     "hverken varighed eller sluttidspunkt",
		"/rapporter":                                              "Hent filen",
		"/rapporter?fra=i-gaar":                                   "Datoen skal skrives",
		"/rapporter/klgateway?fra=2026-11-30":                     "højst 31 dage",
		"/rapporter/klgateway?enhed=nat":                          "intet gyldigt personnummer",
		"/statistik?fra=2026-11-30":                               "Slutdatoen skal være efter startdatoen",
		"/besoeg/" + first("fysisk"):                              "Ændr besøget",
		"/besoeg/" + first("venter"):                              "Engangskode på SMS",
		"/besoeg/" + first("gennemfoert"):                         "Sikkert: platformen viser det",
		"/besoeg/" + first("ikke_gennemfoert"):                    "Videoplatformen siger noget andet",
		"/min-dag/" + first("gennemfoert"):                        "Ret resultatet",
		"/min-dag/" + first("venter"):                             "Luk ind",
		"/min-dag/" + first("venter") + "/venter?dato=2026-11-23": "Genkendt",
		"/min-dag/" + first("fysisk"):                             "Besøget er et fysisk besøg",
		"/forbindelser":                                           "Alle systemer svarer",
		"/forbindelser?maaned=2026-10-01":                         "ingen målinger fra oktober 2026",
		"/nedbrud/video":                                          "Systemet svarer igen",
		"/borgere":                                                "Mine borgere",
		"/borgere?navn=ingen":                                     "Ingen af dine borgere hedder sådan",
		"/borgere/c1":                                             "Ring nu",
		"/borgere/c1/adgang":                                      "Stop al adgang nu",
		"/borgere/c3/adgang":                                      "Borgeren har fået et CPR-nummer",
		"/borgere/c2/adgang":                                      "Al adgang er stoppet",
		"/borgere/c1/kodeord/oest":                                "kanelsnegl",
		"/min-dag/" + first("venter") + "/kodeord":                "Borgeren svarer",
		"/min-dag/" + first("venter") + "/identitet/a1":           "ringede til nummeret i omsorgsjournalen",
		"/min-dag/" + first("venter") + "/identitet/a2":           "Identificeret med",
		"/min-dag/" + first("venter") + "/identitet/a3":           "kan du ikke stå inde for",
		"/borgere/c2":                                             "Du kan ikke ringe op på skærm",
		"/borgere/c3":                                             "Ingen skærmbesøg er planlagt",
		"/borgere/c4":                                             "Gå til opkaldet",
		"/borgere/c1/kontakter/ny":                                "Ny kontakt",
		"/borgere/c1/kontakter/ny?besoeg=x":                       "Gem og invitér",
		"/borgere/c1/kontakter/k3":                                "karla@borger.example",
		"/borgere/c1/medarbejdere":                                "Fast kontaktperson",
		"/opkald/x":                                               "Vi gør et rum klar",
		"/opkald/x/nyt?trin=booking-link":                         "SMS til borgeren",
		"/forbindelser/nu":                                        "Poster i omsorgsjournalen",
		"/dagen?besked=aflyst":                                    "Besøget er aflyst.",
	} {
		if body := b.get(t, leader, path, http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("%s does not say %q", path, text)
		}
	}

	b.get(t, leader, "/dagen?dato=i%20dag", http.StatusUnprocessableEntity)
	b.get(t, leader, "/dagen?egnethed=9", http.StatusUnprocessableEntity)
	b.get(t, leader, "/dagen?status=x", http.StatusUnprocessableEntity)
	b.get(t, leader, "/besoeg/findes-ikke", http.StatusNotFound)
	b.get(t, leader, "/import/ukendt/resultat", http.StatusNotFound)
	b.get(t, leader, "/findes-ikke", http.StatusNotFound)
	b.get(t, leader, "/borgere/c1/kontakter/k0", http.StatusNotFound)
}
