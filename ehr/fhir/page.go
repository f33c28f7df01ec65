package fhir

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	maxPage  = 32 << 20 // bytes of one page of a driving list
	maxPages = 1000
)

// page is one Bundle of a search's answer (R4 http#paging).
type page struct {
	ResourceType string `json:"resourceType"`
	Total        int    `json:"total"`
	Entry        []struct {
		Resource json.RawMessage `json:"resource"`
		Search   struct {
			Mode string `json:"mode"`
		} `json:"search"`
	} `json:"entry"`
	Link []struct {
		Relation string `json:"relation"`
		URL      string `json:"url"`
	} `json:"link"`
}

// pages calls each with every resource that a search of the kind finds or includes, page after
// page. An error of each ends it.
func (j *Journal) pages(ctx context.Context, op, kind string, query url.Values, each func(raw json.RawMessage) error) error {
	call := outbound.Call{Op: op, Method: http.MethodGet, Path: []string{kind}, Query: query, Accept: mediaType}
	seen := make(map[string]bool)
	matches, total := 0, 0

	for range maxPages {
		p, answer, err := j.page(ctx, call, each)
		if err != nil {
			return err
		}

		if total > 0 && p.Total > 0 && p.Total != total {
			return changed(op)
		}

		matches, total = matches+p.matches(), p.Total

		next := p.next()
		if next == "" && matches < p.Total {
			return cutShort(op)
		}

		if next == "" {
			return nil
		}

		if seen[next] {
			return answer.Broken("a page leads to itself")
		}

		seen[next] = true

		if call.Path, call.Query, err = j.within(next); err != nil {
			return answer.Broken("a page leads to another place")
		}
	}

	return &connector.Error{
		System: System, Op: op, Kind: connector.Malformed,
		Err: care.NewError(care.Invalid, "Journalen sender en køreliste uden ende. Bed systemforvalteren om at se på søgningen i opsætningen."),
	}
}

// cutShort is a list of which the record told more than it handed over, without a next page.
func cutShort(op string) error {
	return &connector.Error{
		System: System, Op: op, Kind: connector.Malformed,
		Err: care.NewError(care.Invalid, "Journalen sendte ikke hele kørelisten. Bed systemforvalteren om at sætte page_size op."),
	}
}

// changed is a search whose matches became more or fewer between two pages: one of them may have slipped
// from the one to the other unseen. It is read once more.
func changed(op string) error {
	return &connector.Error{
		System: System, Op: op, Kind: connector.Unavailable,
		Err: care.NewError(care.Conflict, "Kørelisten blev ændret i journalen, mens vi læste den. Vi prøver igen."),
	}
}

// page makes one call.
func (j *Journal) page(ctx context.Context, call outbound.Call, each func(json.RawMessage) error) (page, *outbound.Answer, error) {
	var p page

	answer, err := j.reader.Do(ctx, call)
	if err != nil {
		return p, nil, err
	}

	if !answer.OK() {
		return p, nil, listRefusal(answer)
	}

	if err := answer.JSON(&p); err != nil {
		return p, nil, err
	}

	if p.ResourceType != "Bundle" {
		return p, nil, answer.Broken("the answer is no Bundle")
	}

	for i := range p.Entry {
		if err := each(p.Entry[i].Resource); err != nil {
			return p, nil, err
		}
	}

	return p, answer, nil
}

// matches counts what was found, without what was included.
func (p *page) matches() int {
	n := 0

	for i := range p.Entry {
		if mode := p.Entry[i].Search.Mode; mode == "" || mode == "match" {
			n++
		}
	}

	return n
}

// next is the address of the next page, or none.
func (p *page) next() string {
	for _, l := range p.Link {
		if l.Relation == "next" {
			return l.URL
		}
	}

	return ""
}

// within splits an address that the record gave into path and query below our base. An address of
// another host, or beside the base, is refused: our token must not go there.
func (j *Journal) within(address string) (path []string, query url.Values, err error) {
	refused := &connector.Error{System: System, Op: "next_page", Kind: connector.Malformed}

	given, err := url.Parse(address)
	if err != nil {
		return nil, nil, refused
	}

	u := j.base.ResolveReference(given)
	root := strings.TrimSuffix(j.base.EscapedPath(), "/")
	rest, below := strings.CutPrefix(u.EscapedPath(), root)

	if u.Scheme != j.base.Scheme || hostOf(u) != hostOf(j.base) || u.User != nil || !below || (rest != "" && rest[0] != '/') {
		return nil, nil, refused
	}

	for segment := range strings.SplitSeq(strings.Trim(rest, "/"), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." {
			return nil, nil, refused
		}

		if plain != "" {
			path = append(path, plain)
		}
	}

	query, err = url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, refused
	}

	return path, query, nil
}

// hostOf is the host with its port, the scheme's own port included.
func hostOf(u *url.URL) string {
	port := u.Port()

	switch {
	case port != "":
	case u.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}

	return strings.ToLower(u.Hostname()) + ":" + port
}

// listRefusal turns a refusal to hand over a driving list into an error with a Danish sentence.
func listRefusal(answer *outbound.Answer) error {
	failure := answer.Fail(decodeOutcome(answer.Body).Code)

	switch failure.Kind {
	case connector.NotFound:
		failure.Err = care.NewError(care.NotFound, "Journalen kender ikke kørelisten. Bed systemforvalteren om at se på opsætningen.")
	case connector.Unauthorized:
		failure.Err = care.NewError(care.Forbidden, "Journalen lader os ikke læse kørelister. Bed systemforvalteren om at se på rettigheder og nøgler til journalen.")
	case connector.Rejected, connector.Conflict, connector.Unsupported, connector.Malformed:
		failure.Err = care.NewError(care.Invalid, "Journalen forstår ikke søgningen efter kørelisten. Bed systemforvalteren om at se på opsætningen.")
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending:
		// The reading is tried again; nobody has to read anything.
	}

	return failure
}
