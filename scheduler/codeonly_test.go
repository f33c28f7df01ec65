package scheduler_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// withoutLinks is a municipality that sends no links.
func withoutLinks(s *setup) { s.set.CodeOnly, s.set.ShortAddress = true, "testby.dk/skaerm" }

var typed = regexp.MustCompile(`Gå til testby\.dk/skaerm og tast (\d{3}) (\d{3}) (\d{3})\.`) //nolint:misspell // Danish for "key in"

// visitCode reads the visit code in a message, and fails when there is a link in it or when it is no
// SMS that can be sent.
func visitCode(tb testing.TB, text string) care.Code {
	tb.Helper()

	if n, ok := message.GSMLength(text); !ok || n > message.MaxSMS {
		tb.Errorf("%d characters: %q", n, text)
	}

	if strings.Contains(text, "http") || strings.Contains(text, "/b/") {
		tb.Errorf("a link in %q", text)
	}

	m := typed.FindStringSubmatch(text)
	if m == nil {
		tb.Fatalf("no code in %q", text)
	}

	return care.NewCode(m[1] + m[2] + m[3])
}

// TestCodeOnly takes a citizen from the SMS to the room without any link: invitation, a new time
// with a new code, identity, admission.
func TestCodeOnly(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, withoutLinks)
	old := visitCode(t, r.toCitizen("A-1")[0])

	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(9, 30), End: on(9, 45)}))
	r.work()

	texts := r.toCitizen("A-1")
	code := visitCode(t, texts[len(texts)-1])

	if code.Equal(old) {
		t.Error("the new message holds the old code")
	}

	if inv, _ := r.visit("A-1").Link(); inv.LocatorHash == "" || strings.Contains(inv.LocatorHash, code.Reveal()) {
		t.Error("what is stored is not a hash")
	}

	wrong := func(code care.Code) {
		t.Helper()

		in, view, err := r.EnterByCode(t.Context(), code)
		refused(t, err, care.NotFound)

		if !in.Token.IsZero() || view.Visit != "" || view.Stage != "" {
			t.Errorf("a wrong code tells %+v", view)
		}
	}

	wrong(code) // more than an hour before
	r.until(on(8, 31))
	wrong(old)
	wrong(care.NewCode("000000000"))
	wrong(care.NewCode(""))

	if view, err := r.Landing(t.Context(), care.NewLocator(code.Reveal())); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the code as a link: %s, %v", view.Stage, err)
	}

	in, view, err := r.EnterByCode(t.Context(), code)
	if err != nil || !in.Token.IsZero() || view.Stage != scheduler.StageEarly || !view.Opens.Equal(on(9, 15)) {
		t.Errorf("early: %+v, %v", view, err)
	}

	r.until(on(9, 20))

	in, _, err = r.EnterByCode(t.Context(), code)
	must(t, err)

	g := &guest{r, "A-1", in.Token}
	refused(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID, true), care.Conflict) // a code is no identity
	g.ask()
	must(t, r.EnterCode(t.Context(), g.token, g.code()))
	must(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admission().ID, true))

	if link, err := r.GuestLink(t.Context(), g.token); err != nil || link.IsZero() {
		t.Errorf("no room: %v", err)
	}

	must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	wrong(code)
}

// TestCodeOnlyReminders: a reminder holds the code of the invitation.
func TestCodeOnlyReminders(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, withoutLinks, func(s *setup) { s.set.Reminder = 45 * time.Minute })
	r.until(on(8, 30))

	texts := r.toCitizen("A-1")
	if last := texts[len(texts)-1]; !strings.Contains(last, "Husk") || !visitCode(t, last).Equal(visitCode(t, texts[0])) {
		t.Errorf("messages %q", texts)
	}
}

// TestCodeOnlyParticipants have a code of their own, which ends with them.
func TestCodeOnlyParticipants(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, withoutLinks)
	who := r.join(relative())

	code := visitCode(t, r.textsTo("A-1", brunosNumber)[0])
	if code.Equal(visitCode(t, r.toCitizen("A-1")[0])) {
		t.Fatal("citizen and relative have one code")
	}

	r.until(on(8, 50))

	in, view, err := r.EnterByCode(t.Context(), code)
	if err != nil || in.Token.IsZero() || view.Guest != care.Relative {
		t.Errorf("%+v, %v", view, err)
	}

	must(t, r.RemoveParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, who))

	_, _, err = r.EnterByCode(t.Context(), code)
	refused(t, err, care.NotFound)
}

// FuzzVisitCode: whatever is typed finds nothing, panics never, and is answered alike.
func FuzzVisitCode(f *testing.F) {
	for _, seed := range []string{"", "483921507", "000000000", "483 921 507", "\x00", strings.Repeat("1", 1000), "' OR 1=1 --"} {
		f.Add(seed)
	}

	r := booked(f, []string{nancy}, []string{"A-1"}, withoutLinks)
	ours := visitCode(f, r.toCitizen("A-1")[0]).Reveal()

	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := r.EnterByCode(t.Context(), care.NewCode(text))
		if text != ours {
			refused(t, err, care.NotFound)
		}
	})
}

