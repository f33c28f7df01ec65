package vdx_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

const ref care.RoomRef = "3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10"

const (
	hostPIN  = "482136"
	guestPIN = "739015"
)

func spec(t *testing.T, start time.Time) video.Spec {
	t.Helper()

	host, err := care.NewHostPIN(hostPIN)
	if err != nil {
		t.Fatal(err)
	}

	guest, err := care.NewGuestPIN(guestPIN)
	if err != nil {
		t.Fatal(err)
	}

	return video.Spec{
		Planned: care.Interval{Start: start, End: start.Add(20 * time.Minute)},
		Subject: "Skærmbesøg", HostPIN: host, GuestPIN: guest, MaxParticipants: 5,
	}
}

func (p *peer) tomorrow() time.Time { return p.Now().Add(24 * time.Hour) }

func book(t *testing.T, p *peer, platform *vdx.Platform) video.Booking {
	t.Helper()

	b, err := platform.Book(t.Context(), ref, spec(t, p.tomorrow()))
	if err != nil {
		t.Fatal(err)
	}

	return b
}

// ops lists what the simulator was asked, tokens left out.
func (p *peer) ops() []string {
	var out []string

	for _, r := range p.sim.Requests() {
		if r.Op != vdxsim.OpToken && r.Op != vdxsim.OpSTS && r.Op != vdxsim.OpSession {
			out = append(out, r.Op)
		}
	}

	return out
}

func TestCallsAreTheFewestPossible(t *testing.T) {
	t.Parallel()

	// What proves who we are is asked for once: a token; nothing; an assertion and a session.
	for as, proofs := range map[mode]int{bearer: 1, session: 0, holder: 2} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			fewestCalls(t, newPeerOf(t, as, vdxsim.Options{}), proofs)
		})
	}
}

func fewestCalls(t *testing.T, p *peer, proofs int) {
	t.Helper()

	platform := p.platform(t)
	booking := book(t, p, platform)

	if _, err := platform.Find(t.Context(), ref); err != nil {
		t.Fatal(err)
	}

	later := care.Interval{Start: booking.Planned.Start.Add(time.Hour), End: booking.Planned.End.Add(time.Hour)}
	if _, err := platform.Move(t.Context(), ref, later); err != nil {
		t.Fatal(err)
	}

	if err := platform.Close(t.Context(), ref); err != nil {
		t.Fatal(err)
	}

	want := []string{
		vdxsim.OpMeetingCreate, vdxsim.OpRoomGet,
		vdxsim.OpRoomGet,
		vdxsim.OpRoomGet, vdxsim.OpMeetingPatch, vdxsim.OpRoomGet,
		vdxsim.OpMeetingDelete,
	}
	if diff := cmp.Diff(want, p.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}

	if n := len(p.sim.Requests(vdxsim.OpToken, vdxsim.OpSTS, vdxsim.OpSession)); n != proofs {
		t.Errorf("proved who we are with %d calls, want %d", n, proofs)
	}

	ids := map[string]bool{}
	for _, r := range p.sim.Requests() {
		ids[r.RequestID] = true
	}

	if len(ids) != len(want)+proofs {
		t.Errorf("%d different request ids for %d requests", len(ids), len(want)+proofs)
	}
}

func TestBodiesAreGolden(t *testing.T) {
	t.Parallel()

	for as, file := range map[mode]string{bearer: "bodies.golden", session: "bodies_v1.golden", holder: "bodies_v1.golden"} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			goldenBodies(t, newPeerOf(t, as, vdxsim.Options{}), file)
		})
	}
}

