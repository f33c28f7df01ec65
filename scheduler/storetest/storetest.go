// Package storetest is the conformance suite of scheduler.Store: what every store has to do,
// whatever database is below it. Each check gets a store of its own.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Bench is a fresh store and what the suite needs to look behind it.
type Bench struct {
	Store scheduler.Store
	// Twin is a second store on the same database, as another process would have.
	Twin scheduler.Store
	// Jobs reads the jobs that are committed, in order of insertion.
	Jobs func(ctx context.Context) ([]scheduler.Job, error)
	// FailJobs makes every further insertion of jobs fail, or work again.
	FailJobs func(fail bool)
	// Raw returns all bytes that the database keeps, for a search for personal data.
	Raw func(ctx context.Context) ([]byte, error)
	// Hold keeps a change open until release is called.
	Hold func(ctx context.Context) (release func(), err error)
	// Ping is the store's health check.
	Ping func(ctx context.Context) error
	// Tamper tries to change or delete an audit row behind the store's back.
	Tamper func(ctx context.Context) []error
}

// Now is the suite's idea of the time: a summer morning, with a part of a second that has to
// survive.
func Now() time.Time { return time.Date(2026, 6, 15, 6, 30, 0, 123456000, time.UTC) }

// Exercise runs the suite. With open it gets a store on an empty, migrated database.
func Exercise(t *testing.T, open func(t *testing.T) Bench) {
	t.Helper()

	for _, check := range []struct {
		name string
		run  func(t *testing.T, b Bench)
	}{
		{"visit", checkVisit},
		{"missing", checkMissing},
		{"lifecycle", checkLifecycle},
		{"queries", checkQueries},
		{"time_zones", checkTimeZones},
		{"sources", checkSources},
		{"links", checkLinks},
		{"one_live_room", checkOneLiveRoom},
		{"lost_update", checkLostUpdate},
		{"two_writers", checkTwoWriters},
		{"many_at_once", checkManyAtOnce},
		{"all_or_none", checkAllOrNone},
		{"state_and_jobs", checkStateAndJobs},
		{"import", checkImport},
		{"import_race", checkImportRace},
		{"import_conflict", checkImportConflict},
		{"uploads", checkUploads},
		{"citizens", checkCitizens},
		{"protection of an address", checkProtection},
		{"batches", checkBatches},
		{"asked_batches", checkAskedBatches},
		{"register", checkRegister},
		{"undo_once", checkUndoOnce},
		{"facts", checkFacts},
		{"vendor calls", checkVendorCalls},
		{"runs", checkRuns},
		{"findings", checkFindings},
		{"differing", checkDiffering},
		{"follow_ups", checkFollowUps},
		{"codes", checkCodes},
		{"eid_logins", checkEidLogins},
		{"login_watch", checkLoginWatch},
		{"count_logins", checkCountLogins},
		{"contacts", checkContacts},
		{"employee_links", checkEmployeeLinks},
		{"participants", checkParticipants},
		{"consents", checkConsents},
		{"terms", checkTerms},
		{"add_visit", checkAddVisit},
		{"visit_links", checkVisitLinks},
		{"contact_secrecy", checkContactSecrecy},
		{"audit", checkAudit},
		{"audit_trail", checkAuditTrail},
		{"encryption", checkEncryption},
		{"events", checkEvents},
		{"events_at_once", checkEventsAtOnce},
		{"gaps", checkGaps},
		{"identity_setting", checkIdentitySetting},
		{"codewords", checkCodewords},
		{"number_notices", checkNumberNotices},
		{"judgement", checkJudgement},
		{"notes", checkNotes},
		{"notices", checkNotices},
		{"chores", checkChores},
		{"fetches", checkFetches},
		{"devices", checkDevices},
		{"device_race", checkDeviceRace},
		{"device_tokens", checkDeviceTokens},
		{"reads_never_wait", checkReadsNeverWait},
	} {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			check.run(t, open(t))
		})
	}
}

// sameSnapshot compares by value: instants as such, secrets by what they hold, and an empty
// list like none.
func sameSnapshot() cmp.Option {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b care.HostPIN) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.GuestPIN) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.HostLink) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.GuestLink) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.CPR) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.SurrogateID) bool { return a == b }),
		cmp.Comparer(func(a, b care.Phone) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.Email) bool { return a.Reveal() == b.Reveal() }),
	}
}

// numbers are official test citizens of the CPR office.
func numbers() []string {
	return []string{"0104909989", "0104909995", "0107729995", "0108589995", "0108629996", "0201609995", "0201609996", "0201919990"}
}

