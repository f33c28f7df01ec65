// Package docs holds the configurations of three municipalities' practices, and the test that keeps the
// documentation true: links, anchors, paths, commands, metrics, job kinds, pictures and the state
// diagram of a visit.
package docs

import (
	"embed"
	"fmt"
)

//go:embed examples/*.yaml
var examples embed.FS

// Example returns the configuration file in docs/examples of that name, without its extension. The error
// says that there is none.
func Example(name string) ([]byte, error) {
	data, err := examples.ReadFile("examples/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("example configuration: %w", err)
	}

	return data, nil
}
