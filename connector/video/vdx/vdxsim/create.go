package vdxsim

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// newMeeting is a create request that has passed parsing and validation (§1.5). Pointers
// are nil where the member was absent.
type newMeeting struct {
	uuid                     string // empty: the server invents one
	subject                  string
	description, projectCode *string
	externalID               *string
	organizedBy              *string
	start, end               time.Time
	maxParticipants          int
	endOnEndTime             *bool
	pool                     bool
	guestMicrophone          string
	guestPINRequired         bool
	reservation              *string
	template                 *int64
	labels                   []string
	info                     []keyValue
	layout                   layoutWish
	customURI                *string
	hostPIN, guestPIN        int
	callType                 *string
	baseURL                  string
}

// layoutWish are the layout members that the caller named; nil is "any".
type layoutWish struct {
	vmrType, hostView, guestView, vmrQuality                                                    *string
	enableOverlayText, guestsCanPresent, forcePresenterIntoMain, forceEncryption, muteAllGuests *bool
}

func (l layoutWish) over(base layout) layout {
	pick(&base.vmrType, l.vmrType)
	pick(&base.hostView, l.hostView)
	pick(&base.guestView, l.guestView)
	pick(&base.vmrQuality, l.vmrQuality)
	pick(&base.enableOverlayText, l.enableOverlayText)
	pick(&base.guestsCanPresent, l.guestsCanPresent)
	pick(&base.forcePresenterIntoMain, l.forcePresenterIntoMain)
	pick(&base.forceEncryption, l.forceEncryption)
	pick(&base.muteAllGuests, l.muteAllGuests)
	return base
}

// exactly is a wish for this layout and no other.
func (l layout) exactly() layoutWish {
	return layoutWish{
		vmrType: &l.vmrType, hostView: &l.hostView, guestView: &l.guestView, vmrQuality: &l.vmrQuality,
		enableOverlayText: &l.enableOverlayText, guestsCanPresent: &l.guestsCanPresent,
		forcePresenterIntoMain: &l.forcePresenterIntoMain, forceEncryption: &l.forceEncryption, muteAllGuests: &l.muteAllGuests,
	}
}

func pick[T any](into, wish *T) {
	if wish != nil {
		*into = *wish
	}
}

// create is the algorithm of §2.3. Everything that can be refused is checked before the
// first write, which stands for the service's transaction.
func (w *world) create(by principal, in newMeeting, now time.Time) (*meeting, *problem) {
	if p := w.checkReservation(by, in); p != nil {
		return nil, p
	}
	if in.pool && w.poolOf(by.organisation) == nil {
		return nil, breach(ruleNoPool)
	}
	if p := w.checkUnique(by, in); p != nil {
		return nil, p
	}
	m := w.draft(by, in, now)
	r, p := w.roomFor(by, m, in, now)
	if p != nil {
		return nil, p
	}
	m.room = r
	w.keep(m)
	w.advance(r, now)
	return m, nil
}

// checkReservation: a reservation is the own organisation's, not used yet, and brings its own
// PINs (§1.5).
func (w *world) checkReservation(by principal, in newMeeting) *problem {
	if in.reservation == nil {
		return nil
	}
	if in.hostPIN != 0 || in.guestPIN != 0 {
		return breach(ruleReservationWithPINs)
	}
	if r := w.byReservation[*in.reservation]; r == nil || r.meeting != nil || r.organisation != by.organisation {
		return breach(ruleReservation)
	}
	return nil
}

func (w *world) checkUnique(by principal, in newMeeting) *problem {
	if w.byUUID[in.uuid] != nil {
		return breach(ruleShortIDOrUUIDTaken)
	}
	if in.externalID != nil && w.byExternalID[externalKey(by.organisation, *in.externalID)] != nil {
		return breach(ruleExternalIDTaken)
	}
	if duplicateKeys(in.info) {
		return breach(ruleDuplicateInfoKey)
	}
	return nil
}

func externalKey(organisation, id string) string { return organisation + "\x00" + id }

func duplicateKeys(info []keyValue) bool {
	seen := make(map[string]bool, len(info))
	for _, kv := range info {
		if seen[kv.key] {
			return true
		}
		seen[kv.key] = true
	}
	return false
}

