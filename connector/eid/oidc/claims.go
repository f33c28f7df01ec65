package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of claims, in bytes.
const (
	maxClaim   = 1024
	maxSubject = 255 // OpenID Connect Core §2
	minForeign = 4
	maxForeign = 64
	maxDepth   = 8
)

// claims are the members of a verified token or of the userinfo endpoint's answer. Names are exact.
type claims map[string]any

// decodeClaims reads one JSON object.
func decodeClaims(document []byte) (claims, error) {
	if len(document) > maxBody || !utf8.Valid(document) {
		return nil, errors.New("claims: too long or not UTF-8")
	}

	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()

	var c claims
	if err := decoder.Decode(&c); err != nil || c == nil {
		return nil, errors.New("claims: no JSON object")
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("claims: text after the JSON object")
	}

	return c, nil
}

// value finds a claim by its name, or by a path with dots when none has the name.
func (c claims) value(path string) (any, bool) {
	if v, ok := c[path]; ok {
		return v, true
	}

	parts := strings.Split(path, ".")
	if len(parts) > maxDepth {
		return nil, false
	}

	var at any = map[string]any(c)

	for _, part := range parts {
		inner, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}

		if at, ok = inner[part]; !ok {
			return nil, false
		}
	}

	return at, true
}

// text returns a claim that is one text; a list of exactly one counts as one. Numbers do not: they
// have lost leading zeros.
func (c claims) text(path string) (string, bool) {
	v, ok := c.value(path)
	if !ok {
		return "", false
	}

	if list, is := v.([]any); is && len(list) == 1 {
		v = list[0]
	}

	s, ok := v.(string)
	if s = strings.TrimSpace(s); !ok || s == "" || len(s) > maxClaim || strings.ContainsFunc(s, isControl) {
		return "", false
	}

	return s, true
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// instant reads a NumericDate (RFC 7519 §2). Not told is no error.
func (c claims) instant(name string) (at time.Time, told bool, err error) {
	v, ok := c[name]
	if !ok || v == nil {
		return time.Time{}, false, nil
	}

	number, ok := v.(json.Number)
	if !ok {
		return time.Time{}, true, errors.New("no number")
	}

	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > math.MaxInt32*4 {
		return time.Time{}, true, errors.New("no time")
	}

	return time.Unix(int64(seconds), 0), true, nil
}
