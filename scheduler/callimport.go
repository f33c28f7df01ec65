package scheduler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// CallFiles reads the call lists of other vendors' products.
type CallFiles interface {
	// ReadCalls reads a file by the layout of a source. A file that is no call list is an error whose
	// cause is a *care.Error with a Danish sentence.
	ReadCalls(ctx context.Context, f ehr.File, source calls.Source) (calls.File, error)
}

// CallPreview tells what the import of a call list would do.
type CallPreview struct {
	Upload   string // names the kept file
	Source   CallSource
	FileName string
	File     calls.File // without its rows
	Calls    int        // that would be stored, or are
	New      int
	Known    int
	Answered int
	Days     measure.Span // of the calls; zero: there are none
	Units    []CallsOfUnit
	Standing CallImport // of precisely this file; zero: it was not imported, or the import was undone
}

// CallsOfUnit counts the calls of a unit in a file.
type CallsOfUnit struct {
	Unit     care.Unit // zero: the file names none that we know
	Calls    int
	Answered int
}

// CallImportView is an import in the history.
type CallImportView struct {
	CallImport

	SourceName string
	MayUndo    bool
}

// callUpload begins the ids of kept call lists, so that they are no driving lists.
const callUpload = "opkald"

// maxCallImports are shown.
const maxCallImports = 100

// CallSources lists the other vendors' products whose call lists the actor may import; none: the
// configuration names none, or the actor may not.
func (s *Service) CallSources(actor care.Actor) []CallSource {
	if !actor.MayAnywhere(care.ImportLists) {
		return nil
	}

	return s.callSources()
}

func (s *Service) callSources() []CallSource {
	var out []CallSource
	for _, source := range s.set.Statistics.Sources {
		out = append(out, CallSource{Key: source.Key, Name: source.Name})
	}

	return out
}

// PreviewCalls reads a call list of a source and tells what its import would do. The file is kept,
// encrypted, for a day. Needs ImportLists in every unit that the file names, and in all units when it
// has calls of none. Invalid: the file is no call list, or the source is not configured.
func (s *Service) PreviewCalls(ctx context.Context, actor care.Actor, source string, file ehr.File) (CallPreview, error) {
	in, err := s.readCalls(ctx, actor, source, file)
	if err != nil {
		return CallPreview{}, err
	}

	if err := s.store.KeepUpload(ctx, care.ListID(in.upload), file, actor.Employee, s.now()); err != nil {
		return CallPreview{}, err
	}

	return s.callPreview(ctx, in)
}

// PreviewCallUpload tells it again for a file that is kept. NotFound when it is no longer.
func (s *Service) PreviewCallUpload(ctx context.Context, actor care.Actor, upload string) (CallPreview, error) {
	in, err := s.keptCalls(ctx, actor, upload)
	if err != nil {
		return CallPreview{}, err
	}

	return s.callPreview(ctx, in)
}

// ImportCalls takes the calls of a kept file into the statistics. Calls that are there already stay as
// they are; precisely the same file twice is one import, and the one that stands is returned. Needs
// what PreviewCalls needs.
func (s *Service) ImportCalls(ctx context.Context, actor care.Actor, upload string) (CallImport, error) {
	in, err := s.keptCalls(ctx, actor, upload)
	if err != nil {
		return CallImport{}, err
	}

	switch standing, err := s.store.StandingImport(ctx, in.source.Key, in.content); {
	case err == nil:
		return standing, nil
	case care.KindOf(err) != care.NotFound:
		return CallImport{}, err
	}

	if len(in.calls) == 0 {
		return CallImport{}, care.NewError(care.Invalid, "Filen har ingen opkald, der kan importeres. Se fejlene, ret filen eller opsætningen, og prøv igen.")
	}

	head := CallImport{
		ID: randomID(), Source: in.source.Key, FileName: in.name, By: actor.Employee, At: s.now(), Content: in.content,
		Rows: in.file.Total, LeftOut: in.file.LeftOut, Faults: in.file.Faults(),
	}
	audit := AuditRow{At: head.At, Actor: string(actor.Employee), Action: "import_calls", Detail: fmt.Sprintf("%s %s, %d calls", in.source.Key, head.ID, len(in.calls))}

	out, err := s.store.SaveCalls(ctx, head, in.calls, Effects{Audit: []AuditRow{audit}})
	if care.KindOf(err) != care.Conflict {
		return out, err
	}

	// Somebody else has just imported the same file.
	if standing, again := s.store.StandingImport(ctx, in.source.Key, in.content); again == nil {
		return standing, nil
	}

	return CallImport{}, err
}

