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
