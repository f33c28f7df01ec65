package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// lateRig books visits on a late platform, and holds it to what it may be asked.
func lateRig(tb testing.TB, rows, sources []string) (*rig, *latePeer) {
	tb.Helper()

	var peer *latePeer

	r := booked(tb, rows, sources, onLate(&peer))

	tb.Cleanup(func() {
		if len(peer.wrong) > 0 {
			tb.Errorf("the platform was asked what it should not be:\n%s", strings.Join(peer.wrong, "\n"))
		}
	})

	return r, peer
}

// TestALateRoomIsPromisedThenMade follows one visit from the booking the day before to its end.
func TestALateRoomIsPromisedThenMade(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
	promised := r.room("A-1")

	if len(peer.calls) > 0 || !promised.Promised() || promised.Made() || len(promised.SeatLinks) != 4 {
		t.Fatalf("calls %v, room %+v", peer.calls, promised)
	}

	if len(r.sent("A-1")) != 1 || len(r.recorded("A-1")) != 1 {
		t.Fatalf("the citizen got %q, the record %q", r.sent("A-1"), r.recorded("A-1"))
	}

	r.until(on(8, 29))

	if len(peer.calls) > 0 {
		t.Fatalf("calls before their time: %v", peer.calls)
	}

	r.until(on(8, 31))

	made := r.room("A-1")
	if peer.calls["book"] != 1 || peer.calls["find"] > 0 || !made.Made() || made.MakingAt.IsZero() {
		t.Fatalf("calls %v, room %+v", peer.calls, made)
	}

	sameRoom(t, promised, made)

	if spec, ok := peer.stands(made.Ref); !ok || spec.HostPIN != promised.HostPIN || spec.MaxParticipants != 5 {
		t.Errorf("the platform has %+v, %t", spec, ok)
	}

	r.until(on(8, 58))

	link, err := r.HostLink(t.Context(), caregiver("MSK"), r.visit("A-1").ID)
	if err != nil || link != made.HostLink {
		t.Errorf("host link: %v", err)
	}

	heldByScreen(t, r)
	r.until(on(8, 59))

	if _, ok := peer.stands(made.Ref); ok || peer.calls["close"] != 1 {
		t.Errorf("the room stands %t after %d closings", ok, peer.calls["close"])
	}

	r.until(on(9, 10))

	if peer.calls["close"] != 3 {
		t.Errorf("closed %d times, want 3: at once and after 2 and 5 minutes", peer.calls["close"])
	}
}

// sameRoom: what was promised is what is there.
func sameRoom(t *testing.T, a, b care.Room) {
	t.Helper()

	if a.HostPIN != b.HostPIN || a.GuestPIN != b.GuestPIN || a.HostLink != b.HostLink || !slices.Equal(a.SeatLinks, b.SeatLinks) {
		t.Error("the room is not as it was promised")
	}
}

func heldByScreen(t *testing.T, r *rig) {
	t.Helper()
	r.known("A-1")
	must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
}

// TestNobodyEntersARoomThatIsNotMade: the platform is away when the room is to be made.
func TestNobodyEntersARoomThatIsNotMade(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
	peer.faults = slices.Repeat([]fault{outOfOrder}, 200)
	r.until(on(8, 50))

	if r.room("A-1").Made() {
		t.Fatal("a room was made of nothing")
	}

	if e := r.trouble("A-1", care.RoomTrouble); e.Retry {
		t.Errorf("told: %+v", e)
	}

	g := r.enter()
	v := r.visit("A-1")
	refused(t, r.Admit(t.Context(), caregiver("MSK"), v.ID, g.admission().ID, true), care.Unavailable)

	_, err := r.HostLink(t.Context(), caregiver("MSK"), v.ID)
	refused(t, err, care.Unavailable)

	peer.faults = nil
	r.until(on(8, 53))

	if !r.room("A-1").Made() || peer.calls["book"] < 1 {
		t.Fatalf("not made: %v", peer.calls)
	}

	must(t, r.Admit(t.Context(), caregiver("MSK"), v.ID, g.admission().ID, true))

	link, err := r.GuestLink(t.Context(), g.token)
	if err != nil || link != r.room("A-1").SeatLinks[0] {
		t.Errorf("guest link: %v", err)
	}
}

