package scheduler_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/credential"
	"github.com/sluse/sluse/internal/credential/passkeytest"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// knownDevices lets browsers be remembered, and tablets be put up.
func knownDevices(s *setup) {
	s.set.Devices = scheduler.DeviceSettings{
		Known: []care.DeviceKind{care.PasskeyDevice, care.CodeDevice}, MinLevel: care.Substantial, Level: care.LowAssurance,
		Terms: care.DeviceTerms{Idle: 30 * 24 * time.Hour, TabletIdle: 90 * 24 * time.Hour}, Silence: 24 * time.Hour,
	}

	checker, err := credential.New(s.set.PublicURL, s.set.Name)
	if err != nil {
		panic(err)
	}

	s.credentials = checker
}

// atTheDoorWithDevices books two visits of different citizens and goes to shortly before them.
func atTheDoorWithDevices(t *testing.T) *rig {
	t.Helper()

	r := booked(t, []string{nancy, with(bruno, colStart, "09:00")}, []string{"A-1", "A-2"}, knownDevices)
	r.until(on(8, 50))

	return r
}

// login identifies the guest by a login of a level.
func (g *guest) login(method care.IdentityMethod, level care.Assurance) *guest {
	g.tb.Helper()

	id := g.admission().ID
	rule := care.IdentityRule{Methods: care.IdentityMethods()}

	must(g.tb, g.store.UpdateVisit(g.tb.Context(), g.visit(g.source).ID, func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, v.Identify(id, care.Proof{Method: method, Provider: "nemlogin", Level: level}, rule, g.clock.Now())
	}))

	return g
}

// rememberCode has the guest's browser remembered.
func (g *guest) rememberCode(digits string) []care.SessionToken {
	g.tb.Helper()

	kept, err := g.RememberByCode(g.tb.Context(), g.token, nil, digits, "iPhone")
	must(g.tb, err)

	if want := g.clock.Now().Add(30 * 24 * time.Hour); kept.Expires.After(want) || want.Sub(kept.Expires) > time.Minute {
		g.tb.Errorf("the device lasts until %s", kept.Expires)
	}

	return []care.SessionToken{kept.Token}
}

func (g *guest) offer(browser []care.SessionToken) scheduler.DeviceView {
	g.tb.Helper()

	view, err := g.DeviceOffer(g.tb.Context(), g.token, browser)
	must(g.tb, err)

	return view
}

// TestWhoMayBeRemembered: only somebody who has logged in, at the level that the municipality asks for.
func TestWhoMayBeRemembered(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)

	for _, c := range []struct {
		name   string
		method care.IdentityMethod
		level  care.Assurance
		may    bool
	}{
		{"MitID", care.ByMitID, care.Substantial, true},
		{"MitID, high", care.ByMitID, care.HighAssurance, true},
		{"low", care.ByEID, care.LowAssurance, false},
		{"code", care.ByCode, care.NoAssurance, false},
		{name: "not yet"},
		{"device itself", care.ByDevice, care.Substantial, false},
	} {
		g := r.come("A-1")
		if c.method != "" {
			g.login(c.method, c.level)
		}

		if view := g.offer(nil); (len(view.Remember) == 2) != c.may || view.Known != "" {
			t.Errorf("%s: %+v", c.name, view)
		}

		_, err := r.RememberByCode(t.Context(), g.token, nil, "4829", "")
		if (err == nil) != c.may || err != nil && care.KindOf(err) != care.Forbidden {
			t.Errorf("%s: %v", c.name, err)
		}

		if _, err := r.OfferPasskey(t.Context(), g.token); (err == nil) != c.may {
			t.Errorf("%s: passkey: %v", c.name, err)
		}
	}

	g := r.come("A-1").login(care.ByMitID, care.Substantial)

	for _, weak := range []string{"1234", "2512", "9996", "", "48291"} {
		_, err := r.RememberByCode(t.Context(), g.token, nil, weak, "")
		refused(t, err, care.Invalid)
	}
}

