package emergency

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of emergency access.
const (
	CodeLife    = 180 * 24 * time.Hour // how long a code holds
	SessionLife = time.Hour            // how long a session lives at most
	maxReason   = 500                  // characters of a reason
)

// UsedNotice tells that somebody came in without the identity provider. About names the use: when,
// who, and who approved.
const UsedNotice scheduler.NoticeKind = "emergency_access"

// Deps are what a Service is made of.
type Deps struct {
	Store     Store
	Directory Directory
	// Open reports whether emergency access is to be had now: the identity provider is known to be
	// down, or the municipality always wants it.
	Open func(ctx context.Context) bool
	Now  func() time.Time
	// Iterations is how slow the hash of a code is; 0: Iterations.
	Iterations int
}

// Service is emergency access to one municipality. It is safe for concurrent use.
type Service struct{ Deps }

// New checks the parts.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Directory == nil || d.Open == nil || d.Now == nil {
		return nil, errors.New("emergency: store, directory, the question whether it is open, and a clock are needed")
	}

	d.Iterations = cmp.Or(d.Iterations, Iterations)

	return &Service{d}, nil
}

// Code is what an employee may know of their own code.
type Code struct{ MadeAt, ExpiresAt time.Time }

// Mine returns the actor's code; NotFound when they have none that holds.
func (s *Service) Mine(ctx context.Context, actor care.Actor) (Code, error) {
	stored, err := s.Store.EmergencyCode(ctx, actor.Employee)
	if err == nil && !s.Now().Before(stored.ExpiresAt) {
		err = care.NewError(care.NotFound, "Din nødkode er udløbet.")
	}

	return Code{MadeAt: stored.MadeAt, ExpiresAt: stored.ExpiresAt}, err
}

// Usable reports whether a code would let the actor in, or help a colleague in: without the identity
// provider only the employees of the directory have roles.
func (s *Service) Usable(ctx context.Context, actor care.Actor) (bool, error) {
	grants, active, err := s.Directory.Grants(ctx, actor.Employee, nil)

	return active && len(grants) > 0, err
}

// Make makes a code for the actor, in place of an older one. It can't be shown again. Whoever came
// in with a code can't make the next one.
func (s *Service) Make(ctx context.Context, actor care.Actor) (care.Secret, error) {
	if actor.Employee == "" || scheduler.OriginOf(ctx).Method == scheduler.ByEmergency {
		return care.Secret{}, care.NewError(care.Forbidden, "Du kan først lave en ny nødkode, når du er logget ind på den almindelige måde.")
	}

	code, now := newCode(), s.Now()

	hash, err := hashCode(code, s.Iterations)
	if err != nil {
		return care.Secret{}, err
	}

	stored := Stored{Employee: actor.Employee, Name: actor.Name, Hash: hash, MadeAt: now, ExpiresAt: now.Add(CodeLife)}

	return code, s.Store.SaveEmergencyCode(ctx, stored, s.row(string(actor.Employee), "make_emergency_code"))
}

// Revoke ends the actor's code.
func (s *Service) Revoke(ctx context.Context, actor care.Actor) error {
	return s.Store.RemoveEmergencyCode(ctx, actor.Employee, s.row(string(actor.Employee), "revoke_emergency_code"))
}

// Available reports whether emergency access is to be had now.
func (s *Service) Available(ctx context.Context) bool { return s.Open(ctx) }

// Party is one of the two employees, as typed.
type Party struct {
	Employee string
	Code     care.Secret
}

// Entry is who may come in, until when.
type Entry struct {
	Employee care.EmployeeID
	Name     string
	Ends     time.Time
}

// Enter lets the first employee in when both codes are right and one of the two may approve. Invalid:
// the form is not filled in. Unavailable: the identity provider is not known to be down. Forbidden:
// everything else, always with the same words.
func (s *Service) Enter(ctx context.Context, first, second Party, reason string) (Entry, error) {
	if !s.Open(ctx) {
		return Entry{}, care.NewError(care.Unavailable, "Nødadgang er lukket. Den virker kun, mens kommunens login er nede. Log ind på den almindelige måde.")
	}

	reason = strings.TrimSpace(reason)
	if first.Employee = strings.TrimSpace(first.Employee); first.Employee == "" || reason == "" {
		return Entry{}, care.NewError(care.Invalid, "Udfyld begge medarbejderes id og kode, og skriv en grund.")
	}

	if utf8.RuneCountInString(reason) > maxReason {
		return Entry{}, care.NewError(care.Invalid, fmt.Sprintf("Skriv en kortere grund: højst %d tegn.", maxReason))
	}

	second.Employee = strings.TrimSpace(second.Employee)

	a, err := s.check(ctx, first)
	if err != nil {
		return Entry{}, err
	}

	b, err := s.check(ctx, second)
	if err != nil {
		return Entry{}, err
	}

	if !a.right || !b.right || a.code.Employee == b.code.Employee || len(a.works) == 0 || !a.approves && !b.approves {
		return Entry{}, s.refuse(ctx)
	}

	return s.let(ctx, a.code, b.code, reason)
}

// checked is what is known of one of the two.
type checked struct {
	code     Stored
	right    bool // the code is theirs and holds, and they work here
	works    []care.Grant
	approves bool
}

