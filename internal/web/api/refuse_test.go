package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// refusal is a bad request. Where the document does not refuse it too, outside says why.
type refusal struct {
	name    string
	req     request
	status  int
	outside string
}

// Reasons why the document lets a request pass.
const (
	byHTTP   = "OpenAPI does not describe unknown or repeated parameters"
	byText   = "OpenAPI sees the decoded value, not how it is written"
	byTime   = "JSON Schema can't compare two fields"
	byRouter = "the validator can't say"
)

func (r refusal) role() care.Role {
	for _, part := range []string{"/admissions/", "/conclude", "/my-day", "/lobby", "/call"} {
		if strings.Contains(r.req.path, part) {
			return care.Caregiver
		}
	}

	return care.Planner
}

func refusals() []refusal {
	const invalid, wrongType = http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType

	convert := func(body string) request { return postJSON("/conversions", body) }
	conclude := func(body string) request { return postJSON("/visits/v-1/conclude", body) }
	move := func(start, end string) request {
		return postJSON("/visits/v-1/move", fmt.Sprintf(`{"start":%q,"end":%q}`, start, end))
	}
	list := [2]string{"file:koreliste.csv", "Dato\n"}
	typed := func(media string) request {
		return request{method: "POST", path: "/conversions", media: media, body: `{"visits":["v-1"]}`}
	}

	return []refusal{
		{"no content type", typed(""), wrongType, ""},
		{"text", typed("text/plain"), wrongType, ""},
		{"other JSON", typed("application/problem+json"), wrongType, ""},
		{"malformed content type", typed("application/json; ="), wrongType, byRouter},
		{"form for JSON", typed("application/x-www-form-urlencoded"), wrongType, ""},
		{"JSON for an upload", postJSON("/driving-lists", `{"file":"x"}`), wrongType, ""},

		{"no JSON", convert(``), invalid, ""},
		{"broken JSON", convert(`{"visits":["v-1"`), invalid, ""},
		{"broken name", convert(`{"visits`), invalid, ""},
		{"unfinished object", convert(`{"visits":["v-1"],`), invalid, ""},
		{"array", convert(`["v-1"]`), invalid, ""},
		{"null", convert(`null`), invalid, ""},
		{"two objects", convert(`{"visits":["v-1"]} {}`), invalid, byText},
		{"unknown field", convert(`{"visits":["v-1"],"dryrun":true}`), invalid, ""},
		{"field in other case", convert(`{"visits":["v-1"],"Dry_Run":true}`), invalid, ""},
		{"field that is a number", convert(`{"visits":["v-1"],"0104909989":true}`), invalid, ""},
		{"field twice", convert(`{"visits":["v-1"],"dry_run":true,"dry_run":false}`), invalid, byText},
		{"null field", convert(`{"visits":["v-1"],"dry_run":null}`), invalid, ""},
		{"wrong type", convert(`{"visits":["v-1"],"dry_run":"yes"}`), invalid, ""},
		{"wrong type in a list", convert(`{"visits":[1]}`), invalid, ""},
		{"null in a list", convert(`{"visits":[null]}`), invalid, ""},
		{"not UTF-8", convert("{\"visits\":[\"v-1\"],\"reason\":\"\xff\"}"), invalid, byText},
		{"no visits", convert(`{}`), invalid, ""},
		{"empty visits", convert(`{"visits":[]}`), invalid, ""},
		{"too many visits", convert(`{"visits":[` + strings.Repeat(`"v",`, 2000) + `"v"]}`), invalid, ""},
		{"empty id", convert(`{"visits":[""]}`), invalid, ""},
		{"id with a zero byte", convert(`{"visits":["a\u0000"]}`), invalid, ""},
		{"endless id", convert(`{"visits":["` + strings.Repeat("a", 129) + `"]}`), invalid, ""},
		{"endless reason", convert(`{"visits":["v-1"],"reason":"` + strings.Repeat("å", 501) + `"}`), invalid, ""},
		{"zero byte in the reason", convert(`{"visits":["v-1"],"reason":"a\u0000"}`), invalid, ""},
		{"endless body", convert(`{"visits":["` + strings.Repeat("a", 256<<10) + `"]}`), http.StatusRequestEntityTooLarge, ""},
		{"endless small body", conclude(`{"kind":"` + strings.Repeat("a", 16<<10) + `"}`), http.StatusRequestEntityTooLarge, ""},
		{"endless empty body", request{method: "POST", path: "/conversions/b-1/undo", body: strings.Repeat(" ", 17<<10)}, http.StatusRequestEntityTooLarge, ""},
		{"body where none belongs", postJSON("/conversions/b-1/undo", `{"dry_run":true}`), invalid, ""},
		{"parameter for a body", request{method: "POST", path: "/conversions?dry_run=true", media: "application/json", body: `{"visits":["v-1"]}`}, invalid, byHTTP},

		{"no file", postForm("/driving-lists?dry_run=true"), invalid, ""},
		{"empty file", postForm("/driving-lists?dry_run=true", [2]string{"file:a.csv", ""}), invalid, byText},
		{"two files", postForm("/driving-lists?dry_run=true", list, list), invalid, byText},
		{"unknown part", postForm("/driving-lists", list, [2]string{"dryrun", "true"}), invalid, ""},
		{"unknown word for dry_run", postForm("/driving-lists?dry_run=yes", list), invalid, ""},
		{"number for dry_run", postForm("/driving-lists?dry_run=1", list), invalid, byRouter},
		{"empty dry_run", postForm("/driving-lists?dry_run=", list), invalid, byRouter},
		{"unknown word in the form", postForm("/driving-lists", list, [2]string{"dry_run", "yes"}), invalid, byRouter},
		{"empty dry_run in the form", postForm("/driving-lists", list, [2]string{"dry_run", ""}), invalid, byRouter},
		{"endless dry_run in the form", postForm("/driving-lists", list, [2]string{"dry_run", strings.Repeat("t", 200)}), http.StatusRequestEntityTooLarge, byRouter},
		{"dry_run twice in the form", postForm("/driving-lists", list, [2]string{"dry_run", "true"}, [2]string{"dry_run", "false"}), invalid, byText},
		{"dry_run in both", postForm("/driving-lists?dry_run=true", list, [2]string{"dry_run", "true"}), invalid, byHTTP},
		{"dry_run twice", postForm("/driving-lists?dry_run=true&dry_run=false", list), invalid, byHTTP},
		{"misspelt dry_run", postForm("/driving-lists?dryrun=true", list), invalid, byHTTP},
		{"no boundary", request{method: "POST", path: "/driving-lists", media: "multipart/form-data", body: "x"}, invalid, ""},
		{"cut upload", request{method: "POST", path: "/driving-lists", media: "multipart/form-data; boundary=x", body: "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nDato"}, invalid, ""},
		{"large file", postForm("/driving-lists?dry_run=true", [2]string{"file:a.csv", strings.Repeat("x", 20<<20+1)}), http.StatusRequestEntityTooLarge, "OpenAPI does not limit files"},
		{"large upload", postForm("/driving-lists?dry_run=true", [2]string{"file:a.csv", strings.Repeat("x", 21<<20)}), http.StatusRequestEntityTooLarge, "OpenAPI does not limit files"},

		{"no day", get("/visits"), invalid, ""},
		{"Danish day", get("/visits?day=23-11-2026"), invalid, ""},
		{"day that is none", get("/exceptions?day=2026-02-30"), invalid, "the validator's dates are a pattern"},
		{"no day of mine", get("/my-day"), invalid, ""},
		{"unknown level", get("/visits?day=2026-11-23&level=blue"), invalid, ""},
		{"unknown status", get("/visits?day=2026-11-23&status=venter,i_gang"), invalid, ""},
		{"unknown parameter", get("/visits?day=2026-11-23&citizen=0104909989"), invalid, byHTTP},
		{"parameter that is a number", get("/visits?day=2026-11-23&0104909989"), invalid, byHTTP},
		{"parameter twice", get("/visits?day=2026-11-23&day=2026-11-24"), invalid, byHTTP},
		{"endless parameter", get("/visits?day=2026-11-23&unit=" + strings.Repeat("a", 129)), invalid, ""},
		{"zero byte", get("/visits?day=2026-11-23&unit=%00"), invalid, byText},
		{"malformed query", get("/visits?day=2026-11-23;unit=oest"), invalid, byRouter},
		{"parameter where none belongs", get("/driving-lists?unit=oest"), invalid, byHTTP},
		{"parameter of one visit", get("/visits/v-1?day=2026-11-23"), invalid, byHTTP},
		{"id with a line break", get("/visits/a%0Ab"), http.StatusNotFound, byRouter},
		{"endless path", get("/visits/" + strings.Repeat("a", 129)), http.StatusNotFound, ""},
		{"no from", get("/statistics?to=2026-11-23"), invalid, ""},
		{"no to", get("/statistics?from=2026-11-23"), invalid, ""},

		{"no times", postJSON("/visits/v-1/move", `{}`), invalid, ""},
		{"time without offset", move("2026-11-23T09:15:00", "2026-11-23T09:30:00"), invalid, ""},
		{"end without offset", move("2026-11-23T09:15:00Z", "2026-11-23T09:30:00"), invalid, ""},
		{"time with fraction", move("2026-11-23T09:15:00.5Z", "2026-11-23T09:30:00Z"), invalid, ""},
		{"time with comma", move("2026-11-23T09:15:00,5Z", "2026-11-23T09:30:00Z"), invalid, ""},
		{"end before start", move("2026-11-23T09:15:00Z", "2026-11-23T09:15:00Z"), invalid, byTime},
		{"end before start by the offset", move("2026-11-23T09:15:00Z", "2026-11-23T09:30:00+01:00"), invalid, byTime},
		{"cancel without reason", postJSON("/visits/v-1/cancel", `{}`), invalid, ""},
		{"cancel for an unknown reason", postJSON("/visits/v-1/cancel", `{"reason":"regnvejr"}`), invalid, ""},

		{"not recognised", postJSON("/visits/v-1/admissions/a-1/admit", `{"recognised":false}`), invalid, ""},
		{"nothing about recognition", postJSON("/visits/v-1/admissions/a-1/admit", `{}`), invalid, ""},
		{"nothing said", conclude(`{}`), invalid, ""},
		{"unknown kind", conclude(`{"kind":"maybe"}`), invalid, ""},
		{"unknown delivery", conclude(`{"kind":"completed","delivery":"physical"}`), invalid, ""},
		{"reason with completed", conclude(`{"kind":"completed","reason":"indlagt"}`), invalid, ""},
		{"no reason", conclude(`{"kind":"not_completed"}`), invalid, ""},
		{"unknown reason", conclude(`{"kind":"not_completed","reason":"Borgeren udeblev"}`), invalid, ""},
		{"delivery with not completed", conclude(`{"kind":"not_completed","reason":"indlagt","delivery":"screen"}`), invalid, ""},
		{"nothing about the phone", postJSON("/visits/v-1/call/end", `{}`), invalid, ""},
		{"contact without a kind", postJSON("/citizens/c-1/contacts", `{"name":"Bruno Elmer","phone":"20000032"}`), invalid, ""},
		{"contact of an unknown kind", postJSON("/citizens/c-1/contacts", `{"kind":"nabo","name":"Bruno Elmer","phone":"20000032"}`), invalid, ""},
		{"contact without a name", postJSON("/citizens/c-1/contacts", `{"kind":"relative","phone":"20000032"}`), invalid, ""},
		{"contact who can't be reached", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"Bruno Elmer"}`), invalid, ""},
		{"contact with a long name", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"`+strings.Repeat("å", 121)+`","phone":"20000032"}`), invalid, ""},
		{"contact with a long number", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"`+strings.Repeat("2", 61)+`"}`), invalid, ""},
		{"contact with a long address", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","email":"`+strings.Repeat("b", 255)+`"}`), invalid, ""},
		{"unknown consent", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":"ja"}`), invalid, ""},
		{"empty consent", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":""}`), invalid, ""},
		{"consent to one visit without it", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":"oral","consent_scope":"visit"}`), invalid, byTime},
		{"consent of an unknown scope", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":"oral","consent_scope":"all"}`), invalid, ""},
		{"consent until no day", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":"oral","consent_scope":"until","consent_until":"i morgen"}`), invalid, ""},
		{"a day without a scope", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent":"oral","consent_until":"2026-12-31"}`), invalid, byTime},
		{"a scope without consent", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"B","phone":"20000032","consent_scope":"until","consent_until":"2026-12-31"}`), invalid, byTime},
		{"secrecy that was not weighed", postJSON("/visits/v-1/participants", `{"contact":"k-1","secrecy":{"weighed":false,"basis":"sul_41_1"}}`), invalid, ""},
		{"secrecy by an unknown rule", postJSON("/visits/v-1/participants", `{"contact":"k-1","secrecy":{"weighed":true,"basis":"fordi"}}`), invalid, ""},
		{"no number", postJSON("/citizens/c-1/number", `{"reason":"Set"}`), invalid, ""},
		{"endless number", postJSON("/citizens/c-1/number", `{"cpr":"251248-9996 251248-9996","reason":"Set"}`), invalid, ""},
		{"number without a reason", postJSON("/citizens/c-1/number", `{"cpr":"251248-9996","reason":""}`), invalid, ""},
		{"participant without a contact", postJSON("/visits/v-1/participants", `{}`), invalid, ""},
		{"kind with physical", conclude(`{"kind":"completed","physical":true}`), invalid, ""},
	}
}

// TestRefusals makes every bad request: nothing is asked of the use cases, the document refuses it
// as well, and the golden file shows what the caller is told.
func TestRefusals(t *testing.T) {
	t.Parallel()

	b := setup(t)

	var told strings.Builder

	for _, r := range refusals() {
		req := r.req.as(r.role())
		got := b.do(t, req)
		p := got.problem(t)

		if got.status != r.status || p.Status != r.status || p.Title != http.StatusText(r.status) {
			t.Errorf("%s: %d, want %d: %s", r.name, got.status, r.status, got.body)
		}

		if asked := b.fake.takeAsked(); len(asked) > 0 {
			t.Errorf("%s asked %v", r.name, asked)
		}

		if err := b.documented(t, req); (err == nil) != (r.outside != "") && r.outside != byRouter && got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: outside the document because %q, but the validator says: %v", r.name, r.outside, err)
		}

		fmt.Fprintf(&told, "%s: %d %s\n", r.name, got.status, p.Detail)
	}

	golden(t, "refusals.golden", told.String())
}

// TestProblems compares whole problem documents, one of each kind and the one that is written here.
func TestProblems(t *testing.T) {
	t.Parallel()

	b := setup(t)
	instance := regexp.MustCompile(`request:[A-Z0-9]+`)

	var all strings.Builder

	add := func(r request) {
		fmt.Fprintln(&all, instance.ReplaceAllString(b.do(t, r).body, "request:X"))
	}

	add(get("/visits/v-1"))
	add(get("/visits/v-1").as(care.Administrator))
	add(request{method: "POST", path: "/conversions", media: "text/plain", body: "v-1"}.as(care.Planner))
	add(postJSON("/conversions", strings.Repeat(" ", 257<<10)).as(care.Planner))

	for _, kind := range []care.Kind{care.Invalid, care.NotFound, care.Conflict, care.Forbidden, care.Unauthenticated, care.Gone, care.TooMany, care.Unavailable, care.Internal} {
		b.fake.err = care.NewError(kind, "Dansk sætning.")

		add(get("/visits/v-1").as(care.Planner))
	}

	golden(t, "problems.golden", "kinds:\n"+all.String())
}
