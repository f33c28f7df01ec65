package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// TestWeeks: ISO weeks at the ends of years, and back.
func TestWeeks(t *testing.T) {
	t.Parallel()

	for day, want := range map[care.Day]string{
		"2024-12-29": "2024-52", "2024-12-30": "2025-01", "2025-12-28": "2025-52", "2025-12-29": "2026-01", "2026-01-04": "2026-01", "2026-01-05": "2026-02",
		"2026-12-27": "2026-52", "2026-12-28": "2026-53", "2027-01-03": "2026-53", "2027-01-04": "2027-01", "2021-01-01": "2020-53", "2020-12-31": "2020-53", "2026-03-01": "2026-09",
	} {
		if got := measure.WeekOf(day); got.Key() != want || !got.Span().Has(day) || got.Span().Days() != 7 {
			t.Errorf("%s is in %s (%v), want %s", day, got.Key(), got.Span(), want)
		}
	}

	for day := care.Day("2019-12-20"); day < "2035-01-15"; day = day.Add(1) {
		w := measure.WeekOf(day)
		noon := day.Bounds().Start.Add(12 * time.Hour)

		if year, n := noon.ISOWeek(); w.Year != year || w.Number != n || !w.Span().Has(day) {
			t.Fatalf("%s: %v, want %d-%d", day, w, year, n)
		}
	}
}

// TestMeasures holds every measure against a calculation by hand.
//
// Twelve visits of 17 November 2026, all on lists but the last:
//
//	1–4  completed, 4, 6, 8 and 20 minutes, planned 10 each; 4 only by an employee's word
//	5    completed by telephone
//	6, 7 not completed: stayed away; technical fault
//	8    made physical after its start
//	9    cancelled before, 10 cancelled after its start
//	11   waits; 12 an undone conversion: does not count
//	13   a call on the spot, 2 minutes
//
// planned 12 (1–11 and 13); completed 5; completion 5/(12−1) = 45.4545 %; on lists 11 of 100 = 11 %.
// Durations 2 4 6 8 20: median 6, mean 8, p90 (5×0.9 = 4.5 → the fifth) 20, together 40 min.
// Savings: 1–3 replaced a drive by evidence, 8 fell back: 3 − 1 = 2 drives of 12 min and 4 km at 150 g:
// 24 min, 8 km, 1.2 kg. Record: 1–3 confirmed, 4 failed, 5 pending: 3/5 = 60 %.
// Journalled 10, 20 and 60 seconds after the end: median 20. Staff: 0 (system), 0, 30: median 0.
func TestMeasures(t *testing.T) {
	t.Parallel()

	end := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	visit := func(n int, change func(*measure.Fact)) measure.Fact {
		f := measure.Fact{
			ID: strconv.Itoa(n), Day: "2026-11-17", Citizen: fmt.Sprint("c", n), Listed: true, Screened: true, State: care.Completed, Delivery: care.Screen, Grade: care.Certain, Planned: 10 * time.Minute,
		}
		change(&f)

		return f
	}
	held := func(n, minutes, written int, staff time.Duration) measure.Fact {
		return visit(n, func(f *measure.Fact) {
			f.Actual, f.Ended, f.Written, f.Concluded, f.Record = time.Duration(minutes)*time.Minute, end, end.Add(time.Duration(written)*time.Second), end.Add(staff), measure.Confirmed
			f.ByPerson = staff > 0
		})
	}
	manual := visit(4, func(f *measure.Fact) { f.Actual, f.Grade, f.Record = 20*time.Minute, care.Manual, measure.Failed })

	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}},
		measure.Terms{FullLists: true, Savings: measure.Savings{Road: 12 * time.Minute, Kilometres: 4, GramsPerKm: 150}})

	for _, f := range []measure.Fact{
		held(1, 4, 10, 0), held(2, 6, 20, 0), held(3, 8, 60, 30*time.Second), manual,
		visit(5, func(f *measure.Fact) { f.Delivery, f.Record = care.ByPhone, measure.Pending }),
		visit(6, func(f *measure.Fact) { f.State, f.Reason = care.NotCompleted, care.CitizenAbsent }),
		visit(7, func(f *measure.Fact) { f.State, f.Reason = care.NotCompleted, care.TechnicalFault }),
		visit(8, func(f *measure.Fact) { f.State, f.Delivery, f.RevertedLate = care.Reverted, care.Physical, true }),
		visit(9, func(f *measure.Fact) { f.State, f.CancelledEarly = care.Cancelled, true }),
		visit(10, func(f *measure.Fact) { f.State = care.Cancelled }),
		visit(11, func(f *measure.Fact) { f.State = care.RoomIsBooked }),
		visit(12, func(f *measure.Fact) { f.State, f.Delivery = care.Reverted, care.Physical }),
		visit(13, func(f *measure.Fact) { f.Listed, f.Actual = false, 2*time.Minute }),
		{ID: "before", Day: "2026-11-15", Screened: true, State: care.Completed, Delivery: care.Screen},
	} {
		c.Add(f)
	}

	for _, l := range c.Levels(false) {
		c.AddListed(l, measure.Listed{Part: measure.OfPeriod, Visits: 100})
	}

	table := c.Table(measure.Names{})

	for key, want := range map[string]float64{
		"planned": 12, "completed": 5, "imported": 0, "phone": 1, "not_completed": 3, "cancelled": 2, "cancelled_early": 1, "waiting": 1, "completion": 100 * 5. / 11,
		"listed": 100, "listed_screen": 11, "share": 11, "citizens": 12, "timed": 5, "median": 6, "mean": 8, "p90": 20, "planned_mean": 10, "hours": 40. / 60,
		"not_citizen_absent": 1, "not_technical_fault": 1, "not_turned_physical": 1, "not_hospitalised": 0, "not_other": 0,
		"calls": 7, "answered": 5, "unanswered": 2, "replaced": 3, "fallbacks": 1, "saved_minutes": 24, "saved_km": 8, "saved_co2": 1.2,
		"record_confirmed": 3, "record_failed": 1, "record_pending": 1, "record_share": 60, "journalled": 3, "journal_median": 20, "journal_p90": 60, "staff_median": 0, "staff_p90": 30,
	} {
		if v := table.Value(table.Total, key); !v.Known || math.Abs(v.Number-want) > 1e-9 {
			t.Errorf("%s: %+v, want %v", key, v, want)
		}
	}
}

