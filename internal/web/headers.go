package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// loginLife is how long a browser's login cookie lives: a little longer than saml lets a login take.
const loginLife = time.Hour

// headers sets what every answer of a site carries (ASVS 3.4, identity.md §5.1). Nothing may be
// stored by browser or proxy; static files say otherwise themselves.
func (m *mount) headers() gin.HandlerFunc {
	policy := contentPolicy(m.site)

	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")

		if m.site.secure() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}

		c.Next()
	}
}

// contentPolicy allows our own files and nothing inline. A browser follows the redirect of a
// form only to where form-action allows, so the rooms and the identity provider are named there.
func contentPolicy(s Site) string {
	targets := s.FormTargets
	if len(targets) == 0 {
		targets = []string{"https:"}
		if !s.secure() {
			targets = append(targets, "http://127.0.0.1:*", "http://localhost:*")
		}
	}

	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
		"connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'",
		"form-action 'self' " + strings.Join(targets, " "),
	}, "; ")
}

// crossOrigin refuses what another site makes a browser send, except on routes where that is
// the point.
func crossOrigin(exempt []string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	for _, pattern := range exempt {
		p.AddInsecureBypassPattern(pattern)
	}

	return p
}

// checkOrigin asks the cross-origin protection. Our own Referrer-Policy makes browsers send
// "Origin: null" with forms. New browsers also send Sec-Fetch-Site, which decides then. Safari
// before 16.4, which old iPads are stuck with, does not; there the header says nothing, and
// SameSite=Lax alone keeps other sites out.
func checkOrigin(p *http.CrossOriginProtection, r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		r = r.Clone(r.Context())
		r.Header.Del("Origin")
	}

	return p.Check(r) //nolint:wrapcheck // the caller answers with its own words
}
