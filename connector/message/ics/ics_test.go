package ics_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	arran "github.com/arran4/golang-ical"
	ical "github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/ics"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write the golden files")

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04 -0700", s)
	if err != nil {
		panic(err)
	}

	return t.UTC()
}

func event(start string, length time.Duration) message.Event {
	return message.Event{
		UID: "5d1a1f6e-77b1-4c0f-8f4e-0b6f4f9f1a10@skaerm.testby.dk", Sequence: 0, Method: message.Request,
		Planned: care.Interval{Start: at(start), End: at(start).Add(length)},
		Stamp:   at("2026-11-21 12:00 +0000"), Summary: message.EventTitle,
		URL:       "https://skaerm.testby.dk/b/AbCdEfGhIjKlMnOpQrStUv",
		Organizer: "Ærø Kommune, på skærm", Mailbox: "skaerm@testby.dk",
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()

	moved := event("2026-11-23 10:15 +0100", 15*time.Minute)
	moved.Sequence = 1

	gone := moved
	gone.Sequence, gone.Method = 2, message.Cancel

	bare := event("2026-07-01 09:45 +0200", 20*time.Minute)
	bare.URL = ""

	for name, e := range map[string]message.Event{
		"request":        event("2026-11-23 09:45 +0100", 15*time.Minute),
		"moved":          moved,
		"cancel":         gone,
		"without-link":   bare,
		"spring-forward": event("2026-03-29 01:50 +0100", 30*time.Minute),
		"autumn-first":   event("2026-10-25 02:30 +0200", 15*time.Minute),
		"autumn-second":  event("2026-10-25 02:30 +0100", 15*time.Minute),
		"autumn-into":    event("2026-10-25 01:50 +0200", 15*time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := ics.Render(e, care.NewEmail("borger@example.dk"))
			if err != nil {
				t.Fatal(err)
			}

			file := filepath.Join("testdata", name+".ics")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}

			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("run with -update and review (-want +got):\n%s", diff)
			}

			checkForm(t, got)
			sameMeaning(t, e, got)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*message.Event){
		"no uid":          func(e *message.Event) { e.UID = "" },
		"uid of two":      func(e *message.Event) { e.UID = "a\r\nb" },
		"negative":        func(e *message.Event) { e.Sequence = -1 },
		"method":          func(e *message.Event) { e.Method = "PUBLISH" },
		"no time":         func(e *message.Event) { e.Planned = care.Interval{} },
		"no stamp":        func(e *message.Event) { e.Stamp = time.Time{} },
		"no title":        func(e *message.Event) { e.Summary = "" },
		"CPR in title":    func(e *message.Event) { e.Summary = "Aftale 010490-9989" },
		"care in title":   func(e *message.Event) { e.Summary = "Sygepleje" },
		"relative link":   func(e *message.Event) { e.URL = "/b/x" },
		"broken mailbox":  func(e *message.Event) { e.Mailbox = "a\r\nATTENDEE:b" },
		"missing mailbox": func(e *message.Event) { e.Mailbox = "" },
	} {
		e := event("2026-11-23 09:45 +0100", 15*time.Minute)
		spoil(&e)

		if file, err := ics.Render(e, care.NewEmail("borger@example.dk")); err == nil {
			t.Errorf("%s: rendered\n%s", name, file)
		} else if strings.Contains(err.Error(), "010490") {
			t.Errorf("%s: the error repeats the title: %v", name, err)
		}
	}
}

// TestRoundTrip renders events at any time, with weight on the nights in which the clock
// changes, and reads them back with two libraries.
func TestRoundTrip(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]time.Time{
			at("2026-03-28 23:00 +0000"), at("2026-10-24 22:00 +0000"), at("2027-03-27 23:00 +0000"),
			at("2026-12-31 22:00 +0000"), at("2026-06-15 06:00 +0000"), at("2036-10-25 22:00 +0000"),
		}).Draw(t, "base")
		start := base.Add(time.Duration(rapid.IntRange(0, 6*60).Draw(t, "minute")) * time.Minute)
		e := event("2026-11-23 09:45 +0100", time.Minute)
		e.Planned = care.Interval{Start: start, End: start.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "length")) * time.Minute)}
		e.Sequence = rapid.IntRange(0, 50).Draw(t, "sequence")
		e.Method = rapid.SampledFrom([]message.Method{message.Request, message.Cancel}).Draw(t, "method")
		e.Organizer = rapid.StringMatching(`[A-Za-zÆØÅæøå ,;:"\\]{0,90}`).Draw(t, "organizer")

		file, err := ics.Render(e, care.NewEmail("borger@example.dk"))
		if err != nil {
			t.Fatal(err)
		}

		checkForm(t, file)
		sameMeaning(t, e, file)
	})
}

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// checkForm looks at the bytes: CRLF only, folded, valid UTF-8 on every line.
func checkForm(t tester, file []byte) {
	t.Helper()

	if bytes.Count(file, []byte("\n")) != bytes.Count(file, []byte("\r\n")) || !bytes.HasSuffix(file, []byte("END:VCALENDAR\r\n")) {
		t.Errorf("line ends are not CRLF:\n%q", file)
	}

	for line := range bytes.SplitSeq(file, []byte("\r\n")) {
		if len(line) > 75 || !utf8.Valid(line) {
			t.Errorf("line of %d octets, valid UTF-8 %t: %q", len(line), utf8.Valid(line), line)
		}
	}
}

