package app

import (
	"context"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// sessions lets the web keep employees' sessions in the municipality's store.
type sessions struct {
	store *store.Store
	idp   string
}

// SaveSession stores a new session.
func (s sessions) SaveSession(ctx context.Context, session web.Session) error {
	return s.store.SaveSession(ctx, store.Session{
		Hash: session.Hash, IDP: session.IDP, Subject: session.Subject, NameID: store.NameID(session.NameID), SessionIndex: session.Index,
		Employee: session.Employee, Name: session.Name, Groups: session.Groups, Level: session.Level, Method: session.Method,
		Standing: session.Standing, Agent: session.Agent, Address: session.Address,
		AuthenticatedAt: session.AuthenticatedAt, CreatedAt: session.MadeAt, SeenAt: session.SeenAt, ExpiresAt: session.EndsAt,
	})
}

func sessionOf(stored store.Session) web.Session {
	return web.Session{
		Hash: stored.Hash, Employee: stored.Employee, Name: stored.Name, Groups: stored.Groups, Subject: stored.Subject, IDP: stored.IDP,
		Level: stored.Level, Method: stored.Method, NameID: saml.NameID(stored.NameID), Index: stored.SessionIndex,
		Standing: stored.Standing, Agent: stored.Agent, Address: stored.Address,
		AuthenticatedAt: stored.AuthenticatedAt, MadeAt: stored.CreatedAt, SeenAt: stored.SeenAt, EndsAt: stored.ExpiresAt,
	}
}

// Session reads a session.
func (s sessions) Session(ctx context.Context, hash string) (web.Session, error) {
	stored, err := s.store.Session(ctx, hash)
	if err != nil {
		return web.Session{}, err
	}

	return sessionOf(stored), nil
}

// SessionsOf reads the sessions of an employee.
func (s sessions) SessionsOf(ctx context.Context, employee care.EmployeeID) ([]web.Session, error) {
	return sessionsOf(s.store.SessionsOf(ctx, employee))
}

// LatestSessions reads the sessions that have not expired.
func (s sessions) LatestSessions(ctx context.Context, now time.Time, limit int) ([]web.Session, error) {
	return sessionsOf(s.store.LatestSessions(ctx, now, limit))
}

func sessionsOf(stored []store.Session, err error) ([]web.Session, error) {
	out := make([]web.Session, 0, len(stored))
	for _, one := range stored {
		out = append(out, sessionOf(one))
	}

	return out, err
}

// TouchSession stores when a session was last used.
func (s sessions) TouchSession(ctx context.Context, hash string, at time.Time) error {
	return s.store.TouchSession(ctx, hash, at)
}

// EndSession removes a session.
func (s sessions) EndSession(ctx context.Context, hash string) error {
	return s.store.DeleteSession(ctx, hash)
}

// EndSessionsOf removes the sessions that the identity provider names.
func (s sessions) EndSessionsOf(ctx context.Context, name saml.NameID, indexes []string) error {
	_, err := s.store.DeleteSessionsByNameID(ctx, s.idp, name.Value, indexes)

	return err
}
