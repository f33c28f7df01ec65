package scheduler_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// eventsNow writes events with the given numbers, all of them now.
func (r *rig) eventsNow(seqs ...int64) []byte {
	r.tb.Helper()

	var sent []sentEvent
	for _, seq := range seqs {
		sent = append(sent, sentEvent{seq, r.clock.Now()})
	}

	body, err := json.Marshal(sent)
	must(r.tb, err)

	return body
}

// deliver sends such events.
func (r *rig) deliver(seqs ...int64) {
	r.tb.Helper()
	must(r.tb, r.ReceiveEvents(r.tb.Context(), r.eventsNow(seqs...)))
}

// noticed returns the kinds of the open notices.
func (r *rig) noticed() string {
	r.tb.Helper()
	must(r.tb, r.WatchEvents(r.tb.Context()))

	all, err := r.Notices(r.tb.Context(), actor("ADM", care.Administrator))
	must(r.tb, err)

	var kinds []string

	for _, n := range all {
		kinds = append(kinds, string(n.Kind))

		if !strings.HasSuffix(n.Text, ".") || n.RaisedAt.IsZero() || n.Level != connector.Notice && n.Level != connector.Failing {
			r.tb.Errorf("notice %+v", n)
		}
	}

	return strings.Join(kinds, " ")
}

// TestAGapIsToldAndHistoryReadAgain: a gap counts after its grace, once, and is forgotten when it
// fills. The visits during it are looked at again.
func TestAGapIsToldAndHistoryReadAgain(t *testing.T) {
	t.Parallel()

	r, _ := lateRig(t, []string{nancy, bruno, niels}, []string{"A-1", "A-2", "A-4"})
	r.until(on(8, 50))
	r.deliver(1, 2)
	r.until(on(9, 5))
	r.known("A-1")
	must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	r.deliver(5)

	if got := r.noticed(); got != "" {
		t.Errorf("told at once: %s", got)
	}

	before := r.kinds()
	r.clock.to(on(9, 8))

	for range 3 {
		if got := r.noticed(); got != "event_gap" {
			t.Fatalf("notices %q", got)
		}
	}

	if again := r.kinds()[scheduler.VerifyOutcomeJob] - before[scheduler.VerifyOutcomeJob]; again != 1 {
		t.Errorf("%d further looks, want 1", again)
	}

	all, err := r.Notices(t.Context(), actor("ADM", care.Administrator))
	must(t, err)

	if want := "Der mangler 2 hændelser fra videoplatformens node a mellem kl. 08.50 og kl. 09.05."; !strings.HasPrefix(all[0].Text, want) {
		t.Errorf("says %q", all[0].Text)
	}

	r.deliver(3)

	if got := r.noticed(); got != "event_gap" { // one is missing still
		t.Errorf("notices %q", got)
	}

	r.deliver(4)

	if got := r.noticed(); got != "" {
		t.Errorf("a gap that was filled: %q", got)
	}
}

// TestSilenceIsTold: somebody was let in, and no node tells anything.
func TestSilenceIsTold(t *testing.T) {
	t.Parallel()

	r, _ := lateRig(t, []string{nancy}, []string{"A-1"})
	r.until(on(8, 50))
	r.deliver(1)

	g := r.enter()
	must(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID, true))
	r.until(on(8, 57))

	if got := r.noticed(); got != "" {
		t.Errorf("too early: %s", got)
	}

	r.until(on(9, 2))

	if got := r.noticed(); got != "event_silence" {
		t.Errorf("notices %q", got)
	}

	r.deliver(2)

	if got := r.noticed(); got != "" {
		t.Errorf("heard again: %q", got)
	}
}

// TestWhatCantBeReadIsKept, so that the platform does not send it for ever, and told for a day.
func TestWhatCantBeReadIsKept(t *testing.T) {
	t.Parallel()

	r, _ := lateRig(t, []string{nancy}, []string{"A-1"})

	for range 2 {
		must(t, r.ReceiveEvents(t.Context(), []byte("no JSON")))
	}

	if got := r.noticed(); got != "events_unreadable" {
		t.Errorf("notices %q", got)
	}

	var kept int

	must(t, r.db.Reader.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&kept))

	if kept != 1 {
		t.Errorf("%d kept, want 1", kept)
	}

	r.until(r.clock.Now().Add(25 * time.Hour))

	if got := r.noticed(); strings.Contains(got, "unreadable") {
		t.Errorf("notices %q", got)
	}
}

// TestEventsThatAreNotKeptAreAskedForAgain: the platform must hear that they were not kept.
func TestEventsThatAreNotKeptAreAskedForAgain(t *testing.T) {
	t.Parallel()

	r, _ := lateRig(t, []string{nancy}, []string{"A-1"})

	_, err := r.db.Writer.ExecContext(t.Context(), "CREATE TRIGGER no_events BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk'); END")
	must(t, err)

	body := r.eventsNow(1)
	refused(t, r.ReceiveEvents(t.Context(), body), care.Unavailable)
	refused(t, r.ReceiveEvents(t.Context(), []byte("no JSON")), care.Unavailable)

	_, err = r.db.Writer.ExecContext(t.Context(), "DROP TRIGGER no_events")
	must(t, err)
	must(t, r.ReceiveEvents(t.Context(), body))

	bare := newRig(t) // VDX tells nothing
	refused(t, bare.ReceiveEvents(t.Context(), body), care.NotFound)
	must(t, bare.WatchEvents(t.Context()))
	must(t, bare.Sweep(t.Context(), true))
}
