package fhir_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

func glanceOf(changes ...ehr.Change) ehr.Glance {
	c := changes[len(changes)-1]
	g := ehr.Glance{Source: c.Source, List: c.List, Planned: c.Planned, Rooms: []care.RoomRef{c.Room}}

	for _, c := range changes {
		g.Written = append(g.Written, ehr.Written{Change: c})
	}

	return g
}

// looked is a record with a day of visits, and the planned entry of the first, which is written.
func looked(t *testing.T, o fhirsim.Options, changes ...func(*fhir.Config)) (testBundle, ehr.Change) {
	t.Helper()

	o.Calm = true
	b := setup(t, o, append(changes, func(c *fhir.Config) { c.Lists.By = fhir.ByLocation })...)

	refs, err := b.sim.LoadSample(fhirsim.Sample{Day: sampleDay, Employees: 3, Visits: 2})
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range borrowedChanges(t, b, refs, 6) {
		if "Appointment/"+c.Source.ID == refs.Appointments[0] {
			c.Means = care.OnList
			mustApply(t, b.journal, c)

			return b, c
		}
	}

	t.Fatal("the first visit is not on the list")

	return b, ehr.Change{}
}

// patientOf is the reference to whom an Appointment is for.
func patientOf(t *testing.T, b testBundle, c ehr.Change) string {
	t.Helper()

	for _, one := range appointmentOf(t, b.sim, c)["participant"].([]any) {
		if ref, _ := one.(body)["actor"].(body)["reference"].(string); strings.HasPrefix(ref, "Patient/") {
			return ref
		}
	}

	t.Fatal("the Appointment refers to no Patient")

	return ""
}

func sameSeen() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b care.Phone) bool { return a == b }), cmpopts.IgnoreFields(ehr.Sight{}, "Version"), cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0),
	}
}

type body = map[string]any

// lookAtBorrowed is something that people do with a visit of the record, and how the visit looks then.
type lookAtBorrowed struct {
	name string
	edit func(appointment body)
	who  func(patient body)
	do   func(t *testing.T, b testBundle, c ehr.Change)
	want func(*ehr.Seen)
}

func nobody(s *ehr.Seen) { s.Standing, s.Phone, s.HasPhone = "", care.Phone{}, false }

