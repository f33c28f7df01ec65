package config

import (
	"time"

	"github.com/sluse/sluse/scheduler/measure"
)

// Statistics is what figures of screen visits go by, beside the visits themselves (eoj.md §6).
type Statistics struct {
	PartialLists bool          `yaml:"partial_lists" doc:"The municipality imports only some visits of its driving lists. Then the share of screen visits and the share of citizens with screen visits are not told. Default false: whole lists are imported."`
	Road         time.Duration `yaml:"road" doc:"Estimate: how long the drive to a home visit takes that a screen visit saves; 0s to 4h, 0s (default): no saving is told."`
	Kilometres   float64       `yaml:"kilometres" doc:"Estimate: how long that drive is in kilometres; 0 to 500, 0 (default): no saving is told."`
	GramsPerKm   float64       `yaml:"grams_per_km" doc:"Estimate: how many grams of CO₂ a kilometre costs; 0 to 1000, 0 (default): no saving is told."`
}

func (s Statistics) validate(k checker) {
	k.span("road", s.Road, 0, 4*time.Hour)
	k.bad(s.Kilometres < 0 || s.Kilometres > 500, "kilometres", "must be 0 to 500")
	k.bad(s.GramsPerKm < 0 || s.GramsPerKm > 1000, "grams_per_km", "must be 0 to 1000")
}

// Terms are the settings in the words of the measures.
func (s Statistics) Terms() measure.Terms {
	return measure.Terms{FullLists: !s.PartialLists, Savings: measure.Savings{Road: s.Road, Kilometres: s.Kilometres, GramsPerKm: s.GramsPerKm}}
}
