package store

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// instants are whole microseconds in some zone, or none.
func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "none") {
			return time.Time{}
		}

		micro := rapid.Int64Range(-2e15, 4e15).Draw(t, "micro")

		return time.UnixMicro(micro).In(time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600))
	})
}

func texts() *rapid.Generator[string] { return rapid.StringN(0, 12, 60) }

func ids(prefix string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("%s-%d", prefix, rapid.IntRange(0, 1e9).Draw(t, prefix)) })
}

func spans(t *rapid.T, label string) care.Interval {
	return care.Interval{Start: instants().Draw(t, label+" start"), End: instants().Draw(t, label+" end")}
}

func rooms() *rapid.Generator[care.Room] {
	return rapid.Custom(func(t *rapid.T) care.Room {
		r := care.Room{
			Ref: care.RoomRef(ids("room").Draw(t, "ref")), State: rapid.SampledFrom([]care.RoomState{care.RoomWanted, care.RoomBooked, care.RoomFailed}).Draw(t, "state"),
			Planned: spans(t, "planned"), Address: texts().Draw(t, "address"),
			WantedAt: instants().Draw(t, "wanted"), BookedAt: instants().Draw(t, "booked"), ClosedAt: instants().Draw(t, "closed"),
			Late: rapid.Bool().Draw(t, "late"), MakingAt: instants().Draw(t, "making"), MadeAt: instants().Draw(t, "made"),
		}

		if rapid.Bool().Draw(t, "secrets") {
			digits := strconv.Itoa(rapid.IntRange(1000, 999_999_999).Draw(t, "pin"))
			r.HostPIN, _ = care.NewHostPIN(digits)
			r.GuestPIN, _ = care.NewGuestPIN("1234")
			r.HostLink, _ = care.NewHostLink("https://rooms.example.invalid/h/" + digits)
			r.GuestLink, _ = care.NewGuestLink("https://rooms.example.invalid/g", r.HostPIN)

			for seat := range rapid.IntRange(0, 4).Draw(t, "seats") {
				link, _ := care.NewGuestLink(fmt.Sprint("https://rooms.example.invalid/s?x=", seat), r.HostPIN)
				r.SeatLinks = append(r.SeatLinks, link)
			}
		}

		return r
	})
}

func snapshots() *rapid.Generator[care.Snapshot] {
	return rapid.Custom(func(t *rapid.T) care.Snapshot {
		start := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "start"))

		return care.Snapshot{
			ID: care.VisitID(ids("visit").Draw(t, "id")), Version: rapid.IntRange(1, 1e6).Draw(t, "version"),
			Source: care.SourceRef{System: texts().Draw(t, "system"), ID: texts().Draw(t, "source"), Occurrence: texts().Draw(t, "occurrence")},
			Facts: care.Facts{
				List: care.ListID(texts().Draw(t, "list")), ListName: texts().Draw(t, "list name"), Line: rapid.IntRange(0, 1e5).Draw(t, "line"),
				Unit: care.UnitID(texts().Draw(t, "unit")), Citizen: care.CitizenID(texts().Draw(t, "citizen")), Employee: care.EmployeeID(texts().Draw(t, "employee")),
				Service: texts().Draw(t, "service"), Law: care.LegalBasis(texts().Draw(t, "law")), Category: texts().Draw(t, "category"),
				Comment: texts().Draw(t, "comment"), Shift: care.Shift(texts().Draw(t, "shift")),
				Planned: care.Interval{Start: start, End: start.Add(time.Minute)}, Status: texts().Draw(t, "status"),
			},
			Delivery: care.Delivery(texts().Draw(t, "delivery")), State: care.VisitState(texts().Draw(t, "state")), Batch: care.BatchID(texts().Draw(t, "batch")),
			Generation: rapid.IntRange(0, 9).Draw(t, "generation"), OpenedAt: instants().Draw(t, "opened"),
			Outcome: care.Outcome{
				Kind: care.ResultKind(texts().Draw(t, "kind")), Reason: care.ReasonCode(texts().Draw(t, "reason")), Delivery: care.Delivery(texts().Draw(t, "given")),
				Actual: spans(t, "actual"), Together: time.Duration(rapid.Int64().Draw(t, "together")), Grade: care.Grade(texts().Draw(t, "grade")),
				By: texts().Draw(t, "by"), At: instants().Draw(t, "at"), Because: texts().Draw(t, "because"),
			},
		}
	})
}

