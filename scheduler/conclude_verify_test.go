package scheduler_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// archive is a platform that tells of a room what the test says, and whose full record comes
// five and thirty minutes after a visit.
type archive struct {
	video.Platform

	now  func() time.Time
	told []telling
}

// telling is what the archive says from a time on.
type telling struct {
	from time.Time
	legs []care.Leg
	err  error
}

// Legs implements video.Observer.
func (a *archive) Legs(_ context.Context, room video.Observed) ([]care.Leg, error) {
	var last telling

	for _, t := range a.told {
		if !a.now().Before(t.from) {
			last = t
		}
	}

	legs := slices.Clone(last.legs)
	for i := range legs {
		legs[i].Room = room.Ref
	}

	return legs, last.err
}

// LookAgain implements video.Arbiter.
func (a *archive) LookAgain() []time.Duration {
	return []time.Duration{5 * time.Minute, 30 * time.Minute}
}

// archived is a rig with a booked visit, 9.00–9.15, on such a platform.
func archived(t *testing.T, told ...telling) *rig {
	t.Helper()

	var a *archive

	r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) {
		s.clock = &clock{at: eve()}
		s.wrap = func(p *vdx.Platform) video.Platform {
			a = &archive{Platform: p, now: s.clock.Now, told: told}

			return a
		}
	})
	r.known("A-1")

	return r
}

func leg(id string, role care.LegRole, from, to time.Time, change ...func(*care.Leg)) care.Leg {
	l := care.Leg{ID: id, Role: role, Joined: from, Left: to, Media: care.Video}
	for _, c := range change {
		c(&l)
	}

	return l
}

func silent(l *care.Leg) { l.Media = care.NoMedia }

// early is a moment before every visit.
func early() time.Time { return on(0, 0) }

// TestTheFullRecordComesLater: an outcome that the system gave follows it, once, and the record of
// the municipality with it.
func TestTheFullRecordComesLater(t *testing.T) {
	t.Parallel()

	mette, nancy := leg("h", care.AsHost, on(9, 0), on(9, 12)), leg("g", care.AsGuest, on(9, 1), on(9, 12))
	both := []care.Leg{mette, nancy}

	const (
		completed = "result Gennemført skærmbesøg"
		not       = "result Ikke gennemført skærmbesøg"
	)

	for name, c := range map[string]struct {
		told    []telling
		state   care.VisitState
		reason  care.ReasonCode
		entries []string
		former  int
		asks    bool
	}{
		"says the same":                  {[]telling{{early(), both, nil}}, care.Completed, "", []string{completed}, 0, false},
		"history is gone":                {[]telling{{early(), both, nil}, {on(9, 33), nil, nil}}, care.Completed, "", []string{completed}, 0, false},
		"history fails for good":         {[]telling{{early(), both, nil}, {on(9, 33), nil, &connector.Error{Kind: connector.Malformed}}}, care.Completed, "", []string{completed}, 0, false},
		"there was no picture or sound":  {[]telling{{early(), both, nil}, {on(9, 33), []care.Leg{mette, leg("g", care.AsGuest, on(9, 1), on(9, 12), silent)}, nil}}, care.NotCompleted, care.TechnicalFault, []string{completed, not}, 1, false},
		"it was longer":                  {[]telling{{early(), []care.Leg{mette, leg("g", care.AsGuest, on(9, 1), on(9, 3))}, nil}, {on(9, 33), both, nil}}, care.Completed, "", []string{completed, completed}, 1, false},
		"it was a little longer":         {[]telling{{early(), []care.Leg{mette, leg("g", care.AsGuest, on(9, 1), on(9, 12).Add(-20*time.Second))}, nil}, {on(9, 33), both, nil}}, care.Completed, "", []string{completed}, 0, false},
		"first nothing, then both":       {[]telling{{early(), []care.Leg{mette}, nil}, {on(9, 50), both, nil}}, care.Completed, "", []string{completed}, 0, false},
		"absent, and then not":           {[]telling{{early(), []care.Leg{mette}, nil}, {on(10, 20), both, nil}}, care.Completed, "", []string{not, completed}, 1, false},
		"back and forth":                 {[]telling{{early(), []care.Leg{mette}, nil}, {on(10, 3), both, nil}, {on(10, 20), []care.Leg{mette}, nil}}, care.Completed, "", []string{not, completed}, 1, false},
		"absent, and then in doubt":      {[]telling{{early(), []care.Leg{mette}, nil}, {on(10, 3), []care.Leg{mette, leg("x", care.AsGuest, on(9, 13), on(9, 14))}, nil}}, care.NotCompleted, care.CitizenAbsent, []string{not}, 0, true},
		"completed, and then put out":    {[]telling{{early(), both, nil}, {on(9, 33), []care.Leg{mette, leg("g", care.AsGuest, on(9, 1), on(9, 12), func(l *care.Leg) { l.Ending = care.TurnedAway })}, nil}}, care.Completed, "", []string{completed}, 0, true},
		"an outage hides it for a while": {[]telling{{early(), []care.Leg{mette}, nil}, {on(10, 1), nil, &connector.Error{Kind: connector.Unavailable}}, {on(10, 20), both, nil}}, care.Completed, "", []string{not, completed}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := archived(t, c.told...)
			r.until(on(11, 0))

			v := r.visit("A-1")
			if v.State != c.state || v.Outcome.Reason != c.reason || len(v.Former) != c.former || v.Outcome.By != "system" || v.Outcome.Because != "" {
				t.Errorf("%s %+v, formerly %+v\n%s", v.State, v.Outcome, v.Former, v.Verdict().Text())
			}

			if got := r.recorded("A-1")[1:]; !slices.Equal(got, c.entries) {
				t.Errorf("record %q", got)
			}

			asked := slices.ContainsFunc(r.open("A-1"), func(e care.Exception) bool {
				return e.Kind == care.OutcomeTrouble && strings.Contains(e.Text, "usikkert")
			})
			if asked != c.asks || len(r.open("A-1")) > 1 {
				t.Errorf("exceptions %v", r.open("A-1"))
			}

			if n := r.kinds()[scheduler.VerifyOutcomeJob]; n != 0 {
				t.Errorf("%d looks still wait", n)
			}
		})
	}
}

