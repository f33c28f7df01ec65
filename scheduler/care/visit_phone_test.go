package care_test

import (
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// toCall returns a visit that was to be given by screen, and is to be given by telephone.
func toCall(t *testing.T, from care.VisitState, written bool) *care.Visit {
	t.Helper()

	v := inState(t, from)
	if written {
		for _, e := range v.Snapshot().Entries {
			check(t, v.EntryDone(e.ID, "record-1", "1", start))
		}

		for _, i := range v.Snapshot().Invitations {
			check(t, v.MessageSent(i.ID, "p", "hash", start))
		}
	}

	check(t, v.CallInstead(care.SMS, start))

	return v
}

func check(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// last returns the newest entry.
func last(v *care.Visit) care.Entry {
	entries := v.Snapshot().Entries
	if len(entries) == 0 {
		return care.Entry{}
	}

	return entries[len(entries)-1]
}

// TestCallInstead: whatever a visit by screen had comes to its end, and the record is told of a call.
func TestCallInstead(t *testing.T) {
	t.Parallel()

	for _, from := range []care.VisitState{care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open} {
		v := toCall(t, from, from != care.Chosen && from != care.BookingRoom)

		s := v.Snapshot()
		if _, live := s.LiveRoom(); !s.ToCall() || live || last(v).Kind != care.EntryPlanned || last(v).State != care.EntryDue {
			t.Errorf("from %s: %s, %s, live room %t, %+v", from, s.State, s.Delivery, live, s.Entries)
		}

		told := false
		for _, i := range s.Invitations {
			told = told || i.Kind == care.Withdrawn
		}

		if told != (from == care.RoomIsBooked || from == care.Open) {
			t.Errorf("from %s: withdrawn %t", from, told)
		}
	}
}

// TestAfterCall: a visit to be called ends by telephone, never by screen, and all other ways stand open.
func TestAfterCall(t *testing.T) {
	t.Parallel()

	outcome := func(kind care.ResultKind, delivery care.Delivery, reason care.ReasonCode) care.Outcome {
		return care.Outcome{Kind: kind, Delivery: delivery, Reason: reason, Grade: care.Manual, By: "MSK", At: start}
	}

	held := toCall(t, care.BookingRoom, false)
	if err := held.Conclude(outcome(care.ResultCompleted, care.Screen, "")); care.KindOf(err) != care.Conflict {
		t.Errorf("held by screen: %v", err)
	}

	check(t, held.Conclude(outcome(care.ResultCompleted, care.ByPhone, "")))

	if s := held.Snapshot(); s.State != care.Completed || s.Delivery != care.ByPhone || last(held).Kind != care.EntryResult {
		t.Errorf("held by telephone: %s, %s, %+v", s.State, s.Delivery, s.Entries)
	}

	missed := toCall(t, care.RoomIsBooked, true)
	check(t, missed.Conclude(outcome(care.ResultNotCompleted, care.Screen, care.CitizenAbsent)))

	if s := missed.Snapshot(); s.State != care.NotCompleted || s.Outcome.Delivery != care.ByPhone {
		t.Errorf("not held: %s, %+v", s.State, s.Outcome)
	}

	physical := toCall(t, care.RoomIsBooked, true)
	check(t, physical.EntryDone(last(physical).ID, "record-2", "1", start))
	check(t, physical.Revert(care.SMS, start))

	if s := physical.Snapshot(); s.ToCall() || s.State != care.Reverted || last(physical).Kind != care.EntryRestored {
		t.Errorf("physical after all: %s, %s, %+v", s.State, s.Delivery, s.Entries)
	}

	off := toCall(t, care.RoomIsBooked, true)
	check(t, off.EntryDone(last(off).ID, "record-2", "1", start))
	check(t, off.Cancel(care.CancelledCitizen, "PLAN", care.SMS, start))

	if s := off.Snapshot(); s.State != care.Cancelled || last(off).Kind != care.EntryResult {
		t.Errorf("cancelled: %s, %+v", s.State, s.Entries)
	}

	back := toCall(t, care.RoomIsBooked, true)
	check(t, back.BackToScreen("r9", start))

	if s := back.Snapshot(); s.State != care.BookingRoom || s.Delivery != care.Screen || s.Generation != 2 {
		t.Errorf("back to the screen: %s, %s", s.State, s.Delivery)
	}
}

// TestCalledFactsStay: a list that shows our own category does not overwrite what stood there.
func TestCalledFactsStay(t *testing.T) {
	t.Parallel()

	v := toCall(t, care.RoomIsBooked, true)
	facts := v.Snapshot().Facts
	was := facts.Category
	facts.Category = "Telefonisk"
	v.Relist(facts, start)

	if got := v.Snapshot().Facts.Category; got != was {
		t.Errorf("category %q, want %q", got, was)
	}
}

// TestFallBack: only ways without a screen are ways to fall back to, and a call on the spot has none.
func TestFallBack(t *testing.T) {
	t.Parallel()

	for delivery, want := range map[care.Delivery]care.Kind{care.ByPhone: 0, care.Physical: 0, care.Screen: care.Invalid, "": care.Invalid} {
		v := inState(t, care.BookingRoom)
		if err := v.FallBack("b7", delivery, care.SMS, start); care.KindOf(err) != want && (err != nil || want != 0) {
			t.Errorf("%q: %v", delivery, err)
		}

		if s := v.Snapshot(); want == 0 && (s.Batch != "b7" || s.Delivery != delivery) {
			t.Errorf("%q: %+v", delivery, s)
		}
	}
}
