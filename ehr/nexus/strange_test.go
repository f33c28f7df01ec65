package nexus_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// through opens an adapter to the record behind a handler that stands before it.
func (b *testBundle) through(t *testing.T, before func(record http.Handler) http.Handler) *nexus.Nexus {
	t.Helper()

	api := httptest.NewServer(before(b.sim.Handler()))
	t.Cleanup(api.Close)

	config := b.config
	config.APIURL = api.URL

	return b.open(t, config)
}

// answering edits what the record answers to reads of some paths.
func answering(at string, edit func(body any) any) func(http.Handler) http.Handler {
	path := regexp.MustCompile(at)

	return func(record http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !path.MatchString(r.URL.Path) {
				record.ServeHTTP(w, r)

				return
			}

			heard := httptest.NewRecorder()
			record.ServeHTTP(heard, r)

			var body any
			if json.NewDecoder(bytes.NewReader(heard.Body.Bytes())).Decode(&body) == nil {
				heard.Body.Reset()
				_ = json.NewEncoder(heard.Body).Encode(edit(body))
			}

			for name, values := range heard.Header() {
				if name != "Content-Length" {
					w.Header()[name] = values
				}
			}

			w.WriteHeader(heard.Code)
			_, _ = w.Write(heard.Body.Bytes())
		})
	}
}

// TestSelfIsAnotherOccurrence: the address of a repeated visit may lead to the event as such, which is
// its first occurrence (eoj.md §1.5). Nothing is written on another day's visit.
func TestSelfIsAnotherOccurrence(t *testing.T) {
	t.Parallel()

	b := setup(t)
	start := today().Add(2 * time.Hour)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Start: start, Repeat: []time.Time{start.AddDate(0, 0, 1)}})

	n := b.through(t, func(record http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query(); q.Has("occurrence") {
				q.Set("occurrence", refs[0].Occurrence)
				r.URL.RawQuery = q.Encode()
			}

			record.ServeHTTP(w, r)
		})
	})

	change := b.planned(t, refs[1])

	_, err := n.Apply(t.Context(), change)
	if !connector.Is(err, connector.Rejected) || care.KindOf(err) == care.Internal {
		t.Errorf("the second day: %v", err)
	}

	if first := b.state(t, refs[0]); first.Category != "Planlagt besøg" || first.Comment != "" {
		t.Errorf("the first day was written on: %+v", first)
	}

	seen, err := n.Look(t.Context(), change.Citizen, []ehr.Glance{{Source: change.Source, Planned: change.Planned}})
	if err != nil || !seen.Visits[0].Planned.Start.Equal(start.AddDate(0, 0, 1)) {
		t.Errorf("the look: %v %+v", err, seen.Visits)
	}
}

// TestTwoEmployeesOneVisit: a second employee on a visit does not make it another one.
func TestTwoEmployeesOneVisit(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})
	alone := b.read(t, list, wholeDay())

	n := b.through(t, answering(`/criteria/EVENT/`, func(body any) any {
		day := body.(map[string]any)
		events := day["eventResources"].([]any)

		if len(events) == 1 {
			second := maps.Clone(events[0].(map[string]any))
			second["resourceId"] = "PROFESSIONAL:9"
			day["eventResources"] = append(events, second)
		}

		return day
	}))

	both, err := n.Read(t.Context(), b.ref(t, list), wholeDay())
	if err != nil || len(both.Rows) != 1 || both.Rows[0].Source != alone.Rows[0].Source {
		t.Errorf("with a second employee: %v %+v, alone %+v", err, both.Rows, alone.Rows)
	}
}

// TestNoListIsNoEmptyList: an answer without a list of visits never means that there are none.
func TestNoListIsNoEmptyList(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]any{"null": nil, "object": map[string]any{}, "text": "x"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			change := b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0])
			n := b.through(t, answering(`/criteria/EVENT/|/calendar/events$`, func(body any) any {
				if o, ok := body.(map[string]any); ok {
					o["eventResources"] = value
				}

				return body
			}))

			if got, err := n.Read(t.Context(), b.ref(t, list), wholeDay()); !connector.Is(err, connector.Malformed) {
				t.Errorf("the list: %v, %d rows", err, len(got.Rows))
			}

			if seen, err := n.Look(t.Context(), change.Citizen, []ehr.Glance{{Source: change.Source, Planned: change.Planned}}); !connector.Is(err, connector.Malformed) {
				t.Errorf("the look: %v, %+v", err, seen.Visits)
			}

			if _, err := n.Apply(t.Context(), change); !connector.Is(err, connector.Malformed) {
				t.Errorf("the entry: %v", err)
			}
		})
	}
}

