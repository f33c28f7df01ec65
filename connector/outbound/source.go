package outbound

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Ask gets a credential from its issuer, and tells until when it may be used. Errors are
// *connector.Error. Its context does not end when the caller gives up.
type Ask func(ctx context.Context) (value care.Secret, useTill time.Time, err error)

// Source is an Authorizer that keeps one credential, asks for it by one request at a time
// however many callers wait, and asks anew when its time is over. It is safe for concurrent use.
type Source struct {
	system string
	now    func() time.Time
	ask    Ask

	mu      sync.Mutex
	value   care.Secret
	useTill time.Time
	flight  *flight // nil when nobody is asking
}

// flight is one request that several callers may wait for.
type flight struct {
	done  chan struct{}
	value care.Secret
	err   error
}

// NewSource returns a Source. System names the peer in the errors of callers that gave up.
func NewSource(system string, now func() time.Time, ask Ask) *Source {
	return &Source{system: system, now: now, ask: ask}
}

// Authorize returns the credential, kept or new. Errors are *connector.Error of kind
// Unavailable, RateLimited or Unauthorized: never Unknown, because the call that the
// credential was for has not been made.
func (s *Source) Authorize(ctx context.Context) (care.Secret, error) {
	s.mu.Lock()

	if !s.value.IsZero() && s.now().Before(s.useTill) {
		defer s.mu.Unlock()

		return s.value, nil
	}

	f := s.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		s.flight = f

		// The request outlives a caller that gives up: others wait for it too, perhaps a person.
		// The client's own time limit ends it.
		go s.fly(connector.WithBulk(context.WithoutCancel(ctx), false), f)
	}
	s.mu.Unlock()

	select {
	case <-f.done:
		return f.value, copyOf(f.err)
	case <-ctx.Done():
		return care.Secret{}, &connector.Error{System: s.system, Op: "token", Kind: connector.Unavailable, Err: ctx.Err()}
	}
}

// Refused drops value if it is still the current one. It is always worth asking again: a
// credential can be revoked at any time.
func (s *Source) Refused(value care.Secret) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.value.Reveal() == value.Reveal() {
		s.value = care.Secret{}
	}

	return true
}

// copyOf gives every waiter its own error, since an adapter may change what it gets.
func copyOf(err error) error {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		own := *e

		return &own
	}

	return err
}

// fly asks and tells everybody who waits.
func (s *Source) fly(ctx context.Context, f *flight) {
	value, useTill, err := s.ask(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()

	if err != nil {
		f.err = asTokenError(err)
	} else {
		f.value, s.value, s.useTill = value, value, useTill
	}

	s.flight = nil

	close(f.done)
}

// asTokenError keeps the kinds that are worth waiting for; everything else is a matter of
// our credentials or of the issuer's address, and needs an alarm.
func asTokenError(err error) error {
	e, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return &connector.Error{Op: "token", Kind: connector.Unavailable, Err: err}
	}

	if e.Kind != connector.Unavailable && e.Kind != connector.RateLimited {
		e.Kind = connector.Unauthorized
	}

	return e
}
