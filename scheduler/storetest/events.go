package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// event is the seq-th of a node, a second after the one before.
func event(node string, seq int) video.Event {
	return video.Event{
		Key: fmt.Sprintf("%s-%d", node, seq), Node: node, Seq: int64(seq), At: Now().Add(time.Duration(seq) * time.Second),
		Kind: "participant_connected", Room: "sluse-room-1", Body: fmt.Appendf(nil, `{"display_name":"Torre Mosebryggersen","n":%d}`, seq),
	}
}

func keep(tb testing.TB, s scheduler.Store, want int, events ...video.Event) {
	tb.Helper()

	fresh, err := s.Keep(tb.Context(), events)
	must(tb, err)

	if fresh != want {
		tb.Fatalf("%d events are new, want %d", fresh, want)
	}
}

// checkEvents: events come back as they came, in order, once, and unreadable in the database.
func checkEvents(t *testing.T, b Bench) {
	t.Helper()

	keep(t, b.Store, 0)
	keep(t, b.Store, 2, event("a", 3), event("a", 1))
	keep(t, b.Twin, 1, event("a", 1), event("a", 2), event("a", 2), event("a", 3))
	keep(t, b.Store, 1, video.Event{Key: "other", At: Now(), Kind: "conference_started", Room: "sluse-room-2"})
	keep(t, b.Store, 1, video.Event{Key: "none", At: Now(), Kind: "eventsink_started"})

	got, err := b.Twin.EventsOf(t.Context(), "sluse-room-1")
	must(t, err)
	same(t, "events", []video.Event{event("a", 1), event("a", 2), event("a", 3)}, got)

	if got, err = b.Store.EventsOf(t.Context(), ""); err != nil || len(got) > 0 {
		t.Errorf("events of no room: %v, %v", got, err)
	}

	raw, err := b.Raw(t.Context())
	must(t, err)

	if bytes.Contains(raw, []byte("Mosebryggersen")) {
		t.Error("an event's body is readable in the database")
	}
}

// checkEventsAtOnce: many deliver the same events over two processes; each is counted once.
func checkEventsAtOnce(t *testing.T, b Bench) {
	t.Helper()

	const callers, events = 24, 20

	var (
		group sync.WaitGroup
		mutex sync.Mutex
		fresh int
	)

	for i := range callers {
		group.Go(func() {
			s := b.Store
			if i%2 == 1 {
				s = b.Twin
			}

			for n := range events {
				first, second := 1+(n+i)%events, 1+(n*7+i)%events

				got, err := s.Keep(t.Context(), []video.Event{event("a", first), event("b", second)})
				if err != nil {
					t.Errorf("keep: %v", err)
				}

				mutex.Lock()
				fresh += got
				mutex.Unlock()
			}
		})
	}

	group.Wait()

	kept, err := b.Store.EventsOf(t.Context(), "sluse-room-1")
	must(t, err)

	if fresh != 2*events || len(kept) != 2*events {
		t.Errorf("%d were called new, %d are kept, want %d", fresh, len(kept), 2*events)
	}
}

// checkGaps: a missing number shows until it comes, whatever the order.
func checkGaps(t *testing.T, b Bench) {
	t.Helper()

	complete := func(since time.Time, want bool) {
		t.Helper()

		got, err := b.Store.Complete(t.Context(), since)
		must(t, err)

		if got != want {
			t.Fatalf("complete is %t, want %t", got, want)
		}
	}

	complete(Now(), false) // nobody was heard
	keep(t, b.Store, 3, event("a", 1), event("a", 2), event("b", 1))
	complete(Now(), true)
	keep(t, b.Store, 1, event("a", 5))
	complete(Now(), false)
	complete(Now().Add(4*time.Second), false) // 3 and 4 may have been after 2
	keep(t, b.Twin, 1, event("a", 4))
	complete(Now(), false)
	keep(t, b.Twin, 1, event("a", 3))
	complete(Now(), true)
	keep(t, b.Store, 1, event("b", 9))
	complete(Now(), false)
	keep(t, b.Store, 1, event("b", 10))
	complete(Now().Add(10*time.Second), true) // the gap is older
	complete(Now().Add(time.Hour), false)

	marks, err := b.Store.Marks(t.Context(), Now().Add(5*time.Second))
	must(t, err)

	if gaps := video.Gaps(marks, Now().Add(5*time.Second)); len(gaps) != 1 || gaps[0].First != 2 || gaps[0].Last != 8 || len(marks) != 5 {
		t.Errorf("gaps %+v of %d marks", gaps, len(marks))
	}

	heard, err := b.Store.LastHeard(t.Context())
	must(t, err)

	if heard.IsZero() {
		t.Error("nobody was heard")
	}
}

