package scheduler_test

import (
	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// stop ends all access to a citizen.
func (m *machine) stop(rt *rapid.T) {
	m.try(m.StopAccess(m.tb.Context(), planner(), m.one(rt).Facts.Citizen, scheduler.StopRequest{Reason: "Aftalt"}))
}

// reopen sends new links.
func (m *machine) reopen(rt *rapid.T) {
	m.try(m.SendNewLinks(m.tb.Context(), planner(), m.one(rt).Facts.Citizen))
}

// word is an employee's on somebody at the door, or on somebody who came without a session.
func (m *machine) word(rt *rapid.T) {
	v := m.one(rt)
	way := care.StaffWay{Method: care.KnownToStaff, Check: care.KnewByFace}

	for _, a := range v.Admissions {
		m.try(m.Vouch(m.tb.Context(), caregiver("MSK"), v.ID, a.ID, way))
	}

	if rapid.Bool().Draw(rt, "and it took place") {
		m.try(m.Conclude(m.tb.Context(), caregiver("MSK"), v.ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen, Known: way}))
	}
}

// codeword makes codewords, or ticks those of somebody who was let in.
func (m *machine) codeword(rt *rapid.T) {
	v := m.one(rt)
	if rapid.Bool().Draw(rt, "new ones") {
		m.try(m.MakeCodewords(m.tb.Context(), planner(), v.Facts.Citizen, v.Facts.Unit))
	}

	for _, a := range v.Admissions {
		m.try(m.TickCodeword(m.tb.Context(), caregiver("MSK"), v.ID, a.ID, rapid.Bool().Draw(rt, "answered")))
	}
}

// identity: no visit is completed by screen with a citizen whom nobody identified, and of a citizen whose
// access was stopped no link and no session lives.
func (m *machine) identity(v care.Snapshot) {
	if v.State == care.Completed && v.Outcome.Delivery == care.Screen && !v.CitizenKnown() {
		m.fail(v, "is completed by screen, and nobody knows with whom")
	}

	setting, err := m.store.IdentitySetting(m.tb.Context(), v.Facts.Citizen)
	must(m.tb, err)

	if !setting.Stopped || !v.State.Active() {
		return
	}

	devices, err := m.store.DevicesOf(m.tb.Context(), v.Facts.Citizen)
	must(m.tb, err)

	for _, d := range devices {
		if d.Alive(m.known.terms, m.clock.Now()) {
			m.fail(v, "is stopped, and device %s is alive", d.ID)
		}
	}

	for _, text := range m.texts(v) {
		if !linkPattern.MatchString(text) {
			continue
		}

		if _, err := m.Enter(m.tb.Context(), locator(m.tb, text)); err == nil {
			m.fail(v, "is stopped, and a link lets in")
		}
	}
}
