package scheduler

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
)

// LoginTrust is about the certificates and the metadata that a login depends on.
const LoginTrust NoticeKind = "login_trust"

// TellLogin raises a notice for everything that is not fine with a login, and resolves those
// that are fine again. The login's name and the findings' subjects tell the notices apart; both
// stay the same from call to call. It is called again and again, by any number of processes.
func (s *Service) TellLogin(ctx context.Context, login string, found []connector.Finding) error {
	open, err := s.store.OpenNotices(ctx)
	if err != nil {
		return err
	}

	var still []string

	for _, f := range found {
		if f.Level == connector.Fine {
			continue
		}

		about := login + ": " + f.Subject
		still = append(still, about)

		if _, err := s.store.RaiseNotice(ctx, s.notice(LoginTrust, about, f.Level, about+". "+f.Text), Effects{}); err != nil {
			return err
		}
	}

	for _, n := range open {
		if n.Kind != LoginTrust || !strings.HasPrefix(n.About, login+": ") || slices.Contains(still, n.About) {
			continue
		}

		if err := s.store.ResolveNotice(ctx, n.Kind, n.About, s.now(), Effects{}); err != nil {
			return err
		}
	}

	return nil
}
