package scheduler_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// atTheDoor books one visit and goes to shortly before it begins.
func atTheDoor(t *testing.T) *rig {
	t.Helper()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.until(on(8, 50))

	return r
}

// TestTheDoor tells a citizen what they find behind the link, at every time of a visit.
func TestTheDoor(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	link := r.link("A-1")

	for _, c := range []struct {
		at   time.Time
		want scheduler.CitizenStage
		kind care.Kind // of pressing on
	}{
		{eve(), scheduler.StageEarly, care.Conflict},
		{on(8, 44), scheduler.StageEarly, care.Conflict},
		{on(8, 45), scheduler.StageLanding, 0},
		{on(9, 10), scheduler.StageLanding, 0},
		{on(9, 29), scheduler.StageLanding, 0},
		{on(9, 31), scheduler.StageWrong, care.NotFound},
	} {
		r.until(c.at)

		view, err := r.Landing(t.Context(), link)
		must(t, err)

		if view.Stage != c.want || !view.Opens.Equal(on(8, 45)) && view.Stage != scheduler.StageWrong {
			t.Errorf("%s: %s, opens %s; want %s", c.at, view.Stage, view.Opens, c.want)
		}

		if _, err := r.Enter(t.Context(), link); care.KindOf(err) != c.kind {
			t.Errorf("%s: pressing on: %v", c.at, err)
		}
	}
}

// TestWrongLinks answer all alike, and open nothing.
func TestWrongLinks(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)

	for _, text := range []string{"", "x", strings.Repeat("a", 27), strings.Repeat("a", 10_000), "' OR 1=1 --"} {
		view, err := r.Landing(t.Context(), care.NewLocator(text))
		if err != nil || view.Stage != scheduler.StageWrong || view.Visit != "" {
			t.Errorf("%.20q: %+v, %v", text, view, err)
		}

		_, err = r.Enter(t.Context(), care.NewLocator(text))
		refused(t, err, care.NotFound)

		token := care.NewSessionToken(text)

		view, err = r.Lounge(t.Context(), token)
		if err != nil || view.Stage != scheduler.StageWrong {
			t.Errorf("session %.20q: %+v, %v", text, view, err)
		}

		refused(t, r.AskCode(t.Context(), token), care.NotFound)
		refused(t, r.EnterCode(t.Context(), token, care.NewCode("000000")), care.NotFound)
		_, err = r.GuestLink(t.Context(), token)
		refused(t, err, care.NotFound)
	}
}

// TestLookingChangesNothing: mail scanners fetch links, browsers ask again and again.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	link := r.link("A-1")
	g := r.enter()
	before, jobs, asked := r.visit("A-1"), len(r.jobs.waiting(t)), len(r.vdx.Requests())

	for range 5 {
		_, err := r.Landing(t.Context(), link)
		must(t, err)
		_, err = r.Lounge(t.Context(), g.token)
		must(t, err)
		_, err = r.Lobby(t.Context(), caregiver("MSK"), before.ID)
		must(t, err)
		_, err = r.MyDay(t.Context(), caregiver("MSK"), theDay)
		must(t, err)
	}

	if after := r.visit("A-1"); after.Version != before.Version || len(r.jobs.waiting(t)) != jobs || len(r.vdx.Requests()) != asked {
		t.Error("looking changed something")
	}
}

