package pexip_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// worst is the worst level of the findings about a subject.
func worst(findings []connector.Finding, subject string) (connector.Level, string) {
	var (
		level connector.Level
		texts []string
	)

	for _, f := range findings {
		if f.Subject != subject {
			continue
		}

		if level == "" || f.Level == connector.Failing || f.Level == connector.Notice && level == connector.Fine {
			level = f.Level
		}

		texts = append(texts, f.Text)
	}

	return level, strings.Join(texts, "\n")
}

// TestCheck: each thing that is wrong is found, in words, and nothing is changed.
func TestCheck(t *testing.T) {
	t.Parallel()

	fine := map[string]any{"enable_chat": false, "eject_last_participant_backstop_timeout": 60}

	for name, tt := range map[string]struct {
		global  map[string]any
		spoil   func(t *testing.T, p *peer)
		change  func(*pexip.Config)
		subject string
		level   connector.Level
		words   string
	}{
		"fine: API":      {global: fine, subject: "Pexip-nodens API", level: connector.Fine},
		"fine: settings": {global: fine, subject: "Pexips globale indstillinger", level: connector.Fine},
		"fine: clock":    {subject: "Pexip-nodens ur", level: connector.Fine},
		"fine: alarms":   {subject: "Pexips alarmer", level: connector.Fine},
		"fine: sink":     {subject: "Pexips lokationer", level: connector.Fine, words: "vores event sink"},
		"fine: chat":     {subject: "Chat i rummene", level: connector.Fine},
		"long PINs":      {global: map[string]any{"min_pin_length": 9}, subject: "Pexips globale indstillinger", level: connector.Failing, words: "min_pin_length er 9"},
		"short wait":     {global: map[string]any{"waiting_for_chair_timeout": 120}, subject: "Pexips globale indstillinger", level: connector.Notice, words: "120 sekunder"},
		"guests alone":   {global: map[string]any{"guests_only_timeout": 3600}, subject: "Pexips globale indstillinger", level: connector.Notice, words: "guests_only_timeout"},
		"short history":  {global: map[string]any{"logs_max_age": 1}, subject: "Pexips globale indstillinger", level: connector.Failing, words: "logs_max_age"},
		"chat":           {global: map[string]any{"enable_chat": true}, subject: "Pexips globale indstillinger", level: connector.Notice, words: "Chat er slået til"},
		"guessing":       {global: map[string]any{"bdpm_pin_checks_enabled": false}, subject: "Pexips globale indstillinger", level: connector.Notice, words: "gæt på PIN"},
		"short patience": {global: map[string]any{"es_maximum_retry_backoff": 60}, subject: "Pexips globale indstillinger", level: connector.Notice, words: "es_maximum_retry_backoff"},
		"no sink for us": {spoil: func(t *testing.T, p *peer) {
			t.Helper()
			p.patchSink(t, map[string]any{"url": "http://127.0.0.1:9/other"})
		}, subject: "Pexips event sink", level: connector.Failing, words: "Ingen event sink sender til"},
		"old sink":         {spoil: func(t *testing.T, p *peer) { t.Helper(); p.patchSink(t, map[string]any{"version": 1}) }, subject: "Pexips event sink", level: connector.Notice, words: "version 1"},
		"nameless sink":    {spoil: func(t *testing.T, p *peer) { t.Helper(); p.patchSink(t, map[string]any{"username": ""}) }, subject: "Pexips event sink", level: connector.Failing, words: "intet brugernavn"},
		"no location":      {spoil: func(t *testing.T, p *peer) { t.Helper(); p.patchLocations(t, 1, 2, 3) }, subject: "Pexips lokationer", level: connector.Failing, words: "Ingen lokation"},
		"one location":     {spoil: func(t *testing.T, p *peer) { t.Helper(); p.patchLocations(t, 1) }, subject: "Pexips lokationer", level: connector.Notice, words: "proxy"},
		"without sinks":    {change: func(c *pexip.Config) { c.Events = pexip.EventsPoll }, subject: "Pexips lokationer", level: ""},
		"oauth is refused": {change: func(c *pexip.Config) { c.ClientID = "nobody" }, subject: "Pexip-nodens API", level: connector.Failing, words: "intet token"},
		"basic is refused": {change: func(c *pexip.Config) {
			c.Auth, c.Username, c.Password = pexip.AuthBasic, "nobody", care.NewSecret("nothing")
		}, subject: "Pexip-nodens API", level: connector.Failing, words: "afviser os"},
		"nowhere": {change: func(c *pexip.Config) { c.BaseURL = "http://127.0.0.1:1" }, subject: "Pexip-nodens API", level: connector.Failing, words: "svarer ikke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, platform, _ := observed(t, pexipsim.Options{Seed: 51, Global: tt.global}, pexipsim.EventSink{}, tt.change)
			if tt.spoil != nil {
				tt.spoil(t, p)
			}

			p.sim.ClearRequests()

			findings := platform.Check(t.Context())

			level, text := worst(findings, tt.subject)
			if level != tt.level || !strings.Contains(text, tt.words) {
				t.Errorf("%s is %q: %s", tt.subject, level, text)
			}

			for _, r := range p.sim.Requests() {
				if r.Method != http.MethodGet && r.Op != pexipsim.OpToken {
					t.Errorf("doctor made a %s", r.Op)
				}
			}

			for _, f := range findings {
				for _, secret := range append(p.Secrets(), "test-hook", "482136") {
					if strings.Contains(f.Text+f.Subject, secret) {
						t.Errorf("doctor tells a secret: %s", f.Text)
					}
				}
			}
		})
	}
}

// TestStoppedSink: the alarm that a publisher has given up is found.
func TestStoppedSink(t *testing.T) {
	t.Parallel()

	p, platform, _ := observed(t, pexipsim.Options{Seed: 52}, pexipsim.EventSink{}, nil)
	p.patchSink(t, map[string]any{"url": "http://127.0.0.1:1/down"})

	b := book(t, p, platform, 0)
	p.Advance(time.Minute)
	p.enter(t, b.Ref, pexipsim.RoleHost)
	p.Advance(3 * time.Hour)
	p.sim.DeliverEvents(t.Context())

	if level, text := worst(platform.Check(t.Context()), "Pexips alarmer"); level != connector.Failing || !strings.Contains(text, "start event sinken igen") {
		t.Errorf("%q: %s", level, text)
	}
}

func (p *peer) patchSink(t *testing.T, change map[string]any) {
	t.Helper()

	if status, text := p.admin(t, http.MethodPatch, "/configuration/v1/event_sink/1/", change); status != http.StatusAccepted {
		t.Fatal(status, text)
	}
}

// patchLocations takes the event sinks from the locations with these numbers, if they exist.
func (p *peer) patchLocations(t *testing.T, numbers ...int) {
	t.Helper()

	for _, n := range numbers {
		path := "/configuration/v1/system_location/" + string(rune('0'+n)) + "/"
		if status, text := p.admin(t, http.MethodPatch, path, map[string]any{"event_sinks": []any{}}); status != http.StatusAccepted && status != http.StatusNotFound {
			t.Fatal(status, text)
		}
	}
}
