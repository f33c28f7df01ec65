package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// chosen imports one visit and converts it without running the work.
func chosen(t *testing.T, changes ...change) *rig {
	t.Helper()

	r := newRig(t, changes...)
	r.load(list(nancy))

	_, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1")})
	must(t, err)

	return r
}

// TestBookingMeetsFaults: whatever happens to the first calls, one room is made and no more.
func TestBookingMeetsFaults(t *testing.T) {
	t.Parallel()

	for _, kind := range []vdxsim.FaultKind{
		vdxsim.FaultResetBefore, vdxsim.FaultResetAfter, vdxsim.FaultUnauthorized, vdxsim.FaultTooMany, vdxsim.FaultServerError,
		vdxsim.FaultBadGatewayBefore, vdxsim.FaultBadGatewayAfter, vdxsim.FaultUnavailable, vdxsim.FaultBrokenBody,
	} {
		for _, op := range []string{vdxsim.OpMeetingCreate, vdxsim.OpRoomList, vdxsim.OpSMSSend} {
			t.Run(string(kind)+" "+op, func(t *testing.T) {
				t.Parallel()

				r := chosen(t)
				must(t, r.vdx.Script(vdxsim.Fault{Kind: kind, Op: op, Count: 2}))
				r.work()

				v := r.visit("A-1")
				if v.State != care.RoomIsBooked || len(v.Rooms) != 1 || len(r.vdx.Rooms()) != 1 || v.NeedsPerson() {
					t.Errorf("%s, %d rooms here, %d there, %v", v.State, len(v.Rooms), len(r.vdx.Rooms()), v.Exceptions)
				}

				if texts := r.sent("A-1"); len(texts) != 1 {
					t.Errorf("messages %q\n%s", texts, strings.Join(r.jobs.ran, "\n"))
				}
			})
		}
	}
}

// TestALostAnswerIsLookedUpBeforeItIsRepeated.
func TestALostAnswerIsLookedUpBeforeItIsRepeated(t *testing.T) {
	t.Parallel()

	r := chosen(t)
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpMeetingCreate}))
	r.work()

	if n := len(r.vdx.Requests(vdxsim.OpMeetingCreate)); n != 1 {
		t.Errorf("the room was asked for %d times", n)
	}
}

// TestNoAnswerForLong: the planner is told while the work goes on being tried, and it is taken
// back when it succeeds.
func TestNoAnswerForLong(t *testing.T) {
	t.Parallel()

	r := chosen(t)
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpMeetingCreate, Count: 12}))
	r.until(r.clock.Now().Add(2 * time.Minute))

	if e := r.trouble("A-1", care.RoomTrouble); e.Retry || !strings.Contains(e.Text, "svarer ikke") {
		t.Errorf("%+v", e)
	}

	r.until(r.clock.Now().Add(20 * time.Minute))

	if v := r.visit("A-1"); v.State != care.RoomIsBooked || v.NeedsPerson() || len(r.vdx.Rooms()) != 1 {
		t.Errorf("%s, %v", v.State, v.Exceptions)
	}
}

// TestARefusedRoom is on the exception list at once, with a retry that works, under the same key.
func TestARefusedRoom(t *testing.T) {
	t.Parallel()

	r := chosen(t, func(s *setup) { s.set.Participants = -1 }) // VDX refuses it
	r.work()

	v := r.visit("A-1")
	e := r.trouble("A-1", care.RoomTrouble)

	if v.State != care.BookingRoom || !e.Retry || v.Rooms[0].State != care.RoomFailed {
		t.Fatalf("%s, %+v, %s", v.State, e, v.Rooms[0].State)
	}

	refused(t, r.Settle(t.Context(), planner(), v.ID, e.ID), care.Conflict) // it has no room: that does not settle it
	refused(t, r.Retry(t.Context(), caregiver("MSK"), v.ID, e.ID), care.Forbidden)
	refused(t, r.Retry(t.Context(), planner(), v.ID, "unknown"), care.Conflict)

	must(t, r.Retry(t.Context(), planner(), v.ID, e.ID))
	r.work()

	if again := r.visit("A-1"); len(again.Rooms) != 1 || !again.NeedsPerson() {
		t.Errorf("%d rooms, %v", len(again.Rooms), again.Exceptions)
	}

	refused(t, r.Retry(t.Context(), planner(), v.ID, e.ID), care.Conflict) // that one is solved; another is open
	must(t, r.MakePhysical(t.Context(), planner(), v.ID))
	r.work()

	if v := r.visit("A-1"); v.State != care.Reverted || v.NeedsPerson() || len(r.sent("A-1")) != 0 {
		t.Errorf("%s, %v, %q", v.State, v.Exceptions, r.sent("A-1"))
	}
}

