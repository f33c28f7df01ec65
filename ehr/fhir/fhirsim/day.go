package fhirsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Day is what a driving list gets: a Location, and the Appointments at it.
type Day struct {
	List string `json:"list"` // name of the Location; an unknown one is made
	// EmployeeSystem is the identifier system of employees' initials; empty is urn:x-sluse:id:employee.
	EmployeeSystem string     `json:"employee_system"`
	Visits         []NewVisit `json:"visits"`
}

// NewVisit is a visit to be put on a driving list, as a record plans it. Citizens and employees
// that the record does not know are made.
type NewVisit struct {
	CPR      string    `json:"cpr"`
	Name     string    `json:"name"`
	Mobile   string    `json:"mobile"`
	Address  string    `json:"address"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Employee string    `json:"employee"` // initials; empty: nobody drives it
	Service  string    `json:"service"`
	Law      string    `json:"law"`      // "SUL § 138"
	Category string    `json:"category"` // empty is "Planlagt besøg"
	Comment  string    `json:"comment"`
	// Cancelled visits stand on the list all the same.
	Cancelled bool `json:"cancelled"`
}

// Load puts visits on a driving list and returns the references of their Appointments, in the same
// order.
func (s *Server) Load(day Day) ([]string, error) {
	for i, v := range day.Visits {
		if v.CPR == "" || !v.End.After(v.Start) {
			return nil, fmt.Errorf("fhirsim: visit %d: it needs a citizen, and an end after its start", i+1)
		}
	}

	if day.List == "" {
		return nil, errors.New("fhirsim: the list has no name")
	}

	l := dayLoader{loader: loader{server: s, system: orElse(day.EmployeeSystem, defaultEmployeeSystem)}}
	location := l.once("Location", "", day.List, map[string]any{"resourceType": "Location", "status": "active", "name": day.List})

	refs := make([]string, 0, len(day.Visits))
	for _, v := range day.Visits {
		refs = append(refs, l.visit(v, location))
	}

	return refs, l.err
}

const (
	defaultEmployeeSystem = "urn:x-sluse:id:employee"
	cprSystem             = "urn:oid:1.2.208.176.1.2"
	plannedVisit          = "Planlagt besøg"
)

// dayLoader stores what Load was given, and of each person and place only one.
type dayLoader struct{ loader }

// once stores a resource unless the record has it: by identifier, or without a system by name.
func (l *dayLoader) once(kind, system, value string, body map[string]any) string {
	if ref, ok := l.server.known(kind, system, value); ok {
		return ref
	}

	return l.seed(body)
}

func (s *Server) known(kind, system, value string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if system != "" {
		for _, r := range s.archive.find(kind, system, value) {
			return r.ref(), true
		}

		return "", false
	}

	for _, ref := range s.archive.order {
		if r := s.archive.records[ref]; r.kind == kind && !r.deleted && text(r.current().body, "name") == value {
			return ref, true
		}
	}

	return "", false
}

func (l *dayLoader) visit(v NewVisit, location string) string {
	person := map[string]any{
		"resourceType": "Patient", "active": true,
		"identifier": []any{map[string]any{"use": "official", "system": cprSystem, "value": v.CPR}},
		"name":       []any{map[string]any{"use": "official", "text": v.Name}},
	}
	if v.Mobile != "" {
		person["telecom"] = []any{map[string]any{"system": "phone", "use": "mobile", "value": v.Mobile}}
	}

	if v.Address != "" {
		person["address"] = []any{map[string]any{"use": "home", "text": v.Address}}
	}

	people := []any{accepted(l.once("Patient", cprSystem, v.CPR, person)), accepted(location)}
	if v.Employee != "" {
		people = append(people, accepted(l.once("Practitioner", l.system, v.Employee, map[string]any{
			"resourceType": "Practitioner", "active": true, "name": []any{map[string]any{"text": "Medarbejder " + v.Employee}},
			"identifier": []any{map[string]any{"system": l.system, "value": v.Employee}},
		})))
	}

	body := map[string]any{
		"resourceType": "Appointment", "status": "booked", "start": v.Start.Format(time.RFC3339), "end": v.End.Format(time.RFC3339),
		"serviceType": []any{map[string]any{"text": orElse(v.Category, plannedVisit)}}, "participant": people,
	}
	if v.Cancelled {
		body["status"] = "cancelled"
	}

	if v.Law != "" {
		body["serviceCategory"] = []any{map[string]any{"text": v.Law}}
	}

	if v.Service != "" {
		body["reasonCode"] = []any{map[string]any{"text": v.Service}}
	}

	if v.Comment != "" {
		body["comment"] = v.Comment
	}

	return l.seed(body)
}

func accepted(ref string) map[string]any {
	return map[string]any{"actor": map[string]any{"reference": ref}, "status": "accepted"}
}

// loadDay is Load for the control plane.
func (s *Server) loadDay(w http.ResponseWriter, r *http.Request) {
	var (
		day  Day
		refs []string
	)

	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()

	err := decoder.Decode(&day)
	if err == nil {
		refs, err = s.Load(day)
	}

	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)

		return
	}

	write(w, jsonResponse(http.StatusOK, refs))
}
