package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestHoursAddUp: several processes add to the same hours at once, and a month is what lies in it.
func TestHoursAddUp(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		hour := func(n int) time.Time { return time.Date(2026, 11, 30, 22+n, 0, 0, 0, time.UTC) }
		one := func(role connector.Role, n int) scheduler.SystemHour {
			return scheduler.SystemHour{Role: role, System: "x", HourCount: connector.HourCount{
				Hour: hour(n), Good: 3, Failed: 1, Up: 40 * time.Second, Down: 20 * time.Second,
			}}
		}

		var group sync.WaitGroup

		for range 4 {
			group.Go(func() {
				hours := []scheduler.SystemHour{one(connector.VideoRole, 0), one(connector.VideoRole, 1), one(connector.VideoRole, 1), one(connector.SMSRole, 0)}
				if err := s.AddHours(t.Context(), hours); err != nil {
					t.Error(err)
				}
			})
		}

		group.Wait()

		got, err := s.Hours(t.Context(), care.Interval{Start: hour(-1), End: hour(1)})
		if err != nil {
			t.Fatal(err)
		}

		sum := connector.HourCount{Hour: hour(0), Good: 12, Failed: 4, Up: 160 * time.Second, Down: 80 * time.Second}
		want := []scheduler.SystemHour{{Role: connector.SMSRole, System: "x", HourCount: sum}, {Role: connector.VideoRole, System: "x", HourCount: sum}}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}

		if err := s.AddHours(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// TestHealthOfProcesses: each process has its own say, the last one counts, and who is silent is
// forgotten.
func TestHealthOfProcesses(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		at := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
		health := func(state connector.HealthState) connector.Health {
			return connector.Health{
				Role: connector.VideoRole, System: "vdx", State: state, Since: at, NextTry: at.Add(time.Minute), InFlight: 3, Waiting: 2, Limit: 4, Agreed: 8,
				Rate: 2.5, LastSuccess: at, LastError: at, ErrorKind: connector.Unknown, ErrorOp: "book", ErrorStatus: 502, ErrorText: "Serveren er en anden.", Calls: 9, Failures: 1,
				P50: 120 * time.Millisecond, P95: time.Second,
			}
		}

		save := func(process string, at time.Time, states ...connector.HealthState) {
			var known []connector.Health
			for _, state := range states {
				known = append(known, health(state))
			}

			if err := s.SaveHealth(t.Context(), process, at, known); err != nil {
				t.Fatal(err)
			}
		}

		save("a", at, connector.Down)
		save("b", at.Add(time.Second), connector.Slow)
		save("a", at.Add(2*time.Second), connector.Healthy)

		since := func(from time.Time) []scheduler.ProcessHealth {
			got, err := s.HealthSince(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}

			return got
		}

		want := []scheduler.ProcessHealth{
			{Process: "a", SeenAt: at.Add(2 * time.Second), Health: health(connector.Healthy)},
			{Process: "b", SeenAt: at.Add(time.Second), Health: health(connector.Slow)},
		}
		if diff := cmp.Diff(want, since(at)); diff != "" {
			t.Error(diff)
		}

		if diff := cmp.Diff(want[:1], since(at.Add(2*time.Second))); diff != "" {
			t.Error(diff)
		}

		save("c", at.Add(2*time.Hour))

		if got := since(time.Unix(0, 0)); len(got) != 0 {
			t.Errorf("still known: %v", got)
		}
	})
}
