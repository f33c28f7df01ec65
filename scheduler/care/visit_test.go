package care_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write the golden files")

var start = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func facts() care.Facts {
	return care.Facts{
		List: "list", ListName: "Øst dag", Unit: "oest", Citizen: "citizen", Employee: "MSK", Service: "Medicinadministration",
		Law: care.SUL138, Category: "Planlagt besøg", Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)},
	}
}

func newVisit(tb testing.TB) *care.Visit {
	tb.Helper()

	v, err := care.NewVisit("v1", care.SourceRef{System: "file", ID: "KL-1", Occurrence: "2026-11-23"}, facts())
	if err != nil {
		tb.Fatal(err)
	}

	return v
}

func host(tb testing.TB) care.HostPIN {
	tb.Helper()

	pin, err := care.NewHostPIN("482913")
	if err != nil {
		tb.Fatal(err)
	}

	return pin
}

// inState brings a fresh visit into a state by its own verbs.
func inState(tb testing.TB, state care.VisitState) *care.Visit {
	tb.Helper()

	v := newVisit(tb)
	must := func(err error) {
		if err != nil {
			tb.Fatalf("to %s: %v", state, err)
		}
	}

	steps := []struct {
		reach care.VisitState
		do    func() error
	}{
		{care.Listed, func() error { return nil }},
		{care.Chosen, func() error { return v.Choose("b1", care.OnListOnly()) }},
		{care.BookingRoom, func() error { return v.StartBooking("r1", start) }},
		{care.RoomIsBooked, func() error {
			err := v.Booked("r1", care.BookedRoom{Planned: v.Planned(), HostPIN: host(tb)}, start)
			v.RecordPlanned(start)
			v.Invite(care.SMS, start)

			return err
		}},
		{care.Open, func() error {
			if err := v.Attest("known", "", care.Proof{Method: care.WithStaff, By: "MSK", Check: care.BesidePerson}, anyway(), start); err != nil {
				return err
			}

			return v.Open(start)
		}},
	}

	for _, s := range steps {
		must(s.do())

		if s.reach == state {
			return v
		}
	}

	switch state {
	case care.Completed:
		must(v.Conclude(care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Grade: care.Certain, By: "MSK", At: start}))
	case care.NotCompleted:
		must(v.Conclude(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, Grade: care.Certain, By: "MSK", At: start}))
	case care.Cancelled:
		must(v.Cancel(care.CancelledCitizen, "PLAN", care.SMS, start))
	case care.Reverted:
		must(v.Revert(care.SMS, start))
	case care.Listed, care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
	}

	return v
}

// TestTransitions writes down what every verb does in every state.
func TestTransitions(t *testing.T) {
	t.Parallel()

	verbs := []struct {
		name string
		do   func(v *care.Visit) error
	}{
		{"choose", func(v *care.Visit) error { return v.Choose("b2", care.OnListOnly()) }},
		{"start booking", func(v *care.Visit) error { return v.StartBooking("r2", start) }},
		{"booked", func(v *care.Visit) error {
			return v.Booked("r1", care.BookedRoom{Planned: v.Planned(), HostPIN: host(t)}, start)
		}},
		{"open", func(v *care.Visit) error { return v.Open(start) }},
		{"conclude completed", func(v *care.Visit) error {
			return v.Conclude(care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, At: start})
		}},
		{"conclude by phone", func(v *care.Visit) error {
			return v.Conclude(care.Outcome{Kind: care.ResultCompleted, Delivery: care.ByPhone, At: start})
		}},
		{"conclude not completed", func(v *care.Visit) error {
			return v.Conclude(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault, Delivery: care.Screen, At: start})
		}},
		{"correct to completed", func(v *care.Visit) error {
			return v.Correct(care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, At: start})
		}},
		{"correct to not completed", func(v *care.Visit) error {
			return v.Correct(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault, Delivery: care.Screen, At: start})
		}},
		{"cancel", func(v *care.Visit) error { return v.Cancel(care.CancelledStaff, "PLAN", care.SMS, start) }},
		{"revert", func(v *care.Visit) error { return v.Revert(care.SMS, start) }},
		{"call instead", func(v *care.Visit) error { return v.CallInstead(care.SMS, start) }},
		{"back to screen", func(v *care.Visit) error { return v.BackToScreen("r3", start) }},
		{"arrive", func(v *care.Visit) error { return v.Arrive("a1", "", "hash", start) }},
		{"drop", func(v *care.Visit) error { v.Drop("later", start); return nil }},
	}

	var b strings.Builder

	for _, state := range care.States() {
		for _, verb := range verbs {
			v := inState(t, state)
			before := v.Snapshot()

			err := verb.do(v)
			if err != nil {
				if diff := cmp.Diff(fmt.Sprint(before), fmt.Sprint(v.Snapshot())); diff != "" {
					t.Errorf("%s in %s failed and changed the visit: %s", verb.name, state, diff)
				}
			}

			result := string(v.State())
			if err != nil {
				result = "✗ " + care.KindOf(err).String()
			}

			fmt.Fprintf(&b, "%-14s %-25s %s\n", state, verb.name, result)
		}
	}

	golden(t, "transitions.golden", b.String())
}

