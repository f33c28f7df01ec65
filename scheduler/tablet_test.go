package scheduler_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// tablet is a tablet on a citizen's table.
type tablet struct {
	*rig
	id    care.DeviceID
	key   *ecdsa.PrivateKey
	token care.SessionToken
}

func newTablet(tb testing.TB, r *rig) *tablet {
	tb.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)

	return &tablet{rig: r, key: key}
}

// sign signs as WebCrypto does.
func (x *tablet) sign(text string) []byte {
	sum := sha256.Sum256([]byte(text))

	r, s, err := ecdsa.Sign(rand.Reader, x.key, sum[:])
	must(x.tb, err)

	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func (x *tablet) enrol(code string) error {
	der, err := x509.MarshalPKIXPublicKey(&x.key.PublicKey)
	must(x.tb, err)

	plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code))

	id, err := x.EnrolTablet(x.tb.Context(), code, der, x.sign("sluse tablet enrolment\x00"+plain))
	if err == nil {
		x.id = id
	}

	return err
}

func (x *tablet) prove() error {
	nonce, err := x.ChallengeTablet(x.tb.Context(), x.id)
	if err != nil {
		return err
	}

	in, err := x.ProveTablet(x.tb.Context(), x.id, nonce, x.sign("sluse tablet challenge\x00"+string(x.id)+"\x00"+nonce.Reveal()))
	x.token = in.Token

	return err
}

func (x *tablet) shows(citizen care.SessionToken, want scheduler.TabletStage) scheduler.TabletView {
	x.tb.Helper()

	view, err := x.TabletNow(x.tb.Context(), x.token, citizen)
	must(x.tb, err)

	if view.Stage != want {
		x.tb.Errorf("the tablet shows %+v, want %s", view, want)
	}

	return view
}

func administrator() care.Actor { return actor("ADM", care.Administrator) }

func nancysTablet() scheduler.TabletRequest {
	return scheduler.TabletRequest{Serial: "SN-001", Who: "251248-9996", Unit: "oest"}
}

// putUp registers a tablet for Nancy and sets it up.
func (r *rig) putUp() *tablet {
	r.tb.Helper()

	offer, err := r.RegisterTablet(r.tb.Context(), administrator(), nancysTablet())
	must(r.tb, err)

	x := newTablet(r.tb, r)
	must(r.tb, x.enrol(offer.Code.Groups()))
	must(r.tb, x.prove())

	return x
}

// TestWhoRegistersTablets: the service desk and administrators, for citizens whom the unit visits.
func TestWhoRegistersTablets(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)

	for name, c := range map[string]struct {
		who    care.Actor
		change func(q *scheduler.TabletRequest)
		want   care.Kind
	}{
		"caregiver":       {caregiver("MSK"), nil, care.Forbidden},
		"planner":         {planner(), nil, care.Forbidden},
		"other unit's":    {actor("SD", care.ServiceDesk, "vest"), nil, care.Forbidden},
		"no serial":       {administrator(), func(q *scheduler.TabletRequest) { q.Serial = "  " }, care.Invalid},
		"no citizen":      {administrator(), func(q *scheduler.TabletRequest) { q.Who = "" }, care.Invalid},
		"unit without":    {administrator(), func(q *scheduler.TabletRequest) { q.Unit = "vest" }, care.Invalid},
		"unknown consent": {administrator(), func(q *scheduler.TabletRequest) { q.AutoAnswer = "nod" }, care.Invalid},
		"service desk":    {actor("SD", care.ServiceDesk, "oest"), nil, 0},
		"same serial":     {administrator(), func(q *scheduler.TabletRequest) { q.Serial = "sn-desk" }, care.Conflict},
	} {
		if name == "same serial" {
			continue // after the others
		}

		q := nancysTablet()
		if q.Serial = "SN-" + name; name == "service desk" {
			q.Serial = "SN-DESK"
		}

		if c.change != nil {
			c.change(&q)
		}

		offer, err := r.RegisterTablet(t.Context(), c.who, q)
		if care.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}

		if c.want == 0 && len(offer.Code.Groups()) != 15 {
			t.Errorf("code %q", offer.Code.Groups())
		}
	}

	q := nancysTablet()
	q.Serial = "sn-desk"
	_, err := r.RegisterTablet(t.Context(), administrator(), q)
	refused(t, err, care.Conflict)

	list, err := r.Tablets(t.Context(), actor("SD", care.ServiceDesk, "oest"))
	must(t, err)

	if len(list) != 1 || !list[0].Waits || list[0].Ready || list[0].Citizen != "Nancy Ann Berggren" {
		t.Errorf("%+v", list)
	}

	_, err = r.Tablets(t.Context(), planner())
	refused(t, err, care.Forbidden)
}

