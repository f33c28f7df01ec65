package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func checkVisit(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 1)

	want := visit(t, 0).Snapshot()
	want.Version = 1
	same(t, "imported visit", want, read(t, b.Store, ids[0]))

	must(t, b.Store.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		v.Reassign("ABC")

		return scheduler.Effects{}, nil
	}))

	want.Version, want.Facts.Employee = 2, "ABC"
	same(t, "changed visit", want, read(t, b.Store, ids[0]))

	refused := care.NewError(care.Forbidden, "Nej.")
	err := b.Store.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		v.Reassign("XYZ")

		return scheduler.Effects{}, refused
	})

	if !errors.Is(err, refused) {
		t.Fatalf("a refused change returned %v, want the function's own error", err)
	}

	same(t, "visit after a refused change", want, read(t, b.Store, ids[0]))
}

func checkMissing(t *testing.T, b Bench) {
	t.Helper()

	s := b.Store

	_, err := s.Visit(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)
	wantKind(t, s.UpdateVisit(t.Context(), "nobody", nothing), care.NotFound)

	_, _, err = s.VisitByLocator(t.Context(), "00")
	wantKind(t, err, care.NotFound)
	_, _, err = s.VisitByLocator(t.Context(), "")
	wantKind(t, err, care.NotFound)
	_, _, err = s.VisitBySession(t.Context(), "00")
	wantKind(t, err, care.NotFound)
	_, _, err = s.VisitByReceipt(t.Context(), "00")
	wantKind(t, err, care.NotFound)
	_, _, err = s.VisitByReceipt(t.Context(), "")
	wantKind(t, err, care.NotFound)
	_, err = s.Batch(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)
	_, err = s.BatchCounts(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)
	wantKind(t, s.UndoBatch(t.Context(), "nobody", "PLA", Now()), care.NotFound)
	_, err = s.List(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)
	_, _, err = s.ListFile(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)
	_, _, err = s.Upload(t.Context(), "nobody")
	wantKind(t, err, care.NotFound)

	changed, err := s.UpdateVisits(t.Context(), []care.VisitID{"nobody"}, nil, nothing)
	must(t, err)

	if len(changed) != 0 {
		t.Fatalf("changed %v, want none", changed)
	}
}

func nothing(*care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, nil }

