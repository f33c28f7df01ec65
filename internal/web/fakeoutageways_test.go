package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// LoginSwitches: that of the citizens is on, that of the employees is off.
func (f *fakeUse) LoginSwitches(context.Context, care.Actor) ([]scheduler.LoginSwitch, error) {
	return []scheduler.LoginSwitch{
		{Audience: scheduler.LoginOfCitizens, By: "SYS", Reason: "MitID viser en fejlside.", At: testNow().Add(-time.Hour), Until: testNow().Add(time.Hour)},
		{Audience: scheduler.LoginOfStaff},
	}, f.call("LoginSwitches")
}

// OpenOutageWays wants a reason.
func (f *fakeUse) OpenOutageWays(_ context.Context, _ care.Actor, req scheduler.SwitchRequest) error {
	if req.Reason == "" || req.For == 0 {
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return f.call("OpenOutageWays")
}

func (f *fakeUse) CloseOutageWays(context.Context, care.Actor, scheduler.LoginAudience) error {
	return f.call("CloseOutageWays")
}

// StaffLoginDown is as the test set it.
func (f *fakeUse) StaffLoginDown(context.Context) (bool, error) { return f.staffDown, f.fail }