func verdicts() *rapid.Generator[care.Verdict] {
	return rapid.Custom(func(t *rapid.T) care.Verdict {
		v := care.Verdict{
			Decided: rapid.Bool().Draw(t, "decided"), Outcome: outcomes().Draw(t, "outcome"), Why: rapid.SliceOfN(texts(), 0, 3).Draw(t, "why"),
			Host: spans(t, "host"), Guest: spans(t, "guest"), Complete: rapid.Bool().Draw(t, "complete"), Rule: rapid.IntRange(0, 9).Draw(t, "rule"),
			At: instants().Draw(t, "judged"),
		}
		v.Outcome.By, v.Outcome.At, v.Outcome.Because = "", time.Time{}, "" // a verdict has none

		for range rapid.IntRange(0, 3).Draw(t, "legs") {
			v.Basis = append(v.Basis, care.Basis{Room: care.RoomRef(texts().Draw(t, "room")), Leg: texts().Draw(t, "leg"), Use: care.Use(texts().Draw(t, "use"))})
			v.Alarms = append(v.Alarms, care.Alarm(texts().Draw(t, "alarm")))
		}

		return v
	})
}

func outcomes() *rapid.Generator[care.Outcome] {
	return rapid.Custom(func(t *rapid.T) care.Outcome { return snapshots().Draw(t, "of").Outcome })
}

func consents(t *rapid.T) care.Consent {
	return care.Consent{
		ID: care.ConsentID(texts().Draw(t, "consent id")), Form: care.ConsentForm(texts().Draw(t, "form")), Scope: care.ConsentScope(texts().Draw(t, "scope")),
		Visit: care.VisitID(texts().Draw(t, "only")), Until: care.Day(texts().Draw(t, "until")), About: texts().Draw(t, "about"),
		By: care.EmployeeID(texts().Draw(t, "by")), At: instants().Draw(t, "consent"),
	}
}

func alike() cmp.Option {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b care.HostPIN) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.GuestPIN) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.HostLink) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.GuestLink) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.SurrogateID) bool { return a == b }),
		cmp.Comparer(func(a, b care.CPR) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.Phone) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.Email) bool { return a.Reveal() == b.Reveal() }),
	}
}

func testKeys(tb testing.TB) *Keys {
	tb.Helper()

	material, err := GenerateKeys()
	if err != nil {
		tb.Fatal(err)
	}

	keys, err := NewKeys(material)
	if err != nil {
		tb.Fatal(err)
	}

	return keys
}

