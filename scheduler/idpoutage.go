package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
)

// StaffLogin is the key of the employees' identity provider.
const StaffLogin = "staff"

// The kinds of notices about logins.
const (
	LoginDown     NoticeKind = "login_down"     // an identity provider does not answer us any more; About: its key
	LoginUnseen   NoticeKind = "login_unseen"   // it never answered us, so that we can't see an outage; About: its key
	LoginUnsure   NoticeKind = "login_unsure"   // it answers us, yet nobody comes through; About: its key
	LoginSwitched NoticeKind = "login_switched" // an administrator opened the ways of an outage; About: the audience
)

// When an identity provider counts as down (C24, docs/adr/0012): our own looks say so, when they had an
// answer before and no login has come through since. Anybody can begin logins and not finish them, or
// bring an answer that says that it does not work, so that those only raise a suspicion, which a
// person has to look into.
const (
	watchChore    = "watch_logins"
	lookRest      = 50 * time.Second // one process looks in a minute, whoever asks first
	looksAlike    = 2                // looks in a row with one result; one may be chance
	lookHolds     = 5 * time.Minute  // how long the word of a look counts when none follows
	loginWindow   = 15 * time.Minute // of which logins count
	loginPatience = 5 * time.Minute  // that a person may take
	mostFaults    = 3                // citizens who were told that it does not work, without one who came through
	mostLost      = 5                // citizens who did not come back, without one who came through
)

// LoginSource is an identity provider that is watched.
type LoginSource struct {
	Key   string // StaffLogin, or as in eid.Info
	Name  string // as people call it: "MitID"
	Staff bool   // employees log in there
	// Probe looks from this machine whether the provider can be reached; nothing that a visitor does
	// may change what it says. A *connector.Error of another kind than Unavailable or Unknown is an
	// answer too.
	Probe func(ctx context.Context) error
}

// after returns what is known after one more look. Looks that are long ago tell nothing.
func (l LoginLook) after(answered bool, now time.Time) LoginLook {
	if now.Sub(l.LookedAt) > lookHolds {
		l = LoginLook{Provider: l.Provider, AnsweredAt: l.AnsweredAt}
	}

	l.LookedAt = now

	if answered {
		l.Failed, l.Worked, l.AnsweredAt = 0, l.Worked+1, now
	} else {
		l.Failed, l.Worked = l.Failed+1, 0
	}

	switch {
	case l.AnsweredAt.IsZero(): // a wall in between tells nothing about the provider
	case l.DownSince.IsZero() && l.Failed >= looksAlike:
		l.DownSince = now
	case l.Worked >= looksAlike:
		l.DownSince = time.Time{}
	}

	return l
}

// down reports whether the looks say that the provider is down. When nobody looks any more they say
// nothing: what an outage opens has to close by itself.
func (l LoginLook) down(now time.Time) bool {
	return !l.DownSince.IsZero() && now.Sub(l.LookedAt) <= lookHolds
}

// logins is how logins at one provider went. Good are those that the provider vouched for; the other
// two anybody can bring about.
type logins struct {
	good, faults, lost int
	vouched            time.Time // when the provider last vouched for somebody
}

// add adds logins with an outcome.
func (l *logins) add(c LoginCount) {
	switch c.Outcome {
	case "":
		l.lost += c.Count
	case LoginOutcome(eid.Unavailable):
		l.faults += c.Count
	case LoginIdentified, LoginStranger, LoginLocked, LoginRefused:
		l.good += c.Count

		if c.EndedAt.After(l.vouched) {
			l.vouched = c.EndedAt
		}
	case LoginOutcome(eid.Invalid), LoginOutcome(eid.WrongBrowser), LoginOutcome(eid.Replayed), LoginOutcome(eid.Expired),
		LoginOutcome(eid.Cancelled), LoginOutcome(eid.LevelTooLow), LoginOutcome(eid.WrongType): // neither
	}
}

// suspicion says in Danish what makes the logins look like an outage; empty when nothing does.
func (l logins) suspicion(source LoginSource, now time.Time) string {
	if l.good > 0 || l.faults < mostFaults && l.lost < mostLost {
		return ""
	}

	who := "borgere"
	if source.Staff {
		who = "forsøg"
	}

	return fmt.Sprintf("Mange logins hos %s bliver ikke færdige. Siden %s er %d %s ikke kommet tilbage derfra, %d fik en fejl, og ingen er kommet igennem. "+
		"Udbyderen svarer os. Prøv selv at logge ind. Virker det ikke, kan systemforvalteren slå nødmåder til på siden Forbindelser. Det kan også være nogen, der prøver sig frem.",
		source.Name, clock(now.Add(-loginWindow)), l.lost, who, l.faults)
}

// noticeName tells notices apart.
type noticeName struct {
	kind  NoticeKind
	about string
}

