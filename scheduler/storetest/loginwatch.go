package storetest

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkLoginWatch stores looks at identity providers and administrators' switches; the newest of
// each counts in every process.
func checkLoginWatch(t *testing.T, b Bench) {
	t.Helper()

	ctx := t.Context()

	empty, err := b.Store.LoginHealth(ctx)
	if err != nil || len(empty.Looks) > 0 || len(empty.Switches) > 0 {
		t.Fatalf("%+v, %v", empty, err)
	}

	look := scheduler.LoginLook{Provider: "mitid", Failed: 2, LookedAt: Now(), AnsweredAt: Now().Add(-time.Minute), DownSince: Now()}
	must(t, b.Store.SaveLoginLook(ctx, look))

	other := scheduler.LoginLook{Provider: scheduler.StaffLogin, Worked: 1, LookedAt: Now()}
	must(t, b.Store.SaveLoginLook(ctx, other))

	look = scheduler.LoginLook{Provider: "mitid", Worked: 2, LookedAt: Now().Add(time.Minute), AnsweredAt: Now().Add(time.Minute)}
	must(t, b.Twin.SaveLoginLook(ctx, look))

	staff := scheduler.LoginSwitch{Audience: scheduler.LoginOfStaff, By: "ADM", At: Now().Add(-time.Hour), Until: Now()}
	must(t, b.Store.SaveLoginSwitch(ctx, staff, scheduler.Effects{}))

	on := scheduler.LoginSwitch{Audience: scheduler.LoginOfCitizens, By: "ADM", Reason: "reason-in-clear", At: Now(), Until: Now().Add(time.Hour)}
	audit := scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "ADM", Action: "open_outage_ways"}}}
	must(t, b.Store.SaveLoginSwitch(ctx, on, audit))

	on.Until = Now().Add(2 * time.Hour)
	must(t, b.Twin.SaveLoginSwitch(ctx, on, audit))

	want := scheduler.LoginHealth{
		Looks:    map[string]scheduler.LoginLook{"mitid": look, scheduler.StaffLogin: other},
		Switches: map[scheduler.LoginAudience]scheduler.LoginSwitch{scheduler.LoginOfCitizens: on, scheduler.LoginOfStaff: staff},
	}

	got, err := b.Store.LoginHealth(ctx)
	must(t, err)

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("health:\n%s", diff)
	}

	if raw, err := b.Raw(ctx); err != nil || bytes.Contains(raw, []byte("reason-in-clear")) {
		t.Errorf("the reason is stored in clear, or %v", err)
	}

	b.FailJobs(true)

	on.Until = Now().Add(3 * time.Hour)
	if err := b.Store.SaveLoginSwitch(ctx, on, scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ConcludeJob}}}); err == nil {
		t.Error("a switch was stored without what belongs to it")
	}

	if got, err := b.Store.LoginHealth(ctx); err != nil || !got.Switches[scheduler.LoginOfCitizens].Until.Equal(Now().Add(2*time.Hour)) {
		t.Errorf("health after a failure: %+v, %v", got, err)
	}
}

// checkCountLogins counts citizens and not logins: who holds one link can begin many.
func checkCountLogins(t *testing.T, b Bench) {
	t.Helper()

	ctx := t.Context()
	ids := seed(t, b.Store, 9) // the first and the last are of one citizen
	since, patience := Now(), Now().Add(10*time.Minute)
	n := 0

	add := func(visit care.VisitID, begun time.Duration, outcome scheduler.LoginOutcome, ended time.Duration) {
		t.Helper()

		n++
		login := scheduler.EidLogin{
			Hash: strconv.Itoa(n), Provider: "mitid", Visit: visit, Admission: care.AdmissionID("a" + strconv.Itoa(n)),
			BegunAt: Now().Add(begun), EndsAt: Now().Add(begun + 20*time.Minute),
		}
		must(t, b.Store.SaveEidLogin(ctx, login))

		if outcome != "" {
			must(t, b.Store.EndEidLogin(ctx, login.Hash, outcome, care.Secret{}, Now().Add(ended)))
		}
	}

	for range 5 { // one citizen, at two visits
		add(ids[0], time.Minute, "", 0)
		add(ids[8], 2*time.Minute, "", 0)
	}

	add(ids[1], 3*time.Minute, "", 0)
	add(ids[2], 11*time.Minute, "", 0) // may be under way
	add(ids[3], -time.Minute, "", 0)   // too long ago
	add(ids[4], time.Minute, scheduler.LoginIdentified, 4*time.Minute)
	add(ids[5], time.Minute, scheduler.LoginIdentified, 3*time.Minute)
	add(ids[6], 11*time.Minute, scheduler.LoginOutcome(eid.Unavailable), 12*time.Minute)

	want := []scheduler.LoginCount{
		{Provider: "mitid", Count: 2},
		{Provider: "mitid", Outcome: scheduler.LoginIdentified, Count: 2, EndedAt: Now().Add(4 * time.Minute)},
		{Provider: "mitid", Outcome: scheduler.LoginOutcome(eid.Unavailable), Count: 1, EndedAt: Now().Add(12 * time.Minute)},
	}

	got, err := b.Twin.CountLogins(ctx, since, patience)
	must(t, err)
	same(t, "logins", want, got)
}