// through maps a value into its row and back and demands the same value.
func through[T, R any](t *rapid.T, what string, value T, in func(T) (R, error), out func(R) (T, error)) {
	row, err := in(value)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}

	back, err := out(row)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}

	if diff := cmp.Diff(value, back, alike()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func child1[T, R any](in func(care.VisitID, int, T) (R, error)) func(T) (R, error) {
	return func(v T) (R, error) { return in("visit-1", 3, v) }
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()

	keys := testKeys(t)

	rapid.Check(t, func(t *rapid.T) {
		through(t, "visit", snapshots().Draw(t, "visit"), keys.visitToRow, keys.visitFromRow)
		through(t, "room", rooms().Draw(t, "room"), child1(keys.roomToRow), keys.roomFromRow)
		through(t, "invitation", care.Invitation{
			ID: care.InvitationID(texts().Draw(t, "id")), Kind: care.InvitationKind(texts().Draw(t, "kind")), Channel: care.Channel(texts().Draw(t, "channel")),
			State: care.InvitationState(texts().Draw(t, "state")), Sequence: rapid.IntRange(0, 99).Draw(t, "sequence"), LocatorHash: texts().Draw(t, "hash"),
			ProviderID: texts().Draw(t, "provider"), Failure: texts().Draw(t, "failure"), QueuedAt: instants().Draw(t, "queued"),
			SentAt: instants().Draw(t, "sent"), OpenedAt: instants().Draw(t, "opened"), To: care.ParticipantID(texts().Draw(t, "to")),
		}, child1(keys.invitationToRow), keys.invitationFromRow)
		through(t, "admission", care.Admission{
			ID: care.AdmissionID(texts().Draw(t, "id")), State: care.AdmissionState(texts().Draw(t, "state")), SessionHash: texts().Draw(t, "hash"),
			Method: care.IdentityMethod(texts().Draw(t, "method")), CodeCount: rapid.Int().Draw(t, "count"), CodeSentAt: instants().Draw(t, "code"),
			CodeTries: rapid.Int().Draw(t, "tries"), CodeUsed: rapid.Bool().Draw(t, "used"), Failures: rapid.Int().Draw(t, "failures"),
			Recognised: rapid.Bool().Draw(t, "recognised"), DecidedBy: care.EmployeeID(texts().Draw(t, "by")), CameAt: instants().Draw(t, "came"),
			IdentifiedAt: instants().Draw(t, "identified"), DecidedAt: instants().Draw(t, "decided"), Participant: care.ParticipantID(texts().Draw(t, "who")),
			Provider: texts().Draw(t, "provider"), Level: care.Assurance(rapid.IntRange(0, 3).Draw(t, "level")), IdentifiedBy: care.EmployeeID(texts().Draw(t, "whose word")),
			Check: care.IdentityCheck(texts().Draw(t, "check")), Outage: rapid.Bool().Draw(t, "outage"), AskedHelp: instants().Draw(t, "asked"),
			CodewordDue: rapid.Bool().Draw(t, "due"), Name: care.NameMatch(texts().Draw(t, "name match")), Strangers: rapid.Int().Draw(t, "strangers"),
			CodewordTold: instants().Draw(t, "told"), CodewordAnswered: instants().Draw(t, "answered"),
		}, child1(keys.admissionToRow), keys.admissionFromRow)
		through(t, "entry", care.Entry{
			ID: care.EntryID(texts().Draw(t, "id")), Kind: care.EntryKind(texts().Draw(t, "kind")), Means: care.Means(texts().Draw(t, "means")), State: care.EntryState(texts().Draw(t, "state")),
			Key: texts().Draw(t, "key"), RecordID: texts().Draw(t, "record"), RecordVer: texts().Draw(t, "version"), Failure: texts().Draw(t, "failure"),
			DueAt: instants().Draw(t, "due"), WrittenAt: instants().Draw(t, "written"),
		}, child1(keys.entryToRow), keys.entryFromRow)
		through(t, "exception", care.Exception{
			ID: care.ExceptionID(texts().Draw(t, "id")), Kind: care.ExceptionKind(texts().Draw(t, "kind")), About: texts().Draw(t, "about"),
			Text: texts().Draw(t, "text"), Retry: rapid.Bool().Draw(t, "retry"), RaisedAt: instants().Draw(t, "raised"),
			ResolvedAt: instants().Draw(t, "resolved"), ResolvedBy: texts().Draw(t, "by"),
		}, child1(keys.exceptionToRow), keys.exceptionFromRow)
		through(t, "participant", care.Participant{
			ID: care.ParticipantID(texts().Draw(t, "id")), Contact: care.ContactID(texts().Draw(t, "contact")), Seat: rapid.Int().Draw(t, "seat"),
			Kind: care.ParticipantKind(texts().Draw(t, "kind")), Name: texts().Draw(t, "name"), Phone: care.NewPhone(texts().Draw(t, "phone")),
			Email: care.NewEmail(texts().Draw(t, "email")), Consent: consents(t), AddedBy: care.EmployeeID(texts().Draw(t, "added by")),
			Terms: care.TermsAnswer{
				Version: care.TermsVersion(rapid.Int().Draw(t, "terms")), Lang: texts().Draw(t, "lang"), Accepted: rapid.Bool().Draw(t, "accepted"),
				Address: texts().Draw(t, "address"), At: instants().Draw(t, "answered"),
			},
			Secrecy: care.Secrecy{
				Basis: care.SecrecyBasis(texts().Draw(t, "basis")), Note: texts().Draw(t, "note"), By: care.EmployeeID(texts().Draw(t, "weighed by")), At: instants().Draw(t, "weighed"),
			},
			AddedAt: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "added")), RemovedBy: texts().Draw(t, "removed by"), RemovedAt: instants().Draw(t, "removed"),
		}, child1(keys.participantToRow), keys.participantFromRow)
		through(t, "leg", care.Leg{
			ID: texts().Draw(t, "id"), Room: care.RoomRef(texts().Draw(t, "room")), Role: care.LegRole(texts().Draw(t, "role")),
			Joined: instants().Draw(t, "joined"), Left: instants().Draw(t, "left"), Entered: instants().Draw(t, "entered"),
			Call: texts().Draw(t, "call"), Seat: rapid.IntRange(0, 20).Draw(t, "seat"), Media: care.Media(texts().Draw(t, "media")),
			Ending: care.Ending(texts().Draw(t, "ending")), Witness: care.Witness(texts().Draw(t, "witness")), Node: texts().Draw(t, "node"),
		}, child1(keys.legToRow), keys.legFromRow)
		through(t, "verdict", verdicts().Draw(t, "verdict"), child1(keys.verdictToRow), keys.verdictFromRow)
		through(t, "former outcome", outcomes().Draw(t, "former"), child1(keys.formerToRow), keys.formerFromRow)
	})
}

