package pexipsim

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// Role is what a PIN makes of a person, by the names of status, history and events.
type Role string

// The roles of a leg.
const (
	// RoleHost is a person with the host PIN.
	RoleHost Role = "chair"
	// RoleGuest is a person with the guest PIN, or without one where there is none.
	RoleGuest Role = "guest"
	// RoleUnknown is a caller who has not entered a PIN yet.
	RoleUnknown Role = "unknown"
)

// Errors of joining, each with its own page and status code.
var (
	// ErrNoRoom: the node knows no room with that alias.
	ErrNoRoom = errors.New("pexipsim: no such room")
	// ErrPINRequired: the room asks for a PIN.
	ErrPINRequired = errors.New("pexipsim: a PIN is required")
	// ErrWrongPIN: the PIN opens nothing.
	ErrWrongPIN = errors.New("pexipsim: wrong PIN")
	// ErrBlocked: too many wrong PINs; nobody comes in for a while (§1.3).
	ErrBlocked = errors.New("pexipsim: the room is blocked by break-in defence")
	// ErrFull: participant_limit people are in the room.
	ErrFull = errors.New("pexipsim: the room is full")
	// ErrNoLeg: nobody with that leg is connected.
	ErrNoLeg = errors.New("pexipsim: no such leg")
)

// The phases of a leg, the values of service_type.
const (
	phaseConnecting = "connecting"
	phaseIVR        = "ivr"
	phaseWaiting    = "waiting_room"
	phaseInside     = "conference"
)

// Protocols of legs.
const (
	protoWebRTC = "WebRTC"
	protoAPI    = "API"
	protoSIP    = "SIP"
	protoRTMP   = "RTMP"
)

// Reasons of disconnection. Those of §10 are the documented texts; ReasonHostsLeft and
// ReasonTokenExpired are seen in public code, the others are inferred.
const (
	ReasonUsual        = "Call disconnected"
	ReasonNoHost       = "Timeout waiting for conference host to join or permit access to locked conference"
	ReasonAdminEnded   = "Conference terminated by an administrator"
	ReasonHostEnded    = "Conference terminated by a Host participant"
	ReasonAdminPutOut  = "Disconnected by an administrator"
	ReasonHostPutOut   = "Disconnected by another participant"
	ReasonHostsLeft    = "All conference hosts departed hosted conference"
	ReasonTokenExpired = "Timer expired awaiting token refresh" //nolint:gosec // a text, not a credential
	ReasonFull         = "Participant limit reached"
	ReasonWrongPIN     = "Invalid PIN entered"
	ReasonPINTimeout   = "Timeout waiting for PIN entry"
	ReasonMediaLost    = "No media received"
	ReasonAlone        = "Last participant remaining"
)

// maxPINTries is how often a caller on a telephone may try (§1.3).
const maxPINTries = 3

// breakInWindow and breakInBlock are the times of break-in defence (§1.3).
const (
	breakInWindow = 10 * time.Minute
	breakInBlock  = 10 * time.Minute
)

// leg is one connection of one person; a reconnect is a new one.
type leg struct {
	id, callID, conversation string
	sibling                  string // the uuid of the other leg of the same browser, in events
	name, alias, remote      string
	role                     Role
	protocol, phase          string
	direction                string
	callTag, vendor          string
	instance                 *instance
	node                     *node
	proxy                    string
	connected                time.Time
	admitted                 time.Time // into the conference itself; zero before
	left                     time.Time // zero while connected
	reason                   string
	audioOnly, noMedia       bool
	media                    bool // has media now
	hadMedia                 bool
	streaming                bool
	recording                bool
	muted                    bool
	crashed                  bool // dead, but the platform has not noticed
	tries                    int
	wait                     int  // grows with every wait, so that old timers don't count
	quiet                    bool // sends no event when it is let in
	shadow                   *leg // the API leg that goes with it
	pin                      string
	quality                  string
}

// Person is somebody who joins.
type Person struct {
	// Name is the display name; empty is "Deltager".
	Name string `json:"name"`
	// PIN is what the person enters, prefilled or typed.
	PIN string `json:"pin,omitempty"`
	// Node is the address of the node that takes the call; empty: one that knows the room.
	Node string `json:"node,omitempty"`
	// Protocol is WebRTC (a browser; the default), SIP or H323 (a telephone or meeting room).
	Protocol string `json:"protocol,omitempty"`
	// AudioOnly sends no picture.
	AudioOnly bool `json:"audio_only,omitempty"`
	// NoMedia is a browser whose sound and picture never get through.
	NoMedia bool `json:"no_media,omitempty"`
	// CallTag is the tag of the call, as a link or a policy may set it.
	CallTag string `json:"call_tag,omitempty"`

	conversation string
}

