// Package passkeytest is an authenticator in software for tests: it makes passkeys and answers
// challenges as a browser would, and lies on demand. It shares no code with the WebAuthn library
// that checks it.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Flags of authenticator data (Web Authentication, §6.1).
const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

// idLength is how many bytes name a passkey.
const idLength = 32

// Authenticator holds one passkey. The zero value holds none; a copy is a clone.
type Authenticator struct {
	Origin  string // of the page, "https://skaerm.testby.dk"
	RPID    string // host name that the page asks for
	Counter uint32 // signatures so far
	// Careless leaves the user unverified: no finger, no face, no lock.
	Careless bool

	id  []byte
	key *ecdsa.PrivateKey
}

type options struct {
	Challenge string `json:"challenge"`
}

// Make answers navigator.credentials.create with a new passkey.
func (a *Authenticator) Make(creation []byte) ([]byte, error) {
	o, err := parse(creation)
	if err != nil {
		return nil, err
	}

	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}

	a.id = make([]byte, idLength)
	_, _ = rand.Read(a.id) // never fails (crypto/rand)

	public, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}

	data := a.data(attested)
	data = append(data, make([]byte, 16)...) // no kind of authenticator
	data = binary.BigEndian.AppendUint16(data, idLength)
	data = append(data, a.id...)

	// COSE key: EC2, ES256, P-256, x, y.
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	data = append(data, public[1:33]...)
	data = append(data, 0x22, 0x58, 0x20)
	data = append(data, public[33:]...)

	// Attestation object: fmt "none", no statement, the data.
	object := append([]byte{0xa3}, "\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"...)
	object = append(object, byte(len(data))) //nolint:gosec // G115: 164 bytes
	object = append(object, data...)

	return a.answer(map[string]string{"attestationObject": encode(object), "clientDataJSON": encode(a.client("webauthn.create", o))})
}

// Use answers navigator.credentials.get.
func (a *Authenticator) Use(request []byte) ([]byte, error) {
	o, err := parse(request)
	if err != nil {
		return nil, err
	}

	if a.key == nil {
		return nil, errors.New("passkeytest: there is no passkey")
	}

	a.Counter++
	data, client := a.data(0), a.client("webauthn.get", o)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))

	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}

	return a.answer(map[string]string{"authenticatorData": encode(data), "clientDataJSON": encode(client), "signature": encode(signature)})
}

func (a *Authenticator) data(more byte) []byte {
	rp := sha256.Sum256([]byte(a.RPID))
	flags := present | verified | more

	if a.Careless {
		flags &^= verified
	}

	return binary.BigEndian.AppendUint32(append(rp[:], flags), a.Counter)
}

func (a *Authenticator) client(kind string, o options) []byte {
	data, _ := json.Marshal(map[string]any{"type": kind, "challenge": o.Challenge, "origin": a.Origin, "crossOrigin": false}) //nolint:errchkjson // texts only

	return data
}

func (a *Authenticator) answer(response map[string]string) ([]byte, error) {
	data, err := json.Marshal(map[string]any{"id": encode(a.id), "rawId": encode(a.id), "type": "public-key", "response": response})
	if err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}

	return data, nil
}

func parse(data []byte) (options, error) {
	var o options
	if err := json.Unmarshal(data, &o); err != nil {
		return o, fmt.Errorf("passkeytest: options: %w", err)
	}

	return o, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
