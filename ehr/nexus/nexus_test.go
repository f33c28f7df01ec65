package nexus_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	nancy = "2512489996"
	bruno = "2509479989"
	kaja  = "2103009996"
	niels = "3001749995"
	bo    = "0212159995"

	list = "Øst dag"
)

// today is the time of all clocks: a winter day in Denmark, noon.
func today() time.Time { return time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC) }

// testBundle is a Nexus with its adapter.
type testBundle struct {
	sim    *nexussim.Server
	config nexus.Config
	nexus  *nexus.Nexus
}

// setup starts a calm, strict Nexus in which every way of telling is set up.
func setup(t *testing.T, edits ...func(*nexussim.Options, *nexus.Config)) *testBundle {
	t.Helper()

	options := nexussim.Options{Clock: today, Calm: true, Strict: true, Seed: 11, Wait: func(context.Context, time.Duration) {}}
	config := nexus.Config{
		Instance: nexussim.DefaultInstance, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"), WriteVisitType: true,
		Intervention: nexus.Intervention{Placement: "Sundhedsfagligt grundforløb > Sygepleje", Supplier: "Sygeplejen"},
		Note:         nexus.Note{TextLabel: "Notat"},
	}

	for _, edit := range edits {
		edit(&options, &config)
	}

	sim, err := nexussim.New(options)
	if err != nil {
		t.Fatal(err)
	}

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	root, err := url.Parse(urls.API)
	if err != nil {
		t.Fatal(err)
	}

	config.IAMURL, config.APIURL = urls.IAM, root.Scheme+"://"+root.Host
	config.SetDefaults()

	b := &testBundle{sim: sim, config: config}
	b.nexus = b.open(t, config)

	return b
}

// open makes one more adapter to the same record.
func (b *testBundle) open(t *testing.T, config nexus.Config) *nexus.Nexus {
	t.Helper()

	n, err := nexus.New(config, nexus.Options{Now: today})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(n.Close)

	return n
}

// load puts a visit on a list and returns its ref; the edits change it first.
func (b *testBundle) load(t *testing.T, on string, visits ...nexussim.NewVisit) []nexussim.Ref {
	t.Helper()

	for i := range visits {
		v := &visits[i]
		if v.Start.IsZero() {
			v.Start = today().Add(time.Duration(2+i) * time.Hour)
		}

		if v.End.IsZero() {
			v.End = v.Start.Add(15 * time.Minute)
		}

		if v.Employee == "" {
			v.Employee = "MSK"
		}

		if v.Service == "" {
			v.Service, v.Law = "Medicinadministration", "SUL §138"
		}
	}

	refs, err := b.sim.Load(nexussim.Day{List: on, Visits: visits})
	if err != nil {
		t.Fatal(err)
	}

	return refs
}

func cprOf(t *testing.T, text string) care.CPR {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR(text)
	if verdict == care.CPRMalformed {
		t.Fatal("the test citizen's number is malformed")
	}

	return cpr
}

// planned is the change of a planned screen visit.
func (b *testBundle) planned(t *testing.T, ref nexussim.Ref) ehr.Change {
	t.Helper()

	visit, err := b.sim.Visit(ref)
	if err != nil {
		t.Fatal(err)
	}

	day := string(care.DayOf(visit.Start))

	return ehr.Change{
		Key: fmt.Sprintf("visit-%d-%s/planned/1.1", ref.ID, day), Kind: care.EntryPlanned, Means: care.OnList, List: "l1",
		Source:  care.SourceRef{System: nexus.System, ID: strconv.Itoa(ref.ID), Occurrence: day},
		Citizen: care.KeyOf(cprOf(t, visit.CPR[0]), care.SurrogateID{}), Employee: "MSK", Unit: "Øst", Service: "Medicinadministration",
		Law: care.SUL138, Planned: care.Interval{Start: visit.Start, End: visit.End}, Delivery: care.Screen,
		Category: "Planlagt skærmbesøg", Comment: "skærmbesøg",
	}
}

var tagLike = regexp.MustCompile(` #[a-z2-7]{5}`)

// state is what people see at a visit, our references left out.
func (b *testBundle) state(t *testing.T, ref nexussim.Ref) ehrtest.State {
	t.Helper()

	visit, err := b.sim.Visit(ref)
	if err != nil {
		t.Fatal(err)
	}

	return ehrtest.State{Category: visit.Category, Comment: tagLike.ReplaceAllString(visit.Comment, "")}
}

// entries are the kinds of the writes to a visit; one that changed nothing is a fault.
func (b *testBundle) entries(t *testing.T, ref nexussim.Ref) []care.EntryKind {
	t.Helper()

	visit, err := b.sim.Visit(ref)
	if err != nil {
		t.Fatal(err)
	}

	var kinds []care.EntryKind

	for _, e := range visit.Entries {
		if e.Duplicate {
			t.Errorf("a write to visit %v changed nothing", ref)
		}

		kinds = append(kinds, care.EntryKind(e.Kind))
	}

	return kinds
}

