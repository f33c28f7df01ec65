package config_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/config"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const referenceFile = "../docs/configuration.md"

func TestReferenceIsTheOneInDocs(t *testing.T) {
	t.Parallel()

	var made strings.Builder
	if err := config.Reference(&made); err != nil {
		t.Fatal(err)
	}

	if *update {
		if err := os.WriteFile(referenceFile, []byte(made.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	stored, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(stored), made.String()); diff != "" {
		t.Errorf("docs/configuration.md is old; go test ./config -update writes it (-stored +made):\n%s", diff)
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()

	var made strings.Builder
	if err := config.Reference(&made); err != nil {
		t.Fatal(err)
	}

	rows := 0

	for line := range strings.Lines(made.String()) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}

		rows++

		if !regexp.MustCompile("^\\| `[a-z0-9_.*\\[\\]]+` \\| [a-z ]+ \\| [A-Za-z*].*\\. \\|\n$").MatchString(line) {
			t.Errorf("key without a sentence: %s", line)
		}
	}

	if rows < 100 {
		t.Errorf("%d keys", rows)
	}
}

// TestExampleLoads loads docs/example.yaml, with its paths moved to files that exist.
func TestExampleLoads(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docs/example.yaml")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()

	files := map[string]bool{}
	for _, found := range regexp.MustCompile(`\{file: (/etc/sluse/[^}]+)\}`).FindAllStringSubmatch(string(text), -1) {
		files[found[1]] = true
	}

	for name := range maps.Keys(files) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(path, []byte("hemmelighed nok til alle formål: "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	moved := strings.ReplaceAll(string(text), "/etc/sluse", dir+"/etc/sluse")
	env := environment{"SLUSE_PROEVEBY_LINKS": strings.Repeat("x", 32)}

	c, err := config.Parse([]byte(moved), env.lookup)
	if err != nil {
		t.Fatal(err)
	}

	if len(c.Municipalities) != 2 || c.Municipalities[0].Login.BaseURL != "https://skaerm.testby.dk" {
		t.Errorf("read: %+v", c)
	}
}
