package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/storetest"
)

// TestFindingsAreCounted: what the menu and the day's page count, by unit, day, kind and state, is what
// the list would have shown.
func TestFindingsAreCounted(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		ctx := t.Context()
		in := bigImport(t, 0)
		in.New = in.New[:2]

		if err := s.SaveImport(ctx, in); err != nil {
			t.Fatal(err)
		}

		visit := in.New[0].Snapshot().ID
		of := func(id care.FindingID, kind care.DriftKind, unit care.UnitID, day care.Day, state care.FindingState) {
			f := care.Finding{Drift: care.Drift{Kind: kind, Visit: visit, Ours: "a", Theirs: "b"}, ID: id, Unit: unit, Day: day, State: state, FirstSeen: storetest.Now(), LastSeen: storetest.Now()}
			if !state.Live() {
				f.ClosedAt, f.ClosedBy = storetest.Now(), "MSK"
			}

			if err := s.SaveFinding(ctx, care.Finding{}, f, scheduler.Effects{}); err != nil {
				t.Fatal(err)
			}
		}

		of("1", care.DriftMoved, "oest", "2026-11-23", care.FindingOpen)
		of("2", care.DriftMoved, "vest", "2026-11-23", care.FindingOpen)
		of("3", care.DriftRoomOrphan, "oest", "2026-11-24", care.FindingMending)
		of("4", care.DriftCategory, "oest", "2026-11-24", care.FindingAccepted)
		of("5", care.DriftMoved, "oest", "2026-11-23", care.FindingMended)

		for name, c := range map[string]struct {
			q    scheduler.FindingQuery
			want []care.FindingID
		}{
			"live":        {scheduler.FindingQuery{Live: true}, []care.FindingID{"1", "2", "3", "4"}},
			"open":        {scheduler.FindingQuery{Live: true, States: []care.FindingState{care.FindingOpen}}, []care.FindingID{"1", "2"}},
			"unit":        {scheduler.FindingQuery{Live: true, Units: []care.UnitID{"vest"}}, []care.FindingID{"2"}},
			"day":         {scheduler.FindingQuery{Live: true, Day: "2026-11-24"}, []care.FindingID{"3", "4"}},
			"kind":        {scheduler.FindingQuery{Live: true, Kinds: care.StrayRooms()}, []care.FindingID{"3"}},
			"with closed": {scheduler.FindingQuery{Since: storetest.Now().Add(-time.Hour), Units: []care.UnitID{"oest"}}, []care.FindingID{"1", "3", "4", "5"}},
			"none":        {scheduler.FindingQuery{Live: true, Day: "2026-12-24"}, nil},
		} {
			found, err := s.Findings(ctx, c.q)
			if err != nil {
				t.Fatal(err)
			}

			var got []care.FindingID
			for _, f := range found {
				got = append(got, f.ID)
			}

			slices.Sort(got)

			n, err := s.CountFindings(ctx, c.q)
			if err != nil || n != len(c.want) || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, counted %d (%v), want %v", name, got, n, err, c.want)
			}
		}
	})
}

// TestOverdueFollowUps: of whose deadline has passed, in which unit; who took one has until the visit.
func TestOverdueFollowUps(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		ctx, at := t.Context(), storetest.Now()
		in := bigImport(t, 0)
		in.New = in.New[:6]

		if err := s.SaveImport(ctx, in); err != nil {
			t.Fatal(err)
		}

		unit := in.New[0].Snapshot().Facts.Unit
		follow := func(i int, f care.FollowUp) {
			f.ID, f.Cause, f.Grade, f.OpenedAt = care.FollowUpID(in.New[i].Snapshot().ID+"-f1"), care.CitizenAbsent, care.Certain, at.Add(-time.Hour)

			err := s.UpdateVisit(ctx, in.New[i].Snapshot().ID, func(v *care.Visit) (scheduler.Effects, error) {
				snap := v.Snapshot()
				snap.FollowUps = []care.FollowUp{f}
				*v = *care.Restore(snap)

				return scheduler.Effects{}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		late, early := at.Add(-time.Minute), at.Add(time.Minute)
		follow(0, care.FollowUp{Stage: care.FollowUpCalling, CallBy: late, VisitBy: early})
		follow(1, care.FollowUp{Stage: care.FollowUpCalling, CallBy: late, VisitBy: early, TakenBy: "MSK"})
		follow(2, care.FollowUp{Stage: care.FollowUpReturning, CallBy: late, VisitBy: early})
		follow(3, care.FollowUp{Stage: care.FollowUpReturning, VisitBy: late})
		follow(4, care.FollowUp{Stage: care.FollowUpTalked, VisitBy: late, EndedAt: at})
		follow(5, care.FollowUp{Stage: care.FollowUpAsked, VisitBy: late})

		if n, err := s.OverdueFollowUps(ctx, []care.UnitID{unit, "another"}, at); err != nil || n != 3 {
			t.Errorf("%d (%v), want 3", n, err)
		}

		if n, err := s.OverdueFollowUps(ctx, []care.UnitID{"another"}, at); err != nil || n != 0 {
			t.Errorf("in another unit: %d (%v)", n, err)
		}

		if n, err := s.OverdueFollowUps(ctx, nil, at); err != nil || n != 0 {
			t.Errorf("without a unit: %d (%v)", n, err)
		}
	})
}
