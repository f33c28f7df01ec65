package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkEmployeeLinks stores, finds by day and ends links between citizens and employees.
func checkEmployeeLinks(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 2)

	link := care.EmployeeLink{
		ID: "link-1", Citizen: "citizen-1", Employee: "MSK", Unit: "oest", From: "2026-06-15", To: "2026-06-20", Proof: care.ByOverride,
		Reason: "Aftalt med Sverre", MadeBy: "LED", MadeAt: Now(),
	}
	open := care.EmployeeLink{ID: "link-2", Citizen: "citizen-0", Employee: "MSK", Unit: "oest", From: "2026-06-16", Proof: care.ProvenByVisit, MadeBy: "LED", MadeAt: Now().Add(time.Hour)}

	audit := scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "LED", Action: "link_employee", Citizen: "citizen-1"}}}
	must(t, b.Store.SaveEmployeeLink(t.Context(), link, audit))
	must(t, b.Store.SaveEmployeeLink(t.Context(), open, scheduler.Effects{}))
	wantKind(t, b.Store.SaveEmployeeLink(t.Context(), link, scheduler.Effects{}), care.Conflict)

	link.Version, open.Version = 1, 1

	got, err := b.Twin.EmployeeLink(t.Context(), "link-1")
	must(t, err)

	if diff := cmp.Diff(link, got, sameSnapshot()); diff != "" {
		t.Error(diff)
	}

	_, err = b.Twin.EmployeeLink(t.Context(), "link-9")
	wantKind(t, err, care.NotFound)

	for day, want := range map[care.Day][]care.EmployeeLink{
		"2026-06-14": nil, "2026-06-15": {link}, "2026-06-16": {open, link}, "2026-06-20": {open, link}, "2026-06-21": {open},
	} {
		found, err := b.Twin.LinkedTo(t.Context(), "MSK", day)
		must(t, err)

		if diff := cmp.Diff(want, found, sameSnapshot()); diff != "" {
			t.Errorf("%s: %s", day, diff)
		}
	}

	raw, err := b.Raw(t.Context())
	must(t, err)

	if bytes.Contains(raw, []byte("Aftalt med")) {
		t.Error("the reason is stored in clear")
	}

	open.EndedBy, open.EndedAt = "LED", Now()
	must(t, b.Store.SaveEmployeeLink(t.Context(), open, scheduler.Effects{}))
	wantKind(t, b.Twin.SaveEmployeeLink(t.Context(), open, scheduler.Effects{}), care.Conflict)

	if found, err := b.Store.LinkedTo(t.Context(), "MSK", "2026-06-21"); err != nil || len(found) != 0 {
		t.Errorf("%+v, %v", found, err)
	}

	if found, err := b.Store.EmployeeLinksOf(t.Context(), "citizen-0"); err != nil || len(found) != 1 || found[0].EndedAt.IsZero() {
		t.Errorf("%+v, %v", found, err)
	}
}
