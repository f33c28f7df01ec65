package message_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

func TestLint(t *testing.T) {
	t.Parallel()

	const end = " Kan ikke besvares"

	names, services := []string{"Nancy Ann Berggren", "Maj Dag"}, []string{"Medicingivning", "Hjælp til kost", "Aftale"}

	for _, c := range []struct {
		name, text string
		own        []string
		want       []message.Finding
	}{
		{name: "clean", text: "Aftale den 3. maj kl. 09.45." + end},
		{name: "cpr", text: "Til 0104909989." + end, want: []message.Finding{message.FindingCPR, message.FindingDigits}},
		{name: "cpr with hyphen", text: "010490-9989" + end, want: []message.Finding{message.FindingCPR, message.FindingDigits}},
		{name: "cpr with other hyphen", text: "010490\u20139989" + end, want: []message.Finding{
			message.FindingCPR, message.FindingDigits, message.FindingGSM,
		}},
		{name: "cpr with blank", text: "010490 9989" + end, want: []message.Finding{message.FindingCPR, message.FindingDigits}},
		{name: "ecpr", text: "010490-0AB1" + end, want: []message.Finding{message.FindingCPR, message.FindingDigits}},
		{name: "pin", text: "Pin 4711." + end, want: []message.Finding{message.FindingDigits}},
		{name: "grouped pin", text: "Pin 47 11." + end, want: []message.Finding{message.FindingDigits}},
		{name: "own digits", text: "Ring 87878787." + end, own: []string{"87878787"}},
		{name: "first name", text: "Kære nancy." + end, want: []message.Finding{message.FindingName}},
		{name: "last name", text: "Fru BERGGREN:" + end, want: []message.Finding{message.FindingName}},
		{name: "part of a word is no name", text: "Annonce." + end},
		{name: "own piece is no name", text: "Berggren Kommune." + end, own: []string{"Berggren Kommune"}},
		{name: "service", text: "Din medicingivning." + end, want: []message.Finding{message.FindingService}},
		{name: "service phrase", text: "Hjælp til kost." + end, want: []message.Finding{message.FindingService}},
		{name: "stem", text: "Hjemmesygeplejen kommer." + end, want: []message.Finding{message.FindingService}},
		{name: "placeholder", text: "Kl. {tid}." + end, want: []message.Finding{message.FindingPlaceholder, message.FindingGSM}},
		{name: "room link", text: "%meeting_url%" + end, want: []message.Finding{message.FindingPlaceholder}},
		{name: "typography", text: "\u201cAftale\u201d" + end, want: []message.Finding{message.FindingGSM}},
		{name: "too long", text: strings.Repeat("æ", 143) + end, want: []message.Finding{message.FindingLength}},
		{name: "just fits", text: strings.Repeat("æ", 142) + end},
		{name: "no ending", text: "Aftale.", want: []message.Finding{message.FindingEnding}},
		{name: "origin line", text: "Aftale." + end + "\n@testby.dk #", want: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			want := slices.DeleteFunc(slices.Clone(c.want), func(f message.Finding) bool {
				return f == message.FindingGSM && c.name == "placeholder" // braces are in the extension table
			})
			got := message.Lint(c.text, message.Rules{Channel: care.SMS, Names: names, Services: services, Own: c.own})

			if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}

			for _, f := range got {
				if f.Danish() == string(f) {
					t.Errorf("no sentence for %s", f)
				}
			}
		})
	}
}

func TestLintErrorRepeatsNothing(t *testing.T) {
	t.Parallel()

	d := data()
	d.Sender = "Kære Nancy"
	d.Names = []string{"Nancy Ann Berggren"}

	// A sender is configuration and may well be called as the citizen is ("Viborg").
	if _, err := message.Compose(care.Invite, care.SMS, d); err != nil {
		t.Fatal(err)
	}

	d.Sender = "Test\u2019by"

	_, err := message.Compose(care.Invite, care.SMS, d)
	if err == nil || strings.Contains(err.Error(), "by:") || care.KindOf(err) != care.Internal {
		t.Errorf("error %v", err)
	}
}

func FuzzLint(f *testing.F) {
	f.Add("Hej", "0104909989")
	f.Add("{tid} %meeting_url%", "010490-9989")
	f.Fuzz(func(t *testing.T, text, cpr string) {
		message.Lint(text, message.Rules{Channel: care.SMS, Names: []string{cpr}, Own: []string{"kl."}})

		if _, verdict, padded := care.ParseCPR(cpr); verdict == care.CPRMalformed || padded || strings.ContainsRune(text, '|') {
			return
		}

		if got := message.Lint(text+" "+cpr, message.Rules{Channel: care.Mail}); !slices.Contains(got, message.FindingCPR) {
			t.Errorf("%q holds a CPR number: %v", text+" "+cpr, got)
		}
	})
}

