package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// How a visit's citizen was identified and reached; the newest counts.
const (
	methodOf = "COALESCE((SELECT a.method FROM admissions a WHERE a.visit_id = visits.id AND a.participant_id = '' AND a.recognised AND a.method <> '' " +
		"ORDER BY a.seq DESC LIMIT 1), '')"
	channelOf = "COALESCE((SELECT i.channel FROM invitations i WHERE i.visit_id = visits.id AND i.participant_id = '' AND i.kind IN ('invite', 'changed') " +
		"AND i.state IN ('sent', 'delivered') ORDER BY i.seq DESC LIMIT 1), '')"
	surrogateOf = "COALESCE((SELECT c.surrogate FROM citizens c WHERE c.id = visits.citizen_id), false)"
)

const factColumns = "id, system, local_day, planned_start, planned_end, unit, employee, citizen_id, law, shift, service, generation, " +
	"state, delivery, outcome_reason, outcome_grade, outcome_together_ns, outcome_start, outcome_end, outcome_at, outcome_by"

// factsOf are the conditions of the visits that are told. The words "generation > 0" are those of the
// index visits_screened. The unit is hidden from SQLite, which would rather read all visits of a unit than
// those of a month.
func factsOf(q scheduler.FactQuery) conditions {
	var c conditions

	c.add("visits.local_day >= ?", string(q.Days.From))
	c.add("visits.local_day <= ?", string(q.Days.To))
	c.add("COALESCE(visits.unit, '') IN ?", q.Units)

	if !q.Listed {
		c.add("visits.generation > 0")
	}

	return c
}

// EachFact implements scheduler.Measures.
func (s *Store) EachFact(ctx context.Context, q scheduler.FactQuery, tell func(measure.Fact) error) error {
	var stopped error

	people := make(map[string]string)

	err := s.look(ctx, func(tx *gorm.DB) error {
		keep := func(f measure.Fact) (err error) {
			if f.Person, err = s.countedAs(people, f.Citizen); err != nil {
				return err
			}

			stopped = tell(f)

			return stopped
		}

		if q.Own && len(q.Units) > 0 {
			if err := s.ownFacts(tx, q, keep); err != nil {
				return err
			}
		}

		return vendorFacts(tx, q, keep)
	})
	if stopped != nil {
		return stopped
	}

	return err
}

// countedAs returns who stands for a citizen at deleted visits: there are other visits of the same person.
func (s *Store) countedAs(people map[string]string, citizen string) (string, error) {
	if citizen == "" || care.CitizenID(citizen).IsStandIn() {
		return citizen, nil
	}

	if person := people[citizen]; person != "" {
		return person, nil
	}

	hash, err := s.keys.hash(standInPurpose, citizen)
	people[citizen] = string(care.StandIn(hash))

	return people[citizen], err
}

func (s *Store) ownFacts(tx *gorm.DB, q scheduler.FactQuery, tell func(measure.Fact) error) error {
	entries, err := recordOf(tx, q)
	if err != nil {
		return err
	}

	c := factsOf(q)

	rows, err := c.apply(tx.Model(&visitRow{})).Select(factColumns + waysOf(q.By)).Rows()
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}

	defer func() { _ = rows.Close() }()

	for rows.Next() {
		f, err := scanFact(rows, entries)
		if err != nil {
			return err
		}

		if err := tell(f); err != nil {
			return err
		}
	}

	if err := rows.Err(); err != nil {
		return fmt.Errorf("read facts: %w", err)
	}

	return nil
}

// waysOf selects what only some dimensions need.
func waysOf(by []measure.Dimension) string {
	var out strings.Builder

	for _, w := range []struct {
		dimension     measure.Dimension
		told, instead string
	}{{measure.ByMethod, methodOf, "''"}, {measure.ByChannel, channelOf, "''"}, {measure.ByNumber, surrogateOf, "false"}} {
		if slices.Contains(by, w.dimension) {
			out.WriteString(", " + w.told)
		} else {
			out.WriteString(", " + w.instead)
		}
	}

	return out.String()
}

