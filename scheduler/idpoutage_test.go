package scheduler_test

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// someMitID is an identity provider that answers our looks or not, and fails logins when it is told
// to. It knows nobody: these tests are about what works without it. The drill with a real provider is
// in internal/app.
type someMitID struct {
	key, name    string
	down, faulty atomic.Bool
	looks        atomic.Int64
}

func (m *someMitID) Info() eid.Info {
	return eid.Info{Key: m.key, Name: m.name, Method: care.ByMitID, Danish: true}
}

func (m *someMitID) Start(context.Context, eid.Start) (eid.Begun, error) {
	if m.down.Load() || m.faulty.Load() {
		return eid.Begun{}, eid.Refuse(m.key, eid.Unavailable, "no answer")
	}

	return eid.Begun{URL: "https://mitid.example.dk/"}, nil
}

func (m *someMitID) Finish(context.Context, eid.Answer) (eid.Proof, error) {
	return eid.Proof{}, eid.Refuse(m.key, eid.Cancelled, "nobody")
}

// look is what watches it.
func (m *someMitID) look(context.Context) error {
	m.looks.Add(1)

	if m.down.Load() {
		return &connector.Error{System: m.key, Op: "look", Kind: connector.Unavailable}
	}

	return nil
}

// onlyMitID is a municipality where citizens have to log in, with the usual ways out of an outage.
func onlyMitID(all ...*someMitID) change {
	return func(s *setup) {
		s.set.Identity = care.DefaultIdentityPolicy()
		s.set.Identity.Default.Methods = []care.IdentityMethod{care.ByMitID}

		for _, m := range all {
			s.eids = append(s.eids, m)
			s.logins = append(s.logins, scheduler.LoginSource{Key: m.key, Name: m.name, Probe: m.look})
		}
	}
}

func mitID() *someMitID { return &someMitID{key: "mitid", name: "MitID"} }

// look lets a minute pass and looks at the providers.
func (r *rig) look() {
	r.tb.Helper()
	r.clock.to(r.clock.Now().Add(time.Minute))
	must(r.tb, r.WatchLogins(r.tb.Context()))
}

// down names the logins that do not work.
func (r *rig) down() []string {
	r.tb.Helper()

	out, err := r.LoginOutages(r.tb.Context())
	must(r.tb, err)

	var names []string
	for _, o := range out {
		names = append(names, o.Name)
	}

	return names
}

// told are the kinds of the notices that are open.
func (r *rig) told() []scheduler.NoticeKind {
	r.tb.Helper()

	notices, err := r.Notices(r.tb.Context(), administrator())
	must(r.tb, err)

	var kinds []scheduler.NoticeKind
	for _, n := range notices {
		kinds = append(kinds, n.Kind)
	}

	slices.Sort(kinds)

	return kinds
}

// reads compares what the citizen's page offers with what it should.
func (g *guest) reads(stage string, down []string, methods ...care.IdentityMethod) {
	g.tb.Helper()

	view, err := g.Lounge(g.tb.Context(), g.token)
	must(g.tb, err)

	if diff := cmp.Diff(methods, view.Methods); diff != "" || !slices.Equal(down, view.LoginsDown) {
		g.tb.Errorf("%s: down %q, methods:\n%s", stage, view.LoginsDown, diff)
	}
}

// TestLoginOutage: MitID stops answering our looks, citizens read so and come in by the ways of the
// policy, which is marked on their visits; when it answers again everything is as before, by itself.
func TestLoginOutage(t *testing.T) {
	t.Parallel()

	for name, url := range map[string]func(testing.TB) string{"SQLite": nil, "Postgres": pg.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := mitID()
			r := booked(t, []string{nancy}, []string{"A-1"}, onlyMitID(m), func(s *setup) {
				if url != nil {
					s.url = url(t)
				}
			})
			r.until(on(8, 50))
			r.look()

			g := r.come("A-1")
			g.reads("before", nil, care.ByMitID)
			refused(t, r.AskCode(t.Context(), g.token), care.Forbidden)

			// One look may be chance, and so may one answer.
			m.down.Store(true)
			r.look()
			g.reads("one look", nil, care.ByMitID)
			r.look()
			g.reads("two looks", []string{"MitID"}, care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff)

			if alarm := r.LoginAlarm(t.Context()); !strings.Contains(alarm, "MitID virker ikke siden kl. 08.53") {
				t.Errorf("alarm %q", alarm)
			}

			if view, err := r.Landing(t.Context(), r.link("A-1")); err != nil || !slices.Equal(view.LoginsDown, []string{"MitID"}) {
				t.Errorf("the page behind the link: %+v, %v", view, err)
			}

			g.ask()
			must(t, r.EnterCode(t.Context(), g.token, g.code()))

			if a := g.admission(); a.Method != care.ByCode || !a.Outage {
				t.Errorf("admission %+v", a)
			}

			m.down.Store(false)
			r.look()

			if got := r.told(); len(r.down()) != 1 || !slices.Equal(got, []scheduler.NoticeKind{scheduler.LoginDown}) {
				t.Errorf("one answer ends the outage: %v", got)
			}

			r.look()

			after := r.come("A-1")
			after.reads("after", nil, care.ByMitID)
			refused(t, r.AskCode(t.Context(), after.token), care.Forbidden)

			if len(r.told()) > 0 || r.LoginAlarm(t.Context()) != "" {
				t.Errorf("after: %v, %q", r.told(), r.LoginAlarm(t.Context()))
			}

			if counts := r.audits(); counts["login_down"] != 1 || counts["login_up"] != 1 {
				t.Errorf("the audit tells %v", counts)
			}
		})
	}
}

