package scheduler

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// stuckAfter is how long an entry may wait although the record answers.
const stuckAfter = 2 * time.Hour

// strayAfter is how long a closed room may still be seen standing: until then it is on its way.
const strayAfter = 15 * time.Minute

// book is one visit as our own book has it.
type book struct {
	visit   care.Snapshot
	phone   care.Phone    // the citizen's
	written []ehr.Written // our last word by each means
	own     []string      // categories that we write
	foreign []string      // categories of other video products
	over    time.Time     // when the room is of no use any more
	lasting func(care.Interval) care.Interval
}

// heard is what the other sides said of it; nil: that side was silent, and nothing follows from it.
type heard struct {
	citizen *ehr.Seen
	sight   *ehr.Sight
	means   []care.Means // whose entries the sight tells of, in order
	rooms   []roomSight
	// platform: the rooms were asked for, and answered.
	platform bool
	now      time.Time
}

// roomSight is what the platform says of one room.
type roomSight struct {
	ref      care.RoomRef
	found    bool
	unusable bool // it is there, and nobody can use it
	booking  video.Booking
}

// standing reports whether people could enter the room, now or later.
func (r roomSight) standing() bool {
	return r.found && !r.unusable && r.booking.Status != video.Ended && r.booking.Status != video.Ending && r.booking.Status != video.ProblemMake
}

// detect compares three views of one visit. It has no effects, so that every rule is a line of a table
// in its test.
func detect(b book, h heard) []care.Drift {
	d := &detection{book: b, heard: h}

	if h.citizen != nil && h.sight != nil {
		d.record()
	}

	if h.platform {
		d.platform()
	}

	if b.visit.Missed() {
		d.tell(care.DriftUnlisted, "", "Skærmbesøg "+when(b.visit.Facts.Planned), "Står ikke på den nyeste køreliste")
	}

	return d.found
}

type detection struct {
	book
	heard

	found []care.Drift
}

func (d *detection) tell(kind care.DriftKind, about, ours, theirs string) {
	d.found = append(d.found, care.Drift{Kind: kind, Visit: d.visit.ID, About: about, Ours: ours, Theirs: theirs})
}

// when tells a visit's time as people do.
func when(i care.Interval) string {
	return date(i.Start) + " " + clock(i.Start) + "–" + hours(i.End)
}

// ahead reports whether the visit is on its way, by screen or telephone.
func (d *detection) ahead() bool { return d.visit.State.Active() || d.visit.ToCall() }

func (d *detection) record() {
	if d.ahead() && d.now.Before(d.visit.Facts.Planned.End) {
		d.people()
	}

	switch s := d.sight; {
	case s.Presence == ehr.Absent:
		if d.ahead() && !d.visit.Missed() {
			d.tell(care.DriftDeleted, "", "Skærmbesøg "+when(d.visit.Facts.Planned), "Findes ikke")
		}

		d.entries(true)

		return
	case s.Cancelled && d.ahead():
		d.tell(care.DriftCancelled, "", "Skærmbesøg "+when(d.visit.Facts.Planned), "Aflyst")

		return
	case s.Cancelled && d.visit.State == care.Completed:
		d.tell(care.DriftDoneCancelled, "", "Gennemført", "Aflyst")

		return
	case s.Cancelled:
		return // off on both sides
	}

	if d.ahead() {
		d.plan()
	}

	d.words()
	d.entries(false)
}

// people compares how the citizen is.
func (d *detection) people() {
	switch d.citizen.Standing {
	case ehr.Dead:
		d.tell(care.DriftDead, "", "Inviteret til skærmbesøg", "Død")

		return
	case ehr.InHospital:
		d.tell(care.DriftHospital, "", "Inviteret til skærmbesøg", "Indlagt")
	case ehr.Inactive:
		d.tell(care.DriftInactive, "", "Inviteret til skærmbesøg", "Ikke aktiv")
	case ehr.AtHome:
	}

	if d.citizen.HasPhone && d.citizen.Phone != d.phone {
		d.tell(care.DriftPhone, "", hintOf(d.phone), hintOf(d.citizen.Phone))
	}
}

