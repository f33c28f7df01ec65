package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// Statistics is what figures of screen visits go by, beside the visits themselves (eoj.md §6).
type Statistics struct {
	PartialLists bool          `yaml:"partial_lists" doc:"The municipality imports only some visits of its driving lists. Then the share of screen visits and the share of citizens with screen visits are not told. Default false: whole lists are imported."`
	Road         time.Duration `yaml:"road" doc:"Estimate: how long the drive to a home visit takes that a screen visit saves; 0s to 4h, 0s (default): no saving is told."`
	Kilometres   float64       `yaml:"kilometres" doc:"Estimate: how long that drive is in kilometres; 0 to 500, 0 (default): no saving is told."`
	GramsPerKm   float64       `yaml:"grams_per_km" doc:"Estimate: how many grams of CO₂ a kilometre costs; 0 to 1000, 0 (default): no saving is told."`
	Services     []string      `yaml:"services" doc:"Names of services, precisely as the driving lists write them, that describe nobody. Visits keep such a service when their personal data is deleted (record.keep_after_receipt), so that figures by service stay; the names without wildcards in rules and record.by_service are kept too. Any other service is deleted. Default none."`
	Sources      []CallSource  `yaml:"sources" doc:"Other vendors' products whose call lists (CSV, XLSX) are imported into the statistics, in the order in which they are shown. Default none."`
}

func (s Statistics) validate(k checker, units map[care.UnitID]bool) {
	k.span("road", s.Road, 0, 4*time.Hour)
	k.bad(s.Kilometres < 0 || s.Kilometres > 500, "kilometres", "must be 0 to 500")
	k.bad(s.GramsPerKm < 0 || s.GramsPerKm > 1000, "grams_per_km", "must be 0 to 1000")

	for i, name := range s.Services {
		k.bad(strings.TrimSpace(name) == "" || strings.ContainsAny(name, "*?[\\"), fmt.Sprintf("services[%d]", i), "must be a service's whole name, without wildcards")
	}

	seen := map[string]bool{}

	for i, source := range s.Sources {
		at := k.in(fmt.Sprintf("sources[%d]", i))
		at.bad(seen[source.Key], "key", "is another source's too")
		seen[source.Key] = true
		source.validate(at, units)
	}
}

// Terms are the settings in the words of the measures.
func (s Statistics) Terms() measure.Terms {
	return measure.Terms{FullLists: !s.PartialLists, Savings: measure.Savings{Road: s.Road, Kilometres: s.Kilometres, GramsPerKm: s.GramsPerKm}}
}

// CallSources are the products whose call lists are imported.
func (s Statistics) CallSources() []calls.Source {
	out := make([]calls.Source, 0, len(s.Sources))
	for _, source := range s.Sources {
		out = append(out, source.source())
	}

	return out
}
