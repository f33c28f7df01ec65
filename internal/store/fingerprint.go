package store

import (
	"github.com/sluse/sluse/scheduler/care"
)

// Fingerprint is the keyed hash of a CPR number that goes into the stable key of a driving
// list's row without a visit id. The number can't be found from it without the lookup key.
// Empty when there is no number.
func (k *Keys) Fingerprint(cpr care.CPR) string {
	if cpr.IsZero() {
		return ""
	}

	hash, err := k.hash("row", cpr.Reveal())
	if err != nil {
		return "" // unreachable: a MAC keyset that was read makes MACs
	}

	return hash
}
