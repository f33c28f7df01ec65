package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
)

// StaffLogin is the key of the employees' identity provider.
const StaffLogin = "staff"

// LoginDown is the kind of the notice that an identity provider does not work; About is its key.
const LoginDown NoticeKind = "login_down"

// When an identity provider counts as down (C24). One look that fails may be chance; people who
// give up a login are no sign either, but several whom the provider turned away are, and many who
// left for it of whom none came back.
const (
	looksAlike    = 2                // looks in a row with one result
	loginWindow   = 15 * time.Minute // of which logins count
	loginPatience = 5 * time.Minute  // that a person may take
	mostFaults    = 3                // answers that it does not work, without one that it does
	mostLost      = 5                // people who did not come back, without one who did
	mostLogins15  = 4096             // logins that are remembered of the window
)

// LoginSource is an identity provider that is watched.
type LoginSource struct {
	Key   string // StaffLogin, or as in eid.Info
	Name  string // as people call it: "MitID"
	Staff bool   // employees log in there
	// Probe looks whether the provider can be reached. A *connector.Error of another kind than
	// Unavailable or Unknown is an answer too.
	Probe func(ctx context.Context) error
}

// LoginOutage is an identity provider that does not work.
type LoginOutage struct {
	Key   string
	Name  string
	Staff bool
	Since time.Time // UTC
}

// loginWatch is what is known of the identity providers. Every process looks for itself.
type loginWatch struct {
	sources []LoginSource

	mutex sync.Mutex
	known map[string]*loginHealth
	seen  []loginEvent // of employees, the oldest first
}

type loginHealth struct {
	failed, worked int       // looks in a row
	since          time.Time // when it went down; zero: it is up
}

type loginEvent struct {
	at      time.Time
	outcome LoginOutcome // empty: begun
}

func newLoginWatch(sources []LoginSource) *loginWatch {
	w := &loginWatch{sources: sources, known: make(map[string]*loginHealth, len(sources))}
	for _, s := range sources {
		w.known[s.Key] = &loginHealth{}
	}

	return w
}

// logins is how logins at one provider went.
type logins struct{ good, faults, lost int }

// bad reports whether they say that the provider does not work.
func (l logins) bad() bool { return l.good == 0 && (l.faults >= mostFaults || l.lost >= mostLost) }

// count adds logins with an outcome. What the provider answered at all speaks for it.
func (l *logins) count(outcome LoginOutcome, n int) {
	switch outcome {
	case "":
		l.lost += n
	case LoginOutcome(eid.Unavailable):
		l.faults += n
	case LoginOutcome(eid.Invalid), LoginOutcome(eid.WrongBrowser), LoginOutcome(eid.Replayed), LoginOutcome(eid.Expired): // anybody can make these up
	case LoginIdentified, LoginStranger, LoginLocked, LoginRefused, LoginOutcome(eid.Cancelled), LoginOutcome(eid.LevelTooLow), LoginOutcome(eid.WrongType):
		l.good += n
	}
}

// SawStaffLogin tells what became of an employee's login in this process: it began (empty), or one
// of eid.Reasons, or LoginIdentified.
func (s *Service) SawStaffLogin(outcome LoginOutcome) {
	w := s.watch

	w.mutex.Lock()
	defer w.mutex.Unlock()

	now := s.now()
	w.seen = slices.DeleteFunc(append(w.seen, loginEvent{now, outcome}), func(e loginEvent) bool { return now.Sub(e.at) > loginWindow })
	w.seen = w.seen[max(0, len(w.seen)-mostLogins15):]
}

// staff counts the logins of employees. Those that began lately may still be under way.
func (w *loginWatch) staff(now time.Time) logins {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	var out logins

	ended := 0

	for _, e := range w.seen {
		switch age := now.Sub(e.at); {
		case age > loginWindow:
		case e.outcome != "":
			out.count(e.outcome, 1)

			ended++
		case age > loginPatience:
			out.lost++
		}
	}

	out.lost = max(0, out.lost-ended)

	return out
}

// citizens counts the logins of citizens and participants, of all processes.
func (s *Service) citizens(ctx context.Context) (map[string]*logins, error) {
	now := s.now()

	all, err := s.store.CountEidLogins(ctx, now.Add(-loginWindow))
	if err != nil {
		return nil, err
	}

	late, err := s.store.CountEidLogins(ctx, now.Add(-loginPatience))
	if err != nil {
		return nil, err
	}

	out := map[string]*logins{}

	for _, c := range all {
		if out[c.Provider] == nil {
			out[c.Provider] = &logins{}
		}

		out[c.Provider].count(c.Outcome, c.Count)
	}

	for _, c := range late {
		if c.Outcome == "" {
			out[c.Provider].lost -= c.Count
		}
	}

	return out, nil
}

