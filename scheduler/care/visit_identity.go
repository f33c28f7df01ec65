package care

import (
	"errors"
	"slices"
	"time"
)

// Identify records that the person of a session proved who they are, whichever way, and ends every
// other identified session of the same person. Somebody who is identified already stays so as they
// are. What the rule does not allow is refused: Forbidden, Invalid; a session that is over: Gone.
func (v *Visit) Identify(id AdmissionID, p Proof, rule IdentityRule, at time.Time) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	switch a.State {
	case AdmissionIdentified, AdmissionAdmitted:
		return nil
	case AdmissionRefused:
		return NewError(Gone, "Din plads i venteværelset er lukket. Åbn linket i beskeden igen.")
	case AdmissionWaiting:
	}

	if a.Participant == "" && p.Method == VouchedByCitizen {
		return NewError(Invalid, "Ingen andre kan stå inde for borgeren.")
	}

	if err := rule.Refused(p); err != nil {
		return err
	}

	v.endIdentified(a.Participant, at)
	a.prove(p, rule, at)
	a.State = AdmissionIdentified

	return nil
}

func (a *Admission) prove(p Proof, rule IdentityRule, at time.Time) {
	a.Method, a.Provider, a.Level, a.Name, a.IdentifiedBy, a.Check, a.IdentifiedAt = p.Method, p.Provider, p.Level, p.Name, p.By, p.Check, at
	a.Outage, a.CodewordDue = rule.Outage && !p.Method.Login(), rule.Codeword && p.Method == ByCode
}

// endIdentified ends the identified sessions of a person: one at a time is.
func (v *Visit) endIdentified(who ParticipantID, at time.Time) {
	for i := range v.s.Admissions {
		if o := &v.s.Admissions[i]; o.Participant == who && (o.State == AdmissionIdentified || o.State == AdmissionAdmitted) {
			o.State, o.DecidedAt = AdmissionRefused, at
		}
	}
}

// asError returns an error of this package as such.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}

	return &Error{Kind: Internal, Message: "Der skete en fejl hos os. Prøv igen om lidt.", Err: err}
}

// AskHelp records that a waiting person can't identify themselves, so that the caregiver rings
// them. Asking again changes nothing.
func (v *Visit) AskHelp(id AdmissionID, at time.Time) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	switch {
	case a.State == AdmissionRefused:
		return NewError(Gone, "Din plads i venteværelset er lukket. Åbn linket i beskeden igen.")
	case a.State == AdmissionWaiting && a.AskedHelp.IsZero():
		a.AskedHelp = at
	}

	return nil
}

// Attest records how an employee knows somebody who came without a session of ours: by a room
// system, by telephone, or sitting beside them. It counts like a session that was let in. Kinds:
// Conflict, Forbidden, Invalid.
func (v *Visit) Attest(id AdmissionID, who ParticipantID, p Proof, rule IdentityRule, at time.Time) error {
	switch {
	case !v.s.State.Active() && !v.s.State.Concluded():
		return NewError(Conflict, forbidden(v.s.State))
	case !p.Method.ByStaff():
		return NewError(Invalid, "Vælg, hvordan du ved, hvem personen er.")
	case who == "" && p.Method == VouchedByCitizen:
		return NewError(Invalid, "Ingen andre kan stå inde for borgeren.")
	}

	if err := rule.Refused(p); err != nil {
		return err
	}

	a := Admission{ID: id, Participant: who, State: AdmissionAdmitted, SessionHash: noSession + string(id), Recognised: true, DecidedBy: p.By, DecidedAt: at}
	a.prove(p, rule, at)
	v.s.Admissions = append(v.s.Admissions, a)

	return nil
}

// noSession stands before the id where there is no browser; no hash looks like that.
const noSession = "none:"

// AskWhoItWas puts on the exception list that a visit took place with a citizen of whom nobody
// recorded how they were identified.
func (v *Visit) AskWhoItWas(verdict Verdict) {
	v.Raise(OutcomeTrouble, "", "Besøget ser ud til at være gennemført, men det er ikke registreret, hvordan borgeren blev identificeret. "+
		verdict.Text()+" Afslut besøget, og vælg, hvordan I ved, at det var borgeren.", false, verdict.At)
}

