package sms

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()

	for word, want := range map[string]care.DeliveryStatus{
		"DELIVERED": care.Arrived, "delivered": care.Arrived, "DELIVRD": care.Arrived, "Received": care.Arrived,
		"FAILED": care.Undeliverable, "UNDELIV": care.Undeliverable, "NOT_DELIVERED": care.Undeliverable, "not delivered": care.Undeliverable,
		"REJECTD": care.Undeliverable, "EXPIRED": care.Undeliverable, "error": care.Undeliverable, "Unknown_Subscriber": care.Undeliverable,
		"QUEUED": care.InTransit, "SENT": care.InTransit, "PENDING": care.InTransit, "DELIVERY_PENDING": care.InTransit,
		"": care.InTransit, "5": care.InTransit, "noget helt andet": care.InTransit,
	} {
		if got := ParseStatus(word); got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
}

func TestTolerantAnswers(t *testing.T) {
	t.Parallel()

	for body, want := range map[string]string{
		`{"status":"SENT","reference":"r-1"}`:              "r-1",
		`[{"status":"SENT","reference":"r-1"}]`:            "r-1",
		`{"reference":17}`:                                 "17",
		`{"reference":{"id":1}}`:                           "",
		`{"reference":"med mellemrum"}`:                    "",
		`{"reference":"` + strings.Repeat("x", 101) + `"}`: "",
		`[]`:    "",
		`"ok"`:  "",
		`OK`:    "",
		``:      "",
		`{"re`:  "",
		`[1,2]`: "",
	} {
		if got := decodeOne([]byte(body)).reference; got != want {
			t.Errorf("%s: reference %q, want %q", body, got, want)
		}
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()

	full, err := CallbackURL("https://skaerm.testby.dk/hooks/sms")
	if err != nil {
		t.Fatal(err)
	}

	u, err := url.Parse(strings.NewReplacer("%reference%", "r-1", "%status%", "DELIVERED").Replace(full))
	if err != nil {
		t.Fatal(err)
	}

	if got, err := ParseCallback(u.Query()); err != nil || got != (Callback{Reference: "r-1", Status: care.Arrived}) {
		t.Errorf("%+v, %v", got, err)
	}

	for _, query := range []string{
		"", "reference=r", "status=SENT", "reference=&status=SENT", "reference=r&status=", "reference=r&reference=s&status=SENT",
		"reference=a%20b&status=SENT", "reference=%25reference%25&status=SENT", "reference=r&status=" + strings.Repeat("x", 101),
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}

		if got, err := ParseCallback(q); care.KindOf(err) != care.Invalid {
			t.Errorf("%q: %+v, %v", query, got, err)
		}
	}

	for _, address := range []string{"", "/hooks", "https://x.dk/?a=b", "https://" + strings.Repeat("x", 100) + ".dk/"} {
		if got, err := CallbackURL(address); err == nil {
			t.Errorf("%q: %s", address, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`[{"status":"DELIVERED","reference":"r","to":"+4520000001","created":"2026-11-23T07:30:00Z"},{"status":5}]`))
	f.Add([]byte(`{"detailed_error_code":"15"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_ = errorCode(body)

		if e := decodeOne(body); len(e.reference) > maxReference || strings.ContainsAny(e.reference, " \r\n") {
			t.Errorf("reference %q", e.reference)
		}

		var wire []entryWire
		if json.Unmarshal(body, &wire) != nil {
			return
		}

		switch s := statusOf(entries(wire), "r", care.NewPhone("+4520000001")); s {
		case care.InTransit, care.Arrived, care.Undeliverable:
		default:
			t.Errorf("status %q", s)
		}

		_ = newest(entries(wire), care.Phone{})
	})
}

func FuzzCallback(f *testing.F) {
	f.Add("reference=r&status=DELIVERED")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}

		if c, err := ParseCallback(q); err == nil && (c.Reference == "" || len(c.Reference) > maxReference) {
			t.Errorf("%+v", c)
		}
	})
}
