package api_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	vendor "github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func (f *fake) StatisticsRows(_ context.Context, actor care.Actor, q scheduler.StatisticsQuery, cell scheduler.StatisticsCell, first int) (scheduler.StatisticsRows, error) {
	column, _ := measure.ColumnOf("calls")
	out := scheduler.StatisticsRows{Query: q, Column: column, Labels: []string{"SUL § 138", "Sluse"}, First: first, Total: 12}

	for _, fact := range statisticsFacts(q.From)[:2] {
		out.Rows = append(out.Rows, scheduler.StatisticsRow{Fact: fact, Name: "Nancy Ann Test Berggren", Open: true})
	}

	return out, f.note(actor, "StatisticsRows %s %s %v %s %q %d", q.From, q.To, q.By, cell.Column, cell.Keys, first)
}

func (f *fake) PreviewCalls(_ context.Context, actor care.Actor, source string, file ehr.File) (scheduler.CallPreview, error) {
	return scheduler.CallPreview{
		Upload: "opkald~viewcare~1", Source: scheduler.CallSource{Key: source, Name: "Viewcare"}, FileName: file.Name, Calls: 3, New: 2, Known: 1, Answered: 2,
		Days: measure.Span{From: "2026-11-01", To: "2026-11-02"}, Units: []scheduler.CallsOfUnit{{Calls: 1}, {Unit: care.Unit{ID: "oest", Name: "Øst"}, Calls: 2, Answered: 2}},
		File: vendor.File{
			Encoding: "UTF-8", Total: 5, LeftOut: 1, Columns: []vendor.Column{{Header: "Start", Field: vendor.Start}, {Header: "Navn"}},
			Problems: []vendor.Problem{{Line: 3, Column: "Start", Text: "Starttiden mangler.", Fault: true}, {Column: "Enhed", Text: "Filen har ingen enheder."}},
		},
	}, f.note(actor, "PreviewCalls %s %s", source, file.Name)
}

func (f *fake) callImport() scheduler.CallImport {
	return scheduler.CallImport{ID: "c-1", Source: "viewcare", FileName: "opkald.csv", By: "LED", At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Rows: 5, New: 2, Known: 1, LeftOut: 1, Faults: 1}
}

func (f *fake) ImportCalls(_ context.Context, actor care.Actor, upload string) (scheduler.CallImport, error) {
	return f.callImport(), f.note(actor, "ImportCalls %s", upload)
}

func (f *fake) CallImports(_ context.Context, actor care.Actor) ([]scheduler.CallImportView, error) {
	undone := f.callImport()
	undone.UndoneBy, undone.UndoneAt = "LED", undone.At.Add(time.Hour)

	return []scheduler.CallImportView{{CallImport: f.callImport(), SourceName: "Viewcare", MayUndo: true}, {CallImport: undone}}, f.note(actor, "CallImports")
}

func (f *fake) UndoCalls(_ context.Context, actor care.Actor, id string) error {
	return f.note(actor, "UndoCalls %s", id)
}