// TestTasksAreReadWholeBeforeTheyAreClosed: a list's task is half an object even when it tells its
// description (eoj.md §1.2); one without actions there is still open.
func TestTasksAreReadWholeBeforeTheyAreClosed(t *testing.T) {
	t.Parallel()

	b := setup(t)
	change := byTask(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]))
	mustApply(t, b.nexus, change)

	text := b.sim.Tasks(nancy)[0].Text
	n := b.through(t, answering(`/tasks$`, func(body any) any {
		if tasks, ok := body.([]any); ok {
			for _, task := range tasks {
				task.(map[string]any)["description"] = text
				delete(task.(map[string]any), "title")
			}
		}

		return body
	}))

	mustApply(t, n, taken(change))

	tasks := b.sim.Tasks(nancy)
	if len(tasks) != 1 || !tasks[0].Closed || tasks[0].Title != change.Title || !strings.Contains(tasks[0].Text, "Taget tilbage") {
		t.Errorf("tasks: %+v", tasks)
	}
}

// TestNobodyMayBeRead: a right that is taken away empties no list.
func TestNobodyMayBeRead(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}}, nexussim.NewVisit{CPR: []string{bruno}})

	n := b.through(t, func(record http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if regexp.MustCompile(`/patients/[0-9]+$`).MatchString(r.URL.Path) {
				http.Error(w, "{}", http.StatusForbidden)

				return
			}

			record.ServeHTTP(w, r)
		})
	})

	got, err := n.Read(t.Context(), b.ref(t, list), wholeDay())
	if !connector.Is(err, connector.Rejected) || !strings.Contains(care.MessageOf(err), "Ingen af kørelistens borgere") {
		t.Errorf("%v, %d rows and %d problems", err, len(got.Rows), len(got.Problems))
	}
}

// TestOneIdTwiceADay: a list that shows one of a day's two visits under one id is written on that one.
func TestOneIdTwiceADay(t *testing.T) {
	t.Parallel()

	b := setup(t)
	start := today().Add(2 * time.Hour)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Start: start, Repeat: []time.Time{start.Add(4 * time.Hour)}})
	evening := b.planned(t, refs[1])

	mustApply(t, b.nexus, evening)

	if morning, own := b.state(t, refs[0]), b.state(t, refs[1]); morning.Comment != "" || own.Category != evening.Category {
		t.Errorf("the first is %+v, the second %+v", morning, own)
	}

	if seen, err := b.nexus.Look(t.Context(), evening.Citizen, []ehr.Glance{{Source: evening.Source, Planned: evening.Planned}}); err != nil || seen.Visits[0].Category != evening.Category {
		t.Errorf("the look: %v %+v", err, seen.Visits)
	}

	evening.Key += "/2"
	evening.Planned.Start = start.Add(time.Hour)

	if _, err := b.nexus.Apply(t.Context(), evening); !connector.Is(err, connector.Rejected) || care.KindOf(err) != care.Conflict {
		t.Errorf("neither is at the time: %v", err)
	}
}

// TestCancelledMeanwhile: a visit that people cancelled in Nexus since the list was read does not come
// back to life as a screen visit, unless a person says so.
func TestCancelledMeanwhile(t *testing.T) {
	t.Parallel()

	b := setup(t)
	ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]
	change := b.planned(t, ref)

	if err := b.sim.Cancel(ref); err != nil {
		t.Fatal(err)
	}

	if _, err := b.nexus.Apply(t.Context(), change); !connector.Is(err, connector.Conflict) || !strings.Contains(care.MessageOf(err), "aflyst") {
		t.Errorf("cancelled: %v", err)
	}

	if got := b.state(t, ref); got.Category != "Aflyst besøg" || got.Comment != "" {
		t.Errorf("the visit is %+v", got)
	}

	change.Expected = []string{"Aflyst besøg"}
	mustApply(t, b.nexus, change)
}