// TestReturnWithCode comes back with a browser and four digits.
func TestReturnWithCode(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	browser := r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")

	g := r.come("A-1")
	if view := g.offer(browser); view.Known != care.CodeDevice || len(view.Remember) > 0 {
		t.Fatalf("%+v", view)
	}

	if view := g.offer(nil); view.Known != "" {
		t.Errorf("another browser: %+v", view)
	}

	refused(t, r.EnterDeviceCode(t.Context(), g.token, nil, care.TypedDeviceCode("4829")), care.Conflict)
	refused(t, r.EnterDeviceCode(t.Context(), g.token, browser, care.TypedDeviceCode("4828")), care.Invalid)
	must(t, r.EnterDeviceCode(t.Context(), g.token, browser, care.TypedDeviceCode("4829")))

	if adm := g.admission(); adm.State != care.AdmissionIdentified || adm.Method != care.ByDevice || adm.Level != care.LowAssurance || adm.Provider != "device_code" {
		t.Errorf("%+v", adm)
	}

	// Somebody else's link in the same browser: as if the browser were unknown.
	other := r.come("A-2")
	if view := other.offer(browser); view.Known != "" {
		t.Errorf("somebody else's device: %+v", view)
	}

	refused(t, r.EnterDeviceCode(t.Context(), other.token, browser, care.TypedDeviceCode("4829")), care.Conflict)

	// The other person has the same browser remembered as well.
	both := slices.Concat(other.login(care.ByMitID, care.HighAssurance).rememberCode("7301"), browser)
	must(t, r.EnterDeviceCode(t.Context(), r.come("A-1").token, both, care.TypedDeviceCode("4829")))
	must(t, r.EnterDeviceCode(t.Context(), r.come("A-2").token, both, care.TypedDeviceCode("7301")))

	again := r.come("A-1")
	must(t, r.ForgetDevice(t.Context(), again.token, both))

	if view := again.offer(both); view.Known != "" {
		t.Error("a forgotten device is known")
	}

	if view := r.come("A-2").offer(both); view.Known != care.CodeDevice {
		t.Error("somebody else's device was forgotten as well")
	}

	if got := r.audited("remember_device", "end_device"); strings.Count(got, "remember_device") != 2 || strings.Count(got, "forgotten") != 1 {
		t.Error(got)
	}
}

// TestFiveWrongCodes kill a device, however they are tried, and MitID goes on.
func TestFiveWrongCodes(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	browser := r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")

	var (
		group sync.WaitGroup
		mutex sync.Mutex
		kinds = make(map[care.Kind]int)
	)

	tokens := []care.SessionToken{r.come("A-1").token, r.come("A-1").token}

	for i := range 8 { // two links at once, wrong codes only
		group.Go(func() {
			err := r.EnterDeviceCode(t.Context(), tokens[i%2], browser, care.TypedDeviceCode("5555"))

			mutex.Lock()
			defer mutex.Unlock()

			kinds[care.KindOf(err)]++
		})
	}

	group.Wait()

	if kinds[care.Invalid] != 4 || kinds[care.TooMany] != 1 || kinds[care.Invalid]+kinds[care.TooMany]+kinds[care.Conflict]+kinds[care.Gone] != 8 {
		t.Errorf("answers %v", kinds)
	}

	g := r.come("A-1")
	refused(t, r.EnterDeviceCode(t.Context(), g.token, browser, care.TypedDeviceCode("4829")), care.Conflict)

	if view := g.offer(browser); view.Known != "" {
		t.Error("a dead device is offered")
	}

	g.login(care.ByMitID, care.Substantial).rememberCode("7301")

	if n := len(r.auditOf("wrong_device_code")); n != 5 {
		t.Errorf("%d wrong codes in the audit", n)
	}
}

// TestReturnWithPasskey makes a passkey and comes back with it; a clone kills it.
func TestReturnWithPasskey(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	key := &passkeytest.Authenticator{Origin: "https://skaerm.testby.dk", RPID: "skaerm.testby.dk"}
	g := r.come("A-1").login(care.ByMitID, care.Substantial)

	challenge, err := r.OfferPasskey(t.Context(), g.token)
	must(t, err)

	answer, err := key.Make(challenge.Options)
	must(t, err)

	made := scheduler.PasskeyAnswer{Handle: challenge.Handle, Answer: answer}

	_, err = r.RememberByPasskey(t.Context(), r.come("A-1").login(care.ByMitID, care.Substantial).token, nil, made, "Mac")
	refused(t, err, care.Conflict) // the challenge of another session; it is used up

	g = r.come("A-1").login(care.ByMitID, care.Substantial)
	challenge, err = r.OfferPasskey(t.Context(), g.token)
	must(t, err)

	answer, err = key.Make(challenge.Options)
	must(t, err)

	made = scheduler.PasskeyAnswer{Handle: challenge.Handle, Answer: answer}
	kept, err := r.RememberByPasskey(t.Context(), g.token, nil, made, "Mac")
	must(t, err)

	_, err = r.RememberByPasskey(t.Context(), g.token, nil, made, "Mac")
	refused(t, err, care.Conflict) // twice

	browser, clone := []care.SessionToken{kept.Token}, *key

	use := func(g *guest, key *passkeytest.Authenticator) error {
		challenge, err := r.AskPasskey(t.Context(), g.token, browser)
		must(t, err)

		answer, err := key.Use(challenge.Options)
		must(t, err)

		return r.EnterPasskey(t.Context(), g.token, browser, scheduler.PasskeyAnswer{Handle: challenge.Handle, Answer: answer})
	}

	for range 2 {
		g = r.come("A-1")
		must(t, use(g, key))

		if adm := g.admission(); adm.Method != care.ByDevice || adm.Provider != "passkey" || adm.Level != care.LowAssurance {
			t.Errorf("%+v", adm)
		}
	}

	stranger := &passkeytest.Authenticator{Origin: key.Origin, RPID: key.RPID}
	_, err = stranger.Make(challenge.Options)
	must(t, err)
	refused(t, use(r.come("A-1"), stranger), care.Invalid)

	// A challenge that is answered too late.
	g = r.come("A-1")
	challenge, err = r.AskPasskey(t.Context(), g.token, browser)
	must(t, err)

	answer, err = key.Use(challenge.Options)
	must(t, err)
	r.clock.to(r.clock.Now().Add(care.PasskeyChallengeLife + time.Second))
	refused(t, r.EnterPasskey(t.Context(), g.token, browser, scheduler.PasskeyAnswer{Handle: challenge.Handle, Answer: answer}), care.Conflict)

	refused(t, use(r.come("A-1"), &clone), care.Conflict)

	if view := r.come("A-1").offer(browser); view.Known != "" {
		t.Error("a cloned passkey is offered")
	}

	if told := r.noticed(); !strings.Contains(told, "device_cloned") {
		t.Errorf("notices %q", told)
	}
}

