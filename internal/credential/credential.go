// Package credential checks what known devices prove themselves with: passkeys, by the WebAuthn
// standard, and codes of four digits, by a slow hash. The library for them, go-webauthn, lives
// here and nowhere else.
//
// A passkey must verify its user (finger, face or screen lock) and need not be discoverable: the
// device's cookie tells which one is asked. Attestation is not asked for, because the kind of
// telephone is no business of the municipality's.
package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/crypto/argon2"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Parameters of argon2id: those that OWASP recommends for passwords (Password Storage Cheat Sheet).
const (
	passes    = 2
	memoryKiB = 19 * 1024
	threads   = 1
	hashBytes = 32
)

// maxAnswer is the largest answer of a browser, in bytes; real ones have less than two thousand.
const maxAnswer = 16 << 10

// Checker implements scheduler.Credentials for one municipality. It is safe for concurrent use.
type Checker struct{ rp *webauthn.WebAuthn }

var _ scheduler.Credentials = (*Checker)(nil)

// New makes a Checker for the address that people see, for example "https://skaerm.testby.dk".
// Its host is the relying party's id. For an address without a host name, such as
// http://127.0.0.1:8080, browsers make no passkeys; only codes work there.
func New(publicURL, name string) (*Checker, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("credential: the public address is no address")
	}

	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return &Checker{}, nil
	}

	rp, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, RequireResidentKey: protocol.ResidentKeyNotRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		// The store keeps the time of challenges, by the clock of the program.
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: care.PasskeyChallengeLife, TimeoutUVD: care.PasskeyChallengeLife},
			Registration: webauthn.TimeoutConfig{Timeout: care.PasskeyChallengeLife, TimeoutUVD: care.PasskeyChallengeLife},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}

	return &Checker{rp: rp}, nil
}

// Stretch implements scheduler.Credentials with argon2id.
func (c *Checker) Stretch(input, salt []byte) []byte {
	return argon2.IDKey(input, salt, passes, memoryKiB, threads, hashBytes)
}

// MakesPasskeys implements scheduler.Credentials.
func (c *Checker) MakesPasskeys() bool { return c.rp != nil }

// holder is a device as go-webauthn sees a user: a random id, no name, at most one passkey.
type holder struct {
	id     []byte
	record *webauthn.Credential
}

func (h holder) WebAuthnID() []byte          { return h.id }
func (h holder) WebAuthnName() string        { return "Skærmbesøg" }
func (h holder) WebAuthnDisplayName() string { return "Skærmbesøg" }

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	if h.record == nil {
		return nil
	}

	return []webauthn.Credential{*h.record}
}

// OfferPasskey implements scheduler.Credentials.
func (c *Checker) OfferPasskey(device []byte) (options, state []byte, err error) {
	if c.rp == nil {
		return nil, nil, noPasskeys()
	}

	creation, session, err := c.rp.BeginRegistration(holder{id: device})
	if err != nil {
		return nil, nil, fmt.Errorf("credential: offer a passkey: %w", err)
	}

	return pack(creation.Response, session)
}

// TakePasskey implements scheduler.Credentials.
func (c *Checker) TakePasskey(device, state, answer []byte) ([]byte, error) {
	session, err := c.begun(state, answer)
	if err != nil {
		return nil, err
	}

	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}

	record, err := c.rp.CreateCredential(holder{id: device}, session, parsed)
	if err != nil {
		return nil, refused(err)
	}

	record.Attestation = webauthn.CredentialAttestation{} // nobody looks at it again

	data, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("credential: keep a passkey: %w", err)
	}

	return data, nil
}

// AskPasskey implements scheduler.Credentials.
func (c *Checker) AskPasskey(device, record []byte) (options, state []byte, err error) {
	h, err := c.holder(device, record)
	if err != nil {
		return nil, nil, err
	}

	assertion, session, err := c.rp.BeginLogin(h)
	if err != nil {
		return nil, nil, fmt.Errorf("credential: ask for a passkey: %w", err)
	}

	return pack(assertion.Response, session)
}

// CheckPasskey implements scheduler.Credentials.
func (c *Checker) CheckPasskey(device, record, state, answer []byte) (updated []byte, cloned bool, err error) {
	h, err := c.holder(device, record)
	if err != nil {
		return nil, false, err
	}

	session, err := c.begun(state, answer)
	if err != nil {
		return nil, false, err
	}

	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, false, refused(err)
	}

	now, err := c.rp.ValidateLogin(h, session, parsed)
	if err != nil {
		return nil, false, refused(err)
	}

	if updated, err = json.Marshal(now); err != nil {
		return nil, false, fmt.Errorf("credential: keep a passkey: %w", err)
	}

	return updated, now.Authenticator.CloneWarning, nil
}

// begun reads what was kept when the browser was asked.
func (c *Checker) begun(state, answer []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData

	if c.rp == nil {
		return session, noPasskeys()
	}

	if len(answer) > maxAnswer {
		return session, refused(errors.New("too long"))
	}

	if err := json.Unmarshal(state, &session); err != nil {
		return session, fmt.Errorf("credential: what was kept of a challenge: %w", err)
	}

	return session, nil
}

func (c *Checker) holder(device, record []byte) (holder, error) {
	if c.rp == nil {
		return holder{}, noPasskeys()
	}

	h := holder{id: device, record: &webauthn.Credential{}}
	if err := json.Unmarshal(record, h.record); err != nil {
		return holder{}, fmt.Errorf("credential: what was kept of a passkey: %w", err)
	}

	return h, nil
}

// pack returns what the browser needs and what the answer is checked with.
func pack(forBrowser any, session *webauthn.SessionData) (options, state []byte, err error) {
	if options, err = json.Marshal(forBrowser); err != nil {
		return nil, nil, fmt.Errorf("credential: options: %w", err)
	}

	if state, err = json.Marshal(session); err != nil {
		return nil, nil, fmt.Errorf("credential: challenge: %w", err)
	}

	return options, state, nil
}

// refused is the one answer to whatever is wrong with a browser's answer.
func refused(err error) error {
	return &care.Error{Kind: care.Invalid, Message: "Enheden kunne ikke bekræfte, at det er dig. Prøv igen, eller brug en af de andre måder.", Err: err}
}

func noPasskeys() error {
	return care.NewError(care.Conflict, "Fingeraftryk og ansigt kan ikke bruges på denne adresse.")
}
