package momentum

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Config holds the settings of one municipality's KMD Momentum.
type Config struct {
	BaseURL        string        `yaml:"base_url" doc:"Root of the API, https except to loopback; required."`
	TokenURL       string        `yaml:"token_url" doc:"Address of the token endpoint; default https://login.microsoftonline.com/momentumb2c.onmicrosoft.com/oauth2/token."`
	Resource       string        `yaml:"resource" doc:"Resource for which the token is asked, as KMD tells it; required."`
	ClientID       string        `yaml:"client_id" doc:"Client id; required."`
	ClientSecret   care.Secret   `yaml:"client_secret" doc:"Client secret; required."`
	APIKey         care.Secret   `yaml:"api_key" doc:"Key that every call carries; required."`
	Write          bool          `yaml:"write" doc:"Write notes. No public source shows how; turn it on after a test in the municipality's own Momentum. Default false: journal is then no way of telling."`
	NotesPath      string        `yaml:"notes_path" doc:"Path to which a note is posted; default journals."`
	AllowPlain     bool          `yaml:"allow_plain" doc:"Allow http to a host that is not loopback, for a proxy on a private network; default false."`
	Concurrency    int           `yaml:"concurrency" doc:"Calls at once that Momentum's operator has agreed to, all processes together; 1 to 64, default 4."`
	Rate           int           `yaml:"rate" doc:"Calls per minute that Momentum's operator has agreed to, all processes together; at most 100000, 0 (default): no such limit."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, as a duration; 100ms to 1m, default 5s."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for one call, as a duration; 100ms to 5m, default 30s."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	if c.TokenURL == "" {
		c.TokenURL = "https://login.microsoftonline.com/momentumb2c.onmicrosoft.com/oauth2/token"
	}

	if c.NotesPath == "" {
		c.NotesPath = "journals"
	}

	if c.Concurrency == 0 {
		c.Concurrency = 4
	}

	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}

	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
}

// Validate returns every problem at once.
func (c Config) Validate() []error {
	var problems []error

	bad := func(is bool, format string, args ...any) {
		if is {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}

	for key, address := range map[string]string{"base_url": c.BaseURL, "token_url": c.TokenURL} {
		u, err := url.Parse(address)
		bad(err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http",
			"%s: must be an absolute address without credentials, query or fragment", key)
	}

	for key, missing := range map[string]bool{
		"resource": c.Resource == "", "client_id": c.ClientID == "", "client_secret": c.ClientSecret.IsZero(), "api_key": c.APIKey.IsZero(),
	} {
		bad(missing, "%s: is required", key)
	}

	bad(strings.Trim(c.NotesPath, "/") == "" || strings.ContainsAny(c.NotesPath, "?#%"), "notes_path: must be a path")
	bad(c.Concurrency < 1 || c.Concurrency > 64, "concurrency: must be 1 to 64")
	bad(c.Rate < 0 || c.Rate > 100_000, "rate: must be 0 to 100000")
	bad(c.ConnectTimeout < 100*time.Millisecond || c.ConnectTimeout > time.Minute, "connect_timeout: must be 100ms to 1m")
	bad(c.Timeout < 100*time.Millisecond || c.Timeout > 5*time.Minute, "timeout: must be 100ms to 5m")

	return problems
}

// errConfig joins the problems; nil when there are none.
func (c Config) errConfig() error { return errors.Join(c.Validate()...) }