// TestTheWholeWayIn: code, waiting room, recognised, let in, and only then the room's link.
func TestTheWholeWayIn(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	g := r.come("A-1")
	id := r.visit("A-1").ID

	stage := func(want scheduler.CitizenStage) scheduler.CitizenView {
		t.Helper()

		view, err := r.Lounge(t.Context(), g.token)
		must(t, err)

		if view.Stage != want {
			t.Fatalf("at %s, want %s", view.Stage, want)
		}

		return view
	}
	shut := func() {
		t.Helper()

		_, err := r.GuestLink(t.Context(), g.token)
		refused(t, err, care.Forbidden)
	}

	if view := stage(scheduler.StageIdentify); view.PhoneHint != "•• •• •• 33" || view.CodeLeft != 3 {
		t.Errorf("%+v", view)
	}

	shut()
	refused(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admission().ID, true), care.Conflict) // not identified
	g.ask()

	if view := stage(scheduler.StageCode); view.CodeLeft != 2 {
		t.Errorf("%d codes left", view.CodeLeft)
	}

	shut()
	must(t, r.EnterCode(t.Context(), g.token, g.code()))
	stage(scheduler.StageWaiting)
	shut()

	lobby, err := r.Lobby(t.Context(), caregiver("LBH"), id) // a colleague may stand in
	must(t, err)

	if a := lobby.Visit.Admissions[0]; a.State != care.AdmissionIdentified || a.Method.Danish() == "" {
		t.Errorf("%+v", a)
	}

	refused(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admission().ID, false), care.Invalid) // not recognised
	refused(t, r.Admit(t.Context(), planner(), id, g.admission().ID, true), care.Forbidden)
	refused(t, r.Admit(t.Context(), actor("X", care.Caregiver, "vest"), id, g.admission().ID, true), care.Forbidden)
	refused(t, r.Admit(t.Context(), caregiver("MSK"), id, "unknown", true), care.NotFound)
	g.admit()
	g.admit() // a double click
	stage(scheduler.StageAdmitted)

	link, err := r.GuestLink(t.Context(), g.token)
	must(t, err)

	room := r.room("A-1")
	if strings.Contains(link.Reveal(), room.HostPIN.Reveal()) || link.Reveal() != room.GuestLink.Reveal() {
		t.Error("the guest link is not the room's, or holds the host's PIN")
	}

	host, err := r.HostLink(t.Context(), caregiver("MSK"), id)
	must(t, err)

	if host.Reveal() == link.Reveal() {
		t.Error("host and guest have the same link")
	}

	_, err = r.HostLink(t.Context(), planner(), id)
	refused(t, err, care.Forbidden)

	// After the end every way in is shut.
	must(t, r.Conclude(t.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	stage(scheduler.StageEnded)
	_, err = r.GuestLink(t.Context(), g.token)
	refused(t, err, care.Gone)
	refused(t, r.AskCode(t.Context(), g.token), care.Gone)
	refused(t, r.EnterCode(t.Context(), g.token, care.NewCode("000000")), care.Gone)
	_, err = r.Enter(t.Context(), r.link("A-1"))
	refused(t, err, care.NotFound)
	_, err = r.HostLink(t.Context(), caregiver("MSK"), id)
	refused(t, err, care.Gone)
}

// TestTheHostComesInTime and not before, nor long after.
func TestTheHostComesInTime(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) { s.deaf = true })
	id := r.visit("A-1").ID

	_, err := r.HostLink(t.Context(), caregiver("MSK"), id)
	refused(t, err, care.Conflict)
	r.until(on(8, 45))
	_, err = r.HostLink(t.Context(), caregiver("MSK"), id)
	must(t, err)
	r.until(on(10, 31))
	_, err = r.HostLink(t.Context(), caregiver("MSK"), id)
	refused(t, err, care.Gone)
}

func TestTurnedAway(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	g := r.enter()
	must(t, r.Refuse(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID))
	refused(t, r.Refuse(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID), care.Conflict)

	if view, err := r.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageRefused {
		t.Errorf("%s, %v", view.Stage, err)
	}

	refused(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID, true), care.Conflict)
	refused(t, r.EnterCode(t.Context(), g.token, g.code()), care.Gone)
	_, err := r.GuestLink(t.Context(), g.token)
	refused(t, err, care.Forbidden)
}

// TestAnotherDevice ends the first one, also when that was let in.
func TestAnotherDevice(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	first := r.enter()
	first.admit()

	second := r.enter()

	if _, err := r.GuestLink(t.Context(), first.token); care.KindOf(err) != care.Forbidden {
		t.Errorf("the first device: %v", err)
	}

	if view, err := r.Lounge(t.Context(), first.token); err != nil || view.Stage != scheduler.StageRefused {
		t.Errorf("%s, %v", view.Stage, err)
	}

	_, err := r.GuestLink(t.Context(), second.token)
	refused(t, err, care.Forbidden)
	second.admit()
	_, err = r.GuestLink(t.Context(), second.token)
	must(t, err)
}

// TestCodes are limited as identity.md §5.2 says.
func TestCodes(t *testing.T) {
	t.Parallel()

	wrong := care.NewCode("000000")

	t.Run("five minutes", func(t *testing.T) {
		t.Parallel()

		r := atTheDoor(t)
		g := r.come("A-1")
		g.ask()
		r.until(r.clock.Now().Add(care.CodeLife))
		refused(t, r.EnterCode(t.Context(), g.token, g.code()), care.Invalid)
	})

	t.Run("once, and for this session alone", func(t *testing.T) {
		t.Parallel()

		r := atTheDoor(t)
		g := r.come("A-1")
		g.ask()

		other := r.come("A-1")
		refused(t, r.EnterCode(t.Context(), other.token, g.code()), care.Invalid) // it asked for none
		must(t, r.EnterCode(t.Context(), g.token, g.code()))
		refused(t, r.AskCode(t.Context(), g.token), care.Conflict) // identified already
	})

	t.Run("the new one kills the old", func(t *testing.T) {
		t.Parallel()

		r := atTheDoor(t)
		g := r.come("A-1")
		g.ask()
		old := g.code()
		g.ask()

		if old.Equal(g.code()) {
			t.Fatal("the same code twice")
		}

		refused(t, r.EnterCode(t.Context(), g.token, old), care.Invalid)
		must(t, r.EnterCode(t.Context(), g.token, g.code()))
	})

	t.Run("three in a quarter, whatever the session", func(t *testing.T) {
		t.Parallel()

		r := atTheDoor(t)
		a, b := r.come("A-1"), r.come("A-1")
		a.ask()
		b.ask()
		a.ask()
		refused(t, r.AskCode(t.Context(), b.token), care.TooMany)
		refused(t, r.AskCode(t.Context(), r.come("A-1").token), care.TooMany)
		r.until(r.clock.Now().Add(care.CodeWindow))
		must(t, r.AskCode(t.Context(), b.token))
	})

	t.Run("five wrong tries lock", func(t *testing.T) {
		t.Parallel()

		r := atTheDoor(t)
		g := r.come("A-1")
		g.ask()

		for i := range care.CodeTries {
			want := care.Invalid
			if i == care.CodeTries-1 {
				want = care.TooMany
			}

			refused(t, r.EnterCode(t.Context(), g.token, wrong), want)
		}

		refused(t, r.EnterCode(t.Context(), g.token, g.code()), care.TooMany)
		refused(t, r.AskCode(t.Context(), g.token), care.TooMany)
		refused(t, r.AskCode(t.Context(), r.come("A-1").token), care.TooMany) // a new session does not help
		r.trouble("A-1", care.CitizenTrouble)
	})

	t.Run("ten to one citizen in a day", func(t *testing.T) {
		t.Parallel()

		// Four visits of one citizen: three codes each would be twelve.
		var rows, sources []string
		for i, at := range []string{"09:00", "10:00", "11:00", "12:00"} {
			source := string(rune('a' + i))
			rows = append(rows, with(with(with(nancy, colID, source), colStart, at), colEnd, strings.Replace(at, ":00", ":15", 1)))
			sources = append(sources, source)
		}

		r := booked(t, rows, sources)
		sent := 0

		for i, source := range sources {
			r.until(on(8+i, 50))
			g := r.come(source)

			for range 3 {
				err := r.AskCode(t.Context(), g.token)
				if err == nil {
					sent++

					continue
				}

				refused(t, err, care.TooMany)
			}
		}

		if sent != care.CodesPerPhone {
			t.Errorf("%d codes", sent)
		}
	})
}

