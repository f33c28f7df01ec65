package sms_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

// gateway starts the simulator behind its gateway and returns the settings of a registered client.
func gateway(t *testing.T) (*vdxsim.Server, vdx.Config, string) {
	t.Helper()

	sim, err := vdxsim.New(vdxsim.Options{Clock: start, Seed: 11, Calm: true, Strict: true, Gateway: &vdxsim.Gateway{}})
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewUnstartedServer(sim.GatewayHandler())
	server.TLS = sim.TLSConfig()
	server.StartTLS()
	t.Cleanup(server.Close)

	certificate, key, err := sim.Keys().Client("sluse-planner")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}

		return path
	}

	urls := vdxsim.GatewayURLsAt(server.URL)
	config := vdx.Config{
		Version: vdx.Version1, BaseURL: urls.Video, STSURL: urls.STS, CertificateFile: write("own.pem", certificate),
		KeyFile: write("key.pem", key), CAFile: write("ca.pem", sim.Keys().CA()),
	}
	config.SetDefaults()

	return sim, config, urls.SMS
}

func spec(t *testing.T) video.Spec {
	t.Helper()

	host, errHost := care.NewHostPIN("482130")
	guest, errGuest := care.NewGuestPIN("771204")

	if errHost != nil || errGuest != nil {
		t.Fatal(errHost, errGuest)
	}

	return video.Spec{
		Planned: care.Interval{Start: start().Add(time.Hour), End: start().Add(2 * time.Hour)}, Subject: "Samtale", HostPIN: host, GuestPIN: guest,
	}
}

// TestThroughTheGateway: the SMS service has a session of its own, for the assertion of the
// video API.
func TestThroughTheGateway(t *testing.T) {
	t.Parallel()

	sim, config, base := gateway(t)

	access, err := vdx.NewAccess(config, vdx.Deps{Now: sim.Now})
	if err != nil {
		t.Fatal(err)
	}

	platform, err := vdx.New(config, vdx.Deps{Now: sim.Now, Access: access})
	if err != nil {
		t.Fatal(err)
	}

	c := sms.Config{BaseURL: base, Auth: sms.AuthVDX}
	c.SetDefaults()

	sender, err := sms.New(c, sms.Deps{Now: sim.Now, Access: access.Equip})
	if err != nil {
		t.Fatal(err)
	}

	if _, err = sender.Send(t.Context(), invitation()); !connector.Is(err, connector.Conflict) {
		t.Errorf("no meeting yet: got %v, want Conflict", err)
	}

	if _, err = platform.Book(t.Context(), room, spec(t)); err != nil {
		t.Fatal(err)
	}

	receipt, err := sender.Send(t.Context(), invitation())
	if err != nil {
		t.Fatal(err)
	}

	if status, err := sender.Status(t.Context(), invitation(), receipt); err != nil || status != care.InTransit {
		t.Errorf("got %v, %v", status, err)
	}

	if found := sender.Check(t.Context()); len(found) != 1 || found[0].Level != connector.Fine {
		t.Errorf("got %v", found)
	}

	var calls []string

	for _, r := range sim.Requests() {
		calls = append(calls, r.Op)
	}

	want := []string{
		vdxsim.OpSTS, vdxsim.OpSession, vdxsim.OpSMSSend, vdxsim.OpSession, vdxsim.OpMeetingCreate, vdxsim.OpRoomGet, vdxsim.OpSMSSend,
		vdxsim.OpSMSStatus, vdxsim.OpSMSStatus,
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestThroughTheHeader: inside the gateway the header is enough.
func TestThroughTheHeader(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)
	config := vdx.Config{
		Version: vdx.Version1, Auth: vdx.AuthSession, BaseURL: b.video,
		Session: vdx.Session{Header: "session-data", Organisation: "sluse-kommune", Email: "a@sluse-kommune.example", Roles: []string{vdxsim.RolePlanner}},
	}
	config.SetDefaults()

	access, err := vdx.NewAccess(config, vdx.Deps{Now: b.sim.Now})
	if err != nil {
		t.Fatal(err)
	}

	c := b.config
	c.Auth, c.TokenURL, c.ClientID, c.ClientSecret = sms.AuthVDX, "", "", care.Secret{}

	sender, err := sms.New(c, sms.Deps{Now: b.sim.Now, Access: access.Equip})
	if err != nil {
		t.Fatal(err)
	}

	if _, err = sender.Send(t.Context(), invitation()); err != nil {
		t.Error(err)
	}
}

// TestCheck: doctor tells what is wrong, in Danish and without secrets.
func TestCheck(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)

	for name, tt := range map[string]struct {
		spoil func(*sms.Config)
		text  string
	}{
		"good":        {func(*sms.Config) {}, "svarer"},
		"credentials": {func(c *sms.Config) { c.ClientSecret = care.NewSecret("forkert-nøgle") }, "client_secret"},
		"nobody":      {func(c *sms.Config) { c.BaseURL = "http://127.0.0.1:1/sms" }, "firewallen"},
	} {
		c := b.config
		tt.spoil(&c)

		sender, err := sms.New(c, sms.Deps{Now: b.sim.Now})
		if err != nil {
			t.Fatal(err)
		}

		found := sender.Check(t.Context())
		if len(found) != 1 || !strings.Contains(found[0].Text, tt.text) || (found[0].Level == connector.Fine) != (name == "good") {
			t.Errorf("%s: got %+v", name, found)
		}

		if strings.Contains(found[0].Text, "forkert-nøgle") {
			t.Errorf("%s: the finding tells the secret", name)
		}
	}
}
