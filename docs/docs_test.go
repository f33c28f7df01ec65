package docs_test

import (
	"bytes"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

const root = ".."

// pages reads every page of the documentation; the keys are paths below the root.
func pages(t *testing.T) map[string]string {
	t.Helper()

	names := []string{"README.md", "CHANGELOG.md"}

	for _, pattern := range []string{"*.md", "adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}

		for _, name := range found {
			names = append(names, filepath.Join("docs", name))
		}
	}

	out := map[string]string{}
	for _, name := range names {
		out[name] = read(t, name)
	}

	return out
}

func read(t *testing.T, name string) string {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}

	return string(data)
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, name))

	return err == nil
}

var (
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	fence   = regexp.MustCompile("(?s)```.*?```")
)

// anchor writes a heading as the hosts of repositories do.
func anchor(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	text = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(text, "")

	return strings.ReplaceAll(text, " ", "-")
}

// TestLinks: every relative link leads to a file, and its anchor to a heading.
func TestLinks(t *testing.T) {
	t.Parallel()

	all := pages(t)

	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			target := m[1]
			if strings.Contains(target, "://") {
				continue
			}

			file, fragment, _ := strings.Cut(target, "#")
			where := name

			if file != "" {
				where = filepath.Join(filepath.Dir(name), file)
			}

			if !exists(where) {
				t.Errorf("%s: %s leads nowhere", name, target)

				continue
			}

			if fragment == "" {
				continue
			}

			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(read(t, where), ""), -1) {
				anchors = append(anchors, anchor(h[1]))
			}

			if !slices.Contains(anchors, fragment) {
				t.Errorf("%s: %s has no heading #%s", name, where, fragment)
			}
		}
	}
}

// TestPaths: a path in back-quotes that begins with a folder of ours is there.
func TestPaths(t *testing.T) {
	t.Parallel()

	code := regexp.MustCompile("`([^`\\s]+)`")
	ours := regexp.MustCompile(`^(cmd|config|connector|ehr|saml|scheduler|migrations|internal|docs|\.ci)(/[A-Za-z0-9_.-]+)+/?$`)

	for name, text := range pages(t) {
		for _, m := range code.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if p := m[1]; ours.MatchString(p) && !strings.Contains(p, "NAME") && !exists(p) {
				t.Errorf("%s: %s is not there", name, p)
			}
		}
	}
}

// TestCommands: the commands of the program and of make that the pages name exist.
func TestCommands(t *testing.T) {
	t.Parallel()

	usage, makefile := read(t, "cmd/sluse/main.go"), read(t, "Makefile")
	sub := regexp.MustCompile(`\bsluse (serve|import|version|(?:migrate|config|list|backup|restore|audit|doctor)(?: [a-z]+)?)\b`)
	target := regexp.MustCompile("`make ([a-z]+)`")

	for name, text := range pages(t) {
		for _, m := range sub.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(usage, "  sluse "+m[1]) {
				t.Errorf("%s: the program has no %q", name, m[0])
			}
		}

		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no make %s", name, m[1])
			}
		}
	}
}

// TestMetrics: every metric that the pages name is made somewhere, and operations.md names all.
func TestMetrics(t *testing.T) {
	t.Parallel()

	name := regexp.MustCompile(`"(sluse_[a-z_]+)"`)
	made := map[string]bool{}

	for _, dir := range []string{"internal/obs", "internal/web"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}

			data, err := os.ReadFile(path)
			for _, m := range name.FindAllSubmatch(data, -1) {
				made[string(m[1])] = true
			}

			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`(sluse_[a-z]+_[a-z_]+)`").FindAllStringSubmatch(read(t, "docs/operations.md"), -1) {
		told[m[1]] = true
	}

	if diff := cmp.Diff(made, told); diff != "" {
		t.Errorf("metrics (-made +told):\n%s", diff)
	}
}

// TestJobs: the table of jobs has every kind, in its queue.
func TestJobs(t *testing.T) {
	t.Parallel()

	told := make(map[scheduler.JobKind]queue.Name)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (video|message|record|work) \\|").FindAllStringSubmatch(read(t, "docs/visit-lifecycle.md"), -1) {
		told[scheduler.JobKind(m[1])] = queue.Name(m[2])
	}

	want := make(map[scheduler.JobKind]queue.Name)
	for _, kind := range scheduler.JobKinds() {
		want[kind] = queue.Of(kind)
	}

	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("jobs (-program +page):\n%s", diff)
	}
}

// TestVisitDiagram: the arrows of the visit's diagram are those of the transition matrix, and the
// one by which a list brings a visit back.
func TestVisitDiagram(t *testing.T) {
	t.Parallel()

	want := map[string]bool{"cancelled listed": true}

	for line := range strings.Lines(read(t, "scheduler/care/testdata/transitions.golden")) {
		f := strings.Fields(line)
		if from, to := f[0], f[len(f)-1]; f[len(f)-2] != "✗" && from != to {
			want[from+" "+to] = true
		}
	}

	page := read(t, "docs/visit-lifecycle.md")
	_, diagram, _ := strings.Cut(page, "## Visit")
	diagram, _, _ = strings.Cut(diagram, "## Room")

	told := map[string]bool{}

	for _, m := range regexp.MustCompile(`(?m)^  ([a-z_]+) --> ([a-z_]+):`).FindAllStringSubmatch(diagram, -1) {
		told[m[1]+" "+m[2]] = true
	}

	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("arrows (-matrix +page):\n%s", diff)
	}

	for _, s := range care.States() {
		if !strings.Contains(diagram, "| `"+string(s)+"` |") {
			t.Errorf("the table has no %s", s)
		}
	}
}

// TestStates: every state of the smaller machines stands in the page.
func TestStates(t *testing.T) {
	t.Parallel()

	page := read(t, "docs/visit-lifecycle.md")
	source := regexp.MustCompile(`(?m)^\t(?:Room|Invitation|Admission|Entry|Batch)[A-Za-z]+ +(?:RoomState|InvitationState|AdmissionState|EntryState|BatchState) += "([a-z_]+)"`)

	files, err := filepath.Glob(filepath.Join(root, "scheduler/care/*.go"))
	if err != nil {
		t.Fatal(err)
	}

	n := 0

	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}

		for _, m := range source.FindAllSubmatch(data, -1) {
			n++

			if !regexp.MustCompile(`(?m)^  ` + string(m[1]) + ` --> |--> ` + string(m[1]) + `\b`).MatchString(page) {
				t.Errorf("no diagram has %s of %s", m[1], filepath.Base(name))
			}
		}
	}

	if n < 20 {
		t.Errorf("only %d states were found in the code", n)
	}
}

// TestPictures: every picture is shown, is a picture, and is small.
func TestPictures(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("images/*")
	if err != nil {
		t.Fatal(err)
	}

	var all strings.Builder
	for _, text := range pages(t) {
		all.WriteString(text)
	}

	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}

		if _, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || len(data) > 150<<10 {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}

		if !strings.Contains(all.String(), name) {
			t.Errorf("%s is shown nowhere", name)
		}
	}
}
