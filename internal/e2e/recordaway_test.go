package e2e_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestRecordIsAway converts and concludes visits while the record is away, slow or broken, and kills the
// service twice meanwhile. When the record is back it gets every entry once, in order, with the times of
// the visit. One record is tried on either database; TestRecordIsAwayForFourDays in internal/demo takes
// the other way round and more days.
func TestRecordIsAway(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		record := world.FHIRRecord
		if postgres {
			record = world.NexusRecord
		}

		// A visit that begins in a quarter of an hour can be converted and already be concluded.
		rows := severalVisits(t, 5)
		start := time.Now().Add(13 * time.Minute).UTC().Truncate(time.Minute)

		for i := range rows {
			rows[i].Employee = care.EmployeeID([]string{"MSK", "LBH", "AØJ", "TKR", "PÆN"}[i])
			rows[i].Planned = care.Interval{Start: start, End: start.Add(15 * time.Minute)}
		}

		c := found(t, terms{postgres: postgres, record: record, planned: rows})
		c.day = string(care.DayOf(start))
		a := &recordAway{town: c, rows: rows}
		a.live()
	})
}

// recordAway is a town whose record is away for a while.
type recordAway struct {
	*town

	rows []ehr.Row
}

func (a *recordAway) live() {
	a.tb.Helper()

	p := a.serve("all")
	leader := a.leader(p)
	a.fetchAll(leader)
	ids := a.ids(leader)

	leader.watch(leader.convert(ids[:2]))
	a.settle()
	a.holds("before", []world.Told{{Planned: 1}, {Planned: 1}, {}, {}, {}})
	a.away()

	batch := leader.convert(ids[2:])
	a.until("the citizens were not invited", func() bool { return leader.progress(batch).Counts.Invited == 3 })
	p.kill()

	p = a.serve("all")

	for _, id := range ids[:3] { // of the third the record does not even know that it is planned
		leader.call(http.MethodPost, "/api/v1/visits/"+id+"/conclude", map[string]any{"kind": "completed", "delivery": "phone"}, nil)
	}

	leader.call(http.MethodPost, "/api/v1/visits/"+ids[3]+"/physical", nil, nil)
	a.until("the service does not see that the record is away", leader.seesRecordDown)
	p.kill()
	a.holds("away", []world.Told{{Planned: 1}, {Planned: 1}, {}, {}, {}})

	_ = a.serve("all")
	a.calm()
	a.settle()

	held := world.Told{Planned: 1, Results: 1, Outcome: care.ResultCompleted}
	a.holds("back", []world.Told{held, held, held, {}, {Planned: 1}})

	if !a.Exact(a.rows[3]) {
		a.tb.Error("the visit that is physical again is not as it was")
	}

	a.rightTimes()

	if leader.seesRecordDown() {
		a.tb.Error("the service believes that the record is still away")
	}
}

// ids are the visits of the rows: each has an employee of its own.
func (a *recordAway) ids(p *person) []string {
	a.tb.Helper()

	var answer struct {
		Visits []struct{ ID, Employee string }
	}

	p.call(http.MethodGet, "/api/v1/visits?day="+a.day, nil, &answer)

	ids := make([]string, len(a.rows))

	for _, v := range answer.Visits {
		if i := slices.IndexFunc(a.rows, func(r ehr.Row) bool { return string(r.Employee) == v.Employee }); i >= 0 {
			ids[i] = v.ID
		}
	}

	if slices.Contains(ids, "") || len(answer.Visits) != len(ids) {
		a.tb.Fatalf("the day has %d visits, of these %v", len(answer.Visits), ids)
	}

	return ids
}

// away has the record fail by every way in which a call gets no answer and has no effect.
func (a *recordAway) away() {
	a.tb.Helper()

	const always, hang = 1 << 30, 300 * time.Millisecond // faults in a row; after that a silent call is cut

	var err error
	if a.Nexus != nil {
		err = a.Nexus.SetFaults(nexussim.Faults{Unavailable: .3, ServerError: .3, ResetBefore: .1, BadGatewayBefore: .1, TimeoutBefore: .2, MaxInRow: always, Hang: hang})
	} else {
		err = a.FHIR.SetFaults(fhirsim.Faults{Unavailable: .3, ServerError: .3, ResetBefore: .1, BadGatewayBefore: .1, TimeoutBefore: .2, MaxInRow: always, Hang: hang})
	}

	if err != nil {
		a.tb.Fatal(err)
	}
}

func (a *recordAway) calm() {
	if a.Nexus != nil {
		a.Nexus.Calm()
	} else {
		a.FHIR.Calm()
	}
}

// until waits until something is so.
func (a *recordAway) until(otherwise string, is func() bool) {
	a.tb.Helper()

	limit, cancel := context.WithTimeout(a.tb.Context(), patience)
	defer cancel()

	for !is() {
		if !a.anyRequest(limit) {
			a.tb.Fatal(otherwise)
		}
	}
}

// seesRecordDown reports whether people are told that the record is away.
func (p *person) seesRecordDown() bool {
	p.tb.Helper()

	var list struct {
		Systems []struct{ Role, State string }
	}

	p.call(http.MethodGet, "/api/v1/connections", nil, &list)

	return slices.ContainsFunc(list.Systems, func(c struct{ Role, State string }) bool { return c.Role == "record" && c.State == "down" })
}

// holds compares the record's own history with what it should hold of each row's visit. The fourth
// came and went while the record was away: of it, it may have been told both, or that it is physical alone.
func (a *recordAway) holds(when string, want []world.Told) {
	a.tb.Helper()

	for i, row := range a.rows {
		got := a.Told(row, care.OnList)
		got.Meeting = ""

		if i == 3 && got.Restored == 1 && got.Planned <= 1 {
			got.Planned, got.Restored = 0, 0
		}

		if got != want[i] {
			a.tb.Errorf("%s: the record has %+v of visit %d, want %+v", when, got, i, want[i])
		}
	}

	if n := a.ActiveViolations(); n > 0 {
		a.tb.Errorf("%s: %d times the record showed a citizen no visit, or several", when, n)
	}
}

// rightTimes: whatever was written late, the visits are at their planned time, and entries in order.
func (a *recordAway) rightTimes() {
	a.tb.Helper()

	if a.Nexus != nil {
		for _, v := range a.Nexus.Visits() {
			if !v.Start.Equal(a.rows[0].Planned.Start) || !v.End.Equal(a.rows[0].Planned.End) {
				a.tb.Errorf("a visit is from %s to %s", v.Start, v.End)
			}
		}

		return
	}

	for _, v := range a.FHIR.Visits() {
		for _, r := range v.Appointments {
			if at, err := time.Parse(time.RFC3339, r.Start); err != nil || !at.Equal(a.rows[0].Planned.Start) {
				a.tb.Errorf("a visit begins at %s, want %s", r.Start, a.rows[0].Planned.Start)
			}
		}

		for i, e := range v.Entries {
			if e.Kind == fhirsim.Planned && i > 0 {
				a.tb.Errorf("a planned visit was told after %d other entries", i)
			}
		}
	}
}
