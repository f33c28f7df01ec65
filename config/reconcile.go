package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Reconcile says when the record, the video platform and our own book are compared, and what is done
// about which difference.
type Reconcile struct {
	Shifts []string                            `yaml:"shifts" doc:"Local times, such as 06:30, at which all three are compared before a shift; default none."`
	Night  string                              `yaml:"night" doc:"Local time of the nightly comparison, such as 03:30; empty (default): there is none."`
	Poll   time.Duration                       `yaml:"poll" doc:"How often the record is asked in between what changed about visits by screen; 5m to 24h, 0 (default): never. While it does not answer the pauses grow to an hour."`
	Days   int                                 `yaml:"days" doc:"Yesterday, today and so many days more are compared; 0 (default): two; at most 14."`
	Most   int                                 `yaml:"most_repairs" doc:"How many differences one comparison repairs by rule before it leaves the rest to people, so that a record that suddenly shows everything as gone does no harm; 1 to 500, 0 (default): 20."`
	Rules  map[care.DriftKind]care.DriftPolicy `yaml:"rules" doc:"What is done about a kind of difference: auto (repaired at once), ask (a person decides) or off (not looked for). Kinds that are not named: room_gone, room_moved, room_orphan, room_two, room_ended, room_settings and record_employee are auto, all others ask. What people wrote in the record is never overwritten by auto."`
}

// ShiftTimes are the times before shifts, after midnight.
func (r Reconcile) ShiftTimes() []time.Duration {
	out := make([]time.Duration, 0, len(r.Shifts))

	for _, text := range r.Shifts {
		if at, ok := timeOfDay(text); ok {
			out = append(out, at)
		}
	}

	return out
}

// NightTime is the time of the nightly comparison, after midnight; 0: there is none.
func (r Reconcile) NightTime() time.Duration {
	at, _ := timeOfDay(r.Night)

	return at
}

func timeOfDay(text string) (time.Duration, bool) {
	at, err := time.Parse("15:04", strings.TrimSpace(text))

	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err == nil
}

func (r Reconcile) validate(k checker) {
	for _, text := range r.Shifts {
		_, ok := timeOfDay(text)
		k.bad(!ok, "shifts", "must be times of day such as 06:30")
	}

	_, ok := timeOfDay(r.Night)
	k.bad(r.Night != "" && (!ok || r.NightTime() == 0), "night", "must be a time of day after midnight such as 03:30")
	k.bad(r.Poll != 0 && (r.Poll < 5*time.Minute || r.Poll > 24*time.Hour), "poll", "must be 5m to 24h, or 0")
	k.number("days", r.Days, 0, 14)
	k.number("most_repairs", r.Most, 0, 500)

	for _, kind := range slices.Sorted(maps.Keys(r.Rules)) {
		policy := r.Rules[kind]

		k.bad(!kind.Known(), "rules", "%s is no kind of difference", kind)
		k.bad(!slices.Contains(care.Policies(), policy), "rules", "%s must be auto, ask or off", kind)
		k.bad(kind.Known() && policy == care.DriftAuto && !kind.Terms().MayAuto(), "rules", "%s must not be auto: people decide about it", kind)
	}
}
