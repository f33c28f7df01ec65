package vdx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// participantWire is one stay; every member may be missing.
type participantWire struct {
	ID             text      `json:"id"`
	Conference     text      `json:"conference"`
	ConferenceName text      `json:"conference_name"`
	LocalAlias     text      `json:"local_alias"`
	Role           text      `json:"role"`
	ServiceType    text      `json:"service_type"`
	Protocol       text      `json:"protocol"`
	Conversation   text      `json:"conversation_id"`
	CallUUID       text      `json:"call_uuid"`
	StartTime      text      `json:"start_time"`
	EndTime        text      `json:"end_time"`
	Reason         text      `json:"disconnect_reason"`
	HasMedia       text      `json:"has_media"`
	IsStreaming    text      `json:"is_streaming"`
	Streams        mediaWire `json:"media_streams"`
}

// text is a JSON string, number, true or false; anything else is empty, so that one odd member
// does not hide a whole page.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string

	switch {
	case json.Unmarshal(data, &s) == nil && data[0] == '"':
		*t = text(s)
	case bytes.ContainsAny(data[:1], "-0123456789tf"):
		*t = text(data)
	}

	return nil
}

// mediaWire is the kinds of media of a stay, as far as they are told.
type mediaWire []struct {
	Type text `json:"stream_type"`
}

// UnmarshalJSON never fails: the form of the member is not known.
func (m *mediaWire) UnmarshalJSON(data []byte) error {
	var streams []struct {
		Type text `json:"stream_type"`
	}

	if json.Unmarshal(data, &streams) == nil {
		for _, s := range streams {
			*m = append(*m, s)
		}
	}

	return nil
}

// leg translates a stay in the observed room, or reports that it is none.
func (w *participantWire) leg(observed video.Observed) (care.Leg, bool) {
	if !isAddress(string(w.ConferenceName), observed.Address) && !isAddress(string(w.LocalAlias), observed.Address) {
		return care.Leg{}, false
	}

	joined, began := historyTime(string(w.StartTime))
	left, ended := historyTime(string(w.EndTime))

	if !began || (w.EndTime != "" && !ended) {
		return care.Leg{}, false
	}

	if !joined.Before(observed.Window.End) || (ended && !left.After(observed.Window.Start)) {
		return care.Leg{}, false
	}

	return care.Leg{
		ID: w.key(), Room: observed.Ref, Role: w.role(), Joined: joined, Left: left, Call: w.call(), Media: w.media(), Ending: w.ending(),
		Witness: care.FromHistory,
	}, true
}

// call joins the stays of one person: a browser makes one to ask and one to take part
// (pexip.md §4).
func (w *participantWire) call() string {
	return orDefault(string(w.Conversation), string(w.CallUUID))
}

// media is what the stay carried. A stay that has media and tells no streams may be by phone or
// by picture.
func (w *participantWire) media() care.Media {
	if w.HasMedia == "false" || strings.EqualFold(string(w.Protocol), "api") {
		return care.NoMedia
	}

	media := care.MediaUnknown

	for _, s := range w.Streams {
		switch kind := strings.ToLower(string(s.Type)); {
		case strings.Contains(kind, "video"):
			return care.Video
		case strings.Contains(kind, "audio"):
			media = care.AudioOnly
		}
	}

	return media
}

// ending is why the stay ended. Who was in a waiting room or at a PIN prompt at the end was
// never in the room.
func (w *participantWire) ending() care.Ending {
	ending := endingOf(string(w.Reason))

	switch strings.ToLower(string(w.ServiceType)) {
	case "", "conference", "lecture", "gateway":
		return ending
	case "waiting_room":
		return care.NoHostCame
	}

	if ending == care.RoomFull {
		return ending
	}

	return care.NeverThrough
}

// endingOf reads a disconnect reason by its beginning. The texts are not promised and some come
// from endpoints (pexip.md §10): an unknown one is Usual.
func endingOf(reason string) care.Ending {
	reason = strings.ToLower(strings.TrimSpace(reason))

	for _, known := range []struct {
		prefix string
		ending care.Ending
	}{
		{"timeout waiting for conference host", care.NoHostCame},
		{"conference terminated", care.EndedForAll},
		{"all conference hosts departed", care.EndedForAll},
		{"disconnected by", care.TurnedAway},
		{"participant limit", care.RoomFull},
		{"insufficient", care.RoomFull},
		{"no license", care.RoomFull},
		{"invalid pin", care.NeverThrough},
		{"pin entry", care.NeverThrough},
		{"ice ", care.LostContact},
		{"media ", care.LostContact},
		{"timer expired", care.LostContact},
		{"signaling node", care.LostContact},
	} {
		if strings.HasPrefix(reason, known.prefix) {
			return known.ending
		}
	}

	return care.Usual
}

// key is the platform's key, or a stable one made from what can't change. The end is not in
// it: a leg keeps its key when it ends.
func (w *participantWire) key() string {
	if w.ID != "" {
		return string(w.ID)
	}

	sum := sha256.Sum256([]byte(strings.Join([]string{
		string(w.CallUUID), string(w.Conference), string(w.ConferenceName), string(w.Role), string(w.StartTime),
	}, "\n")))

	return hex.EncodeToString(sum[:16])
}

// isAddress compares addresses without scheme and case, as SIP and Pexip do.
func isAddress(have, want string) bool {
	for _, scheme := range []string{"sip:", "sips:", "h323:"} {
		have = strings.TrimPrefix(have, scheme)
	}

	return strings.EqualFold(have, want)
}

// role translates Pexip's names; empty when there is none that is known.
func (w *participantWire) role() care.LegRole {
	if w.IsStreaming == "true" || strings.EqualFold(string(w.Protocol), "rtmp") {
		return care.AsRecorder // nobody, but somebody should know of it (R15)
	}

	switch strings.ToLower(string(w.Role)) {
	case "chair", "host":
		return care.AsHost
	case "guest":
		return care.AsGuest
	}

	return ""
}

// historyTime reads a time that is UTC when it has no zone, as Pexip writes them.
func historyTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // both take a fraction
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}

	return time.Time{}, false
}
