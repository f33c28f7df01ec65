package pexip

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// Kinds of events of our own.
const (
	kindLook       = "status"     // one look at the live state
	kindUnreadable = "unreadable" // part of a bulk that is no event; kept, for whoever looks into it
)

// eventWire is the envelope of an event (pexip.md §4.2). Data is an object, or in a bulk a list
// of events.
type eventWire struct {
	Node  text            `json:"node"`
	Seq   text            `json:"seq"`
	Time  text            `json:"time"`
	Event text            `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// Decode reads one delivery of an event sink: an event of version 1 or 2, a bulk, or a bare list
// of events. Malformed: it is not JSON, or holds no event.
func (p *Platform) Decode(body []byte) ([]video.Event, error) {
	events, err := decode(body, text(""))
	if err != nil {
		return nil, &connector.Error{System: System, Op: "decode_event", Kind: connector.Malformed, Err: err}
	}

	return events, nil
}

// decode reads a delivery; since is the time of the wrapper around it.
func decode(body []byte, since text) ([]video.Event, error) {
	if isList(body) {
		return decodeAll(body, since)
	}

	var w eventWire
	if json.Unmarshal(body, &w) != nil {
		return nil, errors.New("the delivery is not a JSON object")
	}

	if w.Time == "" {
		w.Time = since
	}

	if isList(w.Data) {
		return decodeAll(w.Data, w.Time)
	}

	if w.Event == "" {
		return nil, errors.New("the delivery names no event")
	}

	return []video.Event{w.event(body)}, nil
}

func isList(data []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) }

// decodeAll reads the events of a bulk. One that can't be read does not make the others lost:
// the node would send the whole bulk again for ever, and in the end stop (pexip.md §4.3).
func decodeAll(data []byte, since text) ([]video.Event, error) {
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) != nil {
		return nil, errors.New("the delivery is no list")
	}

	var events []video.Event

	for _, part := range parts {
		var w eventWire
		if isList(part) || json.Unmarshal(part, &w) != nil || w.Event == "" {
			w = eventWire{Event: kindUnreadable}
		}

		if w.Time == "" {
			w.Time = since
		}

		events = append(events, w.event(part))
	}

	return events, nil
}

// event translates. The body is the whole event as it came.
func (w *eventWire) event(body []byte) video.Event {
	seq, err := strconv.ParseInt(string(w.Seq), 10, 64)
	if err != nil || seq < 0 {
		seq = 0
	}

	return video.Event{
		Key: w.key(body), Node: string(w.Node), Seq: seq, At: readMoment(string(w.Time)), Kind: string(w.Event),
		Room: w.room(), Body: bytes.Clone(body),
	}
}

// key is the same for every delivery of one event. The counter alone is not: it begins anew when
// the sink does (pexip.md §4.3). The same event may come by itself or in a bulk, so white space
// does not count.
func (w *eventWire) key(body []byte) string {
	tight := body

	var compact bytes.Buffer
	if json.Compact(&compact, w.Data) == nil && compact.Len() > 0 {
		tight = compact.Bytes()
	}

	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q %q %q %x", w.Node, w.Seq, w.Time, w.Event, sha256.Sum256(tight))

	return hex.EncodeToString(hash.Sum(nil))
}

// room is the name of the room that the event is about; empty when it is about none.
func (w *eventWire) room() string {
	var about struct {
		Conference text `json:"conference"`
		Name       text `json:"name"`
	}

	_ = json.Unmarshal(w.Data, &about) // an event about no room

	if strings.HasPrefix(string(w.Event), "conference_") {
		return string(about.Name)
	}

	return string(about.Conference)
}

// lookWire is one look at the live state, as we keep it: without names and network addresses.
type lookWire struct {
	Participants []seenWire `json:"participants"`
}

type seenWire struct {
	ID           string `json:"id"`
	CallUUID     string `json:"call_uuid,omitempty"`
	Conversation string `json:"conversation_id,omitempty"`
	Role         string `json:"role"`
	Protocol     string `json:"protocol"`
	ServiceType  string `json:"service_type"`
	Destination  string `json:"destination_alias,omitempty"`
	ConnectTime  string `json:"connect_time,omitempty"`
	HasMedia     *bool  `json:"has_media,omitempty"`
	IsStreaming  bool   `json:"is_streaming,omitempty"`
	IsRecording  bool   `json:"is_recording,omitempty"`
	SignalNode   string `json:"signalling_node,omitempty"`
}

// Poll looks at who is in the room now and keeps it, if anybody is. Unsupported: there is nowhere
// to keep it.
func (p *Platform) Poll(ctx context.Context, room video.Observed) error {
	if err := checkRef("poll", room.Ref); err != nil {
		return err
	}

	if p.events == nil {
		return &connector.Error{System: System, Op: "poll", Kind: connector.Unsupported, Err: errors.New("no event log")}
	}

	live, err := p.look(ctx, room.Ref)
	if err != nil || len(live) == 0 {
		return err
	}

	var kept lookWire
	for _, w := range live {
		kept.Participants = append(kept.Participants, w.seen())
	}

	body, err := json.Marshal(kept)
	if err != nil {
		return malformed("poll", "what was seen can't be kept")
	}

	now := p.now().UTC()
	name := p.name(room.Ref)
	event := video.Event{
		Key: "look " + name + " " + strconv.FormatInt(now.UnixNano(), 10), At: now, Kind: kindLook, Room: name, Body: body,
	}

	if _, err = p.events.Keep(ctx, []video.Event{event}); err != nil {
		return notKept("poll", err)
	}

	return nil
}

// notKept is an error of our own store.
func notKept(op string, err error) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Unavailable, Err: fmt.Errorf("event log: %w", err)}
}

// look asks for the people in the room now.
func (p *Platform) look(ctx context.Context, ref care.RoomRef) ([]participantWire, error) {
	found, err := list[participantWire](ctx, p.api, call{
		op: "live_participants", path: resource(statusAPI, "participant"), query: url.Values{"conference": {p.name(ref)}},
	})
	if err != nil {
		return nil, err
	}

	var live []participantWire

	for _, w := range found {
		if string(w.Conference) == p.name(ref) && w.ID != "" {
			live = append(live, w)
		}
	}

	return live, nil
}

// seen is what is kept of a look.
func (w *participantWire) seen() seenWire {
	s := seenWire{
		ID: string(w.ID), CallUUID: string(w.CallUUID), Conversation: string(w.Conversation), Role: string(w.Role), Protocol: string(w.Protocol),
		ServiceType: w.phase(), Destination: string(w.Destination), IsStreaming: w.IsStreaming == isTrue,
		IsRecording: w.IsRecording == isTrue || w.IsTranscribed == isTrue, SignalNode: string(w.SignalNode),
	}

	if !w.ConnectTime.IsZero() {
		s.ConnectTime = w.ConnectTime.Format(time.RFC3339Nano)
	}

	if w.HasMedia != unsaid {
		has := w.HasMedia == isTrue
		s.HasMedia = &has
	}

	return s
}
