package vdxsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// history reads all participants of the bench's room an hour after it closed.
func (b *bench) history(t *testing.T) []map[string]any {
	t.Helper()
	b.Advance(24 * time.Hour)
	b.header.Set("X-Api-Key", "history-key-of-sluse-kommune")
	a := b.do(t, http.MethodGet, "/apikey/history/v1/participant?limit=100", "")
	objects, _ := a.object["objects"].([]any)
	out := make([]map[string]any, 0, len(objects))
	for _, o := range objects {
		row, _ := o.(map[string]any)
		out = append(out, row)
	}
	return out
}

// seen is what a test compares of a participant.
type seen struct {
	Name, Role, Protocol, Stage, Reason string
	Media                               int
	From, To                            string
}

func see(row map[string]any) seen {
	str := func(name string) string { s, _ := row[name].(string); return s }
	streams, _ := row["media_streams"].([]any)
	if has, _ := row["has_media"].(bool); has != (len(streams) > 0) {
		streams = append(streams, "contradiction", "contradiction", "contradiction")
	}
	clock := func(s string) string { return s[11:19] }
	return seen{
		str("display_name"), str("role"), str("protocol"), str("service_type"), str("disconnect_reason"), len(streams),
		clock(str("start_time")), clock(str("end_time")),
	}
}

