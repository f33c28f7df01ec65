package pulled_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler/care"
)

// other stands for the reader of everything else.
type other struct{}

func (other) Read(context.Context, ehr.File) (ehr.DrivingList, error) {
	return ehr.DrivingList{Encoding: "other"}, nil
}

func list(tb testing.TB) ehr.DrivingList {
	tb.Helper()

	cpr, verdict, _ := care.ParseCPR("2512489996")

	surrogate, err := care.ParseSurrogateID("nexus", "B-17")
	if err != nil {
		tb.Fatal(err)
	}

	start := time.Date(2026, 11, 24, 7, 30, 0, 0, time.UTC)
	row := ehr.Row{
		Line: 1, Source: care.SourceRef{System: "nexus", ID: "990121", Occurrence: "990121#2026-11-24"}, ListName: "Øst dag", Employee: "MSK",
		CPR: cpr, CPRVerdict: verdict, Name: "Nancy Ann Berggren", Address: "Testgade 1", Phone: care.NewPhone("+4520000001"), Email: care.NewEmail("n@example.invalid"),
		Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)}, Service: "Medicin", Law: care.SUL138, Category: "Planlagt besøg",
		Comment: "Nøgle »17«", Shift: care.DayShift, Status: "Planlagt", Suitable: care.Suitable, Version: "3", Protected: true,
	}
	without := row
	without.Line, without.Source.ID, without.CPR, without.CPRVerdict, without.Surrogate = 2, "990122", care.CPR{}, 0, surrogate

	return ehr.DrivingList{
		Rows: []ehr.Row{row, without}, Total: 3, Encoding: "Nexus",
		Problems: []ehr.Problem{{Line: 3, Severity: ehr.Fault, Text: "Besøget har ingen borger."}},
		Covers:   ehr.Coverage{System: "nexus", Lists: []string{"Øst dag"}, Period: care.Interval{Start: start, End: start.Add(24 * time.Hour)}},
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()

	want := list(t)

	file, err := pulled.File("Øst dag 2026-11-24", want)
	if err != nil {
		t.Fatal(err)
	}

	got, err := pulled.Source{Else: other{}}.Read(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}

	reveal := cmp.Options{
		cmp.Comparer(func(a, b care.CPR) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.SurrogateID) bool { return a == b }),
		cmp.Comparer(func(a, b care.Phone) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b care.Email) bool { return a.Reveal() == b.Reveal() }),
	}
	if diff := cmp.Diff(want, got, reveal); diff != "" {
		t.Errorf("(-list +read again):\n%s", diff)
	}

	if got, err := (pulled.Source{Else: other{}}).Read(t.Context(), ehr.File{Data: []byte("Dato;Start")}); err != nil || got.Encoding != "other" {
		t.Errorf("another file: %+v, %v", got, err)
	}
}

// FuzzRead: a damaged file is Malformed with a Danish sentence, and what is read can be written and
// read again.
func FuzzRead(f *testing.F) {
	file, err := pulled.File("x", list(f))
	if err != nil {
		f.Fatal(err)
	}

	f.Add(file.Data)
	f.Add(bytes.Replace(file.Data, []byte("990122"), []byte("990121"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := pulled.Source{Else: other{}}.Read(t.Context(), ehr.File{Data: data})
		if err != nil {
			if connector.KindOf(err) != connector.Malformed || care.KindOf(err) != care.Invalid {
				t.Errorf("error %v", err)
			}

			return
		}

		if got.Encoding == "other" && len(got.Rows) == 0 {
			return
		}

		again, err := pulled.File("x", got)
		if err != nil {
			t.Fatal(err)
		}

		if second, err := (pulled.Source{Else: other{}}).Read(t.Context(), again); err != nil || len(second.Rows) != len(got.Rows) {
			t.Errorf("read again: %v", err)
		}
	})
}
