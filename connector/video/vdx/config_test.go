package vdx_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

func TestConfig(t *testing.T) {
	t.Parallel()

	if got := (vdx.Config{}).Validate(); len(got) != 7 {
		t.Errorf("an empty configuration has %d problems, want 7: %v", len(got), got)
	}

	good := newPeer(t, vdxsim.Options{}).config()
	if got := good.Validate(); got != nil {
		t.Errorf("got %v", got)
	}

	for key, spoil := range map[string]func(*vdx.Config){
		"base_url":        func(c *vdx.Config) { c.BaseURL = "http://vdx.example" },
		"token_url":       func(c *vdx.Config) { c.TokenURL = "https://u:p@vdx.example" },
		"history_url":     func(c *vdx.Config) { c.HistoryURL = "x" },
		"history_key":     func(c *vdx.Config) { c.HistoryKey = care.Secret{} },
		"timeout":         func(c *vdx.Config) { c.Timeout = 29 * time.Second },
		"connect_timeout": func(c *vdx.Config) { c.ConnectTimeout = 2 * time.Minute },
		"host_link":       func(c *vdx.Config) { c.HostLink = "javascript:{address}{pin}" },
		"guest_link":      func(c *vdx.Config) { c.GuestLink = "https://portal.example/?room={address}" },
	} {
		c := good
		spoil(&c)

		problems := c.Validate()
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), key+":") {
			t.Errorf("%s: got %v", key, problems)
		}

		if _, err := vdx.New(c, vdx.Deps{Now: time.Now}); err == nil {
			t.Errorf("%s: New takes it", key)
		}
	}
}

// TestConfigOfTheFirstGeneration: every fault is told by its key.
func TestConfigOfTheFirstGeneration(t *testing.T) {
	t.Parallel()

	byHeader := newPeerOf(t, session, vdxsim.Options{}).config()
	byCertificate := newPeerOf(t, holder, vdxsim.Options{}).config()

	for name, tt := range map[string]struct {
		good  vdx.Config
		spoil func(*vdx.Config)
	}{
		"version":                        {byHeader, func(c *vdx.Config) { c.Version = "v3" }},
		"auth":                           {byHeader, func(c *vdx.Config) { c.Version = vdx.Version2 }},
		"auth ":                          {byCertificate, func(c *vdx.Config) { c.Auth = vdx.AuthOAuth }},
		"session.header":                 {byHeader, func(c *vdx.Config) { c.Session.Header = "Authorization" }},
		"session.header ":                {byHeader, func(c *vdx.Config) { c.Session.Header = "a b" }},
		"session.organisation":           {byHeader, func(c *vdx.Config) { c.Session.Organisation = "" }},
		"session.email":                  {byHeader, func(c *vdx.Config) { c.Session.Email = "Kontor <a@b.example>" }},
		"session.roles":                  {byHeader, func(c *vdx.Config) { c.Session.Roles = nil }},
		"session.organisation_attribute": {byHeader, func(c *vdx.Config) { c.Session.RoleAttribute = c.Session.EmailAttribute }},
		"sts_url":                        {byCertificate, func(c *vdx.Config) { c.STSURL = "http://sts.example" }},
		"audience":                       {byCertificate, func(c *vdx.Config) { c.Audience = "" }},
		"signature":                      {byCertificate, func(c *vdx.Config) { c.Signature = "md5" }},
		"certificate_file":               {byCertificate, func(c *vdx.Config) { c.CertificateFile, c.KeyFile = "", "" }},
		"key_file":                       {byCertificate, func(c *vdx.Config) { c.KeyFile = "" }},
		"organized_by_email":             {byHeader, func(c *vdx.Config) { c.OrganizedByEmail = "kontoret" }},
		"organisation_url":               {byHeader, func(c *vdx.Config) { c.OrganisationURL = "x" }},
	} {
		if problems := tt.good.Validate(); problems != nil {
			t.Fatalf("%s: %v", name, problems)
		}

		c := tt.good
		tt.spoil(&c)

		problems := c.Validate()
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), strings.TrimSpace(name)+":") {
			t.Errorf("%s: got %v", name, problems)
		}
	}
}

// TestFilesOfAccess: an error names the key of the configuration, and quotes no file.
func TestFilesOfAccess(t *testing.T) {
	t.Parallel()

	good := newPeerOf(t, holder, vdxsim.Options{}).config()
	junk := filepath.Join(t.TempDir(), "junk")

	if err := os.WriteFile(junk, []byte("secret-of-a-file"), 0o600); err != nil {
		t.Fatal(err)
	}

	for name, spoil := range map[string]func(*vdx.Config){
		"certificate_file": func(c *vdx.Config) { c.CertificateFile = "/nowhere" },
		"key_file":         func(c *vdx.Config) { c.KeyFile = "/nowhere" },
		"ca_file":          func(c *vdx.Config) { c.CAFile = "/nowhere" },
		"key_file ":        func(c *vdx.Config) { c.KeyFile = junk },
		"ca_file ":         func(c *vdx.Config) { c.CAFile = junk },
	} {
		c := good
		spoil(&c)

		_, err := vdx.New(c, vdx.Deps{Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)+":") || strings.Contains(err.Error(), "secret-of") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
