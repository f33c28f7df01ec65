package pexip

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// assertionLife is how long a client assertion may be used. It is sent at once; the rest allows
// for clocks that differ.
const assertionLife = 5 * time.Minute

// authorizer returns the configured way to prove who we are.
func authorizer(config Config, options outbound.Options) (outbound.Authorizer, error) {
	if config.Auth == AuthBasic {
		pair := config.Username + ":" + config.Password.Reveal()

		return basic{care.NewSecret("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))}, nil
	}

	key, err := parseKey(config.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("private_key: %w", err)
	}

	credentials := outbound.Credentials{Assert: func() (care.Secret, error) { return assertion(config, key, options.Now()) }}
	if config.Scope != "" {
		credentials.Scopes = []string{config.Scope}
	}

	options.BaseURL = config.tokenURL()

	tokens, err := outbound.NewTokens(options, credentials)
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", err)
	}

	return tokens, nil
}

// parseKey reads a P-256 private key, the only kind that ES256 takes. The error quotes nothing.
func parseKey(pem care.Secret) (*ecdsa.PrivateKey, error) {
	if pem.IsZero() {
		return nil, errors.New("must be set")
	}

	key, err := jwt.ParseECPrivateKeyFromPEM([]byte(pem.Reveal()))
	if err != nil || key.Curve != elliptic.P256() {
		return nil, errors.New("must be a private key in PEM on the curve P-256")
	}

	return key, nil
}

// assertion signs who we are (pexip.md §1.8): iss and sub are the client's id, the audience is
// the token endpoint under the node's own name, and no assertion is used twice.
func assertion(config Config, key *ecdsa.PrivateKey, now time.Time) (care.Secret, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": config.ClientID, "sub": config.ClientID, "aud": config.Audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})

	signed, err := token.SignedString(key)
	if err != nil {
		return care.Secret{}, fmt.Errorf("sign the client assertion: %w", err)
	}

	return care.NewSecret(signed), nil
}

// basic is a user name and a password. Another try with the same ones is of no use.
type basic struct{ value care.Secret }

// Authorize returns the header's value.
func (b basic) Authorize(context.Context) (care.Secret, error) { return b.value, nil }

// Refused reports that nothing else can be tried.
func (b basic) Refused(care.Secret) bool { return false }
