package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/internal/web/api"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCalls makes every good call: the document agrees with request and answer, the use case is
// asked what was meant, and the answer is the golden one.
func TestCalls(t *testing.T) {
	t.Parallel()

	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			b, req := setup(t), c.req.as(c.roles[0])
			if got := template(t, b, req); got != c.route {
				t.Errorf("route %s, want %s", got, c.route)
			}

			if err := b.documented(t, req); err != nil {
				t.Errorf("the request, against the document: %v", err)
			}

			got := b.do(t, req)
			if got.status != c.status {
				t.Fatalf("status %d, want %d: %s", got.status, c.status, got.body)
			}

			diff(t, "use cases", c.asked, b.fake.takeAsked())

			if c.asked != nil {
				diff(t, "actor", care.Actor{Employee: "MSK", Name: "Mette Skov", Grants: []care.Grant{{Unit: "oest", Role: c.roles[0]}}}, b.fake.actor)
				golden(t, strings.ReplaceAll(c.name, " ", "-")+".json", got.body)
			}

			if got.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be stored")
			}
		})
	}
}

// golden compares with a file under testdata/, or writes it with -update. Empty bodies have none.
func golden(t *testing.T, name, got string) {
	t.Helper()

	if got == "" {
		return
	}

	if strings.HasPrefix(got, "{") {
		var nice bytes.Buffer
		if err := json.Indent(&nice, []byte(got), "", "  "); err != nil {
			t.Fatal(err)
		}

		got = nice.String() + "\n"
	}

	file := filepath.Join("testdata", name)

	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	diff(t, name, string(want), got)
}

// TestDocumentListsMountedRoutes compares the document with the table, both ways.
func TestDocumentListsMountedRoutes(t *testing.T) {
	t.Parallel()

	b := setup(t)
	param := regexp.MustCompile(`:([a-z]+)`)

	var mounted, listed, called []string

	for _, r := range api.New(b.fake) {
		mounted = append(mounted, r.Method+" "+param.ReplaceAllString(strings.TrimPrefix(r.Path, api.Prefix), "{$1}"))
	}

	for path, item := range b.doc.Paths.Map() {
		for method, op := range item.Operations() {
			listed = append(listed, method+" "+path)

			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 || op.Responses.Default() == nil {
				t.Errorf("%s %s: id, summary, one tag and a default answer are needed", method, path)
			}
		}
	}

	for _, c := range calls() {
		called = append(called, c.route)
	}

	slices.Sort(mounted)
	slices.Sort(listed)
	slices.Sort(called)
	diff(t, "document", mounted, listed)
	diff(t, "TestCalls", mounted, slices.Compact(called))
}

// TestDocumentNamesTheAccess checks that the description of every operation names what it needs.
func TestDocumentNamesTheAccess(t *testing.T) {
	t.Parallel()

	b := setup(t)
	param := regexp.MustCompile(`:([a-z]+)`)

	for _, r := range api.New(b.fake) {
		path := param.ReplaceAllString(strings.TrimPrefix(r.Path, api.Prefix), "{$1}")
		op := b.doc.Paths.Find(path).GetOperation(r.Method)

		if r.Access.Anonymous() != (op.Security != nil && len(*op.Security) == 0) {
			t.Errorf("%s %s: security", r.Method, path)
		}

		for _, p := range r.Access.Permissions() {
			if !strings.Contains(op.Description, string(p)) {
				t.Errorf("%s %s does not say that it needs %s", r.Method, path, p)
			}
		}
	}
}

// TestAccess tries every route as every role, as an employee without a role, and as nobody.
func TestAccess(t *testing.T) {
	t.Parallel()

	b := setup(t)

	for _, c := range calls() {
		for _, role := range append(care.Roles(), "none", "", "stranger") {
			b.fake.takeAsked()
			got := b.do(t, c.req.as(role))

			want := c.status

			switch {
			case slices.Contains(c.roles, role), slices.Contains(c.roles, ""):
			case role == "", role == "stranger":
				want = http.StatusUnauthorized
			default:
				want = http.StatusForbidden
			}

			if got.status != want {
				t.Errorf("%s as %q: %d, want %d", c.name, role, got.status, want)
			}

			if asked := b.fake.takeAsked(); want >= 400 && len(asked) > 0 {
				t.Errorf("%s as %q asked %v", c.name, role, asked)
			}
		}
	}
}

