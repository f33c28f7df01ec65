package scheduler_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestSessionIsRenewed: who planted a session in somebody's browser, or saw it, has nothing once its
// holder is identified; an attempt that fails changes nothing.
func TestSessionIsRenewed(t *testing.T) {
	t.Parallel()

	for name, identify := range map[string]func(ctx context.Context, t *testing.T, l *logins, g *guest){
		"code": func(ctx context.Context, t *testing.T, _ *logins, g *guest) {
			t.Helper()
			g.ask() //nolint:contextcheck // the rig has its own

			_, taken := try(ctx, t, func(ctx context.Context) { refused(t, g.EnterCode(ctx, g.token, care.NewCode("000000")), care.Invalid) })
			if taken || g.admission().State != care.AdmissionWaiting { //nolint:contextcheck // the rig has its own
				t.Error("a wrong code renews the session")
			}

			must(t, g.EnterCode(ctx, g.token, g.code())) //nolint:contextcheck // the rig has its own
		},
		"login": func(ctx context.Context, t *testing.T, l *logins, g *guest) {
			t.Helper()
			l.mitid.Next(oidcsim.Login{Person: "nancy"})

			begun, err := l.StartLogin(ctx, g.token, "mitid", scheduler.LoginOptions{})
			must(t, err)

			if _, err := l.Identify(ctx, "mitid", eid.Answer{Request: back(t, begun), Handle: begun.Handle.Reveal()}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			l := withLogins(t)
			g := l.come("A-1")
			before := g.token

			renewed, taken := try(t.Context(), t, func(ctx context.Context) { identify(ctx, t, l, g) })
			if !taken || renewed.Token.Reveal() == before.Reveal() || !renewed.Expires.After(l.clock.Now()) {
				t.Fatalf("taken %t, until %s", taken, renewed.Expires)
			}

			if view, err := l.Lounge(t.Context(), before); err != nil || view.Stage != scheduler.StageWrong {
				t.Errorf("the old one: %s, %v", view.Stage, err)
			}

			if view, err := l.Lounge(t.Context(), renewed.Token); err != nil || view.Stage != scheduler.StageWaiting {
				t.Errorf("the new one: %s, %v", view.Stage, err)
			}
		})
	}
}

// try does something with a renewal in the context.
func try(ctx context.Context, t *testing.T, do func(ctx context.Context)) (scheduler.Entered, bool) {
	t.Helper()

	ctx, renewal, err := scheduler.WithRenewal(ctx)
	must(t, err)
	do(ctx)

	return renewal.Taken()
}

// TestAuditTellsHowCitizensWereKnown: rows of what a citizen does have the method and level that the
// citizen was identified with, and where it came from.
func TestAuditTellsHowCitizensWereKnown(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	g := l.come("A-1")

	ctx := scheduler.WithOrigin(t.Context(), scheduler.Origin{Address: "192.0.2.7", Session: "abc"})
	l.mitid.Next(oidcsim.Login{Person: "nancy"})

	begun, err := l.StartLogin(ctx, g.token, "mitid", scheduler.LoginOptions{})
	must(t, err)

	if _, err := l.Identify(ctx, "mitid", eid.Answer{Request: back(t, begun), Handle: begun.Handle.Reveal()}); err != nil {
		t.Fatal(err)
	}

	g.admit()
	l.until(on(9, 0))

	_, err = l.GuestLink(ctx, g.token)
	must(t, err)

	rows, err := l.db.Writer.QueryContext(t.Context(), "SELECT action, address, session, level, method FROM audit WHERE actor = 'citizen' AND address <> ''")
	must(t, err)

	defer func() { _ = rows.Close() }()

	type row struct {
		Action, Address, Session string
		Level                    care.Assurance
		Method                   string
	}

	var got []row

	for rows.Next() {
		var r row

		must(t, rows.Scan(&r.Action, &r.Address, &r.Session, &r.Level, &r.Method))
		got = append(got, r)
	}

	must(t, rows.Err())

	want := []row{
		{"begin_login", "192.0.2.7", "abc", care.NoAssurance, ""},
		{"identify", "192.0.2.7", "abc", care.Substantial, string(care.ByMitID)},
		{"open_guest_link", "192.0.2.7", "abc", care.Substantial, string(care.ByMitID)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the audit:\n%s", diff)
	}
}
