package pexip

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// The day of the scenes; at counts minutes from nine.
func day() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func at(minutes float64) time.Time { return day().Add(time.Duration(minutes * float64(time.Minute))) }

func window() care.Interval { return care.Interval{Start: at(-15), End: at(120)} }

type fields map[string]any

// event is what a node posts: seconds with a fraction, null where it does not know.
func event(kind string, minutes float64, data fields) video.Event {
	data = maps.Clone(data)
	data["conference"] = "sluse-" + string(testRef)

	for _, name := range []string{"connect_time", "end_time"} {
		if m, ok := data[name].(float64); ok {
			data[name] = float64(at(m).UnixMicro()) / 1e6
		}
	}

	body, err := json.Marshal(map[string]any{"node": "10.44.0.11", "event": kind, "data": data})
	if err != nil {
		panic(err)
	}

	return video.Event{Node: "10.44.0.11", At: at(minutes), Kind: kind, Room: "sluse-" + string(testRef), Body: body}
}

func connected(data fields) video.Event { return event("participant_connected", 2, data) }
func updated(minutes float64, data fields) video.Event {
	return event("participant_updated", minutes, data)
}
func left(minutes float64, data fields) video.Event { return event(personLeft, minutes, data) }

// record is what the history has: times in UTC without a zone.
func record(from, to float64, data fields) participantWire {
	data = maps.Clone(data)
	data["conference_name"] = "sluse-" + string(testRef)
	data["start_time"], data["end_time"] = at(from).Format("2006-01-02T15:04:05.000000"), at(to).Format(historyTime)

	var w participantWire
	if body, err := json.Marshal(data); err != nil || json.Unmarshal(body, &w) != nil {
		panic(fmt.Sprint(data, err))
	}

	return w
}

// with returns the fields with some changed.
func (f fields) with(more fields) fields {
	out := maps.Clone(f)
	maps.Copy(out, more)

	return out
}

type scene struct {
	events []video.Event
	past   []participantWire
	live   []participantWire
	looked bool
	want   []care.Leg
}

func (s scene) legs(p *Platform) []care.Leg {
	var past []stay
	for _, w := range s.past {
		past = append(past, p.stayOf(&w, care.FromHistory))
	}

	stays := merge(p.fold(testRef, s.events), past)
	if s.looked {
		stays = p.present(stays, s.live)
	}

	return chosen(stays, video.Observed{Ref: testRef, Window: window()})
}

