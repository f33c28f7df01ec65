package scheduler

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// agreeing is a visit by screen at half past seven, an hour ahead, about which all sides say the same.
func agreeing() (book, heard) { return agreeingAt(time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC)) }

func agreeingAt(start time.Time) (book, heard) {
	planned := care.Interval{Start: start, End: start.Add(15 * time.Minute)}
	lasting := func(i care.Interval) care.Interval {
		return care.Interval{Start: i.Start, End: i.End.Add(75 * time.Minute)}
	}
	host, _ := care.NewHostPIN("111222")
	guest, _ := care.NewGuestPIN("333444")
	entry := care.Entry{ID: "v-e1", Key: "v/planned/1.1", Kind: care.EntryPlanned, Means: care.OnList, State: care.EntryWritten, DueAt: start.Add(-20 * time.Hour)}
	task := care.Entry{ID: "v-e2", Key: "v/planned/1.2", Kind: care.EntryPlanned, Means: care.ByTask, State: care.EntryWritten, DueAt: start.Add(-20 * time.Hour)}

	b := book{
		visit: care.Snapshot{
			ID: "v", Source: care.SourceRef{System: "nexus", ID: "7", Occurrence: "7#1"}, State: care.RoomIsBooked, Delivery: care.Screen, Generation: 1,
			Facts:   care.Facts{Citizen: "c", Unit: "oest", Employee: "MSK", Planned: planned, Service: "Medicin", Category: "Planlagt besøg"},
			Rooms:   []care.Room{{Ref: "r1", State: care.RoomBooked, Planned: planned, HostPIN: host, GuestPIN: guest, BookedAt: start.Add(-20 * time.Hour)}},
			Entries: []care.Entry{entry, task},
		},
		phone: care.NewPhone("+4520000001"),
		written: []ehr.Written{
			{Change: ehr.Change{Key: entry.Key, Kind: care.EntryPlanned, Means: care.OnList, Category: "Planlagt skærmbesøg", Comment: "skærmbesøg"}},
			{Change: ehr.Change{Key: task.Key, Kind: care.EntryPlanned, Means: care.ByTask}},
		},
		own: []string{"Planlagt skærmbesøg", "Gennemført skærmbesøg"}, foreign: []string{"Videobesøg (Nexus Video)"},
		over: planned.End.Add(time.Hour), lasting: lasting,
	}

	return b, heard{
		citizen: &ehr.Seen{Standing: ehr.AtHome, Phone: b.phone, HasPhone: true},
		sight: &ehr.Sight{
			Presence: ehr.Present, Planned: planned, Employee: "MSK", Service: "Medicin", Category: "Planlagt skærmbesøg", Mark: ehr.MarkThere,
			Entries: []ehr.Trace{{}, {Told: true, Copies: 1}},
		},
		means:    []care.Means{care.OnList, care.ByTask},
		rooms:    []roomSight{{ref: "r1", found: true, booking: video.Booking{Ref: "r1", Status: video.Awaiting, Planned: lasting(planned), HostPIN: host, GuestPIN: guest}}},
		platform: true, now: start.Add(-time.Hour),
	}
}

// said is one thing that is otherwise than all sides agreeing, and what follows from it.
type said struct {
	name string
	but  func(b *book, h *heard)
	want []care.DriftKind
}

func moveTo(start, end time.Duration) func(*book, *heard) {
	return func(_ *book, h *heard) {
		h.sight.Planned.Start, h.sight.Planned.End = h.sight.Planned.Start.Add(start), h.sight.Planned.End.Add(end)
	}
}

// become has the visit in another state, and its room gone with it where nobody needs one.
func become(state care.VisitState) func(*book, *heard) {
	return func(b *book, h *heard) {
		if b.visit.State = state; !state.Active() {
			b.visit.Rooms[0].State, h.rooms[0].found = care.RoomClosed, false
		}
	}
}

func turned(state care.VisitState) func(*book, *heard) {
	return func(b *book, _ *heard) { b.visit.State = state }
}

func both(all ...func(*book, *heard)) func(*book, *heard) {
	return func(b *book, h *heard) {
		for _, do := range all {
			do(b, h)
		}
	}
}

func passed(d time.Duration) func(*book, *heard) {
	return func(_ *book, h *heard) { h.now = h.now.Add(d) }
}

func category(c string) func(*book, *heard) { return func(_ *book, h *heard) { h.sight.Category = c } }

func mark(m ehr.Mark) func(*book, *heard) { return func(_ *book, h *heard) { h.sight.Mark = m } }

func presence(p ehr.Presence) func(*book, *heard) {
	return func(_ *book, h *heard) { h.sight.Presence = p }
}

func off(_ *book, h *heard) { h.sight.Cancelled = true }

func standing(s ehr.Standing) func(*book, *heard) {
	return func(_ *book, h *heard) { h.citizen.Standing = s }
}

func task(t ehr.Trace) func(*book, *heard) { return func(_ *book, h *heard) { h.sight.Entries[1] = t } }

