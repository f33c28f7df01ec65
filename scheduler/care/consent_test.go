package care_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TestConsentCovers: which visits, and until when, a consent is good for.
func TestConsentCovers(t *testing.T) {
	t.Parallel()

	given := func(change func(*care.Consent)) care.Consent {
		c := care.Consent{ID: "c", Form: care.Orally, By: "MSK", At: start}
		change(&c)

		return c
	}
	local := func(day, hour, minute int) care.Interval {
		at := time.Date(2026, 11, day, hour, minute, 0, 0, care.Zone()).UTC()

		return care.Interval{Start: at, End: at.Add(time.Hour)}
	}

	for name, c := range map[string]struct {
		consent care.Consent
		planned care.Interval
		want    bool
	}{
		"none":                {care.Consent{}, local(23, 9, 0), false},
		"every visit":         {given(func(*care.Consent) {}), local(23, 9, 0), true},
		"this visit":          {given(func(c *care.Consent) { c.Scope, c.Visit = care.OneVisit, "v" }), local(23, 9, 0), true},
		"another visit":       {given(func(c *care.Consent) { c.Scope, c.Visit = care.OneVisit, "w" }), local(23, 9, 0), false},
		"no visit":            {given(func(c *care.Consent) { c.Scope = care.OneVisit }), local(23, 9, 0), false},
		"the last day":        {given(func(c *care.Consent) { c.Scope, c.Until = care.UntilDay, "2026-11-23" }), local(23, 9, 0), true},
		"into the night":      {given(func(c *care.Consent) { c.Scope, c.Until = care.UntilDay, "2026-11-23" }), local(23, 23, 30), true},
		"the next local day":  {given(func(c *care.Consent) { c.Scope, c.Until = care.UntilDay, "2026-11-23" }), local(24, 0, 0), false},
		"no day":              {given(func(c *care.Consent) { c.Scope = care.UntilDay }), local(23, 9, 0), false},
		"unknown scope":       {given(func(c *care.Consent) { c.Scope = "some" }), local(23, 9, 0), false},
		"nobody recorded it":  {given(func(c *care.Consent) { c.By = "" }), local(23, 9, 0), false},
		"unknown form":        {given(func(c *care.Consent) { c.Form = "nod" }), local(23, 9, 0), false},
		"before a day, early": {given(func(c *care.Consent) { c.Scope, c.Until = care.UntilDay, "2026-12-01" }), local(23, 9, 0), true},
	} {
		if got := c.consent.Covers("v", c.planned); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}

	last := given(func(c *care.Consent) { c.Scope, c.Until = care.UntilDay, "2026-11-23" })
	if midnight := local(24, 0, 0).Start; last.Lapsed(midnight.Add(-time.Second)) || !last.Lapsed(midnight) || given(func(*care.Consent) {}).Lapsed(midnight) {
		t.Error("a consent lapses at local midnight after its last day")
	}
}

// TestDropUncovered takes out whom a new time is not covered for, and nobody else.
func TestDropUncovered(t *testing.T) {
	t.Parallel()

	v := inState(t, care.RoomIsBooked)
	day := care.DayOf(v.Planned().Start)

	for _, c := range []struct {
		id    care.ContactID
		until care.Day
	}{{"c1", day}, {"c2", day.Add(1)}} {
		contact := aContact(c.id)
		contact.Consent.Scope, contact.Consent.Until = care.UntilDay, c.until

		if _, err := v.AddParticipant(care.Invitee{ID: care.ParticipantID("p-" + c.id), Contact: contact}, 5, "MSK", start); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := v.Reschedule(care.Interval{Start: v.Planned().Start.Add(24 * time.Hour), End: v.Planned().End.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}

	if v.Snapshot().TakesPart("p-c1") || !v.Snapshot().TakesPart("p-c2") {
		t.Error("who takes part does not hang on the time")
	}

	v.DropUncovered(start)
	v.DropUncovered(start)

	s := v.Snapshot()
	if present := s.Present(); len(present) != 1 || present[0].ID != "p-c2" || !s.Awaits(care.ChangeTrouble) {
		t.Errorf("%+v", present)
	}

	if _, ok := s.LinkOf("p-c1"); ok {
		t.Error("the link of who was taken out works")
	}
}

// TestSecrecyCheck: a rule has to be named.
func TestSecrecyCheck(t *testing.T) {
	t.Parallel()

	for _, b := range care.SecrecyBases() {
		s := care.Secrecy{Basis: b, By: "MSK", At: start}
		if got := s.Weighed(); got != (b != care.AnotherRule) {
			t.Errorf("%s without a note: %t", b, got)
		}

		s.Note = "Barnets lov"
		if !s.Weighed() || !strings.Contains(s.Text(), "Barnets lov") {
			t.Errorf("%s: %q", b, s.Text())
		}

		s.By = ""
		if s.Weighed() {
			t.Errorf("%s was weighed by nobody", b)
		}
	}

	if (care.Secrecy{}).Text() != "" {
		t.Error("nothing has a text")
	}
}

// TestFollowContact takes out who may not stay, asks again whoever has other terms now, and keeps the
// rest.
func TestFollowContact(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		change        func(*care.Contact)
		stays, agreed bool
	}{
		"nothing":       {func(*care.Contact) {}, true, true},
		"another name":  {func(c *care.Contact) { c.Name = "Bruno E." }, true, true},
		"another kind":  {func(c *care.Contact) { c.Kind = care.Interpreter }, true, false},
		"another phone": {func(c *care.Contact) { c.Phone = care.NewPhone("+4520000099") }, true, false},
		"an authority":  {func(c *care.Contact) { c.Kind = care.Authority }, false, false},
		"no phone":      {func(c *care.Contact) { c.Phone = care.Phone{} }, false, false},
		"no consent":    {func(c *care.Contact) { c.Consent = care.Consent{} }, false, false},
		"one visit":     {func(c *care.Contact) { c.Consent.Scope, c.Consent.Visit = care.OneVisit, "other" }, false, false},
		"gone":          {func(c *care.Contact) { *c = c.Remove(start) }, false, false},
	} {
		v, contact := inState(t, care.RoomIsBooked), aContact("c1")

		_, err := v.AddParticipant(care.Invitee{ID: "p1", Contact: contact}, 5, "MSK", start)
		if err == nil {
			err = v.Arrive("a1", "p1", "hash", start)
		}

		if err == nil {
			err = v.Identify("a1", care.Proof{Method: care.ByCode}, anyway(), start)
		}

		if err == nil {
			err = v.AnswerTerms("a1", care.TermsAnswer{Version: care.TermsNow, Lang: "da", Accepted: true, At: start})
		}

		if err == nil {
			err = v.Admit("a1", "MSK", true, start)
		}

		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}

		c.change(&contact)
		v.FollowContact("p1", contact, start)
		v.FollowContact("nobody", contact, start)

		p, _ := v.Snapshot().ParticipantOf("p1")
		if p.Present() != c.stays || c.stays && p.Terms.Agreed() != c.agreed || c.stays && p.Consent != contact.Consent {
			t.Errorf("%s: %+v", name, p)
		}

		if told := v.Snapshot().Awaits(care.PersonTrouble); told == c.stays {
			t.Errorf("%s: told of somebody inside: %t", name, told)
		}
	}
}
