package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// crowded is a platform that has no room to spare while full is set.
type crowded struct {
	video.Platform

	full  bool
	specs []video.Spec
}

func (c *crowded) Book(ctx context.Context, ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	c.specs = append(c.specs, spec)

	if c.full {
		return video.Booking{}, &connector.Error{System: "vdx", Op: "book", Kind: connector.Pending, Code: video.CodeNoFreeRoom, RetryAfter: 5 * time.Second}
	}

	return c.Platform.Book(ctx, ref, spec)
}

// crowd wraps the platform of a rig.
func crowd(c *crowded) change {
	return func(s *setup) {
		s.wrap = func(p *vdx.Platform) video.Platform {
			c.Platform = p

			return c
		}
	}
}

// atWork is a rig with rows imported, at a time of the sample day.
func atWork(t *testing.T, hour, minute int, rows []string, changes ...change) *rig {
	t.Helper()

	r := newRig(t, changes...)
	r.load(list(rows...))
	r.until(on(hour, minute))

	return r
}

// citizen returns the id of a visit's citizen.
func (r *rig) citizen(source string) care.CitizenID { return r.visit(source).Facts.Citizen }

// calls returns the calls of the sample day.
func (r *rig) calls() []care.Snapshot {
	r.tb.Helper()

	return slices.DeleteFunc(r.all(), func(v care.Snapshot) bool { return !v.AdHoc() })
}

// called makes a call to the citizen of the first visit.
func (r *rig) called(by care.EmployeeID) scheduler.CallView {
	r.tb.Helper()

	view, err := r.CallNow(r.tb.Context(), caregiver(by), r.citizen("A-1"))
	must(r.tb, err)

	return view
}

// stage returns how far a call is.
func (r *rig) stage(id care.VisitID, want scheduler.CallStage) scheduler.CallView {
	r.tb.Helper()

	view, err := r.Call(r.tb.Context(), caregiver("MSK"), id)
	must(r.tb, err)

	if view.Stage != want || view.Text == "" {
		r.tb.Fatalf("the call is at %s (%s), want %s: %+v", view.Stage, view.Text, want, view.Visit.Exceptions)
	}

	return view
}

