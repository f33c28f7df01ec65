package storetest

import (
	"bytes"
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

// checkCodewords stores a pair of codewords for each unit, sealed, and refuses a stale change.
func checkCodewords(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 1)

	ctx, id := t.Context(), care.CitizenID("citizen-0")

	if got, err := b.Store.Codewords(ctx, id, "oest"); err != nil || got.Made() || got.Version != 0 {
		t.Fatalf("nobody made words: %+v, %v", got, err)
	}

	want := care.Codewords{Citizen: id, Unit: "oest", Staff: care.NewSecret("hemmeligt-ord"), Reply: care.NewSecret("svar-paa-ord"), By: "PLA", At: Now()}

	if err := b.Store.SaveCodewords(ctx, want, scheduler.Effects{}); err != nil {
		t.Fatal(err)
	}

	wantKind(t, b.Twin.SaveCodewords(ctx, want, scheduler.Effects{}), care.Conflict)

	got, err := b.Twin.Codewords(ctx, id, "oest")
	if err != nil || got.Staff.Reveal() != "hemmeligt-ord" || got.Reply.Reveal() != "svar-paa-ord" || got.Version != 1 {
		t.Fatalf("read %+v, %v", got, err)
	}

	if other, err := b.Store.Codewords(ctx, id, "vest"); err != nil || other.Made() {
		t.Errorf("another unit has them too: %v", err)
	}

	got.Uses = 3
	if err := b.Store.SaveCodewords(ctx, got, scheduler.Effects{}); err != nil {
		t.Fatal(err)
	}

	raw, err := b.Raw(ctx)
	if err != nil || bytes.Contains(raw, []byte("hemmeligt-ord")) || bytes.Contains(raw, []byte("svar-paa-ord")) {
		t.Errorf("a codeword stands in the database in clear, %v", err)
	}
}

// checkNumberNotices keeps an old number, sealed, until its notice is done, and then not at all.
func checkNumberNotices(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 1)

	ctx := t.Context()
	notice := scheduler.NumberNotice{ID: "n-1", Citizen: "citizen-0", Phone: care.NewPhone("+4520000017")}
	setting := care.IdentitySetting{Citizen: "citizen-0", Reason: "x", By: "PLA", At: Now()}

	if err := b.Store.SaveIdentitySetting(ctx, setting, scheduler.Effects{Numbers: []scheduler.NumberNotice{notice}}); err != nil {
		t.Fatal(err)
	}

	if got, err := b.Twin.NumberNotice(ctx, "n-1"); err != nil || got.Phone.Reveal() != "+4520000017" || got.Citizen != "citizen-0" {
		t.Fatalf("read %+v, %v", got, err)
	}

	_, err := b.Store.NumberNotice(ctx, "n-2")
	wantKind(t, err, care.NotFound)

	for range 2 {
		if err := b.Store.NumberNoticeDone(ctx, "n-1", Now(), ""); err != nil {
			t.Fatal(err)
		}
	}

	if got, err := b.Store.NumberNotice(ctx, "n-1"); err != nil || !got.Phone.IsZero() {
		t.Errorf("the number is kept: %v", err)
	}
}