func scanFact(rows *sql.Rows, entries map[string]*recorded) (measure.Fact, error) {
	var (
		f                       measure.Fact
		system, by              string
		start, end              int64
		generation              int
		together                int64
		outStart, outEnd, outAt sql.NullInt64
	)

	err := rows.Scan(&f.ID, &system, &f.Day, &start, &end, &f.Unit, &f.Employee, &f.Citizen, &f.Law, &f.Shift, &f.Service, &generation,
		&f.State, &f.Delivery, &f.Reason, &f.Grade, &together, &outStart, &outEnd, &outAt, &by, &f.Method, &f.Channel, &f.Surrogate)
	if err != nil {
		return f, fmt.Errorf("read a fact: %w", err)
	}

	f.Start, f.Planned, f.Actual = instant(start), time.Duration(end-start)*time.Microsecond, time.Duration(together)
	f.Listed, f.Screened = system != care.OwnSystem, generation > 0
	f.Ended, f.Concluded = nullInstant(outEnd), nullInstant(outAt)
	f.ByPerson = by != "" && by != systemName
	f.CancelledEarly = f.State == care.Cancelled && outAt.Valid && outAt.Int64 < start

	if f.State != care.Completed && f.State != care.NotCompleted {
		f.Ended = time.Time{}
	}

	if e := entries[f.ID]; e != nil {
		f.Record, f.Written = e.state(), instantOrZero(e.written)
		f.RevertedLate = e.restored != nil && *e.restored >= start // what is known of visits of before outcome_at told it
	}

	if f.State == care.Reverted {
		f.Concluded = time.Time{}
	}

	if outAt.Valid {
		f.RevertedLate = outAt.Int64 >= start
	}

	f.RevertedLate = f.RevertedLate && f.State == care.Reverted

	return f, nil
}

// systemName is who decided where no employee did.
const systemName = "system"

func nullInstant(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}

	return instant(n.Int64)
}

// recorded is what the entries of a visit say together.
type recorded struct {
	due, rejected, confirmed, omitted bool
	differs                           bool   // a reconciliation saw something else in the record
	written                           *int64 // when the first result was
	restored                          *int64 // when the last restoration was due
}

func (r *recorded) state() measure.RecordState {
	switch {
	case r.rejected:
		return measure.Failed
	case r.due:
		return measure.Pending
	case r.confirmed && r.differs:
		return measure.Differs
	case r.confirmed:
		return measure.Confirmed
	case r.omitted:
		return measure.Omitted
	default:
		return measure.NotTold
	}
}

func (r *recorded) add(kind care.EntryKind, state care.EntryState, due, written *int64) {
	switch state {
	case care.EntryDue:
		r.due = true
	case care.EntryRejected:
		r.rejected = true
	case care.EntryWritten:
		r.confirmed = true
	case care.EntryOmitted:
		r.omitted = true
	case care.EntrySuperseded:
	}

	if kind == care.EntryResult && state == care.EntryWritten && written != nil && (r.written == nil || *written < *r.written) {
		r.written = written
	}

	if kind == care.EntryRestored && due != nil && (r.restored == nil || *due > *r.restored) {
		r.restored = due
	}
}

// recordOf reads the entries of the visits that were ever meant for the screen.
func recordOf(tx *gorm.DB, q scheduler.FactQuery) (map[string]*recorded, error) {
	q.Listed = false
	c := factsOf(q)

	rows, err := c.apply(tx.Model(&visitRow{})).Joins("JOIN entries e ON e.visit_id = visits.id").
		Select("visits.id, e.kind, e.state, e.due_at, e.written_at").Rows()
	if err != nil {
		return nil, fmt.Errorf("read entries of facts: %w", err)
	}

	defer func() { _ = rows.Close() }()

	out := make(map[string]*recorded)

	for rows.Next() {
		var (
			id           string
			kind         care.EntryKind
			state        care.EntryState
			due, written *int64
		)

		if err := rows.Scan(&id, &kind, &state, &due, &written); err != nil {
			return nil, fmt.Errorf("read an entry of a fact: %w", err)
		}

		if out[id] == nil {
			out[id] = &recorded{}
		}

		out[id].add(kind, state, due, written)
	}

	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read entries of facts: %w", err)
	}

	return out, noteDiffering(tx, c, out)
}

