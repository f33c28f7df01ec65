package vdxsim_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func TestOrganisationService(t *testing.T) {
	t.Parallel()
	type call struct {
		method, path, body string
		status             int
		match              string // what the answer looks like
	}
	both := []call{
		{"GET", "organisation/klassisk", "", 200, `"poolSize":2`},
		{"GET", "organisation?organisationCode=x", "", 404, `"status_text":"Not Found"`},
		{"POST", "organisation/afdeling", `{"code":"hold/1","name":"Hold 1"}`, 200, `"name":"Hold 1"`},
		{"POST", "organisation?parent_code=afdeling", `{"code":"hold/1"}`, 400, ``},
		{"POST", "organisation/x", `{"code":"hold/2"}`, 404, ``},
		{"POST", "organisation", `{"name":"x"}`, 400, ``},
		{"GET", "organisation?organisationCode=hold/1", "", 200, `"name":"Hold 1"`},
		{"GET", "organisationtree/hold/1", "", 200, `"code":"hold/1".*"code":"sluse-kommune"|"code":"sluse-kommune".*"code":"hold/1"`},
		{"GET", "organisationtree", "", 400, ``},
		{"GET", "organisationtree?groupId=1&organisationCode=afdeling", "", 400, ``},
		{"GET", "organisationtree?groupId=1", "", 200, `"code":"sluse-kommune"`},
		{"POST", "organisation/uri", `["x@y"]`, 200, `^\[\]$`},
		{"POST", "organisation/uri", `{}`, 400, ``},
	}
	later := []call{
		{"GET", "organisationtree-children?organisationCode=afdeling", "", 200, `"code":"afdeling"`},
		{"POST", "organisation-tree-for-api-key", `{"api_key":"history-key-of-sluse-kommune","api_key_type":"history"}`, 200, `"code":"sluse-kommune"`},
		{"POST", "organisation-tree-for-api-key", `{"api_key":"x","api_key_type":"history"}`, 404, ``},
	}
	onlyV2 := []call{
		{"GET", "organisation/klassisk", "", 200, `"groupId":\d`},
		{"PUT", "organisation/sluse-kommune", `{"poolSize":0,"smsSenderName":"Ny","historyApiKey":"k2"}`, 200, `"smsSenderName":"Ny"`},
		{"PUT", "organisation/sluse-kommune", `{"smsSenderName":"twelve chars"}`, 400, ``},
		{"GET", "organisation/sluse-kommune/descendants", "", 200, `^\[\{"code":"afdeling"\},\{"code":"hold/1"\},\{"code":"sluse-kommune"\}\]$`},
	}
	for _, name := range generations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, name, family)
			play := func(base string, calls []call) {
				for _, c := range calls {
					a := g.do(t, c.method, base+c.path, c.body)
					if a.status != c.status || !regexp.MustCompile(c.match).MatchString(a.raw) {
						t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.raw)
					}
					if regexp.MustCompile("(?i)apikey|webhookKey").MatchString(a.raw) {
						t.Errorf("%s shows a key: %s", c.path, a.raw)
					}
				}
			}
			first := map[bool]string{true: "/services/", false: "/services/v2/"}[g.v1]
			play(first, []call{{"GET", "organisation/afdeling", "", 403, `"status_text":"Forbidden"`}})
			g.be(vdxsim.RoleAdmin)
			play(first, both)
			play(map[bool]string{true: "/services/v1/", false: "/services/v2/"}[g.v1], later)
			if g.v1 {
				return
			}
			play(first, onlyV2)
			if g.PoolIdle("sluse-kommune") != 0 {
				t.Error("the surplus room is gone")
			}
		})
	}
}

func TestAddressesBelongToOrganisations(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	rec, _ := b.Room(idA)
	b.as(vdxsim.RoleAdmin)
	a := b.do(t, http.MethodPost, "/services/v2/organisation/uri", `["`+rec.URIWithDomain+`","x@y"]`)
	if len(a.list) != 1 || a.list[0]["booked"] != true || a.list[0]["code"] != "sluse-kommune" {
		t.Errorf("by address: %s", a.raw)
	}
}
