package pexip

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// conferenceWire is a room as we read it (pexip.md §1.2).
type conferenceWire struct {
	ID          int64       `json:"id"`
	Name        string      `json:"name"`
	Tag         string      `json:"tag"`
	Description string      `json:"description"`
	PIN         text        `json:"pin"`
	GuestPIN    text        `json:"guest_pin"`
	Created     text        `json:"creation_time"`
	Aliases     []aliasWire `json:"aliases"`
}

type aliasWire struct {
	Alias       string `json:"alias"`
	Description string `json:"description,omitempty"`
}

// newRoomWire is a room as we make it. Nothing in it tells of a person.
type newRoomWire struct {
	Name          string      `json:"name"`
	Tag           string      `json:"tag"`
	Description   string      `json:"description"`
	ServiceType   string      `json:"service_type"`
	CallType      string      `json:"call_type"`
	PIN           string      `json:"pin"`
	GuestPIN      string      `json:"guest_pin"`
	AllowGuests   bool        `json:"allow_guests"`
	Participants  int         `json:"participant_limit"`
	Crypto        string      `json:"crypto_mode"`
	Chat          string      `json:"enable_chat"`
	GuestsPresent bool        `json:"guests_can_present"`
	Breakouts     bool        `json:"breakout_rooms"`
	Theme         string      `json:"ivr_theme,omitempty"`
	HostIDP       string      `json:"host_identity_provider_group,omitempty"`
	GuestIDP      string      `json:"guest_identity_provider_group,omitempty"`
	Aliases       []aliasWire `json:"aliases"`
}

// planMark begins the description of our rooms; our plan follows in RFC 3339.
const planMark = "Sluse "

// describe writes the plan for people and for readPlan.
func describe(planned care.Interval) string {
	return planMark + planned.Start.UTC().Format(time.RFC3339) + "/" + planned.End.UTC().Format(time.RFC3339)
}

// readPlan reads a description; zero when somebody has changed it.
func readPlan(description string) care.Interval {
	span, ours := strings.CutPrefix(description, planMark)
	from, to, both := strings.Cut(span, "/")

	start, errStart := time.Parse(time.RFC3339, from)
	end, errEnd := time.Parse(time.RFC3339, to)

	if !ours || !both || errStart != nil || errEnd != nil {
		return care.Interval{}
	}

	if planned := wholeSeconds(care.Interval{Start: start, End: end}); planned.Valid() {
		return planned
	}

	return care.Interval{}
}

// liveWire is a meeting that runs (pexip.md §2.1).
type liveWire struct {
	ID   text   `json:"id"`
	Name string `json:"name"`
	Tag  text   `json:"tag"`
}

// globalWire are the settings of the whole platform that matter to visits (pexip.md §1.5).
type globalWire struct {
	MinPIN      int    `json:"min_pin_length"`
	HostWait    *int   `json:"waiting_for_chair_timeout"`               // seconds
	GuestsOnly  *int   `json:"guests_only_timeout"`                     // seconds
	LogsAge     *int   `json:"logs_max_age"`                            // days; 0: no limit
	LastLeft    *int   `json:"eject_last_participant_backstop_timeout"` // seconds; 0: never
	Chat        *bool  `json:"enable_chat"`
	Crypto      string `json:"crypto_mode"`
	SinkTimeout *int   `json:"es_connection_timeout"`    // seconds
	SinkBackoff *int   `json:"es_maximum_retry_backoff"` // seconds
	PINChecks   *bool  `json:"bdpm_pin_checks_enabled"`  // too many wrong PINs close a room for a while
	PINFailures *int   `json:"bdpm_max_pin_failures_per_window"`
	ScanDefence *bool  `json:"bdpm_scan_quarantine_enabled"`
}

// participantWire is one leg, by any of the three witnesses; their names for the same thing
// differ (pexip.md §2.1, §2.2, §4.4). Every member may be missing or odd.
type participantWire struct {
	ID            text   `json:"id"`   // status, history
	UUID          text   `json:"uuid"` // events
	CallUUID      text   `json:"call_uuid"`
	CallID        text   `json:"call_id"`
	Conversation  text   `json:"conversation_id"`
	Conference    text   `json:"conference"` // events, status: the name; history: an address
	ConferenceOf  text   `json:"conference_name"`
	Tag           text   `json:"service_tag"`
	Role          text   `json:"role"`
	Protocol      text   `json:"protocol"`
	ServiceType   text   `json:"service_type"`
	CurrentType   text   `json:"current_service_type"`
	LocalAlias    text   `json:"local_alias"`       // history
	Destination   text   `json:"destination_alias"` // events, status
	Direction     text   `json:"call_direction"`
	ConnectTime   moment `json:"connect_time"`
	StartTime     moment `json:"start_time"`
	EndTime       moment `json:"end_time"`
	Reason        text   `json:"disconnect_reason"`
	HasMedia      truth  `json:"has_media"`
	IsStreaming   truth  `json:"is_streaming"`
	IsRecording   truth  `json:"is_recording"`
	IsTranscribed truth  `json:"is_transcribing"`
	MediaNode     text   `json:"media_node"`
	SignalNode    text   `json:"signalling_node"`

	Streams []streamWire `json:"media_streams"`
}

// streamWire is one stream of a leg.
type streamWire struct {
	Type     text `json:"stream_type"`
	Received text `json:"rx_packets_received"`
	Sent     text `json:"tx_packets_sent"`
}

// UnmarshalJSON never fails: one odd stream must not hide a leg.
func (s *streamWire) UnmarshalJSON(data []byte) error {
	type plain streamWire

	var w plain
	if json.Unmarshal(data, &w) == nil {
		*s = streamWire(w)
	}

	return nil
}

// text is a JSON string or number; anything else is empty, so that one odd member does not hide
// a whole page.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)

		return nil
	}

	var n json.Number
	if json.Unmarshal(data, &n) == nil {
		*t = text(n)
	}

	return nil
}

// truth is a JSON boolean, or not said.
type truth int8

const (
	unsaid truth = iota
	isTrue
	isFalse
)

// UnmarshalJSON never fails.
func (t *truth) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true":
		*t = isTrue
	case "false":
		*t = isFalse
	}

	return nil
}

// moment is a point in time in any of the platform's forms: Unix seconds with a fraction, or a
// date and time that is UTC when it has no zone (pexip.md §2.2, §4.4). Zero: not said.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(data []byte) error {
	var s text

	_ = s.UnmarshalJSON(data) // never fails
	m.Time = readMoment(string(s))

	return nil
}

// Moments outside these years are taken for damage.
const firstUnix, lastUnix = 946_684_800, 4_102_444_800 // 2000, 2100

func readMoment(s string) time.Time {
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if !(seconds >= firstUnix && seconds < lastUnix) {
			return time.Time{}
		}

		whole, part := math.Modf(seconds)

		return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC()
	}

	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // both take a fraction
		if t, err := time.Parse(layout, s); err == nil && t.Unix() >= firstUnix && t.Unix() < lastUnix {
			return t.UTC()
		}
	}

	return time.Time{}
}
