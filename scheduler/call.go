package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of calls when the settings say nothing.
const (
	callLength = 15 * time.Minute
	callLinked = 30 * 24 * time.Hour
)

// callTries is how often a call is made anew when somebody presses the same button meanwhile.
const callTries = 5

// CallStage says how far a call is. The zero value is invalid.
type CallStage string

// The stages, in the order of a call's life.
const (
	CallBooking CallStage = "booking"    // a room is being asked for or made
	CallQueued  CallStage = "no_room"    // every room is in use; it is tried again
	CallReady   CallStage = "room_ready" // the employee can go in; the citizen's message is on its way
	CallInvited CallStage = "invited"    // the citizen has the message
	CallWaiting CallStage = "waiting"    // the citizen waits to be let in
	CallRunning CallStage = "running"    // the citizen was let in
	CallTrouble CallStage = "trouble"    // it does not go on without a person
	CallEnded   CallStage = "ended"
)

// CallView is a call as the page that waits for it needs it.
type CallView struct {
	VisitView

	Stage  CallStage
	Text   string        // Danish: what is going on, and what to do
	Waited time.Duration // since the button was pressed, until the room was there
	MayGo  bool          // the host link can be had
	Open   bool          // people can enter the room already
	MayEnd bool          // it can be given up, or noted as made by telephone
}

// CallNow calls a citizen by screen at once: a visit of our own with the actor as employee, its
// room, and the citizen's invitation. A second press while such a call lives returns that one.
// Needs CallCitizens in a unit that visits the citizen (K21); a citizen whom no such unit visits
// and one who does not exist are refused alike.
func (s *Service) CallNow(ctx context.Context, actor care.Actor, id care.CitizenID) (CallView, error) {
	links, err := s.linked(ctx, actor, id, care.CallCitizens)
	if err != nil {
		return CallView{}, err
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return CallView{}, err
	}

	link, err := s.callable(links, citizens[id])
	if err != nil {
		return CallView{}, err
	}

	for range callTries {
		live, made, err := s.callsOf(ctx, actor.Employee, id)
		if err != nil {
			return CallView{}, err
		}

		if live == nil {
			live, err = s.call(ctx, actor, link, made)
		}

		if care.KindOf(err) == care.Conflict {
			continue // the same button was pressed twice
		}

		if err != nil {
			return CallView{}, err
		}

		return s.callView(ctx, *live)
	}

	return CallView{}, care.NewError(care.Conflict, "Opkaldet er ved at blive lavet. Vent et øjeblik.")
}

// callsOf returns the actor's live call to a citizen, if there is one, and how many calls were
// made today.
func (s *Service) callsOf(ctx context.Context, by care.EmployeeID, citizen care.CitizenID) (live *care.Snapshot, today int, err error) {
	now := s.now()

	// A call that began before midnight may still live.
	calls, err := s.store.Visits(ctx, VisitQuery{
		System: care.OwnSystem, Employee: by, Citizens: []care.CitizenID{citizen},
		Window: care.Interval{Start: care.DayOf(now).Bounds().Start.Add(-24 * time.Hour), End: now.Add(time.Hour)},
	})

	for i, c := range calls {
		if c.State.Active() {
			live = &calls[i]
		}

		if c.Source.Occurrence == string(care.DayOf(now)) {
			today++
		}
	}

	return live, today, err
}

// call makes the visit. Its key is the same for two presses at once, so that one of them is
// refused by the store.
func (s *Service) call(ctx context.Context, actor care.Actor, link Link, made int) (*care.Snapshot, error) {
	now := s.now().Truncate(time.Second)
	day := care.DayOf(now)
	facts := care.Facts{
		Unit: link.Unit, Citizen: link.Citizen, Employee: actor.Employee, Service: care.CallService, Law: link.Law,
		Shift: care.ShiftAt(now), Planned: care.Interval{Start: now, End: now.Add(s.set.CallLength)},
	}
	key := s.callKey(actor.Employee, link.Citizen, day, made)

	v, err := care.NewCall(care.VisitID(randomID()), key, facts, s.recordingOf(facts), care.RoomRef(randomID()), s.now())
	if err != nil {
		return nil, err
	}

	after := v.Snapshot()
	row := *by(actor, "call")
	row.At, row.Visit, row.Citizen = s.now(), after.ID, after.Facts.Citizen

	return &after, s.store.AddVisit(ctx, v, Effects{Jobs: s.jobsFor(care.Snapshot{}, after), Audit: []AuditRow{row}})
}

