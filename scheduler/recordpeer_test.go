package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// weather says how a record answers.
type weather string

// The weathers.
const (
	fair   weather = ""
	absent weather = "503" // a folder: away
	broken weather = "500" // a folder: no room to write
	slow   weather = "slow"
)

// gate stands before a record, lets calls through or not, and counts.
type gate struct {
	mutex        sync.Mutex
	how          weather
	hits         int // calls that came while it was not fair
	inside, most int // calls that were in there at once
}

func (g *gate) set(how weather) {
	g.mutex.Lock()
	defer g.mutex.Unlock()

	g.how = how
}

func (g *gate) enter() weather {
	g.mutex.Lock()
	defer g.mutex.Unlock()

	if g.how != fair {
		g.hits++
	}

	g.inside++
	g.most = max(g.most, g.inside)

	return g.how
}

// held takes a call out of the count that never got to the record.
func (g *gate) held(err error) {
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.RetryAfter == 0 {
		return
	}

	g.mutex.Lock()
	defer g.mutex.Unlock()

	g.hits--
}

func (g *gate) taken() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()

	return g.hits
}

func (g *gate) leave() {
	g.mutex.Lock()
	defer g.mutex.Unlock()

	g.inside--
}

func (g *gate) over(record http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer g.leave()

		switch g.enter() {
		case absent:
			w.WriteHeader(http.StatusServiceUnavailable)
		case broken:
			w.WriteHeader(http.StatusInternalServerError)
		case slow:
			_, _ = io.Copy(io.Discard, r.Body) // else it is not seen that the caller gives up
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		case fair:
			record.ServeHTTP(w, r)
		}
	})
}

// recordPeer is a care record behind a rig, and how to look at what it was told.
type recordPeer struct {
	gate
	name    string
	journal ehr.Journal   // set by keepJournal
	timeout time.Duration // for one call; zero: the adapter's own

	use   change                                                       // makes the rig write into it
	load  func(r *rig, visits []ofRecord)                              // puts visits on its list, and imports the list
	storm func(tb testing.TB, rate float64)                            // makes it fail at random
	told  func(r *rig, v care.Snapshot, m care.Means) []care.EntryKind // from its own history
	times func(r *rig, v care.Snapshot) string                         // planned and actual time of the last entry
}

// ofRecord is a visit that a record plans.
type ofRecord struct {
	number int
	cpr    string
	start  time.Time
}

func (v ofRecord) source() string { return strconv.Itoa(v.number) }

// numbered are visits of six citizens, one a day and citizen, from the sample day on.
func numbered(days int) []ofRecord {
	var all []ofRecord

	for day := range days {
		for i, cpr := range []string{"2512489996", "2509479989", "2103009996", "3001749995", "0212159995", "0201609995"} {
			all = append(all, ofRecord{number: 90_001 + 10*day + i, cpr: cpr, start: on(9, 0).AddDate(0, 0, day).Add(time.Duration(i) * 30 * time.Minute)})
		}
	}

	return all
}

// rows are the visits as a file tells them.
func rows(visits []ofRecord) ehr.File {
	var out []string

	for _, v := range visits {
		local := v.start.In(care.Zone())
		row := with(with(with(nancy, colID, v.source()), colCPR, v.cpr), colStart, local.Format("15:04"))
		row = with(with(row, colEnd, local.Add(15*time.Minute).Format("15:04")), 0, local.Format("02-01-2006"))
		out = append(out, with(row, colPhone, fmt.Sprintf("200000%02d", 40+v.number%10)))
	}

	return list(out...)
}

func loadFile(r *rig, visits []ofRecord) {
	r.load(rows(visits))
	r.work()
}

// ofMeans are the kinds that a visit's record was told by a means, by our own book.
func ofMeans(v care.Snapshot, m care.Means) []care.EntryKind {
	var kinds []care.EntryKind

	for _, e := range v.Entries {
		if e.Means == m && e.State == care.EntryWritten {
			kinds = append(kinds, e.Kind)
		}
	}

	return kinds
}

// timeoutless reports whether there is nobody behind the peer who could be slow: it is a folder.
func (p *recordPeer) timeoutless() bool { return p.name == "file" }

func (p *recordPeer) limit(config *time.Duration) {
	if p.timeout > 0 {
		*config = p.timeout
	}
}

