package pexipsim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

const conferences = "configuration/conference/"

func TestALifeOfAConference(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path := b.book(t, "sluse-1", `"participant_limit":4,"crypto_mode":"on","ivr_theme":"/api/admin/configuration/v1/ivr_theme/1/"`)
	got := b.expect(t, 200, http.MethodGet, path, "")
	for name, want := range map[string]any{
		"name": "sluse-1", "pin": hostPIN, "guest_pin": guestPIN, "participant_limit": 4.0, "crypto_mode": "on",
		"service_type": "conference", "guests_can_present": true, "guest_view": nil, "creation_time": "2026-09-14T08:00:00",
		"resource_uri": path,
	} {
		if diff := cmp.Diff(want, got.object[name]); diff != "" {
			t.Errorf("%s (-want +got): %s", name, diff)
		}
	}
	if theme, _ := got.object["ivr_theme"].(map[string]any); theme["name"] != "Dansk tale" {
		t.Errorf("theme %v is not shown whole", got.object["ivr_theme"])
	}
	if aliases, _ := got.object["aliases"].([]any); len(aliases) != 2 || !strings.Contains(got.raw, `"alias":"sluse-1-g"`) {
		t.Errorf("aliases: %v", aliases)
	}
	b.expect(t, 202, http.MethodPatch, path, `{"description":"ny","aliases":[{"alias":"sluse-1-h"},{"alias":"andet"}]}`)
	got = b.expect(t, 200, http.MethodGet, path, "")
	if got.str("description") != "ny" || got.str("pin") != hostPIN || strings.Contains(got.raw, "sluse-1-g") || !strings.Contains(got.raw, "andet") {
		t.Errorf("after PATCH: %s", got.raw)
	}
	b.expect(t, 204, http.MethodPut, path, `{"name":"sluse-1","pin":"1234567"}`)
	got = b.expect(t, 200, http.MethodGet, path, "")
	if got.str("description") != "" || got.str("tag") != "" || got.str("guest_pin") != "" || strings.Contains(got.raw, "andet") {
		t.Errorf("after PUT: %s", got.raw)
	}
	b.expect(t, 204, http.MethodDelete, path, "")
	b.expect(t, 404, http.MethodDelete, path, "")
	b.expect(t, 404, http.MethodGet, path, "")
	if b.Ever("sluse-1") != 1 || b.Live("sluse-1") != 0 {
		t.Error("one room ever, none now")
	}
}

// TestPINRules is the table of §1.3.
func TestPINRules(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	tests := map[string]struct {
		members string
		status  int
	}{
		"both":                    {`"pin":"123456","guest_pin":"654321","allow_guests":true`, 201},
		"host only":               {`"pin":"123456"`, 201},
		"host only, guests":       {`"pin":"123456","allow_guests":true`, 201},
		"no PIN at all":           {`"description":"x"`, 201},
		"guests without host":     {`"allow_guests":true`, 400},
		"guest PIN alone":         {`"guest_pin":"654321","allow_guests":true`, 400},
		"guest PIN, no guests":    {`"pin":"123456","guest_pin":"654321"`, 400},
		"the same":                {`"pin":"123456","guest_pin":"123456","allow_guests":true`, 400},
		"unequal length":          {`"pin":"123456","guest_pin":"7654321","allow_guests":true`, 400},
		"unequal length, both #":  {`"pin":"12345#","guest_pin":"7654321#","allow_guests":true`, 201},
		"one with #":              {`"pin":"12345#","guest_pin":"654321","allow_guests":true`, 400},
		"letters":                 {`"pin":"12345a"`, 400},
		"# inside":                {`"pin":"12#456"`, 400},
		"# alone":                 {`"pin":"#"`, 400},
		"below the platform's":    {`"pin":"12345"`, 400},
		"longest":                 {`"pin":"12345678901234567890"`, 201},
		"too long":                {`"pin":"123456789012345678901"`, 400},
		"a number":                {`"pin":123456`, 400},
		"no choice":               {`"service_type":"party"`, 400},
		"case of a choice":        {`"crypto_mode":"On"`, 400},
		"limit below":             {`"participant_limit":-1`, 400},
		"limit above":             {`"participant_limit":1000001`, 400},
		"limit null":              {`"participant_limit":null`, 201},
		"theme by id":             {`"ivr_theme":1`, 400},
		"unknown theme":           {`"ivr_theme":"/api/admin/configuration/v1/ivr_theme/99/"`, 400},
		"unknown member (strict)": {`"service_tag":"x"`, 400},
		"read-only member":        {`"creation_time":"x"`, 201},
		"text in a bool":          {`"allow_guests":"true"`, 400},
		"long tag":                {`"tag":"` + strings.Repeat("æ", 251) + `"`, 400},
		"empty alias":             {`"aliases":[{"alias":""}]`, 400},
		"aliases as texts":        {`"aliases":["a"]`, 400},
	}
	for name, tt := range tests {
		a := b.do(t, http.MethodPost, conferences, `{"name":"`+name+`",`+tt.members+`}`)
		if a.status != tt.status {
			t.Errorf("%s: %d, want %d: %s", name, a.status, tt.status, a.raw)
		}
	}
	must(t, b.SetGlobal(map[string]any{"min_pin_length": 8}))
	b.expect(t, 400, http.MethodPost, conferences, `{"name":"longer","pin":"1234567"}`)
	b.expect(t, 201, http.MethodPost, conferences, `{"name":"longer","pin":"12345678"}`)
}

