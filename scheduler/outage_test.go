package scheduler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The outage lasts four hours of a morning.
func downAt() time.Time { return on(6, 50) }
func backAt() time.Time { return on(10, 50) }

// The visits of the morning, by what becomes of them.
const (
	inOutage  = "O-1"  // booked before, takes place in the outage
	moved     = "O-2"  // booked before, moved in the outage
	undone    = "O-3"  // booked before, undone in the outage
	toPhone   = "O-4"  // converted in the outage, too late: called instead
	physical  = "O-5"  // converted in the outage, too late: physical, taken back, and physical again
	waiting   = "O-6"  // converted in the outage, can wait
	movedToo  = "O-7"  // converted and moved in the outage
	cancelled = "O-8"  // converted and cancelled in the outage
	undoneToo = "O-9"  // converted and undone in the outage
	imported  = "O-10" // on a list that came in the outage
)

// outageRow is a visit of the morning; number chooses the citizen.
func outageRow(id, start string, number int) string {
	citizens := []string{
		"251248-9996", "250947-9989", "210300-9996", "300174-9995", "021215-9995", "010490-9989", "010490-9995", "010772-9995", "010858-9995", "020160-9995",
	}
	row := with(with(nancy, colID, id), colCPR, citizens[number])
	row = with(with(row, colPhone, fmt.Sprintf("200000%02d", 40+number)), colStart, start)

	return with(row, colEnd, start[:3]+fmt.Sprintf("%02d", (int(start[3]-'0')*10+int(start[4]-'0'))+10))
}

// morning are the rows of the list as it is before the outage.
func morning() []string {
	var rows []string
	for i, visit := range [][2]string{
		{inOutage, "07:30"},
		{moved, "08:00"},
		{undone, "09:00"},
		{toPhone, "09:30"},
		{physical, "10:00"},
		{waiting, "12:00"},
		{movedToo, "13:00"},
		{cancelled, "14:00"},
		{undoneToo, "15:00"},
	} {
		rows = append(rows, outageRow(visit[0], visit[1], i))
	}

	return rows
}

// drill is a morning with an outage.
type drill struct {
	*machine
	t     *testing.T
	down  []connector.Role
	naps  bool       // the program sleeps through much of the outage
	early care.Batch // converted before the outage and undone in it
	late  care.Batch // the same in the outage
}

func (d *drill) hit(role connector.Role) bool { return slices.Contains(d.down, role) }

func newDrill(t *testing.T, url string, down ...connector.Role) *drill {
	t.Helper()

	r := newRig(t, under, func(s *setup) { s.url, s.set.Fallback = url, 30*time.Minute })
	d := &drill{t: t, down: down, machine: newMachine(r)}

	r.load(list(morning()...))
	d.early = r.convert(undone)
	r.convert(inOutage, moved)
	d.check()
	r.until(downAt())

	return d
}

// pass lets time pass, and looks every so often whether everything holds.
func (d *drill) pass(to time.Time) {
	d.t.Helper()

	if d.naps && to.Sub(d.clock.Now()) > 10*time.Minute {
		d.clock.to(to.Add(-5 * time.Minute))
	}

	for d.clock.Now().Before(to) {
		next := d.clock.Now().Add(20 * time.Minute)
		if next.After(to) {
			next = to
		}

		d.until(next)
		d.check()
	}
}

// work of the morning, while the outage lasts.
func (d *drill) plan() {
	d.t.Helper()

	convert := func(sources ...string) care.Batch {
		b, err := d.Convert(d.t.Context(), leader(), scheduler.ConvertRequest{Visits: d.ids(sources...), RedReason: "Aftalt"})
		must(d.t, err)

		return b
	}

	d.pass(on(7, 0))
	convert(toPhone, physical, waiting, movedToo, cancelled)
	d.late = convert(undoneToo)
	d.check()
	d.pass(on(7, 4))
	d.noticed()

	ctx := d.t.Context()
	must(d.t, d.MoveVisit(ctx, planner(), d.visit(moved).ID, care.Interval{Start: on(12, 30), End: on(12, 40)}))
	must(d.t, d.MoveVisit(ctx, planner(), d.visit(movedToo).ID, care.Interval{Start: on(13, 30), End: on(13, 40)}))
	must(d.t, d.CancelVisit(ctx, planner(), d.visit(cancelled).ID, care.CancelledStaff))
	must(d.t, d.Undo(ctx, planner(), d.early.ID))
	must(d.t, d.Undo(ctx, planner(), d.late.ID))
	d.check()
	d.citizenComes()
	d.pass(on(8, 0))

	// A list comes with one visit more.
	rows := append(morning(), outageRow(imported, "16:00", 9))
	rows[1] = with(with(rows[1], colStart, "12:30"), colEnd, "12:40")
	rows[6] = with(with(rows[6], colStart, "13:30"), colEnd, "13:40")
	d.load(list(rows...))
	convert(imported)
	d.pass(on(9, 2))
}

