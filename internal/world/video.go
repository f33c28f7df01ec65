package world

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/scheduler/care"
)

// VideoKind says which video platform a world has, and how the program proves there who it is.
type VideoKind string

// The kinds. With Pexip, which sends no SMS, the municipality has an SMS gateway of its own.
const (
	VDX2       VideoKind = "vdx2"        // API v2, client credentials
	VDX1       VideoKind = "vdx1"        // API v1 through the gateway: certificate, STS, sessions; SMS and history likewise
	VDX1Header VideoKind = "vdx1-header" // API v1 inside the gateway: session-data header
	Pexip      VideoKind = "pexip"       // an own node: management API with OAuth2, event sink to the program, history
)

// VideoKinds are all kinds.
func VideoKinds() []VideoKind { return []VideoKind{VDX2, VDX1, VDX1Header, Pexip} }

// The event sink's account at the program.
const (
	hookUser   = "pexip-node"
	hookSystem = "pexip"
)

func (w *World) startVideo(ctx context.Context, o Options) error {
	switch o.Video {
	case VDX2, VDX1, VDX1Header:
		return w.startVDX(ctx, o)
	case Pexip:
		return errors.Join(w.startPexip(ctx, o), w.startGateway(ctx, o))
	}

	return fmt.Errorf("%q is no video platform; known are %v", o.Video, VideoKinds())
}

func (w *World) startVDX(ctx context.Context, o Options) error {
	organisations := vdxsim.DefaultOrganisations()
	organisations[0].SMSSenderName, organisations[0].HistoryAPIKey = "Testby", HistoryKey

	options := vdxsim.Options{
		Clock: o.Clock, Seed: o.Seed, Calm: o.Faults == 0, Faults: vdxsim.Spread(o.Faults), Latency: o.Latency + o.VideoLatency,
		Organisations: organisations, Zone: care.Zone(),
	}
	if o.Prompt {
		options.ProvisionDelay, options.HistoryLag = time.Millisecond, time.Millisecond
	}

	if o.Video == VDX1 {
		options.Gateway = &vdxsim.Gateway{Dir: filepath.Join(o.Dir, "vdx"), Registrations: []vdxsim.Registration{registration()}}
	}

	sim, err := vdxsim.New(options)
	if err != nil {
		return fmt.Errorf("video platform: %w", err)
	}

	w.VDX = sim
	w.undo = append(w.undo, sim.Close)

	if w.URLs, err = sim.Start(ctx, "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("video platform: %w", err)
	}

	w.InboxURL, w.RoomsURL, w.portal = w.URLs.Inbox, w.URLs.Rooms, w.URLs.Base+"/portal"

	return nil
}

// registration is the municipality as the STS knows it.
func registration() vdxsim.Registration {
	c := planner()

	return vdxsim.Registration{Name: c.ID, Organisation: c.Organisation, Email: c.Email, Roles: c.Roles}
}

func (w *World) startPexip(ctx context.Context, o Options) error {
	w.hookPassword = rand.Text()

	options := pexipsim.Options{
		Clock: o.Clock, Seed: o.Seed, Calm: o.Faults == 0, Faults: pexipsim.Spread(o.Faults), Latency: o.Latency + o.VideoLatency,
	}

	if o.Prompt {
		options.Replication = time.Millisecond
	}

	for _, m := range o.Municipalities {
		options.EventSinks = append(options.EventSinks, pexipsim.EventSink{
			Name: string(m.ID), URL: "http://" + o.Listen + hooks.Path(hookSystem, m.ID), Username: hookUser, Password: w.hookPassword, Bulk: true,
		})
	}

	sim, err := pexipsim.New(options)
	if err != nil {
		return fmt.Errorf("video platform: %w", err)
	}

	w.Pexip = sim
	w.undo = append(w.undo, sim.Close)

	urls, err := sim.Start(ctx, "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("video platform: %w", err)
	}

	w.NodeURLs, w.RoomsURL, w.portal = urls, urls.Rooms, urls.Base+"/webapp3"

	return nil
}

func (w *World) startGateway(ctx context.Context, o Options) error {
	sim, err := smsgwsim.New(smsgwsim.Options{Clock: o.Clock, Seed: o.Seed, Faults: o.Faults, Latency: o.Latency})
	if err != nil {
		return fmt.Errorf("SMS gateway: %w", err)
	}

	w.SMS = sim
	w.undo = append(w.undo, sim.Close)

	urls, err := sim.Start(ctx, "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("SMS gateway: %w", err)
	}

	w.gateway, w.InboxURL = urls.Base, urls.Inbox

	return nil
}

