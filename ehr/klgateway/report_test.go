package klgateway_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/fhir/fhirpeer"
	"github.com/sluse/sluse/ehr/klgateway"
	"github.com/sluse/sluse/scheduler/care"
)

func reporter(t *testing.T) *klgateway.Reporter {
	t.Helper()

	r, err := klgateway.New(klgateway.Config{Organisation: "123456789012345", Services: map[string]string{
		"Medicinadministration": "d2d42368-9d6d-4ca2-affe-f7116da86e1b", "Tilsyn": "H1.6",
	}})
	if err != nil {
		t.Fatal(err)
	}

	return r
}

func citizen(t *testing.T, number string) care.Citizen {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR(number)

	return care.Citizen{ID: "c-" + care.CitizenID(number[:6]), CPR: cpr, Verdict: verdict, Name: "Nancy Ann Berggren", Address: "Testgade 1"}
}

func at(hour, minute int) time.Time { return time.Date(2026, 11, 24, hour, minute, 0, 0, time.UTC) }

// visit is a screen visit on a list, an hour after the one before.
func visit(n int, state care.VisitState, change func(*care.Snapshot)) care.Snapshot {
	v := care.Snapshot{ID: care.VisitID(fmt.Sprintf("visit-%d", n)), State: state, Delivery: care.Screen}
	v.Facts.Planned = care.Interval{Start: at(7+n, 0), End: at(7+n, 15)}
	v.Facts.List, v.Facts.Service, v.Facts.Employee = "l1", "Medicinadministration", "MSK"

	if change != nil {
		change(&v)
	}

	return v
}

// visits has every state and way.
func visits() []care.Snapshot {
	completed := func(d care.Delivery, actual bool) func(*care.Snapshot) {
		return func(v *care.Snapshot) {
			v.Outcome = care.Outcome{Kind: care.ResultCompleted, Delivery: d}
			if actual {
				v.Outcome.Actual = care.Interval{Start: v.Facts.Planned.Start.Add(time.Minute), End: v.Facts.Planned.End}
			}
		}
	}

	return []care.Snapshot{
		visit(9, care.Open, func(v *care.Snapshot) { v.Facts.List, v.Facts.Service = "", "" }),
		visit(0, care.Listed, func(v *care.Snapshot) { v.Delivery = care.Physical }),
		visit(1, care.RoomIsBooked, nil),
		visit(2, care.Completed, completed(care.Screen, true)),
		visit(3, care.Completed, completed(care.ByPhone, true)),
		visit(4, care.Completed, completed(care.Screen, false)),
		visit(5, care.Reverted, func(v *care.Snapshot) { v.Delivery = care.Physical }),
		visit(6, care.NotCompleted, func(v *care.Snapshot) { v.Facts.Service = "tilsyn " }),
		visit(7, care.Cancelled, func(v *care.Snapshot) { v.Facts.Service = "Andet" }),
		visit(8, care.Cancelled, func(v *care.Snapshot) { v.Delivery = care.Physical }),
		visit(11, care.Cancelled, func(v *care.Snapshot) { v.Delivery, v.Generation = care.Physical, 1 }),
	}
}

func report(t *testing.T, visits []care.Snapshot) []byte {
	t.Helper()

	line, ok, err := reporter(t).Report(citizen(t, "2512489996"), visits, at(18, 0))
	if err != nil || !ok {
		t.Fatalf("no report: %v", err)
	}

	return line
}

// object is JSON as the checker sees it: it knows nothing of the mapper's types.
type object = map[string]any

