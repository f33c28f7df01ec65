package scheduler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// recordPeers are the records that a municipality can have, by name.
func recordPeers() map[string]func(seed uint64) *recordPeer {
	return map[string]func(uint64) *recordPeer{"fhir": fhirPeer, "file": filePeer, "nexus": nexusPeer}
}

// days are the visits that begin in some days, by the ids of their list.
func (r *rig) days(n int) map[string]care.Snapshot {
	r.tb.Helper()

	window := care.Interval{Start: theDay.Bounds().Start, End: theDay.Add(n).Bounds().Start}

	all, err := r.store.Visits(r.tb.Context(), scheduler.VisitQuery{Window: window})
	must(r.tb, err)

	out := map[string]care.Snapshot{}
	for _, v := range all {
		out[v.Source.ID] = v
	}

	return out
}

// some returns the ids of visits by their ids of the list.
func some(all map[string]care.Snapshot, sources ...string) []care.VisitID {
	var ids []care.VisitID
	for _, s := range sources {
		ids = append(ids, all[s].ID)
	}

	return ids
}

// TestRecordChain takes visits through everything that may become of them, on both databases, while
// the record fails at random: by every means each entry is written once and in its order, and what
// is undone is restored.
func TestRecordChain(t *testing.T) {
	t.Parallel()

	for name, peer := range recordPeers() {
		for database, url := range map[string]func(testing.TB) string{"SQLite": nil, "PostgreSQL": pg.URL} {
			for seed := range uint64(chainSeeds) {
				t.Run(fmt.Sprintf("%s/%s/seed %d", name, database, seed), func(t *testing.T) {
					t.Parallel()

					p := peer(seed)
					r := newRig(t, p.use, func(s *setup) {
						if url != nil {
							s.url = url(t)
						}
					})
					r.chain(t, p, numbered(1))
				})
			}
		}
	}
}

// chain is the life of six visits of one day.
func (r *rig) chain(t *testing.T, p *recordPeer, visits []ofRecord) {
	t.Helper()
	p.load(r, visits)

	ctx := t.Context()
	all := r.days(1)
	sources := []string{}

	for _, v := range visits {
		sources = append(sources, v.source())
	}

	p.storm(t, 0.25)

	kept, err := r.Convert(ctx, leader(), scheduler.ConvertRequest{Visits: some(all, sources[:4]...), RedReason: "Aftalt"})
	must(t, err)

	undone, err := r.Convert(ctx, leader(), scheduler.ConvertRequest{Visits: some(all, sources[4:]...), RedReason: "Aftalt"})
	must(t, err)
	r.until(eve().Add(2 * time.Hour))

	moved := care.Interval{Start: on(12, 0), End: on(12, 15)}
	must(t, r.MoveVisit(ctx, planner(), all[sources[3]].ID, moved))
	must(t, r.Undo(ctx, planner(), undone.ID))
	r.until(on(8, 0))

	// One that was taken back is converted once more.
	_, err = r.Convert(ctx, leader(), scheduler.ConvertRequest{Visits: some(all, sources[5]), RedReason: "Aftalt"})
	must(t, err)
	r.until(on(12, 30))

	known := care.StaffWay{Method: care.KnownToStaff, Check: care.KnewByFace}
	for i, how := range []scheduler.ConcludeRequest{
		{Kind: care.ResultCompleted, Delivery: care.Screen, Known: known},
		{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent},
		{Kind: care.ResultCompleted, Delivery: care.ByPhone},
		{Kind: care.ResultCompleted, Delivery: care.Screen, Known: known},
	} {
		must(t, r.Conclude(ctx, caregiver("MSK"), all[sources[i]].ID, how))
	}

	must(t, r.MakePhysical(ctx, planner(), all[sources[5]].ID))
	p.storm(t, 0)
	p.set(fair)
	r.until(on(15, 0))

	if progress, err := r.Progress(ctx, planner(), kept.ID); err != nil || progress.State != care.BatchDone {
		t.Errorf("the conversion is %+v, %v", progress, err)
	}

	p.compare(t, r, 1)

	for i, s := range sources {
		v := r.days(1)[s]
		for _, m := range v.Recording.Means {
			kinds := ofMeans(v, m)
			last := kinds[max(0, len(kinds)-1):]

			if want := lastWord(m, i >= 4); !slices.Equal(last, want) {
				t.Errorf("%s, %s: the last word is %v, want %v: %+v", s, m, last, want, v.Entries)
			}
		}
	}
}

// lastWord is with what the record was left.
func lastWord(m care.Means, takenBack bool) []care.EntryKind {
	switch {
	case takenBack && m.Tells(care.EntryRestored):
		return []care.EntryKind{care.EntryRestored}
	case takenBack:
		return []care.EntryKind{}
	case m.Tells(care.EntryResult):
		return []care.EntryKind{care.EntryResult}
	default:
		return []care.EntryKind{care.EntryPlanned}
	}
}

// compare holds what the record was told against our own book: the same entries in the same order.
func (p *recordPeer) compare(t *testing.T, r *rig, days int) {
	t.Helper()

	for source, v := range r.days(days) {
		for _, e := range v.Entries {
			if e.State == care.EntryDue || e.State == care.EntryRejected {
				t.Errorf("%s: %s %s is %s: %s\n%s", source, e.Means, e.Kind, e.State, e.Failure, strings.Join(r.jobs.ran, "\n"))
			}
		}

		for _, m := range v.Recording.Means {
			want := ofMeans(v, m)
			if p.name == "nexus" { // what was taken back already is not written again
				want = takenBackOnce(v, m)
			}

			if diff := cmp.Diff(want, p.told(r, v, m)); diff != "" {
				t.Errorf("%s, %s (-our book +the record):\n%s%+v", source, m, diff, v.Entries)
			}
		}
	}
}
