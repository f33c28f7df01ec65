package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// EnterByCode takes 483921507, and 111111111 as the code of a visit whose door opens later.
func (f *fakeUse) EnterByCode(_ context.Context, code care.Code) (scheduler.Entered, scheduler.CitizenView, error) {
	if err := f.call("EnterByCode"); err != nil {
		return scheduler.Entered{}, scheduler.CitizenView{}, err
	}

	switch code.Reveal() {
	case "111111111":
		return scheduler.Entered{}, scheduler.CitizenView{Stage: scheduler.StageEarly, Opens: testNow().Add(25 * time.Minute)}, nil
	case "483921507":
	default:
		return scheduler.Entered{}, scheduler.CitizenView{}, care.NewError(care.NotFound, "Koden virker ikke.")
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	f.known["session-code"] = true

	return scheduler.Entered{Token: care.NewSessionToken("session-code"), Expires: testNow().Add(time.Hour)}, scheduler.CitizenView{}, nil
}

// LoginAlarm tells of an outage when one is set.
func (f *fakeUse) LoginAlarm(context.Context) string { return f.loginAlarm }
