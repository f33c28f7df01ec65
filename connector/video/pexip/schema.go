package pexip

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// need is what we rely on in one resource (pexip.md §1.1). A node of another version may lack
// it, and an unknown filter may be ignored in silence, so it is looked up before any use.
type need struct {
	path    []string
	fields  []string
	filters []string // "name" or "name__startswith"; alternatives are parted by "|"
	lists   []string // methods of the collection
	details []string // methods of one object
}

// needs is everything that we rely on. The commands are left out: whether a node describes them is not known.
func needs() []need {
	return []need{
		{
			path: conferences(),
			fields: []string{
				"name", "tag", "description", "service_type", "pin", "guest_pin", "allow_guests", "participant_limit", "crypto_mode",
				"enable_chat", "guests_can_present", "aliases",
			},
			filters: []string{"name", "name__startswith"}, lists: []string{"get", "post"}, details: []string{"patch", "delete"},
		},
		{
			path: resource(statusAPI, "conference"), fields: []string{"id", "name"}, filters: []string{"name"}, lists: []string{"get"},
		},
		{
			path:    resource(statusAPI, "participant"),
			fields:  []string{"id", "call_uuid", "conference", "connect_time", "role", "protocol", "service_type", "destination_alias", "has_media"},
			filters: []string{"conference"}, lists: []string{"get"},
		},
		{
			path: resource(historyAPI, "participant"),
			fields: []string{
				"id", "call_uuid", "conference_name", "start_time", "end_time", "role", "protocol", "service_type", "local_alias",
				"has_media", "disconnect_reason",
			},
			filters: []string{filterByName + "|" + filterByTag, "start_time__gte"}, lists: []string{"get"},
		},
	}
}

// The filters by which the history of one room is read; the first that the node has is used.
const (
	filterByName = "conference_name"
	filterByTag  = "service_tag"
)

// schema is what we know of the node's resources.
type schema struct {
	turn  chan struct{} // one looks at a time, however many rooms are to be made
	mu    sync.Mutex
	well  map[string]bool // resources that have what we need
	byTag bool            // the history can't be filtered by name, but by tag
}

func newSchema() *schema { return &schema{turn: make(chan struct{}, 1), well: map[string]bool{}} }

// historyFilter is how the history of one room is asked for.
func (s *schema) historyFilter() string {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.byTag {
		return filterByTag
	}

	return filterByName
}

func (s *schema) isWell(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.well[path]
}

func (s *schema) learn(path string, w schemaWire) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.well[path] = true
	if _, history := w.Fields["conference_name"]; history {
		s.byTag = !w.filters(filterByName) && w.filters(filterByTag)
	}
}

// verify looks at every resource that was not found well yet. It names everything that is
// missing at once, and tells whether it looked at all.
func (s *schema) verify(ctx context.Context, a *api) (fresh bool, err error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false, &connector.Error{System: System, Op: "schema", Kind: connector.Unavailable, Err: ctx.Err()}
	}

	var missing []string

	for _, n := range needs() {
		path := strings.Join(n.path, "/")
		if s.isWell(path) {
			continue
		}

		fresh = true

		var w schemaWire

		err := a.get(ctx, call{op: "schema", path: append(slices.Clone(n.path), "schema"), query: map[string][]string{"format": {"json"}}}, &w)

		switch {
		case connector.Is(err, connector.NotFound):
			missing = append(missing, path)
		case err != nil:
			return fresh, err
		default:
			lacks := w.lacks(n)
			for _, what := range lacks {
				missing = append(missing, path+": "+what)
			}

			if len(lacks) == 0 {
				s.learn(path, w)
			}
		}
	}

	if len(missing) > 0 {
		return fresh, &connector.Error{
			System: System, Op: "schema", Kind: connector.Unsupported, Code: CodeSchema,
			Err: care.NewError(care.Invalid, "Pexip-noden mangler noget, som Sluse bygger på: "+strings.Join(missing, ", ")+"."),
		}
	}

	return fresh, nil
}

// schemaWire is a resource's description of itself.
type schemaWire struct {
	Fields  map[string]json.RawMessage `json:"fields"`
	Filters map[string]json.RawMessage `json:"filtering"`
	Lists   []string                   `json:"allowed_list_http_methods"`
	Details []string                   `json:"allowed_detail_http_methods"`
}

// lacks names what is needed and not there.
func (w *schemaWire) lacks(n need) []string {
	var missing []string

	for _, field := range n.fields {
		if _, ok := w.Fields[field]; !ok {
			missing = append(missing, "felt "+field)
		}
	}

	for _, any := range n.filters {
		if !slices.ContainsFunc(strings.Split(any, "|"), w.filters) {
			missing = append(missing, "filter "+strings.ReplaceAll(any, "|", " eller "))
		}
	}

	for _, m := range []struct{ need, have []string }{{n.lists, w.Lists}, {n.details, w.Details}} {
		for _, method := range m.need {
			if !slices.ContainsFunc(m.have, func(have string) bool { return strings.EqualFold(have, method) }) {
				missing = append(missing, "metode "+strings.ToUpper(method))
			}
		}
	}

	return missing
}

// filters reports whether a filter is allowed: by name, or by name and operation. A number in
// place of the operations means all of them.
func (w *schemaWire) filters(filter string) bool {
	name, operation, _ := strings.Cut(filter, "__")

	raw, ok := w.Filters[name]
	if !ok {
		return false
	}

	var operations []string
	if json.Unmarshal(raw, &operations) != nil {
		return true
	}

	if operation == "" {
		operation = "exact"
	}

	return slices.Contains(operations, operation)
}
