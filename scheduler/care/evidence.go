package care

import (
	"slices"
	"time"
)

// Evidence is everything that a visit is judged by. Times are UTC.
type Evidence struct {
	Legs    []Leg
	Planned Interval
	// Window is when legs can be of this visit: from the opening of the door to the hard cap.
	// Zero: any time.
	Window  Interval
	Minimum time.Duration // how long employee and citizen must be together for "completed"
	Bridge  time.Duration // a gap of at most this does not interrupt a conversation; it adds nothing to Minimum
	Wait    time.Duration // how long an employee must have waited before a citizen stayed away
	Skew    time.Duration // how far the clocks of two nodes may be apart
	Rough   time.Duration // how far off the edges may be of legs that were only looked at (FromLooking)
	// Complete: what the platform does not tell did not happen, as far as one can know.
	Complete bool
	CameAt   time.Time  // when the citizen came to our own waiting room; zero: never
	LetInAt  time.Time  // when we gave the citizen the way into the room; zero: never
	Seats    []int      // of other people who were invited, as in Leg.Seat
	Called   ReasonCode // why the visit was called off; empty: it was not
	Now      time.Time  // running legs end now
}

// Lengths that Judge goes by, beside the municipality's settings.
const (
	// A conversation that broke off by a lost connection before this may have been none.
	shortTalk = 2 * time.Minute
	// A tab that stays so long after the other side has gone tells nothing of its owner.
	forgotten = 30 * time.Minute
	// A shorter time without picture and sound is the beginning of any call.
	noticeable = 5 * time.Second
)

// Judge weighs the legs of a visit's rooms: the time in which at least one host and the citizen
// were in the same room at once, with media (pexip.md §11.2, 2 in the report set of eoj.md §6).
//
// It never says completed without such an overlap of at least the minimum, even if all clocks are
// as wrong as they may be. It never says that somebody stayed away when the platform's record is
// damaged or not complete. What hangs on a doubt is for a person. The order of legs does not
// matter.
func Judge(e Evidence) Verdict {
	s := look(e)
	v := s.decide()

	v.Rule, v.At, v.Complete = RuleVersion, e.Now, e.Complete
	v.Basis, v.Alarms = s.basis(), s.alarms()
	v.Host, v.Guest = bounds(s.stays(AsHost, counts)), bounds(s.stays(AsGuest, counts))
	v.Why = append(s.account(), v.Why...)

	for _, a := range v.Alarms {
		v.Why = append(v.Why, a.Danish())
	}

	return v
}

// decide asks one question after the other; the first that has an answer decides.
func (s scene) decide() Verdict {
	for _, question := range []func() (Verdict, bool){
		s.calledOff, s.wereTogether, s.hangsOnClocks, s.wasTurnedAway, s.isThin, s.hadFault, s.wasTooShort, s.citizenStayedAway, s.employeeStayedAway,
	} {
		if v, answered := question(); answered {
			return v
		}
	}

	return s.leftOpen()
}

func undecided(why string) (Verdict, bool) {
	return Verdict{Outcome: Outcome{Grade: Missing}, Why: []string{why}}, true
}

func notCompleted(reason ReasonCode, grade Grade, why string) (Verdict, bool) {
	return Verdict{
		Decided: true, Why: []string{why},
		Outcome: Outcome{Kind: ResultNotCompleted, Reason: reason, Delivery: Screen, Grade: grade},
	}, true
}

// calledOff: a visit that was called off is no no-show, whoever looked into the room.
func (s scene) calledOff() (Verdict, bool) {
	switch {
	case s.e.Called == "":
		return Verdict{}, false
	case s.enough(total(s.meet(counts, exactly))):
		return undecided("Besøget er aflyst, men medarbejder og borger var sammen i rummet.")
	default:
		return notCompleted(s.e.Called, Certain, "Besøget er aflyst.")
	}
}

