package fhir

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCommentRoundTrip adds and removes our token on random comments (K67).
func TestCommentRoundTrip(t *testing.T) {
	t.Parallel()

	const seed = 20261124

	random := rand.New(rand.NewPCG(seed, 0))
	words := []string{"skærmbesøg", "Nøgle hos nabo", "\n", " ", "skærm", "besøg", ";", "\n\n", "ring først", ""}

	for i := range 5000 {
		var b strings.Builder
		for range random.IntN(7) {
			b.WriteString(words[random.IntN(len(words))])
		}

		text, token := b.String(), words[[]int{0, 4}[random.IntN(2)]]

		with := addToken(text, token)
		if !hasToken(with, token) {
			t.Fatalf("seed %d, case %d: %q has no %q", seed, i, with, token)
		}

		if got := removeToken(with, token); got != text {
			t.Fatalf("seed %d, case %d: %q became %q", seed, i, text, got)
		}
	}
}

// TestCommentIsOurs tries the same through a resource, twice over, as entries do.
func TestCommentIsOurs(t *testing.T) {
	t.Parallel()

	for _, text := range []string{"", "Nøgle hos nabo", "skærmbesøg", "skærmbesøg\nRing først", "\n", "a\nskærmbesøg\nb"} {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}

		base := resource{"comment": json.RawMessage(raw)}

		for range 2 {
			base = comment(t, base, "skærmbesøg")
		}

		if got := base.text("comment"); !strings.HasSuffix(got, "skærmbesøg") || strings.Count(got, "skærmbesøg") != strings.Count(text, "skærmbesøg")+1 {
			t.Errorf("%q became %q", text, got)
		}

		back := comment(t, base, "")
		if got := back.text("comment"); got != text {
			t.Errorf("%q came back as %q", text, got)
		}

		if _, ok := back["extension"]; ok {
			t.Error("the extension stayed")
		}
	}
}

// comment sets our part and reads the resource back as from the record.
func comment(t *testing.T, base resource, own string) resource {
	t.Helper()

	m := mapper{change: ehr.Change{Comment: own}}
	next := base.next(kindAppointment)
	next["resourceType"], next["id"] = kindAppointment, "1"
	m.setComment(base, next)

	body, err := next.encode()
	if err != nil {
		t.Fatal(err)
	}

	r, err := decodeResource(body, kindAppointment)
	if err != nil {
		t.Fatal(err)
	}

	return r
}

func TestVisitIdentifier(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		source care.SourceRef
		want   string
	}{
		{care.SourceRef{System: "nexus", ID: "990121", Occurrence: "2026-11-24"}, "nexus:990121:2026-11-24"},
		{care.SourceRef{System: "file", ID: "a:b", Occurrence: "c"}, "file:a%3Ab:c"},
		{care.SourceRef{System: "file", ID: "a", Occurrence: "b:c"}, "file:a:b:c"},
		{care.SourceRef{System: "file", ID: "a%3Ab", Occurrence: "c"}, "file:a%253Ab:c"},
	} {
		if got := VisitIdentifier(test.source); got != test.want {
			t.Errorf("%+v: %s, want %s", test.source, got, test.want)
		}
	}
}