// poor is a platform that gives every room, and gives it without PINs of its own (vdx.md §2.3),
// which its adapter says of it.
type poor struct{ *vdx.Platform }

func (p poor) Book(ctx context.Context, ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	if _, err := p.Platform.Book(ctx, ref, spec); err != nil {
		return video.Booking{}, err
	}

	return p.Find(ctx, ref)
}

func (poor) Find(context.Context, care.RoomRef) (video.Booking, error) {
	return video.Booking{}, &connector.Error{System: vdx.System, Op: "find", Kind: connector.Conflict, Code: vdx.CodeNoPINs}
}

func unusable(s *setup) { s.wrap = func(p *vdx.Platform) video.Platform { return poor{p} } }

// TestUnusableRoomsAreReplacedThreeTimes and no more; each is closed.
func TestUnusableRoomsAreReplacedThreeTimes(t *testing.T) {
	t.Parallel()

	r := chosen(t, unusable)
	r.work()

	v := r.visit("A-1")
	if v.State != care.BookingRoom || len(v.Rooms) != 3 || len(r.vdx.Rooms()) != 3 || r.vdx.Counts().RoomsLive != 0 {
		t.Fatalf("%s, %d rooms here, %d there, %d live", v.State, len(v.Rooms), len(r.vdx.Rooms()), r.vdx.Counts().RoomsLive)
	}

	e := r.trouble("A-1", care.RoomTrouble)
	if !e.Retry {
		t.Error("there is no retry")
	}

	must(t, r.Retry(t.Context(), planner(), v.ID, e.ID))
	r.work()
	r.trouble("A-1", care.RoomTrouble)

	if r.vdx.Counts().RoomsLive != 0 || len(r.sent("A-1")) != 0 {
		t.Errorf("%d live rooms, messages %q", r.vdx.Counts().RoomsLive, r.sent("A-1"))
	}
}

