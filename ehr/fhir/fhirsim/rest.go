package fhirsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const mediaType = "application/fhir+json"

// response is an answer before a fault may spoil it.
type response struct {
	status int
	header map[string]string
	body   []byte
}

// call is one REST request with its body read.
type call struct {
	r    *http.Request
	body []byte
	kind string // the resource type in the path
	id   string
	vid  string
}

// decodeObject reads exactly one JSON object, numbers kept as they are.
func decodeObject(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()

	var o map[string]any
	if err := decoder.Decode(&o); err != nil {
		return nil, errors.New("the body is no JSON object")
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || o == nil {
		return nil, errors.New("the body is not exactly one JSON object")
	}

	return o, nil
}

// outcome is an OperationOutcome (R4 operationoutcome.html).
func outcome(status int, issues ...issue) response {
	list := make([]map[string]any, 0, len(issues))

	for _, i := range issues {
		one := map[string]any{"severity": "error", "code": i.code, "diagnostics": i.text}
		if i.path != "" {
			one["expression"] = []string{i.path}
		}

		list = append(list, one)
	}

	return jsonResponse(status, map[string]any{"resourceType": "OperationOutcome", "issue": list})
}

func jsonResponse(status int, body any) response {
	data, err := json.Marshal(body)
	if err != nil {
		return response{status: http.StatusInternalServerError}
	}

	return response{status: status, header: map[string]string{"Content-Type": mediaType + "; charset=utf-8"}, body: data}
}

// serve runs the operation. The caller holds the mutex.
func (s *Server) serve(op string, c call) response {
	if op != OpMetadata && op != OpUnbuilt && op != OpPage && s.archive.records[c.kind+"/"+c.id] == nil && c.id != "" {
		return outcome(http.StatusNotFound, issue{"not-found", "", "no such resource"})
	}

	switch op {
	case OpMetadata:
		return s.metadata()
	case OpCreate:
		return s.create(c)
	case OpRead, OpVRead:
		return s.read(c)
	case OpHistory:
		return s.instanceHistory(c)
	case OpSearch:
		return s.search(c)
	case OpPage:
		return s.furtherPage(c, c.r.URL.Query())
	case OpUpdate:
		return s.update(c)
	}

	return outcome(http.StatusNotImplemented, issue{"not-supported", "", "the simulator does not have this operation"})
}

// create is R4 http#create with http#ccreate.
func (s *Server) create(c call) response {
	body, refusal := s.decode(c)
	if refusal != nil {
		return *refusal
	}

	if condition := c.r.Header.Get("If-None-Exist"); condition != "" && !s.options.NoConditionalCreate {
		query, err := url.ParseQuery(condition)
		if err != nil || len(query) == 0 {
			return outcome(http.StatusBadRequest, issue{"invalid", "", "If-None-Exist can't be read"})
		}

		found, refusal := s.match(c.kind, query)

		switch {
		case refusal != nil:
			return *refusal
		case len(found) == 1:
			return s.written(http.StatusOK, found[0])
		case len(found) > 1:
			return outcome(http.StatusPreconditionFailed, issue{"multiple-matches", "", "several resources match If-None-Exist"})
		}
	}

	r := s.archive.create(c.kind, body, s.now(), false)
	s.noteWrite(r)
	s.noteActive(r, "client")

	return s.written(http.StatusCreated, r)
}

func (s *Server) read(c call) response {
	r := s.archive.records[c.kind+"/"+c.id]
	if c.vid != "" {
		n, err := strconv.Atoi(c.vid)
		if err != nil || n < 1 || n > len(r.versions) {
			return outcome(http.StatusNotFound, issue{"not-found", "", "no such version"})
		}

		return s.resource(http.StatusOK, r, r.versions[n-1])
	}

	if r.deleted {
		return outcome(http.StatusGone, issue{"deleted", "", "the resource was deleted"})
	}

	return s.resource(http.StatusOK, r, r.current())
}

// instanceHistory is R4 http#history, newest first.
func (s *Server) instanceHistory(c call) response {
	r := s.archive.records[c.kind+"/"+c.id]

	entries := make([]any, 0, len(r.versions))
	for _, v := range slices.Backward(r.versions) {
		entries = append(entries, map[string]any{"resource": v.body})
	}

	return jsonResponse(http.StatusOK, map[string]any{
		"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries,
	})
}

// update is R4 http#update with the version check of http#concurrency.
func (s *Server) update(c call) response {
	r := s.archive.records[c.kind+"/"+c.id]

	body, refusal := s.decode(c)
	if refusal != nil {
		return *refusal
	}

	tag := c.r.Header.Get("If-Match")

	switch {
	case body["id"] != c.id:
		return outcome(http.StatusBadRequest, issue{"invalid", c.kind + ".id", "the id of the body is not that of the address"})
	case r.deleted:
		return outcome(http.StatusGone, issue{"deleted", "", "the resource was deleted"})
	case tag == "" && s.options.Strict:
		return outcome(http.StatusPreconditionFailed, issue{"required", "", "If-Match is required"})
	case tag != "" && tag != s.etag(r.current()):
		return outcome(http.StatusPreconditionFailed, issue{"conflict", "", "the version in If-Match is not the current one"})
	}

	s.archive.append(r, body, s.now(), false)
	s.noteWrite(r)
	s.noteActive(r, "client")

	return s.written(http.StatusOK, r)
}

// decode reads and checks the resource of a write, and applies scripted refusals.
func (s *Server) decode(c call) (map[string]any, *response) {
	refuse := func(status int, issues ...issue) (map[string]any, *response) {
		answer := outcome(status, issues...)

		return nil, &answer
	}

	if kind := c.r.Header.Get("Content-Type"); s.options.Strict && !strings.HasPrefix(kind, mediaType) {
		return refuse(http.StatusUnsupportedMediaType, issue{"not-supported", "", "the content type must be " + mediaType})
	}

	body, err := decodeObject(c.body)
	if err != nil {
		return refuse(http.StatusBadRequest, issue{"structure", "", err.Error()})
	}

	if body["resourceType"] != c.kind {
		return refuse(http.StatusBadRequest, issue{"invalid", "resourceType", "the resource type is not that of the address"})
	}

	if r := s.refusalFor(s.visitOf(body)); r != nil {
		return refuse(r.Status, issue{r.Code, r.Expression, r.Text})
	}

	if issues := s.checker.check(c.kind, body); len(issues) > 0 {
		return refuse(http.StatusUnprocessableEntity, issues...)
	}

	if issues := s.danglingReferences(body); len(issues) > 0 {
		return refuse(http.StatusBadRequest, issues...)
	}

	return body, nil
}

// danglingReferences checks referential integrity of Encounter.appointment, as servers do
// that enforce it.
func (s *Server) danglingReferences(body map[string]any) []issue {
	var issues []issue

	for _, ref := range appointmentsOf(body) {
		if s.archive.records[ref] == nil {
			issues = append(issues, issue{"not-found", "Encounter.appointment", "the appointment that is referred to does not exist"})
		}
	}

	return issues
}

// resource is a resource as an answer.
func (s *Server) resource(status int, r *record, v version) response {
	answer := jsonResponse(status, v.body)
	answer.header["ETag"] = s.etag(v)
	answer.header["Last-Modified"] = v.at.UTC().Format(http.TimeFormat)
	answer.header["Location"] = "/fhir/" + r.ref() + "/_history/" + strconv.Itoa(v.number)

	return answer
}

// written answers a write: R4 http#ops leaves open whether the resource comes along.
func (s *Server) written(status int, r *record) response {
	answer := s.resource(status, r, r.current())
	if s.options.MinimalReturn {
		answer.body = nil
	}

	return answer
}

func (s *Server) etag(v version) string {
	tag := strconv.Quote(strconv.Itoa(v.number))
	if s.options.ETag == WeakETags {
		return "W/" + tag
	}

	return tag
}

// metadata is a short CapabilityStatement (R4 http#capabilities).
func (s *Server) metadata() response {
	interactions := []any{}
	for _, code := range []string{"read", "vread", "update", "history-instance", "create", "search-type"} {
		interactions = append(interactions, map[string]any{"code": code})
	}

	resources := []any{}
	for _, kind := range []string{"Appointment", "Encounter"} {
		resources = append(resources, map[string]any{
			"type": kind, "interaction": interactions, "versioning": "versioned-update", "conditionalCreate": !s.options.NoConditionalCreate,
			"searchInclude": []any{"Appointment:patient", "Appointment:practitioner"}, "searchRevInclude": []any{"Encounter:appointment"},
			"searchParam": searchParams("identifier", "actor", "date", "status", "slot", "subject", "class"),
		})
	}

	for _, kind := range []string{"Patient", "Practitioner", "Location", "Schedule", "Slot"} {
		resources = append(resources, map[string]any{
			"type": kind, "interaction": []any{map[string]any{"code": "read"}, map[string]any{"code": "search-type"}},
			"searchParam": searchParams("identifier", "active"),
		})
	}

	return jsonResponse(http.StatusOK, map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "date": s.now().UTC().Format("2006-01-02"),
		"kind": "instance", "software": map[string]any{"name": "fhirsim (simulator)"}, "fhirVersion": "4.0.1",
		"format": []any{"json"}, "rest": []any{map[string]any{"mode": "server", "resource": resources}},
	})
}

func searchParams(names ...string) []any {
	all := make([]any, 0, len(names))
	for _, name := range names {
		all = append(all, map[string]any{"name": name, "type": "token"})
	}

	return all
}