// TestAPromiseIsMovedAndTakenBackWithoutACall.
func TestAPromiseIsMovedAndTakenBackWithoutACall(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy, bruno}, []string{"A-1", "A-2"})
	first := r.room("A-1")

	move(t, r, on(14, 0))
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-2").ID))
	r.until(on(9, 0))

	room := r.room("A-1")
	if room.Ref != first.Ref || room.HostPIN != first.HostPIN || !room.Planned.Start.Equal(on(14, 0)) || len(peer.calls) > 0 {
		t.Errorf("room %+v, calls %v", room, peer.calls)
	}

	if rooms := r.visit("A-2").Rooms; len(rooms) != 1 || rooms[0].State != care.RoomClosed {
		t.Errorf("rooms of the physical visit: %+v", rooms)
	}

	move(t, r, on(9, 20)) // sooner than the lead: at once
	r.work()

	if room = r.room("A-1"); !room.Made() || room.Ref != first.Ref || peer.calls["book"] != 1 {
		t.Errorf("room %+v, calls %v", room, peer.calls)
	}

	move(t, r, on(9, 25)) // within the lead: the room follows
	r.work()

	if got := r.room("A-1"); got.Ref != first.Ref || !got.Planned.Start.Equal(on(9, 25)) || peer.calls["move"] != 1 {
		t.Errorf("room %+v, calls %v", got, peer.calls)
	}

	move(t, r, on(15, 0)) // beyond it: another promise
	r.work()

	if got := r.room("A-1"); got.Ref == first.Ref || !got.Promised() {
		t.Errorf("room %+v", got)
	}

	if _, stands := peer.stands(first.Ref); stands {
		t.Error("the old room stands")
	}
}

// move moves the first visit.
func move(tb testing.TB, r *rig, start time.Time) {
	tb.Helper()
	must(tb, r.MoveVisit(tb.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: start, End: start.Add(15 * time.Minute)}))
	r.until(r.clock.Now().Add(time.Second))
}

// TestAVisitWithinTheLeadIsBookedAtOnce: nothing is promised when the room's time has come.
func TestAVisitWithinTheLeadIsBookedAtOnce(t *testing.T) {
	t.Parallel()

	var peer *latePeer

	r := newRig(t, onLate(&peer))
	r.load(list(nancy))
	r.until(on(8, 35))

	peer.faults = []fault{lostAnswer}
	r.convert("A-1")

	room := r.room("A-1")
	if !room.Made() || room.MakingAt.IsZero() || peer.calls["book"] != 1 || peer.calls["find"] != 1 || len(r.sent("A-1")) != 1 {
		t.Errorf("room %+v, calls %v", room, peer.calls)
	}
}

// TestALateRoomEndsWithoutAnOutcome: nobody tells how the visit went, and the room must not stand
// for ever.
func TestALateRoomEndsWithoutAnOutcome(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
	r.until(on(10, 29)) // 9.15, a quarter of grace and an hour

	ref := r.room("A-1").Ref
	if _, stands := peer.stands(ref); !stands {
		t.Fatal("the room does not stand")
	}

	r.until(on(10, 31))

	v := r.visit("A-1")
	if _, stands := peer.stands(ref); stands || v.State != care.RoomIsBooked {
		t.Errorf("stands %t, visit %s", stands, v.State)
	}

	r.trouble("A-1", care.OutcomeTrouble)
	must(t, r.Conclude(t.Context(), planner(), v.ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}))

	_, err := r.HostLink(t.Context(), caregiver("MSK"), v.ID)
	refused(t, err, care.Gone)
}