// WatchLogins looks once at every identity provider, and tells when one stops working and when it
// works again: in the audit, and as a notice for the administrator. It is called every minute, by any
// number of processes; one of them does it. Everything that it goes by is stored, so that a round that
// failed, or a process that ended, is made up for by the next round.
func (s *Service) WatchLogins(ctx context.Context) error {
	now := s.now()

	begun, err := s.store.BeginChore(ctx, watchChore, now.Add(-lookRest), now, Effects{})
	if err != nil || !begun {
		return err
	}

	known, err := s.store.LoginHealth(ctx)
	if err != nil {
		return err
	}

	rates, err := s.loginRates(ctx, now)
	if err != nil {
		return err
	}

	answered := s.lookAtLogins(ctx)
	if ctx.Err() != nil {
		return ctx.Err() //nolint:wrapcheck // the process ends: a look that was cut short tells nothing
	}

	holds, err := s.tellLogins(ctx, known, rates, answered, now)
	if err != nil {
		return err
	}

	return s.closeLoginNotices(ctx, holds)
}

// tellLogins stores the looks and raises the notices that hold now, whose names it returns.
func (s *Service) tellLogins(ctx context.Context, known LoginHealth, rates map[string]logins, answered []bool, now time.Time) (map[noticeName]bool, error) {
	var (
		notices []Notice
		errs    []error
	)

	for i, source := range s.logins {
		look := known.Looks[source.Key]
		look.Provider = source.Key
		rate := rates[source.Key]
		look = look.after(answered[i] || rate.vouched.After(look.LookedAt), now)

		errs = append(errs, s.store.SaveLoginLook(ctx, look))
		notices = append(notices, s.loginNotices(source, look, rate, now)...)
	}

	for _, w := range known.Switches {
		if w.On(now) {
			notices = append(notices, s.switchNotice(w))
		}
	}

	holds := make(map[noticeName]bool, len(notices))

	for _, n := range notices {
		holds[noticeName{n.Kind, n.About}] = true

		errs = append(errs, s.raiseLogin(ctx, n))
	}

	return holds, errors.Join(errs...)
}

// lookAtLogins asks every provider at once, because one that is down takes its time.
func (s *Service) lookAtLogins(ctx context.Context) []bool {
	answered := make([]bool, len(s.logins))

	var group sync.WaitGroup

	for i, source := range s.logins {
		group.Go(func() { answered[i] = source.Probe == nil || reachable(source.Probe(ctx)) })
	}

	group.Wait()

	return answered
}

// reachable reports whether the error of a look is an answer of the provider.
func reachable(err error) bool {
	if err == nil {
		return true
	}

	kind := connector.KindOf(err)

	return kind != connector.Unavailable && kind != connector.Unknown
}

// loginRates tells how the latest logins went, by provider.
func (s *Service) loginRates(ctx context.Context, now time.Time) (map[string]logins, error) {
	counts, err := s.store.CountLogins(ctx, now.Add(-loginWindow), now.Add(-loginPatience))
	if err != nil {
		return nil, err
	}

	out := map[string]logins{}

	for _, c := range counts {
		l := out[c.Provider]
		l.add(c)
		out[c.Provider] = l
	}

	return out, nil
}

// loginNotices is what has to be told of one provider now.
func (s *Service) loginNotices(source LoginSource, look LoginLook, rate logins, now time.Time) []Notice {
	if look.down(now) {
		text := fmt.Sprintf("%s har ikke virket siden %s. Borgere og deltagere kan vise, hvem de er, på de måder, som kommunen har valgt til nedbrud; hvert besøg bliver mærket.", source.Name, clock(look.DownSince))
		if source.Staff {
			text = fmt.Sprintf("%s har ikke virket siden %s. Medarbejdere, der er logget ind, kan arbejde videre. Andre kan bruge nødadgang, hvis kommunen har åbnet for den.", source.Name, clock(look.DownSince))
		}

		return []Notice{s.notice(LoginDown, source.Key, connector.Failing, text)}
	}

	if look.Failed >= looksAlike && look.AnsweredAt.IsZero() {
		return []Notice{s.notice(LoginUnseen, source.Key, connector.Notice, fmt.Sprintf(
			"Sluse har aldrig fået svar fra %s og kan derfor ikke selv se et nedbrud. Åbn for udgående kald til adressen, hvis den er spærret. Indtil da kan systemforvalteren slå nødmåder til på siden Forbindelser.", source.Name))}
	}

	if text := rate.suspicion(source, now); text != "" {
		return []Notice{s.notice(LoginUnsure, source.Key, connector.Notice, text)}
	}

	return nil
}

// raiseLogin raises a notice, with a row in the audit the first time.
func (s *Service) raiseLogin(ctx context.Context, n Notice) error {
	effects := Effects{}
	if n.Kind != LoginSwitched { // the administrator's own row tells of a switch
		effects.Audit = []AuditRow{{At: n.RaisedAt, Actor: "system", Action: string(n.Kind), Detail: n.About}}
	}

	_, err := s.store.RaiseNotice(ctx, n, effects)

	return err
}

