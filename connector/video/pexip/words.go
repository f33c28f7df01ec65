package pexip

import (
	"errors"
	"maps"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Codes of our own in connector.Error.
const (
	CodeNameTaken   = "name_taken"           // the room's name or an address is in use, and not by our room
	CodeNotOurs     = "room_not_ours"        // a room has our name but not our mark
	CodeNoPINs      = "room_without_pins"    // host or guest PIN is missing, or both are the same
	CodeNoAliases   = "room_without_aliases" // the employee's or a guest's address is missing
	CodeUnsafeLink  = "unsafe_guest_link"    // a guest link would hold the host PIN
	CodeProvisioned = "room_provisioned"     // the room stands, and the new start is too far away
	CodeSchema      = "schema"               // the node lacks what we rely on
	CodeShortPIN    = "pin_too_short"        // the node's min_pin_length is greater than our PINs
	CodeOAuthOnly   = "oauth_only"           // the node takes no user name and password
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func rejected(op string, err error) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Rejected, Err: err}
}

func malformed(op, what string) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Malformed, Err: errors.New(what)}
}

// unusable is a Conflict of our own making.
func unusable(op, code string) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Conflict, Code: code, Err: errors.New(code)}
}

// explain gives the planner a sentence about what the node refuses.
func explain(c complaint) error {
	switch {
	case c.has("pin") || c.has("guest_pin"):
		return care.NewError(care.Invalid, "Pexip afviser rummets PIN-koder. Nodens mindste længde er større end vores; kontakt systemforvalteren.")
	case c.has("ivr_theme"):
		return care.NewError(care.Invalid, "Pexip kender ikke det valgte tema til rummene; kontakt systemforvalteren.")
	case c.has("host_identity_provider_group") || c.has("guest_identity_provider_group"):
		return care.NewError(care.Invalid, "Pexip kender ikke den valgte gruppe af login-udbydere; kontakt systemforvalteren.")
	case c.has("aliases") || c.has("alias"):
		return care.NewError(care.Invalid, "Pexip afviser rummets adresser; kontakt systemforvalteren.")
	default:
		return care.NewError(care.Invalid, "Pexip afviser rummet. Det kan skyldes nodens licens eller opsætning; kontakt systemforvalteren.")
	}
}