// CallImports reads the newest imports, at most 100, newest first. Needs ImportLists somewhere.
func (s *Service) CallImports(ctx context.Context, actor care.Actor) ([]CallImportView, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return nil, actor.Must(care.ImportLists, care.EveryUnit)
	}

	found, err := s.store.CallImports(ctx, maxCallImports)
	if err != nil {
		return nil, err
	}

	out := make([]CallImportView, 0, len(found))

	for _, in := range found {
		out = append(out, CallImportView{CallImport: in, SourceName: s.callSourceName(in.Source), MayUndo: in.UndoneAt.IsZero() && mayUndoCalls(actor, in)})
	}

	return out, nil
}

// UndoCalls takes the calls of an import out of the statistics again, except those that another import
// has too. Whoever imported it may, and who has ImportLists in all units. NotFound; Conflict when it was
// undone already.
func (s *Service) UndoCalls(ctx context.Context, actor care.Actor, id string) error {
	if !actor.MayAnywhere(care.ImportLists) {
		return actor.Must(care.ImportLists, care.EveryUnit)
	}

	in, err := s.store.CallImport(ctx, id)
	if err != nil {
		return err
	}

	if !mayUndoCalls(actor, in) {
		return actor.Must(care.ImportLists, care.EveryUnit)
	}

	audit := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "undo_calls", Detail: in.Source + " " + in.ID}

	return s.store.UndoCalls(ctx, id, actor.Employee, audit.At, Effects{Audit: []AuditRow{audit}})
}

func mayUndoCalls(actor care.Actor, in CallImport) bool {
	return in.By == actor.Employee || actor.May(care.ImportLists, care.EveryUnit)
}

func (s *Service) callSourceName(key string) string {
	for _, source := range s.set.Statistics.Sources {
		if source.Key == key {
			return source.Name
		}
	}

	return key
}

// callsIn is a call list that was read for somebody who may import it.
type callsIn struct {
	source          calls.Source
	name            string
	upload, content string
	file            calls.File
	calls           []VendorCall
}

func (s *Service) keptCalls(ctx context.Context, actor care.Actor, upload string) (callsIn, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return callsIn{}, actor.Must(care.ImportLists, care.EveryUnit)
	}

	gone := care.NewError(care.NotFound, "Filen er ikke her længere. Upload den igen.")

	kind, rest, _ := strings.Cut(upload, "~")
	source, _, ok := strings.Cut(rest, "~")

	if kind != callUpload || !ok {
		return callsIn{}, gone
	}

	file, _, err := s.store.Upload(ctx, care.ListID(upload))
	if care.KindOf(err) == care.NotFound {
		return callsIn{}, gone
	}

	if err != nil {
		return callsIn{}, err
	}

	return s.readCalls(ctx, actor, source, file)
}

// readCalls reads a file, and refuses one with calls of units that the actor has no say in.
func (s *Service) readCalls(ctx context.Context, actor care.Actor, key string, file ehr.File) (callsIn, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return callsIn{}, actor.Must(care.ImportLists, care.EveryUnit)
	}

	i := slices.IndexFunc(s.set.Statistics.Sources, func(c calls.Source) bool { return c.Key == key })
	if i < 0 || s.calls == nil {
		return callsIn{}, care.NewError(care.Invalid, "Vælg det system, som filen kommer fra.")
	}

	source := s.set.Statistics.Sources[i]

	read, err := s.calls.ReadCalls(ctx, file, source)
	if err != nil {
		return callsIn{}, &care.Error{Kind: care.Invalid, Message: advice(err, "Filen kan ikke læses som en opkaldsliste. Eksportér den igen som CSV eller XLSX."), Err: err}
	}

	sum := sha256.Sum256(file.Data)
	content := hex.EncodeToString(sum[:])
	in := callsIn{source: source, name: file.Name, content: content, upload: strings.Join([]string{callUpload, key, content[:32]}, "~"), file: read}
	in.calls = s.vendorCalls(source, &in.file)
	in.file.Rows = nil

	for _, unit := range unitsCalled(in.calls) {
		if err := actor.Must(care.ImportLists, cmp.Or(unit, care.EveryUnit)); err != nil {
			return callsIn{}, err
		}
	}

	return in, nil
}

func unitsCalled(all []VendorCall) []care.UnitID {
	var out []care.UnitID

	for _, c := range all {
		if !slices.Contains(out, c.Unit) {
			out = append(out, c.Unit)
		}
	}

	return out
}

