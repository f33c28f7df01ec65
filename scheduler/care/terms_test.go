package care_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TestAnswerTerms is what an answer does, from every state of a session.
func TestAnswerTerms(t *testing.T) {
	t.Parallel()

	yes := care.TermsAnswer{Version: care.TermsNow, Lang: "da", Accepted: true, At: start}
	spoilt := func(change func(*care.TermsAnswer)) care.TermsAnswer {
		a := yes
		change(&a)

		return a
	}

	for name, c := range map[string]struct {
		upTo   int // how many of the steps before are done
		answer care.TermsAnswer
		want   care.Kind
	}{
		"not identified":  {1, yes, care.Conflict},
		"identified":      {2, yes, 0},
		"a no":            {2, spoilt(func(a *care.TermsAnswer) { a.Accepted = false }), 0},
		"let in":          {3, yes, 0},
		"removed":         {4, yes, care.Gone},
		"older wording":   {2, spoilt(func(a *care.TermsAnswer) { a.Version-- }), care.Conflict},
		"newer wording":   {2, spoilt(func(a *care.TermsAnswer) { a.Version++ }), care.Conflict},
		"never":           {2, spoilt(func(a *care.TermsAnswer) { a.At = time.Time{} }), care.Conflict},
		"endless tag":     {2, spoilt(func(a *care.TermsAnswer) { a.Lang = "da-x-123456" }), care.Conflict},
		"nobody's answer": {0, yes, care.NotFound},
	} {
		v := inState(t, care.RoomIsBooked)

		if _, err := v.AddParticipant(care.Invitee{ID: "p1", Contact: aContact("c1")}, 5, "MSK", start); err != nil {
			t.Fatal(err)
		}

		for _, step := range []func() error{
			func() error { return v.Arrive("a1", "p1", "hash", start) },
			func() error { return v.Identify("a1", care.Proof{Method: care.ByCode}, anyway(), start) },
			func() error {
				if err := v.AnswerTerms("a1", yes); err != nil {
					return err
				}

				return v.Admit("a1", "MSK", true, start)
			},
			func() error { return v.RemoveParticipant("p1", "MSK", start) },
		}[:c.upTo] {
			if err := step(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}

		if err := v.AnswerTerms("a1", c.answer); care.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}

		if a, ok := v.Snapshot().AdmissionOf("a1"); ok && c.want == 0 && v.Snapshot().AwaitsTerms(a) == c.answer.Accepted {
			t.Errorf("%s: the session waits for terms: %t", name, !c.answer.Accepted)
		}
	}

	v := inState(t, care.RoomIsBooked)
	if err := v.Arrive("a1", "", "hash", start); err != nil {
		t.Fatal(err)
	}

	if err := v.AnswerTerms("a1", yes); care.KindOf(err) != care.Gone {
		t.Errorf("the citizen: %v", err)
	}

	if a, _ := v.Snapshot().AdmissionOf("a1"); v.Snapshot().AwaitsTerms(a) {
		t.Error("the citizen has terms")
	}
}
