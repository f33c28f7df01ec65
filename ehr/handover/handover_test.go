package handover_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/scheduler/care"
)

// robot does what a software robot does: it takes files out of the queue, does each key once, and
// leaves receipts. It shares no types with the journal.
type robot struct {
	config handover.Config

	mu   sync.Mutex
	done map[string]bool
	told map[string][]care.EntryKind // by visit
}

func (r *robot) work(t *testing.T) {
	t.Helper()

	r.mu.Lock()
	defer r.mu.Unlock()

	files, err := filepath.Glob(filepath.Join(r.config.Queue, "*.json"))
	if err != nil {
		t.Fatal(err)
	}

	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // the journal deleted it: it is done
		}

		var change struct {
			Schema     int
			Key, Entry string
			Visit      struct{ ID string }
			Citizen    struct{ CPR string }
		}
		if err := json.Unmarshal(data, &change); err != nil || change.Schema != 1 || len(change.Citizen.CPR) != 10 { //nolint:musttag // the names differ in case alone
			t.Errorf("the robot can't read %s: %v", data, err)
		}

		answer := map[string]any{"schema": 1, "key": change.Key, "outcome": "done", "id": "J-" + change.Key}
		if change.Visit.ID == "unknown" {
			answer["outcome"], answer["text"] = "refused", "Borger 251248-9996 findes ikke"
		} else if !r.done[change.Key] {
			r.done[change.Key] = true
			r.told[change.Visit.ID] = append(r.told[change.Visit.ID], care.EntryKind(change.Entry))
		}

		receipt(t, r.config, filepath.Base(path), answer)

		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	}
}

func receipt(t *testing.T, c handover.Config, name string, answer any) {
	t.Helper()

	data, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}

	temporary := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.Rename(temporary, filepath.Join(c.Receipts, name)); err != nil {
		t.Fatal(err)
	}
}

// attended is a journal beside which the robot works while the queue waits.
type attended struct {
	*handover.Journal

	t     *testing.T
	robot *robot
}

func (a attended) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	got, err := a.Journal.Apply(ctx, c)
	if connector.Is(err, connector.Pending) {
		a.robot.work(a.t)

		return a.Journal.Apply(ctx, c)
	}

	return got, err
}

func folders(t *testing.T) handover.Config {
	t.Helper()

	dir := t.TempDir()
	c := handover.Config{Queue: filepath.Join(dir, "queue"), Receipts: filepath.Join(dir, "receipts"), Sent: filepath.Join(dir, "sent")}
	c.SetDefaults()

	for _, folder := range []string{c.Queue, c.Receipts, c.Sent} {
		if err := os.Mkdir(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}

	return c
}

func open(t *testing.T, c handover.Config) *handover.Journal {
	t.Helper()

	j, err := handover.New(c, handover.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(j.Close)

	return j
}

func planned(t *testing.T, id string) ehr.Change {
	t.Helper()

	cpr, _, _ := care.ParseCPR("2512489996")
	start := time.Date(2026, 11, 24, 7, 30, 0, 0, time.UTC)

	return ehr.Change{
		Key: id + "/planned", Kind: care.EntryPlanned, Means: care.OnList, List: "l1", Source: care.SourceRef{System: "file", ID: id, Occurrence: "2026-11-24"},
		Citizen: care.CitizenKey{CPR: cpr}, Employee: "MSK", Unit: "Hjemmeplejen Øst", Service: "Medicinadministration", Law: care.SUL138,
		Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)}, Delivery: care.Screen, Category: "Planlagt skærmbesøg", Comment: "skærmbesøg",
	}
}

// TestConformance runs the port's suite with a robot that answers.
func TestConformance(t *testing.T) {
	t.Parallel()

	ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
		t.Helper()

		c := folders(t)
		r := &robot{config: c, done: map[string]bool{}, told: map[string][]care.EntryKind{}}
		another := func(t *testing.T) ehr.Journal { t.Helper(); return attended{open(t, c), t, r} }

		return ehrtest.Record{
			Journal: another(t), Another: another, Unknown: planned(t, "unknown"),
			Planned: []ehr.Change{planned(t, "a"), planned(t, "b"), planned(t, "c"), planned(t, "d")},
			Entries: func(t *testing.T, visit ehr.Change) []care.EntryKind {
				t.Helper()

				r.mu.Lock()
				defer r.mu.Unlock()

				return r.told[visit.Source.ID]
			},
		}
	})
}