// TestCallNow: from the press to the conversation and the record.
func TestCallNow(t *testing.T) {
	t.Parallel()

	c := &crowded{}
	r := atWork(t, 14, 0, []string{nancy, bruno}, crowd(c))
	call := r.called("MSK")

	if call.Stage != scheduler.CallBooking || call.MayGo || !call.MayEnd || call.Visit.Facts.Law != care.SUL138 || call.Visit.Facts.Unit != "oest" {
		t.Errorf("%+v", call)
	}

	r.work()

	id := call.Visit.ID
	ready := r.stage(id, scheduler.CallInvited)

	if !ready.MayGo || !ready.Open || ready.Waited > 10*time.Second || len(c.specs) != 1 || !c.specs[0].Now || c.specs[0].Planned.Start.After(r.clock.Now()) {
		t.Errorf("%+v, asked for %+v", ready, c.specs)
	}

	if _, err := r.HostLink(t.Context(), caregiver("MSK"), id); err != nil {
		t.Error(err)
	}

	texts := r.smsOf(r.visitByID(id))
	if len(texts) != 1 || !strings.Contains(texts[0], "Vi ringer til dig på skærm nu") {
		t.Fatalf("messages %q", texts)
	}

	g := r.guestOf(id, "", texts[0])
	g.identify()
	r.stage(id, scheduler.CallWaiting)
	must(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, true))
	r.stage(id, scheduler.CallRunning)

	_, err := r.GuestLink(t.Context(), g.token)
	must(t, err)
	must(t, r.Conclude(t.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	r.work()
	r.stage(id, scheduler.CallEnded)

	if got := r.entriesOf(id); !cmp.Equal(got, []string{"result Gennemført skærmbesøg"}) {
		t.Errorf("the record got %q", got)
	}
}

// TestCallIsMadeOnce however often and at once somebody presses, and anew when it is over.
func TestCallIsMadeOnce(t *testing.T) {
	t.Parallel()

	r := atWork(t, 14, 0, []string{nancy})
	citizen := r.citizen("A-1")

	var (
		group sync.WaitGroup
		mutex sync.Mutex
	)

	seen := map[care.VisitID]int{}

	for range 8 {
		group.Go(func() {
			view, err := r.CallNow(t.Context(), caregiver("MSK"), citizen)
			if err != nil {
				t.Error(err)

				return
			}

			mutex.Lock()
			defer mutex.Unlock()

			seen[view.Visit.ID]++
		})
	}

	group.Wait()

	if len(seen) != 1 || len(r.calls()) != 1 {
		t.Fatalf("%d calls from eight presses, %d in the store", len(seen), len(r.calls()))
	}

	r.work()

	first := r.calls()[0]
	if again := r.called("MSK"); again.Visit.ID != first.ID || r.vdx.Counts().RoomsLive != 1 {
		t.Errorf("a second press made %s, %d rooms", again.Visit.ID, r.vdx.Counts().RoomsLive)
	}

	// A colleague's call is another one, and so is the next one of the same employee.
	if other := r.called("LBH"); other.Visit.ID == first.ID {
		t.Error("a colleague got the same call")
	}

	must(t, r.EndCall(t.Context(), caregiver("MSK"), first.ID, false))

	if next := r.called("MSK"); next.Visit.ID == first.ID {
		t.Error("the call that was given up came back")
	}
}

// TestClosedGroup: whom no unit of the caller visits can't be called, seen or told from nobody.
func TestClosedGroup(t *testing.T) {
	t.Parallel()

	r := atWork(t, 14, 0, []string{nancy, niels}) // Øst and Vest
	east, west := actor("MSK", care.Caregiver, "oest"), r.citizen("A-4")

	var told []string

	for _, id := range []care.CitizenID{west, "nobody", ""} {
		_, err := r.CallNow(t.Context(), east, id)
		refused(t, err, care.Forbidden)

		_, seeErr := r.CitizenCard(t.Context(), east, id)
		refused(t, seeErr, care.Forbidden)

		_, addErr := r.AddContact(t.Context(), east, id, relative())
		refused(t, addErr, care.Forbidden)

		told = append(told, err.Error()+seeErr.Error()+addErr.Error())
	}

	if told[0] != told[1] || told[1] != told[2] {
		t.Errorf("the refusals tell whether a citizen exists: %q", told)
	}

	for _, who := range []care.Actor{actor("MSK", care.Planner, "oest"), actor("MSK", care.Leader), actor("MSK", care.Administrator), {Employee: "MSK"}} {
		_, err := r.CallNow(t.Context(), who, r.citizen("A-1"))
		refused(t, err, care.Forbidden)
	}

	mine, err := r.MyCitizens(t.Context(), east)
	must(t, err)

	if len(mine) != 1 || mine[0].Citizen.ID != r.citizen("A-1") || !mine[0].MayCall || len(mine[0].Units) != 1 {
		t.Errorf("%+v", mine)
	}

	_, err = r.MyCitizens(t.Context(), actor("ADM", care.Administrator))
	refused(t, err, care.Forbidden)

	// A visit links for thirty days, a call of our own does not.
	r.called("MSK")
	r.until(on(14, 0).Add(31 * 24 * time.Hour))

	_, err = r.CallNow(t.Context(), east, mine[0].Citizen.ID)
	refused(t, err, care.Forbidden)
}

// TestWhoCanNotBeCalled: the reason is told before anything is made.
func TestWhoCanNotBeCalled(t *testing.T) {
	t.Parallel()

	r := atWork(t, 14, 0, []string{
		with(nancy, colPhone, ""), with(bruno, colFit, "Nej"), with(kaja, colRoute, "Nord dag"),
	})

	for _, source := range []string{"A-1", "A-2", "A-3"} {
		_, err := r.CallNow(t.Context(), caregiver("MSK"), r.citizen(source))
		refused(t, err, care.Conflict)

		card, err := r.CitizenCard(t.Context(), caregiver("MSK"), r.citizen(source))
		must(t, err)

		if card.Can.Call || card.Can.CallWhy == "" {
			t.Errorf("%s: %+v", source, card.Can)
		}
	}

	if len(r.calls()) != 0 {
		t.Error("a call was made")
	}
}

// TestCallWaitsForARoom: every room is in use, the caller is told, and the call begins when one is free.
func TestCallWaitsForARoom(t *testing.T) {
	t.Parallel()

	c := &crowded{full: true}
	r := atWork(t, 14, 0, []string{nancy}, crowd(c))
	id := r.called("MSK").Visit.ID
	r.until(on(14, 4))

	view := r.stage(id, scheduler.CallQueued)
	if view.MayGo || !view.MayEnd || view.Waited < 3*time.Minute || !strings.Contains(view.Text, "Alle rum er i brug") || !strings.Contains(view.Text, "3 minutter") {
		t.Errorf("%+v", view)
	}

	if n := len(r.smsOf(r.visitByID(id))); n != 0 {
		t.Errorf("%d messages without a room", n)
	}

	c.full = false
	r.until(on(14, 6))
	r.stage(id, scheduler.CallInvited)

	v := r.visitByID(id)
	if v.NeedsPerson() || v.Facts.Planned.Start.Before(on(14, 4)) || v.Facts.Planned.Duration() != 15*time.Minute || len(v.Rooms) != 1 {
		t.Errorf("planned %v, rooms %d, %v", v.Facts.Planned, len(v.Rooms), v.Exceptions)
	}
}

// TestCallWithoutARoomEnds: it is given up in the end, by hand or by itself, or made by telephone.
func TestCallWithoutARoomEnds(t *testing.T) {
	t.Parallel()

	for name, end := range map[string]struct {
		do    func(r *rig, id care.VisitID) error
		state care.VisitState
		text  string
	}{
		"given up": {func(r *rig, id care.VisitID) error { return r.EndCall(r.tb.Context(), caregiver("MSK"), id, false) }, care.Cancelled, "fortrudt"},
		"by phone": {func(r *rig, id care.VisitID) error { return r.EndCall(r.tb.Context(), caregiver("MSK"), id, true) }, care.Completed, "telefon"},
		"hopeless": {func(r *rig, _ care.VisitID) error { r.until(on(14, 30)); return nil }, care.Cancelled, "ikke et rum i tide"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := atWork(t, 14, 0, []string{nancy}, crowd(&crowded{full: true}))
			id := r.called("MSK").Visit.ID
			r.work()
			must(t, end.do(r, id))
			r.work()

			view := r.stage(id, scheduler.CallEnded)
			if view.Visit.State != end.state || !strings.Contains(view.Text, end.text) || view.MayEnd || view.MayGo || view.Visit.NeedsPerson() {
				t.Errorf("%+v", view)
			}

			if n := r.vdx.Counts().RoomsLive; n != 0 || len(r.smsOf(view.Visit)) != 0 {
				t.Errorf("%d rooms live", n)
			}

			refused(t, r.EndCall(t.Context(), caregiver("MSK"), id, false), care.Conflict)
		})
	}
}

