package vdxsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// generations are the names of both; a test runs for each.
func generations() []string { return []string{"v1", "v2"} }

// open starts a simulator with a caller of a generation, who is a planner at first.
func open(t *testing.T, name string, change func(*vdxsim.Options)) *generation {
	t.Helper()
	g := &generation{bench: setup(t, change), v1: name == "v1"}
	g.be(vdxsim.RolePlanner)
	return g
}

// generation is a bench whose caller speaks v1 or v2.
type generation struct {
	*bench
	v1 bool
}

// be changes the caller's roles.
func (g *generation) be(roles ...string) { g.of("sluse-kommune", roles...) }

// of changes the caller's organisation and roles.
func (g *generation) of(organisation string, roles ...string) {
	if g.v1 {
		g.session(organisation, "vdx-system@"+organisation+".example", roles...)
		return
	}
	g.token = g.IssueToken(vdxsim.Client{
		ID: "test", Organisation: organisation, Email: "vdx-system@" + organisation + ".example", Roles: roles,
	}, 1000*time.Hour)
}

func (g *generation) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	if g.v1 {
		return g.do(t, method, "/videoapi"+path, body)
	}
	return g.do(t, method, "/videoapi/v2"+path, body)
}

// want is a refusal: status, and the codes of v1 and v2. The v1 code "v2:10" is v2's shape.
type want struct {
	status int
	v1, v2 string
}

func (g *generation) expect(t *testing.T, what string, a answer, w want) {
	t.Helper()
	got, code := a.code(), w.v2
	if g.v1 {
		got, code = v1code(a), w.v1
	}
	if wanted := http.StatusText(w.status) + "/" + code; got != wanted {
		t.Errorf("%s: %s, want %s: %s", what, got, wanted, a.raw)
	}
	if g.v1 && a.status >= 400 && a.raw != "" && a.str("path") == "" {
		t.Errorf("%s: no path in %s", what, a.raw)
	}
}

func ok() want { return want{http.StatusOK, "", ""} }

// listed are the items of a list of either generation.
func (g *generation) listed(a answer, rel string) []any {
	if g.v1 {
		embedded, _ := a.object["_embedded"].(map[string]any)
		items, _ := embedded[rel].([]any)
		return items
	}
	out := make([]any, 0, len(a.list))
	for _, item := range a.list {
		out = append(out, item)
	}
	return out
}

const idC = "5f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a11"

// TestEveryRuleOfMeetings reaches each code of §1.11 that a booking can meet.
func TestEveryRuleOfMeetings(t *testing.T) {
	t.Parallel()
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, func(o *vdxsim.Options) { o.Strict = false })
			soon, later := g.start.Add(time.Hour), g.start.Add(2*time.Hour)
			post := func(uuid, extra string) answer {
				return g.call(t, "POST", "/meetings", booking(uuid, soon, later, extra))
			}
			g.expect(t, "create", post(idA, `"externalId":"e1"`), ok())
			g.expect(t, "same uuid", post(idA, `"externalId":"e2"`), want{400, "20", "24"})
			g.expect(t, "same externalId", post(idB, `"externalId":"e1"`), want{400, "12", "21"})
			g.expect(t, "info key twice", post(idB, `"additionalInformation":[{"key":"a","value":"b"},{"key":"a","value":"c"}]`), want{400, "120", "35"})
			g.expect(t, "pool without a pool", post(idB, `"meetingType":"POOL"`), want{400, "10", "19"})
			g.expect(t, "unknown reservation", post(idB, `"schedulingInfoReservationId":"`+idC+`"`), want{400, "60", "29"})
			g.expect(t, "reservation and PIN", post(idB, `"guestPin":1234,"schedulingInfoReservationId":"`+idC+`"`), want{400, "110", "34"})
			g.expect(t, "custom URI", post(idB, `"uriWithoutDomain":"abc"`), want{400, "80", "31"})
			g.expect(t, "year", g.call(t, "POST", "/meetings", `{"subject":"s","startTime":"10000-01-01T00:00:00Z","endTime":"2026-01-01T00:00:00Z"}`), want{400, "30", "25"})
			g.expect(t, "validation", post(idB, `"description":"`+strings.Repeat("x", 501)+`"`), want{400, "v2:10", "10"})
			g.expect(t, "missing", g.call(t, "POST", "/meetings", `{"subject":"s"}`), want{400, "v2:10", "10"})
			g.expect(t, "enum", post(idB, `"vmrQuality":"full_hd"`), want{400, "", ""})
			g.expect(t, "no JSON", g.call(t, "POST", "/meetings", `{`), want{400, "", ""})
			g.expect(t, "path", g.call(t, "GET", "/meetings/42", ""), want{400, "", ""})
			g.expect(t, "unknown", g.call(t, "GET", "/meetings/"+idC, ""), want{404, "", "11"})
			g.expect(t, "null labels", post(idB, `"labels":null`), want{500, "", "11"})
			g.expect(t, "unknown member", post(idB, `"subjekt":"s"`), ok())
			if err := g.SetStatus(idA, vdxsim.StartingToProvision); err != nil {
				t.Fatal(err)
			}
			g.expect(t, "update while starting", g.call(t, "PATCH", "/meetings/"+idA, `{"subject":"x"}`), want{406, "10", "12"})
			g.expect(t, "delete while starting", g.call(t, "DELETE", "/meetings/"+idA, ""), want{406, "11", "13"})
			g.be(vdxsim.RoleProvisioner)
			role := want{403, "", "11"}
			if g.v1 { // in v1 the same value means a provisioner with user data, who may write
				g.be(vdxsim.RoleProvision)
				role = ok()
			}
			g.expect(t, "role", post(idC, ""), role)
			g.of("other", vdxsim.RolePlanner)
			g.expect(t, "unknown organisation", g.call(t, "GET", "/info", ""), want{403, "", "11"})
		})
	}
}

