package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkIdentitySetting stores how a citizen may be identified, and refuses a stale change.
func checkIdentitySetting(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 1)

	ctx, id := t.Context(), care.CitizenID("citizen-0")

	got, err := b.Store.IdentitySetting(ctx, id)
	if err != nil || got.Narrows() || got.Version != 0 || got.Citizen != id {
		t.Fatalf("a citizen without a setting: %+v, %v", got, err)
	}

	want := care.IdentitySetting{
		Citizen: id, MitIDOnly: true, NoSMS: true, Methods: []care.IdentityMethod{care.ByMitID, care.KnownToStaff}, Reason: "Sverre har telefonen", By: "PLA", At: Now(),
	}
	effects := scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "PLA", Action: "set_identity", Citizen: id}}}

	if err := b.Store.SaveIdentitySetting(ctx, want, effects); err != nil {
		t.Fatal(err)
	}

	wantKind(t, b.Store.SaveIdentitySetting(ctx, want, effects), care.Conflict)

	want.Version = 1
	if got, err = b.Twin.IdentitySetting(ctx, id); err != nil {
		t.Fatal(err)
	}

	same(t, "setting", want, got)

	want.MitIDOnly, want.Methods, want.At = false, nil, Now().Add(time.Hour)
	if err := b.Twin.SaveIdentitySetting(ctx, want, effects); err != nil {
		t.Fatal(err)
	}

	wantKind(t, b.Store.SaveIdentitySetting(ctx, want, effects), care.Conflict)

	want.Version = 2
	if got, err = b.Store.IdentitySetting(ctx, id); err != nil || !cmp.Equal(want, got, sameSnapshot()) {
		t.Errorf("changed setting: %v, %v", cmp.Diff(want, got, sameSnapshot()), err)
	}
}
