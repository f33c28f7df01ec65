package fhirsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// version is one state of a resource.
type version struct {
	number int
	at     time.Time
	body   map[string]any // never changed after it is stored
	staff  bool           // written through the control plane, as a person in the record would
}

// record is one resource with its history.
type record struct {
	kind, id string
	versions []version
	deleted  bool
}

func (r *record) current() version { return r.versions[len(r.versions)-1] }
func (r *record) ref() string      { return r.kind + "/" + r.id }

// archive holds every resource. The Server's mutex guards it.
type archive struct {
	dice     dice
	records  map[string]*record
	order    []string            // references in order of creation
	index    map[string][]string // kind, system and value to references, of every version
	pointers map[string][]string // Appointment to the Encounters that ever pointed at it
	patients map[string]bool     // identifier values of patients, for the leak check
}

func newArchive(d dice) *archive {
	return &archive{
		dice: d, records: map[string]*record{}, index: map[string][]string{}, pointers: map[string][]string{},
		patients: map[string]bool{},
	}
}

// create stores a new resource under an id of the server's choice.
func (a *archive) create(kind string, body map[string]any, at time.Time, staff bool) *record {
	n := len(a.order)
	r := &record{kind: kind, id: a.dice.hex(12, "id", kind, strconv.Itoa(n))}
	a.records[r.ref()] = r
	a.order = append(a.order, r.ref())
	a.append(r, body, at, staff)

	return r
}

// append adds a version with the server's own id and meta.
func (a *archive) append(r *record, body map[string]any, at time.Time, staff bool) {
	number := len(r.versions) + 1
	body = maps.Clone(body)
	body["resourceType"], body["id"] = r.kind, r.id

	meta, _ := body["meta"].(map[string]any)
	meta = maps.Clone(meta)

	if meta == nil {
		meta = map[string]any{}
	}

	meta["versionId"] = strconv.Itoa(number)
	meta["lastUpdated"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	body["meta"] = meta
	r.versions = append(r.versions, version{number: number, at: at, body: body, staff: staff})

	for _, i := range identifiersOf(body) {
		key := indexKey(r.kind, i.system, i.value)
		if !slices.Contains(a.index[key], r.ref()) {
			a.index[key] = append(a.index[key], r.ref())
		}
	}

	for _, target := range appointmentsOf(body) {
		if !slices.Contains(a.pointers[target], r.ref()) {
			a.pointers[target] = append(a.pointers[target], r.ref())
		}
	}

	a.notePatients(body)
}

// appointmentsOf are the references in Encounter.appointment.
func appointmentsOf(body map[string]any) []string {
	var refs []string

	list, _ := body["appointment"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		if ref, _ := o["reference"].(string); ref != "" {
			refs = append(refs, ref)
		}
	}

	return refs
}

// find returns the live resources of a kind that have the identifier now.
func (a *archive) find(kind, system, value string) []*record {
	var found []*record

	for _, ref := range a.index[indexKey(kind, system, value)] {
		r := a.records[ref]
		if !r.deleted && slices.Contains(identifiersOf(r.current().body), identifier{system, value}) {
			found = append(found, r)
		}
	}

	return found
}

// live returns the resources of a kind in order of creation.
func (a *archive) live(kind string) []*record {
	var found []*record

	for _, ref := range a.order {
		if r := a.records[ref]; r.kind == kind && !r.deleted {
			found = append(found, r)
		}
	}

	return found
}

func (a *archive) notePatients(body map[string]any) {
	if body["resourceType"] == "Patient" {
		for _, i := range identifiersOf(body) {
			a.patients[i.value] = true
		}
	}

	references := []any{body["subject"]}

	participants, _ := body["participant"].([]any)
	for _, p := range participants {
		o, _ := p.(map[string]any)
		references = append(references, o["actor"])
	}

	for _, ref := range references {
		o, _ := ref.(map[string]any)
		if o["type"] != "Patient" {
			continue
		}

		id, _ := o["identifier"].(map[string]any)
		if value, _ := id["value"].(string); value != "" {
			a.patients[value] = true
		}
	}
}

type identifier struct{ system, value string }

func identifiersOf(body map[string]any) []identifier {
	var found []identifier

	list, _ := body["identifier"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		system, _ := o["system"].(string)
		value, _ := o["value"].(string)
		found = append(found, identifier{system, value})
	}

	return found
}

func indexKey(kind, system, value string) string { return fmt.Sprintf("%q %q %q", kind, system, value) }

// copyOf is a deep copy, for callers outside the mutex.
func copyOf(body map[string]any) map[string]any {
	var fresh map[string]any
	if data, err := json.Marshal(body); err == nil {
		fresh, _ = decodeObject(data)
	}

	return fresh
}
