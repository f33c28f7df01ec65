package fhir

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sluse/sluse/connector/outbound"
)

// By says what a driving list of the record is.
type By string

// The ways of finding driving lists.
const (
	ByNothing      By = ""             // only those of Named
	ByPractitioner By = "practitioner" // one per active Practitioner: the Appointments with that actor
	ByLocation     By = "location"     // one per Location: a team or a district
	BySchedule     By = "schedule"     // one per active Schedule: the Appointments of its Slots
)

// Lists hold the settings of reading driving lists.
type Lists struct {
	By          By                `yaml:"by" doc:"What makes a driving list: practitioner, location or schedule; default none, then the lists of named alone are read."`
	Filter      string            `yaml:"filter" doc:"Search parameters that choose among them, as in an address: active=true&organization=Organization/7; default none."`
	Named       map[string]string `yaml:"named" doc:"Further driving lists: their name, and the search for their Appointments as in an address (location=Location/7); the period is added. Default none."`
	PageSize    int               `yaml:"page_size" doc:"Resources asked for at a time (_count), 1 to 1000; default 200."`
	MaxVisits   int               `yaml:"max_visits" doc:"Most visits of one list and period; a longer answer is refused as a wrong search. 1 to 50000, default 5000."`
	Timeout     time.Duration     `yaml:"timeout" doc:"Limit for one call while a list is read, as a duration; default 5m, 1s to 10m."`
	NoInclude   bool              `yaml:"no_include" doc:"Read citizens one by one, for a record that refuses _include; default false."`
	NoInpatient bool              `yaml:"no_inpatient" doc:"Do not ask whether citizens are in hospital (Encounter of class IMP), for a record that does not tell; default false."`

	ForeignCategory string `yaml:"foreign_category" doc:"Category given to a visit that another product holds by video, one of the rules' screen_categories; default Planlagt skærmbesøg."`
	SuitableURL     string `yaml:"suitable_url" doc:"Address of the Patient extension (valueBoolean) that says whether the citizen is fit for screen visits; default none."`
}

func (l *Lists) setDefaults() {
	fill(&l.PageSize, 200)
	fill(&l.MaxVisits, 5000)
	fill(&l.Timeout, 5*time.Minute)
	fill(&l.ForeignCategory, "Planlagt skærmbesøg")
}

func (l Lists) validate() []error {
	var problems []error

	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("lists."+format, args...))
	}

	if !slices.Contains([]By{ByNothing, ByPractitioner, ByLocation, BySchedule}, l.By) {
		bad("by: must be practitioner, location or schedule, or empty")
	}

	if _, err := parseSearch(l.Filter); err != nil {
		bad("filter: %w", err)
	}

	for name, text := range l.Named {
		if query, err := parseSearch(text); err != nil || len(query) == 0 || name == "" {
			bad("named: the search of %q must be like location=Location/7, without person numbers", name)
		}
	}

	if l.PageSize < 1 || l.PageSize > 1000 {
		bad("page_size: must be 1 to 1000")
	}

	if l.MaxVisits < 1 || l.MaxVisits > 50_000 {
		bad("max_visits: must be 1 to 50000")
	}

	if l.Timeout < time.Second || l.Timeout > 10*time.Minute {
		bad("timeout: must be 1s to 10m")
	}

	if l.SuitableURL != "" && !isURI(l.SuitableURL) {
		bad("suitable_url: must be an absolute URI")
	}

	return problems
}

// any reports whether driving lists are read from this record at all.
func (l Lists) any() bool { return l.By != ByNothing || len(l.Named) > 0 }

// parseSearch reads a configured search. A person number has no place in an address.
func parseSearch(text string) (url.Values, error) {
	query, err := url.ParseQuery(text)
	if err != nil || outbound.HasSecret(text) {
		return nil, errors.New("must be a search as in an address, without person numbers")
	}

	return query, nil
}
