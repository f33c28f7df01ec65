package scheduler_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// clockChange is the instant at which Danish clocks change in a month of a year: 01:00 UTC on its last
// Sunday.
func clockChange(year int, month time.Month) time.Time {
	at := time.Date(year, month+1, 0, 1, 0, 0, 0, time.UTC)

	return at.AddDate(0, 0, -int(at.Weekday()))
}

// nightVisits are visits around every clock change of ten years, a few hours before or after it, of a
// length by chance.
func nightVisits(seed uint64) []ofRecord {
	dice := rand.New(rand.NewPCG(seed, 5))
	cprs := []string{"2512489996", "2509479989", "2103009996", "3001749995", "0212159995", "0201609995"}

	var all []ofRecord

	for year := 2024; year < 2034; year++ {
		for n, month := range []time.Month{time.March, time.October} {
			for i := range 3 {
				start := clockChange(year, month).Add(time.Duration(dice.IntN(36)-16) * 15 * time.Minute)
				if start.Add(15 * time.Minute).Equal(clockChange(year, time.October)) {
					start = start.Add(15 * time.Minute) // a list can't tell a visit from 02:45 to 02:00
				}

				all = append(all, ofRecord{number: year*100 + n*10 + i, cpr: cprs[(year+i)%len(cprs)], start: start})
			}
		}
	}

	return all
}

// yearsEnds are visits of a night list, from noon to noon, over the ends of years whose last or first days are
// in a week of the other year, and of 2026 and 2032, which have 53 weeks.
func yearsEnds() []ofRecord {
	var all []ofRecord

	for i, year := range []int{2026, 2032, 2024, 2029} {
		eve := time.Date(year, 12, 31, 0, 0, 0, 0, care.Zone())
		for n, after := range []time.Duration{12 * time.Hour, 22 * time.Hour, 24*time.Hour - 5*time.Minute, 24 * time.Hour, 30 * time.Hour, 36*time.Hour - 15*time.Minute} {
			cpr := []string{"2512489996", "2509479989", "2103009996", "3001749995"}[(i+n)%4]
			all = append(all, ofRecord{number: year*100 + 50 + n, cpr: cpr, start: eve.Add(after).UTC()})
		}
	}

	return all
}

// TestTimesAroundYearsEnds does the same with the ends of years: each visit is in the ISO week of its local day.
func TestTimesAroundYearsEnds(t *testing.T) {
	t.Parallel()

	weeks := map[string]int{}

	for _, v := range yearsEnds() {
		day := care.DayOf(v.start)
		weeks[measure.WeekOf(day).Key()]++

		if w := measure.WeekOf(day); !w.Span().Has(day) {
			t.Errorf("%s is not in its week %s", day, w.Key())
		}
	}

	if diff := cmp.Diff(map[string]int{"2026-53": 6, "2032-53": 6, "2025-01": 6, "2030-01": 6}, weeks); diff != "" {
		t.Errorf("weeks (-want +got):\n%s", diff)
	}

	for name, peer := range recordPeers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := peer(1)
			visits := yearsEnds()

			if name == "nexus" { // which is asked for one day at a time
				visits = visits[:12]
			}

			r := newRig(t, func(s *setup) { s.clock = &clock{at: time.Date(2023, 12, 31, 10, 0, 0, 0, time.UTC)} }, p.use, keepJournal(p))
			loadNights(r, p, visits)
			r.sameEverywhere(t, p, visits)
		})
	}
}

// TestTimesAroundClockChanges imports visits of the nights in which clocks change, stores them, has
// them written into the record and reads them there: it is the same instant everywhere, and what a
// clock on the wall shows is what the list said. Each visit has the shift of its local hour.
func TestTimesAroundClockChanges(t *testing.T) {
	t.Parallel()

	for name, peer := range recordPeers() {
		for seed := range uint64(chainSeeds) {
			t.Run(fmt.Sprintf("%s/seed %d", name, seed), func(t *testing.T) {
				t.Parallel()

				p := peer(seed)
				visits := nightVisits(seed)

				if name == "nexus" { // which is asked for one day at a time
					visits = visits[:12]
				}

				r := newRig(t, func(s *setup) { s.clock = &clock{at: time.Date(2023, 12, 31, 10, 0, 0, 0, time.UTC)} }, p.use, keepJournal(p))
				loadNights(r, p, visits)
				r.sameEverywhere(t, p, visits)
			})
		}
	}
}

