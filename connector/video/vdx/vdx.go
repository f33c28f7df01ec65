// Package vdx books rooms on VDX (Videoknudepunktet), the national video platform, through
// MedCom's video API.
//
// The file vdx.go holds what is true of the platform whatever the API's generation; api.go
// speaks to the API, and wire_v1.go and wire_v2.go hold what differs between the generations;
// access.go is how we prove who we are. Booking takes two calls: POST answers neither
// PINs nor links, so the room is read back from scheduling-info, which is also how a lost
// answer is looked up: our own uuid is the meeting's.
//
// What the platform forbids and when (vdx.md §2.4): a waiting room can be changed and
// deleted; a provisioned one answers 200 to changes that it ignores, and can only be ended by
// moving its end to now; any other state answers 406.
package vdx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the platform's name in errors and metrics.
const System = "vdx"

// Codes of our own in connector.Error for a room that exists but can't be used.
const (
	CodeNoPINs       = "room_without_pins"  // host or guest PIN is missing, or both are the same
	CodeUnsafeLink   = "unsafe_guest_link"  // every guest link would hold the host PIN, or there is no portal address
	CodeTooSmall     = "room_too_small"     // fewer people than asked for may come in
	CodeNotMoved     = "move_not_taken"     // the platform answered 200 and changed nothing, or only the end
	CodeProvisioned  = "room_provisioned"   // too late to move
	CodeNotRemovable = "room_not_removable" // the platform failed to remove the room
	CodeNoPool       = "no_pool"            // the setting pool is on, but the organisation has none
)

const (
	defaultMaxParticipants = 5               // D02
	maxSeats               = 100             // bounds what a room's capacity can make us write
	adHoc                  = 2 * time.Minute // a meeting that starts later gets no room of the pool (vdx.md §2.3)
)

// Deps are what an adapter needs from the outside. Now is required.
type Deps struct {
	Now     func() time.Time
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	TLS     *tls.Config      // nil: the system's roots
	Peer    *outbound.Peer   // what all clients of the platform share; nil: no rules
	Access  *Access          // how we prove who we are, when other services share it; nil: by the configuration
}

// Platform is VDX. It is safe for concurrent use.
type Platform struct {
	wire      wire
	history   *history // nil when none is configured
	hostLink  string
	guestLink string
	pool      bool
	now       func() time.Time
	doctor    *doctor
}

var (
	_ video.Platform    = (*Platform)(nil)
	_ video.Mover       = (*Platform)(nil)
	_ video.Observer    = (*Platform)(nil)
	_ video.Arbiter     = (*Platform)(nil)
	_ connector.Checker = (*Platform)(nil)
)

// situation is what a refusal means for us, whatever the generation's numbers.
type situation int

const (
	ordinary      situation = iota // as the error's kind says
	alreadyExists                  // our uuid or external id is taken, most likely by ourselves
	wrongState                     // 406: the room's state forbids the call
)

// wire is what is asked of the API. Errors are *connector.Error; the situation is set
// beside one.
type wire interface {
	// create books; pooled: with a room of the pool.
	create(ctx context.Context, ref care.RoomRef, spec video.Spec, pooled bool) (situation, error)
	room(ctx context.Context, ref care.RoomRef) (room, error)
	change(ctx context.Context, ref care.RoomRef, change change) (situation, error)
	remove(ctx context.Context, ref care.RoomRef) (situation, error)
}

// change is what we ever change; a zero time is left out.
type change struct{ start, end time.Time }

// room is scheduling-info in our words.
type room struct {
	status   video.Status
	planned  care.Interval
	address  string
	hostPIN  care.HostPIN
	guestPIN care.GuestPIN
	portal   care.Secret // the portal link, with a PIN in it; zero when there is none
	capacity int         // 0: unlimited
}

// people is how many the room is for.
func (r room) people() int {
	if r.capacity == 0 {
		return defaultMaxParticipants
	}

	return min(r.capacity, maxSeats)
}

