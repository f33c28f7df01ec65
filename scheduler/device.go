package scheduler

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// DeviceSettings are a municipality's rules for known devices and tablets.
type DeviceSettings struct {
	Known    []care.DeviceKind // what a browser may be remembered with; empty: none are
	MinLevel care.Assurance    // of the login after which a browser may be remembered
	Level    care.Assurance    // that a known device counts as
	Terms    care.DeviceTerms
	Silence  time.Duration // how long a tablet may be unseen while a visit is planned; 0: nobody is told
}

// passkeyProvider and codeProvider name in an admission what a known device was opened with, and
// tabletProvider a tablet of the municipality's.
const (
	passkeyProvider = "passkey"
	codeProvider    = "device_code"
	tabletProvider  = "kiosk"
)

// maxBrowserDevices bounds how many people one browser may stand for.
const maxBrowserDevices = 4

// DeviceView is what a citizen's page needs to know of the browser that it is shown in. The zero
// value: nothing is to be said of devices.
type DeviceView struct {
	// Known: the browser is a known device of the very person whose session it is.
	Known care.DeviceKind
	// Remember are the kinds by which the person may have the browser remembered now.
	Remember []care.DeviceKind
}

// Remembered is what a browser gets that is remembered.
type Remembered struct {
	Token   care.SessionToken
	Expires time.Time // unless it is used before
}

// DeviceOffer tells what the browser with these cookie tokens can do for a session. A device of
// somebody else is as good as none.
func (s *Service) DeviceOffer(ctx context.Context, token care.SessionToken, browser []care.SessionToken) (DeviceView, error) {
	if s.credentials == nil || len(s.set.Devices.Known) == 0 {
		return DeviceView{}, nil
	}

	v, adm, err := s.session(ctx, token)
	if err != nil {
		return DeviceView{}, err
	}

	switch adm.State {
	case care.AdmissionWaiting:
		return s.knownFor(ctx, v, adm, browser)
	case care.AdmissionIdentified, care.AdmissionAdmitted:
		return s.rememberable(ctx, v, adm, browser)
	case care.AdmissionRefused:
	}

	return DeviceView{}, nil
}

