package fhirsim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// assertionType is RFC 7523 §2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// longestAssertion is what SMART allows between now and exp
// (hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html).
const longestAssertion = 5 * time.Minute

// webKey is a registered public key (RFC 7517).
type webKey struct {
	Kind     string `json:"kty"`
	ID       string `json:"kid"`
	Alg      string `json:"alg"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
	Curve    string `json:"crv"`
	X        string `json:"x"`
	Y        string `json:"y"`
}

// assertionParts is a client assertion (RFC 7523 §3) taken apart.
type assertionParts struct {
	header struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}
	claims struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		ID       string `json:"jti"`
		Expires  int64  `json:"exp"`
	}
	signed    []byte
	signature []byte
}

func parseAssertion(text string) (assertionParts, error) {
	var a assertionParts

	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return a, errors.New("no compact JWS")
	}

	for i, v := range []any{&a.header, &a.claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return a, fmt.Errorf("part %d: %w", i+1, err)
		}

		if err := json.Unmarshal(data, v); err != nil {
			return a, fmt.Errorf("part %d: %w", i+1, err)
		}
	}

	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return a, fmt.Errorf("signature: %w", err)
	}

	a.signed, a.signature = []byte(parts[0]+"."+parts[1]), signature

	return a, nil
}

// assertedClient verifies a signed assertion and returns the client it is of. Every assertion is
// taken once. The caller holds the mutex.
func (s *Server) assertedClient(form url.Values, audience string) (Client, error) {
	if form.Get("client_assertion_type") != assertionType {
		return Client{}, errors.New("wrong client_assertion_type")
	}

	a, err := parseAssertion(form.Get("client_assertion"))
	if err != nil {
		return Client{}, err
	}

	for _, client := range s.options.Clients {
		if client.ID != a.claims.Issuer || len(client.JWKS) == 0 {
			continue
		}

		if err := s.verify(client, a, audience); err != nil {
			return Client{}, err
		}

		s.assertions[a.claims.ID] = true

		return client, nil
	}

	return Client{}, errors.New("unknown client")
}

func (s *Server) verify(client Client, a assertionParts, audience string) error {
	end := time.Unix(a.claims.Expires, 0)

	switch {
	case a.claims.Subject != client.ID:
		return errors.New("sub is not iss")
	case a.claims.Audience != audience:
		return errors.New("aud is not the token endpoint")
	case a.claims.ID == "" || s.assertions[a.claims.ID]:
		return errors.New("jti is missing or was used before")
	case !s.now().Before(end) || end.Sub(s.now()) > longestAssertion:
		return errors.New("exp is over, or more than five minutes ahead")
	case a.header.Typ != "JWT":
		return errors.New("typ is not JWT")
	}

	var set struct {
		Keys []webKey `json:"keys"`
	}

	if err := json.Unmarshal(client.JWKS, &set); err != nil {
		return fmt.Errorf("the registered key set: %w", err)
	}

	for _, key := range set.Keys {
		if key.ID == a.header.Kid && key.Alg == a.header.Alg {
			return key.verify(a)
		}
	}

	return errors.New("no registered key has this kid and alg")
}

// verify checks the signature: RS384 (RFC 7518 §3.3) or ES384 (§3.4).
func (k webKey) verify(a assertionParts) error {
	sum := sha512.Sum384(a.signed)

	switch a.header.Alg {
	case "RS384":
		key := rsa.PublicKey{N: integer(k.Modulus), E: int(integer(k.Exponent).Int64())}

		if err := rsa.VerifyPKCS1v15(&key, crypto.SHA384, sum[:], a.signature); err != nil {
			return fmt.Errorf("the signature does not fit: %w", err)
		}

		return nil
	case "ES384":
		if k.Curve != "P-384" || len(a.signature) != 96 {
			return errors.New("no signature of ES384")
		}

		point := append(append([]byte{4}, padded(k.X)...), padded(k.Y)...)

		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
		if err != nil {
			return fmt.Errorf("the registered key: %w", err)
		}

		r, t := new(big.Int).SetBytes(a.signature[:48]), new(big.Int).SetBytes(a.signature[48:])
		if !ecdsa.Verify(key, sum[:], r, t) {
			return errors.New("the signature does not fit")
		}

		return nil
	}

	return errors.New("alg is neither RS384 nor ES384")
}

// integer reads a base64url number; what is none counts as zero and verifies nothing.
func integer(text string) *big.Int {
	data, _ := base64.RawURLEncoding.DecodeString(text)

	return new(big.Int).SetBytes(data)
}

// padded is a coordinate of P-384 in 48 bytes.
func padded(text string) []byte {
	n := integer(text)
	if n.BitLen() > 384 {
		return make([]byte, 48)
	}

	return n.FillBytes(make([]byte, 48))
}