// TestLegs tells calls as the platform does.
func TestLegs(t *testing.T) { //nolint:maintidx // a table
	t.Parallel()

	p := testPlatform(t, at(60))
	found := p.aliasesOf(testRef, 5)

	host := fields{"id": "h1", "call_uuid": "ch", "conversation_id": "vh", "role": "chair", "protocol": "WebRTC", "service_type": "conference", "has_media": true, "local_alias": found.host}
	guest := fields{"id": "g1", "call_uuid": "cg", "conversation_id": "vg", "role": "guest", "protocol": "WebRTC", "service_type": "conference", "has_media": true, "local_alias": found.guests[0]}
	api := fields{"id": "g0", "call_uuid": "cga", "conversation_id": "vg", "role": "guest", "protocol": "API", "service_type": "conference", "has_media": false, "local_alias": found.guests[0]}

	told := fields{"uuid": "eg1", "call_id": "cg", "conversation_id": "vg", "role": "guest", "protocol": "WebRTC", "service_type": "connecting", "has_media": false, "destination_alias": found.guests[0], "connect_time": 2.0}

	hostLeg := care.Leg{ID: "ch", Room: testRef, Role: care.AsHost, Joined: at(0), Left: at(20), Call: "vh"}
	guestLeg := care.Leg{ID: "cg", Room: testRef, Role: care.AsGuest, Joined: at(2), Left: at(19), Call: "vg", Seat: 1}
	but := func(leg care.Leg, change func(*care.Leg)) care.Leg {
		change(&leg)

		return leg
	}

	for name, s := range map[string]scene{
		"nobody": {},
		"history alone": {
			past: []participantWire{record(2, 19, guest), record(1.9, 19, api), record(0, 20, host)},
			want: []care.Leg{hostLeg, guestLeg},
		},
		"waiting room, then in": {
			events: []video.Event{
				connected(told), updated(2.1, told.with(fields{"service_type": "waiting_room"})),
				updated(7, told.with(fields{"service_type": "conference", "has_media": true})),
				left(19, told.with(fields{"service_type": "conference", "has_media": true, "end_time": 19.0, "disconnect_reason": "Call disconnected"})),
			},
			past: []participantWire{record(2, 19, guest)},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Entered, l.Witness, l.Node = at(7), care.FromBoth, "10.44.0.11"
			})},
		},
		"events alone, still there": {
			events: []video.Event{connected(told), updated(7, fields{"uuid": "eg1", "current_service_type": "conference", "has_media": true})},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Entered, l.Left, l.Witness, l.Node = at(7), time.Time{}, care.FromEvents, "10.44.0.11"
			})},
		},
		"the last event never came": {
			events: []video.Event{connected(told), updated(7, told.with(fields{"service_type": "conference", "has_media": true}))},
			looked: true,
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Entered, l.Left, l.Witness, l.Node = at(7), at(7), care.FromEvents, "10.44.0.11"
			})},
		},
		"the switch is told at the end only": {
			events: []video.Event{connected(told), left(19, told.with(fields{"service_type": "conference", "has_media": true, "end_time": 19.0}))},
			want:   []care.Leg{but(guestLeg, func(l *care.Leg) { l.Witness, l.Node = care.FromEvents, "10.44.0.11" })},
		},
		"no host came": {
			past: []participantWire{record(2, 17, guest.with(fields{
				"service_type": "waiting_room", "has_media": false,
				"disconnect_reason": "Timeout waiting for conference host to join or permit access to locked conference",
			}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) { l.Left, l.Ending, l.Media = at(17), care.NoHostCame, care.NoMedia })},
		},
		"no host came, says the reason alone": {
			past: []participantWire{record(2, 17, guest.with(fields{"disconnect_reason": "Timeout waiting for conference host to join"}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) { l.Left, l.Ending, l.Media = at(17), care.NoHostCame, care.NoMedia })},
		},
		"gave up waiting": {
			events: []video.Event{
				connected(told), updated(2.1, told.with(fields{"service_type": "waiting_room", "has_media": true})),
				left(9, told.with(fields{"service_type": "waiting_room", "end_time": 9.0, "disconnect_reason": "Call disconnected"})),
			},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Left, l.Ending, l.Media, l.Witness, l.Node = at(9), care.NoHostCame, care.NoMedia, care.FromEvents, "10.44.0.11"
			})},
		},
		"waiting now": {
			events: []video.Event{connected(told), updated(2.1, told.with(fields{"service_type": "waiting_room"}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Left, l.Media, l.Witness, l.Node = time.Time{}, care.NoMedia, care.FromEvents, "10.44.0.11"
			})},
		},
		"wrong PIN by telephone": {
			past: []participantWire{record(2, 3, guest.with(fields{
				"id": "s1", "protocol": "SIP", "role": "unknown", "service_type": "ivr", "has_media": true, "disconnect_reason": "Invalid PIN entered",
			}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.ID, l.Left, l.Ending, l.Media = "s1", at(3), care.NeverThrough, care.NoMedia
			})},
		},
		"by sound alone": {
			past: []participantWire{record(2, 19, guest.with(fields{
				"id": "s1", "protocol": "SIP", "local_alias": "sip:" + p.name(testRef) + "@video.testby.example",
				"media_streams": []any{fields{"stream_type": "audio", "rx_packets_received": 100}, 7, fields{"stream_type": "video", "rx_packets_received": 0, "tx_packets_sent": 0}},
			}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) { l.ID, l.Seat, l.Media = "s1", 0, care.AudioOnly })},
		},
		"never any sound or picture": {
			past: []participantWire{
				record(0, 20, host), record(2, 4, api.with(fields{"has_media": false})),
				record(2, 3, guest.with(fields{"has_media": false, "disconnect_reason": "ICE failure"})),
				record(5, 8, guest.with(fields{"id": "g2", "call_uuid": "cg2", "conversation_id": "vg2", "has_media": false, "disconnect_reason": "ICE failure"})),
			},
			want: []care.Leg{hostLeg, but(guestLeg, func(l *care.Leg) {
				l.ID, l.Call, l.Joined, l.Left, l.Media, l.Ending = "cg2", "vg2", at(5), at(8), care.NoMedia, care.LostContact
			})},
		},
		"API session alone": {
			past: []participantWire{record(2, 4, api)},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) { l.ID, l.Left, l.Media = "cga", at(4), care.NoMedia })},
		},
		"reconnected": {
			past: []participantWire{
				record(2, 6, guest.with(fields{"disconnect_reason": "Timer expired awaiting token refresh"})),
				record(7, 19, guest.with(fields{"id": "g2", "call_uuid": "cg2"})),
			},
			want: []care.Leg{
				but(guestLeg, func(l *care.Leg) { l.Left, l.Ending = at(6), care.LostContact }),
				but(guestLeg, func(l *care.Leg) { l.ID, l.Joined = "cg2", at(7) }),
			},
		},
		"reconnected in one call": {
			past: []participantWire{record(2, 6, guest), record(7, 19, guest.with(fields{"id": "g2"}))},
			want: []care.Leg{
				but(guestLeg, func(l *care.Leg) { l.Left = at(6) }),
				but(guestLeg, func(l *care.Leg) { l.ID, l.Joined = "cg#2", at(7) }),
			},
		},
		"a recorder": {
			past: []participantWire{record(2, 19, guest), record(3, 18, fields{"id": "r1", "protocol": "RTMP", "role": "guest", "is_streaming": true, "service_type": "conference", "has_media": true})},
			want: []care.Leg{guestLeg, {ID: "r1", Room: testRef, Role: care.AsRecorder, Joined: at(3), Left: at(18), Call: "r1"}},
		},
		"guest made host": {
			events: []video.Event{connected(told.with(fields{"service_type": "conference", "has_media": true})), updated(5, fields{"uuid": "eg1", "role": "chair"})},
			past:   []participantWire{record(2, 19, guest.with(fields{"role": "chair"}))},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) {
				l.Entered, l.Witness, l.Node = at(2), care.FromBoth, "10.44.0.11"
			})},
		},
		"seen now": {
			looked: true, live: []participantWire{record(0, 0, fields{
				"id": "x", "call_uuid": "cg", "conversation_id": "vg", "role": "guest", "protocol": "WebRTC", "service_type": "conference", "has_media": true,
				"destination_alias": found.guests[0], "connect_time": "2026-11-23T09:02:00.000000", "end_time": nil,
			}).open()},
			want: []care.Leg{but(guestLeg, func(l *care.Leg) { l.Left, l.Witness = time.Time{}, care.FromLooking })},
		},
		"another day":         {past: []participantWire{record(-300, -200, guest), record(121, 130, host)}},
		"left before he came": {past: []participantWire{record(19, 2, guest)}},
		"scanner":             {past: []participantWire{record(2, 3, fields{"id": "z", "protocol": "SIP", "role": "unknown", "service_type": "ivr", "local_alias": "100"})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := gocmp.Diff(s.want, s.legs(p)); diff != "" {
				t.Errorf("legs (-want +got):\n%s", diff)
			}
		})
	}
}