func TestUniqueness(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, "et", "")
	for name, body := range map[string]string{
		"name":         `{"name":"et"}`,
		"name in case": `{"name":"ET"}`,
		"alias":        `{"name":"to","aliases":[{"alias":"et-g"}]}`,
		"alias twice":  `{"name":"to","aliases":[{"alias":"a"},{"alias":"A"}]}`,
	} {
		a := b.expect(t, 400, http.MethodPost, conferences, body)
		if !strings.Contains(a.raw, "already exists") || a.object["conference"] == nil {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	b.expect(t, 400, http.MethodPost, "configuration/conference_alias/", `{"alias":"et-h","conference":"`+b.book(t, "to", "")+`"}`)
	if b.Ever("to") != 1 {
		t.Error("a refused room was made")
	}
}

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	flat := setup(t, func(o *pexipsim.Options) { o.ErrorShape = pexipsim.Flat })
	if a := flat.expect(t, 400, http.MethodPost, conferences, `{}`); a.object["name"] == nil {
		t.Errorf("flat: %s", a.raw)
	}
	b := setup(t, nil)
	if a := b.expect(t, 400, http.MethodPost, conferences, `{}`); !strings.Contains(a.raw, `{"conference":{"name":["This field is required."]}}`) {
		t.Errorf("by resource: %s", a.raw)
	}
	if a := b.expect(t, 400, http.MethodPost, conferences, `{"name":"x","pin":"123456","guest_pin":"123456","allow_guests":true}`); !strings.Contains(a.raw, "__all__") {
		t.Errorf("about several: %s", a.raw)
	}
	for _, body := range []string{`{`, `[]`, `{} {}`, `null`} {
		if a := b.expect(t, 400, http.MethodPost, conferences, body); a.str("error") == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	b.header.Set("Content-Type", "text/plain")
	b.expect(t, 400, http.MethodPost, conferences, `{"name":"x"}`)
}

func TestDeletingACollectionDeletesEverything(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, "et", "")
	b.book(t, "to", "")
	b.expect(t, 204, http.MethodDelete, conferences+"?name=et", "")
	if c := b.Counts(); c.CollectionDeletes != 1 || c.RoomsDeleted != 2 || c.Requests[pexipsim.OpConferenceDeleteAll] != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path := b.book(t, "et", "")
	gone := b.book(t, "to", "")
	b.expect(t, 202, http.MethodPatch, conferences,
		`{"objects":[`+room("tre", "")+`,{"resource_uri":"`+path+`","description":"ny"}],"deleted_objects":["`+gone+`"]}`)
	if a := b.expect(t, 200, http.MethodGet, path, ""); a.str("description") != "ny" || a.str("name") != "et" {
		t.Errorf("updated: %s", a.raw)
	}
	b.expect(t, 404, http.MethodGet, gone, "")
	if a := b.expect(t, 200, http.MethodGet, conferences, ""); len(a.objects()) != 2 {
		t.Errorf("%d rooms", len(a.objects()))
	}
	b.expect(t, 400, http.MethodPatch, conferences, `{"objects":[{"name":"tre"}]}`)
	b.expect(t, 400, http.MethodPatch, conferences, `{"objects":[{"resource_uri":"x"}]}`)
	b.expect(t, 400, http.MethodPatch, conferences, `{"objects":[],"deleted_objects":["`+gone+`"]}`)
	b.expect(t, 400, http.MethodPatch, conferences, `{}`)
	b.expect(t, 501, http.MethodPut, conferences, `{}`)
}

func TestAliasesOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path := b.open(t, "et", "")
	a := b.expect(t, 201, http.MethodPost, "configuration/conference_alias/", `{"alias":"ny","conference":"`+path+`"}`)
	list := b.expect(t, 200, http.MethodGet, "configuration/conference_alias/?conference="+path, "")
	if len(list.objects()) != 3 {
		t.Errorf("%d aliases", len(list.objects()))
	}
	must(t, b.Replicate("et"))
	if _, err := b.Join("ny", pexipsim.Person{PIN: guestPIN}); err != nil {
		t.Errorf("over the new alias: %v", err)
	}
	at := strings.TrimPrefix(a.header.Get("Location"), b.base)
	b.expect(t, 202, http.MethodPatch, at, `{"alias":"nyere"}`)
	b.expect(t, 204, http.MethodDelete, at, "")
	must(t, b.Replicate("et"))
	if _, err := b.Join("ny", pexipsim.Person{PIN: guestPIN}); err == nil {
		t.Error("an alias that is gone still opens the room")
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) {
		o.Without = []string{
			"configuration/conference/breakout_rooms", "configuration/conference?tag", "history/participant?service_tag__exact",
		}
	})
	a := b.expect(t, 200, http.MethodGet, conferences+"schema/?format=json", "")
	fields, _ := a.object["fields"].(map[string]any)
	filtering, _ := a.object["filtering"].(map[string]any)
	name, _ := fields["name"].(map[string]any)
	if name["unique"] != true || name["blank"] != false || fields["breakout_rooms"] != nil || filtering["tag"] != nil || filtering["name"] == nil {
		t.Errorf("schema: %v %v", name, filtering)
	}
	theme, _ := fields["ivr_theme"].(map[string]any)
	if theme["type"] != "related" || theme["related_type"] != "to_one" {
		t.Errorf("ivr_theme: %v", theme)
	}
	for _, path := range []string{
		"configuration/conference_alias/", "configuration/ivr_theme/", "configuration/identity_provider_group/", "configuration/global/",
		"configuration/system_location/", "configuration/event_sink/", "configuration/authentication/", "status/conference/",
		"status/conference_shard/", "status/participant/", "status/alarm/", "history/conference/", "history/participant/",
	} {
		a := b.expect(t, 200, http.MethodGet, path+"schema/", "")
		if a.object["allowed_list_http_methods"] == nil || a.object["default_limit"] != 20.0 {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	b.expect(t, 400, http.MethodPost, conferences, `{"name":"x","breakout_rooms":false}`)
	b.expect(t, 400, http.MethodGet, conferences+"?tag=x", "")
	b.expect(t, 400, http.MethodGet, "history/participant/?service_tag=x", "")
	b.expect(t, 501, http.MethodGet, "configuration/ldap_role/", "")
}

func TestSingletons(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) { o.Global = map[string]any{"min_pin_length": 4} })
	a := b.expect(t, 200, http.MethodGet, "configuration/global/", "")
	if len(a.objects()) != 1 || a.objects()[0]["min_pin_length"] != 4.0 || a.objects()[0]["es_maximum_retry_backoff"] != 1800.0 {
		t.Errorf("global: %s", a.raw)
	}
	b.expect(t, 405, http.MethodPost, "configuration/global/", `{}`)
	b.expect(t, 405, http.MethodDelete, "configuration/global/1/", "")
	b.expect(t, 202, http.MethodPatch, "configuration/global/1/", `{"guests_only_timeout":0}`)
	b.expect(t, 400, http.MethodPatch, "configuration/global/1/", `{"min_pin_length":3}`)
}