// TestHandOver follows one change through the folders: a name that tells nothing, a file that is
// whole, Pending until the receipt, no CPR number afterwards.
func TestHandOver(t *testing.T) {
	t.Parallel()

	c := folders(t)
	j := open(t, c)
	change := ehrtest.NotCompleted(planned(t, "a"))
	change.Means, change.Name, change.Text = care.ByNote, "Omsorgsnotat", "Borgeren kom ikke."
	change.Fields = []ehr.Field{{Label: "Emne", Value: "Skærmbesøg"}}

	for range 3 {
		_, err := j.Apply(t.Context(), change)

		failure, _ := err.(*connector.Error) //nolint:errorlint // it is returned as it is
		if !connector.Is(err, connector.Pending) || failure.RetryAfter != time.Minute {
			t.Fatalf("without a receipt: %v", err)
		}
	}

	files, _ := filepath.Glob(filepath.Join(c.Queue, "*"))
	if len(files) != 1 || strings.Contains(files[0], "a/") {
		t.Fatalf("queue %v", files)
	}

	body, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}

	want, err := os.ReadFile("testdata/not-completed-note.json")
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), string(body)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}

	receipt(t, c, filepath.Base(files[0]), map[string]any{"schema": 1, "key": change.Key, "outcome": "done", "version": "3"})

	got, err := j.Apply(t.Context(), change)
	if err != nil || got.ID == "" || got.Version != "3" {
		t.Errorf("receipt %+v, %v", got, err)
	}

	for _, dir := range []string{c.Queue, c.Sent, c.Receipts} {
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, path := range left {
			if data, _ := os.ReadFile(path); strings.Contains(string(data), "2512489996") {
				t.Errorf("a CPR number is left in %s", path)
			}
		}
	}
}

// TestTakenFile does not hand over again what a robot took away without answering yet.
func TestTakenFile(t *testing.T) {
	t.Parallel()

	c := folders(t)
	j := open(t, c)
	_, _ = j.Apply(t.Context(), planned(t, "a"))

	files, _ := filepath.Glob(filepath.Join(c.Queue, "*"))
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}

	_, err := j.Apply(t.Context(), planned(t, "a"))
	if files, _ := filepath.Glob(filepath.Join(c.Queue, "*")); len(files) != 0 || !connector.Is(err, connector.Pending) {
		t.Errorf("queue %v, %v", files, err)
	}
}

// TestReceipts reads good and strange answers.
func TestReceipts(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer string
		want   connector.Kind
		text   string
	}{
		"refused":       {`{"schema":1,"key":"a/planned","outcome":"refused","text":"Borger 251248-9996 er låst"}`, connector.Rejected, "er låst"},
		"without words": {`{"schema":1,"key":"a/planned","outcome":"refused"}`, connector.Rejected, "i hånden"},
		"another key":   {`{"schema":1,"key":"b","outcome":"done"}`, connector.Malformed, "kan ikke læses"},
		"future":        {`{"schema":2,"key":"a/planned","outcome":"done"}`, connector.Malformed, "kan ikke læses"},
		"outcome":       {`{"schema":1,"key":"a/planned","outcome":"maybe"}`, connector.Malformed, "kan ikke læses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := folders(t)
			j := open(t, c)
			_, _ = j.Apply(t.Context(), planned(t, "a"))

			files, _ := filepath.Glob(filepath.Join(c.Queue, "*"))
			if err := os.WriteFile(filepath.Join(c.Receipts, filepath.Base(files[0])), []byte(test.answer), 0o600); err != nil {
				t.Fatal(err)
			}

			_, err := j.Apply(t.Context(), planned(t, "a"))
			if !connector.Is(err, test.want) || !strings.Contains(care.MessageOf(err), test.text) || strings.Contains(err.Error(), "9996") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestGrowingReceipt: a robot that writes a receipt under its own name is given time to end, a mark before the text
// is no fault, and a receipt that stays half is told.
func TestGrowingReceipt(t *testing.T) {
	t.Parallel()

	c := folders(t)
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

	j, err := handover.New(c, handover.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}

	_, _ = j.Apply(t.Context(), planned(t, "a"))
	files, _ := filepath.Glob(filepath.Join(c.Queue, "*"))
	answer := func(text string) (ehr.Receipt, error) {
		if err := os.WriteFile(filepath.Join(c.Receipts, filepath.Base(files[0])), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}

		return j.Apply(t.Context(), planned(t, "a"))
	}

	for _, half := range []string{"", `{"schema":1,"key":"a/pl`} {
		if _, err := answer(half); !connector.Is(err, connector.Pending) {
			t.Errorf("%q: %v", half, err)
		}
	}

	now = now.Add(2 * time.Minute)

	if _, err := answer(`{"schema":1,"key":"a/pl`); !connector.Is(err, connector.Malformed) || !strings.Contains(care.MessageOf(err), "kan ikke læses") {
		t.Errorf("half for two minutes: %v", err)
	}

	if got, err := answer("\ufeff" + `{"schema":1,"key":"a/planned","outcome":"done","id":"J-1"}`); err != nil || got.ID != "J-1" {
		t.Errorf("whole: %+v, %v", got, err)
	}
}

// TestDone moves receipts away once they were read, and still answers repeats.
func TestDone(t *testing.T) {
	t.Parallel()

	for _, where := range places() {
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()

			p := where.open(t)
			p.journal.Done = filepath.Join(filepath.Dir(p.journal.Sent), "done")
			done := filepath.Join(filepath.Dir(p.robot.Sent), "done")

			if err := os.Mkdir(done, 0o750); err != nil {
				t.Fatal(err)
			}

			j := open(t, p.journal)
			_, _ = j.Apply(t.Context(), planned(t, "a"))

			files, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*"))
			receipt(t, p.robot, filepath.Base(files[0]), map[string]any{"schema": 1, "key": "a/planned", "outcome": "done", "id": "J-1"})

			for range 3 {
				if got, err := j.Apply(t.Context(), planned(t, "a")); err != nil || got.ID != "J-1" {
					t.Errorf("receipt %+v, %v", got, err)
				}
			}

			left, _ := filepath.Glob(filepath.Join(p.robot.Receipts, "*"))
			moved, _ := filepath.Glob(filepath.Join(done, "*.json"))

			if len(left) != 0 || len(moved) != 1 {
				t.Errorf("receipts %v, done %v", left, moved)
			}
		})
	}
}

