package measure

import (
	"cmp"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// RecordState is what the care record knows of a visit. The zero value is: it was not to be told.
type RecordState string

// The states (measure 10).
const (
	NotTold   RecordState = ""
	Confirmed RecordState = "confirmed" // every entry has the record's receipt
	Pending   RecordState = "pending"   // an entry waits to be written
	Failed    RecordState = "failed"    // the record refused an entry, or it could not be written
	Differs   RecordState = "differs"   // the record shows something else than what was written
	Omitted   RecordState = "omitted"   // the municipality's rule has no way to tell it
)

// Danish returns the wording of a record state.
func (r RecordState) Danish() string {
	switch r {
	case NotTold:
		return "Intet at skrive"
	case Confirmed:
		return "Bekræftet"
	case Pending:
		return "Venter"
	case Failed:
		return "Fejlet"
	case Differs:
		return "Afviger"
	case Omitted:
		return "Ikke muligt"
	}

	return string(r)
}

// Fact is what is known of one visit, or of one call of another vendor's product. It holds no name.
type Fact struct {
	ID       string // of the visit or the call
	Source   string // empty: our own; otherwise the key of the vendor's export
	Day      care.Day
	Start    time.Time // planned; of a vendor's call when it began; UTC
	Unit     care.UnitID
	Employee care.EmployeeID
	Citizen  string // a citizen's id, or a keyed hash for one whom we do not know; empty: not told
	Person   string // whom the citizen is counted as, also at visits that were deleted; empty: as Citizen
	Law      care.LegalBasis
	Shift    care.Shift
	Service  string
	Listed   bool // stands on an imported driving list
	Screened bool // was ever meant to be given by screen

	State          care.VisitState
	Delivery       care.Delivery
	Reason         care.ReasonCode
	Grade          care.Grade
	Planned        time.Duration // 0: not planned
	Actual         time.Duration // how long both sides were there together; 0: not known
	CancelledEarly bool          // before its planned start
	RevertedLate   bool          // made physical again after its planned start

	Record    RecordState
	Ended     time.Time // when the conversation was over; zero: not known
	Concluded time.Time // when the outcome was given
	ByPerson  bool      // an employee gave the outcome
	Written   time.Time // when the record had the result; zero: it has not

	Method    care.IdentityMethod // only where ByMethod is asked for
	Channel   care.Channel        // only where ByChannel is asked for
	Surrogate bool                // only where ByNumber is asked for
}

// Foreign reports whether it is a call of another vendor's product.
func (f Fact) Foreign() bool { return f.Source != "" }

// fate is what became of a visit that was meant for the screen. The zero value: it was not, or the
// plan was taken back in time.
type fate int

const (
	none fate = iota
	waiting
	done
	onPhone
	notDone
	calledOff
)

func (f Fact) fate() fate {
	if f.Foreign() || !f.Screened {
		return none
	}

	switch f.State {
	case care.Listed:
		return none
	case care.Reverted:
		switch {
		case f.Delivery == care.ByPhone:
			return waiting // somebody is to call
		case f.RevertedLate:
			return notDone
		default:
			return none
		}
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
		return waiting
	case care.Completed:
		if f.Delivery == care.ByPhone {
			return onPhone
		}

		return done
	case care.NotCompleted:
		return notDone
	case care.Cancelled:
		if f.Delivery == care.Screen {
			return calledOff
		}
	}

	return none
}

// Why is the reason of a visit that was not completed.
func (f Fact) Why() care.ReasonCode {
	if f.State == care.Reverted {
		return care.TurnedPhysical
	}

	return f.Reason
}

// person is whom people are counted by.
func (f Fact) person() string { return cmp.Or(f.Person, f.Citizen) }

// planned: measure 1.
func (f Fact) planned() bool { return f.fate() != none }

// completed: measure 2.
func (f Fact) completed() bool {
	return f.fate() == done || f.Foreign() && f.State == care.Completed
}

// called reports whether somebody called: a visit by screen that was tried, or a vendor's call.
func (f Fact) called() bool {
	switch {
	case f.Foreign(), f.fate() == done:
		return true
	case f.State != care.NotCompleted || f.fate() != notDone:
		return false
	}

	switch f.Reason {
	case care.CitizenAbsent, care.EmployeeAbsent, care.TechnicalFault, care.TooShort:
		return true
	case care.CancelledCitizen, care.CancelledStaff, care.Hospitalised, care.TurnedPhysical:
	}

	return false
}

// answered is Randers' rule: a call that lasted (eoj.md §6), or a completed visit.
func (f Fact) answered() bool { return f.called() && (f.Actual > 0 || f.completed()) }

// replaced: the visit stood on a list as a physical one, and evidence, not a person's word alone,
// says that it was held by screen (M6).
func (f Fact) replaced() bool {
	return f.fate() == done && f.Listed && (f.Grade == care.Certain || f.Grade == care.Probable)
}

// fellBack: it was meant for the screen and had to be given physically after all.
func (f Fact) fellBack() bool {
	return f.fate() == notDone && f.Listed && f.Why() == care.TurnedPhysical
}

// timed: its length is known.
func (f Fact) timed() bool { return f.completed() && f.Actual > 0 }

// journalled: how long it took from the end of the conversation until the record had the result.
func (f Fact) journalled() (time.Duration, bool) {
	if f.fate() != done || f.Ended.IsZero() || f.Written.IsZero() {
		return 0, false
	}

	return max(0, f.Written.Sub(f.Ended)), true
}

// staffTime: how long an employee had the visit open after the conversation (V16); nothing when the
// system concluded it by itself.
func (f Fact) staffTime() (time.Duration, bool) {
	if f.fate() != done || f.Ended.IsZero() || f.Concluded.IsZero() {
		return 0, false
	}

	if !f.ByPerson {
		return 0, true
	}

	return max(0, f.Concluded.Sub(f.Ended)), true
}

// Before orders facts by time.
func (f Fact) Before(o Fact) int { return cmp.Or(f.Start.Compare(o.Start), cmp.Compare(f.ID, o.ID)) }
