package pexipsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

func names(a answer) []string {
	out := []string{}
	for _, o := range a.objects() {
		name, _ := o["name"].(string)
		out = append(out, name)
	}
	return out
}

func TestFilters(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, name := range []string{"sluse-a", "sluse-b", "Andet"} {
		b.book(t, name, "")
	}
	tests := map[string][]string{
		"name=sluse-a":                             {"sluse-a"},
		"name=SLUSE-A":                             {},
		"name__iexact=SLUSE-A":                     {"sluse-a"},
		"name__startswith=sluse-":                  {"sluse-a", "sluse-b"},
		"name__icontains=NDE":                      {"Andet"},
		"name__in=Andet,sluse-b":                   {"sluse-b", "Andet"},
		"name__regex=-[b]$":                        {"sluse-b"},
		"tag=tag-sluse-b":                          {"sluse-b"},
		"allow_guests=true":                        {"sluse-a", "sluse-b", "Andet"},
		"allow_guests=false":                       {},
		"order_by=-name":                           {"sluse-b", "sluse-a", "Andet"},
		"creation_time__gte=2026-09-14T08:00:00":   {"sluse-a", "sluse-b", "Andet"},
		"creation_time__gt=2026-09-14T08:00:00Z":   {},
		"name__startswith=sluse-&limit=1&offset=1": {"sluse-b"},
		"limit=0&order_by=id":                      {"sluse-a", "sluse-b", "Andet"},
		"format=json&name=Andet":                   {"Andet"},
		"participant_limit__gte=0":                 {},
	}
	for query, want := range tests {
		a := b.expect(t, 200, http.MethodGet, conferences+"?"+query, "")
		if diff := cmp.Diff(want, names(a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for _, query := range []string{
		"aliases=x", "name__gt=a", "order_by=nothing", "order_by=aliases", "limit=-1", "limit=x", "offset=-1", "nothing=1",
		"creation_time=monday", "name__regex=(", "participant_limit=x",
	} {
		b.expect(t, 400, http.MethodGet, conferences+"?"+query, "")
	}
	lax := setup(t, func(o *pexipsim.Options) { o.Strict = false })
	lax.book(t, "et", `"unknown_member":1`)
	if a := lax.expect(t, 200, http.MethodGet, conferences+"?nothing=1", ""); len(a.objects()) != 1 {
		t.Error("a filter on no field is ignored")
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for _, wrong := range []bool{false, true} {
		b := setup(t, func(o *pexipsim.Options) { o.WrongNextHost = wrong })
		for i := range 45 {
			b.book(t, fmt.Sprintf("rum-%02d", i), "")
		}
		seen, pages := 0, 0
		next := "/api/admin/configuration/v1/conference/?order_by=name"
		for next != "" {
			a := b.expect(t, 200, http.MethodGet, next, "")
			if a.meta("total_count") != 45.0 || a.meta("limit") != 20.0 {
				t.Fatalf("meta: %v", a.object["meta"])
			}
			seen, pages = seen+len(a.objects()), pages+1
			link, _ := a.meta("next").(string)
			if wrong && link != "" && !strings.HasPrefix(link, "http://mgmt.pexip.internal/api/") {
				t.Errorf("next is %q", link)
			}
			u, err := url.Parse(link)
			must(t, err)
			next = u.RequestURI()
			if link == "" {
				next = ""
			}
		}
		if seen != 45 || pages != 3 {
			t.Errorf("%d rooms on %d pages", seen, pages)
		}
	}
}

func TestTheSlashAtTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	a := b.expect(t, 301, http.MethodGet, "configuration/conference?name=x", "")
	if a.header.Get("Location") != "/api/admin/configuration/v1/conference/?name=x" {
		t.Errorf("Location %q", a.header.Get("Location"))
	}
	b.expect(t, 404, http.MethodPost, "configuration/conference", room("et", ""))
	if b.Ever("et") != 0 {
		t.Error("a POST without the slash made a room")
	}
	b.expect(t, 404, http.MethodGet, "configuration/conference/1/2/", "")
	b.expect(t, 404, http.MethodGet, "/api/admin/x/", "")
	b.expect(t, 404, http.MethodGet, "/x", "")
}
