package vdx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/scheduler/care"
)

// stranger is a peer that answers every call but the token's as told.
func stranger(t *testing.T, log *slog.Logger, answer http.HandlerFunc) *vdx.Platform {
	t.Helper()

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(w, `{"access_token":"eyJ-the-token","expires_in":300}`)

			return
		}

		answer(w, r)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)

	config := vdx.Config{
		BaseURL: s.URL, TokenURL: s.URL + "/token", ClientID: "id", ClientSecret: care.NewSecret(clientSecret),
		HistoryURL: s.URL, HistoryKey: care.NewSecret(historyKey),
	}
	config.SetDefaults()

	platform, err := vdx.New(config, vdx.Deps{Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}

	return platform
}

// calls makes each of the port's calls once.
func calls(t *testing.T, p *vdx.Platform) map[string]error {
	t.Helper()

	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := spec(t, start)
	_, errBook := p.Book(t.Context(), ref, s)
	_, errFind := p.Find(t.Context(), ref)
	_, errMove := p.Move(t.Context(), ref, s.Planned)
	_, errLegs := p.Legs(t.Context(), video.Observed{Ref: ref, Address: "a@b", Window: s.Planned})

	return map[string]error{"book": errBook, "find": errFind, "move": errMove, "legs": errLegs, "close": p.Close(t.Context(), ref)}
}

// own are the statuses that mean something of their own at an operation.
func own(op string, status int) (connector.Kind, bool) {
	write := op == "book" || op == "close"

	switch {
	case op == "close" && (status == 404 || status == 410):
		return 0, true // gone already
	case op == "book" && status == 404:
		return connector.Unavailable, true
	case op == "legs" && status == 404:
		return connector.Unsupported, true
	case status == 403 && (op == "find" || op == "move"):
		return connector.Rejected, true
	case status == 406 && op != "legs":
		return connector.Conflict, true
	case status == 408 || (status >= 500 && status != 501 && status != 503):
		return map[bool]connector.Kind{true: connector.Unknown, false: connector.Unavailable}[write], true
	}

	return 0, false
}

// wanted is the kind of a status at an operation.
func wanted(op string, status int) connector.Kind {
	if kind, ok := own(op, status); ok {
		return kind
	}

	switch status {
	case 425, 503:
		return connector.Unavailable
	case 501:
		return connector.Unsupported
	case 401, 403, 407:
		return connector.Unauthorized
	case 404, 410:
		return connector.NotFound
	case 409, 412, 423:
		return connector.Conflict
	case 429:
		return connector.RateLimited
	}

	return connector.Rejected
}

// TestStatusTable runs every operation into every status, and looks for secrets in errors
// and log.
func TestStatusTable(t *testing.T) {
	t.Parallel()

	for status := 300; status < 600; status++ {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()

			var log bytes.Buffer

			handler := slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutChance})
			p := stranger(t, slog.New(handler), func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Echo", r.Header.Get("Authorization"))
				w.WriteHeader(status)
				// A peer that quotes what it was sent, and more.
				_ = json.NewEncoder(w).Encode(map[string]any{
					"status": status, "detailed_error": string(body) + r.Header.Get("Authorization") + r.Header.Get("X-Api-Key") + " 251248-9996",
					"detailed_error_code": "99",
				})
			})

			for op, err := range calls(t, p) {
				if got := connector.KindOf(err); got != wanted(op, status) {
					t.Errorf("%s: got %v, want %v", op, err, wanted(op, status))
				}

				noSecrets(t, fmt.Sprintf("%v %+v", err, err))
			}

			noSecrets(t, log.String())
		})
	}
}

// withoutChance drops what is random, so that no secret turns up in it by chance.
func withoutChance(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "request_id" || a.Key == "took" {
		return slog.Attr{}
	}

	return a
}

func noSecrets(t *testing.T, text string) {
	t.Helper()

	for _, secret := range []string{hostPIN, guestPIN, clientSecret, historyKey, "eyJ", "251248", "Skærmbesøg"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is told in %s", secret, text)
		}
	}
}