// fhirPeer is a FHIR record that gets its list as a file.
func fhirPeer(seed uint64) *recordPeer {
	p := &recordPeer{name: "fhir", load: loadFile}

	var sim *fhirsim.Server

	p.use = func(s *setup) {
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			var err error

			sim, err = fhirsim.New(fhirsim.Options{Clock: c.Now, Calm: true, Strict: true, Seed: seed})
			must(tb, err)

			server := httptest.NewServer(p.over(sim.Handler()))
			tb.Cleanup(server.Close)

			config := fhir.Config{BaseURL: server.URL + "/fhir"}
			config.SetDefaults()
			p.limit(&config.Timeout)

			journal, err := fhir.New(config, fhir.Options{Now: c.Now, Peer: s.recordLine()})
			must(tb, err)
			tb.Cleanup(journal.Close)

			return journal
		}
	}
	p.storm = func(tb testing.TB, rate float64) {
		tb.Helper()

		faults := fhirsim.Spread(rate)
		faults.Hang, faults.RetryAfter = time.Millisecond, time.Millisecond
		must(tb, sim.SetFaults(faults))
	}
	p.told = func(_ *rig, v care.Snapshot, _ care.Means) []care.EntryKind {
		var kinds []care.EntryKind
		for _, e := range sim.Entries(fhir.VisitIdentifier(v.Source)) {
			kinds = append(kinds, care.EntryKind(e.Kind))
		}

		return kinds
	}
	p.times = func(_ *rig, v care.Snapshot) string {
		held, _ := sim.Visit(fhir.VisitIdentifier(v.Source))
		if len(held.Appointments) != 1 {
			return fmt.Sprintf("%d appointments", len(held.Appointments))
		}

		text := instants(held.Appointments[0].Start, held.Appointments[0].End)

		i := slices.IndexFunc(held.Encounters, func(e fhirsim.Resource) bool {
			return e.Status == "finished" && len(e.Start) > len(time.DateOnly) // the day alone: nobody knows when
		})
		if i >= 0 {
			text += " held " + instants(held.Encounters[i].Start, held.Encounters[i].End)
		}

		return text
	}

	return p
}

// instants is an interval of the record in UTC.
func instants(texts ...string) string {
	var out []string

	for _, text := range texts {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return err.Error()
		}

		out = append(out, at.UTC().Format("02 15:04"))
	}

	return strings.Join(out, "-")
}

// recordLine is how the peers of a watched rig are called.
func (s *setup) recordLine() *outbound.Peer {
	if s.sky == nil {
		return nil
	}

	return s.sky.peer(connector.RecordRole)
}

// filePeer is the driving list's file in a folder.
func filePeer(seed uint64) *recordPeer {
	p := &recordPeer{name: "file", load: loadFile}

	var (
		journal *file.Journal
		dir     string
	)

	p.use = func(s *setup) {
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			dir = filepath.Join(tb.TempDir(), "mount")
			config := file.Config{Dir: dir}
			config.SetDefaults()

			j, err := file.New(config, file.Options{Now: c.Now, Peer: s.recordLine()})
			must(tb, err)
			tb.Cleanup(func() { _ = j.Close(context.WithoutCancel(tb.Context())) })

			journal = j

			return &folder{Journal: j, peer: p, dir: dir, dice: dice(seed)}
		}
	}
	p.storm = func(_ testing.TB, rate float64) { p.set(weather(strconv.FormatFloat(rate, 'f', 2, 64))) }
	received := func(r *rig, v care.Snapshot) []file.Received {
		all, err := journal.History(r.tb.Context(), v.Facts.List)
		must(r.tb, err)

		return slices.DeleteFunc(all, func(e file.Received) bool { return e.Source != v.Source })
	}
	p.told = func(r *rig, v care.Snapshot, _ care.Means) []care.EntryKind {
		var kinds []care.EntryKind
		for _, e := range received(r, v) {
			if !overtaken(v, e.Key) { // one that came when we could not know has a later one after it
				kinds = append(kinds, e.Kind)
			}
		}

		return kinds
	}
	p.times = func(r *rig, v care.Snapshot) string {
		all := received(r, v)
		if len(all) == 0 {
			return "nothing"
		}

		e := all[len(all)-1]

		text := spanOf(e.Planned)
		if e.Actual.Valid() {
			text += " held " + spanOf(e.Actual)
		}

		return text
	}

	return p
}

// overtaken reports whether a later entry was written in place of the one with this key.
func overtaken(v care.Snapshot, key string) bool {
	i := slices.IndexFunc(v.Entries, func(e care.Entry) bool { return e.Key == key })

	return i >= 0 && v.Entries[i].State == care.EntrySuperseded && slices.ContainsFunc(v.Entries[i+1:], func(e care.Entry) bool { return e.State == care.EntryWritten })
}

func spanOf(i care.Interval) string {
	return i.Start.UTC().Format("02 15:04") + "-" + i.End.UTC().Format("02 15:04")
}

// folder is a share that may be away, or full.
type folder struct {
	*file.Journal

	peer *recordPeer
	dir  string
	dice func() float64
}