func (s *Service) knownFor(ctx context.Context, v care.Snapshot, adm care.Admission, browser []care.SessionToken) (DeviceView, error) {
	d, err := s.knownDevice(ctx, v, adm, browser)
	if care.KindOf(err) == care.NotFound {
		return DeviceView{}, nil
	}

	if err != nil {
		return DeviceView{}, err
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil || !rule.Allows(care.ByDevice) {
		return DeviceView{}, err
	}

	return DeviceView{Known: d.Kind}, nil
}

func (s *Service) rememberable(ctx context.Context, v care.Snapshot, adm care.Admission, browser []care.SessionToken) (DeviceView, error) {
	d, err := s.knownDevice(ctx, v, adm, browser)
	if err == nil {
		return DeviceView{Known: d.Kind}, nil
	}

	if care.KindOf(err) == care.NotFound {
		err = s.mayRemember(ctx, v, adm)
	}

	if care.KindOf(err) == care.Forbidden {
		return DeviceView{}, nil
	}

	return DeviceView{Remember: s.kinds()}, err
}

// kinds returns by what browsers may be remembered at the municipality's address.
func (s *Service) kinds() []care.DeviceKind {
	return slices.DeleteFunc(slices.Clone(s.set.Devices.Known), func(k care.DeviceKind) bool {
		return k == care.PasskeyDevice && !s.credentials.MakesPasskeys()
	})
}

// holderOf returns whom a session is about; false for a participant who is nobody's contact.
func holderOf(v care.Snapshot, adm care.Admission) (care.Holder, bool) {
	if adm.Participant == "" {
		return care.Holder{Citizen: v.Facts.Citizen}, true
	}

	p, ok := v.ParticipantOf(adm.Participant)

	return care.Holder{Citizen: v.Facts.Citizen, Contact: p.Contact}, ok && p.Present() && p.Contact != ""
}

func unknownDevice() error {
	return care.NewError(care.NotFound, "Enheden er ikke kendt. Brug en af de andre måder.")
}

// knownDevice returns the device of the browser that stands for the session's person. NotFound for
// every other one, so that nothing is told of whose it is.
func (s *Service) knownDevice(ctx context.Context, v care.Snapshot, adm care.Admission, browser []care.SessionToken) (care.Device, error) {
	holder, ok := holderOf(v, adm)
	if !ok || len(browser) == 0 {
		return care.Device{}, unknownDevice()
	}

	hashes := make([]string, 0, maxBrowserDevices)
	for _, t := range browser[:min(len(browser), maxBrowserDevices)] {
		hashes = append(hashes, hashOf(t))
	}

	all, err := s.store.DevicesByToken(ctx, hashes)
	if err != nil {
		return care.Device{}, err
	}

	for _, d := range all {
		if d.Holder == holder && d.Kind != care.TabletDevice && d.Alive(s.set.Devices.Terms, s.now()) && slices.Contains(s.set.Devices.Known, d.Kind) {
			return d, nil
		}
	}

	return care.Device{}, unknownDevice()
}

// mayRemember returns why the session's browser may not be remembered, nil when it may: only after
// a login of the municipality's level, and only where a device is a way in at all.
func (s *Service) mayRemember(ctx context.Context, v care.Snapshot, adm care.Admission) error {
	no := care.NewError(care.Forbidden, "Enheden kan kun huskes, lige efter at du er logget ind med MitID.")

	if s.credentials == nil || len(s.set.Devices.Known) == 0 || adm.State != care.AdmissionIdentified && adm.State != care.AdmissionAdmitted {
		return no
	}

	if _, ok := holderOf(v, adm); !ok || !adm.Method.Login() || adm.Level < s.set.Devices.MinLevel {
		return no
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err == nil && !rule.Allows(care.ByDevice) {
		return no
	}

	return err
}

// remembering reads a session whose browser may be remembered with something.
func (s *Service) remembering(ctx context.Context, token care.SessionToken, kind care.DeviceKind) (care.Snapshot, care.Admission, error) {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return v, adm, err
	}

	if err := s.mayRemember(ctx, v, adm); err != nil {
		return v, adm, err
	}

	if !slices.Contains(s.kinds(), kind) {
		return v, adm, care.NewError(care.Forbidden, "Enheden kan ikke huskes på den måde her.")
	}

	return v, adm, nil
}

// RememberByCode remembers a browser with a code of four digits. Forbidden without a login before;
// Invalid for a code that is easily guessed.
func (s *Service) RememberByCode(ctx context.Context, token care.SessionToken, browser []care.SessionToken, digits, label string) (Remembered, error) {
	v, adm, err := s.remembering(ctx, token, care.CodeDevice)
	if err != nil {
		return Remembered{}, err
	}

	number, err := s.numberOf(ctx, v, adm)
	if err != nil {
		return Remembered{}, err
	}

	code, err := care.NewDeviceCode(digits, number)
	if err != nil {
		return Remembered{}, err
	}

	d := care.Device{ID: care.DeviceID(randomID()), Kind: care.CodeDevice, CodeSalt: make([]byte, 16)}
	if _, err := rand.Read(d.CodeSalt); err != nil {
		return Remembered{}, &care.Error{Kind: care.Internal, Message: "Der skete en fejl hos os. Prøv igen om lidt.", Err: err}
	}

	d.CodeHash = s.stretch(d, code)

	return s.remember(ctx, v, adm, browser, d, label)
}

// numberOf returns the citizen's number, whose parts make a bad code. Of contacts none is known.
func (s *Service) numberOf(ctx context.Context, v care.Snapshot, adm care.Admission) (care.CPR, error) {
	if adm.Participant != "" {
		return care.CPR{}, nil
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{v.Facts.Citizen})

	return citizens[v.Facts.Citizen].CPR, err
}

// stretch is what is kept of a code: a slow hash over a keyed one, so that neither the database
// alone nor a fast computer finds it.
func (s *Service) stretch(d care.Device, code care.DeviceCode) []byte {
	return s.credentials.Stretch(s.mac("device code", string(d.ID), code.Reveal()), d.CodeSalt)
}

// remember stores the device. The one that this browser was for the same person is replaced.
func (s *Service) remember(ctx context.Context, v care.Snapshot, adm care.Admission, browser []care.SessionToken, d care.Device, label string) (Remembered, error) {
	token, err := newToken()
	if err != nil {
		return Remembered{}, err
	}

	if old, err := s.knownDevice(ctx, v, adm, browser); err == nil {
		if err := s.endDevice(ctx, old.ID, care.DeviceReplaced, visitor(adm.Participant), ""); err != nil {
			return Remembered{}, err
		}
	}

	now := s.now()
	d.Holder, _ = holderOf(v, adm)
	d.TokenHash, d.Label, d.MadeAt, d.SeenAt = hashOf(token), clip(label, care.MaxDeviceLabel), now, now

	row := s.deviceRow(visitor(adm.Participant), "remember_device", d)
	row.Origin = originIn(ctx, adm)
	row.Visit = v.ID

	if err := s.store.AddDevice(ctx, d, Effects{Audit: []AuditRow{row}}); err != nil {
		return Remembered{}, err
	}

	return Remembered{Token: token, Expires: d.Expires(s.set.Devices.Terms)}, nil
}

// clip cuts a text to a number of characters.
func clip(text string, most int) string {
	runes := []rune(text)

	return string(runes[:min(len(runes), most)])
}

// deviceRow is the audit row of what was done with a device.
func (s *Service) deviceRow(actor, action string, d care.Device) AuditRow {
	return AuditRow{At: s.now(), Actor: actor, Action: action, Citizen: d.Holder.Citizen, Detail: string(d.Kind) + " " + string(d.ID)}
}

// EnterDeviceCode identifies a session by the code of this known device. A wrong try is counted
// even though the person gets an error; the code alone, on another device, is worth nothing.
func (s *Service) EnterDeviceCode(ctx context.Context, token care.SessionToken, browser []care.SessionToken, code care.DeviceCode) error {
	v, adm, d, err := s.returning(ctx, token, browser, care.CodeDevice)
	if err != nil {
		return err
	}

	right := subtle.ConstantTimeCompare(s.stretch(d, code), d.CodeHash) == 1

	var refusal *care.Error

	err = s.store.UpdateDevice(ctx, d.ID, func(d *care.Device) (Effects, error) {
		var wrong *care.Error
		if refusal, wrong = d.TryCode(right, s.set.Devices.Terms, s.now()); wrong != nil {
			return Effects{}, wrong
		}

		row := s.deviceRow(visitor(adm.Participant), "enter_device_code", *d)
		row.Visit = v.ID

		if refusal != nil {
			row.Action = "wrong_device_code"
		}

		return Effects{Audit: []AuditRow{row}}, nil
	})

	switch {
	case err != nil:
		return err
	case refusal != nil:
		return refusal
	}

	return s.identifyByDevice(ctx, v, adm, codeProvider, s.set.Devices.Level)
}

// returning reads a session that is not identified yet, in a browser that its person had remembered.
func (s *Service) returning(ctx context.Context, token care.SessionToken, browser []care.SessionToken, kind care.DeviceKind) (care.Snapshot, care.Admission, care.Device, error) {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return v, adm, care.Device{}, err
	}

	if s.credentials == nil {
		return v, adm, care.Device{}, unknownDevice()
	}

	d, err := s.knownDevice(ctx, v, adm, browser)
	if err == nil && d.Kind != kind || care.KindOf(err) == care.NotFound {
		// Conflict, because NotFound is the answer for a session that does not exist.
		err = care.NewError(care.Conflict, care.MessageOf(unknownDevice()))
	}

	return v, adm, d, err
}

func (s *Service) identifyByDevice(ctx context.Context, v care.Snapshot, adm care.Admission, provider string, level care.Assurance) error {
	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return err
	}

	proof := care.Proof{Method: care.ByDevice, Provider: provider, Level: level}

	return s.update(ctx, v.ID, &AuditRow{Actor: visitor(adm.Participant), Action: "identify_by_device", Detail: provider, Admission: adm.ID}, func(v *care.Visit) error {
		return v.Identify(adm.ID, proof, rule, s.now())
	})
}
