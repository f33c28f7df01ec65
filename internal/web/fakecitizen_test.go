package web_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) mine(secret string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.known[secret]
}

func (f *fakeUse) Landing(_ context.Context, l care.Locator) (scheduler.CitizenView, error) {
	if err := f.call("Landing"); err != nil {
		return scheduler.CitizenView{}, err
	}

	if !f.mine(l.Reveal()) {
		return scheduler.CitizenView{Stage: scheduler.StageWrong}, nil
	}

	return scheduler.CitizenView{Stage: scheduler.StageLanding, Language: languageOf(l)}, nil
}

func (f *fakeUse) Enter(_ context.Context, l care.Locator) (scheduler.Entered, error) {
	if err := f.call("Enter"); err != nil {
		return scheduler.Entered{}, err
	}

	if !f.mine(l.Reveal()) {
		return scheduler.Entered{}, care.NewError(care.NotFound, "Linket virker ikke.")
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	token := "session-" + l.Reveal()
	f.known[token] = true

	return scheduler.Entered{Token: care.NewSessionToken(token), Expires: testNow().Add(time.Hour), Language: languageOf(l)}, nil
}

// languageOf is the language of the citizen of a link, which is its end: "xyz-en".
func languageOf(l care.Locator) care.Language {
	_, language, _ := strings.Cut(l.Reveal(), "-")

	return care.Language(language)
}

func (f *fakeUse) Lounge(_ context.Context, token care.SessionToken) (scheduler.CitizenView, error) {
	if err := f.call("Lounge"); err != nil {
		return scheduler.CitizenView{}, err
	}

	if !f.mine(token.Reveal()) {
		return scheduler.CitizenView{Stage: scheduler.StageWrong}, nil
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	return f.citizen, nil
}

func (f *fakeUse) AskHelp(context.Context, care.SessionToken) error { return f.call("AskHelp") }

func (f *fakeUse) AskCode(context.Context, care.SessionToken) error { return f.call("AskCode") }

func (f *fakeUse) EnterCode(_ context.Context, _ care.SessionToken, code care.Code) error {
	if err := f.call("EnterCode"); err != nil {
		return err
	}

	if code.Reveal() != "483921" {
		return care.NewError(care.Invalid, "Koden er ikke rigtig. Prøv igen.")
	}

	return f.codeErr
}

func (f *fakeUse) GuestLink(_ context.Context, token care.SessionToken) (care.GuestLink, error) {
	if err := f.call("GuestLink"); err != nil {
		return care.GuestLink{}, err
	}

	if !f.mine(token.Reveal()) || f.citizen.Stage != scheduler.StageAdmitted {
		return care.GuestLink{}, care.NewError(care.Conflict, "Medarbejderen har ikke lukket dig ind endnu.")
	}

	pin, err := care.NewHostPIN("918273")
	if err != nil {
		return care.GuestLink{}, err
	}

	return care.NewGuestLink(f.guestLink, pin)
}

// fakeSessions is a session store in memory.
type fakeSessions struct {
	mu   sync.Mutex
	rows map[string]web.Session
}

func newFakeSessions() *fakeSessions { return &fakeSessions{rows: map[string]web.Session{}} }

func (f *fakeSessions) SaveSession(_ context.Context, s web.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows[s.Hash] = s

	return nil
}

func (f *fakeSessions) Session(_ context.Context, hash string) (web.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	s, ok := f.rows[hash]
	if !ok {
		return web.Session{}, care.NewError(care.NotFound, "Sessionen findes ikke.")
	}

	return s, nil
}

func (f *fakeSessions) TouchSession(_ context.Context, hash string, at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	if s, ok := f.rows[hash]; ok {
		s.SeenAt = at
		f.rows[hash] = s
	}

	return nil
}

func (f *fakeSessions) EndSession(_ context.Context, hash string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.rows, hash)

	return nil
}

func (f *fakeSessions) SessionsOf(_ context.Context, employee care.EmployeeID) ([]web.Session, error) {
	return f.list(func(s web.Session) bool { return s.Employee == employee }), nil
}

func (f *fakeSessions) LatestSessions(_ context.Context, now time.Time, limit int) ([]web.Session, error) {
	out := f.list(func(s web.Session) bool { return s.EndsAt.After(now) })

	return out[:min(len(out), limit)], nil
}

func (f *fakeSessions) list(takes func(web.Session) bool) []web.Session {
	f.mu.Lock()
	defer f.mu.Unlock()

	out := slices.DeleteFunc(slices.Collect(maps.Values(f.rows)), func(s web.Session) bool { return !takes(s) })
	slices.SortFunc(out, func(a, b web.Session) int { return cmp.Or(b.SeenAt.Compare(a.SeenAt), cmp.Compare(a.Hash, b.Hash)) })

	return out
}

func (f *fakeSessions) EndSessionsOf(_ context.Context, name saml.NameID, indexes []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	for hash, s := range f.rows {
		if s.NameID == name && (len(indexes) == 0 || slices.Contains(indexes, s.Index)) {
			delete(f.rows, hash)
		}
	}

	return nil
}