// roleOf says what a PIN makes of its bearer (§1.3).
func (v *vmrVersion) roleOf(pin string) (Role, error) {
	switch {
	case v.pin == "" && v.guestPIN == "":
		return RoleHost, nil
	case v.pin != "" && pin == v.pin:
		return RoleHost, nil
	case v.allowGuests && v.guestPIN != "" && pin == v.guestPIN:
		return RoleGuest, nil
	case v.allowGuests && v.guestPIN == "" && pin == "":
		return RoleGuest, nil
	case pin == "":
		return RoleUnknown, ErrPINRequired
	}
	return RoleUnknown, ErrWrongPIN
}

// join is a person who dials an alias. A telephone gets a leg even without the right PIN, and
// then both the leg and the error are returned.
func (w *world) join(alias string, p Person, t time.Time) (*leg, error) {
	room, version, n := w.roomAt(alias, p.Node, t)
	if room == nil {
		return nil, ErrNoRoom
	}
	if t.Before(room.blockedUntil) {
		room.refused++
		return nil, ErrBlocked
	}
	if p.Protocol == "" {
		p.Protocol = protoWebRTC
	}
	role, err := version.roleOf(p.PIN)
	if err != nil {
		room.refused++
		w.countWrong(room, err, t)
		if p.Protocol == protoWebRTC {
			return nil, err
		}
	}
	in := w.conference(room, version, t)
	l := w.newLeg(in, n, alias, p, role)
	if err == nil && w.full(in, version) {
		room.refused++
		w.connect(l, phaseConnecting, t)
		w.leave(l, t, ReasonFull)
		return l, ErrFull
	}
	if err != nil {
		w.connect(l, phaseIVR, t)
		w.awaitPIN(l, t)
		if errors.Is(err, ErrWrongPIN) {
			l.tries++
		}
		return l, err
	}
	w.enter(l, t)
	return l, nil
}

// enter takes a person with the right PIN to the conference or its waiting room.
func (w *world) enter(l *leg, t time.Time) {
	if l.protocol == protoWebRTC {
		w.openBrowser(l, t)
	} else if l.connected.IsZero() {
		w.connect(l, phaseConnecting, t)
	}
	w.place(l, t)
}

// openBrowser connects a browser: an API leg first, which either stays beside the media leg or
// becomes it (§0.3, §4.5).
func (w *world) openBrowser(l *leg, t time.Time) {
	if w.dice.share("one leg", l.id) < 0.3 {
		l.protocol = protoAPI
		w.connect(l, phaseConnecting, t)
		l.protocol = protoWebRTC
		return
	}
	shadow := *l
	shadow.id = w.dice.uuid("api leg", l.id)
	shadow.callID, shadow.protocol, shadow.noMedia = w.dice.uuid("call", shadow.id), protoAPI, true
	l.shadow, l.sibling, shadow.sibling = &shadow, shadow.eventID(), l.eventID()
	w.connect(&shadow, phaseConnecting, t)
	w.connect(l, phaseConnecting, t)
}

func (w *world) newLeg(in *instance, n *node, alias string, p Person, role Role) *leg {
	number := strconv.Itoa(len(in.legs))
	id := w.dice.uuid("leg", in.id, number)
	l := &leg{
		id: id, callID: w.dice.uuid("call", id), conversation: p.conversation, name: p.Name, alias: alias, role: role, protocol: p.Protocol,
		direction: "in", callTag: p.CallTag, instance: in, node: n, proxy: w.edge(), audioOnly: p.AudioOnly,
		noMedia: p.NoMedia, pin: p.PIN, quality: "1_good", vendor: "Mozilla/5.0 (simulator)",
	}
	if l.name == "" {
		l.name = "Deltager"
	}
	l.remote = l.name
	if p.Protocol != protoWebRTC {
		l.vendor = "Telefon (simulator)"
		l.remote = "sip:" + strconv.Itoa(w.dice.between(20_000_000, 99_999_999, "number", id)) + "@pstn.example"
		l.quiet = w.dice.share("quiet", id) < 0.3
	}
	if l.conversation == "" {
		l.conversation = l.callID
	}
	return l
}