// TestCallIsGivenUp after the citizen was told: they are told again, and the record gets nothing.
func TestCallIsGivenUp(t *testing.T) {
	t.Parallel()

	r := atWork(t, 14, 0, []string{nancy})
	id := r.called("MSK").Visit.ID
	r.work()

	refused(t, r.EndCall(t.Context(), planner(), id, false), care.Forbidden)
	refused(t, r.MakePhysical(t.Context(), planner(), id), care.Conflict)
	refused(t, r.EndCall(t.Context(), caregiver("MSK"), r.visit("A-1").ID, false), care.NotFound)
	must(t, r.EndCall(t.Context(), caregiver("MSK"), id, false))
	r.work()

	texts := r.smsOf(r.visitByID(id))
	if len(texts) != 2 || !strings.Contains(texts[1], "ikke på skærm alligevel") || len(r.entriesOf(id)) != 0 || r.vdx.Counts().RoomsLive != 0 {
		t.Errorf("messages %q, record %q, %d rooms", texts, r.entriesOf(id), r.vdx.Counts().RoomsLive)
	}
}

// TestCallAtNight: what a person does at this moment does not wait for the morning.
func TestCallAtNight(t *testing.T) {
	t.Parallel()

	r := atWork(t, 22, 30, []string{nancy})
	id := r.called("MSK").Visit.ID
	r.work()

	if v := r.visitByID(id); len(r.smsOf(v)) != 1 || v.Facts.Shift != care.EveningShift {
		t.Errorf("%d messages, %s", len(r.smsOf(v)), v.Facts.Shift)
	}
}

