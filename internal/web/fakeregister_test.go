package web_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) SendCodes(context.Context, care.Actor, care.CitizenID) error {
	return f.call("SendCodes")
}

func found() scheduler.FoundCitizen {
	cpr, _, _ := care.ParseCPR("251248-9996")

	return scheduler.FoundCitizen{
		Citizen: care.Citizen{ID: "c1", CPR: cpr, Name: "Nancy Ann Berggren", Address: "Testvej 1", Suitability: care.Suitable},
		Units:   []care.Unit{{ID: "oest", Name: "Hjemmeplejen Øst"}}, Card: true, Link: true,
	}
}

func (f *fakeUse) FindByName(_ context.Context, _ care.Actor, text string) ([]scheduler.FoundCitizen, bool, error) {
	switch text {
	case "x":
		return nil, false, care.NewError(care.Invalid, "Skriv mindst to bogstaver af navnet.")
	case "ingen":
		return nil, false, f.call("FindByName")
	}

	return []scheduler.FoundCitizen{found()}, true, f.call("FindByName")
}

func (f *fakeUse) FindByNumber(_ context.Context, _ care.Actor, number, _ string) (scheduler.FoundCitizen, error) {
	if number == "" {
		return scheduler.FoundCitizen{}, care.NewError(care.Invalid, "Det er ikke et CPR-nummer. Skriv ti cifre.")
	}

	return found(), f.call("FindByNumber")
}
