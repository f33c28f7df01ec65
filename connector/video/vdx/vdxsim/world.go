package vdxsim

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// ProvisionStatus is the state of a room, numbered as on the wire (§2.2).
type ProvisionStatus int

// The seven states of §2.2.
const (
	AwaitsProvision ProvisionStatus = iota
	StartingToProvision
	ProvisionProblems
	ProvisionedOK
	StartingToDeprovision
	DeprovisionProblems
	DeprovisionOK
)

// String is the wire name.
func (s ProvisionStatus) String() string {
	switch s {
	case AwaitsProvision:
		return "AWAITS_PROVISION"
	case StartingToProvision:
		return "STARTING_TO_PROVISION"
	case ProvisionProblems:
		return "PROVISION_PROBLEMS"
	case ProvisionedOK:
		return "PROVISIONED_OK"
	case StartingToDeprovision:
		return "STARTING_TO_DEPROVISION"
	case DeprovisionProblems:
		return "DEPROVISION_PROBLEMS"
	case DeprovisionOK:
		return "DEPROVISION_OK"
	}
	return "ProvisionStatus(" + strconv.Itoa(int(s)) + ")"
}

// parseProvisionStatus reads a wire name.
func parseProvisionStatus(name string) (ProvisionStatus, bool) {
	for s := AwaitsProvision; s <= DeprovisionOK; s++ {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

// MarshalText writes the wire name into JSON.
func (s ProvisionStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// person is a meeting user: an address inside an organisation.
type person struct{ organisation, email string }

type keyValue struct{ key, value string }

// layout are the room properties that act as filters on pool rooms (§2.3).
type layout struct {
	vmrType, hostView, guestView, vmrQuality                                                    string
	enableOverlayText, guestsCanPresent, forcePresenterIntoMain, forceEncryption, muteAllGuests bool
}

func defaultLayout() layout {
	return layout{
		vmrType: "conference", hostView: "one_main_seven_pips", guestView: "one_main_seven_pips",
		vmrQuality: "hd", enableOverlayText: true, guestsCanPresent: true, forcePresenterIntoMain: true,
	}
}

// meeting is a booking; room is the technical room of the same uuid (§2.1).
type meeting struct {
	uuid, organisation, shortID       string
	subject                           string
	description, projectCode          *string
	externalID                        *string
	createdBy, updatedBy, organizedBy person
	start, end, created               time.Time
	updated                           time.Time // zero until the first update
	labels                            []string
	info                              []keyValue
	guestMicrophone                   string
	guestPINRequired                  bool
	room                              *room
}

type room struct {
	uuid         string // its own, later the meeting's
	organisation string
	meeting      *meeting // nil in a pool
	reservation  string   // reservationId, empty without one
	external     bool     // of a classic organisation: only programs change its status

	hostPIN, guestPIN    int // 0 is none
	availableBefore      time.Duration
	maxParticipants      int
	endOnEndTime         bool
	uriWithDomain        string
	uriWithoutDomain     string // empty once deprovisioned
	uriDomain            string
	portalLink           string
	ivrTheme, returnURL  string
	portalHost           string
	portalGuest          string
	callType             string
	layout               layout
	directMedia          string
	pooled               bool
	createdBy, updatedBy person
	created, updated     time.Time // to the second, as stored
	bornAt               time.Time // the exact instant
	start                time.Time // the room's own start: not moved after provisioning (§2.4)
	status               ProvisionStatus
	statusText           string
	statusAt             time.Time // zero until the first change
	vmrID                string
	provisionedAt        time.Time
	endedAt              time.Time // first instant at which the room was past its end
	deletedAt            time.Time
	cancelledAt          time.Time // deleted, or cut short by an update that ends it now
	considerFrom         time.Time // the provisioner sees the present plan only from here on
	provisionDelay       time.Duration
	stuck                bool
	failWith             string
	closeFailWith        string
	people               []*leg
	calls                []*call
	script               []scripted
	refused              int
	baseURL              string
}

// end is the meeting's, or far away.
func (r *room) end() time.Time {
	if r.meeting == nil {
		return farFuture()
	}
	return r.meeting.end
}

// vmrStart is when the provisioner takes the room on.
func (r *room) vmrStart() time.Time { return r.start.Add(-r.availableBefore) }

// world is the state behind every API: meetings and their indexes. It knows no HTTP and is
// guarded by Server.mu.
type world struct {
	opts          Options
	dice          dice
	organisations map[string]*organisation
	byUUID        map[string]*meeting
	byShortID     map[string]*meeting
	byExternalID  map[string]*meeting // organisation + "\x00" + externalId
	byLiveNumber  map[string]*room    // uriWithoutDomain + "@" + domain, not deprovisioned
	byFullURI     map[string][]*room  // uriWithDomain of every undeleted room; numbers recur
	byShortURI    map[string][]*room  // uriWithoutDomain of live rooms, any domain
	lastAtURI     map[string]*room    // uriWithDomain of every room ever, the latest one
	rooms         []*room             // every room that ever had a meeting, in order of that
	loose         map[string]*room    // rooms without a meeting, by their own uuid
	byReservation map[string]*room
	templates     []*roomTemplate // by id, from 1; deleted ones included
	created       int
	calls         []*call // every call ever, in order of start
	turnedAway    []*leg  // everybody who did not get in
	legs          map[string]*leg
}

func newWorld(o Options, d dice, now time.Time) *world {
	w := &world{
		opts: o, dice: d,
		organisations: make(map[string]*organisation, len(o.Organisations)),
		byUUID:        make(map[string]*meeting),
		byShortID:     make(map[string]*meeting),
		byExternalID:  make(map[string]*meeting),
		byLiveNumber:  make(map[string]*room),
		byFullURI:     make(map[string][]*room),
		byShortURI:    make(map[string][]*room),
		lastAtURI:     make(map[string]*room),
		legs:          make(map[string]*leg),
		loose:         make(map[string]*room),
		byReservation: make(map[string]*room),
	}
	for _, org := range o.Organisations {
		w.addOrganisation(org, now)
	}
	w.stock(now)
	return w
}

// addOrganisation enters an organisation with its pool filled.
func (w *world) addOrganisation(org Organisation, now time.Time) {
	held := &organisation{Organisation: org, nextFill: now, groupID: len(w.organisations) + 1}
	w.organisations[org.Code] = held
	if !org.NoTemplate {
		held.Template = w.completed(org.Code, org.Template)
		w.addTemplate(&roomTemplate{Template: held.Template, organisation: org.Code, isDefault: true, conferencingSysID: 1, created: now})
	}
}

// stock fills the pools once all organisations are there; their rooms are old enough to be
// taken at once. A pool without free numbers stays short.
func (w *world) stock(now time.Time) {
	for _, code := range slices.Sorted(maps.Keys(w.organisations)) {
		o := w.organisations[code]
		for range o.PoolSize {
			if o.Classic {
				break
			}
			r, p := w.addPoolRoom(o, w.poolTemplate(o.Code), now.Add(-2*poolMinimumAge))
			if p == nil {
				w.setStatus(r, ProvisionedOK, now.Add(-poolMinimumAge))
			}
		}
	}
}

// completed fills a template's gaps from the seed, so that no client can count on a prefix,
// a domain or the length of a room number.
func (w *world) completed(code string, t Template) Template {
	if t.URIPrefix == "" {
		t.URIPrefix = w.dice.letters(2, "prefix", code)
	}
	if t.URIDomain == "" {
		t.URIDomain = "rooms-" + w.dice.hex(4, "domain", code) + ".example"
	}
	if t.URINumberHigh <= t.URINumberLow {
		t.URINumberLow, t.URINumberHigh = 100_000, 10_000_000
	}
	if t.HostPINRequired && t.HostPINHigh <= t.HostPINLow {
		t.HostPINLow, t.HostPINHigh = 1000, 5500
	}
	if t.GuestPINRequired && t.GuestPINHigh <= t.GuestPINLow {
		t.GuestPINLow, t.GuestPINHigh = 5500, 10_000
	}
	return t
}

// poolOf walks the organisation tree upwards to the first organisation with a pool (§2.3).
func (w *world) poolOf(code string) *organisation {
	for range len(w.organisations) {
		org := w.organisations[code]
		if org == nil {
			return nil
		}
		if org.PoolSize > 0 {
			return org
		}
		code = org.Parent
	}
	return nil
}

// below tells whether code is root or one of its descendants.
func (w *world) below(root, code string) bool {
	for range len(w.organisations) + 1 {
		if code == root {
			return true
		}
		org := w.organisations[code]
		if org == nil || org.Parent == "" {
			return false
		}
		code = org.Parent
	}
	return false
}
