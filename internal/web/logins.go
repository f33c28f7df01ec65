package web

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/internal/web/ui"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// mostLogins is how many logins the administrator sees at once.
const mostLogins = 200

// logins are the use cases of the pages of logins.
type logins struct {
	store SessionStore
	rules SessionRules
	audit func(ctx context.Context, rows []scheduler.AuditRow) error
	now   func() time.Time
}

// LoginsOf implements ui.Logins.
func (l logins) LoginsOf(ctx context.Context, actor care.Actor, employee care.EmployeeID) ([]ui.Login, error) {
	living, err := l.living(ctx, actor, employee)
	if err != nil {
		return nil, err
	}

	this := scheduler.OriginOf(ctx).Session
	out := make([]ui.Login, 0, len(living))

	for _, s := range living {
		id := scheduler.ShortSession(s.Hash)
		out = append(out, ui.Login{
			ID: id, Employee: s.Employee, Name: s.Name, Agent: s.Agent, Address: s.Address, Level: s.Level,
			Emergency: s.Method == scheduler.ByEmergency, MadeAt: s.MadeAt, SeenAt: s.SeenAt, EndsAt: s.EndsAt, This: id == this,
		})
	}

	return out, nil
}

// living reads the sessions that go on, of one employee or of everybody.
func (l logins) living(ctx context.Context, actor care.Actor, employee care.EmployeeID) ([]Session, error) {
	if err := mayManage(actor, employee); err != nil {
		return nil, err
	}

	now := l.now()

	var (
		all []Session
		err error
	)

	if employee == "" {
		all, err = l.store.LatestSessions(ctx, now, mostLogins)
	} else {
		all, err = l.store.SessionsOf(ctx, employee)
	}

	return slices.DeleteFunc(all, func(s Session) bool {
		return !now.Before(s.EndsAt) || now.Sub(s.SeenAt) >= l.rules.idle()
	}), err
}

// mayManage lets people see to their own logins, and those who manage access to everybody's.
func mayManage(actor care.Actor, employee care.EmployeeID) error {
	if actor.Employee == employee || actor.MayAnywhere(care.ManageAccess) {
		return nil
	}

	return actor.Must(care.ManageAccess, care.EveryUnit)
}

// EndLogin implements ui.Logins.
func (l logins) EndLogin(ctx context.Context, actor care.Actor, employee care.EmployeeID, id string) error {
	if employee == "" {
		return noLogin()
	}

	living, err := l.living(ctx, actor, employee)
	if err != nil {
		return err
	}

	i := slices.IndexFunc(living, func(s Session) bool { return id != "" && scheduler.ShortSession(s.Hash) == id })
	if i < 0 {
		return noLogin()
	}

	if err := l.store.EndSession(ctx, living[i].Hash); err != nil {
		return err
	}

	return l.record(ctx, actor, "end_login", "session "+id+" of "+string(employee))
}

func noLogin() error { return care.NewError(care.NotFound, "Det login er slut allerede.") }

// EndOtherLogins implements ui.Logins.
func (l logins) EndOtherLogins(ctx context.Context, actor care.Actor) error {
	living, err := l.living(ctx, actor, actor.Employee)
	if err != nil {
		return err
	}

	for _, s := range living {
		if scheduler.ShortSession(s.Hash) == scheduler.OriginOf(ctx).Session {
			continue
		}

		if err := l.store.EndSession(ctx, s.Hash); err != nil {
			return err
		}
	}

	return l.record(ctx, actor, "end_other_logins", "")
}

func (l logins) record(ctx context.Context, actor care.Actor, action, detail string) error {
	return l.audit(ctx, []scheduler.AuditRow{{At: l.now(), Actor: string(actor.Employee), Action: action, Detail: detail}})
}