func hintOf(p care.Phone) string {
	if p.IsZero() {
		return "Intet mobilnummer"
	}

	return p.Hint()
}

// plan compares when, by whom and what.
func (d *detection) plan() {
	s, f := d.sight, d.visit.Facts

	if s.Planned.Valid() && !sameMinute(s.Planned, f.Planned) && d.visit.State != care.Open && !d.waits(care.OnList) {
		d.tell(care.DriftMoved, "", when(f.Planned), when(s.Planned))
	}

	if s.Employee != "" && s.Employee != f.Employee {
		d.tell(care.DriftEmployee, "", cmp.Or(string(f.Employee), "Ingen medarbejder"), string(s.Employee))
	}

	if s.Service != "" && f.Service != "" && !same(s.Service, f.Service) {
		d.tell(care.DriftService, "", f.Service, s.Service)
	}

	if s.Delivered && d.now.Before(d.over.Add(24*time.Hour)) {
		d.tell(care.DriftDelivered, "", "Ikke afsluttet", "Leveret")
	}

	// Two employees who visit together have one visit each: only what one and the same person is to do
	// twice at one time is a mistake.
	twice := func(o ehr.Other) bool {
		return o.Planned.Start.Equal(f.Planned.Start) && o.Employee != "" && o.Employee == cmp.Or(s.Employee, f.Employee)
	}
	if d.visit.State.Active() && slices.ContainsFunc(d.citizen.Others, twice) {
		d.tell(care.DriftTwice, "", "Ét besøg "+when(f.Planned), "To besøg på samme tid")
	}
}

// sameMinute: records keep no more than minutes.
func sameMinute(a, b care.Interval) bool {
	cut := func(t time.Time) time.Time { return t.Truncate(time.Minute) }

	return cut(a.Start).Equal(cut(b.Start)) && cut(a.End).Equal(cut(b.End))
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

func named(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return same(s, word) })
}

// waits reports whether an entry by the means is on its way: what the record says is not the last word.
func (d *detection) waits(m care.Means) bool {
	return slices.ContainsFunc(d.visit.Entries, func(e care.Entry) bool { return e.Means == m && e.State == care.EntryDue })
}

// words compares what we wrote onto the visit itself.
func (d *detection) words() {
	i := slices.IndexFunc(d.written, func(w ehr.Written) bool { return w.Change.Means == care.OnList })
	if i < 0 || d.waits(care.OnList) || d.sight.Presence != ehr.Present {
		return
	}

	c, s, last := d.written[i].Change, d.sight, d.lastWord(care.OnList)
	about := string(last.ID)

	switch {
	case last.State == care.EntryRejected:
		d.refused(c, about)
	case c.Kind == care.EntryRestored:
		return // it is people's again
	case d.ahead() && (s.OtherVideo || named(d.foreign, s.Category) && !named(d.own, s.Category)):
		d.tell(care.DriftOtherVideo, about, c.Category, s.Category)
	case c.Category != "" && s.Category != "" && !same(c.Category, s.Category):
		if d.visit.State.Active() && same(s.Category, d.visit.Facts.Category) && s.Mark != ehr.MarkThere {
			d.tell(care.DriftUndone, about, "Skærmbesøg", s.Category)

			return
		}

		d.tell(care.DriftCategory, about, c.Category, s.Category)
	case s.Mark == ehr.MarkGone:
		d.tell(care.DriftComment, about, c.Comment, "Ordet er slettet eller rettet")
	}
}

// refused tells why an entry was refused, when it is because people set another category meanwhile.
func (d *detection) refused(c ehr.Change, about string) {
	now := d.sight.Category
	if c.Category != "" && now != "" && !same(now, c.Category) && !same(now, d.visit.Facts.Category) && !named(d.own, now) {
		d.tell(care.DriftCategory, about, c.Category, now)
	}
}

func (d *detection) lastWord(m care.Means) care.Entry {
	e, _ := d.visit.LastWord(m)

	return e
}