// TestLooksAtLogins: what our looks tell, minute by minute.
func TestLooksAtLogins(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		looks string // "+" answered, "-" not, "." a quarter of an hour in which nobody looks
		down  bool
		told  []scheduler.NoticeKind
	}{
		"it answers":             {"+++", false, nil},
		"one failure":            {"+-", false, nil},
		"two":                    {"+--", true, []scheduler.NoticeKind{scheduler.LoginDown}},
		"now and then":           {"+-+-+-", false, nil},
		"one answer":             {"+--+", true, []scheduler.NoticeKind{scheduler.LoginDown}},
		"one answer, and no":     {"+--+-+-", true, []scheduler.NoticeKind{scheduler.LoginDown}},
		"two answers":            {"+--++", false, nil},
		"never seen":             {"-----", false, []scheduler.NoticeKind{scheduler.LoginUnseen}},
		"seen in the end":        {"---+", false, nil},
		"nobody looks any more":  {"+--.", false, []scheduler.NoticeKind{scheduler.LoginDown}},
		"somebody looks again":   {"+--.-", false, nil},
		"and it is still down":   {"+--.--", true, []scheduler.NoticeKind{scheduler.LoginDown}},
		"too old to count twice": {"+-.-", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := mitID()
			r := newRig(t, onlyMitID(m))

			for _, look := range c.looks {
				if look == '.' {
					r.clock.to(r.clock.Now().Add(15 * time.Minute))

					continue
				}

				m.down.Store(look == '-')
				r.look()
			}

			if got := r.down(); (len(got) > 0) != c.down || !slices.Equal(r.told(), c.told) {
				t.Errorf("down %q, told %v", got, r.told())
			}
		})
	}
}

// begun stores logins as visitors bring them about: one for each of some citizens.
func (r *rig) begun(citizens int, outcome scheduler.LoginOutcome) {
	r.tb.Helper()

	for i := range citizens {
		login := scheduler.EidLogin{
			Hash: strconv.Itoa(i) + string(outcome) + r.clock.Now().String(), Provider: "mitid", Visit: r.visit("S-" + strconv.Itoa(i)).ID, Admission: "a",
			BegunAt: r.clock.Now(), EndsAt: r.clock.Now().Add(eid.LoginLife), Outcome: outcome,
		}
		if outcome != "" {
			login.EndedAt = login.BegunAt
		}

		must(r.tb, r.store.SaveEidLogin(r.tb.Context(), login))
	}
}

