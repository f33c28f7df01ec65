package file

import (
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// joiner stands between people's text and our token in a comment.
const joiner = ", "

// rowState is what the entries of one visit say about its row: the newest entry, and what
// we had written before the present file was exported, which may stand in it by now.
type rowState struct {
	last       Received
	category   string // what the category must be; empty: leave it alone
	token      string // our part of the comment
	lastToken  string // the newest token that was not empty, for the work list
	original   string // the category that the file had by itself when we first wrote one
	categories []string
	tokens     []string
}

// take folds an entry in; an old one was written before the present file was kept.
func (s *rowState) take(e Received, old bool) {
	if s.original == "" && e.wroteCategory {
		s.original = e.fileCategory
	}

	if old && e.wroteCategory {
		s.categories = append(s.categories, e.Category)
	}

	if old && e.wroteComment {
		s.tokens = append(s.tokens, e.Comment)
	}

	s.last = e
	s.token = e.Comment

	if e.Comment != "" {
		s.lastToken = e.Comment
	}

	if e.Category != "" || e.Kind == care.EntryRestored {
		s.category = e.Category
	}
}

// showCategory returns the category that the row must show when the file has own.
func (s *rowState) showCategory(own string) string {
	trimmed := strings.TrimSpace(own)

	if s.last.Kind == care.EntryRestored {
		// A category that we did not write is the record's own, or somebody has changed it
		// since: either way it stays.
		if !slices.Contains(s.categories, trimmed) {
			return own
		}

		if s.category == "" {
			return s.original
		}
	}

	if s.category == "" || s.category == trimmed {
		return own
	}

	return s.category
}

// showComment returns the comment that the row must show when the file has own. The token is
// appended once; what people wrote stays as it is.
func (s *rowState) showComment(own string) string {
	base := own
	for _, token := range s.tokens {
		base = withoutToken(base, token)
	}

	switch {
	case s.token == "" || hasToken(base, s.token):
		return base
	case strings.TrimSpace(base) == "":
		return s.token
	default:
		return base + joiner + s.token
	}
}

// hasToken reports whether the token stands at the end of the comment as we would write it.
func hasToken(comment, token string) bool {
	return comment == token || strings.HasSuffix(comment, joiner+token)
}

func withoutToken(comment, token string) string {
	if comment == token {
		return ""
	}

	return strings.TrimSuffix(comment, joiner+token)
}
