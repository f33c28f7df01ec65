package care_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// aContact is one with everything that taking part needs.
func aContact(id care.ContactID) care.Contact {
	return care.Contact{
		ID: id, Citizen: "citizen", Kind: care.Relative, Name: "Bruno Elmer", Phone: care.NewPhone("+4520000032"),
		Email: care.NewEmail("bruno@borger.example"), Consent: care.Consent{Form: care.Orally, By: "MSK", At: start},
	}
}

// TestMayAdd: only on the way to a screen, only the citizen's own, only with consent and a number.
func TestMayAdd(t *testing.T) {
	t.Parallel()

	for _, state := range care.States() {
		err := inState(t, state).Snapshot().MayAdd(aContact("c1"), 5)
		if active := state.Active(); (err == nil) != active || !active && care.KindOf(err) != care.Conflict {
			t.Errorf("%s: %v", state, err)
		}
	}

	for name, c := range map[string]struct {
		spoil func(*care.Contact)
		want  care.Kind
	}{
		"removed":       {func(c *care.Contact) { *c = c.Remove(start) }, care.NotFound},
		"of another":    {func(c *care.Contact) { c.Citizen = "other" }, care.NotFound},
		"no consent":    {func(c *care.Contact) { c.Consent = care.Consent{} }, care.Invalid},
		"nobody's":      {func(c *care.Contact) { c.Consent.By = "" }, care.Invalid},
		"never":         {func(c *care.Contact) { c.Consent.At = time.Time{} }, care.Invalid},
		"unknown form":  {func(c *care.Contact) { c.Consent.Form = "nod" }, care.Invalid},
		"e-mail alone":  {func(c *care.Contact) { c.Phone = care.Phone{} }, care.Invalid},
		"without fault": {func(*care.Contact) {}, 0},
	} {
		contact := aContact("c1")
		c.spoil(&contact)

		if err := inState(t, care.RoomIsBooked).Snapshot().MayAdd(contact, 5); care.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSeats: everybody has their own, one that somebody may still know comes last.
func TestSeats(t *testing.T) {
	t.Parallel()

	v := inState(t, care.Open)
	add := func(n int) care.ParticipantID {
		t.Helper()

		id, err := v.AddParticipant(care.Invitee{ID: care.ParticipantID(fmt.Sprint("p", n)), Contact: aContact(care.ContactID(fmt.Sprint("c", n)))}, 5, "MSK", start.Add(time.Duration(n)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}

		return id
	}
	seats := func() (out []int) {
		for _, p := range v.Snapshot().Present() {
			out = append(out, p.Seat)
		}

		return out
	}

	first := add(1)

	add(2)

	if err := v.RemoveParticipant(first, "MSK", start.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}

	add(11)

	if got := fmt.Sprint(seats()); got != "[2 3]" {
		t.Errorf("seats %s while one was never used", got)
	}

	add(12)

	if got := fmt.Sprint(seats()); got != "[1 2 3]" {
		t.Errorf("seats %s", got)
	}

	if _, err := v.AddParticipant(care.Invitee{ID: "p9", Contact: aContact("c9")}, 5, "MSK", start); care.KindOf(err) != care.Conflict {
		t.Errorf("a sixth person: %v", err)
	}

	s := v.Snapshot()
	for minute, want := range map[int]care.ParticipantID{2: "p1", 11: "", 13: "p12"} {
		if p, _ := s.Sitting(1, start.Add(time.Duration(minute)*time.Minute)); p.ID != want {
			t.Errorf("seat 1 after %d minutes is %q's, want %q", minute, p.ID, want)
		}
	}
}

// TestRemovedWhileTheMessageIsOnItsWay: who turns out to have got it is told all the same.
func TestRemovedWhileTheMessageIsOnItsWay(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)

	who, err := v.AddParticipant(care.Invitee{ID: "p1", Contact: aContact("c1")}, 5, "MSK", start)
	if err != nil {
		t.Fatal(err)
	}

	message, ok := v.Snapshot().LinkOf(who)
	if !ok || message.To != who || message.Kind != care.Invite {
		t.Fatalf("%+v", message)
	}

	if err := v.RemoveParticipant(who, "MSK", start); err != nil {
		t.Fatal(err)
	}

	if _, ok := v.Snapshot().LinkOf(who); ok {
		t.Error("a removed participant has a link")
	}

	before := len(v.Snapshot().Invitations)

	for range 2 { // the answer may come twice
		if err := v.MessageSent(message.ID, "provider", "hash", start); err != nil {
			t.Fatal(err)
		}
	}

	all := v.Snapshot().Invitations
	if last := all[len(all)-1]; len(all) != before+1 || last.To != who || last.Kind != care.Withdrawn {
		t.Errorf("%d messages, the last one %+v", len(all), last)
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"20000032": "+4520000032", " 20 00 00 32 ": "+4520000032", "20-00-00-32": "+4520000032", "+45 20000032": "+4520000032",
		"0045 20 00 00 32": "+4520000032", "+46701234567": "+46701234567", "004646701234567": "+4646701234567",
		"": "", "2000003": "", "200000320": "", "10000032": "", "+4510000032": "", "+45200000321": "", "+0123456789": "", "20a00032": "",
		"+1234567": "", "+1234567890123456": "", "0104909989": "", "++4520000032": "",
	} {
		phone, ok := care.ParsePhone(text)
		if ok != (want != "") || ok && phone.Reveal() != want {
			t.Errorf("%q: %q, %t, want %q", text, phone.Reveal(), ok, want)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"20 00 00 32", "+4520000032", "0045", "+46 70-123 45 67", "\u00a0(20)000032"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, s string) {
		phone, ok := care.ParsePhone(s)
		if !ok {
			return
		}

		if e164 := phone.Reveal(); len(e164) < 9 || len(e164) > 16 || e164[0] != '+' || strings.Trim(e164[1:], "0123456789") != "" {
			t.Errorf("%q became %q", s, e164)
		}

		if again, ok := care.ParsePhone(phone.Reveal()); !ok || again != phone {
			t.Errorf("%q became %q and then %q", s, phone.Reveal(), again.Reveal())
		}
	})
}

// TestCallsDomain: a call is born with its room wanted, begins when it has one, and is never physical.
func TestCallsDomain(t *testing.T) {
	t.Parallel()

	v, err := care.NewCall("v9", "key", facts(), care.OnListOnly(), "r9", start)
	if err != nil {
		t.Fatal(err)
	}

	s := v.Snapshot()
	if !s.AdHoc() || s.State != care.BookingRoom || s.Delivery != care.Screen || len(s.Rooms) != 1 || s.Source.Occurrence != "2026-11-23" {
		t.Errorf("%+v", s)
	}

	later := care.Interval{Start: start.Add(5 * time.Minute), End: start.Add(20 * time.Minute)}
	v.Begin(later, start)
	v.RecordPlanned(start)

	if s = v.Snapshot(); !s.Facts.Planned.Equal(later) || len(s.Entries) != 0 {
		t.Errorf("planned %v, entries %v", s.Facts.Planned, s.Entries)
	}

	if err := v.Revert(care.SMS, start); care.KindOf(err) != care.Conflict {
		t.Errorf("a call became physical: %v", err)
	}

	if err := v.Conclude(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, At: start}); care.KindOf(err) != care.Conflict {
		t.Errorf("a call without a room was judged: %v", err)
	}

	if err := v.Conclude(care.Outcome{Kind: care.ResultCompleted, Delivery: care.ByPhone, Grade: care.Manual, By: "MSK", At: start}); err != nil {
		t.Error(err)
	}

	if s = v.Snapshot(); s.State != care.Completed || len(s.Entries) != 1 || s.Entries[0].Kind != care.EntryResult {
		t.Errorf("%s, %+v", s.State, s.Entries)
	}

	// A visit of a list keeps its time and its ways.
	planned := newVisit(t)
	planned.Begin(later, start)

	if !planned.Planned().Equal(facts().Planned) {
		t.Error("a planned visit was begun like a call")
	}
}

func TestShiftAt(t *testing.T) {
	t.Parallel()

	for hour, want := range map[int]care.Shift{0: care.NightShift, 6: care.NightShift, 7: care.DayShift, 14: care.DayShift, 15: care.EveningShift, 22: care.EveningShift, 23: care.NightShift} {
		if got := care.ShiftAt(time.Date(2026, 11, 23, hour, 30, 0, 0, care.Zone())); got != want {
			t.Errorf("%d: %s, want %s", hour, got, want)
		}
	}
}
