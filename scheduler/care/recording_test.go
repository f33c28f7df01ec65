package care_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler/care"
)

// records is what a record shows of one visit, by each means: the kind of the last entry.
type records map[care.Means]care.EntryKind

// TestEveryMeansEndsRight converts, moves, calls, cancels and takes back at random, while entries are
// written late, refused, or answered after they were overtaken. When all is written, every means of
// the record says what the visit is.
func TestEveryMeansEndsRight(t *testing.T) {
	t.Parallel()

	fresh, pin := newVisit(t).Snapshot(), host(t)

	rapid.Check(t, func(t *rapid.T) {
		means := rapid.SliceOfDistinct(rapid.SampledFrom(care.AllMeans()), func(m care.Means) care.Means { return m }).Draw(t, "means")
		recording := care.Recording{Means: means}
		v := care.Restore(fresh)
		record := make(records)
		steps := record.steps(v, recording, pin)

		for range rapid.IntRange(3, 25).Draw(t, "steps") {
			steps[rapid.SampledFrom(slices.Sorted(maps.Keys(steps))).Draw(t, "step")](t)
		}

		settle(t, v, record)
		record.check(t, v)
	})
}

// steps are what may happen to a visit and its entries.
func (r records) steps(v *care.Visit, recording care.Recording, pin care.HostPIN) map[string]func(*rapid.T) {
	rooms := 0
	book := func() {
		rooms++
		room := care.RoomRef(fmt.Sprintf("r%d", rooms))

		if v.StartBooking(room, start) == nil && v.Booked(room, care.BookedRoom{Planned: v.Planned(), HostPIN: pin}, start) == nil {
			v.RecordPlanned(start)
		}
	}

	// What the visit's state does not allow is refused, and changes nothing.
	return map[string]func(*rapid.T){
		"choose": func(*rapid.T) {
			if v.Choose("b", recording) == nil {
				book()
			}
		},
		"again": func(*rapid.T) { // as after a new time
			if v.State() == care.RoomIsBooked {
				v.RecordPlanned(start)
			}
		},
		"call":   func(*rapid.T) { _ = v.CallInstead(care.SMS, start) },
		"revert": func(*rapid.T) { _ = v.Revert(care.SMS, start) },
		"cancel": func(*rapid.T) { _ = v.Cancel(care.CancelledCitizen, "PLAN", care.SMS, start) },
		"conclude": func(*rapid.T) {
			_ = v.Conclude(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, At: start})
		},
		"correct": func(*rapid.T) {
			_ = v.Correct(care.Outcome{Kind: care.ResultCompleted, Delivery: care.ByPhone, At: start})
		},
		"write":      func(t *rapid.T) { r.write(t, v, isDue) },
		"write more": func(t *rapid.T) { r.write(t, v, isDue) },
		"late":       func(t *rapid.T) { r.writeLate(t, v) }, // the answer to a write that was overtaken on its way
		"refuse": func(t *rapid.T) {
			if e, ok := next(v, isDue); ok {
				if err := v.EntryRefused(e.ID, "Nej.", true, start); err != nil {
					t.Fatal(err)
				}
			}
		},
	}
}

func isDue(e care.Entry) bool { return e.State == care.EntryDue }

// next is the oldest entry that fits and whose turn it is.
func next(v *care.Visit, fits func(care.Entry) bool) (care.Entry, bool) {
	s := v.Snapshot()
	i := slices.IndexFunc(s.Entries, func(e care.Entry) bool { return fits(e) && !s.EarlierEntryDue(e.ID) })

	if i < 0 {
		return care.Entry{}, false
	}

	return s.Entries[i], true
}

func (r records) write(t *rapid.T, v *care.Visit, fits func(care.Entry) bool) bool {
	e, ok := next(v, fits)
	if !ok {
		return false
	}

	r[e.Means] = e.Kind

	if err := v.EntryDone(e.ID, "id", "1", start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}

	return true
}

