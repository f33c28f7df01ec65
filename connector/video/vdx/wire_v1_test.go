package vdx

import (
	"encoding/json"
	"testing"
	"time"
)

func TestCodes(t *testing.T) {
	t.Parallel()

	for body, want := range map[string][2]string{
		`{"errorCode":20,"errorText":"x","message":"x"}`:        {"20", ""},
		`{"errorCode":"12"}`:                                    {"12", ""},
		`{"detailed_error_code":"10","detailed_error":"a: b"}`:  {codeValidation, "10"},
		`{"detailed_error_code":13}`:                            {codeValidation, "13"},
		`{"errorCode":11,"detailed_error_code":"24"}`:           {"11", "24"},
		`{"errorCode":null}`:                                    {"", ""},
		`{"errorCode":{"a":1}}`:                                 {"", ""},
		`{"errorCode":"251248-9996"}`:                           {"", ""},
		`{"timestamp":"x","status":404,"error":"y","path":"/"}`: {"", ""},
		`[]`: {"", ""}, ``: {"", ""}, `<html>`: {"", ""},
	} {
		if got := [2]string{codeV1([]byte(body)), codeV2([]byte(body))}; got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()

	want := time.Date(2025, 11, 2, 13, 0, 0, 0, time.UTC)

	for _, text := range []string{
		"2025-11-02T13:00:00 +0000", "2025-11-02T14:00:00 +0100", "2025-11-02T13:00:00Z", "2025-11-02T14:00:00+01:00", "2025-11-02T13:00:00.000Z",
	} {
		if got, ok := instant(text); !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, %t", text, got, ok)
		}
	}

	for _, text := range []string{"", "2025-11-02 13:00:00 +0000", "2025-11-02T13:00:00", "2025-13-02T13:00:00 +0000", "2025-11-02T13:00:00 Z", "1762088400"} {
		if got, ok := instant(text); ok {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()

	for body, want := range map[string]int{
		`{"_links":{"self":{"href":"x"}}}`: 0,
		`{"_embedded":{"schedulingTemplateDtoList":[{"isDefaultTemplate":true,"_links":{},"_links":{}}]},"_links":{}}`: 1,
		`{"_embedded":{"somethingElse":[{},{}]}}`: 2,
		`{"_embedded":{"a":[],"b":[]}}`:           -1,
		`{"_embedded":{"a":{}}}`:                  -1,
		`{"_embedded":[]}`:                        -1,
		`[]`:                                      -1,
		``:                                        -1,
	} {
		got, err := readTemplates(v1(), []byte(body))
		if (err != nil) != (want < 0) || (err == nil && len(got) != want) {
			t.Errorf("%s: got %v, %v; want %d", body, got, err, want)
		}
	}

	if got, err := readTemplates(v2(), []byte(`[{"guestPinRequired":true}]`)); err != nil || len(got) != 1 || !got[0].GuestPINRequired {
		t.Errorf("got %v, %v", got, err)
	}
}

// FuzzInstant: what is read is the instant that is written.
func FuzzInstant(f *testing.F) {
	for _, seed := range []string{"2025-11-02T13:00:00 +0000", "2025-11-02T14:00:00+01:00", "2025-11-02T13:00:00 Z", "0000-01-01T00:00:00 -2359"} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		got, ok := instant(text)
		if !ok {
			return
		}

		again, ok := instant(got.Format(time.RFC3339Nano))
		if got.Year() >= 0 && got.Year() <= 9999 && (!ok || !again.Equal(got)) {
			t.Errorf("%q is %v, then %v", text, got, again)
		}
	})
}

// FuzzListV1: a list is a list of JSON, or an error.
func FuzzListV1(f *testing.F) {
	f.Add([]byte(`{"_embedded":{"schedulingTemplateDtoList":[{"maxParticipants":10}]},"_links":{"self":{"href":"x"}}}`))
	f.Add([]byte(`{"_links":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		elements, err := listV1(data)
		if err == nil && !json.Valid(elements) {
			t.Errorf("got %q", elements)
		}

		all, err := readTemplates(v1(), data)
		if err == nil {
			_ = Config{Pool: true}.judgeTemplates(all)
		}
	})
}
