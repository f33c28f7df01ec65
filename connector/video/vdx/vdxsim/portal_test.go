package vdxsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// walkIn posts the join form as a program.
func (b *bench) walkIn(t *testing.T, address, name, pin string) answer {
	t.Helper()
	b.header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.header.Set("Accept", "application/json")
	defer b.header.Del("Content-Type")
	defer b.header.Del("Accept")
	body := url.Values{"conference": {address}, "name": {name}, "pin": {pin}}
	return b.do(t, http.MethodPost, "/portal/join", body.Encode())
}

func (b *bench) walkOut(t *testing.T, leg string) answer {
	t.Helper()
	b.header.Set("Accept", "application/json")
	defer b.header.Del("Accept")
	return b.do(t, http.MethodPost, "/portal/leave", `{"leg":"`+leg+`"}`)
}

func TestTheDoor(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	rec, _ := b.Room(idA)
	address := rec.URIWithDomain
	if a := b.walkIn(t, "nobody@x.example", "A", "771204"); a.status != http.StatusNotFound {
		t.Errorf("unknown room: %d", a.status)
	}
	if a := b.walkIn(t, address, "A", "771204"); a.status != http.StatusTooEarly {
		t.Errorf("too early: %d", a.status)
	}
	b.Advance(20 * time.Minute)
	for _, c := range []struct {
		pin  string
		want int
	}{{"", 403}, {"1", 403}, {"x", 403}, {"771204", 200}, {"482130", 200}} {
		if a := b.walkIn(t, address, "P"+c.pin, c.pin); a.status != c.want {
			t.Errorf("PIN %q: %d, want %d", c.pin, a.status, c.want)
		}
	}
	for i := range 3 {
		if a := b.walkIn(t, address, fmt.Sprint("Pårørende ", i), "771204"); a.status != 200 || a.str("role") != "guest" {
			t.Errorf("person %d: %d %s", i, a.status, a.raw)
		}
	}
	sixth := b.walkIn(t, address, "Nr. 6", "771204")
	if sixth.status != http.StatusConflict {
		t.Errorf("the sixth person: %d", sixth.status)
	}
	rec, _ = b.Room(idA)
	if len(rec.Legs) != 5 || rec.Refused != 4 {
		t.Errorf("%d inside, %d refused", len(rec.Legs), rec.Refused)
	}
	if a := b.walkOut(t, rec.Legs[0].ID); a.status != 200 {
		t.Errorf("leave: %d", a.status)
	}
	if a := b.walkOut(t, rec.Legs[0].ID); a.status != 404 {
		t.Errorf("leave twice: %d", a.status)
	}
	b.Advance(time.Hour)
	if a := b.walkIn(t, address, "A", "771204"); a.status != http.StatusGone {
		t.Errorf("after the end: %d", a.status)
	}
	rec, _ = b.Room(idA)
	for _, l := range rec.Legs {
		if l.Left.IsZero() {
			t.Errorf("%s is still inside a closed room", l.Name)
		}
	}
}

func TestWithoutAGuestPINTheDoorIsOpenToGuests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, idA, b.start.Add(time.Minute), b.start.Add(time.Hour), "")
	b.Advance(time.Minute)
	rec, _ := b.Room(idA)
	if a := b.walkIn(t, rec.URIWithDomain, "Borger", ""); a.str("role") != "guest" {
		t.Errorf("no PIN: %s", a.raw)
	}
	if a := b.walkIn(t, rec.URIWithDomain, "Vært", itoa(rec.HostPIN)); a.str("role") != "chair" {
		t.Errorf("host PIN: %s", a.raw)
	}
}

func TestRoomPageForPeople(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	link := b.room(t, idA).str("portalLink")
	page := func(target string, want int, texts ...string) {
		t.Helper()
		a := b.do(t, http.MethodGet, target, "")
		if a.status != want {
			t.Errorf("%s: %d, want %d", target, a.status, want)
		}
		for _, s := range texts {
			if !strings.Contains(a.raw, s) {
				t.Errorf("%s lacks %q:\n%s", target, s, a.raw)
			}
		}
	}
	page(link, 200, "Rummet åbner kl. 10.15", "Deltag", `value="771204"`, `lang="da"`)
	page(b.urls.Portal+"?conference=x", 404, "Rummet findes ikke")
	b.Advance(20 * time.Minute)
	page(link, 200, "Åbent")
	b.header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec, _ := b.Room(idA)
	in := b.do(t, http.MethodPost, "/portal/join", url.Values{"conference": {rec.URIWithDomain}, "name": {"Else"}, "pin": {"771204"}}.Encode())
	if in.status != http.StatusSeeOther {
		t.Fatalf("join: %d %s", in.status, in.raw)
	}
	mine := in.header.Get("Location")
	if strings.Contains(mine, "771204") {
		t.Errorf("the PIN is in %s", mine)
	}
	page(mine, 200, "Du er med som gæst", "Forlad", "Else (gæst)")
	wrong := b.do(t, http.MethodPost, "/portal/join", url.Values{"conference": {rec.URIWithDomain}, "pin": {"1234"}}.Encode())
	if wrong.status != 403 || !strings.Contains(wrong.raw, "PIN-koden er forkert") {
		t.Errorf("wrong PIN: %d", wrong.status)
	}
	rec, _ = b.Room(idA)
	out := b.do(t, http.MethodPost, "/portal/leave", url.Values{"leg": {rec.Legs[0].ID}}.Encode())
	if out.status != http.StatusSeeOther {
		t.Errorf("leave: %d", out.status)
	}
	page(rec.ShortLink, 200, "Deltag", `value="771204"`)
	page(b.urls.Rooms, 200, "Åbn som vært", rec.URIWithDomain)
	b.Advance(time.Hour)
	page(link, http.StatusGone, "Rummet er lukket")
}