// TestAPersonsWordStands against the later record, and the person is told; who corrects it is
// done with it, and both views are kept.
func TestAPersonsWordStands(t *testing.T) {
	t.Parallel()

	both := []care.Leg{leg("h", care.AsHost, on(9, 0), on(9, 12)), leg("g", care.AsGuest, on(9, 1), on(9, 12))}
	absent := scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}
	held := scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}

	r := archived(t, telling{early(), nil, nil}, telling{on(9, 33), both, nil})
	id := r.visit("A-1").ID

	r.until(on(9, 20))
	must(t, r.Conclude(t.Context(), caregiver("MSK"), id, absent))
	r.until(on(9, 31))

	if v := r.visit("A-1"); v.NeedsPerson() || v.Outcome.Grade != care.Manual {
		t.Fatalf("before: %+v, %v", v.Outcome, v.Exceptions)
	}

	r.until(on(11, 0))

	e := r.trouble("A-1", care.OutcomeTrouble)
	if v := r.visit("A-1"); !strings.Contains(e.Text, "De var sammen i 11 minutter.") || v.State != care.NotCompleted || v.Outcome.By != "MSK" || v.Outcome.Grade != care.Probable {
		t.Errorf("%s %+v: %q", v.State, v.Outcome, e.Text)
	}

	correct := func(because string, req scheduler.ConcludeRequest) error {
		return r.Correct(t.Context(), caregiver("ABC"), id, scheduler.CorrectRequest{ConcludeRequest: req, Because: because})
	}

	refused(t, correct("", held), care.Invalid)
	refused(t, correct(strings.Repeat("å", 501), held), care.Invalid)
	refused(t, correct("Det var 010490-9989", held), care.Invalid)
	refused(t, correct("Fordi", scheduler.ConcludeRequest{Physical: true}), care.Invalid)
	refused(t, correct("Fordi", scheduler.ConcludeRequest{Kind: care.ResultNotCompleted}), care.Invalid)
	refused(t, correct("Fordi", scheduler.ConcludeRequest{}), care.Invalid)
	refused(t, correct("Fordi", absent), care.Conflict)
	refused(t, r.Correct(t.Context(), actor("X", care.Caregiver, "vest"), id, scheduler.CorrectRequest{ConcludeRequest: held, Because: "Fordi"}), care.Forbidden)
	refused(t, r.Correct(t.Context(), actor("ADMIN", care.Administrator), id, scheduler.CorrectRequest{ConcludeRequest: held, Because: "Fordi"}), care.Forbidden)

	must(t, correct(" Det var kollegaen, der trykkede forkert. ", held))
	r.until(on(12, 0))

	v := r.visit("A-1")
	if v.State != care.Completed || v.Outcome.Grade != care.Certain || v.Outcome.Together != 11*time.Minute || v.Outcome.Because != "Det var kollegaen, der trykkede forkert." ||
		len(v.Former) != 1 || v.Former[0].By != "MSK" || v.NeedsPerson() || v.Delivery != care.Screen {
		t.Errorf("%s %+v, formerly %+v, %v", v.State, v.Outcome, v.Former, v.Exceptions)
	}

	if got := r.recorded("A-1"); len(got) != 3 || got[2] != "result Gennemført skærmbesøg" {
		t.Errorf("record %q", got)
	}
}

