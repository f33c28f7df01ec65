package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TLSPolicy says how the connection to the relay is encrypted.
type TLSPolicy string

// The policies.
const (
	STARTTLS  TLSPolicy = "starttls" // upgrade, and refuse a relay that can't (RFC 3207)
	Implicit  TLSPolicy = "implicit" // TLS from the first byte (RFC 8314)
	Plaintext TLSPolicy = "none"     // to a relay on this machine only
)

// Auth names the login mechanism.
type Auth string

// The mechanisms. NoAuth is for a relay that knows us by address.
const (
	NoAuth Auth = "none"
	Plain  Auth = "plain"
	Login  Auth = "login"
	Scram  Auth = "scram-sha-256"
)

// Config says which relay takes the e-mails and what they carry as sender.
type Config struct {
	Host            string        `yaml:"host" doc:"Host name of the SMTP relay; required."`
	Port            int           `yaml:"port" doc:"Port of the relay; default 587, or 465 with tls: implicit."`
	TLS             TLSPolicy     `yaml:"tls" doc:"starttls (default), implicit, or none; none is allowed to a loopback host only."`
	Auth            Auth          `yaml:"auth" doc:"none, plain, login or scram-sha-256; default plain with a username, else none."`
	Username        string        `yaml:"username" doc:"Account at the relay; default empty."`
	Password        care.Secret   `yaml:"password" doc:"Password of the account; required with a username."`
	From            string        `yaml:"from" doc:"Sender address, which answers nobody, for example skaerm@testby.dk; required."`
	FromName        string        `yaml:"from_name" doc:"Sender name: the municipality, and never a unit or place of care; required."`
	ReturnPath      string        `yaml:"return_path" doc:"Envelope sender that gets reports of undelivered letters; default the value of from."`
	MessageIDDomain string        `yaml:"message_id_domain" doc:"Own domain in every Message-ID; default the domain of from."`
	Helo            string        `yaml:"helo" doc:"Host name that we give the relay; default the value of message_id_domain."`
	Timeout         time.Duration `yaml:"timeout" doc:"Limit of connecting and of each delivery; default 30s, 1s to 10m."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	if c.TLS == "" {
		c.TLS = STARTTLS
	}

	if c.Port == 0 {
		c.Port = 587
		if c.TLS == Implicit {
			c.Port = 465
		}
	}

	if c.Auth == "" {
		c.Auth = NoAuth
		if c.Username != "" {
			c.Auth = Plain
		}
	}

	if c.ReturnPath == "" {
		c.ReturnPath = c.From
	}

	if c.MessageIDDomain == "" {
		c.MessageIDDomain = c.From[strings.LastIndexByte(c.From, '@')+1:]
	}

	if c.Helo == "" {
		c.Helo = c.MessageIDDomain
	}

	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
}

// Validate returns every problem at once. Call SetDefaults first.
func (c Config) Validate() []error {
	var problems []error

	add := func(broken bool, text string) {
		if broken {
			problems = append(problems, errors.New(text))
		}
	}

	add(c.Host == "", "host is required")
	add(c.Port < 1 || c.Port > 65535, "port must be between 1 and 65535")
	add(c.TLS != STARTTLS && c.TLS != Implicit && c.TLS != Plaintext, "tls must be starttls, implicit or none")
	add(c.TLS == Plaintext && !isLoopback(c.Host), "tls: none is allowed to a loopback host only")
	add(c.Auth != NoAuth && c.Auth != Plain && c.Auth != Login && c.Auth != Scram, "auth must be none, plain, login or scram-sha-256")
	add(c.Auth != NoAuth && (c.Username == "" || c.Password.IsZero()), "username and password are required with auth: "+string(c.Auth))
	add(c.Auth == NoAuth && (c.Username != "" || !c.Password.IsZero()), "username and password need another auth than none")
	add(c.FromName == "" || strings.ContainsAny(c.FromName, "\"\r\n<>"), "from_name is required, in one line without quotes and angle brackets")
	add(!isHost(c.MessageIDDomain), "message_id_domain must be a host name")
	add(!isHost(c.Helo), "helo must be a host name")
	add(c.Timeout < time.Second || c.Timeout > 10*time.Minute, "timeout must be between 1s and 10m")

	for key, address := range map[string]string{"from": c.From, "return_path": c.ReturnPath} {
		if !isAddress(address) {
			problems = append(problems, fmt.Errorf("%s must be an e-mail address", key))
		}
	}

	return problems
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)

	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// isAddress reports whether s is a bare address without a name.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)

	return err == nil && a.Address == s && a.Name == ""
}

// isHost reports whether s can stand in EHLO and in a Message-ID.
func isHost(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}