// TestSweep deletes what a process that died left half written, and what another one is writing not.
func TestSweep(t *testing.T) {
	t.Parallel()

	for _, where := range places() {
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()

			p := where.open(t)
			nursery := filepath.Join(p.robot.Sent, ".new")
			old, fresh := filepath.Join(nursery, "old"), filepath.Join(nursery, "fresh")

			if err := os.Mkdir(nursery, 0o750); err != nil {
				t.Fatal(err)
			}

			for _, path := range []string{old, fresh} {
				if err := os.WriteFile(path, []byte(`{"cpr":"25`), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			past := time.Now().Add(-25 * time.Hour)
			if err := os.Chtimes(old, past, past); err != nil {
				t.Fatal(err)
			}

			_, _ = open(t, p.journal).Apply(t.Context(), planned(t, "a"))

			if left, _ := filepath.Glob(filepath.Join(nursery, "*")); len(left) != 1 || left[0] != fresh {
				t.Errorf("left %v", left)
			}
		})
	}
}

// TestConfig tells every problem at once.
func TestConfig(t *testing.T) {
	t.Parallel()

	if problems := (handover.Config{Queue: "x", Receipts: "x", Ask: 1}).Validate(); len(problems) != 4 {
		t.Errorf("%v", problems)
	}

	if _, err := handover.New(handover.Config{Queue: "/a", Receipts: "/b", Sent: "/c", Done: "/b", Ask: time.Minute}, handover.Options{}); err == nil ||
		!strings.Contains(err.Error(), "done: must be a folder of its own") || !strings.Contains(err.Error(), "Now") {
		t.Errorf("%v", err)
	}
}

// TestCheck says in Danish what is wrong with the folders.
func TestCheck(t *testing.T) {
	t.Parallel()

	for _, where := range places() {
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()

			p := where.open(t)
			j := open(t, p.journal)

			for _, f := range j.Check(t.Context()) {
				if f.Level != connector.Fine {
					t.Errorf("of good folders: %+v", f)
				}
			}

			_, _ = j.Apply(t.Context(), planned(t, "a"))

			files, _ := filepath.Glob(filepath.Join(p.robot.Queue, "*"))
			past := time.Now().Add(-25 * time.Hour)

			if err := errors.Join(os.Chtimes(files[0], past, past), os.Remove(p.robot.Receipts)); err != nil {
				t.Fatal(err)
			}

			var told []string
			for _, f := range j.Check(t.Context()) {
				if f.Level != connector.Fine {
					told = append(told, f.Subject+": "+f.Text)
				}
			}

			want := []string{
				"Mappen record.handover.receipts: Mappen findes ikke. Opret den, eller ret stien i record.handover.",
				"Robotten: 1 ændringer har ligget i køen i over et døgn. Se, om robotten kører, og om den må læse mappen.",
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