// callable returns the link through which a citizen is called: of the unit that visits most. It
// refuses citizens who can't come in.
func (s *Service) callable(links []Link, c care.Citizen) (Link, error) {
	today := care.DayOf(s.now())
	links = slices.DeleteFunc(slices.Clone(links), func(l Link) bool { return !s.unit(l.Unit).LiveOn(today) })
	slices.SortStableFunc(links, func(a, b Link) int { return b.Visits - a.Visits })

	switch {
	case len(links) == 0:
		return Link{}, care.NewError(care.Conflict, "Enheden er ikke begyndt med skærmbesøg endnu.")
	case c.Fit() == care.Unsuitable:
		return Link{}, care.NewError(care.Conflict, "Borgeren er vurderet ikke egnet til skærmbesøg. Ring på telefon i stedet.")
	case c.Phone.IsZero():
		return Link{}, care.NewError(care.Conflict, "Borgeren har intet mobilnummer og kan ikke få linket og engangskoden. Ring på telefon i stedet.")
	}

	return links[0], nil
}

// Call tells how far a call is. Needs HostVisits in its unit.
func (s *Service) Call(ctx context.Context, actor care.Actor, id care.VisitID) (CallView, error) {
	v, err := s.called(ctx, actor, id)
	if err != nil {
		return CallView{}, err
	}

	if err := s.shownVisit(ctx, actor, "see_call", v); err != nil {
		return CallView{}, err
	}

	return s.callView(ctx, v)
}

func (s *Service) called(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.hosted(ctx, actor, id)
	if err == nil && !v.AdHoc() {
		err = care.NewError(care.NotFound, "Det er ikke et opkald.")
	}

	return v, err
}