// TestStrangeAnswers: whatever comes with 200, the caller gets an error of the right kind.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()

	good := `{"uuid":"` + string(ref) + `","hostPin":482136,"guestPin":739015,"uriWithDomain":"a@b.example",` +
		`"provisionStatus":"AWAITS_PROVISION","portalLink":"https://p.example/?pin=739015",` +
		`"meetingDetails":{"startTime":"2026-11-23T09:00:00Z","endTime":"2026-11-23T09:20:00Z"}}`
	swap := func(old, with string) string { return strings.Replace(good, old, with, 1) }

	tests := map[string]struct {
		body             string
		book, find, legs connector.Kind
	}{
		"good":             {good, 0, 0, connector.Malformed},
		"empty":            {"", connector.Unknown, connector.Unavailable, connector.Unavailable},
		"web page":         {"<html>", connector.Unknown, connector.Unavailable, connector.Unavailable},
		"cut off":          {good[:len(good)/2], connector.Unknown, connector.Unavailable, connector.Unavailable},
		"null":             {"null", connector.Unknown, connector.Malformed, connector.Malformed},
		"number":           {"7", connector.Unknown, connector.Malformed, connector.Malformed},
		"list":             {"[]", connector.Unknown, connector.Malformed, 0},
		"another room":     {swap("3f0c8f0e", "00000000"), connector.Unknown, connector.Malformed, connector.Malformed},
		"unknown state":    {swap("AWAITS", "LIKES"), connector.Unknown, connector.Malformed, connector.Malformed},
		"other time form":  {swap("T09:00:00Z", " 09:00"), connector.Unknown, connector.Malformed, connector.Malformed},
		"no meeting":       {swap(`"meetingDetails":{`, `"x":{`), connector.Unknown, connector.Malformed, connector.Malformed},
		"PIN as text":      {swap("482136", `"482136"`), connector.Unknown, connector.Malformed, connector.Malformed},
		"no host PIN":      {swap("482136", "null"), connector.Conflict, connector.Conflict, connector.Malformed},
		"no guest PIN":     {swap("739015", "null"), connector.Conflict, connector.Conflict, connector.Malformed},
		"guest is host":    {swap("739015", "482136"), connector.Conflict, connector.Conflict, connector.Malformed},
		"PIN out of range": {swap("739015", "7"), connector.Conflict, connector.Conflict, connector.Malformed},
		"PIN in address":   {strings.Replace(swap("a@b.example", "482136@b.example"), "pin=739015", "pin=1111", 1), connector.Conflict, connector.Conflict, connector.Malformed},
		"no portal":        {swap("https://p.example/?pin=739015", ""), connector.Conflict, connector.Conflict, connector.Malformed},
		"plain portal":     {swap("https://p", "http://p"), connector.Conflict, connector.Conflict, connector.Malformed},
		"script portal":    {swap("https://p.example/", "javascript:alert(1)//"), connector.Conflict, connector.Conflict, connector.Malformed},
		"room too small":   {swap(`"hostPin"`, `"maxParticipants":2,"hostPin"`), connector.Conflict, 0, connector.Malformed},
		"larger room":      {swap(`"hostPin"`, `"maxParticipants":50,"hostPin"`), 0, 0, connector.Malformed},
		"oversize":         {good + strings.Repeat(" ", 5<<20), connector.Unknown, connector.Malformed, connector.Malformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := stranger(t, nil, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, tt.body)
			})
			errs := calls(t, p)

			for op, want := range map[string]connector.Kind{"book": tt.book, "find": tt.find, "legs": tt.legs} {
				if got := connector.KindOf(errs[op]); got != want {
					t.Errorf("%s: got %v, want %v", op, errs[op], want)
				}

				noSecrets(t, fmt.Sprint(errs[op]))
			}
		})
	}
}