func goldenBodies(t *testing.T, p *peer, file string) {
	t.Helper()

	platform := p.platform(t)
	local := spec(t, p.tomorrow().In(care.Zone()).Add(123*time.Millisecond))

	if _, err := platform.Book(t.Context(), ref, local); err != nil {
		t.Fatal(err)
	}

	moved := care.Interval{Start: p.tomorrow().Add(time.Hour).In(care.Zone()), End: p.tomorrow().Add(2*time.Hour + time.Millisecond)}
	if _, err := platform.Move(t.Context(), ref, moved); err != nil {
		t.Fatal(err)
	}

	if err := p.Provision(ref); err != nil {
		t.Fatal(err)
	}

	if err := platform.Close(t.Context(), ref); err != nil {
		t.Fatal(err)
	}

	var got bytes.Buffer
	for _, r := range p.sim.Requests(vdxsim.OpMeetingCreate, vdxsim.OpMeetingPatch, vdxsim.OpMeetingDelete) {
		fmt.Fprintf(&got, "%s %s\n%s\n", r.Method, r.Path, r.Body)
	}

	golden(t, file, got.Bytes())
}

func TestBookAfterALostAnswer(t *testing.T) {
	t.Parallel()

	for _, fault := range []vdxsim.FaultKind{vdxsim.FaultResetAfter, vdxsim.FaultTimeoutAfter, vdxsim.FaultBadGatewayAfter} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()

			p := newPeer(t, vdxsim.Options{})
			platform := p.platform(t)

			if err := p.sim.Script(vdxsim.Fault{Kind: fault, Op: vdxsim.OpMeetingCreate, Hang: time.Millisecond}); err != nil {
				t.Fatal(err)
			}

			_, err := platform.Book(t.Context(), ref, spec(t, p.tomorrow()))
			if !connector.Is(err, connector.Unknown) {
				t.Fatalf("got %v, want Unknown", err)
			}

			p.sim.ClearRequests()
			book(t, p, platform) // 400 for the uuid, then the look-up

			if diff := cmp.Diff([]string{vdxsim.OpMeetingCreate, vdxsim.OpRoomGet}, p.ops()); diff != "" || p.Ever(ref) != 1 {
				t.Errorf("%d rooms; calls (-want +got):\n%s", p.Ever(ref), diff)
			}
		})
	}
}

func TestBookWhenReadingBackFails(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		fault vdxsim.FaultKind
		want  connector.Kind
	}{
		{vdxsim.FaultServerError, connector.Unknown},
		{vdxsim.FaultUnavailable, connector.Unknown},
		{vdxsim.FaultBrokenBody, connector.Unknown},
		{vdxsim.FaultTooMany, connector.RateLimited},
		{vdxsim.FaultUnauthorized, 0},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()

			p := newPeer(t, vdxsim.Options{})
			if err := p.sim.Script(vdxsim.Fault{Kind: tt.fault, Op: vdxsim.OpRoomGet, RetryAfter: 3 * time.Second}); err != nil {
				t.Fatal(err)
			}

			_, err := p.platform(t).Book(t.Context(), ref, spec(t, p.tomorrow()))
			if connector.KindOf(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}

			var e *connector.Error
			if errors.As(err, &e) && tt.want == connector.RateLimited && e.RetryAfter != 3*time.Second {
				t.Errorf("got RetryAfter %v, want 3 s", e.RetryAfter)
			}
		})
	}
}

func TestForeignAndForbidden(t *testing.T) {
	t.Parallel()

	orgs := append(vdxsim.DefaultOrganisations(), vdxsim.Organisation{Code: "other"})
	clients := append(vdxsim.DefaultClients(),
		vdxsim.Client{ID: "foreign", Secret: "s", Organisation: "other", Email: "a@other.example", Roles: []string{vdxsim.RolePlanner}},
		vdxsim.Client{ID: "reader", Secret: "s", Organisation: "sluse-kommune", Roles: []string{vdxsim.RoleProvisioner}},
	)
	p := newPeer(t, vdxsim.Options{Organisations: orgs, Clients: clients})
	as := func(id string) *vdx.Platform {
		return p.platform(t, func(c *vdx.Config) { c.ClientID, c.ClientSecret = id, care.NewSecret("s") })
	}

	book(t, p, p.platform(t))

	if _, err := as("foreign").Find(t.Context(), ref); !connector.Is(err, connector.Rejected) {
		t.Errorf("find another organisation's room: got %v, want Rejected", err)
	}

	if _, err := as("foreign").Book(t.Context(), ref, spec(t, p.tomorrow())); !connector.Is(err, connector.Rejected) {
		t.Errorf("book over another organisation's room: got %v, want Rejected", err)
	}

	if _, err := as("reader").Book(t.Context(), ref, spec(t, p.tomorrow())); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("book without the role: got %v, want Unauthorized", err)
	}

	if _, err := as("nobody").Find(t.Context(), ref); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("find with unknown credentials: got %v, want Unauthorized", err)
	}
}