// aboutStop is what the exception of a stopped access is about.
const aboutStop = "stop"

// StopAccess ends every session at the door and has the planner agree with the citizen. Messages that
// have not left are recalled.
func (v *Visit) StopAccess(by EmployeeID, at time.Time) {
	inside := ""

	for i := range v.s.Admissions {
		a := &v.s.Admissions[i]
		if a.State == AdmissionRefused {
			continue
		}

		if a.State == AdmissionAdmitted {
			inside = " Nogen var lukket ind: Sørg for, at medarbejderen tager dem ud af rummet."
		}

		a.State, a.DecidedBy, a.DecidedAt = AdmissionRefused, by, at
	}

	for i := range v.s.Invitations {
		if m := &v.s.Invitations[i]; m.Waiting() && m.Kind != Withdrawn {
			m.State = InvitationRecalled
		}
	}

	v.Raise(CitizenTrouble, aboutStop, "Al adgang til borgerens skærmbesøg er stoppet."+inside+
		" Aftal med borgeren på en sikker måde, og send nye links fra borgerens kort, eller giv besøget på en anden måde.", false, at)
}

// AccessOpened settles what StopAccess raised.
func (v *Visit) AccessOpened(by string, at time.Time) { v.resolveBy(CitizenTrouble, aboutStop, by, at) }

// TickCodeword records that the employee said their codeword, or that the person answered with
// theirs. The words themselves are never typed in. Ticking again changes nothing.
func (v *Visit) TickCodeword(id AdmissionID, answered bool, at time.Time) error {
	a, err := v.admission(id)
	if err != nil {
		return err
	}

	switch {
	case a.State != AdmissionAdmitted:
		return NewError(Conflict, "Kodeord siges først, når personen er lukket ind.")
	case answered && a.CodewordTold.IsZero():
		return NewError(Conflict, "Sig først dit eget kodeord.")
	case answered && a.CodewordAnswered.IsZero():
		a.CodewordAnswered = at
	case !answered && a.CodewordTold.IsZero():
		a.CodewordTold = at
	}

	return nil
}

// ReplacesPhysical reports whether the visit stands in place of a physical one, so that the citizen
// must be identified (R09): every visit of a driving list, and no call on the spot.
func (s Snapshot) ReplacesPhysical() bool { return !s.AdHoc() }

// CitizenKnown reports whether it is recorded how the citizen was identified: somebody who was let
// in had proved who they are.
func (s Snapshot) CitizenKnown() bool {
	return slices.ContainsFunc(s.Admissions, func(a Admission) bool { return a.Participant == "" && a.Recognised && a.Identified() })
}

// lacksIdentity reports whether an outcome needs an identified citizen, and there is none (R09, R12).
func (s Snapshot) lacksIdentity(o Outcome) bool {
	return o.Kind == ResultCompleted && o.Delivery == Screen && s.ReplacesPhysical() && !s.CitizenKnown()
}

// WhyUnknown tells what is missing before the visit can be completed by screen; empty when nothing
// is.
func (s Snapshot) WhyUnknown() string {
	if !s.lacksIdentity(Outcome{Kind: ResultCompleted, Delivery: Screen}) {
		return ""
	}

	if slices.ContainsFunc(s.Admissions, func(a Admission) bool { return a.Participant == "" && a.Recognised && a.CodewordDue }) {
		return "Borgeren kom ind med en kode på SMS, og kodeordene er ikke sagt endnu. Sæt kryds ved begge kodeord, eller vælg, hvordan du ved, at det var borgeren."
	}

	return "Det er ikke registreret, hvordan borgeren blev identificeret. Vælg, hvordan du ved, at det var borgeren, eller vælg et andet resultat."
}

// RenewSession gives an identified session the hash of another token, so that the one it had before
// opens nothing any more. It reports whether there is such a session.
func (v *Visit) RenewSession(id AdmissionID, sessionHash string) bool {
	a, err := v.admission(id)
	if err != nil || a.State != AdmissionIdentified {
		return false
	}

	a.SessionHash = sessionHash

	return true
}
