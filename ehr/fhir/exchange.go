package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

const mediaType = "application/fhir+json"

// search finds the visit's resources by our own identifier. A search for the Appointment
// brings the Encounter along when the record knows _revinclude.
func (e *entry) search(ctx context.Context, kind string) (pair, error) {
	query := url.Values{"identifier": {e.token()}}
	if kind == kindAppointment && !e.journal.config.NoRevinclude {
		query.Set("_revinclude", "Encounter:appointment")
	}

	answer, err := e.journal.client.Do(ctx, outbound.Call{
		Op: "search_" + strings.ToLower(kind), Method: http.MethodGet, Path: []string{kind}, Query: query, Accept: mediaType,
	})
	if err != nil {
		return pair{}, err
	}

	if !answer.OK() {
		return pair{}, refusal(answer)
	}

	var b bundle
	if err := answer.JSON(&b); err != nil {
		return pair{}, err
	}

	return e.pick(answer, &b)
}

// pick takes what is ours out of a search's answer: a server that does not know a search
// parameter may ignore it and answer with other people's visits. Beside another one, a resource
// that people marked as a mistake is none.
func (e *entry) pick(answer *outbound.Answer, b *bundle) (pair, error) {
	if b.ResourceType != "Bundle" {
		return pair{}, answer.Broken("the answer is no Bundle")
	}

	var found pair

	for i := range b.Entry {
		for kind, place := range map[string]**stored{kindAppointment: &found.appointment, kindEncounter: &found.encounter} {
			one := e.own(b.Entry[i].Resource, kind)

			switch {
			case one == nil, *place != nil && one.isMistake():
			case *place != nil && (*place).id != one.id && !(*place).isMistake():
				return pair{}, several(answer.FailAs(connector.Conflict, "multiple-matches"))
			default:
				*place = one
			}
		}
	}

	if found == (pair{}) && b.hasMore() {
		return pair{}, answer.Broken("the record did not search by identifier")
	}

	return found, nil
}

// own decodes a resource of the kind if it is the visit's.
func (e *entry) own(data []byte, kind string) *stored {
	r, err := decodeResource(data, kind)
	if err != nil {
		return nil
	}

	for _, i := range r.identifiers() {
		if i.System == e.journal.config.VisitSystem && i.Value == e.mapper.visit {
			return &stored{kind: kind, id: r.text("id"), version: r.version(), resource: r}
		}
	}

	return nil
}

// token is "system|value" with FHIR's own escaping (R4 search#escaping).
func (e *entry) token() string {
	escape := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace

	return escape(e.journal.config.VisitSystem) + "|" + escape(e.mapper.visit)
}

// create is a conditional create (R4 http#ccreate): 201 with the new resource, 200 with the
// one that was there.
func (e *entry) create(ctx context.Context, kind string, want resource) (*stored, error) {
	body, err := want.encode()
	if err != nil {
		return nil, &connector.Error{System: System, Op: "create", Kind: connector.Rejected, Err: err}
	}

	answer, err := e.journal.client.Do(ctx, outbound.Call{
		Op: "create_" + strings.ToLower(kind), Method: http.MethodPost, Path: []string{kind}, Body: body,
		Type: mediaType, Accept: mediaType,
		Header: http.Header{
			"If-None-Exist": {"identifier=" + url.QueryEscape(e.token())}, "Prefer": {"return=representation"},
		},
	})
	if err == nil && !answer.OK() {
		err = refusal(answer)
	}

	var fresh *stored
	if err == nil {
		fresh, err = e.created(ctx, kind, answer, want)
	}

	look := func() (*stored, error) {
		found, err := e.search(ctx, kind)
		if kind == kindEncounter {
			return found.encounter, err
		}

		return found.appointment, err
	}

	if connector.Is(err, connector.Unknown) {
		return e.settleDoubt(ctx, err, look)
	}

	if connector.Is(err, connector.Conflict) { // several, of which all but one may be mistakes
		if found, lookErr := look(); found != nil || lookErr != nil {
			return found, lookErr
		}

		return nil, several(err)
	}

	return fresh, err
}

// created reads the answer of a create. A server that returns no body names the resource in
// Location.
func (e *entry) created(ctx context.Context, kind string, answer *outbound.Answer, want resource) (*stored, error) {
	if len(bytes.TrimSpace(answer.Body)) > 0 {
		return e.returned(answer, kind, "")
	}

	id, version := parseLocation(answer.Header.Get("Location"), kind)
	if id == "" {
		return nil, answer.Broken("the answer names no resource")
	}

	if answer.Status != http.StatusCreated {
		return e.read(ctx, kind, id)
	}

	if tag := parseETag(answer.Header.Get("ETag")); tag != "" {
		version = tag
	}

	return assume(answer, want, kind, id, version)
}

// assume takes our own body for what the record holds, after a write that returned none.
func assume(answer *outbound.Answer, want resource, kind, id, version string) (*stored, error) {
	sent := want.next(kind)
	sent["id"] = id

	body, err := sent.encode()
	if err != nil {
		return nil, answer.Broken("the answer has no body")
	}

	r, err := decodeResource(body, kind)
	if err != nil {
		return nil, answer.Broken("the answer has no body")
	}

	return &stored{kind: kind, id: id, version: version, resource: r}, nil
}

