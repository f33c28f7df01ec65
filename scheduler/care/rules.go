package care

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Level is how well a visit fits to be given by screen. The zero value is invalid.
type Level int

// The levels, worst last.
const (
	Green  Level = iota + 1 // fits
	Yellow                  // may fit; look at the reason
	Red                     // against the rules; needs a permission of its own
)

// String returns the level's name for the API.
func (l Level) String() string {
	switch l {
	case Green:
		return "green"
	case Yellow:
		return "yellow"
	case Red:
		return "red"
	}

	return "invalid"
}

// Danish returns the word that stands beside the colour.
func (l Level) Danish() string {
	switch l {
	case Green:
		return "Egnet"
	case Yellow:
		return "Se nærmere"
	case Red:
		return "Ikke egnet"
	}

	return "Ukendt"
}

// Reason is one ground for a level.
type Reason struct {
	Code  string // stable, for the API
	Level Level
	Text  string // Danish
}

// Assessment is the level of a visit with its grounds, worst first. Possible false means that
// not even the permission for red helps, because the visit has begun, ended or is by screen already.
type Assessment struct {
	Level    Level
	Reasons  []Reason
	Possible bool
}

// Rules are a municipality's rules for what may be given by screen.
type Rules struct {
	ScreenServices   []string // services that fit; compared without case
	PhysicalServices []string // services that never fit
	ScreenCategories []string // categories that mean a screen visit of another product
	AbsentStatuses   []string // list words for a visit that will not take place or a citizen away
	// UnknownSuitability is the level of a citizen who is not judged yet; Yellow when zero.
	UnknownSuitability Level
	MinimumLead        time.Duration // shorter notice than this is Yellow
}

// Situation is what a visit is assessed on.
type Situation struct {
	Visit   Snapshot
	Citizen Citizen
	Unit    Unit
	// SameEmployee and SameCitizen are the planned times of the other visits of that day.
	SameEmployee []Interval
	SameCitizen  []Interval
	Now          time.Time
}

// Assess applies the rules.
func (r Rules) Assess(s Situation) Assessment {
	out := Assessment{Level: Green, Possible: true}
	add := func(l Level, code, text string) {
		out.Reasons = append(out.Reasons, Reason{Code: code, Level: l, Text: text})
	}

	for _, check := range []func(Situation, func(Level, string, string)){r.time, r.state, r.service, r.citizen, r.clash} {
		check(s, add)
	}

	slices.SortStableFunc(out.Reasons, func(a, b Reason) int { return int(b.Level) - int(a.Level) })

	for _, reason := range out.Reasons {
		out.Level = max(out.Level, reason.Level)
	}

	out.Possible = s.Visit.Facts.Planned.Start.After(s.Now) && (s.Visit.State == Listed || s.Visit.State == Reverted)

	return out
}

func (r Rules) time(s Situation, add func(Level, string, string)) {
	planned := s.Visit.Facts.Planned

	switch {
	case !planned.Start.After(s.Now):
		add(Red, "time_passed", "Tidspunktet er passeret.")
	case planned.Start.Sub(s.Now) < r.MinimumLead:
		add(Yellow, "short_notice", "Besøget begynder meget snart; borgeren når måske ikke at se beskeden.")
	}

	if !s.Unit.LiveOn(DayOf(planned.Start)) {
		add(Red, "unit_not_live", "Enheden er ikke begyndt med skærmbesøg endnu.")
	}
}

func (r Rules) state(s Situation, add func(Level, string, string)) {
	switch s.Visit.State {
	case Chosen, BookingRoom, RoomIsBooked, Open:
		add(Red, "already_screen", "Besøget er allerede omlagt til skærmbesøg.")
	case Completed, NotCompleted:
		add(Red, "ended", "Besøget er afsluttet.")
	case Cancelled:
		add(Red, "cancelled", "Besøget er aflyst.")
	case Listed, Reverted:
		if among(r.ScreenCategories, s.Visit.Facts.Category) || IsNexusVideo(s.Visit.Facts.Category) {
			add(Red, "screen_elsewhere", "Besøget står allerede som skærmbesøg i omsorgsjournalen.")
		}
	}

	if r.Absent(s.Visit.Facts.Status) {
		add(Red, "absent", "Listen siger »"+s.Visit.Facts.Status+"«.")
	}
}

func (r Rules) service(s Situation, add func(Level, string, string)) {
	switch service := s.Visit.Facts.Service; {
	case among(r.PhysicalServices, service):
		add(Red, "service_physical", "Indsatsen kan ikke gives på skærm: "+service+".")
	case !among(r.ScreenServices, service):
		add(Yellow, "service_unknown", "Indsatsen står ikke på listen over det, der egner sig: "+service+".")
	}
}

func (r Rules) citizen(s Situation, add func(Level, string, string)) {
	switch s.Citizen.Fit() {
	case Unsuitable:
		add(Red, "citizen_unsuitable", "Borgeren er vurderet ikke egnet til skærmbesøg.")
	case ToBeJudged:
		add(max(cmp.Or(r.UnknownSuitability, Yellow), Yellow), "suitability_open", "Borgeren skal vurderes til skærmbesøg.")
	case SuitabilityUnknown:
		if level := cmp.Or(r.UnknownSuitability, Yellow); level != Green {
			add(level, "suitability_unknown", "Borgeren er ikke vurderet til skærmbesøg endnu.")
		}
	case Suitable:
		if s.Citizen.Judged.Over(DayOf(s.Visit.Facts.Planned.Start)) {
			add(Yellow, "suitability_over", "Borgerens egnethed til skærmbesøg skulle være vurderet igen.")
		}
	}

	if s.Citizen.Hospitalised {
		add(Red, "hospitalised", "Borgeren er indlagt.")
	}

	switch s.Citizen.Channel() {
	case "":
		add(Red, "no_contact", "Borgeren har hverken mobilnummer eller e-mail, der virker.")
	case Mail:
		add(Red, "no_phone", "Borgeren har intet mobilnummer og kan ikke få engangskoden.")
	case SMS:
	}
}

func (r Rules) clash(s Situation, add func(Level, string, string)) {
	planned := s.Visit.Facts.Planned
	if slices.ContainsFunc(s.SameEmployee, planned.Overlaps) {
		add(Yellow, "employee_clash", "Medarbejderen har et andet besøg på samme tid.")
	}

	if slices.ContainsFunc(s.SameCitizen, planned.Overlaps) {
		add(Yellow, "citizen_clash", "Borgeren har et andet besøg på samme tid.")
	}
}

// Absent reports whether a list's word says that the visit will not take place or that the
// citizen is away.
func (r Rules) Absent(status string) bool { return among(r.AbsentStatuses, status) }

// IsNexusVideo reports whether a category is that of KMD Nexus' own video product, which nobody has to name
// in the settings: whoever has such a visit would get two links.
func IsNexusVideo(category string) bool {
	return strings.Contains(strings.ToLower(category), "nexus video")
}

func among(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(s)) })
}