// keepJournal lets a test write entries without the scheduler, which converts no visits that are
// years ahead.
func keepJournal(p *recordPeer) change {
	return func(s *setup) {
		open := s.journal
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			p.journal = open(tb, c)

			return p.journal
		}
	}
}

// loadNights loads the visits; a file's list has no shift in its name.
func loadNights(r *rig, p *recordPeer, visits []ofRecord) {
	if p.name == "nexus" {
		p.load(r, visits)

		return
	}

	file := rows(visits)
	file.Data = []byte(strings.ReplaceAll(string(file.Data), "Øst dag", "Øst 1"))
	r.load(file)
	r.work()
}

func (r *rig) sameEverywhere(t *testing.T, p *recordPeer, visits []ofRecord) {
	t.Helper()

	window := care.Interval{Start: care.Day("2024-01-01").Bounds().Start, End: care.Day("2034-01-01").Bounds().Start}

	all, err := r.store.Visits(t.Context(), scheduler.VisitQuery{Window: window})
	must(t, err)

	stored := map[string]care.Snapshot{}
	for _, v := range all {
		stored[v.Source.ID] = v
	}

	for _, wanted := range visits {
		v, ok := stored[wanted.source()]
		if !ok {
			t.Errorf("the visit at %v was not imported", wanted.start)

			continue
		}

		const shown = "2006-01-02 15:04"

		got, want := v.Facts.Planned.Start.In(care.Zone()), wanted.start.In(care.Zone())
		if got.Format(shown) != want.Format(shown) || p.name == "nexus" && !got.Equal(want) {
			t.Errorf("stored as %v, the list said %v", got, want)
		}

		if v.Facts.Planned.Duration() != 15*time.Minute {
			t.Errorf("the visit at %v takes %v", want, v.Facts.Planned.Duration())
		}

		if shift := lexicon.ShiftAt(want.Hour()); p.name != "nexus" && v.Facts.Shift != shift {
			t.Errorf("the visit at %v is of the shift %s, want %s", want, v.Facts.Shift, shift)
		}

		// Both entries are written late, when the clocks have long been changed.
		r.clock.to(v.Facts.Planned.End.Add(30 * time.Hour))

		held := care.Interval{Start: v.Facts.Planned.Start.Add(2 * time.Minute), End: v.Facts.Planned.End.Add(-time.Minute)}
		told := spanOf(v.Facts.Planned)

		for _, kind := range []care.EntryKind{care.EntryPlanned, care.EntryResult} {
			r.write(t, p, v, kind, held)

			if kind == care.EntryResult && p.name != "nexus" { // whose visits have one time
				told += " held " + spanOf(held)
			}

			if got := p.times(r, v); got != told {
				t.Errorf("%s: the record says %s, want %s", kind, got, told)
			}
		}
	}
}

// write has the record told of a visit that is planned by screen, or was held.
func (r *rig) write(t *testing.T, p *recordPeer, v care.Snapshot, kind care.EntryKind, held care.Interval) {
	t.Helper()

	found, err := r.store.Citizens(t.Context(), []care.CitizenID{v.Facts.Citizen})
	must(t, err)

	citizen := found[v.Facts.Citizen]

	c := ehr.Change{
		Key: string(v.ID) + "/" + string(kind) + "/1.1", Kind: kind, Means: care.OnList, List: v.Facts.List, Source: v.Source, Citizen: citizen.Key(),
		Employee: v.Facts.Employee, Unit: "Øst", Service: v.Facts.Service, Law: v.Facts.Law, Planned: v.Facts.Planned, Room: "room",
		Delivery: care.Screen, Category: "Planlagt skærmbesøg", Comment: "skærmbesøg",
	}

	if kind == care.EntryResult {
		c.Result, c.Category, c.Actual = care.ResultCompleted, "Udført skærmbesøg", held
	}

	_, err = p.journal.Apply(t.Context(), c)
	must(t, err)
}
