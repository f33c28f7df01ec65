package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/api"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write golden files anew")

const host = "127.0.0.1:8080"

// bundle is the real web handler with the API, fake use cases and one session per role.
type bundle struct {
	handler *web.Handler
	fake    *fake
	log     *bytes.Buffer
	spec    routers.Router
	doc     *openapi3.T
}

func setup(tb testing.TB) *bundle {
	tb.Helper()

	b := &bundle{fake: newFake(tb), log: &bytes.Buffer{}}

	handler, err := web.New(web.Options{
		Logger: slog.New(slog.NewTextHandler(b.log, nil)), Clock: func() time.Time { return now },
		Sites: []web.Site{{
			Municipality: "testby", Hosts: []string{host}, PublicURL: "http://" + host, Name: "Testby Kommune", Phone: "99 99 99 99",
			UseCases: struct{ web.UseCases }{}, Login: struct{ web.LoginProvider }{}, Sessions: sessions{},
			Grants: grants,
			API:    api.New(b.fake), Limits: endless(),
			Audit: func(context.Context, []scheduler.AuditRow) error { return nil },
		}},
	})
	if err != nil {
		tb.Fatal(err)
	}

	b.handler = handler
	b.load(tb)

	return b
}

// csvAsText has tables compared as they are: the library's own reader knows no semicolons.
var csvAsText sync.Once

// load reads the document as a client would get it.
func (b *bundle) load(tb testing.TB) {
	tb.Helper()
	csvAsText.Do(func() {
		openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.FileBodyDecoder)
		openapi3filter.RegisterBodyDecoder("application/fhir+ndjson", openapi3filter.FileBodyDecoder)
	})

	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+host+"/api/v1/openapi.yaml", nil))

	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/yaml" {
		tb.Fatalf("openapi.yaml: %d %s", w.Code, w.Header().Get("Content-Type"))
	}

	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		tb.Fatal(err)
	}

	if err := doc.Validate(tb.Context()); err != nil {
		tb.Fatal(err)
	}

	b.doc = doc
	if b.spec, err = gorillamux.NewRouter(doc); err != nil {
		tb.Fatal(err)
	}
}

// sessions holds one session per role, whose token is the role's name; "none" has no role.
// Every group gives a role in one unit.
func grants(groups []string) []care.Grant {
	out := make([]care.Grant, len(groups))
	for i, g := range groups {
		out[i] = care.Grant{Unit: "oest", Role: care.Role(g)}
	}

	return out
}

type sessions struct{ web.SessionStore }

func (sessions) Session(_ context.Context, hash string) (web.Session, error) {
	for _, role := range append(care.Roles(), "none") {
		sum := sha256.Sum256([]byte(role))
		if hex.EncodeToString(sum[:]) != hash {
			continue
		}

		s := web.Session{Employee: "MSK", Name: "Mette Skov", Groups: []string{string(role)}, SeenAt: now, EndsAt: now.Add(time.Hour)}
		if role == "none" {
			s.Groups = nil
		}

		s.Standing = web.Standing(grants(s.Groups))

		return s, nil
	}

	return web.Session{}, care.NewError(care.NotFound, "Ukendt session.")
}

// request is one call of the API.
type request struct {
	method, path string // path without the prefix, with the query
	media        string
	body         string
	role         care.Role // empty: nobody is logged in
	header       http.Header
}

func (r request) http() *http.Request {
	h := httptest.NewRequest(r.method, "http://"+host+api.Prefix+r.path, strings.NewReader(r.body))
	if r.body == "" {
		h.Body, h.ContentLength = http.NoBody, 0
	}

	maps.Copy(h.Header, r.header)

	if r.media != "" {
		h.Header.Set("Content-Type", r.media)
	}

	if r.role != "" {
		h.AddCookie(&http.Cookie{Name: "sluse", Value: string(r.role)})
		h.AddCookie(&http.Cookie{Name: "__Host-sluse", Value: string(r.role)}) // what the document names
	}

	return h
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends the request and checks that the answer is one that the document tells of.
func (b *bundle) do(tb testing.TB, r request) answer {
	tb.Helper()

	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r.http())

	out := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	b.checkAnswer(tb, r, out)

	return out
}