// Apply implements ehr.Journal.
func (f *folder) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	defer f.peer.leave()

	how := f.peer.enter()
	if rate, err := strconv.ParseFloat(string(how), 64); err == nil && rate < 1 {
		if how = fair; f.dice() < rate {
			how = []weather{absent, broken}[int(f.dice()*2)]
		}
	}

	switch how {
	case absent, slow:
		_ = os.Rename(f.dir, f.dir+".away")
		defer func() { _ = os.Rename(f.dir+".away", f.dir) }()
	case broken: // the log has room left, the files for people have not
		out := filepath.Join(f.dir, string(c.List), "ud")
		_ = os.Rename(out, out+".full")

		defer func() { _ = os.Rename(out+".full", out) }()
	case fair:
	}

	receipt, err := f.Journal.Apply(ctx, c)
	f.peer.held(err)

	return receipt, err
}

// Keep implements ehr.ListKeeper.
func (f *folder) Keep(ctx context.Context, list care.ListID, data ehr.File, refs []ehr.RowRef) error {
	defer f.peer.leave()

	if how := f.peer.enter(); how == absent || how == slow || how == broken {
		_ = os.Rename(f.dir, f.dir+".away")
		defer func() { _ = os.Rename(f.dir+".away", f.dir) }()
	}

	err := f.Journal.Keep(ctx, list, data, refs)
	f.peer.held(err)

	return err
}

// nexusPeer is a Nexus that shows its own list and is told by all its means.
func nexusPeer(seed uint64) *recordPeer {
	p := &recordPeer{name: "nexus"}

	var sim *nexussim.Server

	p.use = func(s *setup) {
		if s.clock == nil {
			s.clock = &clock{at: eve()}
		}

		now := s.clock.Now
		rule := scheduler.RecordRule{
			Recording: care.Recording{Means: []care.Means{care.OnList, care.ByIntervention, care.ByNote, care.ByTask}},
			Planned:   "Planlagt skærmbesøg", Completed: "Udført skærmbesøg", NotCompleted: "Ikke gennemført skærmbesøg", Phone: "Udført telefonbesøg", Comment: "skærmbesøg",
			Intervention: "Skærmbesøg SUL", Note: scheduler.NoteRule{Form: "Omsorgsnotat", Fields: []ehr.Field{{Label: "Emne", Value: "{resultat} {dato} kl. {planlagt}"}}},
			Task: scheduler.TaskRule{Type: "Registrér skærmbesøg", Team: "Planlægning Øst", Within: 8 * time.Hour},
		}
		s.set.RecordElse, s.set.Record = rule, nil

		var record *nexus.Nexus

		open := func(tb testing.TB) *nexus.Nexus {
			tb.Helper()

			if record == nil {
				sim, record = p.openNexus(tb, s, now, seed)
			}

			return record
		}
		s.journal = func(tb testing.TB, _ *clock) ehr.Journal { tb.Helper(); return open(tb) }
		s.lists = lazyLists(func() ehr.Fetcher { return pulled.Fetcher{From: record} })
	}
	p.load = func(r *rig, visits []ofRecord) {
		var day nexussim.Day

		day.List = "Øst dag"
		for _, v := range visits {
			day.Visits = append(day.Visits, nexussim.NewVisit{
				ID: v.number, CPR: []string{v.cpr}, Start: v.start, End: v.start.Add(15 * time.Minute), Employee: "MSK",
				Service: "Medicinadministration", Law: "SUL §138", Comment: "Nøgleboks ",
			})
		}

		_, err := sim.Load(day)
		must(r.tb, err)
		r.importDays(visits)
	}
	p.storm = func(tb testing.TB, rate float64) {
		tb.Helper()

		faults := nexussim.Spread(rate)
		faults.Hang, faults.RetryAfter = time.Millisecond, time.Millisecond
		must(tb, sim.SetFaults(faults))
	}
	p.told = func(r *rig, v care.Snapshot, m care.Means) []care.EntryKind { return toldNexus(r, sim, v, m) }
	p.times = func(r *rig, v care.Snapshot) string {
		held := nexusVisit(r.tb, sim, v)

		return spanOf(care.Interval{Start: held.Start, End: held.End})
	}

	return p
}