// New returns a Platform. The configuration must be valid and have its defaults.
func New(config Config, deps Deps) (*Platform, error) {
	if problems := config.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("vdx: %w", errors.Join(problems...))
	}

	access := deps.Access
	if access == nil {
		var err error
		if access, err = NewAccess(config, deps); err != nil {
			return nil, err
		}
	}

	options := config.options(deps)
	options.BaseURL = config.BaseURL

	if err := access.Equip(&options); err != nil {
		return nil, err
	}

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("vdx: video API: %w", err)
	}

	past, err := newHistory(config, deps, access)
	if err != nil {
		return nil, err
	}

	examiner, err := newDoctor(config, deps, access)
	if err != nil {
		return nil, err
	}

	speak := map[string]dialect{Version1: v1(), Version2: v2()}[config.Version]
	api := &api{client: client, dialect: speak, organizer: config.OrganizedByEmail}
	examiner.api, examiner.history = api, past

	return &Platform{
		wire: api, history: past, hostLink: config.HostLink, guestLink: config.GuestLink, pool: config.Pool, now: deps.Now,
		doctor: examiner,
	}, nil
}

// Book creates the meeting under our uuid and reads the room back. The PINs that the
// platform tells win over those asked for. Conflict with one of our codes: the room exists
// but must not be used (vdx.md §2.3: a room from a pool ignores settings); close it.
// Pending with video.CodeNoFreeRoom: the pool is empty. Rejected with CodeNoPool: there is none.
func (p *Platform) Book(ctx context.Context, ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	spec, err := checked(ref, spec)
	if err != nil {
		return video.Booking{}, err
	}

	// A room of the pool is taken for what starts now only; for later VDX makes a room anyhow,
	// and that one shall have our PINs.
	pooled := spec.Now && p.pool && !spec.Planned.Start.After(p.now().Add(adHoc))
	what, err := p.wire.create(ctx, ref, spec, pooled)

	switch {
	case what == alreadyExists:
		return p.existing(ctx, ref, spec, err)
	case err != nil:
		return video.Booking{}, err
	}

	r, err := p.wire.room(ctx, ref)
	if err != nil {
		return video.Booking{}, afterEffect(err)
	}

	return p.booked(ref, spec, r)
}

// booked answers Book with the room that there is.
func (p *Platform) booked(ref care.RoomRef, spec video.Spec, r room) (video.Booking, error) {
	if r.capacity != 0 && r.capacity < spec.MaxParticipants {
		return video.Booking{}, unusable("book", CodeTooSmall)
	}

	r.capacity = spec.MaxParticipants // as many seats as were asked for

	return p.booking("book", ref, r)
}

// existing answers a refused create with the room that is there already. When there is
// none, the platform ran out of short ids, which it reports with the same code (vdx.md §2.6).
func (p *Platform) existing(ctx context.Context, ref care.RoomRef, spec video.Spec, refusal error) (video.Booking, error) {
	r, err := p.wire.room(ctx, ref)
	if connector.Is(err, connector.NotFound) {
		return video.Booking{}, refusal
	}

	if err != nil {
		return video.Booking{}, err
	}

	return p.booked(ref, spec, r)
}

// Find reads the room. Rejected: the key belongs to somebody else (VDX answers 403).
// Conflict: the room exists but can't be used, as with Book.
func (p *Platform) Find(ctx context.Context, ref care.RoomRef) (video.Booking, error) {
	if err := checkRef("find", ref); err != nil {
		return video.Booking{}, err
	}

	r, err := p.wire.room(ctx, ref)
	if err != nil {
		return video.Booking{}, err
	}

	return p.booking("find", ref, r)
}

// Close deletes a waiting room, and ends a provisioned one by moving its end to now.
func (p *Platform) Close(ctx context.Context, ref care.RoomRef) error {
	if err := checkRef("close", ref); err != nil {
		return err
	}

	what, err := p.wire.remove(ctx, ref)
	if err == nil || connector.Is(err, connector.NotFound) {
		return nil
	}

	if what != wrongState {
		return err
	}

	what, err = p.wire.change(ctx, ref, change{end: p.now()})
	if err == nil || connector.Is(err, connector.NotFound) {
		return nil
	}

	if what != wrongState {
		return err
	}

	return p.closing(ctx, ref)
}