// TestFaultsWhileARoomIsMade: whatever becomes of the first calls, the visit has one room that
// is as it was promised, or another one where that can't be.
func TestFaultsWhileARoomIsMade(t *testing.T) {
	t.Parallel()

	for f, c := range map[fault]struct {
		books, finds int
		another      bool
		trouble      bool
	}{
		lostAnswer: {books: 1, finds: 1},
		noAnswer:   {books: 2, finds: 1},
		outOfOrder: {books: 2, finds: 1},
		died:       {books: 1, finds: 1},
		diedBefore: {books: 2, finds: 1},
		slowEffect: {books: 2, finds: 1},
		wrongRoom:  {books: 2, another: true},
		refusal:    {books: 1, trouble: true},
	} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()

			r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
			first := r.visit("A-1").Rooms[0]
			peer.faults = []fault{f}
			r.until(on(8, 35))

			if peer.calls["book"] != c.books || peer.calls["find"] != c.finds {
				t.Errorf("calls %v", peer.calls)
			}

			if c.trouble {
				e := r.trouble("A-1", care.RoomTrouble)
				must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
				r.work()
			}

			room := r.room("A-1")
			if (room.Ref != first.Ref) != c.another || !room.Made() || len(r.open("A-1")) > 0 {
				t.Errorf("room %+v, exceptions %+v", room, r.open("A-1"))
			}

			if spec, stands := peer.stands(room.Ref); !stands || spec.HostPIN != room.HostPIN {
				t.Errorf("stands %t", stands)
			}

			if _, stands := peer.stands(first.Ref); stands && c.another {
				t.Error("the unusable room stands")
			}
		})
	}
}

// TestGivenUpWhileARoomIsMade: the visit is taken back while nobody knows whether the room exists.
func TestGivenUpWhileARoomIsMade(t *testing.T) {
	t.Parallel()

	for _, f := range []fault{lostAnswer, noAnswer, died, diedBefore, slowEffect} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()

			r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
			peer.faults = []fault{f}
			r.until(on(8, 29).Add(59 * time.Second))
			r.clock.to(on(8, 30))
			_ = r.runOne(scheduler.MakeRoomJob)
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
			r.until(on(8, 45))

			if len(peer.standing)+len(peer.coming) > 0 {
				t.Errorf("stands: %v, %v after %v", peer.standing, peer.coming, peer.calls)
			}

			if room := r.visit("A-1").Rooms[0]; room.State != care.RoomClosed {
				t.Errorf("room %s", room.State)
			}
		})
	}
}

// TestLooks: from the door to the end of the visit, at the platform's pace, never two at a time.
func TestLooks(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy}, []string{"A-1"})
	peer.every = 45 * time.Second

	move(t, r, on(9, 5))
	r.until(on(8, 40)) // the room is made
	move(t, r, on(9, 6))
	move(t, r, on(9, 5))
	move(t, r, on(9, 0))
	move(t, r, on(9, 5))
	r.until(on(9, 20))

	looks := peer.polls[r.room("A-1").Ref]
	if len(looks) == 0 || looks[0].Before(on(8, 50)) || looks[0].After(on(8, 51)) {
		t.Fatalf("looked at %v", looks)
	}

	for i := range looks[1:] {
		if pause := looks[i+1].Sub(looks[i]); pause < 44*time.Second || pause > 60*time.Second {
			t.Errorf("%s between two looks", pause)
		}
	}

	heldByScreen(t, r)
	r.until(on(10, 0))

	if after := peer.polls[r.visit("A-1").Rooms[0].Ref]; len(after) > len(looks) {
		t.Errorf("%d looks after the end", len(after)-len(looks))
	}

	if n := r.kinds()[scheduler.PollRoomJob]; n > 0 {
		t.Errorf("%d jobs look on", n)
	}
}

