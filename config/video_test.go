package config_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/config"
)

// ownPexip is the video section of a municipality with its own Pexip.
const ownPexip = `    video:
      kind: pexip
      pexip: {base_url: https://m.example, auth: basic, username: sluse, password: {env: VDX}, web_host: https://v.example, link_key: {env: ROOMS}, rate: 0.5}
      hook: {user: node, password: {env: HOOK}, from: ["10.0.0.7", "10.1.2.3/16"]}
`

// pexipFile is minimal with another video section, and SMS from elsewhere.
func pexipFile(t *testing.T, changes ...string) string {
	t.Helper()

	before, rest, _ := strings.Cut(minimal, "    video:\n")
	_, after, _ := strings.Cut(rest, "    messages:\n")

	sms, gateway := "sms: {base_url: https://s.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}", "sms_gateway: {base_url: https://s.example, api_key: {env: VDX}}"

	return edit(t, before+ownPexip+"    messages:\n"+strings.Replace(after, sms, gateway, 1), changes...)
}

func pexipSecrets() environment {
	e := secrets()
	e["ROOMS"], e["HOOK"] = strings.Repeat("r", 32), "seksten tegn her"

	return e
}

func TestOwnPexip(t *testing.T) {
	t.Parallel()

	c, err := config.Parse([]byte(pexipFile(t)), pexipSecrets().lookup)
	if err != nil {
		t.Fatal(err)
	}

	v := c.Municipalities[0].Video
	if v.Kind != config.Pexip || v.Calls() != 3 || v.Pexip.Rate != 0.5 || v.Pexip.Lead != 30*time.Minute || c.Municipalities[0].UsesVDX() {
		t.Errorf("got %+v", v)
	}

	if v.Hook.Keep != 720*time.Hour || v.Hook.Silence != 10*time.Minute || v.KeepEvents() != 720*time.Hour {
		t.Errorf("hook %+v", v.Hook)
	}

	from, err := v.Hook.Prefixes()
	if want := []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32"), netip.MustParsePrefix("10.1.0.0/16")}; err != nil || !slices.Equal(from, want) {
		t.Errorf("from %v, %v", from, err)
	}

	plain, err := config.Parse([]byte(minimal), secrets().lookup)
	if err != nil || plain.Municipalities[0].Video.Calls() != 8 || !plain.Municipalities[0].UsesVDX() {
		t.Errorf("VDX: %v", err)
	}
}

func TestOwnPexipFaults(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		change []string
		want   string
	}{
		"no hook":         {[]string{"hook: {user: node, password: {env: HOOK}, from: [\"10.0.0.7\", \"10.1.2.3/16\"]}", "participants: 5"}, "video.hook: must be set with pexip.events sink"},
		"needless hook":   {[]string{"rate: 0.5", "events: poll"}, "video.hook: is of no use with pexip.events poll"},
		"hook with vdx":   {[]string{"kind: pexip", "kind: vdx"}, "video.hook: is of no use with kind vdx"},
		"short password":  {[]string{"{env: HOOK}", "{env: VDX}"}, "video.hook.password: must be set, with 16 characters or more"},
		"no user":         {[]string{"user: node, ", ""}, "video.hook.user: must be set, without a colon"},
		"address":         {[]string{"10.0.0.7", "10.0.0.300"}, "video.hook.from[0]: must be an address or a network"},
		"keep":            {[]string{"user: node", "user: node, keep: 1h"}, "video.hook.keep: must be 24h0m0s to 8760h0m0s"},
		"silence":         {[]string{"user: node", "user: node, silence: 5s"}, "video.hook.silence: must be 1m0s to 4h0m0s"},
		"pexip's own":     {[]string{"https://m.example", "http://m.example"}, "video.pexip.base_url: must be an https address without query"},
		"rate as text":    {[]string{"rate: 0.5", "rate: two"}, "video.pexip.rate: must be a number like 2 or 0.5"},
		"rate as power":   {[]string{"rate: 0.5", "rate: 1e1"}, "video.pexip.rate: must be a number like 2 or 0.5"},
		"SMS through VDX": {[]string{"sms_gateway: {base_url: https://s.example, api_key: {env: VDX}}", "sms: {base_url: https://s.example, auth: vdx}"}, "messages.sms: sends for meetings of VDX only"},
		"two ways of SMS": {[]string{"sms_gateway: {", "sms: {base_url: https://s.example, auth: vdx}\n      sms_gateway: {"}, "messages.sms_gateway: can't be set together with sms"},
		"gateway's own":   {[]string{"sms_gateway: {base_url: https://s.example", "sms_gateway: {base_url: http://s.example"}, "messages.sms_gateway.base_url: must be an https address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := config.Parse([]byte(pexipFile(t, c.change...)), pexipSecrets().lookup)
			if err == nil || !strings.Contains(err.Error(), "municipalities[0]."+c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