func borrowedLooks() []lookAtBorrowed {
	status := func(s string) func(body) { return func(b body) { b["status"] = s } }
	off := func(s *ehr.Seen) { s.Visits[0].Cancelled = true }

	return []lookAtBorrowed{
		{name: "untouched"},
		{name: "moved", edit: func(b body) { b["start"], b["end"] = "2026-11-24T12:00:00+01:00", "2026-11-24T12:15:00+01:00" }, want: func(s *ehr.Seen) {
			s.Visits[0].Planned = care.Interval{Start: time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 24, 11, 15, 0, 0, time.UTC)}
		}},
		{name: "no times", edit: func(b body) { delete(b, "start"); delete(b, "end"); b["status"] = "proposed" }, want: func(s *ehr.Seen) { s.Visits[0].Planned = care.Interval{} }},
		{name: "cancelled", edit: status("cancelled"), want: off},
		{name: "noshow", edit: status("noshow"), want: off},
		{name: "mistake", edit: status("entered-in-error"), want: off},
		{name: "fulfilled", edit: status("fulfilled"), want: func(s *ehr.Seen) { s.Visits[0].Delivered = true }},
		{name: "category by hand", edit: func(b body) { b["serviceType"] = []any{body{"text": "Tilsyn"}} }, want: func(s *ehr.Seen) { s.Visits[0].Category = "Tilsyn" }},
		{name: "no category", edit: func(b body) { delete(b, "serviceType") }, want: func(s *ehr.Seen) { s.Visits[0].Category = "" }},
		{name: "our word deleted", edit: func(b body) { delete(b, "comment") }, want: func(s *ehr.Seen) { s.Visits[0].Mark = ehr.MarkGone }},
		{name: "a word before ours", edit: func(b body) { b["comment"] = "Ring først\nskærmbesøg" }},
		{name: "our entry gone", edit: func(b body) { delete(b, "identifier") }, want: func(s *ehr.Seen) { s.Visits[0].Entries[0].Copies = 0 }},
		{name: "another meeting", edit: func(b body) {
			for _, one := range b["identifier"].([]any) {
				if i, ok := one.(body); ok && strings.Contains(i["system"].(string), "meeting") {
					i["value"] = "f0f0f0f0-0000-4000-8000-000000000000"
				}
			}
		}, want: func(s *ehr.Seen) { s.Visits[0].OtherVideo = true }},
		{name: "deleted", do: func(t *testing.T, b testBundle, c ehr.Change) {
			t.Helper()

			if err := b.sim.Delete("Appointment/" + c.Source.ID); err != nil {
				t.Fatal(err)
			}
		}, want: func(s *ehr.Seen) {
			nobody(s)
			s.Visits[0] = ehr.Sight{Presence: ehr.Absent, Entries: []ehr.Trace{{Told: true}}}
		}},
		{name: "no citizen", edit: func(b body) { b["participant"] = b["participant"].([]any)[1:] }, want: nobody},
		{name: "dead", who: func(p body) { p["deceasedBoolean"] = true }, want: func(s *ehr.Seen) { s.Standing = ehr.Dead }},
		{name: "dead since", who: func(p body) { p["deceasedDateTime"] = "2026-11-20" }, want: func(s *ehr.Seen) { s.Standing = ehr.Dead }},
		{name: "not dead", who: func(p body) { p["deceasedBoolean"] = false }},
		{name: "inactive", who: func(p body) { p["active"] = false }, want: func(s *ehr.Seen) { s.Standing = ehr.Inactive }},
		{name: "another number", who: func(p body) { p["telecom"] = []any{body{"system": "phone", "value": "+4520999999", "use": "mobile"}} }, want: func(s *ehr.Seen) { s.Phone = care.NewPhone("+4520999999") }},
		{name: "no number", who: func(p body) { delete(p, "telecom") }, want: func(s *ehr.Seen) { s.Phone = care.Phone{} }},
		{name: "protected", who: func(p body) { p["meta"] = body{"security": []any{body{"code": "R"}}} }, want: func(s *ehr.Seen) { s.Phone, s.HasPhone = care.Phone{}, false }},
		{name: "citizen deleted", do: func(t *testing.T, b testBundle, c ehr.Change) {
			t.Helper()

			if err := b.sim.Delete(patientOf(t, b, c)); err != nil {
				t.Fatal(err)
			}
		}, want: nobody},
		{name: "in hospital", do: func(t *testing.T, b testBundle, c ehr.Change) {
			t.Helper()

			if _, err := b.sim.Seed(body{
				"resourceType": "Encounter", "status": "in-progress", "class": body{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
				"subject": body{"reference": patientOf(t, b, c)},
			}); err != nil {
				t.Fatal(err)
			}
		}, want: func(s *ehr.Seen) { s.Standing = ehr.InHospital }},
		{name: "another employee", edit: func(b body) { setPractitioner(b, "urn:x-sluse:id:employee", "AHA") }, want: func(s *ehr.Seen) { s.Visits[0].Employee = "AHA" }},
		{name: "employee of another system", edit: func(b body) { setPractitioner(b, "http://x.example/id", "AHA") }, want: func(s *ehr.Seen) { s.Visits[0].Employee = "" }},
		{name: "a second visit at the time", do: func(t *testing.T, b testBundle, c ehr.Change) {
			t.Helper()

			twin := appointmentOf(t, b.sim, c)
			delete(twin, "id")
			delete(twin, "meta")
			delete(twin, "identifier")
			twin["serviceType"] = []any{body{"text": "Planlagt besøg"}}

			if _, err := b.sim.Seed(twin); err != nil {
				t.Fatal(err)
			}
		}, want: func(s *ehr.Seen) {
			s.Others = append(s.Others, ehr.Other{Planned: s.Visits[0].Planned, Category: "Planlagt besøg", Employee: "M1"})
		}},
	}
}

func setPractitioner(appointment body, system, value string) {
	for _, one := range appointment["participant"].([]any) {
		actor := one.(body)["actor"].(body)
		if reference, _ := actor["reference"].(string); strings.HasPrefix(reference, "Practitioner/") {
			delete(actor, "reference")
			actor["type"], actor["identifier"] = "Practitioner", body{"system": system, "value": value}
		}
	}
}

