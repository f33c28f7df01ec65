package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	ical "github.com/emersion/go-ical"

	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestNoSMSAtNight: messages wait for the morning, unless the visit is in the night.
func TestNoSMSAtNight(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, with(with(kaja, colStart, "01:00"), colEnd, "01:15")))
	r.until(time.Date(2026, 11, 22, 21, 30, 0, 0, care.Zone()).UTC())
	r.convert("A-1", "A-3")

	if len(r.sent("A-1")) != 0 || len(r.sent("A-3")) != 1 {
		t.Errorf("at night: %q, %q", r.sent("A-1"), r.sent("A-3"))
	}

	r.until(on(7, 59))

	if len(r.sent("A-1")) != 0 {
		t.Error("a message left before eight")
	}

	r.until(on(8, 1))

	if len(r.sent("A-1")) != 1 || r.vdx.SMS()[1].Sent.Sub(on(8, 0)) > time.Second {
		t.Errorf("in the morning: %q", r.sent("A-1"))
	}
}

// TestNothingIsSentAfterACancel, whatever waits.
func TestNothingIsSentAfterACancel(t *testing.T) {
	t.Parallel()

	for name, end := range map[string]func(r *rig, id care.VisitID) error{
		"cancel": func(r *rig, id care.VisitID) error {
			return r.CancelVisit(r.tb.Context(), planner(), id, care.CancelledCitizen)
		},
		"physical": func(r *rig, id care.VisitID) error { return r.MakePhysical(r.tb.Context(), planner(), id) },
		"conclude": func(r *rig, id care.VisitID) error {
			return r.Conclude(r.tb.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.Hospitalised})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t, func(s *setup) { s.set.Reminder = 2 * time.Hour })
			r.load(list(nancy))
			r.until(time.Date(2026, 11, 22, 22, 0, 0, 0, care.Zone()).UTC())
			r.convert("A-1")
			must(t, end(r, r.visit("A-1").ID))
			r.until(on(20, 0))

			if texts := r.sent("A-1"); len(texts) != 0 {
				t.Errorf("messages %q", texts) // nobody was told, so there is nothing to take back either
			}

			if r.vdx.Counts().RoomsLive != 0 {
				t.Error("the room stands")
			}
		})
	}
}

// TestAnInvitedCitizenIsToldThatItIsOff.
func TestAnInvitedCitizenIsToldThatItIsOff(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-1").ID, care.CancelledStaff))
	r.work()

	if texts := r.sent("A-1"); len(texts) != 2 || !strings.Contains(texts[1], "ikke på skærm alligevel") || linkPattern.MatchString(texts[1]) {
		t.Errorf("messages %q", texts)
	}

	refused(t, r.CancelVisit(t.Context(), planner(), r.visit("A-1").ID, care.CancelledStaff), care.Conflict)
	refused(t, r.CancelVisit(t.Context(), planner(), r.visit("A-1").ID, "fordi"), care.Invalid)
}

