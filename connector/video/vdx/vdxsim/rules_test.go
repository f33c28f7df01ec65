package vdxsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// generations runs a test against both, with a caller who has these roles. The call function
// takes a path below the generation's base; the code function reads a refusal.
func generations(t *testing.T, change func(*vdxsim.Options), run func(t *testing.T, g *generation)) {
	t.Helper()
	for _, name := range []string{"v1", "v2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &generation{bench: setup(t, change), v1: name == "v1"}
			g.be(vdxsim.RolePlanner)
			run(t, g)
		})
	}
}

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

// want is a refusal: status, and the codes of v1 and v2. v1 code "v2:10" is the v2 shape.
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
	generations(t, func(o *vdxsim.Options) { o.Strict = false }, func(t *testing.T, g *generation) {
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

func TestCustomURIs(t *testing.T) {
	t.Parallel()
	generations(t, func(o *vdxsim.Options) {
		o.Organisations = vdxsim.DefaultOrganisations()
		o.Organisations[0].AllowCustomURI = true
	}, func(t *testing.T, g *generation) {
		post := func(uuid, uri string) answer {
			return g.call(t, "POST", "/meetings", booking(uuid, g.start.Add(time.Hour), g.start.Add(2*time.Hour), `"uriWithoutDomain":"`+uri+`"`))
		}
		g.expect(t, "custom", post(idA, "besoeg7"), ok())
		g.expect(t, "taken", post(idB, "besoeg7"), want{400, "90", "32"})
		g.expect(t, "characters", post(idB, "besøg"), want{400, "100", "33"})
	})
}

func template(extra string) string {
	body := `{"conferencingSysId":1,"uriPrefix":"ny","uriDomain":"ny.example","hostPinRequired":true,"guestPinRequired":true,` +
		`"uriNumberRangeLow":10,"uriNumberRangeHigh":20,"hostPinRangeLow":1000,"hostPinRangeHigh":2000,"guestPinRangeLow":3000,"guestPinRangeHigh":4000`
	for _, m := range strings.Split(extra, ";") {
		if key, _, found := strings.Cut(m, ":"); found {
			if at := strings.Index(body, key+":"); at >= 0 { // replaced, so that strict mode sees it once
				rest := body[at:]
				end := strings.IndexByte(rest, ',')
				if end < 0 {
					end = len(rest)
				}
				body = body[:at] + m + rest[end:]
				continue
			}
			body += "," + m
		}
	}
	return body + "}"
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	generations(t, nil, func(t *testing.T, g *generation) {
		forbidden := want{403, "", "11"}
		if g.v1 {
			forbidden = want{401, "", ""}
		}
		post := func(extra string) answer { return g.call(t, "POST", "/scheduling-templates", template(extra)) }
		g.expect(t, "planner", post(""), forbidden)
		g.be(vdxsim.RoleAdmin)
		g.expect(t, "URI range", post(`"uriNumberRangeHigh":10`), want{406, "20", "14"})
		g.expect(t, "guest PINs", post(`"guestPinRangeLow":4000`), want{406, "30", "16"})
		g.expect(t, "host PINs", post(`"hostPinRangeLow":2000`), want{406, "31", "17"})
		g.expect(t, "missing", g.call(t, "POST", "/scheduling-templates", `{"uriPrefix":"a"}`), want{400, "v2:10", "10"})
		pool := post(`"isPoolTemplate":true`)
		g.expect(t, "pool template", pool, ok())
		g.expect(t, "second pool template", post(`"isPoolTemplate":true`), want{406, "32", "18"})
		at := "/scheduling-templates/" + itoa(int(pool.object["id"].(float64)))
		g.expect(t, "the same again", g.call(t, "PUT", at, template(`"isPoolTemplate":true`)), want{406, "32", "18"})
		g.expect(t, "made the default", g.call(t, "PUT", at, template(`"isDefaultTemplate":true;"maxParticipants":5`)), ok())
		list := g.listed(g.call(t, "GET", "/scheduling-templates", ""), "schedulingTemplateDtoList")
		defaults := 0
		for _, item := range list {
			if row, _ := item.(map[string]any); row["isDefaultTemplate"] == true {
				defaults++
			}
		}
		if len(list) != 2 || defaults != 1 {
			t.Errorf("%d templates, %d of them default", len(list), defaults)
		}
		g.be(vdxsim.RolePlanner)
		made := g.call(t, "POST", "/meetings", booking(idA, g.start.Add(time.Hour), g.start.Add(2*time.Hour), `"schedulingTemplateId":999`))
		g.expect(t, "a wrong template falls back", made, ok())
		room := g.call(t, "GET", "/scheduling-info/"+idA, "")
		if room.object["maxParticipants"] != float64(5) || room.object["guestPin"] == nil || !strings.HasSuffix(room.str("uriWithDomain"), "@ny.example") {
			t.Errorf("the new default decides: %s", room.raw)
		}
		g.be(vdxsim.RoleAdmin)
		gone := g.call(t, "DELETE", at, "")
		if (g.v1 && gone.status != 200) || (!g.v1 && gone.status != 204) || gone.raw != "" {
			t.Errorf("delete: %d %q", gone.status, gone.raw)
		}
		g.expect(t, "deleted", g.call(t, "GET", at, ""), want{404, "", "11"})
		g.expect(t, "path", g.call(t, "GET", "/scheduling-templates/x", ""), want{400, "", ""})
	})
}

// family is a municipality with a pool above a department without template, beside another
// one that lends its rooms.
func family(o *vdxsim.Options) {
	o.Organisations = append(vdxsim.DefaultOrganisations(),
		vdxsim.Organisation{Code: "afdeling", Name: "Afdeling", Parent: "sluse-kommune", NoTemplate: true},
		vdxsim.Organisation{Code: "overloeb", Name: "Overløb", PoolSize: 1, Template: vdxsim.Template{URIDomain: "overloeb.example"}},
		vdxsim.Organisation{Code: "klassisk", Name: "Klassisk", PoolSize: 2, Classic: true, Template: vdxsim.Template{HostPINRequired: true}})
	o.Organisations[0].PoolSize = 1
	o.OverflowPool = "overloeb"
}

func TestPoolsOfTheTree(t *testing.T) {
	t.Parallel()
	generations(t, family, func(t *testing.T, g *generation) {
		post := func(uuid, extra string) answer {
			return g.call(t, "POST", "/meetings", booking(uuid, g.Now().Add(time.Minute), g.Now().Add(time.Hour), extra))
		}
		g.of("afdeling", vdxsim.RolePlanner)
		g.expect(t, "a layout that no room has", post(idA, `"meetingType":"POOL","vmrQuality":"sd"`), want{400, "11", "20"})
		g.expect(t, "the ancestor's room", post(idA, `"vmrQuality":"hd","maxParticipants":3,"callType":"audio"`), ok())
		room := g.call(t, "GET", "/scheduling-info/"+idA, "")
		if room.str("provisionStatus") != "PROVISIONED_OK" || room.object["maxParticipants"] != float64(10) || room.object["callType"] != nil {
			t.Errorf("a room from the pool keeps its settings: %s", room.raw)
		}
		g.expect(t, "overflow", post(idB, `"meetingType":"POOL"`), ok())
		if room = g.call(t, "GET", "/scheduling-info/"+idB, ""); !strings.HasSuffix(room.str("uriWithDomain"), "@overloeb.example") {
			t.Errorf("the overflow's room changes owner: %s", room.raw)
		}
		g.expect(t, "all taken", post(idC, `"meetingType":"POOL"`), want{400, "11", "20"})
		g.expect(t, "normal makes a room", post(idC, ""), ok())
		if rec, _ := g.Room(idC); rec.Pooled || rec.HostPIN == 0 {
			t.Errorf("by the ancestor's template: %+v", rec)
		}
		g.expect(t, "can't be deleted", g.call(t, "DELETE", "/meetings/"+idA, ""), want{406, "11", "13"})
		g.Advance(61 * time.Second) // a new room is made
		if g.PoolIdle("sluse-kommune") != 0 {
			t.Error("a new room is not idle before it is a minute old")
		}
		g.Advance(70 * time.Second)
		if g.PoolIdle("sluse-kommune") != 1 {
			t.Error("the pool refills")
		}
	})
}

func TestReservations(t *testing.T) {
	t.Parallel()
	generations(t, family, func(t *testing.T, g *generation) {
		g.expect(t, "planner", g.call(t, "GET", "/scheduling-info-reserve", ""), want{map[bool]int{true: 401, false: 403}[g.v1], "", map[bool]string{false: "11"}[g.v1]})
		g.be(vdxsim.RoleAdmin)
		g.expect(t, "filter", g.call(t, "GET", "/scheduling-info-reserve?vmrQuality=fullhd", ""), want{404, "", "11"})
		g.expect(t, "bad filter", g.call(t, "GET", "/scheduling-info-reserve?vmrQuality=best", ""), want{400, "", ""})
		held := g.call(t, "GET", "/scheduling-info-reserve?guestsCanPresent=true", "")
		g.expect(t, "reserve", held, ok())
		id := held.str("reservationId")
		if id == "" || held.object["meetingDetails"] != nil || held.str("provisionStatus") != "PROVISIONED_OK" {
			t.Fatalf("reserved: %s", held.raw)
		}
		g.expect(t, "a repeat finds none", g.call(t, "GET", "/scheduling-info-reserve", ""), want{404, "", "11"})
		g.expect(t, "read", g.call(t, "GET", "/scheduling-info-reserve/"+id, ""), ok())
		g.expect(t, "unknown", g.call(t, "GET", "/scheduling-info-reserve/"+idA, ""), want{404, "", "11"})
		g.be(vdxsim.RolePlanner)
		far := func(uuid string) answer {
			return g.call(t, "POST", "/meetings", booking(uuid, g.start.Add(time.Hour), g.start.Add(2*time.Hour), `"schedulingInfoReservationId":"`+id+`"`))
		}
		g.expect(t, "used", far(idA), ok())
		room := g.call(t, "GET", "/scheduling-info/"+idA, "")
		if room.str("uriWithDomain") != held.str("uriWithDomain") || room.str("uuid") != idA {
			t.Errorf("the meeting has the reserved room: %s", room.raw)
		}
		g.expect(t, "used twice", far(idB), want{400, "60", "29"})
	})
}

func TestTheClassicProvisioner(t *testing.T) {
	t.Parallel()
	generations(t, family, func(t *testing.T, g *generation) {
		provisioner := vdxsim.RoleProvisionerUser
		if g.v1 {
			provisioner = vdxsim.RoleProvision
		}
		g.of("klassisk", vdxsim.RolePlanner)
		g.expect(t, "book", g.call(t, "POST", "/meetings", booking(idA, g.start.Add(time.Hour), g.start.Add(2*time.Hour), "")), ok())
		g.expect(t, "planner has no work list", g.call(t, "GET", "/scheduling-info-provision", ""), want{map[bool]int{true: 401, false: 403}[g.v1], "", map[bool]string{false: "11"}[g.v1]})
		g.of("klassisk", provisioner)
		work := func(list string) []any {
			t.Helper()
			return g.listed(g.call(t, "GET", "/scheduling-info-"+list, ""), "schedulingInfoDtoList")
		}
		if n := len(work("provision")); n != 0 {
			t.Errorf("too early: %d", n)
		}
		g.Advance(time.Hour)
		if n := len(work("provision")); n != 1 {
			t.Errorf("due: %d", n)
		}
		put := func(body string) answer { return g.call(t, "PUT", "/scheduling-info/"+idA, body) }
		g.expect(t, "no status", put(`{"provisionVmrId":"1"}`), want{400, "v2:10", "10"})
		g.expect(t, "bad status", put(`{"provisionStatus":"READY"}`), want{400, "", ""})
		done := put(`{"provisionStatus":"PROVISIONED_OK","provisionStatusDescription":"fint","provisionVmrId":"812"}`)
		if done.str("provisionStatus") != "PROVISIONED_OK" || done.str("provisionVmrId") != "812" || done.object["provisionTimestamp"] == nil {
			t.Errorf("put: %s", done.raw)
		}
		g.Advance(2 * time.Hour)
		if n := len(work("deprovision")); n != 1 {
			t.Errorf("over: %d", n)
		}
		if done = put(`{"provisionStatus":"DEPROVISION_OK"}`); done.object["uriWithoutDomain"] != nil || done.object["provisionVmrId"] != nil {
			t.Errorf("deprovisioned: %s", done.raw)
		}
		g.expect(t, "unknown room", g.call(t, "PUT", "/scheduling-info/"+idB, `{"provisionStatus":"DEPROVISION_OK"}`), want{404, "", "11"})
		fillAClassicPool(t, g)
	})
}

// fillAClassicPool is the external job of §2.5: GET /pool, then POST /scheduling-info.
func fillAClassicPool(t *testing.T, g *generation) {
	t.Helper()
	pools := g.listed(g.call(t, "GET", "/pool", ""), "poolInfoDtoList")
	if len(pools) != 1 {
		t.Fatalf("only classic organisations are listed: %v", pools)
	}
	spelling := map[bool]string{true: "organizationId", false: "organisationId"}[g.v1]
	row, _ := pools[0].(map[string]any)
	form, _ := row["schedulingTemplate"].(map[string]any)
	if row[spelling] != "klassisk" || row["availablePoolSize"] != float64(0) || row["desiredPoolSize"] != float64(2) {
		t.Fatalf("pool: %v", row)
	}
	id := itoa(int(form["id"].(float64)))
	post := func(code, template string) answer {
		return g.call(t, "POST", "/scheduling-info", `{"organizationId":"`+code+`","schedulingTemplateId":`+template+`}`)
	}
	g.expect(t, "unknown organisation", post("x", id), want{400, "13", "22"})
	g.expect(t, "no pool", post("afdeling", id), want{400, "14", "23"})
	g.expect(t, "unknown template", post("klassisk", "99"), want{400, "40", "26"})
	g.expect(t, "foreign template", post("klassisk", "1"), want{400, "41", "27"})
	g.expect(t, "missing", g.call(t, "POST", "/scheduling-info", `{}`), want{400, "v2:10", "10"})
	made := post("klassisk", id)
	g.expect(t, "one more", made, ok())
	if made.object["meetingDetails"] != nil || made.object["shortLink"] != nil {
		t.Errorf("a room without a meeting: %s", made.raw)
	}
	at := "/scheduling-info/" + made.str("uuid")
	g.expect(t, "provision it", g.call(t, "PUT", at, `{"provisionStatus":"PROVISIONED_OK"}`), ok())
	g.expect(t, "read it", g.call(t, "GET", at, ""), ok())
	g.Advance(time.Minute)
	if g.PoolIdle("klassisk") != 1 {
		t.Error("it is idle a minute later")
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