func citizen(tb testing.TB, i int) care.Citizen {
	tb.Helper()

	number := numbers()[i%len(numbers())]

	cpr, verdict, _ := care.ParseCPR(number)
	if verdict == care.CPRMalformed {
		tb.Fatalf("test citizen %d is malformed", i)
	}

	return care.Citizen{
		ID: care.CitizenID(fmt.Sprintf("citizen-%d", i)), CPR: cpr, Verdict: verdict, Name: "Torre Mosebryggersen",
		Address: "Prøvevej 17, 9999 Prøveby", Phone: care.NewPhone("+4520000017"), Email: care.NewEmail("torre@example.invalid"),
		Suitability: care.Suitable, UpdatedAt: Now(),
	}
}

func facts(i int) care.Facts {
	start := Now().Truncate(time.Second).Add(time.Duration(i) * 10 * time.Minute)

	return care.Facts{
		List: "list-1", ListName: "Rute 1", Line: i + 2, Unit: "oest", Citizen: care.CitizenID(fmt.Sprintf("citizen-%d", i%len(numbers()))),
		Employee: "MSK", Service: "Medicin", Law: care.SUL138, Category: "Besøg", Comment: "Nøgle hos naboen Sverre",
		Shift: care.DayShift, Planned: care.Interval{Start: start, End: start.Add(10 * time.Minute)}, Status: "Planlagt",
	}
}

func visit(tb testing.TB, i int) *care.Visit {
	tb.Helper()

	f := facts(i)

	v, err := care.NewVisit(care.VisitID(fmt.Sprintf("visit-%04d", i)),
		care.SourceRef{System: "file", ID: fmt.Sprintf("row-%d", i), Occurrence: string(care.DayOf(f.Planned.Start))}, f)
	if err != nil {
		tb.Fatal(err)
	}

	return v
}

// seed imports n visits of the eight citizens.
func seed(tb testing.TB, s scheduler.Store, n int) []care.VisitID {
	tb.Helper()

	in := scheduler.Import{Record: scheduler.ListRecord{ID: "list-1", FileName: "køreliste.csv", By: "PLA", At: Now(), Rows: n, New: n}}
	for i := range numbers() {
		in.Citizens = append(in.Citizens, citizen(tb, i))
	}

	ids := make([]care.VisitID, 0, n)

	for i := range n {
		v := visit(tb, i)
		in.New, ids = append(in.New, v), append(ids, v.ID())
	}

	if err := s.SaveImport(tb.Context(), in); err != nil {
		tb.Fatalf("seed: %v", err)
	}

	return ids
}

// book takes a listed visit to booked.
func book(tb testing.TB, v *care.Visit) {
	tb.Helper()

	ref := care.RoomRef(fmt.Sprintf("room-%s-%d", v.ID(), v.Snapshot().Generation))
	host, err1 := care.NewHostPIN("918273645")
	guest, err2 := care.NewGuestPIN("564738291")
	hostLink, err3 := care.NewHostLink("https://rooms.example.invalid/host/918273645")
	guestLink, err4 := care.NewGuestLink("https://rooms.example.invalid/guest/564738291", host)

	if err := errors.Join(err1, err2, err3, err4, v.Choose("batch-1", care.OnListOnly()), v.StartBooking(ref, Now()), v.Booked(ref, care.BookedRoom{
		Planned: v.Planned(), Address: "1234567@rooms.example.invalid", HostPIN: host, GuestPIN: guest, HostLink: hostLink, GuestLink: guestLink,
	}, Now())); err != nil {
		tb.Fatal(err)
	}
}

// attest records that an employee is beside the citizen.
func attest(tb testing.TB, v *care.Visit) {
	tb.Helper()

	proof := care.Proof{Method: care.WithStaff, By: "MSK", Check: care.BesidePerson}
	if err := v.Attest(care.AdmissionID("known-"+string(v.ID())), "", proof, care.DefaultIdentityPolicy().Default, Now()); err != nil {
		tb.Fatal(err)
	}
}

func wantKind(tb testing.TB, err error, kind care.Kind) {
	tb.Helper()

	var e *care.Error
	if !errors.As(err, &e) || e.Kind != kind {
		tb.Fatalf("error is %v, want kind %s", err, kind)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}

func read(tb testing.TB, s scheduler.Store, id care.VisitID) care.Snapshot {
	tb.Helper()

	snapshot, err := s.Visit(tb.Context(), id)
	must(tb, err)

	return snapshot
}

func same(tb testing.TB, what string, want, got any) {
	tb.Helper()

	if diff := cmp.Diff(want, got, sameSnapshot()); diff != "" {
		tb.Fatalf("%s differs (-want +got):\n%s", what, diff)
	}
}
