package pexipsim

import (
	"slices"
	"strconv"
	"time"
)

// instance is one conference: from the first person connected to the last one gone.
type instance struct {
	id, name, tag string
	serviceType   string
	room          *vmr
	version       *vmrVersion // as it was when the conference began
	started       time.Time
	ended         time.Time // zero while it runs
	hosted        bool      // is_started: a host with media has joined
	locked        bool
	guestsMuted   bool
	nodes         []*node     // those that hold a part of it, in order of appearance
	since         []time.Time // when each of nodes began
	people        []*leg      // connected
	legs          []*leg      // all that ever were
	hostLost      int         // grows whenever the last host leaves, so that old timers don't count
}

// conference is the running conference of a room, or a new one.
func (w *world) conference(room *vmr, version *vmrVersion, t time.Time) *instance {
	if in := w.live[version.name]; in != nil {
		return in
	}
	in := &instance{
		id:   w.dice.uuid("conference", version.name, strconv.Itoa(len(room.instances)), strconv.FormatInt(t.UnixNano(), 10)),
		name: version.name, tag: version.tag, serviceType: version.serviceType, room: room, version: version,
		started: t, guestsMuted: version.muteGuests,
	}
	room.instances = append(room.instances, in)
	w.live[in.name], w.instances[in.id] = in, in
	return in
}

// full tells whether the conference has no place left.
func (w *world) full(in *instance, version *vmrVersion) bool {
	return version.limit >= 0 && in.humans() >= version.limit
}

// humans counts people, not their API legs or recorders.
func (in *instance) humans() int {
	n := 0
	for _, l := range in.people {
		if l.protocol != protoAPI && !l.streaming && l.phase != phaseIVR {
			n++
		}
	}
	return n
}

// begin is the first host with media: whoever waits comes in, unless the room is locked.
func (w *world) begin(in *instance, t time.Time) {
	in.hostLost++
	if in.hosted {
		return
	}
	in.hosted = true
	w.conferenceChanged(in, t)
	if !in.locked {
		w.admitWaiting(in, t)
	}
}

func (w *world) admitWaiting(in *instance, t time.Time) {
	for _, l := range slices.Clone(in.people) {
		if l.phase == phaseWaiting && l.protocol != protoAPI {
			w.admit(l, t)
		}
	}
}

func (w *world) conferenceChanged(in *instance, t time.Time) {
	for _, n := range in.nodes {
		w.hub.emitConference(in, n, eventConferenceUpdated, t)
	}
}

// afterLeave looks who is left: nobody, guests only, or one alone (§10).
func (w *world) afterLeave(in *instance, wasHost bool, t time.Time) {
	if !slices.ContainsFunc(in.people, func(l *leg) bool { return !l.streaming && l.protocol != protoAPI }) {
		w.end(in, t, ReasonUsual)
		return
	}
	if wasHost && !in.host() {
		in.hostLost++
		lost := in.hostLost
		w.after(t, w.seconds("guests_only_timeout"), func(t time.Time) {
			if in.ended.IsZero() && in.hostLost == lost {
				w.end(in, t, ReasonHostsLeft)
			}
		})
	}
	if alone := w.seconds("eject_last_participant_backstop_timeout"); alone > 0 && in.humans() == 1 {
		w.after(t, alone, func(t time.Time) {
			if in.ended.IsZero() && in.humans() == 1 {
				w.end(in, t, ReasonAlone)
			}
		})
	}
}

// host tells whether a host with media is there.
func (in *instance) host() bool {
	return slices.ContainsFunc(in.people, func(l *leg) bool { return l.role == RoleHost && l.media })
}

// end puts everybody out and closes the conference.
func (w *world) end(in *instance, t time.Time, reason string) {
	if !in.ended.IsZero() {
		return
	}
	in.ended = t
	for _, l := range slices.Clone(in.people) {
		w.leave(l, t, reason)
	}
	if w.live[in.name] == in {
		delete(w.live, in.name)
	}
	for _, n := range in.nodes {
		w.hub.emitConference(in, n, eventConferenceEnded, t)
	}
	w.past = append(w.past, in)
	if over := len(w.past) - w.opts.HistoryLimit; over > 0 {
		for _, old := range w.past[:over] {
			delete(w.instances, old.id)
		}
		w.past = slices.Clone(w.past[over:])
	}
}
