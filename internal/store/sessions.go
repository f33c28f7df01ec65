package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

// Session is an employee's login. The caller decides when it ends; the store only keeps it.
// Everything that says who it is is encrypted; subject, name id and session index are found by
// keyed hash.
type Session struct {
	Hash            string // hex SHA-256 of the cookie's token; the key
	IDP             string // entity id of the provider that vouches for the person
	Subject         string // stable key of the person at the provider
	NameID          NameID
	SessionIndex    string // the provider's key of its own session; may be empty
	Employee        care.EmployeeID
	Name            string
	Email           string
	Groups          []string
	Level           care.Assurance
	Method          string // how the employee came in: a word of scheduler.Origin
	Standing        string // digest of what the employee might do when the session began
	Agent           string // browser and system in words
	Address         string // network address at login
	AuthenticatedAt time.Time
	CreatedAt       time.Time
	SeenAt          time.Time
	ExpiresAt       time.Time // absolute end
}

// NameID is the provider's name for a person in one session; logout needs all four parts.
type NameID struct {
	Value           string `json:"value"`
	Format          string `json:"format"`
	NameQualifier   string `json:"name_qualifier"`
	SPNameQualifier string `json:"sp_name_qualifier"`
}

// String hides the value, which may be a mail address.
func (NameID) String() string { return "‹name id›" }

// String hides who it is.
func (Session) String() string { return "‹session›" }

type sessionRow struct {
	Hash             string `gorm:"primaryKey"`
	EmployeeHash     string
	SubjectHash      string
	NameIDHash       string
	SessionIndexHash string
	Idp              string
	ContentSealed    []byte
	Made             int64 `gorm:"column:created_at"` // not named CreatedAt: gorm would set it by itself
	SeenAt           int64
	ExpiresAt        int64
}

// TableName names the table for gorm.
func (sessionRow) TableName() string { return "staff_sessions" }

// sessionContent is the encrypted part of a session.
type sessionContent struct {
	Subject         string   `json:"subject"`
	NameID          NameID   `json:"name_id"`
	SessionIndex    string   `json:"session_index"`
	Employee        string   `json:"employee"`
	Name            string   `json:"name"`
	Email           string   `json:"email"`
	Groups          []string `json:"groups"`
	Level           int      `json:"level"`
	Method          string   `json:"method"`
	Standing        string   `json:"standing"`
	Agent           string   `json:"agent"`
	Address         string   `json:"address"`
	AuthenticatedAt *int64   `json:"authenticated_at"`
}

func (k *Keys) sessionToRow(s Session) (sessionRow, error) {
	content, err := json.Marshal(sessionContent{
		s.Subject, s.NameID, s.SessionIndex, string(s.Employee), s.Name, s.Email, s.Groups, int(s.Level),
		s.Method, s.Standing, s.Agent, s.Address, microsOrNull(s.AuthenticatedAt),
	})
	if err != nil {
		return sessionRow{}, fmt.Errorf("session: %w", err)
	}

	seal := sealer{keys: k, table: "staff_sessions", row: s.Hash}
	row := sessionRow{
		Hash: s.Hash, Idp: s.IDP, ContentSealed: seal.sealBytes("content", content),
		Made: micros(s.CreatedAt), SeenAt: micros(s.SeenAt), ExpiresAt: micros(s.ExpiresAt),
	}

	for _, h := range []struct {
		to             *string
		purpose, value string
	}{
		{&row.EmployeeHash, "staff_sessions.employee", string(s.Employee)},
		{&row.SubjectHash, "staff_sessions.subject", s.IDP + "\x00" + s.Subject},
		{&row.NameIDHash, "staff_sessions.name_id", s.IDP + "\x00" + s.NameID.Value},
		{&row.SessionIndexHash, "staff_sessions.session_index", s.SessionIndex},
	} {
		if *h.to, err = k.hash(h.purpose, h.value); err != nil {
			return sessionRow{}, err
		}
	}

	return row, seal.err
}

func (k *Keys) sessionFromRow(row sessionRow) (Session, error) {
	seal := sealer{keys: k, table: "staff_sessions", row: row.Hash}
	text := seal.openBytes("content", row.ContentSealed)

	if seal.err != nil {
		return Session{}, seal.err
	}

	var c sessionContent
	if err := json.Unmarshal(text, &c); err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}

	return Session{
		Hash: row.Hash, IDP: row.Idp, Subject: c.Subject, NameID: c.NameID, SessionIndex: c.SessionIndex,
		Employee: care.EmployeeID(c.Employee), Name: c.Name, Email: c.Email, Groups: c.Groups, Level: care.Assurance(c.Level),
		Method: c.Method, Standing: c.Standing, Agent: c.Agent, Address: c.Address,
		AuthenticatedAt: instantOrZero(c.AuthenticatedAt), CreatedAt: instant(row.Made), SeenAt: instant(row.SeenAt), ExpiresAt: instant(row.ExpiresAt),
	}, nil
}