// TestLoginsThatGoWrong: what visitors bring about is told to the administrator when it comes from
// several citizens' links, and never opens another way; a login that the provider vouched for speaks
// for the provider, also where our looks do not get through to it.
func TestLoginsThatGoWrong(t *testing.T) {
	t.Parallel()

	unavailable := scheduler.LoginOutcome(eid.Unavailable)
	unsure := []scheduler.NoticeKind{scheduler.LoginUnsure}

	for name, c := range map[string]struct {
		play func(r *rig)
		told []scheduler.NoticeKind
	}{
		"faults":                {func(r *rig) { r.begun(3, unavailable) }, unsure},
		"faults of two":         {func(r *rig) { r.begun(2, unavailable); r.begun(2, unavailable); r.begun(2, unavailable) }, nil},
		"faults and a login":    {func(r *rig) { r.begun(3, unavailable); r.begun(1, scheduler.LoginIdentified) }, nil},
		"faults and a stranger": {func(r *rig) { r.begun(3, unavailable); r.begun(1, scheduler.LoginStranger) }, nil},
		"faults and a cancel":   {func(r *rig) { r.begun(3, unavailable); r.begun(1, scheduler.LoginOutcome(eid.Cancelled)) }, unsure},
		"under way":             {func(r *rig) { r.begun(5, "") }, nil},
		"nobody comes back":     {func(r *rig) { r.begun(5, ""); r.clock.to(r.clock.Now().Add(6 * time.Minute)) }, unsure},
		"four, many times":      {func(r *rig) { r.begun(4, ""); r.begun(4, ""); r.clock.to(r.clock.Now().Add(6 * time.Minute)) }, nil},
		"long ago":              {func(r *rig) { r.begun(3, unavailable); r.clock.to(r.clock.Now().Add(16 * time.Minute)) }, nil},
		"what anybody invents":  {func(r *rig) { r.begun(5, scheduler.LoginOutcome(eid.Invalid)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var rows []string
			for i := range 5 {
				rows = append(rows, outageRow("S-"+strconv.Itoa(i), "09:00", i))
			}

			r := newRig(t, onlyMitID(mitID()))
			r.load(list(rows...))
			r.look()
			c.play(r)
			r.look()

			if got := r.down(); len(got) > 0 || !slices.Equal(r.told(), c.told) {
				t.Errorf("down %q, told %v", got, r.told())
			}

			r.clock.to(r.clock.Now().Add(16 * time.Minute))
			r.look()

			if got := r.told(); len(got) > 0 {
				t.Errorf("later on: %v", got)
			}
		})
	}

	t.Run("a wall before us", func(t *testing.T) {
		t.Parallel()

		m := mitID()
		r := newRig(t, onlyMitID(m))
		r.load(list(outageRow("S-0", "09:00", 0)))
		r.look()
		m.down.Store(true)

		for range 5 {
			r.begun(1, scheduler.LoginIdentified)
			r.look()
		}

		if got := r.down(); len(got) > 0 {
			t.Errorf("people log in, yet it is down: %q", got)
		}
	})
}

// TestOneLinkOpensNothing: who holds a link begins logins in as many sessions as they like, leaves
// them, or gets faults. Codes stay refused, and nobody is told anything.
func TestOneLinkOpensNothing(t *testing.T) {
	t.Parallel()

	m := mitID()
	r := booked(t, []string{nancy}, []string{"A-1"}, onlyMitID(m))
	r.until(on(8, 50))
	r.look()

	var g *guest

	for i := range 60 {
		if i%10 == 0 { // as many as one session may
			g = r.come("A-1")
		}

		m.faulty.Store(i%2 == 0)

		_, err := r.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{})
		if m.faulty.Load() {
			refused(t, err, care.Unavailable)
		} else {
			must(t, err)
		}
	}

	for range 8 {
		r.look()
		g.reads("under attack", nil, care.ByMitID)
		refused(t, r.AskCode(t.Context(), g.token), care.Forbidden)
	}

	if got := r.told(); len(got) > 0 {
		t.Errorf("told %v", got)
	}
}

// TestOneProviderIsEnough: while one of a citizen's providers works, nothing weaker opens.
func TestOneProviderIsEnough(t *testing.T) {
	t.Parallel()

	one, other := mitID(), &someMitID{key: "broker", name: "Mægler"}
	r := booked(t, []string{nancy}, []string{"A-1"}, onlyMitID(one, other))
	r.until(on(8, 50))
	r.look()
	one.down.Store(true)
	r.look()
	r.look()

	g := r.come("A-1")
	g.reads("one is down", []string{"MitID"}, care.ByMitID)
	other.down.Store(true)
	r.look()
	r.look()
	g.reads("both are", []string{"MitID", "Mægler"}, care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff)
}