// TestDevicesEnd: by idleness, by an employee, by stopping all access, and where the policy changes.
func TestDevicesEnd(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	nancys := r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")
	citizen, staff := r.visit("A-1").Facts.Citizen, caregiver("MSK")

	all, err := r.DevicesOf(t.Context(), staff, citizen)
	must(t, err)

	if len(all) != 1 || !all[0].Alive || all[0].Whose != "Borger" || all[0].Device.Label != "iPhone" {
		t.Fatalf("%+v", all)
	}

	refused(t, r.RevokeDevice(t.Context(), staff, r.visit("A-2").Facts.Citizen, all[0].Device.ID), care.NotFound)
	refused(t, r.RevokeDevice(t.Context(), actor("ANDEN", care.Caregiver, "vest"), citizen, all[0].Device.ID), care.Forbidden)
	must(t, r.RevokeDevice(t.Context(), staff, citizen, all[0].Device.ID))
	must(t, r.RevokeDevice(t.Context(), staff, citizen, all[0].Device.ID))

	if view := r.come("A-1").offer(nancys); view.Known != "" {
		t.Error("a revoked device is known")
	}

	nancys = r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")
	must(t, r.RevokeDevices(t.Context(), citizen, "PLAN"))

	if view := r.come("A-1").offer(nancys); view.Known != "" {
		t.Error("a device is known although all access was stopped")
	}

	r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")

	for days, alive := range map[int]bool{1: true, 29: true, 30: false} {
		r := atTheDoorWithDevices(t)
		r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")
		r.clock.to(r.clock.Now().Add(time.Duration(days) * 24 * time.Hour))
		must(t, r.TidyDevices(t.Context()))

		live, err := r.store.LiveDevices(t.Context(), care.CodeDevice)
		if must(t, err); (len(live) == 1) != alive {
			t.Errorf("after %d days: %d", days, len(live))
		}
	}
}

// TestOnlyMitID: a citizen who is to use MitID only is not let in by a device.
func TestOnlyMitID(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	browser := r.come("A-1").login(care.ByMitID, care.Substantial).rememberCode("4829")

	must(t, r.store.SaveIdentitySetting(t.Context(), care.IdentitySetting{Citizen: r.visit("A-1").Facts.Citizen, MitIDOnly: true, Reason: "x", By: "PLAN", At: r.clock.Now()}, scheduler.Effects{}))

	g := r.come("A-1")
	if view := g.offer(browser); view.Known != "" {
		t.Errorf("%+v", view)
	}

	refused(t, r.EnterDeviceCode(t.Context(), g.token, browser, care.TypedDeviceCode("4829")), care.Forbidden)

	if view := g.login(care.ByMitID, care.Substantial).offer(nil); len(view.Remember) > 0 {
		t.Errorf("%+v", view)
	}
}

// TestContactsDevices: a relative's own browser is remembered for the relative alone, and forgotten
// when the citizen does not agree any more.
func TestContactsDevices(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	contact := r.contact("A-1", relative())
	who, err := r.AddParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(contact.ID))
	must(t, err)
	r.work()

	come := func() *guest { return &guest{r, "A-1", r.participant(who, brunosNumber).token} }
	browser := come().login(care.ByMitID, care.Substantial).rememberCode("4829")

	must(t, r.EnterDeviceCode(t.Context(), come().token, browser, care.TypedDeviceCode("4829")))

	if view := r.come("A-1").offer(browser); view.Known != "" {
		t.Error("the relative's device stands for the citizen")
	}

	all, err := r.DevicesOf(t.Context(), caregiver("MSK"), contact.Citizen)
	must(t, err)

	if len(all) != 1 || all[0].Whose != "Pårørende" {
		t.Errorf("%+v", all)
	}

	req := relative()
	req.Consent = ""
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), contact.Citizen, contact.ID, req))

	if live, err := r.store.LiveDevices(t.Context(), care.CodeDevice); err != nil || len(live) != 0 {
		t.Errorf("%d devices without consent, %v", len(live), err)
	}
}