func sameMeaning(t tester, e message.Event, file []byte) {
	t.Helper()

	status := map[message.Method]string{message.Request: "CONFIRMED", message.Cancel: "CANCELLED"}[e.Method]

	// First the library that wrote it.
	cal, err := ical.NewDecoder(bytes.NewReader(file)).Decode()
	if err != nil {
		t.Fatal(err)
	}

	events := cal.Events()
	if len(events) != 1 {
		t.Fatal("want one event")
	}

	start, err := events[0].DateTimeStart(time.UTC)
	if err != nil || !start.Equal(e.Planned.Start) {
		t.Errorf("go-ical reads the start %s (%v), want %s", start.UTC(), err, e.Planned.Start)
	}

	end, err := events[0].DateTimeEnd(time.UTC)
	if err != nil || !end.Equal(e.Planned.End) {
		t.Errorf("go-ical reads the end %s (%v), want %s", end.UTC(), err, e.Planned.End)
	}

	// Then one that shares nothing with it.
	other, err := arran.ParseCalendar(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}

	if len(other.Events()) != 1 {
		t.Fatal("golang-ical sees another number of events")
	}

	v := other.Events()[0]
	if s, err := v.GetStartAt(); err != nil || !s.Equal(e.Planned.Start) {
		t.Errorf("golang-ical reads the start %s (%v), want %s", s.UTC(), err, e.Planned.Start)
	}

	if s, err := v.GetEndAt(); err != nil || !s.Equal(e.Planned.End) {
		t.Errorf("golang-ical reads the end %s (%v), want %s", s.UTC(), err, e.Planned.End)
	}

	got := map[string]string{"method": "", "uid": v.Id(), "status": v.GetProperty(arran.ComponentPropertyStatus).Value}
	for _, p := range other.CalendarProperties {
		if p.IANAToken == string(arran.PropertyMethod) {
			got["method"] = p.Value
		}
	}

	want := map[string]string{"method": string(e.Method), "uid": e.UID, "status": status}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("golang-ical (-want +got):\n%s", diff)
	}
}

// TestTimeZoneRules compares the rules of the VTIMEZONE with the zone data over 30 years.
func TestTimeZoneRules(t *testing.T) {
	t.Parallel()

	file, err := ics.Render(event("2026-11-23 09:45 +0100", time.Hour), care.Email{})
	if err != nil {
		t.Fatal(err)
	}

	cal, err := ical.NewDecoder(bytes.NewReader(file)).Decode()
	if err != nil {
		t.Fatal(err)
	}

	for _, part := range cal.Children[0].Children {
		// The onset is written in the local time before the change.
		offset := map[string]int{"+0100": 3600, "+0200": 7200}
		before := offset[part.Props.Get(ical.PropTimezoneOffsetFrom).Value]
		after := offset[part.Props.Get(ical.PropTimezoneOffsetTo).Value]

		rules, err := part.RecurrenceSet(time.FixedZone("before", before))
		if err != nil {
			t.Fatal(err)
		}

		onsets := rules.Between(at("2020-01-01 00:00 +0000"), at("2050-01-01 00:00 +0000"), true)
		if len(onsets) != 30 {
			t.Errorf("%d changes in 30 years", len(onsets))
		}

		for _, onset := range onsets {
			_, was := onset.Add(-time.Second).In(care.Zone()).Zone()
			_, is := onset.In(care.Zone()).Zone()

			if was != before || is != after {
				t.Errorf("%s: the rule says %d to %d, the zone data %d to %d", onset, before, after, was, is)
			}
		}
	}
}
