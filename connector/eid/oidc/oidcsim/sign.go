package oidcsim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

func subject(p Person) string { return "sub-" + p.ID }

// about are the claims that tell who the person is, in the dialect's words.
func (s *Server) about(g *grant) map[string]any {
	c := map[string]any{"name": g.person.Name}

	switch s.options.Dialect {
	case MitID:
		c["dk"] = map[string]any{"cpr": g.person.Number}
		c["loa"] = "https://data.gov.dk/concept/core/nsis/loa/" + strings.ToUpper(g.level[:1]) + g.level[1:]
		c["identity_type"] = map[bool]string{true: "professional", false: "private"}[g.person.Professional]
	case IDPorten:
		c["pid"], c["acr"] = g.person.Number, "idporten-loa-"+g.level
	case Freja:
		c["nin"], c["acr"] = map[string]any{"value": g.person.Number, "country": "SE"}, "urn:grn:authn:se:frejaid"
		c["registration_level"] = map[string]string{"low": "BASIC", "substantial": "EXTENDED", "high": "PLUS"}[g.level]
	}

	return c
}

// setNumber replaces the number, wherever the dialect has it; nil takes it away.
func (s *Server) setNumber(c map[string]any, number any) {
	delete(c, "dk")
	delete(c, "pid")
	delete(c, "nin")

	if number == nil {
		return
	}

	switch s.options.Dialect {
	case MitID:
		c["dk"] = map[string]any{"cpr": number}
	case IDPorten:
		c["pid"] = number
	case Freja:
		c["nin"] = map[string]any{"value": number}
	}
}

// claims are those of a right token, then made wrong as the fault says.
func (s *Server) claims(g *grant) map[string]any {
	now := s.options.Now()
	c := s.about(g)
	c["iss"], c["sub"], c["aud"], c["nonce"] = s.address(), subject(g.person), s.options.ClientID, g.params["nonce"]
	c["iat"], c["exp"], c["auth_time"] = now.Unix(), now.Add(idToken).Unix(), g.madeAt.Unix()
	c["sid"], c["at_hash"] = "session-"+g.person.ID, halfHash(g.accessFor)

	spoil(c, g.fault, now)

	switch g.fault { //nolint:exhaustive // the others are no matter of the number
	case NoNumber:
		s.setNumber(c, nil)
	case TwoNumbers:
		s.setNumber(c, []string{g.person.Number, g.person.Number})
	case NumberAsNumber:
		s.setNumber(c, 2512489996)
	case BadNumber:
		s.setNumber(c, "12")
	}

	return c
}

func spoil(c map[string]any, fault Fault, now time.Time) {
	switch fault { //nolint:exhaustive // the others are no matter of claims
	case WrongIssuer:
		c["iss"] = "https://another.example"
	case WrongAudience:
		c["aud"] = "another-client"
	case MoreAudiences:
		c["aud"] = []any{c["aud"], "another-client"}
	case WrongParty:
		c["azp"] = "another-client"
	case WrongNonce:
		c["nonce"] = random()
	case NoNonce:
		delete(c, "nonce")
	case ExpiredToken:
		c["exp"] = now.Add(-10 * time.Minute).Unix()
	case OldToken:
		c["iat"] = now.Add(-time.Hour).Unix()
	case FutureToken:
		c["iat"] = now.Add(time.Hour).Unix()
	case OldLogin:
		c["auth_time"] = now.Add(-time.Hour).Unix()
	case NoAuthTime:
		delete(c, "auth_time")
	case HugeToken:
		c["ballast"] = strings.Repeat("x", 40<<10)
	case NoLevel:
		delete(c, "acr")
		delete(c, "loa")
		delete(c, "registration_level")
	case UnknownLevel:
		c["acr"], c["loa"], c["registration_level"] = "very-good", "very-good", "very-good"
	case NoSubject:
		delete(c, "sub")
	case WrongAccessHash:
		c["at_hash"] = halfHash("another")
	}
}

// halfHash is at_hash (OpenID Connect Core §3.1.3.6).
func halfHash(access string) string {
	sum := sha256.Sum256([]byte(access))

	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// sign makes the ID token (RFC 7515 §3.1).
func (s *Server) sign(g *grant) string {
	s.mu.Lock()
	signer := s.keys[len(s.keys)-1]
	s.mu.Unlock()

	header := map[string]string{"typ": "JWT", "alg": s.options.algorithm(), "kid": signer.id}
	key := signer.key

	switch g.fault { //nolint:exhaustive // the others are signed as is right
	case UnknownKey:
		header["kid"], key = "unpublished", s.forger
	case ForgedKey:
		key = s.forger
	case AlgNone:
		header["alg"] = "none"
	case AlgHMAC:
		header["alg"] = "HS256"
	}

	input := part(header) + "." + part(s.claims(g))

	switch g.fault { //nolint:exhaustive // the others are signed as is right
	case AlgNone:
		return input + "."
	case AlgHMAC:
		return input + "." + base64.RawURLEncoding.EncodeToString(macWithPublicKey(key.Public(), input))
	}

	signature := signed(key, input)

	switch g.fault { //nolint:exhaustive // the others are signed as is right
	case BrokenSig:
		signature[0] ^= 1
	case ChangedClaims:
		c := s.claims(g)
		s.setNumber(c, "3103979995")

		input = part(header) + "." + part(c)
	}

	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signed is RS256, or ES256 with its two numbers side by side (RFC 7518 §3.3, §3.4). Keys of ours
// always sign; should one not, the empty signature fails at the client.
func signed(key crypto.Signer, input string) []byte {
	sum := sha256.Sum256([]byte(input))

	switch k := key.(type) {
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		if err != nil {
			return nil
		}

		return signature
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			return nil
		}

		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}

	return nil
}

func (o *Options) algorithm() string {
	if o.RSA {
		return "RS256"
	}

	return "ES256"
}

// published is a public key as the key document has it (RFC 7517, RFC 7518 §6).
func published(k signingKey) map[string]string {
	text := base64.RawURLEncoding.EncodeToString
	out := map[string]string{"use": "sig", "kid": k.id}

	switch key := k.key.(type) {
	case *rsa.PrivateKey:
		out["kty"], out["alg"] = "RSA", "RS256"
		out["n"], out["e"] = text(key.N.Bytes()), text(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		if err != nil || len(point) != 65 {
			return nil // never happens with P-256
		}

		out["kty"], out["alg"], out["crv"] = "EC", "ES256", "P-256"
		out["x"], out["y"] = text(point[1:33]), text(point[33:])
	}

	return out
}

// macWithPublicKey is the old attack on libraries that let the token choose the algorithm.
func macWithPublicKey(key crypto.PublicKey, input string) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil
	}

	h := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	h.Write([]byte(input))

	return h.Sum(nil)
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "" // maps of texts and numbers only
	}

	return base64.RawURLEncoding.EncodeToString(text)
}