// TestEnrolment: the code works once, for ten minutes, and dies after five wrong tries.
func TestEnrolment(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	offer, err := r.RegisterTablet(t.Context(), administrator(), nancysTablet())
	must(t, err)

	code := offer.Code.Groups()
	wrong := code[:3] + map[bool]string{true: "-BBB", false: "-AAA"}[code[4:7] == "AAA"] + code[7:]

	for _, typed := range []string{"", "x", code[:14], strings.Repeat("A", 5000), wrong} {
		refused(t, newTablet(t, r).enrol(typed), care.Invalid)
	}

	x := newTablet(t, r)

	der, err := x509.MarshalPKIXPublicKey(&x.key.PublicKey)
	must(t, err)

	_, err = r.EnrolTablet(t.Context(), code, der, newTablet(t, r).sign("sluse tablet enrolment\x00"+strings.ReplaceAll(code, "-", "")))
	refused(t, err, care.Invalid) // a key that the tablet does not have
	must(t, x.enrol(strings.ToLower(strings.ReplaceAll(code, "-", " "))))
	refused(t, newTablet(t, r).enrol(code), care.Invalid)
	must(t, x.prove())

	// A new code ends the tablet that had the old key.
	offer, err = r.OfferTablet(t.Context(), administrator(), x.id)
	must(t, err)
	refused(t, x.prove(), care.Gone)

	_, err = r.TabletNow(t.Context(), x.token, care.SessionToken{})
	refused(t, err, care.Unauthenticated)
	r.clock.to(r.clock.Now().Add(care.EnrolmentLife))
	refused(t, newTablet(t, r).enrol(offer.Code.Groups()), care.Invalid)

	offer, err = r.OfferTablet(t.Context(), administrator(), x.id)
	must(t, err)

	code = offer.Code.Groups()
	wrong = code[:3] + map[bool]string{true: "-BBB", false: "-AAA"}[code[4:7] == "AAA"] + code[7:]

	for range care.EnrolmentTries {
		refused(t, newTablet(t, r).enrol(wrong), care.Invalid)
	}

	refused(t, newTablet(t, r).enrol(code), care.Invalid)

	r.clock.to(r.clock.Now().Add(8 * 24 * time.Hour))
	must(t, r.TidyDevices(t.Context()))

	_, err = r.OfferTablet(t.Context(), administrator(), x.id)
	refused(t, err, care.Gone) // nobody set it up in time
}

// TestChallenge: a nonce works once, within a minute, for the tablet that asked.
func TestChallenge(t *testing.T) {
	t.Parallel()

	r := atTheDoorWithDevices(t)
	x := r.putUp()

	prove := func(id care.DeviceID, nonce care.SessionToken, by *tablet) error {
		_, err := r.ProveTablet(t.Context(), id, nonce, by.sign("sluse tablet challenge\x00"+string(id)+"\x00"+nonce.Reveal()))

		return err
	}

	ask := func() care.SessionToken {
		nonce, err := r.ChallengeTablet(t.Context(), x.id)
		must(t, err)

		return nonce
	}

	nonce := ask()
	must(t, prove(x.id, nonce, x))
	refused(t, prove(x.id, nonce, x), care.Unauthenticated) // twice

	nonce = ask()
	refused(t, prove(x.id, nonce, newTablet(t, r)), care.Unauthenticated) // another key
	refused(t, prove(x.id, nonce, x), care.Unauthenticated)               // used up

	nonce = ask()
	refused(t, prove("other", nonce, x), care.Unauthenticated)

	nonce = ask()
	r.clock.to(r.clock.Now().Add(care.TabletNonceLife))
	refused(t, prove(x.id, nonce, x), care.Unauthenticated) // too late

	_, err := r.ChallengeTablet(t.Context(), "unknown")
	refused(t, err, care.Gone)

	for _, signature := range [][]byte{nil, make([]byte, 64), make([]byte, 65)} {
		_, err := r.ProveTablet(t.Context(), x.id, ask(), signature)
		refused(t, err, care.Unauthenticated)
	}

	r.clock.to(r.clock.Now().Add(care.TabletSessionLife))

	_, err = r.TabletNow(t.Context(), x.token, care.SessionToken{})
	refused(t, err, care.Unauthenticated)
	must(t, x.prove())
	x.shows(care.SessionToken{}, scheduler.TabletOpen)
	must(t, r.CloseTablet(t.Context(), administrator(), x.id, care.DeviceReturned))

	_, err = r.TabletNow(t.Context(), x.token, care.SessionToken{})
	refused(t, err, care.Unauthenticated) // it asks for a challenge, and is told
	refused(t, x.prove(), care.Gone)
	refused(t, r.CloseTablet(t.Context(), caregiver("MSK"), x.id, care.DeviceReturned), care.NotFound)
}

