package vdx

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video/vdx/sts"
)

// Access is how a municipality proves to the services of VDX who it is. One Access serves them
// all: video, SMS and history. It is safe for concurrent use.
type Access struct {
	tls    *tls.Config
	tokens *outbound.Tokens  // with oauth: one token for all services
	issuer *sts.Issuer       // with sts: one assertion for all, a session for each
	header map[string]string // with session_header
}

// NewAccess reads the files that the configuration names, and calls nobody. The configuration
// must have its defaults; only what ValidateAccess looks at counts.
func NewAccess(config Config, deps Deps) (*Access, error) {
	if found := config.ValidateAccess(); len(found) > 0 {
		return nil, fmt.Errorf("vdx: %w", errors.Join(found...))
	}

	secure, err := config.secure(deps.TLS)
	if err != nil {
		return nil, fmt.Errorf("vdx: %w", err)
	}

	a := &Access{tls: secure}
	options := config.options(deps)
	options.TLS = secure

	switch config.Auth {
	case AuthOAuth:
		options.BaseURL = config.TokenURL
		a.tokens, err = outbound.NewTokens(options, outbound.Credentials{ClientID: config.ClientID, Secret: config.ClientSecret})
	case AuthSTS:
		options.BaseURL = config.STSURL
		a.issuer, err = sts.NewIssuer(sts.Options{
			Service: options, Audience: config.Audience, Certificate: secure.Certificates[0], SHA1: config.Signature == "sha1",
		})
	case AuthSession:
		a.header, err = config.Session.data()
	}

	if err != nil {
		return nil, fmt.Errorf("vdx: %s: %w", config.Auth, err)
	}

	return a, nil
}

// Equip adds to the options of a client of one service what proves who we are: the certificate,
// and the Authorizer or the header. With sts the service at BaseURL gets a session of its own.
func (a *Access) Equip(o *outbound.Options) error {
	o.TLS = a.tls

	switch {
	case a.tokens != nil:
		o.Auth = a.tokens
	case a.issuer != nil:
		session, err := sts.NewSession(a.issuer, *o)
		if err != nil {
			return fmt.Errorf("vdx: %w", err)
		}

		o.Auth = session
	default:
		header := maps.Clone(a.header)
		maps.Copy(header, o.Header)
		o.Header = header
	}

	return nil
}

// options are those of every client; BaseURL is to be set.
func (c Config) options(deps Deps) outbound.Options {
	return outbound.Options{
		System: System, AllowPlain: c.AllowPlainHTTP, Now: deps.Now, TLS: deps.TLS,
		ConnectTimeout: c.ConnectTimeout, Timeout: c.Timeout, Observe: deps.Observe, Log: deps.Log, Peer: deps.Peer,
	}
}

// secure returns the TLS settings with our certificate and the authorities that we trust.
func (c Config) secure(base *tls.Config) (*tls.Config, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		secure = base.Clone()
	}

	if c.CertificateFile != "" {
		certificate, err := c.certificate()
		if err != nil {
			return nil, err
		}

		secure.Certificates = []tls.Certificate{certificate}
	}

	if c.CAFile != "" {
		data, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, errors.New("ca_file: can't be read")
		}

		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(data) {
			return nil, errors.New("ca_file: holds no certificate in PEM form")
		}
	}

	return secure, nil
}

// certificate reads the certificate with its key. Errors name the key of the configuration and
// never quote a file.
func (c Config) certificate() (tls.Certificate, error) {
	own, err := os.ReadFile(c.CertificateFile)
	if err != nil {
		return tls.Certificate{}, errors.New("certificate_file: can't be read")
	}

	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return tls.Certificate{}, errors.New("key_file: can't be read")
	}

	pair, err := tls.X509KeyPair(own, key)
	if err != nil {
		return tls.Certificate{}, errors.New("key_file: is no unencrypted PEM key, or certificate_file belongs to another key")
	}

	return pair, nil
}

// sessionWire is what the first generation reads of the header; it ignores the rest.
type sessionWire struct {
	UserAttributes map[string][]string `json:"UserAttributes"`
}

// data is the header as the gateway would write it.
func (s Session) data() (map[string]string, error) {
	text, err := json.Marshal(sessionWire{UserAttributes: map[string][]string{
		s.OrganisationAttribute: {s.Organisation}, s.EmailAttribute: {s.Email}, s.RoleAttribute: s.Roles,
	}})
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}

	return map[string]string{s.Header: base64.StdEncoding.EncodeToString(text)}, nil
}