func TestRoundTripOfTheRest(t *testing.T) {
	t.Parallel()

	keys := testKeys(t)
	cpr, verdict, _ := care.ParseCPR("0104909989")
	surrogate, _ := care.ParseSurrogateID("file", "B-17")

	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at"))

		through(t, "citizen", care.Citizen{
			ID: care.CitizenID(texts().Draw(t, "id")), CPR: cpr, Verdict: verdict, Name: texts().Draw(t, "name"), Address: texts().Draw(t, "address"),
			Phone: care.NewPhone(texts().Draw(t, "phone")), Email: care.NewEmail(texts().Draw(t, "email")),
			Suitability: care.Suitability(texts().Draw(t, "suitability")), Hospitalised: rapid.Bool().Draw(t, "hospitalised"), Protected: rapid.Bool().Draw(t, "protected"), UpdatedAt: instants().Draw(t, "updated"),
		}, keys.citizenToRow, keys.citizenFromRow)
		through(t, "citizen without a CPR number", care.Citizen{
			ID: care.CitizenID(texts().Draw(t, "id")), Surrogate: surrogate, Verdict: care.CPRMalformed, Suitability: care.Suitable, UpdatedAt: instants().Draw(t, "updated"),
		}, keys.citizenToRow, keys.citizenFromRow)
		through(t, "identity setting", care.IdentitySetting{
			Citizen: care.CitizenID(texts().Draw(t, "of")), Version: rapid.Int().Draw(t, "setting"), MitIDOnly: rapid.Bool().Draw(t, "mitid"), NoSMS: rapid.Bool().Draw(t, "sms"), Protected: rapid.Bool().Draw(t, "protected"),
			Methods: rapid.SliceOf(rapid.SampledFrom(care.IdentityMethods())).Draw(t, "methods"), Reason: texts().Draw(t, "reason"),
			By: care.EmployeeID(texts().Draw(t, "set by")), At: at, Stopped: rapid.Bool().Draw(t, "stopped"), StoppedAt: instants().Draw(t, "stopped at"),
		}, keys.identitySettingToRow, keys.identitySettingFromRow)
		through(t, "codewords", care.Codewords{
			Citizen: care.CitizenID(texts().Draw(t, "of")), Unit: care.UnitID(texts().Draw(t, "unit")), Version: rapid.Int().Draw(t, "words"), Staff: care.NewSecret(texts().Draw(t, "staff")),
			Reply: care.NewSecret(texts().Draw(t, "reply")), Uses: rapid.Int().Draw(t, "uses"), By: care.EmployeeID(texts().Draw(t, "made by")), At: at,
		}, keys.codewordsToRow, keys.codewordsFromRow)
		through(t, "contact", care.Contact{
			ID: care.ContactID(texts().Draw(t, "id")), Version: rapid.Int().Draw(t, "version"), Citizen: care.CitizenID(texts().Draw(t, "citizen")),
			Kind: care.ParticipantKind(texts().Draw(t, "kind")), Name: texts().Draw(t, "name"), Phone: care.NewPhone(texts().Draw(t, "phone")),
			Email: care.NewEmail(texts().Draw(t, "email")), Consent: consents(t), AddedBy: care.EmployeeID(texts().Draw(t, "added by")), AddedAt: at,
			Guardian: rapid.Bool().Draw(t, "guardian"), ChangedAt: instants().Draw(t, "changed"), RemovedAt: instants().Draw(t, "removed"),
		}, keys.contactToRow, keys.contactFromRow)
		through(t, "consent", care.ConsentRecord{
			Consent: consents(t), Citizen: care.CitizenID(texts().Draw(t, "citizen")), Contact: care.ContactID(texts().Draw(t, "contact")),
			End: care.ConsentEnd(texts().Draw(t, "end")), EndedBy: care.EmployeeID(texts().Draw(t, "ended by")), EndedAt: instants().Draw(t, "ended"),
		}, keys.consentToRow, keys.consentFromRow)
		through(t, "batch", care.Batch{
			ID: care.BatchID(texts().Draw(t, "id")), By: care.EmployeeID(texts().Draw(t, "by")), ByName: texts().Draw(t, "name"), Unit: care.UnitID(texts().Draw(t, "unit")),
			Visits: rapid.Int().Draw(t, "visits"), MadeAt: at, UndoneAt: instants().Draw(t, "undone"), UndoneBy: care.EmployeeID(texts().Draw(t, "undone by")),
		}, keys.batchToRow, keys.batchFromRow)
		through(t, "session", Session{
			Hash: texts().Draw(t, "hash"), IDP: texts().Draw(t, "idp"), Subject: texts().Draw(t, "subject"),
			NameID: NameID{texts().Draw(t, "value"), texts().Draw(t, "format"), texts().Draw(t, "q"), texts().Draw(t, "sp")}, SessionIndex: texts().Draw(t, "index"),
			Employee: care.EmployeeID(texts().Draw(t, "employee")), Name: texts().Draw(t, "name"), Email: texts().Draw(t, "email"),
			Groups: rapid.SliceOf(texts()).Draw(t, "groups"), Level: care.Assurance(rapid.IntRange(0, 3).Draw(t, "level")),
			Method: texts().Draw(t, "method"), Standing: texts().Draw(t, "standing"), Agent: texts().Draw(t, "agent"), Address: texts().Draw(t, "address"),
			AuthenticatedAt: instants().Draw(t, "authenticated"), CreatedAt: at, SeenAt: at, ExpiresAt: at,
		}, keys.sessionToRow, keys.sessionFromRow)

		record := scheduler.ListRecord{
			ID: care.ListID(texts().Draw(t, "id")), Kept: care.ListID(texts().Draw(t, "kept")), FirstDay: care.Day(texts().Draw(t, "first")),
			LastDay: care.Day(texts().Draw(t, "last")), FileName: texts().Draw(t, "file"), By: care.EmployeeID(texts().Draw(t, "by")), At: at,
			Rows: rapid.Int().Draw(t, "rows"), Problems: []ehr.Problem{{Line: 1, Column: texts().Draw(t, "column"), Severity: ehr.Fault, Text: texts().Draw(t, "text")}},
		}
		through(t, "list", record, func(r scheduler.ListRecord) (listRow, error) { return keys.listToRow(scheduler.Import{Record: r}) }, keys.listFromRow)
	})
}

