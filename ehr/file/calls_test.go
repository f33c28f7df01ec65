package file_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
)

// callSource is a source with a built-in layout, and what a test changes.
func callSource(like string, change ...func(*calls.Layout)) calls.Source {
	layout := calls.Examples()[like]
	for _, c := range change {
		c(&layout)
	}

	return calls.Source{Key: like, Name: like, Layout: layout}
}

func readCalls(t *testing.T, source calls.Source, lines ...string) calls.File {
	t.Helper()

	got, err := file.Calls{}.ReadCalls(t.Context(), ehr.File{Name: "opkald.csv", Data: []byte(strings.Join(lines, "\r\n"))}, source)
	if err != nil {
		t.Fatal(err)
	}

	return got
}

// TestCallsOfViewcare reads a whole list as it may look: letters of Windows, decimal times, calls of
// relatives, tests, unknown words.
func TestCallsOfViewcare(t *testing.T) {
	t.Parallel()

	got := readCalls(t, callSource("viewcare"),
		"Opkaldsrapport;;;;;;;;", "",
		"Opkalds-id;Starttidspunkt;Sluttidspunkt;Varighed;Status;Opkaldstype;Distrikt;Initialer;CPR-nr.;Navn",
		"77;16-11-2026 08:30:05;16-11-2026 08:42:35;00:12:30;Besvaret;Borgeropkald;\xd8st;MSK;2512484916;Nancy",
		"78;16-11-2026 08:59;16-11-2026 09:00;00:00:40;Ikke besvaret;Borgeropkald;\xd8st;MSK;251248-4916;Nancy",
		"79;16-11-2026 09:10;16-11-2026 09:20;00:10:00;Besvaret;P\xe5r\xf8rendeopkald;\xd8st;MSK;2512484916;",
		"80;16-11-2026 23:55;00:05;;Besvaret;Borgeropkald;Vest;Mette Skov;123;",
		"81;16-11-2026 10:00;16-11-2026 10:01;00:01:00;Test;Borgeropkald;Vest;MSK;;",
		"82;16-11-2026 10:00;16-11-2026 10:01;00:01:00;Noget nyt;Borgeropkald;Vest;MSK;;",
		"83;i dag;;;Besvaret;Borgeropkald;Vest;MSK;;",
		"84;16-11-2026 10:00;16-11-2026 09:01;;Besvaret;Borgeropkald;Vest;MSK;;",
	)

	if got.Encoding != "Windows-1252" || got.Total != 8 || got.LeftOut != 2 || got.Faults() != 3 || len(got.Rows) != 3 {
		t.Fatalf("%s, %d rows, %d left out, %d faults, %d calls: %+v", got.Encoding, got.Total, got.LeftOut, got.Faults(), len(got.Rows), got.Problems)
	}

	type short struct {
		Line                        int
		ID, Began, Unit, Who, Shift string
		Length                      time.Duration
		Citizen                     bool
	}

	var rows []short
	for _, r := range got.Rows {
		rows = append(rows, short{r.Line, r.ID, r.Began.Format(time.RFC3339), r.Unit, string(r.Employee), string(r.Shift), r.Length, !r.Citizen.IsZero()})
	}

	want := []short{
		{4, "77", "2026-11-16T07:30:05Z", "Øst", "MSK", "dag", 12*time.Minute + 30*time.Second, true},
		{5, "78", "2026-11-16T07:59:00Z", "Øst", "MSK", "dag", 0, true},
		{7, "80", "2026-11-16T22:55:00Z", "Vest", "", "nat", 10 * time.Minute, false},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	for _, p := range got.Problems {
		if p.Text == "" || strings.Contains(p.Text, "251248") || strings.Contains(p.Text, "Skov") {
			t.Errorf("problem %+v", p)
		}
	}

	if c := got.Columns[len(got.Columns)-1]; c.Header != "Navn" || c.Field != "" {
		t.Errorf("the name's column is %+v", c)
	}
}

// TestCallTimes reads one call in each of the forms that exports use.
func TestCallTimes(t *testing.T) {
	t.Parallel()

	utc := func(l *calls.Layout) { l.Zone = time.UTC }
	minutes := func(l *calls.Layout) { l.Bare = time.Minute }
	parts := func(l *calls.Layout) { l.MinutesFirst = true }
	none := func(*calls.Layout) {}

	for _, test := range []struct {
		name, start, end, length string
		change                   func(*calls.Layout)
		began                    string
		lasts                    time.Duration
		fault                    string
	}{
		{"danish summer", "01.06.2026 08.30", "", "90", none, "2026-06-01T06:30:00Z", 90 * time.Second, ""},
		{"utc zone", "2026-06-01 08:30:00", "2026-06-01 08:31:30", "", utc, "2026-06-01T08:30:00Z", 90 * time.Second, ""},
		{"utc in the text", "2026-06-01T08:30:00.123Z", "2026-06-01T08:31:30Z", "", none, "2026-06-01T08:30:00Z", 90 * time.Second, ""},
		{"offset", "2026-06-01T10:30:00+02:00", "", "1,5 min", none, "2026-06-01T08:30:00Z", 90 * time.Second, ""},
		{"fraction", "2026-06-01 08:30:00.500", "", "1.5", minutes, "2026-06-01T06:30:00Z", 90 * time.Second, ""},
		{"hours first", "2026-06-01 08:30", "", "01:30", none, "2026-06-01T06:30:00Z", 90 * time.Minute, ""},
		{"minutes first", "2026-06-01 08:30", "", "01:30", parts, "2026-06-01T06:30:00Z", 90 * time.Second, ""},
		{"seconds by name", "2026-06-01 08:30", "", "90 sek.", minutes, "2026-06-01T06:30:00Z", 90 * time.Second, ""},
		{"the time alone beside the day", "08:30", "08:31", "", none, "2026-06-02T06:30:00Z", time.Minute, ""},
		{"over midnight", "2026-06-01 23:59:30", "00:01", "", none, "2026-06-01T21:59:30Z", 90 * time.Second, ""},
		{"unanswered", "2026-06-01 08:30", "", "", none, "2026-06-01T06:30:00Z", 0, ""},
		{"hour that does not exist", "2026-03-29 02:30", "", "60", none, "2026-03-29T01:30:00Z", time.Minute, ""},
		{"hour that comes twice", "2026-10-25 02:30", "", "60", none, "2026-10-25T00:30:00Z", time.Minute, ""},
		{"the second of them, by its end", "2026-10-25 02:50", "2026-10-25 03:10", "20 min", none, "2026-10-25T01:50:00Z", 20 * time.Minute, ""},
		{"the first of them, by its end", "2026-10-25 01:50", "2026-10-25 02:10", "", none, "2026-10-24T23:50:00Z", 20 * time.Minute, ""},
		{"too long", "2026-06-01 08:30", "", "25:00:00", none, "", 0, "længere"},
		{"no length", "2026-06-01 08:30", "", "snart", none, "", 0, "Varigheden"},
		{"no start", "", "", "90", none, "", 0, "Starttiden mangler"},
		{"end before start", "2026-06-01 08:30", "2026-06-01 08:00", "", none, "", 0, "før"},
		{"no end", "2026-06-01 08:30", "senere", "", none, "", 0, "Sluttiden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			got := readCalls(t, callSource("viewcare", test.change), "Dato;Start;Slut;Varighed;Id", "02-06-2026;"+test.start+";"+test.end+";"+test.length+";1")

			if test.fault != "" {
				if len(got.Rows) != 0 || got.Faults() != 1 || !strings.Contains(got.Problems[len(got.Problems)-1].Text+got.Problems[0].Text, test.fault) {
					t.Fatalf("%+v", got)
				}

				return
			}

			if len(got.Rows) != 1 {
				t.Fatalf("%+v", got.Problems)
			}

			if r := got.Rows[0]; r.Began.Format(time.RFC3339) != test.began || r.Length != test.lasts {
				t.Errorf("began %s, lasted %s, want %s and %s", r.Began.Format(time.RFC3339), r.Length, test.began, test.lasts)
			}
		})
	}
}