func TestExpiredTokenIsRenewed(t *testing.T) {
	t.Parallel()

	p := newPeer(t, vdxsim.Options{})
	platform := p.platform(t)
	book(t, p, platform)
	p.sim.ExpireTokens()

	if _, err := platform.Find(t.Context(), ref); err != nil {
		t.Errorf("got %v", err)
	}

	if n := len(p.sim.Requests(vdxsim.OpToken)); n != 2 {
		t.Errorf("asked for %d tokens, want 2", n)
	}
}

// TestRoleRefusedInV1: the first generation answers 401 to a role that may not book, which looks
// like a lost session; it is renewed once, and then believed.
func TestRoleRefusedInV1(t *testing.T) {
	t.Parallel()

	p := newPeerOf(t, session, vdxsim.Options{})
	reader := p.platform(t, func(c *vdx.Config) { c.Session.Roles = []string{vdxsim.RoleUser + "-of-nothing"} })

	if _, err := reader.Book(t.Context(), ref, spec(t, p.tomorrow())); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("header: got %v, want Unauthorized", err)
	}

	p = newPeerOf(t, holder, vdxsim.Options{})
	platform := p.platform(t)
	book(t, p, platform)
	p.sim.ClearRequests()

	if err := p.sim.Script(vdxsim.Fault{Kind: vdxsim.FaultUnauthorized, Op: vdxsim.OpRoomGet, Count: 2}); err != nil {
		t.Fatal(err)
	}

	if _, err := platform.Find(t.Context(), ref); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("session: got %v, want Unauthorized", err)
	}

	if n := len(p.sim.Requests(vdxsim.OpSession)); n != 1 {
		t.Errorf("%d new sessions, want 1", n)
	}

	if _, err := platform.Find(t.Context(), ref); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestExpiredSessionIsRenewed: the assertion is used again while it lasts.
func TestExpiredSessionIsRenewed(t *testing.T) {
	t.Parallel()

	p := newPeerOf(t, holder, vdxsim.Options{})
	platform := p.platform(t)
	book(t, p, platform)
	p.sim.ExpireTokens()

	if _, err := platform.Find(t.Context(), ref); err != nil {
		t.Errorf("got %v", err)
	}

	if sessions, assertions := len(p.sim.Requests(vdxsim.OpSession)), len(p.sim.Requests(vdxsim.OpSTS)); sessions != 2 || assertions != 1 {
		t.Errorf("%d sessions and %d assertions, want 2 and 1", sessions, assertions)
	}
}

// TestSHA1BySetting: an STS that wants SHA-1 gets it, and no other does.
func TestSHA1BySetting(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		allowed bool
		hash    string
		want    connector.Kind
	}{
		"refused": {false, "sha1", connector.Unauthorized}, "taken": {true, "sha1", 0}, "not needed": {true, "sha256", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			made, err := keys()
			if err != nil {
				t.Fatal(err)
			}

			p := newPeerOf(t, holder, vdxsim.Options{Gateway: &vdxsim.Gateway{Keys: made, AllowSHA1: tt.allowed}})
			platform := p.platform(t, func(c *vdx.Config) { c.Signature = tt.hash })

			if _, err = platform.Book(t.Context(), ref, spec(t, p.tomorrow())); connector.KindOf(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