// told reports whether something was found about an entry.
func (d *detection) told(id care.EntryID) bool {
	return slices.ContainsFunc(d.found, func(f care.Drift) bool { return f.About == string(id) })
}

// entries compares what stands of each entry, and finds those that do not get there.
func (d *detection) entries(gone bool) {
	for i, w := range d.written {
		if i >= len(d.sight.Entries) || d.waits(w.Change.Means) || gone && w.Change.Means == care.OnList {
			continue
		}

		last := d.lastWord(w.Change.Means)
		about := string(last.ID)

		if last.State != care.EntryWritten || d.told(last.ID) {
			continue
		}

		switch t := d.sight.Entries[i]; {
		case !t.Told:
		case t.Copies == 0 && w.Change.Kind == care.EntryResult:
			d.tell(care.DriftResultMissing, about, title(w.Change), "Mangler")
		case t.Copies == 0:
			d.tell(care.DriftPlannedMissing, about, title(w.Change), "Mangler")
		case t.Copies > 1:
			d.tell(care.DriftEntryDoubled, about, "Én registrering", "To eller flere")
		case t.Differs != "":
			d.tell(care.DriftEntryDiffers, about, title(w.Change), t.Differs)
		}
	}

	d.stuck()
}

// stuck finds the entries that do not get there.
func (d *detection) stuck() {
	for _, e := range d.visit.Entries {
		stuck := e.State == care.EntryRejected || e.State == care.EntryDue && d.now.Sub(e.DueAt) > stuckAfter

		switch {
		case !stuck || d.told(e.ID):
		case e.Means == care.OnList && d.sight.ReadOnly:
			d.tell(care.DriftLocked, string(e.ID), "Skal skrives", "Låst")
		default:
			d.tell(care.DriftEntryStuck, string(e.ID), "Skal skrives", stuckWord(e))
		}
	}
}

func stuckWord(e care.Entry) string {
	if e.State == care.EntryRejected {
		return "Afvist"
	}

	return "Venter siden " + clock(e.DueAt)
}

// platform compares the rooms.
func (d *detection) platform() {
	live, has := d.visit.LiveRoom()

	for _, r := range d.rooms {
		room, ok := d.visit.RoomOf(r.ref)

		switch {
		case !ok || room.State == care.RoomClosing || room.State == care.RoomWanted:
		case d.visit.State.Active() && has && room.Ref == live.Ref:
			d.liveRoom(room, r)
		case !r.standing() || !room.ClosedAt.IsZero() && d.now.Sub(room.ClosedAt) < strayAfter:
		case d.visit.State.Active() && has:
			d.tell(care.DriftRoomTwo, string(r.ref), "Ét rum", "Et rum mere")
		default:
			d.tell(care.DriftRoomOrphan, string(r.ref), "Intet rum", "Rummet står der")
		}
	}
}

// liveRoom compares the room that people are to meet in.
func (d *detection) liveRoom(room care.Room, r roomSight) {
	b := r.booking
	following := !room.Planned.Equal(d.visit.Facts.Planned) // a job is moving it

	switch {
	case !d.now.Before(d.over) || !room.Made():
	case !r.found:
		d.tell(care.DriftRoomGone, string(r.ref), "Rum "+when(room.Planned), "Findes ikke")
	case !r.standing() || !b.Planned.End.IsZero() && !b.Planned.End.After(d.now):
		d.tell(care.DriftRoomEnded, string(r.ref), "Rum "+when(room.Planned), "Lukket")
	case b.HostPIN != room.HostPIN || b.GuestPIN != room.GuestPIN:
		d.tell(care.DriftRoomChanged, string(r.ref), "Koderne, som vi gav", "Andre koder")
	case !following && !d.visit.AdHoc() && b.Planned.Valid() && !b.Planned.Equal(d.lasting(room.Planned)):
		d.tell(care.DriftRoomMoved, string(r.ref), when(d.lasting(room.Planned)), when(b.Planned))
	}
}
