package fhir_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

const sampleDay = "2026-11-24"

// sampled is a record with a day of driving lists.
func sampled(t *testing.T, o fhirsim.Options, by fhir.By, changes ...func(*fhir.Config)) (testBundle, fhirsim.SampleRefs) {
	t.Helper()

	b := setup(t, o, append(changes, func(c *fhir.Config) { c.Lists.By = by })...)

	refs, err := b.sim.LoadSample(fhirsim.Sample{Day: sampleDay, Employees: 3, Visits: 15, Contained: true})
	if err != nil {
		t.Fatal(err)
	}

	return b, refs
}

func day() care.Interval { return care.Day(sampleDay).Bounds() }

func readList(t *testing.T, j *fhir.Journal, ref ehr.ListRef) ehr.DrivingList {
	t.Helper()

	list, err := j.Read(t.Context(), ref, day())
	if err != nil {
		t.Fatal(err)
	}

	return list
}

// TestLists reads a day by every way of finding lists; the simulator pages, mixes the forms of its
// next links and puts some citizens into the Appointments.
func TestLists(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		by      fhir.By
		lists   int
		rows    int
		options fhirsim.Options
		change  func(*fhir.Config)
	}{
		{by: fhir.ByPractitioner, lists: 3, rows: 15},
		{by: fhir.ByLocation, lists: 1, rows: 45},
		{by: fhir.BySchedule, lists: 3, rows: 15},
		{by: fhir.ByLocation, lists: 1, rows: 45, options: fhirsim.Options{PageSize: 7}},
		{by: fhir.ByLocation, lists: 1, rows: 45, options: fhirsim.Options{NoInclude: true}},
		{by: fhir.ByLocation, lists: 1, rows: 45, change: func(c *fhir.Config) { c.Lists.NoInclude, c.Lists.NoInpatient, c.Lists.PageSize = true, true, 11 }},
	} {
		t.Run(fmt.Sprintf("%s-%d", test.by, test.options.PageSize), func(t *testing.T) {
			t.Parallel()

			test.options.Calm, test.options.Strict = true, true
			b, refs := sampled(t, test.options, test.by, test.change)

			lists, err := b.journal.Lists(t.Context())
			if err != nil || len(lists) != test.lists {
				t.Fatalf("%d lists, %v", len(lists), err)
			}

			list := readList(t, b.journal, lists[0])
			if len(list.Rows) != test.rows || len(list.Problems) != 0 || list.Total != test.rows {
				t.Fatalf("%d rows of %d, problems %+v", len(list.Rows), list.Total, list.Problems)
			}

			want := ehr.Row{
				Line:     1,
				Source:   care.SourceRef{System: "fhir", ID: strings.TrimPrefix(refs.Appointments[0], "Appointment/"), Occurrence: sampleDay},
				ListName: lists[0].Name, Employee: "M1", CPR: citizen(t, "2512489996"), CPRVerdict: care.CPRValid,
				Name: "Nancy Ann Berggren", Address: "Testgade 1, 9999 Testby", Phone: care.NewPhone("+4520000001"),
				Planned: care.Interval{
					Start: time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC), End: time.Date(2026, 11, 24, 6, 45, 0, 0, time.UTC),
				},
				Service: "Medicinadministration", Law: care.SUL138, Category: "Planlagt besøg", Shift: care.DayShift,
				Suitable: care.SuitabilityUnknown, Version: "1",
			}

			for _, row := range list.Rows {
				if row.Source == want.Source {
					want.Line = row.Line
					if diff := cmp.Diff(want, row, cmp.Comparer(func(a, b care.CPR) bool { return a == b }), cmp.Comparer(func(a, b care.Phone) bool { return a == b }),
						cmp.Comparer(func(a, b care.Email) bool { return a == b }), cmp.Comparer(func(a, b care.SurrogateID) bool { return a == b })); diff != "" {
						t.Errorf("first row (-want +got):\n%s", diff)
					}
				}
			}

			if leaks := b.sim.Leaks(); len(leaks) != 0 {
				t.Errorf("person numbers in addresses of %v", leaks)
			}
		})
	}
}

