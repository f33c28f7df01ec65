package file

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// defaultRenderDelay is how long big files may lag behind the change log.
const defaultRenderDelay = 2 * time.Second

// Config is the adapter's part of a municipality's settings.
type Config struct {
	Dir         string              `doc:"Directory for kept driving lists and the files that go back to the care record. Holds CPR numbers: only the service and the robot may read it." yaml:"dir"`
	Aliases     map[string][]string `doc:"Further column names per field, for example Indsats: [Opgave]. Case, blanks and punctuation do not matter. Default none."                       yaml:"aliases"`
	RenderDelay time.Duration       `doc:"How long the written files of a big list (CSV over 4 MiB, XLSX over 256 KiB) may lag behind an entry. Default 2s, at most 1m."             yaml:"render_delay"`
}

// SetDefaults fills what was left out.
func (c *Config) SetDefaults() {
	if c.RenderDelay == 0 {
		c.RenderDelay = defaultRenderDelay
	}
}

// Validate returns everything that is wrong, each naming its yaml key.
func (c Config) Validate() []error {
	var problems []error

	if c.Dir == "" {
		problems = append(problems, errors.New("dir: must name a directory"))
	}

	if c.RenderDelay < 0 || c.RenderDelay > time.Minute {
		problems = append(problems, fmt.Errorf("render_delay: %v is not between 0 and 1m", c.RenderDelay))
	}

	known := map[string]field{}
	for f := range fields() {
		known[normalise(f.String())] = f
	}

	taken := aliasTable(nil)

	for _, name := range slices.Sorted(maps.Keys(c.Aliases)) {
		f, ok := known[normalise(name)]
		if !ok {
			problems = append(problems, fmt.Errorf("aliases: %q is not the name of a field", name))

			continue
		}

		for _, alias := range c.Aliases[name] {
			if other, dup := taken[normalise(alias)]; dup && other.field != f {
				problems = append(problems, fmt.Errorf("aliases: %q already means %s", alias, other.field))
			} else if normalise(alias) == "" {
				problems = append(problems, fmt.Errorf("aliases: %q of %s has no letter or digit", alias, name))
			}
		}
	}

	return problems
}
