package scheduler_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestStopAccess: one click ends links, sessions and messages on their way; new links are sent on
// purpose, and what was before stays dead (C27).
func TestStopAccess(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.until(on(8, 50))

	waiting := r.come("A-1")
	g := r.enter()
	citizen := r.visit("A-1").Facts.Citizen
	request := scheduler.StopRequest{MitIDOnly: true, Reason: "En anden har borgerens telefon"}

	refused(t, r.StopAccess(t.Context(), caregiver("MSK"), citizen, request), care.Forbidden)
	refused(t, r.StopAccess(t.Context(), planner(), citizen, scheduler.StopRequest{}), care.Invalid)
	refused(t, r.StopAccess(t.Context(), planner(), citizen, scheduler.StopRequest{Reason: "Ring 010490-9989"}), care.Invalid)
	must(t, r.StopAccess(t.Context(), planner(), citizen, request))

	for _, token := range []care.SessionToken{waiting.token, g.token} {
		if view, err := r.Lounge(t.Context(), token); err != nil || view.Stage != scheduler.StageRefused {
			t.Errorf("a session lives: %s, %v", view.Stage, err)
		}

		refused(t, r.AskCode(t.Context(), token), care.Forbidden) // logins only

		_, err := r.GuestLink(t.Context(), token)
		refused(t, err, care.Forbidden)
	}

	if e := r.trouble("A-1", care.CitizenTrouble); !strings.Contains(e.Text, "Al adgang") {
		t.Errorf("the planner reads %q", e.Text)
	}

	setting, err := r.CitizenIdentity(t.Context(), caregiver("MSK"), citizen)
	if err != nil || !setting.Stopped || !setting.MitIDOnly || setting.By != "PLAN" && setting.By == "" {
		t.Errorf("setting %+v, %v", setting, err)
	}

	before := len(r.sent("A-1"))

	must(t, r.StopAccess(t.Context(), planner(), citizen, request)) // again
	refused(t, r.SendNewLinks(t.Context(), caregiver("MSK"), citizen), care.Forbidden)
	must(t, r.SendNewLinks(t.Context(), planner(), citizen))
	r.work()

	if len(r.sent("A-1")) != before+1 || len(r.open("A-1")) != 0 {
		t.Errorf("sent %d, then %d; open %v", before, len(r.sent("A-1")), r.open("A-1"))
	}

	if view, err := r.Lounge(t.Context(), waiting.token); err != nil || view.Stage != scheduler.StageRefused {
		t.Errorf("an old session lives again: %s, %v", view.Stage, err)
	}

	fresh := r.come("A-1")
	refused(t, r.AskCode(t.Context(), fresh.token), care.Forbidden) // logins only from now on
}

// TestNoSMS: a citizen who must not get SMS is written to in another way, or rung.
func TestNoSMS(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))
	must(t, r.SetIdentity(t.Context(), planner(), r.visit("A-1").Facts.Citizen, scheduler.IdentityRequest{NoSMS: true, Reason: "Deler telefon"}))
	refused(t, r.SetIdentity(t.Context(), caregiver("MSK"), r.visit("A-1").Facts.Citizen, scheduler.IdentityRequest{NoSMS: true, Reason: "Deler telefon"}), care.Forbidden)
	r.convert("A-1")
	r.work()

	for _, m := range r.visit("A-1").Invitations {
		if m.Channel == care.SMS && m.Left() && m.State != care.InvitationBounced {
			t.Errorf("an SMS left: %+v", m)
		}
	}
}