// TestSealedValuesAreBoundToTheirPlace moves ciphertexts to another row and column, and opens
// them with other keys.
func TestSealedValuesAreBoundToTheirPlace(t *testing.T) {
	t.Parallel()

	keys := testKeys(t)
	seal := sealer{keys: keys, table: "citizens", row: "a"}
	sealed := seal.seal("name", "Torre")

	for what, s := range map[string]*sealer{
		"row":   {keys: keys, table: "citizens", row: "b"},
		"table": {keys: keys, table: "rooms", row: "a"},
		"keys":  {keys: testKeys(t), table: "citizens", row: "a"},
	} {
		if got := s.open("name", sealed); got != "" || s.err == nil {
			t.Errorf("another %s opens the value", what)
		}
	}

	other := sealer{keys: keys, table: "citizens", row: "a"}
	if got := other.open("address", sealed); got != "" || other.err == nil {
		t.Error("another column opens the value")
	}

	if got := seal.open("name", sealed); got != "Torre" || seal.err != nil {
		t.Errorf("opened %q, %v", got, seal.err)
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()

	material, err := GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}

	before, err := NewKeys(material)
	if err != nil {
		t.Fatal(err)
	}

	rotated, err := RotateKeys(material)
	if err != nil {
		t.Fatal(err)
	}

	after, err := NewKeys(rotated)
	if err != nil {
		t.Fatal(err)
	}

	old, fresh := sealer{keys: before, table: "t", row: "r"}, sealer{keys: after, table: "t", row: "r"}
	if got := fresh.open("c", old.seal("c", "x")); got != "x" || fresh.err != nil {
		t.Errorf("what the old key sealed: %q, %v", got, fresh.err)
	}

	if got := old.open("c", fresh.seal("c", "x")); got != "" || old.err == nil {
		t.Error("the old keys open what the new key sealed")
	}

	a, _ := before.hash("p", "0104909989")
	if b, _ := after.hash("p", "0104909989"); a != b || a == "" {
		t.Error("the lookup hash changed")
	}

	if c, _ := before.hash("q", "0104909989"); a == c {
		t.Error("the hash does not depend on its purpose")
	}

	for _, bad := range []KeyMaterial{{}, {Encryption: care.NewSecret("x"), Lookup: material.Lookup}, {Encryption: material.Encryption, Lookup: material.Encryption}} {
		if _, err := NewKeys(bad); err == nil {
			t.Errorf("%v were taken for keys", bad)
		}
	}
}