// connect makes a leg part of its conference.
func (w *world) connect(l *leg, phase string, t time.Time) {
	in := l.instance
	l.connected, l.phase = t, phase
	in.legs = append(in.legs, l)
	in.people = append(in.people, l)
	w.legs[l.id] = l
	if !slices.Contains(in.nodes, l.node) {
		in.nodes, in.since = append(in.nodes, l.node), append(in.since, t)
		w.hub.emitConference(in, l.node, eventConferenceStarted, t)
	}
	w.hub.emitLeg(l, eventConnected, t)
}

// place lets somebody in, or has them wait for a host or for the lock.
func (w *world) place(l *leg, t time.Time) {
	in := l.instance
	if l.role == RoleHost {
		w.admit(l, t)
		if !l.noMedia {
			w.begin(in, t)
		}
		return
	}
	if in.hosted && !in.locked {
		w.admit(l, t)
		return
	}
	w.phase(l, phaseWaiting, t)
	l.wait++
	wait := l.wait
	w.after(t, w.seconds("waiting_for_chair_timeout"), func(t time.Time) {
		if l.left.IsZero() && l.phase == phaseWaiting && l.wait == wait {
			w.leave(l, t, ReasonNoHost)
		}
	})
}

// admit takes somebody into the conference itself, where their media begins.
func (w *world) admit(l *leg, t time.Time) {
	l.admitted = t
	l.media = !l.noMedia
	l.hadMedia = l.hadMedia || l.media
	if l.quiet {
		l.phase = phaseInside
		return
	}
	w.phase(l, phaseInside, t)
	if l.media {
		w.hub.emitWindow(l, "0_unknown", l.quality, t)
	}
}

// phase moves a leg and its API leg on.
func (w *world) phase(l *leg, phase string, t time.Time) {
	if l.shadow != nil && l.shadow.left.IsZero() {
		l.shadow.phase = phase
		w.hub.emitLeg(l.shadow, eventUpdated, t)
	}
	l.phase = phase
	w.hub.emitLeg(l, eventUpdated, t)
}

// leave ends a leg and the API leg that goes with it; the last one out ends the conference.
func (w *world) leave(l *leg, t time.Time, reason string) {
	if !l.left.IsZero() {
		return
	}
	in := l.instance
	wasHost := l.role == RoleHost && l.media
	l.left, l.reason, l.media = t, reason, false
	in.people = slices.DeleteFunc(in.people, func(p *leg) bool { return p == l })
	w.hub.emitLeg(l, eventDisconnected, t)
	if l.shadow != nil {
		w.leave(l.shadow, t, reason)
	}
	if in.ended.IsZero() {
		w.afterLeave(in, wasHost, t)
	}
}

// awaitPIN puts a telephone out that enters none in time.
func (w *world) awaitPIN(l *leg, t time.Time) {
	w.after(t, w.seconds("pin_entry_timeout"), func(t time.Time) {
		if l.left.IsZero() && l.phase == phaseIVR {
			w.leave(l, t, ReasonPINTimeout)
		}
	})
}

// enterPIN is a caller who types on a telephone.
func (w *world) enterPIN(l *leg, pin string, t time.Time) error {
	if !l.left.IsZero() || l.phase != phaseIVR {
		return ErrNoLeg
	}
	in := l.instance
	version := l.node.knows(in.room, t)
	if version == nil {
		version = in.version
	}
	role, err := version.roleOf(pin)
	switch {
	case err != nil:
		in.room.refused++
		l.tries++
		w.countWrong(in.room, err, t)
		if l.tries >= maxPINTries {
			w.leave(l, t, ReasonWrongPIN)
		}
		return err
	case w.full(in, version):
		in.room.refused++
		w.leave(l, t, ReasonFull)
		return ErrFull
	}
	l.role, l.pin = role, pin
	w.place(l, t)
	return nil
}

// countWrong is break-in defence (§1.3).
func (w *world) countWrong(room *vmr, err error, t time.Time) {
	if !errors.Is(err, ErrWrongPIN) || w.global("bdpm_pin_checks_enabled") == 0 {
		return
	}
	room.wrongPINs = append(slices.DeleteFunc(room.wrongPINs, func(at time.Time) bool { return t.Sub(at) >= breakInWindow }), t)
	if len(room.wrongPINs) > w.global("bdpm_max_pin_failures_per_window") {
		room.blockedUntil, room.wrongPINs = t.Add(breakInBlock), nil
	}
}
