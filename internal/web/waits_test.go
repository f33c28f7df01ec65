package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// TestConversionTellsWhatHoldsItUp: a planner who watches a conversion in an outage is told why nothing
// moves, on the page and in the stream.
func TestConversionTellsWhatHoldsItUp(t *testing.T) {
	t.Parallel()

	const words = "Videoplatformen har ikke svaret"

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	b.use[testby].batchState = care.BatchRunning

	if strings.Contains(b.get(t, planner, "/omlaegninger/b1", http.StatusOK), words) {
		t.Error("told of an outage in good times")
	}

	b.use[testby].outage = true

	if body := b.get(t, planner, "/omlaegninger/b1", http.StatusOK); !strings.Contains(body, words) || !strings.Contains(body, `href="/nedbrud/video"`) {
		t.Error("the page does not tell of the outage")
	}

	b.handler.Drain() // streams end after what is known now

	r := request(http.MethodGet, testby, "/omlaegninger/b1/forloeb")
	r.AddCookie(planner)

	if got := b.do(t, r).Body.String(); !strings.Contains(got, words) {
		t.Errorf("the stream does not tell of the outage: %q", got)
	}

	b.use[testby].batchState = care.BatchDone

	if strings.Contains(b.get(t, planner, "/omlaegninger/b1", http.StatusOK), words) {
		t.Error("told of an outage that holds nothing up")
	}
}
