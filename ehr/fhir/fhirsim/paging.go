package fhirsim

import (
	"net/http"
	"net/url"
	"strconv"
)

// defaultPage is the server's own page size, small on purpose.
const defaultPage = 20

// answerPage is R4 http#paging: the first page of a search's entries, or with _getpages a further
// one of a search before. The addresses of further pages are opaque to clients and differ in form:
// absolute below the base, absolute below the type, relative. The caller holds the mutex.
func (s *Server) answerPage(c call, total int, entries []any, query url.Values) response {
	size := orElse(s.options.PageSize, defaultPage)
	if n, err := strconv.Atoi(query.Get("_count")); err == nil && n > 0 {
		size = min(size, n)
	}

	token := ""
	if len(entries) > size {
		token = s.dice.hex(24, "page", strconv.Itoa(len(s.searches)))
		s.searches[token] = search{kind: c.kind, total: total, entries: entries, size: size}
	}

	return s.bundle(c, token, search{kind: c.kind, total: total, entries: entries, size: size}, 0)
}

// search is a search whose pages are still to be had.
type search struct {
	kind    string
	total   int
	entries []any
	size    int
}

// furtherPage answers a next link.
func (s *Server) furtherPage(c call, query url.Values) response {
	found, ok := s.searches[query.Get("_getpages")]
	at, err := strconv.Atoi(query.Get("_getpagesoffset"))

	if !ok || err != nil || at < 0 || at > len(found.entries) {
		return outcome(http.StatusGone, issue{"expired", "", "the search is not there any more"})
	}

	return s.bundle(c, query.Get("_getpages"), found, at)
}

func (s *Server) bundle(c call, token string, found search, at int) response {
	end := min(len(found.entries), at+found.size)
	links := []any{map[string]any{"relation": "self", "url": "/fhir/" + found.kind}}

	if end < len(found.entries) {
		links = append(links, map[string]any{"relation": "next", "url": s.nextAddress(c, token, found, end)})
	}

	bundle := map[string]any{"resourceType": "Bundle", "type": "searchset", "total": found.total, "link": links}
	if at < end {
		bundle["entry"] = found.entries[at:end]
	}

	return jsonResponse(http.StatusOK, bundle)
}

func (s *Server) nextAddress(c call, token string, found search, at int) string {
	query := "?_getpages=" + token + "&_getpagesoffset=" + strconv.Itoa(at)

	if s.options.ForeignNext != "" {
		return s.options.ForeignNext + query
	}

	switch at / found.size % 3 {
	case 0:
		return "/fhir/" + found.kind + query
	case 1:
		return "http://" + c.r.Host + "/fhir" + query
	default:
		return "http://" + c.r.Host + "/fhir/" + found.kind + query
	}
}
