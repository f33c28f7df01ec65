package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// bounded is a consent with everything that one can hold.
func bounded(id care.ConsentID, at time.Time) care.Consent {
	return care.Consent{ID: id, Form: care.InWriting, Scope: care.UntilDay, Until: "2026-12-24", About: "kun om medicinen", By: "PLA", At: at}
}

// checkConsents stores consents with their contact, ends them, and keeps them all.
func checkConsents(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 2)

	c := contact(0)
	c.Consent = bounded("consent-1", Now())
	first := care.ConsentRecord{Consent: c.Consent, Citizen: c.Citizen, Contact: c.ID}
	must(t, b.Store.SaveContact(t.Context(), c, scheduler.Effects{Consents: []care.ConsentRecord{first}}))

	c.Version, c.Consent = 1, care.Consent{ID: "consent-2", Form: care.Orally, Scope: care.OneVisit, Visit: "visit-1", By: "MSK", At: Now().Add(time.Hour)}
	second := care.ConsentRecord{Consent: c.Consent, Citizen: c.Citizen, Contact: c.ID}
	first.End, first.EndedBy, first.EndedAt = care.ConsentReplaced, "MSK", Now().Add(time.Hour)
	must(t, b.Store.SaveContact(t.Context(), c, scheduler.Effects{Consents: []care.ConsentRecord{first, second}}))

	got, err := b.Twin.Contact(t.Context(), c.ID)
	must(t, err)

	c.Version = 2
	same(t, "contact", c, got)

	all, err := b.Twin.ConsentsOf(t.Context(), c.Citizen)
	must(t, err)
	same(t, "consents, the newest first", []care.ConsentRecord{second, first}, all)

	if none, err := b.Store.ConsentsOf(t.Context(), "citizen-1"); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}

	// A change that does not come to pass records nothing.
	third := second
	third.ID = "consent-3"
	wantKind(t, b.Store.SaveContact(t.Context(), contact(0), scheduler.Effects{Consents: []care.ConsentRecord{third}}), care.Conflict)

	if all, err = b.Store.ConsentsOf(t.Context(), c.Citizen); err != nil || len(all) != 2 {
		t.Errorf("%d consents, %v", len(all), err)
	}

	raw, err := b.Raw(t.Context())
	must(t, err)

	if bytes.Contains(raw, []byte("kun om medicinen")) || !bytes.Contains(raw, []byte("consent-2")) {
		t.Error("what a consent is limited to is stored in clear, or nothing is found")
	}
}

// checkTerms stores what participants answered and why they may take part.
func checkTerms(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]
	model := care.Restore(read(t, b.Store, id))

	doctor := contact(0)
	doctor.Kind, doctor.Consent = care.Authority, bounded("consent-1", Now())
	rule := care.Secrecy{Basis: care.AnotherRule, Note: "Barnets lov", By: "MSK", At: Now()}

	for i, step := range []func(v *care.Visit) error{
		func(v *care.Visit) error { book(t, v); return nil },
		func(v *care.Visit) error {
			_, err := v.AddParticipant(care.Invitee{ID: "p-1", Contact: doctor, Secrecy: rule}, 5, "MSK", Now())

			return err
		},
		func(v *care.Visit) error { return v.Arrive("admission-p", "p-1", "session-p", Now()) },
		func(v *care.Visit) error {
			return v.Identify("admission-p", care.Proof{Method: care.ByCode}, care.IdentityRule{Methods: care.IdentityMethods()}, Now())
		},
		func(v *care.Visit) error {
			return v.AnswerTerms("admission-p", care.TermsAnswer{Version: care.TermsNow, Lang: "pl", Address: "192.0.2.7", At: Now()})
		},
		func(v *care.Visit) error {
			return v.AnswerTerms("admission-p", care.TermsAnswer{Version: care.TermsNow, Lang: "da", Accepted: true, Address: "2001:db8::7", At: Now()})
		},
	} {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, step(v) }))
		must(t, step(model))

		want := model.Snapshot()
		want.Version = i + 2
		same(t, "visit", want, read(t, b.Twin, id))
	}

	raw, err := b.Raw(t.Context())
	must(t, err)

	for _, secret := range []string{"192.0.2.7", "2001:db8::7", "Barnets lov"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is stored in clear", secret)
		}
	}
}