// TestCallIsNoRowOfAList: a newer list leaves it alone.
func TestCallIsNoRowOfAList(t *testing.T) {
	t.Parallel()

	r := atWork(t, 14, 0, []string{nancy, bruno})
	id := r.called("MSK").Visit.ID
	r.work()

	before := r.visitByID(id)
	r.load(list(bruno, with(nancy, colStart, "14:00"), kaja))
	r.load(list(bruno))
	r.work()

	if after := r.visitByID(id); after.State != before.State || after.NeedsPerson() || !after.Facts.Planned.Equal(before.Facts.Planned) {
		t.Errorf("%s, %v", after.State, after.Exceptions)
	}
}

// TestCallInAFile: where the record is a driving list, a person is asked to write it by hand.
func TestCallInAFile(t *testing.T) {
	t.Parallel()

	var journal *file.Journal

	r := atWork(t, 14, 0, []string{nancy}, intoFile(&journal))
	id := r.called("MSK").Visit.ID
	r.work()
	must(t, r.EndCall(t.Context(), caregiver("MSK"), id, true))
	r.work()

	v := r.visitByID(id)
	if len(v.Entries) != 1 || v.Entries[0].State != care.EntryRejected || !v.NeedsPerson() {
		t.Fatalf("%+v, %+v", v.Entries, v.Exceptions)
	}

	troubles, err := r.Troubles(t.Context(), planner(), theDay)
	must(t, err)

	if len(troubles) != 1 || troubles[0].Exception.Retry || !strings.Contains(troubles[0].Exception.Text, "i hånden") {
		t.Fatalf("%+v", troubles)
	}

	must(t, r.Settle(t.Context(), planner(), id, troubles[0].Exception.ID))
}

// TestCallSurvivesLostAnswers: the room is there once, whatever failed on the way.
func TestCallSurvivesLostAnswers(t *testing.T) {
	t.Parallel()

	for _, kind := range []vdxsim.FaultKind{vdxsim.FaultResetAfter, vdxsim.FaultUnavailable} {
		for _, op := range []string{vdxsim.OpMeetingCreate, vdxsim.OpSMSSend} {
			t.Run(string(kind)+" "+op, func(t *testing.T) {
				t.Parallel()

				r := atWork(t, 14, 0, []string{nancy})
				must(t, r.vdx.Script(vdxsim.Fault{Kind: kind, Op: op, Count: 2}))

				id := r.called("MSK").Visit.ID
				r.work()
				r.stage(id, scheduler.CallInvited)

				if c := r.vdx.Counts(); c.RoomsLive != 1 || c.DuplicateRooms != 0 || len(r.smsOf(r.visitByID(id))) != 1 {
					t.Errorf("%+v, %d messages", c, len(r.smsOf(r.visitByID(id))))
				}
			})
		}
	}
}

// visitByID reads a visit.
func (r *rig) visitByID(id care.VisitID) care.Snapshot {
	r.tb.Helper()

	v, err := r.store.Visit(r.tb.Context(), id)
	must(r.tb, err)

	return v
}

// entriesOf returns the kinds and categories that the record got for a visit, in order.
func (r *rig) entriesOf(id care.VisitID) []string {
	r.tb.Helper()

	return r.recordedOf(r.visitByID(id))
}

// person is somebody in front of a browser at a visit that is known by its id.
type person struct {
	*rig

	visit care.VisitID
	who   care.ParticipantID
	token care.SessionToken
}

// guestOf presses on through the link in a message.
func (r *rig) guestOf(id care.VisitID, who care.ParticipantID, text string) *person {
	r.tb.Helper()

	in, err := r.Enter(r.tb.Context(), locator(r.tb, text))
	must(r.tb, err)

	return &person{r, id, who, in.Token}
}

// identify has a code sent and types it.
func (g *person) identify() {
	g.tb.Helper()
	must(g.tb, g.AskCode(g.tb.Context(), g.token))
	g.work()

	texts := g.smsOf(g.visitByID(g.visit))
	m := codePattern.FindStringSubmatch(texts[len(texts)-1])

	if m == nil {
		g.tb.Fatalf("no code in %q", texts)
	}

	must(g.tb, g.EnterCode(g.tb.Context(), g.token, care.NewCode(m[1]+m[2])))
}

func (g *person) admissionOf(id care.VisitID) care.Admission {
	g.tb.Helper()

	_, admission, err := g.store.VisitBySession(g.tb.Context(), hashOf(g.token))
	must(g.tb, err)

	a, ok := g.visitByID(id).AdmissionOf(admission)
	if !ok {
		g.tb.Fatal("the session has no admission")
	}

	return a
}
