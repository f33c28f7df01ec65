package vdxsim_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// session makes the bench a v1 caller with a session-data header.
func (b *bench) session(organisation, email string, roles ...string) {
	held := map[string][]string{}
	for name, values := range map[string][]string{
		"dk:medcom:organisation_id": {organisation}, "dk:medcom:email": {email}, "dk:medcom:video:role": roles,
	} {
		if len(values) > 0 && values[0] != "" {
			held[name] = values
		}
	}
	raw, err := json.Marshal(map[string]any{"UserAttributes": held, "ID": "x", "Hash": "y"})
	if err != nil {
		panic(err)
	}
	b.token = ""
	b.header.Set("Session-Data", base64.StdEncoding.EncodeToString(raw))
}

func setupV1(t *testing.T, change func(*vdxsim.Options)) *bench {
	t.Helper()
	b := setup(t, change)
	b.session("sluse-kommune", "vdx-system@sluse-kommune.example", vdxsim.RolePlanner)
	return b
}

// v1code is status and errorCode, or the v2 code where v1 answers in the v2 shape.
func v1code(a answer) string {
	if code := a.str("detailed_error_code"); code != "" {
		return http.StatusText(a.status) + "/v2:" + code
	}
	if code, ok := a.object["errorCode"].(float64); ok {
		return http.StatusText(a.status) + "/" + itoa(int(code))
	}
	return http.StatusText(a.status) + "/"
}

const meetings = "/videoapi/meetings"

func TestV1SpeaksHAL(t *testing.T) {
	t.Parallel()
	b := setupV1(t, nil)
	a := b.do(t, http.MethodPost, meetings+"/", booking(idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), `"labels":["x"],"guestPin":771204`))
	if a.status != http.StatusOK || a.str("startTime") != "2026-09-14T09:00:00 +0000" || a.str("shortLink") == "" || a.object["updatedTime"] != nil {
		t.Fatalf("create: %d %s", a.status, a.raw)
	}
	if links, _ := a.object["_links"].(map[string]any); links["self"] == nil || links["scheduling-info"] != nil {
		t.Errorf("links of a created meeting: %v", links)
	}
	list := b.do(t, http.MethodGet, query(meetings, "label", "x"), "")
	if !strings.Contains(list.raw, `"meetingDtoList":[{`) || !strings.Contains(list.raw, `"scheduling-info":{"href":"http:`) {
		t.Errorf("list: %s", list.raw)
	}
	if none := b.do(t, http.MethodGet, query(meetings, "label", "y"), ""); none.status != 200 || none.object["_embedded"] != nil || none.object["_links"] == nil {
		t.Errorf("an empty list has no _embedded: %s", none.raw)
	}
	short := b.do(t, http.MethodGet, query(meetings, "short-id", a.str("shortId")), "")
	if short.str("uuid") != idA {
		t.Errorf("short-id gives one object: %s", short.raw)
	}
	if got := b.do(t, http.MethodGet, query(meetings, "short-id", "000000000000"), ""); v1code(got) != "Not Found/" {
		t.Errorf("unknown short-id: %s", got.raw)
	}
	room := b.do(t, http.MethodGet, "/videoapi/scheduling-info/"+idA, "")
	if room.str("provisionStatus") != "AWAITS_PROVISION" || room.object["guestPin"] != float64(771204) {
		t.Errorf("room: %s", room.raw)
	}
	if info := b.do(t, http.MethodGet, "/videoapi/info", ""); info.object["git"] == nil {
		t.Errorf("info: %s", info.raw)
	}
	if gone := b.do(t, http.MethodDelete, meetings+"/"+idA, ""); gone.status != http.StatusOK || gone.raw != "" {
		t.Errorf("delete: %d %q", gone.status, gone.raw)
	}
	if twice := b.do(t, http.MethodDelete, meetings+"/"+idA, ""); v1code(twice) != "Not Found/" {
		t.Errorf("delete again: %s", twice.raw)
	}
}

func TestV1DatesInABody(t *testing.T) {
	t.Parallel()
	b := setupV1(t, nil)
	at := func(utc string) string { return utc + " +0000" }
	tests := map[string]string{ // sent → answered, or the code of a refusal
		"2025-06-01T09:00:00 +0200":    at("2025-06-01T07:00:00"),
		"2025-06-01T09:00:00+0200":     at("2025-06-01T07:00:00"),
		"2025-06-01T09:00:00 Z":        at("2025-06-01T09:00:00"),
		"2025-06-01T09:00:00 +02:00":   at("2025-06-01T07:00:00"),
		"2025-06-01T09:00:00Z":         at("2025-06-01T09:00:00"),
		"2025-06-01T09:00:00+02:00":    at("2025-06-01T07:00:00"),
		"2025-06-01T09:00:00-01:30":    at("2025-06-01T10:30:00"),
		"2025-06-01T09:00:00 CET":      at("2025-06-01T08:00:00"),
		"2025-13-01T09:00:00Z":         at("2026-01-01T09:00:00"),
		"2025-06-01T25:00:00Z":         at("2025-06-02T01:00:00"),
		"2025-06-01T09:00:00Zand more": at("2025-06-01T09:00:00"),
		"2025-6-1T9:0:0Z":              at("2025-06-01T09:00:00"),
		// Pattern X takes hours only, so half an hour is lost without a word.
		"2025-06-01T09:00:00 +02:30": at("2025-06-01T07:00:00"),

		"20250-06-01T09:00:00Z":     "Bad Request/30",
		"2025-06-01T09:00:00.000Z":  "Bad Request/",
		"2025-06-01T09:00:00.5Z":    "Bad Request/",
		"2025-06-01T09:00:00":       "Bad Request/",
		"2025-06-01T09:00Z":         "Bad Request/",
		"2025-06-01 09:00:00Z":      "Bad Request/",
		"2025-06-01T09:00:00+2":     "Bad Request/",
		"2025-06-01T09:00:00+25:00": "Bad Request/",
		"2025-06-01T09:00:00 +02:":  at("2025-06-01T07:00:00"),
		"":                          "Bad Request/",
		"i morgen":                  "Bad Request/",
	}
	for sent, want := range tests {
		body := `{"subject":"s","startTime":` + quote(sent) + `,"endTime":"2025-06-01T10:00:00Z"}`
		a := b.do(t, http.MethodPost, meetings, body)
		got := a.str("startTime")
		if a.status != http.StatusOK {
			got = v1code(a)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", sent, got, want)
		}
	}
}

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func quote(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestV1DatesInAQuery(t *testing.T) {
	t.Parallel()
	b := setupV1(t, nil)
	tests := map[string]int{
		"2018-01-01T03:12:30%2B0100":    200,
		"2018-01-01T03:12:30%20%2B0100": 200,
		"2018-01-01T03:12:30-0100":      200,
		"2018-01-01T03:12:30+0100":      400, // the plus becomes a blank
		"2018-01-01T03:12:30Z":          400,
		"2018-01-01T03:12:30%2B01:00":   400,
		"2018-13-01T03:12:30%2B0100":    400,
		"2018-01-01T25:12:30%2B0100":    400,
		"2018-01-01T03:12:30.0%2B0100":  400,
		"2018-01-01":                    400,
	}
	for sent, want := range tests {
		for _, path := range []string{meetings + "?to-start-time=", "/videoapi/scheduling-info?to-end-time="} {
			a := b.do(t, http.MethodGet, path+sent+"&from-start-time="+sent, "")
			if a.status != want || (want == 400 && v1code(a) != "Bad Request/") {
				t.Errorf("%s%s: %d %s", path, sent, a.status, a.raw)
			}
		}
	}
}
