package nexus

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// address is where a call goes: a path on the configured host, which alone can be called.
type address struct {
	path  []string
	slash bool // the path ends in a slash
	query url.Values
}

var errForeign = errors.New("the address is not on the configured host")

// parseAddress reads an href of the record: absolute, with or without the scheme's own port, or
// relative to the host (eoj.md §1.2). Everything that leads away from base is refused.
func parseAddress(base *url.URL, href string) (address, error) {
	ref, err := url.Parse(strings.TrimSpace(href))
	if err != nil || href == "" {
		return address{}, errors.New("the address can't be read")
	}

	u := base.ResolveReference(ref)
	if u.Scheme != base.Scheme || u.User != nil || u.Opaque != "" || host(u) != host(base) {
		return address{}, errForeign
	}

	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return address{}, errors.New("the address has no readable query")
	}

	escaped := u.EscapedPath()
	a := address{slash: strings.HasSuffix(escaped, "/"), query: query}

	for part := range strings.SplitSeq(strings.Trim(escaped, "/"), "/") {
		segment, err := url.PathUnescape(part)
		if err != nil || slices.Contains([]string{"", ".", ".."}, segment) {
			return address{}, errors.New("the address has a strange path")
		}

		a.path = append(a.path, segment)
	}

	return a, nil
}

// host is the host with its port, also when the scheme implies it.
func host(u *url.URL) string {
	port := u.Port()

	switch {
	case port == "" && u.Scheme == "https":
		port = "443"
	case port == "" && u.Scheme == "http":
		port = "80"
	}

	return strings.ToLower(u.Hostname()) + ":" + port
}

// with returns the address with more query parameters.
func (a address) with(more url.Values) address {
	query := url.Values{}

	maps.Copy(query, a.query)
	maps.Copy(query, more)

	a.query = query

	return a
}

// below returns the address with more path segments.
func (a address) below(segments ...string) address {
	a.path = append(slices.Clone(a.path), segments...)
	a.slash = false

	return a
}

// call begins a call to the address.
func (a address) call(op, method string) outbound.Call {
	return outbound.Call{Op: op, Method: method, Path: a.path, Slash: a.slash, Query: a.query}
}

// follow returns the address behind a rel. A rel that is absent is a right that was not given.
func (n *Nexus) follow(op string, from object, rel, what string) (address, error) {
	href := from.href(rel)
	if href == "" {
		return address{}, missing(op, connector.Rejected, what)
	}

	return n.resolve(op, href)
}

// resolve checks an address before anything is sent to it.
func (n *Nexus) resolve(op, href string) (address, error) {
	a, err := parseAddress(n.base, href)

	switch {
	case errors.Is(err, errForeign):
		return address{}, fail(op, connector.Rejected, care.NewError(care.Forbidden,
			"Nexus henviste til en anden server end den, der er sat op. Henvisningen blev ikke fulgt. Kontakt systemforvalteren."))
	case err != nil:
		return address{}, fail(op, connector.Malformed, care.NewError(care.Unavailable,
			"Nexus henviste til en adresse, der ikke kan læses. Kontakt systemforvalteren."))
	}

	return a, nil
}