// vendorCalls puts the rows of a file among our units. Rows that can't be are told in the file.
func (s *Service) vendorCalls(source calls.Source, file *calls.File) []VendorCall {
	out := make([]VendorCall, 0, len(file.Rows))
	alike := make(map[VendorCall]int)
	units := make(map[string]care.UnitID)
	strange, first := 0, 0
	latest := s.now().Add(time.Hour)

	for _, row := range file.Rows {
		if row.Began.After(latest) {
			file.Problems = append(file.Problems, calls.Problem{Line: row.Line, Column: calls.Start.Danish(), Text: "Opkaldet ligger i fremtiden. Kontrollér datoen og kildens tidszone.", Fault: true})

			continue
		}

		unit, ok := units[row.Unit]
		if !ok {
			unit = s.unitCalled(source, row.Unit)
			units[row.Unit] = unit
		}

		if unit == "" && row.Unit != "" {
			if strange++; strange == 1 {
				first = row.Line
			}
		}

		c := VendorCall{
			ID: row.ID, Source: source.Key, Began: row.Began, Length: row.Length, Unit: unit, Employee: row.Employee, Citizen: row.Citizen,
			Law: row.Law, Shift: row.Shift, Service: row.Service,
		}

		// Two calls to a citizen at one moment are one; nobody knows that of calls to nobody in particular.
		if c.ID == "" && c.Citizen.IsZero() {
			key := VendorCall{Began: c.Began, Length: c.Length, Employee: c.Employee}
			c.Alike = alike[key]
			alike[key]++
		}

		out = append(out, c)
	}

	if strange > 0 {
		file.Problems = append(file.Problems, calls.Problem{
			Line: first, Column: calls.Unit.Danish(),
			Text: fmt.Sprintf("Enheden kendes ikke. Opkaldet tælles kun for hele kommunen. Det gælder %d rækker; dette er den første. Få navnet tilføjet i opsætningen af kilden.", strange),
		})
	}

	slices.SortStableFunc(file.Problems, func(a, b calls.Problem) int { return cmp.Compare(a.Line, b.Line) })

	return out
}

// unitCalled finds the unit that a vendor's word means; empty: none does.
func (s *Service) unitCalled(source calls.Source, word string) care.UnitID {
	word = strings.TrimSpace(word)
	if word == "" {
		return ""
	}

	for name, unit := range source.Layout.Units {
		if strings.EqualFold(strings.TrimSpace(name), word) {
			return unit
		}
	}

	for _, rule := range s.units() {
		if strings.EqualFold(string(rule.Unit.ID), word) || strings.EqualFold(rule.Unit.Name, word) {
			return rule.Unit.ID
		}
	}

	return s.unitOf(word).ID
}

func (s *Service) callPreview(ctx context.Context, in callsIn) (CallPreview, error) {
	out := CallPreview{Upload: in.upload, Source: CallSource{Key: in.source.Key, Name: in.source.Name}, FileName: in.name, File: in.file, Calls: len(in.calls)}
	per := make(map[care.UnitID]*CallsOfUnit)

	for _, c := range in.calls {
		day := care.DayOf(c.Began)
		if out.Days == (measure.Span{}) {
			out.Days = measure.Span{From: day, To: day}
		}

		out.Days.From, out.Days.To = min(out.Days.From, day), max(out.Days.To, day)

		if per[c.Unit] == nil {
			per[c.Unit] = &CallsOfUnit{}
			if c.Unit != "" {
				per[c.Unit].Unit = s.unit(c.Unit)
			}
		}

		per[c.Unit].Calls++

		if c.Length > 0 {
			out.Answered++
			per[c.Unit].Answered++
		}
	}

	for _, u := range per {
		out.Units = append(out.Units, *u)
	}

	const last = "\uffff" // calls of no unit stand below the others

	slices.SortFunc(out.Units, func(a, b CallsOfUnit) int {
		return cmp.Compare(cmp.Or(a.Unit.Name, last), cmp.Or(b.Unit.Name, last))
	})

	known, err := s.store.KnownCalls(ctx, in.calls)
	if err != nil {
		return CallPreview{}, err
	}

	for _, k := range known {
		if k {
			out.Known++
		}
	}

	out.New = out.Calls - out.Known

	out.Standing, err = s.store.StandingImport(ctx, in.source.Key, in.content)
	if care.KindOf(err) == care.NotFound {
		err = nil
	}

	return out, err
}
