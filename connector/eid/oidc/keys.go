package oidc

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sluse/sluse/connector"
)

// Limits of a provider's keys.
const (
	maxKeys  = 50
	keysLife = 12 * time.Hour
	// A pause keeps tokens with unknown key ids from making us ask again and again.
	keysPause = 30 * time.Second
)

// keySet are the keys with which a provider signs (RFC 7517 §5). They are read anew when a token
// names one that is not among them, so the provider may change them whenever it wants.
type keySet struct {
	fetch func(ctx context.Context) ([]byte, error)
	now   func() time.Time

	mutex  sync.Mutex
	keys   []jose.JSONWebKey
	readAt time.Time
}

// find returns the public keys that may have signed with the algorithm and key id; none is no error.
func (k *keySet) find(ctx context.Context, algorithm, id string) ([]crypto.PublicKey, error) {
	k.mutex.Lock()
	found, age := k.match(algorithm, id), k.now().Sub(k.readAt)
	k.mutex.Unlock()

	if len(found) > 0 && age < keysLife || len(found) == 0 && age < keysPause {
		return found, nil
	}

	if err := k.refresh(ctx); err != nil {
		if len(found) > 0 {
			return found, nil // the provider's keys are still those
		}

		return nil, err
	}

	k.mutex.Lock()
	defer k.mutex.Unlock()

	return k.match(algorithm, id), nil
}

func (k *keySet) match(algorithm, id string) []crypto.PublicKey {
	var out []crypto.PublicKey

	for _, key := range k.keys {
		if (id == "" || key.KeyID == id) && (key.Algorithm == "" || key.Algorithm == algorithm) {
			out = append(out, key.Key)
		}
	}

	return out
}

// refresh reads the keys from the provider.
func (k *keySet) refresh(ctx context.Context) error {
	document, err := k.fetch(ctx)
	if err != nil {
		return err
	}

	keys, err := decodeKeys(document)
	if err != nil {
		return &connector.Error{System: System, Op: "keys", Kind: connector.Malformed, Err: err}
	}

	k.mutex.Lock()
	defer k.mutex.Unlock()

	k.keys, k.readAt = keys, k.now()

	return nil
}

// decodeKeys keeps the public signing keys that are strong enough. Keys of unknown kinds are
// ignored, as RFC 7517 §5 demands.
func decodeKeys(document []byte) ([]jose.JSONWebKey, error) {
	var wire struct {
		Keys []json.RawMessage `json:"keys"`
	}

	if err := json.Unmarshal(document, &wire); err != nil {
		return nil, errors.New("the keys are no JSON")
	}

	if len(wire.Keys) > maxKeys {
		return nil, errors.New("there are too many keys")
	}

	var out []jose.JSONWebKey

	for _, raw := range wire.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err == nil && key.IsPublic() && key.Use != "enc" && strongEnough(key.Key) {
			out = append(out, key)
		}
	}

	if len(out) == 0 {
		return nil, errors.New("there is no key that can be used")
	}

	return slices.Clip(out), nil
}