// TestProfile checks the report against what the IG's profiles demand and forbid.
func TestProfile(t *testing.T) {
	t.Parallel()

	line := report(t, visits())
	if n := strings.Count(string(line), "\n"); n != 1 || line[len(line)-1] != '\n' {
		t.Errorf("%d line ends", n)
	}

	var bundle object
	if err := json.Unmarshal(line, &bundle); err != nil {
		t.Fatal(err)
	}

	only(t, "Bundle", bundle, "resourceType", "meta", "type", "timestamp", "entry")

	if bundle["type"] != "collection" || bundle["timestamp"] != "2026-11-24T19:00:00+01:00" {
		t.Errorf("bundle %v %v", bundle["type"], bundle["timestamp"])
	}

	ids := map[string]string{} // fullUrl to resource type
	kinds := map[string]int{}
	entries, _ := bundle["entry"].([]any)

	for _, item := range entries {
		entry, _ := item.(object)
		resource, _ := entry["resource"].(object)
		kind, _ := resource["resourceType"].(string)
		address, _ := entry["fullUrl"].(string)
		ids[address] = kind
		kinds[kind]++

		if address != "urn:uuid:"+resource["id"].(string) {
			t.Errorf("%s: fullUrl %s, id %s", kind, address, resource["id"])
		}
	}

	if diff := cmp.Diff(map[string]int{"Patient": 1, "CarePlan": 2, "Encounter": 9}, kinds); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}

	for _, item := range entries {
		entry, _ := item.(object)
		checkResource(t, entry["resource"].(object), ids)
	}

	for _, word := range []string{"Nancy", "Testgade", "MSK", "284857a4"} {
		if strings.Contains(string(line), word) {
			t.Errorf("%s is in the report", word)
		}
	}
}

// only fails for every property that the profile forbids.
func only(t *testing.T, kind string, o object, allowed ...string) {
	t.Helper()

	for name := range o {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s.%s is forbidden", kind, name)
		}
	}
}

func checkResource(t *testing.T, r object, ids map[string]string) {
	t.Helper()

	switch r["resourceType"] {
	case "Patient":
		only(t, "Patient", r, "resourceType", "id", "meta", "identifier", "active", "deceasedBoolean", "managingOrganization")

		want := `[{"system":"urn:oid:1.2.208.176.1.2","use":"official","value":"2512489996"}] {"identifier":{"system":"urn:oid:1.2.208.176.1.1","use":"official","value":"123456789012345"}}`
		if got := text(t, r["identifier"]) + " " + text(t, r["managingOrganization"]); got != want {
			t.Errorf("Patient %s", got)
		}
	case "CarePlan":
		only(t, "CarePlan", r, "resourceType", "id", "meta", "status", "intent", "subject", "period", "activity")

		if r["status"] != "unknown" || r["intent"] != "plan" || !strings.Contains(text(t, r["activity"]), `"system":"urn:oid:1.2.208.176.2.21"`) {
			t.Errorf("CarePlan %s", text(t, r))
		}

		points(t, r["subject"], "Patient", ids)
	case "Encounter":
		only(t, "Encounter", r, "resourceType", "id", "meta", "status", "class", "type", "subject", "period", "extension", "reasonReference")
		points(t, r["subject"], "Patient", ids)

		if start, _ := r["period"].(object)["start"].(string); start == "" {
			t.Error("Encounter.period.start is missing")
		}

		extensions, _ := r["extension"].([]any)
		for _, item := range extensions {
			points(t, item.(object)["valueReference"], "CarePlan", ids)
		}

		if types, _ := r["type"].([]any); len(types) != 1 || len(types[0].(object)["coding"].([]any)) != 1 || types[0].(object)["text"] != nil {
			t.Errorf("Encounter.type %s", text(t, r["type"]))
		}
	default:
		t.Errorf("a %v is forbidden", r["resourceType"])
	}
}

func text(t *testing.T, v any) string {
	t.Helper()

	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}

	return string(data)
}

func points(t *testing.T, v any, kind string, ids map[string]string) {
	t.Helper()

	target, _ := v.(object)["reference"].(string)
	if ids[target] != kind {
		t.Errorf("a reference to %q, which is no bundled %s", target, kind)
	}
}