// returned reads the resource in an answer; id, when given, must be its id.
func (e *entry) returned(answer *outbound.Answer, kind, id string) (*stored, error) {
	var whole json.RawMessage
	if err := answer.JSON(&whole); err != nil {
		return nil, err
	}

	r, err := decodeResource(whole, kind)
	if err != nil || (id != "" && r.text("id") != id) {
		return nil, answer.Broken("the answer is not the resource that was expected")
	}

	s := &stored{kind: kind, id: r.text("id"), version: r.version(), resource: r}
	if tag := parseETag(answer.Header.Get("ETag")); tag != "" {
		s.version = tag
	}

	return s, nil
}

func (e *entry) read(ctx context.Context, kind, id string) (*stored, error) {
	answer, err := e.journal.client.Do(ctx, outbound.Call{
		Op: "read_" + strings.ToLower(kind), Method: http.MethodGet, Path: []string{kind, id}, Accept: mediaType,
	})
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, refusal(answer)
	}

	return e.returned(answer, kind, id)
}

// settleDoubt asks the record once whether a write of unknown outcome arrived. When it can't
// tell, the doubt goes back to the caller.
func (e *entry) settleDoubt(ctx context.Context, doubt error, look func() (*stored, error)) (*stored, error) {
	if ctx.Err() != nil {
		return nil, doubt
	}

	if found, err := look(); err == nil && found != nil && e.has(found) {
		return found, nil
	}

	return nil, doubt
}

// attempts is how often an update is tried when other people's changes get in between.
const attempts = 3

// update puts the change on a resource that exists. Somebody else's change in between
// (412) is taken over if it left alone what is ours, else it is a Conflict for a person.
func (e *entry) update(ctx context.Context, kind string, base *stored, want func(resource) resource) (*stored, error) {
	for range attempts {
		if base == nil || e.has(base) {
			return base, nil
		}

		if base.isMistake() {
			return nil, conflict(base, "Besøget er markeret som fejlregistreret i journalen. Ret det i journalen, og prøv igen.")
		}

		if err := e.unexpected(base); err != nil {
			return nil, err
		}

		fresh, err := e.replace(ctx, base, want(base.resource))
		if err == nil {
			return fresh, nil
		}

		if !connector.Is(err, connector.Conflict) {
			return nil, err
		}

		now, err := e.read(ctx, kind, base.id)
		if err != nil {
			return nil, err
		}

		if !e.has(now) && !e.sameOurs(base.resource, now.resource) {
			return nil, changedByOthers(now)
		}

		base = now
	}

	if e.has(base) {
		return base, nil
	}

	return nil, changedByOthers(base)
}

// unexpected refuses to overwrite, on an Appointment of our own, a category that people have set since
// we last wrote. On a borrowed one it is mayWrite that looks.
func (e *entry) unexpected(base *stored) error {
	c := e.mapper.change
	if base.kind != kindAppointment || e.mapper.borrows() || c.Category == "" || len(c.Expected) == 0 {
		return nil
	}

	if now := categoryNow(base.resource); now == "" || now == c.Category || slices.Contains(c.Expected, now) {
		return nil
	}

	return conflict(base, "Besøgstypen er ændret i journalen i hånden, så den er ikke overskrevet. Se på besøget i journalen, og afgør det på siden Afstemning.")
}

// replace is PUT with If-Match (R4 http#concurrency).
func (e *entry) replace(ctx context.Context, base *stored, want resource) (*stored, error) {
	if base.version == "" {
		return nil, &connector.Error{
			System: System, Op: "update_" + strings.ToLower(base.kind), Kind: connector.Unsupported,
			Err: errors.New("the record gives no version of the resource"),
		}
	}

	body, err := want.encode()
	if err != nil {
		return nil, &connector.Error{System: System, Op: "update", Kind: connector.Rejected, Err: err}
	}

	answer, err := e.journal.client.Do(ctx, outbound.Call{
		Op: "update_" + strings.ToLower(base.kind), Method: http.MethodPut, Path: []string{base.kind, base.id}, Body: body,
		Type: mediaType, Accept: mediaType,
		Header: http.Header{"If-Match": {e.ifMatch(base.version)}, "Prefer": {"return=representation"}},
	})
	if err == nil && !answer.OK() {
		err = refusal(answer)
	}

	var fresh *stored
	if err == nil {
		fresh, err = e.replaced(answer, base, want)
	}

	if connector.Is(err, connector.Unknown) {
		return e.settleDoubt(ctx, err, func() (*stored, error) { return e.read(ctx, base.kind, base.id) })
	}

	return fresh, err
}

func (e *entry) replaced(answer *outbound.Answer, base *stored, want resource) (*stored, error) {
	if len(bytes.TrimSpace(answer.Body)) > 0 {
		return e.returned(answer, base.kind, base.id)
	}

	version := parseETag(answer.Header.Get("ETag"))
	if version == "" {
		_, version = parseLocation(answer.Header.Get("Location"), base.kind)
	}

	return assume(answer, want, base.kind, base.id, version)
}

func (e *entry) ifMatch(version string) string {
	if e.journal.config.ETag == ETagStrong {
		return fmt.Sprintf("%q", version)
	}

	return fmt.Sprintf("W/%q", version)
}

// several is the answer to more than one resource under one identifier.
func several(err error) error {
	return withCause(err, connector.Conflict, care.Conflict,
		"Journalen har flere poster for det samme besøg. Ret det i journalen, og prøv igen.")
}

func changedByOthers(s *stored) error {
	return conflict(s, "Besøget blev ændret i journalen, mens vi skrev. "+
		"Se på besøget i journalen, og prøv igen, hvis registreringen stadig passer.")
}

func conflict(s *stored, text string) error {
	return &connector.Error{
		System: System, Op: "update_" + strings.ToLower(s.kind), Kind: connector.Conflict,
		Err: care.NewError(care.Conflict, text),
	}
}
