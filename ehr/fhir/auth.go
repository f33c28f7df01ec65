package fhir

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// assertionLife is how long a client assertion may be used; SMART allows five minutes at most
// (hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html).
const assertionLife = 4 * time.Minute

// minRSA is the shortest RSA key, in bits.
const minRSA = 2048

// tokens returns the source of tokens; nil: the record needs none.
func tokens(config Config, endpoint outbound.Options) (*outbound.Tokens, error) {
	if config.TokenURL == "" {
		return nil, nil //nolint:nilnil // no token is a way too
	}

	credentials := outbound.Credentials{
		ClientID: config.ClientID, Secret: config.ClientSecret, Scopes: config.Scopes, InBody: config.SecretInBody,
	}

	if !config.PrivateKey.IsZero() {
		key, err := parseKey(config.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("private_key: %w", err)
		}

		credentials.Assert = func() (care.Secret, error) { return assertion(config, key, endpoint.Now()) }
	}

	endpoint.BaseURL = config.TokenURL

	source, err := outbound.NewTokens(endpoint, credentials)
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", err)
	}

	return source, nil
}

// signer is a private key with the algorithm that SMART names for its kind.
type signer struct {
	key    crypto.Signer
	method jwt.SigningMethod
	public jwk
}

// jwk is a public key (RFC 7517, RFC 7518 §6). Its fields stand in the order of RFC 7638.
type jwk struct {
	Curve    string `json:"crv,omitempty"`
	Exponent string `json:"e,omitempty"`
	Kind     string `json:"kty"`
	Modulus  string `json:"n,omitempty"`
	X        string `json:"x,omitempty"`
	Y        string `json:"y,omitempty"`

	ID  string `json:"kid,omitempty"`
	Use string `json:"use,omitempty"`
	Alg string `json:"alg,omitempty"`
}

// thumbprint is the key's RFC 7638 name.
func (k jwk) thumbprint() string {
	required := k
	required.ID, required.Use, required.Alg = "", "", ""

	text, err := json.Marshal(required)
	if err != nil {
		return "" // unreachable: strings alone
	}

	sum := sha256.Sum256(text)

	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// parseKey reads a private key of one of the two kinds. The error quotes nothing.
func parseKey(pem care.Secret) (signer, error) {
	text := []byte(pem.Reveal())

	if key, err := jwt.ParseRSAPrivateKeyFromPEM(text); err == nil {
		if key.N.BitLen() < minRSA {
			return signer{}, fmt.Errorf("an RSA key must have %d bits or more", minRSA)
		}

		return signer{key: key, method: jwt.SigningMethodRS384, public: rsaKey(&key.PublicKey)}, nil
	}

	if key, err := jwt.ParseECPrivateKeyFromPEM(text); err == nil && key.Curve == elliptic.P384() {
		public, err := curveKey(&key.PublicKey)

		return signer{key: key, method: jwt.SigningMethodES384, public: public}, err
	}

	return signer{}, errors.New("must be a private key in PEM, RSA or on the curve P-384")
}

func rsaKey(key *rsa.PublicKey) jwk {
	return jwk{
		Kind: "RSA", Alg: jwt.SigningMethodRS384.Alg(), Use: "sig", Modulus: number(key.N.Bytes()),
		Exponent: number(big.NewInt(int64(key.E)).Bytes()),
	}
}

// curveKey takes the coordinates out of the uncompressed point (SEC 1 §2.3.3).
func curveKey(key *ecdsa.PublicKey) (jwk, error) {
	point, err := key.Bytes()
	if err != nil {
		return jwk{}, errors.New("the point of the public key can't be used")
	}

	half := (len(point) - 1) / 2

	return jwk{
		Kind: "EC", Alg: jwt.SigningMethodES384.Alg(), Use: "sig", Curve: "P-384",
		X: number(point[1 : 1+half]), Y: number(point[1+half:]),
	}, nil
}

func number(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// keyID is the kid under which the record knows the key.
func (s signer) keyID(config Config) string {
	if config.KeyID != "" {
		return config.KeyID
	}

	return s.public.thumbprint()
}

// assertion signs who we are. Every one has an id of its own and is used once.
func assertion(config Config, key signer, now time.Time) (care.Secret, error) {
	audience := config.Audience
	if audience == "" {
		audience = config.TokenURL
	}

	token := jwt.NewWithClaims(key.method, jwt.MapClaims{
		"iss": config.ClientID, "sub": config.ClientID, "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	token.Header["kid"] = key.keyID(config)

	signed, err := token.SignedString(key.key)
	if err != nil {
		return care.Secret{}, fmt.Errorf("sign the client assertion: %w", err)
	}

	return care.NewSecret(signed), nil
}

// JWKS returns the key set (RFC 7517) to register with the record's operator, for SMART backend
// services. It holds the public key alone.
func (c Config) JWKS() ([]byte, error) {
	if c.PrivateKey.IsZero() {
		return nil, errors.New("private_key: is not set")
	}

	key, err := parseKey(c.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("private_key: %w", err)
	}

	public := key.public
	public.ID = key.keyID(c)

	text, err := json.MarshalIndent(map[string][]jwk{"keys": {public}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the key set: %w", err)
	}

	return text, nil
}