func entry(i int, s care.EntryState) func(*book, *heard) {
	return func(b *book, h *heard) {
		if b.visit.Entries[i].State = s; s == care.EntryDue {
			b.visit.Entries[i].DueAt = h.now.Add(-time.Minute)
			b.written = slices.DeleteFunc(b.written, func(w ehr.Written) bool { return w.Change.Means == b.visit.Entries[i].Means })
		}
	}
}

func beside(minutes int, employee care.EmployeeID) func(*book, *heard) {
	return func(b *book, h *heard) {
		at := b.visit.Facts.Planned
		at.Start, at.End = at.Start.Add(time.Duration(minutes)*time.Minute), at.End.Add(time.Duration(minutes)*time.Minute)
		h.citizen.Others = append(h.citizen.Others, ehr.Other{Planned: at, Category: "Planlagt besøg", Employee: employee})
	}
}

func result(kind care.EntryKind) func(*book, *heard) {
	return func(b *book, _ *heard) { b.visit.Entries[1].Kind, b.written[1].Change.Kind = kind, kind }
}

// TestDetect: every rule, what is just short of it, and what nobody told.
func TestDetect(t *testing.T) {
	t.Parallel()

	found := make(map[care.DriftKind]bool)

	for _, s := range slices.Concat(recordSaid(), platformSaid()) {
		b, h := agreeing()
		s.but(&b, &h)

		var got []care.DriftKind

		for _, d := range detect(b, h) {
			got, found[d.Kind] = append(got, d.Kind), true

			if d.Visit != "v" || d.Ours == "" || d.Theirs == "" {
				t.Errorf("%s: %+v explains nothing", s.name, d)
			}
		}

		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}

	for _, k := range care.DriftKinds() {
		if !found[k] {
			t.Errorf("%s is in no line of the table", k)
		}
	}
}

// TestNothingFromSilence takes away what was told, piece by piece: nothing is found because of it, and
// nothing that was found before is closed.
func TestNothingFromSilence(t *testing.T) {
	t.Parallel()

	silent := map[string]func(h *heard){
		"record":   func(h *heard) { h.citizen, h.sight = nil, nil },
		"platform": func(h *heard) { h.platform, h.rooms = false, nil },
		"both":     func(h *heard) { h.citizen, h.sight, h.platform, h.rooms = nil, nil, false, nil },
		"half": func(h *heard) {
			h.citizen, h.sight, h.rooms = &ehr.Seen{}, &ehr.Sight{Entries: make([]ehr.Trace, 2)}, nil
		},
	}

	for _, s := range slices.Concat(recordSaid(), platformSaid()) {
		for name, hush := range silent {
			b, h := agreeing()
			s.but(&b, &h)

			was := detect(b, h)
			hush(&h)

			if now := detect(b, h); len(now) > len(was) {
				t.Errorf("%s, %s silent: %+v", s.name, name, now)
			}

			for _, d := range was {
				side := d.Kind.Terms().Side
				if name == "record" && side == care.PlatformSide || name == "platform" && side != care.PlatformSide || d.Kind == care.DriftUnlisted {
					continue
				}

				if isGone(b.visit, h, d.Kind, d.About) {
					t.Errorf("%s: %s is closed because %s was silent", s.name, d.Kind, name)
				}
			}
		}
	}
}

// TestGoneWhenTold: once all sides agree, whatever was found is closed.
func TestGoneWhenTold(t *testing.T) {
	t.Parallel()

	for _, s := range slices.Concat(recordSaid(), platformSaid()) {
		b, h := agreeing()
		s.but(&b, &h)

		for _, d := range detect(b, h) {
			now, told := agreeing()
			if d.Kind == care.DriftRoomTwo {
				s.but(&now, &told)

				told.rooms[1].found = false
			}

			if !isGone(now.visit, told, d.Kind, d.About) {
				t.Errorf("%s: %s stays although all agree", s.name, d.Kind)
			}
		}
	}
}

// TestDetectAtNight compares visits of late lists and of nights when the clock changes: the same instant
// is never another time, and an hour's move is always one.
func TestDetectAtNight(t *testing.T) {
	t.Parallel()

	for _, local := range []string{
		"2026-11-23 23:45", "2026-11-24 00:15", "2026-11-24 11:59", "2026-03-29 01:45", "2026-03-29 03:00", "2026-10-25 01:59", "2026-10-25 02:30", "2026-10-25 03:00", "2027-03-28 01:50",
	} {
		start, err := time.ParseInLocation("2006-01-02 15:04", local, care.Zone())
		if err != nil {
			t.Fatal(err)
		}

		for _, shift := range []time.Duration{0, time.Hour} { // 02:30 is twice on an autumn night
			b, h := agreeingAt(start.Add(shift).UTC())
			h.sight.Planned.Start, h.sight.Planned.End = h.sight.Planned.Start.In(care.Zone()), h.sight.Planned.End.In(time.FixedZone("", -3600))

			if found := detect(b, h); len(found) != 0 {
				t.Errorf("%s: %+v", local, found)
			}

			moveTo(time.Hour, time.Hour)(&b, &h)

			if found := detect(b, h); len(found) != 1 || found[0].Kind != care.DriftMoved || found[0].Ours == "" {
				t.Errorf("%s moved by an hour: %+v", local, found)
			}
		}
	}
}
