package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler/care"
)

// TestLevelsOfRoles: administrators and auditors need Substantial where the provider tells a level;
// what the file says holds wholly.
func TestLevelsOfRoles(t *testing.T) {
	t.Parallel()

	usual := map[care.Role]care.Assurance{care.Administrator: care.Substantial, care.Auditor: care.Substantial} //nolint:exhaustive // none for the others

	for name, c := range map[string]struct {
		login, sessions string
		want            map[care.Role]care.Assurance
	}{
		"told":       {"profile: oiosaml3, cvr: \"29189846\", ", "", usual},
		"Kombit":     {"profile: kombit, cvr: \"29189846\", ", "    sessions: {idle: 1h}\n", usual},
		"not told":   {"", "", nil},
		"none":       {"profile: kombit, cvr: \"29189846\", ", "    sessions: {min_level: {}}\n", nil},
		"of its own": {"profile: kombit, cvr: \"29189846\", ", "    sessions: {min_level: {leader: high}}\n", map[care.Role]care.Assurance{care.Leader: care.HighAssurance}}, //nolint:exhaustive // none for the others
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			text := strings.Replace(minimal, "    login: {", "    login: {"+c.login, 1) + c.sessions
			env := secrets()

			parsed, err := config.Parse([]byte(text), env.lookup)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(c.want, parsed.Municipalities[0].Sessions.Levels(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("levels:\n%s", diff)
			}
		})
	}
}
