package klgateway

import (
	"errors"
	"fmt"
	"regexp"
)

var (
	sorLike  = regexp.MustCompile(`^[1-9][0-9]{5,17}$`)
	codeLike = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Z][0-9]{1,2}(\.[0-9]{1,3}){0,2})$`)
)

// Config holds what a municipality's report needs besides its visits.
type Config struct {
	Organisation string            `yaml:"organisation" doc:"SOR id of the organisation that keeps the citizens' records; required for the report of KL's Gateway. Default none: no report."`
	Services     map[string]string `yaml:"services" doc:"FSIII codes of services, by their names on driving lists: the UUID, or the older kind of code like G1.20. A visit of another service is reported without an intervention. Default none."`
}

// Validate returns every problem at once.
func (c Config) Validate() []error {
	var problems []error

	if !sorLike.MatchString(c.Organisation) {
		problems = append(problems, errors.New("organisation: must be a SOR id of 6 to 18 digits"))
	}

	for name, code := range c.Services {
		if name == "" || !codeLike.MatchString(code) {
			problems = append(problems, fmt.Errorf("services: the code of %q must be an FSIII UUID or a code like G1.20", name))
		}
	}

	return problems
}