// check looks at one of the two. It always makes the same look-ups and turns the hash once.
func (s *Service) check(ctx context.Context, p Party) (checked, error) {
	id := care.EmployeeID(p.Employee)

	stored, err := s.Store.EmergencyCode(ctx, id)
	if err != nil && care.KindOf(err) != care.NotFound {
		return checked{}, err
	}

	right := fits(p.Code, stored.Hash, s.Iterations) && s.Now().Before(stored.ExpiresAt)

	grants, active, err := s.Directory.Grants(ctx, id, nil)
	if err != nil {
		return checked{}, err
	}

	out := checked{code: stored, right: right && active, approves: care.Actor{Grants: grants}.MayAnywhere(care.ApproveEmergency)}
	out.works = slices.DeleteFunc(slices.Clone(grants), func(g care.Grant) bool { return g.Role == care.Administrator })

	return out, nil
}

// refuse is the one answer to everything that is wrong. The ids that were typed are not written
// down: they may be anything.
func (s *Service) refuse(ctx context.Context) error {
	row := s.row("unknown", "refuse_emergency_access")
	row[0].Origin = emergencyOrigin(ctx)

	return errors.Join(s.Store.Record(ctx, row), refused())
}

func refused() error {
	return care.NewError(care.Forbidden, "Det lykkedes ikke. Tjek begge medarbejderes id og kode. En af jer skal kunne godkende nødadgang, og en kode kan kun bruges én gang.")
}

// emergencyOrigin marks what was done on the way in.
func emergencyOrigin(ctx context.Context) scheduler.Origin {
	o := scheduler.OriginOf(ctx)
	o.Method = scheduler.ByEmergency

	return o
}

// let uses the codes up and tells the administrators.
func (s *Service) let(ctx context.Context, who, with Stored, reason string) (Entry, error) {
	now := s.Now()
	about := aboutUse(now, who.Employee, with.Employee)
	rows := append(s.row(string(who.Employee), "enter_emergency"), s.row(string(with.Employee), "approve_emergency")...)

	for i := range rows {
		rows[i].Reason, rows[i].Detail, rows[i].Origin = reason, about, emergencyOrigin(ctx)
	}

	notice := scheduler.Notice{
		Kind: UsedNotice, About: about, Level: connector.Failing, RaisedAt: now,
		Text: fmt.Sprintf("Nødadgang: %s kom ind uden login %s sammen med %s. Grunden står i loggen. Kvittér, når du har set efter, at det var i orden.",
			who.Employee, moment(now), with.Employee),
	}

	err := s.Store.UseEmergencyCodes(ctx, [2]Stored{who, with}, notice, rows)
	if care.KindOf(err) == care.Conflict { // used in another browser in this very moment
		return Entry{}, s.refuse(ctx)
	}

	return Entry{Employee: who.Employee, Name: who.Name, Ends: now.Add(SessionLife)}, err
}

// moment writes a time as people read it.
func moment(t time.Time) string { return t.In(care.Zone()).Format("02.01.2006 kl. 15.04") }

// aboutUse names a use of emergency access: when, who came in, who helped.
func aboutUse(at time.Time, who, with care.EmployeeID) string {
	return fmt.Sprintf("%d %s %s", at.UnixMicro(), url.QueryEscape(string(who)), url.QueryEscape(string(with)))
}

// tookPart reports whether an employee is one of the two of a use.
func tookPart(about string, employee care.EmployeeID) bool {
	return slices.Contains(strings.Fields(about), url.QueryEscape(string(employee)))
}

// Unsigned returns the uses that nobody has signed off yet, newest first. Needs ManageDirectory.
func (s *Service) Unsigned(ctx context.Context, actor care.Actor) ([]scheduler.Notice, error) {
	if !actor.MayAnywhere(care.ManageDirectory) {
		return nil, actor.Must(care.ManageDirectory, care.EveryUnit)
	}

	all, err := s.Store.OpenNotices(ctx)

	return slices.DeleteFunc(all, func(n scheduler.Notice) bool { return n.Kind != UsedNotice }), err
}

// SignOff closes the notice of a use. Needs ManageDirectory; who took part can't. NotFound when
// there is no such notice.
func (s *Service) SignOff(ctx context.Context, actor care.Actor, about string) error {
	open, err := s.Unsigned(ctx, actor)
	if err != nil {
		return err
	}

	if !slices.ContainsFunc(open, func(n scheduler.Notice) bool { return n.About == about }) {
		return care.NewError(care.NotFound, "Der er kvitteret allerede.")
	}

	if tookPart(about, actor.Employee) {
		return care.NewError(care.Forbidden, "En anden systemforvalter skal kvittere, fordi du selv var med.")
	}

	rows := s.row(string(actor.Employee), "sign_off_emergency")
	rows[0].Detail = about

	return s.Store.ResolveNotice(ctx, UsedNotice, about, s.Now(), scheduler.Effects{Audit: rows})
}

func (s *Service) row(actor, action string) []scheduler.AuditRow {
	return []scheduler.AuditRow{{At: s.Now(), Actor: actor, Action: action}}
}
