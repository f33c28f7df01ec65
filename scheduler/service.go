package scheduler

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// UnitRule is a unit and the names of the driving lists that belong to it.
type UnitRule struct {
	Unit  care.Unit
	Lists []string // patterns of path.Match on the list's name, for example "Øst*"; compared without case
}

// Settings are a municipality's rules. They come from the configuration.
type Settings struct {
	Municipality care.MunicipalityID
	Name         string     // "Testby Kommune"
	Sender       string     // sender of SMS, at most 11 characters
	Phone        string     // the number a citizen may call
	Emergency    string     // shown beside 112; may be empty
	Mailbox      string     // organizer's address in calendar files
	PublicURL    string     // "https://skaerm.testby.dk", without a slash at the end
	Units        []UnitRule // of the configuration
	Rules        care.Rules
	Record       map[care.LegalBasis]RecordRule
	RecordFirst  []ServiceRule // the first that matches holds, before Record
	RecordElse   RecordRule    // for laws not in Record
	Fetch        FetchSettings
	Reconcile    ReconcileSettings
	Notes        map[care.NoteTopic]CitizenNoteRule // how the record is told of citizens; absent: it is not
	Door         time.Duration                      // how long before the start the citizen may come in
	Grace        time.Duration                      // how long after the planned end the room and the links live
	HardCap      time.Duration                      // how long after the grace a conversation that still goes on is waited for
	Together     time.Duration                      // how long host and guest must be together for "completed"
	Bridge       time.Duration                      // a gap of at most this does not interrupt a conversation
	ClockSkew    time.Duration                      // how far the clocks of the platform's nodes may be apart
	Fallback     time.Duration                      // how long before the start a visit that waits for a system needs another way
	RoomCheck    time.Duration                      // how long before the start the room should be ready
	Reminder     time.Duration                      // how long before the start to remind; 0: never
	Quiet        message.Quiet                      // when no SMS leaves
	CodeOnly     bool                               // messages hold no link: the reader types a visit code at ShortAddress
	ShortAddress string                             // "testby.dk/skaerm"
	Participants int                                // people in a room at once
	ApproveFrom  int                                // conversions of at least so many visits wait for another employee's yes; 0: none do
	ApproveIn    time.Duration                      // how long such a conversion waits
	Devices      DeviceSettings
	KeepDays     int // how long a visit's personal data is kept after the record's receipt; 0: for ever
	Identity     care.IdentityPolicy
	EventSilence time.Duration // how long a visit may go on without any event of the platform; 0: none are expected
	CallLength   time.Duration // how long a call is planned to last; 0: 15 minutes
	CallLinked   time.Duration // how far back and ahead a visit links a citizen with a unit; 0: 30 days
	FollowUp     FollowUpSettings
	Statistics   StatisticsSettings
}

// Deps are what a Service is made of. Messages holds a sender per channel.
type Deps struct {
	Settings Settings
	Store    Store
	Video    video.Platform
	Messages map[care.Channel]message.Sender
	Files    ehr.FileSource
	Calls    CallFiles // nil: no call lists of other vendors are imported
	Journal  ehr.Journal
	// CaseJournal takes care.ByJournal where the record has no such way; nil: nothing does.
	CaseJournal ehr.Journal
	// Lists reads driving lists from the record itself; nil: the record can't.
	Lists ehr.Fetcher
	// Credentials checks known devices; nil: no browser is remembered.
	Credentials Credentials
	Links       care.Secret // key from which locators and one-time codes are made; at least 32 bytes
	Monitor     Monitor     // nil: nobody watches the outside systems
	// Units returns the units as they are now; it is asked often and answers from memory. Nil:
	// those of the settings, for ever.
	Units func() []UnitRule
	// Eids are the identity providers at which citizens and participants can log in, in the order in
	// which they are offered.
	Eids []eid.Provider
	// Logins are the identity providers that are watched, those of Eids and the employees'.
	Logins []LoginSource
	// Gateway makes the report of KL's Gateway; nil: the municipality has not set it up.
	Gateway CitizenReporter
	Now     func() time.Time
}

// Service is the use cases of one municipality. It is safe for concurrent use.
type Service struct {
	set      Settings
	store    Store
	video    video.Platform
	messages map[care.Channel]message.Sender
	files    ehr.FileSource
	calls    CallFiles
	journal  ehr.Journal
	notes    ehr.Journal // nil: none
	lists    ehr.Fetcher

	credentials Credentials

	links   care.Secret
	monitor Monitor
	units   func() []UnitRule
	eids    []eid.Provider
	logins  []LoginSource
	gateway CitizenReporter
	now     func() time.Time

	looks     looks    // into rooms
	underWay  sync.Map // of entryWay
	sightings sightings
}

// New makes a Service. It refuses settings that no visit could be given with.
func New(d Deps) (*Service, error) {
	switch {
	case d.Store == nil || d.Video == nil || d.Files == nil || d.Journal == nil || d.Now == nil:
		return nil, fmt.Errorf("scheduler %s: a part is missing", d.Settings.Municipality)
	case len(d.Links.Reveal()) < 32:
		return nil, fmt.Errorf("scheduler %s: the key for links has less than 32 bytes", d.Settings.Municipality)
	}

	if d.Monitor == nil {
		d.Monitor = unwatched{}
	}

	if len(d.Settings.Identity.Default.Methods) == 0 {
		d.Settings.Identity = care.DefaultIdentityPolicy()
	}

	if d.Units == nil {
		d.Units = func() []UnitRule { return d.Settings.Units }
	}

	d.Settings.CallLength = cmp.Or(d.Settings.CallLength, callLength)
	d.Settings.CallLinked = cmp.Or(d.Settings.CallLinked, callLinked)

	return &Service{
		credentials: d.Credentials,
		set:         d.Settings, store: d.Store, video: d.Video, messages: d.Messages, files: d.Files, calls: d.Calls,
		journal: d.Journal, notes: d.CaseJournal, lists: d.Lists, links: d.Links, monitor: d.Monitor, units: d.Units, eids: d.Eids, logins: d.Logins, gateway: d.Gateway, now: d.Now,
	}, nil
}