// WatchLogins looks once at every identity provider, and writes down when one stops working and
// when it works again: in the audit, and as a notice for the administrator. It is called every
// minute.
func (s *Service) WatchLogins(ctx context.Context) error {
	rates, err := s.citizens(ctx)
	if err != nil {
		return err
	}

	staff := s.watch.staff(s.now())

	for _, source := range s.watch.sources {
		rate := logins{}

		switch {
		case source.Staff:
			rate = staff
		case rates[source.Key] != nil:
			rate = *rates[source.Key]
		}

		answers := true
		if source.Probe != nil {
			answers = reachable(source.Probe(ctx))
		}

		if err := s.weighLogins(ctx, source, answers, rate); err != nil {
			return err
		}
	}

	return nil
}

// reachable reports whether the error of a look is an answer of the provider.
func reachable(err error) bool {
	if err == nil {
		return true
	}

	kind := connector.KindOf(err)

	return kind != connector.Unavailable && kind != connector.Unknown
}

// weighLogins brings what is known of one provider up to date.
func (s *Service) weighLogins(ctx context.Context, source LoginSource, answers bool, rate logins) error {
	now := s.now()

	s.watch.mutex.Lock()
	h := s.watch.known[source.Key]

	if answers {
		h.failed, h.worked = 0, h.worked+1
	} else {
		h.failed, h.worked = h.failed+1, 0
	}

	was := !h.since.IsZero()
	is := h.failed >= looksAlike || rate.bad() || was && h.worked < looksAlike

	switch {
	case is && !was:
		h.since = now
	case !is:
		h.since = time.Time{}
	}
	s.watch.mutex.Unlock()

	switch {
	case is && !was:
		return s.tellLoginDown(ctx, source, now)
	case was && !is:
		return s.tellLoginUp(ctx, source, now)
	}

	return nil
}

func (s *Service) tellLoginDown(ctx context.Context, source LoginSource, now time.Time) error {
	text := fmt.Sprintf("%s har ikke virket siden %s. Borgere og deltagere kan vise, hvem de er, på de måder, som kommunen har valgt til nedbrud; hvert besøg bliver mærket.", source.Name, clock(now))
	if source.Staff {
		text = fmt.Sprintf("%s har ikke virket siden %s. Medarbejdere, der er logget ind, kan arbejde videre. Andre kan bruge nødadgang, hvis kommunen har åbnet for den.", source.Name, clock(now))
	}

	_, err := s.store.RaiseNotice(ctx, Notice{Kind: LoginDown, About: source.Key, Level: connector.Failing, Text: text, RaisedAt: now},
		Effects{Audit: []AuditRow{{At: now, Actor: "system", Action: "login_down", Detail: source.Key}}})

	return err
}

func (s *Service) tellLoginUp(ctx context.Context, source LoginSource, now time.Time) error {
	if err := s.store.ResolveNotice(ctx, LoginDown, source.Key, now); err != nil {
		return err
	}

	return s.store.Record(ctx, []AuditRow{{At: now, Actor: "system", Action: "login_up", Detail: source.Key}})
}

// LoginOutage reports whether an identity provider is down, and since when. It asks nobody.
func (s *Service) LoginOutage(provider string) (since time.Time, down bool) {
	s.watch.mutex.Lock()
	defer s.watch.mutex.Unlock()

	h := s.watch.known[provider]
	if h == nil || h.since.IsZero() {
		return time.Time{}, false
	}

	return h.since, true
}

// LoginOutages lists the identity providers that are down, in the order of the configuration. It
// asks nobody.
func (s *Service) LoginOutages() []LoginOutage {
	var out []LoginOutage

	for _, source := range s.watch.sources {
		if since, down := s.LoginOutage(source.Key); down {
			out = append(out, LoginOutage{Key: source.Key, Name: source.Name, Staff: source.Staff, Since: since})
		}
	}

	return out
}

// citizensLoginDown reports whether a provider of citizens is down.
func (s *Service) citizensLoginDown() bool {
	return slices.ContainsFunc(s.LoginOutages(), func(o LoginOutage) bool { return !o.Staff })
}

// showLoginsDown tells the page which providers do not work. A participant reads of the same.
func (s *Service) showLoginsDown(view *CitizenView) {
	for _, o := range s.LoginOutages() {
		if !o.Staff {
			view.LoginsDown = append(view.LoginsDown, o.Name)
		}
	}
}

// text tells those at work of an outage.
func (o LoginOutage) text() string {
	if o.Staff {
		return fmt.Sprintf("%s virker ikke siden %s. Du kan arbejde videre, så længe du er logget ind.", o.Name, clock(o.Since))
	}

	return fmt.Sprintf("%s virker ikke siden %s. Borgere kommer ind på de andre måder, som kommunen har valgt. Ring på nummeret i journalen, eller brug kodeordene, og skriv, hvordan du ved, hvem det er.", o.Name, clock(o.Since))
}

// LoginAlarm is what employees read above every page while identity providers are down; empty when
// none is.
func (s *Service) LoginAlarm() string {
	text := ""

	for _, o := range s.LoginOutages() {
		if text != "" {
			text += " "
		}

		text += o.text()
	}

	return text
}