func (p *recordPeer) openNexus(tb testing.TB, s *setup, now func() time.Time, seed uint64) (*nexussim.Server, *nexus.Nexus) {
	tb.Helper()

	sim, err := nexussim.New(nexussim.Options{Clock: now, Calm: true, Strict: true, Seed: seed, TokenTTL: time.Hour, Wait: func(context.Context, time.Duration) {}})
	must(tb, err)
	must(tb, sim.DefineType(nexussim.EventType{Name: "Udført telefonbesøg", Color: "FFE9A8", Meaning: nexussim.ScreenResult}))

	api, iam := httptest.NewServer(p.over(sim.Handler())), httptest.NewServer(p.over(sim.IAMHandler()))
	tb.Cleanup(api.Close)
	tb.Cleanup(iam.Close)

	config := nexus.Config{
		Instance: nexussim.DefaultInstance, IAMURL: iam.URL, APIURL: api.URL, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"), WriteVisitType: true,
		Intervention: nexus.Intervention{Placement: "Sundhedsfagligt grundforløb > Sygepleje", Supplier: "Sygeplejen"}, Note: nexus.Note{TextLabel: "Notat"},
	}
	config.SetDefaults()
	p.limit(&config.Timeout)
	p.limit(&config.CalendarTimeout)

	record, err := nexus.New(config, nexus.Options{Now: now, Peer: s.recordLine()})
	must(tb, err)
	tb.Cleanup(record.Close)

	return sim, record
}

// lazyLists reads lists by a record that is opened with the rig.
type lazyLists func() ehr.Fetcher

func (l lazyLists) Lists(ctx context.Context) ([]ehr.ListRef, error) { return l().Lists(ctx) }

func (l lazyLists) Fetch(ctx context.Context, list ehr.ListRef, period care.Interval) (ehr.File, error) {
	return l().Fetch(ctx, list, period)
}

// importDays fetches and imports the record's own list of every day.
func (r *rig) importDays(visits []ofRecord) {
	r.tb.Helper()

	var days []care.Day
	for _, v := range visits {
		days = append(days, care.DayOf(v.start))
	}

	for _, day := range slices.Compact(slices.Sorted(slices.Values(days))) {
		r.clock.to(day.Add(-10).Bounds().Start) // lists are read two weeks ahead
		must(r.tb, r.AskLists(r.tb.Context(), planner(), day))
		r.work()

		all, err := r.Fetches(r.tb.Context(), planner(), day)
		must(r.tb, err)

		for _, f := range all[1:] { // the first is the question which lists there are
			if f.State == scheduler.FetchReady && f.Visits > 0 {
				_, err := r.ImportList(r.tb.Context(), planner(), f.Upload)
				must(r.tb, err)
			}
		}
	}

	r.work()
}

func nexusVisit(tb testing.TB, sim *nexussim.Server, v care.Snapshot) nexussim.Visit {
	tb.Helper()

	all := sim.Visits()

	i := slices.IndexFunc(all, func(held nexussim.Visit) bool {
		return strconv.Itoa(held.Ref.ID) == v.Source.ID && string(care.DayOf(held.Start)) == v.Source.Occurrence
	})
	if i < 0 {
		tb.Fatalf("the record has no visit %v", v.Source)
	}

	return all[i]
}

// takenBackOnce is our book for a record that is not told again what was taken back already.
func takenBackOnce(v care.Snapshot, m care.Means) []care.EntryKind {
	return slices.CompactFunc(ofMeans(v, m), func(a, b care.EntryKind) bool { return a == care.EntryRestored && b == a })
}

// toldNexus counts what the record holds of a citizen, who has no other visit that day.
func toldNexus(r *rig, sim *nexussim.Server, v care.Snapshot, m care.Means) []care.EntryKind {
	r.tb.Helper()

	held := nexusVisit(r.tb, sim, v)
	cpr := held.CPR[0]

	var kinds []care.EntryKind

	switch m {
	case care.OnList:
		for _, e := range held.Entries {
			kinds = append(kinds, care.EntryKind(e.Kind))
		}
	case care.ByNote:
		for _, n := range sim.Notes(cpr) {
			if strings.Contains(n.Fields["Emne"], v.Facts.Planned.Start.In(care.Zone()).Format("02-01-2006")) {
				kinds = append(kinds, care.EntryResult)
			}
		}
	case care.ByIntervention: // one for all visits of the citizen, as long as there is a screen visit
		active := 0

		for _, g := range sim.Grants(cpr) {
			if g.Name == "Skærmbesøg SUL" && g.Active {
				active++
			}
		}

		if wanted := takenBackOnce(v, m); active <= 1 && (active == 1 || wanted[len(wanted)-1] == care.EntryRestored) {
			return wanted
		}
	case care.ByTask: // what is taken back closes tasks and makes none
		made := 0

		for _, task := range sim.Tasks(cpr) {
			if strings.Contains(task.Title+task.Text, v.Facts.Planned.Start.In(care.Zone()).Format("02-01-2006")) {
				made++
			}
		}

		wanted := takenBackOnce(v, m)
		if n := len(slices.DeleteFunc(slices.Clone(wanted), func(k care.EntryKind) bool { return k == care.EntryRestored })); n == made {
			return wanted
		}
	case care.ByJournal:
	}

	return kinds
}

// dice are thrown by a seed.
func dice(seed uint64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 7))

	return r.Float64
}