func TestCustomURIs(t *testing.T) {
	t.Parallel()
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, func(o *vdxsim.Options) {
				o.Organisations = vdxsim.DefaultOrganisations()
				o.Organisations[0].AllowCustomURI = true
			})
			post := func(uuid, uri string) answer {
				return g.call(t, "POST", "/meetings", booking(uuid, g.start.Add(time.Hour), g.start.Add(2*time.Hour), `"uriWithoutDomain":"`+uri+`"`))
			}
			g.expect(t, "custom", post(idA, "besoeg7"), ok())
			g.expect(t, "taken", post(idB, "besoeg7"), want{400, "90", "32"})
			g.expect(t, "characters", post(idB, "besøg"), want{400, "100", "33"})
		})
	}
}

func TestV1SearchHandlers(t *testing.T) {
	t.Parallel()
	b := setupV1(t, func(o *vdxsim.Options) { o.Strict = false })
	for i, id := range []string{idA, idB} {
		start := b.start.Add(time.Duration(i+2) * time.Hour)
		if a := b.do(t, "POST", meetings, booking(id, start, start.Add(time.Hour), `"labels":["x"]`)); a.status != 200 {
			t.Fatal(a.raw)
		}
	}
	rec, _ := b.Room(idA)
	from, to := "2026-09-14T10:00:00+0000", "2026-09-14T11:00:00+0000"
	tests := map[string]struct {
		pairs []string
		code  string
		count int
	}{
		"window":            {[]string{"from-start-time", from, "to-start-time", to}, "OK/", 2},
		"nothing":           {nil, "Bad Request/", 0},
		"one time":          {[]string{"from-start-time", from}, "Bad Request/", 0},
		"two filters":       {[]string{"label", "x", "subject", "y"}, "Internal Server Error/", 0},
		"filter and time":   {[]string{"label", "x", "from-start-time", from}, "OK/", 2},
		"search, one time":  {[]string{"search", "Samtale", "from-start-time", from}, "Bad Request/50", 0},
		"search, exclusive": {[]string{"search", "Samtale", "from-start-time", from, "to-start-time", to}, "OK/", 0},
		"search":            {[]string{"search", "amtal"}, "OK/", 2},
		"subject":           {[]string{"subject", "Samtale"}, "OK/", 2},
		"organizer":         {[]string{"organizedBy", "vdx-system@sluse-kommune.example"}, "OK/", 2},
		"address":           {[]string{"uriWithDomain", rec.URIWithDomain}, "OK/", 1},
		"no short id":       {[]string{"short-id", "7"}, "Not Found/", 0},
	}
	for name, tt := range tests {
		a := b.do(t, "GET", query(meetings, tt.pairs...), "")
		if v1code(a) != tt.code || strings.Count(a.raw, `"shortId"`) != tt.count {
			t.Errorf("%s: %s, %d meetings: %s", name, v1code(a), strings.Count(a.raw, `"shortId"`), a.raw)
		}
	}
	for _, q := range []string{query(meetings+"/findByUriWithDomain", "uri", rec.URIWithDomain), query(meetings, "short-id", rec.ShortID)} {
		if a := b.do(t, "GET", q, ""); a.str("uuid") != idA {
			t.Errorf("%s: %s", q, a.raw)
		}
	}
}