func golden(tb testing.TB, name, got string) {
	tb.Helper()

	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}

	if diff := cmp.Diff(string(want), got); diff != "" {
		tb.Errorf("%s (run with -update to accept): %s", name, diff)
	}
}

func TestUndoBeforeAnythingLeftTellsNobody(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	if err := v.Revert(care.SMS, start); err != nil {
		t.Fatal(err)
	}

	s := v.Snapshot()
	if len(s.Invitations) != 1 || s.Invitations[0].State != care.InvitationRecalled || s.MayClose(s.Rooms[0].Ref) {
		t.Errorf("messages: %+v", s.Invitations)
	}

	if err := v.MessageRevoked(s.Invitations[0].ID); err != nil || !v.Snapshot().MayClose(s.Rooms[0].Ref) {
		t.Errorf("the room may not be closed although the message never left: %v", err)
	}

	if len(s.Entries) != 1 || s.Entries[0].State != care.EntrySuperseded {
		t.Errorf("entries: %+v", s.Entries)
	}

	if s.Rooms[0].State != care.RoomClosing || s.Delivery != care.Physical {
		t.Errorf("room %s, delivery %s", s.Rooms[0].State, s.Delivery)
	}
}

func TestUndoAfterTheMessageAndTheEntryTakesBothBack(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	s := v.Snapshot()

	if err := v.MessageSent(s.Invitations[0].ID, "p1", "hash", start); err != nil {
		t.Fatal(err)
	}

	if err := v.EntryDone(s.Entries[0].ID, "e1", "1", start); err != nil {
		t.Fatal(err)
	}

	if err := v.Revert(care.SMS, start); err != nil {
		t.Fatal(err)
	}

	s = v.Snapshot()
	if n := len(s.Invitations); n != 2 || s.Invitations[1].Kind != care.Withdrawn || !s.Invitations[1].Waiting() {
		t.Errorf("messages: %+v", s.Invitations)
	}

	if n := len(s.Entries); n != 2 || s.Entries[1].Kind != care.EntryRestored || s.Entries[1].State != care.EntryDue {
		t.Errorf("entries: %+v", s.Entries)
	}
}

// What is on its way while a visit is undone is put right when its answer comes.
func TestUndoWhileTheMessageAndTheEntryAreOnTheirWay(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	s := v.Snapshot()

	if err := v.Revert(care.SMS, start); err != nil {
		t.Fatal(err)
	}

	if err := v.MessageSent(s.Invitations[0].ID, "p1", "hash", start); err != nil {
		t.Fatal(err)
	}

	if err := v.EntryDone(s.Entries[0].ID, "e1", "1", start); err != nil {
		t.Fatal(err)
	}

	s = v.Snapshot()
	if n := len(s.Invitations); n != 2 || s.Invitations[1].Kind != care.Withdrawn {
		t.Errorf("the citizen is not told that it does not hold: %+v", s.Invitations)
	}

	if n := len(s.Entries); n != 2 || s.Entries[1].Kind != care.EntryRestored {
		t.Errorf("the record is not restored: %+v", s.Entries)
	}
}

func TestConvertAgainAfterUndo(t *testing.T) {
	t.Parallel()

	v := inState(t, care.Reverted)
	if err := v.Choose("b2", care.OnListOnly()); err != nil {
		t.Fatal(err)
	}

	if err := v.StartBooking("r2", start); err != nil {
		t.Fatal(err)
	}

	s := v.Snapshot()
	if room, ok := s.LiveRoom(); !ok || room.Ref != "r2" || s.Generation != 2 {
		t.Errorf("live room %v, generation %d", room.Ref, s.Generation)
	}
}

func TestOnlyOneLiveRoomAfterReplacing(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	if err := v.ReplaceRoom("r1", "r2", start); err != nil {
		t.Fatal(err)
	}

	live := 0

	for _, r := range v.Snapshot().Rooms {
		if r.Live() {
			live++
		}
	}

	if live != 1 {
		t.Errorf("%d live rooms", live)
	}

	if err := v.ReplaceRoom("r1", "r3", start); care.KindOf(err) != care.Conflict {
		t.Errorf("replacing a room that is being closed: %v", err)
	}
}