// strangeVisit is a visit that is not like most.
type strangeVisit struct {
	name    string
	patient map[string]any                                 // seeded as Patient when not nil
	change  func(body, patient map[string]any)             // the Appointment
	actor   map[string]any                                 // in place of the Patient
	more    func(patient string) map[string]any            // what else the record holds
	wrong   func(row ehr.Row, problems []ehr.Problem) bool // nil: there is no row
	fault   string                                         // part of the Danish text
}

// TestStrangeVisits reads what real lists hold besides good visits.
func TestStrangeVisits(t *testing.T) {
	t.Parallel()

	participants := func(patient map[string]any) []any {
		return []any{
			map[string]any{"actor": patient, "status": "accepted"},
			map[string]any{"actor": map[string]any{"type": "Practitioner", "identifier": map[string]any{"system": "urn:x-sluse:id:employee", "value": "MSK"}}, "status": "accepted"},
		}
	}
	logical := func(system, value string) map[string]any {
		return map[string]any{"type": "Patient", "display": "Ellen Eksempel", "identifier": map[string]any{"system": system, "value": value}}
	}

	for _, test := range []strangeVisit{
		{name: "LogicalCPR", actor: logical("urn:oid:1.2.208.176.1.2", "2103009996"), wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.CPR != citizen(t, "2103009996") || row.Name != "Ellen Eksempel" || row.Employee != "MSK"
		}},
		{name: "XeCPR", actor: logical("urn:oid:1.2.208.176.1.6.1.1", "2103001AB9"), wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.CPRVerdict != care.CPRReplacement
		}},
		{name: "DeCPR", actor: logical("urn:oid:1.2.208.176.1.6.1.3.177", "2103005AB9"), wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.CPRVerdict != care.CPRReplacement
		}},
		{name: "OwnId", actor: logical("urn:x-journal:borger", "B-4711"), wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return !row.CPR.IsZero() || row.Surrogate.Shown() != "B-4711"
		}},
		{name: "NoNumber", actor: map[string]any{"type": "Patient", "display": "Ellen Eksempel"}, fault: "personnummer er ikke"},
		{name: "BadNumber", actor: logical("urn:oid:1.2.208.176.1.2", "9999999999"), fault: "ikke gyldigt"},
		{name: "Protected", patient: map[string]any{"meta": map[string]any{"security": []any{map[string]any{"code": "R"}}}}, wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return !row.Protected || row.Address != "" || row.Phone.IsZero()
		}},
		{name: "Dead", patient: map[string]any{"deceasedDateTime": "2026-11-20"}, wrong: func(row ehr.Row, problems []ehr.Problem) bool {
			return row.Status != "Aflyst" || len(problems) != 1 || !strings.Contains(problems[0].Text, "død")
		}},
		{name: "InHospital", patient: map[string]any{}, more: func(patient string) map[string]any {
			return map[string]any{
				"resourceType": "Encounter", "status": "in-progress", "class": map[string]any{"code": "IMP"}, "subject": map[string]any{"reference": patient},
			}
		}, wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.Status != "Indlagt"
		}},
		{name: "Cancelled", patient: map[string]any{}, change: func(b, _ map[string]any) { b["status"] = "cancelled" }, wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.Status != "Aflyst"
		}},
		{name: "Suitable", patient: map[string]any{"extension": []any{map[string]any{"url": "urn:x-journal:egnet", "valueBoolean": true}}}, wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.Suitable != care.Suitable
		}},
		{name: "OtherProduct", patient: map[string]any{}, change: func(b, _ map[string]any) {
			b["identifier"] = []any{map[string]any{"system": "http://vdx.medcom.dk/meeting", "value": "0d4c2f0e-6f5e-4a7b-9a51-3f5a0c1b7c11"}}
		}, wrong: func(row ehr.Row, problems []ehr.Problem) bool {
			return row.Category != "Planlagt skærmbesøg" || len(problems) != 1 || !strings.Contains(problems[0].Text, "andet system")
		}},
		{name: "ElderAct", patient: map[string]any{}, change: func(b, _ map[string]any) {
			b["extension"] = []any{map[string]any{"url": "http://ehealth.sundhed.dk/fhir/StructureDefinition/ehealth-legalBasis", "valueCoding": map[string]any{"code": "elderly-act"}}}
		}, wrong: func(row ehr.Row, _ []ehr.Problem) bool {
			return row.Law != care.AEL
		}},
		{name: "Mistake", patient: map[string]any{}, change: func(b, _ map[string]any) { b["status"] = "entered-in-error" }},
		{name: "Proposed", patient: map[string]any{}, change: func(b, _ map[string]any) { b["status"] = "proposed" }, fault: "ikke planlagt endnu"},
		{name: "TwoCitizens", patient: map[string]any{}, change: func(b, _ map[string]any) {
			list, _ := b["participant"].([]any)
			b["participant"] = append(list, map[string]any{"actor": logical("urn:oid:1.2.208.176.1.2", "2103009996"), "status": "accepted"})
		}, fault: "ingen borger"},
		{name: "Elsewhere", actor: map[string]any{"type": "Patient", "reference": "https://evil.example/fhir/Patient/1"}, fault: "personnummer er ikke"},
		{name: "NotToBeSeen", actor: map[string]any{"type": "Patient", "reference": "Patient/nobody"}, fault: "personnummer er ikke"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			test.run(t, participants)
		})
	}
}