// TestSilentTwoHundred: a peer that answers 200 and changes nothing.
func TestSilentTwoHundred(t *testing.T) {
	t.Parallel()

	p := stranger(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"uuid":"`+string(ref)+`","hostPin":482136,"guestPin":739015,"uriWithDomain":"a@b.example",`+
			`"provisionStatus":"AWAITS_PROVISION","portalLink":"https://p.example/?pin=739015",`+
			`"meetingDetails":{"startTime":"2026-11-23T09:00:00Z","endTime":"2026-11-23T09:20:00Z"}}`)
	})
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

	_, err := p.Move(t.Context(), ref, care.Interval{Start: start, End: start.Add(time.Hour)})

	var e *connector.Error
	if !errors.As(err, &e) || e.Kind != connector.Conflict || e.Code != vdx.CodeNotMoved {
		t.Errorf("got %v, want Conflict %s", err, vdx.CodeNotMoved)
	}
}

// TestRefusalsByCode: the same number under another status means something else.
func TestRefusalsByCode(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		status     int
		code       string
		exists     bool
		book, quit connector.Kind
	}{
		{400, `"24"`, true, 0, connector.Unavailable},
		{400, `24`, true, 0, connector.Unavailable},
		{400, `"21"`, true, 0, connector.Conflict},
		{400, `"24"`, false, connector.Unavailable, connector.Unavailable},
		{400, `"21"`, false, connector.Conflict, connector.Conflict},
		{400, `"20"`, true, connector.Pending, connector.Pending},
		{400, `"19"`, true, connector.Rejected, connector.Rejected},
		{400, `"10"`, true, connector.Rejected, connector.Rejected},
		{400, `null`, true, connector.Rejected, connector.Rejected},
		{400, `{"a":1}`, true, connector.Rejected, connector.Rejected},
		{406, `"24"`, true, connector.Conflict, connector.Pending},
		{406, `"15"`, true, connector.Unavailable, connector.Unavailable},
		{406, `"13"`, true, connector.Conflict, connector.Pending},
		{403, `"24"`, true, connector.Unauthorized, connector.Unauthorized},
	} {
		t.Run(fmt.Sprint(tt.status, tt.code, tt.exists), func(t *testing.T) {
			t.Parallel()

			p := stranger(t, nil, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && tt.exists:
					_, _ = io.WriteString(w, `{"uuid":"`+string(ref)+`","hostPin":1111,"guestPin":2222,"uriWithDomain":"a@b.example",`+
						`"provisionStatus":"AWAITS_PROVISION","portalLink":"https://p.example/?pin=2222",`+
						`"meetingDetails":{"startTime":"2026-11-23T09:00:00+01:00","endTime":"2026-11-23T09:20:00+01:00"}}`)
				case r.Method == http.MethodGet:
					w.WriteHeader(http.StatusNotFound)
				default:
					w.WriteHeader(tt.status)
					_, _ = fmt.Fprintf(w, `{"detailed_error_code":%s}`, tt.code)
				}
			})

			b, err := p.Book(t.Context(), ref, spec(t, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
			if connector.KindOf(err) != tt.book {
				t.Errorf("book: got %v, want %v", err, tt.book)
			}

			// What the platform tells wins over what we asked for.
			if err == nil && (b.HostPIN.Reveal() != "1111" || b.GuestPIN.Reveal() != "2222" || b.Planned.Start.Hour() != 8) {
				t.Errorf("got %v with other PINs or times than the platform's", b)
			}

			if err = p.Close(t.Context(), ref); tt.exists && connector.KindOf(err) != tt.quit {
				t.Errorf("close: got %v, want %v", err, tt.quit)
			}
		})
	}
}

// TestRefusalsByCodeV1: both shapes of error bodies, keyed by status and code.
func TestRefusalsByCodeV1(t *testing.T) {
	t.Parallel()

	const room = `{"uuid":"` + string(ref) + `","hostPin":1111,"guestPin":2222,"uriWithDomain":"a@b.example","provisionStatus":"AWAITS_PROVISION",` +
		`"portalLink":"https://p.example/?pin=2222","_links":{"self":{"href":"x"}},"_links":{"self":{"href":"x"}},` +
		`"meetingDetails":{"startTime":"2026-11-23T08:00:00 +0000","endTime":"2026-11-23T08:20:00 +0000","shortLink":null}}`

	for _, tt := range []struct {
		status     int
		body       string
		exists     bool
		book, quit connector.Kind
	}{
		{400, `{"errorCode":20}`, true, 0, connector.Unavailable},
		{400, `{"errorCode":12}`, true, 0, connector.Conflict},
		{400, `{"errorCode":20}`, false, connector.Unavailable, 0},
		{400, `{"errorCode":12}`, false, connector.Conflict, 0},
		{400, `{"errorCode":10}`, true, connector.Rejected, connector.Rejected},
		{400, `{"errorCode":11}`, true, connector.Pending, connector.Pending},
		{400, `{"errorCode":30}`, true, connector.Rejected, connector.Rejected},
		{400, `{"detailed_error_code":"10","detailed_error":"subject: x"}`, true, connector.Rejected, connector.Rejected},
		{400, `{"detailed_error_code":"20"}`, true, connector.Rejected, connector.Rejected}, // no code of the first generation
		{400, `{"timestamp":"x","status":400}`, true, connector.Rejected, connector.Rejected},
		{406, `{"errorCode":20}`, true, connector.Conflict, connector.Pending},
		{406, `{"errorCode":21}`, true, connector.Unavailable, connector.Unavailable},
		{406, `{"errorCode":11}`, true, connector.Conflict, connector.Pending},
		{401, ``, true, connector.Unauthorized, connector.Unauthorized},
		{403, `{"status":403}`, true, connector.Unauthorized, connector.Unauthorized},
		{500, `{"errorCode":20}`, true, connector.Unknown, connector.Unknown},
	} {
		t.Run(fmt.Sprint(tt.status, tt.body, tt.exists), func(t *testing.T) {
			t.Parallel()

			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && tt.exists:
					_, _ = io.WriteString(w, room)
				case r.Method == http.MethodGet:
					w.WriteHeader(http.StatusNotFound)
				default:
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.body)
				}
			}))
			t.Cleanup(s.Close)

			p, err := vdx.New(headerConfig(s.URL), vdx.Deps{Now: day})
			if err != nil {
				t.Fatal(err)
			}

			b, err := p.Book(t.Context(), ref, spec(t, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
			if connector.KindOf(err) != tt.book {
				t.Errorf("book: got %v, want %v", err, tt.book)
			}

			if err == nil && (b.HostPIN.Reveal() != "1111" || b.Planned.Start.Hour() != 8) {
				t.Errorf("got %v with other PINs or times than the platform's", b)
			}

			if err = p.Close(t.Context(), ref); tt.exists && connector.KindOf(err) != tt.quit {
				t.Errorf("close: got %v, want %v", err, tt.quit)
			}
		})
	}
}
