package scheduler_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// deviceDigits is the code of every known device of the model; no row, which would be refused.
const deviceDigits = "4815"

// people is what the model knows of the citizens' browsers and contacts.
type people struct {
	terms    care.DeviceTerms
	browsers map[care.CitizenID][]care.SessionToken
	ended    map[care.SessionToken]bool // devices that the citizen or an employee ended
	contacts map[care.CitizenID]care.ContactID
}

func newPeople() people {
	s := setup{set: settings()}
	knownDevices(&s)

	return people{
		terms: s.set.Devices.Terms, browsers: map[care.CitizenID][]care.SessionToken{}, ended: map[care.SessionToken]bool{}, contacts: map[care.CitizenID]care.ContactID{},
	}
}

// device is a citizen who comes in a browser, has it remembered, proves by it who it is, or has it
// forgotten. An employee may end the citizen's devices.
func (m *machine) device(rt *rapid.T) {
	v := m.one(rt)
	ctx, citizen := m.tb.Context(), v.Facts.Citizen
	browser := m.known.browsers[citizen]

	what := rapid.SampledFrom([]string{"remember", "return", "wrong code", "forget", "revoke"}).Draw(rt, "device")
	if what == "revoke" {
		err := m.RevokeDevices(ctx, citizen, "PLAN")
		m.end(browser, err)
		m.try(err)

		return
	}

	link, ok := v.Link()
	if !ok || link.Channel != care.SMS || link.SentAt.IsZero() {
		return
	}

	in, err := m.Enter(ctx, m.link(v.Source.ID))
	m.try(err)

	if err != nil {
		return
	}

	switch g := (&guest{m.rig, v.Source.ID, in.Token}); what {
	case "remember":
		m.remember(g, citizen)
	case "forget":
		err := m.ForgetDevice(ctx, in.Token, browser)
		m.end(browser, err)
		m.try(err)
	default:
		m.comeBack(g, browser, what == "return")
	}
}

func (m *machine) end(browser []care.SessionToken, err error) {
	for _, t := range browser {
		m.known.ended[t] = m.known.ended[t] || err == nil
	}
}

// remember logs the citizen in and has the browser remembered.
func (m *machine) remember(g *guest, citizen care.CitizenID) {
	ctx := m.tb.Context()

	if a := g.admission(); !a.Method.Login() {
		err := m.store.UpdateVisit(ctx, m.visit(g.source).ID, func(v *care.Visit) (scheduler.Effects, error) {
			return scheduler.Effects{}, v.Identify(a.ID, care.Proof{Method: care.ByMitID, Provider: "nemlogin", Level: care.Substantial}, care.IdentityRule{Methods: care.IdentityMethods()}, m.clock.Now())
		})
		m.try(err)
	}

	kept, err := m.RememberByCode(ctx, g.token, m.known.browsers[citizen], deviceDigits, "iPhone")
	if err == nil {
		m.known.browsers[citizen] = []care.SessionToken{kept.Token}
	}

	m.try(err)
}

// comeBack types the device's code. A device that has ended proves nothing.
func (m *machine) comeBack(g *guest, browser []care.SessionToken, right bool) {
	digits := deviceDigits
	if !right {
		digits = "9173"
	}

	code, err := care.NewDeviceCode(digits, care.CPR{})
	must(m.tb, err)

	err = m.EnterDeviceCode(m.tb.Context(), g.token, browser, code)
	if err == nil && (!right || slices.ContainsFunc(browser, func(t care.SessionToken) bool { return m.known.ended[t] })) {
		m.fail(m.visit(g.source), "a device proves who comes with the right code %t, or has ended", right)
	}

	m.try(err)
}

// consent is what a citizen agrees to about a relative: given, narrowed, widened or withdrawn, and the
// relative invited.
func (m *machine) consent(rt *rapid.T) {
	v := m.one(rt)
	ctx, citizen := m.tb.Context(), v.Facts.Citizen

	id, ok := m.known.contacts[citizen]
	if !ok {
		c, err := m.AddContact(ctx, caregiver("MSK"), citizen, relative())
		m.try(err)

		if err != nil {
			return
		}

		id, m.known.contacts[citizen] = c.ID, c.ID
	}

	switch rapid.SampledFrom([]string{"invite", "invite", "one visit", "a day", "every visit", "withdraw", "remove"}).Draw(rt, "consent") {
	case "invite":
		_, err := m.AddParticipant(ctx, caregiver("MSK"), v.ID, invite(id))
		m.try(err)
	case "one visit":
		m.try(m.ChangeContact(ctx, planner(), citizen, id, only(scheduler.ConsentCover{Scope: care.OneVisit, Visit: v.ID})))
	case "a day":
		m.try(m.ChangeContact(ctx, planner(), citizen, id, only(scheduler.ConsentCover{Scope: care.UntilDay, Until: care.DayOf(m.clock.Now())})))
	case "every visit":
		m.try(m.ChangeContact(ctx, planner(), citizen, id, relative()))
	case "withdraw":
		m.try(m.WithdrawConsent(ctx, planner(), citizen, id))
	case "remove":
		err := m.RemoveContact(ctx, planner(), citizen, id)
		if err == nil {
			delete(m.known.contacts, citizen)
		}

		m.try(err)
	}
}

// covered: nobody takes part in a visit that the citizen's consent does not cover, unless work is on its
// way that takes them out.
func (m *machine) covered(v care.Snapshot, waiting pending) {
	if !v.State.Active() {
		return
	}

	for _, p := range v.Present() {
		c, err := m.store.Contact(m.tb.Context(), p.Contact)
		if err != nil && care.KindOf(err) != care.NotFound {
			m.fail(v, "contact: %v", err)
		}

		if (err != nil || !v.MayStay(p, c)) && !waiting[scheduler.FollowContactJob][string(p.Contact)] {
			m.fail(v, "%s takes part, and the consent is %+v, %v", p.ID, c.Consent, err)
		}
	}
}

// judge says whether the citizen is fit for screen visits. That is about visits to come: what was decided
// about this one stands.
func (m *machine) judge(rt *rapid.T) {
	before := m.one(rt)
	verdict := rapid.SampledFrom([]care.Suitability{care.Suitable, care.Unsuitable, care.ToBeJudged}).Draw(rt, "verdict")

	m.try(m.Judge(m.tb.Context(), planner(), before.Facts.Citizen, scheduler.JudgementRequest{Verdict: verdict, Why: "Set hjemme hos borgeren."}))

	after := m.visit(before.Source.ID)
	if after.State != before.State || after.Generation != before.Generation || len(after.Rooms) != len(before.Rooms) || len(after.Entries) != len(before.Entries) {
		m.fail(after, "was %s, and a judgement changed it", before.State)
	}
}

// host is an employee who asks for the way in: there is one into a room that stands, of a visit by screen.
func (m *machine) host(rt *rapid.T) {
	v := m.one(rt)
	_, err := m.HostLink(m.tb.Context(), caregiver("MSK"), v.ID)

	if now := m.visit(v.Source.ID); err == nil {
		if room, ok := now.LiveRoom(); !ok || !room.Made() || !now.State.Active() {
			m.fail(now, "an employee has a way in")
		}
	}

	m.try(err)
}
