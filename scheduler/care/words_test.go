package care_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler/care"
)

func TestParseCPR(t *testing.T) {
	t.Parallel()

	cases := []struct {
		text    string
		verdict care.CPRVerdict
		plain   string
		padded  bool
	}{
		{"251248-9996", care.CPRValid, "2512489996", false},
		{" 2512489996 ", care.CPRValid, "2512489996", false},
		{"201609995", care.CPRValid, "0201609995", true},
		{"8512489996", care.CPRReplacement, "8512489996", false}, // day 25 + 60
		{"2512481AB6", care.CPRReplacement, "2512481AB6", false},
		{"251248-1ab6", care.CPRReplacement, "2512481AB6", false},
		{"3113489996", care.CPRMalformed, "", false},
		{"2902000000", care.CPRMalformed, "", false}, // 29 February 1900 was none
		{"2902004000", care.CPRValid, "2902004000", false},
		{"123", care.CPRMalformed, "", false},
		{"", care.CPRMalformed, "", false},
		{"abcdefghij", care.CPRMalformed, "", false},
		{"٢٥١٢٤٨٩٩٩٦", care.CPRMalformed, "", false},
	}

	for _, c := range cases {
		cpr, verdict, padded := care.ParseCPR(c.text)
		if verdict != c.verdict || cpr.Reveal() != c.plain || padded != c.padded {
			t.Errorf("%q: %v %q %v", c.text, verdict, cpr.Reveal(), padded)
		}
	}
}

// None of the official test numbers passes modulus 11, and all of them are valid.
func TestEveryTestCitizenIsValid(t *testing.T) {
	t.Parallel()

	f, err := os.Open("testdata/test-citizens.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	r := csv.NewReader(f)
	r.Comma = ';'

	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	for _, row := range rows[1:] {
		if _, verdict, _ := care.ParseCPR(row[0]); verdict != care.CPRValid {
			t.Errorf("line of %s: verdict %v", row[1], verdict)
		}
	}
}

func FuzzParseCPR(f *testing.F) {
	f.Add("251248-9996")
	f.Add("8512489996")
	f.Add("2512481AB6")
	f.Fuzz(func(t *testing.T, text string) {
		cpr, verdict, _ := care.ParseCPR(text)
		if (verdict == care.CPRMalformed) != cpr.IsZero() {
			t.Errorf("%q: verdict %v with value %v", text, verdict, !cpr.IsZero())
		}

		if again, v, _ := care.ParseCPR(cpr.Reveal()); verdict != care.CPRMalformed && (v != verdict || again != cpr) {
			t.Errorf("%q is read differently the second time", text)
		}
	})
}

// No secret shows itself, whatever prints it.
func TestSecretsPrintMasked(t *testing.T) {
	t.Parallel()

	cpr, _, _ := care.ParseCPR("2512489996")
	hostPIN, _ := care.NewHostPIN("482913")
	guestPIN, _ := care.NewGuestPIN("739182")
	hostLink, _ := care.NewHostLink("https://video.example/?pin=482913")
	guestLink, _ := care.NewGuestLink("https://video.example/?pin=739182", hostPIN)

	for _, secret := range []any{
		cpr, hostPIN, guestPIN, hostLink, guestLink, care.NewLocator("aabbccdd"), care.NewCode("123456"),
		care.NewSessionToken("token-text"), care.NewPhone("+4520000001"), care.NewEmail("a@b.example"), care.NewSecret("s3cret-key"),
	} {
		plain := secret.(interface{ Reveal() string }).Reveal()

		var log strings.Builder

		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", secret, "inside", struct{ S any }{secret})
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", secret)

		body, err := json.Marshal(map[string]any{"a": secret, "b": []any{secret}})
		if err != nil {
			t.Fatal(err)
		}

		printed := fmt.Sprintf("%v %+v %#v %s %q %x %d", secret, secret, secret, secret, secret, secret, secret) + string(body) + log.String() +
			fmt.Sprintf("%v %+v %#v", struct{ S any }{secret}, []any{secret}, map[string]any{"a": secret})
		if strings.Contains(printed, plain) || strings.Contains(printed, fmt.Sprintf("%x", plain)) {
			t.Errorf("%T shows itself: %s", secret, printed)
		}
	}
}

// A guest link never holds the host PIN, however the link is built.
func TestGuestLinkNeverHoldsTheHostPIN(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		pin := strconv.Itoa(rapid.IntRange(1000, 999_999_999).Draw(t, "host PIN"))
		other := strconv.Itoa(rapid.IntRange(1000, 999_999_999).Draw(t, "guest PIN"))

		host, err := care.NewHostPIN(pin)
		if err != nil {
			t.Fatal(err)
		}

		inside := rapid.SampledFrom([]string{pin, other, "", pin[:2] + "%3" + pin[2:3] + pin[3:], url.QueryEscape(url.QueryEscape("/" + pin))}).Draw(t, "inside")
		link := rapid.SampledFrom([]string{
			"https://video.example/?pin=%s&x=1", "https://video.example/a/%s", "https://video.example/#pin=%s", "https://video.example/?u=a%%26pin=%s",
		}).Draw(t, "shape")
		link = fmt.Sprintf(link, inside)

		got, err := care.NewGuestLink(link, host)
		if err != nil {
			return
		}

		text := got.Reveal()
		for range 5 {
			if strings.Contains(text, pin) {
				t.Fatalf("the guest link %q holds the host PIN %s", got.Reveal(), pin)
			}

			if text, err = url.QueryUnescape(text); err != nil {
				return
			}
		}
	})
}

func TestGuestLinkNeedsTheHostPIN(t *testing.T) {
	t.Parallel()

	if _, err := care.NewGuestLink("https://video.example/", care.HostPIN{}); err == nil {
		t.Error("a link that can't be checked was accepted")
	}
}

func TestDaysAtTheClockChanges(t *testing.T) {
	t.Parallel()

	for day, hours := range map[care.Day]float64{"2026-03-29": 23, "2026-10-25": 25, "2027-03-28": 23, "2027-10-31": 25, "2026-11-23": 24} {
		if got := day.Bounds().Duration().Hours(); got != hours {
			t.Errorf("%s has %v hours, want %v", day, got, hours)
		}
	}
}

// Every instant of ten years belongs to exactly the day that its bounds say.
func TestDayOfAndBoundsAgree(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		at := from.Add(time.Duration(rapid.Int64Range(0, 10*366*24*3600).Draw(t, "second")) * time.Second)
		day := care.DayOf(at)

		if b := day.Bounds(); at.Before(b.Start) || !at.Before(b.End) {
			t.Fatalf("%s is not inside %s", at, day)
		}

		if next := day.Add(1); next.Bounds().Start != day.Bounds().End {
			t.Fatalf("a gap after %s", day)
		}
	})
}