// wereTogether: the one way to "completed".
func (s scene) wereTogether() (Verdict, bool) {
	both := s.counted()
	certain, _ := s.bounds()

	switch {
	case !s.enough(certain):
		return Verdict{}, false
	case total(both) < shortTalk && s.brokeOff(both):
		return undecided("Forbindelsen blev afbrudt efter " + length(total(both)) + ", og de kom ikke i kontakt igen.")
	case s.e.LetInAt.IsZero() && s.forgottenTab():
		return undecided("Medarbejderens fane stod åben længe efter, og borgeren kom ikke ind gennem os. Det er usikkert, om nogen talte sammen.")
	}

	o := Outcome{Kind: ResultCompleted, Delivery: Screen, Grade: Certain, Actual: bounds(both), Together: total(merge(slices.Clone(both), s.e.Bridge))}
	v := Verdict{Decided: true, Why: []string{s.togetherFor(both, o.Together)}}

	if !s.enough(total(clip(s.meet(pictured, exactly), s.valid()))) {
		o.Delivery = ByPhone
		v.Why = append(v.Why, "Der var kun lyd, så besøget foregik på telefon.")
	}

	if doubt := s.doubt(certain, total(both)); doubt != "" {
		o.Grade = Probable
		v.Why = append(v.Why, doubt)
	}

	v.Outcome = o

	return v, true
}

// doubt is why "completed" is probable only; empty when it is certain.
func (s scene) doubt(certain, told time.Duration) string {
	switch {
	case s.guest(seatUnknown) && len(s.e.Seats) > 0:
		return "Flere var inviteret, og platformen kan ikke kende borgeren fra de andre."
	case s.any(damaged):
		return "Nogle af platformens oplysninger hænger ikke sammen."
	case !s.e.Complete:
		return "Platformens oplysninger er ikke fuldstændige endnu."
	case s.e.LetInAt.IsZero():
		return "Borgeren kom ikke ind gennem os, så platformen er det eneste vidne."
	case !s.any(known) || certain < told/2:
		return "Tiderne er ikke nøjagtige."
	}

	return ""
}

// hangsOnClocks: nothing is decided by less than the clocks of two nodes may be apart, or by
// edges that nobody saw.
func (s scene) hangsOnClocks() (Verdict, bool) {
	least, most := s.bounds()
	met := total(clip(s.meet(counts, exactly), s.valid())) > 0

	if !s.enough(most) && (least > 0 || !met) {
		return Verdict{}, false
	}

	return undecided("Platformens tider er ikke nøjagtige nok til at sige, hvor længe de var sammen.")
}

// wasTurnedAway: somebody who was put out was perhaps the wrong person.
func (s scene) wasTurnedAway() (Verdict, bool) {
	if !s.enough(total(clip(s.meet(withTurnedAway, exactly), s.valid()))) {
		return Verdict{}, false
	}

	return undecided("Borgeren blev sat ud af rummet af en anden.")
}

// isThin: from a record that is damaged or has gaps, nothing follows that did not happen.
func (s scene) isThin() (Verdict, bool) {
	switch {
	case s.any(damaged):
		return undecided("Platformens oplysninger om, hvem der var i rummet, hænger ikke sammen.")
	case !s.any(relevant):
		return undecided("Platformen har ingen oplysninger om, at nogen var i rummet.")
	case !s.e.Complete:
		return undecided("Platformens oplysninger er ikke fuldstændige endnu.")
	case s.enough(total(s.meet(counts, exactly))):
		return undecided("De var sammen i rummet, men kun inden borgeren blev lukket ind, eller inden besøget skulle begynde.")
	}

	return Verdict{}, false
}

// hadFault: both tried, and technology was in the way.
func (s scene) hadFault() (Verdict, bool) {
	both, silent := s.counted(), s.meet(withSilent, exactly)

	switch {
	case total(clip(silent, s.valid()))-total(clip(both, s.valid())) >= noticeable:
		return notCompleted(TechnicalFault, Probable, "De var begge i rummet, men der var hverken billede eller lyd.")
	case len(both) > 0 && s.brokeOff(both):
		return notCompleted(TechnicalFault, Probable, "Forbindelsen blev afbrudt efter "+length(total(both))+".")
	case s.failed(AsGuest) && len(both) == 0 && s.inDue(AsHost, counts) > 0:
		return notCompleted(TechnicalFault, Probable, "Borgeren prøvede at komme ind, men det lykkedes ikke.")
	case s.failed(AsHost) && len(both) == 0 && s.inDue(AsGuest, came) > 0:
		return notCompleted(TechnicalFault, Probable, "Medarbejderen prøvede at komme ind, men det lykkedes ikke.")
	}

	return Verdict{}, false
}