func (w *world) draft(by principal, in newMeeting, now time.Time) *meeting {
	w.created++
	n := strconv.Itoa(w.created)
	if in.uuid == "" {
		in.uuid = w.dice.uuid("meeting", n)
	}
	m := &meeting{
		uuid: in.uuid, organisation: by.organisation, shortID: w.dice.hex(12, "short", n),
		subject: in.subject, description: in.description, projectCode: in.projectCode,
		externalID: in.externalID, createdBy: by.person(), organizedBy: by.person(),
		start: in.start, end: in.end, created: now.UTC().Truncate(time.Second),
		labels: in.labels, info: in.info,
		guestMicrophone: in.guestMicrophone, guestPINRequired: in.guestPINRequired,
	}
	if in.organizedBy != nil && by.mayNameOrganizer() {
		m.organizedBy.email = *in.organizedBy
	}
	return m
}

// adHocWindow: a start no later than this takes a pool room if there is one (§2.3 d).
const adHocWindow = 2 * time.Minute

// roomFor finds or makes the room, in the order of §2.3: a custom URI or any PIN makes a
// fresh one, a reservation is taken, a start in the future makes a fresh one, and a start now
// takes a room of a pool if there is one.
func (w *world) roomFor(by principal, m *meeting, in newMeeting, now time.Time) (*room, *problem) {
	org := w.organisations[by.organisation]
	t := w.templateFor(by.organisation, in.template)
	switch {
	case in.customURI != nil, in.hostPIN != 0, in.guestPIN != 0:
		return w.freshRoom(org, t, m, in, now)
	case in.reservation != nil:
		r := w.byReservation[*in.reservation]
		w.attach(r, m, in, now)
		return r, nil
	case in.start.After(now.Add(adHocWindow)):
		return w.freshRoom(org, t, m, in, now)
	}
	if r := w.pooledRoom(m, in, now); r != nil {
		w.attach(r, m, in, now)
		return r, nil
	}
	if in.pool {
		return nil, breach(rulePoolEmpty)
	}
	return w.freshRoom(org, t, m, in, now)
}

// freshRoom makes a room by template and request. The portal link is built before callType
// is known, as in the service (§2.7 staleness).
func (w *world) freshRoom(org *organisation, t *roomTemplate, m *meeting, in newMeeting, now time.Time) (*room, *problem) {
	r := w.blankRoom(m.uuid, org, t, now)
	r.meeting, r.start, r.createdBy, r.baseURL = m, m.start, m.createdBy, in.baseURL
	r.maxParticipants, r.endOnEndTime, r.layout = t.MaxParticipants, t.EndMeetingOnEndTime, in.layout.over(t.layout)
	if in.maxParticipants > 0 {
		r.maxParticipants = in.maxParticipants
	}
	pick(&r.endOnEndTime, in.endOnEndTime)
	r.hostPIN, r.guestPIN = w.pins(t, m.uuid)
	if in.hostPIN != 0 {
		r.hostPIN = in.hostPIN
	}
	if in.guestPIN != 0 {
		r.guestPIN = in.guestPIN
	}
	if p := w.address(r, org, t, in.customURI); p != nil {
		return nil, p
	}
	r.portalLink = w.portalLink(r, m)
	pick(&r.callType, in.callType)
	r.returnURL = t.ReturnURL
	return r, nil
}

// blankRoom is a room as its template makes it, without address, PINs and start.
func (w *world) blankRoom(uuid string, org *organisation, t *roomTemplate, now time.Time) *room {
	r := &room{
		uuid: uuid, organisation: org.Code, external: org.Classic, directMedia: t.directMedia,
		availableBefore: time.Duration(t.VMRAvailableBefore) * time.Minute,
		ivrTheme:        t.IVRTheme, portalHost: t.CustomPortalHost, portalGuest: t.CustomPortalGuest,
		callType: t.CallType, created: now.UTC().Truncate(time.Second), bornAt: now, considerFrom: now,
		provisionDelay: w.opts.ProvisionDelay,
	}
	if !w.opts.Calm {
		r.provisionDelay += time.Duration(2 * w.dice.share("provision", uuid) * float64(w.opts.ProvisionDelay))
	}
	return r
}

