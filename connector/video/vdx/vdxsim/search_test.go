package vdxsim_test

import (
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// threeMeetings books at 10, 11 and 12 o'clock, the last one organised by somebody else.
func threeMeetings(t *testing.T, b *bench) []string {
	t.Helper()
	ids := []string{idA, idB, "5f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a11"}
	extra := []string{
		`"labels":["a"],"description":"har 100% ro"`, `"labels":["b"]`,
		`"organizedByEmail":"anden@kommune.example"`,
	}
	for i, id := range ids {
		start := b.start.Add(time.Duration(i+2) * time.Hour)
		b.book(t, id, start, start.Add(time.Hour), extra[i])
	}
	return ids
}

func uuids(a answer) []string {
	out := []string{}
	for _, m := range a.list {
		id, _ := m["uuid"].(string)
		out = append(out, id)
	}
	sort.Strings(out)
	return out
}

func TestSearchPriorityAndFilters(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ids := threeMeetings(t, b)
	rec, _ := b.Room(ids[1])
	sorted := func(in ...string) []string { in = append([]string{}, in...); sort.Strings(in); return in }
	tests := map[string]struct {
		pairs []string
		code  string
		want  []string
	}{
		"short id first":       {[]string{"short-id", rec.ShortID, "label", "a"}, "OK/", sorted(ids[1])},
		"unknown short id":     {[]string{"short-id", "000000000000"}, "Not Found/11", nil},
		"short id of 11":       {[]string{"short-id", "00000000000"}, "Bad Request/10", nil},
		"label over subject":   {[]string{"label", "a", "subject", "Samtale"}, "OK/", sorted(ids[0])},
		"subject is exact":     {[]string{"subject", "Samtal"}, "OK/", sorted()},
		"organizer":            {[]string{"organizedBy", "anden@kommune.example"}, "OK/", sorted(ids[2])},
		"a long organizer":     {[]string{"organizedBy", strings.Repeat("x", 101)}, "Internal Server Error/11", nil},
		"search in text":       {[]string{"search", "SAMTAL"}, "OK/", sorted(ids...)},
		"wildcard is alive":    {[]string{"search", "100%ro"}, "OK/", sorted(ids[0])},
		"window inclusive":     {[]string{"from-start-time", "2026-09-14T10:00:00Z", "to-start-time", "2026-09-14T13:00:00+02:00"}, "OK/", sorted(ids[0], ids[1])},
		"search window open":   {[]string{"search", "Samtale", "from-start-time", "2026-09-14T10:00:00Z", "to-start-time", "2026-09-14T12:00:00Z"}, "OK/", sorted(ids[1])},
		"one time only":        {[]string{"search", "Samtale", "from-start-time", "2026-09-14T10:00:00Z"}, "Internal Server Error/11", nil},
		"time as in v1":        {[]string{"from-start-time", "2026-09-14T10:00:00+0100"}, "Bad Request/", nil},
		"address":              {[]string{"uriWithDomain", rec.URIWithDomain}, "OK/", sorted(ids[1])},
		"nothing":              {nil, "Bad Request/36", nil},
		"a user row too long":  {[]string{"search", string(make([]byte, 101))}, "Internal Server Error/11", nil},
		"organizer in search":  {[]string{"search", "anden@kommune.example"}, "OK/", sorted(ids[2])},
		"window without match": {[]string{"from-start-time", "2025-09-14T10:00:00Z", "to-start-time", "2025-09-14T12:00:00Z"}, "OK/", sorted()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.do(t, http.MethodGet, query("/v2/meetings", tt.pairs...), "")
			if a.code() != tt.code {
				t.Fatalf("got %s, want %s: %s", a.code(), tt.code, a.raw)
			}
			if tt.want != nil && !cmp.Equal(uuids(a), tt.want) {
				t.Error(cmp.Diff(tt.want, uuids(a)))
			}
		})
	}
}

func TestListOrderVaries(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	threeMeetings(t, b)
	seen := map[string]bool{}
	for range 30 {
		b.Advance(1237 * time.Nanosecond)
		a := b.do(t, http.MethodGet, query("/v2/meetings", "subject", "Samtale"), "")
		seen[a.list[0]["uuid"].(string)] = true
	}
	if len(seen) < 2 {
		t.Error("30 lists began with the same meeting")
	}
}

func TestFindByAddress(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) {
		o.Organisations = vdxsim.DefaultOrganisations()
		o.Organisations[0].Template.URINumberLow, o.Organisations[0].Template.URINumberHigh = 100, 101 // one number
	})
	b.book(t, idA, b.start.Add(time.Minute), b.start.Add(10*time.Minute), "")
	r := b.room(t, idA)
	full, short := r.str("uriWithDomain"), r.str("uriWithoutDomain")
	if a := b.do(t, http.MethodGet, query("/v2/meetings/findByUriWithDomain", "uri", full), ""); a.str("uuid") != idA {
		t.Errorf("with domain: %s", a.raw)
	}
	if a := b.do(t, http.MethodGet, query("/v2/meetings/findByUriWithoutDomain", "uri", short), ""); a.str("uuid") != idA {
		t.Errorf("without domain: %s", a.raw)
	}
	if a := b.do(t, http.MethodPost, "/v2/meetings", booking(idB, b.start, b.start.Add(time.Hour), "")); a.code() != "Not Acceptable/15" {
		t.Errorf("no free number: %s", a.code())
	}
	b.Advance(time.Hour) // the room is gone, its number is recycled
	b.book(t, idB, b.Now().Add(time.Hour), b.Now().Add(2*time.Hour), "")
	if a := b.do(t, http.MethodGet, query("/v2/meetings/findByUriWithDomain", "uri", full), ""); a.code() != "Internal Server Error/11" {
		t.Errorf("recycled: %s", a.code())
	}
	if a := b.do(t, http.MethodGet, query("/v2/meetings/findByUriWithoutDomain", "uri", short), ""); a.str("uuid") != idB {
		t.Errorf("recycled without domain: %s", a.raw)
	}
	if a := b.do(t, http.MethodGet, query("/v2/meetings/findByUriWithDomain", "uri", "nobody@x.example"), ""); a.code() != "Not Found/11" {
		t.Errorf("unknown: %s", a.code())
	}
}