// TestMoving a booked visit, before and after the platform has made the room.
func TestMoving(t *testing.T) {
	t.Parallel()

	later := care.Interval{Start: on(14, 0), End: on(14, 15)}

	t.Run("waiting room", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{nancy}, []string{"A-1"})
		was := r.room("A-1").Ref

		must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, later))
		r.work()

		if now := r.room("A-1"); now.Ref != was || !now.Planned.Equal(later) {
			t.Errorf("room %v at %v", now.Ref, now.Planned)
		}

		if texts := r.sent("A-1"); len(texts) != 2 || !strings.Contains(texts[1], "flyttet til mandag 23. nov. kl. 14.00") {
			t.Errorf("messages %q", texts)
		}
	})

	t.Run("provisioned room", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{nancy}, []string{"A-1"})
		r.until(on(8, 58))

		was := r.room("A-1")
		if was.State != care.RoomProvisioned {
			t.Fatalf("room is %s", was.State)
		}

		must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, later))
		r.work()

		now := r.room("A-1")
		if now.Ref == was.Ref || !now.Planned.Equal(later) || r.vdx.Counts().RoomsLive != 1 || r.vdx.Counts().DuplicateRooms != 0 {
			t.Errorf("room %v at %v, %d live", now.Ref, now.Planned, r.vdx.Counts().RoomsLive)
		}

		if texts := r.sent("A-1"); len(texts) != 2 || len(r.open("A-1")) > 0 {
			t.Errorf("messages %q, %v", texts, r.open("A-1"))
		}

		r.until(on(13, 50))
		r.enter()
	})

	t.Run("answer lost, then back", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{nancy}, []string{"A-1"})
		id, first := r.visit("A-1").ID, r.visit("A-1").Facts.Planned

		must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpMeetingPatch}, vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpMeetingPut}))
		must(t, r.MoveVisit(t.Context(), planner(), id, later))
		_ = r.runOne(scheduler.MoveRoomJob)
		must(t, r.MoveVisit(t.Context(), planner(), id, first))
		r.work()

		at, _ := r.vdx.Room(string(r.room("A-1").Ref))
		if !at.Start.Equal(first.Start) {
			t.Errorf("the platform's room begins %s\n%s", at.Start, strings.Join(r.jobs.ran, "\n"))
		}
	})

	t.Run("while it is booked", func(t *testing.T) {
		t.Parallel()

		r := chosen(t)
		must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpMeetingCreate}))
		_ = r.runOne(scheduler.BookRoomJob)
		must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, later))
		r.work()

		at, _ := r.vdx.Room(string(r.room("A-1").Ref))
		if texts := r.sent("A-1"); !at.Start.Equal(later.Start) || len(texts) != 1 || !strings.Contains(texts[0], "14.00") {
			t.Errorf("room at %s, messages %q", at.Start, texts)
		}
	})

	t.Run("while the message is on its way", func(t *testing.T) {
		t.Parallel()

		r := chosen(t)
		must(t, r.runOne(scheduler.BookRoomJob))
		must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpSMSSend}))
		_ = r.runOne(scheduler.SendJob)
		must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, later))
		r.work()

		// The citizen got the old time, whether we know or not, and must get the new one.
		if texts := r.sent("A-1"); len(texts) != 2 || !strings.Contains(texts[1], "14.00") {
			t.Errorf("messages %q", texts)
		}
	})

	t.Run("not any time", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{nancy}, []string{"A-1"})
		id := r.visit("A-1").ID

		refused(t, r.MoveVisit(t.Context(), planner(), id, care.Interval{Start: eve().Add(-time.Hour), End: eve()}), care.Invalid)
		refused(t, r.MoveVisit(t.Context(), planner(), id, care.Interval{Start: on(9, 0), End: on(9, 0)}), care.Invalid)
		refused(t, r.MoveVisit(t.Context(), caregiver("MSK"), id, later), care.Forbidden)
		must(t, r.CancelVisit(t.Context(), planner(), id, care.CancelledStaff))
		refused(t, r.MoveVisit(t.Context(), planner(), id, later), care.Conflict)
	})
}

// TestMovingEarlierIsWatchedEarlier: the room is looked after before the new time.
func TestMovingEarlierIsWatchedEarlier(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(8, 30), End: on(8, 45)}))
	r.work()
	must(t, r.vdx.HoldProvisioning(string(r.room("A-1").Ref)))
	r.until(on(8, 31))
	r.trouble("A-1", care.RoomTrouble)
}

// TestARoomThatIsNotReady is on the list before the visit, and off it when it is.
func TestARoomThatIsNotReady(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	ref := string(r.room("A-1").Ref)
	must(t, r.vdx.FailProvisioning(ref, "ingen plads"))
	r.until(on(8, 59))

	e := r.trouble("A-1", care.RoomTrouble)
	if !e.Retry || r.visit("A-1").State != care.RoomIsBooked {
		t.Errorf("%+v", e)
	}

	// Another room is the way out, under another key.
	must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	r.until(on(9, 2))

	if now := r.room("A-1"); string(now.Ref) == ref || now.State != care.RoomProvisioned || len(r.open("A-1")) != 0 {
		t.Errorf("room %s, %v\n%s", now.State, r.open("A-1"), strings.Join(r.jobs.ran, "\n"))
	}
}

// TestARoomThatComesLate.
func TestARoomThatComesLate(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	ref := string(r.room("A-1").Ref)
	must(t, r.vdx.HoldProvisioning(ref))
	r.until(on(9, 1))
	r.trouble("A-1", care.RoomTrouble)
	must(t, r.vdx.FinishProvisioning(ref))
	r.until(on(9, 2))

	if r.room("A-1").State != care.RoomProvisioned || len(r.open("A-1")) != 0 {
		t.Errorf("%s, %v", r.room("A-1").State, r.open("A-1"))
	}
}

