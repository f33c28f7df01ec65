package scim_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/web/scim"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// entraUser is what Entra ID sends for a new person, by its documentation of SCIM provisioning.
const entraUser = `{
	"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
	"userName": "MSK@testby.example",
	"active": true,
	"displayName": "Mona Skov",
	"emails": [{"primary": true, "type": "work", "value": "mona.skov@testby.example"}],
	"meta": {"resourceType": "User"},
	"name": {"formatted": "Mona Skov", "familyName": "Skov", "givenName": "Mona"},
	"title": "SOSU-assistent",
	"roles": [],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Øst", "employeeNumber": "4711"}
}`

func patch(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

func query(filter string) string { return "?filter=" + url.QueryEscape(filter) }

// TestEntra plays the life of a person and a group as Entra ID provisions them.
func TestEntra(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyLocalPart)

	// The test of the connection asks for somebody who does not exist, and wants an empty list.
	if got := r.call(http.MethodGet, "/Users"+query(`userName eq "7d6a5a4f-nobody"`), "", 200); got["totalResults"] != 0.0 {
		t.Errorf("%v", got)
	}

	made := r.call(http.MethodPost, "/Users", entraUser, 201)
	if made["id"] != "MSK" || made["location"] != "https://skaerm.testby.dk/scim/v2/Users/MSK" || made["etag"] != `W/"1"` || made["externalId"] != "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef" {
		t.Errorf("%v", made)
	}

	r.call(http.MethodPost, "/Users", entraUser, 409)

	for _, filter := range []string{
		`userName eq "msk@TESTBY.example"`, `externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`, `emails[type eq "work"].value eq "mona.skov@testby.example"`, `id eq "MSK" and active eq true`,
	} {
		if got := r.call(http.MethodGet, "/Users"+query(filter), "", 200); got["totalResults"] != 1.0 {
			t.Errorf("%s: %v", filter, got)
		}
	}

	// Changes: capitals, words for booleans, paths with filters, attributes that mean nothing here.
	got := r.call(http.MethodPatch, "/Users/MSK", patch(`
		{"op":"Replace","path":"emails[type eq \"work\"].value","value":"mona@testby.example"},
		{"op":"Replace","path":"name.familyName","value":"Skov Lund"},
		{"op":"Add","path":"title","value":"Leder"},
		{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Vest"}`), 200)
	if got["displayName"] != "Mona Skov Lund" || got["etag"] != `W/"2"` || !strings.Contains(text(got["emails"]), "mona@testby.example") {
		t.Errorf("%v", got)
	}

	r.entraLeaver(r.entraGroup())
}

// entraGroup puts the person into a group and out again.
func (r *rig) entraGroup() (id string) {
	t := r.t
	t.Helper()

	group := r.call(http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"8aa1","displayName":"Sluse Planlæggere Øst","members":[],"meta":{"resourceType":"Group"}}`, 201)
	id = text(group["id"])

	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"Add","path":"members","value":[{"value":"MSK"}]}`), 200)

	if got, active := r.may("MSK"); got != "oest:planner" || !active {
		t.Errorf("%s, %t", got, active)
	}

	for filter, want := range map[string]float64{
		`displayName eq "Sluse Planlæggere Øst"`: 1, `id eq "` + id + `" and members eq "MSK"`: 1, `id eq "` + id + `" and members eq "BNI"`: 0, `displayName eq "x"`: 0,
	} {
		list := r.call(http.MethodGet, "/Groups"+query(filter)+"&excludedAttributes=members", "", 200)
		if list["totalResults"] != want || strings.Contains(text(list), "members") {
			t.Errorf("%s: %v", filter, list)
		}
	}

	// Entra takes members out by value, not by a filter in the path.
	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"Remove","path":"members","value":[{"value":"MSK"}]}`), 200)

	if got, _ := r.may("MSK"); got != "" {
		t.Errorf("still %s", got)
	}

	return id
}

// entraLeaver plays a soft delete, and back, and gone.
func (r *rig) entraLeaver(id string) {
	t := r.t
	t.Helper()

	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"Add","path":"members","value":[{"value":"MSK"}]}`), 200)

	if got := r.call(http.MethodPatch, "/Users/MSK", patch(`{"op":"Replace","path":"active","value":"False"}`), 200); got["active"] != false {
		t.Errorf("%v", got)
	}

	if got, active := r.may("MSK"); got != "" || active {
		t.Errorf("a leaver may %s", got)
	}

	r.call(http.MethodPatch, "/Users/MSK", patch(`{"op":"Replace","path":"active","value":"True"}`), 200)

	if got, active := r.may("MSK"); got != "oest:planner" || !active {
		t.Errorf("%s, %t", got, active)
	}

	r.call(http.MethodDelete, "/Users/MSK", "", 204)
	r.call(http.MethodGet, "/Users/MSK", "", 404)
	r.call(http.MethodDelete, "/Users/MSK", "", 404)

	if _, active := r.may("MSK"); active {
		t.Error("a deleted person is active")
	}

	r.call(http.MethodPost, "/Users", entraUser, 201)

	if got, active := r.may("MSK"); got != "" || !active {
		t.Errorf("who comes back has the groups of before: %s, %t", got, active)
	}
}