// TestCodesForOneCitizen: a message that waits holds a code from the moment in which an employee says
// so; one that left keeps its link until the planner sends new ones; others keep their links.
func TestCodesForOneCitizen(t *testing.T) {
	t.Parallel()

	door := func(s *setup) { s.set.ShortAddress = "testby.dk/skaerm" }
	r := booked(t, []string{nancy, bruno}, []string{"A-1", "A-2"}, door)
	old, citizen := r.link("A-1"), r.citizen("A-1")
	codeOnly := scheduler.IdentityRequest{CodeOnly: true, Reason: "Åbner aldrig links"}

	refused(t, r.SendCodes(t.Context(), planner(), citizen), care.Invalid)
	must(t, r.SetIdentity(t.Context(), planner(), citizen, codeOnly))
	r.work()

	if n := len(r.toCitizen("A-1")); n != 1 {
		t.Fatalf("%d messages: nobody asked for another", n)
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage == scheduler.StageWrong {
		t.Errorf("the link that was sent: %s, %v", view.Stage, err)
	}

	refused(t, r.SendCodes(t.Context(), caregiver("MSK"), citizen), care.Forbidden)
	must(t, r.SendCodes(t.Context(), planner(), citizen))
	must(t, r.SendCodes(t.Context(), planner(), citizen)) // the first one still waits, and is overtaken
	r.work()
	must(t, r.SendCodes(t.Context(), planner(), citizen)) // nothing holds a link any more
	r.work()

	texts := r.toCitizen("A-1")
	if len(texts) != 2 {
		t.Fatalf("messages %q", texts)
	}

	code := visitCode(t, texts[1])

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the old link: %s, %v", view.Stage, err)
	}

	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-2").ID, care.Interval{Start: on(13, 0), End: on(13, 20)}))
	r.work()

	if others := r.toCitizen("A-2"); !strings.Contains(others[len(others)-1], "/b/") {
		t.Errorf("another citizen's message %q", others)
	}

	r.until(on(8, 50))

	in, _, err := r.EnterByCode(t.Context(), code)
	if err != nil || in.Token.IsZero() {
		t.Errorf("the code does not open the visit: %v", err)
	}
}

// TestCodesBeforeTheInvitation: the plan shows the message with a code, and the message that waited
// for the morning leaves with one.
func TestCodesBeforeTheInvitation(t *testing.T) {
	t.Parallel()

	r := newRig(t, func(s *setup) {
		s.set.ShortAddress = "testby.dk/skaerm"
		s.set.Quiet = message.Quiet{From: 10 * time.Hour, Until: 20 * time.Hour} // no SMS during the day
	})
	r.load(list(nancy))

	plan, err := r.DryRun(t.Context(), planner(), []care.VisitID{r.visit("A-1").ID})
	must(t, err)

	if text := plan.Items[0].Message; !strings.Contains(text, "/b/…") {
		t.Errorf("the plan shows %q", text)
	}

	_, err = r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: []care.VisitID{r.visit("A-1").ID}})
	must(t, err)
	r.work()

	if n := len(r.toCitizen("A-1")); n != 0 {
		t.Fatalf("%d messages during the quiet hours", n)
	}

	must(t, r.SetIdentity(t.Context(), planner(), r.citizen("A-1"), scheduler.IdentityRequest{CodeOnly: true, Reason: "Åbner aldrig links"}))
	r.until(on(7, 0))
	visitCode(t, r.toCitizen("A-1")[0])

	plan, err = r.DryRun(t.Context(), planner(), []care.VisitID{r.visit("A-1").ID})
	must(t, err)

	if item := plan.Items[0]; item.Convert {
		t.Errorf("%+v", item)
	}
}

// TestALinkThatMayHaveLeft: a message of which nobody knows whether it left with its link is overtaken
// by one with a code when the citizen gets no links any more.
func TestALinkThatMayHaveLeft(t *testing.T) {
	t.Parallel()

	r := newRig(t, func(s *setup) {
		s.set.ShortAddress = "testby.dk/skaerm"
		s.set.Quiet = message.Quiet{From: 10 * time.Hour, Until: 20 * time.Hour}
	})
	r.load(list(nancy))

	_, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: []care.VisitID{r.visit("A-1").ID}})
	must(t, err)
	r.work()

	waits := r.visit("A-1").Invitations[0]
	must(t, r.SetIdentity(t.Context(), planner(), r.citizen("A-1"), scheduler.IdentityRequest{CodeOnly: true, Reason: "Åbner aldrig links"}))
	must(t, r.Run(t.Context(), scheduler.Job{Kind: scheduler.SendJob, Visit: r.visit("A-1").ID, Ref: string(waits.ID), Attempt: 2}))

	if now, _ := r.visit("A-1").InvitationOf(waits.ID); now.State != care.InvitationRevoked {
		t.Errorf("the message that never left is %s", now.State)
	}

	r.until(on(7, 0))

	if texts := r.toCitizen("A-1"); len(texts) != 1 {
		t.Errorf("messages %q", texts)
	} else {
		visitCode(t, texts[0])
	}
}
