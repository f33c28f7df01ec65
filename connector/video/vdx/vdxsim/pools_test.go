package vdxsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func template(extra string) string {
	body := `{"conferencingSysId":1,"uriPrefix":"ny","uriDomain":"ny.example","hostPinRequired":true,"guestPinRequired":true,` +
		`"uriNumberRangeLow":10,"uriNumberRangeHigh":20,"hostPinRangeLow":1000,"hostPinRangeHigh":2000,"guestPinRangeLow":3000,"guestPinRangeHigh":4000`
	for m := range strings.SplitSeq(extra, ";") {
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
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, nil)
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
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, family)
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
}

func TestReservations(t *testing.T) {
	t.Parallel()
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, family)
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
}

func TestTheClassicProvisioner(t *testing.T) {
	t.Parallel()
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, family)
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