// pins invents PINs in the template's ranges [low, high); no PIN where none is required.
func (w *world) pins(t *roomTemplate, uuid string) (host, guest int) {
	if t.HostPINRequired {
		host = w.dice.between(t.HostPINLow, t.HostPINHigh, "hostpin", uuid)
	}
	if t.GuestPINRequired {
		guest = w.dice.between(t.GuestPINLow, t.GuestPINHigh, "guestpin", uuid)
	}
	return host, guest
}

// address gives the room its number. A generated uriWithDomain has a prefix that
// uriWithoutDomain lacks; a custom one has none (§2.7).
func (w *world) address(r *room, org *organisation, t *roomTemplate, custom *string) *problem {
	r.uriDomain = t.URIDomain
	if custom != nil {
		switch {
		case !org.AllowCustomURI:
			return breach(ruleCustomURIForbidden)
		case !alphanumeric(*custom):
			return breach(ruleCustomURICharacters)
		case w.byLiveNumber[*custom+"@"+t.URIDomain] != nil:
			return breach(ruleCustomURITaken)
		}
		r.uriWithoutDomain = *custom
		r.uriWithDomain = *custom + "@" + t.URIDomain
		return nil
	}
	for try := range 100 {
		number := strconv.Itoa(w.dice.between(t.URINumberLow, t.URINumberHigh, "number", r.uuid, strconv.Itoa(try)))
		if w.byLiveNumber[number+"@"+t.URIDomain] == nil {
			r.uriWithoutDomain = number
			r.uriWithDomain = t.URIPrefix + number + "@" + t.URIDomain
			return nil
		}
	}
	return breach(ruleNoFreeURI)
}

func alphanumeric(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// portalLink fills the link template: the guest PIN, else the host PIN, else none; the
// start without a zone in the server's zone; parameters without a value are dropped (§2.7).
func (w *world) portalLink(r *room, m *meeting) string {
	q := []string{"conference=" + url.QueryEscape(r.uriWithDomain)}
	if pin := firstPIN(r.guestPIN, r.hostPIN); pin != 0 {
		q = append(q, "pin="+strconv.Itoa(pin))
	}
	q = append(q, "start_dato="+r.start.In(w.opts.Zone).Format("2006-01-02T15:04:05"))
	if m.guestMicrophone == "off" || m.guestMicrophone == "muted" {
		q = append(q, "microphone="+m.guestMicrophone)
	}
	if r.callType != "" {
		q = append(q, "callType="+url.QueryEscape(r.callType))
	}
	return r.baseURL + "/portal/?" + strings.Join(append(q, "join=1"), "&")
}

func firstPIN(pins ...int) int {
	for _, p := range pins {
		if p != 0 {
			return p
		}
	}
	return 0
}

// keep enters a meeting into every index.
func (w *world) keep(m *meeting) {
	r := m.room
	w.byUUID[m.uuid] = m
	w.byShortID[m.shortID] = m
	if m.externalID != nil {
		w.byExternalID[externalKey(m.organisation, *m.externalID)] = m
	}
	w.byLiveNumber[r.uriWithoutDomain+"@"+r.uriDomain] = r
	w.byShortURI[r.uriWithoutDomain] = append(w.byShortURI[r.uriWithoutDomain], r)
	w.byFullURI[r.uriWithDomain] = append(w.byFullURI[r.uriWithDomain], r)
	w.lastAtURI[r.uriWithDomain] = r
	w.rooms = append(w.rooms, r)
}

// remove deletes a meeting physically: uuid and externalId are free again (§2.4, §2.6). The
// room stays in the simulator's own memory, as evidence.
func (w *world) remove(m *meeting, now time.Time) *problem {
	if m.room.status != AwaitsProvision {
		return breach(ruleDeleteState)
	}
	delete(w.byUUID, m.uuid)
	delete(w.byShortID, m.shortID)
	if m.externalID != nil {
		delete(w.byExternalID, externalKey(m.organisation, *m.externalID))
	}
	w.releaseNumber(m.room)
	full := without(w.byFullURI[m.room.uriWithDomain], m.room)
	if len(full) == 0 {
		delete(w.byFullURI, m.room.uriWithDomain)
	} else {
		w.byFullURI[m.room.uriWithDomain] = full
	}
	m.room.deletedAt, m.room.cancelledAt = now, now
	return nil
}
