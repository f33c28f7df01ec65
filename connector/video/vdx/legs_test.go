package vdx

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

func TestParticipants(t *testing.T) {
	t.Parallel()

	day := time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)
	at := func(h, m int) time.Time { return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute) }
	window := care.Interval{Start: at(10, 0), End: at(11, 0)}
	full := `{"id":"a","conference_name":"a@b","role":"chair","start_time":"2026-09-14T10:05:00.5","end_time":"2026-09-14T10:25:00"}`
	with := func(members string) string { return strings.Replace(full, "{", "{"+members+",", 1) }
	// leg is the full one, changed.
	leg := func(change func(*care.Leg)) *care.Leg {
		l := &care.Leg{ID: "a", Room: "r", Role: care.AsHost, Joined: at(10, 5).Add(500 * time.Millisecond), Left: at(10, 25)}
		change(l)

		return l
	}

	for name, tt := range map[string]struct {
		body string
		want *care.Leg
	}{
		"full":            {full, leg(func(*care.Leg) {})},
		"running":         {`{"id":8,"local_alias":"sip:A@B","role":"Guest","start_time":"2026-09-14T12:05:00+02:00","end_time":null}`, &care.Leg{ID: "8", Room: "r", Role: care.AsGuest, Joined: at(10, 5)}},
		"other room":      {strings.Replace(full, "a@b", "c@b", 1), nil},
		"no role":         {strings.Replace(full, "chair", "", 1), leg(func(l *care.Leg) { l.Role = "" })},
		"unknown role":    {strings.Replace(full, "chair", "robot", 1), leg(func(l *care.Leg) { l.Role = "" })},
		"no start":        {strings.Replace(full, "start_time", "x", 1), nil},
		"unreadable end":  {strings.Replace(full, "2026-09-14T10:25:00", "soon", 1), nil},
		"end first":       {strings.Replace(full, "10:25:00", "10:01:00", 1), leg(func(l *care.Leg) { l.Left = at(10, 1) })},
		"after window":    {strings.ReplaceAll(full, "T10:", "T11:"), nil},
		"before window":   {strings.ReplaceAll(full, "T10:", "T09:"), nil},
		"odd other types": {with(`"service_type":[],"is_streaming":"no","conference":{},"media_streams":7,"has_media":{}`), leg(func(*care.Leg) {})},

		"stream":              {with(`"is_streaming":true`), leg(func(l *care.Leg) { l.Role = care.AsRecorder })},
		"RTMP":                {with(`"protocol":"RTMP"`), leg(func(l *care.Leg) { l.Role = care.AsRecorder })},
		"call of a person":    {with(`"conversation_id":"c","call_uuid":"d"`), leg(func(l *care.Leg) { l.Call = "c" })},
		"call":                {with(`"call_uuid":"d"`), leg(func(l *care.Leg) { l.Call = "d" })},
		"no media":            {with(`"has_media":false`), leg(func(l *care.Leg) { l.Media = care.NoMedia })},
		"only signalling":     {with(`"has_media":true,"protocol":"API"`), leg(func(l *care.Leg) { l.Media = care.NoMedia })},
		"some media":          {with(`"has_media":true,"media_streams":[]`), leg(func(*care.Leg) {})},
		"by phone":            {with(`"media_streams":[{"stream_type":"audio"}]`), leg(func(l *care.Leg) { l.Media = care.AudioOnly })},
		"picture":             {with(`"media_streams":[{"stream_type":"audio"},{"stream_type":"Video"}]`), leg(func(l *care.Leg) { l.Media = care.Video })},
		"waited for the host": {with(`"service_type":"waiting_room"`), leg(func(l *care.Leg) { l.Ending = care.NoHostCame })},
		"gave up waiting":     {with(`"disconnect_reason":"Timeout waiting for conference host to join or permit access to locked conference"`), leg(func(l *care.Leg) { l.Ending = care.NoHostCame })},
		"stuck at the PIN":    {with(`"service_type":"ivr"`), leg(func(l *care.Leg) { l.Ending = care.NeverThrough })},
		"full at the PIN":     {with(`"service_type":"ivr","disconnect_reason":"Insufficient licenses"`), leg(func(l *care.Leg) { l.Ending = care.RoomFull })},
		"ended for all":       {with(`"disconnect_reason":"Conference terminated by an administrator"`), leg(func(l *care.Leg) { l.Ending = care.EndedForAll })},
		"turned away":         {with(`"disconnect_reason":"Disconnected by an administrator"`), leg(func(l *care.Leg) { l.Ending = care.TurnedAway })},
		"lost":                {with(`"disconnect_reason":"ICE failure"`), leg(func(l *care.Leg) { l.Ending = care.LostContact })},
		"usual":               {with(`"disconnect_reason":"Call disconnected"`), leg(func(*care.Leg) {})},
		"reason of a device":  {with(`"disconnect_reason":"Nothing that we know"`), leg(func(*care.Leg) {})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var w participantWire
			if err := json.Unmarshal([]byte(tt.body), &w); err != nil {
				t.Fatal(err)
			}

			got, ok := w.leg(video.Observed{Ref: "r", Address: "a@b", Window: window})
			if ok != (tt.want != nil) {
				t.Fatalf("got %+v, %t; want %+v", got, ok, tt.want)
			}

			if ok {
				if diff := cmp.Diff(*tt.want, got); diff != "" {
					t.Errorf("leg (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestKeyOfALeg: one without a key of its own keeps its key when it ends.
func TestKeyOfALeg(t *testing.T) {
	t.Parallel()

	var running, ended participantWire

	body := `{"conference_name":"a@b","role":"guest","start_time":"2026-09-14T10:05:00"}`
	_ = json.Unmarshal([]byte(body), &running)
	_ = json.Unmarshal([]byte(strings.Replace(body, "{", `{"end_time":"2026-09-14T10:06:00",`, 1)), &ended)

	if running.key() == "" || running.key() != ended.key() {
		t.Error("the key changed")
	}
}