func TestRoomList(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t) // waits from 08:15, ends 09:00
	window := func(from, to string, more ...string) answer {
		pairs := append([]string{"from-start-time", "2026-09-14T" + from + "Z", "to-end-time", "2026-09-14T" + to + "Z"}, more...)
		return b.do(t, http.MethodGet, query("/v2/scheduling-info", pairs...), "")
	}
	for _, tt := range []struct {
		from, to string
		want     int
	}{
		{"08:00:00", "08:16:00", 1}, // the room's own start lies inside
		{"08:15:00", "08:30:00", 0}, // strictly
		{"08:59:00", "09:01:00", 1}, // the end lies inside
		{"08:20:00", "08:50:00", 0},
	} {
		if a := window(tt.from, tt.to); len(a.list) != tt.want {
			t.Errorf("%s–%s: %d rooms, want %d", tt.from, tt.to, len(a.list), tt.want)
		}
	}
	if a := window("08:00:00", "10:00:00", "provision-status", "PROVISIONED_OK"); len(a.list) != 0 {
		t.Errorf("status filter: %s", a.raw)
	}
	if a := window("08:00:00", "10:00:00", "provision-status", "READY"); a.code() != "Bad Request/" {
		t.Errorf("unknown status: %s", a.code())
	}
	if a := b.do(t, http.MethodGet, query("/v2/scheduling-info", "from-start-time", "2026-09-14T08:00:00Z"), ""); a.code() != "Bad Request/" {
		t.Errorf("one bound: %s", a.code())
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) {
		o.Organisations = append(vdxsim.DefaultOrganisations(),
			vdxsim.Organisation{Code: "hjemmepleje", Parent: "sluse-kommune"}, vdxsim.Organisation{Code: "anden"})
	})
	b.book(t, idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), `"organizedByEmail":"anden@kommune.example"`)
	caller := func(org string, roles ...string) {
		b.token = b.IssueToken(vdxsim.Client{ID: "x", Organisation: org, Email: "vdx-system@sluse-kommune.example", Roles: roles}, time.Hour)
	}
	tests := []struct {
		org           string
		roles         []string
		meeting, room int
	}{
		{"sluse-kommune", []string{vdxsim.RolePlanner}, 200, 200},
		{"sluse-kommune", []string{vdxsim.RoleUser}, 403, 200},              // PINs of colleagues' meetings are readable
		{"sluse-kommune", []string{vdxsim.RoleUser, "something"}, 200, 200}, // the unknown role widens
		{"hjemmepleje", []string{vdxsim.RoleAdmin}, 403, 403},
		{"anden", []string{vdxsim.RoleProvisionerUser}, 403, 200},
		{"ukendt", []string{vdxsim.RolePlanner}, 403, 403},
	}
	for _, tt := range tests {
		caller(tt.org, tt.roles...)
		if a := b.do(t, http.MethodGet, "/v2/meetings/"+idA, ""); a.status != tt.meeting {
			t.Errorf("%s %v meeting: %d, want %d", tt.org, tt.roles, a.status, tt.meeting)
		}
		if a := b.room(t, idA); a.status != tt.room {
			t.Errorf("%s %v room: %d, want %d", tt.org, tt.roles, a.status, tt.room)
		}
	}
	caller("hjemmepleje", vdxsim.RolePlanner)
	b.book(t, idB, b.start.Add(time.Hour), b.start.Add(2*time.Hour), "")
	caller("sluse-kommune", vdxsim.RoleAdmin)
	if a := b.do(t, http.MethodGet, "/v2/meetings/"+idB, ""); a.status != 403 {
		t.Errorf("meetings of descendants are hidden: %d", a.status)
	}
	if a := b.room(t, idB); a.status != 200 {
		t.Errorf("rooms of descendants are not: %d", a.status)
	}
	b.as(vdxsim.RoleUser)
	if a := b.do(t, http.MethodGet, query("/v2/meetings", "search", "nothing at all"), ""); a.status != 200 {
		t.Errorf("a user's search without a match: %d", a.status)
	}
	b.standardFor(t, "7f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a13")
	if a := b.do(t, http.MethodGet, query("/v2/meetings", "search", "Samtale"), ""); a.code() != "Internal Server Error/11" {
		t.Errorf("a user's search with a match: %s", a.code())
	}
}

func (b *bench) standardFor(t *testing.T, id string) {
	t.Helper()
	b.book(t, id, b.start.Add(time.Hour), b.start.Add(2*time.Hour), "")
}
