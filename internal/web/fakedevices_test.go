package web_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// fakeDevices is what the browser and the tablet of the fakes can do.
type fakeDevices struct {
	view   scheduler.DeviceView
	tablet scheduler.TabletView
	gone   bool // the tablet was closed
}

func (f *fakeUse) DeviceOffer(context.Context, care.SessionToken, []care.SessionToken) (scheduler.DeviceView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.devices.view, nil
}

func (f *fakeUse) remembered(name string) (scheduler.Remembered, error) {
	return scheduler.Remembered{Token: care.NewSessionToken("device-new"), Expires: testNow().Add(30 * 24 * time.Hour)}, f.call(name)
}

func (f *fakeUse) RememberByCode(_ context.Context, _ care.SessionToken, _ []care.SessionToken, digits, _ string) (scheduler.Remembered, error) {
	if _, err := care.NewDeviceCode(digits, care.CPR{}); err != nil {
		return scheduler.Remembered{}, err
	}

	return f.remembered("RememberByCode")
}

func (f *fakeUse) challenge(name string) (scheduler.Challenge, error) {
	return scheduler.Challenge{Handle: care.NewSessionToken("handle"), Options: json.RawMessage(`{"challenge":"AAAA"}`)}, f.call(name)
}

func (f *fakeUse) OfferPasskey(context.Context, care.SessionToken) (scheduler.Challenge, error) {
	return f.challenge("OfferPasskey")
}

func (f *fakeUse) RememberByPasskey(context.Context, care.SessionToken, []care.SessionToken, scheduler.PasskeyAnswer, string) (scheduler.Remembered, error) {
	return f.remembered("RememberByPasskey")
}

func (f *fakeUse) EnterDeviceCode(_ context.Context, _ care.SessionToken, browser []care.SessionToken, code care.DeviceCode) error {
	if len(browser) == 0 {
		return care.NewError(care.Conflict, "Enheden er ikke kendt.")
	}

	if code.Reveal() != "4829" {
		return care.NewError(care.Invalid, "Koden er ikke rigtig.")
	}

	return f.call("EnterDeviceCode")
}

func (f *fakeUse) AskPasskey(context.Context, care.SessionToken, []care.SessionToken) (scheduler.Challenge, error) {
	return f.challenge("AskPasskey")
}

func (f *fakeUse) EnterPasskey(context.Context, care.SessionToken, []care.SessionToken, scheduler.PasskeyAnswer) error {
	return f.call("EnterPasskey")
}

func (f *fakeUse) ForgetDevice(context.Context, care.SessionToken, []care.SessionToken) error {
	return f.call("ForgetDevice")
}

func (f *fakeUse) EnrolTablet(_ context.Context, typed string, _, _ []byte) (care.DeviceID, error) {
	if typed != "ABCDEFGHJKLM" {
		return "", care.NewError(care.Invalid, "Koden virker ikke.")
	}

	return "t1", f.call("EnrolTablet")
}

func (f *fakeUse) ChallengeTablet(context.Context, care.DeviceID) (care.SessionToken, error) {
	if err := f.closed(); err != nil {
		return care.SessionToken{}, err
	}

	return care.NewSessionToken("nonce"), f.call("ChallengeTablet")
}

func (f *fakeUse) closed() error {
	f.mu.Lock()
	defer f.mu.Unlock()

	if f.devices.gone {
		return care.NewError(care.Gone, "Tavlen er lukket.")
	}

	return nil
}

func (f *fakeUse) ProveTablet(context.Context, care.DeviceID, care.SessionToken, []byte) (scheduler.Entered, error) {
	return scheduler.Entered{Token: care.NewSessionToken("tablet"), Expires: testNow().Add(time.Hour)}, f.call("ProveTablet")
}