// TestLoginWatchGoesOn: what is told of an outage survives a fault of the database and a restart, and
// is told once, however many processes look.
func TestLoginWatchGoesOn(t *testing.T) {
	t.Parallel()

	m, path := mitID(), filepath.Join(t.TempDir(), "sluse.db")
	keys, time0 := newKeys(t), &clock{at: eve()}
	process := func() *rig {
		return newRig(t, onlyMitID(m), func(s *setup) { s.path, s.keys, s.clock = path, keys, time0 })
	}

	r := process()
	r.look()
	m.down.Store(true)

	_, err := r.db.Writer.ExecContext(t.Context(), "CREATE TRIGGER fault BEFORE INSERT ON notices BEGIN SELECT RAISE(ABORT, 'fault'); END")
	must(t, err)

	r.look()
	r.clock.to(r.clock.Now().Add(time.Minute))

	if err := r.WatchLogins(t.Context()); err == nil || len(r.told()) > 0 {
		t.Fatalf("no fault: %v, %v", r.told(), err)
	}

	if len(r.down()) != 1 {
		t.Error("the outage is forgotten because nobody could be told")
	}

	_, err = r.db.Writer.ExecContext(t.Context(), "DROP TRIGGER fault")
	must(t, err)

	// Another process is there, and both look every minute; one of them does it.
	second, before := process(), m.looks.Load()

	for range 3 {
		time0.to(time0.Now().Add(time.Minute))

		var group sync.WaitGroup
		for _, p := range []*rig{r, second, r, second} {
			group.Go(func() {
				if err := p.WatchLogins(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}

		group.Wait()
	}

	if n := m.looks.Load() - before; n != 3 || len(second.down()) != 1 {
		t.Errorf("%d looks, down %v", n, second.down())
	}

	// Both end, a third begins, and it works again.
	third := process()
	if len(third.down()) != 1 || len(third.told()) != 1 {
		t.Errorf("after a restart: %v, %v", third.down(), third.told())
	}

	m.down.Store(false)
	third.look()
	third.look()

	if len(third.down()) > 0 || len(third.told()) > 0 {
		t.Errorf("it works again: %v, %v", third.down(), third.told())
	}

	if counts := third.audits(); counts["login_down"] != 1 || counts["login_up"] != 1 {
		t.Errorf("the audit tells %v", counts)
	}

	// Nothing stays open about a provider that is no longer configured.
	m.down.Store(true)
	third.look()
	third.look()

	gone := newRig(t, onlyMitID(&someMitID{key: "new"}), func(s *setup) { s.path, s.keys, s.clock = path, keys, time0 })
	gone.look()

	if len(gone.told()) > 0 || len(gone.down()) > 0 {
		t.Errorf("of a provider that is gone: %v, %v", gone.told(), gone.down())
	}
}

// TestOutageWaysByHand: an administrator says that MitID does not work although it answers us. It
// opens the ways of an outage, loudly, and ends by itself.
func TestOutageWaysByHand(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{with(nancy, colEnd, "10:30")}, []string{"A-1"}, onlyMitID(mitID()))
	r.until(on(8, 50))
	r.look()

	g := r.come("A-1")
	req := scheduler.SwitchRequest{Audience: scheduler.LoginOfCitizens, For: time.Hour, Reason: " MitID viser en fejlside. "}

	refused(t, r.OpenOutageWays(t.Context(), leader(), req), care.Forbidden)
	refused(t, r.CloseOutageWays(t.Context(), planner(), scheduler.LoginOfCitizens), care.Forbidden)

	for _, bad := range []scheduler.SwitchRequest{
		{Audience: "everybody", For: time.Hour, Reason: "x"},
		{Audience: req.Audience, For: 13 * time.Hour, Reason: "x"},
		{Audience: req.Audience, For: time.Hour},
		{Audience: req.Audience, For: time.Hour, Reason: "Det er 251248-9996"},
		{Audience: req.Audience, For: time.Hour, Reason: strings.Repeat("x", 501)},
	} {
		refused(t, r.OpenOutageWays(t.Context(), administrator(), bad), care.Invalid)
	}

	g.reads("before", nil, care.ByMitID)
	must(t, r.OpenOutageWays(t.Context(), administrator(), req))
	g.reads("on", []string{"MitID"}, care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff)

	if alarm := r.LoginAlarm(t.Context()); !strings.Contains(alarm, "Nødmåder er slået til indtil kl. 09.51, fordi borgernes login ikke virker.") {
		t.Errorf("alarm %q", alarm)
	}

	switches, err := r.LoginSwitches(t.Context(), administrator())
	if err != nil || len(switches) != 1 || switches[0].Reason != "MitID viser en fejlside." || switches[0].By != "ADM" {
		t.Errorf("switches %+v, %v", switches, err)
	}

	r.look() // an answer does not end what a person said
	g.reads("still on", []string{"MitID"}, care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff)

	if got := r.told(); !slices.Equal(got, []scheduler.NoticeKind{scheduler.LoginSwitched}) {
		t.Errorf("told %v", got)
	}

	r.clock.to(on(9, 52)) // its time is over, and the visit goes on until 10.30
	g.reads("over", nil, care.ByMitID)
	r.look()

	if got := r.told(); len(got) > 0 {
		t.Errorf("told %v", got)
	}

	must(t, r.OpenOutageWays(t.Context(), administrator(), req))
	must(t, r.CloseOutageWays(t.Context(), administrator(), scheduler.LoginOfCitizens))
	must(t, r.CloseOutageWays(t.Context(), administrator(), scheduler.LoginOfCitizens))
	must(t, r.CloseOutageWays(t.Context(), administrator(), scheduler.LoginOfStaff))

	if len(r.down()) > 0 || len(r.told()) > 0 {
		t.Errorf("switched off: %v, %v", r.down(), r.told())
	}

	if counts := r.audits(); counts["open_outage_ways"] != 2 || counts["close_outage_ways"] != 1 || counts["outage_ways_over"] != 1 {
		t.Errorf("the audit tells %v", counts)
	}
}
