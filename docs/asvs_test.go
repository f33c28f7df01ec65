package docs_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// asvs are the requirements of ASVS 5.0 that the table has to answer (identity.md §5.6).
const asvs = `6.8.1 6.8.2 6.8.3 6.8.4 7.6.1 7.6.2 7.1.3 6.1.1 6.1.3 6.3.1 6.3.3 6.3.4 6.3.5 6.3.6 6.3.8 6.4.1 6.4.2
	6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.6.1 6.6.2 6.6.3 7.1.1 7.1.2 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5
	7.5.1 7.5.2 7.5.3 8.1.1 8.1.2 8.2.1 8.2.2 8.2.3 8.3.1 8.3.2 8.4.1 8.4.2 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4
	10.1.2 10.2.1 10.2.2 10.5.1 10.5.2 10.5.3 10.5.4 10.5.5 1.5.1 1.5.3 1.2.2 3.5.1 3.5.2 3.5.3 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5
	3.4.1 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8 11.2.4 11.2.5 11.3.1 11.3.2 11.3.3 11.4.1 11.4.3 11.5.1 12.1.1 12.1.2 12.2.1 12.2.2
	14.2.1 14.2.2 14.2.3 14.2.4 14.2.6 14.2.7 14.3.1 14.3.2 14.3.3 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4
	16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3 16.5.4 2.3.1 2.4.1`

// TestASVS: the table answers every requirement, every row says whether it is met, what it claims has
// a test, and every test that it names exists.
func TestASVS(t *testing.T) {
	t.Parallel()

	_, table, ok := strings.Cut(read(t, "docs/security.md"), "\n## ASVS 5.0\n")
	if !ok {
		t.Fatal("no table")
	}

	table, _, _ = strings.Cut(table, "\n## ")
	known := testFunctions(t)
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")

	var answered []string

	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || strings.Contains(cells[0], "---") || strings.TrimSpace(cells[0]) == "requirement" {
			continue
		}

		ids := strings.FieldsFunc(cells[0], func(r rune) bool { return r == ' ' || r == ',' })
		answered = append(answered, ids...)
		tests := named.FindAllStringSubmatch(cells[3], -1)

		switch state := strings.TrimSpace(cells[1]); state {
		case "met", "partly":
			if len(tests) == 0 {
				t.Errorf("%s: nothing proves it", cells[0])
			}
		case "not met", "not applicable":
		default:
			t.Errorf("%s: %q is no answer", cells[0], state)
		}

		for _, m := range tests {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: there is no %s", cells[0], m[1])
			}
		}
	}

	for id := range strings.FieldsSeq(asvs) {
		if n := len(slices.DeleteFunc(slices.Clone(answered), func(a string) bool { return a != id })); n != 1 {
			t.Errorf("%s is answered %d times", id, n)
		}
	}
}

// testFunctions lists the tests and fuzz targets of the module.
func testFunctions(t *testing.T) []string {
	t.Helper()

	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

	var out []string

	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}

		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}

		for _, m := range function.FindAllStringSubmatch(read(t, rel), -1) {
			out = append(out, m[1])
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}
