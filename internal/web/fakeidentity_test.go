package web_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// AtTheDoor is of somebody who asked for help, or of one who is identified already (admission a2).
func (f *fakeUse) AtTheDoor(_ context.Context, _ care.Actor, id care.VisitID, admission care.AdmissionID) (scheduler.AtTheDoor, error) {
	if err := f.call("AtTheDoor"); err != nil {
		return scheduler.AtTheDoor{}, err
	}

	v, err := f.find(id)
	if err != nil {
		return scheduler.AtTheDoor{}, err
	}

	d := scheduler.AtTheDoor{
		VisitView: v, Rule: care.DefaultIdentityPolicy().Rule(care.IdentityCase{}),
		Admission: care.Admission{ID: admission, State: care.AdmissionWaiting, CameAt: testNow(), AskedHelp: testNow()},
	}

	switch admission {
	case "a2":
		d.Admission.Method, d.Admission.IdentifiedAt = care.ByCode, testNow()
	case "a3":
		d.Rule.Methods = []care.IdentityMethod{care.ByMitID}
	}

	return d, nil
}

func (f *fakeUse) Vouch(_ context.Context, _ care.Actor, _ care.VisitID, _ care.AdmissionID, way care.StaffWay) error {
	if !way.Method.ByStaff() {
		return care.NewError(care.Invalid, "Vælg, hvordan du ved, hvem personen er.")
	}

	return f.call("Vouch")
}

func (f *fakeUse) words() care.Codewords {
	return care.Codewords{Citizen: "c1", Unit: "oest", Version: 1, Staff: care.NewSecret("fyrtårn"), Reply: care.NewSecret("kanelsnegl")}
}

func (f *fakeUse) Codewords(context.Context, care.Actor, care.VisitID) (scheduler.CodewordsView, error) {
	return scheduler.CodewordsView{Words: f.words(), Due: true}, f.call("Codewords")
}

func (f *fakeUse) TickCodeword(context.Context, care.Actor, care.VisitID, care.AdmissionID, bool) error {
	return f.call("TickCodeword")
}

func (f *fakeUse) MakeCodewords(context.Context, care.Actor, care.CitizenID, care.UnitID) error {
	return f.call("MakeCodewords")
}

func (f *fakeUse) CodewordCard(context.Context, care.Actor, care.CitizenID, care.UnitID) (scheduler.CodewordCard, error) {
	return scheduler.CodewordCard{Citizen: f.rows[0].Citizen, Unit: care.Unit{ID: "oest", Name: "Øst"}, Words: f.words(), Guardian: "Karla Mosebryggersen"}, f.call("CodewordCard")
}

// CitizenIdentity is of a citizen whose access is stopped (c2), or of one with nothing special.
func (f *fakeUse) CitizenIdentity(_ context.Context, _ care.Actor, id care.CitizenID) (care.IdentitySetting, error) {
	s := care.IdentitySetting{Citizen: id}
	if id == "c2" {
		s = care.IdentitySetting{Citizen: id, Version: 2, MitIDOnly: true, NoSMS: true, Stopped: true, StoppedAt: testNow(), Reason: "En anden har telefonen", By: "PLA", At: testNow()}
	}

	return s, f.call("CitizenIdentity")
}

func (f *fakeUse) SetIdentity(_ context.Context, _ care.Actor, _ care.CitizenID, req scheduler.IdentityRequest) error {
	if req.Reason == "" {
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return f.call("SetIdentity")
}

func (f *fakeUse) StopAccess(_ context.Context, _ care.Actor, _ care.CitizenID, req scheduler.StopRequest) error {
	if req.Reason == "" {
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return f.call("StopAccess")
}

func (f *fakeUse) SendNewLinks(context.Context, care.Actor, care.CitizenID) error {
	return f.call("SendNewLinks")
}

func (f *fakeUse) RevealContact(_ context.Context, _ care.Actor, _ care.CitizenID, reason string) (care.Citizen, error) {
	if reason == "" {
		return care.Citizen{}, care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return f.rows[0].Citizen, f.call("RevealContact")
}

// GiveNumber refuses the number of somebody else.
func (f *fakeUse) GiveNumber(_ context.Context, _ care.Actor, _ care.CitizenID, req scheduler.NumberRequest) error {
	if req.Number != "251248-9996" {
		return care.NewError(care.Conflict, "Nummeret kan ikke bruges: borgeren har allerede et, eller en anden borger har det.")
	}

	return f.call("GiveNumber")
}
