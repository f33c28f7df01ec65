package fhir

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the name of this record system in errors and metrics.
const System = "fhir"

const (
	kindAppointment = "Appointment"
	kindEncounter   = "Encounter"
)

// Options are what a Journal needs besides its Config. Now is required.
type Options struct {
	Now     func() time.Time
	TLS     *tls.Config      // roots and client certificate; nil: the system's roots
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	Peer    *outbound.Peer   // what all clients of the record share; nil: no rules
}

// Journal is a care record behind a FHIR R4 API. It is safe for concurrent use, and keeps
// nothing between calls: several processes may write into one record.
type Journal struct {
	client *outbound.Client
	reader *outbound.Client // the same with the patience that a driving list needs
	tokens *outbound.Tokens // nil: the record needs none
	base   *url.URL
	config Config
}

var (
	_ ehr.Journal       = (*Journal)(nil)
	_ ehr.ListSource    = (*Journal)(nil)
	_ connector.Checker = (*Journal)(nil)
)

// New returns a Journal. The config must have its defaults; every problem of it is
// reported at once.
func New(config Config, options Options) (*Journal, error) {
	if err := errors.Join(config.Validate()...); err != nil {
		return nil, err
	}

	common := outbound.Options{
		System: System, AllowPlain: config.AllowPlain, Now: options.Now, ConnectTimeout: config.ConnectTimeout,
		Timeout: config.Timeout, TLS: options.TLS, Observe: options.Observe, Log: options.Log, Peer: options.Peer,
		// HAPI answers a search as it did up to a minute ago otherwise, and a look before a write would see nothing.
		Header: map[string]string{"Cache-Control": "no-cache"},
	}

	source, err := tokens(config, common)
	if err != nil {
		return nil, err
	}

	if source != nil {
		common.Auth = source
	}

	common.BaseURL = config.BaseURL

	client, err := outbound.New(common)
	if err != nil {
		return nil, err
	}

	common.Timeout, common.MaxBody = config.Lists.Timeout, maxPage

	reader, err := outbound.New(common)
	if err != nil {
		return nil, err
	}

	base, err := url.Parse(config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}

	return &Journal{client: client, reader: reader, tokens: source, base: base, config: config}, nil
}

// Means are the visit's own Appointment and Encounter.
func (j *Journal) Means() []care.Means { return []care.Means{care.OnList} }

// Close drops idle connections.
func (j *Journal) Close() {
	j.client.Close()
	j.reader.Close()
}

// Apply writes one entry. The receipt names the resource that tells it: the Encounter of a
// completed visit, else the Appointment. A repeat returns the same resource with its
// present version, which is the first one until a later entry of the visit is written.
//
// Errors are *connector.Error. Rejected, Conflict and NotFound carry a *care.Error with a
// Danish sentence. Unknown means that a write may have arrived and the record could not
// tell: Apply with the same key finds out.
func (j *Journal) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	if problem := check(change); problem != nil {
		return ehr.Receipt{}, &connector.Error{System: System, Op: "check", Kind: connector.Rejected, Err: problem}
	}

	e := &entry{
		journal: j,
		mapper:  mapper{config: j.config, change: change, visit: VisitIdentifier(change.Source)},
	}

	return e.write(ctx)
}

// entry is one Apply under way.
type entry struct {
	journal *Journal
	mapper  mapper
}

// write brings first the Appointment and then the Encounter to what the change wants.
func (e *entry) write(ctx context.Context) (ehr.Receipt, error) {
	found, err := e.look(ctx)
	if err != nil {
		return ehr.Receipt{}, err
	}

	appointment, err := e.writeAppointment(ctx, found.appointment)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if e.overtaken(appointment) {
		return appointment.receipt(), nil
	}

	encounter, err := e.writeEncounter(ctx, found.encounter, appointment)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if encounter != nil && e.mapper.isCompleted() {
		return encounter.receipt(), nil
	}

	return appointment.receipt(), nil
}

// writeAppointment settles our own Appointment of the visit, or what we have to say on the record's.
func (e *entry) writeAppointment(ctx context.Context, present *stored) (*stored, error) {
	if e.mapper.borrows() {
		return e.lend(ctx)
	}

	return e.settle(ctx, kindAppointment, present, true, e.mapper.appointment)
}

// pair is what the record holds about a visit; nil is nothing.
type pair struct{ appointment, encounter *stored }

// look reads both resources. A planned entry is usually the first one, so it skips the look
// and lets the conditional create find what is there.
func (e *entry) look(ctx context.Context) (pair, error) {
	if e.mapper.borrows() || (e.mapper.change.Kind == care.EntryPlanned && !e.journal.config.LookFirst) {
		return pair{}, nil // a borrowed Appointment is read by its id
	}

	return e.search(ctx, kindAppointment)
}

func (e *entry) writeEncounter(ctx context.Context, present, appointment *stored) (*stored, error) {
	create := e.mapper.isCompleted() ||
		(e.mapper.change.Kind == care.EntryPlanned && !e.journal.config.SkipPlannedEncounter)

	if present == nil && (!create || e.journal.config.LookFirst) {
		// It may be there all the same: from a completed result that is corrected now, from
		// before the setting was changed, or with a server that knows no _revinclude.
		found, err := e.search(ctx, kindEncounter)
		if err != nil {
			return nil, err
		}

		present = found.encounter
	}

	return e.settle(ctx, kindEncounter, present, create, func(base resource) resource {
		return e.mapper.encounter(base, appointment.ref())
	})
}

// settle sees to it that the resource carries the change.
func (e *entry) settle(ctx context.Context, kind string, present *stored, create bool, want func(resource) resource) (*stored, error) {
	if present == nil && create {
		fresh, err := e.create(ctx, kind, want(nil))
		if err != nil {
			return nil, err
		}

		present = fresh
	}

	return e.update(ctx, kind, present, want)
}

// overtaken reports whether a later entry of the visit was written after this one. Nothing
// may be turned back then.
func (e *entry) overtaken(s *stored) bool {
	keys := e.keys(s.resource)

	return len(keys) > 0 && keys[len(keys)-1] != e.mapper.change.Key && slices.Contains(keys, e.mapper.change.Key)
}

// keys are the idempotency keys on a resource in the order in which they were written.
func (e *entry) keys(r resource) []string {
	var keys []string

	for _, i := range r.identifiers() {
		if i.System == e.journal.config.EntrySystem {
			keys = append(keys, i.Value)
		}
	}

	return keys
}

func (e *entry) has(s *stored) bool { return slices.Contains(e.keys(s.resource), e.mapper.change.Key) }

// stored is a resource as the record holds it.
type stored struct {
	kind, id, version string
	resource          resource
}

// isMistake reports whether people took it back.
func (s *stored) isMistake() bool { return s.resource.text("status") == "entered-in-error" }

func (s *stored) ref() string { return s.kind + "/" + s.id }

func (s *stored) receipt() ehr.Receipt { return ehr.Receipt{ID: s.ref(), Version: s.version} }
