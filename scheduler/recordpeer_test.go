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

// dice are thrown by a seed.
func dice(seed uint64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 7))

	return r.Float64
}