// TestTimesThatComeLate: whoever concludes right after hanging up is faster than the platform's record. Its
// times are taken over when they come, and again when they are fuller; the record is not told a second time.
func TestTimesThatComeLate(t *testing.T) {
	t.Parallel()

	some := []care.Leg{leg("h", care.AsHost, on(9, 0), on(9, 10)), leg("g", care.AsGuest, on(9, 1), on(9, 10))}
	all := []care.Leg{leg("h", care.AsHost, on(9, 0), on(9, 13)), leg("g", care.AsGuest, on(9, 1), on(9, 13))}

	r := archived(t, telling{early(), nil, nil}, telling{on(9, 18), some, nil}, telling{on(9, 40), all, nil})

	r.until(on(9, 14))
	must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))

	for _, step := range []struct {
		until    time.Time
		together time.Duration
		grade    care.Grade
	}{
		{on(9, 16), 0, care.Manual},
		{on(9, 38), 9 * time.Minute, care.Certain},
		{on(11, 0), 12 * time.Minute, care.Certain},
	} {
		r.until(step.until)

		v := r.visit("A-1")
		if o := v.Outcome; v.State != care.Completed || o.By != "MSK" || o.Together != step.together || o.Grade != step.grade || o.TimedAt.IsZero() != (step.together == 0) {
			t.Errorf("at %s: %s %+v", step.until, v.State, o)
		}

		if len(v.Former) != 0 || v.NeedsPerson() || v.Outcome.Together != 0 && !v.Outcome.Actual.Valid() {
			t.Errorf("at %s: formerly %+v, %v", step.until, v.Former, v.Exceptions)
		}
	}

	if got := r.recorded("A-1"); len(got) != 2 {
		t.Errorf("record %q", got)
	}
}

// TestCorrectWhatHasNotEnded is refused.
func TestCorrectWhatHasNotEnded(t *testing.T) {
	t.Parallel()

	r := archived(t)
	refused(t, r.Correct(t.Context(), planner(), r.visit("A-1").ID, scheduler.CorrectRequest{
		ConcludeRequest: scheduler.ConcludeRequest{Kind: care.ResultCompleted}, Because: "Fordi",
	}), care.Conflict)
}

