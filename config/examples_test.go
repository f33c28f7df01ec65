package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler/care"
)

// TestExamplesLoad loads the configurations of the three practices as they stand, with every secret in
// the environment, and looks at how each has its record told.
func TestExamplesLoad(t *testing.T) {
	t.Parallel()

	health := care.SUL138

	for name, want := range map[string]struct {
		kind          string
		health, other []care.Means
	}{
		"holbaek":    {"nexus", []care.Means{care.OnList, care.ByNote}, []care.Means{care.OnList, care.ByNote}},
		"viborg":     {"nexus", []care.Means{care.ByIntervention}, []care.Means{care.OnList}},
		"robot-sftp": {"handover", []care.Means{care.OnList, care.ByNote}, []care.Means{care.OnList, care.ByNote}},
		"varde":      {"file", []care.Means{care.ByJournal}, []care.Means{care.ByJournal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			path := filepath.Join("../docs/examples", name+".yaml")

			c, err := config.Load(path, func(key string) (string, bool) { return strings.Repeat(key, 8), true })
			if err != nil {
				t.Fatal(err)
			}

			record := c.Municipalities[0].Record

			told, ok := record.ByLaw[health]
			if !ok {
				told = record.Default
			}

			if record.Kind != want.kind || !slices.Equal(told.Means, want.health) || !slices.Equal(record.Default.Means, want.other) {
				t.Errorf("%s tells %v and %v", record.Kind, told.Means, record.Default.Means)
			}

			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}

			for _, host := range regexp.MustCompile(`(?:https?://|@)([^/:\s"?]+)`).FindAllSubmatch(text, -1) {
				if name := string(host[1]); !strings.HasSuffix(name, ".example") && name != "skaerm.testby.dk" {
					t.Errorf("%s is no example's host", host[1])
				}
			}
		})
	}
}
