package fhir

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// longestRead is a week with the hour that it has more in October, and a night list's half day.
const longestRead = 7*24*time.Hour + 13*time.Hour

// namedPrefix marks the id of a list of the configuration.
const namedPrefix = "named:"

// System is what stands in the rows' SourceRef.
func (j *Journal) System() string { return System }

// Lists names the driving lists that the settings choose: those of the configuration by name, and
// then one per practitioner, location or schedule in the record's order.
func (j *Journal) Lists(ctx context.Context) ([]ehr.ListRef, error) {
	all := make([]ehr.ListRef, 0, len(j.config.Lists.Named))
	for _, name := range slices.Sorted(maps.Keys(j.config.Lists.Named)) {
		all = append(all, ehr.ListRef{ID: namedPrefix + name, Name: name})
	}

	kind := j.config.Lists.By.kind()
	if kind == "" {
		return all, nil
	}

	query, err := parseSearch(j.config.Lists.Filter)
	if err != nil {
		return nil, &connector.Error{System: System, Op: "lists", Kind: connector.Rejected, Err: err}
	}

	query.Set("_count", strconv.Itoa(j.config.Lists.PageSize))

	err = j.pages(ctx, "lists", kind, query, func(raw json.RawMessage) error {
		if r, err := decodeResource(raw, kind); err == nil {
			all = append(all, ehr.ListRef{ID: kind + "/" + r.text("id"), Name: listName(r)})
		}

		return nil
	})

	return all, err
}

// kind is the resource type that makes a list; empty: none.
func (b By) kind() string {
	switch b {
	case ByPractitioner:
		return "Practitioner"
	case ByLocation:
		return "Location"
	case BySchedule:
		return "Schedule"
	case ByNothing:
	}

	return ""
}

// listName is what people call the thing that makes a list; at worst its id.
func listName(r resource) string {
	var (
		names  []humanName
		actors []reference
	)

	r.get("actor", &actors)

	switch r.text("resourceType") {
	case "Practitioner":
		r.get("name", &names)

		return cmp.Or(bestName(names), r.text("id"))
	case "Schedule":
		for _, actor := range actors {
			if actor.Display != "" {
				return actor.Display
			}
		}

		return cmp.Or(r.text("comment"), r.text("id"))
	}

	return cmp.Or(r.text("name"), r.text("id"))
}

// Read reads one list of Lists for a period of at most a week. Appointments that began before the
// period, that are errors, or that we made ourselves are no part of it.
func (j *Journal) Read(ctx context.Context, list ehr.ListRef, period care.Interval) (ehr.DrivingList, error) {
	if !period.Valid() || period.Duration() > longestRead {
		return ehr.DrivingList{}, &connector.Error{
			System: System, Op: "read_list", Kind: connector.Rejected,
			Err: care.NewError(care.Invalid, "En køreliste hentes for højst en uge ad gangen. Vælg en kortere periode."),
		}
	}

	query, err := j.searchOf(list)
	if err != nil {
		return ehr.DrivingList{}, err
	}

	query.Add("date", "ge"+period.Start.UTC().Format(time.RFC3339))
	query.Add("date", "lt"+period.End.UTC().Format(time.RFC3339))
	query.Set("_count", strconv.Itoa(j.config.Lists.PageSize))

	if !j.config.Lists.NoInclude {
		query["_include"] = append(query["_include"], "Appointment:patient", "Appointment:practitioner")
	}

	r := &reading{journal: j, list: list, period: period, people: make(map[string]resource), seen: make(map[string]bool)}
	if err := j.pages(ctx, "read_list", kindAppointment, query, r.take); err != nil {
		return ehr.DrivingList{}, err
	}

	return r.finish(ctx)
}