// TestWhatTheHistoryShowsOfPeople plays every kind of stay that the history can tell apart.
func TestWhatTheHistoryShowsOfPeople(t *testing.T) {
	t.Parallel()
	guest := vdxsim.RoleGuest
	at := func(minute int) time.Time {
		return time.Date(2026, 9, 14, 8, minute, 0, 0, time.UTC)
	}
	host := vdxsim.Attendance{Name: "Vært", Role: vdxsim.RoleHost, Join: at(30), Leave: at(50)}
	hosted := seen{"Vært", "chair", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:30:00", "08:50:00"}
	tests := map[string]struct {
		change func(*vdxsim.Options)
		people []vdxsim.Attendance
		want   []seen
	}{
		"join and leave": {nil, []vdxsim.Attendance{host}, []seen{hosted}},
		"a reconnect and a second tab": {nil, []vdxsim.Attendance{
			host,
			{Name: "Borger", Role: guest, Join: at(31), Leave: at(35), Conversation: "a", Reason: vdxsim.ReasonLost},
			{Name: "Borger", Role: guest, Join: at(36), Leave: at(45), Conversation: "a"},
			{Name: "Borger", Role: guest, Join: at(40), Leave: at(41)},
		}, []seen{
			hosted,
			{"Borger", "guest", "WebRTC", "conference", vdxsim.ReasonLost, 2, "08:31:00", "08:35:00"},
			{"Borger", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:36:00", "08:45:00"},
			{"Borger", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:40:00", "08:41:00"},
		}},
		"by telephone, and without media": {nil, []vdxsim.Attendance{
			{Name: "+4520123456", Role: guest, Join: at(31), Leave: at(35), Device: vdxsim.DevicePhone},
			{Name: "Stum", Role: guest, Join: at(32), Leave: at(35), NoMedia: true},
		}, []seen{
			{"+4520123456", "guest", "SIP", "conference", vdxsim.ReasonUsual, 1, "08:31:00", "08:35:00"},
			{"Stum", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 0, "08:32:00", "08:35:00"},
		}},
		"a forgotten tab": {nil, []vdxsim.Attendance{{Name: "Glemt", Role: guest, Join: at(50)}}, []seen{
			{"Glemt", "guest", "WebRTC", "conference", vdxsim.ReasonEnded, 2, "08:50:00", "09:00:09"},
		}},
		"the sixth": {func(o *vdxsim.Options) { o.History.Refused = true }, []vdxsim.Attendance{
			{Name: "1", Role: guest, Join: at(31), Leave: at(40)},
			{Name: "2", Role: guest, Join: at(32), Leave: at(40)},
			{Name: "3", Role: guest, Join: at(33), Leave: at(40)},
			{Name: "4", Role: guest, Join: at(34), Leave: at(40)},
			{Name: "5", Role: guest, Join: at(35), Leave: at(40)},
			{Name: "6", Role: guest, Join: at(36)},
		}, []seen{
			{"1", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:31:00", "08:40:00"},
			{"2", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:32:00", "08:40:00"},
			{"3", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:33:00", "08:40:00"},
			{"4", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:34:00", "08:40:00"},
			{"5", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:35:00", "08:40:00"},
			{"6", "guest", "WebRTC", "conference", vdxsim.ReasonFull, 0, "08:36:00", "08:36:01"},
		}},
		"a wrong PIN": {func(o *vdxsim.Options) { o.History.Refused = true }, []vdxsim.Attendance{
			{Name: "Fremmed", PIN: 1, UsePIN: true, Join: at(31)},
		}, []seen{{"Fremmed", "unknown", "WebRTC", "ivr", vdxsim.ReasonWrongPIN, 0, "08:31:00", "08:31:01"}}},
		"waiting for a host": {func(o *vdxsim.Options) { o.Lobby = true }, []vdxsim.Attendance{
			{Name: "Tålmodig", Role: guest, Join: at(25), Leave: at(45)},
			{Name: "Utålmodig", Role: guest, Join: at(26), Leave: at(28)},
			host,
		}, []seen{
			{"Tålmodig", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:25:00", "08:45:00"},
			{"Utålmodig", "guest", "WebRTC", "waiting_room", vdxsim.ReasonUsual, 0, "08:26:00", "08:28:00"},
			hosted,
		}},
		"no host came": {func(o *vdxsim.Options) { o.Lobby = true }, []vdxsim.Attendance{{Name: "Borger", Role: guest, Join: at(30)}}, []seen{
			{"Borger", "guest", "WebRTC", "waiting_room", vdxsim.ReasonNoHost, 0, "08:30:00", "08:45:00"},
		}},
		"API legs": {func(o *vdxsim.Options) { o.History.APILegs = true }, []vdxsim.Attendance{host}, []seen{
			hosted, {"Vært", "chair", "API", "conference", vdxsim.ReasonUsual, 0, "08:30:00", "08:50:00"},
		}},
		"a node whose clock is ahead": {func(o *vdxsim.Options) { o.History.Skew = map[string]time.Duration{"edge-2": 90 * time.Second} }, []vdxsim.Attendance{
			host, {Name: "Borger", Role: guest, Join: at(31), Leave: at(35), Node: "edge-2"},
		}, []seen{hosted, {"Borger", "guest", "WebRTC", "conference", vdxsim.ReasonUsual, 2, "08:32:30", "08:36:30"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tt.change)
			b.standard(t) // 08:30–09:00, open from 08:15, five people
			if err := b.Schedule(idA, tt.people...); err != nil {
				t.Fatal(err)
			}
			var got []seen
			for _, row := range b.history(t) {
				got = append(got, see(row))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.History.APILegs = true })
	b.standard(t)
	at := func(minute int) time.Time { return b.start.Add(time.Duration(minute) * time.Minute) }
	err := b.Schedule(
		idA,
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(31), Leave: at(32), Conversation: "a"},
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(33), Leave: at(34), Conversation: "a"},
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(33), Leave: at(34)},
	)
	if err != nil {
		t.Fatal(err)
	}
	legs, calls := map[any]int{}, map[any]int{}
	for _, row := range b.history(t) {
		legs[row["conversation_id"]]++
		calls[row["call_uuid"]]++
	}
	counts := map[int]bool{}
	for _, n := range legs {
		counts[n] = true
	}
	if len(legs) != 2 || !counts[4] || !counts[2] || len(calls) != 6 {
		t.Errorf("conversations %v, calls %d", legs, len(calls))
	}
}

func TestOverlapIsOfPeopleWhoAreIn(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Lobby = true })
	b.standard(t)
	at := func(minute int) time.Time { return b.start.Add(time.Duration(minute) * time.Minute) }
	err := b.Schedule(
		idA,
		vdxsim.Attendance{Name: "Borger", Role: vdxsim.RoleGuest, Join: at(28), Leave: at(40)},
		vdxsim.Attendance{Name: "Vært", Role: vdxsim.RoleHost, Join: at(31), Leave: at(45)},
	)
	if err != nil {
		t.Fatal(err)
	}
	b.Advance(2 * time.Hour)
	rec, _ := b.Room(idA)
	if got := rec.Overlap(b.Now()); got != 9*time.Minute || !rec.Legs[0].Entered.Equal(at(31)) {
		t.Errorf("overlap %v, entered %v", got, rec.Legs[0].Entered)
	}
}

func TestAGuestInTheLobbySeesThatTheyWait(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Lobby = true })
	b.standard(t)
	b.Advance(20 * time.Minute)
	rec, _ := b.Room(idA)
	b.header.Set("Accept", "application/json")
	in := b.do(t, http.MethodPost, "/portal/join", `{"conference":"`+rec.URIWithDomain+`","pin":"771204","name":"Borger"}`)
	if in.object["waiting"] != true {
		t.Errorf("joined: %s", in.raw)
	}
	page := query("/portal/", "conference", rec.URIWithDomain, "leg", in.str("leg"))
	if a := b.do(t, http.MethodGet, page, ""); !strings.Contains(a.raw, "venter på værten") {
		t.Errorf("page: %s", a.raw)
	}
	if _, err := b.Join(idA, "Vært", vdxsim.RoleHost); err != nil {
		t.Fatal(err)
	}
	if a := b.do(t, http.MethodGet, page, ""); strings.Contains(a.raw, "venter på værten") {
		t.Errorf("let in: %s", a.raw)
	}
}