func (b *bundle) find(r request) (*openapi3filter.RequestValidationInput, error) {
	h := r.http()

	route, params, err := b.spec.FindRoute(h)
	if err != nil {
		return nil, err
	}

	return &openapi3filter.RequestValidationInput{
		Request: h, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true,
		},
	}, nil
}

func (b *bundle) checkAnswer(tb testing.TB, r request, a answer) {
	tb.Helper()

	in, err := b.find(r)
	if err != nil {
		tb.Fatalf("%s %s: %v", r.method, r.path, err)
	}

	err = openapi3filter.ValidateResponse(context.WithoutCancel(tb.Context()), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: a.status, Header: a.header,
		Body: io.NopCloser(strings.NewReader(a.body)), Options: in.Options,
	})
	if err != nil {
		tb.Errorf("%s %s answered %d, against the document: %v\n%s", r.method, r.path, a.status, err, a.body)
	}
}

// documented returns what the document has against the request.
func (b *bundle) documented(tb testing.TB, r request) error {
	tb.Helper()

	in, err := b.find(r)
	if err != nil {
		return err
	}

	return openapi3filter.ValidateRequest(context.WithoutCancel(tb.Context()), in)
}

// problem is the document of an error.
type problem struct {
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
}

func (a answer) problem(tb testing.TB) problem {
	tb.Helper()

	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		tb.Fatalf("content type %q, status %d: %s", got, a.status, a.body)
	}

	var p problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		tb.Fatal(err)
	}

	return p
}

// call is a good request of one route, with what must become of it.
type call struct {
	name   string
	route  string // as the document names it
	req    request
	roles  []care.Role // who may
	status int
	asked  []string // the use cases that it reaches
}

func get(path string) request  { return request{method: http.MethodGet, path: path} }
func post(path string) request { return request{method: http.MethodPost, path: path} }

func postJSON(path, body string) request {
	return request{method: http.MethodPost, path: path, media: "application/json", body: body}
}

func postForm(path string, fields ...[2]string) request {
	var body bytes.Buffer

	w := multipart.NewWriter(&body)

	for _, f := range fields {
		var part io.Writer
		if name, file := strings.CutPrefix(f[0], "file:"); file {
			part, _ = w.CreateFormFile("file", name)
		} else {
			part, _ = w.CreateFormField(f[0])
		}

		_, _ = part.Write([]byte(f[1]))
	}

	_ = w.Close()

	return request{method: http.MethodPost, path: path, media: w.FormDataContentType(), body: body.String()}
}

