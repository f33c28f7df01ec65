package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkEidLogins stores logins at identity providers, uses each up once, and hands out a session's
// name once.
func checkEidLogins(t *testing.T, b Bench) {
	t.Helper()

	ctx := t.Context()
	login := scheduler.EidLogin{
		Hash: "h1", Provider: "mitid", Visit: "v1", Admission: "a1", Keep: care.NewSecret("verifier-in-clear"), MinLevel: care.Substantial,
		BegunAt: Now(), EndsAt: Now().Add(20 * time.Minute),
	}

	if err := b.Store.SaveEidLogin(ctx, login); err != nil {
		t.Fatal(err)
	}

	wantKind(t, b.Twin.SaveEidLogin(ctx, login), care.Conflict)

	got, err := b.Twin.EidLogin(ctx, "h1")
	if err != nil || got.Keep.Reveal() != "verifier-in-clear" || got.Provider != "mitid" || got.MinLevel != care.Substantial ||
		!got.BegunAt.Equal(login.BegunAt) || !got.EndsAt.Equal(login.EndsAt) || !got.EndedAt.IsZero() || got.Outcome != "" {
		t.Fatalf("read back: %+v, %v", got, err)
	}

	_, err = b.Store.EidLogin(ctx, "h2")
	wantKind(t, err, care.NotFound)

	if err := b.Store.EndEidLogin(ctx, "h1", scheduler.LoginIdentified, care.NewSecret("session-in-clear"), Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}

	wantKind(t, b.Twin.EndEidLogin(ctx, "h1", scheduler.LoginStranger, care.Secret{}, Now().Add(time.Minute)), care.Conflict)

	checkEndedLogin(t, b, login)
}

// checkEndedLogin goes on with a login that is used up.
func checkEndedLogin(t *testing.T, b Bench, login scheduler.EidLogin) {
	t.Helper()

	ctx := t.Context()

	if got, err := b.Store.EidLogin(ctx, "h1"); err != nil || !got.Keep.IsZero() || got.Outcome != scheduler.LoginIdentified || got.EndedAt.IsZero() {
		t.Errorf("ended: %+v, %v", got, err)
	}

	raw, err := b.Raw(ctx)
	if err != nil || bytes.Contains(raw, []byte("in-clear")) {
		t.Errorf("what belongs to a login is stored in clear, or %v", err)
	}

	provider, session, err := b.Twin.TakeEidSession(ctx, "a1")
	if err != nil || provider != "mitid" || session.Reveal() != "session-in-clear" {
		t.Errorf("%s %v", provider, err)
	}

	_, _, err = b.Store.TakeEidSession(ctx, "a1")
	wantKind(t, err, care.NotFound)

	login.Hash, login.BegunAt = "h3", Now().Add(time.Hour)
	if err := b.Store.SaveEidLogin(ctx, login); err != nil {
		t.Fatal(err)
	}

	if n, err := b.Store.EidLoginsOf(ctx, "a1", Now().Add(time.Minute)); err != nil || n != 1 {
		t.Errorf("%d logins of the session, %v", n, err)
	}
}
