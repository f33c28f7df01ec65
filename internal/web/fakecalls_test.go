package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func (f *fakeUse) CallSources(actor care.Actor) []scheduler.CallSource {
	if !actor.MayAnywhere(care.ImportLists) || actor.Employee == "NY" {
		return nil
	}

	return []scheduler.CallSource{{Key: "viewcare", Name: "Viewcare"}, {Key: "vitacomm", Name: "VitaComm"}}
}

func (f *fakeUse) callPreview() scheduler.CallPreview {
	out := scheduler.CallPreview{
		Upload: "opkald~viewcare~1", Source: scheduler.CallSource{Key: "viewcare", Name: "Viewcare"}, FileName: "opkald-november.csv", Calls: 412, New: 380, Known: 32, Answered: 371,
		Days:  measure.Span{From: "2026-11-01", To: "2026-11-22"},
		Units: []scheduler.CallsOfUnit{{Calls: 3, Answered: 2}, {Unit: care.Unit{ID: "oest", Name: "Øst"}, Calls: 260, Answered: 240}, {Unit: care.Unit{ID: "vest", Name: "Vest"}, Calls: 149, Answered: 129}},
		File: calls.File{
			Encoding: "Windows-1252", Total: 431, LeftOut: 17,
			Columns: []calls.Column{{Header: "Opkalds-id", Field: calls.CallID}, {Header: "Starttidspunkt", Field: calls.Start}, {Header: "Varighed", Field: calls.Length}, {Header: "Navn"}},
			Problems: []calls.Problem{
				{Line: 14, Column: "Status", Text: "Ordet for status kendes ikke. Få det tilføjet i opsætningen af kilden.", Fault: true},
				{Line: 201, Column: "Start", Text: "Starttiden mangler.", Fault: true},
				{Line: 9, Column: "Enhed", Text: "Enheden kendes ikke. Opkaldet tælles kun for hele kommunen. Det gælder 3 rækker; dette er den første. Få navnet tilføjet i opsætningen af kilden."},
				{Column: "CPR-nummer", Text: "Filen siger ikke, hvem borgeren er. Opkaldene tælles, men ikke hvor mange borgere de er til."},
			},
		},
	}

	return out
}

func (f *fakeUse) PreviewCalls(_ context.Context, _ care.Actor, source string, _ ehr.File) (scheduler.CallPreview, error) {
	if source == "" {
		return scheduler.CallPreview{}, care.NewError(care.Invalid, "Vælg det system, som filen kommer fra.")
	}

	return f.callPreview(), f.call("PreviewCalls")
}

func (f *fakeUse) PreviewCallUpload(_ context.Context, _ care.Actor, upload string) (scheduler.CallPreview, error) {
	out := f.callPreview()

	switch upload {
	case "opkald~viewcare~2": // imported before
		out.New, out.Known, out.Standing = 0, out.Calls, scheduler.CallImport{ID: "c1", By: "LED", At: testNow()}
	case "opkald~viewcare~3": // wrong columns
		out.Calls, out.New, out.Known, out.Answered, out.Units = 0, 0, 0, 0, nil
		out.File.Problems = []calls.Problem{{Column: "Varighed", Text: "Filen har hverken varighed eller sluttidspunkt. Kontrollér opsætningen af kilden.", Fault: true}}
	case "opkald~viewcare~9":
		return out, care.NewError(care.NotFound, "Filen er ikke her længere. Upload den igen.")
	}

	return out, f.call("PreviewCallUpload")
}

func (f *fakeUse) ImportCalls(_ context.Context, _ care.Actor, upload string) (scheduler.CallImport, error) {
	if upload == "opkald~viewcare~3" {
		return scheduler.CallImport{}, care.NewError(care.Invalid, "Filen har ingen opkald, der kan importeres. Se fejlene, ret filen eller opsætningen, og prøv igen.")
	}

	return f.callImports()[0].CallImport, f.call("ImportCalls")
}

func (f *fakeUse) callImports() []scheduler.CallImportView {
	in := scheduler.CallImport{ID: "c1", Source: "viewcare", FileName: "opkald-november.csv", By: "LED", At: testNow(), Rows: 431, New: 380, Known: 32, LeftOut: 17, Faults: 2}
	old := scheduler.CallImport{ID: "c0", Source: "vitacomm", FileName: "calls-2026-10.xlsx", By: "BOH", At: testNow().Add(-30 * 24 * time.Hour), Rows: 99, New: 99, UndoneBy: "BOH", UndoneAt: testNow().Add(-29 * 24 * time.Hour)}

	return []scheduler.CallImportView{{CallImport: in, SourceName: "Viewcare", MayUndo: true}, {CallImport: old, SourceName: "VitaComm"}}
}

func (f *fakeUse) CallImports(_ context.Context, actor care.Actor) ([]scheduler.CallImportView, error) {
	if actor.Employee == "NY" {
		return nil, f.call("CallImports")
	}

	return f.callImports(), f.call("CallImports")
}

func (f *fakeUse) UndoCalls(_ context.Context, _ care.Actor, id string) error {
	if id == "c0" {
		return care.NewError(care.Conflict, "Importen er allerede fortrudt.")
	}

	return f.call("UndoCalls")
}
