package vdxsim

import (
	"slices"
	"strconv"
	"time"
)

// poolFillInterval and poolMinimumAge are the service's shipped settings (§2.5).
const (
	poolFillInterval = time.Minute
	poolMinimumAge   = time.Minute
)

// farFuture is the end of a room without a meeting.
func farFuture() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// organisation is the configured row plus its pool.
type organisation struct {
	Organisation
	pool     []*room // without meeting and reservation
	made     int     // pool rooms ever
	groupID  int     // the organisation service's own number
	nextFill time.Time
}

// fill lets time pass for a pool: at most one new room per interval, and no more than it is
// meant to hold, should that have become less. The pools of classic organisations are filled through the API (§2.5).
func (w *world) fill(o *organisation, now time.Time) {
	for len(o.pool) < o.PoolSize && !o.Classic && !o.nextFill.After(now) {
		if _, p := w.addPoolRoom(o, w.poolTemplate(o.Code), o.nextFill); p != nil {
			break // no number is free
		}
		o.nextFill = o.nextFill.Add(poolFillInterval)
	}
	for len(o.pool) > o.PoolSize && !o.Classic { // surplus goes
		last := o.pool[len(o.pool)-1]
		delete(w.loose, last.uuid)
		w.releaseNumber(last)
		o.pool = o.pool[:len(o.pool)-1]
	}
	for _, r := range o.pool {
		w.advance(r, now)
	}
}

// addPoolRoom makes a room without a meeting.
func (w *world) addPoolRoom(o *organisation, t *roomTemplate, now time.Time) (*room, *problem) {
	o.made++
	r := w.blankRoom(w.dice.uuid("pool", o.Code, strconv.Itoa(o.made)), o, t, now)
	r.start, r.pooled = now.Add(r.availableBefore), true // made at once
	r.maxParticipants, r.endOnEndTime, r.layout = t.MaxParticipants, t.EndMeetingOnEndTime, t.layout
	r.hostPIN, r.guestPIN = w.pins(t, r.uuid)
	if p := w.address(r, o, t, nil); p != nil {
		return nil, p
	}
	r.returnURL = t.ReturnURL
	w.loose[r.uuid] = r
	w.byLiveNumber[r.uriWithoutDomain+"@"+r.uriDomain] = r
	o.pool = append(o.pool, r)
	return r, nil
}

// idle are the rooms that could be taken now: provisioned more than a minute ago, and with
// the wanted layout (§2.5).
func (w *world) idle(o *organisation, wish layoutWish, now time.Time) []*room {
	if o == nil {
		return nil
	}
	w.fill(o, now)
	var out []*room
	for _, r := range o.pool {
		if r.status == ProvisionedOK && !now.Before(r.provisionedAt.Add(poolMinimumAge)) && wish.over(r.layout) == r.layout {
			out = append(out, r)
		}
	}
	return out
}

// takeOut removes a room from its pool, which begins to refill.
func (o *organisation) takeOut(r *room, now time.Time) {
	o.pool = slices.DeleteFunc(o.pool, func(p *room) bool { return p == r })
	if o.nextFill.Before(now) {
		o.nextFill = now.Add(poolFillInterval)
	}
}

// pooledRoom takes an idle room for a meeting that starts now: of the pool that the
// organisation tree leads to, or of the overflow pool, whose room changes owner (§2.3, §2.5).
func (w *world) pooledRoom(m *meeting, in newMeeting, now time.Time) *room {
	own := w.poolOf(m.organisation)
	if own == nil {
		return nil
	}
	for _, o := range []*organisation{own, w.organisations[w.opts.OverflowPool]} {
		if free := w.idle(o, in.layout, now); len(free) > 0 {
			o.takeOut(free[0], now)
			return free[0]
		}
	}
	return nil
}

// attach gives a room that stood ready to a meeting: its uuid is overwritten, its settings
// stay (§2.1, §2.3).
func (w *world) attach(r *room, m *meeting, in newMeeting, now time.Time) {
	delete(w.loose, r.uuid)
	r.uuid, r.organisation, r.meeting, r.start = m.uuid, m.organisation, m, m.start
	r.baseURL, r.bornAt, r.considerFrom = in.baseURL, now, now
	r.portalLink = w.portalLink(r, m)
}

// reserve stamps an idle room of exactly the caller's organisation. Nothing ever releases it
// (§2.5).
func (w *world) reserve(by principal, wish layoutWish, now time.Time) (*room, *problem) {
	o := w.organisations[by.organisation]
	free := w.idle(o, wish, now)
	if len(free) == 0 {
		return nil, notFound("An unused room")
	}
	r := free[0]
	o.takeOut(r, now)
	r.reservation = w.dice.uuid("reservation", r.uuid)
	r.updated, r.updatedBy = now.UTC().Truncate(time.Second), by.person()
	w.byReservation[r.reservation] = r
	return r, nil
}

// roomByUUID finds a room with or without a meeting.
func (w *world) roomByUUID(id string) *room {
	if m := w.byUUID[id]; m != nil {
		return m.room
	}
	return w.loose[id]
}

// PoolIdle is the number of rooms in an organisation's pool that could be taken now.
func (s *Server) PoolIdle(organisation string) int {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.world.idle(s.world.organisations[organisation], layoutWish{}, now))
}