// checkLifecycle takes one visit through everything, stores each step, and compares what is
// read back with what the domain itself holds.
func checkLifecycle(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]
	model := care.Restore(read(t, b.Store, id))
	ref := care.RoomRef("room-" + string(id) + "-0")
	session, invited := care.AdmissionID("admission-1"), care.InvitationID(string(id)+"-i1")
	minute := func(n int) time.Time { return Now().Add(time.Duration(n) * time.Minute) }

	for i, step := range []func(v *care.Visit) error{
		func(v *care.Visit) error {
			book(t, v)
			v.Invite(care.SMS, minute(1))
			v.RecordPlanned(minute(1))
			return nil
		},
		func(v *care.Visit) error { return v.MessageSent(invited, "provider-1", "locator-1", minute(2)) },
		func(v *care.Visit) error {
			return v.EntryDone(care.EntryID(string(id)+"-e1"), "record-1", "W/1", minute(3))
		},
		func(v *care.Visit) error { return v.MessageBounced(invited, "Nummeret findes ikke.") },
		func(v *care.Visit) error { return v.MessageRetried(invited, care.Mail, "PLA", minute(5)) },
		func(v *care.Visit) error { return v.LinkOpened(invited, minute(6)) },
		func(v *care.Visit) error { return v.Arrive(session, "", "session-1", minute(7)) },
		func(v *care.Visit) error { _, err := v.AskCode(session, minute(8)); return err },
		func(v *care.Visit) error {
			_, err := v.TryCode(session, false, care.DefaultIdentityPolicy().Default, minute(8))
			return err
		},
		func(v *care.Visit) error {
			_, err := v.TryCode(session, true, care.DefaultIdentityPolicy().Default, minute(9))
			return err
		},
		func(v *care.Visit) error {
			v.Raise(care.CitizenTrouble, "", "Ring til borgeren.", true, minute(9))
			return nil
		},
		func(v *care.Visit) error { return v.RoomReady(ref, minute(9)) },
		func(v *care.Visit) error { return v.ReplaceRoom(ref, "room-2", minute(9)) },
		func(v *care.Visit) error { return v.RoomClosed(ref, minute(10)) },
		func(v *care.Visit) error { return v.Admit(session, "MSK", true, minute(10)) },
		func(v *care.Visit) error {
			v.Witness([]care.Leg{{ID: "l1", Room: ref, Role: care.AsHost, Joined: minute(10)}, {ID: "l1", Room: "room-2", Role: care.AsGuest, Joined: minute(11)}})

			return nil
		},
		func(v *care.Visit) error {
			v.Witness([]care.Leg{
				{ID: "l1", Room: ref, Role: care.AsHost, Joined: minute(10), Left: minute(20)},
				{
					ID: "l2", Room: "room-2", Role: care.AsGuest, Joined: minute(11), Entered: minute(12), Left: minute(20), Call: "call", Seat: 2,
					Media: care.AudioOnly, Ending: care.LostContact, Witness: care.FromBoth, Node: "10.0.0.1",
				},
				{ID: "l3", Room: "room-2", Role: care.AsRecorder, Joined: minute(11)},
				{ID: "l4", Room: "room-2", Joined: minute(11), Media: care.NoMedia, Ending: care.NeverThrough, Witness: care.FromLooking},
			})

			return nil
		},
		func(v *care.Visit) error { v.Testify(testimony(minute(20))); return nil },
		func(v *care.Visit) error {
			return v.Conclude(care.Outcome{
				Kind: care.ResultCompleted, Delivery: care.Screen, Actual: care.Interval{Start: minute(11), End: minute(20)},
				Together: 9*time.Minute + 7*time.Nanosecond, Grade: care.Certain, By: "MSK", At: minute(21), TimedAt: minute(21),
			})
		},
		func(v *care.Visit) error {
			return v.EntryDone(care.EntryID(string(id)+"-e2"), "record-1", "W/2", minute(22))
		},
		func(v *care.Visit) error { return v.RoomClosed("room-2", minute(22)) },
		func(v *care.Visit) error {
			v.Contradict(testimony(minute(23)))
			v.Testify(testimony(minute(23)))
			return nil
		},
		func(v *care.Visit) error {
			return v.Correct(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault, Delivery: care.Screen, Grade: care.Manual, By: "LEDER", At: minute(24), Because: "Æblet faldt"})
		},
		func(v *care.Visit) error {
			return v.Correct(care.Outcome{Kind: care.ResultCompleted, Delivery: care.ByPhone, Grade: care.Manual, By: "MSK", At: minute(25), Because: "Ø"})
		},
		func(v *care.Visit) error { v.Confirm(care.Probable); return nil },
	} {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, step(v) }))

		if err := step(model); err != nil {
			t.Fatalf("step %d on the model: %v", i, err)
		}

		want := model.Snapshot()
		want.Version = i + 2
		same(t, fmt.Sprintf("visit after step %d", i), want, read(t, b.Twin, id))
	}
}

// testimony is a verdict with something in every field; two of different times differ.
func testimony(at time.Time) care.Verdict {
	span := care.Interval{Start: at.Add(-10 * time.Minute), End: at}

	return care.Verdict{
		Decided: true, Outcome: care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Actual: span, Together: time.Minute + 7*time.Nanosecond, Grade: care.Probable},
		Why: []string{"Medarbejderen var i rummet \"kl. 09.00\".", "De var sammen i 1 minut."}, Host: span, Guest: span,
		Basis:  []care.Basis{{Room: "room-2", Leg: "l1", Use: care.LegCounted}, {Room: "room-2", Leg: "l3", Use: care.LegRecorder}},
		Alarms: []care.Alarm{care.RecorderInRoom}, Complete: true, Rule: care.RuleVersion, At: at,
	}
}