// TestErrorKinds lets every use case fail in every way.
func TestErrorKinds(t *testing.T) {
	t.Parallel()

	kinds := map[care.Kind]int{
		care.Invalid: 422, care.NotFound: 404, care.Conflict: 409, care.Forbidden: 403, care.Unauthenticated: 401,
		care.Gone: 410, care.TooMany: 429, care.Unavailable: 503, care.Internal: 500,
	}

	for kind, want := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			b.fake.err = care.NewError(kind, "Noget gik galt: "+kind.String()+".")

			for _, c := range calls() {
				if c.asked == nil {
					continue
				}

				got := b.do(t, c.req.as(c.roles[0]))
				p := got.problem(t)

				if got.status != want || p.Status != want || p.Kind != kind.String() || p.Detail != "Noget gik galt: "+kind.String()+"." {
					t.Errorf("%s: %d %+v", c.name, got.status, p)
				}

				if p.Instance != "urn:sluse:request:"+got.header.Get("X-Request-Id") {
					t.Errorf("%s: instance %q", c.name, p.Instance)
				}

				if kind == care.TooMany && got.header.Get("Retry-After") == "" {
					t.Errorf("%s: no Retry-After", c.name)
				}

				if len(b.fake.takeAsked()) != 1 {
					t.Errorf("%s went on after the error", c.name)
				}
			}
		})
	}
}

// TestUnknownErrorIsInternal checks that the text of an error that is not ours stays inside.
func TestUnknownErrorIsInternal(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.fake.err = http.ErrHandlerTimeout

	got := b.do(t, get("/visits/v-1").as(care.Planner))
	if p := got.problem(t); got.status != 500 || strings.Contains(got.body, "timeout") || p.Kind != "internal" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestNothingLeaks searches every answer, good and bad, and the log for what they must not hold.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	b := setup(t)
	number := regexp.MustCompile(`\b\d{6}-?\d{4}\b`)

	check := func(name string, a answer) {
		text := fmt.Sprint(a.body, a.header)

		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s tells %q", name, s)
			}
		}

		if found := number.FindString(text); found != "" {
			t.Errorf("%s has what looks like a CPR number: %s", name, found)
		}
	}

	for _, c := range calls() {
		if c.asked != nil {
			got := b.do(t, c.req.as(c.roles[0]))
			check(c.name, got)

			if address := strings.Contains(got.body, "731955@"); address != (c.name == "lobby") {
				t.Errorf("%s tells the room's address: %t", c.name, address)
			}
		}
	}

	for _, r := range refusals() {
		if r.outside == "" {
			check(r.name, b.do(t, r.req.as(r.role())))
		}
	}

	for _, s := range secrets {
		if strings.Contains(b.log.String(), s) {
			t.Errorf("the log tells %q", s)
		}
	}
}

// TestOtherSite checks that the cross-origin protection stands before the API.
func TestOtherSite(t *testing.T) {
	t.Parallel()

	b := setup(t)
	req := postJSON("/conversions", `{"visits":["v-1"]}`).as(care.Planner)
	req.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}

	if got := b.do(t, req); got.status != http.StatusForbidden || len(b.fake.takeAsked()) > 0 {
		t.Errorf("%d", got.status)
	}
}

// TestUnknownPath checks that paths beside the API answer with problem documents too.
func TestUnknownPath(t *testing.T) {
	t.Parallel()

	b := setup(t)

	for _, r := range []request{get("/nothing"), get("/visits/v-1/host-link"), {method: http.MethodDelete, path: "/visits/v-1"}} {
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r.as(care.Planner).http())

		a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
		if p := a.problem(t); a.status != http.StatusNotFound || p.Kind != "not_found" {
			t.Errorf("%s %s: %d %s", r.method, pathOnly(r.path), a.status, a.body)
		}
	}
}
