package web_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The fakes play one municipality with the visits of testdata/visits.csv: a morning, half of it
// converted, seen at 08.20.

const testDay = care.Day("2026-11-23")

func testNow() time.Time { return time.Date(2026, 11, 23, 7, 20, 0, 0, time.UTC) }

type fakeUse struct {
	mu    sync.Mutex
	rows  []scheduler.VisitView
	calls []string
	fail  error // every use case returns it when set
	boom  any   // every use case panics with it when set

	batchState care.BatchState
	untold     bool // the record is not told of judgements
	citizen    scheduler.CitizenView
	codeErr    error
	hostLink   string
	guestLink  string
	verdict    care.Verdict
	known      map[string]bool // locators and tokens that are ours
	outage     bool            // the video platform is down
	stage      scheduler.CallStage
	audited    scheduler.AuditQuery // what the audit was asked last
	reconcile  fakeReconcile
	loginAlarm string
	staffDown  bool
	devices    fakeDevices
	terms      []scheduler.TermsRequest // what participants answered
}

func newFakeUse(t *testing.T) *fakeUse {
	t.Helper()

	f := &fakeUse{
		stage: scheduler.CallBooking, batchState: care.BatchRunning, hostLink: "https://video.example.dk/vaert", guestLink: "https://video.example.dk/gaest",
		citizen: scheduler.CitizenView{Stage: scheduler.StageLanding}, known: map[string]bool{},
	}
	f.rows = readVisits(t)

	return f
}

