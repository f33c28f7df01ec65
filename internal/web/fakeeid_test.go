package web_test

import (
	"context"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// providerHandle is what the fake gives to every browser that it sends to a provider.
const providerHandle = "handle-of-a-login"

func (f *fakeUse) StartLogin(_ context.Context, token care.SessionToken, provider string, o scheduler.LoginOptions) (scheduler.LoginBegun, error) {
	if err := f.call("StartLogin " + provider + " " + string(o.Phone) + " " + o.Lang); err != nil {
		return scheduler.LoginBegun{}, err
	}

	if !f.mine(token.Reveal()) {
		return scheduler.LoginBegun{}, care.NewError(care.NotFound, "Linket virker ikke.")
	}

	return scheduler.LoginBegun{URL: "https://broker.example/authorize?request_uri=x", Handle: care.NewSecret(providerHandle)}, nil
}

// Identify answers as the query's outcome says; without the browser's handle it finds nothing.
func (f *fakeUse) Identify(_ context.Context, provider string, a eid.Answer) (scheduler.LoginOutcome, error) {
	if err := f.call("Identify " + provider); err != nil {
		return "", err
	}

	if a.Handle != providerHandle {
		return scheduler.LoginOutcome(eid.WrongBrowser), eid.Refuse(provider, eid.WrongBrowser, "no cookie")
	}

	return scheduler.LoginOutcome(a.Request.FormValue("outcome")), nil
}

func (f *fakeUse) LeaveLogin(_ context.Context, token care.SessionToken) (scheduler.LoginBegun, error) {
	if err := f.call("LeaveLogin"); err != nil {
		return scheduler.LoginBegun{}, err
	}

	if !f.mine(token.Reveal()) {
		return scheduler.LoginBegun{}, nil
	}

	return scheduler.LoginBegun{URL: "https://broker.example/logout", Handle: care.NewSecret(providerHandle)}, nil
}
