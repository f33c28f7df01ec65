package web_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler"
)

// TestDeadLinksAreAllAlike compares status, headers and bytes of what is answered for links that are
// unknown, malformed or of the other municipality. That the use case answers for expired, moved and
// revoked ones as for these is tested where visits are real: scheduler's TestAMovedLink and
// TestWrongLinks; that it reads as much: store's TestStatementsDoNotGrowWithVisits.
func TestDeadLinksAreAllAlike(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.use[nabokoeb].known["neighbours"] = true
	lookups := func() int { return b.use[testby].called("Landing") + b.use[testby].called("Enter") }

	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		var want, got []any

		for _, link := range []string{"/b/unknown", "/b/neighbours", "/b/" + "aaaaaaaaaaaaaaaaaaaaaaaaaaa", "/b/x'OR'1", "/b/483921507"} {
			r := form(testby, link, nil)
			if method != http.MethodPost {
				r = request(method, testby, link)
			}

			before := lookups()
			w := b.do(t, r)
			header := w.Header().Clone()
			header.Del("X-Request-Id")

			if lookups() != before+1 {
				t.Errorf("%s %s: looked up %d times", method, link, lookups()-before)
			}

			got = []any{w.Code, header, w.Body.String()}
			if want == nil {
				want = got
			}

			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s %s differs:\n%s", method, link, diff)
			}

			if w.Code != http.StatusNotFound || len(w.Result().Cookies()) != 0 {
				t.Errorf("%s %s: %d", method, link, w.Code)
			}
		}
	}
}

// TestWhoWasInsideIsToldThatItIsOver: a browser with a session of a visit that is over reads so,
// whatever dead link it opens; that of a visit to come reads nothing of it.
func TestWhoWasInsideIsToldThatItIsOver(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)

	for _, is := range []struct {
		stage scheduler.CitizenStage
		want  int
	}{{scheduler.StageEnded, http.StatusGone}, {scheduler.StageEarly, http.StatusNotFound}, {scheduler.StageWaiting, http.StatusNotFound}} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: is.stage}
		b.get(t, c, "/b/dead", is.want)
	}
}
