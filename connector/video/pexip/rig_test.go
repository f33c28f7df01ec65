package pexip_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/videotest"
	"github.com/sluse/sluse/scheduler/care"
)

const linkKey = "a-key-for-links-of-thirty-two-or-more"

// peer is pexipsim as the conformance suite plays it.
type peer struct {
	sim   *pexipsim.Server
	urls  pexipsim.URLs
	oauth pexipsim.OAuthClient
}

func newPeer(t *testing.T, o pexipsim.Options) *peer {
	t.Helper()

	start := time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)
	o.Clock = func() time.Time { return start }
	o.Strict = true

	// Faults are set afterwards: a simulator that is not calm is slow to answer first.
	faults := o.Faults
	o.Calm, o.Faults = true, pexipsim.Faults{}

	sim, err := pexipsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	if err = sim.SetFaults(faults); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	return &peer{sim: sim, urls: pexipsim.URLsAt(server.URL, ""), oauth: pexipsim.DefaultOAuthClients(o.Seed)[0]}
}

func (p *peer) config() pexip.Config {
	c := pexip.Config{
		BaseURL: p.urls.Base, ClientID: p.oauth.ID, PrivateKey: care.NewSecret(p.oauth.PrivateKeyPEM),
		WebHost: p.urls.Base, LinkKey: care.NewSecret(linkKey), Events: pexip.EventsNone,
	}
	c.SetDefaults()

	return c
}

// rig is a platform on the peer.
type rig struct {
	change  func(*pexip.Config)
	events  video.EventLog
	observe outbound.Observe
	hook    string
}

func (p *peer) platform(t *testing.T, r rig) *pexip.Platform {
	t.Helper()

	config := p.config()
	if r.change != nil {
		r.change(&config)
	}

	platform, err := pexip.New(config, pexip.Deps{Now: p.sim.Now, Observe: r.observe, Events: r.events, Hook: r.hook})
	if err != nil {
		t.Fatal(err)
	}

	return platform
}

// Now is the peer's clock.
func (p *peer) Now() time.Time { return p.sim.Now() }

// Advance moves it.
func (p *peer) Advance(d time.Duration) { p.sim.Advance(d) }

// Start does nothing: a room is being made as soon as it is asked for.
func (p *peer) Start(care.RoomRef) error { return nil }

// Provision lets every node learn of the room.
func (p *peer) Provision(care.RoomRef) error {
	p.sim.Advance(time.Minute)

	return nil
}

// Join lets somebody in.
func (p *peer) Join(ref care.RoomRef, role care.LegRole) (func() error, error) {
	as := pexipsim.RoleGuest
	if role == care.AsHost {
		as = pexipsim.RoleHost
	}

	leg, err := p.sim.Enter(string(ref), as, string(role))

	return func() error { return p.sim.Leave(leg.ID) }, err
}

// Ever counts rooms.
func (p *peer) Ever(ref care.RoomRef) int { return p.sim.Ever(string(ref)) }

// Live counts standing rooms.
func (p *peer) Live(ref care.RoomRef) int { return p.sim.Live(string(ref)) }

// Secrets may stand in no error.
func (p *peer) Secrets() []string {
	return []string{linkKey, strings.Split(p.oauth.PrivateKeyPEM, "\n")[1], "Bearer", "eyJ", pexipsim.DefaultPassword}
}

var _ videotest.Peer = (*peer)(nil)

// TestConformance tells the suite calm, and with ten seeds at a fault rate of 20 %. The
// variable PEXIP_SEED adds one seed, for looking into a failure.
func TestConformance(t *testing.T) {
	t.Parallel()

	var struck atomic.Int64

	t.Cleanup(func() {
		if n := struck.Load(); n < 100 {
			t.Errorf("only %d faults struck in all", n)
		} else {
			t.Logf("%d faults struck in all", n)
		}
	})

	run := func(name string, o pexipsim.Options) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			videotest.Run(t, func(t *testing.T) videotest.Rig {
				t.Helper()

				p := newPeer(t, o)

				t.Cleanup(func() {
					counts := p.sim.Counts()
					for _, n := range counts.Faults {
						struck.Add(int64(n))
					}

					if counts.CollectionDeletes > 0 || counts.DuplicateRooms > 0 {
						t.Errorf("%d collections deleted, %d rooms twice", counts.CollectionDeletes, counts.DuplicateRooms)
					}
				})

				return videotest.Rig{Platform: p.platform(t, rig{}), Peer: p}
			})
		})
	}

	run("calm", pexipsim.Options{Seed: 1})

	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

	if text := os.Getenv("PEXIP_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}

		seeds = append(seeds, seed)
	}

	for _, seed := range seeds {
		faults := pexipsim.Spread(0.2)
		faults.Hang = 10 * time.Millisecond
		run(fmt.Sprintf("faults, seed %d", seed), pexipsim.Options{Seed: seed, Faults: faults})
	}
}