// listedColumn is the column of a dimension that driving lists tell.
func listedColumn(d measure.Dimension) (string, bool) {
	switch d {
	case measure.ByUnit:
		return "unit", true
	case measure.ByLaw:
		return "law", true
	case measure.ByShift:
		return "shift", true
	case measure.ByService:
		return "service", true
	case measure.ByEmployee:
		return "employee", true
	case measure.ByWeek, measure.ByMonth, measure.BySource, measure.ByMethod, measure.ByChannel, measure.ByNumber:
	}

	return "", false
}

// CountListed implements scheduler.Measures. The days are joined by the index of visits by day.
func (s *Store) CountListed(ctx context.Context, q scheduler.ListedQuery) ([]scheduler.ListedGroup, error) {
	if len(q.Buckets) == 0 || len(q.Units) == 0 {
		return nil, nil
	}

	group := []string{"days.bucket"}

	for _, d := range q.By {
		column, ok := listedColumn(d)
		if !ok {
			return nil, &care.Error{Kind: care.Internal, Message: textInternal, Err: fmt.Errorf("store: lists do not tell %s", d)}
		}

		group = append(group, "v."+column)
	}

	values := make([]any, 0, 2*len(q.Buckets)+3)
	first, last := q.Buckets[0].Day, q.Buckets[0].Day

	for _, b := range q.Buckets {
		values = append(values, string(b.Day), string(b.Part)+b.Key)
		first, last = min(first, b.Day), max(last, b.Day)
	}

	days := strings.TrimSuffix(strings.Repeat("(CAST(? AS text), CAST(? AS text)),", len(q.Buckets)), ",")
	by := strings.Join(group, ", ")
	text := "WITH days (day, bucket) AS (VALUES " + days + ") SELECT " + by + ", COUNT(*), COUNT(DISTINCT v.citizen_id), SUM(v.planned_end - v.planned_start), " +
		"SUM(CASE WHEN v.list_id IN (SELECT id FROM lists WHERE faults > 0) THEN 1 ELSE 0 END) " +
		"FROM days JOIN visits v ON v.local_day = days.day AND v.local_day >= ? AND v.local_day <= ? AND v.unit IN ? " +
		"WHERE v.system <> '" + care.OwnSystem + "' GROUP BY " + by
	values = append(values, string(first), string(last), q.Units)

	rows, err := s.read.WithContext(ctx).Raw(text, values...).Rows()
	if err != nil {
		return nil, translate(fmt.Errorf("count lists: %w", err))
	}

	defer func() { _ = rows.Close() }()

	var out []scheduler.ListedGroup

	for rows.Next() {
		g, err := scanListed(rows, len(q.By))
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, g)
	}

	return out, translate(rows.Err())
}

func scanListed(rows *sql.Rows, dimensions int) (scheduler.ListedGroup, error) {
	var (
		g       scheduler.ListedGroup
		planned int64
	)

	g.Keys = make([]string, dimensions)
	into := []any{&g.Bucket}

	for i := range g.Keys {
		into = append(into, &g.Keys[i])
	}

	if err := rows.Scan(append(into, &g.Visits, &g.Citizens, &planned, &g.Incomplete)...); err != nil {
		return g, fmt.Errorf("count lists: %w", err)
	}

	g.Planned = time.Duration(planned) * time.Microsecond
	g.Part, g.Bucket = measure.Part(g.Bucket[:1]), g.Bucket[1:]

	return g, nil
}