// TestReminders are decided when they are sent, and there is one, however often a visit moves.
func TestReminders(t *testing.T) {
	t.Parallel()

	hour := func(s *setup) { s.set.Reminder = time.Hour }
	count := func(r *rig) int {
		return len(slices.DeleteFunc(r.sent("A-3"), func(s string) bool { return !strings.Contains(s, "Husk") }))
	}

	t.Run("once", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{kaja}, []string{"A-3"}, hour)
		r.until(on(9, 59))

		if count(r) != 0 {
			t.Error("too early")
		}

		r.until(on(10, 59))

		if texts := r.sent("A-3"); count(r) != 1 || locator(t, texts[0]).Reveal() != locator(t, texts[1]).Reveal() {
			t.Errorf("messages %q", texts)
		}
	})

	t.Run("moved twice", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{kaja}, []string{"A-3"}, hour)
		for _, h := range []int{14, 13} {
			must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-3").ID, care.Interval{Start: on(h, 0), End: on(h, 15)}))
			r.work()
		}

		r.until(on(11, 30))

		if count(r) != 0 {
			t.Error("a reminder of the old time left")
		}

		r.until(on(12, 59))

		if texts := r.sent("A-3"); count(r) != 1 || !strings.Contains(texts[len(texts)-1], "13.00") {
			t.Errorf("messages %q", texts)
		}
	})

	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{kaja}, []string{"A-3"}, hour)
		must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-3").ID, care.CancelledCitizen))
		r.until(on(12, 0))

		if count(r) != 0 {
			t.Errorf("messages %q", r.sent("A-3"))
		}
	})

	t.Run("nobody was invited", func(t *testing.T) {
		t.Parallel()

		r := newRig(t, hour)
		r.load(list(kaja))
		r.until(on(9, 30))
		must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpSMSSend, Count: 1000}))
		r.convert("A-3")
		r.until(on(10, 10))

		if len(r.visit("A-3").Invitations) != 2 {
			t.Fatalf("messages %+v", r.visit("A-3").Invitations)
		}

		for _, i := range r.visit("A-3").Invitations {
			if i.Kind == care.Reminder && i.State != care.InvitationRevoked {
				t.Errorf("a reminder of a message that never left is %s", i.State)
			}
		}
	})
}

// TestABadNumber: the other channel is tried by itself; without one the planner is told, before
// the visit, and can try again when the number is right.
func TestABadNumber(t *testing.T) {
	t.Parallel()

	t.Run("mail helps", func(t *testing.T) {
		t.Parallel()

		r := newRig(t)
		r.vdx.AddUndeliverable("20000032")
		r.load(list(bruno))
		r.convert("A-2")
		r.until(r.clock.Now().Add(time.Minute))

		letters := r.mail.Mailbox("bruno@borger.example")
		if len(letters) != 1 || len(r.open("A-2")) != 0 {
			t.Fatalf("%d letters, %v", len(letters), r.open("A-2"))
		}

		if view, err := r.Landing(t.Context(), locator(t, letters[0].Text)); err != nil || view.Stage != scheduler.StageEarly {
			t.Errorf("the link of the letter: %s, %v", view.Stage, err)
		}
	})

	t.Run("nothing helps", func(t *testing.T) {
		t.Parallel()

		r := newRig(t)
		r.vdx.AddUndeliverable("20000033")
		r.load(list(nancy))
		r.convert("A-1")
		r.until(r.clock.Now().Add(time.Minute))

		e := r.trouble("A-1", care.MessageTrouble)
		if !e.Retry {
			t.Error("there is no retry")
		}

		r.load(list(with(nancy, colPhone, "20000099")))
		r.work()

		if to := r.vdx.SMS()[1].To; len(r.vdx.SMS()) != 2 || !strings.HasSuffix(to, "20000099") {
			t.Errorf("the second message went to %s", to)
		}

		must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
		r.work()

		if len(r.open("A-1")) != 0 {
			t.Errorf("%v", r.open("A-1"))
		}
	})

	t.Run("the relay refuses the address", func(t *testing.T) {
		t.Parallel()

		r := newRig(t, func(s *setup) { s.mail.Reject = []string{"bo@borger.example"} })
		r.load(list(vester))
		r.convert("A-5")
		r.trouble("A-5", care.MessageTrouble)
	})
}

// TestAWithdrawalThatBounces is the planner's business, and can be tried again.
func TestAWithdrawalThatBounces(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.vdx.AddUndeliverable("20000033")
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.until(r.clock.Now().Add(2 * time.Minute))

	for _, e := range r.open("A-1") {
		if !e.Retry {
			continue
		}

		must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	}

	if n := len(slices.DeleteFunc(r.visit("A-1").Invitations, func(i care.Invitation) bool { return i.Kind != care.Withdrawn })); n > 2 {
		t.Errorf("%d withdrawals", n)
	}
}

