package vdxsim_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestControlPlane(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	call := func(method, path, body string, want int) answer {
		t.Helper()
		a := b.do(t, method, b.urls.Control+path, body)
		if a.status != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, a.status, a.raw, want)
		}
		return a
	}
	room := "/rooms/" + idA
	call("POST", "/clock", `{"advance":"20m"}`, 200)
	if !b.Now().Equal(b.start.Add(20 * time.Minute)) {
		t.Errorf("now %v", b.Now())
	}
	if a := call("GET", room, "", 200); a.str("status") != "PROVISIONED_OK" || a.object["deleted"] != nil {
		t.Errorf("room: %s", a.raw)
	}
	leg := call("POST", room+"/join", `{"name":"Kaja","role":"chair"}`, 200).str("id")
	call("POST", "/legs/"+leg+"/leave", "", 204)
	call("POST", "/legs/"+leg+"/leave", "", 404)
	call("POST", room+"/schedule", `[{"name":"Bo","role":"guest","join":"2026-09-14T08:25:00Z"}]`, 204)
	call("POST", room+"/schedule", `[{"nam":"Bo"}]`, 400)
	call("POST", "/clock", `{"set":"2026-09-14T08:26:00Z"}`, 200)
	if a := call("GET", "/counts", "", 200); a.object["people_inside"] != float64(1) || a.object["rooms_live"] != float64(1) {
		t.Errorf("counts: %s", a.raw)
	}
	call("POST", room+"/clear", "", 204)
	call("POST", "/faults", `[{"kind":"503","op":"*"}]`, 204)
	if got := b.do(t, http.MethodGet, "/v2/info", ""); got.status != 503 {
		t.Errorf("scripted over HTTP: %d", got.status)
	}
	call("POST", "/faults", `[{"kind":"xxx"}]`, 400)
	call("PUT", "/faults", `{"slow":0.1}`, 204)
	call("DELETE", "/faults", "", 204)
	call("POST", "/sms/undeliverable", `{"numbers":["20123456"]}`, 204)
	call("POST", "/clients", `{"client_id":"x","client_secret":"y","roles":["meeting-user"]}`, 204)
	call("POST", "/clients", `{"client_id":"x","client_secret":"y"}`, 400)
	if a := call("GET", "/requests?op=meeting.create", "", 200); len(a.list) != 1 || a.list[0]["request_id"] != "test" {
		t.Errorf("requests: %s", a.raw)
	}
	call("DELETE", "/requests", "", 204)
	if len(b.Requests()) != 0 {
		t.Error("requests were not forgotten")
	}
	for _, act := range []string{"hold", "release", "finish", "fail", "fail-close", "end"} {
		call("POST", room+"/"+act, "", 204)
	}
	call("POST", room+"/dance", "", 404)
	call("POST", "/rooms/"+idB+"/end", "", 404)
	call("POST", "/tokens/expire", "", 204)
	call("GET", "/state", "", 200)
	call("GET", "/sms", "", 200)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	call("POST", "/clock", `{}`, 403)
}

func TestAwaitRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	done := make(chan error, 1)
	go func() { done <- b.AwaitRequests(t.Context(), 2, vdxsim.OpRoomGet) }()
	b.room(t, idA)
	b.room(t, idA)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.AwaitRequests(ctx, 3, vdxsim.OpRoomGet); err == nil {
		t.Error("a third request was never made")
	}
}

func TestMaxLiveSeesADoubleBooking(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	visit := func(r vdxsim.RoomRecord) string { return r.ExternalID[:2] }
	b.book(t, idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), `"externalId":"v1/1"`)
	b.book(t, idB, b.start.Add(time.Hour), b.start.Add(2*time.Hour), `"externalId":"v1/2"`)
	if got := b.MaxLive(visit)["v1"]; got != 2 {
		t.Errorf("two at once: %d", got)
	}
	if got := b.Counts().DuplicateRooms; got != 0 {
		t.Errorf("different external ids are no duplicate by the standard key: %d", got)
	}
}

// TestFiveHundredMeetings is the load of one bulk conversion: 500 meetings, three calls each,
// sixteen at a time. Every room must be there once.
func TestFiveHundredMeetings(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.client.Transport = &http.Transport{MaxIdleConnsPerHost: 16}
	const meetings, workers = 500, 16
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < meetings; i += workers {
				id := fmt.Sprintf("3f0c8f0e-6a55-4d52-9a1e-%012d", i)
				start := b.start.Add(time.Hour)
				a, err := b.try(t, http.MethodPost, "/v2/meetings", booking(id, start, start.Add(time.Hour), fmt.Sprintf(`"externalId":"v%d","guestPin":%d`, i, 100000+i)))
				if err != nil || a.status != 200 {
					t.Errorf("create %d: %v %s", i, err, a.raw)
				}
				for range 2 {
					if a, err = b.try(t, http.MethodGet, "/v2/scheduling-info/"+id, ""); err != nil || a.status != 200 {
						t.Errorf("read %d: %v", i, err)
					}
				}
			}
		})
	}
	wg.Wait()
	c := b.Counts()
	if c.RoomsEver != meetings || c.RoomsLive != meetings || c.DuplicateRooms != 0 || c.RemoteCalls != 3*meetings {
		t.Errorf("counts: ever %d live %d duplicates %d calls %d", c.RoomsEver, c.RoomsLive, c.DuplicateRooms, c.RemoteCalls)
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if a := b.do(t, http.MethodGet, "/v3/meetings", ""); a.code() != "Not Found/" || a.header.Get("Server") == "" {
		t.Errorf("unknown path: %s", a.code())
	}
}
