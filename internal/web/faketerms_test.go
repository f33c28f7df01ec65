package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// AnswerTerms knows one wording, like the program.
func (f *fakeUse) AnswerTerms(_ context.Context, token care.SessionToken, req scheduler.TermsRequest) error {
	switch {
	case !f.mine(token.Reveal()):
		return care.NewError(care.NotFound, "Linket virker ikke.")
	case req.Version != care.TermsNow:
		return care.NewError(care.Conflict, "Vilkårene er ændret. Læs dem igen.")
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	f.terms = append(f.terms, req)

	return nil
}

func (f *fakeUse) WithdrawConsent(context.Context, care.Actor, care.CitizenID, care.ContactID) error {
	return f.call("WithdrawConsent")
}

// agreed is a yes to the terms that count, in another language.
func agreed() care.TermsAnswer {
	return care.TermsAnswer{Version: care.TermsNow, Lang: "so", Accepted: true, Address: "192.0.2.7", At: testNow().Add(-time.Minute)}
}

// bounded is a consent for a while and for something, lapsed one whose last day is over.
func bounded() care.Consent {
	return care.Consent{Form: care.InWriting, Scope: care.UntilDay, Until: "2027-11-22", About: "kun når vi taler om medicin", By: "PLA", At: testNow().Add(-time.Hour)}
}

func lapsed() care.Consent {
	return care.Consent{Form: care.Orally, Scope: care.UntilDay, Until: "2026-11-01", By: "MSK", At: testNow().Add(-60 * 24 * time.Hour)}
}

func formerConsents() []care.ConsentRecord {
	return []care.ConsentRecord{
		{Consent: lapsed(), Contact: "k3", End: care.ConsentReplaced, EndedBy: "PLA", EndedAt: testNow().Add(-24 * time.Hour)},
		{Consent: consent(), Contact: "gone", End: care.ConsentForgotten, EndedBy: "MSK", EndedAt: testNow().Add(-48 * time.Hour)},
	}
}
