package pexipsim

import (
	"strings"
	"time"
)

// checkPINs are the rules of §1.3, about the members as they will be.
func checkPINs(get func(string) any, shortest int, wrong complaints) {
	pin, _ := get("pin").(string)
	guest, _ := get("guest_pin").(string)
	guests, _ := get("allow_guests").(bool)
	checkPIN("pin", pin, shortest, wrong)
	checkPIN("guest_pin", guest, shortest, wrong)
	switch {
	case guests && pin == "":
		wrong.add("pin", "A host PIN is required when guests are allowed.")
	case guest != "" && pin == "":
		wrong.add("guest_pin", "A guest PIN requires a host PIN.")
	case guest != "" && !guests:
		wrong.add("guest_pin", "A guest PIN requires that guests are allowed.")
	case guest == "" || pin == "":
	case guest == pin:
		wrong.add("__all__", "The host PIN and the guest PIN must be different.")
	case strings.HasSuffix(pin, "#") != strings.HasSuffix(guest, "#"):
		wrong.add("__all__", "Either both PINs or neither must end in #.")
	case !strings.HasSuffix(pin, "#") && len(pin) != len(guest):
		wrong.add("__all__", "The host PIN and the guest PIN must have the same number of digits, or both end in #.")
	}
}

// checkPIN: digits, one # at the end, 4 to 20 characters, and the platform's own minimum.
func checkPIN(name, pin string, shortest int, wrong complaints) {
	if pin == "" {
		return
	}
	digits := strings.TrimSuffix(pin, "#")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		wrong.add(name, "Enter a valid PIN: digits only, with an optional # at the end.")
	}
	if len(pin) < 4 || len(digits) < 3 {
		wrong.add(name, "Ensure this value has at least 4 characters.")
	} else if len(pin) < shortest {
		wrong.add(name, "Ensure this value has at least the configured minimum PIN length.")
	}
}

// aliasDraft is an alias as a conference's write gives it.
type aliasDraft struct{ alias, description string }

// acceptAliases checks nested aliases (§1.2): a list of objects that replaces what there was.
func (c *config) acceptAliases(raw any, old *object, wrong complaints) []aliasDraft {
	list, ok := raw.([]any)
	if !ok {
		wrong.add("aliases", "Enter a list of values.")
		return nil
	}
	longest := field{kind: kindText, max: 250}
	seen := make(map[string]bool, len(list))
	out := make([]aliasDraft, 0, len(list))
	for _, item := range list {
		members, _ := item.(map[string]any)
		alias, why := longest.accept(members["alias"])
		description, whyNot := longest.accept(orEmpty(members["description"]))
		name, _ := alias.(string)
		about, _ := description.(string)
		lower := strings.ToLower(name)
		switch {
		case why != "" || whyNot != "" || name == "":
			wrong.add("aliases", "Enter an alias of 1 to 250 characters. "+why+whyNot)
		case seen[lower] || c.aliasTaken(lower, old):
			wrong.add("aliases", "Conference alias with this Alias already exists.")
		}
		seen[lower] = true
		out = append(out, aliasDraft{name, about})
	}
	return out
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// aliasTaken tells whether another conference has the alias.
func (c *config) aliasTaken(lower string, old *object) bool {
	id, taken := c.tables[resAlias].unique["alias"][lower]
	return taken && (old == nil || c.tables[resAlias].objects[id].number("conference") != old.id)
}

// replaceAliases makes the aliases of a conference exactly those of the draft; an alias that
// stays keeps its id.
func (c *config) replaceAliases(conference int, list []aliasDraft, now time.Time) {
	want := make(map[string]bool, len(list))
	for _, a := range list {
		want[strings.ToLower(a.alias)] = true
	}
	for _, o := range c.aliasesOf(conference) {
		if !want[strings.ToLower(o.text("alias"))] {
			c.remove(resAlias, o.id, now)
		}
	}
	for i, a := range list {
		values := map[string]any{"alias": a.alias, "description": a.description, "view_order": i + 1, "conference": conference}
		if id, had := c.tables[resAlias].unique["alias"][strings.ToLower(a.alias)]; had {
			c.change(resAlias, c.tables[resAlias].objects[id], values)
			continue
		}
		made := c.add(resAlias, values, now)
		c.world.aliasIDs[conference] = append(c.world.aliasIDs[conference], made.id)
	}
}