// TestOkta plays it as Okta does: PUT for the person, operations without a path.
func TestOkta(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyUserName)
	person := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bni","name":{"givenName":"Bo","familyName":"Nielsen"},"emails":[{"primary":true,"value":"bo@testby.example","type":"work"}],"displayName":"","locale":"da-DK","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`

	made := r.call(http.MethodPost, "/Users", person, 201)
	if made["displayName"] != "Bo Nielsen" || strings.Contains(text(made), "1mz050nq") {
		t.Errorf("%v", made)
	}

	r.call(http.MethodPut, "/Users/bni", strings.Replace(person, `"Nielsen"`, `"Hansen"`, 1), 200, "If-Match", `W/"1"`)
	r.call(http.MethodPut, "/Users/bni", person, 412, "If-Match", `W/"1"`)
	r.call(http.MethodPatch, "/Users/bni", patch(`{"op":"replace","value":{"active":false}}`), 200)

	if _, active := r.may("bni"); active {
		t.Error("active after all")
	}

	if got := r.call(http.MethodPatch, "/Users/bni", patch(`{"op":"replace","value":{"active":true,"name":{"familyName":"Lund"},"name.givenName":"Bodil"}}`), 200); got["displayName"] != "Bodil Lund" {
		t.Errorf("%v", got)
	}

	r.call(http.MethodPost, "/Users", strings.ReplaceAll(person, "bni", "aoj"), 201)

	group := r.call(http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Sluse Planlæggere","members":[{"value":"bni","display":"Bo"},{"value":"aoj"}]}`, 201)
	id := text(group["id"])

	// Okta renames without a path, and takes a member out by a filter.
	got := r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"replace","value":{"id":"`+id+`","displayName":"Sluse Planlæggere Øst"}},{"op":"remove","path":"members[value eq \"aoj\"]"}`), 200)
	if got["displayName"] != "Sluse Planlæggere Øst" || strings.Contains(text(got["members"]), "aoj") || !strings.Contains(text(got["members"]), "bni") {
		t.Errorf("%v", got)
	}

	if got, _ := r.may("bni"); got != "oest:planner" {
		t.Errorf("bni may %s", got)
	}

	r.call(http.MethodPut, "/Groups/"+id, `{"displayName":"Sluse Planlæggere Øst","members":[{"value":"aoj"}]}`, 200)
	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"replace","path":"members","value":[{"value":"aoj"},{"value":"bni"},{"value":"bni"}]}`), 200)
	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"remove","path":"members"}`), 200)
	r.call(http.MethodPatch, "/Groups/"+id, patch(`{"op":"add","value":{"members":[{"value":"aoj"}]}}`), 200)

	if got := r.call(http.MethodGet, "/Groups/"+id, "", 200); !strings.Contains(text(got["members"]), "aoj") || strings.Contains(text(got["members"]), "bni") {
		t.Errorf("%v", got)
	}

	r.call(http.MethodDelete, "/Groups/"+id, "", 204)
	r.call(http.MethodGet, "/Groups/"+id, "", 404)
}

// text prints any part of an answer.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}

	return strings.TrimSpace(strings.ReplaceAll(slogText(v), "\n", " "))
}

func slogText(v any) string { return slog.AnyValue(v).String() }

func TestRefusals(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyEmployeeNumber)
	r.call(http.MethodPost, "/Users", entraUser, 201)

	group := r.call(http.MethodPost, "/Groups", `{"displayName":"Sluse Administratorer","members":[{"value":"4711"}]}`, 201)
	id := text(group["id"])

	for name, c := range map[string]struct {
		method, path, body string
		status             int
		kind               string
	}{
		"no JSON":          {http.MethodPost, "/Users", `{`, 400, "invalidSyntax"},
		"no id":            {http.MethodPost, "/Users", `{"userName":"x"}`, 400, "invalidValue"},
		"no userName":      {http.MethodPut, "/Users/4711", `{"displayName":"x"}`, 400, "invalidValue"},
		"bad mail":         {http.MethodPatch, "/Users/4711", patch(`{"op":"replace","path":"emails","value":"mona"}`), 400, "invalidValue"},
		"bad active":       {http.MethodPatch, "/Users/4711", patch(`{"op":"replace","path":"active","value":"nej"}`), 400, "invalidValue"},
		"number":           {http.MethodPatch, "/Users/4711", patch(`{"op":"replace","path":"displayName","value":7}`), 400, "invalidValue"},
		"no operations":    {http.MethodPatch, "/Users/4711", patch(``), 400, "invalidSyntax"},
		"other operation":  {http.MethodPatch, "/Users/4711", patch(`{"op":"move","path":"active"}`), 400, "invalidSyntax"},
		"other schema":     {http.MethodPatch, "/Users/4711", `{"schemas":["x"],"Operations":[{"op":"add"}]}`, 400, "invalidSyntax"},
		"remove all":       {http.MethodPatch, "/Users/4711", patch(`{"op":"remove"}`), 400, "noTarget"},
		"open bracket":     {http.MethodPatch, "/Groups/" + id, patch(`{"op":"remove","path":"members[value eq \"x\""}`), 400, "invalidPath"},
		"other filter":     {http.MethodPatch, "/Groups/" + id, patch(`{"op":"remove","path":"members[display eq \"x\"]"}`), 400, "invalidPath"},
		"unknown member":   {http.MethodPatch, "/Groups/" + id, patch(`{"op":"add","path":"members","value":[{"value":"nobody"}]}`), 400, "invalidValue"},
		"member no value":  {http.MethodPatch, "/Groups/" + id, patch(`{"op":"add","path":"members","value":[{}]}`), 400, "invalidValue"},
		"nobody":           {http.MethodGet, "/Users/nobody", "", 404, ""},
		"no group":         {http.MethodGet, "/Groups/nobody", "", 404, ""},
		"operator":         {http.MethodGet, "/Users" + query(`userName sw "m"`), "", 400, "invalidFilter"},
		"or":               {http.MethodGet, "/Users" + query(`userName eq "m" or userName eq "n"`), "", 400, "invalidFilter"},
		"attribute":        {http.MethodGet, "/Users" + query(`title eq "m"`), "", 400, "invalidFilter"},
		"empty filter":     {http.MethodGet, "/Users?filter=", "", 400, "invalidFilter"},
		"group attribute":  {http.MethodGet, "/Groups" + query(`title eq "m"`), "", 400, "invalidFilter"},
		"page":             {http.MethodGet, "/Users?startIndex=x", "", 400, "invalidValue"},
		"group name":       {http.MethodPost, "/Groups", `{"displayName":" "}`, 400, "invalidValue"},
		"group twice":      {http.MethodPost, "/Groups", `{"displayName":"Sluse Administratorer"}`, 409, "uniqueness"},
		"last admin":       {http.MethodDelete, "/Users/4711", "", 409, "uniqueness"},
		"last admin group": {http.MethodDelete, "/Groups/" + id, "", 409, "uniqueness"},
		"last admin out":   {http.MethodPatch, "/Groups/" + id, patch(`{"op":"remove","path":"members"}`), 409, "uniqueness"},
		"last admin off":   {http.MethodPatch, "/Users/4711", patch(`{"op":"replace","path":"active","value":false}`), 409, "uniqueness"},
		"no description":   {http.MethodGet, "/Schemas/x", "", 404, ""},
		"large":            {http.MethodPost, "/Users", strings.Repeat(" ", 3<<20), 413, ""},
	} {
		got := r.call(c.method, c.path, c.body, c.status)
		if got["scimType"] != nil && got["scimType"] != c.kind || got["scimType"] == nil && c.kind != "" || !strings.Contains(text(got["schemas"]), "Error") {
			t.Errorf("%s: %v", name, got)
		}
	}

	r.call(http.MethodDelete, "/Users/4711", "", 412, "If-Match", `W/"9"`)
	r.call(http.MethodDelete, "/Groups/"+id, "", 412, "If-Match", `"x"`)
	r.call(http.MethodGet, "/Users/4711", "", 304, "If-None-Match", `W/"1"`)

	if log := r.log.String(); strings.Contains(log, "Mona") || strings.Contains(log, "testby.example") || strings.Contains(log, token) {
		t.Errorf("the log tells too much: %s", log)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyUserName)

	for _, value := range []string{"", "Bearer ", "Bearer " + token + "x", "Basic " + token, token} {
		req := httptest.NewRequest(http.MethodGet, scim.Prefix+"/Users", nil)
		req.Header.Set("Authorization", value)

		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)

		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %d", value, w.Code)
		}
	}

	if _, err := scim.New(scim.Options{UseCases: r.people, Token: care.NewSecret("short"), Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a short token is taken")
	}
}

func TestPagesAndDescriptions(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyUserName)

	for _, id := range []string{"a", "b", "c", "d", "e"} {
		r.call(http.MethodPost, "/Users", `{"userName":"`+id+`","displayName":"`+id+`"}`, 201)
	}

	for page, want := range map[string][]float64{ // items, start
		"": {5, 1}, "?startIndex=2&count=2": {2, 2}, "?startIndex=5&count=9": {1, 5}, "?startIndex=9": {0, 9}, "?startIndex=-3&count=-1": {0, 1},
	} {
		got := r.call(http.MethodGet, "/Users"+page, "", 200)
		if diff := cmp.Diff([]any{want[0], want[1], 5.0}, []any{got["itemsPerPage"], got["startIndex"], got["totalResults"]}); diff != "" {
			t.Errorf("%s: %s", page, diff)
		}
	}

	got := r.call(http.MethodGet, "/Users/a?attributes=userName,name.givenName", "", 200)
	if got["userName"] != "a" || got["id"] != "a" || got["name"] == nil || got["displayName"] != nil {
		t.Errorf("%v", got)
	}

	if got := r.call(http.MethodGet, "/ServiceProviderConfig", "", 200); !strings.Contains(text(got["patch"]), "true") {
		t.Errorf("%v", got)
	}

	for _, path := range []string{"/ResourceTypes", "/Schemas"} {
		list, _ := r.call(http.MethodGet, path, "", 200)["Resources"].([]any)
		if len(list) < 2 {
			t.Fatalf("%s: %v", path, list)
		}

		for _, one := range list {
			id, _ := one.(map[string]any)["id"].(string)
			if got := r.call(http.MethodGet, path+"/"+id, "", 200); got["id"] != id {
				t.Errorf("%s: %v", id, got)
			}
		}
	}
}

// TestAdoption: a person who is known from a file keeps the file's roles when SCIM tells of them.
func TestAdoption(t *testing.T) {
	t.Parallel()

	r := newRig(t, directory.KeyLocalPart)
	rows := directory.File{Name: "m.csv", Data: []byte("Initialer;Navn;Enhed;Rolle\nMSK;Mona S;oest;Medarbejder\n")}

	_, err := r.people.Import(t.Context(), directory.ImportEmployees, rows, false, false)
	must(t, err)

	r.call(http.MethodGet, "/Users/MSK", "", 404) // nobody's business before SCIM told of her
	r.call(http.MethodPost, "/Users", entraUser, 201)

	if got, _ := r.may("MSK"); got != "oest:caregiver" {
		t.Errorf("MSK may %s", got)
	}

	// What a hand marked as left SCIM does not take back.
	boss := care.Actor{Employee: "SYS", Grants: []care.Grant{{Unit: "*", Role: care.Administrator}}}
	must(t, r.people.MarkLeft(t.Context(), boss, "MSK", 2))

	if got := r.call(http.MethodPatch, "/Users/MSK", patch(`{"op":"Replace","path":"active","value":"True"}`), 200); got["active"] != false {
		t.Errorf("%v", got)
	}
}
