// Package pulled keeps a driving list that was read from the record itself as a file, so that there
// is one way of previewing, importing and keeping lists, wherever they come from.
package pulled

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// system is the name of this adapter in errors.
const system = "pulled"

// format is what such a file begins with. A driving list as CSV or XLSX never does.
const format = `{"sluse_driving_list":1,`

// row is one visit as the file holds it. It holds what a driving list holds; the file is stored
// encrypted, as every upload is.
type row struct {
	Line       int       `json:"line"` // as Problem counts
	System     string    `json:"system"`
	ID         string    `json:"id"`
	Occurrence string    `json:"occurrence"`
	List       string    `json:"list"`
	Employee   string    `json:"employee"`
	CPR        string    `json:"cpr,omitempty"`
	Surrogate  string    `json:"surrogate,omitempty"`
	Name       string    `json:"name"`
	Address    string    `json:"address,omitempty"`
	Phone      string    `json:"phone,omitempty"`
	Email      string    `json:"email,omitempty"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Service    string    `json:"service"`
	Law        string    `json:"law"`
	Category   string    `json:"category"`
	Comment    string    `json:"comment,omitempty"`
	Shift      string    `json:"shift"`
	Status     string    `json:"status,omitempty"`
	Suitable   string    `json:"suitable,omitempty"`
	Risk       string    `json:"risk,omitempty"`
	Version    string    `json:"version,omitempty"`
	Protected  bool      `json:"protected,omitempty"`
}

type problem struct {
	Line     int    `json:"line"`
	Severity int    `json:"severity"`
	Text     string `json:"text"`
}

type document struct {
	Format   int       `json:"sluse_driving_list"`
	Record   string    `json:"record"` // the record's name, shown where a file's encoding is
	Total    int       `json:"total"`
	Rows     []row     `json:"rows"`
	Problems []problem `json:"problems"`
	System   string    `json:"system,omitempty"`
	Lists    []string  `json:"lists,omitempty"`
	From     time.Time `json:"from,omitzero"`
	Until    time.Time `json:"until,omitzero"`
}

// File makes a file of a list.
func File(name string, list ehr.DrivingList) (ehr.File, error) {
	out := document{
		Format: 1, Record: list.Encoding, Total: list.Total, Rows: make([]row, 0, len(list.Rows)), Problems: make([]problem, 0, len(list.Problems)),
		System: list.Covers.System, Lists: list.Covers.Lists, From: list.Covers.Period.Start, Until: list.Covers.Period.End,
	}

	for _, r := range list.Rows {
		out.Rows = append(out.Rows, row{
			Line:   r.Line,
			System: r.Source.System, ID: r.Source.ID, Occurrence: r.Source.Occurrence, List: r.ListName, Employee: string(r.Employee),
			CPR: r.CPR.Reveal(), Surrogate: r.Surrogate.Shown(), Name: r.Name, Address: r.Address, Phone: r.Phone.Reveal(), Email: r.Email.Reveal(),
			Start: r.Planned.Start.UTC(), End: r.Planned.End.UTC(), Service: r.Service, Law: string(r.Law), Category: r.Category, Comment: r.Comment,
			Shift: string(r.Shift), Status: r.Status, Suitable: string(r.Suitable), Risk: string(r.Risk), Version: r.Version, Protected: r.Protected,
		})
	}

	for _, p := range list.Problems {
		out.Problems = append(out.Problems, problem{Line: p.Line, Severity: int(p.Severity), Text: p.Text})
	}

	data, err := json.Marshal(out)
	if err != nil {
		return ehr.File{}, fmt.Errorf("make a file of the list: %w", err)
	}

	return ehr.File{Name: name, Data: data}, nil
}

// Source reads such files, and leaves all others to Else.
type Source struct{ Else ehr.FileSource }

var _ ehr.FileSource = Source{}

// Read decodes the file. Errors are as ehr.FileSource says; a damaged file is Malformed.
func (s Source) Read(ctx context.Context, file ehr.File) (ehr.DrivingList, error) {
	if !bytes.HasPrefix(file.Data, []byte(format)) {
		return s.Else.Read(ctx, file)
	}

	var doc document

	decoder := json.NewDecoder(bytes.NewReader(file.Data))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&doc); err != nil {
		return ehr.DrivingList{}, damaged(err)
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return ehr.DrivingList{}, damaged(errors.New("text after the list"))
	}

	return doc.list()
}

func damaged(cause error) error {
	return &connector.Error{System: system, Op: "read", Kind: connector.Malformed, Err: &care.Error{
		Kind: care.Invalid, Message: "Kørelisten, som blev hentet fra journalen, kan ikke læses. Hent den igen.", Err: cause,
	}}
}

func (d document) list() (ehr.DrivingList, error) {
	out := ehr.DrivingList{
		Total: d.Total, Encoding: d.Record,
		Covers: ehr.Coverage{System: d.System, Lists: d.Lists, Period: care.Interval{Start: d.From, End: d.Until}},
	}
	seen := map[care.SourceRef]bool{}

	for _, r := range d.Rows {
		parsed, err := r.parse()
		if err == nil && seen[parsed.Source] {
			err = errors.New("a visit twice")
		}

		if err != nil {
			return ehr.DrivingList{}, damaged(err)
		}

		seen[parsed.Source] = true
		out.Rows = append(out.Rows, parsed)
	}

	for _, p := range d.Problems {
		severity := ehr.Severity(p.Severity)
		if severity != ehr.Warning && severity != ehr.Fault {
			return ehr.DrivingList{}, damaged(errors.New("a severity that is none"))
		}

		out.Problems = append(out.Problems, ehr.Problem{Line: p.Line, Severity: severity, Text: p.Text})
	}

	if out.Total < len(out.Rows) {
		return ehr.DrivingList{}, damaged(errors.New("fewer rows than rows"))
	}

	return out, nil
}

func (r row) parse() (ehr.Row, error) {
	out := ehr.Row{
		Line: r.Line, Source: care.SourceRef{System: r.System, ID: r.ID, Occurrence: r.Occurrence}, ListName: r.List, Employee: care.EmployeeID(r.Employee),
		Name: r.Name, Address: r.Address, Phone: care.NewPhone(r.Phone), Email: care.NewEmail(r.Email),
		Planned: care.Interval{Start: r.Start.UTC(), End: r.End.UTC()}, Service: r.Service, Law: care.LegalBasis(r.Law), Category: r.Category, Comment: r.Comment,
		Shift: care.Shift(r.Shift), Status: r.Status, Suitable: care.Suitability(r.Suitable), Risk: care.Risk(r.Risk), Version: r.Version, Protected: r.Protected,
	}

	if r.CPR != "" {
		out.CPR, out.CPRVerdict, _ = care.ParseCPR(r.CPR)
		if out.CPRVerdict == care.CPRMalformed {
			return ehr.Row{}, errors.New("a CPR number that is none")
		}
	}

	if r.Surrogate != "" {
		var err error
		if out.Surrogate, err = care.ParseSurrogateID(r.System, r.Surrogate); err != nil {
			return ehr.Row{}, err
		}
	}

	if r.System == "" || r.ID == "" || !out.Planned.Valid() || out.Key().IsZero() {
		return ehr.Row{}, errors.New("a visit without its key, times or citizen")
	}

	return out, nil
}
