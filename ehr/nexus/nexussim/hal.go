package nexussim

import (
	"net"
	"net/url"
	"strings"
)

// object is a JSON object of the wire.
type object = map[string]any

// linker collects the _links of one object: only what the caller may do, and only what was
// not taken away.
type linker struct {
	c   *call
	out object
}

func (c *call) links() *linker { return &linker{c, object{}} }

// to adds a rel to a path below the base.
func (l *linker) to(rel, path string, need Right) *linker {
	if l.c.may(need) && !l.c.s.gone[rel] {
		l.out[rel] = object{"href": l.c.href(rel, path)}
	}
	return l
}

// href writes a link in one of the forms that are seen (eoj.md §1.2).
func (c *call) href(rel, path string) string {
	whole := c.s.base + path
	if root, ok := c.s.planted[rel]; ok {
		return root + whole
	}
	form := c.s.quirks.Hrefs
	if form == HrefsMixed {
		forms := []HrefForm{HrefsAbsolute, HrefsPort, HrefsRelative}
		form = forms[c.s.dice.number("href", rel, path)%3]
	}
	switch form {
	case HrefsAbsolute:
		return c.root() + whole
	case HrefsPort:
		return withPort(c.root()) + whole
	case HrefsRelative, HrefsMixed:
	}
	return whole
}

// root is scheme and host as the caller named them.
func (c *call) root() string {
	scheme := "http"
	if c.r.TLS != nil || c.r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host
}

// withPort writes the port of a root out.
func withPort(root string) string {
	u, err := url.Parse(root)
	if err != nil || u.Port() != "" {
		return root
	}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.Trim(u.Host, "[]"), port)
}