// TestWhoShouldNotHaveBeenThere is put on the list once, beside the outcome (R13, R15).
func TestWhoShouldNotHaveBeenThere(t *testing.T) {
	t.Parallel()

	legs := []care.Leg{
		leg("h", care.AsHost, on(9, 0), on(9, 12)), leg("g", care.AsGuest, on(9, 1), on(9, 12), func(l *care.Leg) { l.Seat = 1 }),
		leg("x", care.AsGuest, on(9, 2), on(9, 4), func(l *care.Leg) { l.Seat = 3 }), leg("r", care.AsRecorder, on(9, 2), on(9, 12)),
	}
	r := archived(t, telling{early(), legs, nil})
	r.until(on(9, 40))

	open := r.open("A-1")
	if v := r.visit("A-1"); v.State != care.Completed || len(open) != 2 || open[0].Kind != care.PersonTrouble || open[1].Kind != care.PersonTrouble {
		t.Fatalf("%s, %v", v.State, open)
	}

	for _, e := range open {
		must(t, r.Settle(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	}

	r.until(on(12, 0))

	if len(r.open("A-1")) != 0 {
		t.Errorf("again: %v", r.open("A-1"))
	}
}

// TestEvidenceOfAVisit: what the leader and the caregiver can read of its course.
func TestEvidenceOfAVisit(t *testing.T) {
	t.Parallel()

	both := []care.Leg{
		leg("h", care.AsHost, on(9, 0), on(9, 12)), leg("api", care.AsGuest, on(9, 0), on(9, 1), silent),
		leg("g", care.AsGuest, on(9, 1), on(9, 11), func(l *care.Leg) { l.Witness, l.Ending = care.FromBoth, care.EndedForAll }),
	}
	r := archived(t, telling{early(), both, nil})
	id := r.visit("A-1").ID

	r.until(on(9, 0))
	r.enter().admit()
	r.until(on(10, 30))

	refusedEvidence := func(a care.Actor, want care.Kind) {
		t.Helper()

		_, err := r.Evidence(t.Context(), a, id)
		refused(t, err, want)
	}

	refusedEvidence(actor("ADMIN", care.Administrator), care.Forbidden)
	refusedEvidence(actor("X", care.Caregiver, "vest"), care.Forbidden)

	for _, a := range []care.Actor{caregiver("ABC"), planner(), leader()} {
		e, err := r.Evidence(t.Context(), a, id)
		must(t, err)

		if e.Invited.IsZero() || e.Came.IsZero() || e.LetIn.IsZero() || e.LetInBy != "MSK" || !e.HostIn.Equal(on(9, 0)) || !e.GuestOut.Equal(on(9, 11)) ||
			!e.Ended.Equal(on(9, 12)) || len(e.Legs) != 3 || len(e.Verdicts) != 2 || e.Verdicts[0].Complete || !e.Present[0].Came ||
			!slices.Equal(e.Witnesses, []care.Witness{care.FromHistory, care.FromBoth}) || e.Outcome.Grade != care.Certain {
			t.Errorf("as %s: legs %+v, verdicts %+v, outcome %+v, witnesses %q", a.Employee, e.Legs, e.Verdicts, e.Outcome, e.Witnesses)
		}
	}

	var told []scheduler.EvidenceView

	each := func(a care.Actor, q scheduler.StatisticsQuery) error {
		told = nil

		return r.EachEvidence(t.Context(), a, q, func(e scheduler.EvidenceView) error { told = append(told, e); return nil })
	}

	month := scheduler.StatisticsQuery{From: "2026-11-01", To: "2026-11-30"}
	must(t, each(leader(), month))

	if len(told) != 1 || told[0].Visit != id {
		t.Errorf("told %v", told)
	}

	refused(t, each(caregiver("ABC"), month), care.Forbidden)
	refused(t, each(leader(), scheduler.StatisticsQuery{From: "2026-11-30", To: "2026-11-01"}), care.Invalid)
	refused(t, each(leader(), scheduler.StatisticsQuery{From: "2026-01-01", To: "2026-11-01"}), care.Invalid)
	must(t, each(leader(), scheduler.StatisticsQuery{From: "2026-09-01", To: "2026-11-30", Unit: "oest"}))
}

// TestCorrectedInTheFile: the driving list's file follows a correction too.
func TestCorrectedInTheFile(t *testing.T) {
	t.Parallel()

	var journal *file.Journal

	r := newRig(t, intoFile(&journal))
	record := r.load(sample(t, "koreliste-dag.csv"))
	r.convert("KL-1001")
	r.until(on(15, 0))

	id := r.visit("KL-1001").ID
	must(t, r.Conclude(t.Context(), planner(), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}))
	r.work()
	must(t, r.Correct(t.Context(), planner(), id, scheduler.CorrectRequest{
		ConcludeRequest: scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen, Known: care.StaffWay{Method: care.KnownToStaff, Check: care.CalledNumber}},
		Because:         "Forkert besøg valgt",
	}))
	r.work()

	out, err := journal.Output(t.Context(), record.Kept)
	must(t, err)

	for line := range bytes.Lines(out.Data) {
		if bytes.Contains(line, []byte("KL-1001")) && !bytes.Contains(line, []byte("Gennemført skærmbesøg")) {
			t.Errorf("%s", line)
		}
	}
}