// TestManySessions of one link do not fill the database.
func TestManySessions(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	link := r.link("A-1")

	for range 100 {
		if _, err := r.Enter(t.Context(), link); err != nil {
			refused(t, err, care.TooMany)

			if n := len(r.visit("A-1").Admissions); n > 50 {
				t.Errorf("%d sessions", n)
			}

			return
		}
	}

	t.Error("there is no limit")
}

// TestAMovedLink: the link of an overtaken message, and of a visit that is over, is as one that nobody
// knows; who was inside is told that it is over.
func TestAMovedLink(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	old := r.link("A-1")
	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(9, 30), End: on(9, 45)}))
	r.work()
	r.until(on(9, 20))

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("%s, %v", view.Stage, err)
	}

	_, err := r.Enter(t.Context(), old)
	refused(t, err, care.NotFound)

	fresh := r.link("A-1")
	g := r.come("A-1")
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))

	for _, link := range []care.Locator{old, fresh, care.NewLocator("unknown")} {
		if view, err := r.Landing(t.Context(), link); err != nil || !reflect.DeepEqual(view, scheduler.CitizenView{Stage: scheduler.StageWrong}) {
			t.Errorf("%+v, %v", view, err)
		}
	}

	if view, err := r.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageEnded {
		t.Errorf("who was inside: %s, %v", view.Stage, err)
	}

	refused(t, r.AskCode(t.Context(), g.token), care.Gone)
}

// TestTwoMunicipalities in one process: nothing of one opens anything in the other.
func TestTwoMunicipalities(t *testing.T) {
	t.Parallel()

	here := atTheDoor(t)
	there := atTheDoor(t)

	g := here.enter()
	g.admit()

	if view, err := there.Landing(t.Context(), here.link("A-1")); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the other's link: %s, %v", view.Stage, err)
	}

	_, err := there.Enter(t.Context(), here.link("A-1"))
	refused(t, err, care.NotFound)

	if view, err := there.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the other's session: %s, %v", view.Stage, err)
	}

	_, err = there.GuestLink(t.Context(), g.token)
	refused(t, err, care.NotFound)

	id := here.visit("A-1").ID
	_, err = there.Lobby(t.Context(), caregiver("MSK"), id)
	refused(t, err, care.NotFound)
	_, err = there.HostLink(t.Context(), caregiver("MSK"), id)
	refused(t, err, care.NotFound)
	refused(t, there.CancelVisit(t.Context(), planner(), id, care.CancelledStaff), care.NotFound)
	_, err = there.ImportList(t.Context(), planner(), here.preview(list(nancy, bruno)).Upload)
	refused(t, err, care.NotFound)
}

// TestRacesAtTheDoor: a citizen and an end at the same moment.
func TestRacesAtTheDoor(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	g := r.enter()
	id := r.visit("A-1").ID
	admission := g.admission().ID
	done := make(chan error, 2)

	go func() { done <- r.Admit(t.Context(), caregiver("MSK"), id, admission, true) }()
	go func() { done <- r.MakePhysical(t.Context(), planner(), id) }()

	for range 2 {
		if err := <-done; care.KindOf(err) == care.Internal {
			t.Error(err)
		}
	}

	if _, err := r.GuestLink(t.Context(), g.token); r.visit("A-1").State == care.Reverted && care.KindOf(err) != care.Gone {
		t.Errorf("a physical visit has a way in: %v", err)
	}
}