func (s scene) wasTooShort() (Verdict, bool) {
	both := s.counted()
	if len(both) == 0 {
		return Verdict{}, false
	}

	grade := Certain
	if bridged := total(merge(slices.Clone(both), s.e.Bridge)); s.enough(bridged) || s.e.LetInAt.IsZero() {
		grade = Probable
	}

	return notCompleted(TooShort, grade, "De var kun sammen i "+length(total(both))+".")
}

// citizenStayedAway: the employee waited at the planned time, and nothing was seen of the citizen
// until its end, here or there.
func (s scene) citizenStayedAway() (Verdict, bool) {
	switch tried := s.first(AsGuest, citizens); {
	case s.inDue(AsHost, counts) < s.e.Wait+s.blur() || s.inDue(AsHost, counts) == 0 || s.guest(stranger):
		return Verdict{}, false
	case !s.e.LetInAt.IsZero():
		return undecided("Borgeren blev lukket ind, men platformen så kun medarbejderen.")
	case s.before(s.e.CameAt):
		return undecided("Borgeren ventede hos os, men blev ikke lukket ind.")
	case s.before(tried):
		return Verdict{}, false
	case s.guest(other):
		return notCompleted(CitizenAbsent, Probable, "En anden, som var inviteret, kom, men borgerens eget link blev ikke brugt.")
	case !tried.IsZero():
		return notCompleted(CitizenAbsent, Probable, "Borgeren kom først, da tiden var gået.")
	case !s.any(known):
		return notCompleted(CitizenAbsent, Probable, "Platformen så ikke borgeren.")
	default:
		return notCompleted(CitizenAbsent, Certain, "Platformen så ikke borgeren.")
	}
}

// employeeStayedAway: the citizen came at the planned time, and no employee did.
func (s scene) employeeStayedAway() (Verdict, bool) {
	citizen, guests := s.inDue(AsGuest, came), s.inDue(AsGuest, cameAtAll)

	switch {
	case guests == 0 || s.inDue(AsHost, present) > 0 || s.failed(AsHost):
		return Verdict{}, false
	case !s.e.LetInAt.IsZero():
		return undecided("Borgeren blev lukket ind, men platformen så ikke medarbejderen.")
	case citizen == 0 && s.guest(stranger):
		return Verdict{}, false
	case citizen == 0 || s.any(isHost) || !s.any(known):
		return notCompleted(EmployeeAbsent, Probable, "Medarbejderen var ikke i rummet i den planlagte tid.")
	default:
		return notCompleted(EmployeeAbsent, Certain, "Platformen så ikke medarbejderen.")
	}
}

// leftOpen says what is in the way of a decision.
func (s scene) leftOpen() Verdict {
	host, guest := s.inDue(AsHost, counts), s.inDue(AsGuest, came)
	why := "Det kan ikke ses, hvad der skete."

	switch {
	case host > 0 && guest > 0 && s.apart():
		why = "De var i hver sit rum."
	case host > 0 && guest > 0:
		why = "De var ikke i rummet på samme tid."
	case host > 0 && s.guest(stranger):
		why = "Den, der var i rummet, brugte et link, som ingen har fået."
	case host > 0 && s.before(s.first(AsGuest, citizens)):
		why = "Borgeren havde været der før medarbejderen."
	case host > 0:
		why = "Medarbejderen var der så kort, at borgeren kan være kommet bagefter på en anden måde."
	case guest == 0:
		why = "Ingen var i rummet i den planlagte tid."
	}

	v, _ := undecided(why)

	return v
}
