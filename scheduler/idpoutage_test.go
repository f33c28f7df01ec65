package scheduler_test

import (
	"context"
	"slices"
	"strings"
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

// someMitID is an identity provider that is there or not. It knows nobody: the drill is about what
// works without it.
type someMitID struct{ down atomic.Bool }

func (m *someMitID) Info() eid.Info {
	return eid.Info{Key: "mitid", Name: "MitID", Method: care.ByMitID, Danish: true}
}

func (m *someMitID) Start(context.Context, eid.Start) (eid.Begun, error) {
	if m.down.Load() {
		return eid.Begun{}, eid.Refuse("mitid", eid.Unavailable, "no answer")
	}

	return eid.Begun{URL: "https://mitid.example.dk/"}, nil
}

func (m *someMitID) Finish(context.Context, eid.Answer) (eid.Proof, error) {
	return eid.Proof{}, eid.Refuse("mitid", eid.Cancelled, "nobody")
}

// look is what watches it.
func (m *someMitID) look(context.Context) error {
	if m.down.Load() {
		return &connector.Error{System: "mitid", Op: "look", Kind: connector.Unavailable}
	}

	return nil
}

// onlyMitID is a municipality where citizens have to log in, with the usual ways out of an outage.
func onlyMitID(m *someMitID) change {
	return func(s *setup) {
		s.set.Identity = care.DefaultIdentityPolicy()
		s.set.Identity.Default.Methods = []care.IdentityMethod{care.ByMitID}
		s.eids = []eid.Provider{m}
		s.logins = []scheduler.LoginSource{{Key: "mitid", Name: "MitID", Probe: m.look}}
	}
}

// TestLoginOutageDrill plays C24 and M11: MitID stops answering, citizens read so and come in by the ways
// of the policy, which is marked on their visits; when MitID answers again everything is as before,
// by itself.
//
//nolint:cyclop // one drill, told from its beginning to its end
func TestLoginOutageDrill(t *testing.T) {
	t.Parallel()

	for name, url := range map[string]func(testing.TB) string{"SQLite": nil, "Postgres": pg.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := &someMitID{}
			r := booked(t, []string{nancy}, []string{"A-1"}, onlyMitID(m), func(s *setup) {
				if url != nil {
					s.url = url(t)
				}
			})
			r.until(on(8, 50))
			must(t, r.WatchLogins(t.Context()))

			before := r.come("A-1")
			reads := func(stage string, methods []care.IdentityMethod, down []string) {
				t.Helper()

				view, err := r.Lounge(t.Context(), before.token)
				must(t, err)

				if diff := cmp.Diff(methods, view.Methods); diff != "" || !slices.Equal(down, view.LoginsDown) {
					t.Errorf("%s: down %q, methods:\n%s", stage, view.LoginsDown, diff)
				}
			}

			reads("before", []care.IdentityMethod{care.ByMitID}, nil)
			refused(t, r.AskCode(t.Context(), before.token), care.Forbidden)

			// MitID stops answering. One look may be chance.
			m.down.Store(true)
			must(t, r.WatchLogins(t.Context()))
			reads("one look", []care.IdentityMethod{care.ByMitID}, nil)
			must(t, r.WatchLogins(t.Context()))
			reads("two looks", []care.IdentityMethod{care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff}, []string{"MitID"})

			since, down := r.LoginOutage("mitid")
			if alarm := r.LoginAlarm(); !down || since.IsZero() || !strings.Contains(alarm, "MitID virker ikke siden kl. 08.50") {
				t.Errorf("alarm %q, %v", alarm, down)
			}

			if link := r.link("A-1"); true {
				view, err := r.Landing(t.Context(), link)
				if err != nil || !slices.Equal(view.LoginsDown, []string{"MitID"}) {
					t.Errorf("the page behind the link: %+v, %v", view, err)
				}
			}

			notices, err := r.Notices(t.Context(), administrator())
			if err != nil || len(notices) != 1 || notices[0].Kind != scheduler.LoginDown || notices[0].About != "mitid" {
				t.Errorf("notices %+v, %v", notices, err)
			}

			// The citizen comes in by a code, and the visit says why.
			before.ask()
			must(t, r.EnterCode(t.Context(), before.token, before.code()))
			must(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, before.admission().ID, true))

			if a := before.admission(); a.Method != care.ByCode || !a.Outage || a.State != care.AdmissionAdmitted {
				t.Errorf("admission %+v", a)
			}

			// MitID answers again. One answer may be chance, too.
			m.down.Store(false)
			must(t, r.WatchLogins(t.Context()))

			if _, down := r.LoginOutage("mitid"); !down {
				t.Error("one answer ends the outage")
			}

			must(t, r.WatchLogins(t.Context()))

			after := r.come("A-1")
			refused(t, r.AskCode(t.Context(), after.token), care.Forbidden)

			if view, err := r.Lounge(t.Context(), after.token); err != nil || len(view.LoginsDown) > 0 || !slices.Equal(view.Methods, []care.IdentityMethod{care.ByMitID}) {
				t.Errorf("after: %+v, %v", view, err)
			}

			if notices, err := r.Notices(t.Context(), administrator()); err != nil || len(notices) > 0 || r.LoginAlarm() != "" {
				t.Errorf("after: %+v, %q, %v", notices, r.LoginAlarm(), err)
			}

			if counts := r.audits(); counts["login_down"] != 1 || counts["login_up"] != 1 {
				t.Errorf("the audit tells %v", counts)
			}
		})
	}
}

// TestLoginsTellOfAnOutage: three whom the provider turned away with a fault, or five who never came
// back, and none who did, are an outage; an answer of the provider's, whatever it says, is none.
func TestLoginsTellOfAnOutage(t *testing.T) {
	t.Parallel()

	unavailable, cancelled := scheduler.LoginOutcome(eid.Unavailable), scheduler.LoginOutcome(eid.Cancelled)

	for name, c := range map[string]struct {
		outcomes []scheduler.LoginOutcome
		pass     time.Duration
		down     bool
	}{
		"faults":                 {[]scheduler.LoginOutcome{unavailable, unavailable, unavailable}, 0, true},
		"few faults":             {[]scheduler.LoginOutcome{unavailable, unavailable}, 0, false},
		"faults and a login":     {[]scheduler.LoginOutcome{unavailable, unavailable, unavailable, "", scheduler.LoginIdentified}, 0, false},
		"faults and a cancel":    {[]scheduler.LoginOutcome{unavailable, unavailable, unavailable, cancelled}, 0, false},
		"under way":              {[]scheduler.LoginOutcome{"", "", "", "", "", ""}, time.Minute, false},
		"nobody comes back":      {[]scheduler.LoginOutcome{"", "", "", "", "", ""}, 6 * time.Minute, true},
		"long ago":               {[]scheduler.LoginOutcome{unavailable, unavailable, unavailable}, 16 * time.Minute, false},
		"what anybody can bring": {slices.Repeat([]scheduler.LoginOutcome{scheduler.LoginOutcome(eid.Invalid)}, 10), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t, func(s *setup) {
				s.logins = []scheduler.LoginSource{{Key: scheduler.StaffLogin, Name: "Login", Staff: true}}
			})
			for _, o := range c.outcomes {
				r.SawStaffLogin(o)
			}

			r.clock.to(r.clock.Now().Add(c.pass))
			must(t, r.WatchLogins(t.Context()))

			if _, down := r.LoginOutage(scheduler.StaffLogin); down != c.down {
				t.Errorf("down %v", down)
			}
		})
	}
}
