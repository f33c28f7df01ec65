package mailsim

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// take keeps a letter, and for a receiver that bounces the report to the sender.
func (s *Server) take(l Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()

	l.At = s.options.Clock().UTC()
	l.Bounced = slices.ContainsFunc(l.Receivers, func(a string) bool { return matches(s.options.Bounce, a) })
	s.append(l)

	if l.Bounced && l.Sender != "" {
		s.append(Letter{
			At: l.At, Receivers: []string{l.Sender}, From: "mailsim <mailer-daemon@localhost>", AutoSubmitted: "auto-replied",
			Subject: "Undelivered Mail Returned to Sender", MessageID: fmt.Sprintf("bounce-%d@mailsim.localhost", s.taken),
			Text: "Status: 5.1.1\nThe mailbox does not exist.\nOriginal Message-ID: <" + l.MessageID + ">\n",
		})
	}

	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) append(l Letter) {
	s.taken++
	l.Number = s.taken
	s.letters = append(s.letters, l)

	if over := len(s.letters) - s.options.Limit; over > 0 {
		s.letters = slices.Delete(s.letters, 0, over)
	}
}

func (s *Server) record(e Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()

	e.At = s.options.Clock().UTC()
	s.history = append(s.history, e)

	if over := len(s.history) - s.options.Limit; over > 0 {
		s.history = slices.Delete(s.history, 0, over)
	}
}

// Letters returns every letter kept, oldest first.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.letters)
}

// Mailbox returns the letters to one address, oldest first.
func (s *Server) Mailbox(address string) []Letter {
	return slices.DeleteFunc(s.Letters(), func(l Letter) bool {
		return !slices.ContainsFunc(l.Receivers, func(r string) bool { return strings.EqualFold(r, address) })
	})
}

// Copies returns how many letters came under each Message-ID: more than one is a duplicate.
func (s *Server) Copies() map[string]int {
	copies := make(map[string]int)
	for _, l := range s.Letters() {
		copies[l.MessageID]++
	}

	return copies
}

// History returns the exchanges, oldest first.
func (s *Server) History() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.history)
}

// Clear forgets letters and history.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.letters, s.history = nil, nil
}

// WaitFor returns when enough says so of the letters, or when ctx ends.
func (s *Server) WaitFor(ctx context.Context, enough func([]Letter) bool) error {
	for {
		s.mu.Lock()
		letters, changed := slices.Clone(s.letters), s.changed
		s.mu.Unlock()

		if enough(letters) {
			return nil
		}

		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("mailsim: waiting for letters: %w", ctx.Err())
		}
	}
}
