package store

import (
	"github.com/sluse/sluse/scheduler/care"
)

// Fingerprint is the keyed hash of a CPR number or surrogate id that goes into the stable key of a
// driving list's row without a visit id. The number can't be found from it without the lookup key.
// Empty when there is none.
func (k *Keys) Fingerprint(key care.CitizenKey) string {
	plain := key.CPR.Reveal()
	if !key.Surrogate.IsZero() {
		plain = key.Surrogate.System() + "\x00" + key.Surrogate.Reveal()
	}

	if plain == "" {
		return ""
	}

	hash, err := k.hash("row", plain)
	if err != nil {
		return "" // unreachable: a MAC keyset that was read makes MACs
	}

	return hash
}