func TestCitizenSystems(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]identifier{
		"2512489996": {System: systemCPR, Value: "2512489996"},
		"8512489996": {Value: "8512489996", Type: &concept{Text: "Erstatningspersonnummer"}},
		"2512481AB6": {System: systemXECPR, Value: "2512481AB6"},
		"2512480AB6": {Value: "2512480AB6", Type: &concept{Text: "Erstatningspersonnummer"}},
	} {
		cpr, verdict, _ := care.ParseCPR(text)
		if verdict == care.CPRMalformed {
			t.Fatalf("%s is malformed", text)
		}

		m := mapper{change: ehr.Change{Citizen: care.CitizenKey{CPR: cpr}}}
		if diff := cmp.Diff(&want, m.citizen().Identifier); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestCitizenWithoutNumber names somebody who has no CPR number by the record's own id.
func TestCitizenWithoutNumber(t *testing.T) {
	t.Parallel()

	id, err := care.ParseSurrogateID("fhir", "B-17")
	if err != nil {
		t.Fatal(err)
	}

	m := mapper{config: Config{CitizenSystem: "urn:oid:1.2.3"}, change: ehr.Change{Citizen: care.CitizenKey{Surrogate: id}}}

	want := reference{Type: "Patient", Identifier: &identifier{System: "urn:oid:1.2.3", Value: "B-17", Type: &concept{Text: "Lokalt id"}}}
	if diff := cmp.Diff(want, m.citizen()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()

	for header, want := range map[string]string{
		`W/"3"`: "3", `"3"`: "3", `3`: "3", ` W/"a-b.c" `: "a-b.c", ``: "", `W/"a b"`: "", "\"3\"\r\nX: y": "", `*`: "",
	} {
		if got := parseETag(header); got != want {
			t.Errorf("ETag %q: %q, want %q", header, got, want)
		}
	}

	for header, want := range map[string][2]string{
		"/fhir/Appointment/12/_history/3":               {"12", "3"},
		"https://r.example/fhir/Appointment/12":         {"12", ""},
		"Appointment/12":                                {"12", ""},
		"/fhir/Encounter/12/_history/3":                 {"", ""},
		"/fhir/Appointment/..":                          {"", ""},
		"/fhir/Appointment/12/_history/3?x=1":           {"", ""},
		"https://r.example/fhir/NoAppointment/12":       {"", ""},
		"https://r.example/fhir/Appointment/1 2/../../": {"", ""},
	} {
		id, version := parseLocation(header, kindAppointment)
		if got := [2]string{id, version}; got != want {
			t.Errorf("Location %q: %v, want %v", header, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()

	var config Config

	config.SetDefaults()

	config.BaseURL = "https://record.example/fhir"
	if problems := config.Validate(); len(problems) != 0 {
		t.Errorf("defaults are refused: %v", problems)
	}

	bad := Config{
		BaseURL: "ftp://x", TokenURL: "https://u:p@x/token", ETag: "odd", Class: "odd", VisitSystem: "x", EntrySystem: "x",
		EmployeeSystem: "y", ReasonSystem: "z", ReplacementSystem: "w",
	}
	text := errors.Join(bad.Validate()...).Error()

	for _, key := range []string{
		"base_url", "token_url", "client_id", "connect_timeout", "timeout", "etag", "class", "visit_system", "entry_system",
		"employee_system", "reason_system", "replacement_system",
	} {
		if !strings.Contains(text, key) {
			t.Errorf("nothing is said of %s", key)
		}
	}

	if _, err := New(bad, Options{}); err == nil {
		t.Error("New takes a bad config")
	}
}

// FuzzResource takes any bytes for a resource and maps every kind of entry onto it.
func FuzzResource(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Appointment","id":"1","meta":{"versionId":"1"},"status":"booked"}`))
	f.Add([]byte(`{"resourceType":"Appointment","id":"1","identifier":7,"participant":[1,{"actor":{"type":"Patient"}}],"comment":["x"]}`))
	f.Add([]byte(`{"resourceType":"Encounter","id":"1","type":[null],"appointment":[{}],"serviceType":[{"coding":7}]}`))
	f.Add([]byte(`{"resourceType":"Appointment","id":"1","serviceType":["x",{"coding":[1]}],"extension":{}} x`))

	config := Config{}
	config.SetDefaults()

	cpr, _, _ := care.ParseCPR("2512489996")

	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []string{kindAppointment, kindEncounter} {
			r, err := decodeResource(data, kind)
			if err != nil {
				continue
			}

			for _, entry := range []care.EntryKind{care.EntryPlanned, care.EntryResult, care.EntryRestored} {
				m := mapper{config: config, visit: "v", change: ehr.Change{
					Key: "k", Kind: entry, Citizen: care.CitizenKey{CPR: cpr}, Employee: "MSK", Category: "c", Comment: "skærmbesøg",
				}}

				next := m.appointment(r)
				if kind == kindEncounter {
					next = m.encounter(r, "Appointment/1")
				}

				body, err := next.encode()
				if err != nil {
					t.Fatalf("encode: %v", err)
				}

				back, err := decodeResource(body, kind)
				if err != nil {
					t.Fatalf("decode our own: %v", err)
				}

				keys := (&entryUnderTest{config}).keys(back)
				if len(keys) == 0 || keys[len(keys)-1] != "k" {
					t.Fatalf("the key is not the last of %v", keys)
				}
			}
		}
	})
}

type entryUnderTest struct{ config Config }

func (e *entryUnderTest) keys(r resource) []string {
	return (&entry{journal: &Journal{config: e.config}}).keys(r)
}

// FuzzOutcome takes any bytes for an OperationOutcome.
func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"required","expression":["Appointment.start"]}]}`))
	f.Add([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":1,"code":[],"expression":"x","location":["/f:a"]},null,7]}`))
	f.Add([]byte(`<html>502</html>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, text := sentence(decodeOutcome(data))
		if text == "" || len(text) > 400 || strings.ContainsAny(text, "<>\"\n") {
			t.Errorf("sentence %q", text)
		}
	})
}

// FuzzHeaders takes any text for the headers that name a version.
func FuzzHeaders(f *testing.F) {
	f.Add(`W/"3"`, "/fhir/Appointment/1/_history/3")
	f.Fuzz(func(t *testing.T, tag, location string) {
		if v := parseETag(tag); v != "" && !idLike.MatchString(v) {
			t.Errorf("version %q", v)
		}

		if id, _ := parseLocation(location, kindAppointment); id != "" && !isID(id) {
			t.Errorf("id %q", id)
		}
	})
}
