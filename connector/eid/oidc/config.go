package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sluse/sluse/scheduler/care"
)

// The kinds of number in Config.Number.
const (
	NumberCPR     = "cpr"
	NumberForeign = "foreign"
)

// Limits and defaults of Config.
const (
	defaultSkew    = time.Minute
	maxSkew        = 5 * time.Minute
	defaultTimeout = 10 * time.Second
	minRSABits     = 2048
)

// Config is one provider of OpenID Connect.
type Config struct {
	Issuer   string `yaml:"issuer" doc:"Issuer of the provider, exactly as its discovery document has it: \"https://idporten.no\". https; http on loopback only."`
	ClientID string `yaml:"client_id" doc:"Client id that the provider gave us."`

	ClientSecret care.Secret `yaml:"client_secret" doc:"Client secret; this or private_key."`
	PrivateKey   care.Secret `yaml:"private_key" doc:"Private key in PEM for private_key_jwt: RSA of 2048 bits or more (RS256) or P-256 (ES256)."`
	KeyID        string      `yaml:"key_id" doc:"Key id (kid) under which the provider knows the key; empty: none is sent."`

	Scopes    []string `yaml:"scopes" doc:"Scopes asked for; openid is always one of them."`
	ACRValues []string `yaml:"acr_values" doc:"What to ask for as acr_values. Default: those of levels that are high enough, when level_claim is acr."`

	Levels     map[string]string `yaml:"levels" doc:"Value of level_claim → level of NSIS: low, substantial or high. A value that is not named counts as no level at all."`
	LevelClaim string            `yaml:"level_claim" doc:"Claim that holds the level. Default acr."`

	Number      string `yaml:"number" doc:"Kind of number: cpr (Danish) or foreign. Default cpr. With foreign only relatives and other participants can use the provider."`
	NumberClaim string `yaml:"number_claim" doc:"Claim that holds the number, a name or a path with dots: \"pid\", \"dk.cpr\"."`
	NameClaim   string `yaml:"name_claim" doc:"Claim that holds the person's name. Default name."`

	RequireClaims map[string]string `yaml:"require_claims" doc:"Claims that must have exactly this value, for example the one that tells a private person from an employee."`

	Userinfo   bool          `yaml:"userinfo" doc:"Ask the userinfo endpoint for claims that the ID token does not hold. Default false."`
	NoAuthTime bool          `yaml:"no_auth_time" doc:"The provider does not tell when the person logged in (auth_time). Default false: a login without it is refused."`
	Algorithms []string      `yaml:"algorithms" doc:"Signature algorithms of ID tokens: RS256, PS256, ES256. Default all three."`
	Skew       time.Duration `yaml:"skew" doc:"How far the provider's clock may be from ours, 0s to 5m. Default 1m."`
	Timeout    time.Duration `yaml:"timeout" doc:"How long one call to the provider may take, 1s to 30s. Default 10s."`
}

// algorithms are the signatures that are accepted at all.
func algorithms() []string { return []string{"RS256", "PS256", "ES256"} }

// SetDefaults fills in what the file left out.
func (c *Config) SetDefaults() {
	if !slices.Contains(c.Scopes, "openid") {
		c.Scopes = slices.Insert(slices.Clone(c.Scopes), 0, "openid")
	}

	for to, value := range map[*string]string{&c.LevelClaim: "acr", &c.Number: NumberCPR, &c.NameClaim: "name"} {
		if *to == "" {
			*to = value
		}
	}

	if len(c.Algorithms) == 0 {
		c.Algorithms = algorithms()
	}

	if c.Skew == 0 {
		c.Skew = defaultSkew
	}

	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
}

// Validate returns all problems, each naming its key.
func (c Config) Validate() []error {
	var problems []error

	bad := func(is bool, format string, values ...any) {
		if is {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}

	bad(!isAddress(c.Issuer), "issuer: must be an https address without query (http on loopback only)")
	bad(c.ClientID == "", "client_id: must be set")
	bad(c.ClientSecret.IsZero() == c.PrivateKey.IsZero(), "client_secret: exactly one of client_secret and private_key must be set")
	bad(c.NumberClaim == "", "number_claim: must be set")
	bad(c.Number != NumberCPR && c.Number != NumberForeign, "number: must be cpr or foreign")
	bad(len(c.Levels) == 0, "levels: must name at least one value")
	bad(c.Skew < 0 || c.Skew > maxSkew, "skew: must be 0s to 5m")
	bad(c.Timeout < time.Second || c.Timeout > 30*time.Second, "timeout: must be 1s to 30s")

	for _, value := range slices.Sorted(maps.Keys(c.Levels)) {
		_, known := parseLevel(c.Levels[value])
		bad(value == "" || !known, "levels.%s: must be low, substantial or high", value)
	}

	for i, a := range c.Algorithms {
		bad(!slices.Contains(algorithms(), a), "algorithms[%d]: must be RS256, PS256 or ES256", i)
	}

	for i, s := range c.Scopes {
		bad(s == "" || strings.ContainsAny(s, " \""), "scopes[%d]: must be one word", i)
	}

	for i, s := range c.ACRValues {
		bad(s == "" || strings.Contains(s, " "), "acr_values[%d]: must be one word", i)
	}

	if !c.PrivateKey.IsZero() {
		_, _, err := parseKey(c.PrivateKey)
		bad(err != nil, "private_key: %w", err)
	}

	return problems
}

// isAddress accepts what server and browser may be sent to.
func isAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}

	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)

	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func parseLevel(text string) (care.Assurance, bool) {
	switch text {
	case "low":
		return care.LowAssurance, true
	case "substantial":
		return care.Substantial, true
	case "high":
		return care.HighAssurance, true
	}

	return care.NoAssurance, false
}

// parseKey reads a private key in PEM. The error quotes nothing of it.
func parseKey(pem care.Secret) (crypto.Signer, jwt.SigningMethod, error) {
	text := []byte(pem.Reveal())

	if key, err := jwt.ParseECPrivateKeyFromPEM(text); err == nil && key.Curve == elliptic.P256() {
		return key, jwt.SigningMethodES256, nil
	}

	if key, err := jwt.ParseRSAPrivateKeyFromPEM(text); err == nil && key.N.BitLen() >= minRSABits {
		return key, jwt.SigningMethodRS256, nil
	}

	return nil, nil, errors.New("must be a private key in PEM: RSA of 2048 bits or more, or P-256")
}

// strongEnough refuses keys that nobody should sign with any more.
func strongEnough(key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256()
	}

	return false
}
