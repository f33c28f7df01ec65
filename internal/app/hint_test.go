package app_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestSMSCallback has the program told that an SMS arrived, before it would have asked.
func TestSMSCallback(t *testing.T) {
	t.Parallel()

	b := setup(t)
	a, _ := b.start(app.All)
	visit, _ := b.person(testby).login("PLAN").importAndConvert()
	b.settle(a)

	sent := b.world.VDX.SMS()
	if len(sent) != 1 {
		t.Fatalf("%d SMS", len(sent))
	}

	state := func() care.InvitationState {
		t.Helper()

		day, err := a.Site(testby).Service().Day(t.Context(), care.Actor{
			Employee: "PLAN", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}},
		}, scheduler.DayQuery{Day: "2026-11-23"})
		if err != nil || len(day.Visits) != 1 || string(day.Visits[0].Visit.ID) != visit {
			t.Fatalf("%d visits, %v", len(day.Visits), err)
		}

		return day.Visits[0].Visit.Invitations[0].State
	}

	stranger := b.person(testby)
	hint := func(reference string) {
		t.Helper()

		got := stranger.get("/hooks/sms/testby?" + url.Values{"reference": {reference}, "status": {"DELIVERED"}}.Encode())
		if got.status != http.StatusNoContent || got.body != "" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}

	b.clock.offset.Add(int64(10 * time.Second))
	b.world.VDX.Tick()

	hint("nobody's")
	hint(sent[0].ID)

	if got := state(); got != care.InvitationDelivered {
		t.Errorf("the message is %s", got)
	}

	if got := stranger.get("/hooks/sms/testby"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reference: %d", got.status)
	}
}
