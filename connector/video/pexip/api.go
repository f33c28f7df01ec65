package pexip

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// The parts of the Management API (pexip.md §1.1).
const (
	configuration = "configuration"
	statusAPI     = "status"
	historyAPI    = "history"
	commandAPI    = "command"
)

// Limits of a list. A node may give fewer at once than we ask for.
const (
	pageSize = 200
	maxPages = 200
)

// api calls the Management Node: with a slash at the end of every path, and never an item whose
// id is not known.
type api struct {
	client *outbound.Client
	auth   outbound.Authorizer
}

// call is one request below /api/admin.
type call struct {
	op     string
	method string
	path   []string // "configuration", "v1", "conference"
	query  url.Values
	body   any
}

func resource(part string, names ...string) []string { return append([]string{part, "v1"}, names...) }

// do makes the call. An expired session shows as a redirect to the login page (pexip.md §1.6),
// which is treated like a 401: the credentials are renewed and the call made once more.
func (a *api) do(ctx context.Context, c call) (*outbound.Answer, error) {
	answer, err := a.once(ctx, c)
	if err != nil || !isLogin(answer) {
		return answer, err
	}

	value, err := a.auth.Authorize(ctx)
	if err != nil {
		return nil, err
	}

	if a.auth.Refused(value) {
		if answer, err = a.once(ctx, c); err != nil || !isLogin(answer) {
			return answer, err
		}
	}

	return nil, answer.FailAs(connector.Unauthorized, "login")
}

func (a *api) once(ctx context.Context, c call) (*outbound.Answer, error) {
	return a.client.Do(ctx, outbound.Call{
		Op: c.op, Method: c.method, Path: append([]string{"api", "admin"}, c.path...), Slash: true, Query: c.query, JSON: c.body,
	})
}

// isLogin reports whether the node sends us to its login page.
func isLogin(answer *outbound.Answer) bool {
	return answer.Status/100 == 3 && strings.Contains(answer.Header.Get("Location"), "/accounts/login/")
}

// get reads a resource into v.
func (a *api) get(ctx context.Context, c call, v any) error {
	c.method = http.MethodGet

	answer, err := a.do(ctx, c)
	if err != nil {
		return err
	}

	if !answer.OK() {
		return refusal(answer)
	}

	return answer.JSON(v)
}

// write makes a call that changes something; the answer is 2xx.
func (a *api) write(ctx context.Context, c call) (*outbound.Answer, error) {
	answer, err := a.do(ctx, c)
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, refusal(answer)
	}

	return answer, nil
}

// item is the path of one object. An id that is not known is refused: without it the address
// would be that of the whole collection, and DELETE would remove everything (pexip.md §1.6).
func item(part, name string, id int64) ([]string, bool) {
	return resource(part, name, strconv.FormatInt(id, 10)), id > 0
}

// envelope is one page of a list (pexip.md §1.7).
type envelope[T any] struct {
	Meta struct {
		Next  *string `json:"next"`
		Total *int    `json:"total_count"`
	} `json:"meta"`
	Objects *[]T `json:"objects"`
}

// list reads every page. The node's own link to the next page is not followed: behind a proxy
// it may name another host. Only whether there is one counts; where we are we know ourselves.
func list[T any](ctx context.Context, a *api, c call) ([]T, error) {
	var all []T

	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	maps.Copy(query, c.query)
	c.query = query

	for range maxPages {
		var page envelope[T]

		if err := a.get(ctx, c, &page); err != nil {
			return nil, err
		}

		if page.Objects == nil {
			return nil, malformed(c.op, "the answer is no list")
		}

		all = append(all, *page.Objects...)

		if len(*page.Objects) == 0 || page.Meta.Next == nil || page.Meta.Total != nil && len(all) >= *page.Meta.Total {
			return all, nil
		}

		query.Set("offset", strconv.Itoa(len(all)))
	}

	// Half a list could turn a held visit into a missed one.
	return nil, malformed(c.op, "the list has no end")
}

// complaint is what a 400 says, whatever its shape (pexip.md §1.6).
type complaint struct {
	fields []string // that something is wrong with, sorted as they came
	exists bool     // a name or alias is taken
	gone   bool     // the object of a command is not there
}

// code is the fields as a short code.
func (c complaint) code() string {
	if c.exists {
		return CodeNameTaken
	}

	return strings.Join(c.fields, ".")
}

// has reports whether something is wrong with the field.
func (c complaint) has(field string) bool { return slices.Contains(c.fields, field) }

// readComplaint takes {"resource":{"field":["…"]}}, {"field":["…"]} and {"error":"…"}; of
// anything else it says nothing.
func readComplaint(body []byte) complaint {
	var (
		c   complaint
		top map[string]json.RawMessage
	)

	if json.Unmarshal(body, &top) != nil {
		return c
	}

	for _, name := range sortedKeys(top) {
		var inner map[string]json.RawMessage
		if json.Unmarshal(top[name], &inner) != nil {
			c.add(name, top[name])

			continue
		}

		for _, field := range sortedKeys(inner) {
			c.add(field, inner[field])
		}
	}

	return c
}

// add keeps what the messages of a field mean; the texts themselves go no further.
func (c *complaint) add(field string, raw json.RawMessage) {
	text := strings.ToLower(string(raw))
	c.exists = c.exists || strings.Contains(text, "already exist")
	c.gone = c.gone || strings.Contains(text, "failed to find")
	c.fields = append(c.fields, strings.Trim(field, "_"))
}

// refusal classifies an answer that is not 2xx.
func refusal(answer *outbound.Answer) *connector.Error {
	if answer.Status != http.StatusBadRequest {
		code := ""
		if strings.HasPrefix(strings.ToLower(answer.Header.Get("Www-Authenticate")), "bearer") && answer.Status == http.StatusUnauthorized {
			code = CodeOAuthOnly
		}

		return answer.Fail(code)
	}

	c := readComplaint(answer.Body)

	switch failure := answer.Fail(c.code()); {
	case c.exists:
		failure.Kind = connector.Conflict

		return failure
	case c.gone:
		failure.Kind = connector.NotFound

		return failure
	default:
		failure.Err = explain(c)

		return failure
	}
}
