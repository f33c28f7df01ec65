package scheduler_test

import (
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// inNexus makes the rig read its lists from a simulated Nexus and write into it.
func inNexus(t *testing.T, sim **nexussim.Server, seed uint64) change {
	t.Helper()

	c := &clock{at: eve()}

	out, err := nexussim.New(nexussim.Options{Clock: c.Now, Calm: true, Strict: true, Seed: seed, Wait: func(context.Context, time.Duration) {}})
	must(t, err)

	urls, err := out.Start(t.Context(), "127.0.0.1:0", "")
	must(t, err)
	t.Cleanup(func() { _ = out.Close() })

	root, err := url.Parse(urls.API)
	must(t, err)

	config := nexus.Config{
		Instance: nexussim.DefaultInstance, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"), WriteVisitType: true,
		IAMURL: urls.IAM, APIURL: root.Scheme + "://" + root.Host,
	}
	config.SetDefaults()

	record, err := nexus.New(config, nexus.Options{Now: c.Now})
	must(t, err)
	t.Cleanup(record.Close)

	*sim = out

	return func(s *setup) {
		s.clock, s.lists = c, pulled.Fetcher{From: record}
		s.journal = func(testing.TB, *clock) ehr.Journal { return record }
		s.set.RecordElse.Phone, s.set.Record = "Telefonopkald", nil
	}
}

// walker does at random what people and the program do about visits that did not take place.
type walker struct {
	*rig
	chance *rand.Rand
	ids    []care.VisitID
}

// step does one thing. What the state forbids is refused, and that is right.
func (w *walker) step() {
	ctx := w.tb.Context()
	id := w.ids[w.chance.IntN(len(w.ids))]

	v, err := w.store.Visit(ctx, id)
	must(w.tb, err)

	switch w.chance.IntN(6) {
	case 0: // the caregiver says so
		_ = w.Conclude(ctx, caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: care.CitizenAbsent})
	case 1, 2: // somebody presses a button, the right one or not; to need nothing is another test
		if f, open := v.OpenFollowUp(); open {
			all := slices.DeleteFunc(scheduler.FollowUpActions(), func(a scheduler.FollowUpAction) bool { return a == scheduler.FollowUpNone })
			_ = w.FollowUp(ctx, planner(), scheduler.FollowUpRequest{Visit: id, FollowUp: f.ID, Action: all[w.chance.IntN(len(all))]})
		}
	case 3: // time passes and nothing works
		w.clock.to(w.clock.Now().Add(time.Duration(w.chance.IntN(20)) * time.Minute))
	case 4: // the process dies between a job's effect and its end: it runs again
		if due := w.due(); len(due) > 0 {
			job := due[w.chance.IntN(len(due))]
			job.Attempt = job.attempt()
			_ = w.Run(ctx, job.Job)
		}
	case 5:
		w.until(w.clock.Now().Add(time.Duration(w.chance.IntN(10)) * time.Minute))
	}
}

// walk plays a morning of missed visits.
func (w *walker) walk() {
	w.until(on(9, 2))

	for range 40 {
		w.step()
	}

	for _, id := range w.ids { // of some visits nobody said anything yet
		_ = w.Conclude(w.tb.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: care.TechnicalFault})
	}

	w.until(on(15, 0))
}

// given reports whether a visit came to its end: by telephone, or physical again.
func given(v care.Snapshot) bool {
	return v.State == care.Completed && v.Delivery == care.ByPhone || v.State == care.Reverted && v.Delivery == care.Physical
}

func results(v care.Snapshot) (n int) {
	for _, e := range v.Entries {
		if e.Kind == care.EntryResult && e.State == care.EntryWritten {
			n++
		}
	}

	return n
}