// calls is every route at least once. The roles are those of the access matrix (R27), written
// down here a second time on purpose.
func calls() []call {
	office := []care.Role{care.Planner, care.Leader}
	watchers := []care.Role{care.Planner, care.Leader, care.Administrator, care.ServiceDesk}
	reconcilers := []care.Role{care.Planner, care.Leader, care.Administrator}
	caregiver := []care.Role{care.Caregiver}
	all := []care.Role{care.Planner, care.Leader, care.Caregiver}
	people := []care.Role{care.Planner, care.Caregiver}
	list := [2]string{"file:koreliste.csv", "Dato;Starttid\n"}

	return []call{
		{"preview by address", "POST /driving-lists", postForm("/driving-lists?dry_run=true", list), office, 200, []string{"PreviewList koreliste.csv"}},
		{"preview by form", "POST /driving-lists", postForm("/driving-lists", list, [2]string{"dry_run", "true"}), office, 200, []string{"PreviewList koreliste.csv"}},
		{"import", "POST /driving-lists", postForm("/driving-lists", list), office, 201, []string{"PreviewList koreliste.csv", "ImportList list-1"}},
		{"import said so", "POST /driving-lists", postForm("/driving-lists?dry_run=false", list), office, 201, []string{"PreviewList koreliste.csv", "ImportList list-1"}},
		{"imports", "GET /driving-lists", get("/driving-lists"), office, 200, []string{"RecentLists"}},

		{"day", "GET /visits", get("/visits?day=2026-11-23"), office, 200, []string{"Day 2026-11-23 unit= employee= level=0 status="}},
		{"filtered day", "GET /visits", get("/visits?day=2026-11-23&unit=oest&employee=A%C3%98J&level=yellow&status=kraever_handling"), office, 200, []string{"Day 2026-11-23 unit=oest employee=AØJ level=2 status=kraever_handling"}},
		{"visit", "GET /visits/{id}", get("/visits/v-1"), all, 200, []string{"Visit v-1"}},
		{"move", "POST /visits/{id}/move", postJSON("/visits/v-1/move", `{"start":"2026-11-23T09:15:00+01:00","end":"2026-11-23T08:30:00Z"}`), office, 204, []string{"MoveVisit v-1 2026-11-23T08:15:00Z 2026-11-23T08:30:00Z"}},
		{"cancel", "POST /visits/{id}/cancel", postJSON("/visits/v-1/cancel", `{"reason":"indlagt"}`), office, 204, []string{"CancelVisit v-1 indlagt"}},
		{"physical", "POST /visits/{id}/physical", post("/visits/v-1/physical"), office, 204, []string{"MakePhysical v-1"}},

		{"plan", "POST /conversions", postJSON("/conversions", `{"visits":["v-1","v-2"],"dry_run":true}`), office, 200, []string{"DryRun v-1 v-2"}},
		{"convert", "POST /conversions", postJSON("/conversions", `{"visits":["v-1"],"reason":"Aftalt med borgeren"}`), office, 202, []string{"Convert v-1 Aftalt med borgeren"}},
		{"conversions", "GET /conversions", get("/conversions"), office, 200, []string{"Batches"}},
		{"conversion", "GET /conversions/{id}", get("/conversions/b-1"), office, 200, []string{"Progress b-1"}},
		{"approve", "POST /conversions/{id}/approve", post("/conversions/b-1/approve"), office, 202, []string{"Approve b-1"}},
		{"refuse_conversion", "POST /conversions/{id}/refuse", postJSON("/conversions/b-1/refuse", `{"reason":"For mange"}`), office, 204, []string{"RefuseConversion b-1: For mange"}},
		{"withdraw", "POST /conversions/{id}/withdraw", post("/conversions/b-1/withdraw"), office, 204, []string{"WithdrawConversion b-1"}},
		{"undo", "POST /conversions/{id}/undo", post("/conversions/b-1/undo"), office, 202, []string{"Undo b-1"}},

		{"exceptions", "GET /exceptions", get("/exceptions?day=2026-11-23"), office, 200, []string{"Troubles 2026-11-23"}},
		{"retry", "POST /visits/{id}/exceptions/{exception}/retry", post("/visits/v-1/exceptions/v-1-x1/retry"), office, 204, []string{"Retry v-1 v-1-x1"}},
		{"settle", "POST /visits/{id}/exceptions/{exception}/settle", post("/visits/v-1/exceptions/v-1-x1/settle"), office, 204, []string{"Settle v-1 v-1-x1"}},

		{"reconciliations", "GET /reconciliation/runs", get("/reconciliation/runs"), reconcilers, 200, []string{"Reconciliation unit= kind= gravity=0 visit= day= settled=false first=0"}},
		{"reconcile", "POST /reconciliation/runs", post("/reconciliation/runs"), reconcilers, 202, []string{"AskRun"}},
		{"reconciliation", "GET /reconciliation/runs/{id}", get("/reconciliation/runs/r-1"), reconcilers, 200, []string{"RunOf r-1"}},
		{"findings", "GET /reconciliation/findings", get("/reconciliation/findings"), reconcilers, 200, []string{"Reconciliation unit= kind= gravity=0 visit= day= settled=false first=0"}},
		{"filtered findings", "GET /reconciliation/findings", get("/reconciliation/findings?unit=oest&kind=record_moved&gravity=pressing&visit=v-1&day=2026-11-23&state=settled&first=25"), reconcilers, 200, []string{"Reconciliation unit=oest kind=record_moved gravity=1 visit=v-1 day=2026-11-23 settled=true first=25"}},
		{"counts", "GET /reconciliation/counts", get("/reconciliation/counts?unit=oest"), office, 200, []string{"CategoryCounts oest"}},
		{"repair", "POST /reconciliation/findings/{id}/repair", postJSON("/reconciliation/findings/f-1/repair", `{"overwrite":true}`), reconcilers, 202, []string{"MendFinding f-1 true"}},
		{"accept", "POST /reconciliation/findings/{id}/accept", postJSON("/reconciliation/findings/f-1/accept", `{"reason":"De bytter"}`), reconcilers, 204, []string{"AcceptFinding f-1 De bytter"}},
		{"reopen", "POST /reconciliation/findings/{id}/reopen", post("/reconciliation/findings/f-1/reopen"), reconcilers, 204, []string{"ReopenFinding f-1"}},

		{"my day", "GET /my-day", get("/my-day?day=2026-11-23"), caregiver, 200, []string{"MyDay 2026-11-23"}},
		{"lobby", "GET /visits/{id}/lobby", get("/visits/v-1/lobby"), caregiver, 200, []string{"Lobby v-1"}},
		{"vouch", "POST /visits/{id}/admissions/{admission}/vouch", postJSON("/visits/v-1/admissions/a-1/vouch", `{"known":"known_to_staff/called"}`), caregiver, 204, []string{"Vouch v-1 a-1 {known_to_staff called}"}},
		{"admit", "POST /visits/{id}/admissions/{admission}/admit", postJSON("/visits/v-1/admissions/a-1/admit", `{"recognised":true}`), caregiver, 204, []string{"Admit v-1 a-1 true"}},
		{"refuse", "POST /visits/{id}/admissions/{admission}/refuse", post("/visits/v-1/admissions/a-1/refuse"), caregiver, 204, []string{"Refuse v-1 a-1"}},
		{"completed", "POST /visits/{id}/conclude", postJSON("/visits/v-1/conclude", `{"kind":"completed"}`), all, 204, []string{"Conclude v-1 {completed screen  { } false}"}},
		{"completed by phone", "POST /visits/{id}/conclude", postJSON("/visits/v-1/conclude", `{"kind":"completed","delivery":"phone"}`), all, 204, []string{"Conclude v-1 {completed phone  { } false}"}},
		{"not completed", "POST /visits/{id}/conclude", postJSON("/visits/v-1/conclude", `{"kind":"not_completed","reason":"udeblevet"}`), all, 204, []string{"Conclude v-1 {not_completed screen udeblevet { } false}"}},
		{"back to physical", "POST /visits/{id}/conclude", postJSON("/visits/v-1/conclude", `{"physical":true}`), all, 204, []string{"Conclude v-1 {   { } true}"}},

		{"evidence", "GET /visits/{id}/evidence", get("/visits/v-1/evidence"), all, 200, []string{"Evidence v-1"}},
		{"correct", "POST /visits/{id}/correct", postJSON("/visits/v-1/correct", `{"kind":"not_completed","reason":"udeblevet","because":"Det var naboen."}`), all, 204, []string{"Correct v-1 {not_completed screen udeblevet { } false} Det var naboen."}},
		{"evidence file", "GET /evidence.csv", get("/evidence.csv?from=2026-11-01&to=2026-11-30&unit=oest"), office, 200, []string{"EachEvidence 2026-11-01 2026-11-30 oest"}},
		{"phone", "POST /visits/{id}/phone", post("/visits/v-1/phone"), office, 204, []string{"CallInstead v-1"}},
		{"connections", "GET /connections", get("/connections"), watchers, 200, []string{"Connections"}},
		{"availability", "GET /availability", get("/availability?month=2026-11"), watchers, 200, []string{"Availability 2026-11-01"}},
		{"availability table", "GET /availability.csv", get("/availability.csv?month=2026-11"), watchers, 200, []string{"Availability 2026-11-01"}},
		{"outages", "GET /outages", get("/outages"), office, 200, []string{"Outages"}},
		{"follow-ups", "GET /follow-ups", get("/follow-ups"), all, 200, []string{"FollowUps"}},
		{"follow up", "POST /visits/{id}/follow-ups/{followup}", postJSON("/visits/v-1/follow-ups/v-1-f1", `{"action":"take","employee":"TKR"}`), all, 204, []string{"FollowUp v-1 v-1-f1 take TKR"}},
		{"to phone", "POST /fallbacks", postJSON("/fallbacks", `{"visits":["v-1","v-2"],"delivery":"phone"}`), office, 202, []string{"FallBack v-1 v-2 phone"}},
		{"to physical", "POST /fallbacks", postJSON("/fallbacks", `{"visits":["v-1"],"delivery":"physical"}`), office, 202, []string{"FallBack v-1 physical"}},

		{"citizens", "GET /citizens", get("/citizens"), all, 200, []string{"MyCitizens"}},
		{"citizen", "GET /citizens/{id}", get("/citizens/c-1"), all, 200, []string{"CitizenCard c-1"}},
		{"call now", "POST /citizens/{id}/call", post("/citizens/c-1/call"), caregiver, 202, []string{"CallNow c-1"}},
		{"call", "GET /visits/{id}/call", get("/visits/v-1/call"), caregiver, 200, []string{"Call v-1"}},
		{"give up a call", "POST /visits/{id}/call/end", postJSON("/visits/v-1/call/end", `{"by_phone":false}`), caregiver, 204, []string{"EndCall v-1 false"}},
		{"call by phone", "POST /visits/{id}/call/end", postJSON("/visits/v-1/call/end", `{"by_phone":true}`), caregiver, 204, []string{"EndCall v-1 true"}},
		{"give a number", "POST /citizens/{id}/number", postJSON("/citizens/c-1/number", `{"cpr":"251248-9996","reason":"Set i journalen"}`), []care.Role{care.Planner, care.Leader}, 204, []string{"GiveNumber c-1 251248-9996 Set i journalen"}},
		{"add contact", "POST /citizens/{id}/contacts", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"Bruno Elmer","phone":"20 00 00 32","email":"bruno@borger.example","consent":"oral"}`), people, 201, []string{"AddContact c-1 {relative Bruno Elmer 20 00 00 32 bruno@borger.example oral {   } false}"}},
		{"add contact for a while", "POST /citizens/{id}/contacts", postJSON("/citizens/c-1/contacts", `{"kind":"relative","name":"Bruno Elmer","phone":"20000032","consent":"written","consent_scope":"until","consent_until":"2026-12-31","consent_about":"medicin"}`), people, 201, []string{"AddContact c-1 {relative Bruno Elmer 20000032  written {until  2026-12-31 medicin} false}"}},
		{"change contact to one visit", "POST /citizens/{id}/contacts/{contact}", postJSON("/citizens/c-1/contacts/k-1", `{"kind":"relative","name":"Bruno Elmer","phone":"20000032","consent":"oral","consent_scope":"visit","consent_visit":"v-1"}`), people, 204, []string{"ChangeContact c-1 k-1 {relative Bruno Elmer 20000032  oral {visit v-1  } false}"}},
		{"change contact", "POST /citizens/{id}/contacts/{contact}", postJSON("/citizens/c-1/contacts/k-1", `{"kind":"interpreter","name":"Bruno Elmer","phone":"20000032"}`), people, 204, []string{"ChangeContact c-1 k-1 {interpreter Bruno Elmer 20000032   {   } false}"}},
		{"remove contact", "POST /citizens/{id}/contacts/{contact}/remove", post("/citizens/c-1/contacts/k-1/remove"), people, 204, []string{"RemoveContact c-1 k-1"}},
		{"add participant", "POST /visits/{id}/participants", postJSON("/visits/v-1/participants", `{"contact":"k-1"}`), people, 201, []string{"AddParticipant v-1 {k-1 false  }"}},
		{"add another authority", "POST /visits/{id}/participants", postJSON("/visits/v-1/participants", `{"contact":"k-2","secrecy":{"weighed":true,"basis":"other","note":"Barnets lov"}}`), people, 201, []string{"AddParticipant v-1 {k-2 true other Barnets lov}"}},
		{"remove participant", "POST /visits/{id}/participants/{participant}/remove", post("/visits/v-1/participants/p-1/remove"), people, 204, []string{"RemoveParticipant v-1 p-1"}},

		{"judge", "POST /citizens/{id}/suitability", postJSON("/citizens/c-1/suitability", `{"verdict":"egnet","reason":"Kan selv.","reassess_on":"2027-02-01"}`), all, 204, []string{"Judge c-1 {egnet Kan selv. 2027-02-01}"}},
		{"preview a judgement", "POST /citizens/{id}/suitability/preview", postJSON("/citizens/c-1/suitability/preview", `{"verdict":"ikke_egnet","reason":"Ser dårligt."}`), all, 200, []string{"PreviewJudgement c-1 {ikke_egnet Ser dårligt. }"}},
		{"retry a note", "POST /citizens/{id}/notes/{note}/retry", post("/citizens/c-1/notes/n-1/retry"), all, 204, []string{"RetryNote c-1 n-1"}},
		{"settle a note", "POST /citizens/{id}/notes/{note}/settle", post("/citizens/c-1/notes/n-1/settle"), all, 204, []string{"SettleNote c-1 n-1"}},
		{"tombstones", "GET /tombstones", get("/tombstones?from=2026-11-01&to=2026-11-30&skip=100&limit=50"), []care.Role{care.Auditor}, 200, []string{"Tombstones 2026-11-01 2026-11-30 100 50"}},
		{"tombstone", "GET /tombstones/{id}", get("/tombstones/v-1"), []care.Role{care.Auditor}, 200, []string{"Tombstone v-1"}},
		{"gateway report", "GET /exports/klgateway", get("/exports/klgateway?from=2026-11-01&to=2026-11-30&unit=oest"), []care.Role{care.Leader, care.Administrator}, 200, []string{"KLGatewayReport 2026-11-01 2026-11-30 oest"}},
		{"statistics", "GET /statistics", get("/statistics?from=2026-11-02&to=2026-11-30&unit=oest&by=law,shift&without=viewcare"), office, 200, []string{"Statistics 2026-11-02 2026-11-30 oest [law shift] [viewcare] false"}},
		{"statistics of others", "GET /statistics", get("/statistics?from=2026-11-02&to=2026-11-30&by=unit&others=true"), office, 200, []string{"Statistics 2026-11-02 2026-11-30  [unit] [] true"}},
		{"statistics rows", "GET /statistics/rows", get("/statistics/rows?from=2026-11-02&to=2026-11-30&by=law,source&column=calls&group=SUL_138&group2=&first=2"), office, 200, []string{"StatisticsRows 2026-11-02 2026-11-30 [law source] calls [\"SUL_138\" \"\"] 2"}},
		{"call list preview", "POST /call-lists", postForm("/call-lists?source=viewcare&dry_run=true", list), office, 200, []string{"PreviewCalls viewcare koreliste.csv"}},
		{"call list import", "POST /call-lists", postForm("/call-lists?source=viewcare", list), office, 201, []string{"PreviewCalls viewcare koreliste.csv", "ImportCalls opkald~viewcare~1"}},
		{"call imports", "GET /call-lists", get("/call-lists"), office, 200, []string{"CallImports"}},
		{"call list undo", "POST /call-lists/{id}/undo", request{method: "POST", path: "/call-lists/c-1/undo"}, office, 204, []string{"UndoCalls c-1"}},
		{"visit facts", "GET /statistics/visits", get("/statistics/visits?from=2026-11-02&to=2026-11-30&unit=oest"), office, 200, []string{"EachVisit 2026-11-02 2026-11-30 oest"}},
		{"visit facts file", "GET /statistics/visits.csv", get("/statistics/visits.csv?from=2026-11-02&to=2026-11-30"), office, 200, []string{"EachVisit 2026-11-02 2026-11-30 "}},
		{"description", "GET /openapi.yaml", get("/openapi.yaml"), append(all, care.Administrator, "none", ""), 200, nil},
	}
}

func (r request) as(role care.Role) request {
	r.role = role

	return r
}

// template turns a request's path into the document's.
func template(tb testing.TB, b *bundle, r request) string {
	tb.Helper()

	in, err := b.find(r)
	if err != nil {
		tb.Fatal(err)
	}

	return r.method + " " + in.Route.Path
}

func pathOnly(p string) string {
	u, err := url.Parse(p)
	if err != nil {
		return p
	}

	return u.Path
}

func diff(tb testing.TB, what string, want, got any) {
	tb.Helper()

	if d := cmp.Diff(want, got); d != "" {
		tb.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var _ api.UseCases = (*scheduler.Service)(nil)

// endless lets the tests call as often as they like.
func endless() map[route.Class]web.Budget {
	out := make(map[route.Class]web.Budget)
	for _, class := range route.Classes() {
		out[class] = web.Budget{}
	}

	return out
}
