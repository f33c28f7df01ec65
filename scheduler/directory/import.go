package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// ImportKind says what a file holds. The zero value is invalid.
type ImportKind string

// The kinds.
const (
	ImportEmployees ImportKind = "employees"
	ImportUnits     ImportKind = "units"
	ImportCitizens  ImportKind = "citizens"
)

// ImportKinds lists every kind.
func ImportKinds() []ImportKind { return []ImportKind{ImportEmployees, ImportUnits, ImportCitizens} }

// ChangeKind says what an import does with one entry. The zero value is invalid.
type ChangeKind string

// The kinds of changes.
const (
	ChangeNew     ChangeKind = "new"
	ChangeChanged ChangeKind = "changed"
	// ChangeGone is what is in the file no longer: an employee leaves, a unit is removed, a citizen
	// leaves their unit where the import says so.
	ChangeGone ChangeKind = "gone"
)

// Problem is one thing wrong in a file, told so that a person can mend it.
type Problem struct {
	Line   int    // 1-based line or sheet row; 0: the file as a whole
	Column string // our Danish name, or empty
	Text   string // Danish: what is wrong and what to do; nothing of what the cell holds
	Fault  bool   // the file can't be imported before it is mended; else look at it
}

// Line is what an import does with one entry.
type Line struct {
	Kind ChangeKind
	ID   string
	Name string
	What []string // Danish: what changes
}

// Preview tells what an import would do.
type Preview struct {
	Upload    string // names the kept file
	FileName  string
	Kind      ImportKind
	Problems  []Problem
	Lines     []Line // what changes, leavers first
	Unchanged int
}

// Faulty reports whether the file has to be mended before it can be imported.
func (p Preview) Faulty() bool {
	return slices.ContainsFunc(p.Problems, func(x Problem) bool { return x.Fault })
}

// Count returns how many entries change in a way.
func (p Preview) Count(kind ChangeKind) int {
	n := 0

	for _, l := range p.Lines {
		if l.Kind == kind {
			n++
		}
	}

	return n
}

// plan is a preview with the change that brings it about.
type plan struct {
	Preview

	change   Change
	loses    bool                 // somebody may lose the administrator's role
	citizens []care.RegisterEntry // new and changed ones
	ended    []care.RegisterEntry // those who are in the file no longer, without their units
}

func (p *plan) fault(row Row, column, text string) {
	p.Problems = append(p.Problems, Problem{Line: row.Line, Column: column, Text: text, Fault: true})
}

func (p *plan) warn(row Row, column, text string) {
	p.Problems = append(p.Problems, Problem{Line: row.Line, Column: column, Text: text})
}

func (p *plan) line(kind ChangeKind, id, name string, what ...string) {
	p.Lines = append(p.Lines, Line{Kind: kind, ID: id, Name: name, What: what})
}

// without tells of a column that the file lacks, of lines that can't be read, and of columns that
// mean nothing here.
func (p *plan) without(sheet Sheet, needed ...Column) {
	for _, c := range needed {
		if _, ok := sheet.Columns[c.Name]; !ok {
			p.Problems = append(p.Problems, Problem{Line: 0, Column: c.Name, Text: "Kolonnen " + c.Name + " mangler i filen.", Fault: true})
		}
	}

	for _, line := range sheet.Broken {
		p.Problems = append(p.Problems, Problem{Line: line, Text: "Rækken kan ikke læses. Se efter et anførselstegn eller et skilletegn for meget.", Fault: true})
	}

	for _, name := range sheet.Unknown {
		p.Problems = append(p.Problems, Problem{Text: "En kolonne bruges ikke: " + short(name) + "."})
	}
}

// short keeps a column's name from being a way to show a whole file.
func short(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}

	return name
}

// uploadID names a file by its content and what it is read as.
func uploadID(kind ImportKind, f File) string {
	sum := sha256.Sum256(f.Data)

	return string(kind) + "-" + hex.EncodeToString(sum[:16])
}

// mayImport demands the whole directory: a file is the truth about all units.
func mayImport(actor care.Actor) error { return actor.Must(care.ManageDirectory, care.EveryUnit) }

// PreviewFile reads a file and tells what its import would do. The file is kept, encrypted, for a
// day. Needs ManageDirectory in every unit. Invalid: the file can't be read at all.
func (s *Service) PreviewFile(ctx context.Context, actor care.Actor, kind ImportKind, f File) (Preview, error) {
	if err := mayImport(actor); err != nil {
		return Preview{}, err
	}

	p, err := s.plan(ctx, kind, f)
	if err != nil {
		return Preview{}, err
	}

	return p.Preview, s.store.KeepUpload(ctx, p.Upload, f, actor.Employee, s.now())
}

// PreviewUpload tells it again for a file that is kept. NotFound.
func (s *Service) PreviewUpload(ctx context.Context, actor care.Actor, upload string) (Preview, error) {
	p, err := s.uploaded(ctx, actor, upload)

	return p.Preview, err
}

