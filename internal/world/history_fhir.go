package world

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// fhirHistory is a FHIR record. What placed names are Appointments of the record itself; of the
// others the record learns from the program.
type fhirHistory struct {
	sim    *fhirsim.Server
	placed map[care.SourceRef]string
}

func (h *fhirHistory) told(row ehr.Row, m care.Means) Told {
	var t Told

	if m != care.OnList {
		return t
	}

	for _, v := range h.visits(row) {
		t.Doubled += max(0, len(v.Appointments)-1) + max(0, len(v.Encounters)-1)
		t.Meeting = v.Meeting

		for _, e := range v.Entries {
			switch {
			case e.Duplicate:
				t.Doubled++
			case e.Kind == fhirsim.Planned:
				t.Planned++
			case e.Kind == fhirsim.Restored:
				t.Restored++
			case e.Kind == fhirsim.Result:
				t.Results++
				t.Outcome = care.ResultNotCompleted

				if e.Status == "fulfilled" {
					t.Outcome = care.ResultCompleted
				}
			}
		}
	}

	return t
}

// visits are the record's visits of a row: one, or none.
func (h *fhirHistory) visits(row ehr.Row) []fhirsim.Visit {
	if row.Source.System == CallSystem {
		return slices.DeleteFunc(h.sim.Visits(), func(v fhirsim.Visit) bool { return !strings.HasPrefix(v.Identifier, CallSystem+":") })
	}

	if ref, ok := h.placed[row.Source]; ok {
		return slices.DeleteFunc(h.sim.Visits(), func(v fhirsim.Visit) bool {
			return !slices.ContainsFunc(v.Appointments, func(a fhirsim.Resource) bool { return a.Ref == ref })
		})
	}

	v, ok := h.sim.Visit(strings.Join([]string{row.Source.System, row.Source.ID, row.Source.Occurrence}, ":"))
	if !ok {
		return nil
	}

	return []fhirsim.Visit{v}
}

// exact compares the record's own Appointment with its first version: but for the version itself,
// and our identifiers, which stay because a late repeat is recognised by them.
func (h *fhirHistory) exact(row ehr.Row) bool {
	ref, ok := h.placed[row.Source]
	if !ok {
		all := h.visits(row)

		return len(all) == 0 || len(all) == 1 && len(all[0].Appointments) == 1 && all[0].Appointments[0].Status == "cancelled" && h.told(row, care.OnList).Restored == 1
	}

	versions := h.sim.Versions(ref)

	return bare(versions[0]) == bare(versions[len(versions)-1])
}

// bare is a resource without the server's meta and our identifiers, its members sorted.
func bare(body map[string]any) string {
	body = maps.Clone(body)
	delete(body, "meta")

	all, _ := body["identifier"].([]any)
	all = slices.DeleteFunc(slices.Clone(all), func(one any) bool {
		i, _ := one.(map[string]any)

		return i["system"] == fhirsim.DefaultVisitSystem || i["system"] == fhirsim.DefaultEntrySystem
	})

	body["identifier"] = all
	if len(all) == 0 {
		delete(body, "identifier")
	}

	text, err := json.Marshal(body)
	if err != nil {
		return "" // unreachable: it was decoded from JSON
	}

	return string(text)
}

// violations: an Appointment of the record is one visit until it is concluded as not held. Of those
// that are the program's own the record shall never have two; before and after there is none.
func (h *fhirHistory) violations() int {
	own := slices.Collect(maps.Values(h.placed))
	n := 0

	for _, c := range h.sim.ActiveCounts() {
		begun := !c.At.Before(c.From)
		if c.Count > 1 || c.Count == 0 && slices.Contains(own, c.Appointment) && !begun {
			n++
		}
	}

	return n
}

func (h *fhirHistory) requests() int { return h.sim.Totals().Requests }