// crowd loads visits of several citizens, some of them repeated, with people's comments.
func (b *testBundle) crowd(t *testing.T) map[string]nexussim.Ref {
	t.Helper()

	repeat := []time.Time{today().AddDate(0, 0, 1).Add(2 * time.Hour), today().AddDate(0, 0, 2).Add(2 * time.Hour)}
	refs := b.load(t, list,
		nexussim.NewVisit{CPR: []string{nancy}, Comment: "Nøgleboks ved dør ", Repeat: repeat},
		nexussim.NewVisit{CPR: []string{bruno}},
		nexussim.NewVisit{CPR: []string{kaja}, Comment: "Ring først\nHund"},
		nexussim.NewVisit{CPR: []string{niels}, Comment: " "},
	)

	bySource := map[string]nexussim.Ref{}
	for _, ref := range refs {
		bySource[b.planned(t, ref).Key] = ref
	}

	return bySource
}

func TestJournalOnTheList(t *testing.T) {
	t.Parallel()

	for name, quirks := range map[string]nexussim.Quirks{
		"ordinary": {}, "412 and weak tags": {StaleStatus: 412, WeakETag: true, NoContent: true}, "half lists without tags": {HalfLists: true, NoETag: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				b := setup(t, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks = quirks })
				refs := b.crowd(t)
				record := ehrtest.Record{
					Journal: b.nexus,
					Another: func(t *testing.T) ehr.Journal { t.Helper(); return b.open(t, b.config) },
					Entries: func(t *testing.T, c ehr.Change) []care.EntryKind { t.Helper(); return b.entries(t, b.refOf(t, c)) },
					State:   func(t *testing.T, c ehr.Change) ehrtest.State { t.Helper(); return b.state(t, b.refOf(t, c)) },
				}

				for _, key := range sortedKeys(refs) {
					record.Planned = append(record.Planned, b.planned(t, refs[key]))
				}

				record.Unknown = record.Planned[0]
				record.Unknown.Key, record.Unknown.Source.ID = "visit-1/planned/1.1", "1"

				return record
			})
		})
	}
}

func sortedKeys(m map[string]nexussim.Ref) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}

	slices.Sort(keys)

	return keys
}

// refOf finds the visit that a change is of.
func (b *testBundle) refOf(t *testing.T, c ehr.Change) nexussim.Ref {
	t.Helper()

	for _, v := range b.sim.Visits() {
		if strconv.Itoa(v.Ref.ID) == c.Source.ID && string(care.DayOf(v.Start)) == c.Source.Occurrence {
			return v.Ref
		}
	}

	t.Fatalf("no visit %v", c.Source)

	return nexussim.Ref{}
}

// insist repeats a change as the queue does: as long as the next try may help.
func insist(t *testing.T, j ehr.Journal, c ehr.Change) ehr.Receipt {
	t.Helper()

	var last error

	for range 60 {
		receipt, err := j.Apply(t.Context(), c)
		if err == nil {
			return receipt
		}

		last = err

		switch connector.KindOf(err) {
		case connector.Unknown, connector.Unavailable, connector.RateLimited, connector.Unauthorized, connector.Malformed:
		case connector.Pending, connector.NotFound, connector.Conflict, connector.Rejected, connector.Unsupported:
			t.Fatalf("Apply(%s, %s): %v", c.Key, c.Means, err)
		}
	}

	t.Fatalf("Apply(%s, %s) never succeeds: %v", c.Key, c.Means, last)

	return ehr.Receipt{}
}

// TestFaults tells every way with a fifth of all calls failing: each entry is made just once, and
// what is taken back is as it was.
func TestFaults(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()

			b := setup(t, func(o *nexussim.Options, c *nexus.Config) {
				o.Calm, o.Seed, o.Faults = false, seed, nexussim.Spread(0.2)
				o.Faults.Hang = time.Millisecond
				c.Timeout, c.CalendarTimeout = 2*time.Second, 2*time.Second
			})
			refs := b.crowd(t)

			for _, key := range sortedKeys(refs)[:3] {
				c := b.planned(t, refs[key])
				insist(t, b.nexus, c)
				insist(t, b.nexus, ehrtest.NotCompleted(c))
				insist(t, b.nexus, c)

				restored := ehrtest.Restored(c, "Planlagt besøg")
				insist(t, b.nexus, restored)

				want := []care.EntryKind{care.EntryPlanned, care.EntryResult, care.EntryRestored}
				if got := b.entries(t, refs[key]); !slices.Equal(got, want) {
					t.Errorf("entries %v, want %v", got, want)
				}

				if compared, err := b.sim.Compare(refs[key]); err != nil || len(compared.Differ) > 0 {
					t.Errorf("after taking back: %v differs (%v)", compared.Differ, err)
				}

				insist(t, b.nexus, byIntervention(c))
				insist(t, b.nexus, byTask(c))
				insist(t, b.nexus, byNote(ehrtest.Completed(c)))
			}

			if got := len(b.ours(nancy)) + len(b.ours(bruno)) + len(b.ours(kaja)) + len(b.ours(niels)); got > 3 {
				t.Errorf("%d interventions made for three visits", got)
			}

			if tasks, notes := len(b.sim.Tasks("")), len(b.sim.Notes("")); tasks != 3 || notes != 3 {
				t.Errorf("%d tasks and %d notes for three visits", tasks, notes)
			}
		})
	}
}