func TestGSMLength(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		text string
		n    int
		ok   bool
	}{
		{"", 0, true},
		{"Blåbærgrød ÆØÅ", 14, true},
		{"@£$Δ_", 5, true},
		{"€[]{}~^|\\", 18, true},
		{"a\u2013b", 3, false},
		{"\u201d", 1, false},
		{"ç", 1, false}, // the alphabet has the capital only
		{"Ç", 1, true},
		{"\x1b", 1, false},
	} {
		if n, ok := message.GSMLength(c.text); n != c.n || ok != c.ok {
			t.Errorf("GSMLength(%q) = %d, %t; want %d, %t", c.text, n, ok, c.n, c.ok)
		}
	}
}

func TestSendAt(t *testing.T) {
	t.Parallel()

	at := func(s string) time.Time {
		t.Helper()

		when, err := time.Parse("2006-01-02 15:04:05 -0700", s+":00 +0000")
		if len(s) > 16 { // with an offset
			when, err = time.Parse("2006-01-02 15:04 -0700", s)
		}

		if err != nil {
			t.Fatal(err)
		}

		return when
	}

	for _, c := range []struct{ name, now, planned, want string }{
		{"by day", "2026-11-23 12:00 +0100", "2026-11-24 09:45 +0100", "2026-11-23 12:00 +0100"},
		{"just before the quiet", "2026-11-23 20:59 +0100", "2026-11-24 09:45 +0100", "2026-11-23 20:59 +0100"},
		{"the quiet begins", "2026-11-23 21:00 +0100", "2026-11-24 09:45 +0100", "2026-11-24 08:00 +0100"},
		{"after midnight", "2026-11-24 03:00 +0100", "2026-11-24 09:45 +0100", "2026-11-24 08:00 +0100"},
		{"last quiet minute", "2026-11-24 07:59 +0100", "2026-11-24 09:45 +0100", "2026-11-24 08:00 +0100"},
		{"the quiet ends", "2026-11-24 08:00 +0100", "2026-11-24 09:45 +0100", "2026-11-24 08:00 +0100"},
		{"visit in the same night", "2026-11-23 22:00 +0100", "2026-11-24 02:30 +0100", "2026-11-23 22:00 +0100"},
		{"visit as the night ends", "2026-11-23 22:00 +0100", "2026-11-24 08:00 +0100", "2026-11-23 22:00 +0100"},
		{"visit just after", "2026-11-23 22:00 +0100", "2026-11-24 08:01 +0100", "2026-11-24 08:00 +0100"},
		{"visit began this night", "2026-11-24 02:00 +0100", "2026-11-23 23:00 +0100", "2026-11-24 02:00 +0100"},
		{"visit in another night", "2026-11-23 22:00 +0100", "2026-11-25 02:30 +0100", "2026-11-24 08:00 +0100"},
		{"visit was yesterday", "2026-11-23 22:00 +0100", "2026-11-23 14:00 +0100", "2026-11-24 08:00 +0100"},
		{"spring night has 10 hours", "2026-03-28 21:30 +0100", "2026-03-29 10:00 +0200", "2026-03-29 08:00 +0200"},
		{"spring, after the jump", "2026-03-29 03:30 +0200", "2026-03-29 10:00 +0200", "2026-03-29 08:00 +0200"},
		{"autumn night has 12 hours", "2026-10-24 21:30 +0200", "2026-10-25 10:00 +0100", "2026-10-25 08:00 +0100"},
		{"autumn, second 02.30", "2026-10-25 02:30 +0100", "2026-10-25 10:00 +0100", "2026-10-25 08:00 +0100"},
		{"autumn, 07.59", "2026-10-25 07:59 +0100", "2026-10-25 10:00 +0100", "2026-10-25 08:00 +0100"},
		{"summer in UTC", "2026-07-01 19:00", "2026-07-02 09:00", "2026-07-02 06:00"},
		{"year's end", "2026-12-31 23:30 +0100", "2027-01-01 10:00 +0100", "2027-01-01 08:00 +0100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			got := message.Quiet{}.SendAt(at(c.now), at(c.planned))
			if !got.Equal(at(c.want)) || got.Location() != time.UTC {
				t.Errorf("SendAt = %s, want %s", got, at(c.want).UTC())
			}
		})
	}
}