// closeLoginNotices resolves what no longer is, also of providers that were removed.
func (s *Service) closeLoginNotices(ctx context.Context, holds map[noticeName]bool) error {
	open, err := s.store.OpenNotices(ctx)
	if err != nil {
		return err
	}

	var errs []error

	for _, n := range open {
		action := overAction(n.Kind)
		if action == "" || holds[noticeName{n.Kind, n.About}] {
			continue
		}

		now := s.now()
		effects := Effects{Audit: []AuditRow{{At: now, Actor: "system", Action: action, Detail: n.About}}}
		errs = append(errs, s.store.ResolveNotice(ctx, n.Kind, n.About, now, effects))
	}

	return errors.Join(errs...)
}

// overAction is what the audit calls the end of what a notice is about; empty: no notice of logins.
func overAction(kind NoticeKind) string {
	switch kind { //nolint:exhaustive // the other notices are not ours
	case LoginDown:
		return "login_up"
	case LoginUnseen:
		return "login_seen"
	case LoginUnsure:
		return "login_sure"
	case LoginSwitched:
		return "outage_ways_over"
	}

	return ""
}

// LoginOutage is logins that do not work: an identity provider that is down, or all those of an
// audience, when an administrator says so.
type LoginOutage struct {
	Key   string // of the provider; empty: an administrator's switch
	Name  string // as people call it
	Staff bool
	Since time.Time // UTC
	Until time.Time // UTC; zero: until it works again
}

// LoginOutages lists what of the logins does not work, in the order of the configuration, an
// administrator's word last. It asks nobody but the store.
func (s *Service) LoginOutages(ctx context.Context) ([]LoginOutage, error) {
	if len(s.logins) == 0 {
		return nil, nil
	}

	known, err := s.store.LoginHealth(ctx)
	if err != nil {
		return nil, err
	}

	now := s.now()

	var out []LoginOutage

	for _, source := range s.logins {
		if look := known.Looks[source.Key]; look.down(now) {
			out = append(out, LoginOutage{Key: source.Key, Name: source.Name, Staff: source.Staff, Since: look.DownSince})
		}
	}

	for _, audience := range []LoginAudience{LoginOfCitizens, LoginOfStaff} {
		if w := known.Switches[audience]; w.On(now) {
			out = append(out, LoginOutage{Name: audience.danish(), Staff: audience == LoginOfStaff, Since: w.At, Until: w.Until})
		}
	}

	return out, nil
}

// StaffLoginDown reports whether the employees' login does not work: our looks say so, or an
// administrator does.
func (s *Service) StaffLoginDown(ctx context.Context) (bool, error) {
	out, err := s.LoginOutages(ctx)

	return slices.ContainsFunc(out, func(o LoginOutage) bool { return o.Staff }), err
}

// cannotLogIn reports whether none of the providers works at which somebody could log in. One that
// works is enough: who has it needs no weaker way.
func (s *Service) cannotLogIn(ctx context.Context, providers []eid.Info) (bool, error) {
	if len(providers) == 0 {
		return false, nil
	}

	out, err := s.LoginOutages(ctx)
	if err != nil {
		return false, err
	}

	return !slices.ContainsFunc(providers, func(p eid.Info) bool { return works(p, out) }), nil
}

// works reports whether nothing is known against a provider of citizens.
func works(p eid.Info, out []LoginOutage) bool {
	return !slices.ContainsFunc(out, func(o LoginOutage) bool { return !o.Staff && (o.Key == "" || o.Key == p.Key) })
}

// showLoginsDown tells the page which providers do not work. A participant reads of the same.
func (s *Service) showLoginsDown(ctx context.Context, view *CitizenView) error {
	out, err := s.LoginOutages(ctx)

	for _, p := range s.eids {
		info := p.Info()

		if !slices.Contains(view.LoginsDown, info.Name) && !works(info, out) {
			view.LoginsDown = append(view.LoginsDown, info.Name)
		}
	}

	return err
}

// text tells those at work of an outage.
func (o LoginOutage) text() string {
	staff := " Du kan arbejde videre, så længe du er logget ind."
	citizens := " Borgere kommer ind på de andre måder, som kommunen har valgt. Ring på nummeret i journalen, eller brug kodeordene, og skriv, hvordan du ved, hvem det er."

	begin := fmt.Sprintf("%s virker ikke siden %s.", o.Name, clock(o.Since))
	if !o.Until.IsZero() {
		begin = fmt.Sprintf("Nødmåder er slået til indtil %s, fordi %s ikke virker.", until(o.Until, o.Since), o.Name)
	}

	if o.Staff {
		return begin + staff
	}

	return begin + citizens
}

// LoginAlarm is what employees read above every page while logins do not work; empty when they do,
// and when the store does not answer.
func (s *Service) LoginAlarm(ctx context.Context) string {
	out, err := s.LoginOutages(ctx)
	if err != nil {
		return ""
	}

	text := ""

	for _, o := range out {
		if text != "" {
			text += " "
		}

		text += o.text()
	}

	return text
}