// noticed: a few minutes into the outage there is one notice for each system that somebody needs,
// and nothing on any visit.
func (d *drill) noticed() {
	d.t.Helper()

	outages, err := d.Outages(d.t.Context(), planner("oest"))
	must(d.t, err)

	var got []connector.Role
	for _, o := range outages {
		got = append(got, o.Role)

		if o.Text == "" || o.Since.Before(downAt()) || o.Since.After(on(7, 4)) {
			d.t.Errorf("notice %+v", o)
		}
	}

	if d.hit(connector.VideoRole) && !slices.Contains(got, connector.VideoRole) {
		d.t.Errorf("planners are told of %v, of %v that are down", got, d.down)
	}

	for _, role := range got {
		if !d.hit(role) {
			d.t.Errorf("planners are told that %s is down", role)
		}
	}

	for _, source := range []string{toPhone, physical, waiting, movedToo, cancelled, undoneToo} {
		if open := d.open(source); len(open) > 0 {
			d.t.Errorf("%s: %v besides the notice", source, open)
		}
	}

	if _, err := d.Outages(d.t.Context(), caregiver("MSK")); care.KindOf(err) != care.Forbidden {
		d.t.Errorf("a caregiver asks for outages: %v", err)
	}
}

// citizenComes: the room is there and its link is stored, so a citizen can come in the outage as long
// as a code can be sent.
func (d *drill) citizenComes() {
	d.t.Helper()
	d.pass(on(7, 25))

	g := d.come(inOutage)
	must(d.t, d.AskCode(d.t.Context(), g.token))
	d.until(on(7, 27))

	if !d.hit(connector.SMSRole) {
		must(d.t, d.EnterCode(d.t.Context(), g.token, g.code()))
		must(d.t, d.Admit(d.t.Context(), caregiver("MSK"), d.visit(inOutage).ID, g.admission().ID, true))

		if _, err := d.GuestLink(d.t.Context(), g.token); err != nil {
			d.t.Errorf("a citizen who was let in gets no link: %v", err)
		}
	}

	d.until(on(7, 35))
	must(d.t, d.Conclude(d.t.Context(), caregiver("MSK"), d.visit(inOutage).ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}))
	d.check()
}

// needAnotherWay: visits that begin soon and have no room are told of, and given in another way.
func (d *drill) needAnotherWay() {
	d.t.Helper()

	if d.hit(connector.VideoRole) {
		if e := d.trouble(toPhone, care.RoomTrouble); !strings.Contains(e.Text, "Ring i stedet") || !strings.Contains(e.Text, "kl. 09.30") {
			d.t.Errorf("exception %q", e.Text)
		}

		if open := d.open(waiting); len(open) > 0 {
			d.t.Errorf("a visit that can wait: %v", open)
		}

		outages, err := d.Outages(d.t.Context(), planner())
		must(d.t, err)

		if o := outages[0]; o.Role != connector.VideoRole || o.Soon != 1 || !slices.Contains(o.Visits, d.visit(physical).ID) || slices.Contains(o.Visits, d.visit(undone).ID) {
			d.t.Errorf("notice %+v", o)
		}
	}

	fall := func(source string, delivery care.Delivery) care.Batch {
		b, err := d.FallBack(d.t.Context(), planner("oest"), scheduler.FallbackRequest{Visits: d.ids(source), Delivery: delivery})
		must(d.t, err)
		d.check()

		return b
	}

	fall(toPhone, care.ByPhone)

	if s := scheduler.StatusOf(d.visit(toPhone)); s != scheduler.StatusToCall {
		d.t.Errorf("a visit to be called is %s", s)
	}

	b := fall(physical, care.Physical)
	must(d.t, d.Undo(d.t.Context(), planner(), b.ID))
	d.pass(on(9, 10))

	if v := d.visit(physical); !v.State.Active() {
		d.t.Errorf("a fallback that was taken back leaves the visit %s", v.State)
	}

	fall(physical, care.Physical)
	d.pass(on(9, 35))

	if _, err := d.FallBack(d.t.Context(), planner("vest"), scheduler.FallbackRequest{Visits: d.ids(waiting), Delivery: care.ByPhone}); care.KindOf(err) != care.Forbidden {
		d.t.Errorf("a planner of another unit: %v", err)
	}

	must(d.t, d.Conclude(d.t.Context(), caregiver("MSK"), d.visit(toPhone).ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}))
	d.check()
}