// EndCall gives a call up, or notes that it was made by telephone instead. The citizen is told
// when invited. A call that goes on is ended as every visit, by Conclude.
func (s *Service) EndCall(ctx context.Context, actor care.Actor, id care.VisitID, byPhone bool) error {
	v, err := s.called(ctx, actor, id)
	if err != nil {
		return err
	}

	if v.State == care.Open && !byPhone {
		return care.NewError(care.Conflict, "Samtalen er i gang. Afslut besøget i stedet.")
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	action, now := "give_up_call", s.now()
	if byPhone {
		action = "call_by_phone"
	}

	return s.update(ctx, id, by(actor, action), func(v *care.Visit) error {
		if byPhone {
			return v.Conclude(care.Outcome{
				Kind: care.ResultCompleted, Delivery: care.ByPhone, Grade: care.Manual, By: string(actor.Employee), At: now,
			})
		}

		return v.Cancel(care.CancelledStaff, string(actor.Employee), channel, now)
	})
}

func (s *Service) callView(ctx context.Context, v care.Snapshot) (CallView, error) {
	views, err := s.views(ctx, []care.Snapshot{v})
	if err != nil {
		return CallView{}, err
	}

	view := CallView{VisitView: views[0], MayEnd: v.State.Active() && v.State != care.Open}
	room, live := v.LiveRoom()
	view.MayGo = v.State.Active() && live && room.Made() && !room.HostLink.IsZero()
	view.Open = view.MayGo && room.State == care.RoomProvisioned

	view.Waited = s.waitedForRoom(v)
	view.Stage = callStage(v, view.Open)
	view.Text = view.danish()

	return view, nil
}

// waitedForRoom is how long it took, or has taken so far, to get a first room.
func (s *Service) waitedForRoom(v care.Snapshot) time.Duration {
	until := s.now()
	if !v.State.Active() {
		until = v.Outcome.At
	}

	for _, r := range v.Rooms {
		if !r.BookedAt.IsZero() && r.BookedAt.Before(until) {
			until = r.BookedAt
		}
	}

	return max(0, until.Sub(v.Rooms[0].WantedAt))
}

func callStage(v care.Snapshot, open bool) CallStage {
	link, invited := v.Link()

	switch {
	case !v.State.Active():
		return CallEnded
	case v.State == care.Open:
		return CallRunning
	case v.Awaits(care.PoolTrouble):
		return CallQueued
	case v.NeedsPerson():
		return CallTrouble
	case slices.ContainsFunc(v.Admissions, func(a care.Admission) bool {
		return a.Participant == "" && a.State == care.AdmissionIdentified
	}):
		return CallWaiting
	case !open:
		return CallBooking
	case invited && link.Left():
		return CallInvited
	default:
		return CallReady
	}
}

// danish tells what is going on.
func (c CallView) danish() string {
	switch c.Stage {
	case CallBooking:
		return "Vi gør et rum klar. Det tager normalt få sekunder."
	case CallQueued:
		return "Alle rum er i brug lige nu. Vi prøver igen, indtil et bliver ledigt. Du har ventet " + waited(c.Waited) + ". Du kan vente, fortryde eller ringe på telefon."
	case CallReady:
		return "Rummet er klar. Borgeren får en SMS om et øjeblik."
	case CallInvited:
		return "Rummet er klar, og borgeren har fået en SMS. Gå ind, og vent på borgeren."
	case CallWaiting:
		return "Borgeren venter. Tjek, at det er den rigtige, og luk borgeren ind."
	case CallRunning:
		return "Samtalen er i gang."
	case CallTrouble:
		for _, e := range slices.Backward(c.Visit.Exceptions) {
			if e.Open() {
				return e.Text
			}
		}
	case CallEnded:
		return c.ended()
	}

	return ""
}

func (c CallView) ended() string {
	switch o := c.Visit.Outcome; {
	case c.Visit.State == care.Completed && o.Delivery == care.ByPhone:
		return "Opkaldet blev til en telefonsamtale."
	case c.Visit.State == care.Completed:
		return "Opkaldet er gennemført."
	case c.Visit.State == care.Cancelled && o.By == systemActor:
		return "Vi fik ikke et rum i tide, og opkaldet er opgivet. Ring på telefon, eller prøv igen."
	case c.Visit.State == care.Cancelled:
		return "Opkaldet er fortrudt."
	default:
		return "Opkaldet blev ikke gennemført: " + o.Reason.Danish() + "."
	}
}

// systemActor is who did what nobody did.
const systemActor = "system"

// waited writes a wait in Danish, in seconds and then in minutes.
func waited(d time.Duration) string {
	if n := int(d / time.Minute); n > 0 {
		return plural(n, "minut", "minutter")
	}

	return plural(max(1, int(d/time.Second)), "sekund", "sekunder")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}

	return fmt.Sprintf("%d %s", n, many)
}

// callPlan is when a call takes place, whose room is asked for now: what waited begins later.
func (s *Service) callPlan(v care.Snapshot) care.Interval {
	if now := s.now().Truncate(time.Second); v.AdHoc() && v.State == care.BookingRoom && now.After(v.Facts.Planned.Start) {
		return care.Interval{Start: now, End: now.Add(v.Facts.Planned.Duration())}
	}

	return v.Facts.Planned
}

// noRoomYet tells whoever waits for a call that every room is in use. Other visits have time.
func (s *Service) noRoomYet(ctx context.Context, job Job, err error) error {
	if outside, ok := errors.AsType[*connector.Error](err); !ok || outside.Code != video.CodeNoFreeRoom {
		return err
	}

	v, readErr := s.store.Visit(ctx, job.Visit)
	if readErr != nil {
		return readErr
	}

	if !v.AdHoc() || v.Awaits(care.PoolTrouble) {
		return err
	}

	if raised := s.raise(ctx, job, care.PoolTrouble, "Alle rum er i brug. Vi prøver igen, indtil et bliver ledigt. Ring på telefon, hvis det haster.", false); raised != nil {
		return raised
	}

	return err
}

// hopeless gives up a call that got no room in the time that it was to last. It reports whether
// it did.
func (s *Service) hopeless(ctx context.Context, id care.VisitID) (bool, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return false, err
	}

	if !v.AdHoc() || v.State != care.BookingRoom || !s.now().After(v.Facts.Planned.End) {
		return false, nil
	}

	return true, s.update(ctx, v.ID, &AuditRow{Actor: systemActor, Action: "give_up_call"}, func(v *care.Visit) error {
		if v.State() != care.BookingRoom {
			return nil // it came in the last moment
		}

		return v.Cancel(care.TechnicalFault, systemActor, "", s.now()) // nobody was invited yet
	})
}