// TestStates is the table of the package comment.
func TestStates(t *testing.T) {
	t.Parallel()

	const screen, phone, home = "124be95d-6924-4609-9d2a-e7c73ae3ab3d", "1b55a4b0-1156-4f58-b2df-b5c6014d9048", "HH"

	var bundle struct {
		Entry []struct {
			Resource struct {
				ResourceType, Status string
				Class                struct{ Code string }
				Type                 []struct{ Coding []struct{ Code string } }
				Period               struct{ Start, End string }
				Extension            []object
			}
		}
	}

	if err := json.Unmarshal(report(t, visits()), &bundle); err != nil { //nolint:musttag // the names differ in case alone
		t.Fatal(err)
	}

	var got []string

	for _, e := range bundle.Entry {
		if r := e.Resource; r.ResourceType == "Encounter" {
			got = append(got, fmt.Sprint(r.Status, " ", r.Class.Code, " ", r.Period.Start, " ", r.Period.End, " ", r.Type[0].Coding[0].Code[:4], " ", len(r.Extension)))
		}
	}

	want := []string{
		"planned " + screen + " 2026-11-24T09:00:00+01:00 2026-11-24T09:15:00+01:00 7842 1",
		"finished " + screen + " 2026-11-24T10:01:00+01:00 2026-11-24T10:15:00+01:00 7842 1",
		"finished " + phone + " 2026-11-24T11:01:00+01:00 2026-11-24T11:15:00+01:00 7842 1",
		"finished " + screen + " 2026-11-24  7842 1",
		"planned " + home + " 2026-11-24T13:00:00+01:00 2026-11-24T13:15:00+01:00 7842 1",
		"entered-in-error " + screen + " 2026-11-24T14:00:00+01:00 2026-11-24T14:15:00+01:00 7842 1",
		"entered-in-error " + screen + " 2026-11-24T15:00:00+01:00 2026-11-24T15:15:00+01:00 7842 0",
		"planned " + screen + " 2026-11-24T17:00:00+01:00 2026-11-24T17:15:00+01:00 c03b 0",
		"entered-in-error " + home + " 2026-11-24T19:00:00+01:00 2026-11-24T19:15:00+01:00 7842 1", // it was on screen, and reported
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("encounters (-want +got):\n%s", diff)
	}
}

// TestIdsStay reports a visit today and tomorrow: what it is changes, its id does not.
func TestIdsStay(t *testing.T) {
	t.Parallel()

	idOf := func(line []byte) string {
		var bundle struct {
			Entry []struct {
				Resource struct{ ResourceType, ID string }
			}
		}
		if err := json.Unmarshal(line, &bundle); err != nil { //nolint:musttag // the names differ in case alone
			t.Fatal(err)
		}

		return bundle.Entry[len(bundle.Entry)-1].Resource.ID
	}

	today := idOf(report(t, []care.Snapshot{visit(1, care.RoomIsBooked, nil)}))
	tomorrow := idOf(report(t, []care.Snapshot{visit(1, care.Cancelled, nil)}))

	if today != tomorrow || today[14] != '5' {
		t.Errorf("ids %s and %s", today, tomorrow)
	}
}

// TestNothingToReport leaves out who has no CPR number and who had no screen visit.
func TestNothingToReport(t *testing.T) {
	t.Parallel()

	listed := []care.Snapshot{visit(0, care.Listed, nil)}

	for name, test := range map[string]struct {
		citizen care.Citizen
		visits  []care.Snapshot
	}{
		"replacement number": {citizen(t, "6512489996"), visits()},
		"no number":          {care.Citizen{ID: "c"}, visits()},
		"no screen visit":    {citizen(t, "2512489996"), listed},
		"nothing":            {citizen(t, "2512489996"), nil},
	} {
		if _, ok, err := reporter(t).Report(test.citizen, test.visits, at(18, 0)); ok || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

// TestConfig tells every problem at once.
func TestConfig(t *testing.T) {
	t.Parallel()

	bad := klgateway.Config{Organisation: "012", Services: map[string]string{"Bad": "bad", "": "G1.20"}}
	if problems := bad.Validate(); len(problems) != 3 {
		t.Errorf("%v", problems)
	}

	if _, err := klgateway.New(bad); err == nil {
		t.Error("a bad config is taken")
	}
}

// TestValidators shows the report to two validators that others wrote.
func TestValidators(t *testing.T) {
	t.Parallel()

	line := report(t, visits())
	resources := map[string][]byte{
		"report": line,
		"wrong":  []byte(strings.Replace(string(line), `"status":"finished"`, `"status":"done"`, 1)),
	}

	found := fhirpeer.Validate(t, resources)
	if names := slices.Collect(maps.Keys(found)); len(names) != 1 || names[0] != "wrong" {
		t.Errorf("errors: %v", found)
	}
}
