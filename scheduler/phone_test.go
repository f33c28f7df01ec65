package scheduler_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// dead demands that a link opens nothing.
func (r *rig) dead(link care.Locator) {
	r.tb.Helper()

	if view, err := r.Landing(r.tb.Context(), link); err != nil || view.Stage != scheduler.StageWrong {
		r.tb.Errorf("the old link: %s, %v", view.Stage, err)
	}

	_, err := r.Enter(r.tb.Context(), link)
	if care.KindOf(err) != care.NotFound {
		r.tb.Errorf("the old link lets in: %v", err)
	}
}

// TestALostNumberTakesTheLinkBack: nobody knows who reads what was sent to it. When the citizen has a
// number again, the planner says whether it gets a link.
func TestALostNumberTakesTheLinkBack(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	old := r.link("A-1")
	before := len(r.vdx.SMS())
	r.until(on(8, 0))
	r.load(list(with(nancy, colPhone, "")))

	if e := r.trouble("A-1", care.MessageTrouble); e.Retry || !strings.Contains(e.Text, "virker ikke mere") {
		t.Errorf("the planner reads %+v", e)
	}

	r.until(on(8, 50)) // the reminder is due, too
	r.dead(old)

	if n := len(r.vdx.SMS()) - before; n > 1 { // but for what tells the old number that it is no longer the citizen's
		t.Errorf("%d messages left to nobody", n)
	}

	sent := len(r.sent("A-1"))
	r.load(list(with(nancy, colPhone, "20000099")))
	r.work()

	e := r.trouble("A-1", care.MessageTrouble)
	if !e.Retry || len(r.sent("A-1")) != sent {
		t.Fatalf("the planner reads %+v; %d messages, then %d", e, sent, len(r.sent("A-1")))
	}

	must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	r.work()

	if v := r.visit("A-1"); v.NeedsPerson() || len(r.sent("A-1")) != sent+1 {
		t.Errorf("open %+v, %d messages", v.Exceptions, len(r.sent("A-1")))
	}

	r.dead(old)
	r.enter()
}

// TestALostNumberLeavesTheMail: the link goes out anew by mail, and the one in the SMS is dead.
func TestALostNumberLeavesTheMail(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{bruno}, []string{"A-2"})
	old := r.link("A-2")
	r.load(list(with(bruno, colPhone, "")))
	r.work()
	r.until(on(9, 50))
	r.dead(old)

	if e := r.trouble("A-2", care.CitizenTrouble); !strings.Contains(e.Text, "engangskode") || hashOf(r.link("A-2")) == hashOf(old) {
		t.Errorf("the planner reads %q", e.Text)
	}

	// There is nowhere to send a code to, and the page doesn't promise one.
	view, err := r.Lounge(t.Context(), r.come("A-2").token)
	if err != nil || view.CodeLeft != 0 || view.PhoneHint != "" {
		t.Errorf("%+v, %v", view, err)
	}

	r.load(list(bruno))

	if open := r.open("A-2"); len(open) != 0 {
		t.Errorf("the number is back, and the planner reads %+v", open)
	}
}

// TestANumberLostOnItsWay: the invitation is on its way at that moment; its link is dead all the same.
func TestANumberLostOnItsWay(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))

	_, err := r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: r.ids("A-1")})
	must(t, err)

	for _, job := range r.due() {
		must(t, r.run(job))
	}

	r.load(list(with(nancy, colPhone, "")))
	r.until(on(8, 50))

	if _, has := r.visit("A-1").Link(); has {
		t.Errorf("there is a link: %+v", r.visit("A-1").Invitations)
	}
}

// TestALostNumberDuringTheVisit: who is in already stays; the link lets nobody else in.
func TestALostNumberDuringTheVisit(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	g := l.come("A-1")
	outcome, err := l.login(t, g.token, oidcsim.Login{Person: "nancy"})
	must(t, err)

	old := l.link("A-1")
	g.admit()
	l.load(list(with(nancy, colPhone, "")))
	l.dead(old)

	if _, err := l.GuestLink(t.Context(), g.token); err != nil || outcome != scheduler.LoginIdentified {
		t.Errorf("%s is out: %v", outcome, err)
	}
}
