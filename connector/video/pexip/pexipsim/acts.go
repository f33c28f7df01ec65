package pexipsim

import "time"

// What is done to people who are connected, by commands, hosts and crashes.

// person is the leg that stands for somebody: the media leg of a browser.
func (l *leg) person() *leg {
	for _, other := range l.instance.people {
		if other.shadow == l {
			return other
		}
	}
	return l
}

// letIn admits one person who waits.
func (w *world) letIn(l *leg, t time.Time) {
	if l = l.person(); l.phase == phaseWaiting {
		w.admit(l, t)
	}
}

// changeRole makes a guest a host or the other way round.
func (w *world) changeRole(l *leg, role Role, t time.Time) {
	l = l.person()
	l.role = role
	if l.shadow != nil {
		l.shadow.role = role
	}
	switch {
	case role == RoleHost && l.phase == phaseWaiting:
		w.admit(l, t)
	default:
		w.hub.emitLeg(l, eventUpdated, t)
	}
	if role == RoleHost && l.media {
		w.begin(l.instance, t)
	}
	if role == RoleGuest {
		w.afterLeave(l.instance, true, t)
	}
}

// dialOut connects somebody whom the platform calls; a stream or recording has no person.
func (w *world) dialOut(room *vmr, version *vmrVersion, n *node, destination, protocol string, role Role, t time.Time) *leg {
	in := w.conference(room, version, t)
	alias := ""
	if len(version.aliases) > 0 {
		alias = version.aliases[0]
	}
	l := w.newLeg(in, n, alias, Person{Name: destination, Protocol: protocol}, role)
	l.direction, l.remote = "out", destination
	l.streaming, l.recording = protocol == protoRTMP, protocol == protoRTMP
	w.connect(l, phaseConnecting, t)
	if l.streaming {
		w.admit(l, t)
		return l
	}
	w.place(l, t)
	return l
}

// crash is a browser or line that dies: the platform notices only later (§10).
func (w *world) crash(l *leg, t time.Time) {
	l.crashed = true
	reason := ReasonTokenExpired
	if l.protocol != protoWebRTC {
		reason = ReasonMediaLost
	}
	w.after(t, w.opts.TokenExpiry, func(t time.Time) { w.leave(l, t, reason) })
}

// again is a reconnect: a new leg of the same conversation. The old leg ends first, unless it
// crashed and the platform has not noticed yet.
func (w *world) again(l *leg, t time.Time) (*leg, error) {
	if !l.crashed {
		w.leave(l, t, ReasonUsual)
	}
	return w.join(l.alias, Person{
		Name: l.name, PIN: l.pin, Protocol: l.protocol, AudioOnly: l.audioOnly, CallTag: l.callTag, conversation: l.conversation,
	}, t)
}