// TestExactlyOneActiveVisit: whatever people press, whatever fails and whenever the process dies,
// the record has one visit by which the citizen gets help, at every moment; and one that went back
// on the list stands there byte for byte as it stood.
func TestExactlyOneActiveVisit(t *testing.T) {
	t.Parallel()

	for seed := range uint64(4) {
		t.Run("seed "+strconv.Itoa(int(seed)), func(t *testing.T) {
			t.Parallel()

			var sim *nexussim.Server

			r := newRig(t, inNexus(t, &sim, seed+1), following(scheduler.AutomaticFollowUp))

			refs, err := sim.Load(nexussim.Day{List: "Øst dag", Visits: []nexussim.NewVisit{
				{CPR: []string{"2512489996"}, Employee: "MSK", Start: on(9, 0), End: on(9, 15), Service: "Medicinadministration", Law: "SUL §138", Comment: "Nøgleboks"},
				{CPR: []string{"2509479989"}, Employee: "MSK", Start: on(9, 0), End: on(9, 20), Service: "Medicinadministration", Law: "SUL §138"},
				{CPR: []string{"2103009996"}, Employee: "TKR", Start: on(9, 10), End: on(9, 30), Service: "Medicinadministration", Law: "SUL §138"},
			}})
			must(t, err)

			if n := r.importFetched().New; n != len(refs) {
				t.Fatalf("%d visits were imported", n)
			}

			w := &walker{rig: r, chance: rand.New(rand.NewPCG(seed, 22))}
			for _, v := range r.all() {
				w.ids = append(w.ids, v.ID)
			}

			_, err = r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: w.ids, RedReason: "Aftalt med borgeren"})
			must(t, err)
			r.work()
			must(t, sim.SetFaults(nexussim.Faults{ResetBefore: .03, ResetAfter: .05, ServerError: .03, ServerErrorAfter: .05, Unavailable: .03, BadGatewayAfter: .03, BrokenBody: .02}))
			w.walk()

			for _, c := range sim.ActiveCounts() {
				if c.Count != 1 {
					t.Errorf("seed %d: %d active visits at %s after %s", seed, c.Count, c.At, c.Cause)
				}
			}

			for i, ref := range refs {
				v := r.visit(strconv.Itoa(ref.ID))

				if _, open := v.OpenFollowUp(); !given(v) || open && v.State != care.Reverted || results(v) > 1 {
					t.Errorf("seed %d: visit %d is %s %s, %d results, %+v", seed, i, v.State, v.Delivery, results(v), v.FollowUps)
				}

				if same, err := sim.Compare(ref); v.State == care.Reverted && (err != nil || len(same.Differ) != 0) {
					t.Errorf("seed %d: what went back differs in %v, %v", seed, same.Differ, err)
				}
			}

			if t.Failed() {
				t.Log(strings.Join(r.jobs.ran, "\n"))
			}
		})
	}
}

// TestOneResultInFHIR: the same walk against the FHIR record leaves one result or none, nothing
// twice, and what stands last is how the visit was given.
func TestOneResultInFHIR(t *testing.T) {
	t.Parallel()

	for seed := range uint64(3) {
		r := booked(t, []string{nancy, with(with(bruno, colStart, "09:00"), colEnd, "09:20")}, []string{"A-1", "A-2"}, following(scheduler.AutomaticFollowUp))
		must(t, r.fhir.SetFaults(fhirsim.Faults{ResetBefore: .03, ResetAfter: .06, ServerError: .05, BrokenBody: .02}))

		w := &walker{rig: r, chance: rand.New(rand.NewPCG(seed, 23)), ids: r.ids("A-1", "A-2")}
		w.walk()

		if n := r.fhir.Totals(); n.DuplicateEntries+n.DuplicateResources > 0 {
			t.Errorf("seed %d: %+v", seed, n)
		}

		for _, id := range []string{"A-1", "A-2"} {
			v, written := r.visit(id), r.recorded(id)

			want := "restored Planlagt besøg"
			if v.State == care.Completed {
				want = "result Telefonisk"
			}

			if !given(v) || results(v) > 1 || written[len(written)-1] != want {
				t.Errorf("seed %d: %s is %s %s, the record has %q", seed, id, v.State, v.Delivery, written)
			}
		}
	}
}
