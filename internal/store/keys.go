package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/sluse/sluse/scheduler/care"
)

// Keys encrypts and finds the personal data of one municipality. Every ciphertext names its
// key, so the keyset can hold older keys beside the one that encrypts (see RotateKeys).
type Keys struct {
	aead tink.AEAD
	mac  tink.MAC
}

// KeyMaterial is what a municipality keeps outside the database: two Tink keysets as JSON in
// clear. Without them the database is unreadable.
type KeyMaterial struct {
	// Encryption is an AEAD keyset (AES-256-GCM).
	Encryption care.Secret
	// Lookup is a MAC keyset (HMAC-SHA-256) by which CPR numbers are found. Changing it
	// makes every stored hash unfindable.
	Lookup care.Secret
}

// GenerateKeys makes the keys of a new municipality.
func GenerateKeys() (KeyMaterial, error) {
	encryption, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return KeyMaterial{}, fmt.Errorf("make an encryption key: %w", err)
	}

	lookup, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		return KeyMaterial{}, fmt.Errorf("make a lookup key: %w", err)
	}

	var material KeyMaterial
	if material.Encryption, err = export(encryption); err != nil {
		return KeyMaterial{}, err
	}

	if material.Lookup, err = export(lookup); err != nil {
		return KeyMaterial{}, err
	}

	return material, nil
}

// RotateKeys adds a fresh encryption key that encrypts from now on; older ones still decrypt.
func RotateKeys(m KeyMaterial) (KeyMaterial, error) {
	handle, err := parse(m.Encryption, "encryption")
	if err != nil {
		return KeyMaterial{}, err
	}

	manager := keyset.NewManagerFromHandle(handle)

	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return KeyMaterial{}, fmt.Errorf("add an encryption key: %w", err)
	}

	if err := manager.SetPrimary(id); err != nil {
		return KeyMaterial{}, fmt.Errorf("make the new key the one that encrypts: %w", err)
	}

	if handle, err = manager.Handle(); err != nil {
		return KeyMaterial{}, fmt.Errorf("rotated keyset: %w", err)
	}

	if m.Encryption, err = export(handle); err != nil {
		return KeyMaterial{}, err
	}

	return m, nil
}

// NewKeys reads the keysets.
func NewKeys(m KeyMaterial) (*Keys, error) {
	encryption, err := parse(m.Encryption, "encryption")
	if err != nil {
		return nil, err
	}

	lookup, err := parse(m.Lookup, "lookup")
	if err != nil {
		return nil, err
	}

	var keys Keys
	if keys.aead, err = aead.New(encryption); err != nil {
		return nil, fmt.Errorf("the encryption keyset does not encrypt: %w", err)
	}

	if keys.mac, err = mac.New(lookup); err != nil {
		return nil, fmt.Errorf("the lookup keyset makes no MAC: %w", err)
	}

	return &keys, nil
}

func parse(material care.Secret, name string) (*keyset.Handle, error) {
	if material.IsZero() {
		return nil, fmt.Errorf("the %s keyset is missing", name)
	}

	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(material.Reveal())))
	if err != nil {
		return nil, fmt.Errorf("the %s keyset is no Tink keyset in JSON", name) // the cause could quote the key
	}

	return handle, nil
}

func export(handle *keyset.Handle) (care.Secret, error) {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return care.Secret{}, fmt.Errorf("write a keyset: %w", err)
	}

	return care.NewSecret(out.String()), nil
}

// hash returns the keyed hash by which a value is found. A purpose keeps hashes of different
// columns apart.
func (k *Keys) hash(purpose, value string) (string, error) {
	tag, err := k.mac.ComputeMAC([]byte(purpose + "\x00" + value))
	if err != nil {
		return "", fmt.Errorf("hash for %s: %w", purpose, err)
	}

	return hex.EncodeToString(tag), nil
}

var errSealed = errors.New("a stored value can't be decrypted: wrong keys, or it was moved to another row")

// sealer encrypts and decrypts the columns of one row. A ciphertext is bound to table, column
// and row, so it can't be read in another place. The first error sticks.
type sealer struct {
	keys  *Keys
	table string
	row   string
	err   error
}

func (s *sealer) context(column string) []byte {
	return []byte(s.table + "\x00" + column + "\x00" + s.row)
}

// sealBytes returns nil, stored as NULL, for nothing.
func (s *sealer) sealBytes(column string, plain []byte) []byte {
	if len(plain) == 0 || s.err != nil {
		return nil
	}

	sealed, err := s.keys.aead.Encrypt(plain, s.context(column))
	if err != nil {
		s.err = fmt.Errorf("encrypt %s.%s: %w", s.table, column, err)
	}

	return sealed
}

func (s *sealer) seal(column, plain string) []byte { return s.sealBytes(column, []byte(plain)) }

func (s *sealer) openBytes(column string, sealed []byte) []byte {
	if len(sealed) == 0 || s.err != nil {
		return nil
	}

	plain, err := s.keys.aead.Decrypt(sealed, s.context(column))
	if err != nil {
		s.err = fmt.Errorf("%s.%s: %w", s.table, column, errSealed)
	}

	return plain
}

func (s *sealer) open(column string, sealed []byte) string {
	return string(s.openBytes(column, sealed))
}
