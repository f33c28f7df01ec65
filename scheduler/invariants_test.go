package scheduler_test

import (
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// pending are the jobs that have not ended, by kind and by what they are about.
type pending map[scheduler.JobKind]map[string]bool

func (p pending) has(kind scheduler.JobKind, v care.Snapshot, ref string) bool {
	return p[kind][string(v.ID)+ref]
}

// check holds everything against what must always be true.
func (m *machine) check() {
	waiting := make(pending)

	for _, j := range m.jobs.waiting(m.tb) {
		if waiting[j.Kind] == nil {
			waiting[j.Kind] = map[string]bool{}
		}

		waiting[j.Kind][string(j.Visit)+j.Ref] = true
	}

	for _, v := range m.all() {
		before := m.last[v.ID]

		m.states(before, v)
		m.rooms(v, waiting)
		m.messages(before, v, waiting)
		m.entries(v, waiting)
		m.exceptions(v)
		m.identity(v)
		m.covered(v, waiting)
		m.last[v.ID] = v
	}

	if n := m.fhir.Totals(); n.DuplicateEntries+n.DuplicateResources > 0 {
		m.fail(care.Snapshot{}, "the record has %d entries and %d resources twice", n.DuplicateEntries, n.DuplicateResources)
	}
}

func (m *machine) fail(v care.Snapshot, format string, args ...any) {
	m.tb.Fatalf("%s (%s): "+format+"\n%s", append(append([]any{v.Source.ID, v.State}, args...), strings.Join(m.jobs.ran, "\n"))...)
}

// states: nothing leaves a final state, but a visit that only the list had taken away.
func (m *machine) states(before, v care.Snapshot) {
	if before.State.Final() && !before.Dropped() && v.State != before.State {
		m.fail(v, "left the final state %s", before.State)
	}

	if v.State.Active() == (v.Delivery == care.Physical) && !v.State.Final() && !v.ToCall() {
		m.fail(v, "delivery %s", v.Delivery)
	}
}

// rooms: at most one stands, here and there, and whatever is to be done with one has a job.
func (m *machine) rooms(v care.Snapshot, waiting pending) {
	live := 0

	for _, r := range v.Rooms {
		if r.Live() {
			live++
		}

		switch {
		case r.Live() && !v.State.Active():
			m.fail(v, "has a live room")
		case r.State == care.RoomWanted && !waiting.has(scheduler.BookRoomJob, v, string(r.Ref)):
			m.fail(v, "nobody books the room")
		case r.State == care.RoomClosing && v.MayClose(r.Ref) && !waiting.has(scheduler.CloseRoomJob, v, string(r.Ref)):
			m.fail(v, "nobody closes the room")
		case (r.State == care.RoomBooked || r.State == care.RoomProvisioned) && !r.Planned.Equal(v.Facts.Planned) &&
			!waiting.has(scheduler.MoveRoomJob, v, string(r.Ref)) && !about(v, care.RoomTrouble, string(r.Ref)):
			m.fail(v, "nobody moves the room")
		}
	}

	if live > 1 {
		m.fail(v, "has %d live rooms", live)
	}

	m.roomless(v)
	m.peerRooms(v)
}

// roomless: a screen visit without a room is on the exception list, with a retry.
func (m *machine) roomless(v care.Snapshot) {
	if _, ok := v.LiveRoom(); !ok && v.State.Active() && !slices.ContainsFunc(v.Exceptions, func(e care.Exception) bool {
		return e.Open() && e.Kind == care.RoomTrouble && e.Retry
	}) {
		m.fail(v, "has no room, and nobody is told")
	}
}

// peerRooms: the platform never has two rooms of a visit at once, unless the visit is about to begin.
func (m *machine) peerRooms(v care.Snapshot) {
	var standing []vdxsim.RoomRecord

	for _, r := range m.vdx.Rooms() {
		if known, ok := v.RoomOf(care.RoomRef(r.UUID)); ok && r.Live(m.vdx.Now()) {
			standing = append(standing, r)

			if known.State == care.RoomClosed {
				m.fail(v, "a closed room stands at the platform")
			}
		}
	}

	if !m.clock.Now().Before(v.Facts.Planned.Start.Add(-time.Hour)) {
		m.near[v.ID] = true // it may be moved away again while both stand
	}

	if len(standing) > 1 && !m.near[v.ID] {
		m.fail(v, "%d rooms stand at the platform", len(standing))
	}
}

func about(v care.Snapshot, kind care.ExceptionKind, what string) bool {
	return slices.ContainsFunc(v.Exceptions, func(e care.Exception) bool { return e.Kind == kind && e.About == what })
}

// messages: what waits has a job, nothing invites to a visit that is not by screen, and nothing
// goes out twice.
func (m *machine) messages(before, v care.Snapshot, waiting pending) {
	for _, i := range v.Invitations {
		if (i.Waiting() || i.State == care.InvitationRecalled) && !waiting.has(scheduler.SendJob, v, string(i.ID)) {
			m.fail(v, "nobody sends or drops message %s (%s)", i.ID, i.State)
		}
	}

	inviting, links := 0, map[string]int{}

	for _, text := range m.texts(v) {
		if link := linkPattern.FindString(text); link != "" {
			inviting++

			if !strings.Contains(text, "Husk") {
				links[link]++
			}
		}
	}

	if inviting > m.told[v.ID] && before.ID != "" && !before.State.Active() && !v.State.Active() && before.Generation == v.Generation {
		m.fail(v, "was %s, and an invitation left", before.State)
	}

	m.told[v.ID] = inviting

	for link, n := range links {
		if n > 1 {
			m.fail(v, "the message with %s went out %d times", link[:8], n)
		}
	}
}

// texts returns everything that was sent for a visit.
func (m *machine) texts(v care.Snapshot) []string {
	out := m.smsOf(v)

	for _, l := range m.mail.Letters() {
		if strings.Contains(l.Calendar, string(v.ID)) {
			out = append(out, l.Text)
		}
	}

	return out
}

// entries: what is due has a job, and what is refused is told.
func (m *machine) entries(v care.Snapshot, waiting pending) {
	for _, e := range v.Entries {
		switch {
		case e.State == care.EntryDue && !waiting.has(scheduler.WriteEntryJob, v, string(e.ID)):
			m.fail(v, "nobody writes entry %s", e.ID)
		case e.State == care.EntryRejected && !about(v, care.EntryTrouble, string(e.ID)):
			m.fail(v, "nobody is told that entry %s is refused", e.ID)
		}
	}

	m.results(v)
}

// results: a visit that has ended has one result that was not overtaken, and no other visit has
// one. A cancelled visit has one when the record had been told of a screen visit.
func (m *machine) results(v care.Snapshot) {
	results := 0

	for _, e := range v.Entries {
		if e.Kind == care.EntryResult && e.State != care.EntrySuperseded {
			results++
		}
	}

	switch v.State {
	case care.Completed, care.NotCompleted:
		if results != 1 {
			m.fail(v, "has %d results: %+v", results, v.Entries)
		}
	case care.Cancelled:
		if told := toldPlanned(v); results > 1 || results == 0 && told {
			m.fail(v, "has %d results, the record was told %t: %+v", results, told, v.Entries)
		}
	case care.Listed, care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open, care.Reverted:
		if results != 0 {
			m.fail(v, "has %d results: %+v", results, v.Entries)
		}
	}

	if v.State == care.Completed && v.Outcome.By == "system" && v.Outcome.Together <= 0 {
		m.fail(v, "is called completed without evidence")
	}
}

// toldPlanned reports whether the record was told of a screen visit, and it is not being taken back.
func toldPlanned(v care.Snapshot) bool {
	for _, e := range slices.Backward(v.Entries) {
		switch {
		case e.State == care.EntrySuperseded:
		case e.Kind == care.EntryRestored:
			return false
		case e.Kind == care.EntryPlanned && e.State == care.EntryWritten:
			return true
		}
	}

	return false
}

func (m *machine) exceptions(v care.Snapshot) {
	for _, e := range v.Exceptions {
		if e.Text == "" || !strings.HasSuffix(e.Text, ".") {
			m.fail(v, "exception %s says %q", e.Kind, e.Text)
		}
	}
}

// rest lets the peers recover and the work come to its end, and holds the peers against the store.
func (m *machine) rest() {
	m.vdx.Calm()
	m.fhir.Calm()
	m.fhir.Forgive()
	m.mail.Calm()
	m.until(m.clock.Now().Add(5 * time.Minute))
	m.check()
	m.after = nil // from here on time is long and little happens
	m.until(on(23, 0).Add(12 * time.Hour))
	m.check()

	for _, v := range m.all() {
		m.atRest(v)
	}
}

func (m *machine) atRest(v care.Snapshot) {
	for _, r := range v.Rooms {
		if r.State == care.RoomWanted || r.State == care.RoomClosing {
			m.fail(v, "room %s is %s at the end", r.Ref, r.State)
		}
	}

	switch v.State {
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
		if !v.NeedsPerson() && !slices.ContainsFunc(v.Exceptions, func(e care.Exception) bool { return e.Kind == care.OutcomeTrouble }) {
			m.fail(v, "is over, has no outcome, and nobody was told")
		}
	case care.Listed, care.Completed, care.NotCompleted, care.Cancelled, care.Reverted:
	}

	m.recordAtRest(v)
}

// recordAtRest: the record's last word is ours.
func (m *machine) recordAtRest(v care.Snapshot) {
	got, ok := m.fhir.Visit(fhir.VisitIdentifier(v.Source))
	if !ok || len(got.Entries) == 0 || slices.ContainsFunc(v.Entries, func(e care.Entry) bool { return e.State == care.EntryRejected }) {
		return
	}

	var want fhirsim.Kind

	switch v.State {
	case care.Reverted, care.Listed:
		if want = fhirsim.Restored; v.ToCall() {
			want = fhirsim.Planned
		}
	case care.Completed, care.NotCompleted:
		want = fhirsim.Result
	case care.RoomIsBooked, care.Open:
		want = fhirsim.Planned
	case care.Chosen, care.BookingRoom, care.Cancelled: // either
	}

	if last := got.Entries[len(got.Entries)-1].Kind; want != "" && last != want {
		m.fail(v, "the record's last word is %s: %+v", last, v.Entries)
	}
}
