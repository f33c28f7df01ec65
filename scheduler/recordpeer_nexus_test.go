package scheduler_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

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