// writeLate answers an overtaken entry while nothing later by its means was written: the scheduler
// waits for the later one where there is one.
func (r records) writeLate(t *rapid.T, v *care.Visit) {
	s := v.Snapshot()

	r.write(t, v, func(e care.Entry) bool {
		_, later := s.LaterEntry(e.ID)

		return e.State == care.EntrySuperseded && e.Means != "" && !later
	})
}

// settle does what the queue and the people do in the end: everything due is written, what was
// refused is tried again.
func settle(t *rapid.T, v *care.Visit, r records) {
	for range 200 {
		if r.write(t, v, isDue) {
			continue
		}

		refused, ok := next(v, func(e care.Entry) bool { return e.State == care.EntryRejected })
		if !ok {
			return
		}

		if err := v.RetryEntry(refused.ID, "PLAN", start); err != nil {
			t.Fatal(err)
		}
	}

	t.Fatalf("never at rest: %+v", v.Snapshot().Entries)
}

// check holds what the record says against the visit.
func (r records) check(t *rapid.T, v *care.Visit) {
	s := v.Snapshot()

	for m := range r {
		if !slices.Contains(s.Recording.Means, m) {
			t.Fatalf("%s was told, which is not among %v", m, s.Recording.Means)
		}
	}

	for _, m := range s.Recording.Means {
		got, told := r[m]
		want := care.EntryKind("") // nothing, or restored

		switch {
		case s.State == care.RoomIsBooked, s.ToCall() && m != care.ByIntervention:
			want = care.EntryPlanned
		case s.State.Concluded(), s.State == care.Cancelled && told && got != care.EntryRestored:
			want = care.EntryResult
		}

		switch {
		case want != "" && !m.Tells(want): // the means has no such entry; an intervention stays
		case want == "" && told && got != care.EntryRestored, want != "" && got != want:
			if s.State == care.Cancelled && m == care.ByIntervention && got == care.EntryRestored {
				continue
			}

			t.Fatalf("%s says %q, the visit is %s (%s): %+v", m, got, s.State, s.Delivery, s.Entries)
		}
	}
}

// TestNothingToTellIsSaid: where no means tells an entry, the visit says so once, and why.
func TestNothingToTellIsSaid(t *testing.T) {
	t.Parallel()

	v := newVisit(t)
	if err := v.Choose("b", care.Recording{Why: "Pakkemodel uden egen indsats."}); err != nil {
		t.Fatal(err)
	}

	v.RecordPlanned(start)
	v.RecordPlanned(start)

	var omitted []care.Entry

	for _, e := range v.Snapshot().Entries {
		if e.State == care.EntryOmitted {
			omitted = append(omitted, e)
		}
	}

	if len(omitted) != 1 || omitted[0].Failure != "Pakkemodel uden egen indsats." || omitted[0].Means != "" {
		t.Errorf("%+v", v.Snapshot().Entries)
	}
}

// TestRecordText holds what may stand in a care record (K64).
func TestRecordText(t *testing.T) {
	t.Parallel()

	for text, good := range map[string]bool{
		"skærmbesøg": true, "Egnet til skærmbesøg: ja": true, "Kommunens skærm, nr. 4711": true, "Kl. 08.30-08.45": true,
		"{resultat} {start}–{slut} ({minutter} min.)": true, "Borgeren bruger kodeord med hjemmeplejen": true, "Ring 99 99 99 99": true,
		"Besøg efter SUL § 138": true, "Koden til døren er glemt": true, "": true,
		"PIN 482913": false, "pinkode: 4829": false, "Adgangskode: sommer26": false, "brugernavn er nab": false, "login nab123": false,
		"password=Hemmelig1": false, "Kodeordet er »kastanje7«": false, "Bruger-id 12345": false, "koden er 1234": false,
		"https://skaerm.testby.dk/b/abc": false, "www.testby.dk": false, "skaerm.testby.dk/b/abc": false,
		"251248-9996": false, "2512489996": false, "{cpr}": false, "{Start}": false,
	} {
		if err := care.CheckRecordText(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