func checkQueries(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 12)

	must(t, b.Store.UpdateVisit(t.Context(), ids[3], func(v *care.Visit) (scheduler.Effects, error) {
		v.Reassign("ABC")
		v.Raise(care.RoomTrouble, "", "Rummet blev afvist.", true, Now())

		return scheduler.Effects{}, nil
	}))

	_, err := b.Store.UpdateVisits(t.Context(), ids[5:8], &care.Batch{ID: "batch-1", By: "PLA", MadeAt: Now()},
		func(v *care.Visit) (scheduler.Effects, error) {
			return scheduler.Effects{}, v.Choose("batch-1", care.OnListOnly())
		})
	must(t, err)

	must(t, b.Store.UpdateVisit(t.Context(), ids[9], func(v *care.Visit) (scheduler.Effects, error) {
		v.Raise(care.ChangeTrouble, "", "Taget tilbage.", true, Now()) // what a physical visit may have as well

		return scheduler.Effects{}, nil
	}))
	must(t, b.Store.UpdateVisit(t.Context(), ids[6], func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, v.Revert("", Now()) // physical again, and it was by screen
	}))

	start := facts(0).Planned.Start

	for name, c := range map[string]struct {
		q    scheduler.VisitQuery
		want []care.VisitID
	}{
		"all":          {scheduler.VisitQuery{}, ids},
		"limit":        {scheduler.VisitQuery{Limit: 2}, ids[:2]},
		"window":       {scheduler.VisitQuery{Window: care.Interval{Start: start.Add(10 * time.Minute), End: start.Add(30 * time.Minute)}}, ids[1:3]},
		"employee":     {scheduler.VisitQuery{Employee: "ABC"}, ids[3:4]},
		"unit":         {scheduler.VisitQuery{Units: []care.UnitID{"vest", "oest"}}, ids},
		"no unit":      {scheduler.VisitQuery{Units: []care.UnitID{"vest"}}, nil},
		"ids":          {scheduler.VisitQuery{IDs: []care.VisitID{ids[4], ids[1], ids[4], "unknown"}}, []care.VisitID{ids[1], ids[4]}},
		"ids narrowed": {scheduler.VisitQuery{IDs: ids[2:5], Employee: "ABC"}, ids[3:4]},
		"unknown ids":  {scheduler.VisitQuery{IDs: []care.VisitID{"unknown"}}, nil},
		"citizens":     {scheduler.VisitQuery{Citizens: []care.CitizenID{"citizen-0", "citizen-2"}}, []care.VisitID{ids[0], ids[2], ids[8], ids[10]}},
		"batch":        {scheduler.VisitQuery{Batch: "batch-1"}, ids[5:8]},
		"list":         {scheduler.VisitQuery{ListName: "Rute 1", System: "file"}, ids},
		"other list":   {scheduler.VisitQuery{ListName: "Rute 2"}, nil},
		"other system": {scheduler.VisitQuery{System: "fhir"}, nil},
		"troubled":     {scheduler.VisitQuery{Troubled: true}, []care.VisitID{ids[3], ids[9]}},
		"category":     {scheduler.VisitQuery{Categories: []string{facts(0).Category, "Telefonisk"}, Employee: "ABC"}, ids[3:4]},
		"no category":  {scheduler.VisitQuery{Categories: []string{"Telefonisk"}}, nil},
		"screened":     {scheduler.VisitQuery{Screened: true}, ids[5:8]},
		"screened day": {scheduler.VisitQuery{Screened: true, Window: care.Interval{Start: start.Add(60 * time.Minute), End: start.Add(30 * 24 * time.Hour)}}, ids[6:8]},
		"both":         {scheduler.VisitQuery{Troubled: true, Employee: "MSK"}, ids[9:10]},
	} {
		found, err := b.Store.Visits(t.Context(), c.q)
		must(t, err)

		var got []care.VisitID
		for _, f := range found {
			got = append(got, f.ID)
		}

		same(t, name, c.want, got)
	}
}

