package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/storetest"
)

// both runs a test on a new store on each database.
func both(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			db, _ := database(t, dialect)
			test(t, open(t, db, keys(t), &jobTable{}))
		})
	}
}

func session(hash, subject, index string) store.Session {
	return store.Session{
		Hash: hash, IDP: "https://idp.example.invalid", Subject: subject, NameID: store.NameID{Value: "name-" + subject, Format: "persistent"},
		SessionIndex: index, Employee: "MSK", Name: "Mia Skov", Email: "mia@example.invalid", Groups: []string{"a", "b"}, Level: 2, Method: "login", Standing: "d1", Agent: "Edge på Windows", Address: "192.0.2.7",
		AuthenticatedAt: storetest.Now(), CreatedAt: storetest.Now(), SeenAt: storetest.Now(), ExpiresAt: storetest.Now().Add(time.Hour),
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		ctx := t.Context()
		all := []store.Session{session("h1", "mia", "i1"), session("h2", "mia", "i2"), session("h3", "bo", "i1"), session("h4", "bo", "i3")}

		for _, one := range all {
			if err := s.SaveSession(ctx, one); err != nil {
				t.Fatal(err)
			}
		}

		if err := s.SaveSession(ctx, all[0]); care.KindOf(err) != care.Conflict {
			t.Errorf("a hash that exists: %v", err)
		}

		seen := storetest.Now().Add(time.Minute)
		if err := s.TouchSession(ctx, "h1", seen); err != nil {
			t.Fatal(err)
		}

		if err := s.TouchSession(ctx, "nobody", seen); care.KindOf(err) != care.NotFound {
			t.Errorf("touch of no session: %v", err)
		}

		got, err := s.Session(ctx, "h1")
		all[0].SeenAt = seen

		if diff := cmp.Diff(all[0], got); err != nil || diff != "" {
			t.Errorf("session: %v\n%s", err, diff)
		}

		endSessions(t, s, all[0].IDP)

		for range 2 {
			if err := s.DeleteSession(ctx, "h1"); err != nil {
				t.Error(err)
			}
		}

		if _, err := s.Session(ctx, "h1"); care.KindOf(err) != care.NotFound {
			t.Errorf("an ended session: %v", err)
		}
	})
}

func endSessions(t *testing.T, s *store.Store, idp string) {
	t.Helper()

	ctx := t.Context()

	for what, end := range map[string]func() (int, error){
		"no such index":    func() (int, error) { return s.DeleteSessionsByNameID(ctx, idp, "name-mia", []string{"i9"}) },
		"another provider": func() (int, error) { return s.DeleteSessionsByNameID(ctx, "https://other", "name-mia", nil) },
		"no such person":   func() (int, error) { return s.DeleteSessionsOf(ctx, idp, "nobody") },
	} {
		if n, err := end(); n != 0 || err != nil {
			t.Errorf("%s ended %d sessions, %v", what, n, err)
		}
	}

	if n, err := s.DeleteSessionsByNameID(ctx, idp, "name-mia", []string{"i1", "i9"}); n != 1 || err != nil {
		t.Errorf("logout of one session ended %d, %v", n, err)
	}

	if n, err := s.DeleteSessionsOf(ctx, idp, "bo"); n != 2 || err != nil {
		t.Errorf("logout of a person ended %d, %v", n, err)
	}

	if n, err := s.PurgeSessions(ctx, storetest.Now()); n != 0 || err != nil {
		t.Errorf("purge of living sessions: %d, %v", n, err)
	}

	if n, err := s.PurgeSessions(ctx, storetest.Now().Add(2*time.Hour)); n != 1 || err != nil {
		t.Errorf("purge of the last one: %d, %v", n, err)
	}
}

func request(id string) saml.Request {
	return saml.Request{
		ID: id, Purpose: saml.PurposeLogin, IDP: "https://idp.example.invalid", BrowserHash: "b", RelayState: "r", ReturnTo: "/dag",
		ForceAuthn: true, MinLevel: care.HighAssurance, Person: true, CreatedAt: storetest.Now(), ExpiresAt: storetest.Now().Add(10 * time.Minute),
	}
}

func TestSAMLRequestsAreUsedOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		ctx, end := t.Context(), storetest.Now().Add(time.Hour)

		for _, id := range []string{"a", "b", "c"} {
			if err := s.SaveRequest(ctx, request(id)); err != nil {
				t.Fatal(err)
			}
		}

		if err := s.SaveRequest(ctx, request("a")); err == nil {
			t.Error("an id that exists was saved")
		}

		for range 2 { // reading uses nothing up
			got, err := s.Request(ctx, "a")
			if diff := cmp.Diff(request("a"), got); err != nil || diff != "" {
				t.Errorf("request: %v\n%s", err, diff)
			}
		}

		// Many answers to one request, each with its own key: one wins.
		results := make(chan error)

		for _, key := range []string{"k0", "k1", "k2", "k3", "k4"} {
			go func() { results <- s.CompleteRequest(ctx, "a", key, end) }()
		}

		won := 0

		for range 5 {
			if err := <-results; err == nil {
				won++
			} else if !errors.Is(err, saml.ErrUsed) {
				t.Errorf("the others get %v, want ErrUsed", err)
			}
		}

		if won != 1 {
			t.Errorf("%d answers were taken", won)
		}

		if _, err := s.Request(ctx, "a"); !errors.Is(err, saml.ErrNoRequest) {
			t.Errorf("a used request: %v", err)
		}

		// One answer to two requests: the second is refused and stays open.
		if err := s.CompleteRequest(ctx, "b", "answer", end); err != nil {
			t.Fatal(err)
		}

		if err := s.CompleteRequest(ctx, "c", "answer", end); !errors.Is(err, saml.ErrUsed) {
			t.Errorf("a replayed answer: %v", err)
		}

		if _, err := s.Request(ctx, "c"); err != nil {
			t.Errorf("the request of a replayed answer is gone: %v", err)
		}

		if err := s.RememberMessage(ctx, "answer", end); !errors.Is(err, saml.ErrUsed) {
			t.Errorf("keys do not share one space: %v", err)
		}

		if err := s.RememberMessage(ctx, "logout", end); err != nil {
			t.Error(err)
		}

		if err := s.CompleteRequest(ctx, "nobody", "x", end); !errors.Is(err, saml.ErrUsed) {
			t.Errorf("no such request: %v", err)
		}
	})
}
