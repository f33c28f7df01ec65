package vdxsim

import "time"

// change is a PUT or PATCH that has passed parsing. For PATCH nil means "leave as it is".
// For PUT every member is set.
type change struct {
	put                      bool
	refusal                  *problem // a rule that the body itself breaks
	subject                  *string
	start, end               *time.Time
	description, projectCode nullable
	organizedBy              *string
	labels                   *[]string
	info                     *[]keyValue
	guestMicrophone          *string
	guestPINRequired         *bool
	hostPIN, guestPIN        *int
	callType                 *string
}

// update applies the table of §2.4: everything while the room waits; after provisioning
// only the end, microphone, PIN flag, labels and additional information, and the rest is
// ignored in silence; 406 otherwise.
func (w *world) update(by principal, m *meeting, c change, now time.Time) *problem {
	if c.refusal != nil {
		return c.refusal
	}
	if c.info != nil && duplicateKeys(*c.info) {
		return breach(ruleDuplicateInfoKey)
	}
	r := m.room
	switch r.status {
	case AwaitsProvision:
		m.changeBooking(by, c)
		r.start = m.start
		m.changeAlways(c)
		// The link is built before the new PINs and call type are stored, so it shows the
		// old ones until the next update (§2.7).
		r.portalLink = w.portalLink(r, m)
		pick(&r.hostPIN, c.hostPIN)
		pick(&r.guestPIN, c.guestPIN)
		pick(&r.callType, c.callType)
	case ProvisionedOK:
		if w.organisations[m.organisation].PoolSize > 0 {
			m.changeBooking(by, c)
		}
		m.changeAlways(c)
	case StartingToProvision, ProvisionProblems, StartingToDeprovision, DeprovisionProblems, DeprovisionOK:
		return breach(ruleUpdateState)
	}
	m.updated, m.updatedBy = now.UTC().Truncate(time.Second), by.person()
	r.updated, r.updatedBy = m.updated, m.updatedBy
	r.considerFrom = now
	r.endedAt, r.cancelledAt = time.Time{}, time.Time{}
	if !now.Before(m.end) {
		r.cancelledAt = now
	}
	w.advance(r, now)
	return nil
}

// changeBooking sets what only a waiting meeting, or one of a pool organisation, lets go.
// The organizer falls back to the caller on a PUT without one and for callers who may not
// name one (§2.4, organizer trap).
func (m *meeting) changeBooking(by principal, c change) {
	pick(&m.subject, c.subject)
	pick(&m.start, c.start)
	if c.put || c.description.given {
		m.description = c.description.value
	}
	if c.put || c.projectCode.given {
		m.projectCode = c.projectCode.value
	}
	switch {
	case c.organizedBy != nil && by.mayNameOrganizer():
		m.organizedBy = person{by.organisation, *c.organizedBy}
	case c.put || !by.mayNameOrganizer():
		m.organizedBy = by.person()
	}
}

// changeAlways sets what takes effect in both updatable states.
func (m *meeting) changeAlways(c change) {
	pick(&m.end, c.end)
	pick(&m.guestMicrophone, c.guestMicrophone)
	pick(&m.guestPINRequired, c.guestPINRequired)
	pick(&m.labels, c.labels)
	pick(&m.info, c.info)
}