// checkTimeZones stores instants that were made in many zones, around both changes of the clock.
func checkTimeZones(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	zones := []*time.Location{time.UTC, care.Zone(), time.FixedZone("far east", 14*3600), time.FixedZone("far west", -11*3600)}
	days := []struct {
		start time.Time
		day   care.Day
	}{
		{time.Date(2026, 3, 29, 0, 59, 59, 999999000, time.UTC), "2026-03-29"},   // 01:59 CET
		{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), "2026-03-29"},             // 03:00 CEST
		{time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), "2026-10-25"},           // 02:30 the first time
		{time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), "2026-10-25"},           // 02:30 the second time
		{time.Date(2026, 6, 14, 22, 0, 0, 0, time.UTC), "2026-06-15"},            // local midnight
		{time.Date(2026, 12, 31, 22, 59, 59, 999999000, time.UTC), "2026-12-31"}, // the last moment of the year
		{time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), "2027-01-01"},
	}

	in := scheduler.Import{Record: scheduler.ListRecord{ID: "zones", At: Now()}}

	for i, d := range days {
		f := facts(0)
		f.Planned = care.Interval{Start: d.start.In(zones[i%len(zones)]), End: d.start.Add(time.Minute).In(zones[(i+1)%len(zones)])}

		v, err := care.NewVisit(care.VisitID(fmt.Sprintf("zone-%d", i)), care.SourceRef{System: "file", ID: fmt.Sprint("zone", i)}, f)
		must(t, err)

		in.New = append(in.New, v)
	}

	must(t, b.Store.SaveImport(t.Context(), in))

	for i, d := range days {
		got := read(t, b.Store, care.VisitID(fmt.Sprintf("zone-%d", i)))
		if !got.Facts.Planned.Start.Equal(d.start) || got.Facts.Planned.Start.Location() != time.UTC {
			t.Errorf("start is %v, want %v in UTC", got.Facts.Planned.Start, d.start)
		}

		in, err := b.Store.Visits(t.Context(), scheduler.VisitQuery{Window: d.day.Bounds()})
		must(t, err)

		if !slices.ContainsFunc(in, func(s care.Snapshot) bool { return s.ID == got.ID }) {
			t.Errorf("%v is not among the visits of %s", d.start, d.day)
		}

		found := 0

		must(t, b.Store.EachFact(t.Context(), scheduler.FactQuery{Days: measure.Span{From: d.day, To: d.day}, Units: []care.UnitID{"oest"}, Own: true, Listed: true, By: measure.Dimensions()},
			func(f measure.Fact) error {
				if f.Day == d.day && f.Start.Equal(d.start) && f.Start.Location() == time.UTC {
					found++
				}

				return nil
			}))

		listed, err := b.Store.CountListed(t.Context(), scheduler.ListedQuery{Units: []care.UnitID{"oest"}, Buckets: []measure.Bucket{{Day: d.day, Part: measure.OfPeriod}}})
		must(t, err)

		if found == 0 || len(listed) != 1 || listed[0].Visits < 1 {
			t.Errorf("%v is not counted on %s: %d, %v", d.start, d.day, found, listed)
		}
	}
}

func checkSources(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 30)

	refs := []care.SourceRef{{System: "file", ID: "row-7", Occurrence: "1999-01-01"}, {System: "fhir", ID: "row-7", Occurrence: "2026-06-15"}}
	for i := range 20 {
		refs = append(refs, visit(t, i).Snapshot().Source, visit(t, i).Snapshot().Source)
	}

	found, err := b.Store.VisitsBySource(t.Context(), refs)
	must(t, err)

	var got []care.VisitID
	for _, f := range found {
		got = append(got, f.ID)
	}

	same(t, "visits by source", ids[:20], got)
}

func checkLinks(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 2)

	for _, id := range ids {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			book(t, v)
			v.Invite(care.SMS, Now())

			return scheduler.Effects{}, errors.Join(
				v.MessageSent(care.InvitationID(string(id)+"-i1"), "p", "locator-"+string(id), Now()),
				v.Arrive(care.AdmissionID("admission-"+string(id)), "", "session-"+string(id), Now()))
		}))
	}

	found, invitation, err := b.Store.VisitByLocator(t.Context(), "locator-visit-0001")
	must(t, err)
	same(t, "visit by locator", read(t, b.Store, ids[1]), found)
	same(t, "invitation", care.InvitationID("visit-0001-i1"), invitation)

	found, admission, err := b.Store.VisitBySession(t.Context(), "session-visit-0001")
	must(t, err)
	same(t, "visit by session", read(t, b.Store, ids[1]), found)
	same(t, "admission", care.AdmissionID("admission-visit-0001"), admission)

	err = b.Store.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, v.Arrive("admission-x", "", "session-visit-0001", Now())
	})
	wantKind(t, err, care.Conflict)
}

// checkOneLiveRoom stores a state that the domain forbids; the database refuses it too.
func checkOneLiveRoom(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]

	err := b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
		s := v.Snapshot()
		s.Rooms = []care.Room{{Ref: "a", State: care.RoomBooked, WantedAt: Now()}, {Ref: "b", State: care.RoomWanted, WantedAt: Now()}}
		*v = *care.Restore(s)

		return scheduler.Effects{}, nil
	})
	wantKind(t, err, care.Conflict)

	if rooms := read(t, b.Store, id).Rooms; len(rooms) != 0 {
		t.Fatalf("%d rooms are stored, want none", len(rooms))
	}
}
