package fhir

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.StageJournal = (*Journal)(nil)

// stageAgain is when a stage is tried anew that others got in the way of.
const stageAgain = 30 * time.Second

// TellsStages implements ehr.StageJournal.
func (j *Journal) TellsStages() bool { return j.config.Stages }

// Stage implements ehr.StageJournal: the Appointment becomes arrived, and the Encounter arrived or
// in-progress, with the statuses before in its statusHistory. Neither ever goes back, and what people or the
// visit's result have made of them stays.
func (j *Journal) Stage(ctx context.Context, change ehr.Change) error {
	if !j.config.Stages {
		return &connector.Error{System: System, Op: "stage", Kind: connector.Unsupported}
	}

	if problem := check(change); problem != nil {
		return &connector.Error{System: System, Op: "check", Kind: connector.Rejected, Err: problem}
	}

	e := &entry{
		journal: j,
		mapper:  mapper{config: j.config, change: change, visit: VisitIdentifier(change.Source)},
	}

	found, err := e.both(ctx)
	if err != nil || found.appointment == nil || !isUnderWay(found.appointment.resource) {
		return err
	}

	if _, err := e.advance(ctx, found.appointment, e.mapper.appointmentBehind, e.mapper.arrivedAppointment); err != nil {
		return err
	}

	for _, m := range e.mapper.steps() {
		if found.encounter, err = e.advance(ctx, found.encounter, m.encounterBehind, m.stagedEncounter); err != nil {
			return err
		}
	}

	return nil
}

// steps are the stages up to the change's: word of an arrival may have been on its way when the call began.
func (m *mapper) steps() []*mapper {
	if m.change.Stage != care.StageStarted || m.change.Arrived.IsZero() {
		return []*mapper{m}
	}

	before := *m
	before.change.Stage, before.change.At = care.StageArrived, m.change.Arrived

	return []*mapper{&before, m}
}

// both reads what the record holds about a visit.
func (e *entry) both(ctx context.Context) (pair, error) {
	var found pair

	if e.mapper.borrows() {
		lent, err := e.read(ctx, kindAppointment, e.mapper.change.Source.ID)
		if err != nil {
			return pair{}, err
		}

		found.appointment = lent
	} else {
		own, err := e.search(ctx, kindAppointment)
		if err != nil {
			return pair{}, err
		}

		found = own
	}

	if found.encounter == nil {
		rest, err := e.search(ctx, kindEncounter)
		if err != nil {
			return pair{}, err
		}

		found.encounter = rest.encounter
	}

	return found, nil
}

// advance puts a stage on a resource, as long as it is behind it, and returns what stands there then. After
// somebody else's change (412) it looks again.
func (e *entry) advance(ctx context.Context, base *stored, behind func(resource) bool, want func(resource) resource) (*stored, error) {
	for range attempts {
		if base == nil || !behind(base.resource) {
			return base, nil
		}

		fresh, err := e.replace(ctx, base, want(base.resource))
		if !connector.Is(err, connector.Conflict) {
			return fresh, err
		}

		if base, err = e.read(ctx, base.kind, base.id); err != nil {
			return nil, err
		}
	}

	return nil, &connector.Error{System: System, Op: "stage", Kind: connector.Pending, RetryAfter: stageAgain}
}

// stageStatuses are those in which a visit waits or goes on: of an Appointment and of an Encounter.
func stageStatuses() []string {
	return []string{"proposed", "pending", "booked", "planned", "checked-in", "arrived", "triaged", "in-progress"}
}

// isUnderWay reports whether the resource tells neither a result nor a mistake.
func isUnderWay(r resource) bool { return slices.Contains(stageStatuses(), r.text("status")) }

// isStep reports whether a property of two versions differs by no more than a stage.
func (m *mapper) isStep(name string, a, b resource) bool {
	return m.config.Stages && (name == propertyStatus || name == "period") && isUnderWay(a) && isUnderWay(b)
}

func (m *mapper) appointmentBehind(r resource) bool {
	if !slices.Contains([]string{"proposed", "pending", "booked"}, r.text("status")) {
		return false // somebody has let the citizen in there, or it is over
	}

	return !m.borrows() || r.kept() != nil && !slices.Contains(r.touched(), propertyStatus)
}

func (m *mapper) arrivedAppointment(base resource) resource {
	r := base.next(kindAppointment)
	r[propertyStatus] = "arrived"

	if m.borrows() {
		kept := base.kept()
		kept[propertyStatus] = original{Was: kept[propertyStatus].Was, Ours: raw(r, propertyStatus)}
		m.keep(r, kept)
	}

	return r
}

// rank orders the statuses of an Encounter that goes on; 0: none of them.
func rank(status string) int {
	return 1 + slices.Index([]string{"planned", "arrived", "triaged", "in-progress"}, status)
}

func (m *mapper) stageStatus() string {
	if m.change.Stage == care.StageStarted {
		return "in-progress"
	}

	return "arrived"
}

func (m *mapper) encounterBehind(r resource) bool {
	now := rank(r.text("status"))

	return now > 0 && now < rank(m.stageStatus())
}

func (m *mapper) stagedEncounter(base resource) resource {
	r := base.next(kindEncounter)
	m.setStatus(base, r, m.stageStatus(), m.change.At)

	if m.change.Stage == care.StageStarted {
		r["period"] = period{Start: instant(m.change.At, care.Zone())}
	}

	return r
}

// setStatus changes an Encounter's status. Where the record is told of stages, statusHistory says until when
// the one before held; until is zero when nobody knows.
func (m *mapper) setStatus(base, r resource, status string, until time.Time) {
	r[propertyStatus] = status

	was := base.text(propertyStatus)
	if !m.config.Stages || was == "" || was == status || until.IsZero() {
		return
	}

	var (
		all  []any
		last statusPeriod
	)

	for _, raw := range base.list("statusHistory") {
		last = statusPeriod{}
		_ = json.Unmarshal(raw, &last) // a strange one is kept, and tells no time
		all = append(all, raw)
	}

	span := period{Start: last.Period.End, End: instant(until, care.Zone())}
	if since, err := time.Parse(time.RFC3339, span.Start); err == nil && since.After(until) {
		span.End = span.Start // the clocks of two sources differ by a moment
	}

	r.put("statusHistory", append(all, statusPeriod{Status: was, Period: span}))
}

// changed is when the status before this entry ended: of a call that took place, with its start or its end.
func (m *mapper) changed(base resource) time.Time {
	switch {
	case !m.isCompleted() || !m.change.Actual.Valid():
		return m.change.At
	case base.text(propertyStatus) == "in-progress":
		return m.change.Actual.End
	}

	return m.change.Actual.Start
}