func TestARoomRefusedAtClosingIsNeverBookedAgain(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	if err := v.ReplaceRoom("r1", "r2", start); err != nil {
		t.Fatal(err)
	}

	if err := v.RoomRefused("r1", "afvist", start); err != nil {
		t.Fatal(err)
	}

	if err := v.RetryRoom("r1", "r9", "PLAN", start); err != nil {
		t.Fatal(err)
	}

	if r, _ := v.Snapshot().RoomOf("r1"); r.State != care.RoomClosing {
		t.Errorf("room is %s", r.State)
	}
}

// anyway allows every way to identify oneself.
func anyway() care.IdentityRule { return care.IdentityRule{Methods: care.IdentityMethods()} }

func TestCodeLimits(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	if err := v.Arrive("a1", "", "h1", start); err != nil {
		t.Fatal(err)
	}

	for i := range care.CodesPerVisit {
		if _, err := v.AskCode("a1", start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatalf("code %d: %v", i+1, err)
		}
	}

	if _, err := v.AskCode("a1", start.Add(time.Minute)); care.KindOf(err) != care.TooMany {
		t.Errorf("a fourth code: %v", err)
	}

	late := start.Add(2*time.Second + care.CodeLife + time.Second)
	if refusal, err := v.TryCode("a1", true, anyway(), late); err != nil || refusal == nil {
		t.Errorf("an old code: %v, %v", refusal, err)
	}

	for range care.CodeLockFailure {
		if refusal, err := v.TryCode("a1", false, anyway(), start.Add(time.Minute)); err != nil || refusal == nil {
			t.Fatalf("a wrong code: %v, %v", refusal, err)
		}
	}

	if refusal, _ := v.TryCode("a1", true, anyway(), start.Add(time.Minute)); refusal == nil || refusal.Kind != care.TooMany {
		t.Errorf("the right code after too many wrong ones: %v", refusal)
	}

	if !v.Snapshot().NeedsPerson() {
		t.Error("the planner is not told that the code path is locked")
	}
}

func TestOneIdentifiedSessionAtATime(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)

	for _, id := range []care.AdmissionID{"a1", "a2"} {
		if err := v.Arrive(id, "", string(id), start); err != nil {
			t.Fatal(err)
		}

		if _, err := v.AskCode(id, start); err != nil {
			t.Fatal(err)
		}

		if refusal, err := v.TryCode(id, true, anyway(), start); refusal != nil || err != nil {
			t.Fatal(refusal, err)
		}
	}

	first, _ := v.Snapshot().AdmissionOf("a1")
	second, _ := v.Snapshot().AdmissionOf("a2")

	if first.State != care.AdmissionRefused || second.State != care.AdmissionIdentified {
		t.Errorf("first %s, second %s", first.State, second.State)
	}

	if err := v.Admit("a1", "MSK", true, start); care.KindOf(err) != care.Conflict {
		t.Errorf("the first is let in: %v", err)
	}

	if err := v.Admit("a2", "MSK", false, start); care.KindOf(err) != care.Invalid {
		t.Errorf("let in without being recognised: %v", err)
	}

	if err := v.Admit("a2", "MSK", true, start); err != nil || v.State() != care.Open {
		t.Errorf("%v, %s", err, v.State())
	}
}

func TestRelistOfARunningConversionKeepsTheOriginalCategory(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	fresh := facts()
	fresh.Category, fresh.Comment = "Planlagt skærmbesøg", "skærmbesøg"
	fresh.Planned = care.Interval{Start: start.Add(time.Hour), End: start.Add(75 * time.Minute)}

	if moved := v.Relist(fresh, start); !moved {
		t.Error("a new time is not told")
	}

	if s := v.Snapshot(); s.Facts.Category != "Planlagt besøg" || s.Facts.Comment != "" {
		t.Errorf("category %q, comment %q", s.Facts.Category, s.Facts.Comment)
	}
}

func TestGoneAndBack(t *testing.T) {
	t.Parallel()

	physical := inState(t, care.Listed)
	physical.Drop("later", start)

	if physical.State() != care.Cancelled {
		t.Errorf("a physical visit that is gone is %s", physical.State())
	}

	physical.Relist(facts(), start)

	if physical.State() != care.Listed {
		t.Errorf("a visit that is back is %s", physical.State())
	}

	screen := inState(t, care.RoomIsBooked)
	screen.Drop("later", start)

	if screen.State() != care.RoomIsBooked || !screen.Snapshot().NeedsPerson() {
		t.Errorf("a booked visit that is gone is %s", screen.State())
	}

	screen.Relist(facts(), start)

	if screen.Snapshot().NeedsPerson() {
		t.Error("a booked visit that is back still needs a person")
	}
}
