package pexipsim_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	b.open(t, "to", "")
	b.enter(t, "et", pexipsim.RoleGuest, "Else")
	a := b.expect(t, 200, http.MethodGet, "status/conference/?name=et", "")
	if len(a.objects()) != 1 || a.objects()[0]["is_started"] != false || a.objects()[0]["tag"] != "tag-et" || a.objects()[0]["start_time"] != "2026-09-14T08:00:00" {
		t.Errorf("before the host: %s", a.raw)
	}
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.enter(t, "to", pexipsim.RoleHost, "Ib")
	a = b.expect(t, 200, http.MethodGet, "status/participant/?conference=et&protocol=WebRTC", "")
	if len(a.objects()) != 2 || a.objects()[0]["service_type"] != "conference" || a.objects()[0]["has_media"] != true || a.objects()[0]["service_tag"] != "tag-et" {
		t.Errorf("people: %s", a.raw)
	}
	id, _ := a.objects()[0]["id"].(string)
	b.expect(t, 200, http.MethodGet, "status/participant/"+id+"/", "")
	b.expect(t, 404, http.MethodGet, "status/participant/x/", "")
	b.expect(t, 405, http.MethodDelete, "status/participant/"+id+"/", "")
	if a = b.expect(t, 200, http.MethodGet, "status/conference_shard/?name=et", ""); len(a.objects()) == 0 || a.objects()[0]["node"] == "" {
		t.Errorf("shards: %s", a.raw)
	}
	if a = b.expect(t, 200, http.MethodGet, "history/conference/", ""); len(a.objects()) != 0 {
		t.Errorf("nothing is history yet: %s", a.raw)
	}
	b.expect(t, 501, http.MethodGet, "status/worker_vm/", "")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) {
		o.Nodes = []pexipsim.Node{{Address: "10.0.0.1", Location: "A", Skew: 1500 * time.Millisecond}}
	})
	b.open(t, "et", "")
	guest := b.enter(t, "et", pexipsim.RoleGuest, "Else")
	b.Advance(2 * time.Minute)
	host := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.Advance(7 * time.Minute)
	must(t, b.Leave(guest.ID))
	must(t, b.Leave(host.ID))
	if a := b.expect(t, 200, http.MethodGet, "history/conference/?name=et", ""); len(a.objects()) != 0 {
		t.Error("history lags")
	}
	b.Advance(5 * time.Second)
	a := b.expect(t, 200, http.MethodGet, "history/conference/?name=et&order_by=end_time&end_time__gt=2026-09-14T08:00:00", "")
	if len(a.objects()) != 1 {
		t.Fatalf("conferences: %s", a.raw)
	}
	c := a.objects()[0]
	if c["duration"] != 540.0 || c["tag"] != "tag-et" || c["start_time"] != "2026-09-14T08:00:00" {
		t.Errorf("conference %v", c)
	}
	id, _ := c["id"].(string)
	for _, query := range []string{"conference=" + id, "conference=/api/admin/history/v1/conference/" + id + "/", "service_tag=tag-et", "conference_name=et&start_time__gte=2026-09-14T08:00:00"} {
		a = b.expect(t, 200, http.MethodGet, "history/participant/?protocol=WebRTC&"+query, "")
		if len(a.objects()) != 2 {
			t.Errorf("%s: %d legs", query, len(a.objects()))
		}
	}
	leg := a.objects()[0]
	for name, want := range map[string]any{
		"role": "guest", "start_time": "2026-09-14T08:00:01.500000", "end_time": "2026-09-14T08:09:01.500000", "duration": 540.0,
		"local_alias": "et-g", "has_media": true, "disconnect_reason": pexipsim.ReasonUsual, "conference_name": "et",
		"conference": "/api/admin/history/v1/conference/" + id + "/", "call_uuid": guest.CallID,
	} {
		if leg[name] != want {
			t.Errorf("%s is %v, want %v", name, leg[name], want)
		}
	}
	path, _ := leg["resource_uri"].(string)
	if detail := b.expect(t, 200, http.MethodGet, path, ""); detail.object["bucketed_call_quality"] == nil {
		t.Errorf("detail: %s", detail.raw)
	}
	if n := len(regexp.MustCompile(`"[a-z_]*time":"[^"]*(Z|\+)`).FindAllString(a.raw, -1)); n != 0 {
		t.Errorf("%d times with a suffix", n)
	}
	b.expect(t, 405, http.MethodPost, "history/conference/", `{}`)
}

func TestAudioOnlyShowsInTheStreams(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	_, err := b.Join("et-g", pexipsim.Person{Name: "Else", PIN: guestPIN, Protocol: "SIP", AudioOnly: true})
	must(t, err)
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.Advance(time.Minute)
	must(t, b.Clear("et"))
	b.Advance(time.Minute)
	a := b.expect(t, 200, http.MethodGet, "history/participant/?protocol=SIP", "")
	if !strings.Contains(a.raw, `"stream_type":"audio"`) || strings.Contains(a.raw, `"stream_type":"video"`) {
		t.Errorf("streams: %s", a.raw)
	}
}

func TestHistoryForgets(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) { o.HistoryLimit = 3 })
	b.open(t, "et", "")
	for i := range 5 {
		l := b.enter(t, "et", pexipsim.RoleHost, fmt.Sprint("Vært ", i))
		b.Advance(24 * time.Hour)
		must(t, b.Leave(l.ID))
		b.Advance(time.Minute)
	}
	a := b.expect(t, 200, http.MethodGet, "history/conference/", "")
	if len(a.objects()) != 3 || b.Counts().ConferencesPast != 3 {
		t.Errorf("%d conferences are kept, want 3", len(a.objects()))
	}
	must(t, b.SetGlobal(map[string]any{"logs_max_age": 1}))
	if a = b.expect(t, 200, http.MethodGet, "history/conference/", ""); len(a.objects()) != 1 {
		t.Errorf("%d conferences are younger than a day, want 1", len(a.objects()))
	}
}

func TestDial(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	a := b.expect(t, 202, http.MethodPost, "command/participant/dial/", `{"conference_alias":"et-h","destination":"rtmps://x.example/live","protocol":"rtmp","streaming":"yes"}`)
	data, _ := a.object["data"].(map[string]any)
	id, _ := data["participant_id"].(string)
	if l := b.leg(t, id); !l.Streaming || l.Protocol != "RTMP" {
		t.Errorf("recorder: %+v", l)
	}
	b.expect(t, 202, http.MethodPost, "command/participant/dial/", `{"conference_alias":"et-h","destination":"sip:tolk@example.org","role":"chair"}`)
	b.expect(t, 400, http.MethodPost, "command/participant/dial/", `{"conference_alias":"nowhere","destination":"x"}`)
	if r, _ := b.Room("et"); !r.Running || !r.Conferences[0].Hosted {
		t.Errorf("%+v", r)
	}
}