// verify compares what was read with what the test wants.
func (test strangeVisit) verify(t *testing.T, list ehr.DrivingList) {
	t.Helper()

	switch {
	case test.fault != "":
		if len(list.Rows) != 0 || len(list.Problems) != 1 || list.Problems[0].Severity != ehr.Fault || !strings.Contains(list.Problems[0].Text, test.fault) {
			t.Errorf("rows %d, problems %+v", len(list.Rows), list.Problems)
		}
	case test.wrong == nil:
		if list.Total != 0 {
			t.Errorf("%+v", list)
		}
	case len(list.Rows) != 1:
		t.Errorf("%+v", list)
	case test.wrong(list.Rows[0], list.Problems):
		t.Errorf("%+v", list)
	}
}

// run puts the visit into a record and reads it as a list.
func (test strangeVisit) run(t *testing.T, participants func(map[string]any) []any) {
	t.Helper()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true}, func(c *fhir.Config) {
		c.Lists.Named = map[string]string{"Alle": "status=booked,cancelled,proposed,entered-in-error"}
		c.Lists.SuitableURL, c.CitizenSystem = "urn:x-journal:egnet", "urn:x-journal:borger"
	})

	actor := test.actor

	if test.patient != nil {
		person := map[string]any{
			"resourceType": "Patient",
			"identifier":   []any{map[string]any{"system": "urn:oid:1.2.208.176.1.2", "value": "210300-9996"}},
			"name":         []any{map[string]any{"text": "Ellen Eksempel"}},
			"telecom":      []any{map[string]any{"system": "phone", "value": "20 00 00 06"}},
			"address":      []any{map[string]any{"line": []any{"Testgade 6"}, "postalCode": "9999", "city": "Testby"}},
		}
		maps.Copy(person, test.patient)

		ref := seed(t, b.sim, person)
		actor = map[string]any{"reference": ref}

		if test.more != nil {
			seed(t, b.sim, test.more(ref))
		}
	}

	body := map[string]any{
		"resourceType": "Appointment", "status": "booked", "start": "2026-11-24T08:30:00+01:00", "end": "2026-11-24T08:45:00+01:00",
		"participant": participants(actor),
	}
	if test.change != nil {
		test.change(body, actor)
	}

	seed(t, b.sim, body)

	list := readList(t, b.journal, ehr.ListRef{ID: "named:Alle", Name: "Alle"})

	for _, p := range list.Problems {
		if strings.Contains(p.Text, "Ellen") || strings.Contains(p.Text, "2103") {
			t.Errorf("a problem tells who it is: %s", p.Text)
		}
	}

	test.verify(t, list)
}

func seed(t *testing.T, sim *fhirsim.Server, body map[string]any) string {
	t.Helper()

	ref, err := sim.Seed(body)
	if err != nil {
		t.Fatal(err)
	}

	return ref
}

