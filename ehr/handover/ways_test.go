package handover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/scheduler/care"
)

// clerk is a robot that tells what it typed into the record, and has bad days.
type clerk struct {
	config handover.Config

	mu    sync.Mutex
	dice  *rand.Rand // nil: a good day
	typed map[string]string
	told  map[string][]string // by visit and means
	next  string              // what goes wrong with the next change: "refuse", "tear", "faint"
	torn  map[string]any      // receipts to be written again, by name
}

// task is what the clerk reads in a file; it shares no types with the journal.
type task struct {
	Key      string `json:"key"`
	Entry    string `json:"entry"`
	Means    string `json:"means"`
	Category string `json:"category"`
	Comment  string `json:"comment"`
	Result   string `json:"result"`
	Name     string `json:"name"`
	Visit    struct {
		ID string `json:"id"`
	} `json:"visit"`
}

// work goes through the queue.
func (c *clerk) work(t *testing.T) {
	t.Helper()

	c.mu.Lock()
	defer c.mu.Unlock()

	files, err := filepath.Glob(filepath.Join(c.config.Queue, "*.json"))
	if err != nil {
		t.Fatal(err)
	}

	for name, answer := range c.torn {
		receipt(t, c.config, name, answer)
	}

	clear(c.torn)

	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil {
			c.do(t, path, data)
		}
	}
}

func (c *clerk) do(t *testing.T, path string, data []byte) {
	t.Helper()

	var in task
	if err := json.Unmarshal(data, &in); err != nil || in.Key == "" {
		t.Errorf("the clerk can't read %s: %v", data, err)
	}

	mishap := c.next
	c.next = ""

	if c.dice != nil {
		mishap = []string{"", "", "faint", "tear", "late"}[c.dice.IntN(5)]
	}

	answer := map[string]any{"schema": 1, "key": in.Key, "outcome": "done", "id": "J-" + in.Key}

	switch _, known := c.typed[in.Key]; {
	case mishap == "late":
		return
	case mishap == "refuse":
		answer["outcome"], answer["text"] = "refused", "Borger 251248-9996 er låst"
	case !known:
		c.typed[in.Key] = path
		c.told[in.Visit.ID+in.Means] = append(c.told[in.Visit.ID+in.Means], fmt.Sprint(in.Entry, in.Category, in.Comment, in.Result, in.Name))
	}

	if mishap == "faint" { // it has typed, and forgets that it has
		return
	}

	name := filepath.Base(path)

	if mishap == "tear" {
		c.torn[name] = answer
		_ = os.WriteFile(filepath.Join(c.config.Receipts, name), []byte(`{"schema":1,"ke`), 0o600)

		return
	}

	receipt(t, c.config, name, answer)

	_ = os.Remove(path) // the journal may have been quicker
}

// staffed is a journal beside which a clerk works while the queue waits.
type staffed struct {
	*handover.Journal

	t     *testing.T
	clerk *clerk
}

func (s staffed) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	got, err := s.Journal.Apply(ctx, c)
	if k := connector.KindOf(err); k == connector.Pending || k == connector.Malformed {
		s.clerk.work(s.t)

		return s.Journal.Apply(ctx, c)
	}

	return got, err
}

// TestWays runs the port's suite for every means, with a clerk who has bad days.
func TestWays(t *testing.T) {
	t.Parallel()
	ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
		t.Helper()

		config := folders(t)
		c := newClerk(config)
		r := c.record(t, config, seed)
		heal := r.Heal
		r.Heal = func(t *testing.T) {
			t.Helper()
			heal(t)

			if err := os.Rename(config.Queue+".away", config.Queue); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		r.Arms = slices.Concat(r.Arms, []ehrtest.Arm{{Mishap: ehrtest.Gone, Do: c.away}},
			ehrtest.Without("there is no network", ehrtest.Network()...), ehrtest.Without(inWords, ehrtest.NotPermitted))

		return r
	})
}

const inWords = "what is so in the record, the robot refuses in words of its own"

func newClerk(config handover.Config) *clerk {
	return &clerk{config: config, typed: map[string]string{}, told: map[string][]string{}, torn: map[string]any{}}
}

// record is a journal that hands over to the clerk, with the mishaps that are the clerk's.
func (c *clerk) record(t *testing.T, config handover.Config, seed uint64) ehrtest.Record {
	t.Helper()

	another := func(t *testing.T) ehr.Journal { t.Helper(); return staffed{open(t, config), t, c} }
	next := func(mishap string) func(*testing.T, ehr.Change) {
		return func(*testing.T, ehr.Change) {
			c.mu.Lock()
			defer c.mu.Unlock()

			c.next = mishap
		}
	}

	r := ehrtest.Record{
		Journal: another(t), Another: another,
		Planned: []ehr.Change{planned(t, "a"), planned(t, "b"), planned(t, "c"), planned(t, "d")},
		Storm: func(*testing.T) {
			c.mu.Lock()
			defer c.mu.Unlock()

			c.dice = rand.New(rand.NewPCG(seed, 1))
		},
		Heal: func(*testing.T) {
			c.mu.Lock()
			defer c.mu.Unlock()

			c.dice, c.next = nil, ""
		},
		Arms: slices.Concat([]ehrtest.Arm{
			{Mishap: ehrtest.LostAfter, Do: next("faint")},
			{Mishap: ehrtest.BrokenBody, Do: next("tear")},
			{Mishap: ehrtest.RefusedByRecord, Do: next("refuse")},
		}, ehrtest.Without(inWords, ehrtest.SomebodyElse, ehrtest.ReadOnly)),
	}

	for _, m := range care.AllMeans() {
		r.Ways = append(r.Ways, c.way(m))
	}

	return r
}

// away takes the folder away, as a share that is gone.
func (c *clerk) away(t *testing.T, _ ehr.Change) {
	t.Helper()

	if err := os.Rename(c.config.Queue, c.config.Queue+".away"); err != nil {
		t.Fatal(err)
	}
}

func (c *clerk) way(m care.Means) ehrtest.Way {
	return ehrtest.Way{
		Means: m,
		Of: func(change ehr.Change) ehr.Change {
			change.Name, change.Text = "Skærmbesøg", "Skærmbesøg"

			return change
		},
		Told: func(t *testing.T, change ehr.Change) []string {
			t.Helper()

			c.mu.Lock()
			defer c.mu.Unlock()

			return append([]string(nil), c.told[change.Source.ID+string(m)]...)
		},
		Wrong: map[string]func(ehr.Change) ehr.Change{
			"citizen": func(change ehr.Change) ehr.Change { change.Citizen = care.CitizenKey{}; return change },
			"time":    func(change ehr.Change) ehr.Change { change.Planned.End = time.Time{}; return change },
		},
	}
}