// TestARoomThatSomebodyRemoved at the platform is found out before the visit.
func TestARoomThatSomebodyRemoved(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	must(t, r.vdx.EndMeeting(string(r.room("A-1").Ref)))
	r.until(on(8, 59))

	e := r.trouble("A-1", care.RoomTrouble)
	must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	r.until(on(9, 1))

	if now := r.room("A-1"); now.State != care.RoomProvisioned || len(r.open("A-1")) != 0 {
		t.Errorf("%s, %v", now.State, r.open("A-1"))
	}
}

// TestClosing waits for a platform that can't close now, and tells when it never will.
func TestClosing(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	ref := r.room("A-1").Ref
	must(t, r.vdx.SetStatus(string(ref), vdxsim.StartingToProvision))
	must(t, r.vdx.HoldProvisioning(string(ref)))
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.work()

	if room, _ := r.visit("A-1").RoomOf(ref); room.State != care.RoomClosing || len(r.open("A-1")) != 0 {
		t.Errorf("room is %s, %v", room.State, r.open("A-1"))
	}

	must(t, r.vdx.FinishProvisioning(string(ref)))
	r.work()

	if room, _ := r.visit("A-1").RoomOf(ref); room.State != care.RoomClosed || r.vdx.Counts().RoomsLive != 0 {
		t.Errorf("room is %s", room.State)
	}
}

// TestGivenUpWhileItWasBooked: a room that comes to be after nobody wants it is closed.
func TestGivenUpWhileItWasBooked(t *testing.T) {
	t.Parallel()

	r := chosen(t)
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpMeetingCreate}))
	_ = r.runOne(scheduler.BookRoomJob)
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.work()

	if n := r.vdx.Counts(); n.RoomsEver != 1 || n.RoomsLive != 0 || n.SMS != 0 {
		t.Errorf("%d rooms, %d live, %d messages", n.RoomsEver, n.RoomsLive, n.SMS)
	}

	if v := r.visit("A-1"); v.State != care.Reverted || slices.ContainsFunc(v.Rooms, care.Room.Live) || v.NeedsPerson() {
		t.Errorf("%s, %v", v.State, v.Exceptions)
	}
}

// TestOneRoomAtATime: converted again while the first room can't be closed, the visit waits for it;
// shortly before the visit a second room is better than none.
func TestOneRoomAtATime(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.until(on(8, 30))
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpMeetingDelete, Count: 10_000}))
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.convert("A-1")
	r.until(on(8, 45))

	if v := r.visit("A-1"); v.State != care.BookingRoom || r.vdx.Counts().RoomsLive != 1 {
		t.Errorf("%s, %d rooms", v.State, r.vdx.Counts().RoomsLive)
	}

	r.until(on(8, 55))

	if v := r.visit("A-1"); v.State != care.RoomIsBooked || len(r.sent("A-1")) < 2 {
		t.Errorf("%s, messages %q", v.State, r.sent("A-1"))
	}
}

// TestMovingByHandDoesNotAnswerTheList: a visit that is gone from the list stays a question.
func TestMovingByHandDoesNotAnswerTheList(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	r.load(list(bruno))
	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(14, 0), End: on(14, 15)}))
	r.work()
	r.trouble("A-1", care.SourceGone)
}

// TestTroublesOfTheDay are those of the units in which one handles them.
func TestTroublesOfTheDay(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, niels}, []string{"A-1", "A-4"})
	r.load(list(with(nancy, colStatus, "Aflyst"), with(niels, colStatus, "Indlagt")))

	for _, c := range []struct {
		who  care.Actor
		want int
	}{{planner(), 2}, {planner("vest"), 1}, {leader("oest"), 1}} {
		all, err := r.Troubles(t.Context(), c.who, theDay)
		must(t, err)

		if len(all) != c.want {
			t.Errorf("%d troubles, want %d", len(all), c.want)
		}
	}

	_, err := r.Troubles(t.Context(), caregiver("MSK"), theDay)
	refused(t, err, care.Forbidden)

	e := r.trouble("A-1", care.ChangeTrouble)
	refused(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID), care.Conflict) // there is nothing to try again
	refused(t, r.Settle(t.Context(), planner("vest"), r.visit("A-1").ID, e.ID), care.Forbidden)
	must(t, r.Settle(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	refused(t, r.Settle(t.Context(), planner(), r.visit("A-1").ID, "unknown"), care.NotFound)

	if len(r.open("A-1")) != 0 {
		t.Error("it is still open")
	}
}
