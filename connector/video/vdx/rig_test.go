package vdx_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/connector/video/videotest"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	clientSecret = "test-sluse-planner"
	historyKey   = "key-of-the-history-api"
)

// peer is vdxsim as the conformance suite plays it.
type peer struct {
	sim *vdxsim.Server
	url vdxsim.URLs
}

func newPeer(t *testing.T, o vdxsim.Options) *peer {
	t.Helper()

	start := time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)
	o.Clock = func() time.Time { return start }
	o.Strict = true

	if o.Organisations == nil {
		o.Organisations = vdxsim.DefaultOrganisations()
	}

	o.Organisations[0].HistoryAPIKey = historyKey

	// Faults are set afterwards: a simulator that is not calm is slow to answer first.
	faults := o.Faults
	o.Calm, o.Faults = true, vdxsim.Faults{}

	sim, err := vdxsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	if err = sim.SetFaults(faults); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	return &peer{sim: sim, url: vdxsim.URLsAt(server.URL, "")}
}

func (p *peer) config() vdx.Config {
	c := vdx.Config{
		BaseURL: p.url.Video, TokenURL: p.url.Token, ClientID: "sluse-planner", ClientSecret: care.NewSecret(clientSecret),
		HistoryURL: p.url.History, HistoryKey: care.NewSecret(historyKey),
	}
	c.SetDefaults()

	return c
}

func (p *peer) platform(t *testing.T, change ...func(*vdx.Config)) *vdx.Platform {
	t.Helper()

	return p.observed(t, nil, change...)
}

func (p *peer) observed(t *testing.T, observe outbound.Observe, change ...func(*vdx.Config)) *vdx.Platform {
	t.Helper()

	config := p.config()
	for _, c := range change {
		c(&config)
	}

	platform, err := vdx.New(config, vdx.Deps{Now: p.sim.Now, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}

	return platform
}

// Now is the peer's clock.
func (p *peer) Now() time.Time { return p.sim.Now() }

// Advance moves it.
func (p *peer) Advance(d time.Duration) { p.sim.Advance(d) }

// Start begins provisioning.
func (p *peer) Start(ref care.RoomRef) error {
	return p.sim.SetStatus(string(ref), vdxsim.StartingToProvision)
}

// Provision ends it.
func (p *peer) Provision(ref care.RoomRef) error { return p.sim.FinishProvisioning(string(ref)) }

// Join lets somebody in.
func (p *peer) Join(ref care.RoomRef, role care.LegRole) (func() error, error) {
	as := vdxsim.RoleGuest
	if role == care.AsHost {
		as = vdxsim.RoleHost
	}

	leg, err := p.sim.Join(string(ref), string(role), as)

	return func() error { return p.sim.Leave(leg.ID) }, err
}

// Ever counts rooms.
func (p *peer) Ever(ref care.RoomRef) int {
	return p.count(ref, func(vdxsim.RoomRecord) bool { return true })
}

// Live counts standing rooms.
func (p *peer) Live(ref care.RoomRef) int {
	return p.count(ref, func(r vdxsim.RoomRecord) bool { return r.Live(p.Now()) })
}

func (p *peer) count(ref care.RoomRef, which func(vdxsim.RoomRecord) bool) int {
	n := 0

	for _, r := range p.sim.Rooms() {
		if r.UUID == string(ref) && which(r) {
			n++
		}
	}

	return n
}

// Secrets may stand in no error.
func (p *peer) Secrets() []string { return []string{clientSecret, historyKey, "Bearer", "eyJ"} }

var _ videotest.Peer = (*peer)(nil)

// TestConformance tells the suite calm, and with ten seeds at a fault rate of 20 %. The
// variable VDX_SEED adds one seed, for looking into a failure.
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

	run := func(name string, o vdxsim.Options) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			videotest.Run(t, func(t *testing.T) videotest.Rig {
				t.Helper()

				p := newPeer(t, o)

				t.Cleanup(func() {
					for _, n := range p.sim.Counts().Faults {
						struck.Add(int64(n))
					}
				})

				return videotest.Rig{Platform: p.platform(t), Peer: p}
			})
		})
	}

	run("calm", vdxsim.Options{Seed: 1})

	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

	if text := os.Getenv("VDX_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}

		seeds = append(seeds, seed)
	}

	for _, seed := range seeds {
		faults := vdxsim.Spread(0.2)
		faults.Hang = 10 * time.Millisecond
		run(fmt.Sprintf("faults, seed %d", seed), vdxsim.Options{Seed: seed, Faults: faults})
	}
}