// TestShareNeedsFullLists: the share is not told when a list could not be read whole, or when the
// municipality does not import whole lists.
func TestShareNeedsFullLists(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		full       bool
		incomplete int
		want       bool
	}{{true, 0, true}, {true, 1, false}, {false, 0, false}} {
		c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}}, measure.Terms{FullLists: test.full})
		c.Add(screen("2026-11-17", "A", 8, 10))

		for _, l := range c.Levels(false) {
			c.AddListed(l, measure.Listed{Part: measure.OfPeriod, Visits: 10, Incomplete: test.incomplete})
		}

		table := c.Table(measure.Names{})
		if got := table.Value(table.Total, "share").Known; got != test.want {
			t.Errorf("%+v: told is %t", test, got)
		}
	}
}

// TestEveryCountOpensToItsRows: a count is how many facts its column opens to, in every row, by
// every dimension.
func TestEveryCountOpensToItsRows(t *testing.T) {
	t.Parallel()

	seed := rand.Uint64()
	t.Logf("seed %d", seed)

	facts := randomFacts(rand.New(rand.NewPCG(seed, 1)), 400)

	for _, by := range [][]measure.Dimension{nil, {measure.ByWeek}, {measure.ByLaw, measure.ByMonth}, {measure.ByUnit, measure.ByWeek}, {measure.BySource}, {measure.ByEmployee, measure.ByShift}} {
		q := measure.Question{Period: measure.Span{From: "2026-10-05", To: "2026-11-30"}, By: by}
		c := measure.NewCounter(q, measure.Terms{})

		for _, f := range facts {
			c.Add(f)
		}

		table := c.Table(measure.Names{})
		sums := map[string]float64{}

		for _, r := range append(table.Rows, table.Total) {
			opened := measure.OpenRow(q, r.Keys, measure.Names{})

			for _, col := range table.Columns {
				v := table.Value(r, col.Key)
				if len(r.Keys) > 0 {
					sums[col.Key] += v.Number
				}

				if col.Kind != measure.Count || !col.Open() || col.OfLists() || col.Group == measure.Citizens {
					continue
				}

				n := 0

				for _, f := range facts {
					if opened.Has(col, f) {
						n++
					}
				}

				if float64(n) != v.Number {
					t.Errorf("%v %v: %s is %v and opens to %d rows", by, r.Keys, col.Key, v.Number, n)
				}
			}
		}

		for _, key := range []string{"planned", "completed", "calls", "record_failed"} {
			if total := table.Value(table.Total, key).Number; len(by) > 0 && sums[key] != total {
				t.Errorf("%v: %s comes to %v in groups and %v in all", by, key, sums[key], total)
			}
		}
	}
}

func randomFacts(r *rand.Rand, n int) []measure.Fact {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	out := make([]measure.Fact, 0, n)

	for i := range n {
		f := measure.Fact{
			ID: strconv.Itoa(i), Day: care.Day("2026-10-01").Add(r.IntN(70)), Unit: care.UnitID(pick("oest", "vest", "nord")), Employee: care.EmployeeID(pick("A", "B", "C", "D", "E")),
			Citizen: fmt.Sprint("c", r.IntN(60)), Law: care.LegalBasis(pick("SUL_138", "AEL", "SEL_85", "SEL_83")), Shift: care.Shift(pick("dag", "aften", "nat")), Service: pick("Medicin", "Tilsyn"),
			Listed: r.IntN(9) > 0, Screened: true, State: care.States()[r.IntN(len(care.States()))], Delivery: care.Delivery(pick("screen", "screen", "phone")),
			Reason: care.Reasons()[r.IntN(len(care.Reasons()))], Grade: care.Certain, Planned: 10 * time.Minute, Actual: time.Duration(r.IntN(15)) * time.Minute,
			Record: measure.RecordState(pick("", "confirmed", "pending", "failed", "omitted")), CancelledEarly: r.IntN(2) == 0, RevertedLate: r.IntN(2) == 0,
		}

		if r.IntN(5) == 0 {
			f.Source, f.Listed, f.State = "viewcare", false, care.Completed
		}

		out = append(out, f)
	}

	return out
}

// TestPlannedLengthOfCalls: another vendor's calls were planned nowhere, so alone they have no planned
// length, and beside visits they do not change it.
func TestPlannedLengthOfCalls(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		facts []measure.Fact
		want  measure.Value
	}{
		"calls alone":  {[]measure.Fact{call("2026-11-17", "A", 10), call("2026-11-18", "B", 20)}, measure.Value{}},
		"with a visit": {[]measure.Fact{call("2026-11-17", "A", 10), screen("2026-11-18", "B", 5, 15)}, measure.Value{Number: 15, Known: true}},
	} {
		c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}}, measure.Terms{})
		for _, f := range test.facts {
			c.Add(f)
		}

		table := c.Table(measure.Names{})
		if got := table.Value(table.Total, "planned_mean"); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