// TestVisitOnATablet plays a visit: the caregiver comes, the tablet rings, the citizen answers and
// is recognised.
func TestVisitOnATablet(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, with(bruno, colStart, "08:50")}, []string{"A-1", "A-2"}, knownDevices)
	x := r.putUp()

	if view := x.shows(care.SessionToken{}, scheduler.TabletNext); !view.Planned.Equal(on(9, 0)) || view.AutoAnswer {
		t.Errorf("%+v", view)
	}

	_, err := x.AnswerOnTablet(t.Context(), x.token)
	refused(t, err, care.Conflict) // too early; the other citizen's visit is not its own

	r.until(on(8, 55))
	must(t, x.prove())
	x.shows(care.SessionToken{}, scheduler.TabletOpen)

	_, err = r.HostLink(t.Context(), caregiver("MSK"), r.visit("A-1").ID)
	must(t, err)
	x.shows(care.SessionToken{}, scheduler.TabletRinging)

	in, err := x.AnswerOnTablet(t.Context(), x.token)
	must(t, err)
	x.shows(in.Token, scheduler.TabletWaiting)

	g := &guest{r, "A-1", in.Token}
	if adm := g.admission(); adm.Method != care.ByDevice || adm.Provider != "kiosk" || adm.Level != care.NoAssurance || adm.Recognised {
		t.Errorf("%+v", adm)
	}

	_, err = r.GuestLink(t.Context(), in.Token)
	refused(t, err, care.Forbidden)
	g.admit()

	if view := x.shows(in.Token, scheduler.TabletAdmitted); view.Session != g.admission().ID {
		t.Errorf("%+v", view)
	}

	_, err = r.GuestLink(t.Context(), in.Token)
	must(t, err)

	if got := r.audited("answer_on_tablet"); !strings.Contains(got, "device-authenticated "+string(x.id)) {
		t.Error(got)
	}

	if !r.visit("A-2").OpenedAt.IsZero() || len(r.visit("A-2").Admissions) > 0 {
		t.Error("somebody else's visit was touched")
	}
}

// TestRingStops after two minutes, and without consent nothing answers by itself.
func TestRingStops(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, knownDevices)
	q := nancysTablet()
	q.AutoAnswer = care.Orally

	offer, err := r.RegisterTablet(t.Context(), administrator(), q)
	must(t, err)

	x := newTablet(t, r)
	must(t, x.enrol(offer.Code.Groups()))
	r.until(on(8, 55))
	must(t, x.prove())

	_, err = r.HostLink(t.Context(), caregiver("MSK"), r.visit("A-1").ID)
	must(t, err)

	if view := x.shows(care.SessionToken{}, scheduler.TabletRinging); !view.AutoAnswer {
		t.Error("the consent is not told")
	}

	r.clock.to(r.clock.Now().Add(care.RingFor))
	x.shows(care.SessionToken{}, scheduler.TabletOpen)
	r.until(on(9, 31))
	must(t, x.prove())
	x.shows(care.SessionToken{}, scheduler.TabletIdle)
}

