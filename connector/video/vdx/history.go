package vdx

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// history reads who was in a room from the VDX history API. Its schema is PROVISIONAL: only
// the base, the key and one call are public, and the rest follows the API of Pexip Infinity,
// whose path and filters that call shows (vdx.md §5).
type history struct {
	client     *outbound.Client
	unfiltered bool
}

const (
	historyPage  = 100
	historyPages = 200
	// A stay counts when it overlaps the window, but the filters look at its ends only.
	historyBefore, historyAfter = 2 * time.Hour, 12 * time.Hour
)

func newHistory(config Config, options outbound.Options) (*history, error) {
	if config.HistoryURL == "" {
		return nil, nil //nolint:nilnil // no history is a setting, not an error
	}

	options.BaseURL = config.HistoryURL
	options.Header = map[string]string{"X-Api-Key": config.HistoryKey.Reveal()}

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("vdx: history API: %w", err)
	}

	return &history{client: client, unfiltered: config.HistoryUnfiltered}, nil
}

// Legs returns the stays at the room's address that overlap the window, by time of joining.
// What lacks a role or a beginning is left out, never guessed. The platform tells of a call
// some time after it has ended. Unsupported: no history API is configured.
func (p *Platform) Legs(ctx context.Context, observed video.Observed) ([]care.Leg, error) {
	switch {
	case p.history == nil:
		return nil, &connector.Error{System: System, Op: "legs", Kind: connector.Unsupported, Err: errors.New("no history API is configured")}
	case observed.Address == "" || !observed.Window.Valid():
		return nil, rejected("legs", errors.New("the room's address and a window are needed"))
	}

	var legs []care.Leg

	seen := map[string]bool{}

	for page := range historyPages {
		found, err := p.history.page(ctx, observed, page*historyPage)
		if err != nil {
			return nil, err
		}

		for _, w := range found.Objects {
			leg, ok := w.leg(observed)
			if ok && !seen[leg.ID] {
				seen[leg.ID] = true
				legs = append(legs, leg)
			}
		}

		if found.last(page * historyPage) {
			slices.SortFunc(legs, func(a, b care.Leg) int { return cmp.Or(a.Joined.Compare(b.Joined), cmp.Compare(a.ID, b.ID)) })

			return legs, nil
		}
	}

	// Half a history could turn a held visit into a missed one.
	return nil, &connector.Error{System: System, Op: "history", Kind: connector.Malformed, Err: errors.New("the history has no end")}
}

// page reads one page. The platform's own link to the next one is not followed: it is an
// address from outside, and may name another host.
func (h *history) page(ctx context.Context, observed video.Observed, offset int) (historyWire, error) {
	query := url.Values{
		"start_time__gte": {observed.Window.Start.Add(-historyBefore).UTC().Format(wireTime)},
		"end_time__lt":    {observed.Window.End.Add(historyAfter).UTC().Format(wireTime)},
		"limit":           {strconv.Itoa(historyPage)},
		"offset":          {strconv.Itoa(offset)},
	}
	if !h.unfiltered {
		query.Set("conference_name", observed.Address)
	}

	answer, err := h.client.Do(ctx, outbound.Call{
		Op: "history", Method: http.MethodGet, Path: []string{"apikey", "history", "v1", "participant"}, Query: query,
	})
	if err != nil {
		return historyWire{}, err
	}

	switch {
	case answer.Status == http.StatusNotFound: // the installation has no such list
		return historyWire{}, answer.FailAs(connector.Unsupported, "")
	case !answer.OK():
		return historyWire{}, answer.Fail("")
	}

	var w historyWire
	if err = answer.JSON(&w); err != nil {
		return historyWire{}, err
	}

	return w, nil
}

// historyWire is one page: Pexip's envelope, or a bare list.
type historyWire struct {
	Meta struct {
		Next  json.RawMessage `json:"next"`
		Total *int            `json:"total_count"`
	}
	Objects []participantWire
}

// UnmarshalJSON takes both forms.
func (w *historyWire) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		if err := json.Unmarshal(data, &w.Objects); err != nil {
			return fmt.Errorf("bare list: %w", err)
		}

		return nil
	}

	var envelope struct {
		Meta    json.RawMessage    `json:"meta"`
		Objects *[]participantWire `json:"objects"`
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		return fmt.Errorf("envelope: %w", err)
	}

	if envelope.Objects == nil {
		return errors.New("no objects")
	}

	w.Objects = *envelope.Objects

	if envelope.Meta != nil {
		if err := json.Unmarshal(envelope.Meta, &w.Meta); err != nil {
			return fmt.Errorf("meta: %w", err)
		}
	}

	return nil
}

// last reports whether nothing comes after this page.
func (w *historyWire) last(offset int) bool {
	switch {
	case len(w.Objects) == 0:
		return true
	case w.Meta.Total != nil:
		return offset+len(w.Objects) >= *w.Meta.Total
	default:
		return len(w.Meta.Next) == 0 || string(w.Meta.Next) == "null"
	}
}

// participantWire is one stay; every member may be missing.
type participantWire struct {
	ID             text   `json:"id"`
	Conference     text   `json:"conference"`
	ConferenceName text   `json:"conference_name"`
	LocalAlias     text   `json:"local_alias"`
	Role           text   `json:"role"`
	ServiceType    text   `json:"service_type"`
	CallUUID       text   `json:"call_uuid"`
	StartTime      text   `json:"start_time"`
	EndTime        text   `json:"end_time"`
	IsStreaming    isTrue `json:"is_streaming"`
}

// text is a JSON string or number; anything else is empty, so that one odd member does not
// hide a whole page.
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

// isTrue is JSON true; anything else is false.
type isTrue bool

// UnmarshalJSON never fails.
func (b *isTrue) UnmarshalJSON(data []byte) error {
	*b = string(data) == "true"

	return nil
}

// leg translates a stay in the observed room, or reports that it is none.
func (w *participantWire) leg(observed video.Observed) (care.Leg, bool) {
	if !isAddress(string(w.ConferenceName), observed.Address) && !isAddress(string(w.LocalAlias), observed.Address) {
		return care.Leg{}, false
	}

	// A stream or recording is nobody, and a waiting room or a PIN prompt is no room.
	if bool(w.IsStreaming) || (w.ServiceType != "" && w.ServiceType != "conference" && w.ServiceType != "lecture") {
		return care.Leg{}, false
	}

	role, known := roleOf(string(w.Role))
	joined, began := historyTime(string(w.StartTime))

	if !known || !began {
		return care.Leg{}, false
	}

	left, ended := historyTime(string(w.EndTime))
	if w.EndTime != "" && !ended || ended && left.Before(joined) {
		return care.Leg{}, false
	}

	if !joined.Before(observed.Window.End) || (ended && !left.After(observed.Window.Start)) {
		return care.Leg{}, false
	}

	return care.Leg{ID: w.key(), Room: observed.Ref, Role: role, Joined: joined, Left: left}, true
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

// roleOf translates Pexip's names.
func roleOf(name string) (care.LegRole, bool) {
	switch strings.ToLower(name) {
	case "chair", "host":
		return care.AsHost, true
	case "guest":
		return care.AsGuest, true
	}

	return "", false
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
