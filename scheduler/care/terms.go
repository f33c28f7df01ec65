package care

import "time"

// TermsVersion numbers the wording of what participants have to know and agree to before they come
// in (R28). Whoever changes the meaning of the text counts it up; then everybody is asked again.
type TermsVersion int

// TermsNow is the wording that counts.
const TermsNow TermsVersion = 1

// maxTermsLang bounds the language tag that is stored with an answer, in bytes.
const maxTermsLang = 8

// TermsAnswer is what a participant answered to the terms. The zero value is: nothing yet.
type TermsAnswer struct {
	Version  TermsVersion
	Lang     string // language of the text that was read, a BCP 47 tag
	Accepted bool
	Address  string    // network address that it came from; stored encrypted
	At       time.Time // UTC
}

// Agreed reports whether the terms that count were accepted.
func (t TermsAnswer) Agreed() bool { return t.Answered() && t.Accepted }

// Declined reports whether the terms that count were refused.
func (t TermsAnswer) Declined() bool { return t.Answered() && !t.Accepted }

// Answered reports whether the terms that count were answered. An answer to an older wording is none.
func (t TermsAnswer) Answered() bool { return t.Version == TermsNow && !t.At.IsZero() }

// aboutTerms is what the exception of refused terms is about.
func aboutTerms(id ParticipantID) string { return "terms:" + string(id) }

// AnswerTerms records what a participant answered to the terms, once they have shown who they are.
// Somebody who said no may think again; a no after a yes ends the way in, also of who was let in. The
// caregiver reads of a no. Kinds: NotFound, Gone, Conflict (not identified yet, or another wording).
func (v *Visit) AnswerTerms(id AdmissionID, answer TermsAnswer) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	p := v.participant(a.Participant)

	switch {
	case p == nil || !p.Present() || a.State == AdmissionRefused:
		return NewError(Gone, "Din plads i venteværelset er lukket. Åbn linket i beskeden igen.")
	case a.State == AdmissionWaiting:
		return NewError(Conflict, "Vis først, hvem du er.")
	case answer.Version != TermsNow || answer.At.IsZero() || len(answer.Lang) > maxTermsLang:
		return NewError(Conflict, "Vilkårene er ændret. Læs dem igen.")
	case p.Terms.Agreed() && answer.Accepted:
		return nil // a double click; the first answer stands
	}

	p.Terms = answer

	if answer.Accepted {
		v.resolve(CitizenTrouble, aboutTerms(p.ID), answer.At)

		return nil
	}

	if a.State == AdmissionAdmitted {
		a.State, a.DecidedBy, a.DecidedAt, a.Recognised = AdmissionIdentified, "", time.Time{}, false
	}

	v.Raise(CitizenTrouble, aboutTerms(p.ID), "En deltager sagde nej til vilkårene og kommer ikke ind. Tal med borgeren om, hvorvidt besøget skal holdes uden deltageren.", false, answer.At)

	return nil
}

// participant returns who takes part under an id; nil for nobody, and for the citizen.
func (v *Visit) participant(id ParticipantID) *Participant {
	for i := range v.s.Participants {
		if v.s.Participants[i].ID == id {
			return &v.s.Participants[i]
		}
	}

	return nil
}

// AwaitsTerms reports whether the person of a session has still to accept the terms. The citizen has
// none to accept.
func (s Snapshot) AwaitsTerms(a Admission) bool {
	p, ok := s.ParticipantOf(a.Participant)

	return ok && !p.Terms.Agreed()
}