// TestLookAtBorrowed looks at a visit of the record after people did something with it.
func TestLookAtBorrowed(t *testing.T) {
	t.Parallel()

	for _, test := range borrowedLooks() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b, change := looked(t, fhirsim.Options{PageSize: 2}, func(c *fhir.Config) { c.Lists.PageSize = 2 })

			base, err := b.journal.Look(t.Context(), change.Citizen, []ehr.Glance{glanceOf(change)})
			if err != nil {
				t.Fatal(err)
			}

			want := ehr.Seen{
				Standing: ehr.AtHome, Phone: care.NewPhone("+4520000001"), HasPhone: true, Others: base.Others,
				Visits: []ehr.Sight{{
					Presence: ehr.Present, Planned: change.Planned, Employee: "M1", Service: "Medicinadministration", Category: "Planlagt skærmbesøg", Mark: ehr.MarkThere,
					Entries: []ehr.Trace{{Told: true, Copies: 1}},
				}},
			}

			for ref, edit := range map[string]func(body){"Appointment/" + change.Source.ID: test.edit, patientOf(t, b, change): test.who} {
				if edit == nil {
					continue
				}

				if err := b.sim.Edit(ref, edit); err != nil {
					t.Fatal(err)
				}
			}

			if test.do != nil {
				test.do(t, b, change)
			}

			if test.want != nil {
				test.want(&want)
			}

			seen, err := b.journal.Look(t.Context(), change.Citizen, []ehr.Glance{glanceOf(change)})
			if err != nil {
				t.Fatal(err)
			}

			if want.Standing == "" || want.Visits[0].Presence == ehr.Absent { // nobody knows whose others to look for
				want.Others, seen.Others = nil, nil
			}

			if diff := cmp.Diff(want, seen, sameSeen()); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLookAtOwn looks at entries of visits that came from elsewhere.
func TestLookAtOwn(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name  string
		next  func(ehr.Change) ehr.Change
		kind  string
		edit  func(body)
		again bool // a second one like it
		drop  bool
		want  ehr.Trace
		gone  bool // nothing of the visit is left
	}{
		{name: "untouched", want: ehr.Trace{Told: true, Copies: 1}},
		{name: "deleted", kind: "Appointment", drop: true, want: ehr.Trace{Told: true}, gone: true},
		{name: "doubled", kind: "Appointment", again: true, want: ehr.Trace{Told: true, Copies: 2}},
		{name: "completed", next: ehrtest.Completed, want: ehr.Trace{Told: true, Copies: 1}},
		{name: "result deleted", next: ehrtest.Completed, kind: "Encounter", drop: true, want: ehr.Trace{Told: true}},
		{name: "result doubled", next: ehrtest.Completed, kind: "Encounter", again: true, want: ehr.Trace{Told: true, Copies: 2}},
		{name: "result a mistake", next: ehrtest.Completed, kind: "Encounter", edit: func(b body) { b["status"] = "entered-in-error" }, want: ehr.Trace{Told: true}},
		{name: "result unfinished", next: ehrtest.Completed, kind: "Encounter", edit: func(b body) { b["status"] = "in-progress" }, want: ehr.Trace{Told: true, Copies: 1, Differs: "Kontaktens status er ændret."}},
		{name: "result at another time", next: ehrtest.Completed, kind: "Encounter", edit: func(b body) {
			b["period"] = body{"start": "2026-11-24T05:00:00Z", "end": "2026-11-24T05:10:00Z"}
		}, want: ehr.Trace{Told: true, Copies: 1, Differs: "Kontaktens tider er ændret."}},
		{name: "not completed, booked again", next: ehrtest.NotCompleted, kind: "Appointment", edit: func(b body) { b["status"] = "booked"; delete(b, "cancelationReason") }, want: ehr.Trace{Told: true, Copies: 1, Differs: "Aftalens status er ændret."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, PageSize: 1})
			change := planned(t, 0)
			change.Means = care.OnList
			mustApply(t, b.journal, change)

			if test.next != nil {
				change = test.next(change)
				mustApply(t, b.journal, change)
			}

			spoil(t, b, change, test.kind, test.edit, test.again, test.drop)

			seen, err := b.journal.Look(t.Context(), change.Citizen, []ehr.Glance{glanceOf(change)})
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]ehr.Trace{test.want}, seen.Visits[0].Entries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}

			if s := seen.Visits[0]; (s.Presence == "") != test.gone || s.Presence == ehr.Absent || s.Employee != "" {
				t.Errorf("%+v: whose entry is gone has a visit all the same, and the list knows who has it", s)
			}
		})
	}
}