// Tick lets the platform do what is due by the clock, and brings its events to the program.
func (w *World) Tick(ctx context.Context) {
	if w.VDX != nil {
		w.VDX.Tick()

		return
	}

	w.Pexip.Tick()
	w.Pexip.DeliverEvents(ctx)
}

// Room is a room as the platform remembers it.
type Room struct {
	Key      string // our reference
	Usable   bool   // people could enter it at some time
	Together bool   // host and guest were in it at the same time
}

// Rooms is every room ever made, oldest first.
func (w *World) Rooms() []Room {
	var out []Room

	if w.VDX != nil {
		now := w.VDX.Now()
		for _, r := range w.VDX.Rooms() {
			out = append(out, Room{Key: r.UUID, Usable: !r.ProvisionedAt.IsZero(), Together: r.Overlap(now) > 0})
		}

		return out
	}

	now := w.Pexip.Now()
	for _, r := range w.Pexip.Rooms() {
		out = append(out, Room{Key: r.Tag, Usable: true, Together: r.Overlap(now) > 0})
	}

	return out
}

// Text is an SMS that reached a telephone, or was on its way.
type Text struct {
	To, Text string
	Sent     time.Time
	Arrived  bool
}

// Texts is every SMS that was taken, oldest first.
func (w *World) Texts() []Text {
	var out []Text

	if w.VDX != nil {
		for _, m := range w.VDX.SMS() {
			out = append(out, Text{To: m.To, Text: m.Text, Sent: m.Sent, Arrived: m.Status == vdxsim.SMSDelivered})
		}

		return out
	}

	for _, m := range w.SMS.Texts() {
		out = append(out, Text{To: m.To, Text: m.Text, Sent: m.Sent, Arrived: m.Status == smsgwsim.Delivered})
	}

	return out
}

// Counts are the figures that invariants of rooms and SMS are made of.
type Counts struct {
	RoomsEver        int // rooms ever made
	RoomsLive        int // rooms that stand, or in which somebody is
	DuplicateRooms   int // visits that ever had two rooms at once
	CollectionsWiped int // whole collections that were deleted; a VDX has no such call
	TextsAfterCancel int // SMS for a room that was cancelled before; an SMS gateway knows no rooms
	Calls            int // to the platform and the SMS service
}

// Counts computes the figures over everything so far.
func (w *World) Counts() Counts {
	if w.VDX != nil {
		c := w.VDX.Counts()

		return Counts{RoomsEver: c.RoomsEver, RoomsLive: c.RoomsLive, DuplicateRooms: c.DuplicateRooms, TextsAfterCancel: c.SMSAfterCancel, Calls: c.RemoteCalls}
	}

	c := w.Pexip.Counts()

	return Counts{
		RoomsEver: c.RoomsEver, RoomsLive: c.RoomsLive, DuplicateRooms: c.DuplicateRooms,
		CollectionsWiped: c.CollectionDeletes, Calls: c.RemoteCalls + w.SMS.Calls(),
	}
}

// Door turns a link into what the platform's page posts when somebody presses "enter": the
// address and the form. Leave takes the leg that the answer names.
func (w *World) Door(link string) (enter string, form url.Values, err error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", nil, errors.New("the room's link is no address") // the cause would quote it
	}

	conference := u.Query().Get("conference")

	if w.Pexip != nil { // {host}/webapp3/m/{alias}/step-by-step
		rest, _ := strings.CutPrefix(u.Path, "/webapp3/m/")
		conference, _, _ = strings.Cut(rest, "/")
	}

	return w.portal + "/join", url.Values{"conference": {conference}, "pin": {u.Query().Get("pin")}}, nil
}

// Leave is where a leg's end is posted.
func (w *World) Leave(leg string) (target string, form url.Values) {
	return w.portal + "/leave", url.Values{"leg": {leg}}
}

// client is the OAuth2 client of the municipality at its Pexip.
func (o Options) client() pexipsim.OAuthClient { return pexipsim.DefaultOAuthClients(o.Seed)[0] }

// clientFiles are the municipality's certificate and key at the VDX gateway.
func (w *World) clientFiles() vdxsim.ClientFiles {
	if w.VDX == nil {
		return vdxsim.ClientFiles{}
	}

	all := w.VDX.Files().Clients
	if i := slices.IndexFunc(all, func(c vdxsim.ClientFiles) bool { return c.Name == planner().ID }); i >= 0 {
		return all[i]
	}

	return vdxsim.ClientFiles{}
}
