package care

import (
	"slices"
	"strings"
	"time"
)

// StrangerLimit is after how many logins of somebody else a link is locked (identity.md §5.3).
const StrangerLimit = 3

// NameMatch says how the name that a participant proved is like the name in the contact network. The
// zero value is: nothing was compared.
type NameMatch string

// The grades.
const (
	NameSame    NameMatch = "same"    // first and last name agree
	NamePartly  NameMatch = "partly"  // some of the names agree
	NameDiffers NameMatch = "differs" // none does: somebody else
)

// Danish returns what the caregiver reads; empty where there is nothing to say.
func (m NameMatch) Danish() string {
	switch m {
	case NameSame:
		return "Navnet fra login er det samme som kontaktens"
	case NamePartly:
		return "Navnet fra login ligner kontaktens, men er ikke det samme. Spørg, hvem deltageren er"
	case NameDiffers:
		return "Navnet fra login er et andet end kontaktens"
	}

	return ""
}

// MatchNames compares a name of the contact network with one that was proved. Middle names, case,
// accents and hyphens do not count.
func MatchNames(known, proved string) NameMatch {
	a, b := nameParts(known), nameParts(proved)
	if len(a) == 0 || len(b) == 0 {
		return NameDiffers
	}

	if len(a) > 1 && len(b) > 1 && a[0] == b[0] && a[len(a)-1] == b[len(b)-1] {
		return NameSame
	}

	if slices.ContainsFunc(a, func(part string) bool { return len(part) > 1 && slices.Contains(b, part) }) {
		return NamePartly
	}

	return NameDiffers
}

func nameParts(name string) []string {
	name = strings.NewReplacer(
		"-", " ", ".", " ", ",", " ", "'", "", "æ", "ae", "ø", "oe", "å", "aa", "ö", "oe", "ä", "ae",
		"é", "e", "è", "e", "ë", "e", "ê", "e", "á", "a", "à", "a", "ü", "u", "í", "i", "ó", "o", "ú", "u", "ç", "c",
	).Replace(strings.ToLower(name))

	return strings.Fields(name)
}

// strangers counts the logins of somebody else through the link that a person has now. A new link
// begins anew.
func (s Snapshot) strangers(who ParticipantID) int {
	link, ok := s.LinkOf(who)
	if !ok {
		return 0
	}

	n := 0

	for _, a := range s.admissionsOf(who) {
		if a.CameAt.After(link.QueuedAt) || a.CameAt.Equal(link.QueuedAt) {
			n += a.Strangers
		}
	}

	return n
}

// LinkLocked reports whether logins of other people have locked the link of the citizen or a
// participant. It opens again with a new link.
func (s Snapshot) LinkLocked(who ParticipantID) bool { return s.strangers(who) >= StrangerLimit }

// Stranger records that somebody logged in through a person's link who is not that person. Nothing
// of who it was is kept. After StrangerLimit of them the link is locked, sessions that wait are over,
// and the planner is told; locked is then true.
func (v *Visit) Stranger(id AdmissionID, at time.Time) (locked bool, err error) {
	a, err := v.admission(id)
	if err != nil {
		return false, err
	}

	a.Strangers++
	who := a.Participant

	if !v.s.LinkLocked(who) {
		return false, nil
	}

	for i := range v.s.Admissions {
		if o := &v.s.Admissions[i]; o.Participant == who && o.State == AdmissionWaiting {
			o.State, o.DecidedAt = AdmissionRefused, at
		}
	}

	text := "Andre end borgeren har logget ind med borgerens link flere gange. Linket er lukket. Ring til borgeren, og send et nyt link, når du ved, hvem der har telefonen."
	if who != "" {
		text = "Andre end deltageren har logget ind med deltagerens link flere gange. Linket er lukket. Ring til deltageren, eller fjern deltageren fra besøget."
	}

	v.Raise(CitizenTrouble, string(id), text, false, at)

	return true, nil
}