func spoil(t *testing.T, b testBundle, c ehr.Change, kind string, edit func(body), again, drop bool) {
	t.Helper()

	if kind == "" {
		return
	}

	visit := visitOf(t, b.sim, c)
	all := visit.Appointments

	if kind == "Encounter" {
		all = visit.Encounters
	}

	ref := all[0].Ref

	var err error

	switch {
	case drop:
		err = b.sim.Delete(ref)
	case again:
		versions := b.sim.Versions(ref)
		twin := versions[len(versions)-1]
		delete(twin, "id")
		delete(twin, "meta")

		_, err = b.sim.Seed(twin)
	default:
		err = b.sim.Edit(ref, edit)
	}

	if err != nil {
		t.Fatal(err)
	}
}

// TestLookIsAllOrNothing: a record that fails, refuses or is cut off on the way tells nothing, and the
// kind of error says whether asking again can help.
func TestLookIsAllOrNothing(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		path   string
		status int
		want   connector.Kind
		cancel bool
	}{
		"visit forbidden":     {path: "/fhir/Appointment/", status: http.StatusForbidden, want: connector.Unauthorized},
		"visit not our key":   {path: "/fhir/Appointment/", status: http.StatusUnauthorized, want: connector.Unauthorized},
		"visit 500":           {path: "/fhir/Appointment/", status: http.StatusInternalServerError, want: connector.Unavailable},
		"visit 503":           {path: "/fhir/Appointment/", status: http.StatusServiceUnavailable, want: connector.Unavailable},
		"visit strange":       {path: "/fhir/Appointment/", status: http.StatusOK, want: connector.Malformed},
		"entries forbidden":   {path: "/fhir/Encounter", status: http.StatusForbidden, want: connector.Unauthorized},
		"entries half":        {path: "/fhir/Encounter", status: http.StatusOK, want: connector.Malformed},
		"citizen 500":         {path: "/fhir/Patient/", status: http.StatusInternalServerError, want: connector.Unavailable},
		"others 502":          {path: "/fhir/Appointment?", status: http.StatusBadGateway, want: connector.Unavailable},
		"nobody waits for it": {cancel: true, want: connector.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, change := looked(t, fhirsim.Options{})

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			if test.cancel {
				cancel()
			}

			gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if test.path != "" && strings.HasPrefix(r.URL.String(), test.path) {
					w.Header().Set("Content-Type", "application/fhir+json")
					w.WriteHeader(test.status)
					_, _ = w.Write([]byte(`{"resourceType":"Basic"}`))

					return
				}

				b.sim.Handler().ServeHTTP(w, r)
			}))
			t.Cleanup(gate.Close)

			config := b.config
			config.BaseURL = gate.URL + "/fhir"

			seen, err := open(t, config).Look(ctx, change.Citizen, []ehr.Glance{glanceOf(change)})
			if !connector.Is(err, test.want) && !slices.Contains([]connector.Kind{connector.Unavailable, connector.Unknown}, connector.KindOf(err)) ||
				connector.KindOf(err) == 0 || connector.Is(err, connector.Malformed) != (test.want == connector.Malformed) || len(seen.Visits) != 0 || seen.Standing != "" {
				t.Errorf("error %v (%s), want %s; seen %+v", err, connector.KindOf(err), test.want, seen)
			}
		})
	}
}

// TestHospitalNobodyTells: a record that can't tell whether the citizen is in hospital has not said that
// the citizen is at home.
func TestHospitalNobodyTells(t *testing.T) {
	t.Parallel()

	b, change := looked(t, fhirsim.Options{}, func(c *fhir.Config) { c.Lists.NoInpatient = true })

	seen, err := b.journal.Look(t.Context(), change.Citizen, []ehr.Glance{glanceOf(change)})
	if err != nil || seen.Standing != "" || !seen.HasPhone {
		t.Errorf("%+v, %v", seen, err)
	}
}