func (f *fakeUse) TabletNow(_ context.Context, token, _ care.SessionToken) (scheduler.TabletView, error) {
	if err := f.closed(); err != nil {
		return scheduler.TabletView{}, err
	}

	if token.IsZero() {
		return scheduler.TabletView{}, care.NewError(care.Unauthenticated, "Tavlen skal vise, hvem den er.")
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	return f.devices.tablet, nil
}

func (f *fakeUse) AnswerOnTablet(context.Context, care.SessionToken) (scheduler.Entered, error) {
	f.mu.Lock()
	f.devices.tablet.Stage = scheduler.TabletWaiting
	f.known["session-tablet"] = true
	f.mu.Unlock()

	return scheduler.Entered{Token: care.NewSessionToken("session-tablet"), Expires: testNow().Add(time.Hour)}, f.call("AnswerOnTablet")
}

func (f *fakeUse) DevicesOf(_ context.Context, _ care.Actor, id care.CitizenID) ([]scheduler.KnownDevice, error) {
	if id != "c1" {
		return nil, nil
	}

	return []scheduler.KnownDevice{
		{Whose: "Borger", Alive: true, Device: care.Device{ID: "d1", Kind: care.PasskeyDevice, Label: "iPhone", MadeAt: testNow().Add(-48 * time.Hour), SeenAt: testNow().Add(-time.Hour)}},
		{Whose: "Pårørende", Alive: true, Device: care.Device{ID: "d2", Kind: care.CodeDevice, Label: "Windows-computer", MadeAt: testNow().Add(-72 * time.Hour)}},
		{Whose: "Borger", Device: care.Device{ID: "d3", Kind: care.TabletDevice, Label: "SN-001", MadeAt: testNow().Add(-96 * time.Hour), EndedAt: testNow().Add(-time.Hour), End: care.DeviceRevoked}},
	}, nil
}

func (f *fakeUse) RevokeDevice(context.Context, care.Actor, care.CitizenID, care.DeviceID) error {
	return f.call("RevokeDevice")
}

func (f *fakeUse) Tablets(context.Context, care.Actor) ([]scheduler.TabletCard, error) {
	tablet := care.Device{ID: "t1", Kind: care.TabletDevice, Label: "SN-001", MadeAt: testNow().Add(-48 * time.Hour), MadeBy: "ADM", SeenAt: testNow().Add(-time.Minute), AutoAnswer: consent()}
	waits, late := tablet, tablet
	waits.Label, waits.SeenAt, waits.AutoAnswer = "SN-002", time.Time{}, care.Consent{}
	late.Label, late.SeenAt, late.AutoAnswer = "SN-003", time.Time{}, care.Consent{}
	unit := care.Unit{ID: "oest", Name: "Øst"}

	return []scheduler.TabletCard{
		{Device: tablet, Citizen: "Nancy Ann Berggren", Unit: unit, Ready: true, Closing: closings()}, {Device: waits, Citizen: "Bruno Elmer", Unit: unit, Waits: true, Closing: unwritten()}, {Device: late, Citizen: "Kaja Hansen", Unit: unit, Closing: unwritten()},
	}, f.call("Tablets")
}

func (f *fakeUse) TabletUnits(care.Actor) []care.Unit {
	return []care.Unit{{ID: "oest", Name: "Øst"}, {ID: "vest", Name: "Vest"}}
}

func (f *fakeUse) RegisterTablet(_ context.Context, _ care.Actor, req scheduler.TabletRequest) (scheduler.TabletOffer, error) {
	if req.Who == "x" {
		return scheduler.TabletOffer{}, care.NewError(care.Invalid, "Der er ingen borger med det navn på enhedens kørelister.")
	}

	if req.Who == "Berggren" && req.Citizen == "" {
		return scheduler.TabletOffer{Choices: []care.Citizen{{ID: "c1", Name: "Nancy Ann Berggren", CPR: fakeCPR(), Address: "Testvej 1"}, {ID: "c3", Name: "Åge Berggren", Surrogate: fakeSurrogate()}}}, f.call("RegisterTablet")
	}

	return offered(req.Serial), f.call("RegisterTablet")
}

func (f *fakeUse) OfferTablet(context.Context, care.Actor, care.DeviceID) (scheduler.TabletOffer, error) {
	return offered("SN-001"), f.call("OfferTablet")
}

func offered(serial string) scheduler.TabletOffer {
	return scheduler.TabletOffer{
		Device: care.Device{ID: "t1", Label: serial}, Until: testNow().Add(10 * time.Minute),
		Note: deviceNote("sat op hos borgeren"),
		Code: care.NewEnrolmentCode([12]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
	}
}

func (f *fakeUse) CloseTablet(_ context.Context, _ care.Actor, _ care.DeviceID, why care.DeviceEnd) error {
	if why == "" {
		return care.NewError(care.Invalid, "Vælg, hvorfor tavlen lukkes.")
	}

	return f.call("CloseTablet")
}