// TestSweep: what was forgotten is closed, what may be needed stays, and what is not ours is told.
func TestSweep(t *testing.T) {
	t.Parallel()

	r, peer := lateRig(t, []string{nancy, bruno, niels}, []string{"A-1", "A-2", "A-4"})
	r.until(on(8, 31))
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.until(on(9, 45)) // A-1 is closed, A-2 made, A-4 promised

	closed, live := r.visit("A-1").Rooms[0], r.room("A-2")
	peer.standing[closed.Ref] = video.Spec{} // it came back
	peer.foreign = []care.RoomRef{"somebody-elses"}

	r.sweep()

	if _, stands := peer.stands(closed.Ref); stands {
		t.Error("the forgotten room stands")
	}

	if _, stands := peer.stands(live.Ref); !stands || r.room("A-2").Ref != live.Ref {
		t.Error("a room in use was closed")
	}

	notices, err := r.Notices(t.Context(), actor("ADM", care.Administrator))
	if err != nil || len(notices) != 1 || notices[0].Kind != scheduler.StrayRooms || !strings.Contains(notices[0].Text, "1 rum") {
		t.Errorf("notices %+v, %v", notices, err)
	}

	_, err = r.Notices(t.Context(), caregiver("MSK"))
	refused(t, err, care.Forbidden)

	if got := r.audited("sweep_room", "leave_stray_room"); got != "leave_stray_room somebody-elses, sweep_room "+string(closed.Ref) {
		t.Errorf("audit: %s", got)
	}

	// A room that was closed just now has its own jobs.
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-2").ID))
	r.until(on(9, 55))

	before := peer.calls["close"]
	peer.standing[live.Ref], peer.foreign = video.Spec{}, nil
	r.sweep()

	if r.visit("A-2").Rooms[0].State != care.RoomClosed || peer.calls["close"] > before {
		t.Error("a room was swept within the grace")
	}

	if notices, err = r.Notices(t.Context(), actor("ADM", care.Administrator)); err != nil || len(notices) > 0 {
		t.Errorf("notices %+v, %v", notices, err)
	}
}

// sweep sweeps as a process that starts does, but at once.
func (r *rig) sweep() {
	r.tb.Helper()
	r.clock.to(r.clock.Now().Add(2 * time.Second))
	must(r.tb, r.Sweep(r.tb.Context(), true))

	if r.kinds()[scheduler.SweepRoomsJob] == 0 { // swept less than an hour ago
		must(r.tb, r.Run(r.tb.Context(), scheduler.Job{Kind: scheduler.SweepRoomsJob, Attempt: 1}))
	}

	r.until(r.clock.Now().Add(30 * time.Second))
}

// audited returns what the audit tells of actions, in order of action and detail.
func (r *rig) audited(actions ...string) string {
	r.tb.Helper()

	var out []string

	for _, action := range actions {
		for _, detail := range r.auditOf(action) {
			out = append(out, action+" "+detail)
		}
	}

	slices.Sort(out)

	return strings.Join(out, ", ")
}

func (r *rig) auditOf(action string) []string {
	r.tb.Helper()

	found, err := r.db.Reader.QueryContext(r.tb.Context(), "SELECT detail FROM audit WHERE action = ?", action)
	must(r.tb, err)

	defer func() { _ = found.Close() }()

	var out []string

	for found.Next() {
		var detail string

		must(r.tb, found.Scan(&detail))
		out = append(out, detail)
	}

	must(r.tb, found.Err())

	return out
}

// TestSweepsOnceANight: of many processes and hours one sweep comes.
func TestSweepsOnceANight(t *testing.T) {
	t.Parallel()

	var peer *latePeer

	r := newRig(t, onLate(&peer))

	for hour := range 72 { // from 11.00
		for process := range 3 {
			must(t, r.Sweep(t.Context(), hour == 0 && process == 0))
		}

		r.until(r.clock.Now().Add(time.Hour))
	}

	if got := peer.counted("rooms"); got != 4 { // at the start and in three nights
		t.Errorf("swept %d times, want 4", got)
	}
}
