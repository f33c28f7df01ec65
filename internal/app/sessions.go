package app

import (
	"context"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/saml"
)

// sessions lets the web keep employees' sessions in the municipality's store.
type sessions struct {
	store *store.Store
	idp   string
}

// SaveSession stores a new session.
func (s sessions) SaveSession(ctx context.Context, hash string, session web.Session) error {
	return s.store.SaveSession(ctx, store.Session{
		Hash: hash, IDP: session.IDP, Subject: session.NameID.Value, NameID: store.NameID(session.NameID), SessionIndex: session.Index,
		Employee: session.Employee, Name: session.Name, Groups: session.Groups, AuthenticatedAt: session.MadeAt,
		CreatedAt: session.MadeAt, SeenAt: session.SeenAt, ExpiresAt: session.EndsAt,
	})
}

// Session reads a session.
func (s sessions) Session(ctx context.Context, hash string) (web.Session, error) {
	stored, err := s.store.Session(ctx, hash)
	if err != nil {
		return web.Session{}, err
	}

	return web.Session{
		Employee: stored.Employee, Name: stored.Name, Groups: stored.Groups, IDP: stored.IDP, NameID: saml.NameID(stored.NameID),
		Index: stored.SessionIndex, MadeAt: stored.CreatedAt, SeenAt: stored.SeenAt, EndsAt: stored.ExpiresAt,
	}, nil
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