func TestV1PatchAndNull(t *testing.T) {
	t.Parallel()
	b := setupV1(t, nil)
	start := b.start.Add(time.Hour)
	full := `"description":"d","projectCode":"p","labels":["x"],"hostPin":482130,"guestPin":771204,"callType":"audio","additionalInformation":[{"key":"a","value":"b"}]`
	if a := b.do(t, "POST", meetings, booking(idA, start, start.Add(time.Hour), full)); a.status != 200 {
		t.Fatal(a.raw)
	}
	patch := func(body string) answer { return b.do(t, "PATCH", meetings+"/"+idA, body) }
	a := patch(`{"description":null,"projectCode":null,"labels":null,"additionalInformation":null,"hostPin":null,"guestPin":5,"callType":null}`)
	if a.status != 200 || a.object["shortLink"] != nil || a.object["shortlink"] != nil {
		t.Fatalf("patch: %d %s", a.status, a.raw)
	}
	room := b.do(t, "GET", "/videoapi/scheduling-info/"+idA, "")
	got := []any{a.object["description"], a.object["projectCode"], a.object["labels"], a.object["additionalInformation"], room.object["hostPin"], room.object["guestPin"], room.object["callType"]}
	if diff := cmp.Diff([]any{nil, nil, []any{}, []any{}, nil, float64(5), nil}, got); diff != "" {
		t.Error(diff)
	}
	tests := map[string]string{
		`{"subject":null}`:         "Bad Request/70",
		`{"startTime":null}`:       "Bad Request/70",
		`{"endTime":null}`:         "Bad Request/70",
		`{"guestMicrophone":null}`: "Internal Server Error/",
		`{"subject":"ny"}`:         "OK/",
	}
	for body, want := range tests {
		if a := patch(body); v1code(a) != want {
			t.Errorf("%s: %s, want %s", body, v1code(a), want)
		}
	}
	if a := b.do(t, "PUT", meetings+"/"+idA, `{"subject":"s","startTime":"2026-09-14T09:00:00Z","endTime":"2026-09-14T10:00:00Z"}`); a.status != 200 || a.str("shortLink") == "" {
		t.Errorf("PUT keeps its link: %s", a.raw)
	}
}

func TestSessionDataIsTrustedAsItIs(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.SessionHeader = "X-SESSIONDATA" })
	b.token = ""
	get := func(header string) int {
		b.header.Set("X-Sessiondata", header)
		return b.do(t, "GET", "/videoapi/info", "").status
	}
	b64 := func(s string) string { return base64Text(`{"UserAttributes":` + s + `}`) }
	user := `"dk:medcom:organisation_id":["sluse-kommune"],"dk:medcom:email":["a@b.example"]`
	tests := map[string]struct {
		header string
		want   int
	}{
		"none":                 {"", 401},
		"no base64":            {"{}", 500},
		"no JSON":              {base64Text("hello"), 500},
		"no attributes":        {b64(`{}`), 401},
		"no role":              {b64(`{` + user + `}`), 401},
		"only an unknown role": {b64(`{` + user + `,"dk:medcom:video:role":["chef"]}`), 401},
		"good":                 {b64(`{` + user + `,"dk:medcom:video:role":["chef","meeting-user"]}`), 200},
		"no user":              {b64(`{"dk:medcom:video:role":["meeting-user"]}`), 401},
		"provisioner":          {b64(`{"dk:medcom:video:role":["meeting-provision"]}`), 200},
		"new organisation":     {b64(`{"dk:medcom:organisation_id":["ny"],"dk:medcom:email":["a@b.example"],"dk:medcom:video:role":["meeting-user"],"dk:medcom:auto:organisation_id":["sluse-kommune"]}`), 200},
		"unknown parent":       {b64(`{"dk:medcom:organisation_id":["ny2"],"dk:medcom:email":["a@b.example"],"dk:medcom:video:role":["meeting-user"],"dk:medcom:auto:organisation_id":["x"]}`), 500},
	}
	for name, tt := range tests {
		if got := get(tt.header); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	b.header.Set("Origin", "https://x.example")
	if got := get(tests["good"].header); got != 403 {
		t.Errorf("Origin: %d", got)
	}
}

func TestClosedDoors(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Doors = []vdxsim.Door{vdxsim.DoorBearer} })
	if a := b.do(t, "GET", "/videoapi/info", ""); a.status != 404 {
		t.Errorf("v1 with its door closed: %d", a.status)
	}
	if a := b.do(t, "GET", "/v2/info", ""); a.status != 200 {
		t.Errorf("v2: %d", a.status)
	}
	b = setupV1(t, func(o *vdxsim.Options) { o.Doors = []vdxsim.Door{vdxsim.DoorSession} })
	if a := b.do(t, "GET", "/v2/info", ""); a.status != 404 {
		t.Errorf("v2 with its door closed: %d", a.status)
	}
	if a := b.do(t, "GET", "/sms/v1/meeting/"+idA, ""); a.status != 404 {
		t.Errorf("SMS with session data: %d", a.status)
	}
}