// TestCallsRefused: what is no call list is refused with a sentence, and a list that lacks a column
// says so.
func TestCallsRefused(t *testing.T) {
	t.Parallel()

	for name, data := range map[string]string{"empty": "", "web page": "<html>", "other table": "a;b\r\n1;2", "pdf": "%PDF-1.4", "zip": "PK\x03\x04xx"} {
		_, err := file.Calls{}.ReadCalls(t.Context(), ehr.File{Name: name, Data: []byte(data)}, callSource("viewcare"))
		if k := connector.KindOf(err); k != connector.Rejected && k != connector.Malformed || care.KindOf(err) != care.Invalid || care.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}

	got := readCalls(t, callSource("viewcare"), "Id;Status;Distrikt;Initialer", "1;Besvaret;Øst;MSK")
	if len(got.Rows) != 0 || len(got.Problems) < 2 || !got.Problems[0].Fault {
		t.Errorf("without times: %+v", got.Problems)
	}

	many := readCalls(t, callSource("vitacomm"), "Start time;Duration;Direction;Resident ID", "2026-06-01 08:30;60;Employee → Resident;abc", "2026-06-01 08:30;60;Resident → Employee;7", "2026-06-01 08:30;60;Employee to resident;abd")
	if len(many.Rows) != 2 || many.LeftOut != 1 || !strings.Contains(many.Problems[len(many.Problems)-1].Text, "2 rækker") {
		t.Errorf("%d calls, %d left out: %+v", len(many.Rows), many.LeftOut, many.Problems)
	}
}

// FuzzCalls reads any bytes: either a refusal with a Danish sentence, or calls that add up.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("Id;Start;Slut;Varighed;Status;CPR\r\n1;16-11-2026 08:30;08:40;00:10:00;Besvaret;2512484916\r\n"))
	f.Add([]byte("Call ID,Start time,Duration\n1,2026-11-16T08:30:00Z,90\n"))
	f.Add([]byte("Start\tVarighed (min)\n46000,35\t0,01\n"))

	f.Fuzz(func(t *testing.T, data []byte) {
		for like := range calls.Examples() {
			got, err := file.Calls{}.ReadCalls(t.Context(), ehr.File{Name: "x", Data: data}, callSource(like))
			if err != nil {
				if k := connector.KindOf(err); k != connector.Rejected && k != connector.Malformed || care.KindOf(err) != care.Invalid {
					t.Fatalf("error %v", err)
				}

				continue
			}

			if len(got.Rows)+got.LeftOut+got.Faults() != got.Total {
				t.Fatalf("%d calls, %d left out and %d faults are not %d rows", len(got.Rows), got.LeftOut, got.Faults(), got.Total)
			}

			for _, r := range got.Rows {
				if r.Began.Location() != time.UTC || r.Began.Year() < 1999 || r.Began.Year() > 2101 || r.Length < 0 || r.Length > 24*time.Hour || len([]rune(r.Unit)) > 120 {
					t.Fatalf("call %+v", r)
				}
			}
		}
	})
}