// SaveSession stores a new session. Conflict when the hash exists.
func (s *Store) SaveSession(ctx context.Context, session Session) error {
	row, err := s.keys.sessionToRow(session)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error { return insert(tx, []sessionRow{row}) })
}

// Session reads a session by the hash of its token, ended or not. NotFound.
func (s *Store) Session(ctx context.Context, hash string) (Session, error) {
	var row sessionRow
	if err := s.read.WithContext(ctx).Where("hash = ?", hash).Take(&row).Error; err != nil {
		return Session{}, translate(err)
	}

	session, err := s.keys.sessionFromRow(row)

	return session, translate(err)
}

// SessionsOf reads the sessions of an employee, expired ones too, the last used first.
func (s *Store) SessionsOf(ctx context.Context, employee care.EmployeeID) ([]Session, error) {
	hash, err := s.keys.hash("staff_sessions.employee", string(employee))
	if err != nil {
		return nil, translate(err)
	}

	return s.sessions(s.read.WithContext(ctx).Where("employee_hash = ?", hash))
}

// LatestSessions reads the sessions that have not expired, the last used first.
func (s *Store) LatestSessions(ctx context.Context, now time.Time, limit int) ([]Session, error) {
	return s.sessions(s.read.WithContext(ctx).Where("expires_at > ?", micros(now)).Limit(limit))
}

func (s *Store) sessions(query *gorm.DB) ([]Session, error) {
	var rows []sessionRow
	if err := query.Order("seen_at DESC, hash").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]Session, 0, len(rows))

	for _, row := range rows {
		session, err := s.keys.sessionFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, session)
	}

	return out, nil
}

// TouchSession records that the session was used. NotFound.
func (s *Store) TouchSession(ctx context.Context, hash string, seen time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&sessionRow{}).Where("hash = ?", hash).Update("seen_at", micros(seen))
		if done.Error == nil && done.RowsAffected == 0 {
			return notFound()
		}

		return done.Error
	})
}

// DeleteSession ends a session. One that is gone already is no error.
func (s *Store) DeleteSession(ctx context.Context, hash string) error {
	_, err := s.deleteSessions(ctx, "hash = ?", hash)

	return err
}

// DeleteSessionsOf ends every session of a person and tells how many there were.
func (s *Store) DeleteSessionsOf(ctx context.Context, idp, subject string) (int, error) {
	hash, err := s.keys.hash("staff_sessions.subject", idp+"\x00"+subject)
	if err != nil {
		return 0, translate(err)
	}

	return s.deleteSessions(ctx, "subject_hash = ?", hash)
}

// DeleteSessionsByNameID ends the sessions that a provider asks to end: those with the name
// id, and with one of the session indexes when any are given. It tells how many there were.
func (s *Store) DeleteSessionsByNameID(ctx context.Context, idp, nameID string, indexes []string) (int, error) {
	name, err := s.keys.hash("staff_sessions.name_id", idp+"\x00"+nameID)
	if err != nil {
		return 0, translate(err)
	}

	if len(indexes) == 0 {
		return s.deleteSessions(ctx, "name_id_hash = ?", name)
	}

	hashes := make([]string, 0, len(indexes))

	for _, index := range indexes {
		hash, err := s.keys.hash("staff_sessions.session_index", index)
		if err != nil {
			return 0, translate(err)
		}

		hashes = append(hashes, hash)
	}

	return s.deleteSessions(ctx, "name_id_hash = ? AND session_index_hash IN ?", name, hashes)
}

// PurgeSessions removes sessions, login requests and remembered messages whose end is past,
// and tells how many sessions there were.
func (s *Store) PurgeSessions(ctx context.Context, now time.Time) (int, error) {
	var ended int64

	err := s.change(ctx, func(tx *gorm.DB) error {
		for _, kind := range []any{&samlRequestRow{}, &samlReplayRow{}, &sessionRow{}} {
			done := tx.Where("expires_at < ?", micros(now)).Delete(kind)
			if done.Error != nil {
				return fmt.Errorf("purge: %w", done.Error)
			}

			ended = done.RowsAffected
		}

		return nil
	})

	return int(ended), err
}

func (s *Store) deleteSessions(ctx context.Context, condition string, values ...any) (int, error) {
	var deleted int64

	err := s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Where(condition, values...).Delete(&sessionRow{})
		deleted = done.RowsAffected

		return done.Error
	})

	return int(deleted), err
}