func (s *Service) uploaded(ctx context.Context, actor care.Actor, upload string) (plan, error) {
	if err := mayImport(actor); err != nil {
		return plan{}, err
	}

	f, err := s.store.Upload(ctx, upload)
	if care.KindOf(err) == care.NotFound {
		err = care.NewError(care.NotFound, "Filen er ikke her længere. Upload den igen.")
	}

	if err != nil {
		return plan{}, err
	}

	kind, _, _ := strings.Cut(upload, "-")

	return s.plan(ctx, ImportKind(kind), f)
}

// ImportUpload does what the preview of a kept file tells, all or nothing. A file that was
// imported already changes nothing. Citizens who are in the file no longer leave their units only
// with endMissing; nothing else about them changes. Invalid when the file has faults; Conflict when
// the last administrator would be gone, or something was changed meanwhile.
func (s *Service) ImportUpload(ctx context.Context, actor care.Actor, upload string, endMissing bool) (Preview, error) {
	p, err := s.uploaded(ctx, actor, upload)
	if err != nil {
		return p.Preview, err
	}

	return p.Preview, s.apply(ctx, string(actor.Employee), p, endMissing)
}

// Import reads and imports a file at once; with dry it only tells. EndMissing is as for ImportUpload.
// It is for the command line, whose user has the configuration and so everything.
func (s *Service) Import(ctx context.Context, kind ImportKind, f File, dry, endMissing bool) (Preview, error) {
	p, err := s.plan(ctx, kind, f)
	if err != nil || dry {
		return p.Preview, err
	}

	return p.Preview, s.apply(ctx, bySystem, p, endMissing)
}

func (s *Service) plan(ctx context.Context, kind ImportKind, f File) (plan, error) {
	if kind == ImportUnits {
		return s.planOf(ctx, kind, f, unitColumns(), func(sheet Sheet) (*plan, error) {
			stored, _, err := s.store.Units(ctx)
			if err != nil {
				return nil, err
			}

			return s.planUnits(sheet, stored), nil
		})
	}

	if kind == ImportCitizens {
		return s.planOf(ctx, kind, f, citizenColumns(), func(sheet Sheet) (*plan, error) {
			if err := s.Refresh(ctx); err != nil {
				return nil, err
			}

			return s.planCitizens(ctx, sheet)
		})
	}

	return s.planOf(ctx, ImportEmployees, f, employeeColumns(), func(sheet Sheet) (*plan, error) {
		if err := s.Refresh(ctx); err != nil {
			return nil, err
		}

		stored, err := s.store.Employees(ctx, Query{})
		if err != nil {
			return nil, err
		}

		return s.planEmployees(sheet, stored), nil
	})
}

func (s *Service) planOf(ctx context.Context, kind ImportKind, f File, columns []Column, compare func(Sheet) (*plan, error)) (plan, error) {
	sheet, err := s.sheets.ReadSheet(ctx, f, columns)
	if err != nil {
		message := "Filen kan ikke læses. Gem den som CSV eller Excel (.xlsx), og prøv igen."
		if known, ok := errors.AsType[*care.Error](err); ok {
			message = known.Message
		}

		return plan{}, &care.Error{Kind: care.Invalid, Message: message, Err: err}
	}

	p, err := compare(sheet)
	if err != nil {
		return plan{}, err
	}

	p.Upload, p.FileName = uploadID(kind, f), f.Name

	slices.SortStableFunc(p.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(p.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})

	return *p, nil
}

// rank puts first what takes access away.
func rank(k ChangeKind) int {
	switch k {
	case ChangeGone:
		return 0
	case ChangeNew:
		return 1
	case ChangeChanged:
		return 2
	}

	return 3
}

func (s *Service) apply(ctx context.Context, by string, p plan, endMissing bool) error {
	if p.Faulty() {
		return care.NewError(care.Invalid, "Filen har fejl, som skal rettes, før den kan indlæses. Intet er ændret.")
	}

	if p.Kind == ImportCitizens {
		return s.register(ctx, by, p, endMissing)
	}

	if len(p.Lines) == 0 {
		return nil
	}

	c := p.change
	c.By, c.At = by, s.now()

	for i := range c.Employees {
		c.Employees[i].ChangedAt = c.At
	}

	for _, l := range p.Lines {
		c.Audit = append(c.Audit, AuditRow{At: c.At, Actor: by, Action: "import_" + string(p.Kind), Detail: string(l.Kind) + " " + l.ID})
	}

	if p.loses {
		c.Guard = s.guard
	}

	if err := s.store.Save(ctx, c); err != nil {
		return err
	}

	return s.Refresh(ctx)
}

// register brings about an import of citizens.
func (s *Service) register(ctx context.Context, by string, p plan, endMissing bool) error {
	list := p.citizens
	if endMissing {
		list = slices.Concat(list, p.ended)
	}

	if len(list) == 0 {
		return nil
	}

	return s.citizens.Register(ctx, by, list)
}
