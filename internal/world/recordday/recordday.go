// Package recordday puts a driving list that people have as a file into a simulated care record, so
// that the record itself plans the same day. The demo, the end-to-end tests and slusesim use it.
package recordday

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// Read reads the rows of a driving list, CSV or XLSX. The error says in Danish what is wrong.
func Read(ctx context.Context, f ehr.File) ([]ehr.Row, error) {
	settings := file.Config{}
	settings.SetDefaults()

	list, err := file.NewSource(settings, func(care.CitizenKey) string { return "" }).Read(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("the list can't be read: %s", care.MessageOf(err))
	}

	return list.Rows, nil
}

// cancelled is how driving lists say that a visit is off (eoj.md §5.1).
const cancelled = "Aflyst"

// errNumber is a row whose citizen a simulated record can't know: it has official test citizens alone.
var errNumber = errors.New("a citizen without a CPR number can't be put into the record")

// lists are the rows by the name of their driving list, the names in the rows' order. A record has
// one telephone of a citizen, whatever the rows say: that of the first row that has one.
func lists(rows []ehr.Row) (names []string, of map[string][]ehr.Row) {
	of = map[string][]ehr.Row{}
	phones := map[care.CPR]care.Phone{}

	for _, row := range rows {
		if phones[row.CPR].IsZero() {
			phones[row.CPR] = row.Phone
		}
	}

	for _, row := range rows {
		row.Phone = phones[row.CPR]

		if !slices.Contains(names, row.ListName) {
			names = append(names, row.ListName)
		}

		of[row.ListName] = append(of[row.ListName], row)
	}

	return names, of
}

// law is the row's law as records write it; empty: the list does not say.
func law(row ehr.Row) string {
	if row.Law == care.LawUnknown {
		return ""
	}

	return row.Law.Danish()
}

// FHIR puts the rows into a FHIR record and returns the Appointment of each by the row's own key.
func FHIR(sim *fhirsim.Server, rows []ehr.Row) (map[care.SourceRef]string, error) {
	placed := make(map[care.SourceRef]string, len(rows))
	names, of := lists(rows)

	for _, name := range names {
		day := fhirsim.Day{List: name}

		for _, row := range of[name] {
			if row.CPR.IsZero() {
				return nil, fmt.Errorf("line %d: %w", row.Line, errNumber)
			}

			day.Visits = append(day.Visits, fhirsim.NewVisit{
				CPR: row.CPR.Reveal(), Name: row.Name, Mobile: row.Phone.Reveal(), Address: row.Address,
				Start: row.Planned.Start, End: row.Planned.End, Employee: string(row.Employee), Service: row.Service, Law: law(row),
				Category: row.Category, Comment: row.Comment, Cancelled: row.Status == cancelled,
			})
		}

		refs, err := sim.Load(day)
		if err != nil {
			return nil, err
		}

		for i, row := range of[name] {
			placed[row.Source] = refs[i]
		}
	}

	return placed, nil
}

// Nexus puts the rows into a Nexus and returns the visit of each by the row's own key. Citizens get
// the telephones of the rows.
func Nexus(sim *nexussim.Server, rows []ehr.Row) (map[care.SourceRef]nexussim.Ref, error) {
	placed := make(map[care.SourceRef]nexussim.Ref, len(rows))
	names, of := lists(rows)

	for _, name := range names {
		day := nexussim.Day{List: name}

		for _, row := range of[name] {
			v, err := nexusVisit(sim, row)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", row.Line, err)
			}

			day.Visits = append(day.Visits, v)
		}

		refs, err := sim.Load(day)
		if err != nil {
			return nil, err
		}

		for i, row := range of[name] {
			placed[row.Source] = refs[i]
		}
	}

	return placed, nil
}

func nexusVisit(sim *nexussim.Server, row ehr.Row) (nexussim.NewVisit, error) {
	if row.CPR.IsZero() {
		return nexussim.NewVisit{}, errNumber
	}

	number := row.CPR.Reveal()

	err := sim.EditCitizen(number, func(c *nexussim.Citizen) {
		if !row.Phone.IsZero() {
			c.Mobile = strings.TrimPrefix(row.Phone.Reveal(), "+45")
		}

		if row.Address != "" {
			c.Address.Line, _, _ = strings.Cut(row.Address, ",")
		}
	})
	if err != nil {
		return nexussim.NewVisit{}, err
	}

	v := nexussim.NewVisit{
		CPR: []string{number}, Start: row.Planned.Start, End: row.Planned.End, Employee: string(row.Employee), Service: row.Service, Law: law(row),
		Category: row.Category, Comment: row.Comment,
	}
	if row.Status == cancelled {
		v.Category = "Aflyst besøg"
	}

	return v, nil
}