// searchOf is the search for a list's Appointments, without the period.
func (j *Journal) searchOf(list ehr.ListRef) (url.Values, error) {
	if name, ok := strings.CutPrefix(list.ID, namedPrefix); ok {
		if text, ok := j.config.Lists.Named[name]; ok {
			return parseSearch(text)
		}
	}

	kind, id, _ := strings.Cut(list.ID, "/")

	switch by := j.config.Lists.By; {
	case kind != by.kind() || !isID(id):
	case by == BySchedule:
		return url.Values{"slot.schedule": {list.ID}}, nil
	case by != ByNothing:
		return url.Values{"actor": {list.ID}}, nil
	}

	return nil, &connector.Error{
		System: System, Op: "read_list", Kind: connector.NotFound,
		Err: care.NewError(care.NotFound, "Kørelisten er ikke en af dem, som opsætningen henter fra journalen. Hent listerne igen."),
	}
}

// reading is one driving list on its way.
type reading struct {
	journal      *Journal
	list         ehr.ListRef
	period       care.Interval
	appointments []resource
	people       map[string]resource // "Patient/12", "Practitioner/7": included, or read since
	seen         map[string]bool     // Appointments by id: a page may repeat one
	inHospital   map[string]bool     // by reference
	problems     []ehr.Problem
}

// isReadable decodes what may be of any shape.
func isReadable(raw json.RawMessage, v any) bool { return json.Unmarshal(raw, v) == nil }

// take sorts one resource of a page.
func (r *reading) take(raw json.RawMessage) error {
	var head struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
	}

	if !isReadable(raw, &head) || r.seen[head.ResourceType+"/"+head.ID] {
		return nil
	}

	one, err := decodeResource(raw, head.ResourceType)
	if err != nil {
		return nil //nolint:nilerr // one that nobody could refer to is no visit
	}

	r.seen[head.ResourceType+"/"+head.ID] = true

	switch head.ResourceType {
	case kindAppointment:
		r.appointments = append(r.appointments, one)
	case kindPatient, kindPractitioner:
		r.people[head.ResourceType+"/"+head.ID] = one
	}

	if len(r.appointments) > r.journal.config.Lists.MaxVisits {
		return &connector.Error{
			System: System, Op: "read_list", Kind: connector.Malformed,
			Err: care.NewError(care.Invalid, "Kørelisten har flere besøg, end opsætningen tillader. Søgningen er nok forkert: bed systemforvalteren om at se på den."),
		}
	}

	return nil
}

// finish turns what was found into rows in order of time.
func (r *reading) finish(ctx context.Context) (ehr.DrivingList, error) {
	drafts := make([]*draft, 0, len(r.appointments))

	for _, one := range r.appointments {
		if d := r.draft(one); d != nil {
			drafts = append(drafts, d)
		}
	}

	slices.SortStableFunc(drafts, func(a, b *draft) int {
		return cmp.Or(a.row.Planned.Start.Compare(b.row.Planned.Start), cmp.Compare(a.row.Source.ID, b.row.Source.ID))
	})

	if err := r.askHospital(ctx, drafts); err != nil {
		return ehr.DrivingList{}, err
	}

	out := ehr.DrivingList{Total: len(drafts), Encoding: "FHIR", Columns: columns()}

	for i, d := range drafts {
		d.row.Line = i + 1

		if err := r.complete(ctx, d); err != nil {
			return ehr.DrivingList{}, err
		}

		if !d.faulty {
			out.Rows = append(out.Rows, d.row)
		}
	}

	out.Problems = r.problems

	return out, nil
}

// columns tell how a FHIR list was understood.
func columns() []ehr.Column {
	return []ehr.Column{
		{Header: "start", Field: "Starttid"},
		{Header: "end", Field: "Sluttid"},
		{Header: "participant (Patient)", Field: "Borger"},
		{Header: "participant (Practitioner)", Field: "Medarbejder"},
		{Header: "serviceType", Field: "Besøgstype"},
		{Header: "reasonCode", Field: "Ydelse"},
		{Header: "serviceCategory", Field: "Lovgrundlag"},
		{Header: "comment", Field: "Bemærkning"},
		{Header: "status", Field: "Status"},
	}
}

// tell puts a problem of a visit on the list.
func (r *reading) tell(d *draft, column string, severity ehr.Severity, text string) {
	d.faulty = d.faulty || severity == ehr.Fault
	r.problems = append(r.problems, ehr.Problem{Line: d.row.Line, Column: column, Severity: severity, Text: d.when() + text})
}
