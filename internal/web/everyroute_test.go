package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// TestHeadersOfEveryRoute: whatever is answered, to whomever, carries the headers of identity.md §5.1.
func TestHeadersOfEveryRoute(t *testing.T) {
	t.Parallel()

	b := setup(t)
	visit := string(b.use[testby].rows[0].Visit.ID)
	everybody := b.as(t, testby, "ALL", care.Roles()...)

	for _, r := range b.handler.Routes("testby") {
		if r.Stream {
			continue
		}

		for _, c := range []*http.Cookie{nil, everybody} {
			req := form(testby, path(r.Path, visit), nil)
			req.Method = r.Method

			if c != nil {
				req.AddCookie(c)
			}

			h := b.do(t, req).Header()

			for name, want := range map[string]string{
				"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow", "X-Frame-Options": "DENY",
				"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s %s: %s is %q", r.Method, r.Path, name, got)
				}
			}

			if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s %s: policy %s", r.Method, r.Path, csp)
			}

			if store := h.Get("Cache-Control"); store != "no-store" && !strings.HasPrefix(r.Path, "/assets/") && !strings.HasSuffix(r.Path, ".js") {
				t.Errorf("%s %s: Cache-Control %q", r.Method, r.Path, store)
			}
		}
	}
}

// TestCrossSiteCallsAreRefusedEverywhere: what another site makes a browser send is refused on every
// route that changes something, but for the answers of identity providers, which are declared.
func TestCrossSiteCallsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()

	b := setup(t)
	visit := string(b.use[testby].rows[0].Visit.ID)
	everybody := b.as(t, testby, "ALL", care.Roles()...)
	exempt := 0

	for _, r := range b.handler.Routes("testby") {
		if r.Method == http.MethodGet {
			continue
		}

		if r.CrossSite {
			exempt++

			if !strings.HasPrefix(r.Path, "/saml/") {
				t.Errorf("%s %s takes calls of other sites", r.Method, r.Path)
			}

			continue
		}

		for name, set := range map[string]func(http.Header){
			"cross-site":       func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
			"same-site":        func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
			"an older browser": func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "https://evil.example.dk") },
		} {
			req := form(testby, path(r.Path, visit), nil)
			req.Method = r.Method
			req.AddCookie(everybody)
			set(req.Header)

			if got := b.do(t, req).Code; got != http.StatusForbidden {
				t.Errorf("%s %s from %s: %d", r.Method, r.Path, name, got)
			}
		}
	}

	if exempt == 0 || exempt > 4 {
		t.Errorf("%d routes take calls of other sites", exempt)
	}
}