// TestSilentTablet is told of while a visit is near.
func TestSilentTablet(t *testing.T) {
	t.Parallel()

	late := with(with(with(with(nancy, colID, "A-9"), 0, "25-11-2026"), colStart, "09:00"), colEnd, "09:15")
	r := booked(t, []string{nancy}, []string{"A-1"}, knownDevices)
	r.load(list(nancy, late))

	x := r.putUp()

	tidy := func(at time.Time) string {
		r.clock.to(at)
		must(t, r.TidyDevices(t.Context()))

		return r.noticed()
	}

	if told := tidy(on(9, 0)); strings.Contains(told, "tablet_silent") {
		t.Errorf("seen yesterday: %s", told)
	}

	if told := tidy(on(11, 30)); strings.Contains(told, "tablet_silent") {
		t.Errorf("no visit is near: %s", told)
	}

	all, err := r.store.Visits(t.Context(), scheduler.VisitQuery{Window: care.Day("2026-11-25").Bounds()})
	must(t, err)

	_, err = r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: []care.VisitID{all[0].ID}, RedReason: "x"})
	must(t, err)
	r.work()

	if told := tidy(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)); !strings.Contains(told, "tablet_silent") || strings.Contains(told, "Nancy") {
		t.Errorf("silent: %q", told)
	}

	must(t, x.prove())

	if told := tidy(time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)); strings.Contains(told, "tablet_silent") {
		t.Errorf("seen again: %q", told)
	}

	r.clock.to(r.clock.Now().Add(90 * 24 * time.Hour))
	must(t, r.TidyDevices(t.Context()))
	refused(t, x.prove(), care.Gone)
}

// FuzzEnrolment feeds what a tablet sends: nothing but a refusal comes of it.
func FuzzEnrolment(f *testing.F) {
	r := booked(f, []string{nancy}, []string{"A-1"}, knownDevices)

	offer, err := r.RegisterTablet(f.Context(), administrator(), nancysTablet())
	must(f, err)

	x := newTablet(f, r)

	der, err := x509.MarshalPKIXPublicKey(&x.key.PublicKey)
	must(f, err)
	f.Add(offer.Code.Groups()[:3]+"-AAA-BBB-CCC", der, x.sign("sluse tablet enrolment\x00"+offer.Code.Selector()+"AAABBBCCC"))
	f.Add("", []byte{0x30}, make([]byte, 64))

	f.Fuzz(func(t *testing.T, code string, key, signature []byte) {
		if _, err := r.EnrolTablet(t.Context(), code, key, signature); care.KindOf(err) != care.Invalid {
			t.Errorf("%v", err)
		}

		if _, err := r.ProveTablet(t.Context(), care.DeviceID(code), care.NewSessionToken(code), signature); care.KindOf(err) != care.Unauthenticated {
			t.Errorf("%v", err)
		}
	})
}

// TestTabletForWhom: a tablet is registered by number, by the care record's id or by name, also for
// somebody without a CPR number; when several can be meant, one is chosen.
func TestTabletForWhom(t *testing.T) {
	t.Parallel()

	r := newRig(t, knownDevices)
	r.load(localList(with(nancy, colID, "A-8")+";;", amina, with(with(amina, colID, "A-9"), 15, "B-18")))

	register := func(serial, who string, citizen care.CitizenID) (scheduler.TabletOffer, error) {
		return r.RegisterTablet(t.Context(), administrator(), scheduler.TabletRequest{Serial: serial, Who: who, Citizen: citizen, Unit: "oest"})
	}

	for who, want := range map[string]care.Kind{"251248-9996": 0, "b-18": 0, "ann NANCY": 0, "B-19": care.Invalid, "n": care.Invalid, "nancy elmer": care.Invalid, "0104909989": care.Invalid} {
		if offer, err := register("SN "+who, who, ""); care.KindOf(err) != want || want == 0 && offer.Device.ID == "" {
			t.Errorf("%q: %v", who, err)
		}
	}

	offer, err := register("SN-2", "amina", "")
	must(t, err)

	if len(offer.Choices) != 2 || offer.Device.ID != "" || len(r.auditOf("find_by_name")) != 1 {
		t.Fatalf("%+v", offer)
	}

	chosen := offer.Choices[1].ID

	if offer, err = register("SN-2", "amina", chosen); err != nil || offer.Device.Holder.Citizen != chosen {
		t.Errorf("%+v, %v", offer, err)
	}

	_, err = register("SN-3", "amina", "nobody")
	refused(t, err, care.Invalid)
}
