package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// LoginLook is what our own looks at an identity provider have told, all processes together.
type LoginLook struct {
	Provider       string // StaffLogin, or as in eid.Info
	Failed, Worked int    // looks in a row without and with an answer; one of them is 0
	LookedAt       time.Time
	AnsweredAt     time.Time // UTC; the last time that it answered; zero: never
	DownSince      time.Time // UTC; zero: it counts as up
}

// LoginAudience is whose logins something is about. The zero value is invalid.
type LoginAudience string

// The audiences.
const (
	LoginOfCitizens LoginAudience = "citizens" // and of participants
	LoginOfStaff    LoginAudience = "staff"
)

// LoginSwitch is an administrator's word that logins do not work, which opens the ways of an outage
// for a time. The zero value is off.
type LoginSwitch struct {
	Audience LoginAudience
	By       care.EmployeeID
	Reason   string    // the administrator's own words; stored encrypted
	At       time.Time // UTC
	Until    time.Time // UTC; it is off from then on
}

// On reports whether the switch is on at a time.
func (w LoginSwitch) On(now time.Time) bool { return now.Before(w.Until) }

// LoginHealth is all that is stored of the identity providers. What is not there was never seen.
type LoginHealth struct {
	Looks    map[string]LoginLook
	Switches map[LoginAudience]LoginSwitch
}

// LoginCount is how the logins at one provider went that began in a window.
type LoginCount struct {
	Provider string // StaffLogin, or as in eid.Info
	Outcome  LoginOutcome
	// Count is how many different citizens the logins were for, whoever began them. Of employees,
	// whom nobody knows before they are logged in, every login counts.
	Count int
	// EndedAt is when the last of them ended, UTC; zero: none has.
	EndedAt time.Time
}

// LoginWatch stores how identity providers are. Errors are *care.Error.
type LoginWatch interface {
	// LoginHealth reads what is stored.
	LoginHealth(ctx context.Context) (LoginHealth, error)
	// SaveLoginLook stores a look in place of the one before.
	SaveLoginLook(ctx context.Context, look LoginLook) error
	// SaveLoginSwitch stores a switch in place of the one before, and the effects with it, in one
	// transaction.
	SaveLoginSwitch(ctx context.Context, w LoginSwitch, effects Effects) error
	// CountLogins counts the logins that began since a time, by provider and outcome, in that order.
	// Those that still wait for their answer (an empty outcome) count only when they began before
	// patience. Of employees' logins it is known whether they ended (LoginIdentified) or not.
	CountLogins(ctx context.Context, since, patience time.Time) ([]LoginCount, error)
}