// Settings returns the municipality's rules.
func (s *Service) Settings() Settings { return s.set }

// update changes one visit and stores the jobs that the change needs with it.
func (s *Service) update(ctx context.Context, id care.VisitID, audit *AuditRow, change func(*care.Visit) error) error {
	var renewed *Renewal

	err := s.store.UpdateVisit(ctx, id, func(v *care.Visit) (Effects, error) {
		out, err := s.effects(v, audit, change)
		if err == nil {
			renewed = s.renew(ctx, v, audit)
			proved(ctx, v.Snapshot(), out.Audit)
		}

		return out, err
	})
	if err == nil && renewed != nil {
		renewed.taken = true
	}

	return err
}

func (s *Service) effects(v *care.Visit, audit *AuditRow, change func(*care.Visit) error) (Effects, error) {
	before := v.Snapshot()
	if before.Deleted() {
		return Effects{}, care.Forgotten()
	}

	if err := change(v); err != nil {
		return Effects{}, err
	}

	if !s.set.CodeOnly { // visit codes are named when their message leaves: they must be nobody else's
		v.NameLinks(func(id care.InvitationID) string { return hashOf(s.locator(id)) })
	}

	s.keepFollowUp(v, actorOf(audit))

	after := v.Snapshot()
	out := Effects{Jobs: s.jobsFor(before, after)}

	if audit != nil {
		row := *audit
		row.At, row.Visit, row.Citizen = s.now(), after.ID, after.Facts.Citizen
		out.Audit = []AuditRow{row}
	}

	return out, nil
}

// actorOf is who makes a change: the system where nobody stands in the audit for it.
func actorOf(audit *AuditRow) string {
	if audit == nil || audit.Actor == "" {
		return bySystem
	}

	return audit.Actor
}

func by(actor care.Actor, action string) *AuditRow {
	return &AuditRow{Actor: string(actor.Employee), Action: action}
}

// unitOf returns the unit that a driving list belongs to: the first that names it, or one below
// that unit which names it too; a unit without a name when nobody does.
func (s *Service) unitOf(listName string) care.Unit {
	found := care.Unit{}
	within := make(map[care.UnitID]bool) // the found unit and those below it, which know better

	for _, rule := range s.units() { // parents come before their children
		below := rule.Unit.Parent != "" && within[rule.Unit.Parent]
		if below {
			within[rule.Unit.ID] = true
		}

		if (found.ID == "" || below) && rule.Has(listName) {
			found, within = rule.Unit, make(map[care.UnitID]bool)
			within[found.ID] = true
		}
	}

	return found
}

// Has reports whether a driving list belongs to the unit; case and blanks around the name don't count.
func (r UnitRule) Has(list string) bool {
	list = strings.ToLower(strings.TrimSpace(list))

	return slices.ContainsFunc(r.Lists, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), list)

		return err == nil && ok
	})
}

func (s *Service) unit(id care.UnitID) care.Unit {
	for _, rule := range s.units() {
		if rule.Unit.ID == id {
			return rule.Unit
		}
	}

	return care.Unit{ID: id, Name: "Uden enhed"}
}

// unitsFor returns the units in which the actor has the permission.
func (s *Service) unitsFor(actor care.Actor, p care.Permission) []care.Unit {
	var out []care.Unit

	for _, rule := range s.units() {
		if actor.May(p, rule.Unit.ID) {
			out = append(out, rule.Unit)
		}
	}

	return out
}

// locator makes the secret part of an invitation's link from our key and the invitation's id,
// so that a repeated message holds the same link and the database only its hash. 160 bits.
func (s *Service) locator(id care.InvitationID) care.Locator {
	return care.NewLocator(base64.RawURLEncoding.EncodeToString(s.mac("locator", string(id))[:20]))
}

// code makes a one-time code of six digits from our key, the session and the code's number,
// so that neither the database nor a job holds it.
func (s *Service) code(session care.AdmissionID, number int) care.Code {
	n := new(big.Int).SetBytes(s.mac("code", fmt.Sprintf("%s/%d", session, number)))

	return care.NewCode(fmt.Sprintf("%06d", n.Mod(n, big.NewInt(1_000_000)).Int64()))
}

// mac is HMAC-SHA-256 over length-prefixed parts.
func (s *Service) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(s.links.Reveal()))

	for _, p := range parts {
		var size [8]byte

		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}

	return h.Sum(nil)
}

// hashOf is what is stored of a locator or session token (128 bits or more, identity.md §5.1).
func hashOf(secret interface{ Reveal() string }) string {
	sum := sha256.Sum256([]byte(secret.Reveal()))

	return hex.EncodeToString(sum[:])
}

// randomID returns a random UUID (version 4).
func randomID() string {
	var b [16]byte

	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// pins returns a host and a guest PIN of the same length, of which neither holds the other.
func pins() (care.HostPIN, care.GuestPIN, error) {
	host, err := care.NewHostPIN(sixDigits(""))
	if err != nil {
		return care.HostPIN{}, care.GuestPIN{}, err
	}

	guest, err := care.NewGuestPIN(sixDigits(host.Reveal()))

	return host, guest, err
}

func sixDigits(not string) string {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(900_000))
		if err != nil {
			panic(err) // crypto/rand never fails
		}

		if text := strconv.FormatInt(100_000+n.Int64(), 10); text != not {
			return text
		}
	}
}
