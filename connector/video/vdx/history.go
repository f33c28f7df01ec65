package vdx

import (
	"cmp"
	"context"
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

// newHistory returns a client with a session of its own; the key goes beside it.
func newHistory(config Config, deps Deps, access *Access) (*history, error) {
	if config.HistoryURL == "" {
		return nil, nil //nolint:nilnil // no history is a setting, not an error
	}

	options := config.options(deps)
	options.BaseURL = config.HistoryURL
	options.Header = map[string]string{"X-Api-Key": config.HistoryKey.Reveal()}

	if err := access.Equip(&options); err != nil {
		return nil, err
	}

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("vdx: history API: %w", err)
	}

	return &history{client: client, unfiltered: config.HistoryUnfiltered}, nil
}

// Legs returns the stays at the room's address that overlap the window, by time of joining.
// What lacks a readable time is left out, never guessed; a stay without a role is kept, because
// it tells that the record is not whole. The platform tells of a call some time after it has
// ended. Unsupported: no history API is configured.
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

// LookAgain are the times at which the record of a room is looked at again: the history API
// tells of a call some time after it has ended, how long is not promised (vdx.md §5). None when
// no history API is configured.
func (p *Platform) LookAgain() []time.Duration {
	if p.history == nil {
		return nil
	}

	return []time.Duration{5 * time.Minute, 30 * time.Minute}
}

// participantPath is that of the list of stays, as Pexip names it.
func participantPath() []string { return []string{"apikey", "history", "v1", "participant"} }

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
		Op: "history", Method: http.MethodGet, Path: participantPath(), Query: query,
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