// open takes the end away.
func (w participantWire) open() participantWire {
	w.EndTime = moment{}

	return w
}

// TestOrderDoesNotMatter: events that come late, twice or by several nodes tell the same, once
// they are in the order of their times.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()

	p := testPlatform(t, at(60))
	found := p.aliasesOf(testRef, 5)
	told := fields{"uuid": "eg1", "call_id": "cg", "conversation_id": "vg", "role": "guest", "protocol": "WebRTC", "service_type": "connecting", "has_media": false, "destination_alias": found.guests[0], "connect_time": 2.0}
	all := []video.Event{
		connected(told), updated(2.1, told.with(fields{"service_type": "waiting_room"})),
		updated(7, told.with(fields{"service_type": "conference", "has_media": true})),
		left(19, told.with(fields{"service_type": "conference", "has_media": true, "end_time": 19.0})),
	}

	for i := range all {
		all[i].Key = strconv.Itoa(i)
	}

	want := scene{events: all}.legs(p)

	rapid.Check(t, func(t *rapid.T) {
		log := newEventLog()

		for _, i := range rapid.Permutation([]int{0, 1, 2, 3, 0, 1, 2, 3}).Draw(t, "order") {
			if _, err := log.Keep(t.Context(), all[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}

		events, _ := log.EventsOf(t.Context(), p.name(testRef))
		if diff := gocmp.Diff(want, scene{events: events}.legs(p)); diff != "" {
			t.Fatalf("legs (-want +got):\n%s", diff)
		}
	})
}

// TestLegsKeepTheirName: what was told by events at first keeps its name when the history comes.
func TestLegsKeepTheirName(t *testing.T) {
	t.Parallel()

	p := testPlatform(t, at(60))

	for _, protocol := range []string{"WebRTC", "SIP"} {
		told := fields{"uuid": "one", "call_id": "call", "role": "guest", "protocol": protocol, "service_type": "conference", "has_media": true, "connect_time": 2.0}
		kept := fields{"id": "one", "call_uuid": "call", "role": "guest", "protocol": protocol, "service_type": "conference", "has_media": true}

		if protocol == "WebRTC" {
			kept["id"] = "other" // pexip.md §4.5
		} else {
			kept["call_uuid"] = "other"
		}

		early := scene{events: []video.Event{connected(told)}}.legs(p)
		late := scene{events: []video.Event{connected(told)}, past: []participantWire{record(2, 9, kept)}}.legs(p)

		if len(early) != 1 || len(late) != 1 || early[0].ID != late[0].ID || early[0].ID == "" || late[0].Witness != care.FromBoth {
			t.Errorf("%s: %+v, then %+v", protocol, early, late)
		}
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()

	for reason, want := range map[string]care.Ending{
		"": care.Usual, "Call disconnected": care.Usual, "User initiated disconnect": care.Usual, "something new": care.Usual,
		"Timeout waiting for conference host to join or permit access to locked conference": care.NoHostCame,
		"Conference terminated by an administrator":                                         care.EndedForAll,
		"Conference terminated by a Host participant":                                       care.EndedForAll,
		"All conference hosts departed hosted conference":                                   care.EndedForAll,
		"Disconnected by an administrator":                                                  care.TurnedAway,
		"Participant limit reached":                                                         care.RoomFull,
		"insufficient licenses":                                                             care.RoomFull,
		"Timeout waiting for PIN entry":                                                     care.NeverThrough,
		"Timer expired awaiting token refresh":                                              care.LostContact,
	} {
		if got := endingOf(reason); got != want {
			t.Errorf("%q: got %q, want %q", reason, got, want)
		}
	}
}

// FuzzHistory: whatever the history says, every leg that comes out can be true.
func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"meta":{"next":null,"total_count":1},"objects":[{"id":"a","conference_name":"x","role":"chair","start_time":"2026-11-23T09:00:41.120000","end_time":"2026-11-23T09:27:03","media_streams":[{"stream_type":"audio"}]}]}`))
	f.Add([]byte(`{"objects":[{"id":7,"uuid":[],"role":"guest","protocol":"API","start_time":1795424400,"is_streaming":true},{"id":"b","role":"Guest","service_type":"ivr","start_time":"2026-11-23T09:00:41Z","media_streams":[7,{}]}]}`))

	p := testPlatform(f, at(60))

	f.Fuzz(func(t *testing.T, data []byte) {
		var page envelope[participantWire]
		if json.Unmarshal(data, &page) != nil || page.Objects == nil {
			return
		}

		legs := scene{past: *page.Objects, looked: len(data)%2 == 0, live: *page.Objects}.legs(p)
		seen := map[string]bool{}

		for _, leg := range legs {
			if seen[leg.ID] || leg.Joined.IsZero() || leg.Role == "" || !leg.Left.IsZero() && leg.Left.Before(leg.Joined) ||
				!leg.Entered.IsZero() && leg.Entered.Before(leg.Joined) || !leg.Joined.Before(window().End) {
				t.Errorf("an invented leg: %+v", leg)
			}

			seen[cmp.Or(leg.ID, "")] = leg.ID != ""
		}
	})
}
