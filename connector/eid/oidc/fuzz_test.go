package oidc

import (
	"testing"
)

// FuzzClaims: no document of a provider makes the decoder panic, and no claim gets longer than its
// limit or holds control characters.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"pid":"TEST-0001","acr":"idporten-loa-high","auth_time":1700000000}`, `{"dk":{"cpr":"2512489996"},"loa":"x"}`, `{"dk.cpr":["2512489996"]}`,
		`{"dk":{"cpr":2512489996}}`, `{"auth_time":-1}`, `{"auth_time":"x"}`, `{"auth_time":1e400}`, `null`, `[]`, `{"a":1}{}`, "{\"dk\":{\"cpr\":\"\\u0000\"}}",
	} {
		f.Add([]byte(seed), "dk.cpr")
	}

	f.Fuzz(func(t *testing.T, document []byte, path string) {
		c, err := decodeClaims(document)
		if err != nil {
			return
		}

		if text, ok := c.text(path); ok && (text == "" || len(text) > maxClaim) {
			t.Errorf("a claim of %d bytes", len(text))
		}

		if at, told, err := c.instant("auth_time"); err == nil && told && at.Unix() < 0 {
			t.Errorf("a time before 1970: %v", at)
		}
	})
}

// FuzzKeys: no key document makes the decoder panic, and none that is weak or private is kept.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-256","x":"","y":""}]}`))
	f.Add([]byte(`{"keys":[null,1,"x",{}]}`))

	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := decodeKeys(document)
		if err != nil {
			return
		}

		for _, key := range keys {
			if !key.IsPublic() || !strongEnough(key.Key) {
				t.Errorf("a key that must not be kept: %T", key.Key)
			}
		}
	})
}

// FuzzAnswer: no query makes the reader panic.
func FuzzAnswer(f *testing.F) {
	f.Add("code=a&state=b&iss=c")
	f.Add("code=a&code=b")
	f.Add("%zz")

	f.Fuzz(func(_ *testing.T, raw string) { _, _ = single(raw) })
}
