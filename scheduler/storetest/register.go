package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkAskedBatches keeps a batch that waits with its visits until somebody decides, once.
func checkAskedBatches(t *testing.T, b Bench) {
	t.Helper()

	ctx, ids := t.Context(), seed(t, b.Store, 3)
	asked := care.Batch{ID: "asked", By: "PLA", ByName: "Pia", Visits: 3, MadeAt: Now(), ExpiresAt: Now().Add(time.Hour), Reason: "Vejret"}
	row := scheduler.AuditRow{At: Now(), Actor: "PLA", Action: "ask_conversion"}

	must(t, b.Store.AskBatch(ctx, asked, ids, scheduler.Effects{Audit: []scheduler.AuditRow{row}}))

	stored, err := b.Twin.Batch(ctx, "asked")
	must(t, err)
	same(t, "asked batch", asked, stored)

	waits := func() []care.VisitID {
		t.Helper()

		got, err := b.Twin.AskedVisits(ctx, "asked")
		must(t, err)

		return got
	}

	if got := waits(); !slices.Equal(got, ids) {
		t.Errorf("visits that wait: %v, want %v", got, ids)
	}

	approved, err := stored.Approve("KOL", Now().Add(time.Minute))
	must(t, err)

	choose := func(v *care.Visit) (scheduler.Effects, error) {
		err := errors.Join(v.Choose("asked", care.Recording{}), v.StartBooking(care.RoomRef("room-"+string(v.ID())), Now()))

		return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID(), Ref: "r"}}}, err
	}

	b.FailJobs(true)

	if _, err := b.Store.UpdateVisits(ctx, ids, &approved, choose); err == nil {
		t.Error("the jobs could not be stored, and it was approved all the same")
	}

	b.FailJobs(false)

	if got := waits(); len(got) != 3 {
		t.Errorf("a decision that failed took the visits: %v", got)
	}

	if _, err := b.Store.UpdateVisits(ctx, ids, &approved, choose); err != nil {
		t.Fatal(err)
	}

	if got := waits(); len(got) != 0 {
		t.Errorf("visits that still wait: %v", got)
	}

	_, err = b.Twin.UpdateVisits(ctx, ids, &approved, func(*care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, nil })
	wantKind(t, err, care.Conflict)

	refused := stored
	refused.Decision, refused.DecidedBy, refused.DecidedAt, refused.Answer = care.Refused, "LED", Now(), "Nej"
	wantKind(t, b.Twin.DecideBatch(ctx, refused, scheduler.Effects{}), care.Conflict)

	if got, err := b.Twin.Batch(ctx, "asked"); err != nil || got.Decision != care.Approved || got.DecidedBy != "KOL" || got.Visits != 3 || got.Answer != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// checkRegister stores citizens with everything that a register says, and refuses what is stale.
func checkRegister(t *testing.T, b Bench) {
	t.Helper()

	ctx := t.Context()
	cpr, verdict, _ := care.ParseCPR("0107729995")
	fresh := care.Citizen{ID: "new", CPR: cpr, Verdict: verdict, Name: "Max Berggren", Phone: care.NewPhone("+4520000036"), Language: "pl", UpdatedAt: Now()}
	setting := care.IdentitySetting{Citizen: "new", CodeOnly: true, Reason: "Fra en fil", By: "SYS", At: Now()}
	relative := care.Contact{ID: "k", Citizen: "new", Kind: care.Relative, Name: "Nancy", Phone: care.NewPhone("+4520000033"), Guardian: true, AddedBy: "SYS", AddedAt: Now(), ChangedAt: Now()}
	change := scheduler.RegisterChange{ID: "new", Citizen: &fresh, Setting: &setting, Contacts: []care.Contact{relative}, Joined: []care.UnitID{"oest", "vest"}}

	must(t, b.Store.SaveRegister(ctx, []scheduler.RegisterChange{change}, scheduler.Effects{}))
	wantKind(t, b.Twin.SaveRegister(ctx, []scheduler.RegisterChange{change}, scheduler.Effects{}), care.Conflict)

	got, err := b.Twin.RegisterEntries(ctx, nil)
	must(t, err)

	setting.Version, relative.Version = 1, 1
	same(t, "register", []care.RegisterEntry{{Citizen: fresh, Units: []care.UnitID{"oest", "vest"}, Setting: setting, Contacts: []care.Contact{relative}, Seen: Now()}}, got)

	window := care.Interval{Start: Now().AddDate(0, -1, 0), End: Now().AddDate(0, 1, 0)}

	links, err := b.Twin.Links(ctx, scheduler.LinkQuery{Window: window, Units: []care.UnitID{"vest"}})
	must(t, err)
	same(t, "links", []scheduler.Link{{Citizen: "new", Unit: "vest", Law: care.LawUnknown}}, links)

	later := fresh
	later.Name, later.UpdatedAt = "Max B. Berggren", Now().Add(time.Hour)
	leave := scheduler.RegisterChange{ID: "new", Citizen: &later, Seen: Now(), Gone: []care.UnitID{"oest", "vest"}}
	must(t, b.Twin.SaveRegister(ctx, []scheduler.RegisterChange{leave}, scheduler.Effects{}))
	wantKind(t, b.Store.SaveRegister(ctx, []scheduler.RegisterChange{leave}, scheduler.Effects{}), care.Conflict)

	if got, err := b.Store.RegisterEntries(ctx, nil); err != nil || len(got) != 0 {
		t.Errorf("who left is in a unit: %+v, %v", got, err)
	}

	if got, err := b.Store.RegisterEntries(ctx, []care.CitizenKey{{CPR: cpr}}); err != nil || len(got) != 1 || got[0].Citizen.Name != later.Name || len(got[0].Contacts) != 1 {
		t.Errorf("who left is gone: %+v, %v", got, err)
	}
}
