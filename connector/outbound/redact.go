package outbound

import (
	"regexp"
	"strings"
)

const mask = "•••"

var (
	// A person number, and the eCPR form with two letters (eoj.md §3.6, §4).
	cprLike  = regexp.MustCompile(`\b[0-9]{6}-?[0-9]{4}\b`)
	ecprLike = regexp.MustCompile(`(?i)\b[0-9]{6}-?[0-9][a-z]{2}[0-9]\b`)
	// Credentials after an authentication scheme.
	schemeLike = regexp.MustCompile(`(?i)\b(bearer|basic|holder-of-key)\s+[a-z0-9._~+/=-]+`)
	// A name that tells of a secret, a separator, and the value.
	namedLike = regexp.MustCompile(`(?i)((?:host|guest)?_?pin|access_token|refresh_token|id_token|client_secret|client_assertion|` +
		`saml-token|api[_-]?key|password|secret|locator|cookie)("?\s*[:=]\s*"?)[^"&\s,;}]+`)
	// A word for a code with the code behind it.
	codeLike = regexp.MustCompile(`(?i)\b(pin|pinkode|kode|adgangskode|kodeord|password)\b\W{0,3}(er\s+)?\d{4}`)
)

// Redact masks person numbers, tokens and PINs in a text that is about to be logged or to
// become part of an error.
func Redact(text string) string {
	text = schemeLike.ReplaceAllString(text, "${1} "+mask)
	text = namedLike.ReplaceAllString(text, "${1}${2}"+mask)
	text = cprLike.ReplaceAllString(text, mask)

	return ecprLike.ReplaceAllString(text, mask)
}

// HasSecret recognises what must never stand in a care record (K64): links, codes, person numbers.
func HasSecret(text string) bool {
	return strings.Contains(text, "://") || codeLike.MatchString(text) || Redact(text) != text
}
