package world

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// fileHistory is a directory of driving lists with what came of them: per list the file that came
// in, the one that goes out, and a line per entry. It is read as a robot would read it.
type fileHistory struct{ dir string }

// fileEntry is a line of a list's log.
type fileEntry struct {
	Key        string `json:"key"`
	Kind       string `json:"kind"`
	System     string `json:"system"`
	ID         string `json:"id"`
	Occurrence string `json:"occurrence"`
	Result     string `json:"result"`
}

// is reports whether the line is about a row's visit.
func (e fileEntry) is(source care.SourceRef) bool {
	return e.System == source.System && e.ID == source.ID && e.Occurrence == source.Occurrence
}

// keptFile is a list's directory.
type keptFile struct{ dir string }

func (h *fileHistory) lists() []keptFile {
	found, err := filepath.Glob(filepath.Join(h.dir, "*", "lister", "*", "liste.json"))
	if err != nil {
		return nil // the pattern is ours
	}

	var out []keptFile
	for _, path := range found {
		out = append(out, keptFile{filepath.Dir(path)})
	}

	return out
}

func (l keptFile) entries() []fileEntry {
	data, err := os.ReadFile(filepath.Join(l.dir, "aendringer.jsonl"))
	if err != nil {
		return nil // nothing was written yet
	}

	var out []fileEntry

	for line := range bytes.Lines(data) {
		var e fileEntry
		if json.Unmarshal(line, &e) == nil {
			out = append(out, e)
		}
	}

	return out
}

func (h *fileHistory) told(row ehr.Row, m care.Means) Told {
	var t Told

	if m != care.OnList {
		return t
	}

	seen := map[string]bool{}

	for _, l := range h.lists() {
		for _, e := range l.entries() {
			if !e.is(row.Source) {
				continue
			}

			if seen[e.Key] {
				t.Doubled++
			}

			seen[e.Key] = true

			switch care.EntryKind(e.Kind) {
			case care.EntryPlanned:
				t.Planned++
			case care.EntryRestored:
				t.Restored++
			case care.EntryResult:
				t.Results++
				t.Outcome = care.ResultKind(e.Result)
			}
		}
	}

	return t
}

// files are the lines of the list as it came and as it goes out, without their ends. One that
// nothing was written into goes out as it came.
func (l keptFile) files() (in, out []string) {
	read := func(pattern string) []string {
		found, err := filepath.Glob(filepath.Join(l.dir, pattern))
		if err != nil {
			return nil
		}

		found = slices.DeleteFunc(found, func(path string) bool {
			return strings.HasPrefix(filepath.Base(path), ".") || filepath.Base(path) == WorkList
		})
		if len(found) != 1 {
			return nil
		}

		data, err := os.ReadFile(found[0])
		if err != nil {
			return nil
		}

		return strings.SplitAfter(string(data), "\n")
	}

	in, out = read("ind/*"), read("ud/*")
	if out == nil {
		out = in
	}

	return in, out
}

// WorkList is the file, beside a list, of what a person has to type into the record.
const WorkList = "arbejdsliste.csv"

// exact compares the bytes of the row's line as it came and as it goes out.
func (h *fileHistory) exact(row ehr.Row) bool {
	for _, l := range h.lists() {
		line, ok := l.lineOf(row.Source)
		if !ok {
			continue
		}

		in, out := l.files()

		return line >= 1 && len(in) == len(out) && line <= len(in) && in[line-1] == out[line-1]
	}

	return false
}

// lineOf is the line of a visit's row, counted from 1.
func (l keptFile) lineOf(source care.SourceRef) (int, bool) {
	data, err := os.ReadFile(filepath.Join(l.dir, "liste.json"))
	if err != nil {
		return 0, false
	}

	var manifest struct {
		Rows []struct {
			fileEntry

			Line int `json:"line"`
		} `json:"rows"`
	}
	if json.Unmarshal(data, &manifest) != nil {
		return 0, false
	}

	for _, row := range manifest.Rows {
		if row.is(source) {
			return row.Line, true
		}
	}

	return 0, false
}

// violations counts lists that go out with more or fewer rows than they came in with: each row is
// one visit, whatever its category says.
func (h *fileHistory) violations() int {
	n := 0

	for _, l := range h.lists() {
		if in, out := l.files(); len(in) != len(out) {
			n++
		}
	}

	return n
}

func (h *fileHistory) requests() int { return 0 }

// RecordFiles are the driving lists as they go out, and the work lists, by list.
func (w *World) RecordFiles() []string {
	found, err := filepath.Glob(filepath.Join(w.Dir, "*", "lister", "*", "ud", "[^.]*"))
	if err != nil {
		return nil // the pattern is ours
	}

	return found
}