func TestShortLinkAsksForThePINWhenTold(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, idA, b.start.Add(time.Minute), b.start.Add(time.Hour), `"guestPin":771204,"guestPinRequired":true`)
	rec, _ := b.Room(idA)
	if a := b.do(t, http.MethodGet, rec.ShortLink, ""); a.status != 200 || strings.Contains(a.raw, "771204") {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestScheduledPeopleAndHistory(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	rec, _ := b.Room(idA)
	at := func(minute int) time.Time { return b.start.Add(time.Duration(minute) * time.Minute) }
	err := b.Schedule(
		idA,
		vdxsim.Attendance{Name: "Medarbejder", PIN: rec.HostPIN, UsePIN: true, Join: at(30), Leave: at(45)},
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(28), Leave: at(35)},
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(36), Leave: at(44)},
		vdxsim.Attendance{Name: "Fremmed", PIN: 1111, UsePIN: true, Join: at(31)},
		vdxsim.Attendance{Name: "For tidlig", Role: vdxsim.RoleGuest, Join: at(1)},
		vdxsim.Attendance{Name: "Glemt fane", Role: vdxsim.RoleGuest, Join: at(50)},
	)
	if err != nil {
		t.Fatal(err)
	}
	b.Advance(3 * time.Hour) // one jump over everything
	rec, _ = b.Room(idA)
	if got := rec.Overlap(b.Now()); got != 13*time.Minute || rec.Refused != 2 {
		t.Errorf("overlap %v, refused %d", got, rec.Refused)
	}
	b.header.Set("X-Api-Key", "history-key-of-sluse-kommune")
	b.token = ""
	calls := b.do(t, http.MethodGet, query("/apikey/history/v1/conference", "start_time__gte", "2026-09-14T00:00:00Z", "end_time__lt", "2026-09-15T00:00:00Z", "limit", "100"), "")
	objects, _ := calls.object["objects"].([]any)
	if calls.status != 200 || len(objects) != 2 {
		t.Fatalf("conferences: %d %s", calls.status, calls.raw)
	}
	first, _ := objects[0].(map[string]any)
	if first["name"] != rec.URIWithDomain || first["start_time"] != "2026-09-14T08:28:00" || first["end_time"] != "2026-09-14T08:45:00" ||
		first["duration"] != float64(17*60) || first["participant_count"] != float64(3) {
		t.Errorf("conference: %v", first)
	}
	people := b.do(t, http.MethodGet, query("/apikey/history/v1/participant", "conference_name", rec.URIWithDomain, "role", "chair"), "")
	objects, _ = people.object["objects"].([]any)
	if len(objects) != 1 {
		t.Fatalf("participants: %s", people.raw)
	}
	host, _ := objects[0].(map[string]any)
	got := []any{host["display_name"], host["role"], host["start_time"], host["end_time"], host["local_alias"], host["duration"]}
	want := []any{"Medarbejder", "chair", "2026-09-14T08:30:00", "2026-09-14T08:45:00", rec.URIWithDomain, float64(900)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	forgotten := rec.Legs[len(rec.Legs)-1]
	if forgotten.Name != "Glemt fane" || !forgotten.Left.Equal(at(60).Add(9*time.Second)) {
		t.Errorf("the forgotten tab ends with the room: %+v", forgotten)
	}
}

func TestHistoryPagingAndKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Strict = false })
	b.standard(t)
	b.Advance(20 * time.Minute)
	for range 5 {
		l, err := b.Join(idA, "Borger", vdxsim.RoleGuest)
		if err != nil {
			t.Fatal(err)
		}
		b.Advance(1500 * time.Millisecond)
		if err := b.Leave(l.ID); err != nil {
			t.Fatal(err)
		}
	}
	target := "/apikey/history/v1/conference"
	if a := b.do(t, http.MethodGet, target, ""); a.status != 401 {
		t.Errorf("without a key: %d", a.status)
	}
	b.header.Set("X-Api-Key", "history-key-of-sluse-kommune")
	if a := b.do(t, http.MethodGet, target, ""); a.object["meta"].(map[string]any)["total_count"] == float64(5) {
		t.Error("the last call shows before the lag")
	}
	b.Advance(10 * time.Second)
	seen, next := 0, target+"?limit=2&order_by=-end_time&unknown=1"
	for next != "" {
		a := b.do(t, http.MethodGet, next, "")
		meta := a.object["meta"].(map[string]any)
		seen += len(a.object["objects"].([]any))
		next, _ = meta["next"].(string)
	}
	if seen != 5 {
		t.Errorf("paged through %d of 5", seen)
	}
	if a := b.do(t, http.MethodGet, target+"?start_time__gte=yesterday", ""); a.status != 400 {
		t.Errorf("bad time: %d", a.status)
	}
	a := b.do(t, http.MethodGet, target+"?limit=1", "")
	one := a.object["objects"].([]any)[0].(map[string]any)
	if one["end_time"] != "2026-09-14T08:20:01.500000" {
		t.Errorf("fraction: %v", one["end_time"])
	}
	b.token = "x"
	if a := b.do(t, http.MethodGet, target, ""); a.status != 401 {
		t.Errorf("a bad bearer token beside the key: %d", a.status)
	}
}