// closing tells what becomes of a room whose state forbids both ways to end it.
func (p *Platform) closing(ctx context.Context, ref care.RoomRef) error {
	r, err := p.wire.room(ctx, ref)
	if connector.Is(err, connector.NotFound) {
		return nil
	}

	if err != nil {
		return err
	}

	switch r.status {
	case video.Ended, video.ProblemMake: // there is no room to end, and nothing will make one
		return nil
	case video.ProblemEnd:
		return unusable("close", CodeNotRemovable)
	case video.Awaiting, video.Starting, video.Ready, video.Ending: // on its way to another state
	}

	return &connector.Error{System: System, Op: "close", Kind: connector.Pending}
}

// Move changes a waiting room and makes sure that the change took. A room that is at the
// wanted time already is returned as it is.
func (p *Platform) Move(ctx context.Context, ref care.RoomRef, planned care.Interval) (video.Booking, error) {
	planned = wholeSeconds(planned)
	if err := errors.Join(checkRef("move", ref), checkPlanned("move", planned)); err != nil {
		return video.Booking{}, rejected("move", err)
	}

	// Looking first is needed: in a provisioned room the new end would take effect alone.
	r, err := p.wire.room(ctx, ref)
	if err != nil {
		return video.Booking{}, err
	}

	if r.planned.Equal(planned) {
		return p.booking("move", ref, r)
	}

	if r.status != video.Awaiting {
		return video.Booking{}, unusable("move", CodeProvisioned)
	}

	what, err := p.wire.change(ctx, ref, change{start: planned.Start, end: planned.End})
	if what == wrongState {
		return video.Booking{}, unusable("move", CodeProvisioned)
	}

	if err != nil {
		return video.Booking{}, err
	}

	if r, err = p.wire.room(ctx, ref); err != nil {
		return video.Booking{}, afterEffect(err)
	}

	if !r.planned.Equal(planned) {
		return video.Booking{}, unusable("move", CodeNotMoved)
	}

	return p.booking("move", ref, r)
}

// booking turns a room into the port's words. While people can still come in, or will, it
// must have both PINs and a safe guest link; afterwards links don't matter.
func (p *Platform) booking(op string, ref care.RoomRef, r room) (video.Booking, error) {
	b := video.Booking{
		Ref: ref, Status: r.status, Planned: r.planned, Address: r.address, HostPIN: r.hostPIN, GuestPIN: r.guestPIN,
	}

	if r.status == video.Ending || r.status == video.Ended || r.status == video.ProblemEnd {
		return b, nil
	}

	if r.hostPIN.IsZero() || r.guestPIN.IsZero() || r.hostPIN.Reveal() == r.guestPIN.Reveal() {
		return video.Booking{}, unusable(op, CodeNoPINs)
	}

	var host, guest bool

	b.HostLink, host = hostLink(p.hostLink, r)
	b.GuestLink, guest = guestLink(p.guestLink, r)

	if !host || !guest {
		return video.Booking{}, unusable(op, CodeUnsafeLink)
	}

	// VDX can't tell guests apart: everybody gets the same link.
	b.SeatLinks = slices.Repeat([]care.GuestLink{b.GuestLink}, video.Seats(r.people()))

	return b, nil
}

// unusable is a Conflict of our own making.
func unusable(op, code string) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Conflict, Code: code, Err: errors.New(code)}
}

// afterEffect makes an error of reading back an Unknown: the write before it took place.
// What the peer asked us to wait for, and refused credentials, stay what they are.
func afterEffect(err error) error {
	e, ok := errors.AsType[*connector.Error](err)
	if !ok || e.Kind == connector.RateLimited || e.Kind == connector.Unauthorized {
		return err
	}

	e.Kind = connector.Unknown

	return e
}