// TestForeignPage plants a next link to another host: the token must not go there.
func TestForeignPage(t *testing.T) {
	t.Parallel()

	visited := make(chan string, 10)

	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { visited <- r.Header.Get("Authorization") }))
	t.Cleanup(other.Close)

	for _, address := range []string{other.URL + "/fhir", "https://fhir.evil.example/fhir", "//" + strings.TrimPrefix(other.URL, "http://") + "/fhir", "/elsewhere/Appointment"} {
		b, refs := sampled(t, fhirsim.Options{Calm: true, ForeignNext: address, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}}, fhir.ByLocation)

		_, err := b.journal.Read(t.Context(), ehr.ListRef{ID: refs.Location}, day())
		if !connector.Is(err, connector.Malformed) {
			t.Errorf("%s: %v", address, err)
		}
	}

	select {
	case <-visited:
		t.Error("the other host was called")
	default:
	}
}

// TestListRefusals are the ways in which a list can't be had.
func TestListRefusals(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true}, fhir.ByLocation, func(c *fhir.Config) { c.Lists.MaxVisits = 10 })
	week := care.Interval{Start: day().Start, End: day().Start.Add(9 * 24 * time.Hour)}

	for name, test := range map[string]struct {
		list   string
		period care.Interval
		want   connector.Kind
	}{
		"unknown":  {"Schedule/1", day(), connector.NotFound},
		"crooked":  {"Location/../metadata", day(), connector.NotFound},
		"named":    {"named:nothing", day(), connector.NotFound},
		"too long": {refs.Location, week, connector.Rejected},
		"too many": {refs.Location, day(), connector.Malformed},
	} {
		_, err := b.journal.Read(t.Context(), ehr.ListRef{ID: test.list}, test.period)
		if !connector.Is(err, test.want) || care.KindOf(err) == care.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadingMeetsFaults reads through a record that fails now and then: every try ends in a whole
// list or in an error, never in a part of one.
func TestReadingMeetsFaults(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		b, refs := sampled(t, fhirsim.Options{Seed: seed, Faults: fhirsim.Faults{
			ResetAfter: .05, ServerError: .05, BrokenBody: .05, BadGatewayBefore: .05, TooMany: .02, RetryAfter: time.Nanosecond,
		}, PageSize: 13}, fhir.ByLocation)

		whole := false

		for range 60 {
			list, err := b.journal.Read(t.Context(), ehr.ListRef{ID: refs.Location, Name: "Øst"}, day())
			if err == nil && len(list.Rows) != 45 {
				t.Fatalf("seed %d: %d rows without an error", seed, len(list.Rows))
			}

			if whole = err == nil; whole {
				break
			}

			if connector.KindOf(err) == 0 {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}

		if !whole {
			t.Errorf("seed %d: the list was never read", seed)
		}
	}
}

// TestCutAnswers: an answer that was cut off, of whatever call, says nothing about the list, and the next
// try helps. In particular nobody is left out because only half of a citizen came.
func TestCutAnswers(t *testing.T) {
	t.Parallel()

	for _, op := range []string{fhirsim.OpToken, fhirsim.OpSearch, fhirsim.OpPage, fhirsim.OpRead} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()

			b, refs := sampled(t, fhirsim.Options{
				Calm: true, Strict: true, PageSize: 7, NoInclude: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}},
			}, fhir.ByLocation)

			if err := b.sim.Script(fhirsim.Fault{Kind: fhirsim.FaultBrokenBody, Op: op}); err != nil {
				t.Fatal(err)
			}

			ref := ehr.ListRef{ID: refs.Location, Name: "Øst"}
			if _, err := b.journal.Read(t.Context(), ref, day()); !connector.Is(err, connector.Unavailable) {
				t.Errorf("cut: %v", err)
			}

			if list := readList(t, b.journal, ref); len(list.Rows) != 45 || len(list.Problems) != 0 {
				t.Errorf("then: %d rows, %+v", len(list.Rows), list.Problems)
			}
		})
	}
}
