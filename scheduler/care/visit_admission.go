package care

import (
	"slices"
	"strings"
	"time"
)

// maxAdmissions bounds how many browser sessions one person can have at one visit, against a link
// that is fetched in a loop.
const maxAdmissions = 30

// AdmissionOf returns the admission with the given id.
func (s Snapshot) AdmissionOf(id AdmissionID) (Admission, bool) {
	i := slices.IndexFunc(s.Admissions, func(a Admission) bool { return a.ID == id })
	if i < 0 {
		return Admission{}, false
	}

	return s.Admissions[i], true
}

func (v *Visit) admission(id AdmissionID) (*Admission, error) {
	i := slices.IndexFunc(v.s.Admissions, func(a Admission) bool { return a.ID == id })
	if i < 0 {
		return nil, NewError(NotFound, "Vi kan ikke finde dit besøg. Åbn linket i beskeden igen.")
	}

	return &v.s.Admissions[i], nil
}

// Arrive opens a session for somebody who came through the citizen's link, or through a
// participant's.
func (v *Visit) Arrive(id AdmissionID, who ParticipantID, sessionHash string, at time.Time) error {
	if v.s.State != RoomIsBooked && v.s.State != Open || who != "" && !v.s.TakesPart(who) {
		return NewError(Gone, "Dette skærmbesøg er afsluttet.")
	}

	if len(v.s.admissionsOf(who)) >= maxAdmissions {
		return NewError(TooMany, "Linket er åbnet for mange gange. Ring til os.")
	}

	v.s.Admissions = append(v.s.Admissions, Admission{ID: id, Participant: who, State: AdmissionWaiting, SessionHash: sessionHash, CameAt: at})

	return nil
}

// admissionsOf returns the sessions of the citizen or a participant.
func (s Snapshot) admissionsOf(who ParticipantID) []Admission {
	return slices.DeleteFunc(slices.Clone(s.Admissions), func(a Admission) bool { return a.Participant != who })
}

// CodesLeft returns how many codes the citizen or a participant may still ask for now.
func (s Snapshot) CodesLeft(who ParticipantID, now time.Time) int {
	used := 0

	for _, a := range s.admissionsOf(who) {
		if now.Sub(a.CodeSentAt) < CodeWindow {
			used += a.CodeCount
		}
	}

	return max(0, CodesPerVisit-used)
}

// CodeLocked reports whether wrong tries have locked the code path of the citizen or a participant
// at this visit.
func (s Snapshot) CodeLocked(who ParticipantID) bool {
	failures := 0
	for _, a := range s.admissionsOf(who) {
		failures += a.Failures
	}

	return failures >= CodeLockFailure
}

// AskCode records that a new one-time code is wanted; the old one dies. It returns the number
// of the code, which is part of what the code is made from. Limits: identity.md §5.2.
func (v *Visit) AskCode(id AdmissionID, at time.Time) (int, error) {
	a, err := v.admission(id)
	if err != nil {
		return 0, err
	}

	if a.State == AdmissionRefused {
		return 0, NewError(Gone, "Din plads i venteværelset er lukket. Åbn linket i den nyeste besked fra os, eller ring.")
	}

	if a.State != AdmissionWaiting {
		return 0, NewError(Conflict, "Du er allerede identificeret.")
	}

	if v.s.CodeLocked(a.Participant) {
		return 0, NewError(TooMany, "Der er tastet forkert for mange gange. Ring til os, så hjælper vi dig ind.")
	}

	if v.s.CodesLeft(a.Participant, at) == 0 {
		return 0, NewError(TooMany, "Vi har sendt dig flere koder. Vent et kvarter, eller ring til os.")
	}

	a.CodeCount++
	a.CodeSentAt, a.CodeTries, a.CodeUsed = at, 0, false

	return a.CodeCount, nil
}

// TryCode records a try at the newest code; right says whether it was the right one. A right
// one identifies the session, see Identify. The refusal is what to tell the citizen; it is apart
// from the error because the failed try has to be stored.
func (v *Visit) TryCode(id AdmissionID, right bool, rule IdentityRule, at time.Time) (refusal *Error, err error) {
	a, err := v.admission(id)
	if err != nil {
		return nil, err
	}

	switch {
	case a.State == AdmissionIdentified || a.State == AdmissionAdmitted:
		return nil, nil
	case a.State == AdmissionRefused:
		return NewError(Gone, "Din plads i venteværelset er lukket. Åbn linket i beskeden igen."), nil
	case v.s.CodeLocked(a.Participant) || a.CodeTries >= CodeTries:
		return NewError(TooMany, "Der er tastet forkert for mange gange. Ring til os, så hjælper vi dig ind."), nil
	case a.CodeCount == 0 || a.CodeUsed || at.Sub(a.CodeSentAt) > CodeLife:
		return NewError(Invalid, "Koden virker ikke længere. Få en ny kode."), nil
	case !right:
		return v.wrongCode(a, at), nil
	}

	if err := v.Identify(id, Proof{Method: ByCode}, rule, at); err != nil {
		return asError(err), nil
	}

	a.CodeUsed = true

	return nil, nil
}

func (v *Visit) wrongCode(a *Admission, at time.Time) *Error {
	a.CodeTries++
	a.Failures++

	if v.s.CodeLocked(a.Participant) {
		text := "Der er tastet forkert engangskode for mange gange. Ring til borgeren, og tag besøget en anden vej, hvis det er nødvendigt."
		if a.Participant != "" {
			text = "En deltager har tastet forkert engangskode for mange gange. Ring til deltageren, eller fjern deltageren fra besøget."
		}

		v.Raise(CitizenTrouble, string(a.ID), text, false, at)

		return NewError(TooMany, "Der er tastet forkert for mange gange. Ring til os, så hjælper vi dig ind.")
	}

	return NewError(Invalid, "Koden er ikke rigtig. Prøv igen.")
}

// Admit lets an identified person in. The employee must have recognised them (R13). The visit opens
// with the citizen.
func (v *Visit) Admit(id AdmissionID, by EmployeeID, recognised bool, at time.Time) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	who := "borgeren"
	if a.Participant != "" {
		who = "deltageren"
	}

	switch {
	case a.State == AdmissionAdmitted:
		return nil
	case a.State != AdmissionIdentified:
		return NewError(Conflict, title(who)+" er ikke identificeret endnu.")
	case v.s.AwaitsTerms(*a):
		return NewError(Conflict, "Deltageren har ikke sagt ja til vilkårene endnu.")
	case !recognised:
		return NewError(Invalid, "Sæt kryds ved »genkendt«, før du lukker "+who+" ind.")
	case v.s.State != RoomIsBooked && v.s.State != Open:
		return NewError(Conflict, forbidden(v.s.State))
	}

	if a.Participant == "" {
		if err := v.Open(at); err != nil {
			return err
		}
	}

	a.State, a.Recognised, a.DecidedBy, a.DecidedAt = AdmissionAdmitted, true, by, at

	return nil
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// Refuse turns a waiting person away.
func (v *Visit) Refuse(id AdmissionID, by EmployeeID, at time.Time) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	if a.State != AdmissionWaiting && a.State != AdmissionIdentified {
		return NewError(Conflict, "Personen venter ikke længere.")
	}

	a.State, a.DecidedBy, a.DecidedAt = AdmissionRefused, by, at

	return nil
}