// checkNotices: a notice opens once, with its effects, and again after it was resolved.
func checkNotices(t *testing.T, b Bench) {
	t.Helper()

	notice := scheduler.Notice{Kind: "event_gap", About: "a", Level: connector.Notice, Text: "Der mangler noget.", RaisedAt: Now()}
	raise := func(s scheduler.Store, want bool) {
		t.Helper()

		fresh, err := s.RaiseNotice(t.Context(), notice, scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ConcludeJob, Visit: "v"}}})
		must(t, err)

		if fresh != want {
			t.Fatalf("fresh is %t, want %t", fresh, want)
		}
	}

	raise(b.Store, true)
	raise(b.Twin, false)

	notice.Text = "Der mangler mere."
	raise(b.Twin, false)

	open, err := b.Store.OpenNotices(t.Context())
	must(t, err)
	same(t, "notices", []scheduler.Notice{notice}, open)

	for about, at := range map[string]time.Time{"b": Now(), "a": Now().Add(time.Minute)} {
		for _, s := range []scheduler.Store{b.Store, b.Twin} { // the second one finds nothing to resolve
			effects := scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.TrackJob, Visit: care.VisitID(about)}}}
			must(t, s.ResolveNotice(t.Context(), "event_gap", about, at, effects))
		}
	}

	if open, err = b.Store.OpenNotices(t.Context()); err != nil || len(open) > 0 {
		t.Fatalf("open: %v, %v", open, err)
	}

	notice.RaisedAt = Now().Add(2 * time.Hour)
	raise(b.Store, true)

	open, err = b.Store.OpenNotices(t.Context())
	must(t, err)
	same(t, "notices", []scheduler.Notice{notice}, open)

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != 3 { // raised twice, resolved once
		t.Errorf("%d jobs, want 3", len(jobs))
	}

	b.FailJobs(true)

	if err := b.Store.ResolveNotice(t.Context(), "event_gap", "a", Now(), scheduler.Effects{Jobs: jobs}); err == nil {
		t.Error("a notice was resolved without its jobs")
	}

	if open, err = b.Store.OpenNotices(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("open: %v, %v", open, err)
	}

	notice.About = "c"
	if fresh, err := b.Store.RaiseNotice(t.Context(), notice, scheduler.Effects{Jobs: jobs}); err == nil || fresh {
		t.Error("a notice was raised without its jobs")
	}
}

// checkChores: of all who would begin a chore one does.
func checkChores(t *testing.T, b Bench) {
	t.Helper()

	var (
		group sync.WaitGroup
		mutex sync.Mutex
		begun int
	)

	try := func(s scheduler.Store, now time.Time) {
		ok, err := s.BeginChore(t.Context(), "sweep", now.Add(-time.Hour), now, scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ConcludeJob}}})
		if err != nil {
			t.Errorf("begin: %v", err)
		}

		if ok {
			mutex.Lock()
			begun++
			mutex.Unlock()
		}
	}

	for round, now := range []time.Time{Now(), Now().Add(59 * time.Minute), Now().Add(time.Hour)} {
		for _, s := range []scheduler.Store{b.Store, b.Twin, b.Store, b.Twin} {
			group.Go(func() { try(s, now) })
		}

		group.Wait()

		if want := []int{1, 1, 2}[round]; begun != want {
			t.Fatalf("round %d: begun %d times, want %d", round, begun, want)
		}
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != 2 {
		t.Errorf("%d jobs, want 2", len(jobs))
	}
}
