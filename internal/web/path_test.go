package web

import (
	"net/url"
	"testing"
)

// FuzzLocalPath: whatever stands in the address, a login leads back to this site.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/dagen?dato=2026-11-23", "//evil", "/\\evil", "https://evil", "/\tx", "", "/%2f%2fevil"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, s string) {
		base := &url.URL{Scheme: "https", Host: "skaerm.testby.dk", Path: "/"}

		u, err := base.Parse(localPath(s))
		if err == nil && u.Host != base.Host {
			t.Errorf("%q leads to %s", s, u)
		}
	})
}
