package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestLoginOutageIsTold: citizens read in plain words that MitID does not work and that they are not
// lost; employees read it above every page.
func TestLoginOutageIsTold(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)
	staff := b.as(t, testby, "MSK", care.Caregiver)

	for _, stage := range []scheduler.CitizenStage{scheduler.StageLanding, scheduler.StageIdentify, scheduler.StageCode} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: stage, CodeLeft: 1, LoginsDown: []string{"MitID"}}

		if body := b.get(t, c, "/b", http.StatusOK); !strings.Contains(body, "MitID virker ikke lige nu.") || !strings.Contains(body, "ringer vi til dig") {
			t.Errorf("%s: the page does not tell", stage)
		}

		if body := b.get(t, c, "/b?sprog=en", http.StatusOK); !strings.Contains(body, "MitID does not work right now.") {
			t.Errorf("%s: the English page does not tell", stage)
		}
	}

	b.use[testby].loginAlarm = "MitID virker ikke siden kl. 08.10."
	if body := b.get(t, staff, "/min-dag", http.StatusOK); !strings.Contains(body, "MitID virker ikke siden kl. 08.10.") {
		t.Error("the employees' page does not tell")
	}
}