func readVisits(t *testing.T) []scheduler.VisitView {
	t.Helper()

	file, err := os.Open("testdata/visits.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	r := csv.NewReader(file)
	r.Comma = ';'

	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	var out []scheduler.VisitView
	for i, line := range lines {
		out = append(out, visitOf(t, i, line))
	}

	slices.SortStableFunc(out, func(a, b scheduler.VisitView) int {
		return a.Visit.Facts.Planned.Start.Compare(b.Visit.Facts.Planned.Start)
	})

	return out
}

func clock(t *testing.T, s string) time.Time {
	t.Helper()

	at, err := time.ParseInLocation("2006-01-02 15:04", string(testDay)+" "+s, care.Zone())
	if err != nil {
		t.Fatal(err)
	}

	return at.UTC()
}

func visitOf(t *testing.T, i int, line []string) scheduler.VisitView {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR(line[4])
	laws := map[string]care.LegalBasis{"SUL §138": care.SUL138, "SEL §83": care.SEL83, "SEL §85": care.SEL85, "SEL §83a": care.SEL83A, "Ældreloven": care.AEL}
	planned := care.Interval{Start: clock(t, line[0]), End: clock(t, line[1])}
	v := scheduler.VisitView{
		Unit:    care.Unit{ID: "oest", Name: "Øst", LiveFrom: "2026-01-01"},
		Citizen: care.Citizen{ID: care.CitizenID("c" + line[2]), CPR: cpr, Verdict: verdict, Name: line[5], Address: line[6], Phone: care.NewPhone("+45" + line[7])},
		Visit: care.Snapshot{
			ID: care.VisitID(strings.ToLower(line[2])), Version: 1, State: care.Listed, Delivery: care.Physical,
			Facts: care.Facts{
				List: "l1", ListName: "Øst dag", Line: i + 2, Unit: "oest", Citizen: care.CitizenID("c" + line[2]), Employee: care.EmployeeID(line[3]),
				Service: line[8], Law: laws[line[9]], Category: line[10], Comment: line[11], Shift: care.DayShift, Planned: planned,
			},
		},
		Status: scheduler.StatusPhysical, Assessment: care.Assessment{Level: care.Green, Possible: true},
	}

	switch line[8] {
	case "Personlig hjælp og pleje":
		v.Assessment = care.Assessment{Level: care.Red, Possible: true, Reasons: []care.Reason{{Code: "service_physical", Level: care.Red, Text: "Indsatsen kan ikke gives på skærm: Personlig hjælp og pleje."}}}
	case "Tilsyn/omsorg":
		v.Assessment = care.Assessment{Level: care.Yellow, Possible: true, Reasons: []care.Reason{{Code: "suitability_unknown", Level: care.Yellow, Text: "Borgeren er ikke vurderet til skærmbesøg endnu."}, {Code: "employee_clash", Level: care.Yellow, Text: "Medarbejderen har et andet besøg på samme tid."}}}
	default:
		live(&v, i)
	}

	return v
}

// live gives every third fitting visit a life of its own.
func live(v *scheduler.VisitView, i int) {
	life := []scheduler.Status{
		scheduler.StatusCompleted, scheduler.StatusPhysical, scheduler.StatusPhysical, scheduler.StatusWaiting, scheduler.StatusInvited,
		scheduler.StatusPhysical, scheduler.StatusRunning, scheduler.StatusNot, scheduler.StatusTrouble, scheduler.StatusPhysical, scheduler.StatusBooking, scheduler.StatusOpened, scheduler.StatusToCall,
	}
	if v.Status = life[i%len(life)]; v.Status == scheduler.StatusPhysical {
		return
	}

	if v.Status == scheduler.StatusToCall {
		v.Visit.State, v.Visit.Delivery, v.Visit.Generation = care.Reverted, care.ByPhone, 1

		return
	}

	p := v.Visit.Facts.Planned
	v.Assessment = care.Assessment{Level: care.Red, Reasons: []care.Reason{{Code: "already_screen", Level: care.Red, Text: "Besøget er allerede omlagt til skærmbesøg."}}}
	v.Visit.State, v.Visit.Delivery, v.Visit.Batch, v.Visit.Generation = care.RoomIsBooked, care.Screen, "b1", 1
	v.Visit.Rooms = []care.Room{{Ref: care.RoomRef("r-" + v.Visit.ID), State: care.RoomProvisioned, Planned: p, WantedAt: testNow().Add(-time.Hour), BookedAt: testNow().Add(-59 * time.Minute)}}
	v.Visit.Invitations = []care.Invitation{{ID: "i1", Kind: care.Invite, Channel: care.SMS, State: care.InvitationDelivered, QueuedAt: testNow().Add(-time.Hour), SentAt: testNow().Add(-58 * time.Minute), OpenedAt: testNow().Add(-5 * time.Minute)}}
	v.Visit.Entries = []care.Entry{{ID: care.EntryID(v.Visit.ID + "-e1"), Kind: care.EntryPlanned, Means: care.OnList, State: care.EntryWritten, WrittenAt: testNow().Add(-50 * time.Minute)}}
	v.Writings = []scheduler.Writing{
		{When: "Når besøget er omlagt", Lines: []string{"På kørelisten: kategorien bliver »Planlagt skærmbesøg«, og bemærkningen får »skærmbesøg«.", "En opgave til Planlæggere: »Planlagt skærmbesøg«."}},
		{When: "Når det er gennemført på skærm", Lines: []string{"På kørelisten: kategorien bliver »Gennemført skærmbesøg«."}},
	}

	switch v.Status {
	case scheduler.StatusWaiting:
		v.Visit.Participants = []care.Participant{
			{ID: "p1", Contact: "k1", Seat: 1, Kind: care.Interpreter, Name: "Nanna Tolkesen", Phone: care.NewPhone("+4520000077"), Consent: consent(), Terms: agreed(), AddedBy: "MSK", AddedAt: testNow().Add(-time.Hour)},
			{ID: "p2", Contact: "k2", Seat: 2, Kind: care.Relative, Name: "Søren Berggren", Phone: care.NewPhone("+4520000078"), Consent: bounded(), AddedBy: "MSK", AddedAt: testNow().Add(-time.Hour)},
		}
		v.Visit.Invitations = append(v.Visit.Invitations, care.Invitation{ID: "i2", To: "p1", Kind: care.Invite, Channel: care.SMS, State: care.InvitationDelivered, SentAt: testNow().Add(-50 * time.Minute)},
			care.Invitation{ID: "i3", To: "p2", Kind: care.Invite, Channel: care.SMS, State: care.InvitationBounced, SentAt: testNow().Add(-50 * time.Minute)})
		v.Visit.Admissions = []care.Admission{
			{ID: "a3", Participant: "p1", State: care.AdmissionIdentified, Method: care.ByCode, CameAt: testNow().Add(-2 * time.Minute), IdentifiedAt: testNow().Add(-time.Minute)},
			{ID: "a1", State: care.AdmissionIdentified, Method: care.ByCode, CameAt: testNow().Add(-4 * time.Minute), IdentifiedAt: testNow().Add(-3 * time.Minute)},
			{ID: "a2", State: care.AdmissionWaiting, CameAt: testNow().Add(-time.Minute)},
		}
	case scheduler.StatusRunning:
		v.Visit.State, v.Visit.OpenedAt = care.Open, testNow().Add(-5*time.Minute)
		v.Visit.Admissions = []care.Admission{{ID: "a1", State: care.AdmissionAdmitted, Method: care.ByCode, CameAt: testNow().Add(-9 * time.Minute), IdentifiedAt: testNow().Add(-8 * time.Minute), DecidedAt: testNow().Add(-5 * time.Minute), DecidedBy: "MSK", Recognised: true}}
		v.Visit.Exceptions = []care.Exception{{ID: care.ExceptionID(v.Visit.ID + "-x2"), Kind: care.PersonTrouble, About: string(care.StrangerInRoom), Text: care.StrangerInRoom.Danish(), RaisedAt: testNow().Add(-time.Minute)}}
		v.Visit.Legs = []care.Leg{{ID: "l1", Role: care.AsGuest, Seat: 1, Joined: testNow().Add(-5 * time.Minute), Media: care.Video}}
	case scheduler.StatusCompleted:
		v.Visit.State = care.Completed
		v.Visit.Outcome = care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Actual: p, Together: p.Duration(), Grade: care.Certain, By: "system", At: p.End}
	case scheduler.StatusNot:
		v.Visit.State = care.NotCompleted
		v.Visit.Outcome = care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, Grade: care.Certain, By: "system", At: p.End}
	case scheduler.StatusTrouble:
		v.Visit.Invitations[0].State, v.Visit.Invitations[0].Failure = care.InvitationBounced, "Nummeret findes ikke."
		v.Visit.Exceptions = []care.Exception{{ID: care.ExceptionID(v.Visit.ID + "-x1"), Kind: care.MessageTrouble, About: "i1", Text: "SMS'en til borgeren kom ikke frem: nummeret findes ikke. Ring til borgeren, eller gør besøget fysisk.", Retry: true, RaisedAt: testNow().Add(-30 * time.Minute)}}
	case scheduler.StatusPhysical, scheduler.StatusToCall, scheduler.StatusBooking, scheduler.StatusPlanned, scheduler.StatusInvited, scheduler.StatusOpened, scheduler.StatusPhone, scheduler.StatusCancelled:
	}
}

func consent() care.Consent {
	return care.Consent{Form: care.Orally, By: "MSK", At: testNow().Add(-24 * time.Hour)}
}