// TestAMessageOfWhichNothingIsHeard is on the list before the visit, and off it when it arrives.
func TestAMessageOfWhichNothingIsHeard(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) { s.vdx.SMSDeliveryDelay = 40 * time.Minute })
	r.until(r.clock.Now().Add(29 * time.Minute))

	if len(r.open("A-1")) != 0 {
		t.Errorf("too early: %v", r.open("A-1"))
	}

	r.until(r.clock.Now().Add(5 * time.Minute))

	if e := r.trouble("A-1", care.MessageTrouble); e.Retry {
		t.Error("a message that may have arrived can be sent again")
	}

	r.until(r.clock.Now().Add(10 * time.Minute))

	if v := r.visit("A-1"); len(r.open("A-1")) != 0 || v.Invitations[0].State != care.InvitationDelivered {
		t.Errorf("%v, %s", r.open("A-1"), v.Invitations[0].State)
	}
}

// TestAMessageThatCanNotLeave is told after some tries, and goes on being tried.
func TestAMessageThatCanNotLeave(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(vester))
	must(t, r.mail.Script(mailsim.Fault{Kind: mailsim.FaultGreylist, Count: 9}))
	r.convert("A-5")
	r.until(r.clock.Now().Add(3 * time.Minute))

	if e := r.trouble("A-5", care.MessageTrouble); !strings.Contains(e.Text, "prøver videre") {
		t.Errorf("text %q", e.Text)
	}

	r.until(r.clock.Now().Add(10 * time.Minute))

	if len(r.mail.Letters()) != 1 || len(r.open("A-5")) != 0 {
		t.Errorf("%d letters, %v", len(r.mail.Letters()), r.open("A-5"))
	}
}

// TestCalendarFiles: one UID, a SEQUENCE that grows, and a cancellation at the end.
func TestCalendarFiles(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{vester}, []string{"A-5"})
	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-5").ID, care.Interval{Start: on(15, 0), End: on(15, 15)}))
	r.work()
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-5").ID))
	r.work()

	letters := r.mail.Letters()
	if len(letters) != 3 {
		t.Fatalf("%d letters", len(letters))
	}

	uid, sequence := "", -1

	for i, want := range []struct{ method, start string }{{"REQUEST", "20261123T130000"}, {"REQUEST", "20261123T150000"}, {"CANCEL", "20261123T150000"}} {
		calendar, err := ical.NewDecoder(strings.NewReader(letters[i].Calendar)).Decode()
		must(t, err)

		event := calendar.Events()[0]
		n, err := event.Props.Get(ical.PropSequence).Int()
		must(t, err)

		if method := calendar.Props.Get(ical.PropMethod).Value; method != want.method || event.Props.Get(ical.PropDateTimeStart).Value != want.start || n <= sequence {
			t.Errorf("letter %d: %s at %s, sequence %d after %d", i, method, event.Props.Get(ical.PropDateTimeStart).Value, n, sequence)
		}

		if sequence = n; uid != "" && event.Props.Get(ical.PropUID).Value != uid {
			t.Error("the UID changed")
		}

		uid = event.Props.Get(ical.PropUID).Value
	}
}

// TestLinkBeforeTheReceipt opens the link of a message that reached the citizen while nobody knew
// here that it had left: it works from the moment in which the citizen can have it.
func TestLinkBeforeTheReceipt(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpSMSSend}))

	tried := false
	r.after = func() {
		v := r.visit("A-1")
		if len(v.Invitations) != 1 || v.Invitations[0].Left() || len(r.sent("A-1")) == 0 {
			return
		}

		tried = true

		if view, err := r.Landing(t.Context(), r.link("A-1")); err != nil || view.Stage != scheduler.StageEarly {
			t.Errorf("the link leads to %q, %v", view.Stage, err)
		}
	}

	r.convert("A-1")

	if texts := r.sent("A-1"); !tried || len(texts) != 1 {
		t.Errorf("tried: %v; messages %q", tried, texts)
	}
}