// caughtUp: soon after the outage everything that could wait is done, and once.
func (d *drill) caughtUp() {
	d.t.Helper()

	for _, source := range []string{waiting, movedToo, moved, imported} {
		v := d.visit(source)

		room, ok := v.LiveRoom()
		if !ok || v.State != care.RoomIsBooked || !room.Planned.Equal(v.Facts.Planned) {
			d.t.Errorf("%s is %s with %+v", source, v.State, v.Rooms)
		}

		if link, ok := v.Link(); !ok || !link.Left() {
			d.t.Errorf("%s: nobody was invited: %+v", source, v.Invitations)
		}

		if open := d.open(source); len(open) > 0 {
			d.t.Errorf("%s: %v is still open", source, open)
		}

		d.ordered(source)
	}

	for source, state := range map[string]care.VisitState{
		inOutage: care.Completed, toPhone: care.Completed, physical: care.Reverted, undone: care.Reverted, undoneToo: care.Reverted, cancelled: care.Cancelled,
	} {
		v := d.visit(source)
		if _, live := v.LiveRoom(); v.State != state || live {
			d.t.Errorf("%s is %s with %+v", source, v.State, v.Rooms)
		}

		d.ordered(source)
	}

	for _, room := range d.vdx.Rooms() {
		if room.Live(d.vdx.Now()) && !slices.ContainsFunc(d.all(), func(v care.Snapshot) bool { _, ok := v.RoomOf(care.RoomRef(room.UUID)); return ok && v.State.Active() }) {
			d.t.Errorf("room %s stands at the platform and belongs to nobody", room.UUID)
		}
	}

	for _, role := range d.down {
		if n := d.sky.hitsOf(role); n == 0 || n > 300 {
			d.t.Errorf("%d calls came to %s while it was down", n, role)
		}
	}
}

// ordered: a visit's room comes before what is told of it, and the plan before the result.
func (d *drill) ordered(source string) {
	d.t.Helper()

	v := d.visit(source)

	var first time.Time
	for _, r := range v.Rooms {
		if !r.BookedAt.IsZero() && (first.IsZero() || r.BookedAt.Before(first)) {
			first = r.BookedAt
		}
	}

	for _, i := range v.Invitations {
		if i.Left() && (first.IsZero() || i.SentAt.Before(first)) {
			d.t.Errorf("%s: message %s left at %v, the first room is of %v", source, i.ID, i.SentAt, first)
		}
	}

	var planned time.Time

	for _, e := range v.Entries {
		switch {
		case e.State == care.EntryDue || e.State == care.EntryRejected:
			d.t.Errorf("%s: entry %+v", source, e)
		case e.State != care.EntryWritten:
		case e.Kind == care.EntryPlanned:
			planned = e.WrittenAt
		case e.WrittenAt.Before(planned):
			d.t.Errorf("%s: %s was written before the plan", source, e.Kind)
		}
	}

	if again := slices.ContainsFunc(d.recorded(source), func(s string) bool { return strings.HasSuffix(s, "(again)") }); again {
		d.t.Errorf("%s: the record was told twice: %v", source, d.recorded(source))
	}
}

// TestOutage has systems down for four hours while the planners' and citizens' day goes on.
func TestOutage(t *testing.T) {
	t.Parallel()

	every := []connector.Role{connector.VideoRole, connector.SMSRole, connector.RecordRole}

	for name, c := range map[string]struct {
		url  func(testing.TB) string
		naps bool
		down []connector.Role
	}{
		"platform, SQLite":         {nil, sleepy, every[:1]},
		"SMS and record, Postgres": {pg.URL, true, every[1:]},
		"everything, Postgres":     {pg.URL, true, every},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if sleepy && !slices.Contains(c.down, connector.VideoRole) {
				t.Skip("the others are enough with the race detector")
			}

			url := ""
			if c.url != nil {
				url = c.url(t)
			}

			d := newDrill(t, url, c.down...)
			d.naps = c.naps
			d.sky.set(true, c.down...)
			d.plan()
			d.needAnotherWay()
			d.pass(backAt())
			d.sky.set(false, every...)
			d.pass(backAt().Add(8 * time.Minute))
			d.caughtUp()

			if outages, err := d.Outages(t.Context(), planner()); err != nil || len(outages) > 0 {
				t.Errorf("after the outage: %v, %v", outages, err)
			}

			d.rest()
		})
	}
}

// TestFlapping has everything come and go for four hours.
func TestFlapping(t *testing.T) {
	t.Parallel()

	every := []connector.Role{connector.VideoRole, connector.SMSRole, connector.RecordRole}
	d := newDrill(t, "", every...)

	b, err := d.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: d.ids(waiting, movedToo, cancelled, undoneToo), RedReason: "Aftalt"})
	must(t, err)
	must(t, d.MoveVisit(t.Context(), planner(), d.visit(moved).ID, care.Interval{Start: on(12, 30), End: on(12, 40)}))

	for i := 0; d.clock.Now().Before(backAt()); i++ {
		if sleepy && i == 6 {
			d.clock.to(on(10, 20))
		}

		d.sky.set(i%2 == 0, every...)
		d.pass(d.clock.Now().Add([]time.Duration{7 * time.Minute, 20 * time.Second, 4 * time.Minute, time.Minute}[i%4]))
	}

	d.sky.set(false, every...)
	d.pass(backAt().Add(5 * time.Minute))

	if p, err := d.Progress(t.Context(), planner(), b.ID); err != nil || p.State != care.BatchDone {
		t.Errorf("the conversion is %+v, %v", p, err)
	}

	for _, source := range []string{waiting, movedToo, cancelled, undoneToo, moved} {
		d.ordered(source)
	}

	d.rest()
}
