package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler/care"
)

// maxToken bounds an ID token, in bytes: many times what providers send.
const maxToken = 16 << 10

// verify turns the tokens of a code into a Proof.
func (p *Provider) verify(ctx context.Context, d *discovery, t tokens, k kept, a eid.Answer) (eid.Proof, error) {
	verified, err := p.verified(ctx, d, t.ID)
	if err != nil {
		return eid.Proof{}, err
	}

	refuse := func(reason eid.Reason, detail string) (eid.Proof, error) {
		return eid.Proof{}, eid.Refuse(p.options.Info.Key, reason, detail)
	}

	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(k.Nonce)) != 1 {
		return refuse(eid.WrongBrowser, "nonce: not the one that was sent")
	}

	var payload json.RawMessage
	if err := verified.Claims(&payload); err != nil {
		return refuse(eid.Invalid, "claims: can't be read")
	}

	c, err := decodeClaims(payload)
	if err != nil {
		return refuse(eid.Invalid, err.Error())
	}

	if azp, told := c.text("azp"); told && azp != p.config.ClientID || !told && len(verified.Audience) > 1 {
		return refuse(eid.Invalid, "azp: the token was made for somebody else")
	}

	if detail := p.timely(c, verified.IssuedAt, a.BegunAt); detail != "" {
		return refuse(eid.Expired, detail)
	}

	if p.config.Userinfo {
		if err := p.complete(ctx, d, verified, t, c); err != nil {
			return eid.Proof{}, err
		}
	}

	return p.judge(c, verified, a)
}

// verified checks what go-oidc checks: signature, issuer, audience and expiry.
func (p *Provider) verified(ctx context.Context, d *discovery, raw string) (*gooidc.IDToken, error) {
	key := p.options.Info.Key

	if len(raw) > maxToken {
		return nil, eid.Refuse(key, eid.Invalid, "ID token: too long")
	}

	allowed := make([]jose.SignatureAlgorithm, 0, len(p.config.Algorithms))
	for _, algorithm := range p.config.Algorithms {
		allowed = append(allowed, jose.SignatureAlgorithm(algorithm))
	}

	parsed, err := jose.ParseSignedCompact(raw, allowed)
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, eid.Refuse(key, eid.Invalid, "ID token: no signature of an algorithm that is allowed")
	}

	header := parsed.Signatures[0].Header

	candidates, err := p.adopt(d).find(ctx, header.Algorithm, header.KeyID)
	if err != nil {
		return nil, err
	}

	verifier := gooidc.NewVerifier(p.config.Issuer, &gooidc.StaticKeySet{PublicKeys: candidates}, &gooidc.Config{
		ClientID: p.config.ClientID, SupportedSigningAlgs: p.config.Algorithms,
		Now: func() time.Time { return p.options.Now().Add(-p.config.Skew) }, // for exp; iat is checked by timely
	})

	token, err := verifier.Verify(ctx, raw)
	if expired := new(gooidc.TokenExpiredError); errors.As(err, &expired) {
		return nil, eid.Refuse(key, eid.Expired, "exp: the ID token is too old")
	}

	if err != nil {
		return nil, eid.Refuse(key, eid.Invalid, "ID token: signature, issuer or audience is wrong") // the cause can quote the token
	}

	return token, nil
}

// timely checks that the token and the login that it tells of were made for this request. It returns
// what is wrong, empty when nothing is.
func (p *Provider) timely(c claims, issued, begun time.Time) string {
	from, to := begun.Add(-p.config.Skew), p.options.Now().Add(p.config.Skew)
	within := func(at time.Time) bool { return !at.Before(from.Truncate(time.Second)) && !at.After(to) }

	if issued.IsZero() || !within(issued) {
		return "iat: not of this login"
	}

	at, told, err := c.instant("auth_time")

	switch {
	case err != nil || !told && !p.config.NoAuthTime:
		return "auth_time: missing"
	case told && !within(at):
		return "auth_time: the person did not log in anew"
	}

	return ""
}

// complete adds the claims of the userinfo endpoint that the token does not hold. They are the same
// person's only with the same subject (OpenID Connect Core §5.3.2).
func (p *Provider) complete(ctx context.Context, d *discovery, verified *gooidc.IDToken, t tokens, c claims) error {
	key := p.options.Info.Key

	if d.UserinfoEndpoint == "" || t.Access == "" {
		return eid.Refuse(key, eid.Invalid, "userinfo: the provider has none")
	}

	if verified.AccessTokenHash != "" && verified.VerifyAccessToken(t.Access) != nil {
		return eid.Refuse(key, eid.Invalid, "at_hash: not the access token's")
	}

	document, err := p.get(ctx, "userinfo", d.UserinfoEndpoint, http.Header{"Authorization": {"Bearer " + t.Access}})
	if err != nil {
		return err
	}

	more, err := decodeClaims(document)
	if err != nil {
		return eid.Refuse(key, eid.Invalid, "userinfo: "+err.Error())
	}

	if subject, _ := more.text("sub"); subject != verified.Subject {
		return eid.Refuse(key, eid.Invalid, "userinfo: another person's")
	}

	for name, value := range more {
		if _, stands := c[name]; !stands {
			c[name] = value
		}
	}

	return nil
}

// judge applies the configuration's rules to verified claims.
func (p *Provider) judge(c claims, verified *gooidc.IDToken, a eid.Answer) (eid.Proof, error) {
	refuse := func(reason eid.Reason, detail string) (eid.Proof, error) {
		return eid.Proof{}, eid.Refuse(p.options.Info.Key, reason, detail)
	}

	for name, want := range p.config.RequireClaims {
		if got, ok := c.text(name); !ok || got != want {
			return refuse(eid.WrongType, "a claim that the configuration requires is missing or another")
		}
	}

	stated, _ := c.text(p.config.LevelClaim)

	level, _ := parseLevel(p.config.Levels[stated])
	if level < a.MinLevel || level == care.NoAssurance {
		return refuse(eid.LevelTooLow, "level: lower than what is asked for")
	}

	if verified.Subject == "" || len(verified.Subject) > maxSubject {
		return refuse(eid.Invalid, "sub: missing or too long")
	}

	name, _ := c.text(p.config.NameClaim)
	session, _ := c.text("sid")

	proof := eid.Proof{
		Provider: p.options.Info.Key, Method: p.options.Info.Method, Name: care.NewSecret(name), Level: level,
		Subject: care.NewSecret(p.config.Issuer + "\x00" + verified.Subject), At: p.provedAt(c, verified), Session: care.NewSecret(session),
	}

	number, ok := c.text(p.config.NumberClaim)
	if !ok {
		return refuse(eid.Invalid, "the number is missing or not one text")
	}

	if p.config.Number == NumberForeign {
		if len(number) < minForeign || len(number) > maxForeign {
			return refuse(eid.Invalid, "the number has a length that none has")
		}

		proof.Foreign = care.NewSecret(number)

		return proof, nil
	}

	cpr, verdict, padded := care.ParseCPR(number)
	if verdict == care.CPRMalformed || padded {
		return refuse(eid.Invalid, "the number is no CPR number")
	}

	proof.CPR = cpr

	return proof, nil
}

// provedAt is when the person logged in; when the token does not tell, it was made right then.
func (p *Provider) provedAt(c claims, verified *gooidc.IDToken) time.Time {
	if at, told, err := c.instant("auth_time"); err == nil && told {
		return at.UTC()
	}

	return verified.IssuedAt.UTC()
}
