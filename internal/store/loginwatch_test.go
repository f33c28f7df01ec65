package store_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/storetest"
)

// TestCountsStaffLogins counts by the requests that left, and leaves out logouts, citizens, and what
// may be under way.
func TestCountsStaffLogins(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		t.Helper()

		ctx, now := t.Context(), storetest.Now()

		for i, r := range []saml.Request{
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(time.Minute)},
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(2 * time.Minute)},
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(11 * time.Minute)}, // may be under way
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(11 * time.Minute)}, // comes through
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(-time.Minute)},
			{Purpose: saml.PurposeLogout, CreatedAt: now.Add(time.Minute)},
			{Purpose: saml.PurposeLogin, CreatedAt: now.Add(time.Minute), Person: true},
		} {
			r.ID, r.ExpiresAt = strconv.Itoa(i), r.CreatedAt.Add(20*time.Minute)
			fatal(t, s.SaveRequest(ctx, r))
		}

		fatal(t, s.CompleteRequest(ctx, "3", "message", now.Add(time.Hour)))

		got, err := s.CountLogins(ctx, now, now.Add(10*time.Minute))
		fatal(t, err)

		if len(got) != 2 || got[1].EndedAt.IsZero() {
			t.Fatalf("counted %+v", got)
		}

		got[1].EndedAt = time.Time{}
		want := []scheduler.LoginCount{{Provider: scheduler.StaffLogin, Count: 2}, {Provider: scheduler.StaffLogin, Outcome: scheduler.LoginIdentified, Count: 1}}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("counted:\n%s", diff)
		}
	})
}
